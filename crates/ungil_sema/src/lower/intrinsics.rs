//! Intrinsics: what the prelude needs beyond Python and NumPy.
//!
//! They are known by bare names in the prelude only. Those that tell something about types give constants, so that
//! conditions on them are decided while types are inferred. `for i in rotating(n)` is a loop whose reductions rotate over partials.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::library::LibFn;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::array::sweep::Elements;
use crate::lower::build::int_range;
use crate::lower::call::Args;
use crate::operand::{Constant, Operand};
use crate::promote::{Kind, kind, promote_scalars};
use crate::ty::{SliceTy, Ty};

/// So few elements are copied without a call of the library.
const FEW: i64 = 16;

/// Calls an intrinsic.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, name: &str, args: Args) -> Result<Operand> {
    let span = args.span;
    let given = args.positional;
    match (name, &given[..]) {
        ("axis_of", [axis, ndim]) => l.axis_of("", axis, ndim, span),
        ("axis_of", [axis, ndim, prefix]) => l.axis_of(prefix.as_str().unwrap_or_default(), axis, ndim, span),
        ("cut", [x, axis, bounds @ ..]) => l.cut(x, axis, bounds, span),
        ("pick", [x, axis, index]) => {
            let axis = l.axis_number(axis, rank(x))?;
            let mut at = vec![whole(span); axis];
            at.push(index.clone());
            l.array_subscript(x, &at, span)
        }
        ("spread", [x, ndim, axis]) => {
            let ndim = constant(ndim)?;
            let axis = l.axis_number(axis, ndim)?;
            let mut at = vec![Operand::none(span); axis];
            at.push(whole(span));
            at.extend(vec![Operand::none(span); ndim - axis - 1]);
            l.array_subscript(x, &at, span)
        }
        ("shaped_as", [x, like]) => l.shaped_as(x, like, span),
        ("strided", [x, shape, strides]) => l.strided(x, shape, strides, span),
        ("store", [target, value]) => {
            l.check_writable(target)?;
            l.fill_view(target, value)?;
            Ok(Operand::none(span))
        }
        ("copy", [target, source]) => {
            l.copy_into(target, source)?;
            Ok(Operand::none(span))
        }
        ("reinterpreted", [x, like, offset, n]) => l.reinterpreted(x, like, offset, n, span),
        ("native", [x, like]) => l.native(x, like, span),
        ("each", [function, items, rest @ ..]) => l.each(function, items, rest, span),
        ("same", [x, n]) => Ok(Operand::tuple(vec![x.clone(); constant(n)?], span)),
        ("interleave", [a, b]) => {
            let (a, b) = (l.items_or_self(a), l.items_or_self(b));
            Ok(Operand::tuple(a.into_iter().zip(b).flat_map(|(x, y)| [x, y]).collect(), span))
        }
        ("rows_of", [x]) => l.rows_of(x, span),
        ("refuse", [reason]) => {
            let note = reason.as_str().unwrap_or_default().to_owned();
            let (function, parameter) = (l.code.name.to_string(), "x".to_owned());
            Err(CallError::UnsupportedArgument { function, parameter, span, note }.into())
        }
        ("indices_of", [n]) => {
            let parts = vec![Operand::int(0, span), n.clone(), Operand::int(1, span)];
            Ok(Operand::parts(Ty::Range, parts, span))
        }
        ("steps", [n]) => {
            let items = (0..constant(n)?).map(|k| Operand::int(k as i64, span)).collect();
            Ok(Operand::tuple(items, span))
        }
        ("are_plain", [arrays, like]) => {
            let arrays = l.items_or_self(arrays);
            let plain = (2..=3).contains(&arrays.len()) && arrays.iter().all(|x| is_plain(x, like));
            Ok(Operand::bool(plain, span))
        }
        ("range_of", [x]) => l.range_of(x, span),
        _ if call_library(l, name, &given)? => Ok(Operand::none(span)),
        _ => match of_types(name, &given, span)? {
            Some(answer) => Ok(answer),
            None => of_scalars(l, name, &given, span),
        },
    }
}

/// Those that call the library; false if it is none.
fn call_library(l: &mut Lowerer<'_, '_>, name: &str, given: &[Operand]) -> Result<bool> {
    match (name, given) {
        ("matrix_product", [_, _, _]) => l.library(LibFn::Matmul, given)?,
        ("sliding_product", [_, _, _, _]) => l.library(LibFn::Convolve, given)?,
        ("place_in_order", [_, _]) => l.library(LibFn::Partition, given)?,
        ("median_of", [buffer, x, skip]) => {
            let operands = vec![l.value(buffer)?, l.value(x)?, l.index(skip)?];
            l.b().push(InstKind::Library(LibFn::Median, operands));
        }
        ("search", [_, _, _, _]) => l.library(LibFn::Search, given)?,
        ("count_in_bins", [_, _, _]) => l.library(LibFn::Histogram, given)?,
        ("even_edges", [_, _]) => l.library(LibFn::Edges, given)?,
        ("unwrapped", [_, _, _]) => l.library(LibFn::Unwrap, given)?,
        ("cross_products", [_, _, _]) => l.library(LibFn::Cross, given)?,
        ("covariances", [_, _, _, _, _]) => l.library(LibFn::Covariance, given)?,
        ("interpolated", [_, _, _, _, _]) => l.library(LibFn::Interp, given)?,
        ("tallied", [_, _]) => l.library(LibFn::Tally, given)?,
        ("triangle", [out, x, k, lower]) => {
            let operands = vec![l.value(out)?, l.value(x)?, l.index(k)?, l.index(lower)?];
            l.b().push(InstKind::Library(LibFn::Triangle, operands));
        }
        ("interleaved", [out, arrays]) => {
            let arrays = l.items_or_self(arrays);
            let function = if arrays.len() == 2 { LibFn::Interleave2 } else { LibFn::Interleave3 };
            let all = std::iter::once(out).chain(&arrays);
            let operands = all.map(|x| l.flat_value(x)).collect::<Result<_>>()?;
            l.b().push(InstKind::Library(function, operands));
        }
        ("repeated", [out, x, times]) => {
            let operands = vec![l.flat_value(out)?, l.flat_value(x)?, l.index(times)?];
            l.b().push(InstKind::Library(LibFn::Repeat, operands));
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// Those that ask about types.
fn of_types(name: &str, given: &[Operand], span: Span) -> Result<Option<Operand>> {
    let answer = match (name, given) {
        ("is_complex", [x]) => kind_of(x)? == Kind::Complex,
        ("is_inexact", [x]) => kind_of(x)? >= Kind::Float,
        ("is_integer", [x]) => kind_of(x)? == Kind::Int,
        ("is_bool", [x]) => kind_of(x)? == Kind::Bool,
        ("is_array", [x]) => matches!(x.ty, Ty::Array(_)),
        ("is_function", [x]) => matches!(x.ty, Ty::Func(_) | Ty::Builtin(_) | Ty::Ufunc(_)),
        ("is_number", [x]) => x.ty.is_scalar(),
        ("is_known", [x]) => x.constant.is_some() || x.ty.is_compile_time(),
        ("is_slice", [x]) => matches!(x.ty, Ty::Slice(_)),
        ("is_text", [x]) => x.as_str().is_some(),
        ("is_list", [x]) => matches!(x.ty, Ty::List(_)),
        ("is_tuple", [x]) => matches!(x.ty, Ty::Tuple(_)),
        ("is_fortran", [x]) => x.ty.as_array().is_some_and(|t| t.layout == Layout::F && t.ndim > 1),
        ("is_plain", [x, like]) => is_plain(x, like),
        ("is_contiguous", [x]) => x.ty.as_array().is_some_and(|t| t.layout == Layout::C),
        _ => return Ok(None),
    };
    Ok(Some(Operand::bool(answer, span)))
}

/// Those that convert scalars, or tell about their types.
fn of_scalars(l: &mut Lowerer<'_, '_>, name: &str, given: &[Operand], span: Span) -> Result<Operand> {
    match (name, given) {
        ("scalar", [x]) => l.as_numpy(x),
        ("inexact", [x]) => match kind_of(x)? {
            Kind::Float | Kind::Complex => Ok(x.clone()),
            _ => l.convert(x, &if x.ty.is_weak() { Ty::PyFloat } else { Ty::Scalar(DType::F64) }),
        },
        ("common" | "inexact_of", [x, y]) => {
            let mut common = promote_scalars(&number(x)?, &number(y)?).dtype().expect("a scalar");
            if name == "inexact_of" && !common.is_float() && !common.is_complex() {
                common = if matches!(common, DType::I16 | DType::U16) { DType::F32 } else { DType::F64 };
            }
            let value = l.cast_checked(x, common)?;
            Ok(Operand::value(Ty::Scalar(common), value, span))
        }
        ("like", [x, value]) => {
            let ty = number(x)?;
            let value = l.cast_to(value, ty.dtype().expect("a scalar"))?;
            Ok(Operand::value(ty, value, span))
        }
        ("largest", [x]) => {
            let ty = number(x)?;
            let most = if ty.dtype() == Some(DType::F32) { f64::from(f32::MAX) } else { f64::MAX };
            Ok(Operand::constant(ty, Constant::Float(most), span))
        }
        ("is_signed", [x]) => {
            let signed = number(x)?.dtype().is_some_and(|d| !d.is_unsigned() && d != DType::Bool);
            Ok(Operand::bool(signed, span))
        }
        ("is_bounded", [x, bound]) => {
            let narrow = matches!(x.ty, Ty::Scalar(d) if d.is_int() && d != DType::U64);
            Ok(Operand::bool(narrow && bound.ty == Ty::PyInt, span))
        }
        ("lowest_integer" | "highest_integer", [x]) => {
            let (low, high) = int_range(number(x)?.dtype().filter(|d| d.is_int()).unwrap_or(DType::I64));
            let bound = if name == "lowest_integer" { low } else { high };
            Ok(Operand::constant(Ty::PyInt, Constant::Int(bound), span))
        }
        _ => Err(CallError::UnknownFunction { name: name.to_owned(), span }.into()),
    }
}

/// A slice that takes everything.
fn whole(span: Span) -> Operand {
    let all = SliceTy { start: false, stop: false, step: false };
    Operand::parts(Ty::Slice(all), Vec::new(), span)
}

/// Number of axes of an array; none of a scalar.
pub(crate) fn rank(x: &Operand) -> usize {
    x.ty.as_array().map_or(0, |t| usize::from(t.ndim))
}

/// The kind of an array's elements, a scalar or a dtype.
fn kind_of(x: &Operand) -> Result<Kind> {
    let dtype = match &x.ty {
        Ty::Array(t) => Some(t.dtype),
        Ty::DType(d) => Some(*d),
        ty => ty.dtype(),
    };
    dtype.map(kind).ok_or_else(|| not_a_number(x))
}

/// The error of an argument that is neither an array nor a number.
pub(crate) fn not_a_number(x: &Operand) -> Error {
    let to = "an array".to_owned();
    TypeError::Convert { from: x.ty.clone(), to, span: x.span }.into()
}

/// The type of a scalar.
fn number(x: &Operand) -> Result<Ty> {
    if x.ty.is_scalar() { Ok(x.ty.clone()) } else { Err(not_a_number(x)) }
}

/// A count that is known.
fn constant(x: &Operand) -> Result<usize> {
    let known = x.const_int().and_then(|n| usize::try_from(n).ok());
    known.ok_or_else(|| TypeError::IndexConstant { span: x.span, expected: "number" }.into())
}

/// Whether an array is contiguous, and its elements are as those of another that was made here.
fn is_plain(x: &Operand, like: &Operand) -> bool {
    let (Some(ty), Some(like)) = (x.ty.as_array(), like.ty.as_array()) else { return false };
    ty.layout == Layout::C && !ty.swapped && ty.dtype == like.dtype
}

/// Whether arrays in memory, of one axis or two, have elements of one type that the library can copy row by row.
fn are_matrices(x: &Operand, y: &Operand) -> bool {
    let (Some(a), Some(b)) = (x.ty.as_array(), y.ty.as_array()) else { return false };
    let fits = |t: &ArrayType| !t.swapped && (t.ndim == 1 || t.layout != Layout::F);
    let in_memory = x.lazy.is_none() && y.lazy.is_none();
    in_memory && (1..=2).contains(&a.ndim) && a.ndim == b.ndim && a.dtype == b.dtype && fits(&a) && fits(&b)
}

impl Lowerer<'_, '_> {
    /// All elements of a contiguous array along one axis.
    fn flat_value(&mut self, array: &Operand) -> Result<Value> {
        let base = self.value(array)?;
        let size = self.array_size(base);
        let flat = self.flat_view(array, size)?;
        self.value(&flat)
    }

    fn axis_of(&mut self, prefix: &str, axis: &Operand, ndim: &Operand, span: Span) -> Result<Operand> {
        let axis = self.axis_number_as(prefix, axis, constant(ndim)?)?;
        Ok(Operand::int(axis as i64, span))
    }

    /// A constant axis, counted from the end if it is negative. One that is out of bounds raises when it gets there.
    pub(crate) fn axis_number(&mut self, axis: &Operand, ndim: usize) -> Result<usize> {
        self.axis_number_as("", axis, ndim)
    }

    /// As [`Lowerer::axis_number`], with what NumPy puts in front of the message: `axis1: `.
    pub(crate) fn axis_number_as(&mut self, prefix: &str, axis: &Operand, ndim: usize) -> Result<usize> {
        if axis.constant.is_none() {
            return Err(TypeError::IndexConstant { span: axis.span, expected: "axis" }.into());
        }
        let integral = axis.ty.is_integral() && axis.ty.dtype() != Some(DType::Bool);
        let Some(given) = axis.const_int().filter(|_| integral) else {
            let (function, parameter) = ("numpy".to_owned(), "axis".to_owned());
            let (expected, found) = ("an integer".to_owned(), axis.ty.clone());
            return Err(TypeError::Argument { function, parameter, expected, found, span: axis.span }.into());
        };
        let n = ndim as i128;
        if (-n..n).contains(&given) {
            return Ok((if given < 0 { given + n } else { given }) as usize);
        }
        let message = format!("{prefix}axis {given} is out of bounds for array of dimension {ndim}");
        self.always_raise(ExcClass::AXIS_ERROR, &message)
    }

    /// Raises; nothing behind it is compiled.
    pub(crate) fn always_raise<T>(&mut self, class: ExcClass, message: &str) -> Result<T> {
        let never = self.b().bool(false);
        self.check(never, class, &message.replace('{', "{{").replace('}', "}}"), Vec::new());
        Err(Error::Never)
    }

    /// Calls a function of the library.
    fn library(&mut self, function: LibFn, given: &[Operand]) -> Result<()> {
        let operands = given.iter().map(|x| self.value(x)).collect::<Result<_>>()?;
        self.b().push(InstKind::Library(function, operands));
        Ok(())
    }

    /// `x[…, start:stop:step, …]` at an axis; `None` leaves a bound open.
    fn cut(&mut self, x: &Operand, axis: &Operand, bounds: &[Operand], span: Span) -> Result<Operand> {
        let axis = self.axis_number(axis, rank(x))?;
        let given = |k: usize| bounds.get(k).filter(|b| !b.is_none()).cloned();
        let bounds = [given(0), given(1), given(2)];
        let ty = SliceTy { start: bounds[0].is_some(), stop: bounds[1].is_some(), step: bounds[2].is_some() };
        let mut at = vec![whole(span); axis];
        at.push(Operand::parts(Ty::Slice(ty), bounds.into_iter().flatten().collect(), span));
        self.array_subscript(x, &at, span)
    }

    /// Copies the elements of an array of the same shape, but for axes known to have one element, that lies elsewhere.
    pub(crate) fn copy_into(&mut self, target: &Operand, source: &Operand) -> Result<()> {
        let to = target.ty.as_array().ok_or_else(|| not_a_number(target))?.dtype;
        let shape = self.extents(target)?;
        if !self.uses_threads() && are_matrices(target, source) {
            let source = self.broadcast_view(source, &shape)?;
            return self.copy_matrix(target, &source, &shape);
        }
        self.sweep(&shape, &[source], &[target], true, &mut |l, elements| {
            let element = elements.of(l, source)?;
            let value = l.assignable(&element, to)?;
            elements.store(l, target, value)
        })
    }

    /// Copies an array of one or two axes by the library; a few elements need no call.
    fn copy_matrix(&mut self, target: &Operand, source: &Operand, shape: &[Value]) -> Result<()> {
        let by_library = |l: &mut Self| {
            let operands = vec![l.as_matrix(target)?, l.as_matrix(source)?];
            l.b().push(InstKind::Library(LibFn::Copy, operands));
            Ok(())
        };
        let &[n] = shape else { return by_library(self) };
        let most = self.b().i64(FEW);
        let (cond, few) = (self.b().compare(CompareOp::Le, n, most), self.b().binary(BinaryOp::Min, n, most));
        let (then, one_by_one) = self.nested(|l| {
            l.rare_loops(&[few], &mut Elements::new(), &mut |l, elements| {
                let element = elements.of(l, source)?;
                let value = l.value(&element)?;
                elements.store(l, target, value)
            })
        });
        let (otherwise, all) = self.nested(by_library);
        self.b().push(InstKind::If { cond, then, otherwise });
        one_by_one.and(all)
    }

    /// An array of one or two axes as a matrix.
    fn as_matrix(&mut self, x: &Operand) -> Result<Value> {
        let (base, ty) = (self.value(x)?, x.ty.as_array().ok_or_else(|| not_a_number(x))?);
        if ty.ndim == 2 {
            return Ok(base);
        }
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let (n, stride) = (self.b().dim(base, 0), self.b().stride(base, 0));
        let ty = ArrayType { ndim: 2, layout: Layout::Strided, ..ty };
        let view = self.view(base, ty, zero, vec![one, n], vec![zero, stride], x.span);
        self.value(&view)
    }

    /// The least and the greatest of a vector of int64 that has some.
    fn range_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let out = self.frame_array(DType::I64, 2, span);
        self.library(LibFn::Range, &[out.clone(), x.clone()])?;
        let target = self.value(&out)?;
        let ends = [0, 1].map(|k| {
            let k = self.b().i64(k);
            let end = self.b().load(target, vec![k]);
            Operand::value(Ty::Scalar(DType::I64), end, span)
        });
        Ok(Operand::tuple(ends.into(), span))
    }

    /// A function of each item of a tuple, as a tuple.
    fn each(&mut self, function: &Operand, items: &Operand, rest: &[Operand], span: Span) -> Result<Operand> {
        let mut results = Vec::new();
        for item in self.items_or_self(items) {
            let positional = [&[item], rest].concat();
            let args = Args { positional, keywords: Vec::new(), span };
            results.push(self.call_operand(function, args, span)?);
        }
        Ok(Operand::tuple(results, span))
    }

    /// What `vstack` and its relatives join: a tuple; an array would have rows of a number that only shows at run time.
    fn rows_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        match &x.ty {
            Ty::Tuple(items) if items.is_empty() => {
                self.always_raise(ExcClass::VALUE_ERROR, "need at least one array to concatenate")
            }
            Ty::Tuple(_) => Ok(x.clone()),
            ty => {
                let to = "a tuple or list of arrays".to_owned();
                Err(TypeError::Convert { from: ty.clone(), to, span }.into())
            }
        }
    }

    /// An array as it is if its elements have a type, or that of another's, and the processor's byte order, else a copy that does.
    fn native(&mut self, x: &Operand, like: &Operand, span: Span) -> Result<Operand> {
        let ty = x.ty.as_array().ok_or_else(|| not_a_number(x))?;
        let dtype = match like.ty {
            Ty::DType(dtype) => dtype,
            _ => like.ty.as_array().ok_or_else(|| not_a_number(like))?.dtype,
        };
        if ty.dtype == dtype && !ty.swapped {
            return Ok(x.clone());
        }
        self.converted_copy(x, dtype, Layout::C, span)
    }

    /// `n` elements of another type from a byte of a contiguous array on.
    fn reinterpreted(
        &mut self,
        x: &Operand,
        like: &Operand,
        offset: &Operand,
        n: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let ty = x.ty.as_array().ok_or_else(|| not_a_number(x))?;
        let dtype = like.ty.as_array().ok_or_else(|| not_a_number(like))?.dtype;
        let (base, offset, n) = (self.value(x)?, self.index(offset)?, self.index(n)?);
        let stride = self.b().i64(dtype.size() as i64);
        let ty = ArrayType { dtype, ndim: 1, layout: Layout::C, swapped: false, ..ty };
        Ok(self.view(base, ty, offset, vec![n], vec![stride], span))
    }

    /// An array that is known to have the shape of another one: passes see then that they are equal.
    fn shaped_as(&mut self, x: &Operand, like: &Operand, span: Span) -> Result<Operand> {
        let ty = x.ty.as_array().ok_or_else(|| not_a_number(x))?;
        let (base, shape) = (self.value(x)?, self.extents(like)?);
        let strides = (0..ty.ndim).map(|axis| self.b().value(InstKind::Stride(base, axis))).collect();
        let offset = self.b().i64(0);
        Ok(self.view(base, ty, offset, shape, strides, span))
    }

    /// A view with shape and strides in bytes that nobody checks.
    fn strided(&mut self, x: &Operand, shape: &Operand, strides: &Operand, span: Span) -> Result<Operand> {
        let ty = x.ty.as_array().ok_or_else(|| not_a_number(x))?;
        let shape = self.shape_argument(shape, "strided")?;
        let strides = self.shape_argument(strides, "strided")?;
        let base = self.value(x)?;
        let offset = self.b().i64(0);
        let layout = if shape.is_empty() { Layout::C } else { Layout::Strided };
        let ty = ArrayType { ndim: shape.len() as u8, layout, ..ty };
        Ok(self.view(base, ty, offset, shape, strides, span))
    }
}
