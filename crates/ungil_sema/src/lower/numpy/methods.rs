//! Methods of universal functions: `np.add.reduce`, `np.multiply.outer`, `np.maximum.accumulate`, `np.subtract.at` …
//!
//! Reductions and scans that are functions of NumPy's are these; the others, and `outer`, `reduceat` and `at`, are
//! functions of the prelude that call the universal function.
//! Limits: functions of two numbers with one result, and `at` of one number; `axis` and `keepdims` are constants; the
//! others' `dtype`, `out`, `initial` and `where` are refused.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::{reductions, ufuncs};
use crate::operand::Operand;
use crate::prelude;
use crate::registry::unknown;
use crate::ty::Ty;

/// The methods.
const METHODS: &[&str] = &["reduce", "accumulate", "outer", "reduceat", "at"];

/// Functions of one number whose `at` is known, beside those of two numbers.
const UNARY: &[&str] =
    &["negative", "positive", "absolute", "abs", "square", "invert", "logical_not", "sqrt", "exp"];

/// Functions of two numbers.
pub(super) const BINARY: &[&str] = &[
    "add",
    "subtract",
    "multiply",
    "divide",
    "true_divide",
    "floor_divide",
    "remainder",
    "mod",
    "fmod",
    "power",
    "pow",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "hypot",
    "arctan2",
    "copysign",
    "logaddexp",
    "logaddexp2",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "left_shift",
    "right_shift",
    "logical_and",
    "logical_or",
    "logical_xor",
    "gcd",
    "lcm",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
];

/// Whether a function of NumPy has a method.
pub(crate) fn has(function: &str, method: &str) -> bool {
    let Some(name) = function.strip_prefix("numpy.") else { return false };
    METHODS.contains(&method) && (BINARY.contains(&name) || method == "at" && UNARY.contains(&name))
}

/// Function and method of a canonical name such as `numpy.add.reduce`.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    let (function, method) = name.rsplit_once('.')?;
    has(function, method).then_some((function, method))
}

/// Functions that are reductions of NumPy's, with the names of these and of the scans.
fn reduction(function: &str) -> Option<&'static str> {
    Some(match function {
        "add" => "sum",
        "multiply" => "prod",
        "maximum" => "max",
        "minimum" => "min",
        "logical_and" => "all",
        "logical_or" => "any",
        _ => return None,
    })
}

/// What a reduction of nothing gives.
fn identity(function: &str) -> Option<f64> {
    Some(match function {
        "hypot" | "bitwise_or" | "bitwise_xor" | "gcd" | "logical_xor" => 0.0,
        "bitwise_and" => -1.0,
        "logaddexp" | "logaddexp2" => f64::NEG_INFINITY,
        _ => return None,
    })
}

/// Calls a method.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, method: &str, args: Args) -> Result<Operand> {
    let span = args.span;
    let short = function.strip_prefix("numpy.").unwrap_or(function);
    match (method, reduction(short)) {
        ("reduce", Some(name)) => {
            let names = ["array", "axis", "dtype", "out", "keepdims", "initial", "where"];
            l.as_reduction(function, name, &names, args)
        }
        ("accumulate", Some(name @ ("sum" | "prod"))) => {
            let scan = if name == "sum" { "cumsum" } else { "cumprod" };
            l.as_reduction(function, scan, &["array", "axis", "dtype", "out"], args)
        }
        _ => {
            let alone = method == "at" && UNARY.contains(&short);
            let name = format!("numpy._ufunc_{method}{}", if alone { "_alone" } else { "" });
            let kernel = prelude::find(&name).ok_or_else(|| unknown(&name, span))?;
            let mut args = args;
            for value in args.positional.iter_mut().chain(args.keywords.iter_mut().map(|(_, v)| v)) {
                *value = l.settled_array(value, span)?;
            }
            if method == "reduce" {
                l.check_order(short, &args)?;
                let identity = match identity(short) {
                    Some(x) if x.is_finite() => Operand::int(x as i64, span),
                    Some(x) => Operand::float(x, span),
                    None => Operand::none(span),
                };
                args.positional.insert(0, identity);
            }
            args.positional.insert(0, Operand::entity(Ty::Builtin(function.into()), span));
            l.call_prelude(kernel, args)
        }
    }
}

impl Lowerer<'_, '_> {
    /// Refuses several axes where the order of the elements matters.
    fn check_order(&mut self, function: &str, args: &Args) -> Result<()> {
        let axis = args.positional.get(1).or(args.keywords.iter().find(|(n, _)| n == "axis").map(|(_, v)| v));
        let ndim = args.positional.first().and_then(|a| a.ty.as_array()).map_or(0, |t| t.ndim);
        let reorderable = identity(function).is_some() || matches!(function, "fmax" | "fmin" | "lcm");
        if ndim > 1 && !reorderable && axis.is_some_and(Operand::is_none) {
            let message = format!(
                "reduction operation '{function}' is not reorderable, so at most one axis may be specified"
            );
            return self.always_raise(ExcClass::VALUE_ERROR, &message);
        }
        Ok(())
    }

    /// A reduction along the first axis unless another is told.
    fn as_reduction(&mut self, function: &str, name: &str, names: &[&str], args: Args) -> Result<Operand> {
        let span = args.span;
        let bound = args.bind(function, names, 1)?;
        let mut keywords = Vec::new();
        for (name, value) in names.iter().zip(&bound).skip(1) {
            match value {
                Some(value) => keywords.push(((*name).to_owned(), value.clone())),
                None if *name == "axis" => keywords.push(("axis".to_owned(), Operand::int(0, span))),
                None => {}
            }
        }
        let array = bound[0].as_ref().expect("required");
        let array = self.settled_array(array, span)?;
        let request = Args { positional: vec![array], keywords, span };
        match reductions::call(self, name, request)? {
            Some(result) => Ok(result),
            None => ufuncs::call(self, name, Args { positional: Vec::new(), keywords: Vec::new(), span }),
        }
    }

    /// An argument with arrays in memory; lists stand for arrays.
    fn settled_array(&mut self, value: &Operand, span: Span) -> Result<Operand> {
        match value.ty {
            Ty::List(_) => self.as_array(value, None, span),
            Ty::Array(_) => self.settled(value),
            _ => Ok(value.clone()),
        }
    }
}
