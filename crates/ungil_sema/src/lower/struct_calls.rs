//! Structs by value in calls of C functions.
//!
//! Source: the System V ABI for x86-64, section 3.2.3. A struct of at most 16 bytes travels in one or two eightbytes: one
//! that holds only floats in a vector register, another in a general one; both or none are in registers. A larger result
//! is written where a hidden first argument says. A larger argument, and what registers have no room for, lies on the stack in
//! the order of the arguments, in whole eightbytes: it is passed as so many integers behind all others, before which integers
//! that nobody reads fill the general registers.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, InstKind};
use ungil_ir::types::{DType, Type};

use crate::c_text::alignment;
use crate::ctype::{CStruct, CType};
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::memory::misuse;
use crate::operand::Operand;
use crate::ty::Ty;

/// Arguments by where they go.
#[derive(Default)]
pub(crate) struct Passed {
    registers: Registers,
    as_given: Vec<Value>,
    in_registers: Vec<Value>,
    on_stack: Vec<Value>,
    /// Whether a struct is on the stack.
    has_struct: bool,
}

/// Registers that arguments have taken.
#[derive(Default)]
struct Registers {
    general: usize,
    vector: usize,
}

const GENERAL: usize = 6;
const VECTOR: usize = 8;

impl Registers {
    /// Takes what an argument that is no struct needs; whether there is room.
    fn take(&mut self, ty: &CType) -> bool {
        match ty {
            CType::Scalar(DType::C128) => self.take_all(&[DType::F64, DType::F64]),
            CType::Scalar(d) if d.is_float() || d.is_complex() => self.take_all(&[DType::F64]),
            _ => self.take_all(&[DType::I64]),
        }
    }

    fn take_all(&mut self, parts: &[DType]) -> bool {
        let vector = parts.iter().filter(|d| d.is_float()).count();
        let general = parts.len() - vector;
        if self.general + general > GENERAL || self.vector + vector > VECTOR {
            return false;
        }
        self.general += general;
        self.vector += vector;
        true
    }
}

/// The eightbytes of a struct, `F64` for those of floats; `None` if it is passed in memory.
pub(crate) fn eightbytes(s: &CStruct) -> Option<Vec<DType>> {
    if s.size > 16 || s.size == 0 {
        return None;
    }
    let mut parts = vec![DType::F64; s.size.div_ceil(8) as usize];
    mark(&CType::Struct(Arc::new(s.clone())), 0, &mut parts).then_some(parts)
}

/// Marks the eightbytes with integers of what lies at an offset; whether all of it is aligned.
fn mark(ty: &CType, offset: u64, parts: &mut [DType]) -> bool {
    match ty {
        CType::Struct(s) => s.fields.iter().all(|f| mark(&f.ty, offset + f.offset, parts)),
        CType::Array(element, n) => {
            let size = element.size().unwrap_or(0);
            (0..*n).all(|k| mark(element, offset + k * size, parts))
        }
        ty => {
            let floats = matches!(ty, CType::Scalar(d) if d.is_float() || d.is_complex());
            if !floats && let Some(part) = parts.get_mut((offset / 8) as usize) {
                *part = DType::I64;
            }
            offset.is_multiple_of(alignment(ty))
        }
    }
}

/// How a result comes back.
pub(crate) enum Returned {
    /// As the type says.
    Plain(Type),
    /// In registers.
    Parts(Arc<CStruct>, Vec<DType>),
    /// Where the hidden argument says.
    Memory(Arc<CStruct>, Value),
}

impl Returned {
    /// The type that the call has in the machine.
    pub fn ir(&self) -> Type {
        match self {
            Returned::Plain(ty) => ty.clone(),
            Returned::Parts(_, parts) => match parts.as_slice() {
                [one] => Type::Scalar(*one),
                parts => Type::Tuple(parts.iter().map(|d| Type::Scalar(*d)).collect()),
            },
            Returned::Memory(..) => Type::Pointer,
        }
    }
}

impl Passed {
    /// Adds an argument that is no struct.
    pub fn push(&mut self, ty: &CType, value: Value) {
        self.as_given.push(value);
        match self.registers.take(ty) {
            true => self.in_registers.push(value),
            false => self.on_stack.push(value),
        }
    }

    /// The parts as which a struct is passed, and whether it lies on the stack.
    pub fn parts_of(&mut self, s: &CStruct) -> (Vec<DType>, bool) {
        let parts = eightbytes(s).filter(|parts| self.registers.take_all(parts));
        self.has_struct |= parts.is_none();
        let in_memory = parts.is_none();
        (parts.unwrap_or_else(|| vec![DType::I64; s.size.div_ceil(8) as usize]), in_memory)
    }

    /// Adds a part of a struct.
    pub fn push_part(&mut self, part: Value, in_memory: bool) {
        self.as_given.push(part);
        if in_memory { self.on_stack.push(part) } else { self.in_registers.push(part) }
    }

    /// Adds the address where a result goes, the first argument.
    pub fn push_hidden(&mut self, pointer: Value) {
        self.as_given.push(pointer);
        self.in_registers.push(pointer);
        self.registers.general += 1;
    }

    /// The arguments in the order in which a call has them; `filler` is an integer.
    pub fn values(self, filler: Value) -> Vec<Value> {
        let Passed { registers, as_given, mut in_registers, on_stack, has_struct } = self;
        if !has_struct {
            return as_given;
        }
        in_registers.extend((registers.general..GENERAL).map(|_| filler));
        in_registers.extend(on_stack);
        in_registers
    }
}

impl Lowerer<'_, '_> {
    /// Arguments in the order in which a call has them.
    pub(crate) fn passed_values(&mut self, passed: Passed) -> Vec<Value> {
        let filler = self.b().i64(0);
        passed.values(filler)
    }

    /// A struct as the values that a call passes.
    pub(crate) fn struct_argument(
        &mut self,
        s: &Arc<CStruct>,
        arg: &Operand,
        passed: &mut Passed,
    ) -> Result<()> {
        let ty = CType::Struct(s.clone());
        let value = self.as_c(&ty, &ty.to_string(), arg, arg.span)?;
        if !cfg!(all(target_arch = "x86_64", unix)) || s.size == 0 {
            let title = format!("`{ty}` cannot be passed by value here");
            let help = "pass a pointer to it, through a C function that takes one";
            return Err(misuse(title, "travels in memory", help, arg.span));
        }
        let (parts, in_memory) = passed.parts_of(s);
        // In the frame, which ends with a whole word.
        let copy = self.struct_copy(&value)?;
        let start = self.pointer_address(&copy)?;
        for (k, dtype) in parts.into_iter().enumerate() {
            let offset = self.b().i64(8 * k as i64);
            let at = self.b().binary(Ir::Add, start, offset);
            let memory = self.memory_at(at, dtype, true);
            let zero = self.b().i64(0);
            let part = self.b().load(memory, vec![zero]);
            passed.push_part(part, in_memory);
        }
        Ok(())
    }

    /// How a result comes back; the hidden argument is added to those that are passed, of which it is the first.
    pub(crate) fn struct_result(&mut self, ret: &CType, passed: &mut Passed, span: Span) -> Result<Returned> {
        let ret = self.complete(ret);
        let CType::Struct(s) = &ret else { return Ok(Returned::Plain(ret.ir())) };
        if !cfg!(all(target_arch = "x86_64", unix)) {
            let title = format!("`{ret}` cannot be returned by value on this machine");
            return Err(misuse(title, "a struct", "take a pointer to it as an argument", span));
        }
        match eightbytes(s) {
            Some(parts) => Ok(Returned::Parts(s.clone(), parts)),
            None => {
                let memory = self.frame_memory(&ret, span)?;
                passed.push_hidden(memory.pointer);
                Ok(Returned::Memory(s.clone(), memory.pointer))
            }
        }
    }

    /// The struct that a call gave; `None` where it gave something else.
    pub(crate) fn returned_struct(
        &mut self,
        returned: &Returned,
        result: Value,
        span: Span,
    ) -> Result<Option<Operand>> {
        match returned {
            Returned::Plain(_) => Ok(None),
            Returned::Memory(s, pointer) => Ok(Some(Operand::value(Ty::CStruct(s.clone()), *pointer, span))),
            Returned::Parts(s, parts) => {
                let memory = self.frame_memory(&CType::Struct(s.clone()), span)?;
                let start = self.b().value(InstKind::Address(memory.pointer));
                for (k, dtype) in parts.iter().enumerate() {
                    let part = match parts.len() {
                        1 => result,
                        _ => self.tuple_get(result, k),
                    };
                    let offset = self.b().i64(8 * k as i64);
                    let at = self.b().binary(Ir::Add, start, offset);
                    let place = self.memory_at(at, *dtype, false);
                    let zero = self.b().i64(0);
                    self.b().store(place, vec![zero], part);
                }
                Ok(Some(Operand::value(Ty::CStruct(s.clone()), memory.pointer, span)))
            }
        }
    }

    /// Refuses functions with structs where only their pointers could be called.
    pub(crate) fn refuse_struct_callback(&self, params: &[CType], ret: &CType, span: Span) -> Result<()> {
        let is_struct = |ty: &CType| matches!(self.complete(ty), CType::Struct(_));
        match params.iter().any(is_struct) || is_struct(ret) {
            true => Err(misuse(
                "a function that takes or returns structs by value does not become a pointer to a function",
                "cannot be called by C",
                "pass pointers to the structs",
                span,
            )),
            false => Ok::<(), Error>(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::c_text::parse_c_text;

    #[test]
    fn structs_travel_as_the_abi_says() {
        let parts = |text| match parse_c_text(text) {
            Some(CType::Struct(s)) => eightbytes(&s),
            other => panic!("{other:?}"),
        };
        let (general, vector) = (DType::I64, DType::F64);
        assert_eq!(parts("struct A{x float64;y float64}"), Some(vec![vector, vector]));
        assert_eq!(parts("struct A{x float32;y float32;z float32}"), Some(vec![vector, vector]));
        assert_eq!(parts("struct A{x int32;y float32;z float64}"), Some(vec![general, vector]));
        assert_eq!(parts("struct A{c [3]int8}"), Some(vec![general]));
        assert_eq!(parts("struct A{x float64;y [2]int64}"), None);
        assert_eq!(parts("packed struct A{c int8;x float64}"), None);
    }
}
