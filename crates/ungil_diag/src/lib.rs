//! Source text, spans and diagnostics.
//!
//! The vocabulary in which every stage of the compiler speaks about the user's program: where
//! something is ([`span::Span`] in a [`source::SourceMap`]), what is wrong with it
//! ([`diagnostic::Diagnostic`]), what could have been faster ([`remark::Remark`]), and how a
//! diagnostic is printed ([`render::render`]).
//!
//! Contract: nothing here fails or panics for any text or any span, including one outside its file.

#![forbid(unsafe_code)]

pub mod diagnostic;
pub mod remark;
pub mod render;
pub mod source;
pub mod span;
