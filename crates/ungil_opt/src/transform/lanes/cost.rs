//! Whether lanes pay, and how many.
//!
//! Machine-independent weights per instruction, once as scalar code and once in lanes, where integer division, most
//! mathematical functions and gathers are still done lane by lane. Lanes must win clearly, because divergence wastes
//! part of them. The number of parts follows from the variables that vary and the registers there are.

use super::lower::Shape;
use super::rows::RowLoads;
use super::uniformity::Uniformity;
use crate::analysis::definitions::Definitions;
use crate::pipeline::Target;
use std::collections::BTreeSet;
use ungil_ir::entities::{Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, Const, InstKind};
use ungil_ir::math::MathFn;
use ungil_ir::types::{DType, Type};
use ungil_ir::walk;

/// Lanes that pay for divergence: their cost counts this many tenths.
const WASTE: u64 = 15;
/// Weight of a scalar load; transposed ones cost half of that.
const ROW_LOAD: u64 = 10;
const MAX_WIDTH: u16 = 16;

/// Functions of a few instructions.
pub fn is_cheap_math(f: MathFn) -> bool {
    matches!(f, MathFn::Floor | MathFn::Ceil | MathFn::Trunc | MathFn::Rint | MathFn::Copysign | MathFn::Fma)
}

/// Operations that are worth skipping when no lane needs them.
pub fn is_slow(op: BinaryOp, ty: &Type) -> bool {
    let integer = ty.dtype().is_some_and(|d| d.is_int());
    match op {
        BinaryOp::Pow => true,
        BinaryOp::Div => !integer,
        op if op.divides() => true,
        _ => false,
    }
}

/// Whether an integer division is by a power of two, which is shifts and masks.
pub fn is_power_of_two(func: &Function, defs: &Definitions, op: BinaryOp, a: Value, b: Value) -> bool {
    op.divides()
        && func.ty(a).dtype().is_some_and(|d| d.is_int())
        && matches!(defs.kind(func, b), Some(InstKind::Const(Const::Int(_, c))) if *c > 0 && c & (c - 1) == 0)
}

/// Cost of an instruction as scalar code, and of one lane of it.
fn weights(
    (func, defs): (&Function, &Definitions),
    facts: &Uniformity,
    linear: &BTreeSet<Value>,
    kind: &InstKind,
    width: u64,
) -> (u64, u64) {
    let shared = |cost: u64| (cost * 10, cost * 10 / width);
    let single = |cost: u64| (cost * 10, cost * 12);
    match kind {
        InstKind::Const(_) | InstKind::Get(_) | InstKind::Set(..) | InstKind::Dim(..) => (0, 0),
        InstKind::Binary(op, a, b) if is_power_of_two(func, defs, *op, *a, *b) => {
            (30, if is_emulated(func, *a, width) { 30 } else { 30 / width })
        }
        InstKind::Binary(BinaryOp::Mul, a, _) if is_emulated(func, *a, width) => (10, 20),
        InstKind::Binary(op, a, _) if op.divides() && func.ty(*a).dtype().is_some_and(|d| d.is_int()) => {
            single(20)
        }
        InstKind::Binary(BinaryOp::FloorDiv | BinaryOp::Mod | BinaryOp::Pow, ..) => single(30),
        InstKind::Binary(BinaryOp::Div, ..) => (80, 20),
        InstKind::Math(MathFn::Sqrt, _) => (100, 25),
        InstKind::Math(f, _) if is_cheap_math(*f) => shared(2),
        InstKind::Math(MathFn::Remainder | MathFn::Nextafter, _) => single(40),
        // The maths library has vector forms.
        InstKind::Math(..) => shared(40),
        InstKind::Unary(ungil_ir::inst::UnaryOp::Abs, a)
            if func.ty(*a).dtype().is_some_and(|d| d.is_complex()) =>
        {
            single(40)
        }
        InstKind::Load { index, .. } | InstKind::Store { index, .. } => {
            if is_scattered(facts, linear, index) { (15, 15) } else { shared(1) }
        }
        // A branch costs its misprediction.
        InstKind::If { .. } => (20, 20 / width + 3),
        _ => shared(1),
    }
}

/// Whether products and arithmetic shifts of 64-bit integers take several instructions, and vectors of them gain little.
fn is_emulated(func: &Function, a: Value, width: u64) -> bool {
    width <= 2 && func.ty(a).dtype().is_some_and(|d| d.is_int() && d.size() == 8)
}

/// Whether the loops of a body are expected to run faster in lanes.
pub fn pays(
    func: &Function,
    body: Region,
    iv: Value,
    facts: &Uniformity,
    shape: Shape,
    rows: &RowLoads,
) -> bool {
    let linear = linear_values(func, body, iv, facts);
    let defs = Definitions::compute(func);
    let width = u64::from(shape.width);
    let mut sum = Sum { func, defs: &defs, facts, linear, rows, width, scalar: 0, lanes: 0 };
    sum.add(body, 1);
    sum.lanes * WASTE < sum.scalar * 10
}

/// Whether lanes access elements that do not follow each other.
fn is_scattered(facts: &Uniformity, linear: &BTreeSet<Value>, index: &[Value]) -> bool {
    index.iter().rev().skip(1).any(|v| facts.varies(*v))
        || index.last().is_some_and(|v| facts.varies(*v) && !linear.contains(v))
}

/// Whether a body's loops only differ in their bounds, and access elements all over the place: a row of a triangle or of
/// a sparse matrix each. One after the other they read consecutive elements, which is faster, unless mathematical functions
/// take most of the time: rows may be too short for vectors of their own, lanes never are.
pub fn prefers_rows(func: &Function, body: Region, iv: Value, facts: &Uniformity) -> bool {
    let leaves = walk::any_inst(func, body, &|kind| match kind {
        InstKind::While { label, .. } => facts.loops.contains(label),
        InstKind::Break(label) => facts.loops.contains(label),
        _ => false,
    });
    let linear = linear_values(func, body, iv, facts);
    let scatters = |r: Region| {
        walk::any_inst(func, r, &|kind| match kind {
            InstKind::Load { index, .. } | InstKind::Store { index, .. } => {
                is_scattered(facts, &linear, index)
            }
            _ => false,
        })
    };
    let computes = |r: Region| {
        walk::any_inst(
            func,
            r,
            &|kind| matches!(kind, InstKind::Math(f, _) if !is_cheap_math(*f) && *f != MathFn::Sqrt),
        )
    };
    !leaves
        && walk::any_inst(func, body, &|kind| match kind {
            InstKind::For(node) => {
                facts.loops.contains(&node.label) && scatters(node.body) && !computes(node.body)
            }
            _ => false,
        })
}

/// Sums of the induction value and something uniform.
fn linear_values(func: &Function, body: Region, iv: Value, facts: &Uniformity) -> BTreeSet<Value> {
    let mut linear = BTreeSet::from([iv]);
    for inst in walk::insts_of(func, body) {
        let data = func.inst(inst);
        if let (InstKind::Binary(BinaryOp::Add | BinaryOp::Sub, a, b), Some(v)) = (&data.kind, data.result)
            && (linear.contains(a) && !facts.varies(*b) || linear.contains(b) && !facts.varies(*a))
        {
            linear.insert(v);
        }
    }
    linear
}

struct Sum<'a> {
    func: &'a Function,
    defs: &'a Definitions,
    facts: &'a Uniformity,
    linear: BTreeSet<Value>,
    rows: &'a RowLoads,
    width: u64,
    scalar: u64,
    lanes: u64,
}

impl Sum<'_> {
    fn add(&mut self, r: Region, times: u64) {
        for &inst in self.func.region(r) {
            let kind = &self.func.inst(inst).kind;
            let in_row = self.func.inst(inst).result.is_some_and(|v| self.rows.contains_key(&v));
            let (a, b) = if in_row {
                (ROW_LOAD, ROW_LOAD / 2)
            } else {
                weights((self.func, self.defs), self.facts, &self.linear, kind, self.width)
            };
            self.scalar += a * times;
            self.lanes += b * times;
            let looped = matches!(kind, InstKind::For(_) | InstKind::While { .. });
            let times = if looped { (times * 16).min(1 << 20) } else { times };
            for inner in walk::nested_regions(kind) {
                self.add(inner, times);
            }
        }
    }
}

/// Vectors of one register of the widest type that varies, as many as the registers hold.
pub fn shape(func: &Function, body: Region, facts: &Uniformity, target: Target) -> Shape {
    let mut widest = 4;
    for inst in walk::insts_of(func, body) {
        if let Some(v) = func.inst(inst).result.filter(|v| facts.varies(*v))
            && let Some(dtype) = func.ty(v).dtype()
        {
            widest = widest.max(dtype.real().size());
        }
    }
    let width = (u64::from(target.vector_bytes) / widest).clamp(2, u64::from(MAX_WIDTH)) as u16;
    let words = |d: DType| {
        if d == DType::Bool {
            0
        } else if d.is_complex() {
            2
        } else {
            1
        }
    };
    let held: usize = facts.vars.iter().filter_map(|x| func.var_ty(*x).dtype()).map(words).sum();
    // Values from outside the inner loops (a point's coordinates) are held too.
    let held = held + 2;
    let parts = match target.registers as usize / held.max(1) {
        0 => 1,
        // Two hide latency even where some variables of one are spilled.
        1..=4 => 2,
        _ => 4,
    };
    Shape { width, parts }
}
