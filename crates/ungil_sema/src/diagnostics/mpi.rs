//! Errors about MPI.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use crate::diagnostics::family;

/// An error about MPI.
#[derive(Clone, Debug)]
pub enum MpiError {
    /// An argument that is not what the function takes.
    Argument {
        function: String,
        parameter: String,
        expected: String,
        found: String,
        help: String,
        span: Span,
    },
    /// One buffer for sending and receiving.
    SameBuffer { function: String, help: String, span: Span },
    /// Something that kernels do not know.
    Absent { what: String, help: Option<String>, span: Span },
    /// An object that a lower-case function does not take.
    Object { function: String, found: String, upper: String, span: Span },
    /// A call in a parallel loop of an MPI that does not allow it.
    Parallel { span: Span },
}

family!(MpiError);

impl MpiError {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            MpiError::Argument { function, parameter, expected, found, help, span } => Diagnostic::error(
                Code("U0271"),
                format!("argument `{parameter}` of {function}() must be {expected}, found {found}"),
            )
            .primary(span, format!("expected {expected}"))
            .help(help),
            MpiError::SameBuffer { function, help, span } => Diagnostic::error(
                Code("U0272"),
                format!("{function}() cannot send from and receive into the same buffer"),
            )
            .primary(span, "this is both")
            .help(help),
            MpiError::Absent { what, help, span } => {
                let error = Diagnostic::error(Code("U0273"), format!("{what} is not supported in compiled code"))
                    .primary(span, "kernels do not have this part of mpi4py");
                error.help(help.unwrap_or_else(|| "call it in Python, before or after the kernel".to_owned()))
            }
            MpiError::Object { function, found, upper, span } => Diagnostic::error(
                Code("U0274"),
                format!("{function}() takes numbers, tuples of numbers and arrays in compiled code, found {found}"),
            )
            .primary(span, "this object would have to be pickled")
            .help(format!("send an array: `comm.{upper}(…)`")),
            MpiError::Parallel { span } => Diagnostic::error(
                Code("U0318"),
                "MPI cannot be called in a `prange` loop: it was not initialised with THREAD_MULTIPLE",
            )
            .primary(span, "several threads would call MPI at once")
            .help("communicate outside the loop, or set `mpi4py.rc.thread_level = \"multiple\"` before importing `mpi4py.MPI`"),
        }
    }
}
