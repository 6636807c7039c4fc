//! `list.append`, `list.extend` and `list +=` on a list from outside a parallel loop: an ordered reduction.
//!
//! The iterations are cut into blocks of consecutive ones. Each block appends to a list of its own, and after the loop
//! those lists are appended to the outer one in the order of the blocks, so that the elements come in iteration order for
//! any number of threads. The outer list has no other use in the loop.

use std::collections::HashMap;

use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Region, Value};
use ungil_ir::inst::{BinaryOp, For as IrFor, InstKind, LoopHints};
use ungil_ir::types::Type;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::operator::BinaryOp as Operator;
use ungil_syntax::ast::stmt::{For, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::list::element::list_ty;
use crate::lower::loops::Leaves;
use crate::operand::Operand;
use crate::resolve::webs::{Use, WebId};
use crate::ty::Ty;

/// Most blocks.
const BLOCKS: i64 = 512;

/// A list that a parallel loop appends to.
pub(crate) struct Collected {
    web: WebId,
    list: Operand,
    /// One list for each block.
    parts: Operand,
}

/// Calls of `append` and `extend` on names, and `name += …`.
#[derive(Default)]
struct Appends {
    found: Vec<(Span, Span)>,
    added: Vec<(Span, Span)>,
}

impl Visitor for Appends {
    fn visit_expr(&mut self, e: &Expr) {
        if let ExprKind::Call(call) = &e.kind
            && let Some((name, attr, _)) = append_target(call)
        {
            self.found.push((name, attr));
        }
        walk_expr(self, e);
    }

    fn visit_stmt(&mut self, s: &Stmt) {
        if let StmtKind::AugAssign { target, op: Operator::Add, .. } = &s.kind
            && matches!(target.kind, ExprKind::Name(_))
        {
            // The operator tells apart what is made here, as an attribute does.
            let at = target.span.hi;
            self.added.push((target.span, Span { lo: at, hi: at + 1, ..target.span }));
        }
        walk_stmt(self, s);
    }
}

/// Where the name and the attribute of `name.append(…)` stand, and the attribute.
fn append_target(call: &Call) -> Option<(Span, Span, &str)> {
    match &call.func.kind {
        ExprKind::Attribute { value, attr } if matches!(&*attr.name, "append" | "extend") => {
            matches!(value.kind, ExprKind::Name(_)).then_some((value.span, attr.span, &*attr.name))
        }
        _ => None,
    }
}

impl Lowerer<'_, '_> {
    /// The lists from outside that a loop's body appends to, with lists for the blocks.
    pub(crate) fn collected(&mut self, node: &For, blocks: Value) -> Result<Vec<Collected>> {
        let (low, high) = match (node.body.first(), node.body.last()) {
            (Some(first), Some(last)) => (first.span.lo, last.span.hi),
            _ => return Ok(Vec::new()),
        };
        let mut collected: Vec<Collected> = Vec::new();
        for (name, attr) in self.appends_of(node) {
            let Some(used @ Use::Web { web, .. }) = self.webs.use_at(name.lo) else { continue };
            let defined = self.webs.web(web).span;
            if (low..high).contains(&defined.lo) || collected.iter().any(|c| c.web == web) {
                continue;
            }
            let list = self.read_use(used, "the list", name)?;
            if !matches!(list.ty, Ty::List(_)) {
                continue;
            }
            let parts = self.empty_list(Some(&list.ty), attr)?;
            if list_ty(&parts).element.is_some() {
                let inner = Span { lo: attr.lo + 1, ..attr };
                let element = list_ty(&list).element.clone();
                self.ordered(&[blocks], &mut |l, _| {
                    let part = l.empty_list(element.as_ref(), inner)?;
                    l.push_item(&parts, &part, inner)
                })?;
            }
            collected.push(Collected { web, list, parts });
        }
        Ok(collected)
    }

    /// Whether a loop's body may append to a list from outside.
    pub(crate) fn appends(&self, node: &For) -> bool {
        !self.appends_of(node).is_empty()
    }

    /// Where a loop's body appends to names; sums of numbers are left out.
    fn appends_of(&self, node: &For) -> Vec<(Span, Span)> {
        let mut search = Appends::default();
        node.body.iter().for_each(|s| search.visit_stmt(s));
        search.added.retain(|(name, _)| self.is_list_at(*name));
        [search.found, search.added].concat()
    }

    /// Whether a name means a list.
    fn is_list_at(&self, name: Span) -> bool {
        let Some(Use::Web { web, .. }) = self.webs.use_at(name.lo) else { return false };
        let k = web.0 as usize;
        let ty = match &self.slots[k].direct {
            Some(direct) => Some(&direct.ty),
            None => self.program.instances[self.instance].web_types[k].as_ref(),
        };
        matches!(ty, Some(Ty::List(_)))
    }

    /// Whether a loop inside a parallel one appends to a list from outside.
    pub(crate) fn appends_inside(&self, node: &For) -> bool {
        let (Some(first), Some(last)) = (node.body.first(), node.body.last()) else { return false };
        self.in_parallel()
            && self.appends_of(node).iter().any(|(name, _)| match self.webs.use_at(name.lo) {
                Some(Use::Web { web, .. }) => {
                    !(first.span.lo..last.span.hi).contains(&self.webs.web(web).span.lo)
                }
                _ => false,
            })
    }

    /// How many blocks a loop of `n` iterations that collects has.
    pub(crate) fn collecting_blocks(&mut self, n: Value) -> Value {
        let most = self.b().i64(BLOCKS);
        self.b().binary(BinaryOp::Min, n, most)
    }

    /// The body of the parallel loop: block `block` of `blocks`.
    pub(crate) fn collecting_body(
        &mut self,
        node: &For,
        (block, blocks): (Value, Value),
        (start, step, n): (Value, Value, Value),
        collected: &[Collected],
    ) -> (Region, Result<()>) {
        self.nested(|l| {
            let mut lists = HashMap::new();
            for c in collected {
                if list_ty(&c.parts).element.is_some() {
                    let list = l.list_item(&c.parts, block, c.list.span)?;
                    if let (Some(own), Some(value)) = (&mut l.own_lists, list.value) {
                        own.insert(value);
                    }
                    lists.insert(c.web, list);
                }
            }
            let (low, one) = (l.block_start(block, blocks, n), l.b().i64(1));
            let next = l.b().binary(BinaryOp::Add, block, one);
            let high = l.block_start(next, blocks, n);
            let outer = std::mem::replace(&mut l.collecting, lists);
            let label = l.func.new_label();
            let k = l.func.new_value(Type::I64);
            let (region, result) = l.collecting_iteration(node, label, (start, step, k));
            l.collecting = outer;
            let hints = LoopHints::default();
            let inner = IrFor { label, iv: k, start: low, stop: high, step: one, body: region, hints };
            l.b().push(InstKind::For(Box::new(inner)));
            result
        })
    }

    fn collecting_iteration(
        &mut self,
        node: &For,
        label: Label,
        (start, step, k): (Value, Value, Value),
    ) -> (Region, Result<()>) {
        let prefix = self.nested(|l| {
            let moved = l.b().binary(BinaryOp::Mul, k, step);
            l.b().binary(BinaryOp::Add, start, moved)
        });
        let (region, i) = prefix;
        let outer = std::mem::replace(&mut self.region, region);
        let (body, result) = self.parallel_body(node, label, i, Leaves::Never);
        let insts = self.func.region(body).to_vec();
        self.func.regions[region.index()].extend(insts);
        self.region = outer;
        (region, result)
    }

    /// `block * n // blocks` without overflow: blocks differ by one iteration at most.
    fn block_start(&mut self, block: Value, blocks: Value, n: Value) -> Value {
        let each = self.b().binary(BinaryOp::FloorDiv, n, blocks);
        let rest = self.b().binary(BinaryOp::Mod, n, blocks);
        let whole = self.b().binary(BinaryOp::Mul, block, each);
        let extra = self.b().binary(BinaryOp::Min, block, rest);
        self.b().binary(BinaryOp::Add, whole, extra)
    }

    /// Appends what the blocks collected.
    pub(crate) fn append_collected(&mut self, collected: &[Collected], blocks: Value) -> Result<()> {
        // Here is behind the loop.
        self.own_lists = None;
        for c in collected {
            if list_ty(&c.parts).element.is_none() {
                continue;
            }
            self.change_list(&c.list)?;
            self.ordered(&[blocks], &mut |l, at| {
                let part = l.list_item(&c.parts, at[0], c.list.span)?;
                l.list_extend(&c.list, &part, c.list.span)
            })?;
        }
        Ok(())
    }

    /// A block's own list for `name += …` of one that the loop collects. It is what the name means behind the statement, too.
    pub(crate) fn collecting_list(&mut self, name: Span) -> Option<Operand> {
        let Some(Use::Web { web, .. }) = self.webs.use_at(name.lo) else { return None };
        let list = self.collecting.get(&web)?.clone();
        if let Some(behind) = self.webs.def_at(name.lo) {
            self.collecting.insert(behind, list.clone());
        }
        Some(list)
    }

    /// The method of a block's own list, if this calls `append` or `extend` on a list that the loop collects.
    pub(crate) fn collecting_method(&self, call: &Call) -> Option<Operand> {
        let (name, attr, method) = append_target(call)?;
        let Some(Use::Web { web, .. }) = self.webs.use_at(name.lo) else { return None };
        let list = self.collecting.get(&web)?;
        let method = Ty::Method(Box::new(list.ty.clone()), format!("list.{method}").into());
        Some(Operand { ty: method, span: attr, ..list.clone() })
    }
}
