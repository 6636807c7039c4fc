//! Typed, structured intermediate representation.
