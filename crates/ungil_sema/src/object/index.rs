//! Variables without a declaration that are numbers of C.
//!
//! As Cython infers them: indices, bound by `for i in range(...)` over bounds of C alone, and lengths, used where no
//! arithmetic can overflow; what is only ever a double. What may be read before it is bound stays a Python object.

use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, UnaryOp};
use ungil_syntax::ast::stmt::{Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use super::function::Lowerer;
use super::infer::Assigned;
use super::loops::step_of;
use super::typing::Kind;
use super::value::CTy;

/// Literals that indices are combined with: what they give fits 64 bits by far.
const LARGEST_LITERAL: u64 = 1 << 20;

/// Where a name is read.
struct Uses<'a, 'l> {
    lowerer: &'a Lowerer<'l>,
    name: &'a str,
    /// Loops around that bind it.
    loops: u32,
    /// Whether the bounds of all its loops are small enough for arithmetic with literals.
    is_small: bool,
    fits: bool,
}

impl Uses<'_, '_> {
    fn is_name(&self, e: &Expr) -> bool {
        matches!(&e.kind, ExprKind::Name(name) if **name == *self.name)
    }

    /// Whether an expression is the index, or the index and a literal.
    fn is_simple(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Binary { left, op, right } => {
                let known = matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult)
                    || *op == BinaryOp::Mod && !self.lowerer.c.cdivision && !is_literal(left);
                self.is_small
                    && known
                    && (self.is_name(left) && is_literal(right) || is_literal(left) && self.is_name(right))
            }
            _ => self.is_name(e),
        }
    }

    /// A use as it is: what else is there is looked at.
    fn used(&mut self, e: &Expr) {
        if self.is_simple(e) {
            self.fits &= self.loops > 0;
        } else {
            self.visit_expr(e);
        }
    }

    fn all_used<'e>(&mut self, all: impl IntoIterator<Item = &'e Expr>) {
        all.into_iter().for_each(|e| self.used(e));
    }

    /// Whether an index converted to the type of an expression keeps its value, or is as good as the object.
    fn takes_index(&self, target: &Expr) -> bool {
        match self.lowerer.kind(target) {
            Kind::Object => true,
            Kind::C(ty) => matches!(ty.dtype(), DType::F64 | DType::I64) && !ty.is_address(),
            Kind::Literal(_) => false,
        }
    }

    /// Whether arithmetic of the index with an expression cannot overflow: it is Python's, or that of doubles.
    fn is_safe_beside(&self, op: BinaryOp, e: &Expr) -> bool {
        let is_double = match self.lowerer.kind(e) {
            Kind::Object => return !self.is_simple(e),
            Kind::C(ty) => ty.dtype() == DType::F64,
            Kind::Literal(literal) => matches!(literal, Literal::Float(_)),
        };
        is_double && is_arithmetic(op)
    }
}

impl Visitor for Uses<'_, '_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::For(f) if self.is_name(&f.target) => {
                self.visit_expr(&f.iter);
                self.loops += 1;
                f.body.iter().for_each(|s| self.visit_stmt(s));
                self.loops -= 1;
                f.orelse.iter().for_each(|s| self.visit_stmt(s));
            }
            StmtKind::Assign { targets, value } if targets.iter().all(|t| self.is_name(t)) => {
                self.visit_expr(value);
            }
            StmtKind::Assign { targets, value } if targets.iter().all(|t| self.takes_index(t)) => {
                targets.iter().for_each(|t| self.visit_expr(t));
                self.used(value);
            }
            StmtKind::AugAssign { target, op, value } if self.is_safe_beside(*op, target) => {
                self.visit_expr(target);
                self.used(value);
            }
            StmtKind::Return(Some(value)) => self.used(value),
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Name(_) => self.fits &= !self.is_name(e),
            ExprKind::Subscript { value, index } => {
                self.visit_expr(value);
                self.used(index);
            }
            ExprKind::Call(call) => {
                self.visit_expr(&call.func);
                self.all_used(&call.args);
                call.keywords.iter().for_each(|k| self.visit_expr(&k.value));
            }
            ExprKind::Compare { left, rest } => {
                self.used(left);
                self.all_used(rest.iter().map(|r| &r.right));
            }
            ExprKind::Binary { left, op, right } if self.is_safe_beside(*op, left) => {
                self.visit_expr(left);
                self.used(right);
            }
            ExprKind::Binary { left, op, right } if self.is_safe_beside(*op, right) => {
                self.used(left);
                self.visit_expr(right);
            }
            ExprKind::ListComp { generators, .. }
            | ExprKind::SetComp { generators, .. }
            | ExprKind::DictComp { generators, .. }
            | ExprKind::Generator { generators, .. } => {
                self.fits &= generators.iter().all(|g| !self.is_name(&g.target));
                walk_expr(self, e);
            }
            ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => self.all_used(items),
            _ => walk_expr(self, e),
        }
    }
}

/// Whether of doubles an operator gives a double.
fn is_arithmetic(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult | BinaryOp::Div)
}

fn is_literal(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::Literal(Literal::Int(n)) if n.unsigned_abs() <= LARGEST_LITERAL)
}

/// The bounds of a loop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Bounds {
    Small,
    Wide,
    Unknown,
}

/// Whether a name is mentioned.
struct Mentions<'a> {
    name: &'a str,
    found: bool,
}

impl Visitor for Mentions<'_> {
    fn visit_expr(&mut self, e: &Expr) {
        self.found |= matches!(&e.kind, ExprKind::Name(name) if **name == *self.name);
        walk_expr(self, e);
    }
}

fn mentions(name: &str, visit: impl FnOnce(&mut Mentions<'_>)) -> bool {
    let mut mentions = Mentions { name, found: false };
    visit(&mut mentions);
    mentions.found
}

impl Lowerer<'_> {
    /// The type of a variable that holds doubles, or a length.
    pub(super) fn number_type(&self, found: &Assigned<'_>) -> Option<CTy> {
        if !self.is_bound_first(found.name) {
            return None;
        }
        let is_length = found.augmented.is_empty() && matches!(&found.values[..], [v] if self.is_length(v));
        if is_length && self.fits(found.name, 1, true) {
            return Some(CTy::Num(DType::I64, "Py_ssize_t".into()));
        }
        let are_doubles = found.values.iter().all(|v| self.gives_double(v, found.name))
            && found.augmented.iter().all(|(op, v)| is_arithmetic(*op) && self.is_number(v, found.name));
        are_doubles.then(|| CTy::num(DType::F64))
    }

    /// Whether the function's first statement that has a name is an assignment to it.
    fn is_bound_first(&self, name: &str) -> bool {
        let mut body = self.source.def.body.iter();
        let first = body.find(|stmt| mentions(name, |m| m.visit_stmt(stmt)));
        let Some(StmtKind::Assign { targets, value }) = first.map(|stmt| &stmt.kind) else { return false };
        let is_target = matches!(&targets[..], [t] if matches!(&t.kind, ExprKind::Name(n) if **n == *name));
        is_target && !mentions(name, |m| m.visit_expr(value))
    }

    /// Whether an expression is a double where a name is one.
    fn gives_double(&self, e: &Expr, name: &str) -> bool {
        match &e.kind {
            ExprKind::Name(n) if **n == *name => true,
            ExprKind::Binary { left, op, right } if is_arithmetic(*op) => {
                self.gives_double(left, name) && self.is_number(right, name)
                    || self.is_number(left, name) && self.gives_double(right, name)
            }
            ExprKind::Unary { op: UnaryOp::Neg, operand } => self.gives_double(operand, name),
            _ => match self.kind(e) {
                Kind::Literal(Literal::Float(_)) => true,
                Kind::C(CTy::Num(dtype, _)) => dtype == DType::F64,
                _ => false,
            },
        }
    }

    /// Whether an expression is a real number of C where a name is a double.
    fn is_number(&self, e: &Expr, name: &str) -> bool {
        let known = match self.kind(e) {
            Kind::Literal(literal) => matches!(literal, Literal::Int(_) | Literal::Float(_)),
            Kind::C(CTy::Num(dtype, _)) => !dtype.is_complex(),
            _ => false,
        };
        known || self.gives_double(e, name)
    }

    fn is_length(&self, e: &Expr) -> bool {
        matches!(&e.kind, ExprKind::Call(c)
            if matches!(&c.func.kind, ExprKind::Name(n) if **n == *"len" && self.is_builtin(n)))
            && matches!(self.kind(e), Kind::C(CTy::Num(..)))
    }

    /// Whether all uses of a variable are those of an integer of C.
    fn fits(&self, name: &str, loops: u32, is_small: bool) -> bool {
        let mut uses = Uses { lowerer: self, name, loops, is_small, fits: true };
        self.source.def.body.iter().for_each(|stmt| uses.visit_stmt(stmt));
        uses.fits
    }

    /// The type of a variable that counts.
    pub(super) fn index_type(&self, found: &Assigned<'_>) -> Option<CTy> {
        let worst = found.loops.iter().map(|over| self.bounds(over)).max();
        let is_small = match worst? {
            Bounds::Unknown => return None,
            known => known == Bounds::Small,
        };
        let fits = found.augmented.is_empty() && self.fits(found.name, 0, is_small);
        fits.then(|| CTy::Num(DType::I64, "Py_ssize_t".into()))
    }

    fn bounds(&self, over: &Expr) -> Bounds {
        let ExprKind::Call(call) = &over.kind else { return Bounds::Unknown };
        let is_range =
            matches!(&call.func.kind, ExprKind::Name(name) if **name == *"range" && self.is_builtin(name));
        let step_is_known = call.args.get(2).is_none_or(|step| step_of(step).is_some());
        if !is_range || !step_is_known || !call.keywords.is_empty() || !(1..=3).contains(&call.args.len()) {
            return Bounds::Unknown;
        }
        let worst = call.args.iter().map(|a| self.bound(a)).max();
        worst.unwrap_or(Bounds::Unknown)
    }

    fn bound(&self, e: &Expr) -> Bounds {
        match self.kind(e) {
            Kind::Literal(Literal::Int(_)) if is_literal(e) => Bounds::Small,
            Kind::C(CTy::Num(..)) if self.is_length(e) => Bounds::Small,
            Kind::C(CTy::Num(dtype, _)) if dtype.is_int() && dtype != DType::U64 => {
                if dtype.size() < 8 {
                    Bounds::Small
                } else {
                    Bounds::Wide
                }
            }
            _ => match step_of(e) {
                Some(_) => Bounds::Small,
                None => Bounds::Unknown,
            },
        }
    }
}
