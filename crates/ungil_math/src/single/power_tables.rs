//! Tables of the float32 power, held in vector registers.
//!
//! 32 numbers each, for `instructions`; polynomials lowest power first.
//! Limits: each polynomial holds on the interval its comment names.
//! Source: written by `tools/register_tables.py` (Remez exchange, coefficients rounded one by one); do not edit.
#![allow(
    clippy::excessive_precision,
    clippy::approx_constant,
    clippy::unreadable_literal,
    reason = "generated"
)]

/// 1/c in 6 bits for about the middle c of each bucket of mantissas; 1 and ½ at the ends.
pub(crate) static POW_RECIPROCAL: [f32; 32] = [
    1.0, 0.953125, 0.921875, 0.90625, 0.875, 0.859375, 0.828125, 0.8125, 0.796875, 0.765625, 0.75, 0.734375,
    0.71875, 0.703125, 0.6875, 0.671875, 0.65625, 0.640625, 0.640625, 0.625, 0.609375, 0.59375, 0.59375,
    0.578125, 0.5625, 0.5625, 0.546875, 0.53125, 0.53125, 0.515625, 0.515625, 0.5,
];

/// The logarithm of c to base 2, multiples of 2^-16.
pub(crate) static POW_LOG2_C_HI: [f32; 32] = [
    0.0, 0.06925964, 0.11735535, 0.14201355, 0.19264221, 0.21864319, 0.27207947, 0.29956055, 0.32757568,
    0.38528442, 0.41503906, 0.44540405, 0.47644043, 0.5081482, 0.5405731, 0.57373047, 0.6076813, 0.6424408,
    0.6424408, 0.67807007, 0.7145996, 0.7520752, 0.7520752, 0.7905426, 0.8300781, 0.8300781, 0.8707123,
    0.9125366, 0.9125366, 0.9556122, 0.9556122, 1.0,
];

/// The rest of `POW_LOG2_C_HI`.
pub(crate) static POW_LOG2_C_LO: [f32; 32] = [
    0.0,
    3.0188824e-06,
    1.6039585e-06,
    5.455068e-06,
    2.8660284e-06,
    -2.9020011e-06,
    7.7663366e-08,
    -2.650161e-07,
    -1.0255652e-06,
    5.7320567e-06,
    -1.5632212e-06,
    7.095588e-06,
    -2.3857444e-06,
    -1.2896891e-06,
    -4.7387543e-06,
    4.776548e-06,
    1.3028072e-06,
    7.1994837e-06,
    7.1994837e-06,
    1.8367533e-06,
    -1.8282373e-06,
    -2.708756e-06,
    -2.708756e-06,
    4.031832e-06,
    -3.1264424e-06,
    -3.1264424e-06,
    4.7027816e-06,
    5.376559e-07,
    5.376559e-07,
    -6.3019756e-06,
    -6.3019756e-06,
    0.0,
];

/// 1/ln 2 in two parts.
pub(crate) const LOG2_E: [f32; 2] = [1.442695, 1.925963e-08];

/// (log(1 + r) − r + r²/2)/r³ for -0.0205 ≤ r ≤ 0.0313, times −2, −2, 4 and 4; error 2^-38.32.
pub(crate) const POW_CUBIC: [f32; 4] = [-0.6666666, 0.5000023, 0.80038667, -0.6546852];

/// (2^r − 1)/r for |r| ≤ 1/64; error 2^-33.11.
pub(crate) const POW_EXP2_SLOPE: [f32; 3] = [0.6931472, 0.24022841, 0.055496633];
