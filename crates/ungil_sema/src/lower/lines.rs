//! The source of a function, line by line, with the types of its variables.

use ungil_diag::source::SourceMap;
use ungil_diag::span::Span;

use crate::lower::LineTypes;
use crate::lower::program::Instance;
use crate::resolve::comprehensions::written;
use crate::resolve::scopes::Body;

/// The lines of an instance's function.
pub(crate) fn annotated_lines(instance: &Instance, sources: &SourceMap) -> Vec<LineTypes> {
    let code = &instance.code;
    let Some(file) = sources.get(code.source) else { return Vec::new() };
    let Span { lo, hi, .. } = match &*code.body {
        Body::Expr(e) => e.span,
        Body::Block(stmts) => match stmts.last() {
            Some(last) => code.span.to(last.span),
            None => code.span,
        },
    };
    let (first, last) = (file.line_index(lo), file.line_index(hi.saturating_sub(1).max(lo)));
    let mut lines: Vec<LineTypes> = (first..=last)
        .map(|k| LineTypes {
            number: file.first_line + k,
            text: file.line_text(k).trim_end().to_owned(),
            variables: Vec::new(),
        })
        .collect();
    for (place, web) in instance.webs.places() {
        let Some(ty) = &instance.web_types[web.0 as usize] else { continue };
        let index = file.line_index(place).wrapping_sub(first) as usize;
        let Some(line) = lines.get_mut(index) else { continue };
        let entry = (written(&instance.webs.web(web).name).to_owned(), ty.clone());
        if !line.variables.contains(&entry) {
            line.variables.push(entry);
        }
    }
    lines
}
