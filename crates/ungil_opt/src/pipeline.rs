//! The list of passes.

use crate::legality::Refusal;
use crate::transform::{
    assign_block_sizes::assign_block_sizes, block_searches::block_searches,
    check_dependences::check_dependences, classify_variables::classify_variables, count_bits::count_bits,
    count_while_loops::count_while_loops, fix_short_rows::fix_short_rows, fold_branches::fold_branches,
    fold_checks::fold_checks, fold_counting::fold_counting, forward_locals::forward_locals,
    fuse_siblings::fuse_siblings, hoist_checks::hoist_checks, hoist_invariants::hoist_invariants,
    inline_prelude::inline_prelude, insert_ownership::insert_ownership, lanes::run_in_lanes,
    lower_domains::lower_domains, place_safepoints::place_safepoints, speculate_checks::speculate_checks,
    unroll_short_loops::unroll_short_loops,
};
use ungil_ir::function::Module;
use ungil_ir::remark::Remark;

/// The machine that code is made for, as far as passes look at it. What they decide changes speed, never results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Target {
    /// Bytes of a vector register.
    pub vector_bytes: u16,
    /// Number of vector registers.
    pub registers: u16,
}

impl Default for Target {
    fn default() -> Target {
        Target { vector_bytes: 64, registers: 32 }
    }
}

/// What passes report, and the machine.
#[derive(Default)]
pub struct Context {
    pub target: Target,
    pub remarks: Vec<Remark>,
    /// Parallel loops that would race; if there are any the module must not be run.
    pub refusals: Vec<Refusal>,
}

/// A pass: a name, and a function that returns whether it changed the module.
#[derive(Clone, Copy)]
pub struct Pass {
    pub name: &'static str,
    pub run: fn(&mut Module, &mut Context) -> bool,
}

/// All passes in the order in which they run. Classification and block sizes come first, on what the front end made:
/// legality and the bits of reductions must not depend on optimisation; sibling loops are fused once it is known that each is legal. Ownership comes after everything that moves reads, safepoints after all that moves loops;
/// checks are speculated on in the strips that safepoints leave.
pub const PASSES: &[Pass] = &[
    Pass { name: "classify_variables", run: classify_variables },
    Pass { name: "assign_block_sizes", run: |m, _| assign_block_sizes(m) },
    Pass { name: "lower_domains", run: |m, _| lower_domains(m) },
    Pass { name: "inline_prelude", run: |m, _| inline_prelude(m) },
    Pass { name: "count_while_loops", run: |m, _| count_while_loops(m) },
    Pass { name: "forward_locals", run: |m, _| forward_locals(m) },
    Pass { name: "count_bits", run: |m, _| count_bits(m) },
    Pass { name: "fold_branches", run: |m, _| fold_branches(m) },
    Pass { name: "hoist_invariants", run: |m, _| hoist_invariants(m) },
    Pass { name: "fold_counting", run: |m, _| fold_counting(m) },
    Pass { name: "check_dependences", run: check_dependences },
    Pass { name: "fuse_siblings", run: |m, _| fuse_siblings(m) },
    Pass { name: "unroll_short_loops", run: unroll_short_loops },
    Pass { name: "fold_checks", run: |m, _| fold_checks(m) },
    Pass { name: "hoist_checks", run: hoist_checks },
    Pass { name: "fix_short_rows", run: fix_short_rows },
    Pass { name: "run_in_lanes", run: run_in_lanes },
    Pass { name: "block_searches", run: block_searches },
    Pass { name: "insert_ownership", run: |m, _| insert_ownership(m) },
    Pass { name: "place_safepoints", run: place_safepoints },
    Pass { name: "speculate_checks", run: speculate_checks },
];

/// The pass of this name.
pub fn pass_by_name(name: &str) -> Option<Pass> {
    PASSES.iter().copied().find(|p| p.name == name)
}

/// Runs all passes for a machine; `after` is called behind each (verifier, dumps) with its name and whether it changed anything.
pub fn optimize(
    module: &mut Module,
    target: Target,
    after: &mut dyn FnMut(&'static str, bool, &Module),
) -> Context {
    let mut context = Context { target, ..Context::default() };
    for pass in PASSES {
        let changed = (pass.run)(module, &mut context);
        after(pass.name, changed, module);
    }
    context
}
