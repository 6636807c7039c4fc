//! Results of kernels as Python objects.
//!
//! Weak scalars become Python's, others NumPy's; tuples are rebuilt. A fresh array owns its memory through a NEP 49
//! handler that gives it back to the runtime's allocator. An argument that is returned is the identical object, a
//! view of one has it as its base.

use core::ffi::{c_char, c_int, c_void};
use core::sync::atomic::Ordering;

use pyo3::ffi::{self, Py_ssize_t, PyObject};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyList};
use ungil_abi::array::{MemInfo, MemKind};
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_runtime::alloc;
use ungil_sema::ty::{RecordKind, RecordTy, Ty};

use crate::entry::Entry;
use crate::numpy::{self, DataMemHandler, PyArray};
use crate::pack::Packer;

/// Reads one packed value after the other.
struct Reader<'a> {
    at: *const u8,
    packer: &'a Packer,
}

/// The result of a successful call; null with an exception set on failure.
///
/// # Safety
/// The interpreter is attached; `ret` holds the packed result of `entry`, whose references pass to the object.
#[inline(always)]
pub unsafe fn build(entry: &Entry, packer: &Packer, ret: *const u8) -> *mut PyObject {
    // SAFETY: as the caller vouches, the bytes at `ret` are a value of the entry's result type.
    unsafe { Reader { at: ret, packer }.result(&entry.compiled.ret) }
}

impl Reader<'_> {
    unsafe fn take<T: Copy>(&mut self) -> T {
        // SAFETY: the packed result holds a `T` here, in slots of 8 bytes.
        unsafe {
            let value = self.at.cast::<T>().read_unaligned();
            self.at = self.at.add(size_of::<T>().next_multiple_of(8));
            value
        }
    }

    /// The commonest results in place; others, parts of tuples too, by a call.
    #[inline(always)]
    unsafe fn result(&mut self, ty: &Ty) -> *mut PyObject {
        // SAFETY: as for `value`.
        unsafe {
            match ty {
                Ty::PyFloat => ffi::PyFloat_FromDouble(self.take()),
                Ty::PyInt => ffi::PyLong_FromLongLong(self.take()),
                Ty::None => new_ref(ffi::Py_None()),
                other => self.value(other),
            }
        }
    }

    #[inline]
    unsafe fn value(&mut self, ty: &Ty) -> *mut PyObject {
        // SAFETY: each arm reads what the packing rule puts there for the type.
        unsafe {
            match ty {
                Ty::PyFloat => ffi::PyFloat_FromDouble(self.take()),
                Ty::PyInt => ffi::PyLong_FromLongLong(self.take()),
                Ty::None => new_ref(ffi::Py_None()),
                Ty::PyBool => new_ref(if self.take::<u8>() != 0 { ffi::Py_True() } else { ffi::Py_False() }),
                Ty::PyComplex => {
                    let [real, imag] = self.take::<[f64; 2]>();
                    ffi::PyComplex_FromDoubles(real, imag)
                }
                Ty::Scalar(d) => self.scalar(*d),
                Ty::Array(a) => self.array(*a),
                Ty::Tuple(items) => self.tuple(items),
                other => self.rare(other),
            }
        }
    }

    unsafe fn scalar(&mut self, dtype: DType) -> *mut PyObject {
        // SAFETY: the packed result holds a scalar of this dtype here.
        unsafe {
            if self.packer.python_numbers.get() {
                return self.python_number(dtype);
            }
            let at = self.at;
            self.at = at.add(dtype.size().next_multiple_of(8) as usize);
            numpy::api(Python::assume_attached()).new_scalar(dtype, at)
        }
    }

    /// A scalar of any type as a number of Python.
    unsafe fn python_number(&mut self, dtype: DType) -> *mut PyObject {
        // SAFETY: the packed result holds a scalar of this dtype here.
        unsafe {
            match dtype {
                DType::Bool => new_ref(if self.take::<u8>() != 0 { ffi::Py_True() } else { ffi::Py_False() }),
                DType::I8 => ffi::PyLong_FromLongLong(self.take::<i8>().into()),
                DType::U8 => ffi::PyLong_FromLongLong(self.take::<u8>().into()),
                DType::I16 => ffi::PyLong_FromLongLong(self.take::<i16>().into()),
                DType::U16 => ffi::PyLong_FromLongLong(self.take::<u16>().into()),
                DType::I32 => ffi::PyLong_FromLongLong(self.take::<i32>().into()),
                DType::U32 => ffi::PyLong_FromLongLong(self.take::<u32>().into()),
                DType::I64 => ffi::PyLong_FromLongLong(self.take()),
                DType::U64 => ffi::PyLong_FromUnsignedLongLong(self.take()),
                DType::F32 => ffi::PyFloat_FromDouble(self.take::<f32>().into()),
                DType::F64 => ffi::PyFloat_FromDouble(self.take()),
                DType::C64 => {
                    let [real, imag] = self.take::<[f32; 2]>();
                    ffi::PyComplex_FromDoubles(real.into(), imag.into())
                }
                DType::C128 => {
                    let [real, imag] = self.take::<[f64; 2]>();
                    ffi::PyComplex_FromDoubles(real, imag)
                }
            }
        }
    }

    unsafe fn tuple(&mut self, items: &[Ty]) -> *mut PyObject {
        // SAFETY: a new tuple is filled before anyone else sees it; on failure it is dropped with what it has, and
        // the other items are still read so that their references are released.
        unsafe {
            let tuple = ffi::PyTuple_New(items.len() as Py_ssize_t);
            let mut ok = !tuple.is_null();
            for (i, ty) in items.iter().enumerate() {
                let item = self.value(ty);
                ok &= !item.is_null();
                if tuple.is_null() {
                    ffi::Py_XDECREF(item);
                } else {
                    ffi::PyTuple_SET_ITEM(tuple, i as Py_ssize_t, item);
                }
            }
            if !ok {
                ffi::Py_XDECREF(tuple);
                return core::ptr::null_mut();
            }
            tuple
        }
    }

    unsafe fn rare(&mut self, ty: &Ty) -> *mut PyObject {
        // SAFETY: the packed result holds the parts of a value of this type.
        unsafe {
            match ty {
                Ty::Range => {
                    let [start, stop, step] = self.take::<[i64; 3]>();
                    let format = c"LLL".as_ptr();
                    ffi::PyObject_CallFunction((&raw mut ffi::PyRange_Type).cast(), format, start, stop, step)
                }
                Ty::Slice(given) => {
                    let mut part = |is: bool| {
                        if is { ffi::PyLong_FromLongLong(self.take()) } else { new_ref(ffi::Py_None()) }
                    };
                    let parts = [part(given.start), part(given.stop), part(given.step)];
                    let slice = ffi::PySlice_New(parts[0], parts[1], parts[2]);
                    parts.into_iter().for_each(|p| ffi::Py_XDECREF(p));
                    slice
                }
                // As ctypes returns a `c_void_p`.
                Ty::Pointer(_) => match self.take::<u64>() {
                    0 => new_ref(ffi::Py_None()),
                    address => ffi::PyLong_FromUnsignedLongLong(address),
                },
                Ty::Mpi(kind) => {
                    let handle = self.take::<i64>();
                    crate::mpi::object(Python::assume_attached(), *kind, handle)
                }
                Ty::Ellipsis => new_ref(ffi::Py_Ellipsis()),
                Ty::Str(text) => {
                    ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as Py_ssize_t)
                }
                Ty::Bytes(bytes) => {
                    ffi::PyBytes_FromStringAndSize(bytes.as_ptr().cast(), bytes.len() as Py_ssize_t)
                }
                Ty::Record(record) => self.record(record),
                Ty::List(list) => self.list(list.element.as_ref()),
                Ty::DType(d) => numpy::api(Python::assume_attached()).new_descr(*d),
                other => {
                    // Refused when the kernel was compiled.
                    let text = format!("internal error: a kernel returned a value of type {other}");
                    pyo3::exceptions::PySystemError::new_err(text).restore(Python::assume_attached());
                    core::ptr::null_mut()
                }
            }
        }
    }

    /// What Python gets of a struct or array of C.
    unsafe fn record(&mut self, record: &RecordTy) -> *mut PyObject {
        // SAFETY: the items are read in order; the tuple owns them and is dropped when the result is made of it.
        unsafe {
            let items = self.tuple(&record.items);
            if items.is_null() {
                return items;
            }
            let items = Bound::from_owned_ptr(Python::assume_attached(), items);
            match record_object(&record.kind, &items) {
                Ok(object) => object.into_ptr(),
                Err(error) => {
                    error.restore(items.py());
                    core::ptr::null_mut()
                }
            }
        }
    }

    /// A list: the one that was passed, or a new one with the elements.
    unsafe fn list(&mut self, element: Option<&Ty>) -> *mut PyObject {
        // SAFETY: the packed result holds the descriptor of a box, whose reference is this result's.
        unsafe {
            let owner = *self.at.cast::<*mut MemInfo>().add(1);
            self.at = self.at.add(ungil_abi::array::descriptor_size(1));
            let object = list_object(owner, element, self.packer);
            alloc::ungil_rt_release(owner);
            object
        }
    }

    unsafe fn array(&mut self, ty: ArrayType) -> *mut PyObject {
        let nd = usize::from(ty.ndim);
        // SAFETY: the packed result holds a descriptor of `nd` dimensions here.
        let result = unsafe {
            let words = self.at.cast::<u64>();
            self.at = self.at.add(ungil_abi::array::descriptor_size(nd));
            let data = *words as *mut u8;
            let owner = *words.add(1) as *mut MemInfo;
            let shape = core::slice::from_raw_parts(words.add(2).cast::<i64>(), nd);
            let written = core::slice::from_raw_parts(words.add(2 + nd).cast::<i64>(), nd);
            Array { ty, data, owner, shape, strides: strides_of(ty, shape, written) }
        };
        // SAFETY: the descriptor came from a call that just ended.
        unsafe { result.into_object(self.packer) }
    }
}

fn record_object<'py>(kind: &RecordKind, items: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = items.py();
    Ok(match kind {
        RecordKind::List => PyList::new(py, items.try_iter()?.collect::<PyResult<Vec<_>>>()?)?.into_any(),
        RecordKind::Dict(names) => {
            let dict = PyDict::new(py);
            for (k, name) in names.iter().enumerate() {
                dict.set_item(&**name, items.get_item(k)?)?;
            }
            dict.into_any()
        }
        RecordKind::OneOf => items.get_item(1 + items.get_item(0)?.extract::<usize>()?)?,
        RecordKind::Numbers => items.get_item(0)?.call_method0("tolist")?,
        RecordKind::Enum(name) => {
            let member = py.import("ungil.pyx._enums")?.getattr("member")?;
            member.call1((&**name, items.get_item(0)?))?
        }
        RecordKind::Structs(element) => crate::pyx::array_of_structs(element, &items.get_item(0)?)?,
        RecordKind::Memory => items.get_item(0)?.call_method0("tobytes")?,
        RecordKind::Bytes => {
            let bytes: Vec<u8> = items.get_item(0)?.call_method0("tobytes")?.extract()?;
            let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
            PyBytes::new(py, &bytes[..end]).into_any()
        }
    })
}

/// The Python list for a box.
///
/// # Safety
/// The interpreter is attached; `owner` is the live box of a list with such elements.
pub unsafe fn list_object(owner: *mut MemInfo, element: Option<&Ty>, packer: &Packer) -> *mut PyObject {
    // SAFETY: the box belongs to a list argument whose object the call holds.
    unsafe {
        if !(*owner).object.is_null() {
            new_ref((*owner).object.cast())
        } else {
            new_list(owner, element, packer)
        }
    }
}

/// A new Python list of the elements of a box.
///
/// # Safety
/// As for [`list_object`].
pub unsafe fn new_list(owner: *mut MemInfo, element: Option<&Ty>, packer: &Packer) -> *mut PyObject {
    use ungil_abi::list::{DATA, ELEMENT, LEN, OWNERS};
    // SAFETY: the box's words tell where its elements lie; each is read as its type says, and what it holds is retained
    // for the object that takes it over, unless this is the list's only reference.
    unsafe {
        let words = (*owner).data.cast::<i64>();
        let (n, size, owners) = (*words.add(LEN), *words.add(ELEMENT), *words.add(OWNERS) as u64);
        let data = *words.add(DATA) as *const u8;
        let list = ffi::PyList_New(n as Py_ssize_t);
        let (false, Some(element)) = (list.is_null(), element) else { return list };
        let moved = (*owner).refs.load(Ordering::Acquire) == 1;
        let mut fine = true;
        for i in 0..n {
            let at = data.offset((i * size) as isize);
            if !moved {
                for word in (0..64).filter(|w| owners >> w & 1 == 1) {
                    alloc::ungil_rt_retain(*at.cast::<*mut MemInfo>().add(word));
                }
            }
            let item = Reader { at, packer }.value(element);
            fine &= !item.is_null();
            ffi::PyList_SetItem(list, i as Py_ssize_t, item);
        }
        if moved {
            *words.add(LEN) = 0;
        }
        if !fine {
            ffi::Py_DECREF(list);
            return core::ptr::null_mut();
        }
        list
    }
}

/// Contiguous arrays' strides follow from their shape; generated code need not have written them.
fn strides_of(ty: ArrayType, shape: &[i64], written: &[i64]) -> Vec<i64> {
    let mut strides = written.to_vec();
    let mut step = ty.dtype.size() as i64;
    let mut put = |i: usize| {
        strides[i] = step;
        step *= shape[i].max(1);
    };
    match ty.layout {
        Layout::C => (0..shape.len()).rev().for_each(&mut put),
        Layout::F => (0..shape.len()).for_each(&mut put),
        Layout::Strided => {}
    }
    strides
}

struct Array<'a> {
    ty: ArrayType,
    data: *mut u8,
    owner: *mut MemInfo,
    shape: &'a [i64],
    strides: Vec<i64>,
}

impl Array<'_> {
    unsafe fn into_object(self, packer: &Packer) -> *mut PyObject {
        // SAFETY: a non-null owner is a live record: of the runtime, of this call's arguments, or of a global array.
        unsafe {
            let kind = self.owner.as_ref().map_or(u32::MAX, |o| o.kind);
            match kind {
                MemKind::RUNTIME => self.fresh(),
                MemKind::ARGUMENT | MemKind::GLOBAL => self.borrowed(packer),
                _ => self.without_owner(),
            }
        }
    }

    fn flags(&self) -> c_int {
        if self.ty.readonly { 0 } else { numpy::WRITEABLE }
    }

    unsafe fn make(&self, data: *mut u8) -> *mut PyObject {
        // SAFETY: shape and strides hold `nd` values and describe memory that the caller keeps alive.
        unsafe {
            let py = Python::assume_attached();
            let api = numpy::api(py);
            let (shape, strides) = (self.shape.as_ptr(), self.strides.as_ptr());
            let array = api.new_array(self.ty.dtype, self.shape.len(), shape, strides, data, self.flags());
            if array.is_null() || !self.ty.swapped { array } else { with_other_byte_order(py, array) }
        }
    }

    /// Memory of the runtime: the array owns it, or shares it through a capsule.
    unsafe fn fresh(self) -> *mut PyObject {
        // SAFETY: the record is live and one of its references is this result's.
        unsafe {
            let info = &*self.owner;
            let whole = self.data == info.data
                && self.ty.layout != Layout::Strided
                && info.refs.load(Ordering::Acquire) == 1;
            let array = self.make(self.data);
            if array.is_null() {
                alloc::ungil_rt_release(self.owner);
                return array;
            }
            let py = Python::assume_attached();
            if whole && let Some(handler) = handler(py) {
                let fields = array.cast::<PyArray>();
                ffi::Py_INCREF(handler);
                (*fields).mem_handler = handler;
                (*fields).flags |= numpy::OWNDATA;
                return array;
            }
            let capsule = ffi::PyCapsule_New(self.owner.cast(), OWNER_NAME.as_ptr(), Some(release_capsule));
            if capsule.is_null() {
                ffi::Py_DECREF(array);
                alloc::ungil_rt_release(self.owner);
                return capsule;
            }
            based(array, capsule)
        }
    }

    /// An argument or a global array, or a view of one.
    unsafe fn borrowed(self, packer: &Packer) -> *mut PyObject {
        // SAFETY: the record's object is the ndarray it was made from, which the caller or the entry holds.
        unsafe {
            let object = (*self.owner).object;
            let source = object.cast::<PyArray>();
            if self.is_same_as(source) {
                let original = packer.held.iter().find(|h| h.array.cast() == object).map(|h| h.original);
                return new_ref(original.unwrap_or(object.cast()));
            }
            let array = self.make(self.data);
            if array.is_null() { array } else { based(array, new_ref(object.cast())) }
        }
    }

    unsafe fn is_same_as(&self, source: *mut PyArray) -> bool {
        // SAFETY: `source` is a live ndarray with `nd` extents and strides.
        unsafe {
            let nd = self.shape.len();
            let empty = self.shape.contains(&0);
            let same_type = numpy::dtype_of_type_num((*(*source).descr).type_num) == Some(self.ty.dtype);
            same_type
                && (*source).data == self.data
                && (*source).nd as usize == nd
                && (0..nd).all(|i| {
                    let (extent, stride) = (*(*source).dimensions.add(i), *(*source).strides.add(i));
                    extent as i64 == self.shape[i]
                        && (empty || extent <= 1 || stride as i64 == self.strides[i])
                })
        }
    }

    /// No owner: arrays without elements, and those over memory of C.
    unsafe fn without_owner(self) -> *mut PyObject {
        if self.shape.contains(&0) {
            // SAFETY: NumPy allocates the memory when it is given none.
            return unsafe { self.make(core::ptr::null_mut()) };
        }
        if !self.data.is_null() {
            // A view of memory that a pointer leads to, as `<double[:n]>p` makes it; whoever has the pointer frees it.
            // SAFETY: the kernel's author vouches for the memory.
            return unsafe { self.make(self.data) };
        }
        let text = "internal error: a kernel returned an array that nobody owns";
        // SAFETY: the caller is attached.
        pyo3::exceptions::PySystemError::new_err(text).restore(unsafe { Python::assume_attached() });
        core::ptr::null_mut()
    }
}

/// A new array of the runtime's memory, whose elements are not set; null with an exception set on failure.
pub fn empty_array(py: Python<'_>, dtype: DType, shape: &[isize], strides: &[isize]) -> *mut PyObject {
    let elements = shape.iter().try_fold(1isize, |n, extent| n.checked_mul(*extent));
    let bytes = elements.and_then(|n| n.checked_mul(dtype.size() as isize));
    let Some(bytes) = bytes else {
        pyo3::exceptions::PyValueError::new_err("array is too big").restore(py);
        return core::ptr::null_mut();
    };
    let data = alloc::alloc_raw(bytes as usize, false);
    if data.is_null() {
        pyo3::exceptions::PyMemoryError::new_err(format!("unable to allocate {bytes} bytes")).restore(py);
        return core::ptr::null_mut();
    }
    // SAFETY: shape and strides describe the memory just allocated, which passes to the array with its handler.
    unsafe {
        let (shape_at, strides_at) = (shape.as_ptr().cast(), strides.as_ptr().cast());
        let flags = numpy::WRITEABLE;
        let array = numpy::api(py).new_array(dtype, shape.len(), shape_at, strides_at, data, flags);
        let Some(handler) = handler(py).filter(|_| !array.is_null()) else {
            alloc::free_raw(data, bytes as usize);
            ffi::Py_XDECREF(array);
            return core::ptr::null_mut();
        };
        let fields = array.cast::<PyArray>();
        ffi::Py_INCREF(handler);
        (*fields).mem_handler = handler;
        (*fields).flags |= numpy::OWNDATA;
        array
    }
}

unsafe fn new_ref(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: the callers pass live objects.
    unsafe { ffi::Py_INCREF(object) };
    object
}

/// Gives `array` the base `base`, whose reference is taken over.
unsafe fn based(array: *mut PyObject, base: *mut PyObject) -> *mut PyObject {
    // SAFETY: a new array without base.
    unsafe {
        if numpy::api(Python::assume_attached()).set_base(array, base) < 0 {
            ffi::Py_DECREF(array);
            return core::ptr::null_mut();
        }
    }
    array
}

/// The same memory seen in the other byte order. The view has the array as its base.
fn with_other_byte_order(py: Python<'_>, array: *mut PyObject) -> *mut PyObject {
    // SAFETY: the caller passes a new reference.
    let array = unsafe { Bound::from_owned_ptr(py, array) };
    let swapped = || -> PyResult<Bound<'_, PyAny>> {
        let dtype = array.getattr("dtype")?.call_method0("newbyteorder")?;
        array.setattr("dtype", dtype)?;
        Ok(array.clone())
    };
    match swapped() {
        Ok(view) => view.into_ptr(),
        Err(error) => {
            error.restore(py);
            core::ptr::null_mut()
        }
    }
}

const OWNER_NAME: &core::ffi::CStr = c"ungil.memory";

unsafe extern "C" fn release_capsule(capsule: *mut PyObject) {
    // SAFETY: the capsule was made by `fresh` and holds one reference to a live record.
    unsafe {
        let info = ffi::PyCapsule_GetPointer(capsule, OWNER_NAME.as_ptr());
        alloc::ungil_rt_release(info.cast());
    }
}

struct Handler(*mut PyObject);
// SAFETY: the capsule is immortal; it is only used while attached.
unsafe impl Send for Handler {}
// SAFETY: as for `Send`.
unsafe impl Sync for Handler {}

static HANDLER: PyOnceLock<Handler> = PyOnceLock::new();

/// The capsule with the memory handler (borrowed).
fn handler(py: Python<'_>) -> Option<*mut PyObject> {
    let make = || -> Result<Handler, ()> {
        let mut name = [0 as c_char; 127];
        for (to, from) in name.iter_mut().zip(b"ungil_allocator") {
            *to = *from as c_char;
        }
        let (malloc, calloc, realloc, free) = (handler_malloc, handler_calloc, handler_realloc, handler_free);
        let ctx = core::ptr::null_mut();
        let table =
            Box::leak(Box::new(DataMemHandler { name, version: 1, ctx, malloc, calloc, realloc, free }));
        // SAFETY: the table lives for ever, as the capsule does.
        let capsule = unsafe { ffi::PyCapsule_New((&raw mut *table).cast(), c"mem_handler".as_ptr(), None) };
        if capsule.is_null() { Err(()) } else { Ok(Handler(capsule)) }
    };
    HANDLER.get_or_try_init(py, make).ok().map(|h| h.0)
}

unsafe extern "C" fn handler_malloc(_: *mut c_void, size: usize) -> *mut c_void {
    alloc::alloc_raw(size, false).cast()
}

unsafe extern "C" fn handler_calloc(_: *mut c_void, n: usize, size: usize) -> *mut c_void {
    n.checked_mul(size).map_or(core::ptr::null_mut(), |bytes| alloc::alloc_raw(bytes, true).cast())
}

unsafe extern "C" fn handler_realloc(_: *mut c_void, data: *mut c_void, size: usize) -> *mut c_void {
    // SAFETY: NumPy passes memory that this handler gave out, or null.
    unsafe {
        if data.is_null() {
            alloc::alloc_raw(size, false).cast()
        } else {
            alloc::realloc_raw(data.cast(), size).cast()
        }
    }
}

unsafe extern "C" fn handler_free(_: *mut c_void, data: *mut c_void, size: usize) {
    if !data.is_null() {
        // SAFETY: NumPy passes memory that this handler gave out, once.
        unsafe { alloc::free_raw(data.cast(), size) };
    }
}
