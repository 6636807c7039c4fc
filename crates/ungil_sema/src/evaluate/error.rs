//! Refusals of formulas.
//!
//! numexpr's users catch its exception types, so that a refusal knows its Python class; the code follows from it.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

/// The Python exception that a refusal becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// `ValueError`: something that formulas may not say.
    Forbidden,
    /// `TypeError`: something that has no meaning for arrays.
    Type,
    /// `KeyError`: a name without a value.
    Name,
    /// `NotImplementedError`: an operation that the kinds of its operands do not have.
    NotImplemented,
    /// `ValueError`: a value out of range.
    Value,
    /// `ZeroDivisionError` and `OverflowError`, of constants.
    Arithmetic,
}

impl Class {
    pub fn code(self) -> Code {
        Code(match self {
            Class::Forbidden => "U0701",
            Class::Type => "U0702",
            Class::Name => "U0703",
            Class::NotImplemented => "U0704",
            Class::Value => "U0705",
            Class::Arithmetic => "U0706",
        })
    }
}

/// Why a string is no formula, or not for these operands.
pub type Error = Box<Diagnostic>;
pub type Result<T> = std::result::Result<T, Error>;

/// A refusal that marks a place.
pub fn refusal(class: Class, title: impl Into<String>, span: Span, label: &str) -> Error {
    Box::new(Diagnostic::error(class.code(), title).primary(span, label))
}

/// A refusal with something to type instead.
pub fn refusal_with_help(class: Class, title: &str, span: Span, label: &str, help: &str) -> Error {
    Box::new(Diagnostic::error(class.code(), title).primary(span, label).help(help))
}
