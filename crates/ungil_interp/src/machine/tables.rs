//! Reductions along rows and columns of tables, in the order in which the library reduces.

use std::cmp::Ordering;

use super::{Frame, Machine, Step};
use crate::arith;
use crate::number::Num;
use crate::outcome::Failure;
use ungil_abi::parallel::PARTIALS;
use ungil_ir::entities::Value as Operand;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::library::{self, Reduction};
use ungil_ir::types::DType;

/// Elements of a block, and the length from which rows are cut into blocks.
const BLOCK: usize = 512;
const LONG: usize = 16;

impl<'m> Machine<'m> {
    pub(super) fn reduce_table(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        let (wanted, by_columns) = (frame.i64(args[2]), frame.i64(args[2]) & library::OF_COLUMNS != 0);
        for i in 0..out.shape[0] {
            let n = x.shape[usize::from(!by_columns)];
            let at = |j: i64| if by_columns { [j, i] } else { [i, j] };
            let row: Step<Vec<Num>> = (0..n).map(|j| self.element(&x, at(j))).collect();
            let in_order = (n as usize) < LONG && wanted & library::IN_BLOCKS == 0;
            let row = row?;
            let result = match by_columns {
                true => column(&row, wanted & 7, x.ty.dtype),
                false => statistic(&row, wanted & 7, in_order, x.ty.dtype),
            };
            self.memory.store(&out, &[i], result).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    pub(super) fn median(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        let mut values = self.memory.elements(&x).map_err(Failure::Invalid)?;
        let missing = values.iter().copied().find(|x| !is_number(*x));
        values.retain(|x| is_number(*x));
        let less = |x: &Num, y: &Num| arith::compare(CompareOp::Lt, *x, *y);
        values.sort_by(|x, y| if less(x, y) { Ordering::Less } else { less(y, x).cmp(&false) });
        let half = values.len() / 2;
        let result = match (missing, values.len()) {
            (Some(nan), n) if n == 0 || frame.i64(args[2]) == 0 => nan,
            (_, n) if n % 2 == 1 => arith::binary(BinaryOp::Add, values[half], Num::zero(x.ty.dtype)),
            _ => over(arith::binary(BinaryOp::Add, values[half - 1], values[half]), 2),
        };
        self.memory.store(&out, &[0], result).map_err(Failure::Invalid)
    }
}

/// A float divided by a count.
fn over(x: Num, n: usize) -> Num {
    let quotient = arith::binary(BinaryOp::Div, arith::cast(x, DType::F64), Num::F64(n as f64));
    arith::cast(quotient, x.dtype())
}

fn is_number(x: Num) -> bool {
    arith::compare(CompareOp::Eq, x, x)
}

fn statistic(row: &[Num], wanted: i64, in_order: bool, dtype: DType) -> Num {
    let sum = |row: &[Num]| reduced(BinaryOp::Add, row, in_order, dtype);
    let extremum = |op| reduced(op, row, in_order, dtype);
    match wanted {
        k if k == Reduction::Sum as i64 => sum(row),
        k if k == Reduction::Least as i64 => extremum(BinaryOp::Min),
        k if k == Reduction::Greatest as i64 => extremum(BinaryOp::Max),
        k if k == Reduction::Range as i64 => {
            arith::binary(BinaryOp::Sub, extremum(BinaryOp::Max), extremum(BinaryOp::Min))
        }
        _ => {
            let mean = over(sum(row), row.len());
            let square = |x: &Num| {
                let deviation = arith::binary(BinaryOp::Sub, *x, mean);
                arith::binary(BinaryOp::Mul, deviation, deviation)
            };
            sum(&row.iter().map(square).collect::<Vec<_>>())
        }
    }
}

/// What changes no number that it is combined with.
fn neutral(op: BinaryOp, dtype: DType) -> Num {
    let number = match op {
        BinaryOp::Add => -0.0,
        BinaryOp::Min => f64::INFINITY,
        _ => f64::NEG_INFINITY,
    };
    arith::cast(Num::F64(number), dtype)
}

/// Elements of a column, in order; of equal ones the last.
fn column(elements: &[Num], wanted: i64, dtype: DType) -> Num {
    let op = match wanted {
        k if k == Reduction::Least as i64 => BinaryOp::Min,
        k if k == Reduction::Greatest as i64 => BinaryOp::Max,
        _ => BinaryOp::Add,
    };
    let start = if op == BinaryOp::Add { Num::zero(dtype) } else { neutral(op, dtype) };
    elements.iter().fold(start, |total, x| arith::binary(op, total, *x))
}

/// What a run comes to with its next term; of equal ones the first.
fn taken(op: BinaryOp, before: Num, x: Num) -> Num {
    if op == BinaryOp::Add { arith::binary(op, before, x) } else { arith::binary(op, x, before) }
}

fn reduced(op: BinaryOp, row: &[Num], in_order: bool, dtype: DType) -> Num {
    let is_sum = op == BinaryOp::Add;
    let start = if is_sum { Num::zero(dtype) } else { neutral(op, dtype) };
    if in_order {
        return row.iter().fold(start, |total, x| taken(op, total, *x));
    }
    let (mut total, mut lost) = (start, Num::zero(dtype));
    let minus = |x, y| arith::binary(BinaryOp::Sub, x, y);
    for block in row.chunks(if is_sum { BLOCK } else { 8 * BLOCK }) {
        let (x, before) = (folded(op, block, dtype), total);
        total = taken(op, before, x);
        if is_sum {
            let taken = minus(total, before);
            let missing = minus(before, minus(total, taken));
            lost = arith::binary(BinaryOp::Add, lost, arith::binary(BinaryOp::Add, missing, minus(x, taken)));
        }
    }
    let (none, rest) = (Num::zero(dtype), minus(lost, lost));
    let counts = arith::compare(CompareOp::Eq, rest, rest) && arith::compare(CompareOp::Ne, lost, none);
    if counts { arith::binary(BinaryOp::Add, total, lost) } else { total }
}

/// A block over partials, which are folded by halving.
fn folded(op: BinaryOp, block: &[Num], dtype: DType) -> Num {
    let mut partials = [neutral(op, dtype); PARTIALS];
    for (k, x) in block.iter().enumerate() {
        partials[k % PARTIALS] = taken(op, partials[k % PARTIALS], *x);
    }
    let mut half = PARTIALS / 2;
    while half > 0 {
        for k in 0..half {
            partials[k] = arith::binary(op, partials[k], partials[k + half]);
        }
        half /= 2;
    }
    partials[0]
}
