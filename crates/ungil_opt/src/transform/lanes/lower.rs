//! Masked lowering of a loop's body: one iteration per lane.
//!
//! A group of `parts · width` lanes is kept as `parts` vectors of one hardware register each, so that masks have the
//! hardware's own shape and independent parts hide latency. Uniform values stay scalar; the induction value and its
//! sums stay *linear* as long as possible, which makes accesses to consecutive elements visible. A mask of active
//! lanes goes with the statements; lanes that are not active compute garbage that nobody reads, because arithmetic is
//! total, memory is only touched under the mask and writes of variables keep what is still needed.

use super::candidate::Labels;
use super::uniformity::{Level, Uniformity, protecting_level};
use crate::analysis::definitions::Definitions;
use std::collections::{BTreeSet, HashMap};
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Label, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, Const, InstKind, Loc, UnaryOp};
use ungil_ir::types::{DType, Type};
use ungil_ir::typing::vector;
use ungil_ir::walk;

/// How a group is cut into vectors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// Lanes of a vector.
    pub width: u16,
    pub parts: u16,
}

impl Shape {
    pub fn lanes(self) -> i64 {
        i64::from(self.width) * i64::from(self.parts)
    }
}

/// What a value of the body is in lanes.
#[derive(Clone, Debug)]
pub enum Lane {
    Uniform(Value),
    /// Lane `k` has `base + k * step`.
    Linear {
        base: Value,
        step: i64,
    },
    /// One vector for each part.
    Vary(Vec<Value>),
}

/// A mask for each part; `None`: all lanes.
pub type Mask = Option<Vec<Value>>;

/// How control leaves a piece of code.
#[derive(Clone, Debug)]
pub enum Flow {
    /// Goes on with these lanes.
    Through(Mask),
    /// Goes on, but no lane is active.
    Empty,
    /// Ends here.
    Ended,
}

/// A loop around the current place.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Its label in the body that is lowered.
    pub label: Label,
    /// The label of the loop that was made for it, if one was.
    pub physical: Option<Label>,
    pub divergent: bool,
    /// The lanes that have not left it.
    pub live: Option<Vec<Var>>,
    /// The lanes that go on behind it.
    pub after: Option<Vec<Var>>,
    /// Lanes left it at a place without a test whether any remain.
    pub untested: bool,
}

/// State while a body is lowered.
pub struct Lowerer<'a> {
    pub func: &'a mut Function,
    pub defs: &'a Definitions,
    pub facts: &'a Uniformity,
    pub shape: Shape,
    pub labels: &'a Labels,
    /// Where a group that must be left for the scalar code breaks to.
    pub bail: Option<Label>,
    pub map: HashMap<Value, Lane>,
    /// The variables that the body assigns; each group has copies.
    pub own: BTreeSet<Var>,
    pub uniform_vars: HashMap<Var, Var>,
    pub lane_vars: HashMap<Var, Vec<Var>>,
    pub levels: Vec<Level>,
    /// The condition of each divergent branch around the current place, in parallel to `levels`.
    pub conditions: Vec<Mask>,
    pub frames: Vec<Frame>,
    pub region: Region,
    pub loc: Loc,
    pub mask: Mask,
    /// Some lane is known to be active.
    pub some: bool,
    /// Inside a loop that was cut into blocks of columns.
    pub columns: Option<super::rows::Columns>,
}

impl Lowerer<'_> {
    pub fn b(&mut self) -> Builder<'_> {
        Builder { func: self.func, region: self.region, loc: self.loc }
    }

    /// Lowers the instructions of a region at the current place.
    pub fn run(&mut self, region: Region) -> Flow {
        let insts = self.func.region(region).to_vec();
        self.list(&insts)
    }

    fn list(&mut self, insts: &[Inst]) -> Flow {
        for (k, &inst) in insts.iter().enumerate() {
            if !self.some && self.needs_lane(inst) {
                return self.rest_guarded(&insts[k..]);
            }
            self.loc = self.func.inst(inst).loc;
            match self.inst(inst) {
                Flow::Through(mask) => self.mask = mask,
                other => return other,
            }
        }
        Flow::Through(self.mask.clone())
    }

    /// The rest of a region, only if some lane is active.
    fn rest_guarded(&mut self, insts: &[Inst]) -> Flow {
        let mask = self.mask.clone();
        let exits = insts.iter().any(|i| self.has_masked_exit(*i));
        let after = exits.then(|| self.mask_vars("rest"));
        if let Some(after) = &after {
            self.set_mask(after, &mask);
        }
        let any = self.any(&mask);
        let (inner, flow) = self.nested(|s| {
            s.some = true;
            let flow = s.list(insts);
            if let Some(after) = &after {
                s.end_branch(after, &flow);
            }
            flow
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond: any, then: inner, otherwise });
        self.some = false;
        match (after, flow) {
            (Some(after), _) => Flow::Through(Some(self.get_mask(&after))),
            (None, Flow::Through(_)) => Flow::Through(mask),
            // Control ends only if a lane is active; if none is, nothing may follow in this region.
            (None, _) => Flow::Empty,
        }
    }

    /// Lowers into a fresh region and returns to the current one, with its mask.
    pub fn nested<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> (Region, T) {
        let inner = self.func.new_region();
        let outer = std::mem::replace(&mut self.region, inner);
        let (mask, some, loc) = (self.mask.clone(), self.some, self.loc);
        let result = work(self);
        self.region = outer;
        (self.mask, self.some, self.loc) = (mask, some, loc);
        (inner, result)
    }

    /// Notes at the end of a branch which lanes go on.
    pub fn end_branch(&mut self, after: &[Var], flow: &Flow) {
        match flow {
            Flow::Through(mask) => self.set_mask(after, &mask.clone()),
            Flow::Empty => {
                let none = self.constant_mask(false);
                self.set_mask(after, &Some(none));
            }
            Flow::Ended => {}
        }
    }

    fn inst(&mut self, inst: Inst) -> Flow {
        let data = self.func.inst(inst).clone();
        match &data.kind {
            InstKind::If { .. }
            | InstKind::While { .. }
            | InstKind::For(_)
            | InstKind::Break(_)
            | InstKind::Continue(_)
            | InstKind::Return(_)
            | InstKind::Raise(_) => return self.control(inst, &data.kind),
            InstKind::Get(x) => {
                let lane = self.read(*x);
                self.map.insert(data.result.expect("a read has a result"), lane);
            }
            InstKind::Set(x, v) => self.write(*x, *v),
            InstKind::Check(cond, _) => self.check(*cond),
            InstKind::CheckIndex { index, size, wrap, check, .. } => {
                let lane = self.check_index(*index, *size, *wrap, *check);
                self.map.insert(data.result.expect("an index"), lane);
            }
            InstKind::Load { array, index, flags } => {
                let result = data.result.expect("an element");
                let column = self.row_column(result, *array, index, *flags);
                let lane = column.unwrap_or_else(|| self.load(*array, index, *flags));
                self.map.insert(result, lane);
            }
            InstKind::Store { array, index, value, flags } => self.store(*array, index, *value, *flags),
            kind => {
                let result = data.result.expect("other instructions compute something");
                let lane = self.pure(kind, result);
                self.map.insert(result, lane);
            }
        }
        Flow::Through(self.mask.clone())
    }

    /// Whether an instruction may only be reached with an active lane.
    fn needs_lane(&self, inst: Inst) -> bool {
        let kind = &self.func.inst(inst).kind;
        let uniform = |list: &[Value]| list.iter().all(|v| matches!(self.lane(*v), Lane::Uniform(_)));
        match kind {
            InstKind::For(node) => !self.is_block(node),
            InstKind::While { .. } => true,
            InstKind::Check(cond, _) => uniform(&[*cond]),
            InstKind::CheckIndex { index, size, .. } => uniform(&[*index, *size]),
            InstKind::Load { index, .. } => uniform(index),
            InstKind::Store { index, value, .. } => uniform(index) && uniform(&[*value]),
            InstKind::If { cond, then, otherwise } if !self.facts.varies(*cond) => {
                [*then, *otherwise].iter().any(|r| self.func.region(*r).iter().any(|i| self.needs_lane(*i)))
            }
            kind => self.labels.leaves(kind),
        }
    }

    /// Whether lanes may leave the construct that an instruction stands in.
    pub fn has_masked_exit(&self, inst: Inst) -> bool {
        let mut inner = Vec::new();
        let kind = &self.func.inst(inst).kind;
        let mut all = vec![inst];
        for r in walk::nested_regions(kind) {
            all.extend(walk::insts_of(self.func, r));
        }
        for &i in &all {
            match &self.func.inst(i).kind {
                InstKind::While { label, .. } => inner.push(*label),
                InstKind::For(node) => inner.push(node.label),
                _ => {}
            }
        }
        all.iter().any(|i| match &self.func.inst(*i).kind {
            InstKind::Continue(l) if *l == self.labels.candidate => true,
            InstKind::Break(l) | InstKind::Continue(l) => !inner.contains(l) && self.facts.loops.contains(l),
            _ => false,
        })
    }

    pub fn region_has_masked_exit(&self, region: Region) -> bool {
        self.func.region(region).iter().any(|i| self.has_masked_exit(*i))
    }

    // Variables.

    fn read(&mut self, x: Var) -> Lane {
        if self.facts.vars.contains(&x) {
            let vars = self.parts_of(x);
            return Lane::Vary(vars.iter().map(|x| self.b().get(*x)).collect());
        }
        let x = self.scalar_var(x);
        Lane::Uniform(self.b().get(x))
    }

    fn write(&mut self, x: Var, v: Value) {
        if !self.facts.vars.contains(&x) {
            let v = self.uniform(v);
            let x = self.scalar_var(x);
            self.b().set(x, v);
            return;
        }
        let vars = self.parts_of(x);
        let values = self.vectors(v);
        let keep = protecting_level(&self.levels, x).and_then(|level| self.mask_within(level));
        for (k, (x, v)) in vars.into_iter().zip(values).enumerate() {
            let v = match &keep {
                None => v,
                Some(mask) => {
                    let old = self.b().get(x);
                    self.b().select(mask[k], v, old)
                }
            };
            self.b().set(x, v);
        }
    }

    /// The mask that tells active lanes from those that are absent since a level was entered. Inside one loop body
    /// that is the conditions of the branches alone, which are cheaper to combine than the loop's own mask.
    fn mask_within(&mut self, level: usize) -> Mask {
        let branches_only = self.levels[level..].iter().all(|l| l.label.is_none());
        if !branches_only {
            return self.mask.clone();
        }
        let mut mask: Mask = None;
        for k in level..self.levels.len() {
            let condition = self.conditions[k].clone();
            match condition {
                Some(c) => mask = Some(self.and(&mask, &c)),
                None if self.levels[k].divergent => return self.mask.clone(),
                None => {}
            }
        }
        mask.or_else(|| self.mask.clone())
    }

    fn scalar_var(&mut self, x: Var) -> Var {
        if !self.own.contains(&x) {
            return x;
        }
        if let Some(&y) = self.uniform_vars.get(&x) {
            return y;
        }
        let data = self.func.vars[x.index()].clone();
        let y = self.func.new_var(&data.name, data.ty);
        self.uniform_vars.insert(x, y);
        y
    }

    pub fn parts_of(&mut self, x: Var) -> Vec<Var> {
        if let Some(vars) = self.lane_vars.get(&x) {
            return vars.clone();
        }
        let data = self.func.vars[x.index()].clone();
        let dtype = data.ty.dtype().expect("a variable that varies is a number");
        let ty = vector(dtype, self.shape.width);
        let vars: Vec<Var> =
            (0..self.shape.parts).map(|_| self.func.new_var(&data.name, ty.clone())).collect();
        self.lane_vars.insert(x, vars.clone());
        vars
    }

    // Values.

    /// The value in lanes; what is defined outside the body is itself.
    pub fn lane(&self, v: Value) -> Lane {
        self.map.get(&v).cloned().unwrap_or(Lane::Uniform(v))
    }

    /// The scalar that stands for all lanes.
    pub fn uniform(&self, v: Value) -> Value {
        match self.lane(v) {
            Lane::Uniform(v) => v,
            other => unreachable!("{v} is analysed as uniform but is {other:?}"),
        }
    }

    /// One vector for each part.
    pub fn vectors(&mut self, v: Value) -> Vec<Value> {
        match self.lane(v) {
            Lane::Uniform(v) => {
                let splat = self.splat(v);
                vec![splat; self.shape.parts as usize]
            }
            Lane::Linear { base, step } => self.linear_vectors(base, step),
            Lane::Vary(list) => list,
        }
    }

    pub fn splat(&mut self, v: Value) -> Value {
        let width = self.shape.width;
        self.b().value(InstKind::Splat(v, width))
    }

    fn linear_vectors(&mut self, base: Value, step: i64) -> Vec<Value> {
        let offsets = self.lane_numbers();
        let (base, step) = (self.splat(base), self.b().i64(step));
        let step = self.splat(step);
        offsets
            .into_iter()
            .map(|k| {
                let offset = self.b().binary(BinaryOp::Mul, k, step);
                self.b().binary(BinaryOp::Add, base, offset)
            })
            .collect()
    }

    /// `0 … lanes-1`.
    pub fn lane_numbers(&mut self) -> Vec<Value> {
        let Shape { width, parts } = self.shape;
        (0..parts)
            .map(|p| {
                let iota = self.b().value(InstKind::Iota(width));
                let first = self.b().i64(i64::from(p) * i64::from(width));
                let first = self.splat(first);
                self.b().binary(BinaryOp::Add, iota, first)
            })
            .collect()
    }

    fn pure(&mut self, kind: &InstKind, result: Value) -> Lane {
        let mut varying = false;
        walk::for_each_operand(kind, &mut |v| varying |= !matches!(self.lane(*v), Lane::Uniform(_)));
        if !varying {
            return Lane::Uniform(self.scalar_copy(kind, result));
        }
        if let Some(linear) = self.linear(kind) {
            return linear;
        }
        let mut operands = Vec::new();
        walk::for_each_operand(kind, &mut |v| operands.push(*v));
        let vectors: Vec<Vec<Value>> = operands.iter().map(|v| self.vectors(*v)).collect();
        let parts = 0..self.shape.parts as usize;
        Lane::Vary(
            parts
                .map(|p| {
                    let mut kind = kind.clone();
                    let mut next = vectors.iter().map(|list| list[p]);
                    walk::for_each_operand_mut(&mut kind, &mut |v| *v = next.next().expect("as many"));
                    self.b().value(kind)
                })
                .collect(),
        )
    }

    /// A copy of an instruction whose operands are all uniform.
    pub fn scalar_copy(&mut self, kind: &InstKind, result: Value) -> Value {
        let mut kind = kind.clone();
        walk::for_each_operand_mut(&mut kind, &mut |v| *v = self.uniform(*v));
        let ty = self.func.ty(result).clone();
        self.b().typed(kind, ty)
    }

    /// Sums and products that keep a linear value linear.
    fn linear(&mut self, kind: &InstKind) -> Option<Lane> {
        let InstKind::Binary(op, a, b) = *kind else { return None };
        if *self.func.ty(a) != Type::I64 {
            return None;
        }
        let (a_lane, b_lane) = (self.lane(a), self.lane(b));
        match (op, a_lane, b_lane) {
            (BinaryOp::Add, Lane::Linear { base, step }, Lane::Uniform(u))
            | (BinaryOp::Add, Lane::Uniform(u), Lane::Linear { base, step }) => {
                Some(Lane::Linear { base: self.b().binary(BinaryOp::Add, base, u), step })
            }
            (BinaryOp::Sub, Lane::Linear { base, step }, Lane::Uniform(u)) => {
                Some(Lane::Linear { base: self.b().binary(BinaryOp::Sub, base, u), step })
            }
            (BinaryOp::Sub, Lane::Uniform(u), Lane::Linear { base, step }) => {
                let base = self.b().binary(BinaryOp::Sub, u, base);
                Some(Lane::Linear { base, step: step.checked_neg()? })
            }
            (BinaryOp::Mul, Lane::Linear { base, step }, Lane::Uniform(u)) => self.scaled(base, step, u, b),
            (BinaryOp::Mul, Lane::Uniform(u), Lane::Linear { base, step }) => self.scaled(base, step, u, a),
            _ => None,
        }
    }

    /// A linear value times `u`, if what defines `u` is a constant.
    fn scaled(&mut self, base: Value, step: i64, u: Value, origin: Value) -> Option<Lane> {
        let c = self.constant(origin)?;
        let step = step.checked_mul(c)?;
        Some(Lane::Linear { base: self.b().binary(BinaryOp::Mul, base, u), step })
    }

    /// The constant that defines a value of the original body.
    pub fn constant(&self, v: Value) -> Option<i64> {
        match self.defs.kind(self.func, v) {
            Some(InstKind::Const(Const::Int(_, c))) => Some(*c),
            _ => None,
        }
    }

    // Masks.

    pub fn constant_mask(&mut self, on: bool) -> Vec<Value> {
        let on = self.b().bool(on);
        let splat = self.splat(on);
        vec![splat; self.shape.parts as usize]
    }

    pub fn mask_or_all(&mut self, mask: &Mask) -> Vec<Value> {
        match mask {
            Some(mask) => mask.clone(),
            None => self.constant_mask(true),
        }
    }

    pub fn and(&mut self, mask: &Mask, c: &[Value]) -> Vec<Value> {
        match mask {
            None => c.to_vec(),
            Some(mask) => mask.iter().zip(c).map(|(m, c)| self.b().binary(BinaryOp::And, *m, *c)).collect(),
        }
    }

    pub fn or(&mut self, a: &[Value], c: &[Value]) -> Vec<Value> {
        a.iter().zip(c).map(|(a, c)| self.b().binary(BinaryOp::Or, *a, *c)).collect()
    }

    pub fn not(&mut self, a: &[Value]) -> Vec<Value> {
        a.iter().map(|a| self.b().unary(UnaryOp::Not, *a)).collect()
    }

    /// Whether any lane of a mask is on.
    pub fn any(&mut self, mask: &Mask) -> Value {
        match mask {
            None => self.b().bool(true),
            Some(parts) => {
                let all = parts[1..].to_vec();
                let joined = all.into_iter().fold(parts[0], |a, m| self.b().binary(BinaryOp::Or, a, m));
                self.b().value(InstKind::MaskAny(joined))
            }
        }
    }

    pub fn mask_vars(&mut self, name: &str) -> Vec<Var> {
        let ty = Type::Mask(self.shape.width);
        (0..self.shape.parts).map(|_| self.func.new_var(name, ty.clone())).collect()
    }

    pub fn set_mask(&mut self, vars: &[Var], mask: &Mask) {
        let mask = self.mask_or_all(mask);
        for (x, m) in vars.iter().zip(mask) {
            self.b().set(*x, m);
        }
    }

    pub fn get_mask(&mut self, vars: &[Var]) -> Vec<Value> {
        vars.iter().map(|x| self.b().get(*x)).collect()
    }

    /// Removes lanes from a mask that a variable holds.
    pub fn remove_lanes(&mut self, vars: &[Var], gone: &[Value]) {
        for (x, gone) in vars.iter().zip(gone) {
            let old = self.b().get(*x);
            let stay = self.b().unary(UnaryOp::Not, *gone);
            let new = self.b().binary(BinaryOp::And, old, stay);
            self.b().set(*x, new);
        }
    }

    /// The lanes where a number compares below another as unsigned integers.
    pub fn below(&mut self, a: &[Value], b: &[Value]) -> Vec<Value> {
        a.iter()
            .zip(b)
            .map(|(a, b)| {
                let (a, b) = (self.b().cast(*a, DType::U64), self.b().cast(*b, DType::U64));
                self.b().compare(CompareOp::Lt, a, b)
            })
            .collect()
    }
}
