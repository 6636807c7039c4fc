//! Functions of the library that select and copy: by indices, by truth, between points.

use super::library::{parts, raised};
use super::{Frame, Machine, Step, invalid};
use crate::number::Num;
use crate::outcome::Failure;
use crate::value::Array;
use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value as Operand;
use ungil_ir::types::DType;

impl<'m> Machine<'m> {
    pub(super) fn bounds(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [size, axis, wrap] = [1, 2, 3].map(|k| frame.i64(args[k]));
        for i in self.integers(frame, args[0])? {
            if i >= size || i < if wrap != 0 { -size } else { 0 } {
                return Err(outside(i, axis, size));
            }
        }
        Ok(())
    }

    pub(super) fn take(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x, _] = self.three(frame, args);
        for (k, i) in (0..).zip(self.integers(frame, args[2])?) {
            let i = if i < 0 && frame.i64(args[3]) != 0 { i + x.shape[0] } else { i };
            self.move_element(&out, &[k], &x, &[i])?;
        }
        Ok(())
    }

    pub(super) fn count(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let out = frame.get(args[0]).array().clone();
        let count = self.true_places(frame, args[1])?.len() as i64;
        self.memory.store(&out, &[0], Num::Int(DType::I64, count)).map_err(Failure::Invalid)
    }

    pub(super) fn copy_matrix(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        for i in 0..x.shape[0] {
            for j in 0..x.shape[1] {
                self.move_element(&out, &[i, j], &x, &[i, j])?;
            }
        }
        Ok(())
    }

    pub(super) fn triangle(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        let (k, lower) = (frame.i64(args[2]), frame.i64(args[3]) != 0);
        for i in 0..x.shape[0] {
            for j in 0..x.shape[1] {
                if (j - i <= k) == lower {
                    self.move_element(&out, &[i, j], &x, &[i, j])?;
                } else {
                    self.memory.store(&out, &[i, j], Num::zero(out.ty.dtype)).map_err(Failure::Invalid)?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn interp(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let out = frame.get(args[0]).array().clone();
        let mut given = Vec::new();
        for arg in &args[1..] {
            let array = frame.get(*arg).array().clone();
            let elements = self.memory.elements(&array).map_err(Failure::Invalid)?;
            given.push(elements.into_iter().map(|x| parts(x).0).collect::<Vec<f64>>());
        }
        let [x, points, values, ends] = &given[..] else { return invalid("the arrays are missing") };
        for (k, x) in (0..).zip(x) {
            let y = between(*x, points, values, ends);
            self.memory.store(&out, &[k], Num::F64(y)).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    pub(super) fn range(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let out = frame.get(args[0]).array().clone();
        let x = self.integers(frame, args[1])?;
        let (Some(least), Some(greatest)) = (x.iter().min(), x.iter().max()) else {
            return invalid("the extrema of nothing");
        };
        for (k, n) in [(0, *least), (1, *greatest)] {
            self.memory.store(&out, &[k], Num::Int(DType::I64, n)).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    pub(super) fn tally(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let counts = frame.get(args[0]).array().clone();
        for i in self.integers(frame, args[1])? {
            let count = self.memory.load(&counts, &[i]).map_err(Failure::Invalid)?;
            let count = Num::wrap(DType::I64, count.exact() + 1);
            self.memory.store(&counts, &[i], count).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn integers(&self, frame: &Frame<'m>, array: Operand) -> Step<Vec<i64>> {
        let elements = self.memory.elements(frame.get(array).array()).map_err(Failure::Invalid)?;
        Ok(elements.into_iter().map(|x| x.exact() as i64).collect())
    }

    fn true_places(&self, frame: &Frame<'m>, array: Operand) -> Step<Vec<i64>> {
        let elements = self.memory.elements(frame.get(array).array()).map_err(Failure::Invalid)?;
        Ok((0..).zip(elements).filter(|(_, x)| parts(*x) != (0.0, 0.0)).map(|(k, _)| k).collect())
    }

    fn move_element(&mut self, out: &Array, to: &[i64], x: &Array, from: &[i64]) -> Step<()> {
        let element = self.memory.load(x, from).map_err(Failure::Invalid)?;
        self.memory.store(out, to, element).map_err(Failure::Invalid)
    }
}

fn outside(index: i64, axis: i64, size: i64) -> Failure {
    let message = format!("index {index} is out of bounds for axis {axis} with size {size}");
    raised(ExcClass::INDEX_ERROR, message)
}

/// NumPy's arithmetic of interpolation.
fn between(x: f64, points: &[f64], values: &[f64], ends: &[f64]) -> f64 {
    let last = points.len() - 1;
    if x.is_nan() {
        return if last == 0 { values[0] } else { x };
    }
    if x > points[last] {
        return ends[1];
    }
    let Some(j) = points.iter().rposition(|p| *p <= x) else { return ends[0] };
    if j == last || points[j] == x {
        return values[j];
    }
    let slope = (values[j + 1] - values[j]) / (points[j + 1] - points[j]);
    let y = slope * (x - points[j]) + values[j];
    if !y.is_nan() {
        return y;
    }
    let y = slope * (x - points[j + 1]) + values[j + 1];
    if y.is_nan() && values[j] == values[j + 1] { values[j] } else { y }
}
