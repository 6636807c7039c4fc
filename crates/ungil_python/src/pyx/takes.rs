//! Arguments that declared parameters take for what their types hold.
//!
//! Contract: what is taken here is what [`super::argument::convert`] gives; all else goes there.

use ungil_ir::types::{DType, Layout};
use ungil_sema::cython::Declared;

use super::Parameter;

/// What a parameter takes besides objects of exactly the type that its specialisations are for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    /// Any object, of which memory that is no array's is for code that handles objects.
    Anything,
    /// `bytes` and nothing else: an array of its characters would be the same to a kernel.
    Bytes,
    /// Objects of a class that have memory, which are asked for their class each time.
    Instance,
    /// Whole numbers, instances of subclasses of `float` and NumPy's numbers as floats.
    Double,
    /// Truth values and NumPy's integers as whole numbers.
    Whole,
    /// Whole numbers and what else Python itself knows the truth of as truth values.
    Truth,
    /// Whole numbers as unsigned ones of 64 bits.
    Unsigned,
    /// Floats as complex numbers.
    Complex,
    /// The memory of objects that export a buffer of these elements.
    Buffer(Elements),
}

/// What a typed memoryview has to find.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Elements {
    pub dtype: DType,
    pub ndim: u8,
    pub layout: Option<Layout>,
    pub writes: bool,
}

impl Elements {
    /// Those of `bytes`.
    pub const CHARACTERS: Elements = Elements { dtype: DType::U8, ndim: 1, layout: None, writes: false };
}

impl Takes {
    pub fn of(parameter: &Parameter) -> Takes {
        match &parameter.declared {
            Some(Declared::Bint) => Takes::Truth,
            Some(Declared::Scalar { dtype, .. }) if dtype.is_float() => Takes::Double,
            Some(Declared::Scalar { dtype: DType::U64, .. }) => Takes::Unsigned,
            Some(Declared::Scalar { dtype, .. }) if dtype.is_int() => Takes::Whole,
            Some(Declared::Scalar { dtype, .. }) if dtype.is_complex() => Takes::Complex,
            // A buffer that is declared as an array takes arrays only.
            Some(Declared::View { dtype, ndim, layout, is_const, .. }) if !parameter.is_buffer => {
                let (dtype, ndim, layout) = (*dtype, *ndim, *layout);
                Takes::Buffer(Elements { dtype, ndim, layout, writes: !is_const || parameter.writes })
            }
            None => match parameter.class.as_deref() {
                None => Takes::Anything,
                Some("bytes") => Takes::Bytes,
                Some("bytearray" | "memoryview" | "array.array") => Takes::Instance,
                Some(_) => Takes::Nothing,
            },
            _ => Takes::Nothing,
        }
    }
}
