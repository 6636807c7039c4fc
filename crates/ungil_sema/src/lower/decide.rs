//! Conditions that the types of parameters decide: `x is None`, `isinstance(x, T)`, `type(x) is T`.
//!
//! They are known before anything is lowered, so that a branch that is not taken defines nothing and needs no types.

use std::collections::HashMap;
use std::sync::Arc;

use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, BoolOp, CompareOp, UnaryOp};

use crate::lower::classes::{class_of, is_class, is_instance, type_of_global};
use crate::lower::fold;
use crate::lower::function::Code;
use crate::operand::{Constant, Operand};
use crate::resolve::webs::Oracle;
use crate::ty::Ty;
use crate::world::World;

/// Knows the types of one instance's parameters.
pub(crate) struct ParameterOracle<'w> {
    types: HashMap<String, Ty>,
    code: Arc<Code>,
    world: &'w dyn World,
    asserts: bool,
}

type IsParameter<'p> = &'p dyn Fn(&str) -> bool;

impl<'w> ParameterOracle<'w> {
    pub fn new(code: &Arc<Code>, args: &[Ty], world: &'w dyn World, asserts: bool) -> ParameterOracle<'w> {
        let types = code.param_names().into_iter().zip(args.iter().cloned()).collect();
        ParameterOracle { types, code: code.clone(), world, asserts }
    }

    fn parameter(&self, e: &Expr, is_parameter: IsParameter<'_>) -> Option<&Ty> {
        let ExprKind::Name(name) = &e.kind else { return None };
        self.types.get(&**name).filter(|_| is_parameter(name))
    }

    /// The type that stands for a module, function or class of Python.
    fn entity(&self, e: &Expr) -> Option<Ty> {
        match &e.kind {
            ExprKind::Name(name) => {
                let local = self.code.scopes.variable(name, e.span.lo) != &**name
                    || self.code.scopes.owner(self.code.id.nested, name).is_some();
                let global = (!local).then(|| self.world.lookup(self.code.id.kernel, name))?;
                type_of_global(&global?)
            }
            ExprKind::Attribute { value, attr } => match self.entity(value)? {
                Ty::Module(object, _) => type_of_global(&self.world.attribute(object, &attr.name)?),
                _ => None,
            },
            ExprKind::Literal(Literal::None) => Some(Ty::None),
            _ => None,
        }
    }

    /// A number that types decide: a constant argument, `x.ndim`, `len` of a tuple, sums and differences of such.
    fn constant(&self, e: &Expr, is: IsParameter<'_>) -> Option<Constant> {
        match &e.kind {
            ExprKind::Literal(Literal::Int(n)) => Some(Constant::Int((*n).into())),
            ExprKind::Name(_) => match self.parameter(e, is)? {
                ty @ Ty::Constant(_) => Operand::known(ty, e.span).constant,
                _ => None,
            },
            ExprKind::Attribute { value, attr } if &*attr.name == "ndim" => {
                match self.parameter(value, is)? {
                    Ty::Array(ty) => Some(Constant::Int(ty.ndim.into())),
                    _ => None,
                }
            }
            ExprKind::Call(call) if self.calls(&call.func, "builtins.len") => match &call.args[..] {
                [of] => match self.parameter(of, is)? {
                    Ty::Tuple(items) => Some(Constant::Int(items.len() as i128)),
                    _ => None,
                },
                _ => None,
            },
            ExprKind::Unary { op, operand } => fold::unary(*op, self.constant(operand, is)?),
            ExprKind::Binary { left, op, right } => {
                fold::binary(*op, self.constant(left, is)?, self.constant(right, is)?)
            }
            _ => None,
        }
    }

    /// A string that is known.
    fn text<'a>(&'a self, e: &'a Expr, is: IsParameter<'_>) -> Option<&'a str> {
        match &e.kind {
            ExprKind::Literal(Literal::Str(text)) => text.as_str(),
            _ => match self.parameter(e, is)? {
                Ty::Str(text) => Some(text),
                _ => None,
            },
        }
    }

    /// The classes that an expression names: `int`, `(int, np.floating)`, `int | float`, `type(None)`, `type(x)`.
    fn classes(&self, e: &Expr, is_parameter: IsParameter<'_>) -> Option<Ty> {
        let both = |items: &[&Expr]| {
            let items = items.iter().map(|i| self.classes(i, is_parameter));
            items.collect::<Option<Vec<Ty>>>().map(Ty::Tuple)
        };
        match &e.kind {
            ExprKind::Tuple(items) => both(&items.iter().collect::<Vec<_>>()),
            ExprKind::Binary { left, op: BinaryOp::BitOr, right } => both(&[left, right]),
            ExprKind::Call(call) if self.calls(&call.func, "builtins.type") => {
                let ([of], true) = (&call.args[..], call.keywords.is_empty()) else { return None };
                if matches!(of.kind, ExprKind::Literal(Literal::None)) {
                    return class_of(&Ty::None);
                }
                class_of(self.parameter(of, is_parameter)?)
            }
            _ => self.entity(e).filter(is_class),
        }
    }

    fn calls(&self, func: &Expr, canonical: &str) -> bool {
        matches!(self.entity(func), Some(Ty::Builtin(name)) if &*name == canonical)
    }

    fn comparison(&self, left: &Expr, op: CompareOp, right: &Expr, is: IsParameter<'_>) -> Option<bool> {
        if let (Some(a), Some(b)) = (self.constant(left, is), self.constant(right, is)) {
            return fold::compare(op, a, b);
        }
        let equal = match op {
            CompareOp::Is | CompareOp::Eq => true,
            CompareOp::IsNot | CompareOp::NotEq => false,
            _ => return None,
        };
        if let (ExprKind::Literal(Literal::None), true) =
            (&right.kind, matches!(op, CompareOp::Is | CompareOp::IsNot))
        {
            return match self.parameter(left, is)? {
                // Null is what C has for None.
                Ty::Pointer(_) => None,
                ty => Some((*ty == Ty::None) == equal),
            };
        }
        if let (Some(a), Some(b)) = (self.text(left, is), self.text(right, is)) {
            return Some((a == b) == equal);
        }
        let is_type = |e: &Expr| matches!(&e.kind, ExprKind::Call(c) if self.calls(&c.func, "builtins.type"));
        if !is_type(left) && !is_type(right) {
            return None;
        }
        Some((self.classes(left, is)? == self.classes(right, is)?) == equal)
    }
}

impl Oracle for ParameterOracle<'_> {
    fn decide(&self, test: &Expr, is_parameter: IsParameter<'_>) -> Option<bool> {
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
                self.comparison(left, only.op, &only.right, is_parameter)
            }
            ExprKind::Call(call) if self.calls(&call.func, "builtins.isinstance") => {
                let ([x, class], true) = (&call.args[..], call.keywords.is_empty()) else { return None };
                is_instance(self.parameter(x, is_parameter)?, &self.classes(class, is_parameter)?)
            }
            ExprKind::Name(name) if is_parameter(name) => match self.types.get(&**name)? {
                Ty::None => Some(false),
                ty @ Ty::Constant(_) => Operand::known(ty, test.span).constant.map(Constant::truth),
                _ => None,
            },
            _ => None,
        }
    }

    fn asserts(&self) -> bool {
        self.asserts
    }
}
