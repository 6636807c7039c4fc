//! C functions that a module of the Cython language declares itself, and the `printf` family.
//!
//! A function is described by its address, its name and its type's text: `address:name:fn(float64)float64`. Functions
//! with variable arguments are called by way of their `v…` variant, whose list of arguments is made here: all arguments
//! lie in memory, one in each eight bytes, as the System V ABI for x86-64 lets them.

use std::sync::Arc;

use ungil_ir::inst::{BinaryOp as Ir, Const, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::c_text::parse_c_text;
use crate::ctype::{CFunction, CType, Convention};
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::memory::misuse;
use crate::operand::Operand;
use crate::ty::Ty;

/// The function that a description stands for.
pub fn external(described: &str) -> Option<Arc<CFunction>> {
    let mut parts = described.splitn(3, ':');
    let (address, name, text) = (parts.next()?.parse().ok()?, parts.next()?, parts.next()?);
    let CType::Function(f) = parse_c_text(text)? else { return None };
    Some(Arc::new(CFunction {
        name: name.into(),
        address,
        params: f.params.clone(),
        ret: f.ret.clone(),
        convention: Convention::Ctypes,
        errno: false,
        hidden: false,
    }))
}

impl Lowerer<'_, '_> {
    /// Calls a function that the module declares.
    pub(crate) fn call_extern(&mut self, described: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let f = external(described).ok_or(Error::Untyped)?;
        self.call_c_function(&f, args, span)
    }

    /// Calls a function with variable arguments. The type's text is that of the variant, whose last parameter is the
    /// list of arguments.
    pub(crate) fn call_variadic(&mut self, described: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let f = external(described).ok_or(Error::Untyped)?;
        args.check_no_keywords(&f.name)?;
        let fixed = f.params.len() - 1;
        if !cfg!(all(target_arch = "x86_64", unix)) {
            let title = format!("`{}` with variable arguments is not supported on this machine", f.name);
            return Err(misuse(title, "variable arguments", "write the text in Python", span));
        }
        if args.positional.len() < fixed {
            let title = format!("{}() takes at least {fixed} arguments", f.name);
            return Err(misuse(title, "too few arguments", "give the format", span));
        }
        let mut values = Vec::new();
        for (param, arg) in f.params.iter().zip(&args.positional[..fixed]) {
            let arg = self.as_c(param, &param.to_string(), arg, arg.span)?;
            values.push(self.value(&arg)?);
        }
        let rest = &args.positional[fixed..];
        let flat =
            ArrayType { dtype: DType::I64, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        let slots = self.b().typed(InstKind::StackArray(rest.len().max(1) as u32), Type::Array(flat));
        let start = self.b().value(InstKind::Address(slots));
        for (k, arg) in rest.iter().enumerate() {
            let offset = self.b().i64(8 * k as i64);
            let place = self.b().binary(Ir::Add, start, offset);
            self.put_variadic(place, arg)?;
        }
        let list = self.b().typed(InstKind::StackArray(3), Type::Array(flat));
        // All registers count as used up: 48 bytes of general ones, 176 with those of vectors.
        let words = [self.b().i64(48 | 176 << 32), start, self.b().i64(0)];
        for (k, word) in words.into_iter().enumerate() {
            let k = self.b().i64(k as i64);
            self.b().store(list, vec![k], word);
        }
        let address = self.b().value(InstKind::Address(list));
        values.push(self.b().value(InstKind::Pointer(address)));
        self.set_span(span);
        let callee = self.function_pointer(&f);
        let result = self.b().call_c(callee, values, f.ret.ir());
        self.c_result(&f.ret, result, span)
    }

    /// One variable argument, as C promotes it.
    fn put_variadic(&mut self, place: ungil_ir::entities::Value, arg: &Operand) -> Result<()> {
        let arg = &self.settled(arg)?;
        let (dtype, value) = match &arg.ty {
            ty if ty.dtype().is_some_and(DType::is_float) => {
                let value = self.value(arg)?;
                (DType::F64, self.b().cast(value, DType::F64))
            }
            ty if ty.is_integral() => {
                let value = self.value(arg)?;
                (DType::I64, self.b().cast(value, DType::I64))
            }
            Ty::None => (DType::I64, self.b().value(InstKind::Const(Const::Int(DType::I64, 0)))),
            _ => {
                let pointer = self.as_c(&CType::void_pointer(), "void *", arg, arg.span)?;
                (DType::I64, self.pointer_address(&pointer)?)
            }
        };
        let memory = self.memory_at(place, dtype, false);
        let zero = self.b().i64(0);
        self.b().store(memory, vec![zero], value);
        Ok(())
    }
}
