//! Folding of operators on weak constants, exactly as Python computes them.

use ungil_syntax::ast::operator::{BinaryOp, CompareOp, UnaryOp};

use crate::operand::Constant;
use crate::ty::Ty;

/// Integers beyond this are not folded further.
const LIMIT: u128 = 1 << 100;

/// The weak type of a constant.
pub fn weak_type(c: Constant) -> Ty {
    match c {
        Constant::Bool(_) => Ty::PyBool,
        Constant::Int(_) => Ty::PyInt,
        Constant::Float(_) => Ty::PyFloat,
        Constant::Complex(..) => Ty::PyComplex,
    }
}

/// `a op b`, or `None` where it raises or is left to run time.
pub fn binary(op: BinaryOp, a: Constant, b: Constant) -> Option<Constant> {
    if let (Constant::Bool(x), Constant::Bool(y)) = (a, b) {
        match op {
            BinaryOp::BitAnd => return Some(Constant::Bool(x & y)),
            BinaryOp::BitOr => return Some(Constant::Bool(x | y)),
            BinaryOp::BitXor => return Some(Constant::Bool(x ^ y)),
            _ => {}
        }
    }
    match (a.as_int(), b.as_int()) {
        (Some(x), Some(y)) => integers(op, x, y),
        _ => floats(op, a.as_float()?, b.as_float()?).map(Constant::Float),
    }
}

fn integers(op: BinaryOp, x: i128, y: i128) -> Option<Constant> {
    let result = match op {
        BinaryOp::Add => x.checked_add(y)?,
        BinaryOp::Sub => x.checked_sub(y)?,
        BinaryOp::Mult => x.checked_mul(y)?,
        BinaryOp::Div if y != 0 && x.abs() < 1 << 53 && y.abs() < 1 << 53 => {
            return Some(Constant::Float(x as f64 / y as f64));
        }
        BinaryOp::FloorDiv if y != 0 => x.div_euclid(y) - i128::from(y < 0 && x.rem_euclid(y) != 0),
        BinaryOp::Mod if y != 0 => {
            let r = x.rem_euclid(y);
            if y < 0 && r != 0 { r + y } else { r }
        }
        BinaryOp::Pow if y >= 0 => x.checked_pow(u32::try_from(y).ok()?)?,
        BinaryOp::LShift if (0..100).contains(&y) => x.checked_mul(1i128 << y)?,
        BinaryOp::RShift if y >= 0 => x >> y.min(127),
        BinaryOp::BitAnd => x & y,
        BinaryOp::BitOr => x | y,
        BinaryOp::BitXor => x ^ y,
        _ => return None,
    };
    (result.unsigned_abs() < LIMIT).then_some(Constant::Int(result))
}

/// Whether an operation on constants that `binary` left alone is one of integers with too large a result.
pub fn overflows(op: BinaryOp, a: Option<Constant>, b: Option<Constant>) -> bool {
    let (Some(_), Some(y)) = (a.and_then(Constant::as_int), b.and_then(Constant::as_int)) else {
        return false;
    };
    match op {
        BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult => true,
        BinaryOp::Pow | BinaryOp::LShift => y >= 0,
        _ => false,
    }
}

fn floats(op: BinaryOp, x: f64, y: f64) -> Option<f64> {
    Some(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mult => x * y,
        BinaryOp::Div if y != 0.0 => x / y,
        _ => return None,
    })
}

/// `op a`.
pub fn unary(op: UnaryOp, a: Constant) -> Option<Constant> {
    Some(match (op, a) {
        (UnaryOp::Not, a) => Constant::Bool(!a.truth()),
        (UnaryOp::Neg, Constant::Float(x)) => Constant::Float(-x),
        (UnaryOp::Neg, Constant::Complex(re, im)) => Constant::Complex(-re, -im),
        (UnaryOp::Neg, a) => Constant::Int(a.as_int()?.checked_neg()?),
        (UnaryOp::Pos, Constant::Float(_) | Constant::Complex(..)) => a,
        (UnaryOp::Pos, a) => Constant::Int(a.as_int()?),
        (UnaryOp::Invert, Constant::Float(_) | Constant::Complex(..)) => return None,
        (UnaryOp::Invert, a) => Constant::Int(!a.as_int()?),
    })
}

/// `a op b` for real numbers.
pub fn compare(op: CompareOp, a: Constant, b: Constant) -> Option<bool> {
    let order = match (a.as_int(), b.as_int()) {
        (Some(x), Some(y)) => Some(x.cmp(&y)),
        _ => a.as_float()?.partial_cmp(&b.as_float()?),
    };
    Some(match op {
        CompareOp::Eq => order.is_some_and(|o| o.is_eq()),
        CompareOp::NotEq => order.is_none_or(|o| o.is_ne()),
        CompareOp::Lt => order.is_some_and(|o| o.is_lt()),
        CompareOp::LtE => order.is_some_and(|o| o.is_le()),
        CompareOp::Gt => order.is_some_and(|o| o.is_gt()),
        CompareOp::GtE => order.is_some_and(|o| o.is_ge()),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floor_division_and_remainder_follow_the_divisors_sign() {
        let int = |op, x, y| match binary(op, Constant::Int(x), Constant::Int(y)) {
            Some(Constant::Int(n)) => n,
            other => panic!("{other:?}"),
        };
        for (x, y, q, r) in [(7, 2, 3, 1), (-7, 2, -4, 1), (7, -2, -4, -1), (-7, -2, 3, -1), (6, -3, -2, 0)] {
            assert_eq!((int(BinaryOp::FloorDiv, x, y), int(BinaryOp::Mod, x, y)), (q, r), "{x} {y}");
        }
    }
}
