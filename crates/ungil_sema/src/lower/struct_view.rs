//! Memoryviews of structs: elements, slices, assignment, attributes, copies.
//!
//! In the machine such a view is an array of the structs' first bytes, with the strides of the structs. An element is a
//! reference to its memory; copying and filling treat a view as an array of bytes with one more axis.
//!
//! Limits: at most seven axes where whole views are copied.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::ctype::{CStruct, CType};
use crate::cython::Declared;
use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::memory::{misuse, same_type};
use crate::operand::Operand;
use crate::ty::{StructViewTy, Ty};

/// Methods of memoryviews.
pub(crate) const METHODS: &[&str] = &["copy", "copy_fortran", "is_c_contig", "is_f_contig"];

fn byte_array(ndim: u8, readonly: bool) -> ArrayType {
    let layout = if ndim == 0 { Layout::C } else { Layout::Strided };
    ArrayType { dtype: DType::U8, ndim, layout, readonly, swapped: false }
}

fn type_of(x: &Operand) -> Arc<StructViewTy> {
    match &x.ty {
        Ty::StructView(view) => view.clone(),
        other => unreachable!("called for memoryviews of structs, not {other}"),
    }
}

impl Lowerer<'_, '_> {
    /// A value as a memoryview of structs; `None` if it does not become one.
    pub(crate) fn as_struct_view(
        &mut self,
        (element, ndim, layout, is_const): (&Arc<CStruct>, u8, Option<Layout>, bool),
        x: &Operand,
    ) -> Result<Option<Operand>> {
        let layout = layout.unwrap_or(Layout::Strided);
        Ok(match &x.ty {
            Ty::None => Some(x.clone()),
            Ty::StructView(view) if view.element.name == element.name && view.array.ndim == ndim => {
                match (is_const, view.array.readonly) {
                    (true, _) => Some(self.read_only(x)?),
                    (false, readonly) => (!readonly).then(|| x.clone()),
                }
            }
            // What Python passed, whose structs were compared with the declaration.
            Ty::Array(a) if a.dtype == DType::U8 && a.ndim == ndim && self.is_struct_argument(x) => {
                let view = self.of_bytes(x, element, layout)?;
                Some(if is_const { self.read_only(&view)? } else { view })
            }
            Ty::Pointer(_) => self.view_of_frame(element, ndim, x),
            _ => None,
        })
    }

    /// A view that is not written through.
    fn read_only(&mut self, x: &Operand) -> Result<Operand> {
        let view = type_of(x);
        if view.array.readonly {
            return Ok(x.clone());
        }
        let base = self.value(x)?;
        let ndim = view.array.ndim;
        let shape = (0..ndim).map(|axis| self.b().dim(base, axis)).collect();
        let strides = (0..ndim).map(|axis| self.b().stride(base, axis)).collect();
        let (zero, array) = (self.b().i64(0), ArrayType { readonly: true, ..view.array });
        let made = self.view(base, array, zero, shape, strides, x.span);
        let ty = StructViewTy { array, ..(*view).clone() };
        Ok(Operand { ty: Ty::StructView(ty.into()), ..made })
    }

    /// Whether this is an argument that is declared as a memoryview of structs.
    fn is_struct_argument(&self, x: &Operand) -> bool {
        let position = self.func.params.iter().position(|p| Some(*p) == x.value);
        let name = position.and_then(|k| self.code.params.iter().nth(k).map(|p| p.name.name.to_string()));
        let declared = name.and_then(|name| self.options.c.as_ref()?.vars.get(&name).cloned());
        matches!(declared, Some(Declared::Structs { .. }))
    }

    /// A variable that is an array of structs, as a view.
    fn view_of_frame(&mut self, element: &Arc<CStruct>, ndim: u8, x: &Operand) -> Option<Operand> {
        let memory = self.memory.values().find(|m| Some(m.pointer) == x.value)?.clone();
        let (mut extents, mut at) = (Vec::new(), &memory.ty);
        while let CType::Array(inner, n) = at {
            extents.push(*n as i64);
            at = inner;
        }
        let same = same_type(at, &CType::Struct(element.clone())) && extents.len() == usize::from(ndim);
        if !same {
            return None;
        }
        let shape = extents.into_iter().map(|n| self.b().i64(n)).collect();
        Some(self.structs_over(memory.pointer, shape, (element, Layout::C, false), x.span))
    }

    /// A view of structs that lie one behind the other.
    pub(crate) fn structs_over(
        &mut self,
        pointer: Value,
        shape: Vec<Value>,
        (element, layout, readonly): (&Arc<CStruct>, Layout, bool),
        span: Span,
    ) -> Operand {
        let strides = self.struct_strides(&shape, element, layout);
        self.structs_at(pointer, (shape, strides), (element, layout, readonly), span)
    }

    /// A view of structs at a place, by extents and strides.
    pub(crate) fn structs_at(
        &mut self,
        pointer: Value,
        (shape, strides): (Vec<Value>, Vec<Value>),
        (element, layout, readonly): (&Arc<CStruct>, Layout, bool),
        span: Span,
    ) -> Operand {
        let array = byte_array(shape.len() as u8, readonly);
        let kind = InstKind::ArrayAt { pointer, shape, strides };
        let value = self.b().typed(kind, ungil_ir::types::Type::Array(array));
        let ty = StructViewTy { element: element.clone(), array, layout };
        Operand::value(Ty::StructView(ty.into()), value, span)
    }

    fn struct_strides(&mut self, shape: &[Value], element: &CStruct, layout: Layout) -> Vec<Value> {
        let mut stride = self.b().i64(element.size as i64);
        let mut strides = vec![stride; shape.len()];
        let axes: Vec<usize> = match layout {
            Layout::F => (0..shape.len()).collect(),
            _ => (0..shape.len()).rev().collect(),
        };
        for axis in axes {
            strides[axis] = stride;
            stride = self.b().binary(Ir::Mul, stride, shape[axis]);
        }
        strides
    }

    /// An array of bytes as the view of the structs that begin there.
    fn of_bytes(&mut self, x: &Operand, element: &Arc<CStruct>, layout: Layout) -> Result<Operand> {
        let a = x.ty.as_array().expect("an array");
        let array = byte_array(a.ndim, a.readonly);
        let value = match a == array {
            true => self.value(x)?,
            false => {
                let base = self.value(x)?;
                let shape = (0..a.ndim).map(|axis| self.b().dim(base, axis)).collect();
                let strides = (0..a.ndim).map(|axis| self.b().stride(base, axis)).collect();
                let zero = self.b().i64(0);
                let made = self.view(base, array, zero, shape, strides, x.span);
                self.value(&made)?
            }
        };
        let ty = StructViewTy { element: element.clone(), array, layout };
        Ok(Operand::value(Ty::StructView(ty.into()), value, x.span))
    }

    /// The array of the first bytes of a view's structs.
    pub(crate) fn bytes_of_view(&mut self, x: &Operand) -> Result<Operand> {
        let array = type_of(x).array;
        let value = self.value(x)?;
        Ok(Operand::value(Ty::Array(array), value, x.span))
    }

    /// A view as the array of all its bytes, whose last axis runs through a struct.
    fn all_bytes(&mut self, x: &Operand) -> Result<Operand> {
        let view = type_of(x);
        let ndim = view.array.ndim;
        if ndim >= 8 {
            let help = "copy the elements in a loop";
            return Err(misuse(
                "memoryviews of structs with eight axes cannot be copied",
                "too many axes",
                help,
                x.span,
            ));
        }
        let base = self.value(x)?;
        let mut shape: Vec<Value> = (0..ndim).map(|axis| self.b().dim(base, axis)).collect();
        let mut strides: Vec<Value> = (0..ndim).map(|axis| self.b().stride(base, axis)).collect();
        shape.push(self.b().i64(view.element.size as i64));
        strides.push(self.b().i64(1));
        let zero = self.b().i64(0);
        Ok(self.view(base, byte_array(ndim + 1, view.array.readonly), zero, shape, strides, x.span))
    }

    /// Whether an index names one element.
    fn names_element(view: &StructViewTy, index: &[Operand]) -> bool {
        index.len() == usize::from(view.array.ndim) && index.iter().all(|i| i.ty.is_scalar())
    }

    /// The address of an element.
    pub(crate) fn struct_view_place(&mut self, x: &Operand, index: &[Operand], span: Span) -> Result<Value> {
        let view = type_of(x);
        if !Self::names_element(&view, index) {
            let help = "give one index for each axis: `&v[i, j]`";
            return Err(misuse(
                "only elements of a memoryview have an address",
                "not an element",
                help,
                span,
            ));
        }
        let base = self.value(x)?;
        let mut address = self.b().value(InstKind::Address(base));
        let dense = match view.layout {
            Layout::C => Some(view.array.ndim.saturating_sub(1)),
            Layout::F => Some(0),
            Layout::Strided => None,
        };
        for (axis, i) in index.iter().enumerate() {
            let axis = axis as u8;
            let size = self.b().dim(base, axis);
            let at = self.checked_index(i, size, axis, &x.ty)?;
            let stride = match dense == Some(axis) {
                true => self.b().i64(view.element.size as i64),
                false => self.b().stride(base, axis),
            };
            let offset = self.b().binary(Ir::Mul, at, stride);
            address = self.b().binary(Ir::Add, address, offset);
        }
        Ok(address)
    }

    /// `v[i]`, a reference to a struct, and `v[i:j]`, a view.
    pub(crate) fn struct_view_subscript(
        &mut self,
        x: &Operand,
        index: &[Operand],
        span: Span,
    ) -> Result<Operand> {
        let view = type_of(x);
        if Self::names_element(&view, index) {
            let address = self.struct_view_place(x, index, span)?;
            let place = self.load_c(address, &CType::Struct(view.element.clone()), span)?;
            if view.array.readonly {
                self.const_structs.extend(place.value);
            }
            return Ok(place);
        }
        self.part_of_view(x, index, span)
    }

    fn part_of_view(&mut self, x: &Operand, index: &[Operand], span: Span) -> Result<Operand> {
        let element = type_of(x).element.clone();
        let bytes = self.bytes_of_view(x)?;
        let part = self.view_of(&bytes, index, true, span)?;
        self.of_bytes(&part, &element, Layout::Strided)
    }

    /// `v[i] = p`, `v[i:j] = p` and `v[i:j] = w`.
    pub(crate) fn struct_view_assign(
        &mut self,
        x: &Operand,
        index: &[Operand],
        value: &Operand,
        span: Span,
    ) -> Result<()> {
        let view = type_of(x);
        if view.array.readonly {
            let title = "a memoryview of `const` structs is read-only";
            return Err(misuse(title, "cannot be assigned", "declare it without `const`", span));
        }
        if Self::names_element(&view, index) {
            let address = self.struct_view_place(x, index, span)?;
            return self.store_c(address, &CType::Struct(view.element.clone()), value, span);
        }
        let target = self.part_of_view(x, index, span)?;
        let target = self.all_bytes(&target)?;
        let bytes = match &value.ty {
            Ty::StructView(other) if other.element.name == view.element.name => self.all_bytes(value)?,
            Ty::CStruct(s) if s.name == view.element.name => {
                let value = self.struct_copy(value)?;
                let pointer = self.value(&value)?;
                let n = self.b().i64(s.size as i64);
                let flat = ArrayType { layout: Layout::C, ..byte_array(1, false) };
                self.array_over(pointer, vec![n], flat, span)
            }
            other => {
                let to = x.ty.to_string();
                return Err(TypeError::Convert { from: other.clone(), to, span: value.span }.into());
            }
        };
        self.fill_view(&target, &bytes)
    }

    /// Attributes of memoryviews of structs; `None` if there is none of that name.
    pub(crate) fn struct_view_attribute(
        &mut self,
        x: &Operand,
        name: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        let view = type_of(x);
        let size = view.element.size as i64;
        if METHODS.contains(&name) {
            let method = Ty::Method(Box::new(x.ty.clone()), format!("cython.view.{name}").into());
            return Ok(Some(Operand { ty: method, span, ..x.clone() }));
        }
        let bytes = self.bytes_of_view(x)?;
        Ok(match name {
            "itemsize" => Some(Operand::int(size, span)),
            "nbytes" => {
                let base = self.value(x)?;
                let (n, size) = (self.array_size(base), self.b().i64(size));
                let total = self.b().binary(Ir::Mul, n, size);
                Some(Operand::value(Ty::PyInt, total, span))
            }
            "shape" | "strides" | "suboffsets" | "ndim" | "size" => {
                self.array_attribute(&bytes, name, span)?
            }
            "T" => {
                let turned = self.transposed(&bytes, None, span)?;
                let layout = match view.layout {
                    Layout::C => Layout::F,
                    Layout::F => Layout::C,
                    Layout::Strided => Layout::Strided,
                };
                Some(self.of_bytes(&turned, &view.element, layout)?)
            }
            _ => None,
        })
    }

    /// Methods of memoryviews of structs.
    pub(crate) fn struct_view_method(&mut self, name: &str, x: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        args.bind(name, &[], 0)?;
        match name {
            "copy" => self.copy_structs(x, Layout::C, span),
            "copy_fortran" => self.copy_structs(x, Layout::F, span),
            _ => self.is_dense(x, name == "is_f_contig", span),
        }
    }

    fn copy_structs(&mut self, x: &Operand, layout: Layout, span: Span) -> Result<Operand> {
        let view = type_of(x);
        let base = self.value(x)?;
        let ndim = view.array.ndim;
        let shape: Vec<Value> = (0..ndim).map(|axis| self.b().dim(base, axis)).collect();
        let (n, size) = (self.array_size(base), self.b().i64(view.element.size as i64));
        let bytes = self.b().binary(Ir::Mul, n, size);
        let flat = ArrayType { layout: Layout::C, ..byte_array(1, false) };
        let memory = self.fresh_array(flat, vec![bytes], span);
        let owner = self.value(&memory)?;
        let strides = self.struct_strides(&shape, &view.element, layout);
        let zero = self.b().i64(0);
        let array = byte_array(ndim, false);
        let made = self.view(owner, array, zero, shape, strides, span);
        let ty = StructViewTy { element: view.element.clone(), array, layout };
        let made = Operand { ty: Ty::StructView(ty.into()), ..made };
        let (to, from) = (self.all_bytes(&made)?, self.all_bytes(x)?);
        self.fill_view(&to, &from)?;
        Ok(made)
    }

    fn is_dense(&mut self, x: &Operand, first: bool, span: Span) -> Result<Operand> {
        let view = type_of(x);
        let base = self.value(x)?;
        let ndim = view.array.ndim;
        let mut expected = self.b().i64(view.element.size as i64);
        let mut all = self.b().bool(true);
        for k in 0..ndim {
            let axis = if first { k } else { ndim - 1 - k };
            let stride = self.b().stride(base, axis);
            let fits = self.b().compare(CompareOp::Eq, stride, expected);
            all = self.b().binary(Ir::And, all, fits);
            let extent = self.b().dim(base, axis);
            expected = self.b().binary(Ir::Mul, expected, extent);
        }
        Ok(Operand::value(Ty::PyBool, all, span))
    }
}
