//! `test optimize PASS[, PASS…]`: the module after these passes, as text behind `---`.
//!
//! `all` stands for the whole list. The module is verified after each pass.

use super::{CommandResult, Context, TestCommand, read_ir, tail_is, verify};
use crate::file::TestFile;
use ungil_ir::function::Module;
use ungil_opt::pipeline;

pub struct Optimize;

impl TestCommand for Optimize {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult {
        let mut module = read_ir(file)?;
        for name in context.args {
            run_pass(&mut module, name)?;
        }
        tail_is(file, &module.to_string(), context.bless)
    }
}

fn run_pass(module: &mut Module, name: &str) -> Result<(), Vec<String>> {
    if name == "all" {
        return run_passes(module, |_| true);
    }
    let Some(pass) = pipeline::pass_by_name(name) else {
        return Err(vec![format!("1: unknown pass `{name}`")]);
    };
    apply(pass, module)
}

/// Passes that decide what a parallel loop means. IR files say so themselves.
const MEANING: [&str; 2] = ["classify_variables", "assign_block_sizes"];

/// Runs all passes that must not change what a module gives, and verifies after each.
pub fn optimize_all(module: &mut Module) -> Result<(), Vec<String>> {
    run_passes(module, |name| !MEANING.contains(&name))
}

fn run_passes(module: &mut Module, wanted: impl Fn(&str) -> bool) -> Result<(), Vec<String>> {
    pipeline::PASSES.iter().filter(|p| wanted(p.name)).try_for_each(|pass| apply(*pass, module))
}

fn apply(pass: pipeline::Pass, module: &mut Module) -> Result<(), Vec<String>> {
    let mut context = pipeline::Context::default();
    (pass.run)(module, &mut context);
    if let Some(refusal) = context.refusals.first() {
        return Err(vec![format!("1: {} refuses: {refusal:?}", pass.name)]);
    }
    verify(module, pass.name).map_err(|mut errors| {
        errors.push(format!("1: the module after `{}`:\n{module}", pass.name));
        errors
    })
}
