//! `x ** y` of numbers of C.
//!
//! As in Cython a power has the operands' common type where the exponent is an integer that is not negative for certain (a
//! constant, or unsigned), or `cpow` says so; a double where it may be negative; and where a fraction is the exponent
//! of what may be negative, it is Python's, which may be complex. Where the inferred type is not the one that a number of C is wanted
//! in, the power is C's.

use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, UnaryOp};

use super::Result;
use super::function::Lowerer;
use super::typing::{Kind, common};
use super::value::{CTy, Val};

/// A constant that is written down.
fn constant(e: &Expr) -> Option<f64> {
    match &e.kind {
        ExprKind::Literal(Literal::Int(n)) => Some(*n as f64),
        ExprKind::Literal(Literal::Float(x)) => Some(*x),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => constant(operand).map(|x| -x),
        _ => None,
    }
}

/// The type of a power, and whether it was inferred from a sign that is not known; `None`: it is an object.
fn inferred((x, left): (&CTy, &Expr), (y, right): (&CTy, &Expr)) -> (Option<CTy>, bool) {
    let is_positive = x.dtype().is_unsigned() || constant(left).is_some_and(|x| x >= 0.0);
    let exponent = constant(right);
    let is_whole = y.dtype().is_int() || exponent.is_some_and(|y| y.fract() == 0.0);
    if !is_positive && !is_whole {
        return (None, true);
    }
    let both = common(x, y);
    let widens = match exponent {
        Some(exponent) => exponent < 0.0 && y.dtype().is_int(),
        None => y.dtype().is_int() && !y.dtype().is_unsigned(),
    };
    let ty = if widens { common(&both, &CTy::num(DType::F64)) } else { both };
    (Some(ty), widens && exponent.is_none())
}

impl Lowerer<'_> {
    /// The type of `left ** right` of numbers of C; `None`: it is an object.
    pub(super) fn power_type(&self, (x, left): (&CTy, &Expr), (y, right): (&CTy, &Expr)) -> Option<CTy> {
        if self.c.cpow {
            return Some(common(x, y));
        }
        inferred((x, left), (y, right)).0
    }

    /// A power where a number of C is wanted, whose type says that it is C's; `None`: it is what it is elsewhere.
    pub(super) fn power_as(&mut self, e: &Expr, wanted: &CTy) -> Result<Option<Val>> {
        let ExprKind::Binary { left, op: BinaryOp::Pow, right } = &e.kind else { return Ok(None) };
        let number = |kind| match kind {
            Kind::Object => None,
            Kind::C(ty) => Some(ty),
            Kind::Literal(literal) => Some(CTy::num(match literal {
                Literal::Int(n) if i32::try_from(n).is_ok() => DType::I32,
                Literal::Int(_) => DType::I64,
                _ => DType::F64,
            })),
        };
        let (Some(x), Some(y)) = (number(self.kind(left)), number(self.kind(right))) else {
            return Ok(None);
        };
        if x.is_address() || y.is_address() || wanted.is_address() || wanted.is_complex() || self.c.cpow {
            return Ok(None);
        }
        let (ty, is_inferred) = inferred((&x, left), (&y, right));
        if !is_inferred || ty.is_some_and(|ty| ty.dtype() == wanted.dtype()) {
            return Ok(None);
        }
        self.power(left, right, &common(&x, &y), e).map(Some)
    }

    /// `left ** right` in a type.
    pub(super) fn power(&mut self, left: &Expr, right: &Expr, ty: &CTy, e: &Expr) -> Result<Val> {
        let x = self.expr(left)?;
        let x = self.c_operand(x)?;
        let y = self.expr(right)?;
        let y = self.c_operand(y)?;
        self.at(e.span);
        self.c_power(x.0, y.0, ty)
    }

    pub(super) fn c_power(&mut self, x: Value, y: Value, ty: &CTy) -> Result<Val> {
        let dtype = ty.dtype();
        let mut b = self.b();
        let (x, y) = (b.cast(x, dtype), b.cast(y, dtype));
        if dtype.is_complex() {
            return self.complex_binary(BinaryOp::Pow, (x, y), ty.clone());
        }
        if dtype.is_float() {
            return Ok(Val::C(b.math(MathFn::Pow, &[x, y]), ty.clone()));
        }
        let zero = b.i64(0);
        let zero = b.cast(zero, dtype);
        // C's powers of integers have no fractions.
        let negative = b.compare(IrCompare::Lt, y, zero);
        let by = b.select(negative, zero, y);
        let value = b.binary(Ir::Pow, x, by);
        Ok(Val::C(b.select(negative, zero, value), ty.clone()))
    }
}
