//! NumPy's functions that select: `where select choose`, places of true elements, `take put compress` and their kin.

use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::mask::is_flat;
use crate::lower::call::Args;
use crate::lower::numpy::picking;
use crate::operand::Operand;
use crate::promote::promote_scalars;
use crate::ty::Ty;

/// Canonical names, for the registry.
pub(crate) const NAMES: &[&str] =
    &["numpy.where", "numpy.select", "numpy.choose", "numpy.nonzero", "numpy.argwhere", "numpy.flatnonzero"];

/// Calls one of these functions; `None` if it is another's.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    let span = args.span;
    let bind = |names: &[&str], required| args.clone().bind(&format!("numpy.{function}"), names, required);
    let given = |bound: &[Option<Operand>], k: usize| bound[k].clone().expect("required");
    Ok(Some(match function {
        "where" => {
            let bound = bind(&["condition", "x", "y"], 1)?;
            let condition = given(&bound, 0);
            match (&bound[1], &bound[2]) {
                (Some(x), Some(y)) => l.where_either(&condition, x, y, span)?,
                (None, None) => l.nonzero(&condition, span)?,
                _ => return Err(both_or_neither(&condition)),
            }
        }
        "select" => {
            let bound = bind(&["condlist", "choicelist", "default"], 2)?;
            let zero = Operand::int(0, span);
            l.select_first(&given(&bound, 0), &given(&bound, 1), bound[2].as_ref().unwrap_or(&zero), span)?
        }
        "choose" => {
            let bound = bind(&["a", "choices", "mode"], 2)?;
            let mode = l.mode_argument(bound[2].as_ref(), "numpy.choose")?;
            l.choose(&given(&bound, 0), &given(&bound, 1), mode, span)?
        }
        "nonzero" => l.nonzero(&given(&bind(&["a"], 1)?, 0), span)?,
        "flatnonzero" => {
            let a = l.settled(&given(&bind(&["a"], 1)?, 0))?;
            let flat = l.flattened(&a, span)?;
            let places = l.nonzero(&flat, span)?;
            l.items(&places).remove(0)
        }
        "argwhere" => l.argwhere(&given(&bind(&["a"], 1)?, 0), span)?,
        _ => return picking::call(l, function, args),
    }))
}

fn both_or_neither(condition: &Operand) -> crate::diagnostics::Error {
    let expected = "either both or neither of x and y".to_owned();
    argument("numpy.where", "x", &expected, condition)
}

pub(crate) fn argument(
    function: &str,
    parameter: &str,
    expected: &str,
    found: &Operand,
) -> crate::diagnostics::Error {
    TypeError::Argument {
        function: function.to_owned(),
        parameter: parameter.to_owned(),
        expected: expected.to_owned(),
        found: found.ty.clone(),
        span: found.span,
    }
    .into()
}

/// What is done with an index that is out of range.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Mode {
    Raise,
    Wrap,
    Clip,
}

impl Lowerer<'_, '_> {
    /// A `mode=` argument.
    pub(crate) fn mode_argument(&self, mode: Option<&Operand>, function: &str) -> Result<Mode> {
        match mode.map(|m| (m.as_str(), m)) {
            None | Some((Some("raise"), _)) => Ok(Mode::Raise),
            Some((Some("wrap"), _)) => Ok(Mode::Wrap),
            Some((Some("clip"), _)) => Ok(Mode::Clip),
            Some((_, found)) => Err(argument(function, "mode", "'raise', 'wrap' or 'clip'", found)),
        }
    }

    /// A number, or an array, as it is; a tuple or list of numbers as an array.
    pub(crate) fn array_like_operand(&mut self, x: &Operand) -> Result<Operand> {
        if matches!(x.ty, Ty::Tuple(_) | Ty::List(_)) {
            self.as_array(x, None, x.span)
        } else {
            Ok(x.clone())
        }
    }

    /// `np.where(condition, x, y)`.
    fn where_either(&mut self, condition: &Operand, x: &Operand, y: &Operand, span: Span) -> Result<Operand> {
        let args = [condition, x, y].map(|a| self.array_like_operand(a));
        let [condition, x, y] = args;
        let args = [condition?, x?, y?];
        let no_axes =
            args.iter().any(|a| a.ty.as_array().is_some()) && args.iter().all(|a| !self.is_proper_array(a));
        let chosen = self.lift(
            &args,
            span,
            Rc::new(move |l, args| {
                let dtype = common_dtype(&args[1..], span)?;
                let (x, y) = (l.cast_to(&args[1], dtype)?, l.cast_to(&args[2], dtype)?);
                let cond = l.truth_value(&args[0])?;
                let value = l.b().select(cond, x, y);
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )?;
        // Of arrays without axes it makes one, unlike operators. Of numbers too in NumPy; here they stay numbers, which
        // need no memory.
        if no_axes { self.as_array(&chosen, None, span) } else { Ok(chosen) }
    }

    /// `np.select(condlist, choicelist, default)`.
    fn select_first(
        &mut self,
        conditions: &Operand,
        choices: &Operand,
        default: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let conditions = self.listed(conditions, "numpy.select", "condlist")?;
        let choices = self.listed(choices, "numpy.select", "choicelist")?;
        let n = conditions.len();
        if choices.len() != n || n == 0 {
            let expected = format!("a list of {n} arrays, as many as conditions");
            return Err(argument("numpy.select", "choicelist", &expected, default));
        }
        for condition in &conditions {
            let boolean = condition.ty.as_array().map(|t| t.dtype).or(condition.ty.dtype());
            if boolean != Some(DType::Bool) {
                return Err(argument("numpy.select", "condlist", "arrays of booleans", condition));
            }
        }
        let args: Vec<Operand> = conditions.into_iter().chain(choices).chain([default.clone()]).collect();
        self.lift(
            &args,
            span,
            Rc::new(move |l, args| {
                let dtype = common_dtype(&args[n..], span)?;
                let mut value = l.cast_to(&args[2 * n], dtype)?;
                for k in (0..n).rev() {
                    let cond = l.truth_value(&args[k])?;
                    let choice = l.cast_to(&args[n + k], dtype)?;
                    value = l.b().select(cond, choice, value);
                }
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )
    }

    /// `np.choose(a, choices, mode)` for choices that are given one by one.
    pub(crate) fn choose(
        &mut self,
        a: &Operand,
        choices: &Operand,
        mode: Mode,
        span: Span,
    ) -> Result<Operand> {
        let choices = self.listed(choices, "numpy.choose", "choices")?;
        let a = self.array_like_operand(a)?;
        let dtype = a.ty.as_array().map(|t| t.dtype).or(a.ty.dtype());
        if !dtype.is_some_and(|d| d.is_int() && d != DType::U64 || d == DType::Bool) {
            return Err(argument("numpy.choose", "a", "integers", &a));
        }
        let n = choices.len() as i64;
        if n == 0 {
            return Err(argument("numpy.choose", "choices", "at least one array", &a));
        }
        let args: Vec<Operand> = [a].into_iter().chain(choices).collect();
        self.lift(
            &args,
            span,
            Rc::new(move |l, args| {
                let dtype = common_dtype(&args[1..], span)?;
                let given = l.index(&args[0])?;
                let (zero, count, last) = (l.b().i64(0), l.b().i64(n), l.b().i64(n - 1));
                let index = match mode {
                    Mode::Raise => {
                        let low = l.b().compare(CompareOp::Ge, given, zero);
                        let high = l.b().compare(CompareOp::Lt, given, count);
                        let fine = l.b().binary(BinaryOp::And, low, high);
                        l.check(fine, ExcClass::VALUE_ERROR, "invalid entry in choice array", Vec::new());
                        given
                    }
                    Mode::Wrap => l.b().binary(BinaryOp::Mod, given, count),
                    Mode::Clip => {
                        let low = l.b().binary(BinaryOp::Max, given, zero);
                        l.b().binary(BinaryOp::Min, low, last)
                    }
                };
                let mut value = l.cast_to(&args[n as usize], dtype)?;
                for k in (0..n - 1).rev() {
                    let number = l.b().i64(k);
                    let this = l.b().compare(CompareOp::Eq, index, number);
                    let choice = l.cast_to(&args[1 + k as usize], dtype)?;
                    value = l.b().select(this, choice, value);
                }
                Ok(Operand::value(Ty::Scalar(dtype), value, span))
            }),
        )
    }

    /// The arrays of a tuple or list that is written out.
    fn listed(&mut self, x: &Operand, function: &str, parameter: &str) -> Result<Vec<Operand>> {
        if !matches!(x.ty, Ty::Tuple(_)) {
            return Err(argument(function, parameter, "a list or tuple of arrays", x));
        }
        let items = self.items(x);
        items.iter().map(|i| self.array_like_operand(i)).collect()
    }

    /// `np.nonzero(a)`: one array of places for each axis.
    pub(crate) fn nonzero(&mut self, a: &Operand, span: Span) -> Result<Operand> {
        let a = self.array_like_operand(a)?;
        if !self.is_proper_array(&a) {
            if !a.ty.is_scalar() && a.ty.as_array().is_none() {
                return Err(argument("numpy.nonzero", "a", "an array with axes", &a));
            }
            let message =
                "Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar).nonzero() instead.";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        let mask = self.true_elements(&a)?;
        let places = self.places(&mask, span)?;
        Ok(Operand::tuple(places, span))
    }

    /// What tells in memory which elements are true: an array of one axis itself, else a mask.
    fn true_elements(&mut self, a: &Operand) -> Result<Operand> {
        if a.lazy.is_none() && is_flat(a) {
            return Ok(a.clone());
        }
        let truths = self.truths(a)?;
        self.settled(&truths)
    }

    /// `np.argwhere(a)`: a row for each place.
    fn argwhere(&mut self, a: &Operand, span: Span) -> Result<Operand> {
        if a.ty.is_scalar() || a.ty.as_array().is_some_and(|t| t.ndim == 0) {
            // The place of a number has no parts.
            let number = self.element_of(a)?;
            let truth = self.truth_value(&number)?;
            let shape = vec![self.b().cast(truth, DType::I64), self.b().i64(0)];
            let ty = ungil_ir::types::ArrayType { ndim: 2, ..crate::lower::array::mask::vector(DType::I64) };
            return Ok(self.fresh_array(ty, shape, span));
        }
        if let Some(1) = a.ty.as_array().map(|t| t.ndim) {
            let mask = self.true_elements(a)?;
            let (count, one) = (self.count_true(&mask)?, self.b().i64(1));
            let ty = ungil_ir::types::ArrayType { ndim: 2, ..crate::lower::array::mask::vector(DType::I64) };
            let rows = self.fresh_array(ty, vec![count, one], span);
            let flat = self.flat_if_contiguous(&rows)?;
            self.write_places(&mask, &flat)?;
            return Ok(rows);
        }
        let places = self.nonzero(a, span)?;
        let columns = self.items(&places);
        let count = self.extents(&columns[0])?[0];
        let width = self.b().i64(columns.len() as i64);
        let ty = ungil_ir::types::ArrayType { ndim: 2, ..crate::lower::array::mask::vector(DType::I64) };
        let rows = self.fresh_array(ty, vec![count, width], span);
        let target = self.value(&rows)?;
        self.over_extents(vec![count], &mut |l, at| {
            for (k, column) in columns.iter().enumerate() {
                let place = l.load_element(column, at.clone())?;
                let place = l.value(&place)?;
                let k = l.b().i64(k as i64);
                l.b().store(target, vec![at[0], k], place);
            }
            Ok(())
        })?;
        Ok(rows)
    }

    /// An array with one axis: itself, a view or a copy in C order.
    pub(crate) fn flattened(&mut self, a: &Operand, span: Span) -> Result<Operand> {
        let a = self.array_like_operand(a)?;
        let a = if a.ty.is_scalar() { self.as_array(&a, None, span)? } else { a };
        match a.ty.as_array() {
            Some(ty) if ty.ndim == 1 => Ok(a),
            Some(_) => self.raveled(&a, span),
            None => Err(argument("numpy", "a", "an array", &a)),
        }
    }
}

/// The type of what is chosen among operands, by NumPy's promotion.
fn common_dtype(choices: &[Operand], span: Span) -> Result<DType> {
    let mut common = None;
    for choice in choices {
        if !choice.ty.is_scalar() {
            let to = "an element of an array".to_owned();
            return Err(TypeError::Convert { from: choice.ty.clone(), to, span }.into());
        }
        common = Some(match common {
            None => choice.ty.clone(),
            Some(ty) => promote_scalars(&ty, &choice.ty),
        });
    }
    Ok(common.and_then(|ty| ty.dtype()).expect("a scalar"))
}
