//! A small host: stand-ins for the runtime, and calls of compiled code with typed arguments.

use std::cell::RefCell;
use std::ffi::c_void;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use ungil_abi::array::MemInfo;
use ungil_abi::context::{Ctx, ErrorArg, ErrorSlot, Frame, ValueTag};
use ungil_abi::exception::ExcClass;
use ungil_abi::parallel::{ArrayReduction, Block, LoopDesc, PARTIALS, RegionBody, ScalarReduction};
use ungil_abi::symbols;
use ungil_ir::function::Module;
use ungil_ir::packing::{layout, packed_size};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::jit::{Code, Jit, JitOptions};
use ungil_llvm::object::{Object, compile};

pub static POLL: AtomicU32 = AtomicU32::new(0);
/// Blocks of the allocator that are alive, per thread.
thread_local! {
    pub static ALIVE: RefCell<i64> = const { RefCell::new(0) };
    pub static PRINTED: RefCell<Vec<[u64; 3]>> = const { RefCell::new(Vec::new()) };
}

extern "C" fn poll(_: *mut Ctx) -> i32 {
    1
}

unsafe extern "C" fn raise(
    ctx: *mut Ctx,
    class: u32,
    message: *const u8,
    len: u64,
    nargs: u32,
    args: *const ErrorArg,
    function: u32,
    line: u32,
) {
    // SAFETY: generated code passes its context and `nargs` arguments.
    unsafe {
        let slot = &mut (*ctx).error;
        (slot.kind, slot.class, slot.message, slot.message_len) = (1, class, message, len);
        (slot.nargs, slot.nframes) = (nargs, 1);
        for i in 0..nargs as usize {
            slot.args[i] = *args.add(i);
        }
        slot.frames[0] = Frame { function, line };
    }
}

unsafe extern "C" fn trace(ctx: *mut Ctx, function: u32, line: u32) {
    // SAFETY: generated code passes its context.
    let slot = unsafe { &mut (*ctx).error };
    if let Some(frame) = slot.frames.get_mut(slot.nframes as usize) {
        *frame = Frame { function, line };
    }
    slot.nframes += 1;
}

unsafe extern "C" fn alloc(_: *mut Ctx, bytes: u64, zeroed: i32) -> *mut MemInfo {
    if bytes > 1 << 40 {
        return std::ptr::null_mut();
    }
    let fill = if zeroed != 0 { 0 } else { 0xA5 };
    let data = Box::leak(vec![fill; bytes as usize + 64].into_boxed_slice());
    ALIVE.with_borrow_mut(|n| *n += 1);
    let data = data.as_mut_ptr();
    let refs = AtomicI64::new(1);
    let object = std::ptr::null_mut();
    Box::into_raw(Box::new(MemInfo { refs, data, size: bytes, kind: 0, reserved: 0, object }))
}

unsafe extern "C" fn retain(m: *mut MemInfo) {
    if !m.is_null() {
        // SAFETY: a live block.
        unsafe { (*m).refs.fetch_add(1, Ordering::Relaxed) };
    }
}

unsafe extern "C" fn release(m: *mut MemInfo) {
    // SAFETY: a live block; its memory is leaked on purpose, so that late reads fail tests instead of crashing.
    if !m.is_null() && unsafe { (*m).refs.fetch_sub(1, Ordering::Relaxed) } == 1 {
        ALIVE.with_borrow_mut(|n| *n -= 1);
    }
}

unsafe extern "C" fn print(_: *mut Ctx, parts: *const ErrorArg, n: u64) -> i32 {
    // SAFETY: generated code passes `n` parts.
    let parts = unsafe { std::slice::from_raw_parts(parts, n as usize) };
    PRINTED.with_borrow_mut(|list| list.extend(parts.iter().map(|p| [p.tag, p.bits, p.bits2])));
    0
}

/// Serial execution in three blocks, with float64 and int64 reductions.
unsafe extern "C" fn parallel_for(ctx: *mut Ctx, desc: *const LoopDesc) -> i32 {
    // SAFETY: generated code passes a filled descriptor whose lists have the stated lengths.
    unsafe {
        let d = &*desc;
        let scalars = list(d.scalars, d.nscalars);
        let arrays = list(d.arrays, d.narrays);
        let cuts = [0, d.n / 3, d.n / 3 * 2, d.n];
        for b in 0..3 {
            if cuts[b] == cuts[b + 1] {
                continue;
            }
            let mut partials = vec![0u64; 32 * 64];
            for s in scalars {
                identity(partials.as_mut_ptr().cast::<u8>().add(s.offset as usize), s.dtype, s.op, PARTIALS);
            }
            let mut copies: Vec<Vec<u64>> = arrays.iter().map(|a| vec![0; a.len as usize]).collect();
            for (copy, a) in copies.iter_mut().zip(arrays) {
                identity(copy.as_mut_ptr().cast(), a.dtype, a.op, a.len as usize);
            }
            let pointers: Vec<*mut u8> = copies.iter_mut().map(|c| c.as_mut_ptr().cast()).collect();
            let last = if cuts[b + 1] == d.n { d.last } else { std::ptr::null_mut() };
            let mut block = Block { partials: partials.as_mut_ptr().cast(), arrays: pointers.as_ptr(), last };
            let status = (d.body)(ctx, d.env, cuts[b], cuts[b + 1], &mut block);
            if status != 0 {
                return status;
            }
            for s in scalars {
                let from = partials.as_ptr().cast::<u8>().add(s.offset as usize);
                combine(s.target, from, s.dtype, s.op, PARTIALS, 0);
            }
            for (copy, a) in copies.iter().zip(arrays) {
                combine(a.data, copy.as_ptr().cast(), a.dtype, a.op, a.len as usize, 1);
            }
        }
        0
    }
}

unsafe fn list<'a, T>(data: *const T, n: u32) -> &'a [T] {
    // SAFETY: the caller states the length; null goes with zero.
    if n == 0 { &[] } else { unsafe { std::slice::from_raw_parts(data, n as usize) } }
}

const F64: u32 = DType::F64.number();
const C128: u32 = DType::C128.number();
const BOOL: u32 = DType::Bool.number();

unsafe fn identity(at: *mut u8, dtype: u32, op: u32, n: usize) {
    for i in 0..n {
        // SAFETY: the memory holds `n` numbers.
        unsafe {
            match (dtype, op) {
                (F64, 0) => *at.cast::<f64>().add(i) = 0.0,
                (F64, 5) => *at.cast::<f64>().add(i) = f64::INFINITY,
                (C128, 0) => *at.cast::<[f64; 2]>().add(i) = [0.0; 2],
                (BOOL, 8) => *at.add(i) = 0,
                (_, 0) => *at.cast::<i64>().add(i) = 0,
                (_, 6) => *at.cast::<i64>().add(i) = i64::MIN,
                other => panic!("no identity for {other:?}"),
            }
        }
    }
}

/// `step` 0: all into one target, in order; 1: element by element.
unsafe fn combine(to: *mut u8, from: *const u8, dtype: u32, op: u32, n: usize, step: usize) {
    for i in 0..n {
        let j = i * step;
        // SAFETY: both memories hold the numbers addressed.
        unsafe {
            match (dtype, op) {
                (F64, 0) => *to.cast::<f64>().add(j) += *from.cast::<f64>().add(i),
                (F64, 5) => {
                    let t = to.cast::<f64>().add(j);
                    *t = t.read().min(*from.cast::<f64>().add(i));
                }
                (C128, 0) => {
                    let (t, f) = (to.cast::<[f64; 2]>().add(j), *from.cast::<[f64; 2]>().add(i));
                    *t = [(*t)[0] + f[0], (*t)[1] + f[1]];
                }
                (BOOL, 8) => *to.add(j) |= *from.add(i),
                (_, 0) => *to.cast::<i64>().add(j) += *from.cast::<i64>().add(i),
                (_, 6) => {
                    let t = to.cast::<i64>().add(j);
                    *t = t.read().max(*from.cast::<i64>().add(i));
                }
                other => panic!("cannot combine {other:?}"),
            }
        }
    }
}

unsafe extern "C" fn parallel_region(ctx: *mut Ctx, n: u32, body: RegionBody, env: *mut c_void) -> i32 {
    // SAFETY: generated code passes a body and its environment.
    (0..n).map(|id| unsafe { body(ctx, env, id, n) }).find(|s| *s != 0).unwrap_or(0)
}

extern "C" fn thread_id(_: *mut Ctx) -> i64 {
    3
}

extern "C" fn num_threads(_: *mut Ctx) -> i64 {
    8
}

extern "C" fn set_num_threads(_: *mut Ctx, n: i64) -> i64 {
    n + 100
}

/// The linker that all tests share.
pub fn jit() -> &'static Jit {
    static JIT: OnceLock<Jit> = OnceLock::new();
    JIT.get_or_init(|| {
        let table = [
            (symbols::POLL, poll as *const () as usize),
            (symbols::RAISE, raise as *const () as usize),
            (symbols::TRACE, trace as *const () as usize),
            (symbols::ALLOC, alloc as *const () as usize),
            (symbols::RETAIN, retain as *const () as usize),
            (symbols::RELEASE, release as *const () as usize),
            (symbols::PRINT, print as *const () as usize),
            (symbols::PARALLEL_FOR, parallel_for as *const () as usize),
            (symbols::PARALLEL_REGION, parallel_region as *const () as usize),
            (symbols::THREAD_ID, thread_id as *const () as usize),
            (symbols::NUM_THREADS, num_threads as *const () as usize),
            (symbols::SET_NUM_THREADS, set_num_threads as *const () as usize),
        ];
        Jit::new(&table, JitOptions::default()).expect("a linker")
    })
}

/// What a failed call left in the error slot.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    pub class: &'static str,
    pub message: String,
    pub args: Vec<(u64, u64)>,
    pub frames: Vec<(u32, u32)>,
}

/// A compiled module.
pub struct Kernel {
    _code: Code,
    entry: usize,
    params: Vec<Type>,
    ret: Type,
    pub object: Object,
}

type Entry = unsafe extern "C" fn(*mut Ctx, *mut u8, *const u8) -> i32;

impl Kernel {
    pub fn new(module: &Module) -> Kernel {
        Kernel::with(module, &EmitOptions::new("kernel"), &[])
    }

    pub fn with(module: &Module, options: &EmitOptions, symbols: &[(String, usize)]) -> Kernel {
        let listing = std::env::var_os("LISTING").is_some();
        let object = compile(module, options, listing).expect("compiles");
        if let Some(listing) = &object.listing {
            eprintln!("{}\n{}\n{}", listing.emitted, listing.optimized, listing.assembly);
        }
        let code = jit().add_object(&object.bytes, symbols).expect("links");
        let f = module.function(module.entry());
        let entry = code.lookup(&options.name).expect("the entry");
        let params = f.params.iter().map(|p| f.ty(*p).clone()).collect();
        Kernel { _code: code, entry, params, ret: f.ret.clone(), object }
    }

    /// Calls with packed arguments; returns the packed result.
    pub fn call(&self, args: &[u64]) -> Result<Vec<u64>, Failure> {
        assert_eq!(args.len() as u64 * 8, layout(&self.params).size, "size of the arguments");
        let mut ret = vec![0u64; packed_size(&self.ret) as usize / 8 + 2];
        let mut ctx = context();
        // SAFETY: the entry has this signature, and the buffers have the sizes of the packed types.
        let status = unsafe {
            let entry: Entry = std::mem::transmute(self.entry);
            entry(&mut ctx, ret.as_mut_ptr().cast(), args.as_ptr().cast())
        };
        ret.truncate(packed_size(&self.ret) as usize / 8);
        if status == 0 { Ok(ret) } else { Err(failure(&ctx.error)) }
    }
}

fn context() -> Ctx {
    let here = 0u8;
    // SAFETY: all fields of `ErrorSlot` may be zero.
    let error: ErrorSlot = unsafe { std::mem::zeroed() };
    Ctx {
        poll: &POLL,
        stack_limit: std::ptr::addr_of!(here) as usize - (256 << 10),
        thread_id: 0,
        depth: 0,
        runtime: std::ptr::null_mut(),
        host: std::ptr::null_mut(),
        error,
    }
}

fn failure(slot: &ErrorSlot) -> Failure {
    let message = if slot.message.is_null() {
        String::new()
    } else {
        // SAFETY: the message is a constant of loaded code with this length.
        let bytes = unsafe { std::slice::from_raw_parts(slot.message, slot.message_len as usize) };
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    };
    Failure {
        class: ExcClass(slot.class as u16).name(),
        message,
        args: slot.args[..slot.nargs as usize].iter().map(|a| (a.tag, a.bits)).collect(),
        frames: slot.frames[..(slot.nframes as usize).min(64)].iter().map(|f| (f.function, f.line)).collect(),
    }
}

/// Tag of a Python int in messages.
pub const WEAK_INT: u64 = ValueTag::WEAK + DType::I64.number() as u64;

pub fn array_type(dtype: DType, ndim: u8, layout: Layout) -> ArrayType {
    ArrayType { dtype, ndim, layout, readonly: false, swapped: false }
}

/// Packed descriptor of memory; strides as given, in bytes.
pub fn descriptor<T>(data: *const T, shape: &[i64], strides: &[i64]) -> Vec<u64> {
    let words = shape.iter().chain(strides).map(|n| *n as u64);
    [data as u64, 0].into_iter().chain(words).collect()
}

/// Packed descriptor of a C-contiguous array.
pub fn c_array<T>(data: &[T], shape: &[i64]) -> Vec<u64> {
    assert!(shape.iter().product::<i64>() as usize <= data.len());
    let size = size_of::<T>() as i64;
    let strides: Vec<i64> = (0..shape.len()).map(|k| shape[k + 1..].iter().product::<i64>() * size).collect();
    descriptor(data.as_ptr(), shape, &strides)
}
