//! Which array arguments a function may write, callees included.

use crate::analysis::definitions::Definitions;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::walk;

/// Written parameters of every function of a module.
pub struct Effects {
    written: Vec<Vec<bool>>,
}

impl Effects {
    /// Iterates over calls until nothing changes, so recursion is covered.
    pub fn compute(module: &Module) -> Effects {
        let mut effects =
            Effects { written: module.functions.iter().map(|f| vec![false; f.params.len()]).collect() };
        loop {
            let mut changed = false;
            for (k, func) in module.functions.iter().enumerate() {
                let written = effects.of(func);
                changed |= written != effects.written[k];
                effects.written[k] = written;
            }
            if !changed {
                return effects;
            }
        }
    }

    /// Whether the function may write the array passed as this parameter.
    pub fn writes(&self, f: FuncId, param: usize) -> bool {
        self.written[f.index()][param]
    }

    fn of(&self, func: &Function) -> Vec<bool> {
        let defs = Definitions::compute(func);
        let mut written = vec![false; func.params.len()];
        let mut mark_all = false;
        let mut mark = |v: Value| {
            let root = defs.memory_root(func, v);
            match func.params.iter().position(|p| *p == root) {
                Some(k) => written[k] = true,
                None if matches!(
                    defs.kind(func, root),
                    Some(InstKind::Alloc { .. } | InstKind::GlobalArray(_))
                ) => {}
                // Memory of unknown origin may be any argument's.
                None => written.fill(true),
            }
        };
        walk::walk_region(func, func.body, &mut |inst| match &func.inst(inst).kind {
            InstKind::Store { array, .. }
            | InstKind::AtomicUpdate { array, .. }
            | InstKind::VecStore { array, .. }
            | InstKind::Scatter { array, .. }
            | InstKind::ListReserve(array, _)
            | InstKind::ListDrop(array, ..) => mark(*array),
            // It may write whatever it has ever been given.
            InstKind::CallC(..) => mark_all = true,
            InstKind::Library(f, args) => {
                args.first().filter(|_| f.writes()).into_iter().for_each(|out| mark(*out))
            }
            InstKind::Call(callee, args) => {
                for (k, a) in args.iter().enumerate() {
                    if self.writes(*callee, k) && func.ty(*a).holds_memory() {
                        mark(*a);
                    }
                }
            }
            _ => {}
        });
        if mark_all {
            written.fill(true);
        }
        written
    }
}
