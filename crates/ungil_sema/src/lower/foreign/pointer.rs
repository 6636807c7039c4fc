//! Pointers and structs behind them: elements, fields, arithmetic, comparison.
//!
//! Nothing is checked: a pointer does not know how much memory it leads to.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::{ArrayType, DType, Type};
use ungil_syntax::ast::operator::{BinaryOp, CompareOp};

use crate::ctype::{CStruct, CType, Pointee};
use crate::diagnostics::Result;
use crate::diagnostics::foreign::ForeignError;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::memory::misuse;
use crate::operand::Operand;
use crate::ty::{BOX, Ty};
use crate::world::Global;

impl Lowerer<'_, '_> {
    /// The address that a pointer, or a struct, is.
    pub(crate) fn pointer_address(&mut self, p: &Operand) -> Result<Value> {
        let p = self.value(p)?;
        Ok(self.b().value(InstKind::Address(p)))
    }

    /// A void pointer as the integer that ctypes makes of it; other operands as they are.
    pub(crate) fn address_of_void(&mut self, x: &Operand) -> Result<Operand> {
        match &x.ty {
            Ty::Pointer(p) if p.to == CType::Void => {
                let address = self.pointer_address(x)?;
                Ok(Operand::value(Ty::PyInt, address, x.span))
            }
            _ => Ok(x.clone()),
        }
    }

    /// Memory of one element at an address.
    pub(crate) fn memory_at(&mut self, address: Value, dtype: DType, constant: bool) -> Value {
        let pointer = self.b().value(InstKind::Pointer(address));
        let (one, size) = (self.b().i64(1), self.b().i64(dtype.size() as i64));
        let ty = ArrayType { dtype, readonly: constant, ..BOX };
        self.b().typed(InstKind::ArrayAt { pointer, shape: vec![one], strides: vec![size] }, Type::Array(ty))
    }

    /// A pointer, number or struct of ctypes that is a global.
    pub(crate) fn global_memory(&mut self, global: &Global, span: Span) -> Result<Operand> {
        let (ty, address, name) = match global {
            Global::CPointer { to, address, name } | Global::CMemory { ty: to, address, name } => {
                (to, *address, name)
            }
            other => unreachable!("not memory of C: {other:?}"),
        };
        let value = if address == 0 { self.null_pointer() } else { self.extern_address(name, address) };
        Ok(match (global, ty) {
            (Global::CMemory { .. }, CType::Scalar(d)) => {
                let address = self.b().value(InstKind::Address(value));
                Operand::value(Ty::CBox(*d), self.memory_at(address, *d, false), span)
            }
            (Global::CMemory { .. }, CType::Struct(s)) => Operand::value(Ty::CStruct(s.clone()), value, span),
            (_, CType::Pointer(p)) => Operand::value(Ty::Pointer(p.clone()), value, span),
            (_, ty) => return self.c_result(&ty.clone(), value, span),
        })
    }

    /// What lies at an address, as Python sees it.
    pub(crate) fn load_c(&mut self, address: Value, ty: &CType, span: Span) -> Result<Operand> {
        let zero = self.b().i64(0);
        let value = match ty {
            CType::Scalar(d) => {
                let memory = self.memory_at(address, *d, true);
                self.b().load(memory, vec![zero])
            }
            CType::Bint => {
                let memory = self.memory_at(address, DType::I32, true);
                self.b().load(memory, vec![zero])
            }
            CType::Struct(_) | CType::Array(..) => self.b().value(InstKind::Pointer(address)),
            CType::Pointer(_) => {
                let memory = self.memory_at(address, DType::I64, true);
                let word = self.b().load(memory, vec![zero]);
                self.b().value(InstKind::Pointer(word))
            }
            // Refused by `c_result`.
            _ => self.null_pointer(),
        };
        self.c_result(ty, value, span)
    }

    pub(crate) fn store_c(&mut self, address: Value, ty: &CType, value: &Operand, span: Span) -> Result<()> {
        let zero = self.b().i64(0);
        let value = &match ty {
            CType::Scalar(_) | CType::Bint | CType::Pointer(_) | CType::Struct(_) if self.is_c() => {
                self.as_c(ty, &ty.to_string(), value, span)?
            }
            _ => value.clone(),
        };
        match ty {
            CType::Struct(s) if self.is_c() => {
                let from = self.pointer_address(value)?;
                self.copy_memory(address, from, s.size)
            }
            CType::Array(..) if matches!(value.ty, Ty::Array(_)) && self.is_frame_array(value) => {
                let from = self.array_pointer(value)?;
                let from = self.b().value(InstKind::Address(from));
                self.copy_memory(address, from, ty.size().unwrap_or(0))
            }
            CType::Array(element, n) if matches!(value.ty, Ty::Tuple(_)) => {
                let items = self.items(value);
                if items.len() as u64 != *n {
                    return Err(misuse(
                        format!("Assignment to slice of wrong length, expected {n}, got {}", items.len()),
                        "wrong number of elements",
                        "give as many as the array has",
                        span,
                    ));
                }
                let size = element.size().unwrap_or(0);
                for (k, item) in items.iter().enumerate() {
                    let offset = self.b().i64((k as u64 * size) as i64);
                    let at = self.b().binary(Ir::Add, address, offset);
                    self.store_c(at, element, item, span)?;
                }
                Ok(())
            }
            CType::Bint => {
                let content = self.word_of_truth(value)?;
                let memory = self.memory_at(address, DType::I32, false);
                self.b().store(memory, vec![zero], content);
                Ok(())
            }
            CType::Scalar(d) => {
                let content = self.box_content(*d, value, span)?;
                let memory = self.memory_at(address, *d, false);
                self.b().store(memory, vec![zero], content);
                Ok(())
            }
            CType::Pointer(_) if matches!(value.ty, Ty::Pointer(_) | Ty::CStruct(_) | Ty::None) => {
                let word = match value.ty {
                    Ty::None => zero,
                    _ => self.pointer_address(value)?,
                };
                let memory = self.memory_at(address, DType::I64, false);
                self.b().store(memory, vec![zero], word);
                Ok(())
            }
            _ => Err(ForeignError::Use {
                title: format!("`{}` cannot be stored as a C `{ty}`", value.ty),
                label: format!("found `{}`", value.ty),
                help: "assign a number, or a pointer to a pointer".to_owned(),
                span,
            }
            .into()),
        }
    }

    /// The `int` that a truth value is to C.
    pub(crate) fn word_of_truth(&mut self, x: &Operand) -> Result<Value> {
        let value = match x.ty.is_integral() {
            true => self.value(x)?,
            false => self.truth_value(x)?,
        };
        Ok(self.b().cast(value, DType::I32))
    }

    /// Address of element `index`.
    pub(crate) fn element_of_pointer(
        &mut self,
        p: &Operand,
        index: &Operand,
        span: Span,
    ) -> Result<(Value, Pointee)> {
        let p = &self.completed(p);
        let Ty::Pointer(to) = p.ty.clone() else { unreachable!("called for pointers") };
        let Some(size) = to.to.size() else {
            return Err(ForeignError::Use {
                title: format!("a pointer to `{}` has no elements", to.to),
                label: format!("found `{}`", p.ty),
                help: "convert it: `ctypes.cast(p, ctypes.POINTER(type))`, or `carray(p, shape, dtype)`"
                    .to_owned(),
                span,
            }
            .into());
        };
        if !index.ty.is_integral() {
            return Err(TypeError::Index { found: index.ty.clone(), container: p.ty.clone(), span }.into());
        }
        let start = self.pointer_address(p)?;
        let (index, size) = (self.index(index)?, self.b().i64(size as i64));
        let offset = self.b().binary(Ir::Mul, index, size);
        Ok((self.b().binary(Ir::Add, start, offset), (*to).clone()))
    }

    /// `p[index]`
    pub(crate) fn pointer_subscript(&mut self, p: &Operand, index: &Operand, span: Span) -> Result<Operand> {
        let (address, to) = self.element_of_pointer(p, index, span)?;
        self.load_c(address, &to.to, span)
    }

    /// `p[index] = value`
    pub(crate) fn pointer_assign(
        &mut self,
        p: &Operand,
        index: &Operand,
        value: &Operand,
        span: Span,
    ) -> Result<()> {
        let (address, to) = self.element_of_pointer(p, index, span)?;
        if to.constant {
            return Err(ForeignError::Use {
                title: format!("a `{to} *` is read-only"),
                label: "the target is `const`".to_owned(),
                help: "declare the pointer without `const`".to_owned(),
                span,
            }
            .into());
        }
        self.store_c(address, &to.to, value, span)
    }

    /// Attributes of pointers, structs and boxes.
    pub(crate) fn foreign_attribute(
        &mut self,
        value: &Operand,
        attr: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        let value = &self.completed(value);
        Ok(match (&value.ty, attr) {
            (Ty::CBox(_), "value") => Some(self.box_value(value)?.at(span)),
            (Ty::Pointer(p), "value") if p.to == CType::Void => Some(self.address_of_void(value)?),
            (Ty::Pointer(p), "contents") if !self.is_c() => {
                let p = p.clone();
                let address = self.pointer_address(value)?;
                Some(match &p.to {
                    CType::Scalar(d) => {
                        let memory = self.memory_at(address, *d, false);
                        Operand::value(Ty::CBox(*d), memory, span)
                    }
                    other => self.load_c(address, other, span)?,
                })
            }
            (ty, _) => match struct_of(ty).and_then(|s| field(s, attr)) {
                Some((ty, offset)) => {
                    let address = self.field_address(value, offset)?;
                    let found = self.load_c(address, &ty, span)?;
                    if value.value.is_some_and(|v| self.const_structs.contains(&v)) {
                        self.const_structs.extend(found.value);
                    }
                    Some(found)
                }
                None => None,
            },
        })
    }

    /// The place of a field; `None` if there is none of that name.
    pub(crate) fn field_place(&mut self, x: &Operand, attr: &str) -> Result<Option<(Value, CType)>> {
        match struct_of(&x.ty).and_then(|s| field(s, attr)) {
            Some((ty, offset)) => Ok(Some((self.field_address(x, offset)?, ty))),
            None => Ok(None),
        }
    }

    fn field_address(&mut self, s: &Operand, offset: u64) -> Result<Value> {
        let (start, offset) = (self.pointer_address(s)?, self.b().i64(offset as i64));
        Ok(self.b().binary(Ir::Add, start, offset))
    }

    /// `x.attr = value`; whether there is such a target.
    pub(crate) fn assign_attribute(
        &mut self,
        x: &Operand,
        attr: &str,
        value: &Operand,
        span: Span,
    ) -> Result<bool> {
        let x = &self.completed(x);
        if x.value.is_some_and(|v| self.const_structs.contains(&v)) {
            let title = "a memoryview of `const` structs is read-only";
            return Err(misuse(title, "cannot be assigned", "declare it without `const`", span));
        }
        match (&x.ty, attr) {
            (Ty::CBox(_), "value") => self.set_box(x, value, span)?,
            (ty, _) => {
                let Some((ty, offset)) = struct_of(ty).and_then(|s| field(s, attr)) else { return Ok(false) };
                let address = self.field_address(x, offset)?;
                self.store_c(address, &ty, value, span)?;
            }
        }
        Ok(true)
    }

    /// An array of C as the pointer to its first element; other operands as they are.
    fn decayed(&mut self, x: &Operand) -> Result<Operand> {
        match &x.ty {
            Ty::Array(a) if self.is_c() && self.is_frame_array(x) => {
                let to = Pointee { to: CType::Scalar(a.dtype), constant: false };
                let pointer = self.array_pointer(x)?;
                Ok(Operand::value(Ty::Pointer(std::sync::Arc::new(to)), pointer, x.span))
            }
            _ => Ok(x.clone()),
        }
    }

    /// An array of C that a variable without a declaration takes, which as in Cython is the pointer to its first element; other
    /// values as they are.
    pub(crate) fn off_the_frame(&mut self, name: &str, x: &Operand, span: Span) -> Result<Operand> {
        if self.declared(name).is_some() || !self.is_frame_array(x) {
            return Ok(x.clone());
        }
        let is_object = self.options.c.as_ref().is_some_and(|c| c.classes.contains_key(name));
        if matches!(x.ty, Ty::Array(a) if a.ndim == 1) && !is_object {
            return self.decayed(x);
        }
        Err(ForeignError::Use {
            title: format!("an array of C as the value of `{name}`, which is not declared"),
            label: "lies in the function's frame".to_owned(),
            help: "declare a memoryview of it".to_owned(),
            span,
        }
        .into())
    }

    /// `p + n`, `p - n`, `p - q`; `None` if that is no arithmetic of pointers.
    pub(crate) fn pointer_arithmetic(
        &mut self,
        op: BinaryOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        let (left, right) = (self.decayed(left)?, self.decayed(right)?);
        let (left, right) = (&self.completed(&left), &self.completed(&right));
        if let (Ty::Pointer(_), BinaryOp::Add, true) = (&right.ty, op, left.ty.is_integral()) {
            return self.pointer_arithmetic(op, right, left, span);
        }
        let Ty::Pointer(to) = left.ty.clone() else { return Ok(None) };
        let Some(size) = to.to.size() else { return Ok(None) };
        match (&right.ty, op) {
            (Ty::Pointer(q), BinaryOp::Sub) if q.to == to.to => {
                let (a, b) = (self.pointer_address(left)?, self.pointer_address(right)?);
                let (bytes, size) = (self.b().binary(Ir::Sub, a, b), self.b().i64(size as i64));
                let n = self.b().binary(Ir::FloorDiv, bytes, size);
                let ty = if self.is_c() { Ty::Scalar(DType::I64) } else { Ty::PyInt };
                Ok(Some(Operand::value(ty, n, span)))
            }
            (n, BinaryOp::Add | BinaryOp::Sub) if n.is_integral() => {
                let (start, n, size) =
                    (self.pointer_address(left)?, self.index(right)?, self.b().i64(size as i64));
                let offset = self.b().binary(Ir::Mul, n, size);
                let op = if op == BinaryOp::Add { Ir::Add } else { Ir::Sub };
                let address = self.b().binary(op, start, offset);
                let pointer = self.b().value(InstKind::Pointer(address));
                Ok(Some(Operand::value(left.ty.clone(), pointer, span)))
            }
            _ => Ok(None),
        }
    }

    /// Comparison of pointers with each other and with None; `None` if neither is one.
    pub(crate) fn compare_pointers(
        &mut self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        let op = match op {
            CompareOp::Eq | CompareOp::Is => IrCompare::Eq,
            CompareOp::NotEq | CompareOp::IsNot => IrCompare::Ne,
            CompareOp::Lt => IrCompare::Lt,
            CompareOp::LtE => IrCompare::Le,
            CompareOp::Gt => IrCompare::Gt,
            CompareOp::GtE => IrCompare::Ge,
            CompareOp::In | CompareOp::NotIn => return Ok(None),
        };
        let mut addresses = Vec::new();
        for x in [left, right] {
            let x = &self.decayed(x)?;
            addresses.push(match &x.ty {
                Ty::Pointer(_) => self.pointer_address(x)?,
                Ty::None if matches!(op, IrCompare::Eq | IrCompare::Ne) => self.b().i64(0),
                ty if ty.is_integral() => self.index(x)?,
                _ => return Ok(None),
            });
        }
        let value = self.b().compare(op, addresses[0], addresses[1]);
        Ok(Some(Operand::value(Ty::PyBool, value, span)))
    }

    /// Whether a pointer leads anywhere.
    pub(crate) fn is_not_null(&mut self, p: &Operand) -> Result<Value> {
        let (address, zero) = (self.pointer_address(p)?, self.b().i64(0));
        Ok(self.b().compare(IrCompare::Ne, address, zero))
    }
}

/// The struct that an operand is or, as cffi has it, points at.
fn struct_of(ty: &Ty) -> Option<&CStruct> {
    match ty {
        Ty::CStruct(s) => Some(s),
        Ty::Pointer(p) => match &p.to {
            CType::Struct(s) => Some(s),
            _ => None,
        },
        _ => None,
    }
}

fn field(s: &CStruct, name: &str) -> Option<(CType, u64)> {
    s.fields.iter().find(|f| *f.name == *name).map(|f| (f.ty.clone(), f.offset))
}
