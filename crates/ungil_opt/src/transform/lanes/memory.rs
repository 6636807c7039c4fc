//! Loads, stores and checks in lanes.
//!
//! Consecutive elements are moved as vectors, an element that all lanes share as a scalar, anything else by gather
//! and scatter. A load of which some lanes may be off is always a gather: LLVM 22 may turn a masked load into a plain
//! one that reads the other lanes after all, which may lie outside the array.

use super::lower::{Lane, Lowerer};
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, MemFlags};

/// How an access lies in memory.
enum Pattern {
    Uniform(Vec<Value>),
    /// Consecutive along the last axis: the index of lane 0.
    Unit(Vec<Value>),
    Any,
}

impl Lowerer<'_> {
    fn pattern(&self, index: &[Value]) -> Pattern {
        let lanes: Vec<Lane> = index.iter().map(|v| self.lane(*v)).collect();
        let Some((last, rest)) = lanes.split_last() else { return Pattern::Uniform(Vec::new()) };
        let mut first = Vec::new();
        for lane in rest {
            match lane {
                Lane::Uniform(v) => first.push(*v),
                _ => return Pattern::Any,
            }
        }
        match last {
            Lane::Uniform(v) => {
                first.push(*v);
                Pattern::Uniform(first)
            }
            Lane::Linear { base, step: 1 } => {
                first.push(*base);
                Pattern::Unit(first)
            }
            _ => Pattern::Any,
        }
    }

    /// The index of the first lane of a part.
    fn part_index(&mut self, first: &[Value], part: u16) -> Vec<Value> {
        let mut index = first.to_vec();
        let last = index.last_mut().expect("a consecutive access has an axis");
        let at = i64::from(part) * i64::from(self.shape.width);
        let (at, base) = (self.b().i64(at), *last);
        *last = self.b().binary(BinaryOp::Add, base, at);
        index
    }

    pub fn load(&mut self, array: Value, index: &[Value], flags: MemFlags) -> Lane {
        let array = self.uniform(array);
        match self.pattern(index) {
            Pattern::Uniform(index) => Lane::Uniform(self.b().value(InstKind::Load { array, index, flags })),
            Pattern::Unit(first) if self.mask.is_none() => {
                let lanes = self.shape.width;
                let parts = 0..self.shape.parts;
                Lane::Vary(
                    parts
                        .map(|p| {
                            let index = self.part_index(&first, p);
                            self.b().value(InstKind::VecLoad { array, index, mask: None, lanes, flags })
                        })
                        .collect(),
                )
            }
            _ => {
                let columns: Vec<Vec<Value>> = index.iter().map(|v| self.vectors(*v)).collect();
                let mask = self.mask.clone();
                let mask = self.mask_or_all(&mask);
                let parts = 0..self.shape.parts as usize;
                Lane::Vary(
                    parts
                        .map(|p| {
                            let index = columns.iter().map(|c| c[p]).collect();
                            self.b().value(InstKind::Gather { array, index, mask: mask[p] })
                        })
                        .collect(),
                )
            }
        }
    }

    pub fn store(&mut self, array: Value, index: &[Value], value: Value, flags: MemFlags) {
        let array = self.uniform(array);
        match (self.pattern(index), self.lane(value)) {
            (Pattern::Uniform(index), Lane::Uniform(value)) => {
                self.b().push(InstKind::Store { array, index, value, flags });
            }
            (Pattern::Unit(first), _) => {
                let values = self.vectors(value);
                for (p, value) in values.into_iter().enumerate() {
                    let index = self.part_index(&first, p as u16);
                    let mask = self.mask.as_ref().map(|m| m[p]);
                    self.b().push(InstKind::VecStore { array, index, value, mask, flags });
                }
            }
            _ => {
                let columns: Vec<Vec<Value>> = index.iter().map(|v| self.vectors(*v)).collect();
                let values = self.vectors(value);
                let mask = self.mask.clone();
                let mask = self.mask_or_all(&mask);
                for (p, value) in values.into_iter().enumerate() {
                    let index = columns.iter().map(|c| c[p]).collect();
                    self.b().push(InstKind::Scatter { array, index, value, mask: mask[p] });
                }
            }
        }
    }

    /// A check: if it fails in an active lane the group is left.
    pub fn check(&mut self, cond: Value) {
        match self.lane(cond) {
            Lane::Uniform(cond) => self.bail_unless(cond),
            _ => {
                let holds = self.vectors(cond);
                self.bail_where_not(&holds);
            }
        }
    }

    fn bail_where_not(&mut self, holds: &[Value]) {
        let fails = self.not(holds);
        let mask = self.mask.clone();
        let fails = self.and(&mask, &fails);
        let any = self.any(&Some(fails));
        self.bail_if(any);
    }

    fn bail_unless(&mut self, cond: Value) {
        let fails = self.b().unary(ungil_ir::inst::UnaryOp::Not, cond);
        self.bail_if(fails);
    }

    fn bail_if(&mut self, cond: Value) {
        let (then, ()) = self.nested(Lowerer::bail_here);
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    /// Leaves the group for the scalar code.
    pub fn bail_here(&mut self) {
        let label = self.bail.expect("a body with checks has a place to leave to");
        self.b().push(InstKind::Break(label));
    }

    pub fn check_index(&mut self, index: Value, size: Value, wrap: bool, check: bool) -> Lane {
        if let (Lane::Uniform(i), Lane::Uniform(n)) = (self.lane(index), self.lane(size)) {
            return self.check_uniform_index(i, n, wrap, check);
        }
        if let (Lane::Linear { base, step: 1 }, Lane::Uniform(n), true) =
            (self.lane(index), self.lane(size), self.mask.is_none() && check)
        {
            return self.check_consecutive(base, n);
        }
        let (mut at, sizes) = (self.vectors(index), self.vectors(size));
        if wrap {
            let zero = self.b().i64(0);
            let zero = self.splat(zero);
            at = at
                .into_iter()
                .zip(&sizes)
                .map(|(i, n)| {
                    let negative = self.b().compare(CompareOp::Lt, i, zero);
                    let wrapped = self.b().binary(BinaryOp::Add, i, *n);
                    self.b().select(negative, wrapped, i)
                })
                .collect();
        }
        if check {
            let inside = self.below(&at, &sizes);
            self.bail_where_not(&inside);
        }
        Lane::Vary(at)
    }

    fn check_uniform_index(&mut self, i: Value, n: Value, wrap: bool, check: bool) -> Lane {
        let mut at = i;
        if wrap {
            let zero = self.b().i64(0);
            let negative = self.b().compare(CompareOp::Lt, i, zero);
            let wrapped = self.b().binary(BinaryOp::Add, i, n);
            at = self.b().select(negative, wrapped, i);
        }
        if check {
            let inside = self.below(&[at], &[n])[0];
            self.bail_unless(inside);
        }
        Lane::Uniform(at)
    }

    /// Consecutive indices of a whole group stay consecutive; negative ones are left to the scalar code.
    fn check_consecutive(&mut self, base: Value, n: Value) -> Lane {
        let lanes = self.shape.lanes();
        let (zero, last) = (self.b().i64(0), self.b().i64(lanes));
        let not_negative = self.b().compare(CompareOp::Ge, base, zero);
        let room = self.b().binary(BinaryOp::Sub, n, last);
        let fits = self.b().compare(CompareOp::Le, base, room);
        let both = self.b().binary(BinaryOp::And, not_negative, fits);
        self.bail_unless(both);
        Lane::Linear { base, step: 1 }
    }
}
