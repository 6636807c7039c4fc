//! NumPy's casting rules, as the `casting` argument names them.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use ungil_ir::types::DType;

/// Which conversions are allowed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Casting {
    No,
    Equiv,
    Safe,
    SameKind,
    Unsafe,
}

impl Casting {
    /// The rule of a name.
    pub fn parse(name: &str) -> PyResult<Casting> {
        Ok(match name {
            "no" => Casting::No,
            "equiv" => Casting::Equiv,
            "safe" => Casting::Safe,
            "same_kind" => Casting::SameKind,
            "unsafe" => Casting::Unsafe,
            other => {
                let text = format!(
                    "casting must be one of 'no', 'equiv', 'safe', 'same_kind', 'unsafe', not '{other}'"
                );
                return Err(PyValueError::new_err(text));
            }
        })
    }

    pub fn name(self) -> &'static str {
        match self {
            Casting::No => "no",
            Casting::Equiv => "equiv",
            Casting::Safe => "safe",
            Casting::SameKind => "same_kind",
            Casting::Unsafe => "unsafe",
        }
    }

    /// Whether the rule allows a conversion.
    pub fn allows(self, from: DType, swapped: bool, to: DType) -> bool {
        match self {
            Casting::No => from == to && !swapped,
            Casting::Equiv => from == to,
            Casting::Safe => is_safe(from, to),
            Casting::SameKind => rank(from) <= rank(to) || is_safe(from, to),
            Casting::Unsafe => true,
        }
    }

    /// Refuses a conversion that the rule does not allow, as NumPy does. Types come with whether their bytes are swapped.
    pub fn check(self, from: (DType, bool), to: (DType, bool), what: &str) -> PyResult<()> {
        if self.allows(from.0, from.1 != to.1, to.0) {
            return Ok(());
        }
        Err(PyTypeError::new_err(format!(
            "{what} could not be cast from dtype('{}') to dtype('{}') according to the rule '{}'",
            named(from),
            named(to),
            self.name()
        )))
    }
}

/// As NumPy shows a type.
fn named((dtype, swapped): (DType, bool)) -> String {
    if !swapped {
        return dtype.to_string();
    }
    let kind = ['b', 'u', 'i', 'f', 'c'][usize::from(rank(dtype))];
    format!("{}{kind}{}", if cfg!(target_endian = "little") { '>' } else { '<' }, dtype.size())
}

/// bool, unsigned, signed, float, complex.
fn rank(d: DType) -> u8 {
    match d {
        DType::Bool => 0,
        d if d.is_unsigned() => 1,
        d if d.is_int() => 2,
        d if d.is_float() => 3,
        _ => 4,
    }
}

/// Whether every value survives.
fn is_safe(from: DType, to: DType) -> bool {
    let (bits_from, bits_to) = (from.size() * 8, to.size() * 8);
    match (rank(from), rank(to)) {
        _ if from == to => true,
        (0, _) => true,
        (a, b) if a == b => bits_from <= bits_to,
        (1, 2) => bits_from < bits_to,
        // NumPy counts 64-bit integers to float64 as safe.
        (1 | 2, 3) => bits_to == 64 || bits_from <= 16,
        (1 | 2, 4) => bits_to == 128 || bits_from <= 16,
        (3, 4) => bits_from * 2 <= bits_to,
        _ => false,
    }
}
