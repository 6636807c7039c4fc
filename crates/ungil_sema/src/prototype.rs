//! Prototypes of C functions: `double hypot(double x, double y);`.
//!
//! A grammar of declarations without definitions: specifiers in any order, `const restrict volatile`, pointers, arrays in
//! parameters (which are pointers), pointers to functions, the fixed-width and size types, `struct name` behind
//! pointers. Refused: variable argument lists, structs by value, `long double`, names of types that are not known.

use std::sync::Arc;

use ungil_ir::types::DType;

use crate::ctype::{CType, FunctionType};

/// A function's name and types.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Prototype {
    pub name: String,
    pub params: Vec<CType>,
    /// Empty where the prototype gives none.
    pub names: Vec<String>,
    pub ret: CType,
}

/// Reads a prototype.
pub fn parse_prototype(text: &str) -> Result<Prototype, String> {
    let mut p = Parser::new(text)?;
    let (base, constant) = p.specifiers()?;
    let (ty, _) = p.stars(base, constant);
    let Some(name) = p.word() else { return Err(p.error("the function's name")) };
    if !p.eat("(") {
        return Err(p.error("`(` and the parameters"));
    }
    let (params, names) = p.params()?;
    p.eat(";");
    if p.at < p.tokens.len() {
        return Err(p.error("the end of the prototype"));
    }
    by_value(&ty).map_err(|why| p.fail(&why))?;
    Ok(Prototype { name, params, names, ret: ty })
}

/// Reads a type without a name: `double *`.
pub fn parse_type(text: &str) -> Result<CType, String> {
    let mut p = Parser::new(text)?;
    let (base, constant) = p.specifiers()?;
    let (ty, constant) = p.stars(base, constant);
    let ty = if p.eat("[") {
        while !p.eat("]") {
            if p.word().is_none() {
                return Err(p.error("`]`"));
            }
        }
        ty.pointer_to(constant)
    } else {
        ty
    };
    if p.at < p.tokens.len() {
        return Err(p.error("the end of the type"));
    }
    Ok(ty)
}

struct Parser<'t> {
    text: &'t str,
    tokens: Vec<String>,
    at: usize,
}

impl Parser<'_> {
    fn new(text: &str) -> Result<Parser<'_>, String> {
        let mut tokens: Vec<String> = Vec::new();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                c if c.is_whitespace() => {}
                c if c.is_ascii_alphanumeric() || c == '_' => {
                    let mut word = String::from(c);
                    while let Some(c) = chars.next_if(|c| c.is_ascii_alphanumeric() || *c == '_') {
                        word.push(c);
                    }
                    tokens.push(word);
                }
                '.' if tokens.ends_with(&[".".to_owned(), ".".to_owned()]) => {
                    tokens.truncate(tokens.len() - 2);
                    tokens.push("...".to_owned());
                }
                '(' | ')' | '*' | ',' | '[' | ']' | ';' | '.' => tokens.push(c.into()),
                other => return Err(format!("in `{}`: unexpected `{other}`", text.trim())),
            }
        }
        Ok(Parser { text, tokens, at: 0 })
    }

    fn fail(&self, why: &str) -> String {
        format!("in `{}`: {why}", self.text.trim())
    }

    fn error(&self, expected: &str) -> String {
        let found = self.tokens.get(self.at).map_or("the end".to_owned(), |t| format!("`{t}`"));
        self.fail(&format!("expected {expected}, found {found}"))
    }

    fn peek(&self) -> &str {
        self.tokens.get(self.at).map_or("", String::as_str)
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.peek() == token;
        self.at += usize::from(found);
        found
    }

    /// A name or a number.
    fn word(&mut self) -> Option<String> {
        let word =
            self.tokens.get(self.at).filter(|t| t.starts_with(|c: char| c == '_' || c.is_alphanumeric()))?;
        self.at += 1;
        Some(word.clone())
    }

    /// `const unsigned long int`: the type, and whether it is constant.
    fn specifiers(&mut self) -> Result<(CType, bool), String> {
        let (mut constant, mut parts, mut named) = (false, Vec::new(), None);
        loop {
            match self.peek() {
                "const" => constant = true,
                "extern" | "static" | "inline" | "volatile" | "register" | "__inline" | "__extension__" => {}
                "struct" | "union" | "enum" => {
                    let kind = self.word().unwrap_or_default();
                    let Some(name) = self.word() else { return Err(self.error("a name")) };
                    named = Some(match kind.as_str() {
                        "enum" => CType::Scalar(DType::I32),
                        _ => CType::Opaque(format!("{kind} {name}").into()),
                    });
                    continue;
                }
                word @ ("void" | "char" | "short" | "int" | "long" | "float" | "double" | "signed"
                | "unsigned" | "_Complex" | "complex" | "_Bool") => parts.push(word.to_owned()),
                word if parts.is_empty() && named.is_none() => match typedef(word) {
                    Some(ty) => named = Some(ty),
                    None => return Err(self.error("a type")),
                },
                _ => break,
            }
            self.at += 1;
        }
        let ty = match named {
            Some(ty) if parts.is_empty() => ty,
            Some(_) => return Err(self.error("a name")),
            None => builtin(&parts).map_err(|why| self.fail(&why))?,
        };
        Ok((ty, constant))
    }

    /// `* const *restrict`; whether the outermost pointer's target is constant is in the pointer itself.
    fn stars(&mut self, mut ty: CType, mut constant: bool) -> (CType, bool) {
        loop {
            if self.eat("*") {
                ty = ty.pointer_to(constant);
                constant = false;
            } else if self.eat("const") {
                constant = true;
            } else if !(self.eat("restrict")
                || self.eat("__restrict")
                || self.eat("__restrict__")
                || self.eat("volatile"))
            {
                return (ty, constant);
            }
        }
    }

    /// Behind `(`, up to and with `)`.
    fn params(&mut self) -> Result<(Vec<CType>, Vec<String>), String> {
        let (mut types, mut names) = (Vec::new(), Vec::new());
        if self.eat(")") {
            return Ok((types, names));
        }
        if self.peek() == "void" && self.tokens.get(self.at + 1).is_some_and(|t| t == ")") {
            self.at += 2;
            return Ok((types, names));
        }
        loop {
            if self.eat("...") {
                return Err(
                    self.fail("functions with variable arguments (`...`) cannot be called from kernels")
                );
            }
            let (ty, name) = self.param()?;
            by_value(&ty).map_err(|why| self.fail(&why))?;
            if ty == CType::Void {
                return Err(self.fail("a parameter cannot be `void`"));
            }
            types.push(ty);
            names.push(name);
            if self.eat(")") {
                return Ok((types, names));
            }
            if !self.eat(",") {
                return Err(self.error("`,` or `)`"));
            }
        }
    }

    fn param(&mut self) -> Result<(CType, String), String> {
        let (base, constant) = self.specifiers()?;
        let (mut ty, mut constant) = self.stars(base, constant);
        // `int (*compare)(const void *, const void *)`
        if self.eat("(") {
            if !self.eat("*") {
                return Err(self.error("`*`"));
            }
            let name = self.word().unwrap_or_default();
            if !(self.eat(")") && self.eat("(")) {
                return Err(self.error("`)(`"));
            }
            let (params, _) = self.params()?;
            let function = CType::Function(Arc::new(FunctionType { params, ret: ty, raises: false }));
            return Ok((function.pointer_to(false), name));
        }
        let name = self.word().unwrap_or_default();
        let mut outer = true;
        while self.eat("[") {
            while !self.eat("]") {
                if !self.eat("*") && self.word().is_none() {
                    return Err(self.error("`]`"));
                }
            }
            if outer {
                ty = ty.pointer_to(constant);
                constant = false;
            }
            // Rows of a matrix lie one behind the other: the pointer leads to their elements.
            outer = false;
        }
        Ok((ty, name))
    }
}

/// Refuses what cannot be passed or returned by value.
fn by_value(ty: &CType) -> Result<(), String> {
    match ty {
        CType::Struct(_) | CType::Opaque(_) => {
            Err(format!("`{ty}` by value is not supported; pass a pointer to it"))
        }
        _ => Ok(()),
    }
}

/// A type of C's own words.
fn builtin(parts: &[String]) -> Result<CType, String> {
    let count = |word: &str| parts.iter().filter(|p| *p == word).count();
    let unsigned = count("unsigned") > 0;
    let complex = count("_Complex") + count("complex") > 0;
    let has = |word: &str| count(word) > 0;
    if parts.is_empty() {
        return Err("expected a type".to_owned());
    }
    Ok(CType::Scalar(match () {
        () if has("void") => return Ok(CType::Void),
        () if has("_Bool") => DType::Bool,
        () if has("double") && has("long") => {
            return Err("`long double` is not supported".to_owned());
        }
        () if has("float") => {
            if complex {
                DType::C64
            } else {
                DType::F32
            }
        }
        () if has("double") || complex => {
            if complex {
                DType::C128
            } else {
                DType::F64
            }
        }
        () if has("char") => {
            if unsigned {
                DType::U8
            } else {
                DType::I8
            }
        }
        () if has("short") => {
            if unsigned {
                DType::U16
            } else {
                DType::I16
            }
        }
        () if has("long") => {
            if unsigned {
                DType::U64
            } else {
                DType::I64
            }
        }
        () => {
            if unsigned {
                DType::U32
            } else {
                DType::I32
            }
        }
    }))
}

/// A type by a name that headers define, or NumPy and Cython do.
fn typedef(name: &str) -> Option<CType> {
    Some(CType::Scalar(match name {
        "bool" | "npy_bool" | "bint" => DType::Bool,
        "int8_t" | "npy_int8" => DType::I8,
        "uint8_t" | "npy_uint8" => DType::U8,
        "int16_t" | "npy_int16" => DType::I16,
        "uint16_t" | "npy_uint16" => DType::U16,
        "int32_t" | "npy_int32" | "lapack_int" => DType::I32,
        "uint32_t" | "npy_uint32" => DType::U32,
        "int64_t" | "npy_int64" | "ssize_t" | "ptrdiff_t" | "intptr_t" | "Py_ssize_t" | "npy_intp"
        | "intmax_t" | "off_t" | "time_t" | "clock_t" => DType::I64,
        "uint64_t" | "npy_uint64" | "size_t" | "uintptr_t" | "uintmax_t" => DType::U64,
        "npy_float" | "float32_t" => DType::F32,
        "npy_double" | "float64_t" => DType::F64,
        "double_complex" | "__pyx_t_double_complex" | "npy_cdouble" => DType::C128,
        "float_complex" | "__pyx_t_float_complex" | "npy_cfloat" => DType::C64,
        "FILE" => return Some(CType::Opaque(Arc::from("FILE"))),
        // scipy's names of types in `__pyx_capi__`: `__pyx_t_5scipy_6linalg_11cython_blas_d`.
        other if other.starts_with("__pyx_t_") => match other.rsplit('_').next()? {
            "s" | "float" => DType::F32,
            "d" | "double" => DType::F64,
            "c" => DType::C64,
            "z" => DType::C128,
            _ => return None,
        },
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match parse_prototype(text) {
            Ok(p) => {
                let params: Vec<String> = p.params.iter().map(CType::to_string).collect();
                format!("{} {}({})", p.ret, p.name, params.join(", "))
            }
            Err(why) => why,
        }
    }

    #[test]
    fn prototypes_are_read() {
        assert_eq!(shown("double hypot(double x, double y);"), "double hypot(double, double)");
        assert_eq!(shown("int f(void)"), "int f()");
        assert_eq!(shown("extern unsigned long long int g()"), "uint64_t g()");
        assert_eq!(
            shown("void axpy(size_t n, const double *restrict x, double y[n], float const * const * z)"),
            "void axpy(uint64_t, const double *, double *, const float * const *)"
        );
        assert_eq!(
            shown(
                "void qsort(void *base, size_t n, size_t size, int (*compare)(const void *, const void *))"
            ),
            "void qsort(void *, uint64_t, uint64_t, int (const void *, const void *) *)"
        );
        assert_eq!(shown("double m(double a[][3], struct point *p)"), "double m(double *, struct point *)");
        assert_eq!(shown("double _Complex z(_Bool b, signed char c)"), "double complex z(bool, int8_t)");
        assert_eq!(
            shown(
                "__pyx_t_5scipy_6linalg_11cython_blas_d ddot(int *, __pyx_t_5scipy_6linalg_11cython_blas_d *)"
            ),
            "double ddot(int *, double *)"
        );
    }

    #[test]
    fn mistakes_are_named() {
        assert!(shown("int printf(const char *, ...)").contains("variable arguments"));
        assert!(shown("double f(struct point p)").contains("by value"));
        assert!(shown("long double f(int)").contains("`long double`"));
        assert!(shown("real f(int)").contains("expected a type, found `real`"));
        assert!(shown("double f").contains("expected `(` and the parameters"));
        assert!(shown("double f(int").contains("expected `,` or `)`, found the end"));
        assert!(shown("double (int)").contains("expected the function's name"));
    }

    #[test]
    fn types_are_read() {
        assert_eq!(parse_type("const double *").expect("a type").to_string(), "const double *");
        assert_eq!(parse_type("int[10]").expect("a type").to_string(), "int *");
        assert!(parse_type("double x").is_err());
    }
}
