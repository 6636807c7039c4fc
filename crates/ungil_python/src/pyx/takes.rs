//! Arguments that declared parameters take for numbers of their types.
//!
//! Contract: what is taken here is what [`super::argument::convert`] gives; all else goes there.

use ungil_sema::cython::Declared;

/// What a parameter takes besides objects of exactly the type that its specialisations are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// Whole numbers, and instances of subclasses of `float`, as floats.
    Double,
}

impl Takes {
    pub fn of(declared: Option<&Declared>) -> Takes {
        match declared {
            Some(Declared::Scalar { dtype, .. }) if dtype.is_float() => Takes::Double,
            _ => Takes::Nothing,
        }
    }
}
