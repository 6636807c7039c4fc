//! Calls of small functions of numbers.
//!
//! A specialisation for numbers alone whose code only computes needs nothing that calls otherwise prepare: no context
//! for safepoints, no place for exceptions of callbacks, no fingerprint. The first such specialisation of a dispatcher is called
//! this way when the arguments have exactly its types.

use core::mem::MaybeUninit;

use pyo3::ffi::{self, PyObject};
use ungil_ir::inst::InstKind;
use ungil_ir::types::DType;
use ungil_ir::walk;
use ungil_runtime::context::current_ctx;
use ungil_sema::ty::Ty;

use crate::call::EntryPoint;
use crate::entry::Entry;
use crate::key::Tag;
use crate::object::small;
use crate::raise;

/// Parameters at most.
const MAX_PARAMS: usize = 6;

/// The result's object.
#[derive(Clone, Copy)]
enum Made {
    Float,
    Float32,
    /// Of this many bytes.
    Int(u8),
    Unsigned(u8),
    Bool,
    None,
}

/// A specialisation that is called this way; it lives as long as its dispatcher.
pub struct Fast {
    floats: [bool; MAX_PARAMS],
    function: EntryPoint,
    made: Made,
    entry: *const Entry,
}

// SAFETY: the entry is only read, and lives as long as the dispatcher that holds this.
unsafe impl Send for Fast {}
// SAFETY: as for `Send`.
unsafe impl Sync for Fast {}

/// How a result becomes an object; NumPy's scalars are not made here.
fn made(ret: &Ty, python_numbers: bool) -> Option<Made> {
    Some(match ret {
        Ty::PyFloat => Made::Float,
        Ty::PyInt => Made::Int(8),
        Ty::PyBool => Made::Bool,
        Ty::None => Made::None,
        Ty::Scalar(_) if !python_numbers => return None,
        Ty::Scalar(DType::F64) => Made::Float,
        Ty::Scalar(DType::F32) => Made::Float32,
        Ty::Scalar(DType::Bool) => Made::Bool,
        Ty::Scalar(d) if d.is_int() && d.is_unsigned() => Made::Unsigned(d.size() as u8),
        Ty::Scalar(d) if d.is_int() => Made::Int(d.size() as u8),
        _ => return None,
    })
}

/// The value of an int of more than one digit that 64 bits hold.
///
/// # Safety
/// Attached, with a live int.
unsafe fn whole(object: *mut PyObject) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: as the caller vouches.
    let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow) };
    (overflow == 0).then_some(value)
}

/// Whether a specialisation may be entered without preparations.
pub fn is_plain(entry: &Entry) -> bool {
    entry.guards.is_empty() && computes(entry)
}

/// Whether code only computes.
fn computes(entry: &Entry) -> bool {
    let compiled = &*entry.compiled;
    let [function] = compiled.module.functions.as_slice() else { return false };
    let plain = function.insts.iter().all(|inst| {
        walk::is_arithmetic(&inst.kind)
            || matches!(
                inst.kind,
                InstKind::CheckedBinary(..)
                    | InstKind::Get(_)
                    | InstKind::Set(..)
                    | InstKind::If { .. }
                    | InstKind::Raise { .. }
                    | InstKind::Check { .. }
                    | InstKind::Break(_)
                    | InstKind::Return(_)
            )
    });
    plain && !compiled.polls && !compiled.releases_gil && !compiled.uses_errno && compiled.ret_size <= 8
}

impl Fast {
    /// The way of calling a specialisation, if it is one for this.
    pub fn of(entry: &Entry, params: usize) -> Option<Fast> {
        if entry.key.len() != params || params > MAX_PARAMS || !is_plain(entry) {
            return None;
        }
        let mut floats = [false; MAX_PARAMS];
        for (is_float, word) in floats.iter_mut().zip(&entry.key) {
            *is_float = match *word {
                Tag::PY_FLOAT => true,
                Tag::PY_INT => false,
                _ => return None,
            };
        }
        let made = made(&entry.compiled.ret, entry.python_numbers)?;
        // SAFETY: the code was compiled for a call of this form.
        let function = unsafe { core::mem::transmute::<usize, EntryPoint>(entry.compiled.code.entry) };
        Some(Fast { floats, function, made, entry })
    }

    /// Calls the function; `None` if the arguments are of other types.
    ///
    /// # Safety
    /// The interpreter is attached; `args` are `n` live objects, as many as there are parameters.
    #[inline]
    pub unsafe fn call(&self, args: *const *mut PyObject, n: usize) -> Option<*mut PyObject> {
        // SAFETY: as the caller vouches.
        unsafe { self.call_with(args, n, args, n) }
    }

    /// Calls the function with the first `given` of its `n` arguments in one place and the rest in another.
    ///
    /// # Safety
    /// As for [`Fast::call`].
    #[inline(always)]
    pub unsafe fn call_with(
        &self,
        args: *const *mut PyObject,
        given: usize,
        rest: *const *mut PyObject,
        n: usize,
    ) -> Option<*mut PyObject> {
        let mut block = [MaybeUninit::<u64>::uninit(); MAX_PARAMS];
        let mut ret = 0u64;
        // SAFETY: exact types have these layouts; the code was compiled for these words and gives at most 8 bytes.
        unsafe {
            for ((i, is_float), word) in self.floats.iter().enumerate().take(n).zip(&mut block) {
                let object = if i < given { *args.add(i) } else { *rest.add(i - given) };
                let ty = ffi::Py_TYPE(object);
                if *is_float {
                    if ty != &raw mut ffi::PyFloat_Type {
                        return None;
                    }
                    word.write(ffi::PyFloat_AS_DOUBLE(object).to_bits());
                } else {
                    if ty != &raw mut ffi::PyLong_Type {
                        return None;
                    }
                    let value = match small(object) {
                        Some(value) => value,
                        None => whole(object)?,
                    };
                    word.write(value as u64);
                }
            }
            let ctx = current_ctx();
            if (self.function)(ctx, (&raw mut ret).cast(), block.as_ptr().cast()) != 0 {
                raise::raise(ctx, &(*self.entry).compiled);
                return Some(core::ptr::null_mut());
            }
            Some(self.object(ret))
        }
    }

    #[inline]
    unsafe fn object(&self, bits: u64) -> *mut PyObject {
        // SAFETY: attached.
        unsafe {
            match self.made {
                Made::Float => ffi::PyFloat_FromDouble(f64::from_bits(bits)),
                Made::Float32 => ffi::PyFloat_FromDouble(f64::from(f32::from_bits(bits as u32))),
                Made::Int(size) => {
                    let unused = 64 - 8 * u32::from(size);
                    ffi::PyLong_FromLongLong((bits << unused) as i64 >> unused)
                }
                Made::Unsigned(size) => {
                    let unused = 64 - 8 * u32::from(size);
                    ffi::PyLong_FromUnsignedLongLong(bits << unused >> unused)
                }
                Made::Bool => ffi::PyBool_FromLong(core::ffi::c_long::from(bits & 0xff != 0)),
                Made::None => {
                    ffi::Py_INCREF(ffi::Py_None());
                    ffi::Py_None()
                }
            }
        }
    }
}
