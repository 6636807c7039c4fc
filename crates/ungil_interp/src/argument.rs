//! Arguments of a run.

use crate::memory::swap;
use crate::number::Num;
use crate::value::contiguous_strides;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use ungil_ir::types::{ArrayType, Layout};

/// Bytes that array arguments share; clones are the same buffer.
#[derive(Clone, Debug)]
pub struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub fn new(bytes: Vec<u8>) -> Buffer {
        Buffer(Arc::new(Mutex::new(bytes)))
    }

    /// A copy of the contents.
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn set_bytes(&self, bytes: Vec<u8>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = bytes;
    }

    pub fn is(&self, other: &Buffer) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

/// An argument; its type is the parameter's.
#[derive(Clone, Debug)]
pub enum ArgValue {
    Num(Num),
    Tuple(Vec<ArgValue>),
    Array(ArrayArg),
}

/// An array argument: a window on a buffer.
#[derive(Clone, Debug)]
pub struct ArrayArg {
    pub buffer: Buffer,
    /// Byte of the buffer at which element 0 lies.
    pub offset: i64,
    pub shape: Vec<i64>,
    /// In bytes.
    pub strides: Vec<i64>,
}

impl ArrayArg {
    /// A fresh array of the type with the given elements, the last axis fastest; strided ones are laid out as `C`.
    ///
    /// # Panics
    /// Unless there are as many elements as the shape says, of the type's dtype.
    pub fn new(ty: ArrayType, shape: &[i64], elements: &[Num]) -> ArrayArg {
        let layout = if ty.layout == Layout::F { Layout::F } else { Layout::C };
        let strides = contiguous_strides(layout, ty.dtype.size() as i64, shape);
        ArrayArg::with_strides(ty, shape, strides, elements)
    }

    /// As [`ArrayArg::new`] with strides of any sign, in a buffer that just holds the array. What lies between
    /// elements is 0xEE, so that a write there shows.
    ///
    /// # Panics
    /// As [`ArrayArg::new`].
    pub fn with_strides(ty: ArrayType, shape: &[i64], strides: Vec<i64>, elements: &[Num]) -> ArrayArg {
        assert_eq!(shape.iter().product::<i64>(), elements.len() as i64, "elements for shape {shape:?}");
        let reach = |sign: i64| -> i64 {
            let axes = shape.iter().zip(&strides);
            axes.map(|(n, s)| (n - 1).max(0) * s).filter(|r| r * sign > 0).sum()
        };
        let offset = -reach(-1);
        let size = if elements.is_empty() { 0 } else { offset + reach(1) + ty.dtype.size() as i64 };
        let mut bytes = vec![0xEE; size as usize];
        for (k, element) in elements.iter().enumerate() {
            assert_eq!(element.dtype(), ty.dtype, "an element of the array's dtype");
            let raw = encode(ty, *element);
            let at = (offset + offset_of(k as i64, shape, &strides)) as usize;
            bytes[at..at + raw.len()].copy_from_slice(&raw);
        }
        let offset = if elements.is_empty() { 0 } else { offset };
        ArrayArg { buffer: Buffer::new(bytes), offset, shape: shape.to_vec(), strides }
    }

    /// The elements, the last axis fastest.
    ///
    /// # Panics
    /// If the array passes the ends of its buffer.
    pub fn elements(&self, ty: ArrayType) -> Vec<Num> {
        let bytes = self.buffer.bytes();
        let element = |range: Range<usize>| decode(ty, &bytes[range]);
        self.ranges(ty).map(element).collect()
    }

    /// Makes all NaNs the same one: which NaN an operation gives is not defined, and bytes are to be compared.
    ///
    /// # Panics
    /// If the array passes the ends of its buffer.
    pub fn unify_nans(&self, ty: ArrayType) {
        let mut bytes = self.buffer.bytes();
        for range in self.ranges(ty) {
            let unified = match decode(ty, &bytes[range.clone()]) {
                Num::F32(x) => Num::F32(unified32(x)),
                Num::F64(x) => Num::F64(unified64(x)),
                Num::C64(r, i) => Num::C64(unified32(r), unified32(i)),
                Num::C128(r, i) => Num::C128(unified64(r), unified64(i)),
                Num::Bool(_) | Num::Int(..) => return,
            };
            bytes[range].copy_from_slice(&encode(ty, unified));
        }
        self.buffer.set_bytes(bytes);
    }

    /// The bytes of each element, the last axis fastest.
    fn ranges(&self, ty: ArrayType) -> impl Iterator<Item = Range<usize>> {
        let size = ty.dtype.size() as usize;
        (0..self.shape.iter().product::<i64>()).map(move |k| {
            let at = (self.offset + offset_of(k, &self.shape, &self.strides)) as usize;
            at..at + size
        })
    }
}

fn unified32(x: f32) -> f32 {
    if x.is_nan() { f32::NAN } else { x }
}

fn unified64(x: f64) -> f64 {
    if x.is_nan() { f64::NAN } else { x }
}

fn encode(ty: ArrayType, element: Num) -> Vec<u8> {
    let mut raw = element.to_bytes();
    if ty.swapped {
        swap(ty.dtype, &mut raw);
    }
    raw
}

fn decode(ty: ArrayType, raw: &[u8]) -> Num {
    let mut raw = raw.to_vec();
    if ty.swapped {
        swap(ty.dtype, &mut raw);
    }
    Num::from_bytes(ty.dtype, &raw)
}

/// Byte offset of element `k` in order of the last axis fastest.
fn offset_of(k: i64, shape: &[i64], strides: &[i64]) -> i64 {
    let (mut at, mut rest) = (0, k);
    for axis in (0..shape.len()).rev() {
        at += rest % shape[axis] * strides[axis];
        rest /= shape[axis];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use ungil_ir::types::DType;

    #[test]
    fn elements_keep_their_order_in_any_layout() {
        let ty =
            ArrayType { dtype: DType::F32, ndim: 2, layout: Layout::Strided, readonly: false, swapped: true };
        let nan = f32::from_bits(0xFFC0_0001);
        let elements: Vec<Num> = [1.0, nan, 3.0, 4.0].map(Num::F32).to_vec();
        let array = ArrayArg::with_strides(ty, &[2, 2], vec![-16, 8], &elements);
        assert_eq!(array.offset, 16);
        assert_eq!(array.buffer.bytes().len(), 28);
        array.unify_nans(ty);
        assert!(array.elements(ty).iter().zip(&elements).all(|(a, b)| a.same(*b)));
        assert_eq!(array.buffer.bytes()[24..], f32::NAN.to_be_bytes());
        assert_eq!(array.buffer.bytes()[4..8], [0xEE; 4], "what lies between elements");
    }
}
