//! Instructions on arrays.

use super::{Frame, Machine, Step, invalid, normalise, raise};
use crate::arith;
use crate::outcome::Failure;
use crate::value::{Array, Value, contiguous_strides};
use ungil_abi::exception::ExcClass;
use ungil_ir::inst::InstKind;
use ungil_ir::types::{ArrayType, Type};

impl<'m> Machine<'m> {
    /// `None`: not an instruction on arrays.
    pub(super) fn array_inst(
        &mut self,
        frame: &Frame<'m>,
        kind: &InstKind,
        ty: Option<&Type>,
    ) -> Step<Option<Option<Value>>> {
        use InstKind as K;
        let result_array = || ty.and_then(Type::as_array).expect("the result is an array");
        Ok(Some(Some(match kind {
            K::Dim(a, axis) => Value::int(frame.get(*a).array().shape[*axis as usize]),
            K::Stride(a, axis) => Value::int(frame.get(*a).array().strides[*axis as usize]),
            K::View { base, offset, shape, strides } => {
                let from = frame.get(*base).array();
                Value::Array(normalise(Array {
                    ty: result_array(),
                    block: from.block,
                    offset: from.offset.wrapping_add(frame.i64(*offset)),
                    shape: frame.i64s(shape),
                    strides: frame.i64s(strides),
                })?)
            }
            K::Alloc { shape, zeroed } => self.alloc(result_array(), frame.i64s(shape), *zeroed)?,
            K::Null => Value::zero(ty.expect("`null` has a result")),
            K::GlobalArray(g) => self.globals[*g as usize].clone(),
            K::CheckIndex { index, size, axis, wrap, check } => {
                check_index(frame.i64(*index), frame.i64(*size), *axis, *wrap, *check)?
            }
            K::Load { array, index, .. } => {
                let loaded = self.memory.load(frame.get(*array).array(), &frame.i64s(index));
                Value::Num(loaded.map_err(Failure::Invalid)?)
            }
            K::Store { array, index, value, .. } => {
                let value = frame.get(*value).num();
                let stored = self.memory.store(frame.get(*array).array(), &frame.i64s(index), value);
                stored.map_err(Failure::Invalid)?;
                return Ok(Some(None));
            }
            K::AtomicUpdate { op, array, index, value } => {
                let (array, index) = (frame.get(*array).array(), frame.i64s(index));
                let old = self.memory.load(array, &index).map_err(Failure::Invalid)?;
                let new = arith::reduce(*op, old, frame.get(*value).num());
                self.memory.store(array, &index, new).map_err(Failure::Invalid)?;
                return Ok(Some(None));
            }
            K::Retain(v) => {
                self.retain(frame.get(*v))?;
                return Ok(Some(None));
            }
            K::Release(v) => {
                self.release(frame.get(*v))?;
                return Ok(Some(None));
            }
            _ => return Ok(None),
        })))
    }

    fn alloc(&mut self, ty: ArrayType, shape: Vec<i64>, zeroed: bool) -> Step<Value> {
        if let Some(extent) = shape.iter().find(|n| **n < 0) {
            return invalid(format!("an array with extent {extent}"));
        }
        let itemsize = ty.dtype.size() as i64;
        let padded = shape.iter().try_fold(itemsize, |size, n| size.checked_mul((*n).max(1)));
        let Some(_) = padded else {
            return raise(ExcClass::VALUE_ERROR, Some("array is too big".to_owned()));
        };
        let size = (shape.iter().product::<i64>() * itemsize) as u64;
        if self.memory.live + size > self.options.memory {
            return raise(ExcClass::MEMORY, Some(format!("unable to allocate {size} bytes")));
        }
        let block = Some(self.memory.allocate(size, zeroed));
        let strides = contiguous_strides(ty.layout, itemsize, &shape);
        Ok(Value::Array(Array { ty, block, offset: 0, shape, strides }))
    }
}

fn check_index(index: i64, size: i64, axis: u8, wrap: bool, check: bool) -> Step<Value> {
    let normal = if wrap && index < 0 { index.wrapping_add(size) } else { index };
    if check && !(0..size).contains(&normal) {
        let message = format!("index {index} is out of bounds for axis {axis} with size {size}");
        return raise(ExcClass::INDEX_ERROR, Some(message));
    }
    Ok(Value::int(normal))
}
