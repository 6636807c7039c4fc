//! Bounds of affine expressions over a loop nest.
//!
//! The extremes of `Σ c·iv + …` over a nest are found by replacing each induction value, innermost first, by the
//! end of its range that makes the expression larger or smaller. Ranges of inner loops may depend on outer
//! induction values (triangular loops). The result is conservative: an inner loop that runs no iteration for some
//! outer one still counts.

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use ungil_ir::entities::Value;
use ungil_ir::function::Function;

/// Range of an induction value: both ends are included.
#[derive(Clone, Debug)]
pub struct Frame {
    pub iv: Value,
    pub least: Option<Affine>,
    pub greatest: Option<Affine>,
}

impl Frame {
    /// Range of `for iv in range(start, stop, step)`. `last` is the exact last value where the caller has one.
    pub fn new(
        func: &Function,
        defs: &Definitions,
        (iv, start, stop, step): (Value, Value, Value, Value),
        last: Option<Value>,
    ) -> Frame {
        let of = |v| Affine::of(func, defs, v);
        let last = last.map(Affine::atom);
        let (least, greatest) = match of(step).and_then(|s| s.as_constant()) {
            Some(s) if s > 0 => (of(start), last.or_else(|| of(stop)?.plus(-1))),
            Some(s) if s < 0 => (last.or_else(|| of(stop)?.plus(1)), of(start)),
            _ => (None, None),
        };
        Frame { iv, least, greatest }
    }
}

/// Which end of a range.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum End {
    Least,
    Greatest,
}

/// Extreme of `e` over the nest, whose frames are given from the outermost to the innermost loop.
pub fn extreme(e: &Affine, frames: &[Frame], end: End) -> Option<Affine> {
    let mut e = e.clone();
    for frame in frames.iter().rev() {
        let Some(&c) = e.terms.get(&frame.iv) else { continue };
        let by = if (c > 0) == (end == End::Greatest) { &frame.greatest } else { &frame.least };
        e = e.substitute(frame.iv, by.as_ref()?)?;
    }
    Some(e)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn triangular_loops_are_followed_outwards() {
        // for i in range(n): for j in range(i + 1, n): the index j - i lies in 1 …= n - 1.
        let (n, i, j) = (Value(0), Value(1), Value(2));
        let last = Affine::atom(n).plus(-1).unwrap();
        let frames = [
            Frame { iv: i, least: Some(Affine::constant(0)), greatest: Some(last.clone()) },
            Frame { iv: j, least: Affine::atom(i).plus(1), greatest: Some(last.clone()) },
        ];
        let e = Affine::atom(j).add_scaled(&Affine::atom(i), -1).unwrap();
        assert_eq!(extreme(&e, &frames, End::Least), Some(Affine::constant(1)));
        assert_eq!(extreme(&e, &frames, End::Greatest), Some(last));
    }
}
