//! `test error`: the messages about a file, each a comment on its line: `# error[U0214]: title`.
//!
//! All functions whose parameters are annotated are compiled, up to the test of parallel loops.

use super::{CommandResult, Context, TestCommand};
use crate::file::TestFile;
use crate::python::{Message, Python, settle};

pub struct Error;

const KINDS: [&str; 3] = ["  # error[", "  # warning[", "  # note["];

impl TestCommand for Error {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult {
        // The comments of expectations are not part of what is compiled.
        let bare: Vec<&str> = file.text.lines().map(without_comment).collect();
        let source = bare.join("\n") + "\n";
        let mut messages = messages(&source);
        messages.sort();
        messages.dedup();
        let annotated = annotate(&bare, &messages);
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

fn messages(source: &str) -> Vec<Message> {
    let python = Python::parse(source);
    let mut messages: Vec<Message> = python.diagnostics.iter().map(|d| python.message(d)).collect();
    if python.diagnostics.has_errors() {
        return messages;
    }
    for (kernel, types) in python.annotated() {
        let (lowered, diagnostics) = python.lower(kernel, &types);
        messages.extend(diagnostics.iter().map(|d| python.message(d)));
        if let Some(mut lowered) = lowered {
            for refusal in settle(&mut lowered.module) {
                let function = lowered.module.functions.iter().find(|f| f.name == refusal.function);
                let first = function.map_or(1, |f| f.origin.first_line);
                messages.push(python.refusal(&refusal, first));
            }
        }
    }
    messages
}

fn without_comment(line: &str) -> &str {
    let at = KINDS.iter().filter_map(|kind| line.find(kind)).min();
    at.map_or(line, |at| &line[..at])
}

fn annotate(bare: &[&str], messages: &[Message]) -> String {
    let mut out = String::new();
    for (i, line) in bare.iter().enumerate() {
        out.push_str(line);
        for message in messages.iter().filter(|m| m.line == i + 1) {
            out.push_str(&format!("  # {}", message.text));
        }
        out.push('\n');
    }
    out
}
