//! Extrema, their places, and copies in patterns, element by element.

use super::{Frame, Machine, Step, invalid};
use crate::arith;
use crate::number::Num;
use crate::outcome::{Exception, Failure};
use crate::value::Array;
use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value as Operand;
use ungil_ir::inst::CompareOp;
use ungil_ir::library;
use ungil_ir::types::DType;

impl<'m> Machine<'m> {
    pub(super) fn extremum(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        let elements: Result<Vec<Num>, _> = (0..x.shape[0]).map(|i| self.memory.load(&x, &[i])).collect();
        let elements = elements.map_err(Failure::Invalid)?;
        let wanted = frame.i64(args[2]);
        let numbers = wanted & library::NUMBERS != 0;
        let found = match place(&elements, wanted) {
            Some(k) if numbers && is_nan(elements[k]) => elements.iter().copied().find(|x| !is_nan(*x)),
            Some(k) => Some(elements[k]),
            None => elements.first().copied(),
        };
        let Some(found) = found else { return invalid("the extremum of nothing") };
        self.memory.store(&out, &[0], found).map_err(Failure::Invalid)
    }

    pub(super) fn interleave(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let arrays: Vec<Array> = args.iter().map(|v| frame.get(*v).array().clone()).collect();
        let [out, from @ ..] = &arrays[..] else { return invalid("the arrays are missing") };
        for i in 0..out.shape[0] {
            let k = from.len() as i64;
            let x = self.memory.load(&from[(i % k) as usize], &[i / k]).map_err(Failure::Invalid)?;
            self.memory.store(out, &[i], x).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    pub(super) fn repeat(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, from] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        for i in 0..out.shape[0] {
            let x = self.memory.load(&from, &[i / frame.i64(args[2])]).map_err(Failure::Invalid)?;
            self.memory.store(&out, &[i], x).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    pub(super) fn places(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        for i in 0..x.shape[0] {
            let row: Step<Vec<Num>> = (0..x.shape[1]).map(|j| self.element(&x, [i, j])).collect();
            let Some(k) = place(&row?, frame.i64(args[2])) else {
                let message = Some("All-NaN slice encountered".to_owned());
                let error =
                    Exception { class: ExcClass::VALUE_ERROR, message, args: Vec::new(), frames: Vec::new() };
                return Err(Failure::Raised(error));
            };
            self.memory.store(&out, &[i], Num::Int(DType::I64, k as i64)).map_err(Failure::Invalid)?;
        }
        Ok(())
    }
}

fn is_nan(x: Num) -> bool {
    arith::compare(CompareOp::Ne, x, x)
}

/// The place of an extremum; nothing where numbers are wanted and there are none.
fn place(elements: &[Num], wanted: i64) -> Option<usize> {
    let (op, none) = match wanted & library::LARGEST != 0 {
        true => (CompareOp::Gt, f64::NEG_INFINITY),
        false => (CompareOp::Lt, f64::INFINITY),
    };
    let numbers = wanted & library::NUMBERS != 0;
    if numbers && elements.iter().all(|x| is_nan(*x)) {
        return None;
    }
    let seen = |x: Num| match x {
        Num::F32(_) if numbers && is_nan(x) => Num::F32(none as f32),
        Num::F64(_) if numbers && is_nan(x) => Num::F64(none),
        _ => x,
    };
    let mut best = 0;
    for (k, x) in elements.iter().enumerate().skip(1) {
        let before = seen(elements[best]);
        if !is_nan(before) && (is_nan(seen(*x)) || arith::compare(op, seen(*x), before)) {
            best = k;
        }
    }
    Some(best)
}
