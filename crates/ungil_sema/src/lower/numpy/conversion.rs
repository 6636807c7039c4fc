//! Arrays made of what is there: `array asarray asanyarray copy ascontiguousarray asfortranarray require`, `astype` and `a.copy`.
//!
//! Orders `'K'` and `'A'` keep the layout where it is contiguous. `subok`, `device` and `like` are taken and mean nothing: there are
//! no other kinds of arrays.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::shapes::Axis;
use crate::operand::Operand;
use crate::ty::Ty;

/// What an array shall be.
struct Wanted {
    dtype: Option<DType>,
    /// `None` keeps the layout.
    layout: Option<Layout>,
    /// `Some(false)`: a copy is an error.
    copy: Option<bool>,
}

/// Calls one of these functions.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    if function == "require" {
        return l.required(args).map(Some);
    }
    let names: &[&str] = match function {
        "array" => &["object", "dtype", "copy", "order", "subok", "ndmin"],
        "asarray" | "asanyarray" => &["a", "dtype", "order", "copy"],
        "copy" => &["a", "order", "subok"],
        "ascontiguousarray" | "asfortranarray" => &["a", "dtype"],
        _ => return Ok(None),
    };
    let (span, qualified) = (args.span, format!("numpy.{function}"));
    let mut args = args.clone();
    args.take("device");
    let bound = args.bind(&qualified, names, 1)?;
    let given = |name: &str| names.iter().position(|n| *n == name).and_then(|k| bound[k].as_ref());
    let wanted = Wanted {
        dtype: given("dtype").map_or(Ok(None), |d| l.dtype_argument(d, &qualified))?,
        layout: match function {
            "ascontiguousarray" => Some(Layout::C),
            "asfortranarray" => Some(Layout::F),
            _ => l.kept_or_named(given("order"), &qualified)?,
        },
        copy: match (function, given("copy")) {
            ("copy", _) | ("array", None) => Some(true),
            (_, Some(o)) if !o.is_none() => Some(truth(o, &qualified, "copy")?),
            _ => None,
        },
    };
    let made = l.array_as(bound[0].as_ref().expect("required"), &wanted, span)?;
    let least = match given("ndmin") {
        Some(n) => n.const_int().unwrap_or(0) as usize,
        // Arrays without axes are contiguous only with one.
        None => usize::from(function.starts_with("asc") || function.starts_with("asf")),
    };
    let missing = least.saturating_sub(usize::from(made.ty.as_array().map_or(0, |t| t.ndim)));
    if missing == 0 {
        return Ok(Some(made));
    }
    let ndim = made.ty.as_array().map_or(0, |t| t.ndim);
    let axes = std::iter::repeat_n(Axis::New, missing).chain((0..usize::from(ndim)).map(Axis::Of));
    l.rearranged(&made, &axes.collect::<Vec<_>>(), span).map(Some)
}

/// A truth value that is known.
fn truth(o: &Operand, function: &str, parameter: &str) -> Result<bool> {
    o.constant.map(|c| c.truth()).ok_or_else(|| {
        TypeError::Argument {
            function: function.to_owned(),
            parameter: parameter.to_owned(),
            expected: "True or False, known when it is compiled".to_owned(),
            found: o.ty.clone(),
            span: o.span,
        }
        .into()
    })
}

/// The names of what `np.require` asks for, by their first letters; of a string each character is one.
fn requirements(given: &Operand) -> Option<Vec<char>> {
    let first = |text: &str| text.chars().next().map(|c| c.to_ascii_uppercase());
    match (&given.ty, given.as_str(), &given.parts) {
        (Ty::None, ..) => Some(Vec::new()),
        (_, Some(text), _) => Some(text.chars().map(|c| c.to_ascii_uppercase()).collect()),
        (Ty::Tuple(_), None, Some(parts)) => {
            parts.iter().map(|p| p.as_str().and_then(first)).collect::<Option<Vec<_>>>()
        }
        (Ty::Tuple(items), ..) if items.is_empty() => Some(Vec::new()),
        _ => None,
    }
}

impl Lowerer<'_, '_> {
    /// `np.require(a, dtype, requirements)`: who owns memory is not known here.
    fn required(&mut self, args: &Args) -> Result<Operand> {
        let (span, name) = (args.span, "numpy.require");
        let mut args = args.clone();
        args.take("like");
        let bound = args.bind(name, &["a", "dtype", "requirements"], 1)?;
        let dtype = bound[1].as_ref().map_or(Ok(None), |d| self.dtype_argument(d, name))?;
        let wanted = bound[2].as_ref().map_or(Some(Vec::new()), requirements);
        let Some(wanted) = wanted.filter(|w| w.iter().all(|c| "CFAW".contains(*c))) else {
            let (function, parameter) = (name.to_owned(), "requirements".to_owned());
            let expected = "of the flags 'C', 'F', 'A' and 'W'".to_owned();
            let given = bound[2].as_ref().expect("without it nothing is asked for");
            let (found, span) = (given.ty.clone(), given.span);
            return Err(TypeError::Argument { function, parameter, expected, found, span }.into());
        };
        let layout = match (wanted.contains(&'C'), wanted.contains(&'F')) {
            (true, true) => {
                let message = "Cannot specify both \"C\" and \"F\" order";
                return self.always_raise(ExcClass::VALUE_ERROR, message);
            }
            (true, _) => Some(Layout::C),
            (_, true) => Some(Layout::F),
            _ => None,
        };
        let plan = Wanted { dtype, layout, copy: None };
        let made = self.array_as(bound[0].as_ref().expect("required"), &plan, span)?;
        let readonly = made.ty.as_array().is_some_and(|t| t.readonly);
        if wanted.contains(&'W') && readonly { self.copied_as(&made, None, layout, span) } else { Ok(made) }
    }

    /// The layout that an `order=` argument names; `None` where it says to keep it.
    pub(crate) fn kept_or_named(
        &mut self,
        order: Option<&Operand>,
        function: &str,
    ) -> Result<Option<Layout>> {
        match order.and_then(Operand::as_str) {
            Some("K" | "A" | "k" | "a") => Ok(None),
            None if order.is_none_or(Operand::is_none) => Ok(None),
            _ => self.order_argument(order, function).map(Some),
        }
    }

    fn array_as(&mut self, value: &Operand, wanted: &Wanted, span: Span) -> Result<Operand> {
        let Some(ty) = value.ty.as_array() else {
            if wanted.copy == Some(false) {
                return self.unavoidable_copy();
            }
            let made = self.as_array(value, wanted.dtype, span)?;
            let ty = made.ty.as_array().expect("an array");
            return match wanted.layout {
                Some(Layout::F) if ty.ndim > 1 => self.converted_copy(&made, ty.dtype, Layout::F, span),
                _ => Ok(made),
            };
        };
        let fits = fits(ty, wanted);
        match wanted.copy {
            Some(false) if !fits => self.unavoidable_copy(),
            None | Some(false) if fits => Ok(value.clone().at(span)),
            _ => self.copied_as(value, wanted.dtype, wanted.layout, span),
        }
    }

    /// A copy with a type and a layout, or those that it has: also the byte order is kept where no type is named.
    pub(crate) fn copied_as(
        &mut self,
        value: &Operand,
        dtype: Option<DType>,
        layout: Option<Layout>,
        span: Span,
    ) -> Result<Operand> {
        let ty = value.ty.as_array().expect("an array");
        let kept = if ty.layout == Layout::F { Layout::F } else { Layout::C };
        let layout = layout.unwrap_or(kept);
        match dtype {
            Some(dtype) => self.converted_copy(value, dtype, layout, span),
            None => self.faithful_copy(value, layout, span),
        }
    }

    /// A copy where `copy=True` asks for one; with `copy=False` what would need one is an error.
    pub(crate) fn copied_if(
        &mut self,
        x: &Operand,
        copy: Option<&Operand>,
        function: &str,
        span: Span,
    ) -> Result<Operand> {
        let Some(copy) = copy.filter(|c| !c.is_none()) else { return Ok(x.clone()) };
        if truth(copy, function, "copy")? {
            return self.copied_as(x, None, None, span);
        }
        if x.ty.as_array().is_some_and(|t| t.layout == Layout::Strided && t.ndim > 1) {
            let message = "Unable to avoid creating a copy while reshaping.";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        Ok(x.clone())
    }

    fn unavoidable_copy(&mut self) -> Result<Operand> {
        let message = "Unable to avoid copy while creating an array as requested.";
        self.always_raise(ExcClass::VALUE_ERROR, message)
    }

    /// `array.astype(dtype, order, casting, subok, copy)`.
    pub(crate) fn cast_array(&mut self, receiver: &Operand, mut args: Args) -> Result<Operand> {
        let (span, name) = (args.span, "numpy.ndarray.astype");
        args.take("device");
        let bound = args.bind(name, &["dtype", "order", "casting", "subok", "copy"], 1)?;
        let dtype = self.dtype_argument(bound[0].as_ref().expect("required"), name)?.unwrap_or(DType::F64);
        let layout = self.kept_or_named(bound[1].as_ref(), name)?;
        let found = receiver.ty.as_array().expect("an array");
        self.check_astype(found.dtype, dtype, bound[2].as_ref())?;
        let copy = bound[4].as_ref().map_or(Ok(true), |o| truth(o, name, "copy"))?;
        let wanted = Wanted { dtype: Some(dtype), layout, copy: copy.then_some(true) };
        if !copy && fits(found, &wanted) {
            return Ok(receiver.clone().at(span));
        }
        self.copied_as(receiver, Some(dtype), layout, span)
    }

    /// Refuses a conversion that `casting=` does not allow.
    fn check_astype(&mut self, from: DType, to: DType, rule: Option<&Operand>) -> Result<()> {
        let Some(rule) = rule else { return Ok(()) };
        let casting = super::calling::casting_argument(Some(rule.clone()), "numpy.ndarray.astype")?;
        if super::calling::can_cast(from, to, casting) {
            return Ok(());
        }
        let rule = rule.as_str().unwrap_or_default();
        let message = format!(
            "Cannot cast array data from dtype('{}') to dtype('{}') according to the rule '{rule}'",
            from.name(),
            to.name()
        );
        self.always_raise(ExcClass::TYPE_ERROR, &message)
    }
}

/// Whether an array is already what is wanted.
fn fits(ty: ArrayType, wanted: &Wanted) -> bool {
    let typed = wanted.dtype.is_none_or(|d| d == ty.dtype && !ty.swapped);
    // What has at most one axis and no gaps is contiguous in both orders.
    let laid = wanted.layout.is_none_or(|layout| {
        let flat = ty.ndim < 2 && ty.layout != Layout::Strided;
        flat || ty.layout == layout
    });
    typed && laid
}
