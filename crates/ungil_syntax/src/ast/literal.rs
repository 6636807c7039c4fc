//! Constants as written in the source.

use std::sync::Arc;

/// A constant expression without parts.
///
/// Numbers are not negative: `-1` is a unary minus on 1 (in patterns too, see
/// [`super::pattern::PatternKind::Value`]).
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    None,
    Bool(bool),
    /// `...`
    Ellipsis,
    Int(i64),
    /// An integer above `i64::MAX`, in decimal digits whatever its base in the source.
    BigInt(Arc<str>),
    /// Correctly rounded; `1e999` is infinite.
    Float(f64),
    /// `2.5j` is `Imaginary(2.5)`.
    Imaginary(f64),
    Str(Text),
    Bytes(Arc<[u8]>),
}

/// The decoded value of a string literal.
///
/// Python's strings may hold lone surrogates (`"\ud800"`), which Rust's may not; that rare case
/// keeps its code points.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Text {
    Utf8(Arc<str>),
    /// Code points, at least one of them a surrogate.
    CodePoints(Arc<[u32]>),
}

impl Text {
    /// The text, or `None` where it holds a lone surrogate.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Text::Utf8(text) => Some(text),
            Text::CodePoints(_) => None,
        }
    }

    /// Whether the text has no character.
    pub fn is_empty(&self) -> bool {
        match self {
            Text::Utf8(text) => text.is_empty(),
            Text::CodePoints(points) => points.is_empty(),
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Text {
        Text::Utf8(text.into())
    }
}
