//! Where diagnostics are collected, up to a limit.

use ungil_diag::diagnostic::{Diagnostic, Diagnostics, Severity};

/// Errors that are kept; what follows so many is noise, and a hostile text could yield millions.
const MAX_ERRORS: u32 = 100;

/// Collects diagnostics: all warnings, and the first errors.
#[derive(Debug, Default)]
pub struct Sink {
    list: Diagnostics,
    errors: u32,
}

impl Sink {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if diagnostic.severity == Severity::Error {
            self.errors += 1;
            if self.errors > MAX_ERRORS {
                return;
            }
        }
        self.list.push(diagnostic);
    }

    /// The diagnostics in the order of their places.
    pub fn finish(self) -> Diagnostics {
        let mut list = self.list;
        list.sort_by_place();
        list
    }
}
