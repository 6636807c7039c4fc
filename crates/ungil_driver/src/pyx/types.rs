//! C types as the compiler declares them.
//!
//! Types are texts that the extension module reads: `int32`, `float64[:, ::1]`, `const float64[:]`, `bint`, `void`,
//! `object`, each with its name in C for messages. Sizes are those of 64-bit Linux.

use std::collections::HashMap;

use ungil_diag::diagnostic::Diagnostic;
use ungil_syntax::ast::cython::{CType, CTypeKind, Declarator, DeclaratorKind, Sign, TypeArgument};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;

use super::error::{unknown_type, unsupported};

/// A type: what it is to the compiler, and its name in C.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    pub text: String,
    pub name: String,
}

/// The names of types that a module sees.
#[derive(Clone, Debug, Default)]
pub struct Types {
    names: HashMap<String, Known>,
}

/// Types of C and of Cython by name.
const BUILT_IN: &[(&str, &str)] = &[
    ("Py_ssize_t", "int64"),
    ("Py_hash_t", "int64"),
    ("ssize_t", "int64"),
    ("size_t", "uint64"),
    ("ptrdiff_t", "int64"),
    ("Py_UCS4", "uint32"),
    ("Py_UNICODE", "uint32"),
    ("bint", "bint"),
    ("void", "void"),
];

/// Names of Python's types, whose values are objects.
const OBJECTS: &[&str] = &[
    "object",
    "list",
    "tuple",
    "dict",
    "set",
    "frozenset",
    "str",
    "bytes",
    "bytearray",
    "unicode",
    "type",
    "slice",
    "complex",
    "memoryview",
    "Exception",
    "basestring",
];

fn known(text: &str, name: &str) -> Known {
    Known { text: text.to_owned(), name: name.to_owned() }
}

impl Types {
    /// Adds a name.
    pub fn add(&mut self, name: &str, text: &str, c_name: &str) {
        self.names.insert(name.to_owned(), known(text, c_name));
    }

    /// All names that were added.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Known)> {
        self.names.iter()
    }

    /// The type of a base type and a declarator.
    pub fn declared(&self, base: &CType, declarator: &Declarator) -> Result<Known, Diagnostic> {
        let base = self.base(base)?;
        self.around(base, declarator)
    }

    fn around(&self, base: Known, declarator: &Declarator) -> Result<Known, Diagnostic> {
        match &declarator.kind {
            DeclaratorKind::Name { .. } => Ok(base),
            DeclaratorKind::Array { inner, size } if inner.is_plain() => {
                let length = size.as_deref().and_then(integer);
                match length {
                    Some(_) if is_number(&base.text) => Ok(known(
                        &format!("{}[::1]", base.text),
                        &format!("{} [{}]", base.name, length.unwrap_or(0)),
                    )),
                    _ => {
                        let help = Some("give its length as a number, or use a memoryview");
                        Err(unsupported("an array of this size or type is", declarator.span, help))
                    }
                }
            }
            DeclaratorKind::Array { .. } => Err(unsupported(
                "arrays of arrays are",
                declarator.span,
                Some("use a memoryview: `double[:, ::1]`"),
            )),
            DeclaratorKind::Pointer { .. } => {
                Err(unsupported("pointers are", declarator.span, Some("use a memoryview: `double[::1]`")))
            }
            DeclaratorKind::Reference { .. } => {
                Err(unsupported("references of C++ are", declarator.span, None))
            }
            DeclaratorKind::Function { .. } => {
                Err(unsupported("function pointers are", declarator.span, None))
            }
        }
    }

    /// A base type alone.
    pub fn base(&self, ty: &CType) -> Result<Known, Diagnostic> {
        match &ty.kind {
            CTypeKind::Implicit => Ok(known("object", "object")),
            CTypeKind::Basic { name, sign, longs, complex } => {
                basic(&name.name, *sign, *longs, *complex).ok_or_else(|| unknown_type(&name.name, ty.span))
            }
            CTypeKind::Named(name) => self.named(&name.name).ok_or_else(|| unknown_type(&name.name, ty.span)),
            CTypeKind::Qualified { is_const: true, base, .. } => {
                let inner = self.base(base)?;
                Ok(known(&inner.text, &format!("const {}", inner.name)))
            }
            CTypeKind::Qualified { base, .. } => self.base(base),
            CTypeKind::View { base, axes } => self.view(ty, base, axes),
            CTypeKind::Template { base, args, keywords } => self.buffer(ty, base, args, keywords),
            CTypeKind::Tuple(_) => Err(unsupported("C tuples are", ty.span, None)),
            CTypeKind::Nested { .. } => Err(unsupported("types of C++ are", ty.span, None)),
        }
    }

    fn named(&self, name: &str) -> Option<Known> {
        if let Some(found) = self.names.get(name) {
            return Some(found.clone());
        }
        OBJECTS.contains(&name).then(|| known("object", name))
    }

    fn view(&self, ty: &CType, base: &CType, axes: &[Expr]) -> Result<Known, Diagnostic> {
        let element = self.base(base)?;
        if !is_number(&element.text) {
            return Err(unsupported("memoryviews of this type are", base.span, None));
        }
        let last = axes.len() - 1;
        let mut texts = Vec::new();
        for (i, axis) in axes.iter().enumerate() {
            let ExprKind::Slice { lower: None, upper: None, step } = &axis.kind else {
                return Err(unsupported(
                    "this axis of a memoryview is",
                    axis.span,
                    Some("write `:` or `::1`"),
                ));
            };
            match step.as_deref() {
                None => texts.push(":"),
                Some(step) if integer(step) == Some(1) && (i == last || i == 0) => texts.push("::1"),
                Some(step) => {
                    return Err(unsupported(
                        "this axis of a memoryview is",
                        step.span,
                        Some("write `:` or `::1`"),
                    ));
                }
            }
        }
        let is_const = matches!(&base.kind, CTypeKind::Qualified { is_const: true, .. });
        let prefix = if is_const { "const " } else { "" };
        let text = format!("{prefix}{}[{}]", element.text, texts.join(", "));
        let _ = ty;
        Ok(known(&text, &element.name))
    }

    /// `object[double, ndim=2, mode="c"]` and `np.ndarray[np.float64_t, ndim=2]`.
    fn buffer(
        &self,
        ty: &CType,
        base: &CType,
        args: &[TypeArgument],
        keywords: &[(ungil_syntax::ast::name::Ident, TypeArgument)],
    ) -> Result<Known, Diagnostic> {
        let is_buffer = matches!(&base.kind, CTypeKind::Named(name)
            if &*name.name == "object" || name.name.ends_with("ndarray"));
        if !is_buffer {
            return Err(unsupported("templates and arrays of this kind are", ty.span, None));
        }
        let [element] = args else {
            return Err(unsupported("this buffer type is", ty.span, Some("write `object[double, ndim=1]`")));
        };
        let element = self.argument(element)?;
        let (mut ndim, mut mode) = (1, None);
        for (name, value) in keywords {
            match (&*name.name, value) {
                ("ndim", TypeArgument::Expr(value)) => ndim = integer(value).unwrap_or(0),
                ("mode", TypeArgument::Expr(value)) => mode = string(value),
                ("negative_indices" | "cast", _) => {}
                _ => return Err(unsupported("this option of a buffer is", name.span, None)),
            }
        }
        if !(1..=8).contains(&ndim) || !is_number(&element.text) {
            return Err(unsupported("this buffer type is", ty.span, None));
        }
        let mut axes = vec![":"; ndim as usize];
        match mode.as_deref() {
            Some("c") => axes[ndim as usize - 1] = "::1",
            Some("fortran") => axes[0] = "::1",
            _ => {}
        }
        Ok(known(&format!("buffer {}[{}]", element.text, axes.join(", ")), &element.name))
    }

    fn argument(&self, argument: &TypeArgument) -> Result<Known, Diagnostic> {
        match argument {
            TypeArgument::Type(ty) => self.declared(&ty.base, &ty.declarator),
            TypeArgument::Expr(expr) => {
                let name = dotted(expr).unwrap_or_default();
                self.named(&name).ok_or_else(|| unknown_type(&name, expr.span))
            }
        }
    }
}

/// Whether a type's text is that of a number.
pub fn is_number(text: &str) -> bool {
    !text.contains(['[', ' ']) && !matches!(text, "object" | "void" | "bint")
}

fn basic(name: &str, sign: Sign, longs: i8, complex: bool) -> Option<Known> {
    if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
        return Some(known(text, name));
    }
    let unsigned = sign == Sign::Unsigned;
    let u = if unsigned { "u" } else { "" };
    let prefix = match sign {
        Sign::Plain => "",
        Sign::Signed => "signed ",
        Sign::Unsigned => "unsigned ",
    };
    Some(match (name, longs, complex) {
        ("char", 0, _) => known(&format!("{u}int8"), &format!("{prefix}char")),
        ("int", -1, _) => known(&format!("{u}int16"), &format!("{prefix}short")),
        ("int", 0, _) => known(&format!("{u}int32"), &format!("{prefix}int")),
        ("int", 1, _) => known(&format!("{u}int64"), &format!("{prefix}long")),
        ("int", 2, _) => {
            known(&format!("{u}int64"), if unsigned { "unsigned PY_LONG_LONG" } else { "PY_LONG_LONG" })
        }
        ("float", 0, false) => known("float32", "float"),
        ("double", 0, false) => known("float64", "double"),
        ("float", 0, true) => known("complex64", "float complex"),
        ("double", 0, true) => known("complex128", "double complex"),
        _ => return None,
    })
}

/// The value of an integer literal.
pub fn integer(expr: &Expr) -> Option<i64> {
    match &expr.kind {
        ExprKind::Literal(Literal::Int(n)) => Some(*n),
        _ => None,
    }
}

fn string(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Literal(Literal::Str(text)) => text.as_str().map(str::to_owned),
        _ => None,
    }
}

/// `a.b.c` as text.
pub fn dotted(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Attribute { value, attr } => Some(format!("{}.{}", dotted(value)?, attr.name)),
        _ => None,
    }
}
