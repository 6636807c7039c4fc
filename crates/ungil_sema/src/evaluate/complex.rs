//! Functions of complex numbers as IR.
//!
//! The hyperbolic functions, `exp`, `sqrt` and `log` are parts of the maths library; sin, cos and tan are hyperbolic
//! functions of i·z; the inverse functions are Kahan's, through square roots whose branch cuts are the right ones.
//! Limits: the inverse functions of infinities and of numbers beyond 1e150 may overflow to NaN.
//! Source: W. Kahan, Branch cuts for complex elementary functions, 1987; CPython's `cmathmodule.c`.

use ungil_ir::builder::Builder;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, UnaryOp};
use ungil_ir::math::MathFn;

/// Real and imaginary part.
type Pair = (Value, Value);

/// A complex function, or a predicate; `None` if there is none of this name.
pub fn unary(b: &mut Builder<'_>, name: &str, z: Value) -> Option<Value> {
    let (x, y) = (b.unary(UnaryOp::Real, z), b.unary(UnaryOp::Imag, z));
    let (re, im) = match name {
        "copy" | "cast" => return Some(z),
        "neg" => return Some(b.unary(UnaryOp::Neg, z)),
        "conjugate" => return Some(b.unary(UnaryOp::Conj, z)),
        "real" => return Some(x),
        "imag" => return Some(y),
        "isnan" | "isinf" | "isfinite" => return Some(predicate(b, name, x, y)),
        "ones_like" => (b.f64(1.0), b.f64(0.0)),
        "absolute" => (b.unary(UnaryOp::Abs, z), b.f64(0.0)),
        "round" => (b.math(MathFn::Rint, &[x]), b.math(MathFn::Rint, &[y])),
        "sign" => sign(b, z, (x, y)),
        "exp" => pair(b, MathFn::CexpRe, MathFn::CexpIm, (x, y)),
        "sqrt" => sqrt(b, (x, y)),
        "sinh" => pair(b, MathFn::CsinhRe, MathFn::CsinhIm, (x, y)),
        "cosh" => pair(b, MathFn::CcoshRe, MathFn::CcoshIm, (x, y)),
        "tanh" => pair(b, MathFn::CtanhRe, MathFn::CtanhIm, (x, y)),
        "sin" => turned(b, (x, y), |b, z| pair(b, MathFn::CsinhRe, MathFn::CsinhIm, z)),
        "tan" => turned(b, (x, y), |b, z| pair(b, MathFn::CtanhRe, MathFn::CtanhIm, z)),
        "cos" => {
            let minus = b.unary(UnaryOp::Neg, y);
            pair(b, MathFn::CcoshRe, MathFn::CcoshIm, (minus, x))
        }
        "log" | "log2" | "log10" => logarithm(b, name, (x, y)),
        "log1p" => log1p(b, (x, y)),
        "expm1" => expm1(b, (x, y)),
        "arcsinh" => arcsinh(b, (x, y)),
        "arcsin" => turned(b, (x, y), arcsinh),
        "arctanh" => arctanh(b, (x, y)),
        "arctan" => turned(b, (x, y), arctanh),
        "arccos" => arccos(b, (x, y)),
        "arccosh" => arccosh(b, (x, y)),
        _ => return None,
    };
    Some(b.binary(BinaryOp::MakeComplex, re, im))
}

fn pair(b: &mut Builder<'_>, re: MathFn, im: MathFn, (x, y): Pair) -> Pair {
    (b.math(re, &[x, y]), b.math(im, &[x, y]))
}

/// −i·f(i·z).
fn turned(b: &mut Builder<'_>, (x, y): Pair, f: impl Fn(&mut Builder<'_>, Pair) -> Pair) -> Pair {
    let minus = b.unary(UnaryOp::Neg, y);
    let (re, im) = f(b, (minus, x));
    (im, b.unary(UnaryOp::Neg, re))
}

fn add(b: &mut Builder<'_>, x: Value, y: Value) -> Value {
    b.binary(BinaryOp::Add, x, y)
}

fn sub(b: &mut Builder<'_>, x: Value, y: Value) -> Value {
    b.binary(BinaryOp::Sub, x, y)
}

fn mul(b: &mut Builder<'_>, x: Value, y: Value) -> Value {
    b.binary(BinaryOp::Mul, x, y)
}

fn sqrt(b: &mut Builder<'_>, z: Pair) -> Pair {
    pair(b, MathFn::CsqrtRe, MathFn::CsqrtIm, z)
}

fn predicate(b: &mut Builder<'_>, name: &str, x: Value, y: Value) -> Value {
    let of = |b: &mut Builder<'_>, part: Value| {
        if name == "isnan" {
            return b.compare(CompareOp::Ne, part, part);
        }
        let (size, infinity) = (b.unary(UnaryOp::Abs, part), b.f64(f64::INFINITY));
        b.compare(if name == "isinf" { CompareOp::Eq } else { CompareOp::Lt }, size, infinity)
    };
    let (x, y) = (of(b, x), of(b, y));
    b.binary(if name == "isfinite" { BinaryOp::And } else { BinaryOp::Or }, x, y)
}

/// z / |z|; 0 stays, and so do NaN.
fn sign(b: &mut Builder<'_>, z: Value, (x, y): Pair) -> Pair {
    let (size, zero) = (b.unary(UnaryOp::Abs, z), b.f64(0.0));
    let nothing = b.compare(CompareOp::Eq, size, zero);
    let part = |b: &mut Builder<'_>, part: Value| {
        let quotient = b.binary(BinaryOp::Div, part, size);
        b.select(nothing, zero, quotient)
    };
    (part(b, x), part(b, y))
}

fn logarithm(b: &mut Builder<'_>, name: &str, (x, y): Pair) -> Pair {
    let (re, im) = (b.math(MathFn::ClogRe, &[x, y]), b.math(MathFn::Atan2, &[y, x]));
    let factor = match name {
        "log2" => std::f64::consts::LOG2_E,
        "log10" => std::f64::consts::LOG10_E,
        _ => return (re, im),
    };
    let factor = b.f64(factor);
    (mul(b, re, factor), mul(b, im, factor))
}

/// Near 0 through log1p(|1+z|² − 1) / 2.
fn log1p(b: &mut Builder<'_>, (x, y): Pair) -> Pair {
    let [half, one, two] = [0.5, 1.0, 2.0].map(|n| b.f64(n));
    let above = add(b, x, one);
    let z = b.binary(BinaryOp::MakeComplex, x, y);
    let size = b.unary(UnaryOp::Abs, z);
    let near = b.compare(CompareOp::Lt, size, half);
    let (far, im) = (b.math(MathFn::ClogRe, &[above, y]), b.math(MathFn::Atan2, &[y, above]));
    let (wide, square) = (add(b, x, two), mul(b, y, y));
    let product = mul(b, x, wide);
    let excess = add(b, product, square);
    let close = b.math(MathFn::Log1p, &[excess]);
    let close = mul(b, close, half);
    (b.select(near, close, far), im)
}

fn expm1(b: &mut Builder<'_>, (x, y): Pair) -> Pair {
    let [half, two] = [0.5, 2.0].map(|n| b.f64(n));
    let angle = mul(b, y, half);
    let sine = b.math(MathFn::Sin, &[angle]);
    let square = mul(b, sine, sine);
    let twice = mul(b, square, two);
    let (growth, cosine) = (b.math(MathFn::Expm1, &[x]), b.math(MathFn::Cos, &[y]));
    let product = mul(b, growth, cosine);
    (sub(b, product, twice), b.math(MathFn::CexpIm, &[x, y]))
}

fn arcsinh(b: &mut Builder<'_>, (x, y): Pair) -> Pair {
    let one = b.f64(1.0);
    let (above, minus) = (add(b, one, y), b.unary(UnaryOp::Neg, x));
    let below = sub(b, one, y);
    let (p, q) = (sqrt(b, (above, minus)), sqrt(b, (below, x)));
    let (u, v) = (mul(b, p.0, q.1), mul(b, q.0, p.1));
    let (s, t) = (mul(b, p.0, q.0), mul(b, p.1, q.1));
    let (difference, cosine) = (sub(b, u, v), sub(b, s, t));
    (b.math(MathFn::Asinh, &[difference]), b.math(MathFn::Atan2, &[y, cosine]))
}

fn arccos(b: &mut Builder<'_>, (x, y): Pair) -> Pair {
    let [one, two] = [1.0, 2.0].map(|n| b.f64(n));
    let (below, above, minus) = (sub(b, one, x), add(b, one, x), b.unary(UnaryOp::Neg, y));
    let (p, q) = (sqrt(b, (below, minus)), sqrt(b, (above, y)));
    let angle = b.math(MathFn::Atan2, &[p.0, q.0]);
    let (u, v) = (mul(b, q.0, p.1), mul(b, q.1, p.0));
    let difference = sub(b, u, v);
    (mul(b, angle, two), b.math(MathFn::Asinh, &[difference]))
}

fn arccosh(b: &mut Builder<'_>, (x, y): Pair) -> Pair {
    let [one, two] = [1.0, 2.0].map(|n| b.f64(n));
    let (below, above) = (sub(b, x, one), add(b, x, one));
    let (p, q) = (sqrt(b, (below, y)), sqrt(b, (above, y)));
    let (u, v) = (mul(b, p.0, q.0), mul(b, p.1, q.1));
    let sum = add(b, u, v);
    let angle = b.math(MathFn::Atan2, &[p.1, q.0]);
    (b.math(MathFn::Asinh, &[sum]), mul(b, angle, two))
}

/// log1p(4|x| / ((1−|x|)² + y²)) / 4 with the sign of x, and half the angle of (1−x²−y², 2y).
fn arctanh(b: &mut Builder<'_>, (x, y): Pair) -> Pair {
    let [quarter, half, one, two, four] = [0.25, 0.5, 1.0, 2.0, 4.0].map(|n| b.f64(n));
    let size = b.unary(UnaryOp::Abs, x);
    let (below, above) = (sub(b, one, size), add(b, one, size));
    let (square, tall) = (mul(b, below, below), mul(b, y, y));
    let (divisor, dividend) = (add(b, square, tall), mul(b, size, four));
    let ratio = b.binary(BinaryOp::Div, dividend, divisor);
    let growth = b.math(MathFn::Log1p, &[ratio]);
    let growth = mul(b, growth, quarter);
    let re = b.math(MathFn::Copysign, &[growth, x]);
    let product = mul(b, below, above);
    let (cosine, sine) = (sub(b, product, tall), mul(b, y, two));
    let angle = b.math(MathFn::Atan2, &[sine, cosine]);
    (re, mul(b, angle, half))
}
