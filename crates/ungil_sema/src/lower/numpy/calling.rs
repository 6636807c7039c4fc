//! How universal functions are called: `out`, by position too, `where=`, `dtype=` and `casting=`.
//!
//! Limits: `subok` means nothing; elements that `where=` leaves out of a fresh
//! result are zero.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::lazy::Apply;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::promote::{kind, promote_dtypes};
use crate::ty::Ty;

/// Which conversions are allowed; each rule allows those of the rules before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Casting {
    /// `"no"` and `"equiv"`.
    No,
    Safe,
    SameKind,
    Unsafe,
}

/// How a universal function is called, beside its operands.
pub(super) struct Options {
    /// For each result where it goes.
    pub outs: Vec<Option<Operand>>,
    pub mask: Option<Operand>,
    pub dtype: Option<DType>,
    pub casting: Casting,
    /// How a fresh result is laid out, if that is said.
    pub layout: Option<Layout>,
}

/// Functions that compare or test: their `dtype=bool` says nothing about the operands.
const PREDICATES: &[&str] = &[
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "isnan",
    "isinf",
    "isfinite",
    "signbit",
];

/// `numpy.can_cast` of dtypes.
pub(super) fn can_cast(from: DType, to: DType, rule: Casting) -> bool {
    match rule {
        Casting::No => from == to,
        Casting::Safe => promote_dtypes(from, to) == to,
        Casting::SameKind => {
            let unsigned = from.is_signed() && to.is_unsigned();
            kind(from) <= kind(to) && !unsigned
        }
        Casting::Unsafe => true,
    }
}

impl Casting {
    fn name(self) -> &'static str {
        match self {
            Casting::No => "no",
            Casting::Safe => "safe",
            Casting::SameKind => "same_kind",
            Casting::Unsafe => "unsafe",
        }
    }
}

/// Signatures, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] =
    &[("copyto(dst, src, casting='same_kind', where=True)", "`casting` is a constant")];

/// Calls `np.copyto`; `None` if the function is another.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    if function != "copyto" {
        return Ok(None);
    }
    let span = args.span;
    let mut bound = args.clone().bind("numpy.copyto", &["dst", "src", "casting", "where"], 2)?.into_iter();
    let mut next = || bound.next().flatten();
    let (dst, src) = (next().expect("required"), next().expect("required"));
    let casting = casting_argument(next(), "numpy.copyto")?;
    let mask = next().filter(|m| !m.constant.is_some_and(|c| c.truth()));
    if !matches!(dst.ty, Ty::Array(_)) {
        return Err(argument_error("numpy.copyto", "dst", "an array".to_owned(), &dst));
    }
    let src = l.array_like_operand(&src)?;
    let mask = mask.map(|m| l.array_like_operand(&m)).transpose()?;
    match mask {
        // Elements without axes have no masks.
        Some(mask) if !l.is_proper_array(&dst) => {
            let options = Options { outs: vec![Some(dst)], mask: None, dtype: None, casting, layout: None };
            let mask = l.element_of(&mask)?;
            let chosen = l.truth_value(&mask)?;
            l.if_then(chosen, |l| l.with_options(src, &options, span))?;
        }
        mask => {
            // A truth for each element, so that the source's shape is checked where none is true.
            let spread = |l: &mut Lowerer<'_, '_>, m| {
                l.lift(&[dst.clone(), m], span, Rc::new(|_, x| Ok(x[1].clone())))
            };
            let mask = mask.map(|m| spread(l, m)).transpose()?;
            let options = Options { outs: vec![Some(dst.clone())], mask, dtype: None, casting, layout: None };
            l.with_options(src, &options, span)?;
        }
    }
    Ok(Some(Operand::none(span)))
}

/// A `casting=` argument.
pub(super) fn casting_argument(rule: Option<Operand>, function: &str) -> Result<Casting> {
    let Some(rule) = rule else { return Ok(Casting::SameKind) };
    Ok(match rule.as_str() {
        Some("no" | "equiv") => Casting::No,
        Some("safe") => Casting::Safe,
        Some("same_kind") => Casting::SameKind,
        Some("unsafe") => Casting::Unsafe,
        _ => {
            let expected = "\"no\", \"equiv\", \"safe\", \"same_kind\" or \"unsafe\"".to_owned();
            return Err(argument_error(function, "casting", expected, &rule));
        }
    })
}

/// Takes what says how a function of so many operands and results is called out of its arguments.
pub(super) fn options(
    l: &mut Lowerer<'_, '_>,
    args: &mut Args,
    function: &str,
    (operands, results): (usize, usize),
) -> Result<Options> {
    let mut outs: Vec<Option<Operand>> = Vec::new();
    if args.positional.len() > operands && args.positional.len() <= operands + results {
        outs = args.positional.drain(operands..).map(|o| (!o.is_none()).then_some(o)).collect();
    }
    if let Some(out) = args.take("out").filter(|o| !o.is_none()) {
        if outs.iter().any(Option::is_some) {
            let message = "cannot specify 'out' as both a positional and keyword argument".to_owned();
            let signature = function.to_owned();
            return Err(CallError::Binding { message, span: out.span, definition: None, signature }.into());
        }
        outs = match &out.ty {
            Ty::Tuple(items) if items.len() == results => {
                l.items(&out).into_iter().map(|o| (!o.is_none()).then_some(o)).collect()
            }
            Ty::Array(_) if results == 1 => vec![Some(out)],
            _ => {
                let expected = match results {
                    1 => "an array".to_owned(),
                    n => format!("a tuple of {n} arrays"),
                };
                return Err(argument_error(function, "out", expected, &out));
            }
        };
    }
    for out in outs.iter_mut().flatten() {
        *out = l.settled(out)?;
    }
    outs.resize(results, None);
    let mask = args.take("where").filter(|m| !m.is_none() && !m.constant.is_some_and(|c| c.truth()));
    let dtype = match args.take("dtype").filter(|d| !d.is_none()) {
        Some(d) => l.dtype_argument(&d, function)?,
        None => None,
    };
    let casting = casting_argument(args.take("casting"), function)?;
    let layout = l.kept_or_named(args.take("order").as_ref(), function)?;
    args.take("subok");
    Ok(Options { outs, mask, dtype, casting, layout })
}

fn argument_error(
    function: &str,
    parameter: &str,
    expected: String,
    found: &Operand,
) -> crate::diagnostics::Error {
    let (function, parameter) = (function.to_owned(), parameter.to_owned());
    TypeError::Argument { function, parameter, expected, found: found.ty.clone(), span: found.span }.into()
}

/// The element type of an array or number.
fn element(x: &Operand) -> Option<DType> {
    x.ty.as_array().map(|t| t.dtype).or(x.ty.dtype())
}

impl Lowerer<'_, '_> {
    /// Refuses a conversion that the rule does not allow. Python's numbers fit where their kind does.
    pub(super) fn check_cast(&self, x: &Operand, to: DType, rule: Casting) -> Result<()> {
        let fits = element(x).is_some_and(|from| match x.ty.is_weak() {
            true => rule == Casting::Unsafe || kind(from) <= kind(to),
            false => can_cast(from, to, rule),
        });
        if fits {
            return Ok(());
        }
        let to = format!("{to} with casting rule '{}'", rule.name());
        Err(TypeError::Convert { from: x.ty.clone(), to, span: x.span }.into())
    }

    /// Brings operands to the dtype that was asked for.
    pub(super) fn convert_operands(
        &mut self,
        function: &str,
        operands: &mut [Operand],
        options: &Options,
        span: Span,
    ) -> Result<()> {
        let Some(dtype) = options.dtype else { return Ok(()) };
        if PREDICATES.contains(&function) && dtype == DType::Bool {
            return Ok(());
        }
        let converted = if function == "ldexp" { 1 } else { operands.len() };
        for x in operands.iter_mut().take(converted) {
            self.check_cast(x, dtype, options.casting)?;
            *x = self.converted_lazily(x, dtype, span)?;
        }
        Ok(())
    }

    fn converted_lazily(&mut self, x: &Operand, dtype: DType, span: Span) -> Result<Operand> {
        if element(x) == Some(dtype) && !x.ty.is_weak() {
            return Ok(x.clone());
        }
        self.lift(
            std::slice::from_ref(x),
            span,
            Rc::new(move |l, x| {
                let value = l.cast_to(&x[0], dtype)?;
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )
    }

    /// Refuses what NumPy has no loop for: a result of another dtype than was asked for, operands that would be converted
    /// where nothing may be.
    pub(super) fn check_loop(
        &self,
        function: &str,
        operands: &[Operand],
        result: &Operand,
        options: &Options,
        span: Span,
    ) -> Result<()> {
        let found = element(result);
        if options.dtype.is_some() && found.is_some() && found != options.dtype {
            let message = format!(
                "No loop matching the specified signature and casting was found for ufunc {function}"
            );
            let signature = function.to_owned();
            return Err(CallError::Binding { message, span, definition: None, signature }.into());
        }
        let function = function.trim_start_matches("numpy.");
        // The exponents of `ldexp` have loops of their own.
        let operands = if function == "ldexp" { &operands[..1] } else { operands };
        if options.casting == Casting::No && options.dtype.is_none() && !function.starts_with("logical_") {
            // Python's truth values are no weak numbers.
            let (weak, typed): (Vec<Operand>, Vec<Operand>) = operands
                .iter()
                .map(|x| match x.ty {
                    Ty::PyBool => Operand::entity(Ty::Scalar(DType::Bool), x.span),
                    _ => x.clone(),
                })
                .partition(|x| x.ty.is_weak());
            let common = typed.iter().filter_map(element).reduce(promote_dtypes);
            // A number of Python widens what is of a lesser kind.
            let wider = |to: DType, number: DType| {
                if kind(number) > kind(to) { promote_dtypes(to, number) } else { to }
            };
            let common = common.map(|to| weak.iter().filter_map(element).fold(to, wider));
            // Where a function has no loop for truth values it counts with bytes.
            let bytes = common == Some(DType::Bool) && found == Some(DType::I8);
            let floats = found.is_some_and(|d| d.is_float()) || bytes;
            let common = if floats && common.is_some_and(|d| !d.is_complex()) { found } else { common };
            let common = if function == "signbit" && common.is_some_and(|d| !d.is_float()) {
                Some(DType::F64)
            } else {
                common
            };
            for x in &typed {
                self.check_cast(x, common.unwrap_or(DType::F64), Casting::No)?;
            }
        }
        Ok(())
    }

    /// As `check_loop` for a function with several results, where nothing may be converted.
    pub(super) fn check_kept(
        &mut self,
        function: &str,
        operands: &[Operand],
        results: &Operand,
        options: &Options,
        span: Span,
    ) -> Result<()> {
        if options.casting != Casting::No || options.dtype.is_some() {
            return Ok(());
        }
        let first = self.items(results).swap_remove(0);
        self.check_loop(function, operands, &first, options, span)
    }

    /// The results of a function with several, stored where `out=` says.
    pub(super) fn with_several(
        &mut self,
        results: &Operand,
        options: &Options,
        span: Span,
    ) -> Result<Operand> {
        let mut parts = self.items(results);
        for (part, out) in parts.iter_mut().zip(&options.outs) {
            let mask = options.mask.clone();
            let (casting, layout) = (options.casting, options.layout);
            let own = Options { outs: vec![out.clone()], mask, dtype: None, casting, layout };
            *part = self.with_options(part.clone(), &own, span)?;
        }
        Ok(Operand::tuple(parts, span))
    }

    /// A result under `where=`, stored where `out=` says.
    pub(super) fn with_options(&mut self, result: Operand, options: &Options, span: Span) -> Result<Operand> {
        let out = options.outs.first().cloned().flatten();
        let Some(mask) = &options.mask else {
            let Some(out) = out else { return self.laid_out(result, options.layout, span) };
            let Some(ty) = out.ty.as_array() else { return self.write_out(&out, &result) };
            self.check_cast(&result, ty.dtype, options.casting)?;
            let result = match options.casting {
                Casting::Unsafe => self.converted_lazily(&result, ty.dtype, span)?,
                _ => result,
            };
            return self.write_out(&out, &result);
        };
        // Mask and result are brought to one shape.
        let both = [result.clone(), mask.clone()];
        let spread = self.lift(&both, span, Rc::new(move |_, x| Ok(x[0].clone())))?;
        let Some(ty) = spread.ty.as_array() else {
            return self.number_where(&result, mask, out, options.casting, span);
        };
        let shape = self.extents(&spread)?;
        let out = match out {
            Some(out) => out,
            None => {
                let fresh = ArrayType { layout: Layout::C, ..ty };
                self.allocated(fresh, shape, true, span)
            }
        };
        self.check_writable(&out)?;
        self.fill_where(&out, &result, mask, options.casting)?;
        Ok(out)
    }

    /// A result in the layout that `order=` names.
    fn laid_out(&mut self, result: Operand, layout: Option<Layout>, span: Span) -> Result<Operand> {
        match (result.ty.as_array(), layout) {
            (Some(ty), Some(layout)) if ty.ndim > 1 && ty.layout != layout => {
                let settled = self.settled(&result)?;
                self.converted_copy(&settled, ty.dtype, layout, span)
            }
            _ => Ok(result),
        }
    }

    /// A number under a truth value as `where=`; one that it leaves out is zero.
    fn number_where(
        &mut self,
        result: &Operand,
        mask: &Operand,
        out: Option<Operand>,
        casting: Casting,
        span: Span,
    ) -> Result<Operand> {
        let result = self.element_of(result)?;
        let result = self.as_numpy(&result)?;
        let holds = self.truth_value(mask)?;
        if let Some(out) = out {
            let result = Operand { value: Some(self.value(&result)?), ..result };
            self.if_then(holds, |l| {
                l.with_options(
                    result.clone(),
                    &Options {
                        outs: vec![Some(out.clone())],
                        mask: None,
                        dtype: None,
                        casting,
                        layout: None,
                    },
                    span,
                )
                .map(|_| ())
            })?;
            return Ok(out);
        }
        let dtype = result.ty.dtype().expect("a number");
        let (value, zero) = (self.value(&result)?, self.cast_to(&Operand::int(0, span), dtype)?);
        let value = self.b().select(holds, value, zero);
        Ok(Operand::value(result.ty, value, span))
    }

    /// Stores elements where a mask holds.
    fn fill_where(
        &mut self,
        out: &Operand,
        result: &Operand,
        mask: &Operand,
        casting: Casting,
    ) -> Result<()> {
        let Some(target) = out.ty.as_array() else {
            return Err(argument_error("a universal function", "out", "an array".to_owned(), out));
        };
        let (span, dtype) = (result.span, target.dtype);
        self.check_cast(result, dtype, casting)?;
        let pair = [out.clone(), result.clone(), mask.clone()];
        let chosen = self.lift(
            &pair,
            span,
            Rc::new(move |l, x| {
                let old = l.value(&x[0])?;
                let new = match casting {
                    Casting::Unsafe => l.cast_to(&x[1], dtype)?,
                    _ => l.assignable(&x[1], dtype)?,
                };
                let counts = l.truth_value(&x[2])?;
                let value = l.b().select(counts, new, old);
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )?;
        self.fill_view(out, &chosen)
    }

    /// A function with several results on arrays: all are computed, in one loop, into fresh arrays.
    pub(super) fn lift_parts(
        &mut self,
        args: &[Operand],
        count: usize,
        span: Span,
        apply: Rc<Apply>,
    ) -> Result<Operand> {
        let part = |k: usize| {
            let apply = apply.clone();
            Rc::new(move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
                let pair = apply(l, x)?;
                Ok(l.items(&pair)[k].clone())
            })
        };
        let parts = (0..count).map(|k| self.lift(args, span, part(k))).collect::<Result<Vec<_>>>()?;
        let shape = self.extents(&parts[0])?;
        let types: Vec<ArrayType> = parts.iter().map(|o| o.ty.as_array().expect("an array")).collect();
        let arrays: Vec<Operand> =
            types.iter().map(|ty| self.fresh_array(*ty, shape.clone(), span)).collect();
        let (lazies, targets) = (parts.iter().collect::<Vec<_>>(), arrays.iter().collect::<Vec<_>>());
        self.sweep(&shape, &lazies, &targets, true, &mut |l, elements| {
            for (array, (lazy, ty)) in arrays.iter().zip(parts.iter().zip(&types)) {
                let element = elements.of(l, lazy)?;
                let value = l.cast_to(&element, ty.dtype)?;
                elements.store(l, array, value)?;
            }
            Ok(())
        })?;
        Ok(Operand::tuple(arrays, span))
    }

    /// Calls a function of the prelude that is a universal function: on elements, with its options.
    pub(crate) fn call_universal(
        &mut self,
        kernel: crate::world::KernelId,
        function: &str,
        operands: usize,
        mut args: Args,
    ) -> Result<Operand> {
        let span = args.span;
        let qualified = format!("numpy.{function}");
        let options = options(self, &mut args, &qualified, (operands, 1))?;
        self.convert_operands(function, &mut args.positional, &options, span)?;
        let given = args.positional.clone();
        let result = self.lift_prelude(kernel, args)?;
        self.check_loop(&qualified, &given, &result, &options, span)?;
        self.with_options(result, &options, span)
    }
}
