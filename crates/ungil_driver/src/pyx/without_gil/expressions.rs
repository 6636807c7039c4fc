//! Expressions where there is no lock: which of them are operations of Python.

use ungil_diag::span::Span;
use ungil_syntax::ast::cython::CythonExpr;
use ungil_syntax::ast::expr::{Call, Comparison, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{CompareOp, UnaryOp};

use super::{BUILTINS, Check, Kind, Meaning, is_container, is_display};
use crate::pyx::types::is_number;

impl Check<'_> {
    pub(super) fn kind(&mut self, expr: &Expr) -> Kind {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Literal(Literal::Str(_) | Literal::Bytes(_)) => Kind::Object,
            ExprKind::FString(_) => {
                self.refuse("String formatting", expr.span);
                Kind::Object
            }
            ExprKind::Lambda { .. } => {
                self.refuse("Constructing Python function", expr.span);
                Kind::Object
            }
            ExprKind::ListComp { .. } | ExprKind::SetComp { .. } | ExprKind::DictComp { .. } => {
                self.refuse("Operation", expr.span);
                Kind::Object
            }
            ExprKind::Attribute { value, attr } => {
                if self.kind(value) == Kind::Object || self.is_not_of_number(value, &attr.name) {
                    self.refuse("Accessing Python attribute", expr.span);
                    return Kind::Object;
                }
                Kind::Number
            }
            ExprKind::Subscript { value, index } => {
                if let ExprKind::Name(name) = &value.kind
                    && self.object_views.contains(&**name)
                    && !has_slice(index)
                {
                    self.refuse_as("Cannot access buffer with object dtype without gil", expr.span);
                    return Kind::Object;
                }
                let is_object = self.kind(value) == Kind::Object;
                self.kind(index);
                if is_object && !matches!(value.kind, ExprKind::Literal(_)) {
                    self.refuse("Indexing Python object", expr.span);
                    return Kind::Object;
                }
                Kind::Number
            }
            ExprKind::Call(call) => self.call(call, expr.span),
            ExprKind::Binary { left, right, .. } => {
                let kinds = [self.kind(left), self.kind(right)];
                if kinds.contains(&Kind::Object) {
                    // Cython has functions for operations with small integers.
                    let is_int = |e: &Expr| matches!(e.kind, ExprKind::Literal(Literal::Int(_)));
                    let what = if is_int(left) || is_int(right) {
                        "Calling gil-requiring function"
                    } else {
                        "Operation"
                    };
                    self.refuse(what, expr.span);
                    return Kind::Object;
                }
                Kind::Number
            }
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                self.test(operand);
                Kind::Number
            }
            ExprKind::Unary { operand, .. } => {
                if self.is_object_variable(operand) {
                    self.refuse("Operation", expr.span);
                    return Kind::Object;
                }
                self.kind(operand)
            }
            ExprKind::Yield(_) | ExprKind::YieldFrom(_) | ExprKind::Await(_) => {
                self.refuse("Operation", expr.span);
                Kind::Object
            }
            _ => self.parts(expr),
        }
    }

    /// The kind of an expression that is put together of others, or has none.
    fn parts(&mut self, expr: &Expr) -> Kind {
        match &expr.kind {
            ExprKind::Compare { left, rest } => self.comparison(left, rest, expr.span),
            ExprKind::Bool { values, .. } => {
                let (last, first) = values.split_last().expect("an operator has operands");
                first.iter().for_each(|value| self.test(value));
                self.kind(last)
            }
            ExprKind::Conditional { test, body, orelse } => {
                self.test(test);
                let kinds = [self.kind(body), self.kind(orelse)];
                if kinds.contains(&Kind::Object) { Kind::Object } else { Kind::Number }
            }
            ExprKind::Slice { lower, upper, step } => {
                for part in [lower, upper, step].into_iter().flatten() {
                    self.kind(part);
                }
                Kind::Number
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
                items.iter().for_each(|item| {
                    self.kind(item);
                });
                Kind::Number
            }
            ExprKind::Cython(inner) => match &**inner {
                CythonExpr::Cast { ty, value, .. } => {
                    let declared = self.types.declared(&ty.base, &ty.declarator);
                    let is_fused = !self.types.take_used().is_empty();
                    let before = self.errors.len();
                    let is_object = self.kind(value) == Kind::Object && self.errors.len() == before;
                    let is_literal = matches!(value.kind, ExprKind::Literal(_));
                    match declared {
                        Ok(ty) if is_object && !is_literal && !is_fused && is_number(&ty.text) => {
                            self.refuse_object(value.span);
                            Kind::Number
                        }
                        Ok(ty) if ty.text == "object" => Kind::Object,
                        _ => Kind::Number,
                    }
                }
                _ => Kind::Number,
            },
            _ => Kind::Number,
        }
    }

    pub(super) fn name(&mut self, name: &str, span: Span) -> Kind {
        if self.bound.contains(name) {
            return if self.objects.contains(name) { Kind::Object } else { Kind::Number };
        }
        match self.names.get(name) {
            Some(Meaning::Object) => {
                self.refuse("Accessing Python global or builtin", span);
                Kind::Object
            }
            Some(Meaning::Declared) => Kind::Object,
            _ => Kind::Number,
        }
    }

    fn comparison(&mut self, left: &Expr, rest: &[Comparison], span: Span) -> Kind {
        let mut is_object = self.kind(left) == Kind::Object;
        for step in rest {
            is_object |= self.kind(&step.right) == Kind::Object;
        }
        let is_identity = rest.iter().all(|step| matches!(step.op, CompareOp::Is | CompareOp::IsNot));
        let is_int = |e: &Expr| matches!(e.kind, ExprKind::Literal(Literal::Int(_)));
        let with_int = is_int(left) || rest.iter().any(|step| is_int(&step.right));
        if is_object && !is_identity && (with_int || !rest.iter().any(|step| is_display(&step.right))) {
            let equality = rest.iter().all(|step| matches!(step.op, CompareOp::Eq | CompareOp::NotEq));
            let what = if with_int && equality { "Calling gil-requiring function" } else { "Operation" };
            self.refuse(what, span);
        }
        Kind::Number
    }

    /// A value that is asked whether it is true.
    pub(super) fn test(&mut self, test: &Expr) {
        match &test.kind {
            ExprKind::Bool { values, .. } => values.iter().for_each(|value| self.test(value)),
            _ if self.is_object_variable(test) => self.refuse("Truth-testing Python object", test.span),
            _ => {
                self.kind(test);
            }
        }
    }

    pub(super) fn call(&mut self, call: &Call, span: Span) -> Kind {
        let refused = match &call.func.kind {
            ExprKind::Name(name) if self.bound.contains(&**name) => self.objects.contains(&**name),
            ExprKind::Name(name) => match self.names.get(&**name) {
                Some(meaning) => *meaning != Meaning::Other,
                None => {
                    let is_len = &**name == "len"
                        && call
                            .args
                            .first()
                            .is_some_and(|arg| self.is_object_variable(arg) || is_container(arg));
                    is_len || BUILTINS.contains(&&**name)
                }
            },
            // Of a method the call alone is told.
            ExprKind::Attribute { value, .. } => self.kind(value) == Kind::Object,
            _ => self.kind(&call.func) == Kind::Object,
        };
        if refused {
            self.refuse("Calling gil-requiring function", span);
        }
        if !refused {
            call.args.iter().chain(call.keywords.iter().map(|k| &k.value)).for_each(|arg| {
                self.kind(arg);
            });
        }
        if refused { Kind::Object } else { Kind::Number }
    }
}

/// Whether an index is a slice, or has one.
fn has_slice(index: &Expr) -> bool {
    match &index.kind {
        ExprKind::Tuple(items) => items.iter().any(has_slice),
        kind => matches!(kind, ExprKind::Slice { .. } | ExprKind::Literal(Literal::Ellipsis | Literal::None)),
    }
}
