//! Static estimate of a call's run time: whether it is worth leaving the interpreter.
//!
//! Straight-line code and loops of constant, small trip count keep the GIL, because taking it back beside a busy
//! Python thread can cost milliseconds. Loops of unknown length, recursion, parallel loops and C functions count as long.
//! Source: DESIGN 3.18.

use ungil_ir::entities::{FuncId, Region, Value};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{Const, InstKind};
use ungil_ir::walk::nested_regions;

/// About 20 µs at a nanosecond an instruction.
const BUDGET: u64 = 20_000;
/// Instructions that a maths function, an allocation or a print stand for.
const HEAVY: u64 = 30;

/// Whether a call of the module's entry may take longer than about 20 µs.
pub fn is_long(module: &Module) -> bool {
    let mut path = Vec::new();
    let entry = module.entry();
    function_cost(module, entry, &mut path).is_none_or(|cost| cost > BUDGET)
}

/// Whether the module's code can stop at a safepoint.
pub fn has_safepoints(module: &Module) -> bool {
    module.functions.iter().flat_map(|f| &f.insts).any(|i| {
        matches!(&i.kind, InstKind::ParallelFor(l) if !l.in_place)
            || matches!(i.kind, InstKind::Safepoint | InstKind::ParallelRegion(_) | InstKind::Library(..))
    })
}

/// `None`: unknown or too much.
fn function_cost(module: &Module, id: FuncId, path: &mut Vec<FuncId>) -> Option<u64> {
    if path.contains(&id) {
        return None;
    }
    path.push(id);
    let function = module.function(id);
    let cost = region_cost(module, function, function.body, path);
    path.pop();
    cost
}

fn region_cost(module: &Module, f: &Function, region: Region, path: &mut Vec<FuncId>) -> Option<u64> {
    let mut total = 0u64;
    for &inst in f.region(region) {
        let kind = &f.inst(inst).kind;
        let cost = match kind {
            InstKind::ParallelFor(l) if l.in_place => {
                let n = trip_count(constant(f, l.start)?, constant(f, l.stop)?, constant(f, l.step)?);
                n.checked_mul(region_cost(module, f, l.body, path)? + 1)?
            }
            InstKind::ParallelFor(_)
            | InstKind::ParallelRegion(_)
            | InstKind::While { .. }
            | InstKind::Library(..) => return None,
            InstKind::For(l) => {
                let n = trip_count(constant(f, l.start)?, constant(f, l.stop)?, constant(f, l.step)?);
                n.checked_mul(region_cost(module, f, l.body, path)? + 1)?
            }
            InstKind::Domain { extents, body, .. } => {
                let mut n = 1u64;
                for &extent in extents {
                    n = n.checked_mul(constant(f, extent)?.max(0) as u64)?;
                }
                n.checked_mul(region_cost(module, f, *body, path)? + 1)?
            }
            InstKind::Call(callee, _) => function_cost(module, *callee, path)? + 5,
            // How long a C function takes nobody knows, and it may block.
            InstKind::CallC(..) => return None,
            InstKind::Math(..) | InstKind::Alloc { .. } => HEAVY,
            InstKind::Print(_) => HEAVY * 100,
            other => {
                let mut cost = 1;
                for nested in nested_regions(other) {
                    cost += region_cost(module, f, nested, path)?;
                }
                cost
            }
        };
        total = total.checked_add(cost)?;
        if total > BUDGET {
            return None;
        }
    }
    Some(total)
}

fn trip_count(start: i64, stop: i64, step: i64) -> u64 {
    let (span, step) = match step {
        0 => return 0,
        s if s > 0 => (i128::from(stop) - i128::from(start), i128::from(s)),
        s => (i128::from(start) - i128::from(stop), -i128::from(s)),
    };
    if span <= 0 { 0 } else { u64::try_from((span - 1) / step + 1).unwrap_or(u64::MAX) }
}

fn constant(f: &Function, value: Value) -> Option<i64> {
    f.insts.iter().find(|i| i.result == Some(value)).and_then(|i| match i.kind {
        InstKind::Const(Const::Int(_, n)) => Some(n),
        _ => None,
    })
}
