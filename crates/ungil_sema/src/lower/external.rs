//! C functions that a module of the Cython language declares itself.
//!
//! A function is described by its address, its name and its type's text: `address:name:fn(float64)float64`. Variable arguments, for
//! which `@...` stands as the last parameter, are passed as others are, promoted as C promotes them.

use std::sync::Arc;

use ungil_ir::entities::Value;
use ungil_ir::inst::{Const, InstKind};
use ungil_ir::types::DType;

use crate::c_text::parse_c_text;
use crate::ctype::{CFunction, CType, Convention, PASSES_VARIABLE};
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
        if let Some(found) = self.ask_array(&f.name, &args)? {
            return Ok(found);
        }
        self.call_c_function(&f, args, span)
    }

    /// One variable argument as C promotes it. An integer fills its eight bytes whatever width the function reads.
    pub(crate) fn variable_argument(&mut self, arg: &Operand) -> Result<(CType, Value)> {
        let arg = &self.settled(arg)?;
        Ok(match &arg.ty {
            ty if ty.dtype().is_some_and(DType::is_float) => {
                let value = self.value(arg)?;
                (CType::Scalar(DType::F64), self.b().cast(value, DType::F64))
            }
            ty if ty.is_integral() => {
                let value = self.value(arg)?;
                (CType::Scalar(DType::I64), self.b().cast(value, DType::I64))
            }
            Ty::None => {
                (CType::Scalar(DType::I64), self.b().value(InstKind::Const(Const::Int(DType::I64, 0))))
            }
            _ => {
                let pointer = self.as_c(&CType::void_pointer(), "void *", arg, arg.span)?;
                (CType::void_pointer(), self.value(&pointer)?)
            }
        })
    }

    /// Refuses a call with `...` that this machine or the number of arguments does not allow.
    pub(crate) fn check_variable(&self, f: &CFunction, fixed: usize, args: &Args) -> Result<()> {
        let span = args.span;
        if !PASSES_VARIABLE {
            let title = format!("`{}` with variable arguments is not supported on this machine", f.name);
            return Err(misuse(title, "variable arguments", "write the text in Python", span));
        }
        if args.positional.len() < fixed {
            let title = format!("{}() takes at least {fixed} arguments", f.name);
            return Err(misuse(title, "too few arguments", "give those that it declares", span));
        }
        Ok(())
    }
}
