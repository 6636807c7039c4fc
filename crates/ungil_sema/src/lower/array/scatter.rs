//! Writing by arrays of indices.
//!
//! `a[i] = v` stores in NumPy's order, so that of several values for one place the last stays. `a[i] op= v` reads all
//! elements, computes, then writes: places that are selected twice are updated once.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::array::fancy::Selection;
use crate::operand::Operand;

/// Most arguments that a message may have.
pub(crate) const MESSAGE_ARGS: usize = 8;

/// What `op=` does with an element and a value.
pub(crate) type Update<'u, 'p, 'w> =
    &'u mut dyn FnMut(&mut Lowerer<'p, 'w>, &Operand, &Operand) -> Result<Operand>;

impl<'p, 'w> Lowerer<'p, 'w> {
    /// `array[index] = value`, or `op=`, with arrays in the index.
    pub(crate) fn fancy_write(
        &mut self,
        array: &Operand,
        index: &[Operand],
        value: &Operand,
        op: Option<Update<'_, 'p, 'w>>,
        span: Span,
    ) -> Result<()> {
        let value = &if matches!(value.ty, crate::ty::Ty::Tuple(_) | crate::ty::Ty::List(_)) {
            self.as_array(value, None, value.span)?
        } else {
            value.clone()
        };
        if let [mask] = index
            && self.is_mask(mask)
            && mask.ty.as_array().map(|t| t.ndim) == array.ty.as_array().map(|t| t.ndim)
        {
            let mask = self.settled(mask)?;
            self.check_mask_shape(array, &mask, 0)?;
            let same = array.ty.as_array().is_some_and(|t| t.dtype == DType::Bool);
            let mask = if same { self.source_apart(array, &mask)? } else { mask };
            return self.masked_store(array, &mask, value, op);
        }
        let mut selection = self.selection(array, index, span)?;
        for k in 0..selection.indices.len() {
            selection.indices[k] = self.source_apart(array, &selection.indices[k].clone())?;
        }
        let Some(op) = op else { return self.scattered(&selection, value) };
        let to = array.ty.as_array().expect("an array").dtype;
        let old = self.gathered(selection.clone(), span)?;
        if self.is_proper_array(value) {
            let shape = self.selected_shape(&selection)?;
            self.check_assigned(value, &shape)?;
        }
        let new = op(self, &old, value)?;
        let element = new.ty.as_array().map_or(new.ty.clone(), |t| crate::ty::Ty::Scalar(t.dtype));
        self.check_same_kind(&Operand { ty: element, ..new.clone() }, to)?;
        let new = self.settled(&new)?;
        self.scattered(&selection, &new)
    }

    /// Stores a value, broadcast, at the places that a selection selects.
    pub(crate) fn scattered(&mut self, s: &Selection, value: &Operand) -> Result<()> {
        let to = s.view.ty.as_array().expect("an array").dtype;
        let shape = self.selected_shape(s)?;
        let value = &self.without_leading(value, shape.len())?;
        let source = if self.is_proper_array(value) {
            self.check_assigned(value, &shape)?;
            let apart = self.source_apart(&s.view, value)?;
            let equal = self.equal_shape(&apart, &shape);
            if equal { apart } else { self.broadcast_view(&apart, &shape)? }
        } else {
            let once = self.element_of(value)?;
            let mut once = self.converted_once(&once, to)?;
            if once.constant.is_none() && once.ty.is_scalar() {
                once.value = Some(self.value(&once)?);
            }
            once
        };
        let array = self.is_proper_array(&source);
        let spread = self.spread_indices(s)?;
        let (front, inner) = (s.before, s.shape.len());
        self.ordered(&shape[..front], &mut |l, outer| {
            let outer = outer.to_vec();
            l.ordered(&s.shape, &mut |l, middle| {
                let (outer, middle) = (outer.clone(), middle.to_vec());
                let places = l.places_at(s, &spread, &middle)?;
                l.ordered(&shape[front + inner..], &mut |l, rest| {
                    let at = [&outer[..], &middle, rest].concat();
                    let element = if array { l.load_element(&source, at.clone())? } else { source.clone() };
                    let number = l.assignable(&element, to)?;
                    let target = l.selected_at(s, &at, &places);
                    let base = l.value(&s.view)?;
                    l.b().store(base, target, number);
                    Ok(())
                })
            })
        })
    }

    /// Whether an array is known to have a shape: its extents are the same values.
    fn equal_shape(&mut self, array: &Operand, shape: &[Value]) -> bool {
        self.extents(array).is_ok_and(|own| own == shape)
    }

    /// Raises unless broadcasting brings a value to the shape of what is indexed.
    pub(crate) fn check_assigned(&mut self, value: &Operand, shape: &[Value]) -> Result<()> {
        let own = self.extents(value)?;
        let Some(added) = shape.len().checked_sub(own.len()) else {
            let to = format!("an array with {}", crate::diagnostics::plural(shape.len(), "axis"));
            return Err(TypeError::Convert { from: value.ty.clone(), to, span: value.span }.into());
        };
        let one = self.b().i64(1);
        let mut fine = self.b().bool(true);
        for (&found, &wanted) in own.iter().zip(&shape[added..]) {
            let equal = self.b().compare(CompareOp::Eq, found, wanted);
            let single = self.b().compare(CompareOp::Eq, found, one);
            let fits = self.b().binary(BinaryOp::Or, equal, single);
            fine = self.b().binary(BinaryOp::And, fine, fits);
        }
        let text = |from: usize, n: usize| {
            let numbers: Vec<String> = (from..from + n).map(|k| format!("{{{k}}}")).collect();
            format!("({}{})", numbers.join(","), if n == 1 { "," } else { "" })
        };
        let message = format!(
            "shape mismatch: value array of shape {} could not be broadcast to indexing result of shape {}",
            text(0, own.len()),
            text(own.len(), shape.len())
        );
        let args: Vec<_> = own.iter().chain(shape).map(|n| (*n, true)).collect();
        if args.len() > MESSAGE_ARGS {
            let message = "shape mismatch: value array could not be broadcast to indexing result";
            self.check(fine, ExcClass::VALUE_ERROR, message, Vec::new());
            return Ok(());
        }
        self.check(fine, ExcClass::VALUE_ERROR, &message, args);
        Ok(())
    }
}
