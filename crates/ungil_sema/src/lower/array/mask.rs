//! Boolean masks: counting, places, compressing, and assignment through a mask of an array's own shape.
//!
//! What a mask selects is counted first, so that results have their size from the start. Filling then runs until the
//! count is reached, which needs no branch in a loop over one axis.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::library::LibFn;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::scatter::Update;
use crate::operand::Operand;
use crate::ty::Ty;

/// The type of a fresh one-dimensional array.
pub(crate) fn vector(dtype: DType) -> ArrayType {
    ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false }
}

/// Whether an array has one axis and the processor's byte order, as the library wants it.
pub(crate) fn is_flat(x: &Operand) -> bool {
    x.ty.as_array().is_some_and(|t| t.ndim == 1 && !t.swapped)
}

impl<'p, 'w> Lowerer<'p, 'w> {
    /// Whether an operand is an array of booleans with axes.
    pub(crate) fn is_mask(&self, x: &Operand) -> bool {
        x.ty.as_array().is_some_and(|t| t.ndim > 0 && t.dtype == DType::Bool)
    }

    /// The truth of elements: of the array itself for booleans, else a lazy array of them.
    pub(crate) fn truths(&mut self, x: &Operand) -> Result<Operand> {
        if x.ty.as_array().is_some_and(|t| t.dtype == DType::Bool && !t.swapped) {
            return Ok(x.clone());
        }
        let span = x.span;
        let truth = move |l: &mut Lowerer<'_, '_>, x: &[Operand]| {
            let value = l.truth_value(&x[0])?;
            Ok(Operand::value(Ty::Scalar(DType::Bool), value, span))
        };
        self.lift(std::slice::from_ref(x), span, std::rc::Rc::new(truth))
    }

    /// An array whose elements are all along one axis, if it is contiguous in C order; else itself.
    pub(crate) fn flat_if_contiguous(&mut self, x: &Operand) -> Result<Operand> {
        let ty = x.ty.as_array().expect("an array");
        if ty.ndim < 2 || ty.layout != Layout::C {
            return Ok(x.clone());
        }
        let base = self.value(x)?;
        let size = self.array_size(base);
        self.flat_view(x, size)
    }

    /// Number of elements in memory that are true: of a mask, or of any array of one axis.
    pub(crate) fn count_true(&mut self, mask: &Operand) -> Result<Value> {
        let mask = &self.flat_if_contiguous(mask)?;
        if is_flat(mask) {
            let out = self.frame_array(DType::I64, 1, mask.span);
            let operands = vec![self.value(&out)?, self.value(mask)?];
            let (target, zero) = (operands[0], self.b().i64(0));
            self.b().push(InstKind::Library(LibFn::Count, operands));
            return Ok(self.b().load(target, vec![zero]));
        }
        let count = self.counter("count");
        let extents = self.extents(mask)?;
        self.ordered(&extents, &mut |l, at| {
            let set = l.load_element(mask, at.to_vec())?;
            let one = l.cast_to(&set, DType::I64)?;
            l.advance(count, one);
            Ok(())
        })?;
        Ok(self.b().get(count))
    }

    /// Writes the places of true elements of an array of one axis.
    pub(crate) fn write_places(&mut self, mask: &Operand, out: &Operand) -> Result<()> {
        let (count, next) = (self.extents(out)?[0], self.counter("next"));
        self.until_filled(mask, next, count, &mut |l, i, k| {
            let base = l.value(out)?;
            l.b().store(base, vec![k], i);
            Ok(())
        })
    }

    /// The indices of true elements: one array for each axis. What has several axes is a mask.
    pub(crate) fn places(&mut self, mask: &Operand, span: Span) -> Result<Vec<Operand>> {
        let count = self.count_true(mask)?;
        let extents = self.extents(mask)?;
        let arrays: Vec<Operand> =
            extents.iter().map(|_| self.fresh_array(vector(DType::I64), vec![count], span)).collect();
        if let [only] = &arrays[..] {
            self.write_places(mask, only)?;
            return Ok(arrays);
        }
        let next = self.counter("next");
        self.ordered(&extents, &mut |l, at| {
            l.where_set(mask, at, next, &mut |l, k| {
                for (array, &i) in arrays.iter().zip(at) {
                    let base = l.value(array)?;
                    l.b().store(base, vec![k], i);
                }
                Ok(())
            })
        })?;
        Ok(arrays)
    }

    /// Runs `put(i, k)` for the elements of an array of one axis until `count` are found: `k` counts the true ones before
    /// `i`, so that a later true element overwrites what false ones put.
    fn until_filled(
        &mut self,
        mask: &Operand,
        next: ungil_ir::entities::Var,
        count: Value,
        put: &mut dyn FnMut(&mut Self, Value, Value) -> Result<()>,
    ) -> Result<()> {
        let place = self.counter("place");
        self.while_below(next, count, &mut |l| {
            let (i, k) = (l.b().get(place), l.b().get(next));
            put(l, i, k)?;
            let element = l.load_element(mask, vec![i])?;
            let truth = l.truth_value(&element)?;
            let step = l.b().cast(truth, DType::I64);
            let one = l.b().i64(1);
            l.advance(next, step);
            l.advance(place, one);
            Ok(())
        })
    }

    /// Runs `put(k)` if the mask is true here; `k` counts those before.
    fn where_set(
        &mut self,
        mask: &Operand,
        at: &[Value],
        next: ungil_ir::entities::Var,
        put: &mut dyn FnMut(&mut Self, Value) -> Result<()>,
    ) -> Result<()> {
        let set = self.load_element(mask, at.to_vec())?;
        let set = self.value(&set)?;
        self.if_then(set, |l| {
            let k = l.b().get(next);
            put(l, k)?;
            let one = l.b().i64(1);
            l.advance(next, one);
            Ok(())
        })
    }

    /// `array[mask]` for a mask of the array's shape.
    pub(crate) fn compressed(&mut self, array: &Operand, mask: &Operand, span: Span) -> Result<Operand> {
        let ty = array.ty.as_array().expect("an array");
        let (array, mask) = self.aligned(array, mask)?;
        let count = self.count_true(&mask)?;
        let result = self.fresh_array(vector(ty.dtype), vec![count], span);
        let target = self.value(&result)?;
        let next = self.counter("next");
        if mask.ty.as_array().is_some_and(|t| t.ndim == 1) {
            self.until_filled(&mask, next, count, &mut |l, i, k| {
                let element = l.load_element(&array, vec![i])?;
                let value = l.value(&element)?;
                l.b().store(target, vec![k], value);
                Ok(())
            })?;
            return Ok(result);
        }
        let extents = self.extents(&mask)?;
        self.ordered(&extents, &mut |l, at| {
            l.where_set(&mask, at, next, &mut |l, k| {
                let element = l.load_element(&array, at.to_vec())?;
                let value = l.value(&element)?;
                l.b().store(target, vec![k], value);
                Ok(())
            })
        })?;
        Ok(result)
    }

    /// Array and mask along one axis if both are contiguous.
    fn aligned(&mut self, array: &Operand, mask: &Operand) -> Result<(Operand, Operand)> {
        let contiguous = |x: &Operand| x.ty.as_array().is_some_and(|t| t.layout == Layout::C);
        if contiguous(array) && contiguous(mask) {
            return Ok((self.flat_if_contiguous(array)?, self.flat_if_contiguous(mask)?));
        }
        Ok((array.clone(), mask.clone()))
    }

    /// Raises unless a mask has the extents of the array's axes from `axis` on; as in NumPy, an axis of the mask without
    /// elements fits any.
    pub(crate) fn check_mask_shape(&mut self, array: &Operand, mask: &Operand, axis: usize) -> Result<()> {
        let (shape, own) = (self.extents(array)?, self.extents(mask)?);
        for (k, &found) in own.iter().enumerate() {
            let wanted = shape[axis + k];
            let equal = self.b().compare(CompareOp::Eq, wanted, found);
            let zero = self.b().i64(0);
            let empty = self.b().compare(CompareOp::Eq, found, zero);
            let fits = self.b().binary(BinaryOp::Or, equal, empty);
            let message = format!(
                "boolean index did not match indexed array along axis {}; size of axis is {{0}} but size of \
                 corresponding boolean axis is {{1}}",
                axis + k
            );
            self.check(fits, ExcClass::INDEX_ERROR, &message, vec![(wanted, true), (found, true)]);
        }
        Ok(())
    }

    /// `array[mask] = value`, or `op=`, for a mask of the array's shape, already checked.
    pub(crate) fn masked_store(
        &mut self,
        array: &Operand,
        mask: &Operand,
        value: &Operand,
        op: Option<Update<'_, 'p, 'w>>,
    ) -> Result<()> {
        let to = array.ty.as_array().expect("an array").dtype;
        let (plain, mut op) = (op.is_none(), op);
        let mut store = |l: &mut Self, at: Vec<Value>, array: &Operand, right: &Operand| -> Result<()> {
            let new = match &mut op {
                None => right.clone(),
                Some(op) => {
                    let old = l.load_element(array, at.clone())?;
                    let new = op(l, &old, right)?;
                    l.check_same_kind(&new, to)?;
                    new
                }
            };
            let number = l.assignable(&new, to)?;
            let base = l.value(array)?;
            l.b().store(base, at, number);
            Ok(())
        };
        let (array, mask) = self.aligned(array, mask)?;
        let extents = self.extents(&mask)?;
        if !self.is_proper_array(value) {
            let mut once = self.element_of(value)?;
            if plain {
                once = self.converted_once(&once, to)?;
            }
            if once.constant.is_none() && once.ty.is_scalar() {
                once.value = Some(self.value(&once)?);
            }
            return self.over_extents(extents, &mut |l, at| {
                let set = l.load_element(&mask, at.clone())?;
                let set = l.value(&set)?;
                l.if_then(set, |l| store(l, at, &array, &once))
            });
        }
        let values = self.source_apart(&array, value)?;
        if values.ty.as_array().is_some_and(|t| t.ndim != 1) {
            let to = "a one-dimensional array of the elements to assign".to_owned();
            return Err(TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into());
        }
        let count = self.count_true(&mask)?;
        let given = self.extents(&values)?[0];
        let one = self.b().i64(1);
        let single = self.b().compare(CompareOp::Eq, given, one);
        let equal = self.b().compare(CompareOp::Eq, given, count);
        let fits = self.b().binary(BinaryOp::Or, single, equal);
        let message = "NumPy boolean array indexing assignment cannot assign {0} input values to the {1} output \
                       values where the mask is true";
        self.check(fits, ExcClass::VALUE_ERROR, message, vec![(given, true), (count, true)]);
        let next = self.counter("next");
        self.ordered(&extents, &mut |l, at| {
            l.where_set(&mask, at, next, &mut |l, k| {
                let zero = l.b().i64(0);
                let k = l.b().select(single, zero, k);
                let right = l.load_element(&values, vec![k])?;
                store(l, at.to_vec(), &array, &right)
            })
        })
    }

    /// A value in memory that does not share any with a target: a copy where it might.
    pub(crate) fn source_apart(&mut self, target: &Operand, value: &Operand) -> Result<Operand> {
        if value.lazy.is_some() {
            return self.materialised(value);
        }
        let (x, y) = (self.value(target)?, self.value(value)?);
        if self.apart(x, y) {
            return Ok(value.clone());
        }
        let overlap = self.ranges_overlap(x, y);
        let ty = value.ty.as_array().expect("an array");
        let copy = ArrayType { layout: Layout::C, readonly: false, ..ty };
        let then = self.nested(|l| l.copy_array_as(value, copy));
        let otherwise = self.nested(|_| Ok(value.clone()));
        self.merge(overlap, then, otherwise, value.span)
    }
}
