//! NumPy's reductions and scans: what they reduce, in which type, and their arguments.
//!
//! `sum prod min max any all count_nonzero mean var std ptp average argmin argmax`, their nan-versions, `cumsum cumprod`.
//! The loops are those of `lower::array::reduce`; arguments may be lazy, so that `np.sum(a * b)` has no temporary.
//! Limits: `keepdims` is a constant; so is `axis` here, for others see `along`.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, ReduceOp, UnaryOp};
use ungil_ir::library::{LibFn, Reduction};
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_syntax::ast::operator::BinaryOp as Operator;

use crate::diagnostics::types::TypeError;
use crate::diagnostics::{Result, plural};
use crate::lower::Lowerer;
use crate::lower::array::reduce::Fold;
use crate::lower::call::Args;
use crate::lower::numpy::calling::{Casting, can_cast};
use crate::lower::numpy::positions::Wanted;
use crate::operand::Operand;
use crate::prelude;
use crate::ty::{SliceTy, Ty};

/// Functions and the names of their positional parameters behind the array.
pub(crate) const FUNCTIONS: &[(&str, &[&str])] = &[
    ("sum", &["axis", "dtype", "out", "keepdims", "initial", "where"]),
    ("prod", &["axis", "dtype", "out", "keepdims", "initial", "where"]),
    ("min", &["axis", "out", "keepdims", "initial", "where"]),
    ("max", &["axis", "out", "keepdims", "initial", "where"]),
    ("amin", &["axis", "out", "keepdims", "initial", "where"]),
    ("amax", &["axis", "out", "keepdims", "initial", "where"]),
    ("any", &["axis", "out", "keepdims", "where"]),
    ("all", &["axis", "out", "keepdims", "where"]),
    ("count_nonzero", &["axis", "keepdims"]),
    ("mean", &["axis", "dtype", "out", "keepdims", "where"]),
    ("var", &["axis", "dtype", "out", "ddof", "keepdims", "where", "mean"]),
    ("std", &["axis", "dtype", "out", "ddof", "keepdims", "where", "mean"]),
    ("ptp", &["axis", "out", "keepdims"]),
    ("average", &["axis", "weights", "returned", "keepdims"]),
    ("nansum", &["axis", "dtype", "out", "keepdims", "initial", "where"]),
    ("nanprod", &["axis", "dtype", "out", "keepdims", "initial", "where"]),
    ("nanmin", &["axis", "out", "keepdims", "initial", "where"]),
    ("nanmax", &["axis", "out", "keepdims", "initial", "where"]),
    ("nanmean", &["axis", "dtype", "out", "keepdims", "where"]),
    ("nanvar", &["axis", "dtype", "out", "ddof", "keepdims", "where", "mean"]),
    ("nanstd", &["axis", "dtype", "out", "ddof", "keepdims", "where", "mean"]),
    ("argmin", &["axis", "out", "keepdims"]),
    ("argmax", &["axis", "out", "keepdims"]),
    ("nanargmin", &["axis", "out", "keepdims"]),
    ("nanargmax", &["axis", "out", "keepdims"]),
    ("cumsum", &["axis", "dtype", "out"]),
    ("cumprod", &["axis", "dtype", "out"]),
    ("nancumsum", &["axis", "dtype", "out"]),
    ("nancumprod", &["axis", "dtype", "out"]),
];

/// Array methods among them.
pub(crate) const METHODS: &[&str] = &[
    "sum", "prod", "min", "max", "any", "all", "mean", "var", "std", "argmin", "argmax", "cumsum", "cumprod",
];

/// Functions that go along one axis, which is a number.
const ONE_AXIS: &[&str] = &["argmin", "argmax", "cumsum", "cumprod"];

/// The arguments of a reduction.
pub(super) struct Request {
    pub function: String,
    pub x: Operand,
    /// Axes to reduce, in order. `flat`: no axis was given.
    pub axes: Vec<usize>,
    pub flat: bool,
    pub keepdims: bool,
    pub dtype: Option<DType>,
    pub initial: Option<Operand>,
    pub mask: Option<Operand>,
    pub ddof: Operand,
    /// The mean from which deviations are taken, if it is known.
    pub mean: Option<Operand>,
    pub weights: Option<Operand>,
    /// Whether an average comes with the sums of its weights.
    pub returned: bool,
    pub span: Span,
}

/// Calls a function of this family, if it is one.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, mut args: Args) -> Result<Option<Operand>> {
    let Some((name, parameters)) = FUNCTIONS.iter().find(|(name, _)| *name == function) else {
        return Ok(None);
    };
    let span = args.span;
    let qualified = format!("numpy.{function}");
    if let Some(correction) = args.take("correction") {
        args.keywords.push(("ddof".to_owned(), correction));
    }
    let names: Vec<&str> = ["a"].iter().chain(parameters.iter()).copied().collect();
    let bound = args.bind(&qualified, &names, 1)?;
    let given = |name: &str| {
        names.iter().position(|n| *n == name).and_then(|k| bound[k].clone()).filter(|o| !o.is_none())
    };
    let x = bound[0].clone().expect("required");
    // Numbers and arrays without axes are reduced as one element on one axis, which NumPy also lets `axis` name.
    // Means are computed by Python code of NumPy's that does not.
    let no_axes = x.ty.as_array().is_none_or(|t| t.ndim == 0);
    let x = if no_axes { l.at_least(&x, 1, span)? } else { x };
    let ndim = usize::from(x.ty.as_array().expect("an array").ndim);
    let dtype = match given("dtype") {
        Some(d) => l.dtype_argument(&d, &qualified)?,
        None => None,
    };
    let axis = given("axis");
    check_axis(axis.as_ref(), &qualified)?;
    if ONE_AXIS.contains(&name.trim_start_matches("nan"))
        && let Some(found @ (Ty::Tuple(_) | Ty::List(_))) = axis.as_ref().map(|a| &a.ty)
    {
        let kind = if matches!(found, Ty::List(_)) { "list" } else { "tuple" };
        let message = format!("'{kind}' object cannot be interpreted as an integer");
        return l.always_raise(ExcClass::TYPE_ERROR, &message);
    }
    // The nan-versions sum numbers that can be NaN by universal functions.
    let found = x.ty.as_array().expect("an array").dtype;
    let by_sums = name.starts_with("nan") && (found.is_float() || found.is_complex());
    let strict = !by_sums && matches!(name.trim_start_matches("nan"), "mean" | "var" | "std" | "average");
    // A wider result is computed in its own type.
    let target = given("out").and_then(|o| o.ty.as_array()).map(|t| t.dtype);
    let wider = match (x.ty.as_array().expect("an array").dtype, target) {
        (DType::F32, Some(DType::F64 | DType::C128)) if !name.contains("arg") => Some(DType::F64),
        (DType::C64, Some(DType::C128)) if !name.contains("arg") => Some(DType::C128),
        _ => None,
    };
    if let (Some(axis), Some(weights)) = (&axis, given("weights")) {
        l.check_axes_in_order(axis, &weights, ndim)?;
    }
    let request = Request {
        axes: if no_axes {
            l.axes_of_scalar(axis.as_ref(), strict)?
        } else {
            l.axes_of(axis.as_ref(), ndim)?
        },
        flat: axis.is_none(),
        keepdims: constant_flag(given("keepdims"), &qualified, "keepdims")? && !no_axes,
        dtype: dtype.or(wider),
        initial: given("initial"),
        mask: given("where").filter(|m| !m.constant.is_some_and(|c| c.truth())),
        ddof: given("ddof").unwrap_or_else(|| Operand::int(0, span)),
        mean: given("mean"),
        weights: given("weights"),
        returned: constant_flag(given("returned"), &qualified, "returned")?,
        function: qualified,
        x,
        span,
    };
    let result = l.reduction(name, request)?;
    if let (true, Some(out)) = (name.contains("arg"), target)
        && !can_cast(out, DType::I64, Casting::Safe)
    {
        let message = format!(
            "Cannot cast array data from dtype('{out}') to dtype('int64') according to the rule 'safe'"
        );
        return l.always_raise(ExcClass::TYPE_ERROR, &message);
    }
    if let Some(out) = given("out") {
        l.check_out_shape(&out, &result)?;
    }
    match given("out") {
        Some(out) if matches!(name.trim_start_matches("nan"), "std" | "ptp") => {
            l.write_out(&out, &result).map(Some)
        }
        Some(out) => l.write_any(&out, &result).map(Some),
        None => Ok(Some(result)),
    }
}

/// Refuses an axis that is no integer.
fn check_axis(axis: Option<&Operand>, function: &str) -> Result<()> {
    let Some(axis) = axis.filter(|a| a.ty.is_scalar() && !a.ty.is_integral()) else { return Ok(()) };
    let (function, parameter, expected) = (function.to_owned(), "axis".to_owned(), "an integer".to_owned());
    let (found, span) = (axis.ty.clone(), axis.span);
    Err(TypeError::Argument { function, parameter, expected, found, span }.into())
}

pub(super) fn constant_flag(o: Option<Operand>, function: &str, parameter: &str) -> Result<bool> {
    let Some(o) = o else { return Ok(false) };
    o.constant.map(|c| c.truth()).ok_or_else(|| {
        TypeError::Argument {
            function: function.to_owned(),
            parameter: parameter.to_owned(),
            expected: "True or False, known when it is compiled".to_owned(),
            found: o.ty,
            span: o.span,
        }
        .into()
    })
}

impl Lowerer<'_, '_> {
    /// Axes named by an argument: all without one, in order.
    pub(super) fn axes_of(&mut self, axis: Option<&Operand>, ndim: usize) -> Result<Vec<usize>> {
        let Some(axis) = axis else { return Ok((0..ndim).collect()) };
        let given = self.items_or_self(axis);
        let mut axes = given.iter().map(|a| self.axis_number(a, ndim)).collect::<Result<Vec<_>>>()?;
        axes.sort_unstable();
        if axes.windows(2).any(|w| w[0] == w[1]) {
            return self.always_raise(ExcClass::VALUE_ERROR, "duplicate value in 'axis'");
        }
        Ok(axes)
    }

    /// The axes to reduce of what had no axes and is one element on one axis, which universal functions let `axis` name.
    pub(super) fn axes_of_scalar(&mut self, axis: Option<&Operand>, strict: bool) -> Result<Vec<usize>> {
        let named = axis.and_then(Operand::const_int);
        if axis.is_none() || !strict && matches!(named, Some(0 | -1)) {
            return Ok(vec![0]);
        }
        let none = self.axes_of(axis, 0)?;
        debug_assert!(none.is_empty());
        Ok(vec![0])
    }

    /// Stores a result where `out=` says.
    pub(crate) fn write_out(&mut self, out: &Operand, result: &Operand) -> Result<Operand> {
        let Some(ty) = out.ty.as_array() else {
            let to = "an array to write into".to_owned();
            return Err(TypeError::Convert { from: out.ty.clone(), to, span: out.span }.into());
        };
        self.check_writable(out)?;
        let more = result.ty.as_array().filter(|found| found.ndim > ty.ndim).map(|found| found.ndim);
        if let Some(more) = more {
            let message = format!(
                "non-broadcastable output operand: it has {}, the result {}",
                plural(usize::from(ty.ndim), "axis"),
                plural(usize::from(more), "axis")
            );
            return self.always_raise(ExcClass::VALUE_ERROR, &message);
        }
        let element = match result.ty.as_array() {
            Some(found) => Operand::entity(Ty::Scalar(found.dtype), result.span),
            None => result.clone(),
        };
        self.check_same_kind(&element, ty.dtype)?;
        self.fill_view(out, result)?;
        Ok(out.clone())
    }

    /// Raises unless `out` has the very shape of a result, which is not broadcast to it.
    pub(crate) fn check_out_shape(&mut self, out: &Operand, result: &Operand) -> Result<()> {
        let Some(target) = out.ty.as_array() else { return Ok(()) };
        let ndim = result.ty.as_array().map_or(0, |found| found.ndim);
        if target.ndim != ndim {
            let message = format!(
                "output parameter has the wrong number of dimensions: Found {} but expected {ndim}",
                target.ndim
            );
            return self.always_raise(ExcClass::VALUE_ERROR, &message);
        }
        if ndim == 0 {
            return Ok(());
        }
        let (wanted, found) = (self.extents(result)?, self.extents(out)?);
        for (wanted, found) in wanted.into_iter().zip(found) {
            let same = self.b().compare(CompareOp::Eq, wanted, found);
            let message =
                "output parameter has the wrong shape: Found {} elements along an axis but expected {}";
            self.check(same, ExcClass::VALUE_ERROR, message, vec![(found, false), (wanted, false)]);
        }
        Ok(())
    }

    /// Stores a result of a reduction, which NumPy converts to whatever `out` has.
    fn write_any(&mut self, out: &Operand, result: &Operand) -> Result<Operand> {
        let found = extremum_type(result);
        let wanted = out.ty.as_array().map(|t| t.dtype);
        let real = if found.is_complex() && wanted.is_some_and(|d| !d.is_complex()) {
            let span = result.span;
            self.lift(
                std::slice::from_ref(result),
                span,
                Rc::new(move |l, x| {
                    let value = l.value(&x[0])?;
                    let value = l.b().unary(UnaryOp::Real, value);
                    Ok(Operand::value(Ty::Scalar(found.real()), value, span))
                }),
            )?
        } else {
            result.clone()
        };
        match wanted {
            Some(DType::Bool) if found != DType::Bool => {
                let span = result.span;
                let truths = self.lift(
                    std::slice::from_ref(&real),
                    span,
                    Rc::new(move |l, x| {
                        let truth = l.truth_value(&x[0])?;
                        Ok(Operand::value(Ty::Scalar(DType::Bool), truth, span))
                    }),
                )?;
                self.write_out(out, &truths)
            }
            Some(_) => {
                self.check_writable(out)?;
                self.fill_view(out, &real)?;
                Ok(out.clone())
            }
            None => self.write_out(out, result),
        }
    }

    pub(super) fn reduction(&mut self, name: &str, mut r: Request) -> Result<Operand> {
        let nan = name.strip_prefix("nan");
        let ty = r.x.ty.as_array().expect("an array");
        let has_nan = ty.dtype.is_float() || ty.dtype.is_complex();
        match nan {
            Some(plain) if !has_nan => return self.reduction(plain, r),
            Some("sum" | "prod" | "cumsum" | "cumprod") => {
                let neutral = i64::from(name.ends_with("prod"));
                let x = self.without_nan(&r.x, Operand::int(neutral, r.span), r.span)?;
                r.x = x;
                return self.reduction(nan.expect("a nan-version"), r);
            }
            Some("min" | "max") => return self.nan_extremum(name == "nanmax", &r),
            Some("mean") => return self.mean(&r, true),
            Some("var" | "std") => return self.variance(&r, true, name == "nanstd"),
            Some("argmin" | "argmax") => return self.nan_position(name == "nanargmax", r),
            _ => {}
        }
        match name {
            "sum" => self.folded(&r, ReduceOp::Add, sum_type(ty.dtype)),
            "prod" => self.folded(&r, ReduceOp::Mul, sum_type(ty.dtype)),
            "min" | "amin" => self.extremum_of(&r, ReduceOp::Min),
            "max" | "amax" => self.extremum_of(&r, ReduceOp::Max),
            "any" | "all" => {
                let op = if name == "any" { ReduceOp::Or } else { ReduceOp::And };
                self.folded(&Request { dtype: None, ..r }, op, DType::Bool)
            }
            "count_nonzero" => self.count_nonzero(&r),
            "mean" => self.mean(&r, false),
            "var" | "std" => self.variance(&r, false, name == "std"),
            "ptp" => self.peak_to_peak(&r),
            "average" => self.average(&r),
            "argmin" | "argmax" => self.position(&r, name == "argmax"),
            _ => self.scan(&r, if name == "cumsum" { ReduceOp::Add } else { ReduceOp::Mul }),
        }
    }

    /// The elements, those that a mask leaves out replaced by a neutral value.
    pub(super) fn masked(&mut self, r: &Request, op: ReduceOp, dtype: DType) -> Result<Operand> {
        let Some(mask) = &r.mask else { return Ok(r.x.clone()) };
        let both = [mask.clone(), r.x.clone()];
        let span = r.span;
        self.lift(
            &both,
            span,
            Rc::new(move |l, x| {
                let value = l.cast_to(&x[1], dtype)?;
                let neutral = l.identity_of(op, dtype);
                let counts = l.truth_value(&x[0])?;
                let chosen = l.b().select(counts, value, neutral);
                Ok(Operand::value(Ty::Scalar(dtype), chosen, span))
            }),
        )
    }

    /// The elements with NaN replaced.
    pub(super) fn without_nan(&mut self, x: &Operand, instead: Operand, span: Span) -> Result<Operand> {
        self.lift(
            std::slice::from_ref(x),
            span,
            Rc::new(move |l, x| {
                let (value, nan) = l.nan_test(&x[0])?;
                let dtype = x[0].ty.dtype().expect("a scalar");
                let other = l.cast_to(&instead, dtype)?;
                let chosen = l.b().select(nan, other, value);
                Ok(Operand::value(x[0].ty.clone(), chosen, span))
            }),
        )
    }

    /// A number and whether it is NaN.
    pub(super) fn nan_test(&mut self, x: &Operand) -> Result<(Value, Value)> {
        let value = self.value(x)?;
        Ok((value, self.b().compare(CompareOp::Ne, value, value)))
    }

    /// A plain reduction in the accumulator's type.
    pub(super) fn folded(&mut self, r: &Request, op: ReduceOp, natural: DType) -> Result<Operand> {
        let dtype = r.dtype.unwrap_or(natural);
        // Sums and products of truths are their disjunction and conjunction.
        let op = match (op, dtype) {
            (ReduceOp::Add, DType::Bool) => ReduceOp::Or,
            (ReduceOp::Mul, DType::Bool) => ReduceOp::And,
            _ => op,
        };
        if let Some(result) = self.folded_in_memory(r, op, dtype)? {
            return self.with_kept_axes(result, r, r.span);
        }
        let x = self.masked(r, op, dtype)?;
        let initial = match (&r.initial, op) {
            (Some(o), _) => Some(self.initial_of(o, dtype)?),
            // NumPy starts sums at zero: the sum of negative zeros is zero.
            (None, ReduceOp::Add) => Some(self.zero(dtype)),
            _ => None,
        };
        let term = Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
            let value = match dtype {
                DType::Bool => l.truth_value(&x[0])?,
                _ => l.cast_to(&x[0], dtype)?,
            };
            Ok(Operand::value(Ty::Scalar(dtype), value, x[0].span))
        });
        let source = r.x.ty.as_array().expect("an array").dtype;
        let narrow = if op == ReduceOp::Add { narrow_sum(source, dtype) } else { None };
        self.reduced(&x, r, &Fold { op, dtype, term, initial, narrow })
    }

    /// What `initial=` gives, in the accumulator's type; complex numbers are no start of others.
    fn initial_of(&mut self, initial: &Operand, dtype: DType) -> Result<Value> {
        if initial.ty.dtype().is_some_and(DType::is_complex) && !dtype.is_complex() {
            let to = format!("{dtype}, in which the reduction runs");
            return Err(TypeError::Convert { from: initial.ty.clone(), to, span: initial.span }.into());
        }
        let initial = self.filling(initial, dtype)?;
        self.cast_to(&initial, dtype)
    }

    /// Reduces and puts reduced axes back as axes of one element, if they are kept.
    pub(super) fn reduced(&mut self, x: &Operand, r: &Request, fold: &Fold) -> Result<Operand> {
        let ndim = usize::from(x.ty.as_array().expect("an array").ndim);
        if ndim == 0 {
            let element = self.element_of(x)?;
            let term = (fold.term)(self, &[element])?;
            let mut value = self.cast_to(&term, fold.dtype)?;
            if let Some(initial) = fold.initial {
                value = self.b().binary(fold.op.binary(), initial, value);
            }
            return Ok(Operand::value(Ty::Scalar(fold.dtype), value, r.span));
        }
        if r.axes.is_empty() {
            let (fold, span) = (fold.clone(), r.span);
            return self.lift(
                std::slice::from_ref(x),
                span,
                Rc::new(move |l, x| {
                    let term = (fold.term)(l, x)?;
                    let mut value = l.cast_to(&term, fold.dtype)?;
                    if let Some(initial) = fold.initial {
                        value = l.b().binary(fold.op.binary(), initial, value);
                    }
                    Ok(Operand::value(Ty::Scalar(fold.dtype), value, span))
                }),
            );
        }
        if !r.keepdims
            && let Some(lazy) = self.lazy_rows(x, &r.axes, fold, r.span)?
        {
            return Ok(lazy);
        }
        let result = self.reduce_array(x, &r.axes, fold)?.at(r.span);
        if r.keepdims { self.with_unit_axes(&result, &r.axes, ndim, r.span) } else { Ok(result) }
    }

    /// A result with axes of one element where axes were reduced.
    pub(super) fn with_unit_axes(
        &mut self,
        result: &Operand,
        axes: &[usize],
        ndim: usize,
        span: Span,
    ) -> Result<Operand> {
        let Some(_) = result.ty.as_array() else {
            let dtype = result.ty.dtype().expect("a scalar");
            let one = self.b().i64(1);
            self.ones.insert(one);
            let ty =
                ArrayType { dtype, ndim: ndim as u8, layout: Layout::C, readonly: false, swapped: false };
            let array = self.fresh_array(ty, vec![one; ndim], span);
            let zero = self.b().i64(0);
            let (target, value) = (self.value(&array)?, self.cast_to(result, dtype)?);
            self.b().store(target, vec![zero; ndim], value);
            return Ok(array);
        };
        let all = SliceTy { start: false, stop: false, step: false };
        let index: Vec<Operand> = (0..ndim)
            .map(|k| match axes.contains(&k) {
                true => Operand::none(span),
                false => Operand::parts(Ty::Slice(all), Vec::new(), span),
            })
            .collect();
        let result = self.settled(result)?;
        self.view_of(&result, &index, false, span)
    }

    /// The number of elements behind each result.
    pub(super) fn reduced_count(&mut self, r: &Request) -> Result<Value> {
        let shape = self.extents(&r.x)?;
        let mut count = self.b().i64(1);
        for &axis in &r.axes {
            count = self.b().binary(BinaryOp::Mul, count, shape[axis]);
        }
        Ok(count)
    }

    pub(super) fn extremum_of(&mut self, r: &Request, op: ReduceOp) -> Result<Operand> {
        let dtype = r.x.ty.as_array().expect("an array").dtype;
        if r.initial.is_none() {
            self.check_unmasked(r, if op == ReduceOp::Min { "minimum" } else { "maximum" })?;
            let name = if op == ReduceOp::Min { "minimum" } else { "maximum" };
            self.check_not_empty(
                r,
                &format!("zero-size array to reduction operation {name} which has no identity"),
            )?;
        }
        if dtype.is_complex() {
            return self.complex_statistic(r, "numpy._complex_extremum", op == ReduceOp::Max);
        }
        if dtype == DType::Bool {
            let op = if op == ReduceOp::Min { ReduceOp::And } else { ReduceOp::Or };
            return self.folded(r, op, dtype);
        }
        self.folded(r, op, dtype)
    }

    /// The extremum of all numbers among floats that lie along one run in memory, by the library, whose vectors look for NaN
    /// aside.
    fn extremum_in_memory(&mut self, r: &Request, largest: bool) -> Result<Option<Operand>> {
        let ty = r.x.ty.as_array().expect("an array");
        let run = ty.ndim == 1 || ty.layout == Layout::C;
        let whole = r.axes.len() == usize::from(ty.ndim) && !r.keepdims && r.mask.is_none();
        let plain = r.initial.is_none() && r.dtype.is_none() && r.x.lazy.is_none() && !ty.swapped;
        if !ty.dtype.is_float() || !run || !whole || !plain || ty.ndim == 0 {
            return Ok(None);
        }
        let x = if ty.ndim == 1 { r.x.clone() } else { self.raveled(&r.x, r.span)? };
        let out = self.frame_array(ty.dtype, 1, r.span);
        self.call_search(LibFn::Extremum, Wanted { largest, numbers: true }, &out, &x)?;
        let (target, zero) = (self.value(&out)?, self.b().i64(0));
        let value = self.b().load(target, vec![zero]);
        Ok(Some(Operand::value(Ty::Scalar(ty.dtype), value, r.span)))
    }

    /// Raises where a mask might leave nothing, and there is nothing to start from.
    fn check_unmasked(&mut self, r: &Request, name: &str) -> Result<()> {
        if r.mask.is_none() || r.initial.is_some() {
            return Ok(());
        }
        let message = format!(
            "reduction operation '{name}' does not have an identity, so to use a where mask one has to specify 'initial'"
        );
        self.always_raise(ExcClass::VALUE_ERROR, &message)
    }

    /// An extremum of complex numbers or its place, by a function of the prelude.
    pub(super) fn complex_statistic(&mut self, r: &Request, name: &str, largest: bool) -> Result<Operand> {
        let axes = r.axes.iter().map(|axis| Operand::int(*axis as i64, r.span)).collect();
        let mut positional = vec![
            self.settled(&r.x)?,
            Operand::bool(largest, r.span),
            Operand::tuple(axes, r.span),
            Operand::bool(r.keepdims, r.span),
        ];
        let mut name = name;
        if let Some(initial) = &r.initial {
            name = "numpy._complex_extremum_from";
            positional.push(initial.clone());
            positional.push(match &r.mask {
                Some(mask) => self.settled(mask)?,
                None => Operand::none(r.span),
            });
        }
        let kernel = prelude::find(name).expect("a function of the prelude");
        self.call_prelude(kernel, Args { positional, keywords: Vec::new(), span: r.span })
    }

    /// ValueError if results would be made of nothing, even if there are no results.
    pub(super) fn check_not_empty(&mut self, r: &Request, message: &str) -> Result<()> {
        if r.axes.is_empty() {
            return Ok(());
        }
        let count = self.reduced_count(r)?;
        let zero = self.b().i64(0);
        let fine = self.b().compare(CompareOp::Ne, count, zero);
        self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
        Ok(())
    }

    pub(super) fn nan_extremum(&mut self, largest: bool, r: &Request) -> Result<Operand> {
        let limit = if largest { f64::NEG_INFINITY } else { f64::INFINITY };
        self.check_unmasked(r, if largest { "fmax" } else { "fmin" })?;
        let x = self.settled(&r.x)?;
        if r.initial.is_none() && r.mask.is_none() {
            let name = if largest { "fmax" } else { "fmin" };
            let settled = r.with(x.clone());
            self.check_not_empty(
                &settled,
                &format!("zero-size array to reduction operation {name} which has no identity"),
            )?;
            if let Some(found) = self.extremum_in_memory(&settled, largest)? {
                return Ok(found);
            }
        }
        let filled = self.without_nan(&x, Operand::float(limit, r.span), r.span)?;
        let op = if largest { ReduceOp::Max } else { ReduceOp::Min };
        let mut request = r.with(filled);
        let mut otherwise = Operand::float(f64::NAN, r.span);
        if let Some(initial) = &r.initial {
            // A start that is NaN counts only where there is no number.
            let dtype = x.ty.as_array().expect("an array").dtype;
            let start = self.initial_of(initial, dtype)?;
            let limit = self.cast_to(&Operand::float(limit, r.span), dtype)?;
            let missing = self.b().compare(CompareOp::Ne, start, start);
            let chosen = self.b().select(missing, limit, start);
            otherwise = Operand::value(Ty::Scalar(dtype), start, r.span);
            request.initial = Some(Operand::value(Ty::Scalar(dtype), chosen, r.span));
        }
        let extremum = self.extremum_of(&request, op)?;
        let numbers = self.count_numbers(&r.with(x))?;
        let (span, dtype) = (r.span, extremum_type(&extremum));
        self.lift(
            &[extremum, numbers, otherwise],
            span,
            Rc::new(move |l, x| {
                let (value, count) = (l.value(&x[0])?, l.value(&x[1])?);
                let zero = l.b().i64(0);
                let none = l.b().compare(CompareOp::Eq, count, zero);
                let otherwise = l.cast_to(&x[2], dtype)?;
                let chosen = l.b().select(none, otherwise, value);
                Ok(Operand::value(Ty::Scalar(dtype), chosen, span))
            }),
        )
    }

    pub(super) fn count_nonzero(&mut self, r: &Request) -> Result<Operand> {
        let span = r.span;
        let truths = self.lift(
            std::slice::from_ref(&r.x),
            span,
            Rc::new(move |l, x| {
                let truth = l.truth_value(&x[0])?;
                Ok(Operand::value(Ty::Scalar(DType::Bool), truth, span))
            }),
        )?;
        let truths =
            if truths.ty.as_array().is_some() { truths } else { self.as_array(&truths, None, span)? };
        self.folded(&r.with(truths), ReduceOp::Add, DType::I64)
    }

    pub(super) fn peak_to_peak(&mut self, r: &Request) -> Result<Operand> {
        let x = self.settled(&r.x)?;
        let dtype = x.ty.as_array().expect("an array").dtype;
        if dtype.is_float() {
            self.check_not_empty(r, "zero-size array to reduction operation maximum which has no identity")?;
            if let Some(range) = self.reduced_in_memory(&r.with(x.clone()), Reduction::Range, dtype)? {
                return self.with_kept_axes(range, r, r.span);
            }
        }
        let high = self.extremum_of(&r.with(x.clone()), ReduceOp::Max)?;
        let low = self.extremum_of(&r.with(x), ReduceOp::Min)?;
        self.binary(Operator::Sub, &high, &low, r.span)
    }
}

impl Request {
    /// The same request for another array.
    pub(super) fn with(&self, x: Operand) -> Request {
        Request {
            function: self.function.clone(),
            x,
            axes: self.axes.clone(),
            flat: self.flat,
            keepdims: self.keepdims,
            dtype: self.dtype,
            initial: self.initial.clone(),
            returned: false,
            mask: self.mask.clone(),
            ddof: self.ddof.clone(),
            mean: self.mean.clone(),
            weights: self.weights.clone(),
            span: self.span,
        }
    }
}

/// The type in which NumPy sums: small integers in 64 bits.
pub(super) fn sum_type(dtype: DType) -> DType {
    match dtype {
        DType::Bool => DType::I64,
        d if d.is_unsigned() => DType::U64,
        d if d.is_int() => DType::I64,
        d => d,
    }
}

/// The type that sums of a block of small integers, widened to `dtype`, fit into.
fn narrow_sum(source: DType, dtype: DType) -> Option<DType> {
    match source {
        _ if !matches!(dtype, DType::I64 | DType::U64) => None,
        DType::Bool => Some(DType::I16),
        DType::I8 | DType::U8 | DType::I16 | DType::U16 if dtype == sum_type(source) => Some(DType::I32),
        _ => None,
    }
}

fn extremum_type(x: &Operand) -> DType {
    x.ty.as_array().map(|t| t.dtype).or(x.ty.dtype()).expect("numbers")
}
