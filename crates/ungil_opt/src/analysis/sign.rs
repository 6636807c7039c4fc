//! Signs of floating-point values.
//!
//! Proves `x >= 0` or `x > 0`, NaN always being possible besides. Used to drop checks of divisors, of square
//! roots and of logarithms that cannot fire. −0.0 counts as `>= 0`.

use crate::analysis::definitions::Definitions;
use ungil_ir::entities::Value;
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, Const, InstKind, UnaryOp};
use ungil_ir::math::MathFn;

/// What is known of a float that is not NaN.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Sign {
    Unknown,
    /// `x >= 0`, or NaN.
    NonNegative,
    /// `x > 0`, or NaN.
    Positive,
}

const MAX_DEPTH: u32 = 16;

/// Sign of a float value.
pub fn sign(func: &Function, defs: &Definitions, v: Value) -> Sign {
    follow(func, defs, v, MAX_DEPTH)
}

fn follow(func: &Function, defs: &Definitions, v: Value, depth: u32) -> Sign {
    use Sign::{NonNegative, Positive, Unknown};
    let Some(kind) = defs.kind(func, v).filter(|_| depth > 0) else { return Unknown };
    let sub = |x: Value| follow(func, defs, x, depth - 1);
    match kind {
        InstKind::Const(Const::Float(_, c)) if *c > 0.0 => Positive,
        InstKind::Const(Const::Float(_, c)) if *c == 0.0 => NonNegative,
        InstKind::Unary(UnaryOp::Abs, a) => sub(*a).max(NonNegative),
        // A product of positive numbers may underflow to zero.
        InstKind::Binary(BinaryOp::Mul, a, b) if a == b || sub(*a).min(sub(*b)) > Unknown => NonNegative,
        InstKind::Binary(BinaryOp::Add, a, b) => match (sub(*a), sub(*b)) {
            (Unknown, _) | (_, Unknown) => Unknown,
            (x, y) => x.max(y),
        },
        InstKind::Binary(BinaryOp::Div, a, b) if sub(*a).min(sub(*b)) > Unknown => NonNegative,
        InstKind::Binary(BinaryOp::Min, a, b) | InstKind::Select(_, a, b) => sub(*a).min(sub(*b)),
        InstKind::Binary(BinaryOp::Max, a, b) => sub(*a).max(sub(*b)),
        // The square root of a positive number is at least that of the smallest subnormal.
        InstKind::Math(MathFn::Sqrt, args) => sub(args[0]).max(NonNegative),
        InstKind::Math(MathFn::Exp | MathFn::Exp2 | MathFn::Hypot, _) => NonNegative,
        InstKind::Math(MathFn::Cosh, _) => Positive,
        InstKind::Cast(a, to) if to.is_float() && func.ty(*a).dtype().is_some_and(|d| d.is_unsigned()) => {
            NonNegative
        }
        // Narrowing may underflow to zero.
        InstKind::Cast(a, to) if to.is_float() && func.ty(*a).dtype().is_some_and(|d| d.is_float()) => {
            sub(*a).min(NonNegative)
        }
        _ => Unknown,
    }
}
