//! Creation of arrays: `empty zeros ones full`, their `_like` forms, `asarray`, `copy`.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::CompareOp;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

/// What a new array holds.
pub(crate) enum Content<'a> {
    Empty,
    Zeros,
    Filled(&'a Operand),
}

impl Lowerer<'_, '_> {
    /// `np.empty(shape, dtype, order)` and its relatives.
    pub(crate) fn new_array(
        &mut self,
        function: &str,
        shape: &Operand,
        dtype: DType,
        layout: Layout,
        content: &Content<'_>,
        span: Span,
    ) -> Result<Operand> {
        let shape = self.shape_argument(shape, function)?;
        self.array_of(shape, dtype, layout, content, span)
    }

    /// `np.empty_like(prototype, dtype, order, shape=)` and its relatives: without an order the layout is kept where it is contiguous.
    pub(crate) fn array_like(
        &mut self,
        prototype: &Operand,
        (dtype, layout, shape): (Option<DType>, Option<Layout>, Option<&Operand>),
        content: &Content<'_>,
        span: Span,
    ) -> Result<Operand> {
        let made = matches!(prototype.ty, Ty::Tuple(_)).then(|| self.as_array(prototype, None, span));
        let prototype = &made.transpose()?.unwrap_or_else(|| prototype.clone());
        let shape = match shape.filter(|s| !s.is_none()) {
            Some(shape) => Some(self.shape_argument(shape, "numpy.empty_like")?),
            None => None,
        };
        let Some(ty) = prototype.ty.as_array() else {
            let dtype = dtype.or(prototype.ty.dtype()).ok_or_else(|| self.not_an_array(prototype))?;
            let layout = layout.unwrap_or(Layout::C);
            return self.array_of(shape.unwrap_or_default(), dtype, layout, content, span);
        };
        let base = self.value(prototype)?;
        let kept = if ty.layout == Layout::F { Layout::F } else { Layout::C };
        let layout = layout.unwrap_or(kept);
        let shape = shape.unwrap_or_else(|| (0..ty.ndim).map(|axis| self.b().dim(base, axis)).collect());
        let swapped = ty.swapped && dtype.is_none();
        let (dtype, ndim) = (dtype.unwrap_or(ty.dtype), shape.len() as u8);
        self.array_of_type(shape, ArrayType { dtype, ndim, layout, swapped, readonly: false }, content, span)
    }

    /// What an array is filled with: a number, or an array that is broadcast.
    pub(crate) fn filling_operand(&mut self, fill: &Operand) -> Result<Operand> {
        match fill.ty {
            Ty::Tuple(_) => self.as_array(fill, None, fill.span),
            _ => Ok(fill.clone()),
        }
    }

    /// `array.copy(order)`: also the byte order is kept.
    pub(crate) fn faithful_copy(&mut self, value: &Operand, layout: Layout, span: Span) -> Result<Operand> {
        let ty = value.ty.as_array().expect("an array");
        let source = self.value(value)?;
        let shape = (0..ty.ndim).map(|axis| self.b().dim(source, axis)).collect();
        let ty = ArrayType { layout, readonly: false, ..ty };
        let copy = self.array_of_type(shape, ty, &Content::Empty, span)?;
        if !ty.swapped {
            let value = Operand { value: Some(source), ..value.clone() };
            let shape = self.extents(&value)?;
            self.sweep(&shape, &[&value], &[&copy], true, &mut |l, elements| {
                let element = elements.of(l, &value)?;
                let number = l.value(&element)?;
                elements.store(l, &copy, number)
            })?;
            return Ok(copy);
        }
        let target = self.value(&copy)?;
        self.over(target, &mut |l, at| {
            let element = l.load_element(value, at.clone())?;
            l.store_element(&copy, at, &element)
        })?;
        Ok(copy)
    }

    fn not_an_array(&self, found: &Operand) -> crate::diagnostics::Error {
        TypeError::Argument {
            function: "numpy.empty_like".to_owned(),
            parameter: "prototype".to_owned(),
            expected: "an array".to_owned(),
            found: found.ty.clone(),
            span: found.span,
        }
        .into()
    }

    fn array_of(
        &mut self,
        shape: Vec<Value>,
        dtype: DType,
        layout: Layout,
        content: &Content<'_>,
        span: Span,
    ) -> Result<Operand> {
        let ty = ArrayType { dtype, ndim: shape.len() as u8, layout, readonly: false, swapped: false };
        self.array_of_type(shape, ty, content, span)
    }

    fn array_of_type(
        &mut self,
        shape: Vec<Value>,
        ty: ArrayType,
        content: &Content<'_>,
        span: Span,
    ) -> Result<Operand> {
        let zero = self.b().i64(0);
        for &extent in &shape {
            let fine = self.b().compare(CompareOp::Ge, extent, zero);
            self.check(fine, ExcClass::VALUE_ERROR, "negative dimensions are not allowed", Vec::new());
        }
        let layout = if shape.len() < 2 { Layout::C } else { ty.layout };
        let ty = ArrayType { layout, ..ty };
        let zeroed = match content {
            Content::Zeros => true,
            Content::Filled(o) => {
                o.constant.is_some_and(|c| matches!(c, Constant::Int(0) | Constant::Bool(false)))
            }
            Content::Empty => false,
        };
        let array = self.allocated(ty, shape, zeroed, span);
        if let (Content::Filled(fill), false) = (content, zeroed) {
            self.fill_view(&array, fill)?;
        }
        Ok(array)
    }

    /// The element type that a `dtype=` argument names.
    pub(crate) fn dtype_argument(&self, dtype: &Operand, function: &str) -> Result<Option<DType>> {
        let named = match &dtype.ty {
            Ty::None => return Ok(None),
            Ty::DType(d) => Some(*d),
            Ty::Builtin(name) | Ty::Class(name) => match &**name {
                "builtins.bool" => Some(DType::Bool),
                "builtins.int" => Some(DType::I64),
                "builtins.float" => Some(DType::F64),
                "builtins.complex" => Some(DType::C128),
                _ => None,
            },
            Ty::Str(text) => dtype_from_text(text),
            _ => None,
        };
        named.map(Some).ok_or_else(|| {
            TypeError::Argument {
                function: function.to_owned(),
                parameter: "dtype".to_owned(),
                expected: instead_of(&dtype.ty).unwrap_or("a number type such as np.float64").to_owned(),
                found: dtype.ty.clone(),
                span: dtype.span,
            }
            .into()
        })
    }

    /// The layout that an `order=` argument names.
    pub(crate) fn order_argument(&self, order: Option<&Operand>, function: &str) -> Result<Layout> {
        match order.map(|o| (o.as_str(), o)) {
            None | Some((Some("C" | "c" | "K" | "A"), _)) => Ok(Layout::C),
            Some((Some("F" | "f"), _)) => Ok(Layout::F),
            Some((_, o)) => Err(TypeError::Argument {
                function: function.to_owned(),
                parameter: "order".to_owned(),
                expected: "'C' or 'F'".to_owned(),
                found: o.ty.clone(),
                span: o.span,
            }
            .into()),
        }
    }

    /// `np.asarray(value, dtype)`: an array of that type itself, else a converted copy; a 0-d array of a scalar.
    pub(crate) fn as_array(&mut self, value: &Operand, dtype: Option<DType>, span: Span) -> Result<Operand> {
        match &value.ty {
            Ty::Array(ty) if dtype.is_none_or(|d| d == ty.dtype && !ty.swapped) => Ok(value.clone().at(span)),
            Ty::Array(ty) => {
                let layout = if ty.layout == Layout::F { Layout::F } else { Layout::C };
                self.converted_copy(value, dtype.unwrap_or(ty.dtype), layout, span)
            }
            Ty::List(_) => self.array_of_list(value, dtype, span),
            Ty::Tuple(items) if items.is_empty() => {
                let zero = self.b().i64(0);
                self.array_of(vec![zero], dtype.unwrap_or(DType::F64), Layout::C, &Content::Empty, span)
            }
            Ty::Tuple(items) if is_table(items) => self.array_of_tuple(value, dtype, span),
            Ty::Tuple(_) => self.array_of_list(value, dtype, span),
            ty => match ty.dtype() {
                Some(found) => self.array_of(
                    Vec::new(),
                    dtype.unwrap_or(found),
                    Layout::C,
                    &Content::Filled(value),
                    span,
                ),
                None => Err(TypeError::Argument {
                    function: "numpy.asarray".to_owned(),
                    parameter: "a".to_owned(),
                    expected: "an array, a number or a tuple of numbers".to_owned(),
                    found: value.ty.clone(),
                    span: value.span,
                }
                .into()),
            },
        }
    }

    /// A one-dimensional array of a tuple of numbers, or a two-dimensional one of a tuple of such tuples.
    fn array_of_tuple(&mut self, value: &Operand, dtype: Option<DType>, span: Span) -> Result<Operand> {
        let rows: Vec<Vec<Operand>> = self
            .items(value)
            .into_iter()
            .map(|item| if matches!(item.ty, Ty::Tuple(_)) { self.items(&item) } else { vec![item] })
            .collect();
        let nested = matches!(&value.ty, Ty::Tuple(items) if matches!(items[0], Ty::Tuple(_)));
        let width = rows[0].len();
        let types = rows.iter().flatten().map(|item| item.ty.dtype().expect("a scalar"));
        let common = dtype.or_else(|| types.reduce(crate::promote::promote_dtypes));
        let dtype = common.unwrap_or(DType::F64);
        let mut shape = vec![self.b().i64(rows.len() as i64)];
        if nested {
            shape.push(self.b().i64(width as i64));
        }
        let array = self.array_of(shape, dtype, Layout::C, &Content::Empty, span)?;
        for (i, row) in rows.iter().enumerate() {
            for (j, item) in row.iter().enumerate() {
                let mut at = vec![self.b().i64(i as i64)];
                if nested {
                    at.push(self.b().i64(j as i64));
                }
                self.store_element(&array, at, item)?;
            }
        }
        Ok(array)
    }

    /// `array.astype(dtype)`.
    pub(crate) fn converted_copy(
        &mut self,
        value: &Operand,
        dtype: DType,
        layout: Layout,
        span: Span,
    ) -> Result<Operand> {
        let ty = value.ty.as_array().expect("an array");
        let source = self.value(value)?;
        let shape = (0..ty.ndim).map(|axis| self.b().dim(source, axis)).collect();
        let copy = self.array_of(shape, dtype, layout, &Content::Empty, span)?;
        let value = Operand { value: Some(source), ..value.clone() };
        let shape = self.extents(&value)?;
        self.sweep(&shape, &[&value], &[&copy], true, &mut |l, elements| {
            let element = elements.of(l, &value)?;
            let converted = l.cast_to(&element, dtype)?;
            elements.store(l, &copy, converted)
        })?;
        Ok(copy)
    }
}

/// What takes the place of a dtype of NumPy that compiled code does not have.
fn instead_of(named: &Ty) -> Option<&'static str> {
    let (Ty::Builtin(name) | Ty::Class(name) | Ty::Str(name)) = named else { return None };
    Some(match name.strip_prefix("numpy.").unwrap_or(name) {
        "float16" | "half" | "f2" | "e" => "np.float32 (compiled code has no float16)",
        "longdouble" | "float128" | "g" => "np.float64 (compiled code has no longdouble)",
        "clongdouble" | "complex256" | "G" => "np.complex128 (compiled code has no clongdouble)",
        "object_" | "object" | "O" => {
            "a number type such as np.float64 (compiled code has no arrays of objects)"
        }
        _ => return None,
    })
}

/// Whether the elements of a tuple are numbers, or rows of numbers that are of one length.
fn is_table(items: &[Ty]) -> bool {
    let width = |row: &Ty| match row {
        Ty::Tuple(items) if items.iter().all(Ty::is_scalar) => Some(items.len()),
        _ => None,
    };
    items.iter().all(Ty::is_scalar)
        || width(&items[0]).is_some() && items.iter().all(|row| width(row) == width(&items[0]))
}

/// A dtype from NumPy's names and character codes.
pub(crate) fn dtype_from_text(text: &str) -> Option<DType> {
    let text = text.strip_prefix(['=', '<', '|']).unwrap_or(text);
    DType::from_name(text).or(match text {
        "?" | "b1" | "bool_" => Some(DType::Bool),
        "b" | "i1" | "byte" => Some(DType::I8),
        "h" | "i2" | "short" => Some(DType::I16),
        "i" | "i4" | "intc" => Some(DType::I32),
        "l" | "q" | "i8" | "int" | "int_" | "intp" | "long" => Some(DType::I64),
        "B" | "u1" | "ubyte" => Some(DType::U8),
        "H" | "u2" | "ushort" => Some(DType::U16),
        "I" | "u4" | "uintc" => Some(DType::U32),
        "L" | "Q" | "u8" | "uint" | "uintp" | "ulong" => Some(DType::U64),
        "f" | "f4" | "single" => Some(DType::F32),
        "d" | "f8" | "double" | "float" => Some(DType::F64),
        "F" | "c8" | "csingle" => Some(DType::C64),
        "D" | "c16" | "cdouble" | "complex" => Some(DType::C128),
        _ => None,
    })
}
