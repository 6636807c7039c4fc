//! Arithmetic on scalars, exactly as SEMANTICS.md says.

mod cast;
mod complex;
mod float;
mod integer;

pub use cast::cast;

use crate::number::Num;
use ungil_ir::inst::{BinaryOp, CompareOp, ReduceOp, UnaryOp};

/// # Panics
/// On operands that the verifier refuses; so do all functions here.
pub fn unary(op: UnaryOp, a: Num) -> Num {
    match (op, a) {
        (UnaryOp::Not, Num::Bool(b)) => Num::Bool(!b),
        (_, Num::Int(..)) => integer::unary(op, a),
        (UnaryOp::Neg, Num::F32(x)) => Num::F32(-x),
        (UnaryOp::Neg, Num::F64(x)) => Num::F64(-x),
        (UnaryOp::Abs, Num::F32(x)) => Num::F32(x.abs()),
        (UnaryOp::Abs, Num::F64(x)) => Num::F64(x.abs()),
        (_, Num::C64(r, i)) => match complex::unary(op, (r, i)) {
            Ok(part) => Num::F32(part),
            Err((r, i)) => Num::C64(r, i),
        },
        (_, Num::C128(r, i)) => match complex::unary(op, (r, i)) {
            Ok(part) => Num::F64(part),
            Err((r, i)) => Num::C128(r, i),
        },
        _ => panic!("no {op:?} of {a:?}"),
    }
}

pub fn binary(op: BinaryOp, a: Num, b: Num) -> Num {
    match (a, b) {
        (Num::Bool(a), Num::Bool(b)) => Num::Bool(match op {
            BinaryOp::And | BinaryOp::Min => a & b,
            BinaryOp::Or | BinaryOp::Max => a | b,
            BinaryOp::Xor => a ^ b,
            _ => panic!("no {op:?} of bool"),
        }),
        (Num::Int(d, _), Num::Int(..)) => integer::binary(op, d, a.exact(), b.exact()),
        (Num::F32(a), Num::F32(b)) if op == BinaryOp::MakeComplex => Num::C64(a, b),
        (Num::F64(a), Num::F64(b)) if op == BinaryOp::MakeComplex => Num::C128(a, b),
        (Num::F32(a), Num::F32(b)) => Num::F32(float::binary(op, a, b)),
        (Num::F64(a), Num::F64(b)) => Num::F64(float::binary(op, a, b)),
        (Num::C64(ar, ai), Num::C64(br, bi)) => {
            let (r, i) = complex::binary(op, (ar, ai), (br, bi));
            Num::C64(r, i)
        }
        (Num::C128(ar, ai), Num::C128(br, bi)) => {
            let (r, i) = complex::binary(op, (ar, ai), (br, bi));
            Num::C128(r, i)
        }
        _ => panic!("no {op:?} of {a:?} and {b:?}"),
    }
}

/// `None` where the exact result does not fit.
pub fn checked(op: BinaryOp, a: Num, b: Num) -> Option<Num> {
    integer::checked(op, a.dtype(), a.exact(), b.exact())
}

pub fn compare(op: CompareOp, a: Num, b: Num) -> bool {
    fn order<T: PartialOrd>(op: CompareOp, a: T, b: T) -> bool {
        match op {
            CompareOp::Eq => a == b,
            CompareOp::Ne => a != b,
            CompareOp::Lt => a < b,
            CompareOp::Le => a <= b,
            CompareOp::Gt => a > b,
            CompareOp::Ge => a >= b,
        }
    }
    match (a, b) {
        (Num::F32(a), Num::F32(b)) => order(op, a, b),
        (Num::F64(a), Num::F64(b)) => order(op, a, b),
        (Num::C64(ar, ai), Num::C64(br, bi)) => (ar == br && ai == bi) == (op == CompareOp::Eq),
        (Num::C128(ar, ai), Num::C128(br, bi)) => (ar == br && ai == bi) == (op == CompareOp::Eq),
        _ => order(op, a.exact(), b.exact()),
    }
}

/// The instruction that a reduction stands for inside `vec_reduce` and atomic updates.
pub fn reduce(op: ReduceOp, a: Num, b: Num) -> Num {
    let op = match op {
        ReduceOp::Add => BinaryOp::Add,
        ReduceOp::Mul => BinaryOp::Mul,
        ReduceOp::BitAnd | ReduceOp::And => BinaryOp::And,
        ReduceOp::BitOr | ReduceOp::Or => BinaryOp::Or,
        ReduceOp::BitXor => BinaryOp::Xor,
        ReduceOp::Min => BinaryOp::Min,
        ReduceOp::Max => BinaryOp::Max,
    };
    binary(op, a, b)
}
