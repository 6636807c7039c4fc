//! Affine expressions: integer values as a constant plus multiples of atoms.
//!
//! An atom is a value that the analysis does not look into: an induction value, an extent, a parameter. The
//! arithmetic of the IR wraps while the algebra here does not; whoever acts on a result must make sure that the
//! atoms are small enough (`hoist_checks` tests |atom| ≤ 2^40, and coefficients beyond 2^16 are given up).

use crate::analysis::definitions::Definitions;
use std::collections::BTreeMap;
use ungil_ir::entities::Value;
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, Const, InstKind, UnaryOp};
use ungil_ir::types::{DType, Type};

/// Largest coefficient and constant that are followed.
const LIMIT: i64 = 1 << 32;
const MAX_COEFFICIENT: i64 = 1 << 16;
const MAX_TERMS: usize = 6;
const MAX_DEPTH: u32 = 12;

/// `constant + Σ coefficient · atom`; no coefficient is zero.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Affine {
    pub terms: BTreeMap<Value, i64>,
    pub constant: i64,
}

impl Affine {
    pub fn constant(c: i64) -> Affine {
        Affine { terms: BTreeMap::new(), constant: c }
    }

    pub fn atom(v: Value) -> Affine {
        Affine { terms: BTreeMap::from([(v, 1)]), constant: 0 }
    }

    pub fn as_constant(&self) -> Option<i64> {
        self.terms.is_empty().then_some(self.constant)
    }

    /// `self + k · other`, unless it grows beyond what is followed.
    pub fn add_scaled(&self, other: &Affine, k: i64) -> Option<Affine> {
        let mut terms = self.terms.clone();
        for (v, c) in &other.terms {
            let entry = terms.entry(*v).or_insert(0);
            *entry = entry.checked_add(c.checked_mul(k)?)?;
            if entry.unsigned_abs() > MAX_COEFFICIENT.unsigned_abs() {
                return None;
            }
        }
        terms.retain(|_, c| *c != 0);
        let constant = self.constant.checked_add(other.constant.checked_mul(k)?)?;
        (constant.unsigned_abs() <= LIMIT.unsigned_abs() && terms.len() <= MAX_TERMS)
            .then_some(Affine { terms, constant })
    }

    pub fn plus(&self, c: i64) -> Option<Affine> {
        self.add_scaled(&Affine::constant(1), c)
    }

    /// Replaces an atom.
    pub fn substitute(&self, atom: Value, by: &Affine) -> Option<Affine> {
        let Some(&c) = self.terms.get(&atom) else { return Some(self.clone()) };
        let mut rest = self.clone();
        rest.terms.remove(&atom);
        rest.add_scaled(by, c)
    }

    /// The value as an affine expression. Anything not followed is an atom; `None` if it grows too large or is no int64.
    pub fn of(func: &Function, defs: &Definitions, v: Value) -> Option<Affine> {
        Self::follow(func, defs, v, MAX_DEPTH)
    }

    fn follow(func: &Function, defs: &Definitions, v: Value, depth: u32) -> Option<Affine> {
        if *func.ty(v) != Type::Scalar(DType::I64) {
            return None;
        }
        let sub = |x: Value| Self::follow(func, defs, x, depth - 1);
        let kind = if depth == 0 { None } else { defs.kind(func, v) };
        let followed = match kind {
            Some(InstKind::Const(Const::Int(_, c))) if c.unsigned_abs() <= LIMIT.unsigned_abs() => {
                Some(Affine::constant(*c))
            }
            Some(InstKind::Binary(BinaryOp::Add, a, b)) => sub(*a)?.add_scaled(&sub(*b)?, 1),
            Some(InstKind::Binary(BinaryOp::Sub, a, b)) => sub(*a)?.add_scaled(&sub(*b)?, -1),
            Some(InstKind::Binary(BinaryOp::Mul, a, b)) => {
                let (x, y) = (sub(*a)?, sub(*b)?);
                match (x.as_constant(), y.as_constant()) {
                    (Some(c), _) => Affine::constant(0).add_scaled(&y, c),
                    (_, Some(c)) => Affine::constant(0).add_scaled(&x, c),
                    _ => Some(Affine::atom(defs.product(*a, *b).unwrap_or(v))),
                }
            }
            Some(InstKind::Unary(UnaryOp::Neg, a)) => Affine::constant(0).add_scaled(&sub(*a)?, -1),
            Some(InstKind::Dim(array, axis)) => match defs.kind(func, *array) {
                Some(InstKind::Alloc { shape, .. } | InstKind::View { shape, .. }) => {
                    sub(shape[*axis as usize])
                }
                _ => Some(Affine::atom(defs.extent(*array, *axis).unwrap_or(v))),
            },
            _ => None,
        };
        Some(followed.unwrap_or_else(|| Affine::atom(v)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ungil_ir::builder::Builder;

    #[test]
    fn sums_and_products_of_constants_are_followed() {
        let mut f = Function::new("f", &[Type::I64, Type::I64], Type::I64);
        let (x, y) = (f.params[0], f.params[1]);
        let mut b = Builder::new(&mut f);
        let two = b.i64(2);
        let a = b.binary(BinaryOp::Mul, two, x);
        let s = b.binary(BinaryOp::Sub, a, y);
        let e = b.binary(BinaryOp::Add, s, x);
        let defs = Definitions::compute(&f);
        let affine = Affine::of(&f, &defs, e).unwrap();
        assert_eq!(affine.terms, BTreeMap::from([(x, 3), (y, -1)]));
        let product = Builder::new(&mut f).binary(BinaryOp::Mul, x, y);
        let defs = Definitions::compute(&f);
        assert_eq!(Affine::of(&f, &defs, product), Some(Affine::atom(product)));
    }

    #[test]
    fn substitution_multiplies_by_the_coefficient() {
        let e = Affine { terms: BTreeMap::from([(Value(1), 2), (Value(2), 1)]), constant: 3 };
        let by = Affine { terms: BTreeMap::from([(Value(2), -2)]), constant: 5 };
        let r = e.substitute(Value(1), &by).unwrap();
        assert_eq!((r.terms, r.constant), (BTreeMap::from([(Value(2), -3)]), 13));
    }
}
