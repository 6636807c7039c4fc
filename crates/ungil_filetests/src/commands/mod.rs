//! Commands of test files: one file each.

mod error;
pub mod optimize;
mod parse;
mod run;
mod sema;
mod verify;

use crate::engine::Engine;
use crate::file::TestFile;
use crate::python::Python;
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
        "error" => Some(&error::Error),
        "sema" => Some(&sema::Sema),
        "verify" => Some(&verify::Verify),
        "optimize" => Some(&optimize::Optimize),
        "run" => Some(&run::Run),
        _ => None,
    }
}

/// The module of a file: of IR as written, of Python what its last annotated function is lowered to.
fn read_ir(file: &TestFile) -> Result<Module, Vec<String>> {
    if file.is_python() {
        return lowered(file, None);
    }
    let module = read_module(&file.text).map_err(|e| vec![e.to_string()])?;
    verify(&module, "as written")?;
    Ok(module)
}

/// What the front end makes of a function, by default the last annotated one.
fn lowered(file: &TestFile, name: Option<&str>) -> Result<Module, Vec<String>> {
    let python = Python::parse(&file.text);
    let mut list = python.annotated();
    if let Some(name) = name {
        let wanted = python.world.kernel_named(name);
        list.retain(|(kernel, _)| Some(*kernel) == wanted);
    }
    let Some((kernel, types)) = list.pop() else {
        return Err(vec!["1: no function with annotated parameters".to_owned()]);
    };
    python.lower_or_fail(kernel, &types).map(|l| l.module).map_err(|e| vec![format!("1: {e}")])
}

/// Compares with the text behind `---`.
fn tail_is(file: &TestFile, found: &str, bless: bool) -> CommandResult {
    if file.tail().as_deref().map(str::trim_end) == Some(found.trim_end()) {
        return Ok(None);
    }
    if bless {
        return Ok(Some(file.with_tail(found)));
    }
    Err(vec![format!("1: expected behind `---`:\n{found}\n")])
}

fn verify(module: &Module, when: &str) -> Result<(), Vec<String>> {
    ungil_ir::verify::verify_module(module)
        .map_err(|errors| errors.iter().map(|e| format!("1: {when}: {e}")).collect())
}
