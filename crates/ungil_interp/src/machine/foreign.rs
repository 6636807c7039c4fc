//! Pointers, and the few C functions that the interpreter knows.
//!
//! A pointer remembers the block it leads into, so that accesses behind it are checked as all others are. Functions of C
//! are found by name; others than those of [`Machine::call_c`] are refused.

use super::{Frame, Machine, Step, invalid, normalise};
use crate::memory::Kind;
use crate::number::Num;
use crate::value::{Array, Pointer, Value};
use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Type};

impl<'m> Machine<'m> {
    /// `None`: not an instruction on pointers.
    pub(super) fn foreign_inst(
        &mut self,
        frame: &Frame<'m>,
        kind: &InstKind,
        ty: Option<&Type>,
    ) -> Step<Option<Value>> {
        use InstKind as K;
        let result_array = || ty.and_then(Type::as_array).expect("the result is an array");
        Ok(Some(match kind {
            K::Address(a) => Value::int(self.address(frame.get(*a))),
            K::Extern(e) => Value::Pointer(Pointer::Function(*e)),
            K::Pointer(a) => Value::Pointer(self.pointer_to(frame.i64(*a))),
            K::ArrayAt { pointer, shape, strides } => {
                let (block, offset) = match frame.get(*pointer).pointer() {
                    Pointer::Block(block, offset) => (Some(block), offset),
                    Pointer::Address(_) | Pointer::Function(_) => (None, 0),
                };
                let (shape, strides) = (frame.i64s(shape), frame.i64s(strides));
                Value::Array(normalise(Array { ty: result_array(), block, offset, shape, strides })?)
            }
            K::StackArray(n) => {
                let ty = result_array();
                let bytes = vec![0xCD; *n as usize * ty.dtype.size() as usize];
                let block = Some(self.memory.add(bytes, Kind::Private));
                let (shape, strides) = (vec![i64::from(*n)], vec![ty.dtype.size() as i64]);
                Value::Array(Array { ty, block, offset: 0, shape, strides })
            }
            K::CallC(callee, args) => {
                let Pointer::Function(number) = frame.get(*callee).pointer() else {
                    return invalid("a call of what is no function");
                };
                let args: Vec<Value> = args.iter().map(|v| frame.get(*v).clone()).collect();
                let name = self.module.externs[number as usize].name.clone();
                self.call_c(&name, &args, ty.expect("a call has a result"))?
            }
            _ => return Ok(None),
        }))
    }

    fn address(&self, value: &Value) -> i64 {
        match value {
            Value::Array(a) => self.memory.address(a),
            other => match other.pointer() {
                Pointer::Address(n) => n,
                Pointer::Block(block, offset) => self.memory.address_of(block, offset),
                // Any address that is none of a block's.
                Pointer::Function(n) => 8 + 8 * i64::from(n),
            },
        }
    }

    fn pointer_to(&self, address: i64) -> Pointer {
        match self.memory.find(address) {
            Some((block, offset)) => Pointer::Block(block, offset),
            None => match address / 8 - 1 {
                n if address % 8 == 0 && n >= 0 && (n as usize) < self.module.externs.len() => {
                    Pointer::Function(n as u32)
                }
                _ => Pointer::Address(address),
            },
        }
    }

    /// Functions of libc whose results are the same everywhere, and which tests call.
    fn call_c(&mut self, name: &str, args: &[Value], ret: &Type) -> Step<Value> {
        let int = |k: usize| match args[k] {
            Value::Num(Num::Int(_, n)) => n,
            ref other => panic!("{other:?} is not an integer"),
        };
        Ok(match (name, args) {
            ("abs" | "labs", [_]) => {
                Value::Num(Num::Int(ret.dtype().unwrap_or(DType::I64), int(0).wrapping_abs()))
            }
            ("toupper", [_]) if (97..=122).contains(&int(0)) => Value::Num(Num::Int(DType::I32, int(0) - 32)),
            ("toupper", [_]) => args[0].clone(),
            ("memset", [Value::Pointer(to), ..]) => {
                let Pointer::Block(block, at) = *to else { return invalid("memset of no memory") };
                let (byte, n) = (int(1) as u8, int(2));
                let bytes = &mut self.memory.blocks[block.0].bytes;
                let Some(range) = bytes.get_mut(at as usize..(at + n) as usize) else {
                    return invalid(format!("memset of {n} bytes at {at} of a block of {}", bytes.len()));
                };
                range.fill(byte);
                args[0].clone()
            }
            _ => return invalid(format!("the interpreter does not call `{name}`")),
        })
    }
}
