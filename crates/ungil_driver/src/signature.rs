//! Declared signatures in text: `float64(float64[:, ::1], int64)`.
//!
//! NumPy's and Numba's names of types, arrays with their axes, tuples. An axis written `:` fits any layout.

use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_sema::ctype::CType;
use ungil_sema::ty::Ty;

/// A declared type.
#[derive(Clone, PartialEq, Debug)]
pub enum Declared {
    Scalar(DType),
    /// `None` layout: any.
    Array {
        dtype: DType,
        ndim: u8,
        layout: Option<Layout>,
        readonly: bool,
    },
    Tuple(Vec<Declared>),
    /// `CPointer(float64)`, `voidptr`.
    Pointer(CType),
    None,
    /// Takes whatever comes.
    Any,
}

/// A declared signature.
#[derive(Clone, PartialEq, Debug)]
pub struct Signature {
    pub params: Vec<Declared>,
    /// `None`: not stated.
    pub ret: Option<Declared>,
    /// As the user wrote it.
    pub text: String,
}

/// Reads a signature: `ret(params)`, `(params)`, or `params` separated by commas.
pub fn parse(text: &str) -> Result<Signature, String> {
    let mut parser = Parser { rest: text.trim(), whole: text };
    let (params, ret) = if parser.rest.starts_with('(') {
        (parser.list()?, None)
    } else {
        let first = parser.ty()?;
        if parser.rest.starts_with('(') { (parser.list()?, Some(first)) } else { (parser.more(first)?, None) }
    };
    if !parser.rest.is_empty() {
        return Err(parser.error("the end of the signature"));
    }
    Ok(Signature { params, ret, text: text.trim().to_owned() })
}

struct Parser<'t> {
    rest: &'t str,
    whole: &'t str,
}

impl Parser<'_> {
    fn error(&self, expected: &str) -> String {
        let found = if self.rest.is_empty() { "the end" } else { self.rest };
        format!("in signature `{}`: expected {expected}, found `{found}`", self.whole)
    }

    fn eat(&mut self, token: &str) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn list(&mut self) -> Result<Vec<Declared>, String> {
        self.eat("(");
        if self.eat(")") {
            return Ok(Vec::new());
        }
        let first = self.ty()?;
        let items = self.more(first)?;
        if self.eat(")") { Ok(items) } else { Err(self.error("`,` or `)`")) }
    }

    fn more(&mut self, first: Declared) -> Result<Vec<Declared>, String> {
        let mut items = vec![first];
        while self.eat(",") {
            if self.rest.is_empty() || self.rest.starts_with(')') {
                break;
            }
            items.push(self.ty()?);
        }
        Ok(items)
    }

    fn ty(&mut self) -> Result<Declared, String> {
        if self.rest.starts_with('(') {
            return self.list().map(Declared::Tuple);
        }
        let end =
            self.rest.find(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.rsplit('.').next() == Some("CPointer") {
            self.rest = rest.trim_start();
            return self.pointer();
        }
        let base = named(name).ok_or_else(|| self.error("a type"))?;
        self.rest = rest.trim_start();
        match base {
            Declared::Scalar(dtype) if self.eat("[") => self.axes(dtype),
            base => Ok(base),
        }
    }

    /// Behind `CPointer`.
    fn pointer(&mut self) -> Result<Declared, String> {
        let items = self.list()?;
        let to = match items.as_slice() {
            [Declared::Scalar(d)] => CType::Scalar(*d),
            [Declared::Pointer(ty)] => ty.clone(),
            [Declared::None] => CType::Void,
            _ => return Err(self.error("`CPointer(type)`")),
        };
        Ok(Declared::Pointer(to.pointer_to(false)))
    }

    fn axes(&mut self, dtype: DType) -> Result<Declared, String> {
        let mut contiguous = Vec::new();
        if self.eat("()") {
            return if self.eat("]") { Ok(array(dtype, &[])) } else { Err(self.error("`]`")) };
        }
        loop {
            if self.eat("::1") {
                contiguous.push(true);
            } else if self.eat(":") {
                contiguous.push(false);
            } else {
                return Err(self.error("`:` or `::1`"));
            }
            if self.eat("]") {
                break;
            }
            if !self.eat(",") {
                return Err(self.error("`,` or `]`"));
            }
        }
        let places: Vec<usize> = (0..contiguous.len()).filter(|i| contiguous[*i]).collect();
        match places.as_slice() {
            [] => Ok(array(dtype, &contiguous)),
            [i] if *i == 0 || *i + 1 == contiguous.len() => Ok(array(dtype, &contiguous)),
            _ => Err(format!("in signature `{}`: `::1` belongs to the first or the last axis", self.whole)),
        }
    }
}

fn array(dtype: DType, contiguous: &[bool]) -> Declared {
    let layout = match contiguous {
        [] => Some(Layout::C),
        [.., true] => Some(Layout::C),
        [true, ..] => Some(Layout::F),
        _ => None,
    };
    Declared::Array { dtype, ndim: contiguous.len() as u8, layout, readonly: false }
}

/// NumPy's and Numba's names of scalar types.
pub fn named(name: &str) -> Option<Declared> {
    let name = name.rsplit('.').next().unwrap_or(name);
    if let Some(dtype) = DType::from_name(name) {
        return Some(Declared::Scalar(dtype));
    }
    Some(Declared::Scalar(match name {
        "boolean" | "bool_" | "b1" => DType::Bool,
        "char" | "byte" | "i1" => DType::I8,
        "uchar" | "ubyte" | "u1" => DType::U8,
        "short" | "i2" => DType::I16,
        "ushort" | "u2" => DType::U16,
        "intc" | "i4" => DType::I32,
        "uintc" | "u4" => DType::U32,
        "int_" | "int" | "long_" | "intp" | "longlong" | "ssize_t" | "i8" => DType::I64,
        "uint" | "ulong" | "uintp" | "ulonglong" | "size_t" | "u8" => DType::U64,
        "single" | "f4" => DType::F32,
        "float" | "float_" | "double" | "f8" => DType::F64,
        "csingle" | "c8" => DType::C64,
        "complex" | "complex_" | "cdouble" | "c16" => DType::C128,
        "void" | "none" | "None" => return Some(Declared::None),
        "voidptr" => return Some(Declared::Pointer(CType::void_pointer())),
        "_" => return Some(Declared::Any),
        _ => return None,
    }))
}

impl Declared {
    /// A type to compile ahead of the first call; `None` where the call must tell.
    pub fn ahead(&self) -> Option<Ty> {
        Some(match self {
            Declared::Scalar(DType::F64) => Ty::PyFloat,
            Declared::Scalar(DType::I64) => Ty::PyInt,
            Declared::Scalar(DType::Bool) => Ty::PyBool,
            Declared::Scalar(DType::C128) => Ty::PyComplex,
            Declared::Scalar(d) => Ty::Scalar(*d),
            Declared::Array { dtype, ndim, layout, readonly } => Ty::Array(ArrayType {
                dtype: *dtype,
                ndim: *ndim,
                layout: layout.unwrap_or(Layout::C),
                readonly: *readonly,
                swapped: false,
            }),
            Declared::Tuple(items) => Ty::Tuple(items.iter().map(Declared::ahead).collect::<Option<_>>()?),
            Declared::None => Ty::None,
            // Which type of ctypes or cffi it will be only the call tells.
            Declared::Pointer(_) | Declared::Any => return None,
        })
    }

    /// The type of a parameter or result of a function that C calls; `None` if C has none such.
    pub fn for_c(&self) -> Option<Ty> {
        match self {
            Declared::Pointer(CType::Pointer(p)) => Some(Ty::Pointer(p.clone())),
            Declared::Scalar(_) | Declared::None => self.ahead(),
            _ => None,
        }
    }

    /// Whether a result of type `ty` is what was declared.
    pub fn accepts(&self, ty: &Ty) -> bool {
        match (self, ty) {
            (Declared::Any, _) | (Declared::None, Ty::None) => true,
            (Declared::Scalar(d), ty) => ty.dtype() == Some(*d),
            (Declared::Array { dtype, ndim, layout, .. }, Ty::Array(a)) => {
                a.dtype == *dtype && a.ndim == *ndim && layout.is_none_or(|l| l == a.layout || a.ndim < 2)
            }
            (Declared::Pointer(CType::Pointer(p)), Ty::Pointer(q)) => p.to == q.to,
            (Declared::Tuple(d), Ty::Tuple(t)) => {
                d.len() == t.len() && d.iter().zip(t).all(|(d, t)| d.accepts(t))
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_read_in_numbas_notation() {
        let s = parse("float64(double[:, ::1], int_, (f4, boolean))").expect("valid");
        assert_eq!(s.ret, Some(Declared::Scalar(DType::F64)));
        assert_eq!(s.params[0], array(DType::F64, &[false, true]));
        assert_eq!(s.params[1], Declared::Scalar(DType::I64));
        let tuple = vec![Declared::Scalar(DType::F32), Declared::Scalar(DType::Bool)];
        assert_eq!(s.params[2], Declared::Tuple(tuple));
        assert_eq!(
            parse("void(CPointer(f8), types.voidptr)").expect("valid").params[1].for_c(),
            Some(Ty::void_pointer())
        );
        assert!(parse("void(CPointer(f8[:]))").is_err());
        assert_eq!(parse("void()").expect("valid").ret, Some(Declared::None));
        assert_eq!(parse("(i8, i8)").expect("valid").params.len(), 2);
        assert_eq!(parse("i8, f8[:]").expect("valid").params.len(), 2);
    }

    #[test]
    fn mistakes_are_named() {
        assert!(
            parse("flot64(int64)").expect_err("unknown").contains("expected a type, found `flot64(int64)`")
        );
        assert!(parse("f8[:, ::1, :]").expect_err("middle").contains("first or the last axis"));
        assert!(parse("f8[:").expect_err("open").contains("`,` or `]`"));
    }
}
