//! Byte ranges in one source file.
//!
//! A span is a half-open range of byte offsets into the text of a [`crate::source::SourceFile`].
//! It is `Copy` and 12 bytes, so that every node of a tree carries one.

/// The index of a file in a [`crate::source::SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct SourceId(pub u32);

/// The half-open byte range `lo..hi` of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Span {
    pub source: SourceId,
    pub lo: u32,
    pub hi: u32,
}

impl Span {
    /// The range `lo..hi` of `source`.
    pub fn new(source: SourceId, lo: u32, hi: u32) -> Span {
        Span { source, lo, hi }
    }

    /// The smallest span that covers both; `self` where `other` lies in another file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.source != other.source {
            return self;
        }
        Span { source: self.source, lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// The empty span just before this one.
    #[must_use]
    pub fn start(self) -> Span {
        Span { hi: self.lo, ..self }
    }

    /// The empty span just after this one.
    #[must_use]
    pub fn end(self) -> Span {
        Span { lo: self.hi, ..self }
    }

    /// The number of bytes covered.
    pub fn len(self) -> u32 {
        self.hi.saturating_sub(self.lo)
    }

    /// Whether the span covers no byte.
    pub fn is_empty(self) -> bool {
        self.hi <= self.lo
    }
}
