//! Calls of small functions of numbers.
//!
//! A specialisation for numbers alone whose code only computes needs nothing that calls otherwise prepare: no context
//! for safepoints, no place for exceptions of callbacks, no fingerprint. The first few such specialisations of a dispatcher are
//! called this way when the arguments have exactly their types, or are what declared parameters take for them.

use core::mem::MaybeUninit;
use core::ptr;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_abi::context::Ctx;
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;
use ungil_runtime::context::current_ctx;
use ungil_sema::ty::Ty;

use crate::call::{self, EntryPoint};
use crate::entry::Entry;
use crate::key::{self, Tag};
use crate::numbers;
use crate::numpy;
use crate::object::{digit, small};
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
    /// Of words whose first bits, of this number, are none of theirs.
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
    /// Which of them are floats, truth values, and integers without a sign, by bits.
    floats: u8,
    truths: u8,
    unsigned: u8,
    /// Whether its code does more than compute, so that a call is prepared.
    is_prepared: bool,
    /// Whether it relies on what may change.
    is_guarded: bool,
    made: Made,
    function: EntryPoint,
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

    /// The first specialisation.
    pub fn first(&self) -> Option<&Fast> {
        self.0[0].get()
    }

    /// Calls the first specialisation; `None`: it is not for these arguments.
    ///
    /// # Safety
    /// As for [`Fast::call`].
    #[inline(always)]
    pub unsafe fn call_first(&self, args: *const *mut PyObject, n: usize) -> Option<*mut PyObject> {
        // SAFETY: as the caller vouches.
        unsafe { self.0[0].get()?.call(args, n) }
    }

    /// Calls one of the others.
    ///
    /// # Safety
    /// As for [`Fast::call`].
    pub unsafe fn call_others(&self, args: *const *mut PyObject, n: usize) -> Option<*mut PyObject> {
        // SAFETY: as the caller vouches.
        self.0[1..].iter().map_while(OnceLock::get).find_map(|fast| unsafe { fast.call(args, n) })
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
        Ty::PyInt => Made::Int(0),
        Ty::PyBool => Made::Bool,
        Ty::None => Made::None,
        Ty::Scalar(_) if !python_numbers => return None,
        Ty::Scalar(DType::F64) => Made::Float,
        Ty::Scalar(DType::F32) => Made::Float32,
        Ty::Scalar(DType::Bool) => Made::Bool,
        Ty::Scalar(d) if d.is_int() && d.is_unsigned() => Made::Unsigned(64 - 8 * d.size() as u8),
        Ty::Scalar(d) if d.is_int() => Made::Int(64 - 8 * d.size() as u8),
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
#[inline]
pub unsafe fn double(object: *mut PyObject) -> Option<f64> {
    // SAFETY: as the caller vouches; instances of subclasses begin as floats do.
    unsafe {
        // Rounded to the nearest as Python does.
        if ffi::PyLong_CheckExact(object) != 0 {
            return whole(object).map(|value| value as f64);
        }
        if ffi::PyFloat_Check(object) != 0 {
            return Some(ffi::PyFloat_AS_DOUBLE(object));
        }
        match known_number(object)? {
            DType::F32 => Some(f64::from(value_of::<f32>(object))),
            DType::U64 => Some(value_of::<u64>(object) as f64),
            dtype if dtype.is_complex() => None,
            _ => known_whole(object).map(|value| value as f64),
        }
    }
}

/// The value of a number of NumPy's: it follows the header.
unsafe fn value_of<T>(object: *mut PyObject) -> T {
    // SAFETY: a live object of the type whose values these are, as the callers vouch.
    unsafe { object.cast::<u8>().add(size_of::<PyObject>()).cast::<T>().read() }
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
#[inline]
pub unsafe fn known_whole(object: *mut PyObject) -> Option<i64> {
    // SAFETY: as the caller vouches; the type of elements is that of the value.
    unsafe {
        if ffi::PyBool_Check(object) != 0 {
            return Some(i64::from(object == ffi::Py_True()));
        }
        Some(match numpy::api(Python::assume_attached()).scalar_dtype(ffi::Py_TYPE(object))? {
            DType::I8 => i64::from(value_of::<i8>(object)),
            DType::I16 => i64::from(value_of::<i16>(object)),
            DType::I32 => i64::from(value_of::<i32>(object)),
            DType::I64 => value_of::<i64>(object),
            DType::U8 => i64::from(value_of::<u8>(object)),
            DType::U16 => i64::from(value_of::<u16>(object)),
            DType::U32 => i64::from(value_of::<u32>(object)),
            DType::U64 => i64::try_from(value_of::<u64>(object)).ok()?,
            _ => return None,
        })
    }
}

/// The truth of what Python itself or NumPy knows it of: no code of a user's is asked.
///
/// # Safety
/// Attached, with a live object.
#[inline]
pub unsafe fn truth(object: *mut PyObject) -> Option<bool> {
    // SAFETY: as the caller vouches.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        if object == ffi::Py_None() {
            return Some(false);
        }
        if ty == numpy::api(Python::assume_attached()).bool_type() {
            return Some(value_of::<u8>(object) != 0);
        }
        if ty == &raw mut ffi::PyLong_Type {
            return Some(is_not_zero(object));
        }
        if ty == &raw mut ffi::PyUnicode_Type {
            return Some((*object.cast::<ffi::PyASCIIObject>()).length != 0);
        }
        let sized = [&raw mut ffi::PyBytes_Type, &raw mut ffi::PyList_Type, &raw mut ffi::PyTuple_Type];
        if sized.contains(&ty) {
            return Some(ffi::Py_SIZE(object) != 0);
        }
        let builtin = [&raw mut ffi::PyFloat_Type, &raw mut ffi::PyDict_Type, &raw mut ffi::PySet_Type];
        if builtin.contains(&ty) {
            return Some(ffi::PyObject_IsTrue(object) == 1);
        }
        known_number(object).map(|_| ffi::PyObject_IsTrue(object) == 1)
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
    let insts = compiled.module.functions.iter().flat_map(|f| f.insts.iter().map(move |inst| (f, inst)));
    let plain = insts.into_iter().all(|(f, inst)| {
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
            || is_call_of_numbers(f, &inst.kind)
    });
    // Those of the host handle exceptions.
    let is_known = |name: &str| !name.starts_with("ungil_");
    let plain = plain && compiled.module.externs.iter().all(|e| is_known(&e.name));
    plain && !compiled.polls && !compiled.releases_gil && !compiled.uses_errno && compiled.ret_size <= 8
}

/// Whether an instruction calls a function of C that takes numbers: none of them can be a way back into compiled code.
fn is_call_of_numbers(f: &Function, kind: &InstKind) -> bool {
    match kind {
        InstKind::Extern(_) => true,
        InstKind::CallC(_, args) => args.iter().all(|arg| matches!(f.ty(*arg), Type::Scalar(_))),
        _ => false,
    }
}

/// A truth value in the first byte of a word.
#[inline]
pub fn truth_word(is: bool) -> u64 {
    u64::from_ne_bytes([u8::from(is), 0, 0, 0, 0, 0, 0, 0])
}

/// What a parameter takes, by the word of its type in the fingerprint.
fn kind_of(word: u64, takes: Option<&Takes>) -> Option<Kind> {
    Some(match word {
        Tag::PY_FLOAT if takes == Some(&Takes::Double) => Kind::Double,
        Tag::PY_FLOAT => Kind::Float,
        Tag::PY_INT if takes == Some(&Takes::Whole) => Kind::Whole,
        Tag::PY_INT => Kind::Int,
        Tag::PY_BOOL if takes == Some(&Takes::Truth) => Kind::Truth,
        Tag::PY_BOOL => Kind::Bool,
        word if word == key::scalar(DType::U64) && takes == Some(&Takes::Unsigned) => Kind::Unsigned,
        _ => return None,
    })
}

impl Fast {
    /// The way of calling a specialisation, if it is one for this.
    fn of(entry: &Entry, params: usize, takes: &[Takes]) -> Option<Fast> {
        let compiled = &*entry.compiled;
        let is_short = compiled.ret_size <= 8 && !compiled.releases_gil;
        if entry.key.len() != params || params > MAX_PARAMS || !is_short {
            return None;
        }
        let mut fast = Fast {
            kinds: [Kind::Int; MAX_PARAMS],
            types: [ptr::null_mut(); MAX_PARAMS],
            floats: 0,
            truths: 0,
            unsigned: 0,
            is_prepared: !computes(entry),
            is_guarded: !entry.is_static,
            made: made(&compiled.ret, entry.python_numbers)?,
            // SAFETY: the code was compiled for a call of this form.
            function: unsafe { core::mem::transmute::<usize, EntryPoint>(compiled.code.entry) },
            entry,
        };
        for (i, word) in entry.key.iter().enumerate() {
            let kind = kind_of(*word, takes.get(i))?;
            fast.kinds[i] = kind;
            fast.types[i] = match kind {
                Kind::Float | Kind::Double => &raw mut ffi::PyFloat_Type,
                Kind::Int | Kind::Whole | Kind::Unsigned => &raw mut ffi::PyLong_Type,
                Kind::Bool | Kind::Truth => &raw mut ffi::PyBool_Type,
            };
            fast.floats |= u8::from(matches!(kind, Kind::Float | Kind::Double)) << i;
            fast.truths |= u8::from(matches!(kind, Kind::Bool | Kind::Truth)) << i;
            fast.unsigned |= u8::from(matches!(kind, Kind::Unsigned)) << i;
        }
        Some(fast)
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
            for i in (0..MAX_PARAMS).take_while(|i| *i < n) {
                block[i].write(self.word(i, *args.add(i))?);
            }
            if !self.holds() {
                return None;
            }
            if self.is_prepared {
                return Some(self.call_prepared(block.as_ptr().cast()));
            }
            let ctx = current_ctx();
            if (self.function)(ctx, (&raw mut ret).cast(), block.as_ptr().cast()) != 0 {
                return Some(self.failed(ctx));
            }
            Some(self.object(ret))
        }
    }

    /// The kinds of its parameters, if a way of its own may be made for them.
    pub fn number_kinds(&self, n: usize) -> Option<u32> {
        let kinds = self.kinds.get(..n).filter(|_| !self.is_prepared)?;
        kinds.iter().enumerate().try_fold(0, |all, (i, kind)| {
            let kind = match kind {
                Kind::Float | Kind::Double => numbers::FLOAT,
                Kind::Int | Kind::Whole => numbers::INT,
                Kind::Truth => numbers::TRUTH,
                Kind::Bool | Kind::Unsigned => return None,
            };
            Some(all | kind << (2 * i))
        })
    }

    /// Runs the code on words that fit; not zero: it has failed.
    ///
    /// # Safety
    /// Attached; the context is this thread's own; there is a word for each parameter.
    #[inline(always)]
    pub unsafe fn enter(&self, ctx: *mut Ctx, ret: &mut u64, block: *const u8) -> i32 {
        // SAFETY: the code was compiled for these words and gives at most 8 bytes.
        unsafe { (self.function)(ctx, core::ptr::from_mut(ret).cast(), block) }
    }

    /// The word of an argument; `None` if it is of another type.
    ///
    /// # Safety
    /// Attached, with a live object.
    #[inline(always)]
    pub unsafe fn word(&self, i: usize, object: *mut PyObject) -> Option<u64> {
        // SAFETY: as the caller vouches; exact types have these layouts.
        unsafe {
            if ffi::Py_TYPE(object) != self.types[i] {
                return self.converted(i, object);
            }
            if self.floats >> i & 1 != 0 {
                return Some(ffi::PyFloat_AS_DOUBLE(object).to_bits());
            }
            if self.truths >> i & 1 != 0 {
                return Some(truth_word(object == ffi::Py_True()));
            }
            match digit(object) {
                Some(value) if value >= 0 || self.unsigned >> i & 1 == 0 => Some(value as u64),
                _ => self.converted(i, object),
            }
        }
    }

    /// The word of an argument that is not exactly of the type that is looked at first, or an int of more digits.
    ///
    /// # Safety
    /// Attached, with a live object.
    #[inline(never)]
    pub unsafe fn converted(&self, i: usize, object: *mut PyObject) -> Option<u64> {
        // SAFETY: attached, with a live object, as the caller vouches.
        unsafe {
            Some(match self.kinds[i] {
                Kind::Float | Kind::Bool => return None,
                Kind::Int => whole(object)? as u64,
                Kind::Double => double(object)?.to_bits(),
                Kind::Whole if ffi::PyLong_CheckExact(object) != 0 => whole(object)? as u64,
                Kind::Whole => known_whole(object)? as u64,
                Kind::Truth => truth_word(truth(object)?),
                Kind::Unsigned if ffi::PyLong_CheckExact(object) != 0 => unsigned(object)?,
                Kind::Unsigned => return None,
            })
        }
    }

    /// Whether nothing has changed that the code relies on.
    ///
    /// # Safety
    /// Attached.
    #[inline(always)]
    pub unsafe fn holds(&self) -> bool {
        // SAFETY: as the caller vouches; the entry lives as long as its dispatcher.
        !self.is_guarded || unsafe { (*self.entry).guards.hold() }
    }

    /// Calls code that polls, or calls C.
    #[inline(never)]
    unsafe fn call_prepared(&self, block: *const u8) -> *mut PyObject {
        let mut ret = 0u64;
        // SAFETY: as for `call`; the entry lives as long as its dispatcher.
        unsafe {
            match call::run_words(&(*self.entry).compiled, false, block, (&raw mut ret).cast()) {
                true => self.object(ret),
                false => ptr::null_mut(),
            }
        }
    }

    /// Raises the exception of code that has just failed; null.
    ///
    /// # Safety
    /// Attached; the code has failed in this context.
    #[cold]
    pub unsafe fn failed(&self, ctx: *mut Ctx) -> *mut PyObject {
        // SAFETY: the entry lives as long as its dispatcher; its code has just failed in this context.
        unsafe { raise::raise(ctx, &(*self.entry).compiled) };
        ptr::null_mut()
    }

    /// The result's object.
    ///
    /// # Safety
    /// Attached; the bits are what the code has given.
    #[inline(always)]
    pub unsafe fn object(&self, bits: u64) -> *mut PyObject {
        // SAFETY: attached.
        unsafe {
            match self.made {
                Made::Float => ffi::PyFloat_FromDouble(f64::from_bits(bits)),
                Made::Int(unused) => {
                    ffi::PyLong_FromLongLong((bits << (unused & 63)) as i64 >> (unused & 63))
                }
                _ => self.other_object(bits),
            }
        }
    }

    /// The same of what results are less often.
    #[inline(never)]
    unsafe fn other_object(&self, bits: u64) -> *mut PyObject {
        // SAFETY: attached.
        unsafe {
            match self.made {
                Made::Float32 => ffi::PyFloat_FromDouble(f64::from(f32::from_bits(bits as u32))),
                Made::Unsigned(unused) => ffi::PyLong_FromUnsignedLongLong(bits << unused >> unused),
                Made::Bool => ffi::PyBool_FromLong(core::ffi::c_long::from(bits & 0xff != 0)),
                Made::Float | Made::Int(_) | Made::None => {
                    ffi::Py_INCREF(ffi::Py_None());
                    ffi::Py_None()
                }
            }
        }
    }
}
