//! How often a function that calls itself is brought into itself.
//!
//! The body of a small recursive function is mostly the call: registers are saved, the stack's end is looked at, the result goes
//! through memory. Some levels of calls are emitted as copies that LLVM inlines, as compilers of C do; they lie in one frame,
//! whose stack is checked once.
//!
//! Limits: calls of itself only, not through another function; no loops, which take longer than calls; no arrays in the frame,
//! which would have room for one call alone; none where the user wants no inlining.

use ungil_ir::entities::FuncId;
use ungil_ir::function::{Function, Inline};
use ungil_ir::inst::InstKind;

/// Levels at most, and instructions in all copies together: compiling them takes its time.
const MAX_LEVELS: u32 = 6;
const MAX_INSTS: usize = 520;

/// The number of levels.
pub fn levels(f: &Function, id: FuncId) -> u32 {
    if f.attributes.inline == Inline::Never {
        return 0;
    }
    let mut calls = 0;
    for inst in &f.insts {
        match &inst.kind {
            InstKind::Call(callee, _) if *callee == id => calls += 1,
            InstKind::For(_)
            | InstKind::While { .. }
            | InstKind::StackArray(_)
            | InstKind::Try { .. }
            | InstKind::Domain { .. }
            | InstKind::ParallelFor(_)
            | InstKind::ParallelRegion(_) => return 0,
            _ => {}
        }
    }
    let mut total = 1;
    let fits = |level: &u32| {
        total += usize::pow(calls, *level);
        calls > 0 && total.saturating_mul(f.insts.len()) <= MAX_INSTS
    };
    (1..=MAX_LEVELS).take_while(fits).count() as u32
}
