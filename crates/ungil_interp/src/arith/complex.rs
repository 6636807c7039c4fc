//! Complex numbers: NumPy's algorithms, on parts of either width.

use super::float::Float;
use ungil_ir::inst::{BinaryOp, UnaryOp};
use ungil_ir::math::MathFn;

type Complex<T> = (T, T);

/// A real result, or else a complex one.
pub fn unary<T: Float>(op: UnaryOp, (r, i): Complex<T>) -> Result<T, Complex<T>> {
    match op {
        UnaryOp::Neg => Err((-r, -i)),
        UnaryOp::Conj => Err((r, -i)),
        UnaryOp::Real => Ok(r),
        UnaryOp::Imag => Ok(i),
        UnaryOp::Abs => Ok(T::math(MathFn::Hypot, &[r, i])),
        UnaryOp::Not | UnaryOp::Invert | UnaryOp::Popcount => panic!("no {op:?} of complex"),
    }
}

pub fn binary<T: Float>(op: BinaryOp, a: Complex<T>, b: Complex<T>) -> Complex<T> {
    match op {
        BinaryOp::Add => (a.0 + b.0, a.1 + b.1),
        BinaryOp::Sub => (a.0 - b.0, a.1 - b.1),
        BinaryOp::Mul => multiply(a, b),
        BinaryOp::Div => divide(a, b),
        BinaryOp::Pow => power(a, b),
        _ => panic!("no {op:?} of complex"),
    }
}

fn multiply<T: Float>((ar, ai): Complex<T>, (br, bi): Complex<T>) -> Complex<T> {
    (ar * br - ai * bi, ar * bi + ai * br)
}

fn divide<T: Float>((ar, ai): Complex<T>, (br, bi): Complex<T>) -> Complex<T> {
    if br.abs() >= bi.abs() {
        if br == T::ZERO && bi == T::ZERO {
            return (ar / br.abs(), ai / br.abs());
        }
        let t = bi / br;
        let s = T::ONE / (br + bi * t);
        ((ar + ai * t) * s, (ai - ar * t) * s)
    } else {
        let t = br / bi;
        let s = T::ONE / (bi + br * t);
        ((ar * t + ai) * s, (ai * t - ar) * s)
    }
}

fn power<T: Float>(a: Complex<T>, b: Complex<T>) -> Complex<T> {
    if b.0 == T::ZERO && b.1 == T::ZERO {
        return (T::ONE, T::ZERO);
    }
    if a.0 == T::ZERO && a.1 == T::ZERO {
        let positive = b.0 > T::ZERO;
        return if positive { (T::ZERO, T::ZERO) } else { (T::NAN, T::NAN) };
    }
    let n = b.0.widen();
    if b.1 == T::ZERO && n.fract() == 0.0 && n.abs() < 100.0 {
        return integer_power(a, n as i32);
    }
    let log = (T::math(MathFn::ClogRe, &[a.0, a.1]), T::math(MathFn::Atan2, &[a.1, a.0]));
    let (zr, zi) = multiply(b, log);
    (T::math(MathFn::CexpRe, &[zr, zi]), T::math(MathFn::CexpIm, &[zr, zi]))
}

fn integer_power<T: Float>(a: Complex<T>, n: i32) -> Complex<T> {
    match n {
        1 => return a,
        2 => return multiply(a, a),
        3 => return multiply(a, multiply(a, a)),
        _ => {}
    }
    let (mut result, mut square) = ((T::ONE, T::ZERO), a);
    let (count, mut mask) = (n.unsigned_abs(), 1u32);
    loop {
        if count & mask != 0 {
            result = multiply(result, square);
        }
        mask <<= 1;
        if count < mask {
            break;
        }
        square = multiply(square, square);
    }
    if n < 0 { divide((T::ONE, T::ZERO), result) } else { result }
}
