//! Values in packed buffers, as `ungil_ir::packing` lays them out.

use ungil_abi::array::MemInfo;
use ungil_interp::argument::{ArgValue, ArrayArg, Buffer};
use ungil_interp::number::Num;
use ungil_interp::outcome::{ArrayOutput, Output};
use ungil_ir::packing::packed_size;
use ungil_ir::types::{ArrayType, Type};

/// Arguments in packed form, and the memory of their arrays.
#[derive(Default)]
pub struct Packed {
    pub words: Vec<u64>,
    /// One copy for each buffer, and [`SLACK`] bytes behind it.
    buffers: Vec<(Buffer, Vec<u8>)>,
}

/// LLVM 22 splits a masked AVX-512 instruction with a memory operand into a plain load and the instruction, which reads
/// masked-off lanes after all (found by seed 362). Behind arrays of tests there is therefore memory.
const SLACK: usize = 1024;

impl Packed {
    pub fn push(&mut self, arg: &ArgValue) {
        match arg {
            ArgValue::Num(n) => {
                let mut bytes = n.to_bytes();
                // What lies behind a short value in its slot must not matter.
                bytes.resize(bytes.len().next_multiple_of(8), 0xEE);
                let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().expect("8 bytes"));
                self.words.extend(bytes.chunks_exact(8).map(word));
            }
            ArgValue::Tuple(items) => items.iter().for_each(|item| self.push(item)),
            ArgValue::Array(array) => self.push_array(array),
        }
    }

    pub fn push_array(&mut self, array: &ArrayArg) {
        let known = self.buffers.iter().position(|(b, _)| b.is(&array.buffer));
        let index = known.unwrap_or_else(|| {
            let mut bytes = array.buffer.bytes();
            bytes.resize(bytes.len() + SLACK, 0xEE);
            self.buffers.push((array.buffer.clone(), bytes));
            self.buffers.len() - 1
        });
        let data = self.buffers[index].1.as_mut_ptr() as u64;
        self.words.extend([data.wrapping_add(array.offset as u64), 0]);
        self.words.extend(array.shape.iter().chain(&array.strides).map(|n| *n as u64));
    }

    /// Puts the memory back into the arguments' buffers.
    pub fn write_back(self) {
        for (buffer, mut bytes) in self.buffers {
            let size = bytes.len() - SLACK;
            assert!(bytes[size..].iter().all(|b| *b == 0xEE), "a store behind an array");
            bytes.truncate(size);
            buffer.set_bytes(bytes);
        }
    }
}

/// A packed result; its arrays are copied, and their references given back.
///
/// # Safety
/// The words are a packed value of the type, with one reference for each array.
pub unsafe fn unpack(ty: &Type, words: &[u64]) -> Output {
    match ty {
        Type::Scalar(d) => {
            let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).take(d.size() as usize).collect();
            Output::Num(Num::from_bytes(*d, &bytes))
        }
        Type::Tuple(types) => {
            let mut at = 0;
            let next = |ty: &Type| {
                // SAFETY: by contract.
                let item = unsafe { unpack(ty, &words[at..]) };
                at += packed_size(ty) as usize / 8;
                item
            };
            Output::Tuple(types.iter().map(next).collect())
        }
        Type::Array(ty) => {
            let ndim = ty.ndim as usize;
            let shape: Vec<i64> = words[2..2 + ndim].iter().map(|w| *w as i64).collect();
            let strides: Vec<i64> = words[2 + ndim..2 + 2 * ndim].iter().map(|w| *w as i64).collect();
            let owner = words[1] as *mut MemInfo;
            // SAFETY: the descriptor is of living memory, until its reference is given back.
            let elements = unsafe { elements(*ty, words[0] as i64, &shape, &strides) };
            // SAFETY: the result holds a reference, or none of memory that nobody counts.
            unsafe { ungil_runtime::alloc::ungil_rt_release(owner) };
            Output::Array(ArrayOutput { ty: *ty, shape, elements, borrowed: owner.is_null() })
        }
        Type::Vec(..) | Type::Mask(_) | Type::Pointer => unreachable!("functions do not return them"),
    }
}

/// # Safety
/// The array lies in readable memory.
unsafe fn elements(ty: ArrayType, data: i64, shape: &[i64], strides: &[i64]) -> Vec<Num> {
    let size = ty.dtype.size() as usize;
    let part = ty.dtype.real().size() as usize;
    (0..shape.iter().product::<i64>())
        .map(|k| {
            let (mut at, mut rest) = (data, k);
            for axis in (0..shape.len()).rev() {
                at += rest % shape[axis] * strides[axis];
                rest /= shape[axis];
            }
            // SAFETY: the element lies in the array.
            let mut bytes = unsafe { std::slice::from_raw_parts(at as *const u8, size) }.to_vec();
            if ty.swapped {
                bytes.chunks_exact_mut(part).for_each(<[u8]>::reverse);
            }
            Num::from_bytes(ty.dtype, &bytes)
        })
        .collect()
}
