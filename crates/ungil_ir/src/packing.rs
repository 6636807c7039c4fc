//! Packed layout of values in memory: arguments, results, captured variables, tables of array constants.
//!
//! Rule: values lie one after the other in natural order, tuples flattened. Every slot starts at a multiple of 8
//! bytes. A pointer or a scalar of up to 8 bytes takes one slot of 8 (its low bytes; a bool is one byte, 0 or 1; a complex64 is
//! its real part, then its imaginary part), a complex128 one of 16. An array is its descriptor
//! ([`ungil_abi::array::ArrayHead`], then shape, then strides), 16 + 16 * ndim bytes. A vector takes its elements
//! rounded up to 8 bytes (it never crosses the border of generated code). The empty tuple takes nothing.

use crate::types::Type;
use ungil_abi::array::descriptor_size;

/// Size in bytes of a value in a packed buffer: a multiple of 8.
pub fn packed_size(ty: &Type) -> u64 {
    match ty {
        Type::Scalar(d) => d.size().next_multiple_of(8),
        Type::Pointer => 8,
        Type::Tuple(items) => items.iter().map(packed_size).sum(),
        Type::Array(a) => descriptor_size(a.ndim as usize) as u64,
        Type::Vec(d, n) => (d.size() * u64::from(*n)).next_multiple_of(8),
        Type::Mask(n) => u64::from(*n).next_multiple_of(8),
    }
}

/// Offsets of a list of values in a packed buffer, and its size.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Packing {
    pub offsets: Vec<u64>,
    pub size: u64,
}

/// The layout of a list of values, such as the parameters of a function.
pub fn layout<'t>(types: impl IntoIterator<Item = &'t Type>) -> Packing {
    let mut packing = Packing { offsets: Vec::new(), size: 0 };
    for ty in types {
        packing.offsets.push(packing.size);
        packing.size += packed_size(ty);
    }
    packing
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ArrayType, DType, Layout};

    #[test]
    fn values_lie_in_order_in_slots_of_eight_bytes() {
        let array =
            ArrayType { dtype: DType::F32, ndim: 2, layout: Layout::C, readonly: false, swapped: false };
        let tuple = Type::Tuple(vec![Type::BOOL, Type::Scalar(DType::C64), Type::unit()]);
        let types =
            [Type::Scalar(DType::I8), tuple, Type::Array(array), Type::Scalar(DType::C128), Type::F64];
        let packing = layout(&types);
        assert_eq!(packing.offsets, [0, 8, 24, 72, 88]);
        assert_eq!(packing.size, 96);
        assert_eq!(layout(&[]).size, 0);
    }
}
