//! A function's table: its globals, and the constants that its code names.

use core::cell::UnsafeCell;
use std::ffi::CString;
use std::sync::Arc;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PySet, PyString,
    PyTuple,
};
use ungil_driver::compiled::Compiled;
use ungil_sema::ctype::CType;
use ungil_sema::object::view::is_view;
use ungil_sema::object::{Class, Constant, TABLE_HEAD, TABLE_SELF};

use super::operate::O;
use super::own::Own;
use super::unit::Unit;
use crate::pyx::Parameter;

/// Words of the head.
pub const GLOBALS: usize = 0;
pub const BUILTINS: usize = 1;
pub const PLACE: usize = 2;
/// The code, once there is any.
pub const CODE: usize = 3;

/// What tracebacks show of a function.
pub struct Place {
    pub file: CString,
    pub name: CString,
    /// Code objects of frames that tracebacks had, by line.
    codes: UnsafeCell<Vec<(i64, O)>>,
}

impl Place {
    pub fn new(file: CString, name: CString) -> Place {
        Place { file, name, codes: UnsafeCell::default() }
    }

    /// The code object of a line, borrowed; null with an exception set.
    ///
    /// # Safety
    /// Attached.
    pub unsafe fn code(&self, line: i64) -> O {
        // SAFETY: attached, so that nobody else touches the list, which no Python code is run under.
        unsafe {
            let codes = self.codes.get();
            if let Some((_, code)) = (*codes).iter().find(|(known, _)| *known == line) {
                return *code;
            }
            let code = ffi::PyCode_NewEmpty(self.file.as_ptr(), self.name.as_ptr(), line as i32);
            if !code.is_null() {
                (*codes).push((line, code.cast()));
            }
            code.cast()
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for (_, code) in self.codes.get_mut() {
            // SAFETY: functions are freed while attached; the list owned the reference.
            unsafe { ffi::Py_DECREF(*code) };
        }
    }
}

/// The words. The function holds its globals and builtins, and outlives the table; constants are the table's own.
pub struct Table {
    words: Box<[UnsafeCell<O>]>,
    /// Words that are no objects.
    records: Vec<usize>,
    /// Where they are must not change.
    _owns: Box<[Own]>,
    _variables: Box<[Parameter]>,
    _place: Box<Place>,
    _types: Vec<Arc<CType>>,
}

// SAFETY: the words are used after they are made by code that runs attached, and changed by such code alone.
unsafe impl Send for Table {}
// SAFETY: as for `Send`.
unsafe impl Sync for Table {}

impl Table {
    /// `codes` are those of functions inside.
    pub fn new(
        (globals, builtins): (&Bound<'_, PyDict>, &Bound<'_, PyDict>),
        place: Place,
        constants: &[Constant],
        codes: &[Bound<'_, PyAny>],
        owns: Vec<Own>,
        parameters: &[Parameter],
        unit: &Unit,
    ) -> PyResult<Table> {
        let (py, c, free) = (globals.py(), &unit.c, &unit.free);
        let place = Box::new(place);
        let mut words = vec![core::ptr::null_mut(); TABLE_HEAD];
        words[GLOBALS] = globals.as_ptr();
        words[BUILTINS] = builtins.as_ptr();
        words[PLACE] = core::ptr::from_ref(&*place).cast_mut().cast();
        let mut records = Vec::new();
        let mut declared: Vec<(usize, *const Parameter)> = Vec::new();
        let owns: Box<[Own]> = owns.into();
        let around = free.iter().filter_map(|(name, ty)| Some((name, ty.as_ref()?)));
        let views = c.vars.iter().chain(around).filter(|(_, ty)| is_view(ty));
        let variables: Box<[Parameter]> = views
            .map(|(name, ty)| Parameter {
                not_none: c.not_none.contains(name),
                is_array: c.buffers.contains(name),
                ..Parameter::variable(name, ty)
            })
            .collect();
        let (mut types, mut plain): (Vec<Arc<CType>>, Vec<(usize, usize)>) = Default::default();
        let mut made = Vec::new();
        for constant in constants {
            if let Constant::Parameter(name) = constant {
                let found = parameters.iter().chain(variables.iter()).find(|p| p.name == *name);
                let place = found.map_or(core::ptr::null(), core::ptr::from_ref);
                made.push(py.None().into_bound(py));
                declared.push((TABLE_HEAD + made.len() - 1, place));
                continue;
            }
            if let Constant::Own(number) = constant {
                made.push(py.None().into_bound(py));
                records.push((TABLE_HEAD + made.len() - 1, *number));
                continue;
            }
            let word = match constant {
                Constant::Type(ty) => {
                    types.push(Arc::new(ty.clone()));
                    types.last().map(|ty| Arc::as_ptr(ty) as usize)
                }
                Constant::Address(address) => Some(*address as usize),
                Constant::Known(..) => Some(0),
                _ => None,
            };
            if let Some(word) = word {
                made.push(py.None().into_bound(py));
                plain.push((TABLE_HEAD + made.len() - 1, word));
                continue;
            }
            made.push(match constant {
                Constant::Code(number) => codes[*number].clone(),
                other => object(py, other)?,
            });
        }
        words.extend(made.into_iter().map(Bound::into_ptr));
        for (at, number) in &records {
            words[*at] = core::ptr::from_ref(&owns[*number]).cast_mut().cast();
        }
        for (at, place) in &declared {
            words[*at] = place.cast_mut().cast();
        }
        for (at, word) in &plain {
            words[*at] = *word as O;
        }
        let records = records.into_iter().map(|(at, _)| at);
        let records = records.chain(declared.into_iter().map(|(at, _)| at));
        let records = records.chain(plain.into_iter().map(|(at, _)| at)).collect();
        let (_owns, _variables, _place, _types) = (owns, variables, place, types);
        let words = words.into_iter().map(UnsafeCell::new).collect();
        Ok(Table { words, records, _owns, _variables, _place, _types })
    }

    /// Tells the code what it is; it must live as long as it runs.
    pub fn set_code(&mut self, code: &Arc<Compiled>) {
        *self.words[CODE].get_mut() = Arc::as_ptr(code).cast_mut().cast();
    }

    /// Tells the code what its own calls come from; it is not held.
    pub fn set_self(&mut self, object: O) {
        *self.words[TABLE_SELF].get_mut() = object;
    }

    pub fn address(&self) -> *const O {
        self.words.as_ptr().cast()
    }
}

impl Drop for Table {
    fn drop(&mut self) {
        for (at, word) in self.words.iter_mut().enumerate().skip(TABLE_HEAD) {
            if !self.records.contains(&at) {
                // SAFETY: functions are freed while attached; the table owned the references.
                unsafe { ffi::Py_DECREF(*word.get_mut()) };
            }
        }
    }
}

fn object<'py>(py: Python<'py>, constant: &Constant) -> PyResult<Bound<'py, PyAny>> {
    Ok(match constant {
        Constant::None => py.None().into_bound(py),
        Constant::Bool(b) => PyBool::new(py, *b).to_owned().into_any(),
        Constant::Ellipsis => py.Ellipsis().into_bound(py),
        Constant::Int(n) => PyInt::new(py, *n).into_any(),
        Constant::BigInt(digits) => py.get_type::<PyInt>().call1((digits,))?,
        Constant::Float(bits) => PyFloat::new(py, f64::from_bits(*bits)).into_any(),
        Constant::Imaginary(bits) => PyComplex::from_doubles(py, 0.0, f64::from_bits(*bits)).into_any(),
        Constant::Str(text) => string(py, text),
        Constant::Builtin(name) => py.import("builtins")?.getattr(name.as_str())?,
        Constant::Class(class) => class_of(py, *class),
        Constant::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        Constant::Tuple(items) => {
            let items = items.iter().map(|item| object(py, item)).collect::<PyResult<Vec<_>>>()?;
            PyTuple::new(py, items)?.into_any()
        }
        Constant::Code(_)
        | Constant::Own(_)
        | Constant::Parameter(_)
        | Constant::Type(_)
        | Constant::Address(_)
        | Constant::Known(..) => py.None().into_bound(py),
        Constant::Names(names) => PyTuple::new(py, names.iter().map(|n| string(py, n)))?.into_any(),
    })
}

fn class_of(py: Python<'_>, class: Class) -> Bound<'_, PyAny> {
    match class {
        Class::Bool => py.get_type::<PyBool>(),
        Class::Bytearray => py.get_type::<PyByteArray>(),
        Class::Bytes => py.get_type::<PyBytes>(),
        Class::Dict => py.get_type::<PyDict>(),
        Class::Float => py.get_type::<PyFloat>(),
        Class::Frozenset => py.get_type::<PyFrozenSet>(),
        Class::Int => py.get_type::<PyInt>(),
        Class::List => py.get_type::<PyList>(),
        Class::Set => py.get_type::<PySet>(),
        Class::Str => py.get_type::<PyString>(),
        Class::Tuple => py.get_type::<PyTuple>(),
    }
    .into_any()
}

/// Names are found faster when there is one object for each.
fn string<'py>(py: Python<'py>, text: &str) -> Bound<'py, PyAny> {
    let is_name = text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if is_name { PyString::intern(py, text).into_any() } else { PyString::new(py, text).into_any() }
}
