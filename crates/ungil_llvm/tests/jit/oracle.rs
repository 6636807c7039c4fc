//! Compiled code against the interpreter.

use crate::host::{Failure, Kernel, read};
use ungil_abi::context::ValueTag;
use ungil_interp::argument::{ArgValue, ArrayArg, Buffer};
use ungil_interp::number::Num;
use ungil_interp::outcome::{ArrayOutput, Exception, Failure as Expected, Output};
use ungil_ir::function::Module;
use ungil_ir::packing::packed_size;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

/// A module with both its executions.
pub struct Pair {
    module: Module,
    kernel: Kernel,
    text: String,
}

impl Pair {
    #[track_caller]
    pub fn new(text: &str) -> Pair {
        let module = read(text);
        Pair { kernel: Kernel::of(&module, &[]), module, text: text.to_owned() }
    }

    /// Runs both on the same arguments; results, failures and what happened to array arguments must agree.
    #[track_caller]
    pub fn check(&self, args: &[ArgValue]) {
        let mut memory = Memory::default();
        let mut packed = Vec::new();
        args.iter().for_each(|a| memory.pack(a, &mut packed));
        let f = self.module.function(self.module.entry());
        let result = self.kernel.call(&packed);
        let expected = ungil_interp::run(&self.module, args.to_vec(), 10_000_000).result;
        let context = || format!("arguments {args:?}\n{}", self.text);
        match (&expected, &result) {
            (Ok(expected), Ok(words)) => {
                // SAFETY: the words are a packed value of the function's type, its arrays alive.
                let found = unsafe { unpack(&f.ret, words) };
                assert!(expected.same(&found), "expected {expected:?}, found {found:?}\n{}", context());
            }
            (Err(Expected::Raised(expected)), Err(found)) => self.same_failure(expected, found, &context()),
            _ => panic!("expected {expected:?}, found {result:?}\n{}", context()),
        }
        if expected.is_ok() {
            let params = f.params.iter().map(|p| f.ty(*p));
            let same = params.zip(args).all(|(ty, arg)| memory.same(ty, arg));
            assert!(same, "array arguments differ\n{}", context());
        }
    }

    #[track_caller]
    fn same_failure(&self, expected: &Exception, found: &Failure, context: &str) {
        let class = expected.class.name();
        let frames: Vec<(String, u32)> =
            expected.frames.iter().map(|f| (f.function.clone(), f.line)).collect();
        let name = |(f, line): &(u32, u32)| (self.module.functions[*f as usize].name.clone(), *line);
        let found_frames: Vec<(String, u32)> = found.frames.iter().map(name).collect();
        assert_eq!((class, frames), (found.class, found_frames), "{context}");
        if let Some(text) = format_message(found) {
            assert_eq!(expected.message, Some(text), "{context}");
        }
    }
}

/// The message with its arguments, if they are all integers.
fn format_message(found: &Failure) -> Option<String> {
    let mut text = found.message.clone()?;
    for (i, (tag, bits, _)) in found.args.iter().enumerate() {
        if tag & !ValueTag::WEAK != u64::from(DType::I64.number()) {
            return None;
        }
        text = text.replace(&format!("{{{i}}}"), &(*bits as i64).to_string());
    }
    Some(text)
}

/// Copies of the buffers of array arguments, one for each distinct buffer.
#[derive(Default)]
struct Memory {
    buffers: Vec<(Buffer, Vec<u8>)>,
}

impl Memory {
    /// Whether the copies of an argument's arrays hold the elements that the interpreter left in them.
    fn same(&self, ty: &Type, arg: &ArgValue) -> bool {
        match (ty, arg) {
            (Type::Tuple(types), ArgValue::Tuple(items)) => {
                types.iter().zip(items).all(|(ty, arg)| self.same(ty, arg))
            }
            (Type::Array(ty), ArgValue::Array(a)) => {
                let (_, bytes) = self.buffers.iter().find(|(b, _)| b.is(&a.buffer)).expect("packed before");
                let data = (bytes.as_ptr() as u64).wrapping_add(a.offset as u64);
                // SAFETY: the descriptor is a window on the buffer.
                let found = unsafe { elements(*ty, data, &a.shape, &a.strides) };
                found.iter().zip(a.elements(*ty)).all(|(x, y)| x.same(y))
            }
            _ => true,
        }
    }

    fn pack(&mut self, arg: &ArgValue, words: &mut Vec<u64>) {
        match arg {
            ArgValue::Num(n) => pack_num(*n, words),
            ArgValue::Tuple(items) => items.iter().for_each(|a| self.pack(a, words)),
            ArgValue::Array(a) => {
                let known = self.buffers.iter().position(|(b, _)| b.is(&a.buffer));
                let index = known.unwrap_or_else(|| {
                    self.buffers.push((a.buffer.clone(), a.buffer.bytes()));
                    self.buffers.len() - 1
                });
                let data = self.buffers[index].1.as_mut_ptr() as u64;
                words.extend([data.wrapping_add(a.offset as u64), 0]);
                words.extend(a.shape.iter().chain(&a.strides).map(|n| *n as u64));
            }
        }
    }
}

fn pack_num(n: Num, words: &mut Vec<u64>) {
    let mut bytes = n.to_bytes();
    bytes.resize(bytes.len().next_multiple_of(8), 0xEE);
    words.extend(bytes.chunks_exact(8).map(|c| u64::from_le_bytes(c.try_into().expect("8 bytes"))));
}

/// A packed value; arrays are copied and their memory released.
unsafe fn unpack(ty: &Type, words: &[u64]) -> Output {
    match ty {
        Type::Scalar(d) => {
            let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
            Output::Num(Num::from_bytes(*d, &bytes[..d.size() as usize]))
        }
        Type::Tuple(types) => {
            let mut at = 0;
            let mut next = |ty: &Type| {
                // SAFETY: as the caller says.
                let item = unsafe { unpack(ty, &words[at..]) };
                at += packed_size(ty) as usize / 8;
                item
            };
            Output::Tuple(types.iter().map(&mut next).collect())
        }
        Type::Array(ty) => {
            let ndim = ty.ndim as usize;
            let shape: Vec<i64> = words[2..2 + ndim].iter().map(|w| *w as i64).collect();
            let strides: Vec<i64> = words[2 + ndim..2 + 2 * ndim].iter().map(|w| *w as i64).collect();
            // SAFETY: the descriptor is of living memory.
            let elements = unsafe { elements(*ty, words[0], &shape, &strides) };
            let owner = words[1] as *mut ungil_abi::array::MemInfo;
            // SAFETY: the result holds one reference, or none of memory that nobody counts.
            unsafe { ungil_runtime::alloc::ungil_rt_release(owner) };
            Output::Array(ArrayOutput { ty: *ty, shape, elements, borrowed: false })
        }
        other => panic!("{other} as a result"),
    }
}

unsafe fn elements(ty: ArrayType, data: u64, shape: &[i64], strides: &[i64]) -> Vec<Num> {
    let size = ty.dtype.size() as usize;
    let mut all = Vec::new();
    for k in 0..shape.iter().product::<i64>() {
        let (mut at, mut rest) = (data as i64, k);
        for axis in (0..shape.len()).rev() {
            at += rest % shape[axis] * strides[axis];
            rest /= shape[axis];
        }
        // SAFETY: the element lies in the array.
        let bytes = unsafe { std::slice::from_raw_parts(at as *const u8, size) }.to_vec();
        let part = ty.dtype.real().size() as usize;
        let swap = |bytes: Vec<u8>| bytes.chunks(part).flat_map(|c| c.iter().rev().copied()).collect();
        all.push(Num::from_bytes(ty.dtype, &if ty.swapped { swap(bytes) } else { bytes }));
    }
    all
}

/// Numbers that make trouble, of a dtype.
pub fn hard_numbers(dtype: DType) -> Vec<Num> {
    let floats = [
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        1.5,
        -1.5,
        2.0,
        2.5,
        -2.5,
        3.0,
        7.3,
        -7.3,
        255.7,
        -129.0,
        65536.25,
        1e10,
        -3e9,
        2147483648.0,
        9.3e18,
        -9.3e18,
        1e300,
        -1e300,
        1e-310,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    match dtype {
        DType::Bool => vec![Num::Bool(false), Num::Bool(true)],
        DType::F32 => floats.iter().map(|x| Num::F32(*x as f32)).collect(),
        DType::F64 => floats.iter().map(|x| Num::F64(*x)).collect(),
        DType::C64 => pairs(&floats).into_iter().map(|(a, b)| Num::C64(a as f32, b as f32)).collect(),
        DType::C128 => pairs(&floats).into_iter().map(|(a, b)| Num::C128(a, b)).collect(),
        d => {
            let top = 1i128 << (d.bits() - 1);
            let list =
                [0, 1, 2, 3, 5, 7, 8, 63, 64, 100, -1, -2, -3, -8, top, top - 1, top + 1, -top, 2 * top - 1];
            let mut list: Vec<Num> = list.iter().map(|n| Num::wrap(d, *n)).collect();
            list.dedup();
            list
        }
    }
}

fn pairs(floats: &[f64]) -> Vec<(f64, f64)> {
    let firsts = [0.0, -0.0, 1.0, -2.5, 3.0, 1e300, f64::INFINITY, f64::NAN];
    let mut all = vec![(2.0, 0.0), (5.0, 0.0), (-3.0, 0.0), (0.3, 0.0), (99.0, 0.0), (0.5, 0.25)];
    for (i, x) in firsts.iter().enumerate() {
        all.extend(floats.iter().skip(i % 4).step_by(4).map(|y| (*x, *y)));
    }
    all
}

/// A strided, possibly misaligned window with the given elements.
pub fn strided(ty: ArrayType, shape: &[i64], elements: &[Num]) -> ArrayArg {
    assert_eq!(ty.layout, Layout::Strided);
    let mut array = ArrayArg::new(ty, shape, elements);
    let dense = array.buffer.bytes();
    let size = ty.dtype.size() as usize;
    // Reversed along the last axis, a gap of three bytes between elements, one byte in front.
    let step = size + 3;
    let mut bytes = vec![0xCC; 1 + step * elements.len()];
    let last = *shape.last().expect("an axis") as usize;
    for (k, element) in dense.chunks_exact(size).enumerate() {
        let (row, column) = (k / last, k % last);
        let at = 1 + step * (row * last + (last - 1 - column));
        bytes[at..at + size].copy_from_slice(element);
    }
    array.buffer = Buffer::new(bytes);
    array.offset = (1 + step * (last - 1)) as i64;
    array.strides = (0..shape.len()).map(|k| shape[k + 1..].iter().product::<i64>() * step as i64).collect();
    *array.strides.last_mut().expect("an axis") = -(step as i64);
    array
}
