//! Functions that handle objects, as C calls them through pointers.
//!
//! What C calls is a function of C's signature that lays its arguments down as words and calls [`call_for_c`], which takes
//! the lock and runs the function as other callers without Python do. An exception is kept for a caller that looks for
//! one, and goes to `sys.unraisablehook` otherwise; C gets zero.

use pyo3::prelude::*;
use ungil_driver::options::KernelOptions;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::function::{ExternData, Function, Module, Origin, PRELUDE_FILE};
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_sema::ctype::{CType, FunctionType};
use ungil_sema::lower::Lowered;
use ungil_sema::object::Given;
use ungil_sema::object::value::CTy;
use ungil_sema::ty::Ty;

use super::own::{self, Own};
use crate::callback::{self, Callback};
use crate::dispatcher::Dispatcher;
use crate::{errors, hooks, specialise};

/// Whether a type of C stands for an object.
pub fn is_object(ty: &CType) -> bool {
    matches!(ty, CType::Opaque(name) if &**name == "object")
}

/// Whether objects go through a pointer to a function, which no kernel takes.
pub fn passes_objects(ty: &FunctionType) -> bool {
    ty.params.iter().chain([&ty.ret]).any(is_object)
}

/// The types of the IR in which C passes and returns a value; `None`: it does not here.
fn machine(ty: &CType) -> Option<Type> {
    Some(match ty {
        CType::Void => Type::unit(),
        CType::Scalar(dtype) if !dtype.is_complex() => Type::Scalar(*dtype),
        CType::Bint => Type::Scalar(DType::I32),
        CType::Pointer(_) => Type::Pointer,
        ty if is_object(ty) => Type::I64,
        _ => return None,
    })
}

/// Whether a value of C's signature is one of the function's own.
fn fits(ty: &CType, own: Option<&CTy>) -> bool {
    match own {
        None => is_object(ty),
        Some(CTy::C(CType::Pointer(_), _)) => matches!(ty, CType::Pointer(_)),
        Some(CTy::C(..)) => false,
        Some(own) if *ty == CType::Bint => !own.dtype().is_float(),
        Some(own) => matches!(ty, CType::Scalar(dtype) if dtype.is_float() == own.dtype().is_float()),
    }
}

/// The function of the module as C calls it through a pointer of this type; it holds as long as the result lives.
pub fn make(py: Python<'_>, dispatcher: &Dispatcher, ty: &FunctionType) -> PyResult<Callback> {
    let name = dispatcher.state().name.clone();
    let refuse =
        |why: &str| errors::plain_error(py, "U0806", &format!("`{name}` has no address: {why}"), None);
    let own = Own::for_c(dispatcher).ok_or_else(|| refuse("C cannot pass what it takes or gives"))?;
    let ret_fits = match &own.ret {
        Given::Nothing => ty.ret == CType::Void,
        Given::Object => is_object(&ty.ret) || ty.ret == CType::Void,
        Given::C(own) => ty.ret == CType::Void || fits(&ty.ret, Some(own)),
    };
    let params_fit = own.params.len() == ty.params.len()
        && own.params.iter().zip(&ty.params).all(|(own, ty)| fits(ty, own.as_ref()));
    if !ret_fits || !params_fit {
        return Err(refuse("the pointer's type is another"));
    }
    let params: Option<Vec<Type>> = ty.params.iter().map(machine).collect();
    let (Some(params), Some(ret)) = (params, machine(&ty.ret)) else {
        return Err(refuse("C cannot pass what it takes or gives"));
    };
    // A result that nobody takes is a reference that nobody gives up.
    let drops = own.ret == Given::Object && ty.ret == CType::Void;
    let record = Box::new(Record { own, drops });
    let externs = vec![call_for_c as *const () as u64, core::ptr::from_ref(&*record) as u64];
    let lowered = Lowered {
        module: module(&name, &params, &ret),
        params: vec![Ty::Scalar(DType::I64); params.len()],
        ret: Ty::Scalar(DType::I64),
        guards: Vec::new(),
        remarks: Vec::new(),
        arrays: Vec::new(),
        externs,
        functions: Vec::new(),
        has_parallel: false,
        gives_up: false,
        unclassified: false,
    };
    let made = py.detach(|| specialise::session().compile_for_c(lowered, &KernelOptions::default()));
    let compiled =
        made.map_err(|failure| specialise::failure_error(py, failure, &crate::world::PyWorld::default()))?;
    Ok(Callback::of_objects(compiled, ty, record))
}

/// What a call needs to know.
pub struct Record {
    own: Own,
    drops: bool,
}

// SAFETY: the dispatcher that it names lives as long as its module, and is only read.
unsafe impl Send for Record {}
// SAFETY: as for `Send`.
unsafe impl Sync for Record {}

const WORD: Type = Type::I64;

fn array(dtype: DType) -> Type {
    Type::Array(ArrayType { dtype, ndim: 1, layout: Layout::Strided, readonly: false, swapped: false })
}

/// One number at an address.
fn one_at(b: &mut Builder<'_>, address: Value, dtype: DType) -> Value {
    let (one, size) = (b.i64(1), b.i64(8));
    let pointer = b.value(InstKind::Pointer(address));
    b.typed(InstKind::ArrayAt { pointer, shape: vec![one], strides: vec![size] }, array(dtype))
}

/// The function of C's signature, as IR.
fn module(name: &str, params: &[Type], ret: &Type) -> Module {
    let mut f = Function::new(name, params, ret.clone());
    f.origin = Origin { file: PRELUDE_FILE.to_owned(), first_line: 1 };
    let values = f.params.clone();
    let mut b = Builder::new(&mut f);
    b.loc.line = 1;
    // Behind the arguments' words there is the result's.
    let frame = ArrayType { dtype: DType::I64, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
    let words = b.typed(InstKind::StackArray(params.len() as u32 + 1), Type::Array(frame));
    let first = b.typed(InstKind::Address(words), WORD);
    let place = |b: &mut Builder<'_>, at: usize| {
        let offset = b.i64(8 * at as i64);
        b.binary(BinaryOp::Add, first, offset)
    };
    for (at, (value, ty)) in values.iter().zip(params).enumerate() {
        let (word, dtype) = match ty.dtype() {
            Some(dtype) if dtype.is_float() => (b.cast(*value, DType::F64), DType::F64),
            Some(_) => (b.cast(*value, DType::I64), DType::I64),
            None => (b.typed(InstKind::Address(*value), WORD), DType::I64),
        };
        let to = place(&mut b, at);
        let (to, zero) = (one_at(&mut b, to, dtype), b.i64(0));
        b.store(to, vec![zero], word);
    }
    let result = place(&mut b, params.len());
    let record = b.value(InstKind::Extern(1));
    let record = b.typed(InstKind::Address(record), WORD);
    let callee = b.value(InstKind::Extern(0));
    b.call_c(callee, vec![record, first, result], Type::unit());
    let given = (!ret.is_unit()).then(|| {
        let is_float = ret.dtype().is_some_and(DType::is_float);
        let from = one_at(&mut b, result, if is_float { DType::F64 } else { DType::I64 });
        let zero = b.i64(0);
        let word = b.load(from, vec![zero]);
        match ret.dtype() {
            Some(dtype) => b.cast(word, dtype),
            None => b.value(InstKind::Pointer(word)),
        }
    });
    b.push(InstKind::Return(given));
    let named = |name: &str| ExternData { name: name.to_owned(), count: None };
    let externs = vec![named("object.call_for_c"), named("object.record")];
    Module { functions: vec![f], entry: Some(FuncId(0)), externs, ..Module::default() }
}

/// Runs a function for C, on any thread, with the lock or without it.
///
/// # Safety
/// The record is that of [`make`]; there is a word for each argument, and one for the result.
unsafe extern "C" fn call_for_c(record: *const Record, args: *const u64, ret: *mut u64) {
    let owner = callback::owner();
    hooks::attached(|py| {
        // SAFETY: as the caller vouches; attached.
        unsafe {
            ret.write(0);
            if own::call_own(&raw const (*record).own, args, ret) < 0 {
                ret.write(0);
                let name = &(*(*record).own.dispatcher).state().name;
                callback::fail(py, owner, name);
            } else if (*record).drops {
                pyo3::ffi::Py_DECREF(ret.read() as *mut pyo3::ffi::PyObject);
            }
        }
    });
}
