//! What a run gave.

use crate::number::Num;
use std::fmt;
use ungil_abi::exception::ExcClass;
use ungil_ir::types::ArrayType;

/// Result or failure, and what was printed.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub result: Result<Output, Failure>,
    pub printed: String,
    /// Instructions that ran.
    pub steps: u64,
}

impl Outcome {
    pub fn failed(failure: Failure) -> Outcome {
        Outcome { result: Err(failure), printed: String::new(), steps: 0 }
    }
}

/// A result.
#[derive(Clone, Debug)]
pub enum Output {
    Num(Num),
    Tuple(Vec<Output>),
    Array(ArrayOutput),
}

/// An array result, copied.
#[derive(Clone, Debug)]
pub struct ArrayOutput {
    pub ty: ArrayType,
    pub shape: Vec<i64>,
    /// In order of the last axis fastest.
    pub elements: Vec<Num>,
    /// Whether the memory is an argument's or a global array's rather than fresh.
    pub borrowed: bool,
}

impl Output {
    /// Equal shapes, dtypes and bits; NaNs are the same.
    pub fn same(&self, other: &Output) -> bool {
        match (self, other) {
            (Output::Num(a), Output::Num(b)) => a.same(*b),
            (Output::Tuple(a), Output::Tuple(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Output::Array(a), Output::Array(b)) => {
                a.ty.dtype == b.ty.dtype
                    && a.shape == b.shape
                    && a.elements.iter().zip(&b.elements).all(|(a, b)| a.same(*b))
            }
            _ => false,
        }
    }
}

/// Why there is no result.
#[derive(Clone, PartialEq, Debug)]
pub enum Failure {
    Raised(Exception),
    /// The module does what machine code leaves undefined, or breaks a rule of ownership.
    Invalid(String),
    OutOfFuel,
}

/// An exception with one frame for each function in the call chain, innermost first.
#[derive(Clone, Debug)]
pub struct Exception {
    pub class: ExcClass,
    pub message: Option<String>,
    /// Values in the message of a `raise`, for those who catch it.
    pub args: Vec<Num>,
    pub frames: Vec<Frame>,
}

/// By what is seen outside: the message holds the values.
impl PartialEq for Exception {
    fn eq(&self, other: &Exception) -> bool {
        (self.class, &self.message, &self.frames) == (other.class, &other.message, &other.frames)
    }
}

/// A place in the call chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    pub function: String,
    /// Relative to the function.
    pub line: u32,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Raised(e) => match &e.message {
                Some(message) => write!(f, "{}: {message}", e.class.name()),
                None => write!(f, "{}", e.class.name()),
            },
            Failure::Invalid(why) => write!(f, "invalid program: {why}"),
            Failure::OutOfFuel => write!(f, "out of fuel"),
        }
    }
}
