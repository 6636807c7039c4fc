//! Whether the iterations of a loop touch memory independently, and under which conditions.
//!
//! As for parallel loops: each write is held against every access to the same array; arrays that may overlap and
//! indices that may wrap become a test in front of the loop.

use crate::analysis::access::{Access, accesses};
use crate::analysis::affine::Affine;
use crate::analysis::bounds::{End, Frame, extreme, holds};
use crate::analysis::definitions::Definitions;
use crate::analysis::dependence::{Dependence, Loop};
use crate::analysis::effects::Effects;
use crate::transform::alias_guard;
use crate::transform::hoist_checks::emit_inequality;
use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Inst, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, InstKind, ParallelFor};
use ungil_ir::walk;

/// What must hold for the iterations to be independent.
#[derive(Debug, Default)]
pub struct Guard {
    conditions: BTreeSet<Affine>,
    apart: BTreeSet<(Value, Value)>,
    /// Some array is written and also read.
    pub reads_written: bool,
}

impl Guard {
    /// Analyses a loop, or says why its iterations are not independent.
    pub fn compute(func: &Function, effects: &Effects, node: &ParallelFor) -> Result<Guard, String> {
        let defs = Definitions::compute(func);
        let all = accesses(func, &defs, effects, node).map_err(|at| {
            format!("the array accessed in line {} is not known in front of the loop", line(func, at))
        })?;
        let mut guard = Guard::default();
        let mut by_base: BTreeMap<Value, Vec<&Access>> = BTreeMap::new();
        for access in &all {
            by_base.entry(access.base).or_default().push(access);
        }
        for own in by_base.values().filter(|own| own.iter().any(|a| a.writes)) {
            guard.reads_written |= own.iter().any(|a| !a.writes);
            guard.same_array(func, &defs, node, own)?;
        }
        guard.different_arrays(func, &defs, &by_base);
        Ok(guard)
    }

    fn same_array(
        &mut self,
        func: &Function,
        defs: &Definitions,
        node: &ParallelFor,
        own: &[&Access],
    ) -> Result<(), String> {
        let mut inside = walk::defined_values(func, node.body);
        inside.insert(node.iv);
        let is_inside = |v: Value| inside.contains(&v);
        let step = Affine::of(func, defs, node.step).and_then(|s| s.as_constant()).unwrap_or(1);
        let frame = Frame::new(func, defs, (node.iv, node.start, node.stop, node.step), None);
        let the_loop = Loop { func, defs, iv: node.iv, step, frame: frame.clone(), inside: &is_inside };
        for write in own.iter().filter(|a| a.writes) {
            for other in own {
                let needs = match the_loop.dependence(write, other) {
                    Dependence::None(needs) => needs,
                    // The same iteration.
                    Dependence::Distance(0) => continue,
                    _ => {
                        return Err(format!(
                            "the write in line {} may touch an element that another iteration accesses in line {}",
                            line(func, write.inst),
                            line(func, other.inst)
                        ));
                    }
                };
                for e in &needs {
                    match extreme(e, std::slice::from_ref(&frame), End::Least, 0) {
                        Some(e) if holds(func, defs, &e) => {}
                        Some(e) if !e.terms.contains_key(&node.iv) => {
                            self.conditions.insert(e);
                        }
                        _ => return Err("an index may be negative and wrap".to_owned()),
                    }
                }
            }
        }
        Ok(())
    }

    fn different_arrays(
        &mut self,
        func: &Function,
        defs: &Definitions,
        by_base: &BTreeMap<Value, Vec<&Access>>,
    ) {
        for (a, of_a) in by_base.iter().filter(|(_, own)| own.iter().any(|x| x.writes)) {
            for (b, of_b) in by_base.iter().filter(|(b, _)| *b != a) {
                let marked = of_a.iter().all(|x| of_b.iter().all(|y| marked_apart(func, x.inst, y.inst)));
                if !marked && !alias_guard::are_apart(func, defs, *a, *b) {
                    self.apart.insert((*a.min(b), *a.max(b)));
                }
            }
        }
    }

    /// Appends the test; `None` if nothing needs testing.
    pub fn emit(&self, b: &mut Builder<'_>) -> Option<Value> {
        let defs = Definitions::compute(b.func);
        let mut all = None;
        let mut require = |b: &mut Builder<'_>, c: Value| {
            all = Some(match all {
                None => c,
                Some(rest) => b.binary(BinaryOp::And, rest, c),
            });
        };
        for e in &self.conditions {
            let c = emit_inequality(b, &defs, e);
            require(b, c);
        }
        for (x, y) in &self.apart {
            let c = alias_guard::emit_apart(b, *x, *y);
            require(b, c);
        }
        all
    }
}

/// Whether an overlap test in front of an outer loop has set two accesses apart.
fn marked_apart(func: &Function, a: Inst, b: Inst) -> bool {
    let set = |i: Inst| match &func.inst(i).kind {
        InstKind::Load { flags, .. } | InstKind::Store { flags, .. } => flags.alias_set,
        _ => 0,
    };
    let (a, b) = (set(a), set(b));
    a != 0 && b != 0 && a >> 4 == b >> 4 && a != b
}

/// Line of an instruction in the user's file.
fn line(func: &Function, inst: Inst) -> u32 {
    (func.origin.first_line + func.inst(inst).loc.line).saturating_sub(1)
}
