//! Functions of the library, element by element.

use super::{Frame, Machine, Step, invalid};
use crate::arith;
use crate::number::Num;
use crate::outcome::{Exception, Failure};
use crate::value::Array;
use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value as Operand;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::library::LibFn;
use ungil_ir::types::DType;

impl<'m> Machine<'m> {
    pub(super) fn library(&mut self, function: LibFn, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        match function {
            LibFn::Matmul => self.matmul(frame, args),
            LibFn::Partition => self.partition(frame, args),
            LibFn::Median => self.median(frame, args),
            LibFn::Convolve => self.convolve(frame, args),
            LibFn::Search => self.search(frame, args),
            LibFn::Histogram => self.histogram(frame, args),
            LibFn::Edges => self.edges(frame, args),
            LibFn::Unwrap => self.unwrap(frame, args),
            LibFn::Cross => self.cross(frame, args),
            LibFn::Covariance => self.covariance(frame, args),
            LibFn::Extremum => self.extremum(frame, args),
            LibFn::Places => self.places(frame, args),
            LibFn::Reduce => self.reduce_table(frame, args),
            LibFn::Interleave2 | LibFn::Interleave3 => self.interleave(frame, args),
            LibFn::Repeat => self.repeat(frame, args),
            LibFn::Bounds => self.bounds(frame, args),
            LibFn::Take => self.take(frame, args),
            LibFn::Count => self.count(frame, args),
            LibFn::Copy => self.copy_matrix(frame, args),
            LibFn::Triangle => self.triangle(frame, args),
            LibFn::Interp => self.interp(frame, args),
            LibFn::Range => self.range(frame, args),
            LibFn::Tally => self.tally(frame, args),
        }
    }

    /// Sums in order of the depth; the library's order is its own.
    fn matmul(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x, y] = self.three(frame, args);
        for i in 0..out.shape[0] {
            for j in 0..out.shape[1] {
                let mut sum = Num::zero(out.ty.dtype);
                for k in 0..x.shape[1] {
                    let (a, b) = (self.element(&x, [i, k])?, self.element(&y, [k, j])?);
                    sum = plus_product(sum, a, b);
                }
                self.memory.store(&out, &[i, j], sum).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }

    fn convolve(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x, y] = self.three(frame, args);
        let first = frame.i64(args[3]);
        for t in 0..out.shape[0] {
            let mut sum = Num::zero(out.ty.dtype);
            for j in 0..y.shape[0] {
                let i = first + t - j;
                if (0..x.shape[0]).contains(&i) {
                    let a = self.memory.load(&x, &[i]).map_err(Failure::Invalid)?;
                    let b = self.memory.load(&y, &[j]).map_err(Failure::Invalid)?;
                    sum = plus_product(sum, a, b);
                }
            }
            self.memory.store(&out, &[t], sum).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    /// Sorts all elements: the one at the place told is right, and so are those around it.
    fn partition(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let values = frame.get(args[0]).array().clone();
        let n = values.shape[0];
        if !(0..n).contains(&frame.i64(args[1])) {
            return invalid("the place lies outside the vector");
        }
        let mut sorted: Vec<Num> = Vec::new();
        for k in 0..n {
            let x = self.memory.load(&values, &[k]).map_err(Failure::Invalid)?;
            let less = |y: &Num| arith::compare(CompareOp::Lt, x, *y);
            let at = sorted.iter().position(less).unwrap_or(sorted.len());
            sorted.insert(at, x);
        }
        for (k, x) in (0..n).zip(sorted) {
            self.memory.store(&values, &[k], x).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn search(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, table, keys] = self.three(frame, args);
        let mode = frame.i64(args[3]);
        let mut table = self.memory.elements(&table).map_err(Failure::Invalid)?;
        let goes_up = |table: &[Num]| table.windows(2).all(|w| !arith::compare(CompareOp::Gt, w[0], w[1]));
        let falls = mode & 2 != 0 && !goes_up(&table);
        if falls {
            table.reverse();
            if !goes_up(&table) {
                let message = "bins must be monotonically increasing or decreasing".to_owned();
                return Err(raised(ExcClass::VALUE_ERROR, message));
            }
        }
        for (k, key) in (0..).zip(self.memory.elements(&keys).map_err(Failure::Invalid)?) {
            let goes = |x: Num| if mode & 1 != 0 { !is_before(key, x) } else { is_before(x, key) };
            let n = table.iter().filter(|x| goes(**x)).count();
            let n = if falls { table.len() - n } else { n };
            self.memory.store(&out, &[k], Num::Int(DType::I64, n as i64)).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn histogram(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [counts, values, edges] = self.three(frame, args);
        let edges = self.memory.elements(&edges).map_err(Failure::Invalid)?;
        let less = |x, y| arith::compare(CompareOp::Lt, x, y);
        if !edges.windows(2).all(|w| less(w[0], w[1])) {
            return self.memory.store(&counts, &[0], Num::Int(DType::I64, -1)).map_err(Failure::Invalid);
        }
        for value in self.memory.elements(&values).map_err(Failure::Invalid)? {
            let value = arith::cast(value, edges[0].dtype());
            let at_end = arith::compare(CompareOp::Eq, value, edges[edges.len() - 1]);
            let is_in = |w: &[Num]| !less(value, w[0]) && less(value, w[1]);
            let bin = edges.windows(2).position(is_in).or(at_end.then_some(edges.len() - 2));
            if let Some(bin) = bin.map(|bin| bin as i64) {
                let count = self.memory.load(&counts, &[bin]).map_err(Failure::Invalid)?;
                let count = Num::wrap(DType::I64, count.exact() + 1);
                self.memory.store(&counts, &[bin], count).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }

    fn edges(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [edges, values] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        let dtype = edges.ty.dtype;
        let values = self.memory.elements(&values).map_err(Failure::Invalid)?;
        let values: Vec<f64> = values.into_iter().map(|x| parts(x).0).collect();
        if !values.iter().all(|x| x.is_finite()) {
            return Err(raised(ExcClass::VALUE_ERROR, "autodetected range is not finite".to_owned()));
        }
        let mut low = values.iter().copied().reduce(f64::min).unwrap_or(0.0);
        let mut high = values.iter().copied().reduce(f64::max).unwrap_or(1.0);
        if low == high {
            (low, high) = (low - 0.5, high + 0.5);
        }
        let number = |x: f64| arith::cast(Num::F64(x), dtype);
        let n = edges.shape[0] - 1;
        let span = arith::binary(BinaryOp::Sub, number(high), number(low));
        let step = arith::binary(BinaryOp::Div, span, number(n as f64));
        for k in 0..=n {
            let way = arith::binary(BinaryOp::Mul, number(k as f64), step);
            let edge = arith::binary(BinaryOp::Add, way, number(low));
            let edge = if k == n { number(high) } else { edge };
            self.memory.store(&edges, &[k], edge).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn unwrap(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x, parameters] = self.three(frame, args);
        let given = self.memory.elements(&parameters).map_err(Failure::Invalid)?;
        let (period, least) = (parts(given[0]).0, parts(given[1]).0);
        for i in 0..out.shape[0] {
            let (mut turns, mut before) = (0.0, 0.0);
            for j in 0..out.shape[1] {
                let value = parts(self.element(&x, [i, j])?).0;
                let step = value - before;
                if j > 0 && step.abs() >= least {
                    let rest = (step + period / 2.0).rem_euclid(period) - period / 2.0;
                    let up = rest == -period / 2.0 && step > 0.0;
                    turns += if up { period / 2.0 } else { rest } - step;
                }
                before = value;
                let value = arith::cast(Num::F64(value + turns), out.ty.dtype);
                self.memory.store(&out, &[i, j], value).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }

    fn cross(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x, y] = self.three(frame, args);
        let zero = Num::zero(out.ty.dtype);
        for i in 0..out.shape[0] {
            for (j, k, l) in [(0, 1, 2), (1, 2, 0), (2, 0, 1)] {
                let number = |array: &Array, k: i64| {
                    if k < array.shape[1] { self.element(array, [i, k]) } else { Ok(zero) }
                };
                let [a, b, c, d] = [number(&x, k)?, number(&y, l)?, number(&x, l)?, number(&y, k)?];
                let [first, second] = [(a, b), (c, d)].map(|(a, b)| arith::binary(BinaryOp::Mul, a, b));
                let difference = arith::binary(BinaryOp::Sub, first, second);
                self.memory.store(&out, &[i, j], difference).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }

    /// Sums in order; the library's order is its own.
    fn covariance(&mut self, frame: &Frame<'m>, args: &[Operand]) -> Step<()> {
        let [out, x, y] = self.three(frame, args);
        let (n, dtype) = (x.shape[1] as usize, out.ty.dtype);
        let mut rows = self.memory.elements(&x).map_err(Failure::Invalid)?;
        rows.extend(self.memory.elements(&y).map_err(Failure::Invalid)?);
        let mut rows: Vec<(f64, f64)> = rows.into_iter().map(parts).collect();
        for row in rows.chunks_mut(n) {
            let (re, im) = row.iter().fold((0.0, 0.0), |sum, z| (sum.0 + z.0, sum.1 + z.1));
            row.iter_mut().for_each(|z| *z = (z.0 - re / n as f64, z.1 - im / n as f64));
        }
        let scale = 1.0 / (n as i64 - frame.i64(args[3])).max(0) as f64;
        let product = |i: i64, j: i64| {
            let row = |k: i64| &rows[k as usize * n..][..n];
            let products =
                row(i).iter().zip(row(j)).map(|(x, y)| (x.0 * y.0 + x.1 * y.1, x.1 * y.0 - x.0 * y.1));
            let (re, im) = products.fold((0.0, 0.0), |sum, z| (sum.0 + z.0, sum.1 + z.1));
            (re * scale, im * scale)
        };
        for i in 0..out.shape[0] {
            for j in 0..out.shape[1] {
                let mut z = product(i, j);
                if frame.i64(args[4]) != 0 {
                    let roots = product(i, i).0.sqrt() * product(j, j).0.sqrt();
                    z = ((z.0 / roots).clamp(-1.0, 1.0), (z.1 / roots).clamp(-1.0, 1.0));
                }
                let z = arith::cast(Num::C128(z.0, z.1), dtype);
                self.memory.store(&out, &[i, j], z).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }

    pub(super) fn three(&self, frame: &Frame<'m>, args: &[Operand]) -> [Array; 3] {
        [0, 1, 2].map(|k| frame.get(args[k]).array().clone())
    }

    pub(super) fn element(&self, array: &Array, index: [i64; 2]) -> Step<Num> {
        self.memory.load(array, &index).map_err(Failure::Invalid)
    }
}

/// `sum + a * b`, of bools `sum or (a and b)`.
fn plus_product(sum: Num, a: Num, b: Num) -> Num {
    let (add, mul) = match sum {
        Num::Bool(_) => (BinaryOp::Or, BinaryOp::And),
        _ => (BinaryOp::Add, BinaryOp::Mul),
    };
    arith::binary(add, sum, arith::binary(mul, a, b))
}

/// In the order of sorting, in which NaN comes last; complex numbers by real, then imaginary parts.
fn is_before(x: Num, y: Num) -> bool {
    if let (Num::C64(..) | Num::C128(..), Num::C64(..) | Num::C128(..)) = (x, y) {
        let ((a, b), (c, d)) = (parts(x), parts(y));
        let last = |x: f64, y: f64| x.is_nan() || y.is_nan();
        return (last(a, b), a, b).partial_cmp(&(last(c, d), c, d)).is_some_and(|order| order.is_lt());
    }
    let is_nan = |x| !arith::compare(CompareOp::Eq, x, x);
    arith::compare(CompareOp::Lt, x, y) || is_nan(y) && !is_nan(x)
}

pub(super) fn raised(class: ExcClass, message: String) -> Failure {
    Failure::Raised(Exception { class, message: Some(message), args: Vec::new(), frames: Vec::new() })
}

pub(super) fn parts(x: Num) -> (f64, f64) {
    match arith::cast(x, DType::C128) {
        Num::C128(re, im) => (re, im),
        _ => unreachable!("it has been cast"),
    }
}
