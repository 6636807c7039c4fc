//! Operands of formulas: arrays and numbers as a kernel's loop sees them.
//!
//! An ndarray of a type that kernels know is used as it lies in memory, whatever its strides, alignment and byte order.
//! Everything else becomes one as `numpy.asarray` makes it.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use ungil_ir::types::DType;
use ungil_sema::evaluate::kind::Kind;

use crate::numpy::{self, Api, PyArray};
use crate::reject;

/// Where an operand's elements are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// One number, in [`Operand::value`].
    Value,
    Array,
    /// An array of byte strings.
    Text,
}

/// One operand. Arrays are borrowed from their object.
#[derive(Clone)]
pub struct Operand<'py> {
    pub object: Bound<'py, PyAny>,
    pub place: Place,
    pub dtype: DType,
    pub swapped: bool,
    /// `C_CONTIGUOUS`, `F_CONTIGUOUS`.
    pub flags: i32,
    pub data: *mut u8,
    pub shape: &'py [isize],
    pub strides: &'py [isize],
    pub value: [u64; 2],
}

impl<'py> Operand<'py> {
    /// The operand that an object is.
    pub fn new(object: Bound<'py, PyAny>, api: &Api) -> PyResult<Operand<'py>> {
        // SAFETY: live objects; each branch reads what the exact type has.
        unsafe {
            let raw = object.as_ptr();
            let ty = ffi::Py_TYPE(raw);
            if ty == api.array_type {
                return Operand::array(object, api);
            }
            if ty == &raw mut ffi::PyFloat_Type {
                let value = [ffi::PyFloat_AS_DOUBLE(raw).to_bits(), 0];
                return Ok(Operand::number(object, DType::F64, value));
            }
            if ty == &raw mut ffi::PyLong_Type {
                return Operand::integer(object, api);
            }
            if ty == &raw mut ffi::PyBool_Type {
                let value = [u64::from(raw == ffi::Py_True()), 0];
                return Ok(Operand::number(object, DType::Bool, value));
            }
            if ty == &raw mut ffi::PyComplex_Type {
                let z = ffi::PyComplex_AsCComplex(raw);
                return Ok(Operand::number(object, DType::C128, [z.real.to_bits(), z.imag.to_bits()]));
            }
            if let Some(dtype) = api.scalar_dtype(ty) {
                let mut value = [0u64; 2];
                let from = raw.cast::<u8>().add(size_of::<PyObject>());
                core::ptr::copy_nonoverlapping(from, value.as_mut_ptr().cast(), dtype.size() as usize);
                return Ok(Operand::number(object, dtype, value));
            }
            Operand::converted(object, api)
        }
    }

    /// The kind its elements are computed in.
    pub fn kind(&self) -> Kind {
        if self.place == Place::Text { Kind::Bytes } else { Kind::of(self.dtype) }
    }

    pub fn number(object: Bound<'py, PyAny>, dtype: DType, value: [u64; 2]) -> Operand<'py> {
        let data = core::ptr::null_mut();
        Operand {
            object,
            place: Place::Value,
            dtype,
            swapped: false,
            flags: 0,
            data,
            shape: &[],
            strides: &[],
            value,
        }
    }

    unsafe fn integer(object: Bound<'py, PyAny>, api: &Api) -> PyResult<Operand<'py>> {
        let mut overflow = 0;
        // SAFETY: an int.
        let value = unsafe { ffi::PyLong_AsLongLongAndOverflow(object.as_ptr(), &raw mut overflow) };
        if overflow == 0 {
            return Ok(Operand::number(object, DType::I64, [value as u64, 0]));
        }
        // Up to 64 bits NumPy makes it a uint64.
        Operand::converted(object, api)
    }

    /// An object whose type is ndarray or a subclass.
    unsafe fn array(object: Bound<'py, PyAny>, api: &Api) -> PyResult<Operand<'py>> {
        // SAFETY: as the caller vouches; shape and strides hold `nd` values that live as long as the array, of which a
        // reference is held.
        unsafe {
            let Some(mut operand) = Operand::target(object.clone()) else {
                return Operand::other_dtype(object, api);
            };
            if operand.shape.is_empty() {
                operand.value = operand.element();
                operand.place = Place::Value;
                operand.swapped = false;
            }
            Ok(operand)
        }
    }

    /// An array that results are written to; `None` if kernels do not know its elements.
    ///
    /// # Safety
    /// `object` is an ndarray or of a subclass.
    pub unsafe fn target(object: Bound<'py, PyAny>) -> Option<Operand<'py>> {
        // SAFETY: as the caller vouches.
        unsafe {
            let array = object.as_ptr().cast::<PyArray>();
            let descr = &*(*array).descr;
            let dtype = numpy::dtype_of_type_num(descr.type_num)?;
            let swapped = descr.byteorder as u8 == if cfg!(target_endian = "little") { b'>' } else { b'<' };
            let nd = (*array).nd as usize;
            let list = |at: *mut isize| if nd == 0 { &[][..] } else { core::slice::from_raw_parts(at, nd) };
            let (shape, strides) = (list((*array).dimensions), list((*array).strides));
            let (data, flags) = ((*array).data, (*array).flags);
            let place = Place::Array;
            Some(Operand { object, place, dtype, swapped, flags, data, shape, strides, value: [0; 2] })
        }
    }

    /// The first element, in native byte order.
    pub fn element(&self) -> [u64; 2] {
        let mut value = [0u64; 2];
        let size = self.dtype.size() as usize;
        let part = if self.dtype.is_complex() { size / 2 } else { size };
        // SAFETY: an array with at least one element.
        unsafe { core::ptr::copy_nonoverlapping(self.data, value.as_mut_ptr().cast(), size) };
        if self.swapped {
            // SAFETY: the bytes of `value`, of which an element takes at most 16.
            let bytes = unsafe { core::slice::from_raw_parts_mut(value.as_mut_ptr().cast::<u8>(), size) };
            bytes.chunks_mut(part).for_each(<[u8]>::reverse);
        }
        value
    }

    /// Element types that kernels do not know.
    fn other_dtype(object: Bound<'py, PyAny>, api: &Api) -> PyResult<Operand<'py>> {
        let dtype = object.getattr("dtype")?;
        let kind: char = dtype.getattr("kind")?.extract()?;
        let to = match kind {
            'S' => {
                let null = core::ptr::null_mut();
                let bool = DType::Bool;
                return Ok(Operand {
                    place: Place::Text,
                    data: null,
                    ..Operand::number(object, bool, [0; 2])
                });
            }
            'f' if dtype.getattr("itemsize")?.extract::<usize>()? == 2 => "float32",
            'f' => "float64",
            'c' => "complex128",
            'U' => {
                return Err(PyValueError::new_err(
                    "formulas do not support Unicode as a dtype: use bytes (dtype 'S')",
                ));
            }
            _ => return Err(PyValueError::new_err(format!("unknown type {}", dtype.getattr("name")?))),
        };
        let converted = object.call_method1("astype", (to,))?;
        // SAFETY: an ndarray of a known type.
        unsafe { Operand::array(plain(converted)?, api) }
    }

    fn converted(object: Bound<'py, PyAny>, api: &Api) -> PyResult<Operand<'py>> {
        // SAFETY: live objects.
        let name = unsafe { reject::type_name(object.as_ptr()) };
        if name == "MaskedArray" {
            let help = "pass .data or .filled()";
            let text = format!("a formula would ignore the mask of a masked array\n  help: {help}");
            return Err(PyTypeError::new_err(text));
        }
        let array = plain(object)?;
        // SAFETY: `plain` returns ndarrays.
        unsafe { Operand::array(array, api) }
    }
}

/// The ndarray that `numpy.asarray` makes of an object.
pub fn plain(object: Bound<'_, PyAny>) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: a live object.
    if unsafe { ffi::Py_TYPE(object.as_ptr()) } == numpy::api(object.py()).array_type {
        return Ok(object);
    }
    object.py().import("numpy")?.call_method1("asarray", (object,))
}
