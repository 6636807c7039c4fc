//! Variables with an address that the threads of a parallel section have for themselves.
//!
//! As in Cython a variable is private where the section assigns it. One with an address gets memory in the frame of the
//! section's body, zero at first. What such a variable is after the section is not handed on: a variable that is used
//! behind the section, or beside it in a loop around both, stays the function's, and its assignment is refused.

use core::ops::Range;
use std::collections::HashSet;

use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use crate::ctype::CType;
use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::memory::{Memory, address_of};
use crate::resolve::scopes::Body;

/// Names that statements assign as a whole.
#[derive(Default)]
struct Assigned(HashSet<String>);

impl Assigned {
    fn target(&mut self, target: &Expr) {
        match &target.kind {
            ExprKind::Name(name) => drop(self.0.insert(name.to_string())),
            ExprKind::Tuple(items) | ExprKind::List(items) => items.iter().for_each(|t| self.target(t)),
            _ => {}
        }
    }
}

impl Visitor for Assigned {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::Assign { targets, .. } => targets.iter().for_each(|t| self.target(t)),
            // A reduction belongs to the variable of the function.
            StmtKind::AugAssign { .. } | StmtKind::FunctionDef(_) => {}
            StmtKind::For(node) => self.target(&node.target),
            _ => {}
        }
        walk_stmt(self, stmt);
    }
}

/// Names that are used where a section's last values would be seen, whose address is taken outside it, or that are updated
/// in place.
struct Used {
    section: Range<u32>,
    /// Whether what stands before the section also runs after it.
    in_loop: bool,
    names: HashSet<String>,
}

impl Visitor for Used {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        if let StmtKind::AugAssign { target: Expr { kind: ExprKind::Name(name), .. }, .. } = &stmt.kind {
            self.names.insert(name.to_string());
        }
        walk_stmt(self, stmt);
    }

    fn visit_expr(&mut self, expr: &Expr) {
        if let Some(name) = address_of(expr)
            && !self.section.contains(&expr.span.lo)
        {
            self.names.insert(name.to_owned());
        }
        if let ExprKind::Name(name) = &expr.kind
            && (expr.span.lo >= self.section.end || self.in_loop && expr.span.lo < self.section.start)
        {
            self.names.insert(name.to_string());
        }
        walk_expr(self, expr);
    }
}

impl Lowerer<'_, '_> {
    /// Gives a parallel section, whose body is begun, memory of its own for variables; the function's, to be put back.
    pub(crate) fn private_memory(&mut self, body: &[Stmt]) -> Result<Vec<(String, Memory)>> {
        let (Some(first), Some(last)) = (body.first(), body.last()) else { return Ok(Vec::new()) };
        if self.memory.is_empty() || self.in_parallel() {
            return Ok(Vec::new());
        }
        let Body::Block(all) = &*self.code.body.clone() else { return Ok(Vec::new()) };
        let section = first.span.lo..last.span.hi;
        let mut used = Used { section, in_loop: self.is_in_loop(), names: HashSet::new() };
        all.iter().for_each(|stmt| used.visit_stmt(stmt));
        let mut assigned = Assigned::default();
        body.iter().for_each(|stmt| assigned.visit_stmt(stmt));
        let mut names: Vec<String> = assigned.0.difference(&used.names).cloned().collect();
        names.sort();
        let mut before = Vec::new();
        for name in names {
            let Some(memory) = self.memory.get(&name).cloned() else { continue };
            let dtype = match &memory.ty {
                CType::Scalar(dtype) if !dtype.is_complex() => *dtype,
                CType::Bint => DType::I32,
                CType::Pointer(_) => DType::I64,
                _ => continue,
            };
            let own = self.frame_memory(&memory.ty, last.span)?;
            let flat = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
            let (one, place) = (self.b().i64(1), self.b().i64(0));
            let place_of = self.array_over(own.pointer, vec![one], flat, last.span);
            let (array, zero) = (self.value(&place_of)?, self.b().cast(place, dtype));
            self.b().store(array, vec![place], zero);
            self.private.insert(name.clone());
            self.memory.insert(name.clone(), own);
            before.push((name, memory));
        }
        Ok(before)
    }

    /// Gives the function its variables back behind a parallel section.
    pub(crate) fn end_private_memory(&mut self, before: Vec<(String, Memory)>) {
        for (name, memory) in before {
            self.private.remove(&name);
            self.memory.insert(name, memory);
        }
    }
}
