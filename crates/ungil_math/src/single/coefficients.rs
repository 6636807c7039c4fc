//! Polynomial coefficients of the float32 functions.
//!
//! For float64 arithmetic, lowest power first, as short as a float32 result allows.
//! Limits: each polynomial holds on the interval its comment names.
//! Source: written by `tools/generate.py` (Remez exchange, coefficients rounded one by one); do not edit.
#![allow(
    clippy::excessive_precision,
    clippy::approx_constant,
    clippy::unreadable_literal,
    reason = "generated"
)]

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r; error 2^-28.28.
pub(crate) const EXP: [f64; 5] = [
    0.4999999346510008,
    0.16666520662833437,
    0.04166838443820171,
    0.008368712477454566,
    0.0013814767463614238,
];

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r − 1; error 2^-31.98.
pub(crate) const EXPM1: [f64; 6] = [
    0.5000000046430491,
    0.16666666815196882,
    0.041666354650246346,
    0.0083332734429761,
    0.001394100682498024,
    0.00019913972450673963,
];

/// (2·atanh(s)/s − 2)/s² in s² for |s| ≤ 3 − √8, relative to the logarithm; error 2^-37.6.
pub(crate) const LOG: [f64; 4] =
    [0.6666666564556638, 0.40000335179888075, 0.28537308846412784, 0.23582150117615863];

/// (sin r − r)/r³ in r² for |r| ≤ π/4; error 2^-37.57.
pub(crate) const SIN: [f64; 4] =
    [-0.16666666641628683, 0.008333329386114545, -0.00019839334904480917, 2.7183120901727747e-06];

/// (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4; error 2^-33.29.
pub(crate) const COS: [f64; 3] = [0.04166664686853118, -0.0013887367612790671, 2.4438461437326858e-05];
