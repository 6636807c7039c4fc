//! Calls of functions of C, through pointers, of the module's own `cdef` functions; structs that are made by their names.

use ungil_ir::entities::Value;
use ungil_ir::inst::{Const, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};

use super::call::is_simple;
use super::entries::Entry;
use super::function::Lowerer;
use super::memory::Place;
use super::python_api::is_object;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Constant, Given, Own, Result, refuse};
use crate::ctype::{CType, FunctionType, PASSES_VARIABLE, Pointee, fixed_params};
use crate::lower::foreign::is_raising;
use crate::lower::struct_calls::Passed;
use ungil_syntax::ast::literal::Literal;

/// The type in which a number or an address travels to a function of the module.
pub(super) fn word_of(ty: &CTy) -> DType {
    if ty.dtype().is_float() { DType::F64 } else { DType::I64 }
}

impl Lowerer<'_> {
    /// An argument of C; objects that must live as long as the call are added to `held`.
    pub(super) fn c_argument(&mut self, e: &Expr, ty: &CTy, held: &mut Vec<Obj>) -> Result<Value> {
        if let Some(power) = self.power_as(e, ty)? {
            return self.number(power, ty);
        }
        if let (CTy::Num(dtype @ (DType::I8 | DType::U8), _), Some(byte)) = (ty, one_byte(e)) {
            return Ok(self.b().value(InstKind::Const(Const::Int(*dtype, byte))));
        }
        let value = self.expr(e)?;
        match ty {
            CTy::C(CType::Pointer(to), _) => self.pointer(value, &to.clone(), Some(held)),
            _ => self.number(value, ty),
        }
    }

    /// The function behind a pointer that an expression is.
    pub(super) fn function_behind(&self, e: &Expr) -> Option<FunctionType> {
        let Kind::C(CTy::C(CType::Pointer(to), _)) = self.kind(e) else { return None };
        match &to.to {
            CType::Function(f) => Some((**f).clone()),
            _ => None,
        }
    }

    /// A call through a pointer.
    pub(super) fn call_pointer(&mut self, e: &Expr, call: &Call, f: &FunctionType) -> Result<Val> {
        let Val::C(address, _) = self.expr(&call.func)? else { return refuse("this call") };
        self.call_address(e, call, address, f)
    }

    /// Calls what lies at an address.
    pub(super) fn call_address(
        &mut self,
        e: &Expr,
        call: &Call,
        address: Value,
        f: &FunctionType,
    ) -> Result<Val> {
        let (params, is_variable) = fixed_params(&f.params);
        let fits = match is_variable {
            true => PASSES_VARIABLE && call.args.len() >= params.len(),
            false => call.args.len() == params.len(),
        };
        if !fits || !is_simple(call) {
            return refuse(&format!("a call of a function of C with {} arguments", params.len()));
        }
        let (mut passed, mut held) = (Passed::default(), Vec::new());
        let ret = self.complete(&f.ret);
        let returned = self.returned(&ret, &mut passed)?;
        for (arg, ty) in call.args.iter().zip(params) {
            if is_object(ty) {
                let obj = self.obj(arg)?;
                // Later arguments may bind its name anew.
                let obj = self.keep_own(obj);
                passed.push(&CType::Scalar(DType::I64), obj.value);
                held.push(obj);
                continue;
            }
            let ty = self.complete(ty);
            let value = self.c_argument(arg, &CTy::of(&ty), &mut held)?;
            match &ty {
                CType::Struct(s) => self.pass_struct(s, value, &mut passed)?,
                CType::Array(..) | CType::Opaque(_) => return refuse("an array as an argument by value"),
                CType::Pointer(_) => {
                    let pointer = self.machine_pointer(value);
                    passed.push(&ty, pointer);
                }
                _ => passed.push(&ty, value),
            }
        }
        for arg in &call.args[params.len()..] {
            let value = self.variable_argument(arg, &mut held)?;
            let is_float = self.func.ty(value).dtype().is_some_and(|d| d.is_float());
            passed.push(&CType::Scalar(if is_float { DType::F64 } else { DType::I64 }), value);
        }
        let filler = self.word(0);
        let values = passed.values(filler);
        self.at(e.span);
        let callee = self.machine_pointer(address);
        let gives_object = is_object(&ret);
        let raises = f.raises || gives_object || f.params.iter().any(is_raising);
        if raises {
            self.call(Entry::ExpectError, &[]);
        }
        let machine = match &returned {
            _ if gives_object => Type::I64,
            Some(returned) => returned.ir(),
            None => ret.ir(),
        };
        let result = self.b().call_c(callee, values, machine);
        match raises {
            true => drop(self.status_from(Entry::Failed, &[], &held)),
            false => self.drop_all(&held),
        }
        if let Some(returned) = returned {
            return self.struct_given(returned, result);
        }
        Ok(match &ret {
            CType::Void => Val::Obj(self.none()),
            _ if gives_object => Val::Obj(self.fresh(result)),
            CType::Pointer(_) => {
                let address = self.b().value(ungil_ir::inst::InstKind::Address(result));
                Val::C(address, CTy::of(&ret))
            }
            other => Val::C(result, CTy::of(other)),
        })
    }

    /// One argument in the place of `...`, as C promotes it. An integer fills its eight bytes whatever width the function reads.
    pub(super) fn variable_argument(&mut self, e: &Expr, held: &mut Vec<Obj>) -> Result<Value> {
        let value = self.expr(e)?;
        match value {
            Val::C(value, ty) if !ty.is_address() && !ty.is_complex() => {
                let wide = if ty.dtype().is_float() { DType::F64 } else { DType::I64 };
                Ok(self.b().cast(value, wide))
            }
            Val::Literal(Literal::Int(_) | Literal::Bool(_)) => self.number(value, &CTy::num(DType::I64)),
            Val::Literal(Literal::Float(_)) => self.number(value, &CTy::num(DType::F64)),
            Val::Obj(_) => refuse("an object of Python in the place of `...`"),
            // Addresses, and texts that are written out.
            other => {
                let to = match other {
                    Val::Literal(_) => CType::Scalar(DType::I8),
                    _ => CType::Void,
                };
                let address = self.pointer(other, &Pointee { to, constant: true }, Some(held))?;
                Ok(self.machine_pointer(address))
            }
        }
    }

    /// A call of a `cdef` function of the module.
    pub(super) fn call_own(&mut self, e: &Expr, call: &Call, own: &Own) -> Result<Val> {
        if let Some(kernel) = &own.kernel {
            return self.call_kernel(e, call, own, kernel);
        }
        let (mut words, mut held) = (Vec::new(), Vec::new());
        for (arg, ty) in call.args.iter().zip(&own.params) {
            let Some(ty) = ty else {
                let obj = self.obj(arg)?;
                held.push(obj);
                words.push((obj.value, DType::I64));
                continue;
            };
            let value = self.c_argument(arg, ty, &mut held)?;
            // Later arguments may change what is passed by value.
            let value = match self.snapshot(Val::C(value, ty.clone()))? {
                Val::C(value, _) => value,
                _ => value,
            };
            words.push((value, word_of(ty)));
        }
        self.at(e.span);
        let address = self.scratch(words.len().max(2));
        for (i, (value, dtype)) in words.into_iter().enumerate() {
            let value = self.b().cast(value, dtype);
            self.put_as(address, i, value, dtype);
        }
        let record = self.constant(Constant::Own(own.number)).value;
        let ret = match own.ret.c() {
            Some(ty) if ty.is_aggregate() => self.frame_memory(&ty.ctype())?,
            _ => address,
        };
        let entry = if self.lock.free.is_some() { Entry::CallOwnFree } else { Entry::CallOwn };
        self.status_from(entry, &[record, address, ret], &held);
        Ok(match &own.ret {
            Given::Nothing => Val::Obj(self.none()),
            Given::Object => {
                let value = self.load(address, 0);
                Val::Obj(self.keep(value))
            }
            Given::C(ty) if ty.is_aggregate() => Val::C(ret, ty.clone()),
            Given::C(ty) => {
                let value = self.load_as(address, 0, word_of(ty));
                Val::C(self.b().cast(value, ty.dtype()), ty.clone())
            }
        })
    }

    /// `Point(1, y=2)`
    pub(super) fn make_struct(&mut self, call: &Call, ty: &CType) -> Result<Val> {
        let CType::Struct(s) = self.complete(ty) else { return refuse("a struct that is not defined") };
        let whole = CType::Struct(s.clone());
        if let ([only], true) = (call.args.as_slice(), call.keywords.is_empty())
            && matches!(self.kind(only), Kind::C(CTy::C(CType::Struct(other), _)) if other.name == s.name)
        {
            let value = self.expr(only)?;
            return self.snapshot(value);
        }
        let address = self.frame_memory(&whole)?;
        let by_place = call.args.iter().enumerate().map(|(k, e)| (s.fields.get(k), e));
        let by_name = call.keywords.iter().map(|k| {
            let field = k.name.as_ref().and_then(|name| s.fields.iter().find(|f| *f.name == *name.name));
            (field, &k.value)
        });
        for (field, e) in by_place.chain(by_name).collect::<Vec<_>>() {
            if matches!(e.kind, ExprKind::Starred(_)) {
                return refuse("`*` in the display of a struct");
            }
            let Some(field) = field else {
                return refuse(&format!("a field that struct `{}` has not", s.name));
            };
            let value = self.expr(e)?;
            self.at(e.span);
            let at = self.offset(address, field.offset);
            let ty = CTy::of(&self.complete(&field.ty));
            self.store_place(&Place { address: at, ty, is_const: false }, value)?;
        }
        Ok(Val::C(address, CTy::of(&whole)))
    }
}

/// What a literal of one byte is as a character of C.
fn one_byte(e: &Expr) -> Option<i64> {
    match &e.kind {
        ExprKind::Literal(Literal::Bytes(bytes)) => match **bytes {
            [byte] => Some(i64::from(byte as i8)),
            _ => None,
        },
        _ => None,
    }
}
