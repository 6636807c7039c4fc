//! Methods of universal functions, NumPy's and users': `np.add.reduce`, `np.multiply.outer`, `f.accumulate`, `f.at` …
//!
//! Reductions and scans that are functions of NumPy's are these; the others, and `outer`, `reduceat` and `at`, are
//! functions of the prelude that call the universal function. `reducing` has what is reduced in which dtype, and from where.
//! Limits: functions of two numbers with one result, `at` of one number, `outer` of several results; axes and `keepdims`
//! are constants.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::{elementary, reductions, ufuncs};
use crate::operand::Operand;
use crate::prelude;
use crate::registry::unknown;
use crate::ty::Ty;

/// The methods.
pub(crate) const METHODS: &[&str] = &["reduce", "accumulate", "outer", "reduceat", "at"];

/// What starts the names of methods of users' universal functions.
pub(crate) const PREFIX: &str = "ufunc.";

/// Functions of one number, beside the elementary ones.
const UNARY: &[&str] = &[
    "negative",
    "positive",
    "absolute",
    "abs",
    "fabs",
    "square",
    "reciprocal",
    "sign",
    "conj",
    "conjugate",
    "invert",
    "bitwise_not",
    "bitwise_invert",
    "logical_not",
    "sqrt",
    "cbrt",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "floor",
    "ceil",
    "trunc",
    "rint",
];

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

/// Functions of two numbers that are no more than elementwise.
const OTHERS: &[&str] = &["heaviside", "float_power", "nextafter", "ldexp"];

/// Whether a function of NumPy has a method.
pub(crate) fn has(function: &str, method: &str) -> bool {
    let Some(name) = function.strip_prefix("numpy.") else { return false };
    let binary = BINARY.contains(&name) || OTHERS.contains(&name);
    METHODS.contains(&method)
        && (binary || method == "at" && is_unary(name) || method == "outer" && name == "divmod")
}

fn is_unary(name: &str) -> bool {
    UNARY.contains(&name) || elementary::UNARY.contains(&name)
}

/// Function and method of a canonical name such as `numpy.add.reduce`.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    let (function, method) = name.rsplit_once('.')?;
    has(function, method).then_some((function, method))
}

/// A function of NumPy that is the reduction, or the scan, by a universal function.
fn whole(function: &str, method: &str) -> Option<&'static str> {
    Some(match (method, function) {
        ("reduce", "add") => "sum",
        ("reduce", "multiply") => "prod",
        ("reduce", "maximum") => "max",
        ("reduce", "minimum") => "min",
        ("reduce", "logical_and") => "all",
        ("reduce", "logical_or") => "any",
        ("accumulate", "add") => "cumsum",
        ("accumulate", "multiply") => "cumprod",
        _ => return None,
    })
}

/// The parameters of a method.
pub(super) fn parameters(method: &str) -> &'static [&'static str] {
    match method {
        "reduce" => &["array", "axis", "dtype", "out", "keepdims", "initial", "where"],
        "reduceat" => &["array", "indices", "axis", "dtype", "out"],
        _ => &["array", "axis", "dtype", "out"],
    }
}

/// Calls a method of a universal function, which is `numpy.add` or a user's.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, callee: Operand, method: &str, args: Args) -> Result<Operand> {
    let qualified = match &callee.ty {
        Ty::Ufunc(ufunc) => ufunc.func.name.to_string(),
        Ty::Builtin(name) => name.to_string(),
        _ => String::new(),
    };
    let short = qualified.strip_prefix("numpy.").unwrap_or(&qualified);
    let named = format!("{qualified}.{method}");
    match method {
        "outer" => l.outer(&callee, &named, args),
        "at" => l.update_at(&callee, short, &named, args),
        _ => {
            let args = l.with_arrays(args)?;
            let own = matches!(callee.ty, Ty::Ufunc(_));
            match whole(short, method).filter(|name| !own && takes(name, method, &args)) {
                Some(name) => l.as_reduction(&named, name, method, args),
                None => l.reduce_by(&callee, short, method, args),
            }
        }
    }
}

/// Whether a reduction of NumPy's has all that is given.
fn takes(name: &str, method: &str, args: &Args) -> bool {
    let known = reductions::FUNCTIONS.iter().find(|(n, _)| *n == name).map_or(&[][..], |(_, p)| *p);
    let by_position = parameters(method).iter().zip(&args.positional).skip(1);
    let by_name = args.keywords.iter().map(|(n, v)| (n.as_str(), v));
    by_position.map(|(n, v)| (*n, v)).chain(by_name).all(|(n, v)| known.contains(&n) || v.is_none())
}

impl Lowerer<'_, '_> {
    /// A reduction or scan that NumPy has as a function: along the first axis unless another is told.
    fn as_reduction(&mut self, named: &str, name: &str, method: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let names = parameters(method);
        let bound = args.bind(named, names, 1)?;
        let mut keywords = Vec::new();
        for (name, value) in names.iter().zip(&bound).skip(1) {
            match value {
                Some(value) if value.is_none() && *name != "axis" => {}
                // Universal functions take a tuple of one axis where functions take a number only.
                Some(value) if *name == "axis" && method == "accumulate" => {
                    let axis = match &self.items_or_self(value)[..] {
                        [only] => only.clone(),
                        _ => {
                            let message = "accumulate does not allow multiple axes";
                            return self.always_raise(ExcClass::VALUE_ERROR, message);
                        }
                    };
                    keywords.push(("axis".to_owned(), axis));
                }
                Some(value) => keywords.push(((*name).to_owned(), value.clone())),
                None if *name == "axis" => keywords.push(("axis".to_owned(), Operand::int(0, span))),
                None => {}
            }
        }
        let array = bound[0].clone().expect("required");
        if method == "accumulate" {
            self.check_scanned(&array, bound[1].as_ref(), method)?;
        }
        let request = Args { positional: vec![array], keywords, span };
        match reductions::call(self, name, request)? {
            Some(result) => Ok(result),
            None => ufuncs::call(self, name, Args { positional: Vec::new(), keywords: Vec::new(), span }),
        }
    }

    /// Refuses what has no axis to go along, and more than one.
    pub(super) fn check_scanned(
        &mut self,
        array: &Operand,
        axis: Option<&Operand>,
        method: &str,
    ) -> Result<()> {
        match array.ty.as_array().map_or(0, |t| t.ndim) {
            0 => self.always_raise(ExcClass::TYPE_ERROR, &format!("cannot {method} on a scalar")),
            1 => Ok(()),
            _ if axis.is_some_and(Operand::is_none) => {
                self.always_raise(ExcClass::VALUE_ERROR, &format!("{method} does not allow multiple axes"))
            }
            _ => Ok(()),
        }
    }

    /// The function of all pairs of elements.
    fn outer(&mut self, callee: &Operand, named: &str, mut args: Args) -> Result<Operand> {
        let span = args.span;
        let rest = args.positional.split_off(args.positional.len().min(2));
        let keywords = std::mem::take(&mut args.keywords);
        let bound = args.bind(named, &["A", "B"], 2)?;
        let mut both = Vec::new();
        for x in bound.into_iter().flatten() {
            // Numbers are arrays here, and do not adapt.
            let x = self.settled(&x)?;
            both.push(self.as_array(&x, None, span)?);
        }
        let left = self.prelude("numpy._outer_left", both.clone(), span)?;
        let positional = [vec![left, both.remove(1)], rest].concat();
        self.call_operand(callee, Args { positional, keywords, span }, span)
    }

    /// The function in place of the elements at indices, one after the other.
    fn update_at(&mut self, callee: &Operand, short: &str, named: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let alone = match &callee.ty {
            Ty::Ufunc(ufunc) => self.program.code(ufunc.func.code, Some(span))?.params.iter().count() == 1,
            _ => is_unary(short),
        };
        let names: &[&str] = if alone { &["a", "indices"] } else { &["a", "indices", "b"] };
        let mut given = Vec::new();
        for (k, x) in args.bind(named, names, names.len())?.into_iter().flatten().enumerate() {
            let index = if k == 1 { Some(DType::I64) } else { None };
            given.push(match &x.ty {
                // What is empty could index.
                Ty::List(list) if list.element.is_none() => self.as_array(&x, index, span)?,
                _ => self.settled_array(&x, span)?,
            });
        }
        given.insert(0, callee.clone());
        self.prelude(if alone { "numpy._ufunc_at_alone" } else { "numpy._ufunc_at" }, given, span)
    }

    /// Calls a function of the prelude by its name.
    pub(super) fn prelude(&mut self, name: &str, positional: Vec<Operand>, span: Span) -> Result<Operand> {
        let kernel = prelude::find(name).ok_or_else(|| unknown(name, span))?;
        self.call_prelude(kernel, Args { positional, keywords: Vec::new(), span })
    }

    /// Arguments with arrays in memory; lists and tuples of numbers stand for arrays.
    fn with_arrays(&mut self, mut args: Args) -> Result<Args> {
        let span = args.span;
        if let Some(first) = args.positional.first_mut()
            && matches!(first.ty, Ty::Tuple(_))
        {
            *first = self.as_array(first, None, span)?;
        }
        for value in args.positional.iter_mut().chain(args.keywords.iter_mut().map(|(_, v)| v)) {
            *value = self.settled_array(value, span)?;
        }
        Ok(args)
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
