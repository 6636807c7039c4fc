//! Lazy arrays: elementwise expressions that are not in memory yet.
//!
//! `2*a + np.sin(b)` is one tree of scalar operations over the arrays at its leaves. Its elements are computed where they
//! are used, in the loop that stores or reduces them, so that an expression needs no temporary. A lazy operand lives
//! inside one expression only: whatever keeps a value calls [`Lowerer::settled`], and [`Lowerer::value`] computes it.
//!
//! An operation on arrays is the operation on their elements: types, conversions and errors are those of NumPy scalars.

use std::fmt;
use std::rc::Rc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, MessageArg};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::mask::vector;
use crate::lower::array::rows::Rows;
use crate::lower::array::scatter::MESSAGE_ARGS;
use crate::operand::Operand;
use crate::ty::Ty;

/// A scalar operation that is applied to elements.
pub type Apply = dyn Fn(&mut Lowerer<'_, '_>, &[Operand]) -> Result<Operand>;

/// Fills an array with all elements of a lazy one.
pub type Fill = dyn Fn(&mut Lowerer<'_, '_>, &Operand) -> Result<()>;

/// What the elements of a lazy array are computed from.
#[derive(Clone)]
pub struct Lazy {
    /// Extents of the result.
    pub shape: Vec<Value>,
    /// Scalars, computed before, and arrays, lazy or in memory, that broadcasting brings to the shape.
    pub args: Vec<Operand>,
    pub apply: Rc<Apply>,
    /// Arrays of which `apply` reads other elements than those at the place.
    pub far: Vec<Operand>,
    /// The elements are results of a reduction, computed by whoever consumes them; `args` are none.
    pub rows: Option<Rc<Rows>>,
    /// What computes all elements into a dense array at once, instead of a loop.
    pub whole: Option<Rc<Fill>>,
}

/// Whose memory an array is.
#[derive(Clone, Copy, Debug)]
pub struct Root {
    pub array: Value,
    /// Made by this function, not a parameter.
    pub fresh: bool,
}

impl fmt::Debug for Lazy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lazy").field("shape", &self.shape).field("args", &self.args).finish_non_exhaustive()
    }
}

impl Lowerer<'_, '_> {
    /// A number of C as NumPy gets it beside an array: one of Python's.
    fn given_to_numpy(&mut self, number: &Operand) -> Result<Operand> {
        match number.ty.dtype() {
            Some(dtype) if !matches!(number.ty, Ty::Scalar(_)) || dtype == DType::Bool => Ok(number.clone()),
            Some(dtype) if dtype.is_int() && dtype != DType::U64 => self.convert(number, &Ty::PyInt),
            Some(dtype) if dtype.is_float() => self.convert(number, &Ty::PyFloat),
            _ => Ok(number.clone()),
        }
    }

    /// An operation of elements whose arithmetic is NumPy's: in the Cython language arrays have no other.
    fn by_numpy(&self, apply: Rc<Apply>) -> Rc<Apply> {
        if !self.is_c() {
            return apply;
        }
        Rc::new(move |l, x| {
            let c = l.options.c.take();
            let result = apply(l, x);
            l.options.c = c;
            result
        })
    }

    /// Applies a scalar operation: at once to scalars, element by element to arrays.
    pub(crate) fn lift(&mut self, args: &[Operand], span: Span, apply: Rc<Apply>) -> Result<Operand> {
        let mut args = args.iter().map(|a| self.element_of(a)).collect::<Result<Vec<_>>>()?;
        if !args.iter().any(|a| self.is_proper_array(a)) {
            return apply(self, &args);
        }
        for a in args.iter_mut().filter(|a| a.ty.is_scalar() && a.constant.is_none()) {
            if self.is_c() {
                *a = self.given_to_numpy(a)?;
            }
            a.value = Some(self.value(a)?);
        }
        let apply = self.by_numpy(apply);
        if args.iter().filter(|a| self.is_proper_array(a)).count() > 1 {
            for a in &mut args {
                *a = self.without_rows(a)?;
            }
        }
        let dtype = self.element_type(&args, &apply, span)?;
        let shape = self.broadcast_shape(&args);
        for a in &mut args {
            if self.worth_storing(a, &shape)? {
                *a = self.settled(a)?;
            }
        }
        let ndim = shape.len() as u8;
        let ty =
            ArrayType { dtype, ndim, layout: common_layout(&args, ndim), readonly: false, swapped: false };
        let lazy = Lazy { shape, args, apply, far: Vec::new(), rows: None, whole: None };
        Ok(Operand { lazy: Some(Rc::new(lazy)), ..Operand::entity(Ty::Array(ty), span) })
    }

    /// The element type of an operation's result, found by building it for elements nobody will compute.
    fn element_type(&mut self, args: &[Operand], apply: &Rc<Apply>, span: Span) -> Result<DType> {
        let (_, sample) = self.nested(|l| {
            let element = |l: &mut Self, a: &Operand| match a.ty.as_array() {
                Some(ty) => {
                    let value = l.zero(ty.dtype);
                    Operand::value(Ty::Scalar(ty.dtype), value, a.span)
                }
                None => a.clone(),
            };
            let elements: Vec<Operand> = args.iter().map(|a| element(l, a)).collect();
            apply(l, &elements)
        });
        let sample = sample?;
        sample.ty.dtype().ok_or_else(|| {
            TypeError::Convert { from: sample.ty, to: "an element of an array".to_owned(), span }.into()
        })
    }

    /// The extents of an array operand.
    pub(crate) fn extents(&mut self, array: &Operand) -> Result<Vec<Value>> {
        if let Some(lazy) = &array.lazy {
            return Ok(lazy.shape.clone());
        }
        let ndim = array.ty.as_array().expect("an array").ndim;
        let base = self.value(array)?;
        Ok((0..ndim).map(|axis| self.b().dim(base, axis)).collect())
    }

    /// Whether an axis is known to have one element.
    pub(crate) fn is_unit(&self, array: &Operand, axis: usize) -> bool {
        match (&array.lazy, array.value) {
            (Some(lazy), _) if lazy.rows.is_some() => self.ones.contains(&lazy.shape[axis]),
            (Some(lazy), _) => {
                let ndim = lazy.shape.len();
                lazy.args.iter().all(|a| match a.ty.as_array() {
                    Some(ty) => {
                        let added = ndim - usize::from(ty.ndim);
                        axis < added || self.is_unit(a, axis - added)
                    }
                    None => true,
                })
            }
            (None, Some(value)) => {
                axis < 64 && self.unit_axes.get(&value).is_some_and(|mask| mask >> axis & 1 == 1)
            }
            _ => false,
        }
    }

    /// The common shape of arrays and scalars; raises ValueError where they do not fit.
    pub(crate) fn broadcast_shape(&mut self, args: &[Operand]) -> Vec<Value> {
        let start = "operands could not be broadcast together with shapes";
        self.broadcast_shape_or(args, ExcClass::VALUE_ERROR, start)
    }

    /// As [`Lowerer::broadcast_shape`], with the exception and the start of its message given.
    pub(crate) fn broadcast_shape_or(
        &mut self,
        args: &[Operand],
        class: ExcClass,
        start: &str,
    ) -> Vec<Value> {
        let arrays: Vec<&Operand> = args.iter().filter(|a| self.is_proper_array(a)).collect();
        let shapes: Vec<Vec<Value>> =
            arrays.iter().map(|a| self.extents(a).expect("an array has extents")).collect();
        let ndim = shapes.iter().map(Vec::len).max().unwrap_or(0);
        let mut result = Vec::new();
        let mut fine = None;
        for axis in 0..ndim {
            let mut found: Option<Value> = None;
            for (array, shape) in arrays.iter().zip(&shapes) {
                let Some(own) = (axis + shape.len()).checked_sub(ndim) else { continue };
                if self.is_unit(array, own) || found == Some(shape[own]) {
                    continue;
                }
                found = Some(match found {
                    None => shape[own],
                    Some(before) => self.broadcast_extent(before, shape[own], &mut fine),
                });
            }
            let extent = match found {
                Some(extent) => extent,
                None => {
                    let one = self.b().i64(1);
                    self.ones.insert(one);
                    one
                }
            };
            result.push(extent);
        }
        if let Some(fine) = fine {
            self.check_broadcast(fine, &shapes, class, start);
        }
        result
    }

    /// The common extent of two; `fine` tells whether they fit.
    fn broadcast_extent(&mut self, x: Value, y: Value, fine: &mut Option<Value>) -> Value {
        let one = self.b().i64(1);
        let single = self.b().compare(CompareOp::Eq, x, one);
        let extent = self.b().select(single, y, x);
        let other_single = self.b().compare(CompareOp::Eq, y, one);
        let equal = self.b().compare(CompareOp::Eq, y, extent);
        let fits = self.b().binary(BinaryOp::Or, other_single, equal);
        *fine = Some(match *fine {
            None => fits,
            Some(before) => self.b().binary(BinaryOp::And, before, fits),
        });
        extent
    }

    fn check_broadcast(&mut self, fine: Value, shapes: &[Vec<Value>], class: ExcClass, start: &str) {
        let mut message = start.to_owned();
        let mut args: Vec<MessageArg> = Vec::new();
        for shape in shapes {
            let extents: Vec<String> =
                (args.len()..args.len() + shape.len()).map(|k| format!("{{{k}}}")).collect();
            let comma = if shape.len() == 1 { "," } else { "" };
            message.push_str(&format!(" ({}{comma})", extents.join(",")));
            args.extend(shape.iter().map(|extent| (*extent, true)));
        }
        message.push(' ');
        if args.len() > MESSAGE_ARGS {
            // Their shapes would not fit into a message.
            (message, args) = (format!("{start} that do not fit"), Vec::new());
        }
        self.check(fine, class, &message, args);
    }

    /// An operand that is in memory: lazy arrays are computed into fresh ones, in tuples too.
    pub(crate) fn settled(&mut self, x: &Operand) -> Result<Operand> {
        if x.lazy.is_some() && matches!(x.ty, Ty::Array(_)) {
            return self.materialised(x);
        }
        match &x.parts {
            Some(parts) if parts.iter().any(|p| p.lazy.is_some() || p.parts.is_some()) => {
                let parts = parts.iter().map(|p| self.settled(p)).collect::<Result<Vec<_>>>()?;
                Ok(Operand { parts: Some(Rc::new(parts)), ..x.clone() })
            }
            _ => Ok(x.clone()),
        }
    }

    /// A fresh array with the elements of a lazy one.
    pub(crate) fn materialised(&mut self, x: &Operand) -> Result<Operand> {
        let x = &self.without_rows(x)?;
        let Some(lazy) = x.lazy.clone() else { return Ok(x.clone()) };
        let ty = x.ty.as_array().expect("an array");
        let array = self.fresh_array(ty, lazy.shape.clone(), x.span);
        if let Some(fill) = lazy.whole.as_ref().filter(|_| !self.uses_threads()) {
            fill(self, &array)?;
            return Ok(array);
        }
        self.store_in(x, &lazy.shape, &array)?;
        Ok(array)
    }

    /// Computes the elements of a lazy array into one of its shape.
    pub(crate) fn store_in(&mut self, x: &Operand, shape: &[Value], array: &Operand) -> Result<()> {
        let dtype = array.ty.as_array().expect("an array").dtype;
        self.sweep(shape, &[x], &[array], true, &mut |l, elements| {
            let element = elements.of(l, x)?;
            let value = l.cast_to(&element, dtype)?;
            elements.store(l, array, value)
        })
    }

    /// An array of extents that are known not to be negative.
    pub(crate) fn fresh_array(&mut self, ty: ArrayType, shape: Vec<Value>, span: Span) -> Operand {
        self.allocated(ty, shape, false, span)
    }

    /// An array of so many elements in the function's frame, for results of the library.
    pub(crate) fn frame_array(&mut self, dtype: DType, n: u32, span: Span) -> Operand {
        let ty = vector(dtype);
        let value = self.b().typed(InstKind::StackArray(n), Type::Array(ty));
        Operand::value(Ty::Array(ty), value, span)
    }

    /// As [`Lowerer::fresh_array`], of zeros if `zeroed`.
    pub(crate) fn allocated(
        &mut self,
        ty: ArrayType,
        shape: Vec<Value>,
        zeroed: bool,
        span: Span,
    ) -> Operand {
        let units = self.units_of(&shape);
        let value = self.b().alloc(ty, shape, zeroed);
        self.unit_axes.insert(value, units);
        self.roots.insert(value, Root { array: value, fresh: true });
        Operand::value(Ty::Array(ty), value, span)
    }

    /// The axes of a shape that are known to have one element.
    pub(crate) fn units_of(&self, shape: &[Value]) -> u64 {
        (0..shape.len().min(64)).filter(|k| self.ones.contains(&shape[*k])).fold(0, |mask, k| mask | 1 << k)
    }

    /// Whether two arrays are known to lie in different memory: one is of a fresh array that the other is not of.
    pub(crate) fn apart(&self, x: Value, y: Value) -> bool {
        match (self.roots.get(&x), self.roots.get(&y)) {
            (Some(a), Some(b)) => a.array != b.array && (a.fresh || b.fresh),
            _ => false,
        }
    }

    /// Whether memory of two arrays may overlap in a way that matters to an elementwise assignment: they share bytes and
    /// are not the same elements at the same places. `None`: they cannot.
    pub(crate) fn conflict(&mut self, target: &Operand, source: &Operand) -> Result<Option<Value>> {
        let (x, y) = (self.value(target)?, self.value(source)?);
        if x == y || self.apart(x, y) {
            return Ok(None);
        }
        let overlap = self.ranges_overlap(x, y);
        let (tx, ty) = (target.ty.as_array().expect("an array"), source.ty.as_array().expect("an array"));
        if tx.ndim != ty.ndim || tx.dtype != ty.dtype {
            return Ok(Some(overlap));
        }
        let (a, b) = (self.b().value(InstKind::Address(x)), self.b().value(InstKind::Address(y)));
        let mut same = self.b().compare(CompareOp::Eq, a, b);
        for axis in 0..tx.ndim {
            let dims = (self.b().dim(x, axis), self.b().dim(y, axis));
            let strides = (self.b().stride(x, axis), self.b().stride(y, axis));
            for (p, q) in [dims, strides] {
                let equal = self.b().compare(CompareOp::Eq, p, q);
                same = self.b().binary(BinaryOp::And, same, equal);
            }
        }
        let different = self.b().unary(ungil_ir::inst::UnaryOp::Not, same);
        Ok(Some(self.b().binary(BinaryOp::And, overlap, different)))
    }
}

/// The layout of a result: Fortran's if all operands that have its rank are in that order.
fn common_layout(args: &[Operand], ndim: u8) -> Layout {
    let mut full = args.iter().filter_map(|a| a.ty.as_array()).filter(|t| t.ndim == ndim).peekable();
    if ndim > 1 && full.peek().is_some() && full.all(|t| t.layout == Layout::F) {
        Layout::F
    } else {
        Layout::C
    }
}
