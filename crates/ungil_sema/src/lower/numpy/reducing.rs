//! Reductions and scans by any universal function of two numbers: what is reduced in which dtype, and from where.
//!
//! Limits: elements that NumPy would hold as float16 or longdouble have another dtype here, as everywhere.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::calling::{Casting, Options};
use crate::lower::numpy::elementwise::loop_types;
use crate::lower::numpy::methods::parameters;
use crate::lower::numpy::reductions::{constant_flag, sum_type};
use crate::operand::{Constant, Operand};
use crate::ty::{Identity, Ty};

/// What a reduction starts from.
fn identity(callee: &Operand, function: &str) -> Identity {
    match (&callee.ty, function) {
        (Ty::Ufunc(ufunc), _) => ufunc.identity,
        (_, "add" | "bitwise_or" | "bitwise_xor" | "gcd" | "logical_or" | "logical_xor") => Identity::Int(0),
        (_, "multiply" | "logical_and") => Identity::Int(1),
        (_, "bitwise_and") => Identity::Int(-1),
        (_, "hypot") => Identity::Float(0.0_f64.to_bits()),
        (_, "logaddexp" | "logaddexp2") => Identity::Float(f64::NEG_INFINITY.to_bits()),
        (_, "maximum" | "minimum" | "fmax" | "fmin") => Identity::Reorderable,
        _ => Identity::None,
    }
}

/// Functions that compare: they reduce truth values only.
const COMPARISONS: &[&str] = &["equal", "not_equal", "less", "less_equal", "greater", "greater_equal"];

impl Lowerer<'_, '_> {
    /// `reduce`, `accumulate` or `reduceat` of arrays in memory.
    pub(super) fn reduce_by(
        &mut self,
        callee: &Operand,
        function: &str,
        method: &str,
        args: Args,
    ) -> Result<Operand> {
        let span = args.span;
        let names = parameters(method);
        let qualified = format!("{function}.{method}");
        let bound = args.bind(&qualified, names, if method == "reduceat" { 2 } else { 1 })?;
        let at = |name: &str| names.iter().position(|n| *n == name).and_then(|k| bound[k].clone());
        let given = |name: &str| at(name).filter(|o| !o.is_none());
        let array = self.as_array(&at("array").expect("required"), None, span)?;
        let found = array.ty.as_array().expect("an array");
        let wanted = match given("dtype") {
            Some(d) => self.dtype_argument(&d, &qualified)?,
            None => None,
        };
        let target = given("out").and_then(|o| o.ty.as_array()).map(|t| t.dtype);
        let promoted = match function {
            "add" | "multiply" if matches!(callee.ty, Ty::Builtin(_)) => sum_type(found.dtype),
            _ => found.dtype,
        };
        let operand = wanted.or(target).unwrap_or(promoted);
        let dtype = self.accumulated_dtype(callee, function, &qualified, operand, span)?;
        let array = self.as_array(&array, Some(dtype), span)?;
        let axis = at("axis").unwrap_or_else(|| Operand::int(0, span));
        let result = match method {
            "reduce" => {
                let keepdims = constant_flag(given("keepdims"), &qualified, "keepdims")?;
                let no_axes = found.ndim == 0;
                let axis = Some(&axis).filter(|a| !a.is_none());
                let (array, axes) = match no_axes {
                    true => (self.at_least(&array, 1, span)?, self.axes_of_scalar(axis, false)?),
                    false => (array, self.axes_of(axis, usize::from(found.ndim))?),
                };
                let identity = identity(callee, function);
                if axes.len() != 1 && identity == Identity::None {
                    let message = format!(
                        "reduction operation '{function}' is not reorderable, so at most one axis may be specified"
                    );
                    return self.always_raise(ExcClass::VALUE_ERROR, &message);
                }
                let start = match at("initial") {
                    Some(initial) => initial,
                    None => start_of(identity, span),
                };
                let mask = given("where").filter(|m| !m.constant.is_some_and(|c| c.truth()));
                if mask.is_some() && start.is_none() {
                    let message = format!(
                        "reduction operation '{function}' does not have an identity, so to use a where mask one has to specify 'initial'"
                    );
                    return self.always_raise(ExcClass::VALUE_ERROR, &message);
                }
                let axes = axes.into_iter().map(|a| Operand::int(a as i64, span)).collect();
                let (axes, keepdims) =
                    (Operand::tuple(axes, span), Operand::bool(keepdims && !no_axes, span));
                let mask = mask.unwrap_or_else(|| Operand::none(span));
                let given = vec![callee.clone(), start, array, axes, keepdims, mask];
                self.prelude("numpy._ufunc_reduce", given, span)?
            }
            _ => {
                self.check_scanned(&array, Some(&axis), method)?;
                let axis = if axis.is_none() { Operand::int(0, span) } else { axis };
                let mut given = vec![callee.clone(), array, axis];
                given.extend(at("indices").map(|i| Operand { span, ..i }));
                self.prelude(&format!("numpy._ufunc_{method}"), given, span)?
            }
        };
        let Some(out) = given("out") else { return Ok(result) };
        self.check_out_shape(&out, &result)?;
        let casting = Casting::Unsafe;
        let options = Options { outs: vec![Some(out)], mask: None, dtype: None, casting, layout: None };
        self.with_options(result, &options, span)
    }

    /// The dtype that a reduction of elements of `operand` accumulates in: the function returns it for two of its own.
    fn accumulated_dtype(
        &mut self,
        callee: &Operand,
        function: &str,
        qualified: &str,
        operand: DType,
        span: Span,
    ) -> Result<DType> {
        if let Ty::Ufunc(ufunc) = &callee.ty
            && !ufunc.loops.is_empty()
        {
            let sample = Operand::entity(Ty::Scalar(operand), span);
            let types = loop_types(ufunc, &[sample.clone(), sample], None, Casting::SameKind, span)?;
            if types.results.first() == types.operands.first() {
                return Ok(types.operands[0]);
            }
            return self.not_accumulating(qualified, operand, types.results[0]);
        }
        let compares = matches!(callee.ty, Ty::Builtin(_)) && COMPARISONS.contains(&function);
        let mut dtype = operand;
        for _ in 0..if compares { 1 } else { 3 } {
            let zero = self.zero(dtype);
            let sample = Operand::value(Ty::Scalar(dtype), zero, span);
            let positional = vec![callee.clone(), sample.clone(), sample];
            let found = self.result_dtype(Args { positional, keywords: Vec::new(), span })?;
            let Ty::DType(result) = found.ty else { break };
            if result == dtype {
                return Ok(dtype);
            }
            dtype = result;
        }
        self.not_accumulating(qualified, operand, dtype)
    }

    fn not_accumulating<T>(&mut self, qualified: &str, operand: DType, result: DType) -> Result<T> {
        let message = format!(
            "the resolved dtypes are not compatible with {qualified}: it takes {operand} and returns {result}"
        );
        self.always_raise(ExcClass::TYPE_ERROR, &message)
    }
}

/// An identity as a number; `None` where the first element is the start.
fn start_of(identity: Identity, span: Span) -> Operand {
    match identity {
        Identity::None | Identity::Reorderable => Operand::none(span),
        Identity::Int(x) => Operand::int(x, span),
        Identity::Float(x) => Operand::float(f64::from_bits(x), span),
        Identity::Complex(re, im) => {
            let value = Constant::Complex(f64::from_bits(re), f64::from_bits(im));
            Operand::constant(Ty::PyComplex, value, span)
        }
    }
}
