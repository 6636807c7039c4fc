//! Captured values of outlined bodies.
//!
//! An outlined body reads what it uses of its surroundings from an environment: a struct on the caller's stack with one
//! slot for each distinct leaf that is not a constant. It is written before the runtime is called and never changes
//! while the body runs.

use super::function::{FunctionEmitter, Slot};
use super::types::{LeafKind, Operand, unflatten};
use crate::raw::{Llvm, Ty, Val};
use std::collections::HashMap;
use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::types::Type;
use ungil_ir::walk::{free_values, read_vars};

/// The leaves that a body captures, each with its offset.
#[derive(Default)]
pub struct Environment {
    slots: Vec<CaptureSlot>,
    by_leaf: HashMap<Val, usize>,
    pub size: u64,
}

struct CaptureSlot {
    outer: Val,
    ty: Ty,
    offset: u64,
    nonnegative: bool,
}

/// A value of the surroundings, to be rebuilt inside.
pub struct Captured {
    ty: Type,
    outer: Operand,
}

impl Environment {
    /// Takes in all leaves of a value.
    pub fn capture(&mut self, l: &Llvm, ty: &Type, outer: &Operand) -> Captured {
        let mut kinds = Vec::new();
        l.leaves_of(ty, &mut kinds);
        for (leaf, kind) in outer.leaves().into_iter().zip(kinds) {
            self.add(l, leaf, kind.kind == LeafKind::Extent);
        }
        Captured { ty: ty.clone(), outer: outer.clone() }
    }

    fn add(&mut self, l: &Llvm, outer: Val, nonnegative: bool) {
        if l.is_const(outer) {
            return;
        }
        if let Some(&known) = self.by_leaf.get(&outer) {
            self.slots[known].nonnegative |= nonnegative;
            return;
        }
        let ty = l.type_of(outer);
        self.by_leaf.insert(outer, self.slots.len());
        self.slots.push(CaptureSlot { outer, ty, offset: self.size, nonnegative });
        // No lane is larger than 8 bytes.
        self.size += 8 * u64::from(l.lanes(ty).unwrap_or(1));
    }

    /// Stores the leaves; runs in the caller.
    pub fn fill(&self, l: &Llvm, env: Val) {
        for slot in &self.slots {
            l.store(slot.outer, l.offset(env, slot.offset), 8);
        }
    }

    /// Loads the leaves; runs in the body. The result maps outer leaves to inner ones.
    pub fn open(&self, l: &Llvm, env: Val) -> HashMap<Val, Val> {
        let load = |slot: &CaptureSlot| {
            let v = l.load(slot.ty, l.offset(env, slot.offset), 8);
            l.attach_flag(v, "invariant.load");
            if slot.nonnegative {
                l.attach_nonnegative(v);
            }
            (slot.outer, v)
        };
        self.slots.iter().map(load).collect()
    }
}

impl Captured {
    /// The value inside the body.
    pub fn inner(&self, leaves: &HashMap<Val, Val>) -> Operand {
        let inside = |outer: Val| leaves.get(&outer).copied().unwrap_or(outer);
        unflatten(&self.ty, &mut self.outer.leaves().into_iter().map(inside))
    }
}

/// What an outlined region captures.
pub struct Captures {
    pub env: Environment,
    values: Vec<(Value, Captured)>,
    vars: Vec<(Var, Captured)>,
}

impl Captures {
    /// Makes the captured values and read-only variables known to the body's emitter.
    pub fn install(&self, body: &mut FunctionEmitter<'_>, env: Val) -> HashMap<Val, Val> {
        let leaves = self.env.open(body.l, env);
        for (v, captured) in &self.values {
            body.define(*v, captured.inner(&leaves));
        }
        for (x, captured) in &self.vars {
            body.slots[x.index()] = Some(Slot::Value(captured.inner(&leaves)));
        }
        leaves
    }
}

impl FunctionEmitter<'_> {
    /// Collects what a region uses from outside, except `own` values and `private` variables.
    pub fn captures(&mut self, region: Region, own: &[Value], private: &[Var]) -> Captures {
        let mut env = Environment::default();
        let mut values = Vec::new();
        for v in free_values(self.f, region) {
            if !own.contains(&v) {
                values.push((v, env.capture(self.l, self.f.ty(v), self.operand(v))));
            }
        }
        let mut vars = Vec::new();
        for x in read_vars(self.f, region) {
            if !private.contains(&x) {
                let now = self.get(x);
                vars.push((x, env.capture(self.l, self.f.var_ty(x), &now)));
            }
        }
        Captures { env, values, vars }
    }
}
