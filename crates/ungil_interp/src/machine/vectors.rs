//! Vector instructions.

use super::{Frame, Machine, Step};
use crate::arith;
use crate::number::Num;
use crate::outcome::Failure;
use crate::value::Value;
use ungil_ir::entities::Value as V;
use ungil_ir::inst::{InstKind, ReduceOp};
use ungil_ir::types::{DType, Type};

impl<'m> Machine<'m> {
    /// `None`: not a vector instruction.
    pub(super) fn vector_inst(
        &mut self,
        frame: &Frame<'m>,
        kind: &InstKind,
        ty: Option<&Type>,
    ) -> Step<Option<Option<Value>>> {
        use InstKind as K;
        Ok(Some(Some(match kind {
            K::Splat(v, n) => Value::Vec(vec![frame.get(*v).num(); *n as usize]),
            K::Iota(n) => Value::Vec((0..i64::from(*n)).map(|i| Num::Int(DType::I64, i)).collect()),
            K::Extract(v, lane) => Value::Num(frame.get(*v).lanes()[*lane as usize]),
            K::Shuffle(a, b, chosen) => {
                let both = [frame.get(*a).lanes(), frame.get(*b).lanes()].concat();
                Value::Vec(chosen.iter().map(|k| both[*k as usize]).collect())
            }
            K::MaskAny(m) => Value::bool(frame.get(*m).lanes().contains(&Num::Bool(true))),
            K::MaskAll(m) => Value::bool(!frame.get(*m).lanes().contains(&Num::Bool(false))),
            K::VecReduce(op, v) => Value::Num(fold(*op, frame.get(*v).lanes())),
            K::VecLoad { array, index, mask, lanes, .. } => {
                let rows = run(frame, index, *lanes);
                self.load_lanes(frame, *array, &rows, &active(frame, *mask, *lanes), ty)?
            }
            K::Gather { array, index, mask } => {
                let n = frame.get(*mask).lanes().len() as u16;
                let rows = lanewise(frame, index, n);
                self.load_lanes(frame, *array, &rows, &active(frame, Some(*mask), n), ty)?
            }
            K::VecStore { array, index, value, mask, .. } => {
                let n = frame.get(*value).lanes().len() as u16;
                let rows = run(frame, index, n);
                self.store_lanes(frame, *array, &rows, *value, &active(frame, *mask, n))?;
                return Ok(Some(None));
            }
            K::Scatter { array, index, value, mask } => {
                let n = frame.get(*mask).lanes().len() as u16;
                let rows = lanewise(frame, index, n);
                self.store_lanes(frame, *array, &rows, *value, &active(frame, Some(*mask), n))?;
                return Ok(Some(None));
            }
            _ => return Ok(None),
        })))
    }

    fn load_lanes(
        &self,
        frame: &Frame<'m>,
        array: V,
        rows: &[Vec<i64>],
        active: &[bool],
        ty: Option<&Type>,
    ) -> Step<Value> {
        let array = frame.get(array).array();
        let dtype = ty.and_then(Type::dtype).expect("the result is a vector");
        let lanes = rows
            .iter()
            .zip(active)
            .map(|(row, on)| if *on { self.memory.load(array, row) } else { Ok(Num::zero(dtype)) });
        lanes.collect::<Result<_, _>>().map(Value::Vec).map_err(Failure::Invalid)
    }

    fn store_lanes(
        &mut self,
        frame: &Frame<'m>,
        array: V,
        rows: &[Vec<i64>],
        value: V,
        active: &[bool],
    ) -> Step<()> {
        let array = frame.get(array).array();
        for (lane, row) in rows.iter().enumerate() {
            if active[lane] {
                let value = frame.get(value).lanes()[lane];
                self.memory.store(array, row, value).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }
}

fn active(frame: &Frame<'_>, mask: Option<V>, n: u16) -> Vec<bool> {
    match mask {
        Some(mask) => frame.get(mask).lanes().iter().map(|m| *m == Num::Bool(true)).collect(),
        None => vec![true; n as usize],
    }
}

/// Indices of consecutive elements along the last axis.
fn run(frame: &Frame<'_>, index: &[V], n: u16) -> Vec<Vec<i64>> {
    let first = frame.i64s(index);
    let step = |lane: i64| {
        let mut row = first.clone();
        let last = row.last_mut().expect("an array to move along has an axis");
        *last = last.wrapping_add(lane);
        row
    };
    (0..i64::from(n)).map(step).collect()
}

/// Indices of one element for each lane.
fn lanewise(frame: &Frame<'_>, index: &[V], n: u16) -> Vec<Vec<i64>> {
    let lane = |lane: usize| index.iter().map(|v| frame.get(*v).lanes()[lane].exact() as i64).collect();
    (0..n as usize).map(lane).collect()
}

/// Folds by halves.
fn fold(op: ReduceOp, lanes: &[Num]) -> Num {
    let mut lanes = lanes.to_vec();
    while lanes.len() > 1 {
        let high = lanes.split_off(lanes.len() / 2);
        lanes.iter_mut().zip(high).for_each(|(a, b)| *a = arith::reduce(op, *a, b));
    }
    lanes[0]
}
