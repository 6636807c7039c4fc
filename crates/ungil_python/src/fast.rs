//! Calls of small functions of numbers.
//!
//! A specialisation for numbers alone whose code only computes needs nothing that calls otherwise prepare: no context
//! for safepoints, no place for exceptions of callbacks, no fingerprint. The first few such specialisations of a dispatcher are
//! called this way when the arguments have exactly their types, or are what declared parameters take for them.

use core::mem::MaybeUninit;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_ir::inst::InstKind;
use ungil_ir::types::DType;
use ungil_ir::walk;
use ungil_runtime::context::current_ctx;
use ungil_sema::ty::Ty;

use crate::call::EntryPoint;
use crate::entry::Entry;
use crate::key::{self, Tag};
use crate::numpy;
use crate::object::small;
use crate::pyx::Takes;
use crate::raise;

/// Parameters at most.
const MAX_PARAMS: usize = 8;
/// Specialisations at most.
const MAX_FAST: usize = 3;

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

/// What an argument has to be.
#[derive(Clone, Copy)]
enum Kind {
    Float,
    Int,
    /// A number for a parameter that is declared as a float of C.
    Double,
    /// One for a parameter that is declared as an integer of C.
    Whole,
    Bool,
    /// An int, or a truth value, for one that is declared as that.
    Truth,
    /// An int for one that is declared without a sign, of 64 bits.
    Unsigned,
}

/// A specialisation that is called this way; it lives as long as its dispatcher.
pub struct Fast {
    kinds: [Kind; MAX_PARAMS],
    /// The types of arguments that are looked at first; null: others are.
    types: [*mut ffi::PyTypeObject; MAX_PARAMS],
    /// Which of them are floats, by bits.
    floats: u8,
    function: EntryPoint,
    made: Made,
    entry: *const Entry,
}

/// The first specialisations of a dispatcher that are called this way.
#[derive(Default)]
pub struct FastList([OnceLock<Fast>; MAX_FAST]);

impl FastList {
    /// Adds a specialisation if it is one for this and there is room.
    pub fn add(&self, entry: &Entry, params: usize, takes: &[Takes]) {
        if let Some(free) = self.0.iter().find(|place| place.get().is_none())
            && let Some(fast) = Fast::of(entry, params, takes)
        {
            let _ = free.set(fast);
        }
    }

    /// Calls the first specialisation for numbers of exactly its types, ints of few digits; null: that was not for it, or it
    /// has failed before it had done anything.
    ///
    /// # Safety
    /// As for [`FastList::call`].
    #[inline(always)]
    pub unsafe fn call_first(&self, args: *const *mut PyObject, n: usize) -> *mut PyObject {
        match self.0[0].get() {
            // SAFETY: as the caller vouches.
            Some(first) => unsafe { first.call_exact(args, n) },
            None => core::ptr::null_mut(),
        }
    }

    /// Calls the specialisation for these arguments; `None` if there is none here.
    ///
    /// # Safety
    /// The interpreter is attached; `args` are `n` live objects, as many as there are parameters.
    #[inline(always)]
    pub unsafe fn call(&self, args: *const *mut PyObject, n: usize) -> Option<*mut PyObject> {
        for place in &self.0 {
            // SAFETY: as the caller vouches.
            if let Some(result) = unsafe { place.get()?.call(args, n) } {
                return Some(result);
            }
        }
        None
    }
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

/// The value of an int that 64 bits hold.
///
/// # Safety
/// Attached, with a live object.
#[inline(never)]
unsafe fn whole(object: *mut PyObject) -> Option<i64> {
    let mut overflow = 0;
    // SAFETY: as the caller vouches; what is exactly an int has a value.
    unsafe {
        if ffi::PyLong_CheckExact(object) == 0 {
            return None;
        }
        let value = ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
        (overflow == 0).then_some(value)
    }
}

/// The number that a parameter declared as a float of C takes from an object that is not exactly a float: what
/// `PyFloat_AsDouble` gives for instances of subclasses and for whole numbers.
///
/// # Safety
/// Attached, with a live object.
#[inline(never)]
pub unsafe fn double(object: *mut PyObject) -> Option<f64> {
    // SAFETY: as the caller vouches; instances of subclasses begin as floats do.
    unsafe {
        if ffi::PyFloat_Check(object) != 0 {
            return Some(ffi::PyFloat_AS_DOUBLE(object));
        }
        // Rounded to the nearest in both ways.
        if ffi::PyLong_CheckExact(object) != 0 {
            return whole(object).map(|value| value as f64);
        }
        // No code of a user's runs in these conversions, and none fails.
        let is_known = known_number(object).is_some_and(|dtype| !dtype.is_complex());
        is_known.then(|| ffi::PyFloat_AsDouble(object))
    }
}

/// The type of a number that a truth value or a number of NumPy's is.
unsafe fn known_number(object: *mut PyObject) -> Option<DType> {
    // SAFETY: attached, with a live object, as the callers vouch.
    unsafe {
        if ffi::PyBool_Check(object) != 0 {
            return Some(DType::Bool);
        }
        numpy::api(Python::assume_attached()).scalar_dtype(ffi::Py_TYPE(object))
    }
}

/// The value of a truth value, or of an integer of NumPy's that 64 bits with a sign hold: what `int` makes of it.
///
/// # Safety
/// Attached, with a live object.
#[inline(never)]
pub unsafe fn known_whole(object: *mut PyObject) -> Option<i64> {
    // SAFETY: as the caller vouches; an integer of NumPy's is a header followed by the value.
    unsafe {
        let dtype = known_number(object)?;
        if ffi::PyBool_Check(object) != 0 {
            return Some(i64::from(object == ffi::Py_True()));
        }
        let at = object.cast::<u8>().add(size_of::<PyObject>());
        Some(match dtype {
            DType::I8 => i64::from(at.cast::<i8>().read()),
            DType::I16 => i64::from(at.cast::<i16>().read()),
            DType::I32 => i64::from(at.cast::<i32>().read()),
            DType::I64 => at.cast::<i64>().read(),
            DType::U8 => i64::from(at.read()),
            DType::U16 => i64::from(at.cast::<u16>().read()),
            DType::U32 => i64::from(at.cast::<u32>().read()),
            DType::U64 => i64::try_from(at.cast::<u64>().read()).ok()?,
            _ => return None,
        })
    }
}

/// The truth of what Python itself or NumPy knows it of: no code of a user's is asked.
///
/// # Safety
/// Attached, with a live object.
#[inline(never)]
pub unsafe fn truth(object: *mut PyObject) -> Option<bool> {
    // SAFETY: as the caller vouches.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        if ty == &raw mut ffi::PyLong_Type {
            return Some(is_not_zero(object));
        }
        let builtin = [
            &raw mut ffi::PyFloat_Type,
            &raw mut ffi::PyUnicode_Type,
            &raw mut ffi::PyBytes_Type,
            &raw mut ffi::PyList_Type,
            &raw mut ffi::PyTuple_Type,
            &raw mut ffi::PyDict_Type,
            &raw mut ffi::PySet_Type,
        ];
        let is_known = object == ffi::Py_None() || builtin.contains(&ty) || known_number(object).is_some();
        is_known.then(|| ffi::PyObject_IsTrue(object) == 1)
    }
}

/// The value of an int that 64 bits without a sign hold.
///
/// # Safety
/// Attached, with a live object that is exactly an int.
#[inline]
pub unsafe fn unsigned(object: *mut PyObject) -> Option<u64> {
    // SAFETY: as the caller vouches; an error is left behind by none but this call.
    unsafe {
        if let Some(value) = small(object) {
            return u64::try_from(value).ok();
        }
        let value = ffi::PyLong_AsUnsignedLongLong(object);
        if value == u64::MAX && !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        Some(value)
    }
}

/// Whether an int is not zero.
///
/// # Safety
/// A live object that is exactly an int.
#[inline]
pub unsafe fn is_not_zero(object: *mut PyObject) -> bool {
    // SAFETY: as the caller vouches. What has more than one digit is not zero.
    unsafe { small(object) != Some(0) }
}

/// Whether a specialisation may be entered without preparations.
pub fn is_plain(entry: &Entry) -> bool {
    entry.guards.is_empty() && computes(entry)
}

/// Whether code only computes, in a function and those that it calls.
fn computes(entry: &Entry) -> bool {
    let compiled = &*entry.compiled;
    let plain = compiled.module.functions.iter().flat_map(|f| &f.insts).all(|inst| {
        walk::is_arithmetic(&inst.kind)
            || matches!(
                inst.kind,
                InstKind::CheckedBinary(..)
                    | InstKind::Get(_)
                    | InstKind::Set(..)
                    | InstKind::If { .. }
                    | InstKind::Raise { .. }
                    | InstKind::Check { .. }
                    | InstKind::For(_)
                    | InstKind::While { .. }
                    | InstKind::TupleMake(_)
                    | InstKind::TupleGet(..)
                    | InstKind::Call(..)
                    | InstKind::Break(_)
                    | InstKind::Continue(_)
                    | InstKind::Return(_)
            )
    });
    plain && !compiled.polls && !compiled.releases_gil && !compiled.uses_errno && compiled.ret_size <= 8
}

/// A truth value in the first byte of a word.
fn truth_word(is: bool) -> u64 {
    u64::from_ne_bytes([u8::from(is), 0, 0, 0, 0, 0, 0, 0])
}

impl Fast {
    /// The way of calling a specialisation, if it is one for this.
    fn of(entry: &Entry, params: usize, takes: &[Takes]) -> Option<Fast> {
        if entry.key.len() != params || params > MAX_PARAMS || !is_plain(entry) {
            return None;
        }
        let mut kinds = [Kind::Int; MAX_PARAMS];
        for (i, (kind, word)) in kinds.iter_mut().zip(&entry.key).enumerate() {
            *kind = match *word {
                Tag::PY_FLOAT if takes.get(i) == Some(&Takes::Double) => Kind::Double,
                Tag::PY_FLOAT => Kind::Float,
                Tag::PY_INT if takes.get(i) == Some(&Takes::Whole) => Kind::Whole,
                Tag::PY_INT => Kind::Int,
                Tag::PY_BOOL if takes.get(i) == Some(&Takes::Truth) => Kind::Truth,
                Tag::PY_BOOL => Kind::Bool,
                word if word == key::scalar(DType::U64) && takes.get(i) == Some(&Takes::Unsigned) => {
                    Kind::Unsigned
                }
                _ => return None,
            };
        }
        let made = made(&entry.compiled.ret, entry.python_numbers)?;
        // SAFETY: the code was compiled for a call of this form.
        let function = unsafe { core::mem::transmute::<usize, EntryPoint>(entry.compiled.code.entry) };
        let mut types = [core::ptr::null_mut(); MAX_PARAMS];
        let mut floats = 0;
        for (i, kind) in kinds.iter().enumerate().take(params) {
            match kind {
                Kind::Float | Kind::Double => {
                    types[i] = &raw mut ffi::PyFloat_Type;
                    floats |= 1 << i;
                }
                Kind::Int | Kind::Whole => types[i] = &raw mut ffi::PyLong_Type,
                Kind::Bool | Kind::Truth | Kind::Unsigned => {}
            }
        }
        Some(Fast { kinds, types, floats, function, made, entry })
    }

    /// Calls the function with numbers of exactly its types; null if they are not, or it fails: its code only computes, so that it may
    /// be called once more.
    ///
    /// # Safety
    /// As for [`Fast::call`].
    #[inline(always)]
    unsafe fn call_exact(&self, args: *const *mut PyObject, n: usize) -> *mut PyObject {
        let mut block = [MaybeUninit::<u64>::uninit(); MAX_PARAMS];
        let mut ret = 0u64;
        // SAFETY: exact types have these layouts; the code was compiled for these words and gives at most 8 bytes.
        unsafe {
            for i in (0..MAX_PARAMS).take_while(|i| *i < n) {
                let object = *args.add(i);
                if ffi::Py_TYPE(object) != self.types[i] {
                    return core::ptr::null_mut();
                }
                block[i].write(if self.floats >> i & 1 != 0 {
                    ffi::PyFloat_AS_DOUBLE(object).to_bits()
                } else {
                    match small(object) {
                        Some(value) => value as u64,
                        None => return core::ptr::null_mut(),
                    }
                });
            }
            let ctx = current_ctx();
            if (self.function)(ctx, (&raw mut ret).cast(), block.as_ptr().cast()) != 0 {
                return core::ptr::null_mut();
            }
            self.object(ret)
        }
    }

    /// Calls the function; `None` if the arguments are of other types.
    ///
    /// # Safety
    /// The interpreter is attached; `args` are `n` live objects, as many as there are parameters.
    #[inline(always)]
    unsafe fn call(&self, args: *const *mut PyObject, n: usize) -> Option<*mut PyObject> {
        let mut block = [MaybeUninit::<u64>::uninit(); MAX_PARAMS];
        let mut ret = 0u64;
        // SAFETY: exact types have these layouts; the code was compiled for these words and gives at most 8 bytes.
        unsafe {
            for (i, (kind, word)) in self.kinds.get(..n)?.iter().zip(&mut block).enumerate() {
                let object = *args.add(i);
                let ty = ffi::Py_TYPE(object);
                let bits = match kind {
                    Kind::Float | Kind::Double if ty == &raw mut ffi::PyFloat_Type => {
                        ffi::PyFloat_AS_DOUBLE(object).to_bits()
                    }
                    Kind::Int => match small(object) {
                        Some(value) => value as u64,
                        None => whole(object)? as u64,
                    },
                    Kind::Bool | Kind::Truth if ty == &raw mut ffi::PyBool_Type => {
                        truth_word(object == ffi::Py_True())
                    }
                    Kind::Float | Kind::Bool => return None,
                    Kind::Double => double(object)?.to_bits(),
                    Kind::Whole => match small(object) {
                        Some(value) => value as u64,
                        None if ty == &raw mut ffi::PyLong_Type => whole(object)? as u64,
                        None => known_whole(object)? as u64,
                    },
                    Kind::Truth => truth_word(truth(object)?),
                    Kind::Unsigned if ty != &raw mut ffi::PyLong_Type => return None,
                    Kind::Unsigned => unsigned(object)?,
                };
                word.write(bits);
            }
            let ctx = current_ctx();
            if (self.function)(ctx, (&raw mut ret).cast(), block.as_ptr().cast()) != 0 {
                return Some(self.failed(ctx));
            }
            Some(self.object(ret))
        }
    }

    #[cold]
    unsafe fn failed(&self, ctx: *mut Ctx) -> *mut PyObject {
        // SAFETY: the entry lives as long as its dispatcher; its code has just failed in this context.
        unsafe { raise::raise(ctx, &(*self.entry).compiled) };
        core::ptr::null_mut()
    }

    #[inline]
    unsafe fn object(&self, bits: u64) -> *mut PyObject {
        // SAFETY: attached.
        unsafe {
            if matches!(self.made, Made::Float) {
                return ffi::PyFloat_FromDouble(f64::from_bits(bits));
            }
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
