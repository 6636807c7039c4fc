//! Names: local variables, captured ones, nested functions, globals.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Type};

use crate::diagnostics::Result;
use crate::diagnostics::foreign::ForeignError;
use crate::diagnostics::names::NameError;
use crate::lower::Lowerer;
use crate::operand::{Constant, Operand};
use crate::ty::{CodeId, FuncTy, Ty, UfuncTy};
use crate::world::{Global, GuardPlace};

impl Lowerer<'_, '_> {
    /// The value of a name.
    pub(crate) fn name(&mut self, name: &str, span: Span) -> Result<Operand> {
        if let Some(value) = self.read_memory(name, span)? {
            return Ok(value);
        }
        let key = self.code.id.nested;
        let code = self.code.clone();
        let name = code.scopes.variable(name, span.lo);
        let scope = &code.scopes.funcs[&key];
        if let Some(nested) = scope.statics.get(name) {
            return Ok(self.bare_function(*nested, name, span));
        }
        if scope.locals.contains(name) {
            let used = self.webs.use_at(span.lo).ok_or(crate::diagnostics::Error::Untyped)?;
            return self.read_use(used, name, span);
        }
        match self.code.scopes.owner(key, name) {
            Some(owner) => {
                if let Some(nested) = self.code.scopes.funcs[&owner].statics.get(name) {
                    return Ok(self.bare_function(*nested, name, span));
                }
                let captured = self.captures.get(&(name.into(), owner)).cloned();
                captured.map(|o| o.at(span)).ok_or(crate::diagnostics::Error::Untyped)
            }
            None => self.global(name, span),
        }
    }

    /// A function nested in this one, which reads what it captures when it is called.
    pub(crate) fn bare_function(&self, nested: u32, name: &str, span: Span) -> Operand {
        let code = CodeId { kernel: self.code.id.kernel, nested: Some(nested) };
        Operand::entity(Ty::Func(Arc::new(FuncTy { code, name: name.into(), captures: None })), span)
    }

    fn global(&mut self, name: &str, span: Span) -> Result<Operand> {
        let kernel = self.code.id.kernel;
        match self.program.world.lookup(kernel, name) {
            Some(global) => {
                self.global_operand(&global, GuardPlace::Name(kernel, name.to_owned()), name, span)
            }
            None => Err(NameError::Undefined { name: name.to_owned(), span, similar: None }.into()),
        }
    }

    /// The operand that stands for a value of Python.
    pub(crate) fn global_operand(
        &mut self,
        global: &Global,
        place: GuardPlace,
        name: &str,
        span: Span,
    ) -> Result<Operand> {
        let constant = |ty, c| Ok(Operand::constant(ty, c, span));
        let guarded = !matches!(
            global,
            Global::Builtin(_)
                | Global::Module { .. }
                | Global::CType(_)
                | Global::Exception(_)
                | Global::DType(_)
        );
        if guarded {
            self.program.guard(place.clone(), global);
        }
        match global {
            Global::Int(n) => constant(Ty::PyInt, Constant::Int((*n).into())),
            Global::BigInt(digits) => match digits.parse::<i128>() {
                Ok(n) => constant(Ty::PyInt, Constant::Int(n)),
                Err(_) => Err(self.unusable(name, "int beyond 128 bits", span)),
            },
            Global::Float(x) => constant(Ty::PyFloat, Constant::Float(*x)),
            Global::Bool(b) => constant(Ty::PyBool, Constant::Bool(*b)),
            Global::Complex(re, im) => constant(Ty::PyComplex, Constant::Complex(*re, *im)),
            Global::None => Ok(Operand::none(span)),
            Global::Ellipsis => Ok(Operand::entity(Ty::Ellipsis, span)),
            Global::Str(s) => Ok(Operand::entity(Ty::Str(s.as_str().into()), span)),
            Global::Tuple(items) => {
                let items = items.iter().map(|i| self.global_operand(i, place.clone(), name, span));
                Ok(Operand::tuple(items.collect::<Result<Vec<_>>>()?, span))
            }
            Global::Array { object, ty, name } => {
                let number = self.program.global_array(*object, *ty, name);
                let value = self.b().typed(InstKind::GlobalArray(number), Type::Array(*ty));
                Ok(Operand::value(Ty::Array(*ty), value, span))
            }
            Global::NumpyScalar { dtype, bits, bits2 } => {
                constant(Ty::Scalar(*dtype), numpy_constant(*dtype, *bits, *bits2))
            }
            Global::Builtin(name) => Ok(Operand::entity(Ty::Builtin(name.as_str().into()), span)),
            Global::Module { object, name } => {
                Ok(Operand::entity(Ty::Module(*object, name.as_str().into()), span))
            }
            Global::Kernel(kernel) => {
                let code = CodeId { kernel: *kernel, nested: None };
                let ty = FuncTy { code, name: name.into(), captures: Some(Vec::new()) };
                Ok(Operand::entity(Ty::Func(Arc::new(ty)), span))
            }
            Global::Ufunc { kernel, loops, identity, .. } => {
                let code = CodeId { kernel: *kernel, nested: None };
                let func = FuncTy { code, name: name.into(), captures: Some(Vec::new()) };
                let ty = UfuncTy { func: Arc::new(func), loops: loops.clone(), identity: *identity };
                Ok(Operand::entity(Ty::Ufunc(Arc::new(ty)), span))
            }
            Global::DType(d) => Ok(Operand::entity(Ty::DType(*d), span)),
            Global::Class(class) => Ok(Operand::entity(Ty::Class(class.as_str().into()), span)),
            Global::Exception(class) => Ok(Operand::entity(Ty::Exception(*class), span)),
            Global::CFunction(f) => Ok(Operand::entity(Ty::CFunc(f.clone()), span)),
            Global::Fused { object, name } => {
                Ok(Operand::entity(Ty::Fused(*object, name.as_str().into()), span))
            }
            Global::CType(ty) => Ok(Operand::entity(Ty::CType(ty.clone()), span)),
            Global::CPointer { .. } | Global::CMemory { .. } => self.global_memory(global, span),
            Global::Mpi { kind, handle, name } => Ok(self.global_mpi(*kind, *handle, name, span)),
            Global::Uncallable { title, help } => {
                let (title, help) = (title.clone(), help.clone());
                Err(ForeignError::Prototype { title, help, span }.into())
            }
            Global::Object { type_name } => Err(self.unusable(name, type_name, span)),
        }
    }

    fn unusable(&self, name: &str, type_name: &str, span: Span) -> crate::diagnostics::Error {
        NameError::UnusableGlobal { name: name.to_owned(), type_name: type_name.to_owned(), span }.into()
    }
}

fn numpy_constant(dtype: DType, bits: u64, bits2: u64) -> Constant {
    match dtype {
        DType::Bool => Constant::Bool(bits != 0),
        d if d.is_unsigned() => Constant::Int(bits.into()),
        d if d.is_int() => Constant::Int((bits as i64).into()),
        d if d.is_float() => Constant::Float(f64::from_bits(bits)),
        _ => Constant::Complex(f64::from_bits(bits), f64::from_bits(bits2)),
    }
}
