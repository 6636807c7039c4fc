//! Types of expressions before they are lowered: what is of C and what is an object.

use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, CompareOp, UnaryOp};

use super::consume::is_consumed;
use super::function::Lowerer;
use super::value::CTy;
use super::{Meaning, Own};

/// What an expression gives.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind {
    Object,
    C(CTy),
    Literal(Literal),
}

impl Lowerer<'_> {
    pub(super) fn kind(&self, e: &Expr) -> Kind {
        match &e.kind {
            ExprKind::Literal(literal @ (Literal::Int(_) | Literal::Float(_) | Literal::Bool(_))) => {
                Kind::Literal(literal.clone())
            }
            ExprKind::Name(name) => match self.local(name).and_then(|l| l.ty) {
                Some(ty) => Kind::C(ty),
                None => Kind::Object,
            },
            ExprKind::Binary { left, op, right } => self.binary_kind(left, *op, right),
            ExprKind::Unary { op: UnaryOp::Not, .. } => Kind::C(CTy::Bint),
            ExprKind::Unary { operand, .. } => match self.kind(operand) {
                Kind::C(ty) => Kind::C(promoted(&ty)),
                _ => Kind::Object,
            },
            ExprKind::Compare { left, rest } => {
                let all_c = self.is_c(left) && rest.iter().all(|r| self.is_c(&r.right));
                let truth = rest.iter().all(|r| {
                    matches!(r.op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn)
                });
                if all_c || truth { Kind::C(CTy::Bint) } else { Kind::Object }
            }
            ExprKind::Conditional { body, orelse, .. } => self.joined(body, orelse),
            ExprKind::Subscript { value, index } => match self.view_kind(value, index) {
                Some(ty) => Kind::C(ty),
                None => Kind::Object,
            },
            ExprKind::Call(call) if self.gives_truth(call) => Kind::C(CTy::Bint),
            ExprKind::Call(call) => {
                let ExprKind::Name(name) = &call.func.kind else { return Kind::Object };
                if self.local(name).is_some() || self.globals.contains(&**name) {
                    return Kind::Object;
                }
                match (self.source.meaning)(name) {
                    Meaning::Builtin
                        if &**name == "len" && call.args.len() == 1 && call.keywords.is_empty() =>
                    {
                        Kind::C(CTy::Num(DType::I64, "Py_ssize_t".into()))
                    }
                    Meaning::Typed(ty) => Kind::C(ty),
                    Meaning::Own(Own { ret: Some(ty), .. }) => Kind::C(ty),
                    Meaning::Cast(ty) if call.args.len() == 1 => Kind::C(ty),
                    Meaning::Math(_, n) if n == call.args.len() => Kind::C(CTy::num(DType::F64)),
                    _ => Kind::Object,
                }
            }
            _ => Kind::Object,
        }
    }

    /// Whether a call is `any` or `all` of a generator expression.
    fn gives_truth(&self, call: &Call) -> bool {
        matches!(&call.func.kind, ExprKind::Name(name) if matches!(&**name, "any" | "all"))
            && is_consumed(call, &|name| self.is_builtin(name))
    }

    /// Whether an expression is a number of C, or a literal that may be one.
    pub(super) fn is_c(&self, e: &Expr) -> bool {
        !matches!(self.kind(e), Kind::Object)
    }

    /// The type of C that both branches have.
    fn joined(&self, a: &Expr, b: &Expr) -> Kind {
        match (self.kind(a), self.kind(b)) {
            (Kind::C(a), Kind::C(b)) if a == b => Kind::C(a),
            (Kind::C(a), Kind::C(b)) if a != CTy::Bint && b != CTy::Bint => Kind::C(common(&a, &b)),
            (Kind::C(a), Kind::Literal(b)) | (Kind::Literal(b), Kind::C(a)) => match (&a, &b) {
                (CTy::Num(d, _), Literal::Float(_)) if !d.is_float() => Kind::C(CTy::num(DType::F64)),
                (CTy::Num(..), Literal::Int(_) | Literal::Float(_)) => Kind::C(promoted(&a)),
                (CTy::Bint, Literal::Bool(_)) => Kind::C(CTy::Bint),
                _ => Kind::Object,
            },
            _ => Kind::Object,
        }
    }

    fn binary_kind(&self, left: &Expr, op: BinaryOp, right: &Expr) -> Kind {
        let (a, b) = (self.kind(left), self.kind(right));
        let (Some(x), Some(y)) = (c_of(&a), c_of(&b)) else { return Kind::Object };
        if matches!((a, b), (Kind::Literal(_), Kind::Literal(_))) {
            return Kind::Object;
        }
        let both = common(&x, &y);
        let is_float = both.dtype().is_float();
        match op {
            BinaryOp::Pow if self.c.cpow => Kind::C(both),
            BinaryOp::MatMult | BinaryOp::Pow => Kind::Object,
            BinaryOp::Div if !is_float && !self.c.divides_integers() => Kind::C(CTy::num(DType::F64)),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult => Kind::C(both),
            BinaryOp::Div if is_float => Kind::C(both),
            BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor if !is_float => Kind::C(both),
            // What is refused when it is lowered.
            _ => Kind::C(both),
        }
    }
}

fn c_of(kind: &Kind) -> Option<CTy> {
    match kind {
        Kind::Object => None,
        Kind::C(ty) => Some(ty.clone()),
        Kind::Literal(Literal::Int(n)) => {
            Some(CTy::num(if i32::try_from(*n).is_ok() { DType::I32 } else { DType::I64 }))
        }
        Kind::Literal(Literal::Float(_)) => Some(CTy::num(DType::F64)),
        Kind::Literal(_) => Some(CTy::Bint),
    }
}

/// C's integer promotion.
pub(super) fn promoted(ty: &CTy) -> CTy {
    let dtype = ty.dtype();
    if dtype.is_int() && dtype.size() < 4 || *ty == CTy::Bint { CTy::num(DType::I32) } else { ty.clone() }
}

/// C's usual arithmetic conversions.
pub(super) fn common(a: &CTy, b: &CTy) -> CTy {
    let (a, b) = (promoted(a), promoted(b));
    let rank = |d: DType| match d {
        DType::I32 => 0,
        DType::U32 => 1,
        DType::I64 => 2,
        DType::U64 => 3,
        DType::F32 => 4,
        _ => 5,
    };
    if rank(a.dtype()) >= rank(b.dtype()) { a } else { b }
}
