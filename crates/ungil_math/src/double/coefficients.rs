//! Polynomial coefficients and constants of the float64 functions.
//!
//! Coefficients come lowest power first.
//! Limits: each polynomial holds on the interval its comment names.
//! Source: written by `tools/generate.py` (Remez exchange, coefficients rounded one by one); do not edit.
#![allow(
    clippy::excessive_precision,
    clippy::approx_constant,
    clippy::unreadable_literal,
    reason = "generated"
)]

/// 1/ln 2.
pub(crate) const INV_LN2: f64 = 1.4426950408889634;

/// ln 2 in two parts, the first of 53 bits.
pub(crate) const LN2_HI: f64 = 0.6931471805599453;

/// ln 2 in two parts, the first of 53 bits.
pub(crate) const LN2_LO: f64 = 2.3190468138462996e-17;

/// ln 2 in two parts, the first of 42 bits: its product with an exponent is exact.
pub(crate) const LN2_SHORT_HI: f64 = 0.6931471805598903;

/// ln 2 in two parts, the first of 42 bits: its product with an exponent is exact.
pub(crate) const LN2_SHORT_LO: f64 = 5.497923018708371e-14;

/// log₁₀ 2 in two parts: the product of the first with an exponent is exact.
pub(crate) const LOG10_2_HI: f64 = 0.3010299956640665;

/// log₁₀ 2 in two parts: the product of the first with an exponent is exact.
pub(crate) const LOG10_2_LO: f64 = -8.532344317057107e-14;

/// 1/ln 10 in two parts.
pub(crate) const INV_LN10_HI: f64 = 0.4342944819032518;

/// 1/ln 10 in two parts.
pub(crate) const INV_LN10_LO: f64 = 1.098319650216765e-17;

/// 1/ln 2 in two parts.
pub(crate) const INV_LN2_PAIR_HI: f64 = 1.4426950408889634;

/// 1/ln 2 in two parts.
pub(crate) const INV_LN2_PAIR_LO: f64 = 2.0355273740931033e-17;

/// 2/π.
pub(crate) const TWO_OVER_PI: f64 = 0.6366197723675814;

/// π/2 in three parts; products of the second with integers below 2²⁰ are exact.
pub(crate) const HALF_PI_HI: f64 = 1.5707963267948966;

/// π/2 in three parts; products of the second with integers below 2²⁰ are exact.
pub(crate) const HALF_PI_LO: f64 = 6.12323399538461e-17;

/// π/2 in three parts; products of the second with integers below 2²⁰ are exact.
pub(crate) const HALF_PI_TAIL: f64 = 3.5215598651832e-27;

/// π/2 in two parts.
pub(crate) const HALF_PI_PAIR_HI: f64 = 1.5707963267948966;

/// π/2 in two parts.
pub(crate) const HALF_PI_PAIR_LO: f64 = 6.123233995736766e-17;

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r; error 2^-57.36.
pub(crate) const EXP: [f64; 10] = [
    0.5,
    0.16666666666666435,
    0.04166666666660403,
    0.008333333333498694,
    0.0013888888926757816,
    0.0001984126946872366,
    2.4801508739199617e-05,
    2.7557639075500547e-06,
    2.7625162094782055e-07,
    2.497881040446885e-08,
];

/// (e^r − 1 − r)/r² for |r| ≤ ln 2/2, relative to e^r − 1; error 2^-59.61.
pub(crate) const EXPM1: [f64; 11] = [
    0.5,
    0.16666666666666677,
    0.04166666666666667,
    0.008333333333321383,
    0.0013888888888883588,
    0.000198412698900528,
    2.480158732429192e-05,
    2.7557236608817266e-06,
    2.7557275875097054e-07,
    2.511282896003855e-08,
    2.0913731332128424e-09,
];

/// (2·atanh(s)/s − 2)/s² in s² for |s| ≤ 3 − √8, relative to the logarithm; error 2^-59.49.
pub(crate) const LOG: [f64; 7] = [
    0.6666666666666734,
    0.3999999999941663,
    0.2857142874203633,
    0.2222219860362023,
    0.18183562952768678,
    0.15314081679548633,
    0.1479566954274854,
];

/// (sin r − r)/r³ in r² for |r| ≤ π/4; error 2^-58.01.
pub(crate) const SIN: [f64; 6] = [
    -0.16666666666666632,
    0.00833333333332249,
    -0.0001984126982985786,
    2.7557313707039502e-06,
    -2.5050760248516707e-08,
    1.5896909653232316e-10,
];

/// (cos r − 1 + r²/2)/r⁴ in r² for |r| ≤ π/4; error 2^-64.19.
pub(crate) const COS: [f64; 6] = [
    0.0416666666666666,
    -0.0013888888888874474,
    2.4801587289671594e-05,
    -2.7557314401066504e-07,
    2.0875729288498815e-09,
    -1.1359934721152299e-11,
];

/// (log(1+r) − r + r²/2)/r³ for −2⁻⁷ ≤ r ≤ 2⁻⁷, relative to the logarithm; error 2^-73.08.
pub(crate) const LOG_NEAR_ONE: [f64; 7] = [
    0.3333333333333333,
    -0.25000000000000333,
    0.20000000000131632,
    -0.16666666628479934,
    0.14285711331689238,
    -0.1250114098451848,
    0.11132868095500441,
];
