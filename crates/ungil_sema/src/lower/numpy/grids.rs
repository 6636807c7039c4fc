//! NumPy's objects that are subscripted rather than called: `mgrid ogrid r_ c_ s_ index_exp`.
//!
//! Bounds and steps of slices are numbers of any type; the prelude makes ranges of them. Limits: slices that are values of
//! variables, and the directives of `r_` that make matrices, are refused.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Expr, ExprKind};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::memory::misuse;
use crate::lower::numpy::selection::argument;
use crate::lower::numpy::shapes::{Axis, rank};
use crate::lower::numpy::typing;
use crate::operand::Operand;
use crate::registry;
use crate::ty::Ty;

/// How they are written, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[
    ("mgrid[slices]", "slices are written down"),
    ("ogrid[slices]", "slices are written down"),
    ("r_[items]", "slices are written down; a first item such as `'0,2'` is a constant string of numbers"),
    ("c_[items]", "slices are written down"),
    ("s_[index]", ""),
    ("index_exp[index]", ""),
];

/// Where `np.r_` joins: along which axis, arrays of at least how many axes, and before which of them new ones go.
struct Joint {
    axis: i64,
    ndim: usize,
    place: i64,
}

impl Joint {
    /// As a directive such as `'0,2'` says: axis, least number of axes, place of new ones.
    fn directed(&self, text: &str) -> Option<Self> {
        let numbers = text.split(',').map(|n| n.trim().parse().ok()).collect::<Option<Vec<i64>>>()?;
        if numbers.len() > 3 {
            return None;
        }
        let ndim = numbers.get(1).map_or(Some(self.ndim), |n| usize::try_from(*n).ok())?;
        Some(Self { axis: *numbers.first()?, ndim, place: numbers.get(2).copied().unwrap_or(self.place) })
    }
}

impl Lowerer<'_, '_> {
    /// `np.mgrid[index]` and its like; `None` if a name is another's.
    pub(crate) fn grid_subscript(&mut self, name: &str, index: &Expr, span: Span) -> Result<Option<Operand>> {
        let items = match &index.kind {
            ExprKind::Tuple(items) => items.as_slice(),
            _ => std::slice::from_ref(index),
        };
        let several = matches!(index.kind, ExprKind::Tuple(_));
        Ok(Some(match name {
            "numpy.mgrid" | "numpy.ogrid" => self.grid(name, items, several, span)?,
            "numpy.r_" => self.joined_items(Joint { axis: 0, ndim: 1, place: -1 }, items, span)?,
            "numpy.c_" => self.joined_items(Joint { axis: -1, ndim: 2, place: 0 }, items, span)?,
            "numpy.s_" | "numpy.index_exp" => {
                let mut parts = self.index_operands(index)?;
                match several || name == "numpy.index_exp" {
                    true => Operand::tuple(parts, span),
                    false => parts.swap_remove(0),
                }
            }
            _ => return Ok(None),
        }))
    }

    fn grid(&mut self, name: &str, items: &[Expr], several: bool, span: Span) -> Result<Operand> {
        let mut slices = Vec::new();
        for item in items {
            let Some(slice) = self.written_slice(item)? else {
                let found = self.lower_expr(item)?;
                return Err(argument(name, "index", "slices such as `0:n` or `0:1:5j`", &found));
            };
            slices.push(slice);
        }
        let zero = Operand::int(0, span);
        let numbers = slices.iter().flatten().cloned();
        // The number of places is a float where it is an imaginary number.
        let numbers = numbers.map(|x| match &x.ty {
            Ty::PyComplex => Operand::float(0.0, span),
            Ty::Scalar(d) if d.is_complex() => Operand::entity(Ty::Scalar(d.real()), span),
            _ => x,
        });
        let dtype = self.common_of(std::iter::once(zero).chain(numbers).collect(), span)?;
        let mut slices: Vec<Operand> = slices.into_iter().map(|s| Operand::tuple(s, span)).collect();
        if !several {
            return self.prelude("numpy._grid_alone", vec![slices.swap_remove(0), dtype], span);
        }
        let function = if name == "numpy.mgrid" { "numpy._mgrid" } else { "numpy._ogrid" };
        self.prelude(function, vec![Operand::tuple(slices, span), dtype], span)
    }

    /// Start, stop and step of a slice that is written down.
    fn written_slice(&mut self, item: &Expr) -> Result<Option<Vec<Operand>>> {
        let ExprKind::Slice { lower, upper, step } = &item.kind else { return Ok(None) };
        let Some(upper) = upper else {
            let help = "write where it ends, for example `0:n`";
            return Err(misuse("a range without an end has no elements", "has no end", help, item.span));
        };
        let mut parts = Vec::new();
        for (part, default) in [(lower.as_deref(), 0), (Some(&**upper), 0), (step.as_deref(), 1)] {
            let number = match part {
                Some(part) => self.lower_expr(part)?,
                None => Operand::int(default, item.span),
            };
            let number = self.for_numpy(number)?;
            if !number.ty.is_scalar() {
                return Err(argument("slice", "bounds", "numbers", &number));
            }
            parts.push(number);
        }
        Ok(Some(parts))
    }

    /// A number as NumPy gets it: those of C are Python's then.
    fn for_numpy(&mut self, x: Operand) -> Result<Operand> {
        if self.is_c() && x.ty.is_scalar() { self.cython_result(&x) } else { Ok(x) }
    }

    fn common_of(&mut self, positional: Vec<Operand>, span: Span) -> Result<Operand> {
        let args = Args { positional, keywords: Vec::new(), span };
        Ok(typing::call(self, "result_type", &args)?.expect("a function of types"))
    }

    /// `np.r_[items]` and `np.c_[items]`: numbers, ranges and arrays behind each other.
    fn joined_items(&mut self, mut joint: Joint, mut items: &[Expr], span: Span) -> Result<Operand> {
        if let Some(directive) = items.first()
            && matches!(directive.kind, ExprKind::Literal(_))
            && let Some(text) = self.lower_expr(directive)?.as_str()
        {
            joint = joint.directed(text).ok_or_else(|| {
                let help = "write numbers, `'axis'`, `'axis,ndmin'` or `'axis,ndmin,place'`";
                misuse(format!("{text:?} is not supported here"), "no such directive", help, directive.span)
            })?;
            items = &items[1..];
        }
        let mut parts = Vec::new();
        for item in items {
            let part = match self.written_slice(item)? {
                Some(slice) => self.prelude("numpy._grid_range", vec![Operand::tuple(slice, span)], span)?,
                None => self.display(item)?,
            };
            parts.push(match part.ty {
                Ty::List(_) | Ty::Tuple(_) => self.as_array(&part, None, span)?,
                Ty::Array(_) => self.settled(&part)?,
                _ => self.for_numpy(part)?,
            });
        }
        if parts.is_empty() {
            return self.always_raise(ExcClass::VALUE_ERROR, "need at least one array to concatenate");
        }
        let common = self.common_of(parts.clone(), span)?;
        let Ty::DType(dtype) = common.ty else {
            return Err(TypeError::NotSubscriptable { ty: common.ty, span }.into());
        };
        let arrays = parts.iter().map(|part| {
            let array = self.as_array(part, part.ty.is_scalar().then_some(dtype), span)?;
            self.with_axes(&array, &joint, !part.ty.is_scalar(), span)
        });
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let positional = vec![Operand::tuple(arrays, span), Operand::int(joint.axis, span)];
        registry::call(self, "numpy.concatenate", Args { positional, keywords: Vec::new(), span })
    }

    /// An array with the axes that it lacks: in front, or before the one that is named.
    fn with_axes(&mut self, x: &Operand, joint: &Joint, moved: bool, span: Span) -> Result<Operand> {
        let own = rank(x);
        let new = joint.ndim.saturating_sub(own);
        let mut axes: Vec<Axis> = (0..new).map(|_| Axis::New).chain((0..own).map(Axis::Of)).collect();
        if moved && joint.place != -1 && new > 0 {
            let place = if joint.place < 0 { joint.place + new as i64 + 1 } else { joint.place };
            let place = (place.max(0) as usize).min(new);
            // Those behind the place go to the end.
            axes = (0..place).map(|_| Axis::New).chain((0..own).map(Axis::Of)).collect();
            axes.extend((place..new).map(|_| Axis::New));
        }
        self.rearranged(x, &axes, span)
    }
}
