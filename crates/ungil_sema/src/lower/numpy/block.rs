//! `np.block`: arrays put together from nested lists of blocks.
//!
//! Lists that are written down come as tuples, so that their depth is known. The innermost ones are joined along the last
//! axis, those around them along the axes before.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::types::Layout;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::shapes::{Axis, rank};
use crate::operand::Operand;
use crate::registry;
use crate::ty::Ty;

/// Signatures, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[("block(arrays)", "lists are written down")];

/// Calls `np.block`; `None` if the function is another.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    if function != "block" {
        return Ok(None);
    }
    let span = args.span;
    let arrays = args.clone().bind("numpy.block", &["arrays"], 1)?.remove(0).expect("required");
    let depth = match depth_of(&arrays.ty) {
        Ok(depth) => depth,
        Err(message) => return l.always_raise(ExcClass::VALUE_ERROR, &message),
    };
    let ndim = l.most_axes(&arrays)?.max(depth);
    let whole = l.blocked(&arrays, depth, ndim, span)?;
    if depth == 0 { l.copy_array(&whole, Layout::C).map(Some) } else { Ok(Some(whole)) }
}

/// How deep the lists are nested, the same everywhere.
fn depth_of(ty: &Ty) -> std::result::Result<usize, String> {
    let Ty::Tuple(items) = ty else { return Ok(0) };
    let depths = items.iter().map(depth_of).collect::<std::result::Result<Vec<usize>, String>>()?;
    let Some(&first) = depths.first() else { return Err("List at arrays cannot be empty".to_owned()) };
    match depths.iter().find(|d| **d != first) {
        None => Ok(first + 1),
        Some(other) => Err(format!(
            "List depths are mismatched. First element was at depth {}, but there is an element at depth {}",
            first + 1,
            other + 1
        )),
    }
}

impl Lowerer<'_, '_> {
    /// The largest number of axes among the blocks.
    fn most_axes(&mut self, x: &Operand) -> Result<usize> {
        if !matches!(x.ty, Ty::Tuple(_)) {
            return Ok(rank(x));
        }
        let items = self.items(x);
        let ranks = items.iter().map(|i| self.most_axes(i)).collect::<Result<Vec<_>>>()?;
        Ok(ranks.into_iter().max().unwrap_or(0))
    }

    /// The blocks of a list joined, or one block with axes added in front.
    fn blocked(&mut self, x: &Operand, depth: usize, ndim: usize, span: Span) -> Result<Operand> {
        if depth == 0 {
            let x = self.as_array(x, None, span)?;
            let axes = (rank(&x)..ndim).map(|_| Axis::New).chain((0..rank(&x)).map(Axis::Of));
            return self.rearranged(&x, &axes.collect::<Vec<_>>(), span);
        }
        let items = self.items(x);
        let parts =
            items.iter().map(|i| self.blocked(i, depth - 1, ndim, span)).collect::<Result<Vec<_>>>()?;
        let axis = Operand::int((ndim - depth) as i64, span);
        let positional = vec![Operand::tuple(parts, span), axis];
        registry::call(self, "numpy.concatenate", Args { positional, keywords: Vec::new(), span })
    }
}
