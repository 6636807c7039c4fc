//! Functions of Python's C interface that take or give pointers of C.
//!
//! In the texts of their types objects stand as `@object`. What is given is a new reference; an object or a pointer that is 0, or
//! a negative number, tells of an exception.

use ungil_abi::exception::ExcClass;
use ungil_ir::inst::{CompareOp, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Expr};

use super::call::is_simple;
use super::entries::Entry;
use super::function::Lowerer;
use super::value::{CTy, Obj, Val};
use super::{Constant, Result, refuse};
use crate::ctype::{CFunction, CType, PASSES_VARIABLE, fixed_params};

/// Whether a parameter or a result is an object.
pub(super) fn is_object(ty: &CType) -> bool {
    matches!(ty, CType::Opaque(name) if &**name == "object")
}

/// Whether a function handles objects.
pub(super) fn is_of_python(f: &CFunction) -> bool {
    f.params.iter().chain([&f.ret]).any(is_object)
}

/// Whether a type is that of an object whose address is given.
pub(super) fn is_object_memory(ty: &CType) -> bool {
    matches!(ty, CType::Opaque(name) if &**name == "PyObject")
}

/// Whether a function is one of NumPy's, whose numbers and pointers tell of an exception only where one is set.
fn is_of_numpy(f: &CFunction) -> bool {
    f.name.starts_with("PyArray_")
}

impl Lowerer<'_> {
    /// `<object>p`: the object that a pointer leads to; others as they are.
    pub(super) fn object_behind(&mut self, value: Val) -> Result<Obj> {
        match value {
            Val::C(address, CTy::C(CType::Pointer(to), _))
                if to.to == CType::Void || is_object_memory(&to.to) =>
            {
                let nothing = self.is_zero(address);
                self.raise_if(nothing, ExcClass::VALUE_ERROR, "NULL is no object");
                self.call(Entry::Retain, &[address]);
                Ok(self.keep(address))
            }
            other => self.object(other),
        }
    }

    /// A call of such a function.
    pub(super) fn call_python_api(&mut self, e: &Expr, call: &Call, f: &CFunction) -> Result<Val> {
        let (params, is_variable) = fixed_params(&f.params);
        let fits = match is_variable {
            true => PASSES_VARIABLE && call.args.len() >= params.len(),
            false => call.args.len() == params.len(),
        };
        if !fits || !is_simple(call) {
            return refuse(&format!("{}() with other than {} arguments", f.name, params.len()));
        }
        let (mut values, mut held) = (Vec::new(), Vec::new());
        for (arg, ty) in call.args.iter().zip(params) {
            if is_object(ty) {
                let obj = self.obj(arg)?;
                values.push(obj.value);
                held.push(obj);
                continue;
            }
            let value = self.c_argument(arg, &CTy::of(ty), &mut held)?;
            values.push(if matches!(ty, CType::Pointer(_)) { self.machine_pointer(value) } else { value });
        }
        for arg in &call.args[params.len()..] {
            values.push(self.variable_argument(arg, &mut held)?);
        }
        let is_borrowed = matches!(&f.ret, CType::Pointer(to) if is_object_memory(&to.to));
        // What a container holds lives as long as that does.
        let owners = if is_borrowed { held.get(..1).unwrap_or_default() } else { &held[..] };
        if matches!(f.ret, CType::Pointer(_)) && owners.iter().any(|obj| obj.temp.is_some()) {
            return refuse("a pointer into an object that nobody holds: assign it to a variable first");
        }
        self.need_lock();
        self.at(e.span);
        let address = self.constant(Constant::Address(f.address)).value;
        let callee = self.machine_pointer(address);
        let ret = if is_object(&f.ret) { Type::I64 } else { f.ret.ir() };
        let result = self.b().call_c(callee, values, ret);
        self.drop_all(&held);
        Ok(match &f.ret {
            ty if is_object(ty) => Val::Obj(self.fresh(result)),
            CType::Pointer(_) => {
                let address = self.b().value(InstKind::Address(result));
                let failed = self.is_zero(address);
                match is_borrowed || is_of_numpy(f) {
                    // There may be none.
                    true => self.fail_if_set(failed),
                    false => self.fail_if(failed),
                }
                Val::C(address, CTy::of(&f.ret))
            }
            other => {
                let ty = CTy::of(other);
                let wide = self.b().cast(result, DType::I64);
                let zero = self.word(0);
                let failed = self.b().compare(CompareOp::Lt, wide, zero);
                match is_of_numpy(f) {
                    // A stride may be negative.
                    true => self.fail_if_set(failed),
                    false => self.fail_if(failed),
                }
                Val::C(result, ty)
            }
        })
    }
}
