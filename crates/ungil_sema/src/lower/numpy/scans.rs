//! Running sums and products, one element after another as NumPy makes them.

use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, ReduceOp};
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::numpy::reductions::{Request, sum_type};
use crate::operand::Operand;

impl Lowerer<'_, '_> {
    /// Running sums or products along an axis, one after another as NumPy makes them.
    pub(super) fn scan(&mut self, r: &Request, op: ReduceOp) -> Result<Operand> {
        let mut x = r.x.clone();
        let ndim = usize::from(x.ty.as_array().expect("an array").ndim);
        if r.flat && ndim != 1 {
            let array = self.settled(&x)?;
            x = self.raveled(&array, r.span)?;
        }
        let axis = if r.flat { 0 } else { r.axes[0] };
        let found = x.ty.as_array().expect("an array");
        let dtype = r.dtype.unwrap_or(sum_type(found.dtype));
        let op = match (dtype, op) {
            (DType::Bool, ReduceOp::Add) => ReduceOp::Or,
            (DType::Bool, _) => ReduceOp::And,
            _ => op,
        };
        let result = ArrayType { dtype, layout: Layout::C, readonly: false, swapped: false, ..found };
        let expression = x.lazy.is_some();
        let x = self.settled(&x)?;
        let shape = self.extents(&x)?;
        let out = if expression && found == result {
            // Nobody else sees the expression's elements: each is replaced by the sum up to it.
            x.clone()
        } else {
            self.fresh_array(result, shape.clone(), r.span)
        };
        if axis + 1 == shape.len() {
            let total = self.new_var("running", ungil_ir::types::Type::Scalar(dtype));
            self.over_extents(shape[..axis].to_vec(), &mut |l, at| {
                let start = l.identity_of(op, dtype);
                l.b().set(total, start);
                l.counted_loop(shape[axis], false, |l, i| {
                    let at: Vec<Value> = at.iter().copied().chain([i]).collect();
                    let element = l.load_element(&x, at.clone())?;
                    let term = l.cast_to(&element, dtype)?;
                    let old = l.b().get(total);
                    let new = l.b().binary(op.binary(), old, term);
                    l.b().set(total, new);
                    let target = l.value(&out)?;
                    l.b().store(target, at, new);
                    Ok(())
                })
            })?;
            return Ok(out);
        }
        // Slices across the axis, each from the one before.
        let rest: Vec<Value> = (0..shape.len()).filter(|k| *k != axis).map(|k| shape[k]).collect();
        self.counted_loop(shape[axis], false, |l, i| {
            let zero = l.b().i64(0);
            let first = l.b().compare(CompareOp::Eq, i, zero);
            let slice = |l: &mut Self, first: bool| {
                l.over_extents(rest.clone(), &mut |l, mut at| {
                    at.insert(axis, i);
                    let element = l.load_element(&x, at.clone())?;
                    let mut value = l.cast_to(&element, dtype)?;
                    let target = l.value(&out)?;
                    if !first {
                        let mut before = at.clone();
                        let one = l.b().i64(1);
                        before[axis] = l.b().binary(BinaryOp::Sub, i, one);
                        let old = l.b().load(target, before);
                        value = l.b().binary(op.binary(), old, value);
                    }
                    l.b().store(target, at, value);
                    Ok(())
                })
            };
            let (then, start) = l.nested(|l| slice(l, true));
            let (otherwise, next) = l.nested(|l| slice(l, false));
            l.b().push(InstKind::If { cond: first, then, otherwise });
            start.and(next)
        })?;
        Ok(out)
    }
}
