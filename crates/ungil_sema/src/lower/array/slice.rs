//! Slices: start, length and step along one axis, clipped as `slice.indices` does.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::{SliceTy, Ty};

/// A slice applied to an axis, as `int64` values.
pub(crate) struct Extent {
    pub start: Value,
    pub len: Value,
    pub step: Value,
    /// Takes the whole axis in order.
    pub full: bool,
    /// The step is one.
    pub unit: bool,
}

/// No axis has more elements.
const LONGEST_STEP: i64 = 1 << 62;

/// The members of a slice operand that are given: start, stop, step.
fn members(l: &mut Lowerer<'_, '_>, slice: &Operand, ty: SliceTy) -> [Option<Operand>; 3] {
    let mut given = l.items(slice).into_iter();
    [ty.start, ty.stop, ty.step].map(|present| if present { given.next() } else { None })
}

/// How many elements at both ends a slice of step one leaves out, if these are constants.
fn left_out(start: Option<&Operand>, stop: Option<&Operand>) -> Option<i64> {
    let front = start.map_or(Some(0), Operand::const_int).filter(|n| (0..LONGEST_STEP.into()).contains(n))?;
    let back =
        stop.map_or(Some(0), |s| s.const_int().filter(|n| *n < 0 && *n > -i128::from(LONGEST_STEP)))?;
    i64::try_from(front - back).ok()
}

impl Lowerer<'_, '_> {
    /// A slice along an axis of `n` elements.
    pub(crate) fn slice_extent(&mut self, slice: &Operand, n: Value) -> Result<Extent> {
        let Ty::Slice(ty) = slice.ty else { unreachable!("called for slices") };
        let [start, stop, step] = members(self, slice, ty);
        let constant_step = match &step {
            None => Some(1),
            Some(s) => s.const_int().and_then(|c| i64::try_from(c).ok()),
        };
        let step_value = match &step {
            None => self.b().i64(1),
            Some(s) => self.index(s)?,
        };
        if constant_step.is_none_or(|s| s == 0) {
            let zero = self.b().i64(0);
            let nonzero = self.b().compare(CompareOp::Ne, step_value, zero);
            self.check(nonzero, ExcClass::VALUE_ERROR, "slice step cannot be zero", Vec::new());
        }
        match constant_step {
            Some(s) if s > 0 => self.forward(start.as_ref(), stop.as_ref(), step_value, s, n),
            Some(s) if s < 0 => self.backward(start.as_ref(), stop.as_ref(), step_value, n),
            _ => self.either_way(start.as_ref(), stop.as_ref(), step_value, n),
        }
    }

    /// A bound with negative values counted from the end, clipped to `low ..= high`.
    fn clipped(&mut self, bound: &Operand, n: Value, low: Value, high: Value) -> Result<Value> {
        let given = self.index(bound)?;
        let wrapped = match bound.const_int() {
            Some(c) if c >= 0 => given,
            Some(_) => self.b().binary(BinaryOp::Add, given, n),
            None => {
                let zero = self.b().i64(0);
                let negative = self.b().compare(CompareOp::Lt, given, zero);
                let from_end = self.b().binary(BinaryOp::Add, given, n);
                self.b().select(negative, from_end, given)
            }
        };
        let at_least = self.b().binary(BinaryOp::Max, wrapped, low);
        Ok(self.b().binary(BinaryOp::Min, at_least, high))
    }

    fn forward(
        &mut self,
        start: Option<&Operand>,
        stop: Option<&Operand>,
        step: Value,
        s: i64,
        n: Value,
    ) -> Result<Extent> {
        let zero = self.b().i64(0);
        let is_zero = start.is_none_or(|o| o.const_int() == Some(0));
        let left_out = if s == 1 { left_out(start, stop) } else { None };
        let start = match start {
            Some(bound) if !is_zero => self.clipped(bound, n, zero, n)?,
            _ => zero,
        };
        let full = is_zero && stop.is_none() && s == 1;
        if let (Some(count), false) = (left_out, full) {
            // Slices that leave out equally many have visibly the same length: `x[1:] - x[:-1]` needs no broadcasting.
            let count = self.b().i64(count);
            let rest = self.b().binary(BinaryOp::Sub, n, count);
            let len = self.b().binary(BinaryOp::Max, rest, zero);
            return Ok(Extent { start, len, step, full: false, unit: true });
        }
        let stop = match stop {
            None => n,
            Some(bound) => self.clipped(bound, n, zero, n)?,
        };
        let len = if full { n } else { self.span_length(start, stop, step, s == 1) };
        Ok(Extent { start, len, step, full, unit: s == 1 })
    }

    fn backward(
        &mut self,
        start: Option<&Operand>,
        stop: Option<&Operand>,
        step: Value,
        n: Value,
    ) -> Result<Extent> {
        let (one, below) = (self.b().i64(1), self.b().i64(-1));
        let last = self.b().binary(BinaryOp::Sub, n, one);
        let start = match start {
            None => last,
            Some(bound) => self.clipped(bound, n, below, last)?,
        };
        let stop = match stop {
            None => below,
            Some(bound) => self.clipped(bound, n, below, last)?,
        };
        let (zero, longest) = (self.b().i64(0), self.b().i64(-LONGEST_STEP));
        let back = self.b().binary(BinaryOp::Max, step, longest);
        let back = self.b().binary(BinaryOp::Sub, zero, back);
        let len = self.span_length(stop, start, back, false);
        Ok(Extent { start, len, step, full: false, unit: false })
    }

    fn either_way(
        &mut self,
        start: Option<&Operand>,
        stop: Option<&Operand>,
        step: Value,
        n: Value,
    ) -> Result<Extent> {
        let zero = self.b().i64(0);
        let up = self.b().compare(CompareOp::Gt, step, zero);
        let forward = self.forward(start, stop, step, 0, n)?;
        let backward = self.backward(start, stop, step, n)?;
        let start = self.b().select(up, forward.start, backward.start);
        let len = self.b().select(up, forward.len, backward.len);
        Ok(Extent { start, len, step, full: false, unit: false })
    }

    /// `max(0, ceil((high - low) / step))` for a positive step.
    fn span_length(&mut self, low: Value, high: Value, step: Value, unit: bool) -> Value {
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let distance = self.b().binary(BinaryOp::Sub, high, low);
        let distance = self.b().binary(BinaryOp::Max, distance, zero);
        if unit {
            return distance;
        }
        // Longer steps than any axis take one element as well; the sum must not leave 64 bits.
        let longest = self.b().i64(LONGEST_STEP);
        let step = self.b().binary(BinaryOp::Min, step, longest);
        let more = self.b().binary(BinaryOp::Sub, step, one);
        let rounded = self.b().binary(BinaryOp::Add, distance, more);
        self.b().binary(BinaryOp::FloorDiv, rounded, step)
    }
}
