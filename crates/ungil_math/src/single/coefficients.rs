//! Polynomial coefficients and constants of the float32 functions.
//!
//! Lowest power first; `WIDE_…` for float64 arithmetic, as short as a float32 result allows.
//! Limits: each polynomial holds on the interval its comment names.
//! Source: written by `tools/generate.py` (Remez exchange, coefficients rounded one by one); do not edit.
#![allow(
    clippy::excessive_precision,
    clippy::approx_constant,
    clippy::unreadable_literal,
    reason = "generated"
)]

/// 1/ln 2.
pub(crate) const INV_LN2: f32 = 1.442695;

/// ln 2 in two parts, the first of 24 bits.
pub(crate) const LN2_HI: f32 = 0.6931472;

/// ln 2 in two parts, the first of 24 bits.
pub(crate) const LN2_LO: f32 = -1.9046542e-09;

/// ln 2 in two parts, the first of 15 bits: its product with an exponent is exact.
pub(crate) const LN2_SHORT_HI: f32 = 0.69314575;

/// ln 2 in two parts, the first of 15 bits: its product with an exponent is exact.
pub(crate) const LN2_SHORT_LO: f32 = 1.4286068e-06;

/// log₁₀ 2 in two parts: the product of the first with an exponent is exact.
pub(crate) const LOG10_2_HI: f32 = 0.3010254;

/// log₁₀ 2 in two parts: the product of the first with an exponent is exact.
pub(crate) const LOG10_2_LO: f32 = 4.605039e-06;

/// 1/ln 10 in two parts.
pub(crate) const INV_LN10_HI: f32 = 0.4342945;

/// 1/ln 10 in two parts.
pub(crate) const INV_LN10_LO: f32 = -1.010305e-08;

/// 1/ln 2 in two parts.
pub(crate) const INV_LN2_PAIR_HI: f32 = 1.442695;

/// 1/ln 2 in two parts.
pub(crate) const INV_LN2_PAIR_LO: f32 = 1.925963e-08;

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r; error 2^-28.26.
pub(crate) const EXP: [f32; 5] = [0.49999994, 0.16666521, 0.041668255, 0.008368661, 0.0013821452];

/// (2^r − 1)/r for |r| ≤ 1/2, relative to 2^r; error 2^-28.32.
pub(crate) const EXP2: [f32; 6] =
    [0.6931472, 0.24022648, 0.0555036, 0.009618506, 0.0013390806, 0.00015326471];

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r − 1; error 2^-31.14.
pub(crate) const EXPM1: [f32; 6] = [0.5, 0.16666667, 0.04166649, 0.008333207, 0.0013932668, 0.00019945223];

/// (log(1+f) − f + f²/2)/f³ for √½ ≤ 1 + f ≤ √2, relative to the logarithm; error 2^-30.34.
pub(crate) const LOG: [f32; 9] = [
    0.3333331,
    -0.24999987,
    0.20002222,
    -0.1666926,
    0.14218776,
    -0.123842075,
    0.11871886,
    -0.11790219,
    0.06918327,
];

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r; error 2^-28.28.
pub(crate) const WIDE_EXP: [f64; 5] = [
    0.4999999346510008,
    0.16666520662833437,
    0.04166838443820171,
    0.008368712477454566,
    0.0013814767463614238,
];

/// (2·atanh(s)/s − 2)/s² in s² for |s| ≤ 3 − √8, relative to the logarithm; error 2^-37.6.
pub(crate) const WIDE_LOG: [f64; 4] =
    [0.6666666564556638, 0.40000335179888075, 0.28537308846412784, 0.23582150117615863];

/// (sin r − r)/r³ in r² for |r| ≤ π/4; error 2^-37.57.
pub(crate) const WIDE_SIN: [f64; 4] =
    [-0.16666666641628683, 0.008333329386114545, -0.00019839334904480917, 2.7183120901727747e-06];

/// (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4; error 2^-33.29.
pub(crate) const WIDE_COS: [f64; 3] = [0.04166664686853118, -0.0013887367612790671, 2.4438461437326858e-05];
