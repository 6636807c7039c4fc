//! Arrays of lists: `np.array(list)`, and lists where NumPy takes something like an array.
//!
//! Lists of lists, of tuples of numbers and of arrays give more axes. Their lengths are those of the first elements;
//! others must have the same. An empty list of lists has no elements to tell the rest of its shape, which is 0 here.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::CompareOp;
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::types::TypeError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::list::element::list_ty;
use crate::operand::Operand;
use crate::promote::promote_dtypes;
use crate::ty::Ty;

/// Whether it is or has a list of which nothing is known.
fn holds_untyped(ty: &Ty) -> bool {
    match ty {
        Ty::List(list) => list.element.as_ref().is_none_or(holds_untyped),
        Ty::Tuple(items) => items.iter().any(holds_untyped),
        _ => false,
    }
}

/// The type of the numbers in something nested, and how deep they are.
fn leaf(ty: &Ty) -> Option<(DType, usize)> {
    match ty {
        Ty::List(list) => match &list.element {
            None => Some((DType::F64, 1)),
            Some(element) => leaf(element).map(|(d, depth)| (d, depth + 1)),
        },
        Ty::Tuple(items) if items.is_empty() => Some((DType::F64, 1)),
        Ty::Tuple(items) => {
            let mut leaves = items.iter().map(leaf);
            let mut found = leaves.next().flatten()?;
            for next in leaves {
                let (dtype, depth) = next?;
                found = (promote_dtypes(found.0, dtype), (depth == found.1).then_some(depth)?);
            }
            Some((found.0, found.1 + 1))
        }
        Ty::Array(array) => Some((array.dtype, usize::from(array.ndim))),
        scalar => scalar.dtype().map(|d| (d, 0)),
    }
}

impl Lowerer<'_, '_> {
    /// A list as a fresh array.
    pub(crate) fn array_of_list(
        &mut self,
        list: &Operand,
        dtype: Option<DType>,
        span: Span,
    ) -> Result<Operand> {
        if !self.program.settled && holds_untyped(&list.ty) {
            // What is put into it may be found later.
            return Err(Error::Untyped);
        }
        let Some((found, depth)) = leaf(&list.ty) else {
            return Err(TypeError::Argument {
                function: "numpy.array".to_owned(),
                parameter: "object".to_owned(),
                expected: "numbers, or lists, tuples and arrays of them".to_owned(),
                found: list.ty.clone(),
                span: list.span,
            }
            .into());
        };
        let dtype = dtype.unwrap_or(found);
        let extents: Vec<Var> = (0..depth).map(|_| self.counter("extent")).collect();
        self.first_extents(list, &extents)?;
        let shape: Vec<Value> = extents.iter().map(|x| self.b().get(*x)).collect();
        let ty = ArrayType { dtype, ndim: depth as u8, layout: Layout::C, readonly: false, swapped: false };
        let array = self.fresh_array(ty, shape.clone(), span);
        self.fill_nested(list, &array, &shape, &mut Vec::new())?;
        Ok(array)
    }

    /// The lengths of a value and of its first elements.
    fn first_extents(&mut self, value: &Operand, extents: &[Var]) -> Result<()> {
        let Some((own, inner)) = extents.split_first() else { return Ok(()) };
        let n = match &value.ty {
            Ty::Array(_) => {
                for (k, extent) in self.extents(value)?.into_iter().enumerate() {
                    self.b().set(extents[k], extent);
                }
                return Ok(());
            }
            Ty::Tuple(items) => self.b().i64(items.len() as i64),
            _ => self.list_length(value)?,
        };
        self.b().set(*own, n);
        if inner.is_empty() {
            return Ok(());
        }
        if let Ty::Tuple(_) = value.ty {
            let first = self.items(value).remove(0);
            return self.first_extents(&first, inner);
        }
        let zero = self.b().i64(0);
        let some = self.b().compare(CompareOp::Ne, n, zero);
        self.if_then(some, |l| {
            let first = l.list_item(value, zero, value.span)?;
            l.first_extents(&first, inner)
        })
    }

    fn fill_nested(
        &mut self,
        value: &Operand,
        array: &Operand,
        shape: &[Value],
        at: &mut Vec<Value>,
    ) -> Result<()> {
        let depth = at.len();
        let Some(&extent) = shape.get(depth) else {
            let dtype = array.ty.as_array().expect("an array").dtype;
            let number = self.assignable(value, dtype)?;
            let base = self.value(array)?;
            self.b().store(base, at.clone(), number);
            return Ok(());
        };
        let n = match &value.ty {
            Ty::Tuple(items) => self.b().i64(items.len() as i64),
            Ty::Array(_) => self.extents(value)?[0],
            _ => self.list_length(value)?,
        };
        if depth > 0 {
            let same = self.b().compare(CompareOp::Eq, n, extent);
            self.inhomogeneous(same, &shape[..depth]);
        }
        if let Ty::Tuple(_) = value.ty {
            for (k, item) in self.items(value).into_iter().enumerate() {
                at.push(self.b().i64(k as i64));
                let done = self.fill_nested(&item, array, shape, at);
                at.pop();
                done?;
            }
            return Ok(());
        }
        if matches!(value.ty, Ty::List(_)) && list_ty(value).element.is_none() {
            return Ok(());
        }
        let before = at.clone();
        self.ordered(&[extent], &mut |l, i| {
            let item = match &value.ty {
                Ty::Array(_) => l.array_item(value, i[0])?,
                _ => l.list_item(value, i[0], value.span)?,
            };
            let mut at = [&before[..], i].concat();
            l.fill_nested(&item, array, shape, &mut at)
        })
    }

    /// Raises NumPy's error for rows of different lengths.
    fn inhomogeneous(&mut self, same: Value, known: &[Value]) {
        let numbers: Vec<String> = (0..known.len()).map(|k| format!("{{{k}}}")).collect();
        let comma = if known.len() == 1 { "," } else { "" };
        let message = format!(
            "setting an array element with a sequence. The requested array has an inhomogeneous shape after {} \
             dimensions. The detected shape was ({}{comma}) + inhomogeneous part.",
            known.len(),
            numbers.join(", ")
        );
        let args = known.iter().map(|n| (*n, true)).collect();
        self.check(same, ExcClass::VALUE_ERROR, &message, args);
    }
}
