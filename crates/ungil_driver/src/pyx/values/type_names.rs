//! `cython.typeof(x)`: the name of an expression's type, as a text in its place.
//!
//! Of what has no declaration the plain text asks the value.

use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};

use super::Check;
use super::kind::Kind;
use crate::pyx::types::{Known, dotted};

impl Check<'_> {
    /// Writes down what a call of `typeof` gives; whether it is one.
    pub(super) fn type_of(&mut self, span: Span, call: &Call) -> bool {
        let name = dotted(&call.func).unwrap_or_default();
        let is_it = matches!(name.rsplit_once('.'), Some((module, "typeof")) if module.starts_with("cy"))
            || name == "typeof" && !self.own.contains("typeof");
        let [value] = call.args.as_slice() else { return false };
        if !is_it {
            return false;
        }
        if let Some(text) = self.type_name(value) {
            self.rewritten.types.insert(span.lo, (span, text));
        }
        true
    }

    fn type_name(&self, value: &Expr) -> Option<String> {
        if let ExprKind::Name(name) = &value.kind
            && let Some(ty) = self.variables.get(&**name)
            && let Some(text) = declared_name(ty)
        {
            return Some(text);
        }
        match &value.kind {
            ExprKind::Name(name) => match self.classes.get(&**name).map(String::as_str) {
                Some("object") => return Some("Python object".to_owned()),
                Some(class) if !class.contains('.') => return Some(format!("{class} object")),
                _ => {}
            },
            ExprKind::Dict(_) => return Some("dict object".to_owned()),
            ExprKind::Call(call) if matches!(&call.func.kind, ExprKind::Name(name) if &**name == "len") => {
                return Some("Py_ssize_t".to_owned());
            }
            _ => {}
        }
        match self.kind(value) {
            Kind::Unknown => None,
            Kind::Int(_) if matches!(value.kind, ExprKind::Literal(_)) => Some("long".to_owned()),
            Kind::View(ty) => declared_name(&ty),
            Kind::List => Some("list object".to_owned()),
            Kind::Str(_) => Some("str object".to_owned()),
            Kind::Bytes(_) => Some("bytes object".to_owned()),
            Kind::Object | Kind::Nothing => Some("Python object".to_owned()),
            kind => kind.name().map(shown),
        }
    }
}

/// The name of a declared type of C with its axes.
pub(super) fn declared_name(ty: &Known) -> Option<String> {
    let is_view = ty.text.contains('[') && !ty.text.starts_with(['[', '*', '(']);
    if !is_view {
        return Kind::of(ty).name().map(shown);
    }
    if ty.text.starts_with("view ") || ty.text.starts_with("buffer ") {
        return None;
    }
    let (prefix, text) = match ty.text.strip_prefix("const ") {
        Some(text) => ("const ", text),
        None => ("", ty.text.as_str()),
    };
    let axes = text.find('[').map_or("", |at| &text[at..]);
    Some(format!("{prefix}{}{axes}", shown(ty.name.strip_prefix("const ").unwrap_or(&ty.name))))
}

/// A name in C as Cython shows it: of an enumeration without its module.
fn shown(name: &str) -> String {
    let Some(mut rest) = name.strip_prefix("enum __pyx_t_") else {
        return name.replace("PY_LONG_LONG", "long long");
    };
    // Each part of the module's name has its length in front.
    while let Some(digits) = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0) {
        let length: usize = rest[..digits].parse().unwrap_or(0);
        let Some(next) = rest.get(digits + length + 1..) else { break };
        rest = next;
    }
    rest.to_owned()
}
