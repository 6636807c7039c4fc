//! The functions, their references and the arguments they are measured on.
//!
//! One row per function: the report example and the accuracy test walk the same table.
//! Contract: the ranges cover every branch of the domain, the thresholds included.

use super::{Quad, Samples};
use ungil_math::double::{
    self, error_function, exponential, gamma, hyperbolic, inverse_trigonometric, logarithm, power, root,
    trigonometric,
};

/// How an argument is drawn.
#[derive(Clone, Copy, Debug)]
pub enum Range {
    /// Uniform in an interval.
    Uniform(f64, f64),
    /// Either sign, binary exponents of an interval equally often.
    Exponent(i32, i32),
    /// As `Exponent`, positive.
    Positive(i32, i32),
}

impl Range {
    pub fn draw(self, samples: &mut Samples) -> f64 {
        match self {
            Self::Uniform(low, high) => samples.uniform(low, high),
            Self::Exponent(low, high) => samples.exponent(low, high),
            Self::Positive(low, high) => samples.exponent(low, high).abs(),
        }
    }
}

use Range::{Exponent, Positive, Uniform};

/// A function of one argument.
pub struct Unary {
    pub name: &'static str,
    pub function: fn(f64) -> f64,
    pub reference: fn(f64) -> Quad,
    pub ranges: &'static [Range],
    /// The error that the tests allow, in ULP.
    pub bound: f64,
}

/// A function of two arguments.
pub struct Binary {
    pub name: &'static str,
    pub function: fn(f64, f64) -> f64,
    pub reference: fn(f64, f64) -> Quad,
    pub ranges: &'static [(Range, Range)],
    pub bound: f64,
}

const LOGARITHMIC: &[Range] =
    &[Positive(-1074, 1023), Uniform(0.5, 2.0), Uniform(0.98, 1.02), Positive(-3, 3)];
const TRIGONOMETRIC: &[Range] = &[
    Uniform(-3.2, 3.2),
    Uniform(-100.0, 100.0),
    Uniform(-1e6, 1e6),
    Uniform(0.7, 0.9),
    Exponent(-40, 20),
    Exponent(20, 1023),
    Exponent(-1074, 1023),
];

pub const UNARY: &[Unary] = &[
    Unary {
        name: "sqrt",
        function: double::sqrt,
        reference: super::sqrtf128,
        ranges: &[Positive(-1074, 1023)],
        bound: 0.5,
    },
    Unary {
        name: "exp",
        function: exponential::exp,
        reference: super::expf128,
        ranges: &[Uniform(-746.0, 710.0), Uniform(-1.0, 1.0), Exponent(-60, 10), Uniform(-745.2, -708.0)],
        bound: 0.82,
    },
    Unary {
        name: "exp2",
        function: exponential::exp2,
        reference: super::exp2f128,
        ranges: &[Uniform(-1076.0, 1025.0), Uniform(-1.0, 1.0), Exponent(-60, 11), Uniform(-1075.1, -1022.0)],
        bound: 0.8,
    },
    Unary {
        name: "expm1",
        function: exponential::expm1,
        reference: super::expm1f128,
        ranges: &[Uniform(-50.0, 710.0), Uniform(-1.0, 1.0), Uniform(-5.0, 5.0), Exponent(-1074, 10)],
        bound: 0.8,
    },
    Unary {
        name: "log",
        function: logarithm::log,
        reference: super::logf128,
        ranges: LOGARITHMIC,
        bound: 0.6,
    },
    Unary {
        name: "log2",
        function: logarithm::log2,
        reference: super::log2f128,
        ranges: LOGARITHMIC,
        bound: 0.6,
    },
    Unary {
        name: "log10",
        function: logarithm::log10,
        reference: super::log10f128,
        ranges: LOGARITHMIC,
        bound: 0.6,
    },
    Unary {
        name: "log1p",
        function: logarithm::log1p,
        reference: super::log1pf128,
        ranges: &[
            Uniform(-1.0, 2.0),
            Uniform(-0.3, 0.5),
            Exponent(-1074, -1),
            Positive(-60, 1023),
            Uniform(-0.01, 0.01),
        ],
        bound: 0.75,
    },
    Unary {
        name: "sin",
        function: trigonometric::sin,
        reference: super::sinf128,
        ranges: TRIGONOMETRIC,
        bound: 0.8,
    },
    Unary {
        name: "cos",
        function: trigonometric::cos,
        reference: super::cosf128,
        ranges: TRIGONOMETRIC,
        bound: 0.8,
    },
    Unary {
        name: "tan",
        function: trigonometric::tan,
        reference: super::tanf128,
        ranges: TRIGONOMETRIC,
        bound: 0.99,
    },
    Unary {
        name: "tanh",
        function: hyperbolic::tanh,
        reference: super::tanhf128,
        ranges: &[Uniform(-23.0, 23.0), Uniform(-1.0, 1.0), Exponent(-1074, 10)],
        bound: 0.8,
    },
    Unary {
        name: "sinh",
        function: hyperbolic::sinh,
        reference: super::sinhf128,
        ranges: &[Uniform(-3.0, 3.0), Uniform(-711.0, 711.0), Exponent(-1074, 9), Uniform(-0.5, 0.5)],
        bound: 0.8,
    },
    Unary {
        name: "cosh",
        function: hyperbolic::cosh,
        reference: super::coshf128,
        ranges: &[Uniform(-3.0, 3.0), Uniform(-711.0, 711.0), Exponent(-1074, 9), Uniform(-0.5, 0.5)],
        bound: 0.75,
    },
    Unary {
        name: "asinh",
        function: hyperbolic::asinh,
        reference: super::asinhf128,
        ranges: &[Uniform(-3.0, 3.0), Exponent(-1074, 1023), Exponent(-3, 3), Exponent(25, 35)],
        bound: 0.8,
    },
    Unary {
        name: "acosh",
        function: hyperbolic::acosh,
        reference: super::acoshf128,
        ranges: &[Uniform(1.0, 3.0), Positive(0, 1023), Uniform(1.0, 1.001), Positive(25, 35)],
        bound: 0.9,
    },
    Unary {
        name: "atanh",
        function: hyperbolic::atanh,
        reference: super::atanhf128,
        ranges: &[Uniform(-1.0, 1.0), Exponent(-1074, -1), Uniform(0.999, 1.0), Uniform(-0.4, 0.4)],
        bound: 0.75,
    },
    Unary {
        name: "asin",
        function: inverse_trigonometric::asin,
        reference: super::asinf128,
        ranges: &[Uniform(-1.0, 1.0), Exponent(-1074, -1), Uniform(0.999, 1.0), Uniform(0.45, 0.55)],
        bound: 0.75,
    },
    Unary {
        name: "acos",
        function: inverse_trigonometric::acos,
        reference: super::acosf128,
        ranges: &[Uniform(-1.0, 1.0), Exponent(-1074, -1), Uniform(0.999, 1.0), Uniform(-0.55, -0.45)],
        bound: 0.75,
    },
    Unary {
        name: "atan",
        function: inverse_trigonometric::atan,
        reference: super::atanf128,
        ranges: &[Uniform(-3.0, 3.0), Exponent(-1074, 1023), Uniform(0.4, 0.5), Exponent(-4, 4)],
        bound: 0.75,
    },
    Unary {
        name: "cbrt",
        function: root::cbrt,
        reference: super::cbrtf128,
        ranges: &[Exponent(-1074, 1023), Uniform(-10.0, 10.0)],
        bound: 0.75,
    },
    Unary {
        name: "erf",
        function: error_function::erf,
        reference: super::erff128,
        ranges: &[Uniform(-7.0, 7.0), Uniform(-1.2, 1.2), Uniform(0.9, 2.0), Exponent(-1074, 3)],
        bound: 0.97,
    },
    Unary {
        name: "erfc",
        function: error_function::erfc,
        reference: super::erfcf128,
        ranges: &[Uniform(-6.0, 27.3), Uniform(-1.0, 1.0), Uniform(0.0, 6.0), Exponent(-60, 4)],
        bound: 0.9,
    },
    Unary {
        name: "tgamma",
        function: gamma::tgamma,
        reference: super::tgammaf128,
        ranges: &[Uniform(-185.0, 172.0), Uniform(-10.0, 10.0), Uniform(0.0, 10.0), Exponent(-1022, 7)],
        bound: 1.0,
    },
    Unary {
        name: "lgamma",
        function: gamma::lgamma,
        reference: super::lgammaf128,
        ranges: &[Uniform(0.0, 20.0), Uniform(0.8, 2.3), Uniform(0.9999, 1.0001), Positive(-1074, 1023)],
        bound: 1.0,
    },
];

pub const BINARY: &[Binary] = &[
    Binary {
        name: "pow",
        function: power::pow,
        reference: super::powf128,
        ranges: &[
            (Uniform(0.0, 10.0), Uniform(-300.0, 300.0)),
            (Positive(-1074, 1023), Uniform(-1.0, 1.0)),
            (Uniform(0.9, 1.1), Uniform(-7000.0, 7000.0)),
            (Uniform(0.999_999, 1.000_001), Uniform(-7e8, 7e8)),
            (Positive(-1074, 1023), Exponent(-60, 8)),
        ],
        bound: 0.75,
    },
    Binary {
        name: "atan2",
        function: inverse_trigonometric::atan2,
        reference: super::atan2f128,
        ranges: &[
            (Uniform(-5.0, 5.0), Uniform(-5.0, 5.0)),
            (Exponent(-1074, 1023), Exponent(-1074, 1023)),
            (Exponent(-3, 3), Exponent(-3, 3)),
            (Exponent(-1074, -1000), Exponent(-1074, 10)),
        ],
        bound: 0.75,
    },
    Binary {
        name: "hypot",
        function: root::hypot,
        reference: super::hypotf128,
        ranges: &[
            (Uniform(-5.0, 5.0), Uniform(-5.0, 5.0)),
            (Exponent(-1074, 1023), Exponent(-1074, 1023)),
            (Exponent(-3, 3), Exponent(-3, 3)),
            (Exponent(-1074, -1000), Exponent(-1074, -1000)),
            (Exponent(1000, 1023), Exponent(1000, 1023)),
        ],
        bound: 0.8,
    },
];

/// The largest error of `samples` draws and the argument that has it.
pub fn worst(case: &Unary, samples: usize, seed: u64) -> (f64, f64) {
    let mut sequence = Samples::new(seed);
    let mut worst = (0.0, 0.0);
    for i in 0..samples {
        let x = case.ranges[i % case.ranges.len()].draw(&mut sequence);
        let error = (case.reference)(x).ulps((case.function)(x));
        if error > worst.0 {
            worst = (error, x);
        }
    }
    worst
}

/// The largest error of `samples` draws and the arguments that have it.
pub fn worst_pair(case: &Binary, samples: usize, seed: u64) -> (f64, (f64, f64)) {
    let mut sequence = Samples::new(seed);
    let mut worst = (0.0, (0.0, 0.0));
    for i in 0..samples {
        let (first, second) = case.ranges[i % case.ranges.len()];
        let (x, y) = (first.draw(&mut sequence), second.draw(&mut sequence));
        let error = (case.reference)(x, y).ulps((case.function)(x, y));
        if error > worst.0 {
            worst = (error, (x, y));
        }
    }
    worst
}
