//! Tables: whatever a function names exists, and its types are well-formed.

use super::Verifier;
use crate::entities::{Inst, Label};
use crate::inst::InstKind;
use crate::types::{DType, Type};
use crate::walk;

impl Verifier<'_> {
    /// Checks every instruction of the table, placed or not, so that all later checks may index freely.
    pub(super) fn check_entities(&mut self) {
        let func = self.func;
        for i in 0..func.values.len() {
            self.check_type(&func.values[i].ty, &format!("v{i}"));
        }
        for i in 0..func.vars.len() {
            self.check_type(&func.vars[i].ty, &format!("x{i}"));
        }
        self.require(func.body.index() < func.regions.len(), || "the body does not exist".to_owned());
        for &v in &func.params {
            self.require(v.index() < func.values.len(), || format!("parameter {v} does not exist"));
        }
        for region in &func.regions {
            for inst in region {
                self.require(inst.index() < func.insts.len(), || format!("{inst} does not exist"));
            }
        }
        for i in 0..func.insts.len() {
            self.check_entities_of(Inst(i as u32));
        }
    }

    fn check_entities_of(&mut self, inst: Inst) {
        let func = self.func;
        let data = func.inst(inst);
        let mut missing = Vec::new();
        let mut value = |v: crate::entities::Value| {
            if v.index() >= func.values.len() {
                missing.push(v.to_string());
            }
        };
        data.result.iter().for_each(|v| value(*v));
        walk::for_each_operand(&data.kind, &mut |v| value(*v));
        walk::for_each_region_value(&data.kind, &mut value);
        walk::for_each_var(&data.kind, &mut |x, _| {
            if x.index() >= func.vars.len() {
                missing.push(x.to_string());
            }
        });
        for region in walk::nested_regions(&data.kind) {
            if region.index() >= func.regions.len() {
                missing.push(region.to_string());
            }
        }
        match &data.kind {
            InstKind::Call(f, _) if f.index() >= self.module.functions.len() => missing.push(f.to_string()),
            InstKind::GlobalArray(g) if *g as usize >= self.module.arrays.len() => {
                missing.push(format!("g{g}"));
            }
            InstKind::Extern(e) if *e as usize >= self.module.externs.len() => missing.push(format!("e{e}")),
            _ => {}
        }
        if let Some(Label(l)) = label_of(&data.kind)
            && l >= func.labels
        {
            missing.push(format!("l{l}"));
        }
        for name in missing {
            // Without the instruction's text, which may need what is missing.
            self.error(format!("{inst} names {name}, which does not exist"));
        }
    }

    fn check_type(&mut self, ty: &Type, name: &str) {
        match ty {
            Type::Vec(DType::Bool, _) => self.error(format!("{name}: lanes of bool are a mask")),
            Type::Vec(_, n) | Type::Mask(n) => {
                self.require((2..=64).contains(n) && n.is_power_of_two(), || {
                    format!("{name}: {ty} must have a power of two of lanes, from 2 to 64")
                });
            }
            Type::Tuple(items) => items.iter().for_each(|item| self.check_type(item, name)),
            Type::Scalar(_) | Type::Array(_) | Type::Pointer => {}
        }
    }
}

/// The label that an instruction defines or names.
pub(super) fn label_of(kind: &InstKind) -> Option<Label> {
    match kind {
        InstKind::For(node) => Some(node.label),
        InstKind::ParallelFor(node) => Some(node.label),
        InstKind::While { label, .. } | InstKind::Break(label) | InstKind::Continue(label) => Some(*label),
        _ => None,
    }
}
