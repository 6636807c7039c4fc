//! The texts of signatures, which `embedsignature` writes into documentation.
//!
//! `embedsignature.format=c` has them as the module declares them, `python` with Python's types as annotations.

use ungil_diag::source::SourceFile;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::parameter::Parameter as Written;
use ungil_syntax::ast::stmt::FunctionDef;

use super::annotation;
use super::plan::Parameter;
use super::types::Known;

/// The two texts of a function's signature.
#[derive(Clone, Debug, Default)]
pub struct Signature {
    pub c: String,
    pub python: String,
}

/// A function whose signature is written.
pub struct Head<'a> {
    pub def: &'a FunctionDef,
    pub source: &'a SourceFile,
    pub params: &'a [Parameter],
    pub ret: Option<&'a Known>,
    /// Whether annotations are types.
    pub annotates: bool,
}

impl Head<'_> {
    pub fn signature(&self) -> Signature {
        Signature { c: self.written(&|p| self.c(p), false), python: self.written(&|p| self.python(p), true) }
    }

    /// A piece of the source on one line.
    fn text(&self, lo: u32, hi: u32) -> String {
        let piece = self.source.text.get(lo as usize..hi as usize).unwrap_or_default();
        piece.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn text_of(&self, expr: &Expr) -> String {
        match &expr.kind {
            ExprKind::Literal(Literal::Str(value)) => match value.as_str() {
                Some(value) if !value.contains(['\'', '\\', '\n']) => format!("'{value}'"),
                _ => self.text(expr.span.lo, expr.span.hi),
            },
            _ => self.text(expr.span.lo, expr.span.hi),
        }
    }

    fn written(&self, one: &dyn Fn(&Written) -> String, is_python: bool) -> String {
        let params = &self.def.params;
        let mut parts: Vec<String> = params.posonly.iter().map(one).collect();
        if !params.posonly.is_empty() {
            parts.push("/".to_owned());
        }
        parts.extend(params.regular.iter().map(one));
        match &params.vararg {
            Some(p) => parts.push(format!("*{}", one(p))),
            None if !params.kwonly.is_empty() => parts.push("*".to_owned()),
            None => {}
        }
        parts.extend(params.kwonly.iter().map(one));
        parts.extend(params.kwarg.iter().map(|p| format!("**{}", one(p))));
        let returned = self.returned(is_python);
        let arrow = if returned.is_empty() { String::new() } else { format!(" -> {returned}") };
        format!("({}){arrow}", parts.join(", "))
    }

    fn returned(&self, is_python: bool) -> String {
        match (&self.def.signature, &self.def.returns) {
            (Some(signature), _) => {
                let written = self.text(signature.base.span.lo, signature.base.span.hi);
                match self.ret.filter(|_| is_python) {
                    Some(known) => python_name(known).map_or(written, str::to_owned),
                    None if written == "object" => String::new(),
                    None => written,
                }
            }
            (None, Some(annotation)) => self.text_of(annotation),
            (None, None) => String::new(),
        }
    }

    fn known(&self, p: &Written) -> Option<&Known> {
        self.params.iter().find(|known| *known.name == *p.name.name)?.ty.as_ref()
    }

    /// The declared type of a parameter as it is written, if it is no object.
    fn declared(&self, p: &Written) -> Option<String> {
        let ty = p.ty.as_ref()?;
        let lo = ty.base.span.lo.min(p.name.span.lo);
        let written = self.text(lo, p.name.span.lo);
        (!written.is_empty() && written != "object").then_some(written)
    }

    /// `double x: float = 1.0`
    fn c(&self, p: &Written) -> String {
        let name = &p.name.name;
        let declared = match self.declared(p) {
            Some(written) => Some(if written == "bint" { "bool".to_owned() } else { written }),
            None => self.annotated(p),
        };
        let mut shown = match declared {
            Some(declared) if declared.ends_with('*') => format!("{declared}{name}"),
            Some(declared) => format!("{declared} {name}"),
            None => name.to_string(),
        };
        self.annotate(p, None, &mut shown);
        shown
    }

    /// `x: float = 1.0`
    fn python(&self, p: &Written) -> String {
        let written = self.declared(p);
        let ty = match (self.known(p).and_then(python_name), written) {
            (Some(name), Some(_)) => Some(name.to_owned()),
            (_, written) => written,
        };
        let mut shown = p.name.name.to_string();
        self.annotate(p, ty, &mut shown);
        shown
    }

    fn annotate(&self, p: &Written, ty: Option<String>, shown: &mut String) {
        let annotation = p.annotation.as_ref().map(|annotation| self.text_of(annotation)).or(ty);
        if let Some(annotation) = &annotation {
            *shown += &format!(": {annotation}");
        }
        if let Some(default) = &p.default {
            let equals = if annotation.is_some() { " = " } else { "=" };
            *shown += &format!("{equals}{}", self.text_of(default));
        }
    }

    /// The type that an annotation declares.
    fn annotated(&self, p: &Written) -> Option<String> {
        if let Some(known) = self.known(p) {
            return Some(known.name.clone());
        }
        let annotation = p.annotation.as_ref().filter(|_| self.annotates)?;
        let name = super::types::dotted(annotation);
        name.filter(|name| name == "int").or_else(|| Some(annotation::class(annotation)?.0))
    }
}

/// What Python calls the values of a number of C.
fn python_name(known: &Known) -> Option<&'static str> {
    let text = known.text.as_str();
    if text.contains(['[', '*', ' ', '(', '@']) {
        return None;
    }
    Some(match text {
        "bint" => "bool",
        "void" => "None",
        _ if text.starts_with("int") || text.starts_with("uint") => "int",
        _ if text.starts_with("float") => "float",
        _ if text.starts_with("complex") => "complex",
        _ => return None,
    })
}
