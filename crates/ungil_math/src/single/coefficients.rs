//! Polynomial coefficients and constants of the float32 functions.
//!
//! Lowest power first.
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

/// 1/ln 10 in two parts.
pub(crate) const INV_LN10_HI: f32 = 0.4342945;

/// 1/ln 10 in two parts.
pub(crate) const INV_LN10_LO: f32 = -1.010305e-08;

/// 1/ln 2 in two parts.
pub(crate) const INV_LN2_PAIR_HI: f32 = 1.442695;

/// 1/ln 2 in two parts.
pub(crate) const INV_LN2_PAIR_LO: f32 = 1.925963e-08;

/// 2/π.
pub(crate) const TWO_OVER_PI: f32 = 0.63661975;

/// π/2 in three parts; products of the second with integers below 2¹³ are exact.
pub(crate) const HALF_PI_HI: f32 = 1.5707964;

/// π/2 in three parts; products of the second with integers below 2¹³ are exact.
pub(crate) const HALF_PI_LO: f32 = -4.3713953e-08;

/// π/2 in three parts; products of the second with integers below 2¹³ are exact.
pub(crate) const HALF_PI_TAIL: f32 = 2.563344e-12;

/// π/2 in two parts.
pub(crate) const HALF_PI_PAIR_HI: f32 = 1.5707964;

/// π/2 in two parts.
pub(crate) const HALF_PI_PAIR_LO: f32 = -4.371139e-08;

/// π in two parts.
pub(crate) const PI_PAIR_HI: f32 = 3.1415927;

/// π in two parts.
pub(crate) const PI_PAIR_LO: f32 = -8.742278e-08;

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r; error 2^-28.26.
pub(crate) const EXP: [f32; 5] = [0.49999994, 0.16666521, 0.041668255, 0.008368661, 0.0013821452];

/// (2^r − 1)/r for |r| ≤ 1/2, relative to 2^r; error 2^-28.32.
pub(crate) const EXP2: [f32; 6] =
    [0.6931472, 0.24022648, 0.0555036, 0.009618506, 0.0013390806, 0.00015326471];

/// (sin r − r)/r³ in r² for |r| ≤ π/4; error 2^-28.02.
pub(crate) const SIN: [f32; 3] = [-0.16666655, 0.008332192, -0.0001951879];

/// (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4; error 2^-33.13.
pub(crate) const COS: [f32; 3] = [0.041666646, -0.0013887301, 2.4430672e-05];

/// (atan q − q)/q³ in q² for |q| ≤ 1; error 2^-28.67.
pub(crate) const ATAN: [f32; 9] = [
    -0.33333302,
    0.19998628,
    -0.14265124,
    0.109569244,
    -0.08417529,
    0.058201313,
    -0.031422462,
    0.011046512,
    -0.0018231753,
];

/// (asin x − x)/x³ in x² for |x| ≤ 1/2; error 2^-27.58.
pub(crate) const ASIN: [f32; 5] = [0.16666754, 0.07495252, 0.045476034, 0.024152165, 0.04221163];

/// Constant term of `ERF` in two parts.
pub(crate) const ERF_HI: f32 = 0.12837917;

/// Constant term of `ERF` in two parts.
pub(crate) const ERF_LO: f32 = -2.2191671e-10;

/// erf(x)/x − 1 in x² for |x| ≤ 1; without the constant term; error 2^-29.41.
pub(crate) const ERF: [f32; 6] =
    [-0.37612626, 0.11283582, -0.02685351, 0.0051874868, -0.0008000638, 7.8155084e-05];

/// Constant term of `LOG_ERFC` in two parts.
pub(crate) const LOG_ERFC_HI: f32 = -1.8496056;

/// Constant term of `LOG_ERFC` in two parts.
pub(crate) const LOG_ERFC_LO: f32 = 5.023321e-08;

/// log erfc(1 + t) for t from 0 to 3, weighted by erfc; without the constant term; error 2^-35.27.
pub(crate) const LOG_ERFC: [f32; 7] =
    [-2.6389675, -0.8431071, -0.041563317, 0.010045996, -0.0020113804, 0.0002891813, -2.1610764e-05];

/// Constant term of `SCALED_ERFC` in two parts.
pub(crate) const SCALED_ERFC_HI: f32 = 1.2769784;

/// Constant term of `SCALED_ERFC` in two parts.
pub(crate) const SCALED_ERFC_LO: f32 = 9.080395e-09;

/// (1 + 2x)·e^(x²)·erfc x in (x − 2)/(x + 2) for x from 0 to 10.5; without the constant term; error 2^-28.78.
pub(crate) const SCALED_ERFC: [f32; 11] = [
    -0.092763826,
    -0.1660305,
    0.16405119,
    -0.05421844,
    -0.008032028,
    0.008712301,
    0.0012566929,
    -0.0014268457,
    -0.00040710293,
    0.00017319214,
    8.316854e-05,
];
