//! Reductions of dense arrays in memory by the library.
//!
//! Along one axis, and statistics of all elements that take more than one pass, are calls outside loops: the library's code
//! is compiled already. In loops of a kernel they stay loops, which cost no call for a few elements, and so do reductions of
//! expressions, which are fused. Both reduce in one order, so that results have the same bits.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, InstKind, ReduceOp};
use ungil_ir::library::{self, LibFn, Reduction};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::numpy::reductions::Request;
use crate::operand::Operand;
use crate::ty::Ty;

/// How a reduced axis lies in a table.
enum Table {
    Rows(usize),
    Columns(usize),
    /// All elements are one row.
    Whole,
}

impl Lowerer<'_, '_> {
    /// A sum or an extremum along an axis; nothing if it stays a loop.
    pub(super) fn folded_in_memory(
        &mut self,
        r: &Request,
        op: ReduceOp,
        dtype: DType,
    ) -> Result<Option<Operand>> {
        let reduction = match op {
            ReduceOp::Add => Reduction::Sum,
            ReduceOp::Min => Reduction::Least,
            ReduceOp::Max => Reduction::Greatest,
            _ => return Ok(None),
        };
        let all = r.axes.len() == usize::from(r.x.ty.as_array().expect("an array").ndim);
        if all || r.initial.is_some() {
            return Ok(None);
        }
        self.reduced_in_memory(r, reduction, dtype)
    }

    /// A reduction in the type `dtype`, without `keepdims`; nothing if it stays a loop.
    pub(super) fn reduced_in_memory(
        &mut self,
        r: &Request,
        reduction: Reduction,
        dtype: DType,
    ) -> Result<Option<Operand>> {
        let ty = r.x.ty.as_array().expect("an array");
        let plain = r.x.lazy.is_none() && r.mask.is_none() && !ty.swapped && ty.dtype == dtype;
        if !plain || self.is_in_loop() || !dtype.is_float() {
            return Ok(None);
        }
        let Some(table) = table_of(ty, &r.axes) else { return Ok(None) };
        let simple = matches!(reduction, Reduction::Sum | Reduction::Least | Reduction::Greatest);
        let fits = match table {
            Table::Rows(_) => true,
            Table::Columns(_) => simple,
            // Blocks of one run are loops of a kernel where threads share them.
            Table::Whole => !self.uses_threads(),
        };
        if !fits {
            return Ok(None);
        }
        self.table_reduction(r, &table, reduction).map(Some)
    }

    fn table_reduction(&mut self, r: &Request, table: &Table, reduction: Reduction) -> Result<Operand> {
        let (ty, span) = (r.x.ty.as_array().expect("an array"), r.span);
        let (base, shape) = (self.value(&r.x)?, self.extents(&r.x)?);
        let mut bits = reduction as i64;
        if self.uses_threads() {
            bits |= library::SHARED_ROWS;
        }
        let kept: Vec<Value> = (0..shape.len()).filter(|k| !r.axes.contains(k)).map(|k| shape[k]).collect();
        let (one, zero) = (self.b().i64(1), self.b().i64(0));
        let others = kept.iter().fold(one, |n, extent| self.b().binary(BinaryOp::Mul, n, *extent));
        let extents = match table {
            Table::Rows(axis) => [others, shape[*axis]],
            Table::Columns(axis) => {
                bits |= library::OF_COLUMNS;
                [shape[*axis], others]
            }
            Table::Whole => {
                bits |= library::IN_BLOCKS;
                [one, self.product(&shape)]
            }
        };
        let matrix = ArrayType { ndim: 2, layout: Layout::C, ..ty };
        let size = self.b().i64(ty.dtype.size() as i64);
        let step = self.b().binary(BinaryOp::Mul, extents[1], size);
        let x = self.view(base, matrix, zero, extents.to_vec(), vec![step, size], span);
        let x = self.value(&x)?;
        let bits = self.b().i64(bits);
        if kept.is_empty() {
            let cell = ArrayType { ndim: 1, layout: Layout::C, readonly: false, ..ty };
            let cell = self.b().typed(InstKind::StackArray(1), Type::Array(cell));
            self.b().push(InstKind::Library(LibFn::Reduce, vec![cell, x, bits]));
            let value = self.b().load(cell, vec![zero]);
            return Ok(Operand::value(Ty::Scalar(ty.dtype), value, span));
        }
        let out_ty = ArrayType { ndim: kept.len() as u8, layout: Layout::C, readonly: false, ..ty };
        let out = self.fresh_array(out_ty, kept.clone(), span);
        let flat = if kept.len() > 1 { self.flat_view(&out, others)? } else { out.clone() };
        let flat = self.value(&flat)?;
        self.b().push(InstKind::Library(LibFn::Reduce, vec![flat, x, bits]));
        Ok(out)
    }

    /// A result with axes of one element where axes were reduced, if they are kept.
    pub(super) fn with_kept_axes(&mut self, result: Operand, r: &Request, span: Span) -> Result<Operand> {
        let ndim = usize::from(r.x.ty.as_array().expect("an array").ndim);
        if r.keepdims { self.with_unit_axes(&result, &r.axes, ndim, span) } else { Ok(result) }
    }
}

/// How dense arrays are tables for a reduction along these axes.
fn table_of(ty: ArrayType, axes: &[usize]) -> Option<Table> {
    let ndim = usize::from(ty.ndim);
    let dense = ty.layout == Layout::C || ty.layout == Layout::F && ndim == 2;
    if !dense || ndim == 0 {
        return None;
    }
    if axes.len() == ndim {
        return Some(Table::Whole);
    }
    let &[axis] = axes else { return None };
    // In Fortran's order memory runs along the first axis.
    let place = if ty.layout == Layout::F { ndim - 1 - axis } else { axis };
    match place {
        0 => Some(Table::Columns(axis)),
        k if k == ndim - 1 => Some(Table::Rows(axis)),
        _ => None,
    }
}
