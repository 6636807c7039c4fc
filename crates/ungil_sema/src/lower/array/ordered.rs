//! Loops over places in C order.
//!
//! A sweep visits places in any order; counting, compressing and assignments where one place is written several times
//! need NumPy's order, the last axis fastest.

use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::inst::{BinaryOp, For, InstKind, LoopHints};
use ungil_ir::types::Type;

use crate::diagnostics::Result;
use crate::lower::Lowerer;

impl Lowerer<'_, '_> {
    /// Nested loops in order over extents; the body gets the indices.
    pub(crate) fn ordered(
        &mut self,
        extents: &[Value],
        body: &mut dyn FnMut(&mut Self, &[Value]) -> Result<()>,
    ) -> Result<()> {
        let mut at = Vec::new();
        self.nest(extents, &mut at, body)
    }

    fn nest(
        &mut self,
        extents: &[Value],
        at: &mut Vec<Value>,
        body: &mut dyn FnMut(&mut Self, &[Value]) -> Result<()>,
    ) -> Result<()> {
        let Some((&stop, rest)) = extents.split_first() else { return body(self, at) };
        let iv = self.func.new_value(Type::I64);
        at.push(iv);
        let (region, result) = self.nested(|l| l.nest(rest, at, body));
        at.pop();
        self.push_loop(stop, iv, region);
        result
    }

    /// `for iv in range(stop): region`.
    pub(crate) fn push_loop(&mut self, stop: Value, iv: Value, region: Region) {
        let (start, step) = (self.b().i64(0), self.b().i64(1));
        let label = self.func.new_label();
        let hints = LoopHints::default();
        self.b().push(InstKind::For(Box::new(For { label, iv, start, stop, step, body: region, hints })));
    }

    /// `while var < limit: body()`.
    pub(crate) fn while_below(
        &mut self,
        var: Var,
        limit: Value,
        body: &mut dyn FnMut(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let label = self.func.new_label();
        let (cond, test) = self.nested(|l| {
            let now = l.b().get(var);
            l.b().compare(ungil_ir::inst::CompareOp::Lt, now, limit)
        });
        let (body, result) = self.nested(body);
        self.b().push(InstKind::While { label, cond, test, body });
        result
    }

    /// A new variable of integers.
    pub(crate) fn counter(&mut self, name: &str) -> Var {
        let var = self.new_var(name, Type::I64);
        let zero = self.b().i64(0);
        self.b().set(var, zero);
        var
    }

    /// `var += n`.
    pub(crate) fn advance(&mut self, var: Var, n: Value) {
        let now = self.b().get(var);
        let next = self.b().binary(BinaryOp::Add, now, n);
        self.b().set(var, next);
    }
}
