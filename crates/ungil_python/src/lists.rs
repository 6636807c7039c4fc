//! Python lists as arguments: one element type, boxes for the call, and changes written back.
//!
//! A list becomes a box of the runtime (`ungil_abi::list`) that knows the Python list. Lists inside are boxes of their
//! own, and a list that occurs twice is one box, so that a kernel sees the same sharing as Python. After the call the
//! lists that the kernel changed get the elements of their boxes, inner lists first.
//! Limits: elements have one type, or numbers of a common one; a list that contains itself is refused.

use core::sync::atomic::AtomicI64;
use std::collections::HashMap;

use pyo3::ffi::{self, Py_ssize_t, PyObject};
use pyo3::prelude::*;
use ungil_abi::array::{MemInfo, MemKind, descriptor_size};
use ungil_abi::list::{CAPACITY, CHANGED, DATA, ELEMENT, LEN, OWNERS, TYPE, tag};
use ungil_ir::packing::packed_size;
use ungil_ir::types::DType;
use ungil_runtime::{alloc, list};
use ungil_sema::promote::join;
use ungil_sema::ty::{ListTy, Ty};

use crate::numpy::{Api, PyArray};
use crate::pack::Packer;
use crate::result;

/// Deepest nesting of lists.
const DEEPEST: u32 = 16;

/// The lists of a call.
#[derive(Default)]
pub struct Lists {
    /// Boxes with the types of their elements, inner ones first. Each is a reference.
    boxes: Vec<(*mut MemInfo, Option<Ty>)>,
    known: HashMap<*mut PyObject, *mut MemInfo>,
    /// The lists and arrays themselves: a list that gets other elements lets go of what results still name.
    held: Vec<Py<PyAny>>,
    /// Owners of arrays in lists; kernels hold their addresses.
    #[expect(clippy::vec_box, reason = "an owner must not move when the vector grows")]
    arrays: Vec<Box<MemInfo>>,
}

impl Drop for Lists {
    fn drop(&mut self) {
        for (info, _) in self.boxes.drain(..) {
            // SAFETY: each entry is a reference of its own.
            unsafe { alloc::ungil_rt_release(info) };
        }
    }
}

/// The type of a list, if its elements have one.
///
/// # Safety
/// The interpreter is attached; `object` is a live list.
pub unsafe fn type_of(api: &Api, object: *mut PyObject) -> Option<Ty> {
    // SAFETY: as the caller vouches.
    unsafe { list_type(api, object, 0) }
}

unsafe fn list_type(api: &Api, object: *mut PyObject, depth: u32) -> Option<Ty> {
    if depth > DEEPEST {
        return None;
    }
    let mut element: Option<Ty> = None;
    // SAFETY: a list holds its items, which are live; nothing runs here that could change it.
    unsafe {
        let n = ffi::PyList_GET_SIZE(object);
        let mut last = core::ptr::null_mut();
        for i in 0..n {
            let item = ffi::PyList_GET_ITEM(object, i);
            let class = ffi::Py_TYPE(item);
            // Scalars of one class have one type.
            if class == last {
                continue;
            }
            let ty = item_type(api, item, depth)?;
            last = if ty.is_scalar() { class } else { core::ptr::null_mut() };
            element = Some(match element {
                None => ty,
                Some(old) => join(&old, &ty)?,
            });
        }
    }
    Some(Ty::List(ListTy { element, made: Vec::new() }.into()))
}

unsafe fn item_type(api: &Api, item: *mut PyObject, depth: u32) -> Option<Ty> {
    // SAFETY: `item` is a live object.
    unsafe {
        let class = ffi::Py_TYPE(item);
        if class == &raw mut ffi::PyFloat_Type {
            return Some(Ty::PyFloat);
        }
        if class == &raw mut ffi::PyLong_Type {
            return Some(Ty::PyInt);
        }
        if class == &raw mut ffi::PyBool_Type {
            return Some(Ty::PyBool);
        }
        if class == &raw mut ffi::PyComplex_Type {
            return Some(Ty::PyComplex);
        }
        if class == &raw mut ffi::PyList_Type {
            return list_type(api, item, depth + 1);
        }
        if class == &raw mut ffi::PyTuple_Type {
            let items = 0..ffi::PyTuple_GET_SIZE(item);
            let types = items.map(|i| item_type(api, ffi::PyTuple_GET_ITEM(item, i), depth + 1));
            return types.collect::<Option<_>>().map(Ty::Tuple);
        }
        if let Some(dtype) = api.scalar_dtype(class) {
            return Some(Ty::Scalar(dtype));
        }
        let object = Bound::from_borrowed_ptr(Python::assume_attached(), item);
        crate::classify::array_type(&object).map(Ty::Array)
    }
}

/// The words of an element type in a fingerprint.
pub fn words(ty: &Ty, out: &mut Vec<u64>) {
    use crate::key::{self, Tag};
    out.push(match ty {
        Ty::PyBool => Tag::PY_BOOL,
        Ty::PyInt => Tag::PY_INT,
        Ty::PyFloat => Tag::PY_FLOAT,
        Ty::PyComplex => Tag::PY_COMPLEX,
        Ty::Scalar(d) => key::scalar(*d),
        Ty::Array(a) => key::array(a.dtype, a.ndim, a.layout, a.readonly, a.swapped),
        Ty::Tuple(items) => {
            out.push(Tag::TUPLE | (items.len() as u64) << 8);
            return items.iter().for_each(|item| words(item, out));
        }
        Ty::List(list) => {
            out.push(Tag::LIST | u64::from(list.element.is_some()) << 8);
            return list.element.iter().for_each(|e| words(e, out));
        }
        _ => Tag::NONE,
    });
}

/// Why a list is not packed.
pub enum Failure {
    IntTooLarge,
    Memory,
}

/// Whether a list without a type is at the bottom of a type: the kernel says what it holds.
fn is_unfilled(ty: &Ty) -> bool {
    matches!(ty, Ty::List(list) if list.element.as_ref().is_none_or(is_unfilled))
}

/// Size of an element and its owner words.
fn layout(element: &Ty) -> (i64, u64) {
    fn owners(ty: &ungil_ir::types::Type, at: u64, found: &mut u64) -> u64 {
        use ungil_ir::types::Type;
        match ty {
            Type::Tuple(items) => items.iter().fold(at, |at, t| owners(t, at, found)),
            Type::Array(_) => {
                *found |= 1 << ((at + 1) & 63);
                at + packed_size(ty) / 8
            }
            other => at + packed_size(other) / 8,
        }
    }
    match element.dtype() {
        Some(d) => (d.size() as i64, 0),
        None => {
            let ty = element.ir();
            let mut found = 0;
            owners(&ty, 0, &mut found);
            (packed_size(&ty) as i64, found)
        }
    }
}

impl Lists {
    /// The box of a list; the reference stays this record's.
    ///
    /// # Safety
    /// The interpreter is attached; `object` is a live list of this type.
    pub unsafe fn pack(
        &mut self,
        api: &Api,
        object: *mut PyObject,
        ty: &ListTy,
    ) -> Result<*mut MemInfo, Failure> {
        if let Some(info) = self.known.get(&object) {
            let info = *info;
            self.type_again(info, ty);
            return Ok(info);
        }
        let (size, owners) = ty.element.as_ref().map_or((8, 0), layout);
        let info = list::new_list(size, owners);
        if info.is_null() {
            return Err(Failure::Memory);
        }
        // SAFETY: the new box is this record's; room for all elements is made before they are written.
        unsafe {
            let n = ffi::PyList_GET_SIZE(object);
            (*info).object = object.cast();
            self.hold(object);
            let words = (*info).data.cast::<i64>();
            let filled = self.fill(api, object, n, ty.element.as_ref(), info);
            *words.add(CHANGED) = 0;
            if let (0, Some(element)) = (n, ty.element.as_ref().filter(|e| !is_unfilled(e))) {
                *words.add(TYPE) = tag(&element.to_string());
            }
            self.boxes.push((info, ty.element.clone()));
            self.known.insert(object, info);
            filled?;
        }
        Ok(info)
    }

    /// An empty list may have no type where it is met first, and one where it is met again.
    fn type_again(&mut self, info: *mut MemInfo, ty: &ListTy) {
        let (Some(element), Some(own)) = (&ty.element, self.boxes.iter_mut().find(|own| own.0 == info))
        else {
            return;
        };
        if own.1.is_some() {
            return;
        }
        let (size, owners) = layout(element);
        // SAFETY: the live box of a list without elements.
        unsafe {
            let words = (*info).data.cast::<i64>();
            debug_assert_eq!(*words.add(CAPACITY), 0, "without room, too");
            *words.add(ELEMENT) = size;
            *words.add(OWNERS) = owners as i64;
            if !is_unfilled(element) {
                *words.add(TYPE) = tag(&element.to_string());
            }
        }
        own.1 = Some(element.clone());
    }

    /// Keeps an object alive until the call has ended.
    unsafe fn hold(&mut self, object: *mut PyObject) {
        // SAFETY: the interpreter is attached; `object` is live.
        self.held.push(unsafe { Bound::from_borrowed_ptr(Python::assume_attached(), object).unbind() });
    }

    unsafe fn fill(
        &mut self,
        api: &Api,
        object: *mut PyObject,
        n: Py_ssize_t,
        element: Option<&Ty>,
        info: *mut MemInfo,
    ) -> Result<(), Failure> {
        let (Some(element), true) = (element, n > 0) else { return Ok(()) };
        // SAFETY: `reserve` made room for `n` elements at the box's data; each item is of the element type or converts.
        unsafe {
            if list::ungil_rt_list_reserve(info, n as i64) != 0 {
                return Err(Failure::Memory);
            }
            let words = (*info).data.cast::<i64>();
            let (data, size) = (*words.add(DATA) as *mut u8, *words.add(ELEMENT));
            for i in 0..n {
                let item = ffi::PyList_GET_ITEM(object, i);
                let at = data.offset(i * size as isize);
                self.item(api, item, element, at)?;
                // What is there is released with the list.
                *words.add(LEN) = i as i64 + 1;
            }
        }
        Ok(())
    }

    /// Writes one element, packed.
    unsafe fn item(&mut self, api: &Api, item: *mut PyObject, ty: &Ty, at: *mut u8) -> Result<(), Failure> {
        // SAFETY: `item` has a type that joins to `ty`; there is room for a value of that type.
        unsafe {
            match ty {
                Ty::PyFloat if ffi::Py_TYPE(item) == &raw mut ffi::PyFloat_Type => {
                    at.cast::<f64>().write(ffi::PyFloat_AS_DOUBLE(item));
                }
                Ty::PyInt if ffi::Py_TYPE(item) == &raw mut ffi::PyLong_Type => {
                    let mut overflow = 0;
                    let value = ffi::PyLong_AsLongLongAndOverflow(item, &raw mut overflow);
                    if overflow != 0 {
                        return Err(Failure::IntTooLarge);
                    }
                    at.cast::<i64>().write(value);
                }
                Ty::List(list) => {
                    let info = self.pack(api, item, list)?;
                    alloc::ungil_rt_retain(info);
                    let words = at.cast::<u64>();
                    words.write((*info).data as u64);
                    words.add(1).write(info as u64);
                    words.add(2).write(ungil_abi::list::WORDS as u64);
                    words.add(3).write(8);
                }
                Ty::Tuple(items) => {
                    let mut offset = 0;
                    for (i, ty) in items.iter().enumerate() {
                        self.item(api, ffi::PyTuple_GET_ITEM(item, i as Py_ssize_t), ty, at.add(offset))?;
                        offset += packed_size(&ty.ir()) as usize;
                    }
                }
                Ty::Array(array) => self.array(item.cast(), array.dtype, at),
                scalar => return number(api, item, scalar, at),
            }
        }
        Ok(())
    }

    unsafe fn array(&mut self, array: *mut PyArray, dtype: DType, at: *mut u8) {
        // SAFETY: an ndarray with the element's rank, whose descriptor there is room for.
        unsafe {
            self.hold(array.cast());
            let nd = (*array).nd as usize;
            let mut elements = 1;
            let words = at.cast::<u64>();
            for i in 0..nd {
                let extent = *(*array).dimensions.add(i);
                elements *= extent;
                *words.add(2 + i) = extent as u64;
                *words.add(2 + nd + i) = *(*array).strides.add(i) as u64;
            }
            self.arrays.push(Box::new(MemInfo {
                refs: AtomicI64::new(1),
                data: (*array).data,
                size: elements as u64 * dtype.size(),
                kind: MemKind::ARGUMENT,
                reserved: 0,
                object: array.cast(),
            }));
            *words = (*array).data as u64;
            *words.add(1) = self.arrays.last_mut().map_or(core::ptr::null_mut(), |b| &raw mut **b) as u64;
        }
    }

    /// Gives changed lists their new elements. `params`: the kernel's, among them those of lists that were empty.
    ///
    /// # Safety
    /// The interpreter is attached and the call has ended.
    #[inline]
    pub unsafe fn write_back(&self, packer: &Packer, params: &[Ty]) -> bool {
        let mut fine = true;
        for (info, element) in &self.boxes {
            // SAFETY: the box is alive, and its Python list is held by the caller of the kernel.
            unsafe {
                let words = (**info).data.cast::<i64>();
                if *words.add(CHANGED) == 0 {
                    continue;
                }
                let element = put_into(*words.add(TYPE), params).or(element.as_ref());
                if element.is_none() && *words.add(LEN) != 0 {
                    let text = c"a list in a list that was empty when the kernel was called got elements: their type is not known";
                    ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
                    return false;
                }
                // A reference more, so that the elements stay in the box.
                alloc::ungil_rt_retain(*info);
                let new = result::new_list(*info, element, packer);
                alloc::ungil_rt_release(*info);
                let object = (**info).object.cast::<PyObject>();
                fine &=
                    !new.is_null() && ffi::PyList_SetSlice(object, 0, ffi::PyList_GET_SIZE(object), new) == 0;
                ffi::Py_XDECREF(new);
            }
        }
        fine
    }
}

/// The type with this tag among those of the elements of parameters.
fn put_into(number: i64, params: &[Ty]) -> Option<&Ty> {
    fn element(ty: &Ty) -> Option<&Ty> {
        if let Ty::List(list) = ty { list.element.as_ref() } else { None }
    }
    let mut elements =
        params.iter().flat_map(|ty| core::iter::successors(element(ty), |inner| element(inner)));
    elements.find(|element| number != 0 && tag(&element.to_string()) == number)
}

/// A number as an element of another type than its own.
unsafe fn number(api: &Api, item: *mut PyObject, ty: &Ty, at: *mut u8) -> Result<(), Failure> {
    let Some(to) = ty.dtype() else { return Ok(()) };
    // SAFETY: `item` is a number of Python or NumPy; a NumPy scalar is a header followed by the value.
    unsafe {
        if let Some(from) = api.scalar_dtype(ffi::Py_TYPE(item))
            && from == to
        {
            let value = item.cast::<u8>().add(size_of::<PyObject>());
            core::ptr::copy_nonoverlapping(value, at, to.size() as usize);
            return Ok(());
        }
        if to.is_complex() {
            let value = ffi::PyComplex_AsCComplex(item);
            match to {
                DType::C64 => at.cast::<[f32; 2]>().write_unaligned([value.real as f32, value.imag as f32]),
                _ => at.cast::<[f64; 2]>().write_unaligned([value.real, value.imag]),
            }
        } else if to.is_float() {
            let value = ffi::PyFloat_AsDouble(item);
            match to {
                DType::F32 => at.cast::<f32>().write_unaligned(value as f32),
                _ => at.cast::<f64>().write_unaligned(value),
            }
        } else {
            let index = ffi::PyNumber_Long(item);
            let mut overflow = 0;
            let value = ffi::PyLong_AsLongLongAndOverflow(index, &raw mut overflow);
            ffi::Py_XDECREF(index);
            if overflow != 0 {
                return Err(Failure::IntTooLarge);
            }
            let bytes = value.to_ne_bytes();
            core::ptr::copy_nonoverlapping(bytes.as_ptr(), at, to.size() as usize);
        }
        if !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return Err(Failure::IntTooLarge);
        }
    }
    Ok(())
}

/// Words of the descriptor of a list.
pub const DESCRIPTOR: usize = descriptor_size(1);

/// Whether an object is exactly a list.
///
/// # Safety
/// `object` is live.
pub unsafe fn is_list(object: *mut PyObject) -> bool {
    // SAFETY: as the caller vouches.
    unsafe { ffi::Py_TYPE(object) == &raw mut ffi::PyList_Type }
}
