//! Constants of formulas and Python's arithmetic on them.
//!
//! Python folds arithmetic of literals before numexpr sees them, so that `1/3` is a double and `2**40` a long.
//! Integers are exact while they are folded and must fit 64 bits.

use std::sync::Arc;

use ungil_syntax::ast::operator::{BinaryOp, CompareOp, UnaryOp};

use crate::evaluate::kind::Kind;

/// A value known when the formula is compiled.
#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    Bool(bool),
    Int(i128),
    /// An integer that is a long even where it would fit an int.
    Long(i64),
    Float(f32),
    Double(f64),
    Complex(f64, f64),
    Bytes(Arc<[u8]>),
}

/// Why constants have no result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    ZeroDivision,
    Overflow,
    /// Python has no such operation.
    Type,
    NegativeShift,
}

impl Constant {
    pub fn kind(&self) -> Kind {
        match self {
            Constant::Bool(_) => Kind::Bool,
            Constant::Int(n) if i32::try_from(*n).is_ok() => Kind::Int,
            Constant::Int(n) if *n > i128::from(i64::MAX) => Kind::Ulong,
            Constant::Int(_) | Constant::Long(_) => Kind::Long,
            Constant::Float(_) => Kind::Float,
            Constant::Double(_) => Kind::Double,
            Constant::Complex(..) => Kind::Complex,
            Constant::Bytes(_) => Kind::Bytes,
        }
    }

    /// The integer it is; booleans count as integers.
    pub fn as_int(&self) -> Option<i128> {
        match self {
            Constant::Bool(b) => Some(i128::from(*b)),
            Constant::Int(n) => Some(*n),
            Constant::Long(n) => Some(i128::from(*n)),
            _ => None,
        }
    }

    /// The real number it is.
    pub fn as_double(&self) -> Option<f64> {
        match self {
            Constant::Float(x) => Some(f64::from(*x)),
            Constant::Double(x) => Some(*x),
            other => other.as_int().map(|n| n as f64),
        }
    }

    /// Real and imaginary part; `None` for bytes.
    pub fn as_complex(&self) -> Option<(f64, f64)> {
        match self {
            Constant::Complex(re, im) => Some((*re, *im)),
            other => other.as_double().map(|x| (x, 0.0)),
        }
    }

    pub fn truth(&self) -> bool {
        match self {
            Constant::Bytes(bytes) => !bytes.is_empty(),
            other => other.as_complex().is_some_and(|(re, im)| re != 0.0 || im != 0.0),
        }
    }

    /// Whether it fits the 64 bits that are left of an integer at run time.
    pub fn is_representable(&self) -> bool {
        match self {
            Constant::Int(n) => *n >= i128::from(i64::MIN) && *n <= i128::from(u64::MAX),
            _ => true,
        }
    }

    /// Python's unary operators.
    pub fn unary(&self, op: UnaryOp) -> Result<Constant, Fault> {
        Ok(match (op, self) {
            (UnaryOp::Not, c) => Constant::Bool(!c.truth()),
            (UnaryOp::Neg, Constant::Float(x)) => Constant::Float(-x),
            (UnaryOp::Neg, Constant::Double(x)) => Constant::Double(-x),
            (UnaryOp::Neg, Constant::Complex(re, im)) => Constant::Complex(-re, -im),
            (UnaryOp::Pos, Constant::Float(_) | Constant::Double(_) | Constant::Complex(..)) => self.clone(),
            (op, c) => {
                let n = c.as_int().ok_or(Fault::Type)?;
                Constant::Int(match op {
                    UnaryOp::Neg => n.checked_neg().ok_or(Fault::Overflow)?,
                    UnaryOp::Invert => !n,
                    _ => n,
                })
            }
        })
    }

    /// Python's comparisons.
    pub fn compare(&self, op: CompareOp, other: &Constant) -> Result<Constant, Fault> {
        let order = match (self, other) {
            (Constant::Bytes(x), Constant::Bytes(y)) => Some(x.cmp(y)),
            (x, y) => match (x.as_int(), y.as_int(), x.as_double(), y.as_double()) {
                (Some(x), Some(y), ..) => Some(x.cmp(&y)),
                (_, _, Some(x), Some(y)) => x.partial_cmp(&y),
                _ if matches!(op, CompareOp::Eq | CompareOp::NotEq) => {
                    let equal = self.as_complex() == other.as_complex() && self.as_complex().is_some();
                    return Ok(Constant::Bool(equal == (op == CompareOp::Eq)));
                }
                _ => return Err(Fault::Type),
            },
        };
        Ok(Constant::Bool(match op {
            CompareOp::Eq => order.is_some_and(|o| o.is_eq()),
            CompareOp::NotEq => !order.is_some_and(|o| o.is_eq()),
            CompareOp::Lt => order.is_some_and(|o| o.is_lt()),
            CompareOp::LtE => order.is_some_and(|o| o.is_le()),
            CompareOp::Gt => order.is_some_and(|o| o.is_gt()),
            CompareOp::GtE => order.is_some_and(|o| o.is_ge()),
            _ => return Err(Fault::Type),
        }))
    }

    /// Python's binary operators. `None`: left to the kernel (float32, complex powers).
    pub fn binary(&self, op: BinaryOp, other: &Constant) -> Option<Result<Constant, Fault>> {
        match (self, other) {
            (Constant::Float(_) | Constant::Long(_), _) | (_, Constant::Float(_) | Constant::Long(_)) => None,
            (Constant::Bytes(_), _) | (_, Constant::Bytes(_)) => Some(Err(Fault::Type)),
            (Constant::Complex(..), _) | (_, Constant::Complex(..)) => {
                complex(op, self.as_complex()?, other.as_complex()?)
            }
            _ => Some(match (self.as_int(), other.as_int()) {
                (Some(x), Some(y)) => integers(op, x, y, (self, other)),
                _ => doubles(op, self.as_double()?, other.as_double()?),
            }),
        }
    }
}

fn integers(op: BinaryOp, x: i128, y: i128, from: (&Constant, &Constant)) -> Result<Constant, Fault> {
    let both_bool = matches!(from, (Constant::Bool(_), Constant::Bool(_)));
    let logical = |n: i128| if both_bool { Constant::Bool(n != 0) } else { Constant::Int(n) };
    let exact = |n: Option<i128>| n.map(Constant::Int).ok_or(Fault::Overflow);
    match op {
        BinaryOp::Add => exact(x.checked_add(y)),
        BinaryOp::Sub => exact(x.checked_sub(y)),
        BinaryOp::Mult => exact(x.checked_mul(y)),
        BinaryOp::Div if y == 0 => Err(Fault::ZeroDivision),
        BinaryOp::Div => Ok(Constant::Double(x as f64 / y as f64)),
        BinaryOp::FloorDiv | BinaryOp::Mod if y == 0 => Err(Fault::ZeroDivision),
        BinaryOp::FloorDiv => {
            exact(x.checked_div(y).map(|q| q - i128::from(x % y != 0 && (x < 0) != (y < 0))))
        }
        BinaryOp::Mod => {
            exact(x.checked_rem(y).map(|r| if r != 0 && (r < 0) != (y < 0) { r + y } else { r }))
        }
        BinaryOp::Pow if y < 0 => doubles(op, x as f64, y as f64),
        BinaryOp::Pow => exact(u32::try_from(y).ok().and_then(|y| x.checked_pow(y)).or(small_power(x, y))),
        BinaryOp::LShift | BinaryOp::RShift if y < 0 => Err(Fault::NegativeShift),
        BinaryOp::LShift if x == 0 => Ok(Constant::Int(0)),
        BinaryOp::LShift if y > 64 => Err(Fault::Overflow),
        BinaryOp::LShift => exact(x.checked_mul(1 << y)),
        BinaryOp::RShift => Ok(Constant::Int(x >> y.min(127))),
        BinaryOp::BitAnd => Ok(logical(x & y)),
        BinaryOp::BitOr => Ok(logical(x | y)),
        BinaryOp::BitXor => Ok(logical(x ^ y)),
        BinaryOp::MatMult => Err(Fault::Type),
    }
}

/// Powers of 0 and ±1, whatever the exponent.
fn small_power(x: i128, y: i128) -> Option<i128> {
    match x {
        0 | 1 => Some(x),
        -1 => Some(if y % 2 == 0 { 1 } else { -1 }),
        _ => None,
    }
}

fn doubles(op: BinaryOp, x: f64, y: f64) -> Result<Constant, Fault> {
    let floor_mod = || {
        let r = x % y;
        if r != 0.0 && (r < 0.0) != (y < 0.0) { r + y } else { r.copysign(if r == 0.0 { y } else { r }) }
    };
    Ok(Constant::Double(match op {
        BinaryOp::Add => x + y,
        BinaryOp::Sub => x - y,
        BinaryOp::Mult => x * y,
        BinaryOp::Div | BinaryOp::FloorDiv | BinaryOp::Mod if y == 0.0 => return Err(Fault::ZeroDivision),
        BinaryOp::Div => x / y,
        BinaryOp::FloorDiv => ((x - floor_mod()) / y).round(),
        BinaryOp::Mod => floor_mod(),
        BinaryOp::Pow if x == 0.0 && y < 0.0 => return Err(Fault::ZeroDivision),
        // Python's result is complex there.
        BinaryOp::Pow if x < 0.0 && y.fract() != 0.0 => return Err(Fault::Type),
        BinaryOp::Pow => {
            let power = x.powf(y);
            if power.is_infinite() && x.is_finite() && y.is_finite() {
                return Err(Fault::Overflow);
            }
            power
        }
        _ => return Err(Fault::Type),
    }))
}

type Pair = (f64, f64);

fn complex(op: BinaryOp, x: Pair, y: Pair) -> Option<Result<Constant, Fault>> {
    let (re, im) = match op {
        BinaryOp::Add => (x.0 + y.0, x.1 + y.1),
        BinaryOp::Sub => (x.0 - y.0, x.1 - y.1),
        BinaryOp::Mult => (x.0 * y.0 - x.1 * y.1, x.0 * y.1 + x.1 * y.0),
        BinaryOp::Div if y == (0.0, 0.0) => return Some(Err(Fault::ZeroDivision)),
        BinaryOp::Div | BinaryOp::Pow => return None,
        _ => return Some(Err(Fault::Type)),
    };
    Some(Ok(Constant::Complex(re, im)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(n: i128) -> Constant {
        Constant::Int(n)
    }

    #[test]
    fn integers_follow_python() {
        let f = |op, x, y| int(x).binary(op, &int(y)).expect("folds");
        assert_eq!(f(BinaryOp::Mod, 5, -3), Ok(int(-1)));
        assert_eq!(f(BinaryOp::FloorDiv, -7, 2), Ok(int(-4)));
        assert_eq!(f(BinaryOp::Div, 1, 4), Ok(Constant::Double(0.25)));
        assert_eq!(f(BinaryOp::Div, 1, 0), Err(Fault::ZeroDivision));
        assert_eq!(f(BinaryOp::Pow, 10, 1_000_000_000_000), Err(Fault::Overflow));
        assert_eq!(f(BinaryOp::Pow, -1, 1_000_000_000_001), Ok(int(-1)));
        assert_eq!(f(BinaryOp::LShift, 1, 1_000_000), Err(Fault::Overflow));
        assert_eq!(f(BinaryOp::Pow, 2, 40), Ok(int(1 << 40)));
    }

    #[test]
    fn kinds_of_integers_follow_their_size() {
        assert_eq!(int(i128::from(i32::MAX)).kind(), Kind::Int);
        assert_eq!(int(1 << 31).kind(), Kind::Long);
        assert_eq!(int(1 << 63).kind(), Kind::Ulong);
        assert!(!int(1 << 64).is_representable());
    }

    #[test]
    fn booleans_are_integers_in_arithmetic() {
        let (t, f) = (Constant::Bool(true), Constant::Bool(false));
        assert_eq!(t.binary(BinaryOp::Add, &t), Some(Ok(int(2))));
        assert_eq!(t.binary(BinaryOp::BitAnd, &f), Some(Ok(Constant::Bool(false))));
        assert_eq!(t.unary(UnaryOp::Invert), Ok(int(-2)));
    }
}
