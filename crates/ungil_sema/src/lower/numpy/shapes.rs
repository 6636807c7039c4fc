//! NumPy functions that give another view of an array: axes moved, added, removed, reversed, repeated, windows.
//!
//! Axes are constants, because the number of axes is part of a type. What is wrong with extents raises at run time.
//! Limits: `squeeze` needs its axes; `ravel` and `reshape` copy where [`super::super::array::reshape`] says so.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::{ArrayType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::{IterTy, Ty};

/// Signatures, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[
    ("shape(a)", ""),
    ("ndim(a)", ""),
    ("size(a, axis=None)", "`axis` is a constant"),
    ("reshape(a, shape, order='C', copy=None)", "orders `'C'`, `'F'` and `'A'`"),
    ("ravel(a, order='C')", "orders `'C'`, `'F'` and `'A'`; `'K'` of contiguous arrays"),
    ("transpose(a, axes=None)", "`axes` are constants"),
    ("permute_dims(a, axes=None)", "`axes` are constants"),
    ("matrix_transpose(x)", ""),
    ("swapaxes(a, axis1, axis2)", "axes are constants"),
    ("moveaxis(a, source, destination)", "axes are constants"),
    ("rollaxis(a, axis, start=0)", "axes are constants"),
    ("expand_dims(a, axis)", "`axis` is a constant"),
    (
        "squeeze(a, axis=None)",
        "`axis` is a constant, and needed where axes are not known to have one element",
    ),
    ("atleast_1d(*arys)", ""),
    ("atleast_2d(*arys)", ""),
    ("atleast_3d(*arys)", ""),
    ("broadcast_to(array, shape)", ""),
    ("broadcast_arrays(*args)", "the results are read-only"),
    ("broadcast_shapes(*args)", ""),
    ("flip(m, axis=None)", "`axis` is a constant"),
    ("fliplr(m)", ""),
    ("flipud(m)", ""),
    ("rot90(m, k=1, axes=(0, 1))", "`k` and `axes` are constants"),
    ("diagonal(a, offset=0, axis1=0, axis2=1)", "axes are constants"),
    ("ndindex(*shape)", "in loops"),
    ("ndenumerate(arr)", "in loops"),
    ("nditer(op)", "in loops, over one contiguous array, for reading; items are scalars"),
    ("lib.stride_tricks.as_strided(x, shape=None, strides=None)", "strides are not checked"),
    (
        "lib.stride_tricks.sliding_window_view(x, window_shape, axis=None, subok=False, writeable=False)",
        "`axis` is a constant",
    ),
];

/// Whether the arguments of a function here must be in memory.
pub(crate) fn is_eager(function: &str) -> bool {
    let own =
        |signature: &str| signature.split('(').next().and_then(|n| n.rsplit('.').next()) == Some(function);
    FUNCTIONS.iter().skip(3).any(|(signature, _)| own(signature))
}

/// Where an axis of a view comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Axis {
    Of(usize),
    Reversed(usize),
    /// One element.
    New,
}

/// Calls one of [`FUNCTIONS`].
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    let span = args.span;
    let qualified = format!("numpy.{function}");
    let bound = |names: &[&str], required: usize| args.clone().bind(&qualified, names, required);
    Ok(Some(match function {
        "shape" | "ndim" | "size" => {
            let b = bound(if function == "size" { &["a", "axis"] } else { &["a"] }, 1)?;
            l.measured(function, needed(&b, 0), b.get(1).and_then(Option::as_ref), span)?
        }
        "reshape" => {
            let b = bound(&["a", "shape", "order", "copy"], 2)?;
            let x = l.as_array(needed(&b, 0), None, span)?;
            let x = l.copied_if(&x, b[3].as_ref(), &qualified, span)?;
            let shape = l.shape_operands(&[needed(&b, 1).clone()], span)?;
            l.reshaped_in(&x, &shape, b[2].as_ref(), span)?
        }
        "ravel" => {
            let b = bound(&["a", "order"], 1)?;
            let x = l.as_array(needed(&b, 0), None, span)?;
            l.raveled_in(&x, b[1].as_ref(), span)?
        }
        "transpose" | "permute_dims" => {
            let b = bound(&["a", "axes"], 1)?;
            let x = l.as_array(needed(&b, 0), None, span)?;
            let axes = l.axes_argument(&x, b[1].as_slice())?;
            l.transposed(&x, axes.as_deref(), span)?
        }
        "as_strided" => {
            l.as_strided_call(&bound(&["x", "shape", "strides", "subok", "writeable"], 1)?, span)?
        }
        "sliding_window_view" => {
            let b = bound(&["x", "window_shape", "axis", "subok", "writeable"], 2)?;
            l.windows(needed(&b, 0), needed(&b, 1), b[2].as_ref(), span)?
        }
        "broadcast_to" => {
            let b = bound(&["array", "shape"], 2)?;
            let x = l.as_array(needed(&b, 0), None, span)?;
            let shape = l.shape_argument(needed(&b, 1), &qualified)?;
            l.spread_to(&x, &shape, span)?
        }
        "broadcast_arrays" => l.all_broadcast(&plain(args)?, span)?,
        "broadcast_shapes" => l.common_shape(&plain(args)?, span)?,
        "atleast_1d" | "atleast_2d" | "atleast_3d" => {
            let least = usize::from(function.as_bytes()[8] - b'0');
            let all = plain(args)?;
            let all = all.iter().map(|x| l.at_least(x, least, span)).collect::<Result<Vec<_>>>()?;
            if all.len() == 1 { all[0].clone() } else { Operand::tuple(all, span) }
        }
        "diagonal" => {
            let b = bound(&["a", "offset", "axis1", "axis2"], 1)?;
            let (zero, one) = (Operand::int(0, span), Operand::int(1, span));
            let axes = [b[2].as_ref().unwrap_or(&zero), b[3].as_ref().unwrap_or(&one)];
            let x = l.as_array(needed(&b, 0), None, span)?;
            l.diagonal(&x, b[1].as_ref().unwrap_or(&zero), axes, true, span)?
        }
        "ndindex" | "ndenumerate" | "nditer" => iterated(l, function, args)?,
        _ => return moved(l, function, args),
    }))
}

/// What loops run over.
fn iterated(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Operand> {
    let span = args.span;
    let qualified = format!("numpy.{function}");
    let bound = |names: &[&str], required: usize| args.clone().bind(&qualified, names, required);
    Ok(match function {
        "ndindex" => {
            let shape = match &plain(args)?[..] {
                [only] => l.shape_argument(only, &qualified)?,
                several => several
                    .iter()
                    .map(|n| l.integer_argument(n, &qualified, "shape"))
                    .collect::<Result<Vec<_>>>()?,
            };
            let zero = l.b().i64(0);
            for &extent in &shape {
                let fine = l.b().compare(CompareOp::Ge, extent, zero);
                l.check(fine, ExcClass::VALUE_ERROR, "negative dimensions are not allowed", Vec::new());
            }
            let parts = shape.iter().map(|n| Operand::value(Ty::PyInt, *n, span)).collect();
            Operand::parts(Ty::Iter(IterTy::NdIndex(shape.len() as u8).into()), parts, span)
        }
        "ndenumerate" => {
            let x = l.as_array(needed(&bound(&["arr"], 1)?, 0), None, span)?;
            Operand::parts(Ty::Iter(IterTy::NdEnumerate(x.ty.clone()).into()), vec![x], span)
        }
        _ => {
            let x = l.as_array(needed(&bound(&["op"], 1)?, 0), None, span)?;
            let zero = l.b().i64(0);
            for extent in l.extents(&x)? {
                let some = l.b().compare(CompareOp::Ne, extent, zero);
                let message = "Iteration of zero-sized operands is not enabled";
                l.check(some, ExcClass::VALUE_ERROR, message, Vec::new());
            }
            match x.ty.as_array().map(|t| t.layout) {
                Some(Layout::C) => l.flat(&x, span)?,
                Some(Layout::F) => {
                    let turned = l.transposed(&x, None, span)?;
                    l.flat(&turned, span)?
                }
                _ => {
                    let note =
                        "the order of its elements is known only at run time: loop over `a.flat`".to_owned();
                    let (function, parameter) = (qualified, "op".to_owned());
                    return Err(CallError::UnsupportedArgument { function, parameter, span, note }.into());
                }
            }
        }
    })
}

/// Those that only order axes in another way.
fn moved(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    let span = args.span;
    let qualified = format!("numpy.{function}");
    let bound = |names: &[&str], required: usize| args.clone().bind(&qualified, names, required);
    let b = match function {
        "matrix_transpose" => bound(&["x"], 1)?,
        "swapaxes" => bound(&["a", "axis1", "axis2"], 3)?,
        "moveaxis" => bound(&["a", "source", "destination"], 3)?,
        "rollaxis" => bound(&["a", "axis", "start"], 2)?,
        "expand_dims" => bound(&["a", "axis"], 2)?,
        "squeeze" => bound(&["a", "axis"], 1)?,
        "flip" => bound(&["m", "axis"], 1)?,
        "fliplr" | "flipud" => bound(&["m"], 1)?,
        "rot90" => bound(&["m", "k", "axes"], 1)?,
        _ => return Ok(None),
    };
    let x = l.as_array(needed(&b, 0), None, span)?;
    let n = rank(&x);
    let mut order: Vec<Axis> = (0..n).map(Axis::Of).collect();
    match function {
        "matrix_transpose" => {
            if n < 2 {
                let message = format!("Input array must be at least 2-dimensional, but it is {n}");
                return l.always_raise(ExcClass::VALUE_ERROR, &message);
            }
            order.swap(n - 1, n - 2);
        }
        "swapaxes" => {
            let i = l.axis_number_as("axis1: ", needed(&b, 1), n)?;
            let j = l.axis_number_as("axis2: ", needed(&b, 2), n)?;
            order.swap(i, j);
        }
        "moveaxis" => order = l.moved_axes(needed(&b, 1), needed(&b, 2), n)?,
        "rollaxis" => order = l.rolled_axes(needed(&b, 1), b[2].as_ref(), n)?,
        "expand_dims" => {
            let added = l.items_or_self(needed(&b, 1)).len();
            let axes = l.axis_numbers(needed(&b, 1), n + added)?;
            let mut old = order.into_iter();
            let pick = |k| if axes.contains(&k) { Axis::New } else { old.next().expect("one for each") };
            order = (0..n + added).map(pick).collect();
        }
        "squeeze" => {
            let gone = l.squeezed_axes(&x, b[1].as_ref(), span)?;
            order.retain(|a| !matches!(a, Axis::Of(k) if gone.contains(k)));
        }
        "flip" => {
            let axes = match b[1].as_ref().filter(|a| !a.is_none()) {
                Some(axis) => l.axis_numbers(axis, n)?,
                // Without axes it is an index, which gives the element.
                None if n == 0 => return l.element_of(&x).map(Some),
                None => (0..n).collect(),
            };
            axes.into_iter().for_each(|k| order[k] = Axis::Reversed(k));
        }
        "fliplr" | "flipud" => {
            let axis = usize::from(function == "fliplr");
            if n <= axis {
                return l.always_raise(ExcClass::VALUE_ERROR, &format!("Input must be >= {}-d.", axis + 1));
            }
            order[axis] = Axis::Reversed(axis);
        }
        _ => order = l.rotated_axes(b[1].as_ref(), b[2].as_ref(), n, span)?,
    }
    l.rearranged(&x, &order, span).map(Some)
}

/// A required argument.
pub(crate) fn needed(bound: &[Option<Operand>], k: usize) -> &Operand {
    bound[k].as_ref().expect("a required argument")
}

/// Number of axes of an array; none of a scalar.
pub(crate) fn rank(x: &Operand) -> usize {
    x.ty.as_array().map_or(0, |t| usize::from(t.ndim))
}

/// Arguments without keywords.
fn plain(args: &Args) -> Result<Vec<Operand>> {
    args.check_no_keywords("numpy")?;
    Ok(args.positional.clone())
}

impl Lowerer<'_, '_> {
    /// A view with axes ordered, reversed, added or repeated. Axes that are left out have one element.
    pub(crate) fn rearranged(&mut self, x: &Operand, axes: &[Axis], span: Span) -> Result<Operand> {
        let ty = x.ty.as_array().expect("an array");
        let base = self.value(x)?;
        let mut offset = self.b().i64(0);
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        for axis in axes {
            let (extent, stride) = match *axis {
                Axis::New => {
                    let one = self.b().i64(1);
                    self.ones.insert(one);
                    (one, self.b().i64(0))
                }
                Axis::Of(k) => (self.extent_of(x, base, k), self.b().stride(base, k as u8)),
                Axis::Reversed(k) => {
                    let (n, stride) = (self.extent_of(x, base, k), self.b().stride(base, k as u8));
                    let (zero, one) = (self.b().i64(0), self.b().i64(1));
                    let last = self.b().binary(BinaryOp::Sub, n, one);
                    let last = self.b().binary(BinaryOp::Max, last, zero);
                    let bytes = self.b().binary(BinaryOp::Mul, last, stride);
                    offset = self.b().binary(BinaryOp::Add, offset, bytes);
                    (n, self.b().binary(BinaryOp::Sub, zero, stride))
                }
            };
            shape.push(extent);
            strides.push(stride);
        }
        let layout = layout_of(ty, axes);
        let view = ArrayType { ndim: axes.len() as u8, layout, ..ty };
        Ok(self.view(base, view, offset, shape, strides, span))
    }

    /// The extent of an axis, marked if it is known to be one.
    pub(super) fn extent_of(&mut self, x: &Operand, base: Value, axis: usize) -> Value {
        let extent = self.b().dim(base, axis as u8);
        if self.is_unit(x, axis) {
            self.ones.insert(extent);
        }
        extent
    }

    fn measured(
        &mut self,
        function: &str,
        x: &Operand,
        axis: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let extents = match &x.ty {
            Ty::Array(_) => self.extents(x)?,
            ty if ty.is_scalar() => Vec::new(),
            _ => {
                let x = self.as_array(x, None, span)?;
                self.extents(&x)?
            }
        };
        let int = |v| Operand::value(Ty::PyInt, v, span);
        Ok(match (function, axis.filter(|a| !a.is_none())) {
            ("shape", _) => Operand::tuple(extents.into_iter().map(int).collect(), span),
            ("ndim", _) => Operand::int(extents.len() as i64, span),
            (_, Some(axis)) => {
                let axis = self.axis_number(axis, extents.len())?;
                int(extents[axis])
            }
            _ => {
                let product = extents.into_iter().reduce(|a, b| self.b().binary(BinaryOp::Mul, a, b));
                int(product.unwrap_or_else(|| self.b().i64(1)))
            }
        })
    }

    /// The elements of a tuple; anything else alone.
    pub(crate) fn items_or_self(&mut self, x: &Operand) -> Vec<Operand> {
        if matches!(x.ty, Ty::Tuple(_)) { self.items(x) } else { vec![x.clone()] }
    }

    /// Constant axes, each once.
    pub(crate) fn axis_numbers(&mut self, axes: &Operand, ndim: usize) -> Result<Vec<usize>> {
        self.axis_numbers_as("", axes, ndim)
    }

    /// As [`Lowerer::axis_numbers`], for an argument that messages name.
    fn axis_numbers_as(&mut self, argument: &str, axes: &Operand, ndim: usize) -> Result<Vec<usize>> {
        let (prefix, place) = match argument {
            "" => (String::new(), String::new()),
            name => (format!("{name}: "), format!(" in `{name}` argument")),
        };
        let given = self.items_or_self(axes);
        let found =
            given.iter().map(|a| self.axis_number_as(&prefix, a, ndim)).collect::<Result<Vec<_>>>()?;
        if (1..found.len()).any(|k| found[..k].contains(&found[k])) {
            return self.always_raise(ExcClass::VALUE_ERROR, &format!("repeated axis{place}"));
        }
        Ok(found)
    }

    fn moved_axes(&mut self, source: &Operand, destination: &Operand, n: usize) -> Result<Vec<Axis>> {
        let from = self.axis_numbers_as("source", source, n)?;
        let to = self.axis_numbers_as("destination", destination, n)?;
        if from.len() != to.len() {
            let message = "`source` and `destination` arguments must have the same number of elements";
            return self.always_raise(ExcClass::VALUE_ERROR, message);
        }
        let mut order: Vec<usize> = (0..n).filter(|k| !from.contains(k)).collect();
        let mut moves: Vec<(usize, usize)> = to.into_iter().zip(from).collect();
        moves.sort_unstable();
        moves.into_iter().for_each(|(to, from)| order.insert(to, from));
        Ok(order.into_iter().map(Axis::Of).collect())
    }

    fn rolled_axes(&mut self, axis: &Operand, start: Option<&Operand>, n: usize) -> Result<Vec<Axis>> {
        let axis = self.axis_number(axis, n)?;
        let start = match start.map(|s| (s, s.const_int())) {
            None => 0,
            Some((_, Some(s))) if (-(n as i128)..=n as i128).contains(&s) => {
                (if s < 0 { s + n as i128 } else { s }) as usize
            }
            Some((_, Some(s))) => {
                let s = if s < 0 { s + n as i128 } else { s };
                let message =
                    format!("'start' arg requires -{n} <= start < {}, but {s} was passed in", n + 1);
                return self.always_raise(ExcClass::AXIS_ERROR, &message);
            }
            Some((s, None)) => return Err(TypeError::IndexConstant { span: s.span, expected: "axis" }.into()),
        };
        let mut order: Vec<usize> = (0..n).filter(|k| *k != axis).collect();
        order.insert(if axis < start { start - 1 } else { start }, axis);
        Ok(order.into_iter().map(Axis::Of).collect())
    }

    /// Axes that `squeeze` removes: checked to have one element, or known to.
    fn squeezed_axes(&mut self, x: &Operand, axis: Option<&Operand>, span: Span) -> Result<Vec<usize>> {
        let n = rank(x);
        let Some(axis) = axis.filter(|a| !a.is_none()) else {
            let known: Vec<usize> = (0..n).filter(|k| self.is_unit(x, *k)).collect();
            if known.len() == n {
                return Ok(known);
            }
            let what = "`squeeze` without axes, where how many have one element shows at run time only, is";
            let help = "name the axes to remove: `np.squeeze(a, axis=0)`";
            return Err(Unsupported::Expression { what, span, help }.into());
        };
        if n == 0 && matches!(axis.const_int(), Some(0 | -1)) {
            return Ok(Vec::new());
        }
        let axes = self.axis_numbers(axis, n)?;
        let base = self.value(x)?;
        let one = self.b().i64(1);
        for &k in &axes {
            let extent = self.b().dim(base, k as u8);
            let fine = self.b().compare(CompareOp::Eq, extent, one);
            let message = "cannot select an axis to squeeze out which has size not equal to one";
            self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
        }
        Ok(axes)
    }

    fn rotated_axes(
        &mut self,
        k: Option<&Operand>,
        axes: Option<&Operand>,
        n: usize,
        span: Span,
    ) -> Result<Vec<Axis>> {
        let default = Operand::tuple(vec![Operand::int(0, span), Operand::int(1, span)], span);
        let plane = axes.unwrap_or(&default);
        let plane = self.items_or_self(plane);
        let [i, j] = &plane[..] else {
            return self.always_raise(ExcClass::VALUE_ERROR, "len(axes) must be 2.");
        };
        let constants = (i.const_int(), j.const_int());
        if let (Some(a), Some(b)) = constants
            && (a == b || (a - b).unsigned_abs() == n as u128)
        {
            return self.always_raise(ExcClass::VALUE_ERROR, "Axes must be different.");
        }
        let inside = |a: i128| (-(n as i128)..n as i128).contains(&a);
        if let (Some(a), Some(b)) = constants
            && !(inside(a) && inside(b))
        {
            let message = format!("Axes=({a}, {b}) out of range for array of ndim={n}.");
            return self.always_raise(ExcClass::VALUE_ERROR, &message);
        }
        let (i, j) = (self.axis_number(i, n)?, self.axis_number(j, n)?);
        let turns = match k {
            None => 1,
            Some(k) => k
                .const_int()
                .ok_or(TypeError::IndexConstant { span: k.span, expected: "number of turns" })?
                .rem_euclid(4),
        };
        let mut order: Vec<Axis> = (0..n).map(Axis::Of).collect();
        match turns {
            1 => (order[i], order[j]) = (Axis::Reversed(j), Axis::Of(i)),
            2 => (order[i], order[j]) = (Axis::Reversed(i), Axis::Reversed(j)),
            3 => (order[i], order[j]) = (Axis::Of(j), Axis::Reversed(i)),
            _ => {}
        }
        Ok(order)
    }

    /// An array with at least so many axes.
    pub(super) fn at_least(&mut self, x: &Operand, least: usize, span: Span) -> Result<Operand> {
        let x = self.as_array(x, None, span)?;
        let axes = match (least, rank(&x)) {
            (1, 0) => vec![Axis::New],
            (2, 0) => vec![Axis::New; 2],
            (2, 1) => vec![Axis::New, Axis::Of(0)],
            (3, 0) => vec![Axis::New; 3],
            (3, 1) => vec![Axis::New, Axis::Of(0), Axis::New],
            (3, 2) => vec![Axis::Of(0), Axis::Of(1), Axis::New],
            _ => return Ok(x),
        };
        self.rearranged(&x, &axes, span)
    }
}

/// What is known of the strides: contiguous if the axes keep their order or have it reversed.
fn layout_of(ty: ArrayType, axes: &[Axis]) -> Layout {
    let mut kept = Vec::new();
    for axis in axes {
        match axis {
            Axis::Of(k) => kept.push(*k),
            Axis::New => {}
            Axis::Reversed(_) => return Layout::Strided,
        }
    }
    let ordered = kept.is_sorted();
    let backwards = kept.iter().rev().is_sorted();
    match ty.layout {
        Layout::C if ordered => Layout::C,
        Layout::F if backwards => Layout::C,
        Layout::C if backwards => Layout::F,
        Layout::F if ordered => Layout::F,
        _ => Layout::Strided,
    }
}
