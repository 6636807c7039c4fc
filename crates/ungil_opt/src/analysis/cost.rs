//! Static cost of a region: a machine-independent estimate of the work of executing it once.
//!
//! It decides how many iterations a block of a reduction holds, and with that the bits of floating-point
//! reductions: changing a number here changes users' results, so it must not depend on the machine, on options or
//! on optimisation. It also decides whether a call is worth releasing the GIL for.

use crate::analysis::affine::Affine;
use crate::analysis::definitions::Definitions;
use ungil_ir::entities::{FuncId, Region};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::math::MathFn;

/// Work in units of about one addition; `None` when it is not bounded statically.
pub type Cost = Option<u64>;

/// Longest constant trip count that still counts as bounded.
const MAX_TRIPS: i64 = 4096;
const MAX_CALL_DEPTH: u32 = 8;

/// Cost of one execution of `region`.
pub fn region_cost(module: &Module, func: &Function, region: Region) -> Cost {
    let defs = Definitions::compute(func);
    Estimator { module, func, defs: &defs, depth: 0, polls: false }.region(region)
}

/// Cost of one execution of `region` in which every `while` loop, which polls in each of its iterations, goes round once.
pub fn cost_between_polls(module: &Module, func: &Function, region: Region) -> Cost {
    let defs = Definitions::compute(func);
    Estimator { module, func, defs: &defs, depth: 0, polls: true }.region(region)
}

/// Cost of a call of `f`.
pub fn function_cost(module: &Module, f: FuncId) -> Cost {
    let func = module.function(f);
    region_cost(module, func, func.body)
}

struct Estimator<'a> {
    module: &'a Module,
    func: &'a Function,
    defs: &'a Definitions,
    depth: u32,
    /// Whether only the work between two polls counts.
    polls: bool,
}

impl Estimator<'_> {
    fn region(&self, region: Region) -> Cost {
        self.func
            .region(region)
            .iter()
            .try_fold(0u64, |sum, i| Some(sum + self.inst(&self.func.inst(*i).kind)?))
    }

    fn inst(&self, kind: &InstKind) -> Cost {
        Some(match kind {
            InstKind::Binary(op, ..) if *op == BinaryOp::Div || op.divides() => 8,
            InstKind::Binary(BinaryOp::Pow, ..) => 32,
            InstKind::Math(MathFn::Sqrt, _) => 8,
            InstKind::Math(
                MathFn::Floor | MathFn::Ceil | MathFn::Trunc | MathFn::Rint | MathFn::Copysign,
                _,
            ) => 1,
            InstKind::Math(..) => 24,
            InstKind::Const(_) | InstKind::Get(_) | InstKind::Set(..) | InstKind::Dim(..) => 0,
            InstKind::Alloc { .. } | InstKind::ListReserve(..) | InstKind::Print(_) => 256,
            InstKind::If { then, otherwise, .. } => 1 + self.region(*then)?.max(self.region(*otherwise)?),
            InstKind::Scope { body, cleanup } => self.region(*body)? + self.region(*cleanup)?,
            InstKind::Try { body, handler } => 1 + self.region(*body)? + self.region(*handler)?,
            InstKind::For(l) => {
                let trips = self.trips(l.start, l.stop, l.step)?;
                trips * (1 + self.region(l.body)?)
            }
            InstKind::Call(f, _) => self.call(*f)?,
            // How long a C function takes nobody knows.
            InstKind::CallC(..) => return None,
            InstKind::While { cond, body, .. } if self.polls => {
                1 + self.region(*cond)? + self.region(*body)?
            }
            InstKind::Library(..)
            | InstKind::While { .. }
            | InstKind::Domain { .. }
            | InstKind::ParallelFor(_)
            | InstKind::ParallelRegion(_) => return None,
            _ => 1,
        })
    }

    fn trips(
        &self,
        start: ungil_ir::entities::Value,
        stop: ungil_ir::entities::Value,
        step: ungil_ir::entities::Value,
    ) -> Cost {
        let constant = |v| Affine::of(self.func, self.defs, v)?.as_constant();
        let (start, stop, step) = (constant(start)?, constant(stop)?, constant(step)?);
        let distance = if step > 0 { stop - start } else { start - stop };
        let trips = if distance <= 0 { 0 } else { (distance - 1) / step.abs() + 1 };
        (trips <= MAX_TRIPS).then_some(trips as u64)
    }

    fn call(&self, f: FuncId) -> Cost {
        let callee = self.module.function(f);
        if self.depth >= MAX_CALL_DEPTH || callee.attributes.recursive {
            return None;
        }
        let defs = Definitions::compute(callee);
        let inner = Estimator { func: callee, defs: &defs, depth: self.depth + 1, ..*self };
        Some(4 + inner.region(callee.body)?)
    }
}
