//! `any` and `all`: the truth of the items, until one decides.

use ungil_diag::span::Span;
use ungil_ir::inst::{InstKind, UnaryOp};
use ungil_ir::types::Type;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `any(iterable)` (`decisive` is true) or `all(iterable)`: a Python bool.
    pub(crate) fn quantified(&mut self, decisive: bool, iterable: &Operand, span: Span) -> Result<Operand> {
        let result = self.new_var(if decisive { "any" } else { "all" }, Type::BOOL);
        let undecided = self.b().bool(!decisive);
        self.b().set(result, undecided);
        let label = self.func.new_label();
        self.once(label, |l| {
            l.each_item(iterable, &mut |l, item| {
                let truth = l.truth_value(&item)?;
                let decides = if decisive { truth } else { l.b().unary(UnaryOp::Not, truth) };
                l.if_then(decides, |l| {
                    let decided = l.b().bool(decisive);
                    l.b().set(result, decided);
                    l.b().push(InstKind::Break(label));
                });
                Ok(())
            })
        })?;
        let value = self.b().get(result);
        Ok(Operand::value(Ty::PyBool, value, span))
    }
}
