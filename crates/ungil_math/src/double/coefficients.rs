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

/// π/4 in two parts.
pub(crate) const QUARTER_PI_PAIR_HI: f64 = 0.7853981633974483;

/// π/4 in two parts.
pub(crate) const QUARTER_PI_PAIR_LO: f64 = 3.061616997868383e-17;

/// π in two parts.
pub(crate) const PI_PAIR_HI: f64 = 3.141592653589793;

/// π in two parts.
pub(crate) const PI_PAIR_LO: f64 = 1.2246467991473532e-16;

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

/// (sinh r − r)/r³ in r² for |r| ≤ ln 2/2; error 2^-61.68.
pub(crate) const SINH: [f64; 5] = [
    0.16666666666666677,
    0.008333333333321386,
    0.0001984126988681509,
    2.755724345449393e-06,
    2.5109318930033473e-08,
];

/// (cosh r − 1 − r²/2)/r⁴ in r² for |r| ≤ ln 2/2; error 2^-70.0.
pub(crate) const COSH: [f64; 5] = [
    0.041666666666666685,
    0.0013888888888873283,
    2.4801587349202276e-05,
    2.7557251819407145e-07,
    2.0921770035848548e-09,
];

/// (2·atanh(s)/s − 2)/s² in s² for |s| ≤ 0.202, relative to the result; error 2^-62.41.
pub(crate) const ATANH: [f64; 8] = [
    0.6666666666666659,
    0.4000000000006446,
    0.2857142855400251,
    0.22222224497773954,
    0.1818165408649224,
    0.15391489188524485,
    0.13167374370384324,
    0.13884462744007633,
];

/// (atan q − q)/q³ in q² for |q| ≤ √2 − 1; error 2^-59.47.
pub(crate) const ATAN: [f64; 11] = [
    -0.333333333333332,
    0.1999999999995384,
    -0.1428571428022411,
    0.11111110784900974,
    -0.09090897800266243,
    0.07692060981881427,
    -0.06663112805525608,
    0.05847952873665225,
    -0.0503958922664726,
    0.038071722139077044,
    -0.01791496656750717,
];

/// (asin x − x)/x³ in x² for |x| ≤ 1/2; error 2^-59.8.
pub(crate) const ASIN: [f64; 13] = [
    0.16666666666666763,
    0.07499999999970114,
    0.04464285717527566,
    0.03038194267566816,
    0.022372215897014183,
    0.017351595633416577,
    0.013981017170718969,
    0.011397302774821436,
    0.010789272819023055,
    0.003672349660153011,
    0.021790280290885648,
    -0.021116236174185867,
    0.03270187667300609,
];
