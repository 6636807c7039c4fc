//! Conditions that the types of parameters decide: `x is None`, `isinstance` aside.

use std::collections::HashMap;

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BoolOp, CompareOp, UnaryOp};

use crate::lower::function::Code;
use crate::resolve::webs::Oracle;
use crate::ty::Ty;

/// Knows the types of one instance's parameters.
pub(crate) struct ParameterOracle {
    types: HashMap<String, Ty>,
}

impl ParameterOracle {
    pub fn new(code: &Code, args: &[Ty]) -> ParameterOracle {
        ParameterOracle { types: code.param_names().into_iter().zip(args.iter().cloned()).collect() }
    }
}

impl Oracle for ParameterOracle {
    fn decide(&self, test: &Expr, is_parameter: &dyn Fn(&str) -> bool) -> Option<bool> {
        match &test.kind {
            ExprKind::Literal(Literal::Bool(b)) => Some(*b),
            ExprKind::Literal(Literal::Int(n)) => Some(*n != 0),
            ExprKind::Literal(Literal::None) => Some(false),
            ExprKind::Unary { op: UnaryOp::Not, operand } => self.decide(operand, is_parameter).map(|b| !b),
            ExprKind::Bool { op, values } => {
                let decisive = *op == BoolOp::Or;
                let known: Vec<Option<bool>> = values.iter().map(|v| self.decide(v, is_parameter)).collect();
                if known.contains(&Some(decisive)) {
                    return Some(decisive);
                }
                known.iter().all(Option::is_some).then_some(!decisive)
            }
            ExprKind::Compare { left, rest } => {
                let [only] = &rest[..] else { return None };
                let ExprKind::Literal(Literal::None) = only.right.kind else { return None };
                let ExprKind::Name(name) = &left.kind else { return None };
                let ty = self.types.get(&**name).filter(|_| is_parameter(name))?;
                match only.op {
                    CompareOp::Is => Some(*ty == Ty::None),
                    CompareOp::IsNot => Some(*ty != Ty::None),
                    _ => None,
                }
            }
            ExprKind::Name(name) if is_parameter(name) => {
                (*self.types.get(&**name)? == Ty::None).then_some(false)
            }
            _ => None,
        }
    }
}
