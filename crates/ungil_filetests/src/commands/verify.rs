//! `test verify`: what the verifier says of a module.
//!
//! Each error is a comment `; error: message` on the line of its instruction (or of the function's head). A
//! module without any must verify, and its text must read back to the same text.

use super::{CommandResult, Context, TestCommand};
use crate::file::TestFile;
use ungil_ir::function::Module;
use ungil_ir::read::{InstLines, read_module, read_module_with_lines};
use ungil_ir::verify::{VerifierError, verify_module};

pub struct Verify;

const MARK: &str = "; error: ";

impl TestCommand for Verify {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult {
        let found = match read_module_with_lines(&file.text) {
            Err(e) => vec![(e.line as usize, e.message)],
            Ok((module, lines)) => {
                let errors = verify_module(&module).err().unwrap_or_default();
                if errors.is_empty() {
                    round_trip(&module)?;
                }
                errors.iter().map(|e| (line_of(e, &lines, &file.text), e.message.clone())).collect()
            }
        };
        let annotated = annotate(&file.text, &found);
        if annotated == file.text {
            return Ok(None);
        }
        if context.bless {
            return Ok(Some(annotated));
        }
        let pairs = file.text.lines().zip(annotated.lines()).enumerate();
        Err(pairs
            .filter(|(_, (old, new))| old != new)
            .map(|(i, (_, new))| format!("{}: expected `{}`", i + 1, new.trim()))
            .collect())
    }
}

fn round_trip(module: &Module) -> Result<(), Vec<String>> {
    let text = module.to_string();
    match read_module(&text) {
        Ok(again) if again.to_string() == text => Ok(()),
        Ok(_) => Err(vec!["1: the text changes when it is read back".to_owned()]),
        Err(e) => Err(vec![format!("1: the module's text cannot be read back: {e}")]),
    }
}

fn line_of(error: &VerifierError, lines: &InstLines, text: &str) -> usize {
    let Some(function) = error.function else { return 1 };
    if let Some(inst) = error.inst
        && let Some(line) = lines.line(function, inst)
    {
        return line as usize;
    }
    let heads = text.lines().enumerate().filter(|(_, line)| line.starts_with("func "));
    heads.map(|(i, _)| i + 1).nth(function.index()).unwrap_or(1)
}

/// The text with exactly these errors as comments.
fn annotate(text: &str, errors: &[(usize, String)]) -> String {
    let mut out = String::new();
    for (i, line) in text.lines().enumerate() {
        let bare = line.split_once(MARK).map_or(line, |(code, _)| code.trim_end());
        out.push_str(bare);
        let mut sign = if bare.is_empty() { "" } else { "  " };
        for (_, message) in errors.iter().filter(|(at, _)| *at == i + 1) {
            out.push_str(&format!("{sign}{MARK}{message}"));
            sign = " ";
        }
        out.push('\n');
    }
    out
}
