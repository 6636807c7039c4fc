//! What went wrong before MPI was called: exceptions of ours, by number.
//!
//! An entry point returns one number. A fault is kept here until the host asks for it; the oldest are forgotten.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use ungil_abi::exception::ExcClass;

use crate::function::Function;

/// Faults that are kept: threads that fail at once are fewer.
const KEPT: usize = 256;

struct Faults {
    next: i64,
    kept: VecDeque<(i64, ExcClass, String)>,
}

static FAULTS: Mutex<Faults> = Mutex::new(Faults { next: 1, kept: VecDeque::new() });

/// Notes an exception; the result is what the entry point returns.
#[cold]
pub fn fault(class: ExcClass, text: impl Into<String>) -> i64 {
    let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    let number = -faults.next;
    faults.next += 1;
    if faults.kept.len() == KEPT {
        faults.kept.pop_front();
    }
    faults.kept.push_back((number, class, text.into()));
    number
}

/// A function that the library does not have.
#[cold]
pub fn absent(function: Function, large: bool) -> i64 {
    let name = function.name();
    let text = match large {
        true => {
            format!("{name}: counts beyond 2**31 - 1 need {name}_c, which this MPI library does not have")
        }
        false => format!("this MPI library has no {name}"),
    };
    fault(ExcClass::NOT_IMPLEMENTED, text)
}

/// Numbers of which one does not fit in C's `int`.
#[cold]
pub fn beyond(function: Function, numbers: &[i64]) -> i64 {
    let found = numbers.iter().find(|n| i32::try_from(**n).is_err()).copied().unwrap_or_default();
    let text = format!("{}: {found} is too large for C's int", function.name());
    fault(ExcClass::OVERFLOW, text)
}

/// The exception with this number.
pub fn take(number: i64) -> Option<(ExcClass, String)> {
    let mut faults = FAULTS.lock().unwrap_or_else(PoisonError::into_inner);
    let at = faults.kept.iter().position(|(n, ..)| *n == number)?;
    faults.kept.remove(at).map(|(_, class, text)| (class, text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_taken_once_and_the_oldest_are_forgotten() {
        let number = fault(ExcClass::VALUE_ERROR, "first");
        assert!(number < 0);
        assert_eq!(take(number), Some((ExcClass::VALUE_ERROR, "first".to_owned())));
        assert_eq!(take(number), None);
        let old = fault(ExcClass::VALUE_ERROR, "old");
        let new: Vec<i64> = (0..KEPT).map(|k| fault(ExcClass::TYPE_ERROR, k.to_string())).collect();
        assert_eq!(take(old), None);
        assert_eq!(take(new[0]), Some((ExcClass::TYPE_ERROR, "0".to_owned())));
    }
}
