//! Formulas that have been read: their text, their tree and the names in it.

use std::collections::BTreeSet;
use std::sync::Arc;

use ungil_diag::diagnostic::{Diagnostic, Severity};
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::parser::parse_expression;
use ungil_syntax::visit::{Visitor, walk_expr};

use crate::evaluate::build::Builder;
use crate::evaluate::error::{Class, Error, Result, refusal};
use crate::evaluate::functions::is_function;
use crate::evaluate::kind::Kind;
use crate::evaluate::tree::Node;

/// The file that messages name.
pub const FILE: &str = "<formula>";

/// How much a formula is rewritten.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Optimization {
    None,
    /// Divisions by constants become products, small powers square roots and products.
    Moderate,
    /// All integral and half-integral powers up to 50 become products.
    #[default]
    Aggressive,
}

/// A formula that the parser has read.
#[derive(Debug)]
pub struct Formula {
    pub text: Arc<str>,
    pub sources: SourceMap,
    expr: Expr,
    /// Names of the variables, sorted.
    pub names: Vec<String>,
}

impl Formula {
    /// Reads a formula. `sanitize`: text that is no expression and holds `;`, `:` or `[` is refused as forbidden rather
    /// than as a syntax error.
    pub fn parse(text: &str, sanitize: bool) -> std::result::Result<Formula, (Error, SourceMap)> {
        let mut sources = SourceMap::new();
        let file = SourceFile::new(FILE, text);
        let id = sources.add(file.clone());
        let (expr, diagnostics) = parse_expression(&file, id);
        let error = diagnostics.iter().find(|d| d.severity == Severity::Error).cloned();
        let refused = match error {
            Some(error) if sanitize && has_control_characters(text) => Some(forbidden(&error)),
            Some(error) => Some(Box::new(error)),
            None => check_shape(&expr).err(),
        };
        if let Some(error) = refused {
            return Err((shortened(error, text), sources));
        }
        let names = names_in(&expr);
        Ok(Formula { text: text.into(), sources, expr, names })
    }

    /// The formula for variables of these kinds, in the order of the names.
    pub fn tree(&self, kinds: &[Kind], optimization: Optimization) -> Result<Arc<Node>> {
        Builder::new(&self.names, kinds, optimization).build(&self.expr)
    }

    /// Where a name stands first.
    pub fn place_of(&self, name: &str) -> Option<Span> {
        struct Find<'n>(&'n str, Option<Span>);
        impl Visitor for Find<'_> {
            fn visit_expr(&mut self, expr: &Expr) {
                if self.1.is_none() && matches!(&expr.kind, ExprKind::Name(name) if &**name == self.0) {
                    self.1 = Some(expr.span);
                }
                walk_expr(self, expr);
            }
        }
        let mut find = Find(name, None);
        find.visit_expr(&self.expr);
        find.1
    }

    /// The refusal of a name that has no value.
    pub fn unknown_name(&self, name: &str) -> Error {
        let place = self.place_of(name).unwrap_or(self.expr.span);
        let shown: String = name.chars().take(MOST_MARKED).collect();
        refusal(Class::Name, format!("the name '{shown}' has no value"), place, "not found")
    }
}

/// Characters that a message marks.
const MOST_MARKED: usize = 80;

/// A refusal that marks the beginning of a long place only, so that messages about long formulas stay short.
pub fn shortened(mut error: Error, text: &str) -> Error {
    for label in &mut error.labels {
        let (lo, hi) = (label.span.lo as usize, label.span.hi as usize);
        let Some(marked) = text.get(lo..hi) else { continue };
        if let Some((length, _)) = marked.char_indices().nth(MOST_MARKED) {
            label.span = Span::new(label.span.source, label.span.lo, (lo + length) as u32);
        }
    }
    error
}

/// Outside quotes, the characters that formulas never need.
fn has_control_characters(text: &str) -> bool {
    let mut quote = None;
    text.chars().any(|c| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None if c == '\'' || c == '"' => {
            quote = Some(c);
            false
        }
        None => matches!(c, ';' | ':' | '['),
    })
}

/// A syntax error in text that is no expression at all.
fn forbidden(error: &Diagnostic) -> Error {
    let title = format!("formula has forbidden control characters: {}", error.title);
    let mut refusal = Diagnostic::error(Class::Forbidden.code(), title);
    refusal.labels = error.labels.clone();
    Box::new(refusal)
}

/// What needs no types: no attributes but parts of numbers, no indexing, no definitions.
fn check_shape(expr: &Expr) -> Result<()> {
    struct Check(Option<Error>);
    impl Visitor for Check {
        fn visit_expr(&mut self, expr: &Expr) {
            if self.0.is_some() {
                return;
            }
            self.0 = forbidden_here(expr);
            walk_expr(self, expr);
        }
    }
    let mut check = Check(None);
    check.visit_expr(expr);
    check.0.map_or(Ok(()), Err)
}

fn forbidden_here(expr: &Expr) -> Option<Error> {
    let refuse = |what: &str| {
        let title = format!("{what} in a formula are forbidden");
        Some(refusal(Class::Forbidden, title, expr.span, "not in a formula"))
    };
    match &expr.kind {
        ExprKind::Attribute { attr, .. } if matches!(&*attr.name, "real" | "imag") => None,
        ExprKind::Attribute { .. } => refuse("attributes other than .real and .imag"),
        ExprKind::Subscript { .. } | ExprKind::Slice { .. } => refuse("subscripts"),
        ExprKind::List(_) | ExprKind::ListComp { .. } => refuse("lists"),
        ExprKind::Lambda { .. } => refuse("functions"),
        ExprKind::Dict(_) | ExprKind::DictComp { .. } => refuse("dictionaries"),
        ExprKind::Set(_) | ExprKind::SetComp { .. } | ExprKind::Generator { .. } => {
            refuse("sets and generators")
        }
        ExprKind::Named { .. } => refuse("assignments"),
        ExprKind::Await(_) | ExprKind::Yield(_) | ExprKind::YieldFrom(_) => refuse("coroutines"),
        ExprKind::FString(_) | ExprKind::TString(_) => refuse("format strings"),
        ExprKind::Call(call) => match &call.func.kind {
            ExprKind::Name(name) if is_function(name) || name.starts_with("__") => None,
            ExprKind::Attribute { .. } | ExprKind::Subscript { .. } | ExprKind::Lambda { .. } => None,
            ExprKind::Name(name) => {
                let name: String = name.chars().take(MOST_MARKED).collect();
                let title = format!("formulas have no function `{name}`");
                Some(refusal(Class::Type, title, call.func.span, "not a function of formulas"))
            }
            _ => Some(refusal(Class::Type, "only functions can be called", call.func.span, "not a function")),
        },
        ExprKind::Name(name) if name.starts_with("__") => refuse("names with two underscores in front"),
        _ => None,
    }
}

fn names_in(expr: &Expr) -> Vec<String> {
    struct Names(BTreeSet<String>);
    impl Visitor for Names {
        fn visit_expr(&mut self, expr: &Expr) {
            match &expr.kind {
                ExprKind::Name(name) => {
                    self.0.insert(name.to_string());
                }
                ExprKind::Call(call) if matches!(&call.func.kind, ExprKind::Name(n) if is_function(n)) => {
                    call.args.iter().for_each(|arg| self.visit_expr(arg));
                    call.keywords.iter().for_each(|k| self.visit_expr(&k.value));
                }
                _ => walk_expr(self, expr),
            }
        }
    }
    let mut names = Names(BTreeSet::new());
    names.visit_expr(expr);
    names.0.into_iter().collect()
}
