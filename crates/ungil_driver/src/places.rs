//! From places in the IR back to the user's text.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::{SourceId, Span};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::Loc;
use ungil_opt::legality::{Reason, Refusal};

/// The diagnostic of a parallel loop that would race.
pub fn refusal(refusal: &Refusal, module: &Module, sources: &SourceMap) -> Diagnostic {
    let words = refusal.reason.words();
    let function = module.functions.iter().find(|f| f.name == refusal.function);
    let mut diagnostic = Diagnostic::error(Code(refusal.reason.code()), words.title);
    for (i, (loc, text)) in words.labels.into_iter().enumerate() {
        let Some(span) = function.and_then(|f| span_of(f, loc, sources)) else { continue };
        diagnostic = if i == 0 { diagnostic.primary(span, text) } else { diagnostic.secondary(span, text) };
    }
    let parallel = !matches!(refusal.reason, Reason::NoLanes { .. });
    if let Some(span) = function.filter(|_| parallel).and_then(|f| span_of(f, refusal.node, sources)) {
        diagnostic = diagnostic.secondary(span, "in this parallel loop");
    }
    if let Some(note) = words.note {
        diagnostic = diagnostic.note(note);
    }
    diagnostic.help(words.help)
}

/// The word at a place of a function.
pub fn span_of(function: &Function, loc: Loc, sources: &SourceMap) -> Option<Span> {
    let (id, file) = (0..sources.len() as u32).map(SourceId).find_map(|id| {
        let file = sources.get(id)?;
        (*file.name == *function.origin.file && file.first_line == function.origin.first_line)
            .then_some((id, file))
    })?;
    Some(word_at(id, file, loc))
}

fn word_at(id: SourceId, file: &SourceFile, loc: Loc) -> Span {
    let index = loc.line.saturating_sub(1);
    let line = file.line_text(index);
    let column = loc.col.saturating_sub(1 + file.col_offset) as usize;
    let start: usize = line.chars().take(column).map(char::len_utf8).sum();
    let is_word = |c: &char| c.is_alphanumeric() || *c == '_';
    let length: usize = line[start..].chars().take_while(is_word).map(char::len_utf8).sum();
    let lo = file.line_start(index) + start as u32;
    Span::new(id, lo, lo + length.max(1) as u32)
}
