//! `for i from a <= i < b by s`, which plain text has as a loop over `__pyx_from(a, b, s)`.
//!
//! As in C the variable itself counts: what the body assigns to it counts, and behind the loop it is past the last value. A
//! variable that is an object takes the number of a `long`, at each turn and behind the last one.

use ungil_ir::inst::{BinaryOp as Ir, InstKind};
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::operator::{CompareOp, UnaryOp};
use ungil_syntax::ast::stmt::For;

use super::function::Lowerer;
use super::value::{CTy, Val};
use super::{Result, refuse};

/// The call that stands for the bounds of such a loop.
fn bounds_of(iter: &Expr) -> Option<&Call> {
    let ExprKind::Call(call) = &iter.kind else { return None };
    matches!(&call.func.kind, ExprKind::Name(name) if &**name == "__pyx_from").then_some(&**call)
}

impl Lowerer<'_> {
    /// Lowers a loop if it is one with bounds; whether it is.
    pub(super) fn bounded_loop(&mut self, f: &For) -> Result<bool> {
        let Some(call) = bounds_of(&f.iter) else { return Ok(false) };
        let ExprKind::Name(name) = &f.target.kind else { return refuse("this target of `for … from`") };
        let [lower, upper, step @ ..] = call.args.as_slice() else { return refuse("`for … from`") };
        let declared = self.local(name).and_then(|local| local.ty);
        let is_number = |ty: &CTy| matches!(ty, CTy::Num(dtype, _) if dtype.is_int() || dtype.is_float());
        let own = declared.filter(is_number);
        let ty = own.clone().unwrap_or_else(|| CTy::Num(DType::I64, "long".into()));
        let goes_down =
            matches!(step.first().map(|s| &s.kind), Some(ExprKind::Unary { op: UnaryOp::Neg, .. }));
        let bound = |l: &mut Self, e: &Expr| {
            let value = l.expr(e)?;
            l.at(e.span);
            l.number(value, &ty)
        };
        let (start, stop) = (bound(self, lower)?, bound(self, upper)?);
        let step = match step.first() {
            Some(step) => bound(self, step)?,
            None => {
                let one = self.word(1);
                self.b().cast(one, ty.dtype())
            }
        };
        let counter = self.func.new_var("counter", ungil_ir::types::Type::Scalar(ty.dtype()));
        let moved = self.word_var("moved", 0);
        self.b().set(counter, start);
        if own.is_some() {
            self.store(&f.target, Val::C(start, ty.clone()))?;
        }
        let (outer, label) = (self.func.new_label(), self.func.new_label());
        self.around(outer, &f.orelse, |l, break_to| {
            l.forever(label, |l| {
                // `continue` comes back here as well, so that the step is made on the way in.
                let now = match &own {
                    Some(_) => match l.expr(&f.target)? {
                        Val::C(now, _) => now,
                        _ => return refuse("this variable of `for … from`"),
                    },
                    None => l.b().get(counter),
                };
                let (go_on, one) = (l.b().get(moved), l.word(1));
                let is_later = l.is_word(go_on, 1);
                let next = l.b().binary(Ir::Add, now, step);
                let now = l.b().select(is_later, next, now);
                l.b().set(moved, one);
                l.b().set(counter, now);
                l.store(&f.target, Val::C(now, ty.clone()))?;
                let op = if goes_down { CompareOp::Gt } else { CompareOp::Lt };
                let goes = l.c_compare(op, (now, ty.clone()), (stop, ty.clone()))?;
                l.branch(
                    goes,
                    |_| Ok(true),
                    |l| {
                        l.b().push(InstKind::Break(label));
                        Ok(false)
                    },
                )?;
                l.loop_body(break_to.unwrap_or(label), label, &f.body)
            })
        })?;
        Ok(true)
    }
}
