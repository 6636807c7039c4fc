//! Deferred assignments: lazy arrays that a variable carries to the statement that uses them.
//!
//! `d = a - b` followed by `return (d * d).sum()` needs no array `d`: the variable holds the lazy operand, and the loop
//! that uses it computes its elements. That changes neither values nor aliasing nor which exception is raised if
//!
//! - the variable has this one definition, and all its uses are in later statements of the same block that run once,
//! - no statement in between, nor the using one, may write to an array or give another value to a name in the
//!   expression,
//! - computing an element can neither raise nor write, and reads its own place only,
//! - it is used once, or computing it again costs less than storing it.

use ungil_diag::span::Span;
use ungil_ir::entities::{Region, Value};
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::name::Name;
use ungil_syntax::ast::stmt::{Stmt, StmtKind};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::operand::Operand;
use crate::resolve::children;
use crate::resolve::webs::WebId;
use crate::ty::Ty;
use crate::world::Global;

/// Operations that are done again rather than stored, and arrays that are read again for them.
const CHEAP_OPERATIONS: usize = 4;
const CHEAP_ARRAYS: usize = 2;

/// Reductions, as functions and methods, that are loops over the elements they are given.
const ONE_PASS: &[&str] = &["sum", "prod", "min", "max", "any", "all", "mean"];

/// How a deferred variable is used.
#[derive(Default)]
struct Uses {
    count: usize,
    /// Whether some use is neither an operand of an operator nor what a reduction reduces.
    bare: bool,
}

impl Lowerer<'_, '_> {
    /// Lowers `name = expression` so that the arrays in it are computed where the variable is used, if that changes nothing.
    /// `false`: it is an assignment as any other.
    pub(crate) fn deferred(&mut self, stmt: &Stmt, rest: &[Stmt]) -> Result<bool> {
        let StmtKind::Assign { targets, value } = &stmt.kind else { return Ok(false) };
        let [Expr { kind: ExprKind::Name(_), span, .. }] = &targets[..] else { return Ok(false) };
        if !matches!(
            value.kind,
            ExprKind::Binary { .. }
                | ExprKind::Unary { .. }
                | ExprKind::Compare { .. }
                | ExprKind::Call(_)
                | ExprKind::Name(_)
        ) || self.may_change_arrays(value)
        {
            return Ok(false);
        }
        let Some(web) = self.webs.def_at(span.lo) else { return Ok(false) };
        let Some(uses) = self.later_uses(web, value, rest) else { return Ok(false) };
        let reduction = self.producer(value).filter(|_| uses.count == 1 && self.is_reduced(web, rest));
        self.held_rows.extend(reduction);
        let mut operand = self.lower_lazily(value)?;
        if self.may_wait(&operand, &uses)? || reduction.is_some() && self.rows_in(&operand).is_some() {
            let mut names = Vec::new();
            self.names_in(value, &mut names);
            self.deferred_names.insert(web, names);
        } else {
            operand = self.settled(&operand)?;
        }
        self.set_span(*span);
        let before = self.temporaries.clone();
        self.define_name(*span, &operand)?;
        if uses.count == 1 {
            // The one use is the last that the variable is heard of.
            self.temporaries = before;
        }
        Ok(true)
    }

    /// The uses of a variable, if all of them are where its definition may be carried.
    fn later_uses(&self, web: WebId, value: &Expr, rest: &[Stmt]) -> Option<Uses> {
        let known = self.webs.web(web);
        if !known.direct || known.flagged || known.several || self.webs.captured(&known.name).is_some() {
            return None;
        }
        let mut left = self.webs.uses_of(web);
        let mut names = Vec::new();
        self.names_in(value, &mut names);
        let mut uses = Uses::default();
        for stmt in rest {
            let before = uses.count;
            let (value, targets) = match &stmt.kind {
                StmtKind::Assign { targets, value } => (Some(value), &targets[..]),
                StmtKind::AugAssign { target, value, .. } => (Some(value), std::slice::from_ref(target)),
                StmtKind::Return(value) => (value.as_ref(), &[][..]),
                _ => return None,
            };
            if let Some(value) = value {
                if self.may_change_arrays(value) || binds(value) {
                    return None;
                }
                self.count_uses(web, value, true, &mut uses);
            }
            left -= uses.count - before;
            if left == 0 {
                return Some(uses);
            }
            if matches!(stmt.kind, StmtKind::AugAssign { .. })
                || !targets.iter().all(|t| matches!(&t.kind, ExprKind::Name(n) if !names.contains(n)))
            {
                return None;
            }
        }
        None
    }

    /// Whether what reads a variable is a reduction that computes another one's results where it needs them.
    fn is_reduced(&self, web: WebId, rest: &[Stmt]) -> bool {
        rest.iter().any(|stmt| match &stmt.kind {
            StmtKind::Assign { value, .. } | StmtKind::AugAssign { value, .. } => {
                self.is_reduced_in(web, value)
            }
            StmtKind::Return(value) => value.as_ref().is_some_and(|e| self.is_reduced_in(web, e)),
            _ => false,
        })
    }

    fn is_reduced_in(&self, web: WebId, e: &Expr) -> bool {
        let mut found = match &e.kind {
            ExprKind::Call(call) => self.consumed(call).and_then(|e| self.source(e)).is_some_and(|source| {
                matches!(source.kind, ExprKind::Name(_)) && self.web_at(source.span) == Some(web)
            }),
            _ => false,
        };
        children::operands(e, &mut |operand| found = found || self.is_reduced_in(web, operand));
        found
    }

    /// Names whose values an expression is computed from, through deferred variables too.
    fn names_in(&self, e: &Expr, names: &mut Vec<Name>) {
        if let ExprKind::Name(name) = &e.kind {
            names.push(name.clone());
            if let Some(web) = self.web_at(e.span)
                && let Some(deferred) = self.deferred_names.get(&web)
            {
                names.extend(deferred.iter().cloned());
            }
        }
        children::operands(e, &mut |operand| self.names_in(operand, names));
    }

    fn web_at(&self, span: Span) -> Option<WebId> {
        match self.webs.use_at(span.lo)? {
            crate::resolve::webs::Use::Web { web, .. } => Some(web),
            crate::resolve::webs::Use::Unbound => None,
        }
    }

    fn count_uses(&self, web: WebId, e: &Expr, bare: bool, uses: &mut Uses) {
        if matches!(e.kind, ExprKind::Name(_)) && self.web_at(e.span) == Some(web) {
            uses.count += 1;
            uses.bare |= bare;
        }
        let reduces = self.reduces(e);
        let computes = reduces
            || matches!(e.kind, ExprKind::Binary { .. } | ExprKind::Unary { .. } | ExprKind::Compare { .. });
        children::operands(e, &mut |operand| match &operand.kind {
            // The method of what it reduces.
            ExprKind::Attribute { value, .. } if reduces => self.count_uses(web, value, false, uses),
            _ => self.count_uses(web, operand, !computes, uses),
        });
    }

    /// Whether an expression is a reduction that reads each element once.
    fn reduces(&self, e: &Expr) -> bool {
        let ExprKind::Call(call) = &e.kind else { return false };
        let ExprKind::Attribute { attr, .. } = &call.func.kind else { return false };
        let function = match self.global_of(&call.func) {
            Some(Global::Builtin(name)) => name.strip_prefix("numpy.") == Some(&attr.name[..]),
            Some(_) => false,
            None => true,
        };
        function && ONE_PASS.contains(&&attr.name[..])
    }

    /// Whether the elements of a lazy array may be computed later.
    fn may_wait(&mut self, x: &Operand, uses: &Uses) -> Result<bool> {
        if x.lazy.is_none() || !matches!(x.ty, Ty::Array(_)) || !self.far_leaves(x).is_empty() {
            return Ok(false);
        }
        let Some(operations) = self.element_cost(x)? else { return Ok(false) };
        if uses.count <= 1 {
            return Ok(true);
        }
        let mut leaves = Vec::new();
        self.leaves(x, &mut leaves)?;
        Ok(!uses.bare && operations <= CHEAP_OPERATIONS && leaves.len() <= CHEAP_ARRAYS)
    }

    /// What computing an element of a lazy array costs, in simple operations; `None`: it may raise or write.
    pub(crate) fn element_cost(&mut self, x: &Operand) -> Result<Option<usize>> {
        let (region, sample) = self.nested(|l| l.sample(x));
        sample?;
        Ok(self.harmless(region))
    }

    /// A lazy array whose elements are better computed once than wherever broadcasting repeats them.
    pub(crate) fn worth_storing(&mut self, x: &Operand, shape: &[Value]) -> Result<bool> {
        let Some(lazy) = &x.lazy else { return Ok(false) };
        let added = shape.len() - lazy.shape.len();
        let repeats = added > 0
            || lazy.shape.iter().zip(shape).any(|(own, whole)| own != whole && self.ones.contains(own));
        Ok(repeats && self.element_cost(x)?.is_none_or(|cost| cost > CHEAP_OPERATIONS))
    }

    /// Whether computing an element of a lazy array calls a function that is many instructions, and can neither raise nor
    /// write.
    pub(crate) fn calls_maths(&mut self, x: &Operand) -> Result<bool> {
        if x.lazy.is_none() {
            return Ok(false);
        }
        let (region, sample) = self.nested(|l| l.sample(x));
        sample?;
        let dear = |inst: &ungil_ir::entities::Inst| match &self.func.inst(*inst).kind {
            InstKind::Math(f, ..) => {
                !matches!(f.name(), "sqrt" | "floor" | "ceil" | "trunc" | "rint" | "round" | "copysign")
            }
            _ => false,
        };
        Ok(self.func.region(region).iter().any(dear) && self.harmless(region).is_some())
    }

    /// Builds the computation of an element that nobody will use.
    fn sample(&mut self, x: &Operand) -> Result<Operand> {
        if let Some(lazy) = x.lazy.clone().filter(|lazy| lazy.rows.is_none()) {
            let args = lazy.args.iter().map(|a| self.sample(a)).collect::<Result<Vec<_>>>()?;
            let element = (lazy.apply)(self, &args)?;
            return self.typed_element(element, x.ty.as_array().expect("an array").dtype);
        }
        match x.ty.as_array() {
            Some(ty) => {
                // Not a constant, so that nothing is left out because of its value.
                let unknown = self.func.new_value(ungil_ir::types::Type::Scalar(ty.dtype));
                Ok(Operand::value(Ty::Scalar(ty.dtype), unknown, x.span))
            }
            None => Ok(x.clone()),
        }
    }

    /// What a computation costs, in simple operations, if it can neither raise nor write; dear functions count for many.
    fn harmless(&self, region: Region) -> Option<usize> {
        let mut cost = 0;
        for inst in self.func.region(region) {
            cost += match &self.func.inst(*inst).kind {
                InstKind::Const(_) | InstKind::TupleMake(_) | InstKind::TupleGet(..) => 0,
                InstKind::Binary(BinaryOp::Div | BinaryOp::Pow, ..) | InstKind::Math(..) => {
                    CHEAP_OPERATIONS + 1
                }
                InstKind::Binary(op, ..) if op.divides() => CHEAP_OPERATIONS + 1,
                InstKind::Unary(..)
                | InstKind::Binary(..)
                | InstKind::Compare(..)
                | InstKind::Select(..)
                | InstKind::Cast(..) => 1,
                InstKind::If { then, otherwise, .. } => {
                    1 + self.harmless(*then)? + self.harmless(*otherwise)?
                }
                _ => return None,
            };
        }
        Some(cost)
    }

    /// An element as the array would have it: Python's numbers among NumPy's become the array's type.
    pub(crate) fn typed_element(&mut self, element: Operand, dtype: DType) -> Result<Operand> {
        if element.ty == Ty::Scalar(dtype) {
            return Ok(element);
        }
        let value = self.cast_to(&element, dtype)?;
        Ok(Operand::value(Ty::Scalar(dtype), value, element.span))
    }
}

/// Whether an expression assigns a name.
fn binds(e: &Expr) -> bool {
    let mut found = matches!(e.kind, ExprKind::Named { .. });
    children::operands(e, &mut |operand| found = found || binds(operand));
    found
}
