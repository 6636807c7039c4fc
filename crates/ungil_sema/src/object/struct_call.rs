//! Structs by value in calls of functions of C libraries; how they travel says [`crate::lower::struct_calls`].

use std::sync::Arc;

use ungil_ir::entities::Value;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Type};

use super::function::Lowerer;
use super::value::{CTy, Val};
use super::{Result, refuse};
use crate::ctype::{CStruct, CType};
use crate::lower::struct_calls::{Passed, eightbytes};

/// How a struct comes back.
pub(super) enum Returned {
    /// In registers.
    Parts(Arc<CStruct>, Vec<DType>),
    /// Where the hidden argument says.
    Memory(Arc<CStruct>, Value),
}

impl Returned {
    /// The type that the call has in the machine.
    pub fn ir(&self) -> Type {
        match self {
            Returned::Parts(_, parts) => match parts.as_slice() {
                [one] => Type::Scalar(*one),
                parts => Type::Tuple(parts.iter().map(|d| Type::Scalar(*d)).collect()),
            },
            Returned::Memory(..) => Type::Pointer,
        }
    }
}

impl Lowerer<'_> {
    /// Adds a struct, whose address is given, to what a call passes.
    pub(super) fn pass_struct(&mut self, s: &CStruct, address: Value, passed: &mut Passed) -> Result<()> {
        check_machine(s)?;
        let whole = CType::Struct(Arc::new(s.clone()));
        // In the frame, which ends with a whole word.
        let copy = self.frame_memory(&whole)?;
        self.copy(copy, address, s.size);
        let (parts, in_memory) = passed.parts_of(s);
        for (k, dtype) in parts.into_iter().enumerate() {
            let at = self.offset(copy, 8 * k as u64);
            let part = self.peek(at, dtype);
            passed.push_part(part, in_memory);
        }
        Ok(())
    }

    /// How a function gives its struct; the hidden argument is the first that is passed.
    pub(super) fn returned(&mut self, ret: &CType, passed: &mut Passed) -> Result<Option<Returned>> {
        let CType::Struct(s) = ret else { return Ok(None) };
        check_machine(s)?;
        Ok(Some(match eightbytes(s) {
            Some(parts) => Returned::Parts(s.clone(), parts),
            None => {
                let memory = self.frame_memory(ret)?;
                let pointer = self.machine_pointer(memory);
                passed.push_hidden(pointer);
                Returned::Memory(s.clone(), memory)
            }
        }))
    }

    /// The struct that a call gave.
    pub(super) fn struct_given(&mut self, returned: Returned, result: Value) -> Result<Val> {
        let (s, address) = match returned {
            Returned::Memory(s, address) => (s, address),
            Returned::Parts(s, parts) => {
                let address = self.frame_memory(&CType::Struct(s.clone()))?;
                for (k, dtype) in parts.iter().enumerate() {
                    let part = match parts.len() {
                        1 => result,
                        _ => self.b().value(InstKind::TupleGet(result, k as u32)),
                    };
                    let at = self.offset(address, 8 * k as u64);
                    self.poke(at, part, *dtype);
                }
                (s, address)
            }
        };
        Ok(Val::C(address, CTy::of(&CType::Struct(s))))
    }
}

fn check_machine(s: &CStruct) -> Result<()> {
    if cfg!(all(target_arch = "x86_64", unix)) && s.size > 0 {
        return Ok(());
    }
    refuse(&format!("struct `{}` by value in a call of a function of C on this machine", s.name))
}
