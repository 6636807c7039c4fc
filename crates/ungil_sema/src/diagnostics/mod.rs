//! Errors of semantic analysis, one file per family.
//!
//! A family is an enum with a variant per error that holds its data, and one `diagnostic` method with the texts.
//! Codes are stable: names and calls U0201–U0209 and U0230–U0239, types U0210–U0229, syntax that is not supported
//! U0240–U0259, MPI U0271–U0279, parallel legality U03xx, C types U08xx.
//!
//! Inside the lowerer an error travels as [`Error`] to the statement, which reports it and goes on with the next.

pub mod calls;
pub mod cython;
pub mod foreign;
pub mod mpi;
pub mod names;
pub mod types;
pub mod unsupported;

use ungil_diag::diagnostic::Diagnostic;

/// Why an expression could not be lowered.
#[derive(Clone, PartialEq, Debug)]
pub enum Error {
    /// A variable or result has no type yet; a later round knows more. Not shown to the user. In the last round it
    /// means that control does not get here.
    Untyped,
    /// Control does not go on behind this: a call of a function that never returns. The call is in the code.
    Never,
    Report(Box<Diagnostic>),
}

/// Result of lowering something.
pub type Result<T> = std::result::Result<T, Error>;

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Error {
        Error::Report(Box::new(diagnostic))
    }
}

/// Makes `?` and `.into()` work on a family's errors.
macro_rules! family {
    ($name:ident) => {
        impl From<$name> for crate::diagnostics::Error {
            fn from(error: $name) -> Self {
                error.diagnostic().into()
            }
        }
    };
}
pub(crate) use family;

/// `1 argument`, `2 arguments`, `2 axes`.
pub(crate) fn plural(n: usize, noun: &str) -> String {
    match (n, noun) {
        (1, _) => format!("1 {noun}"),
        (_, "axis") => format!("{n} axes"),
        (_, "index") => format!("{n} indices"),
        _ => format!("{n} {noun}s"),
    }
}
