//! Cutting functions out of the text of a file, and parsing them.
//!
//! Works on lines and brackets alone, before parsing, because a file may hold anything around the function.

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_sema::world::KernelCode;
use ungil_syntax::ast::expr::ExprKind;
use ungil_syntax::ast::stmt::StmtKind;
use ungil_syntax::parser::{parse_expression, parse_module};

/// The function that a text holds: its first definition, or the lambda that it is.
pub fn parse_kernel(file: &SourceFile, id: SourceId, is_lambda: bool) -> (Option<KernelCode>, Diagnostics) {
    if is_lambda {
        let (expr, diagnostics) = parse_expression(file, id);
        let code = match expr.kind {
            ExprKind::Lambda { params, body } => Some(KernelCode::Lambda { params: *params, body: *body }),
            _ => None,
        };
        return (code, diagnostics);
    }
    let (module, diagnostics) = parse_module(file, id);
    let code = module.body.into_iter().find_map(|s| match s.kind {
        StmtKind::FunctionDef(def) => Some(KernelCode::Function(*def)),
        _ => None,
    });
    (code, diagnostics)
}

/// Lexical state between characters, just enough to know where logical lines begin.
#[derive(Default)]
pub struct Scan {
    /// Open brackets.
    pub depth: i32,
    /// Quote character and whether it is tripled.
    string: Option<(char, bool)>,
    continued: bool,
}

impl Scan {
    /// Whether the next line begins a logical line.
    fn at_start(&self) -> bool {
        self.depth <= 0 && self.string.is_none() && !self.continued
    }

    /// Reads one line, with its line end. Stops early at `until` bytes.
    pub fn line(&mut self, line: &str, until: usize) {
        self.continued = false;
        let chars: Vec<(usize, char)> = line.char_indices().collect();
        let mut i = 0;
        while i < chars.len() && chars[i].0 < until {
            let (_, c) = chars[i];
            let tripled = |q: char| (i..i + 3).all(|k| chars.get(k).is_some_and(|x| x.1 == q));
            match self.string {
                Some(_) if c == '\\' => i += 1,
                Some((q, true)) if c == q && tripled(q) => {
                    self.string = None;
                    i += 2;
                }
                Some((q, false)) if c == q => self.string = None,
                Some((_, false)) if c == '\n' && !line.ends_with("\\\n") => self.string = None,
                Some(_) => {}
                None => match c {
                    '\'' | '"' => {
                        let triple = tripled(c);
                        self.string = Some((c, triple));
                        i += if triple { 2 } else { 0 };
                    }
                    '#' => return,
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth -= 1,
                    '\\' => self.continued = true,
                    _ => {}
                },
            }
            i += 1;
        }
    }
}

/// Lines skipped, indentation and text of the definition at the start of `lines`. With `search` the definition of
/// `name` may come later.
pub fn definition_text(lines: &[String], name: &str, search: bool) -> Option<(u32, u32, String)> {
    let start = if search { find_definition(lines, name)? } else { 0 };
    let lines = &lines[start..];
    let base = indent_of(lines.first()?);
    let mut scan = Scan::default();
    let mut header_seen = false;
    let mut text = String::new();
    for line in lines {
        let at_start = scan.at_start();
        let trimmed = line.trim_start();
        let blank = trimmed.is_empty() || trimmed.starts_with('#');
        if at_start && !blank {
            if header_seen && indent_of(line) <= base {
                break;
            }
            header_seen |=
                trimmed.starts_with("def ") || trimmed.starts_with("async ") || trimmed.starts_with("class ");
            if !header_seen && !trimmed.starts_with('@') {
                return None;
            }
        }
        let in_string = scan.string.is_some();
        text.push_str(if in_string { line } else { &line[base.min(indent_of(line))..] });
        scan.line(line, usize::MAX);
    }
    header_seen.then_some((start as u32, base as u32, text))
}

/// The line on which `def name` starts, with its decorators.
fn find_definition(lines: &[String], name: &str) -> Option<usize> {
    let is_def = |line: &String| {
        let rest = line.trim_start();
        let rest = rest.strip_prefix("async ").unwrap_or(rest).trim_start();
        rest.strip_prefix("def ").is_some_and(|r| {
            r.trim_start().strip_prefix(name).is_some_and(|r| r.trim_start().starts_with(['(', '[']))
        })
    };
    let mut at = lines.iter().rposition(is_def)?;
    while at > 0 && lines[at - 1].trim_start().starts_with('@') {
        at -= 1;
    }
    Some(at)
}

/// Bytes of white space at the start of a line.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t', '\u{c}']).len()
}

/// Length of the line up to the place where brackets opened since the start of the lambda are closed, looking from
/// byte `from` on; `None` if they are still open at the line's end.
pub fn closing(line: &str, from: usize, scan: &mut Scan) -> Option<usize> {
    scan.line(line, from);
    let mut at = from.min(line.len());
    while scan.depth > 0 {
        let c = line[at..].chars().next()?;
        let mut one = String::new();
        one.push(c);
        scan.line(&one, usize::MAX);
        at += c.len_utf8();
    }
    Some(at)
}

/// Byte offset of the first word `lambda`.
pub fn first_keyword(text: &str) -> Option<usize> {
    text.match_indices("lambda").map(|(i, _)| i).find(|&i| keyword_before(text, i + 1) == Some(i))
}

/// Byte offset of the last word `lambda` before byte `limit`.
pub fn keyword_before(line: &str, limit: usize) -> Option<usize> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let places: Vec<usize> = line.match_indices("lambda").map(|(i, _)| i).collect();
    places.into_iter().rev().find(|&i| {
        i < limit.max(1) && !is_word(line[..i].chars().next_back()) && !is_word(line[i + 6..].chars().next())
    })
}

/// The text with a space before each line that does not continue a string.
pub fn indented(text: &str) -> String {
    let mut scan = Scan::default();
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        if scan.string.is_none() {
            out.push(' ');
        }
        out.push_str(line);
        scan.line(line, usize::MAX);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.split_inclusive('\n').map(str::to_owned).collect()
    }

    #[test]
    fn a_definition_ends_where_its_block_ends() {
        let text =
            "    @jit\n    def f(a,\nb):\n        '''doc\nend'''\n# note\n        return a\n\n    x = 1\n";
        let (skipped, indent, found) = definition_text(&lines(text), "f", false).expect("found");
        assert_eq!((skipped, indent), (0, 4));
        assert_eq!(found, "@jit\ndef f(a,\nb):\n    '''doc\nend'''\n# note\n    return a\n\n");
    }

    #[test]
    fn the_last_definition_of_a_name_is_taken_from_a_given_text() {
        let text = "def g(): pass\n@jit\ndef f(x): return x\ny = 2\n";
        assert_eq!(
            definition_text(&lines(text), "f", true),
            Some((1, 0, "@jit\ndef f(x): return x\n".to_owned()))
        );
    }

    #[test]
    fn words_that_contain_lambda_are_no_keywords() {
        assert_eq!(keyword_before("lambda_ = g(lambda x: x)", 22), Some(12));
        assert_eq!(keyword_before("xlambda = 1", 11), None);
    }
}
