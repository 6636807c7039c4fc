//! Arguments of one call: their fingerprint and their machine form.
//!
//! One pass over the objects writes both: the words of [`crate::key`] and the argument block in the layout of
//! `ungil_ir::packing`. Nothing is allocated for ordinary arguments; when
//! the stack buffers are too small the pass is repeated with larger ones on the heap.
//!
//! Contract: the objects stay alive during the call because the caller of a vectorcall holds references to them;
//! what the pass creates (views of other exporters) is kept in [`Packer::held`].

mod exported;

use core::cell::Cell;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::AtomicI64;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_abi::array::{MemInfo, MemKind};
use ungil_ir::types::{DType, Layout};
use ungil_sema::mpi::Mpi;
use ungil_sema::ty::Ty;

use crate::fast;
use crate::foreign::{self, Passed};
use crate::key::{self, Tag};
use crate::lists::{self, Lists};
use crate::mpi;
use crate::numpy::{self, Api, PyArray};
use crate::object::is_memory;
use crate::pyx::{Elements, Takes};
use crate::reject::ArgError;

/// Sizes of the stack buffers.
pub const BLOCK_WORDS: usize = 64;
pub const KEY_WORDS: usize = 16;
pub const MAX_ARRAYS: usize = 8;

/// An array made for the call from another exporter, and the object the user passed.
pub struct Held {
    pub array: *mut PyObject,
    pub original: *mut PyObject,
}

/// Writer of one call's arguments.
pub struct Packer {
    block: *mut u8,
    block_size: usize,
    offset: usize,
    keys: *mut u64,
    keys_size: usize,
    nkeys: usize,
    mems: *mut MemInfo,
    mems_size: usize,
    nmems: usize,
    api: &'static Api,
    /// References that the call owns.
    pub held: Vec<Held>,
    /// Buffers that it has asked for.
    exports: Vec<ffi::Py_buffer>,
    /// Whether memory of `bytes` was written, which nobody but the call holds.
    has_bytes: bool,
    pub lists: Option<Box<Lists>>,
    /// Whether lists are converted; otherwise they are errors.
    pub takes_lists: bool,
    /// Whether numbers in the result are Python's whatever their type.
    pub python_numbers: Cell<bool>,
}

impl Packer {
    /// A packer that writes into the given buffers.
    ///
    /// # Safety
    /// The buffers stay where they are, unused by others, until the call has ended.
    #[inline]
    pub unsafe fn new(
        block: &mut [MaybeUninit<u64>],
        keys: &mut [MaybeUninit<u64>],
        mems: &mut [MaybeUninit<MemInfo>],
        api: &'static Api,
    ) -> Packer {
        Packer {
            block: block.as_mut_ptr().cast(),
            block_size: block.len() * 8,
            offset: 0,
            keys: keys.as_mut_ptr().cast(),
            keys_size: keys.len(),
            nkeys: 0,
            mems: mems.as_mut_ptr().cast(),
            mems_size: mems.len(),
            nmems: 0,
            api,
            held: Vec::new(),
            exports: Vec::new(),
            has_bytes: false,
            lists: None,
            takes_lists: true,
            python_numbers: Cell::new(false),
        }
    }

    /// The packed arguments.
    #[inline]
    pub fn block(&self) -> *const u8 {
        self.block
    }

    /// The fingerprint of what was written.
    #[inline]
    pub fn key(&self) -> &[u64] {
        // SAFETY: the first `nkeys` words were written by `word`.
        unsafe { core::slice::from_raw_parts(self.keys, self.nkeys) }
    }

    #[inline]
    fn word(&mut self, word: u64) -> Result<(), ArgError> {
        if self.nkeys == self.keys_size {
            return Err(ArgError::Full);
        }
        // SAFETY: `nkeys` is inside the buffer, as just checked.
        unsafe { *self.keys.add(self.nkeys) = word };
        self.nkeys += 1;
        Ok(())
    }

    /// Room for `size` bytes, a multiple of 8.
    #[inline]
    fn reserve(&mut self, size: usize) -> Result<*mut u8, ArgError> {
        let start = self.offset;
        if start + size > self.block_size {
            return Err(ArgError::Full);
        }
        self.offset = start + size;
        // SAFETY: `start + size` is inside the block, as just checked.
        Ok(unsafe { self.block.add(start) })
    }

    #[inline]
    fn put<T: Copy>(&mut self, value: T) -> Result<(), ArgError> {
        let place = self.reserve(size_of::<T>().next_multiple_of(8))?;
        // SAFETY: `reserve` returned room for a `T`, aligned to 8.
        unsafe { place.cast::<T>().write(value) };
        Ok(())
    }

    /// Writes one argument.
    ///
    /// # Safety
    /// The interpreter is attached and `object` is a live object.
    #[inline]
    pub unsafe fn argument(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: the caller vouches for `object`; each branch reads only what its exact type has.
        unsafe {
            let ty = ffi::Py_TYPE(object);
            if ty == self.api.array_type {
                self.array(object)
            } else if ty == &raw mut ffi::PyFloat_Type {
                self.word(Tag::PY_FLOAT)?;
                self.put(ffi::PyFloat_AS_DOUBLE(object))
            } else if ty == &raw mut ffi::PyLong_Type {
                self.word(Tag::PY_INT)?;
                self.integer(object)
            } else if ty == &raw mut ffi::PyBool_Type {
                self.word(Tag::PY_BOOL)?;
                self.put(u8::from(object == ffi::Py_True()))
            } else {
                self.other(object)
            }
        }
    }

    /// Writes an argument as the number that a declared parameter takes it for.
    ///
    /// # Safety
    /// As for [`Packer::argument`].
    #[inline(always)]
    pub unsafe fn number_for(
        &mut self,
        takes: Option<&Takes>,
        object: *mut PyObject,
    ) -> Result<(), ArgError> {
        // SAFETY: as the caller vouches.
        unsafe {
            let ty = ffi::Py_TYPE(object);
            if ty == self.api.array_type {
                return match takes {
                    Some(Takes::Bytes | Takes::Instance) => Err(ArgError::List { object }),
                    _ => self.array(object),
                };
            }
            let is_usual = match takes {
                None => true,
                Some(Takes::Anything) => ty == &raw mut ffi::PyLong_Type || ty == &raw mut ffi::PyFloat_Type,
                Some(Takes::Double) => ty == &raw mut ffi::PyFloat_Type,
                Some(Takes::Whole) => ty == &raw mut ffi::PyLong_Type,
                Some(Takes::Truth) => ty == &raw mut ffi::PyBool_Type,
                Some(_) => false,
            };
            if !is_usual
                && let Some(takes) = takes
                && let Some(done) = self.taken(takes, object)
            {
                return done;
            }
            self.argument(object)
        }
    }

    /// Writes an argument that a parameter takes for something else; `None`: it is what it is.
    #[inline(never)]
    unsafe fn taken(&mut self, takes: &Takes, object: *mut PyObject) -> Option<Result<(), ArgError>> {
        // SAFETY: as the caller vouches.
        unsafe {
            let ty = ffi::Py_TYPE(object);
            let is_bytes = ty == &raw mut ffi::PyBytes_Type;
            match takes {
                Takes::Bytes => (!is_bytes).then_some(Err(ArgError::List { object })),
                Takes::Instance => Some(Err(ArgError::List { object })),
                Takes::Anything => is_memory(object).then_some(Err(ArgError::List { object })),
                Takes::Double => fast::double(object).map(|value| self.number(Tag::PY_FLOAT, value)),
                Takes::Whole => fast::known_whole(object).map(|value| self.number(Tag::PY_INT, value)),
                Takes::Truth => fast::truth(object).map(|value| self.number(Tag::PY_BOOL, u8::from(value))),
                Takes::Complex if ty == &raw mut ffi::PyFloat_Type => {
                    let parts = [ffi::PyFloat_AS_DOUBLE(object), 0.0];
                    Some(self.number(Tag::PY_COMPLEX, parts))
                }
                Takes::Unsigned if ty == &raw mut ffi::PyLong_Type => {
                    fast::unsigned(object).map(|value| self.number(key::scalar(DType::U64), value))
                }
                Takes::Buffer(elements) => {
                    let is_read = *elements == Elements { layout: elements.layout, ..Elements::CHARACTERS };
                    if is_read && is_bytes {
                        Some(self.bytes(object))
                    } else {
                        self.exported(elements, object)
                    }
                }
                Takes::Nothing if is_bytes => Some(self.bytes(object)),
                Takes::Nothing if ty == &raw mut ffi::PyByteArray_Type => {
                    self.exported(&Elements { writes: true, ..Elements::CHARACTERS }, object)
                }
                _ => None,
            }
        }
    }

    /// Writes a number of a type.
    #[inline]
    fn number<T: Copy>(&mut self, tag: u64, value: T) -> Result<(), ArgError> {
        self.word(tag)?;
        self.put(value)
    }

    /// Ends a call: mostly there is nothing to give back, which is seen at once.
    #[inline(always)]
    pub fn finish(self) {
        if self.held.capacity() == 0 && self.exports.capacity() == 0 && self.lists.is_none() {
            core::mem::forget(self);
        }
    }

    #[inline]
    unsafe fn integer(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        let mut overflow = 0;
        // SAFETY: `object` is an int, as the callers checked.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow) };
        if overflow != 0 {
            return Err(ArgError::IntTooLarge);
        }
        self.put(value)
    }

    #[inline]
    unsafe fn array(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: the type is exactly `numpy.ndarray`, whose fields these are.
        unsafe {
            let array = object.cast::<PyArray>();
            let descr = &*(*array).descr;
            let Some(dtype) = numpy::dtype_of_type_num(descr.type_num) else {
                return Err(ArgError::Dtype { object });
            };
            let swapped = descr.byteorder as u8 == if cfg!(target_endian = "little") { b'>' } else { b'<' };
            let flags = (*array).flags;
            let layout = if flags & numpy::C_CONTIGUOUS != 0 {
                Layout::C
            } else if flags & numpy::F_CONTIGUOUS != 0 {
                Layout::F
            } else {
                Layout::Strided
            };
            let readonly = flags & numpy::WRITEABLE == 0;
            self.word(key::array(dtype, (*array).nd as u8, layout, readonly, swapped))?;
            self.descriptor(array, dtype)
        }
    }

    /// `{ data, owner, shape, strides }` of an array.
    #[inline]
    unsafe fn descriptor(&mut self, array: *mut PyArray, dtype: DType) -> Result<(), ArgError> {
        // SAFETY: the shape and strides of an ndarray hold `nd` values each.
        unsafe {
            let (shape, strides) = ((*array).dimensions, (*array).strides);
            self.memory((*array).data, array.cast(), (*array).nd as usize, shape, strides, dtype)
        }
    }

    /// The descriptor of memory that an object owns.
    #[inline]
    unsafe fn memory(
        &mut self,
        data: *mut u8,
        object: *mut core::ffi::c_void,
        nd: usize,
        shape: *const isize,
        strides: *const isize,
        dtype: DType,
    ) -> Result<(), ArgError> {
        if self.nmems == self.mems_size {
            return Err(ArgError::Full);
        }
        // SAFETY: `nmems` is inside the buffer, as just checked; `reserve` gives room for the whole descriptor; shape and
        // strides hold `nd` values each.
        unsafe {
            let owner = self.mems.add(self.nmems);
            let words = self.reserve(ungil_abi::array::descriptor_size(nd))?.cast::<u64>();
            self.nmems += 1;
            *words = data as u64;
            *words.add(1) = owner as u64;
            let mut elements = 1;
            for i in 0..nd {
                let extent = *shape.add(i);
                elements *= extent;
                *words.add(2 + i) = extent as u64;
                *words.add(2 + nd + i) = *strides.add(i) as u64;
            }
            owner.write(MemInfo {
                refs: AtomicI64::new(1),
                data,
                size: elements as u64 * dtype.size(),
                kind: MemKind::ARGUMENT,
                reserved: 0,
                object,
            });
        }
        Ok(())
    }

    /// Everything but arrays and the commonest scalars.
    #[inline(never)]
    unsafe fn other(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: each branch is guarded by a check of the object's exact type.
        unsafe {
            let ty = ffi::Py_TYPE(object);
            if let Some(dtype) = self.api.scalar_dtype(ty) {
                return self.numpy_scalar(object, dtype);
            }
            if object == ffi::Py_None() {
                self.word(Tag::NONE)
            } else if ty == &raw mut ffi::PyTuple_Type {
                self.tuple(object)
            } else if ty == &raw mut ffi::PyList_Type {
                self.list(object)
            } else if ty == &raw mut ffi::PyComplex_Type {
                self.word(Tag::PY_COMPLEX)?;
                let value = ffi::PyComplex_AsCComplex(object);
                self.put(value.real)?;
                self.put(value.imag)
            } else if ty == &raw mut ffi::PyRange_Type {
                self.word(Tag::RANGE)?;
                self.attribute_integers(object, &[c"start", c"stop", c"step"])
            } else if ty == &raw mut ffi::PySlice_Type {
                self.slice(object)
            } else if object == ffi::Py_Ellipsis() {
                self.word(Tag::ELLIPSIS)
            } else {
                self.rare(object)
            }
        }
    }

    unsafe fn numpy_scalar(&mut self, object: *mut PyObject, dtype: DType) -> Result<(), ArgError> {
        self.word(key::scalar(dtype))?;
        let size = dtype.size() as usize;
        let place = self.reserve(size.next_multiple_of(8))?;
        // SAFETY: NumPy scalar objects are a header followed by the value (`obval`), which is at most 8-aligned, as
        // the header's size is a multiple of 8.
        unsafe { ptr::copy_nonoverlapping(object.cast::<u8>().add(size_of::<PyObject>()), place, size) };
        Ok(())
    }

    unsafe fn tuple(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: `object` is a tuple, which holds its items.
        unsafe {
            let n = ffi::PyTuple_GET_SIZE(object);
            self.word(Tag::TUPLE | (n as u64) << 8)?;
            for i in 0..n {
                self.argument(ffi::PyTuple_GET_ITEM(object, i))?;
            }
        }
        Ok(())
    }

    unsafe fn list(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        if !self.takes_lists {
            return Err(ArgError::List { object });
        }
        // SAFETY: `object` is a list.
        let ty = unsafe { lists::type_of(self.api, object) };
        let Some(Ty::List(list)) = &ty else { return Err(ArgError::List { object }) };
        let mut words = Vec::new();
        lists::words(&Ty::List(list.clone()), &mut words);
        words.into_iter().try_for_each(|word| self.word(word))?;
        let place = self.reserve(lists::DESCRIPTOR)?.cast::<u64>();
        // SAFETY: `place` has room for a descriptor; the list has just been found to have this type.
        unsafe {
            let info =
                self.lists.get_or_insert_default().pack(self.api, object, list).map_err(|failure| {
                    match failure {
                        lists::Failure::IntTooLarge => ArgError::IntTooLarge,
                        lists::Failure::Memory => {
                            ffi::PyErr_NoMemory();
                            ArgError::Python
                        }
                    }
                })?;
            *place = (*info).data as u64;
            *place.add(1) = info as u64;
            *place.add(2) = ungil_abi::list::WORDS as u64;
            *place.add(3) = 8;
        }
        Ok(())
    }

    unsafe fn slice(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: `object` is a slice, whose three parts are live objects.
        unsafe {
            let slice = object.cast::<ffi::PySliceObject>();
            let parts = [(*slice).start, (*slice).stop, (*slice).step];
            let given = parts.map(|p| p != ffi::Py_None());
            let bits = given.iter().enumerate().map(|(i, g)| u64::from(*g) << (8 + i)).sum::<u64>();
            self.word(Tag::SLICE | bits)?;
            for (part, _) in parts.into_iter().zip(given).filter(|(_, g)| *g) {
                if ffi::Py_TYPE(part) != &raw mut ffi::PyLong_Type {
                    return Err(ArgError::Type { object });
                }
                self.integer(part)?;
            }
        }
        Ok(())
    }

    unsafe fn attribute_integers(
        &mut self,
        object: *mut PyObject,
        names: &[&core::ffi::CStr],
    ) -> Result<(), ArgError> {
        for name in names {
            // SAFETY: attribute look-up on a live object; the new reference is released after reading the value.
            unsafe {
                let part = ffi::PyObject_GetAttrString(object, name.as_ptr());
                if part.is_null() {
                    return Err(ArgError::Python);
                }
                let done = self.integer(part);
                ffi::Py_DECREF(part);
                done?;
            }
        }
        Ok(())
    }

    /// Functions, objects known by identity, and other array exporters.
    unsafe fn rare(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: `object` is live; identities stay valid because a specialisation that is stored under them holds
        // references to the objects.
        unsafe {
            let ty = ffi::Py_TYPE(object);
            if ty == &raw mut ffi::PyFunction_Type {
                return self.function(object);
            }
            if ty == &raw mut ffi::PyUnicode_Type {
                self.word(Tag::TEXT)?;
                return self.word(object as u64);
            }
            if ffi::PyType_IsSubtype(ty, self.api.array_type) != 0 {
                return self.subclass(object);
            }
            match mpi::passed(&Bound::from_borrowed_ptr(Python::assume_attached(), object)) {
                Some(mpi::Passed::Value(kind, handle)) => {
                    self.word(Tag::MPI | kind.number() << 8)?;
                    return if kind == Mpi::InPlace { Ok(()) } else { self.put(handle) };
                }
                Some(mpi::Passed::Refused { title, help }) => return Err(ArgError::Foreign { title, help }),
                None => {}
            }
            if foreign::is_candidate(object)
                && let Some(done) = self.foreign(object)?
            {
                return Ok(done);
            }
            match crate::reject::as_array(object)? {
                Some(array) => {
                    ffi::Py_INCREF(object);
                    self.held.push(Held { array, original: object });
                    self.array(array).map_err(|error| crate::reject::described(error))
                }
                None if crate::reject::known_by_identity(object) => {
                    self.word(Tag::OBJECT)?;
                    self.word(object as u64)
                }
                None => self.limits(object),
            }
        }
    }

    /// What `np.iinfo` and `np.finfo` give is known by its kind and dtype: each call gives a new object.
    unsafe fn limits(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: attached, with a live object; dtypes of numbers live for ever.
        unsafe {
            let object = Bound::from_borrowed_ptr(Python::assume_attached(), object);
            if crate::classify::limits(&object).is_none() {
                return Err(ArgError::Type { object: object.as_ptr() });
            }
            let dtype = object.getattr("dtype").map_err(|_| ArgError::Type { object: object.as_ptr() })?;
            self.word(Tag::OBJECT)?;
            self.word(object.get_type().as_ptr() as u64)?;
            self.word(dtype.as_ptr() as u64)
        }
    }

    /// An object of a C library; `None` if it is something else after all.
    unsafe fn foreign(&mut self, object: *mut PyObject) -> Result<Option<()>, ArgError> {
        // SAFETY: attached, with a live object; the array is exactly an ndarray.
        unsafe {
            let py = Python::assume_attached();
            let passed = foreign::passed(&Bound::from_borrowed_ptr(py, object)).map_err(|e| {
                e.restore(py);
                ArgError::Python
            })?;
            match passed {
                None => return Ok(None),
                Some(Passed::Identity) => {
                    self.word(Tag::OBJECT)?;
                    self.word(object as u64)?;
                }
                Some(Passed::Pointer { key, address }) => {
                    self.word(Tag::POINTER)?;
                    self.word(key)?;
                    self.put(address)?;
                }
                Some(Passed::Memory { key, dtype, array }) => {
                    ffi::Py_INCREF(object);
                    self.held.push(Held { array, original: object });
                    self.word(Tag::BOX)?;
                    self.word(key)?;
                    self.descriptor(array.cast(), dtype)?;
                }
                Some(Passed::Refused { title, help }) => return Err(ArgError::Foreign { title, help }),
            }
            Ok(Some(()))
        }
    }

    /// A subclass of ndarray: a memory map is an array, others have meanings a kernel would lose.
    unsafe fn subclass(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: `object` is an instance of a subclass of ndarray, so it has its fields.
        unsafe {
            if crate::reject::type_name(object) == "memmap" {
                self.array(object)
            } else {
                Err(ArgError::Subclass { object })
            }
        }
    }

    unsafe fn function(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        // SAFETY: `object` is a Python function; its parts are borrowed references that live as long as it does.
        unsafe {
            let closure = ffi::PyFunction_GetClosure(object);
            let cells = if closure.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(closure) };
            self.word(Tag::FUNCTION)?;
            self.word(ffi::PyFunction_GetCode(object) as u64)?;
            self.word(ffi::PyFunction_GetGlobals(object) as u64)?;
            self.word(ffi::PyFunction_GetDefaults(object) as u64)?;
            self.word(cells as u64)?;
            for i in 0..cells {
                let cell = ffi::PyTuple_GET_ITEM(closure, i);
                let content = ffi::PyCell_Get(cell);
                self.word(content as u64)?;
                ffi::Py_XDECREF(content);
            }
        }
        Ok(())
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        for held in self.held.drain(..) {
            // SAFETY: a call drops its packer while attached; both references are its own.
            unsafe {
                ffi::Py_DECREF(held.array);
                ffi::Py_DECREF(held.original);
            }
        }
        for mut buffer in self.exports.drain(..) {
            // SAFETY: as above; acquired for this call, and released once.
            unsafe { ffi::PyBuffer_Release(&raw mut buffer) };
        }
    }
}
