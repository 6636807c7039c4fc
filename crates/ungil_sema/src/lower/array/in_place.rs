//! Temporaries that become results: `np.sqrt(x.sum(axis=0))` takes its roots where the sums are.
//!
//! A temporary is a fresh array that a library function has returned into an expression and that no variable holds.
//! The expression it is part of is its only user, so that the loop that computes the expression's elements may store
//! them there, if it reads no other array: each place is read before it is written.

use ungil_ir::entities::Value;
use ungil_syntax::ast::expr::{Expr, ExprKind};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::Operand;

impl Lowerer<'_, '_> {
    /// The number that the next value gets, to tell what is made from here on.
    pub(crate) fn next_value(&self) -> usize {
        self.func.values.len()
    }

    /// Remembers the result of a library function as a temporary, if it is a whole array made since `before`.
    pub(crate) fn note_temporary(&mut self, result: &Operand, before: usize) {
        if let Some(value) = result.value
            && value.0 as usize >= before
            && self.roots.get(&value).is_some_and(|root| root.fresh && root.array == value)
        {
            self.temporaries.insert(value);
        }
    }

    /// What a variable holds is no temporary any more.
    pub(crate) fn held(&mut self, x: &Operand) {
        if let Some(value) = x.value {
            self.temporaries.remove(&value);
        }
        for part in x.parts.iter().flat_map(|parts| parts.iter()) {
            self.held(part);
        }
        if let Some(lazy) = x.lazy.clone() {
            lazy.args.iter().chain(&lazy.far).for_each(|a| self.held(a));
        }
    }

    /// The value of a whole expression in memory, in that of a temporary if there is one that nobody else needs.
    pub(crate) fn settled_whole(&mut self, e: &Expr, x: &Operand) -> Result<Operand> {
        let elementwise =
            matches!(e.kind, ExprKind::Binary { .. } | ExprKind::Unary { .. } | ExprKind::Call(_));
        match (&x.lazy, elementwise) {
            (Some(lazy), true) => match self.only_temporary(x)? {
                Some(place) => {
                    let shape = lazy.shape.clone();
                    self.store_in(x, &shape, &place)?;
                    Ok(place.at(x.span))
                }
                None => self.settled(x),
            },
            _ => self.settled(x),
        }
    }

    /// The temporary of the result's type that is the only array a lazy one is computed from.
    fn only_temporary(&mut self, x: &Operand) -> Result<Option<Operand>> {
        if self.temporaries.is_empty() || !self.far_leaves(x).is_empty() {
            return Ok(None);
        }
        let mut leaves = Vec::new();
        self.leaves(x, &mut leaves)?;
        let is_temporary = |value: Option<Value>| value.is_some_and(|v| self.temporaries.contains(&v));
        Ok(match leaves.pop() {
            Some(leaf) if leaves.is_empty() && leaf.ty == x.ty && is_temporary(leaf.value) => Some(leaf),
            _ => None,
        })
    }
}
