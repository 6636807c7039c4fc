//! Copies of regions with renaming.
//!
//! Versioning, unrolling and lane-widening copy a region inside its function; inlining copies one into another
//! function. Everything a copy defines is fresh; what it uses and does not define goes through the [`CloneMap`].

use crate::entities::{Inst, Label, Region, Value, Var};
use crate::function::Function;
use crate::inst::{InstData, InstKind};
use crate::walk;
use std::collections::HashMap;

/// Renaming that a copy applies and extends: the caller enters what outer values, variables and labels become,
/// and finds there afterwards what the region's own became.
#[derive(Clone, Default, Debug)]
pub struct CloneMap {
    pub values: HashMap<Value, Value>,
    pub vars: HashMap<Var, Var>,
    pub labels: HashMap<Label, Label>,
}

/// Copies a region of `func`. Values, variables and labels from outside the region stay unless the map says otherwise.
pub fn clone_region(func: &mut Function, region: Region, map: &mut CloneMap) -> Region {
    Cloner { target: func, source: None, map }.region(region)
}

/// Copies a region of `source` into `target`. Variables that the map does not name become fresh ones of `target`.
///
/// # Panics
/// If the region uses a value or label from outside that the map does not name.
pub fn clone_region_into(
    target: &mut Function,
    source: &Function,
    region: Region,
    map: &mut CloneMap,
) -> Region {
    Cloner { target, source: Some(source), map }.region(region)
}

struct Cloner<'a> {
    target: &'a mut Function,
    /// `None`: the target itself.
    source: Option<&'a Function>,
    map: &'a mut CloneMap,
}

impl Cloner<'_> {
    fn source(&self) -> &Function {
        self.source.unwrap_or(self.target)
    }

    fn region(&mut self, region: Region) -> Region {
        let insts = self.source().region(region).to_vec();
        let copies: Vec<Inst> = insts.into_iter().map(|inst| self.inst(inst)).collect();
        let copy = self.target.new_region();
        self.target.regions[copy.index()] = copies;
        copy
    }

    fn inst(&mut self, inst: Inst) -> Inst {
        let mut data = self.source().inst(inst).clone();
        self.rename_labels(&mut data.kind);
        walk::for_each_region_value_mut(&mut data.kind, &mut |v| *v = self.define(*v));
        walk::for_each_var_mut(&mut data.kind, &mut |x, _| *x = self.var(*x));
        let mut regions = Vec::new();
        walk::for_each_region_mut(&mut data.kind, &mut |r| {
            *r = self.region(*r);
            regions.push(*r);
        });
        // Operands come after the regions because the test of a `While` is defined in one of them.
        walk::for_each_operand_mut(&mut data.kind, &mut |v| *v = self.value(*v));
        let result = data.result.map(|v| self.define(v));
        self.target.insts.push(InstData { result, ..data });
        Inst(self.target.insts.len() as u32 - 1)
    }

    fn define(&mut self, v: Value) -> Value {
        let ty = self.source().ty(v).clone();
        let fresh = self.target.new_value(ty);
        self.map.values.insert(v, fresh);
        fresh
    }

    fn value(&self, v: Value) -> Value {
        match self.map.values.get(&v) {
            Some(&new) => new,
            None if self.source.is_none() => v,
            None => panic!("{v} is not in the map of a copy into another function"),
        }
    }

    fn var(&mut self, x: Var) -> Var {
        match (self.map.vars.get(&x), self.source) {
            (Some(&new), _) => new,
            (None, None) => x,
            (None, Some(source)) => {
                let data = &source.vars[x.index()];
                let fresh = self.target.new_var(&data.name, data.ty.clone());
                self.map.vars.insert(x, fresh);
                fresh
            }
        }
    }

    fn rename_labels(&mut self, kind: &mut InstKind) {
        match kind {
            InstKind::For(node) => node.label = self.define_label(node.label),
            InstKind::ParallelFor(node) => node.label = self.define_label(node.label),
            InstKind::While { label, .. } => *label = self.define_label(*label),
            InstKind::Break(label) | InstKind::Continue(label) => match self.map.labels.get(label) {
                Some(&new) => *label = new,
                None => assert!(self.source.is_none(), "{label} is not in the map of a copy"),
            },
            _ => {}
        }
    }

    fn define_label(&mut self, label: Label) -> Label {
        let fresh = self.target.new_label();
        self.map.labels.insert(label, fresh);
        fresh
    }
}
