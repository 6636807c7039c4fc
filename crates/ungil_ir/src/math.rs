//! Mathematical functions that one instruction stands for.
//!
//! Operands and result have one float type (`Ldexp` and the predicates excepted, see each). Which of them come from the
//! bitcode library and which from libm is the back end's business.

use std::fmt;

macro_rules! functions {
    ($($name:ident $text:literal $arity:literal),* $(,)?) => {
        /// A mathematical function on floats.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum MathFn { $($name),* }
        impl MathFn {
            pub const ALL: &'static [MathFn] = &[$(MathFn::$name),*];
            /// Text form; also the libm name where there is one.
            pub const fn name(self) -> &'static str {
                match self { $(MathFn::$name => $text),* }
            }
            /// Number of operands.
            pub const fn arity(self) -> usize {
                match self { $(MathFn::$name => $arity),* }
            }
        }
    };
}

functions! {
    Sqrt "sqrt" 1, Exp "exp" 1, Exp2 "exp2" 1, Expm1 "expm1" 1, Log "log" 1, Log2 "log2" 1, Log10 "log10" 1,
    Log1p "log1p" 1, Sin "sin" 1, Cos "cos" 1, Tan "tan" 1, Asin "asin" 1, Acos "acos" 1, Atan "atan" 1,
    Atan2 "atan2" 2, Sinh "sinh" 1, Cosh "cosh" 1, Tanh "tanh" 1, Asinh "asinh" 1, Acosh "acosh" 1,
    Atanh "atanh" 1, Pow "pow" 2, Cbrt "cbrt" 1, Hypot "hypot" 2, Erf "erf" 1, Erfc "erfc" 1, Gamma "tgamma" 1,
    Lgamma "lgamma" 1, Floor "floor" 1, Ceil "ceil" 1, Trunc "trunc" 1,
    // Rounds halves to even.
    Rint "rint" 1,
    // Rounds halves away from zero.
    Round "round" 1, Fmod "fmod" 2, Remainder "remainder" 2, Copysign "copysign" 2, Nextafter "nextafter" 2,
    Fma "fma" 3,
    // x·2ⁿ; n and the exponent are integers as numbers.
    Ldexp "ldexp" 2, FrexpMantissa "frexp_mantissa" 1, FrexpExponent "frexp_exponent" 1,
    // One part of a complex function, of the real and the imaginary part.
    CexpRe "cexp_re" 2, CexpIm "cexp_im" 2, CsinhRe "csinh_re" 2, CsinhIm "csinh_im" 2, CcoshRe "ccosh_re" 2, CcoshIm "ccosh_im" 2, CtanhRe "ctanh_re" 2, CtanhIm "ctanh_im" 2, CsqrtRe "csqrt_re" 2, CsqrtIm "csqrt_im" 2, ClogRe "clog_re" 2,
    CasinRe "casin_re" 2, CasinIm "casin_im" 2, CacosRe "cacos_re" 2, CatanhRe "catanh_re" 2, CatanhIm "catanh_im" 2, Cexpm1Re "cexpm1_re" 2, Cexpm1Im "cexpm1_im" 2, Cexp2Re "cexp2_re" 2, Cexp2Im "cexp2_im" 2, Clog1pRe "clog1p_re" 2,
}

impl MathFn {
    /// The largest finite float64 (of `sinh` and `cosh`, magnitude) whose result is finite.
    pub fn overflow_limit(self) -> Option<f64> {
        Some(match self {
            MathFn::Exp | MathFn::Expm1 => 709.782_712_893_384,
            MathFn::Exp2 => 1_023.999_999_999_999_9,
            MathFn::Sinh | MathFn::Cosh => 710.475_860_073_943_9,
            MathFn::Gamma => 171.624_376_956_302_7,
            MathFn::Lgamma => 2.559_983_327_851_638_3e305,
            _ => return None,
        })
    }

    /// Whether this is a part of a function rather than one that libraries have.
    pub fn is_internal(self) -> bool {
        self.name().contains('_')
    }

    /// Whether a function on float32 (`single`) or float64 has a cheaper form of up to 4 ULP, which the flag `afn` asks for.
    pub fn has_relaxed(self, single: bool) -> bool {
        use MathFn::*;
        match self {
            Sin | Cos | Tan | Expm1 | Atan | Hypot | Atan2 => true,
            Exp | Erf | Atanh => !single,
            Sinh => single,
            _ => false,
        }
    }

    /// Whether this is a part of a complex function.
    pub fn is_complex_part(self) -> bool {
        self.name().ends_with("_re") || self.name().ends_with("_im")
    }

    /// The function with this text form.
    pub fn from_name(name: &str) -> Option<MathFn> {
        MathFn::ALL.iter().copied().find(|f| f.name() == name)
    }
}

impl fmt::Display for MathFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
