//! Dependences between iterations of a parallel loop.
//!
//! Two accesses to one array are independent if along some axis the ranges that different iterations touch cannot
//! meet: both ranges move with the induction value by the same coefficient `c`, and their extent stays below
//! `|c · step|`. The test is the classical strong single-subscript test (Banerjee 1988), with ranges for what inner
//! loops add, and with products `i·m + j`, `0 ≤ j < m`, treated as if `m` were a constant coefficient.

use crate::analysis::access::{Access, AxisRange};
use crate::analysis::affine::Affine;
use crate::analysis::bounds::{End, Frame, extreme};
use crate::analysis::definitions::Definitions;
use ungil_ir::entities::Value;
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, InstKind};

/// Relation of two accesses in different iterations.
#[derive(Clone, PartialEq, Debug)]
pub enum Dependence {
    /// They never touch the same element, provided these expressions are ≥ 0.
    None(Vec<Affine>),
    /// They do, this many iterations apart.
    Distance(i64),
    /// All iterations touch the same element.
    Same,
    Unknown,
}

/// The loop that is asked about.
pub struct Loop<'f> {
    pub func: &'f Function,
    pub defs: &'f Definitions,
    pub iv: Value,
    /// The constant step, or 1 if it is not constant (a larger one only helps).
    pub step: i64,
    /// The range of the induction value.
    pub frame: Frame,
    /// Whether a value is defined inside the loop.
    pub inside: &'f dyn Fn(Value) -> bool,
}

impl Loop<'_> {
    /// Relation of `a` and `b`, which access the same array.
    pub fn dependence(&self, a: &Access, b: &Access) -> Dependence {
        let mut worst = Dependence::Same;
        for (x, y) in a.axes.iter().zip(&b.axes) {
            let relation = match (x, y) {
                (Some(x), Some(y)) => self.axis(x, y),
                _ => Dependence::Unknown,
            };
            match relation {
                Dependence::None(_) => return relation,
                Dependence::Same => {}
                Dependence::Distance(d) => match worst {
                    Dependence::Same => worst = Dependence::Distance(d),
                    // Different distances along two axes cannot both hold.
                    Dependence::Distance(e) if e != d => return Dependence::None(Vec::new()),
                    _ => {}
                },
                Dependence::Unknown => worst = Dependence::Unknown,
            }
        }
        worst
    }

    fn axis(&self, x: &AxisRange, y: &AxisRange) -> Dependence {
        let wraps = [x, y].into_iter().filter(|r| r.may_wrap).map(|r| r.least.clone());
        let conditions: Vec<Affine> = wraps.filter(|e| !self.is_non_negative(e)).collect();
        let upper = |r: &AxisRange| [std::slice::from_ref(&r.greatest), &r.others].concat();
        for xu in upper(x) {
            for yu in upper(y) {
                if self.apart((&x.least, &xu), (&y.least, &yu)) {
                    return self.conditional(conditions);
                }
            }
        }
        if x.least != x.greatest || y.least != y.greatest || !conditions.is_empty() {
            return Dependence::Unknown;
        }
        self.exact(&x.least, &y.least)
    }

    /// The conditions must be computable in front of the loop: the induction value is at its first or last iteration there.
    fn conditional(&self, conditions: Vec<Affine>) -> Dependence {
        let known = |e: &Affine| e.terms.keys().all(|v| *v == self.iv || !(self.inside)(*v));
        if conditions.iter().all(known) { Dependence::None(conditions) } else { Dependence::Unknown }
    }

    /// Indices that are single elements.
    fn exact(&self, x: &Affine, y: &Affine) -> Dependence {
        let (cx, cy) = (self.coefficient(x), self.coefficient(y));
        let Some(d) = x.add_scaled(y, -1).and_then(|d| d.as_constant()) else { return Dependence::Unknown };
        if cx != cy || self.has_inner_terms(x) {
            return Dependence::Unknown;
        }
        match cx * self.step {
            0 if d == 0 => Dependence::Same,
            0 => Dependence::None(Vec::new()),
            c if d % c == 0 => Dependence::Distance((d / c).abs()),
            _ => Dependence::None(Vec::new()),
        }
    }

    fn coefficient(&self, e: &Affine) -> i64 {
        e.terms.get(&self.iv).copied().unwrap_or(0)
    }

    fn has_inner_terms(&self, e: &Affine) -> bool {
        e.terms.keys().any(|v| *v != self.iv && (self.inside)(*v))
    }

    /// Whether the two ranges, each of one iteration, never meet in different iterations.
    fn apart(&self, x: (&Affine, &Affine), y: (&Affine, &Affine)) -> bool {
        self.apart_by_constant(x, y) || self.apart_by_product(x, y)
    }

    fn apart_by_constant(&self, x: (&Affine, &Affine), y: (&Affine, &Affine)) -> bool {
        let c = self.coefficient(x.0);
        if c == 0 || [x.0, x.1, y.0, y.1].iter().any(|e| self.coefficient(e) != c || self.has_inner_terms(e))
        {
            return false;
        }
        let reach = |upper: &Affine, lower: &Affine| upper.add_scaled(lower, -1)?.as_constant();
        match (reach(x.1, y.0), reach(y.1, x.0)) {
            (Some(a), Some(b)) => a.max(b) < (c * self.step).abs(),
            _ => false,
        }
    }

    /// `i·m + r` with `0 ≤ r < m` in both accesses.
    fn apart_by_product(&self, x: (&Affine, &Affine), y: (&Affine, &Affine)) -> bool {
        let Some((product, factor)) = self.product_term(x.0) else { return false };
        let within = |e: &(&Affine, &Affine)| {
            let rest = |a: &Affine| a.add_scaled(&Affine::atom(product), -1);
            let (Some(low), Some(high)) = (rest(e.0), rest(e.1)) else { return false };
            let room =
                Affine::of(self.func, self.defs, factor).and_then(|m| m.plus(-1)?.add_scaled(&high, -1));
            let plain = [&low, &high].iter().all(|e| self.coefficient(e) == 0 && !self.has_inner_terms(e));
            plain && self.is_non_negative(&low) && room.is_some_and(|r| self.is_non_negative(&r))
        };
        within(&x) && within(&y)
    }

    /// A term `iv · m` with coefficient one, and `m`.
    fn product_term(&self, e: &Affine) -> Option<(Value, Value)> {
        e.terms.iter().filter(|(_, c)| **c == 1).find_map(|(v, _)| match self.defs.kind(self.func, *v) {
            Some(InstKind::Binary(BinaryOp::Mul, a, b)) if *a == self.iv && !(self.inside)(*b) => {
                Some((*v, *b))
            }
            Some(InstKind::Binary(BinaryOp::Mul, a, b)) if *b == self.iv && !(self.inside)(*a) => {
                Some((*v, *a))
            }
            _ => None,
        })
    }

    /// Whether `e ≥ 0` in all iterations by construction: extents are not negative.
    fn is_non_negative(&self, e: &Affine) -> bool {
        let extent = |v: &Value| matches!(self.defs.kind(self.func, *v), Some(InstKind::Dim(..)));
        let holds = |e: &Affine| e.constant >= 0 && e.terms.iter().all(|(v, c)| *c > 0 && extent(v));
        extreme(e, std::slice::from_ref(&self.frame), End::Least, 0).is_some_and(|e| holds(&e))
    }
}
