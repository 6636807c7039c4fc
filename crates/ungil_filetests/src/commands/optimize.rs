//! `test optimize PASS[, PASS…]`: the module after these passes, as text behind `---`.
//!
//! `all` stands for the whole list. The module is verified after each pass.

use super::{CommandResult, Context, TestCommand, read_ir, verify};
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
        let found = module.to_string();
        if file.tail().as_deref().map(str::trim_end) == Some(found.trim_end()) {
            return Ok(None);
        }
        if context.bless {
            return Ok(Some(file.with_tail(&found)));
        }
        Err(vec![format!("1: after the passes:\n{found}\n")])
    }
}

fn run_pass(module: &mut Module, name: &str) -> Result<(), Vec<String>> {
    if name == "all" {
        return optimize_all(module);
    }
    let Some(pass) = pipeline::pass_by_name(name) else {
        return Err(vec![format!("1: unknown pass `{name}`")]);
    };
    (pass.run)(module, &mut pipeline::Context::default());
    verify(module, name)
}

/// Runs all passes and verifies after each.
pub fn optimize_all(module: &mut Module) -> Result<(), Vec<String>> {
    let mut errors = Vec::new();
    pipeline::optimize(module, &mut |name, _, module| {
        if errors.is_empty()
            && let Err(found) = verify(module, name)
        {
            errors = found;
            errors.push(format!("1: the module after `{name}`:\n{module}"));
        }
    });
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}
