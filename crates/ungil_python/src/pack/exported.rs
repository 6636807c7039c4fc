//! Memory of objects that export a buffer, for parameters that are typed memoryviews: no array is made of it.
//!
//! Contract: a buffer is held until the call has ended. Code that keeps an array longer than that is not called with one
//! ([`Entry::lends`]).

use core::ffi::CStr;
use core::mem::MaybeUninit;

use pyo3::ffi::{self, PyObject};
use ungil_ir::types::{DType, Layout};

use super::Packer;
use crate::entry::Entry;
use crate::key;
use crate::pyx::{Elements, flags_of};
use crate::reject::ArgError;

/// How exporters write a type of elements; those that Cython tells apart by more than that have none.
fn format_of(dtype: DType) -> Option<u8> {
    Some(match dtype {
        DType::U8 => b'B',
        DType::I16 => b'h',
        DType::U16 => b'H',
        DType::I32 => b'i',
        DType::U32 => b'I',
        DType::I64 => b'l',
        DType::U64 => b'L',
        DType::F32 => b'f',
        DType::F64 => b'd',
        _ => return None,
    })
}

/// Whether a buffer is what is asked for, at addresses that its elements may have.
unsafe fn is_fitting(buffer: &ffi::Py_buffer, elements: &Elements, format: u8) -> bool {
    let size = elements.dtype.size() as usize;
    if buffer.ndim != i32::from(elements.ndim)
        || buffer.itemsize as usize != size
        || !buffer.suboffsets.is_null()
        || buffer.strides.is_null()
    {
        return false;
    }
    // SAFETY: a format is a text with a NUL behind it, strides are as many as axes, both as long as the buffer is held.
    unsafe {
        let has_format = match buffer.format.is_null() {
            true => format == b'B',
            false => CStr::from_ptr(buffer.format).to_bytes() == [format],
        };
        let is_aligned = |address: usize| address.is_multiple_of(size);
        let mut strides = (0..buffer.ndim as usize).map(|i| (*buffer.strides.add(i)).unsigned_abs());
        has_format && is_aligned(buffer.buf as usize) && strides.all(is_aligned)
    }
}

impl Packer {
    /// Writes the memory of an object as an array; `None`: it takes a closer look.
    ///
    /// # Safety
    /// The interpreter is attached and `object` is a live object.
    #[inline(never)]
    pub(super) unsafe fn exported(
        &mut self,
        elements: &Elements,
        object: *mut PyObject,
    ) -> Option<Result<(), ArgError>> {
        let format = format_of(elements.dtype)?;
        let mut buffer = MaybeUninit::<ffi::Py_buffer>::uninit();
        // SAFETY: as the caller vouches; a buffer that was given is filled and released once, here or with the packer, to
        // which it moves: what its pointers lead to inside it has been read by then.
        unsafe {
            if ffi::PyObject_CheckBuffer(object) == 0 {
                return None;
            }
            let flags = flags_of(elements.layout, elements.writes);
            if ffi::PyObject_GetBuffer(object, buffer.as_mut_ptr(), flags) != 0 {
                ffi::PyErr_Clear();
                return None;
            }
            let mut buffer = buffer.assume_init();
            if !is_fitting(&buffer, elements, format) {
                ffi::PyBuffer_Release(&raw mut buffer);
                return None;
            }
            let is_contiguous = |order: u8| ffi::PyBuffer_IsContiguous(&raw const buffer, order as _) != 0;
            let layout = if is_contiguous(b'C') {
                Layout::C
            } else if is_contiguous(b'F') {
                Layout::F
            } else {
                Layout::Strided
            };
            let (ndim, dtype) = (elements.ndim, elements.dtype);
            let word = key::array(dtype, ndim, layout, buffer.readonly != 0, false);
            let (shape, strides) = (buffer.shape, buffer.strides);
            let done = self.word(word).and_then(|()| {
                self.memory(buffer.buf.cast(), object.cast(), usize::from(ndim), shape, strides, dtype)
            });
            self.exports.push(buffer);
            Some(done)
        }
    }

    /// Writes the memory of `bytes`, which does not move or change: whoever calls holds them.
    ///
    /// # Safety
    /// The interpreter is attached and `object` is exactly `bytes`.
    #[inline(never)]
    pub(super) unsafe fn bytes(&mut self, object: *mut PyObject) -> Result<(), ArgError> {
        self.has_bytes = true;
        self.word(key::array(DType::U8, 1, Layout::C, true, false))?;
        // SAFETY: as the caller vouches; one extent and one stride.
        unsafe {
            let (extent, stride) = (ffi::Py_SIZE(object), 1);
            let text = ffi::PyBytes_AS_STRING(object).cast_mut().cast();
            self.memory(text, object.cast(), 1, &raw const extent, &raw const stride, DType::U8)
        }
    }

    /// Whether code may be called with what was written: memory that is held for the call alone goes to code that leaves none of
    /// it to others.
    #[inline]
    pub fn suits(&self, entry: &Entry) -> bool {
        (entry.lends || self.exports.is_empty()) && (entry.borrows || !self.has_bytes)
    }
}
