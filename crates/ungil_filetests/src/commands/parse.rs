//! `test parse`: the tree of a Python source and its diagnostics, behind `---`.
//!
//! A line for each top-level statement as `ungil_syntax::dump` writes it, then for each diagnostic of
//! the parser, or else of the checks, `! LINE:COLUMN CODE TITLE`.

use super::{CommandResult, Context, TestCommand};
use crate::file::TestFile;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_syntax::check::check_module;
use ungil_syntax::dump::dump;
use ungil_syntax::parser::parse_module;

pub struct Parse;

impl TestCommand for Parse {
    fn run(&self, file: &TestFile, context: &Context<'_>) -> CommandResult {
        let found = describe(&file.text);
        if file.tail().as_deref().map(str::trim_end) == Some(found.trim_end()) {
            return Ok(None);
        }
        if context.bless {
            return Ok(Some(file.with_tail(&found)));
        }
        Err(vec![format!("1: the tree:\n{found}\n")])
    }
}

fn describe(text: &str) -> String {
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new("test.py", text));
    let Some(source) = sources.get(id) else { return String::new() };
    let (module, mut diagnostics) = parse_module(source, id);
    if !diagnostics.has_errors() {
        diagnostics.append(check_module(&module));
    }
    let mut out = dump(&module);
    for diagnostic in &diagnostics {
        if let Some(place) = diagnostic.span().and_then(|span| sources.line_column(span)) {
            let (code, title) = (diagnostic.code, &diagnostic.title);
            out.push_str(&format!("! {}:{} {code} {title}\n", place.line, place.column));
        }
    }
    out
}
