//! The memory of arrays: of `array.array`, and of what is declared as one of NumPy's.

use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Expr, ExprKind};

use super::Plain;
use crate::pyx::ndarray;

impl Plain<'_> {
    /// Rewrites an attribute that is memory of an array or of NumPy's C interface; whether it is one.
    pub(super) fn memory_of_array(&mut self, span: Span, value: &Expr, attr: &str) -> bool {
        if self.has_arrays
            && let Some((array, text, name)) = array_memory(value, attr)
        {
            let array = self.rendered(array);
            let call = format!("__pyx_cast(\"{text}\", \"{name}\", __pyx_array_data({array}))");
            self.replace_span(span, &call);
        } else if attr == "data" && self.is_ndarray(value) {
            let array = self.rendered(value);
            let call = format!("__pyx_cast(\"*int8\", \"char *\", __pyx_ndarray_data({array}))");
            self.replace_span(span, &call);
        } else if ndarray::is_entry(value, attr, self.types) {
            let around = self.types.surroundings();
            if around.is_some_and(|known| !known.contains(attr) && !known.contains("*")) {
                let what = format!("`{attr}` of NumPy's C interface is");
                self.unsupported(&what, span, Some("call NumPy's function of Python"));
            }
            self.replace_span(span, attr);
        } else {
            return false;
        }
        true
    }

    /// Whether an expression is a variable that is declared as one of NumPy's arrays.
    fn is_ndarray(&self, expr: &Expr) -> bool {
        matches!(&expr.kind, ExprKind::Name(name) if self.arrays.iter().any(|names| names.contains(&**name)))
    }

    /// `a.shape` or `a.strides` of such a variable where a pointer of C is wanted.
    pub(super) fn extents(&mut self, expr: &Expr) {
        if let ExprKind::Attribute { value, attr } = &expr.kind
            && let Some(function) = ndarray::function_of(&attr.name)
            && self.is_ndarray(value)
        {
            let array = self.rendered(value);
            self.replace_span(expr.span, &format!("{function}({array})"));
        }
    }
}

/// The array in `a.data.as_doubles`, with the text and the name of the pointer that this is.
fn array_memory<'e>(value: &'e Expr, member: &str) -> Option<(&'e Expr, &'static str, &'static str)> {
    let ExprKind::Attribute { value: array, attr } = &value.kind else { return None };
    let (_, text, name) = ARRAY_MEMORY.iter().find(|(known, ..)| *known == member)?;
    (&*attr.name == "data").then_some((&**array, *text, *name))
}

/// The pointers that the memory of an array is, with their texts and names.
const ARRAY_MEMORY: &[(&str, &str, &str)] = &[
    ("as_chars", "*int8", "char *"),
    ("as_schars", "*int8", "signed char *"),
    ("as_uchars", "*uint8", "unsigned char *"),
    ("as_shorts", "*int16", "short *"),
    ("as_ushorts", "*uint16", "unsigned short *"),
    ("as_ints", "*int32", "int *"),
    ("as_uints", "*uint32", "unsigned int *"),
    ("as_longs", "*int64", "long *"),
    ("as_ulongs", "*uint64", "unsigned long *"),
    ("as_longlongs", "*int64", "long long *"),
    ("as_ulonglongs", "*uint64", "unsigned long long *"),
    ("as_floats", "*float32", "float *"),
    ("as_doubles", "*float64", "double *"),
    ("as_voidptr", "*void", "void *"),
];
