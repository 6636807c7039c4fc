//! Functions along an axis that is known only at run time: a branch for each axis, with the call as if it were written there.
//!
//! Which axis it is does not change the rank of a result, so that all branches have one type; the number of axes is known.
//! Limits: functions of [`POSITIONS`], reductions, `reduce` and `accumulate`, of arrays and tuples of arrays; one axis, not a
//! tuple of them.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::intrinsics::rank;
use crate::lower::numpy::reductions;
use crate::operand::Operand;
use crate::registry;
use crate::ty::Ty;

/// Where the functions that are no reductions take their axis. Some count it among the axes of the result, which has one more.
const POSITIONS: &[(&str, usize, usize)] = &[
    ("append", 2, 0),
    ("array_split", 2, 0),
    ("compress", 2, 0),
    ("concat", 1, 0),
    ("concatenate", 1, 0),
    ("cumulative_prod", 1, 0),
    ("cumulative_sum", 1, 0),
    ("delete", 2, 0),
    ("diff", 2, 0),
    ("expand_dims", 1, 1),
    ("flip", 1, 0),
    ("insert", 3, 0),
    ("median", 1, 0),
    ("nanmedian", 1, 0),
    ("nanpercentile", 2, 0),
    ("nanquantile", 2, 0),
    ("percentile", 2, 0),
    ("put_along_axis", 3, 0),
    ("quantile", 2, 0),
    ("repeat", 2, 0),
    ("roll", 2, 0),
    ("split", 2, 0),
    ("squeeze", 1, 0),
    ("stack", 1, 1),
    ("take", 2, 0),
    ("take_along_axis", 2, 0),
    ("trapezoid", 3, 0),
    ("unwrap", 2, 0),
];

/// Calls a function with an axis that is a variable; `None` if it is not one of these, or the axis is known.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    let varies =
        |x: &Operand| x.constant.is_none() && x.ty.is_integral() && x.ty.dtype() != Some(DType::Bool);
    let keyword = args.keywords.iter().position(|(name, _)| name == "axis");
    let keyword = keyword.filter(|k| varies(&args.keywords[*k].1));
    if keyword.is_none() && !args.positional.iter().skip(1).any(varies) {
        return Ok(None);
    }
    let Some((position, more)) = place(function) else { return Ok(None) };
    let axis = match (keyword, args.positional.get(position)) {
        (Some(k), None) => &args.keywords[k].1,
        (None, Some(axis)) if varies(axis) => axis,
        _ => return Ok(None),
    };
    let array = usize::from(function == "compress");
    let first = match args.positional.get(array) {
        Some(x) if matches!(x.ty, Ty::Tuple(_)) => l.items(x).first().cloned(),
        x => x.cloned(),
    };
    let ndim = match first {
        Some(x) if l.is_proper_array(&x) => rank(&x) + more,
        _ => return Ok(None),
    };
    let number = l.axis_in_bounds(axis, ndim)?;
    let span = axis.span;
    let at = |k: usize| {
        let mut args = args.clone();
        let known = Operand::int(k as i64, span);
        match keyword {
            Some(place) => args.keywords[place].1 = known,
            None => args.positional[position] = known,
        }
        args
    };
    l.for_axis(function, number, (0, ndim), &at).map(Some)
}

/// The position of a function's axis, and how many axes more than its argument it counts.
fn place(function: &str) -> Option<(usize, usize)> {
    let of_ufunc = function.ends_with(".reduce") || function.ends_with(".accumulate");
    let reduction = of_ufunc || reductions::FUNCTIONS.iter().any(|(name, _)| *name == function);
    let other = || POSITIONS.iter().find(|(name, ..)| *name == function).map(|(_, at, more)| (*at, *more));
    if reduction { Some((1, 0)) } else { other() }
}

impl Lowerer<'_, '_> {
    /// The number of an axis, counted from the front.
    fn axis_in_bounds(&mut self, axis: &Operand, ndim: usize) -> Result<Value> {
        let given = self.index(axis)?;
        let (zero, n) = (self.b().i64(0), self.b().i64(ndim as i64));
        let from_end = self.b().binary(BinaryOp::Add, given, n);
        let negative = self.b().compare(CompareOp::Lt, given, zero);
        let number = self.b().select(negative, from_end, given);
        let low = self.b().compare(CompareOp::Ge, number, zero);
        let high = self.b().compare(CompareOp::Lt, number, n);
        let fine = self.b().binary(BinaryOp::And, low, high);
        let message = format!("axis {{0}} is out of bounds for array of dimension {ndim}");
        self.check(fine, ExcClass::AXIS_ERROR, &message, vec![(given, true)]);
        Ok(number)
    }

    /// The call for the axis that a number names, which is one of a range.
    fn for_axis(
        &mut self,
        function: &str,
        number: Value,
        (first, end): (usize, usize),
        at: &dyn Fn(usize) -> Args,
    ) -> Result<Operand> {
        let call = |l: &mut Self| {
            let args = at(first);
            let span = args.span;
            let result = registry::call(l, &format!("numpy.{function}"), args)?;
            Ok(l.settled(&result)?.at(span))
        };
        if first + 1 == end {
            return call(self);
        }
        let this = self.b().i64(first as i64);
        let cond = self.b().compare(CompareOp::Eq, number, this);
        let then = self.nested(call);
        let otherwise = self.nested(|l| l.for_axis(function, number, (first + 1, end), at));
        let span = at(first).span;
        self.merge(cond, then, otherwise, span)
    }
}
