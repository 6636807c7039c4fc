//! Integers: exact in 128 bits, then wrapped or checked.

use crate::number::Num;
use ungil_ir::inst::{BinaryOp, UnaryOp};
use ungil_ir::types::DType;

pub fn unary(op: UnaryOp, a: Num) -> Num {
    let (d, n) = (a.dtype(), a.exact());
    match op {
        UnaryOp::Neg => Num::wrap(d, -n),
        UnaryOp::Invert => Num::wrap(d, !n),
        UnaryOp::Popcount => Num::wrap(d, i128::from((n & ((1_i128 << (8 * d.size())) - 1)).count_ones())),
        UnaryOp::Abs => Num::wrap(d, n.abs()),
        _ => panic!("no {op:?} of {d}"),
    }
}

pub fn binary(op: BinaryOp, d: DType, a: i128, b: i128) -> Num {
    let n = match op {
        // A product of two uint64 passes 128 bits signed; its low bits are right all the same.
        BinaryOp::Mul => a.wrapping_mul(b),
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::FloorDiv => floor_divide(a, b),
        BinaryOp::Mod if b == 0 => 0,
        BinaryOp::Mod => a - b.wrapping_mul(floor_divide(a, b)),
        BinaryOp::TruncDiv => a.checked_div(b).unwrap_or(0),
        BinaryOp::TruncMod => a.checked_rem(b).unwrap_or(a),
        BinaryOp::Pow => return power(d, a, b),
        BinaryOp::And => a & b,
        BinaryOp::Or => a | b,
        BinaryOp::Xor => a ^ b,
        BinaryOp::Shl if in_width(d, b) => a << b,
        BinaryOp::Shl => 0,
        BinaryOp::Shr if in_width(d, b) => a >> b,
        BinaryOp::Shr => -i128::from(a < 0),
        BinaryOp::Min => a.min(b),
        BinaryOp::Max => a.max(b),
        BinaryOp::Div | BinaryOp::MakeComplex => panic!("no {op:?} of {d}"),
    };
    Num::wrap(d, n)
}

pub fn checked(op: BinaryOp, d: DType, a: i128, b: i128) -> Option<Num> {
    let exact = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a.checked_mul(b)?,
        BinaryOp::FloorDiv => floor_divide(a, b),
        BinaryOp::Pow => checked_power(d, a, b)?,
        _ => panic!("no checked {op:?}"),
    };
    fits(d, exact).then(|| Num::wrap(d, exact))
}

fn fits(d: DType, n: i128) -> bool {
    Num::wrap(d, n).exact() == n
}

fn in_width(d: DType, b: i128) -> bool {
    (0..i128::from(d.bits())).contains(&b)
}

fn floor_divide(a: i128, b: i128) -> i128 {
    if b == 0 {
        return 0;
    }
    let q = a / b;
    q - i128::from(a % b != 0 && (a < 0) != (b < 0))
}

fn power(d: DType, base: i128, exponent: i128) -> Num {
    if exponent < 0 {
        return Num::Int(d, 0);
    }
    let (mut result, mut square, mut rest) = (1i128, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = Num::wrap(d, result.wrapping_mul(square)).exact();
        }
        square = Num::wrap(d, square.wrapping_mul(square)).exact();
        rest >>= 1;
    }
    Num::wrap(d, result)
}

fn checked_power(d: DType, base: i128, exponent: i128) -> Option<i128> {
    match (base, exponent) {
        (_, e) if e < 0 => Some(0),
        (0 | 1, e) => Some(if e == 0 { 1 } else { base }),
        (-1, e) => Some(if e % 2 == 0 { 1 } else { -1 }),
        // Any other base passes 64 bits after 64 factors at the latest.
        (_, e) => {
            let mut result = 1i128;
            for _ in 0..e {
                result = result.checked_mul(base).filter(|n| fits(d, *n))?;
            }
            Some(result)
        }
    }
}
