//! Operations that AVX-512 has as single instructions: tables in registers, exponents, mantissas and scaling.
//!
//! In the bitcode they stay calls until the vectoriser has run, which replaces them by their vector forms (`variants`): a
//! look-up among 32 float32 or 16 float64 numbers is one permutation, `getexp` and `getmant` are instructions. What is left in scalar
//! code is inlined. Natively they are inlined at once.
//! Contract: exact, so every form gives the same bits, NaN included; only the low bits of an index count.
//! Limits: none.
//! Source: Intel's instruction set reference (VGETEXP, VGETMANT, VSCALEF, VPERMI2).

use crate::double::select;

macro_rules! define {
    ($($(#[$doc:meta])* $symbol:ident = $name:ident($($argument:ident: $kind:ty),*) -> $result:ty $body:block)*) => {
        $(
            #[cfg_attr(ungil_math_bitcode, inline(never), unsafe(no_mangle))]
            #[cfg_attr(not(ungil_math_bitcode), inline(always))]
            extern "C" fn $symbol($($argument: $kind),*) -> $result $body

            $(#[$doc])*
            #[inline(always)]
            pub(crate) fn $name($($argument: $kind),*) -> $result {
                $symbol($($argument),*)
            }
        )*
    };
}

macro_rules! tables {
    ($lookup:ident $index:ty, $value:ty, $count:literal: $($symbol:ident $name:ident = $table:path;)*) => {
        define! {
            $(
                #[doc = concat!("The number of `", stringify!($table), "` at the low bits of an index.")]
                $symbol = $name(index: $index) -> $value { $table[(index % $count) as usize] }
            )*
        }

        /// Every table of this type, by symbol.
        #[cfg(not(ungil_math_bitcode))]
        pub(crate) const $lookup: &[(&str, &[$value; $count])] = &[$((stringify!($symbol), &$table)),*];
    };
}

tables! {
    SINGLE_TABLES u32, f32, 32:
    ungil_math_lane_reciprocal_f32 reciprocal = crate::single::tables::RECIPROCAL;
    ungil_math_lane_log_c_hi_f32 log_c_hi = crate::single::tables::LOG_C_HI;
    ungil_math_lane_log_c_lo_f32 log_c_lo = crate::single::tables::LOG_C_LO;
    ungil_math_lane_log2_c_hi_f32 log2_c_hi = crate::single::tables::LOG2_C_HI;
    ungil_math_lane_log2_c_lo_f32 log2_c_lo = crate::single::tables::LOG2_C_LO;
    ungil_math_lane_log10_c_hi_f32 log10_c_hi = crate::single::tables::LOG10_C_HI;
    ungil_math_lane_log10_c_lo_f32 log10_c_lo = crate::single::tables::LOG10_C_LO;
    ungil_math_lane_exp2_step_f32 exp2_step = crate::single::tables::EXP2_STEP;
    ungil_math_lane_exp2_step_rest_f32 exp2_step_rest = crate::single::tables::EXP2_STEP_REST;
    ungil_math_lane_exp2_step_offset_f32 exp2_step_offset = crate::single::tables::EXP2_STEP_OFFSET;
    ungil_math_lane_expm1_scale_f32 expm1_scale = crate::single::exponential::EXPM1_SCALE;
    ungil_math_lane_sinh_up_f32 sinh_up = crate::single::exponential::SINH_UP;
    ungil_math_lane_sinh_down_f32 sinh_down = crate::single::exponential::SINH_DOWN;
    ungil_math_lane_atan_centre_f32 atan_centre = crate::single::tables::ATAN_CENTRE;
    ungil_math_lane_atan_up_f32 atan_up = crate::single::tables::ATAN_UP;
    ungil_math_lane_atan_across_f32 atan_across = crate::single::tables::ATAN_ACROSS;
    ungil_math_lane_atan_1_f32 atan_1 = crate::single::tables::ATAN_1;
    ungil_math_lane_atan_2_f32 atan_2 = crate::single::tables::ATAN_2;
    ungil_math_lane_atan_3_f32 atan_3 = crate::single::tables::ATAN_3;
    ungil_math_lane_tanh_centre_f32 tanh_centre = crate::single::tables::TANH_CENTRE;
    ungil_math_lane_tanh_0_f32 tanh_0 = crate::single::tables::TANH_0;
    ungil_math_lane_tanh_1_f32 tanh_1 = crate::single::tables::TANH_1;
    ungil_math_lane_tanh_2_f32 tanh_2 = crate::single::tables::TANH_2;
    ungil_math_lane_tanh_3_f32 tanh_3 = crate::single::tables::TANH_3;
    ungil_math_lane_tanh_4_f32 tanh_4 = crate::single::tables::TANH_4;
    ungil_math_lane_tanh_5_f32 tanh_5 = crate::single::tables::TANH_5;
    ungil_math_lane_pow_reciprocal_f32 pow_reciprocal = crate::single::power_tables::POW_RECIPROCAL;
    ungil_math_lane_pow_log2_c_hi_f32 pow_log2_c_hi = crate::single::power_tables::POW_LOG2_C_HI;
    ungil_math_lane_pow_log2_c_lo_f32 pow_log2_c_lo = crate::single::power_tables::POW_LOG2_C_LO;
    ungil_math_lane_cbrt_c_f32 cbrt_c = crate::single::tables::CBRT_C;
    ungil_math_lane_cbrt_c_rest_f32 cbrt_c_rest = crate::single::tables::CBRT_C_REST;
}

tables! {
    DOUBLE_TABLES u64, f64, 16:
    ungil_math_lane_reciprocal_f64 reciprocal_f64 = crate::double::register_tables::RECIPROCAL;
    ungil_math_lane_log_c_hi_f64 log_c_hi_f64 = crate::double::register_tables::LOG_C_HI;
    ungil_math_lane_log_c_lo_f64 log_c_lo_f64 = crate::double::register_tables::LOG_C_LO;
    ungil_math_lane_log2_c_hi_f64 log2_c_hi_f64 = crate::double::register_tables::LOG2_C_HI;
    ungil_math_lane_log2_c_lo_f64 log2_c_lo_f64 = crate::double::register_tables::LOG2_C_LO;
    ungil_math_lane_log10_c_hi_f64 log10_c_hi_f64 = crate::double::register_tables::LOG10_C_HI;
    ungil_math_lane_log10_c_lo_f64 log10_c_lo_f64 = crate::double::register_tables::LOG10_C_LO;
    ungil_math_lane_cbrt_c_f64 cbrt_c_f64 = crate::double::register_tables::CBRT_C;
    ungil_math_lane_cbrt_c_rest_f64 cbrt_c_rest_f64 = crate::double::register_tables::CBRT_C_REST;
    ungil_math_lane_exp2_step_f64 exp2_step_f64 = crate::double::register_tables::EXP2_STEP;
    ungil_math_lane_exp2_step_rest_f64 exp2_step_rest_f64 = crate::double::register_tables::EXP2_STEP_REST;
    ungil_math_lane_erf_0_f64 erf_0 = crate::relaxed::coefficients::ERF_0;
    ungil_math_lane_erf_1_f64 erf_1 = crate::relaxed::coefficients::ERF_1;
    ungil_math_lane_erf_2_f64 erf_2 = crate::relaxed::coefficients::ERF_2;
    ungil_math_lane_erf_3_f64 erf_3 = crate::relaxed::coefficients::ERF_3;
    ungil_math_lane_erf_4_f64 erf_4 = crate::relaxed::coefficients::ERF_4;
    ungil_math_lane_erf_5_f64 erf_5 = crate::relaxed::coefficients::ERF_5;
    ungil_math_lane_erf_6_f64 erf_6 = crate::relaxed::coefficients::ERF_6;
    ungil_math_lane_erf_7_f64 erf_7 = crate::relaxed::coefficients::ERF_7;
    ungil_math_lane_erf_8_f64 erf_8 = crate::relaxed::coefficients::ERF_8;
    ungil_math_lane_erf_9_f64 erf_9 = crate::relaxed::coefficients::ERF_9;
    ungil_math_lane_erf_10_f64 erf_10 = crate::relaxed::coefficients::ERF_10;
    ungil_math_lane_erf_11_f64 erf_11 = crate::relaxed::coefficients::ERF_11;
    ungil_math_lane_erf_12_f64 erf_12 = crate::relaxed::coefficients::ERF_12;
    ungil_math_lane_erf_13_f64 erf_13 = crate::relaxed::coefficients::ERF_13;
    ungil_math_lane_exp2_step_down_f64 exp2_step_down_f64 = crate::double::register_tables::EXP2_STEP_DOWN;
}

define! {
    /// ⌊log₂ |x|⌋ as a number: −∞ of zero, ∞ of infinities.
    ungil_math_lane_exponent_f32 = exponent_f32(x: f32) -> f32 {
        let a = x.abs();
        let tiny = a < f32::MIN_POSITIVE;
        let scaled = select(tiny, a * 8_388_608.0, a).to_bits() >> 23;
        let value = (scaled.cast_signed() - select(tiny, 150, 127)) as f32;
        let value = select(a == 0.0, f32::NEG_INFINITY, value);
        select(a < f32::INFINITY, value, a)
    }

    /// m of x = m·2ᵏ with 1 ≤ m < 2: 1 of zeros and infinity, NaN of NaN and of negative numbers.
    ungil_math_lane_mantissa_f32 = mantissa_f32(x: f32) -> f32 {
        let a = x.abs();
        let scaled = select(a < f32::MIN_POSITIVE, a * 8_388_608.0, a).to_bits();
        let value = f32::from_bits((scaled & 0x007f_ffff) | 0x3f80_0000);
        let value = select(a == 0.0, 1.0, value);
        select(x >= 0.0, value, f32::NAN)
    }

    /// ⌊log₂ |x|⌋ as a number: −∞ of zero, ∞ of infinities.
    ungil_math_lane_exponent_f64 = exponent_f64(x: f64) -> f64 {
        let a = x.abs();
        let tiny = a < f64::MIN_POSITIVE;
        let scaled = select(tiny, a * 4_503_599_627_370_496.0, a).to_bits() >> 52;
        // Adding 2⁵² as bits converts a small integer.
        let whole = f64::from_bits(scaled | 0x4330_0000_0000_0000) - 4_503_599_627_370_496.0;
        let value = whole - select(tiny, 1075.0, 1023.0);
        let value = select(a == 0.0, f64::NEG_INFINITY, value);
        select(a < f64::INFINITY, value, a)
    }

    /// m of x = m·2ᵏ with 1 ≤ m < 2: 1 of zeros and infinity, NaN of NaN and of negative numbers.
    ungil_math_lane_mantissa_f64 = mantissa_f64(x: f64) -> f64 {
        let a = x.abs();
        let scaled = select(a < f64::MIN_POSITIVE, a * 4_503_599_627_370_496.0, a).to_bits();
        let value = f64::from_bits((scaled & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
        let value = select(a == 0.0, 1.0, value);
        select(x >= 0.0, value, f64::NAN)
    }

    /// x·2^⌊n⌋ for |n| < 250, rounded once where x is normal.
    ungil_math_lane_scale_f32 = scale_f32(x: f32, n: f32) -> f32 {
        let (first, second) = crate::single::power_of_two_halves(n.floor() + crate::single::ROUNDER);
        x * first * second
    }

    /// x·2^⌊n⌋ for |n| < 2,000, rounded once where x is normal.
    ungil_math_lane_scale_f64 = scale_f64(x: f64, n: f64) -> f64 {
        let (first, second) = crate::double::power_of_two_halves(n.floor() + crate::double::ROUNDER);
        x * first * second
    }
}
