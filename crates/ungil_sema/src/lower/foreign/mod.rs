//! Calls of C functions.
//!
//! A C function is a compile-time entity: its address comes from the module's table of externs. Arguments are converted
//! as its convention (ctypes, cffi) converts them; what is known to be wrong is refused when the kernel is compiled,
//! the rest is checked before the call.

mod argument;
mod boxes;
pub(crate) mod library;
mod ndarray;
mod pointer;

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Type};

use crate::ctype::{CFunction, CType, Pointee, fixed_params};
use crate::diagnostics::Result;
use crate::diagnostics::foreign::ForeignError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::struct_calls::{Passed, Returned};
use crate::operand::Operand;
use crate::ty::Ty;

/// `void (void)`: exchanges `errno` and the thread's copy.
pub const EXCHANGE_ERRNO: &str = "ungil_py_exchange_errno";
/// `i32 (void)`: the copy.
pub const GET_ERRNO: &str = "ungil_py_get_errno";
/// `i32 (i32)`: sets the copy, returns the old one.
pub const SET_ERRNO: &str = "ungil_py_set_errno";

pub use ungil_abi::symbols::{EXPECT, FAILED};

/// Whether a parameter is a pointer to a function that may raise.
pub(crate) fn is_raising(ty: &CType) -> bool {
    matches!(ty, CType::Pointer(to) if matches!(&to.to, CType::Function(f) if f.raises))
}

impl Lowerer<'_, '_> {
    /// A call of C; where a kernel may raise behind it, the exception is raised here.
    pub(crate) fn checked_call(&mut self, raises: bool, call: impl FnOnce(&mut Self) -> Value) -> Value {
        let expects = raises && self.call_host(EXPECT, Vec::new(), Type::unit()).is_some();
        let result = call(self);
        if expects && let Some(token) = self.call_host(FAILED, Vec::new(), Type::I64) {
            self.raise_kept(token);
        }
        result
    }

    /// Calls a C function.
    pub(crate) fn call_c_function(&mut self, f: &Arc<CFunction>, args: Args, span: Span) -> Result<Operand> {
        args.check_no_keywords(&f.name)?;
        let (params, is_variable) = fixed_params(&f.params);
        if is_variable {
            self.check_variable(f, params.len(), &args)?;
        } else if args.positional.len() != params.len() {
            let (expected, given) = (f.params.len(), args.positional.len());
            let (name, prototype) = (f.name.to_string(), f.prototype());
            return Err(ForeignError::Count { name, prototype, expected, given, span }.into());
        }
        let mut passed = Passed::default();
        let returned = match self.is_c() {
            true => self.struct_result(&f.ret, &mut passed, span)?,
            false => Returned::Plain(f.ret.ir()),
        };
        for (k, (param, arg)) in params.iter().zip(&args.positional).enumerate() {
            if let (CType::Struct(s), true) = (self.complete(param), self.is_c()) {
                self.struct_argument(&s, arg, &mut passed)?;
                continue;
            }
            let value = self.c_argument(f, k, param, arg)?;
            passed.push(param, value);
        }
        for arg in &args.positional[params.len()..] {
            let (ty, value) = self.variable_argument(arg)?;
            passed.push(&ty, value);
        }
        if f.hidden {
            let zero = self.b().i64(0);
            let zero = self.b().cast(zero, DType::I32);
            passed.push(&CType::Scalar(DType::I32), zero);
        }
        let values = self.passed_values(passed);
        self.set_span(span);
        let callee = self.extern_address(&f.name, f.address);
        self.exchange_errno(f);
        let raises = f.params.iter().any(is_raising);
        let result = self.checked_call(raises, |l| l.b().call_c(callee, values, returned.ir()));
        self.exchange_errno(f);
        if let Some(made) = self.returned_struct(&returned, result, span)? {
            return Ok(made);
        }
        self.c_result(&f.ret, result, span)
    }

    /// The address of a C function or object, through the module's table.
    pub(crate) fn extern_address(&mut self, name: &str, address: u64) -> Value {
        let number = self.program.external(name, address);
        self.b().value(InstKind::Extern(number))
    }

    /// Exchanges `errno` with the thread's own copy of it, if the function wants that.
    fn exchange_errno(&mut self, f: &CFunction) {
        if f.errno {
            self.call_host(EXCHANGE_ERRNO, Vec::new(), Type::unit());
        }
    }

    /// Calls a function of the host; `None` if the host has none of that name.
    pub(crate) fn call_host(&mut self, name: &str, args: Vec<Value>, ret: Type) -> Option<Value> {
        let address = self.program.world.host_function(name)?;
        let callee = self.extern_address(name, address);
        Some(self.b().call_c(callee, args, ret))
    }

    /// A C function as a pointer.
    pub(crate) fn function_pointer(&mut self, f: &CFunction) -> Value {
        self.extern_address(&f.name, f.address)
    }

    /// What C returned or what lies in its memory, as Python sees it.
    pub(crate) fn c_result(&mut self, ty: &CType, value: Value, span: Span) -> Result<Operand> {
        let weak = |l: &mut Self, ty: Ty| {
            let dtype = ty.dtype().expect("a scalar");
            let value = l.b().cast(value, dtype);
            Operand::value(ty, value, span)
        };
        Ok(match ty {
            CType::Void => Operand::none(span),
            CType::Bint => {
                let number = Operand::value(Ty::Scalar(DType::I32), value, span);
                let truth = self.truth_value(&number)?;
                Operand::value(Ty::PyBool, truth, span)
            }
            // C's arithmetic goes on with C's types.
            CType::Scalar(d) if self.is_c() => Operand::value(Ty::Scalar(*d), value, span),
            // Python's integers end at 2**63 here.
            CType::Scalar(DType::U64) => Operand::value(Ty::Scalar(DType::U64), value, span),
            CType::Scalar(d) => weak(self, Ty::weak_of(*d)),
            CType::Pointer(p) => Operand::value(Ty::Pointer(p.clone()), value, span),
            CType::Struct(s) => Operand::value(Ty::CStruct(s.clone()), value, span),
            CType::Array(element, _) => {
                let to = Pointee { to: (**element).clone(), constant: false };
                Operand::value(Ty::Pointer(Arc::new(to)), value, span)
            }
            CType::Opaque(_) | CType::Function(_) => {
                return Err(ForeignError::Use {
                    title: format!("values of type `{ty}` cannot be used in compiled code"),
                    label: "this has no known content".to_owned(),
                    help: "pass the pointer on".to_owned(),
                    span,
                }
                .into());
            }
            CType::NdPointer(_) => Operand::value(Ty::void_pointer(), value, span),
        })
    }

    /// The IR type of what lies at a pointer.
    pub(crate) fn null_pointer(&mut self) -> Value {
        let zero = self.b().i64(0);
        let null = self.b().value(InstKind::Pointer(zero));
        debug_assert_eq!(*self.func.ty(null), Type::Pointer);
        null
    }
}
