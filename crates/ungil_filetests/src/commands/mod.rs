//! Commands of test files: one file each.

pub mod optimize;
mod parse;
mod run;
mod verify;

use crate::engine::Engine;
use crate::file::TestFile;
use ungil_ir::function::Module;
use ungil_ir::read::read_module;

/// What a command gets beside the file.
pub struct Context<'a> {
    /// What follows the command on its line.
    pub args: &'a [String],
    pub bless: bool,
    pub engines: &'a [Box<dyn Engine>],
}

/// Failures, each as `line: message`; or the file's new text if expectations were rewritten.
pub type CommandResult = Result<Option<String>, Vec<String>>;

/// A command of test files.
pub trait TestCommand {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult;
}

/// The command of this name.
pub fn command_by_name(name: &str) -> Option<&'static dyn TestCommand> {
    match name {
        "parse" => Some(&parse::Parse),
        "verify" => Some(&verify::Verify),
        "optimize" => Some(&optimize::Optimize),
        "run" => Some(&run::Run),
        _ => None,
    }
}

/// The module of an IR file, which must be well-formed.
fn read_ir(file: &TestFile) -> Result<Module, Vec<String>> {
    let module = read_module(&file.text).map_err(|e| vec![e.to_string()])?;
    verify(&module, "as written")?;
    Ok(module)
}

fn verify(module: &Module, when: &str) -> Result<(), Vec<String>> {
    ungil_ir::verify::verify_module(module)
        .map_err(|errors| errors.iter().map(|e| format!("1: {when}: {e}")).collect())
}
