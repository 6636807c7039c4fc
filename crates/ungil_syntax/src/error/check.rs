//! Errors that need the context of a statement.
