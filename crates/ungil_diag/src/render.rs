//! Plain-text rendering of diagnostics.
//!
//! Prints the header, then for each file its labelled lines with markers under them, then notes
//! and help:
//!
//! ```text
//! error[U0214]: array index must be an integer, found `str`
//!  --> file.py:3:14
//!   |
//! 3 |     return x["a"]
//!   |              ^^^ expected an integer or a slice
//!   = note: …
//!   help: …
//! ```
//!
//! Contract: tabs are expanded, wide and zero-width characters are measured, control characters are
//! replaced, so that a marker always stands under its text; a very long line is cut. A span of several lines is marked on its
//! first line up to the line's end and on its last line. Never fails: a span outside its file is
//! drawn at the nearest place inside it.

use std::fmt::Write;

use crate::diagnostic::{Diagnostic, Diagnostics, Label};
use crate::source::{SourceFile, SourceMap};
use crate::span::SourceId;

const TAB_WIDTH: usize = 4;
/// Columns of source that are printed; a longer line is cut around its first marker.
const MAX_WIDTH: usize = 160;
/// Columns kept before the marker where a line is cut.
const LEAD: usize = 40;
/// Lines between two labelled lines are printed when there are at most so many, else elided.
const MAX_GAP: u32 = 2;

/// The diagnostic as text, ending in a line end.
pub fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let mut out = format!("{}[{}]: {}\n", diagnostic.severity, diagnostic.code, diagnostic.title);
    let width = gutter_width(diagnostic, sources);
    for (i, source) in sources_in_order(diagnostic).into_iter().enumerate() {
        if let Some(file) = sources.get(source) {
            render_file(&mut out, diagnostic, source, file, width, i > 0);
        }
    }
    for note in &diagnostic.notes {
        hang(&mut out, width, "= note: ", note);
    }
    for help in &diagnostic.help {
        hang(&mut out, width, "help: ", help);
    }
    out
}

/// All diagnostics as text, separated by empty lines.
pub fn render_all(diagnostics: &Diagnostics, sources: &SourceMap) -> String {
    let texts: Vec<String> = diagnostics.iter().map(|diagnostic| render(diagnostic, sources)).collect();
    texts.join("\n")
}

/// The files that the labels name, the primary label's file first.
fn sources_in_order(diagnostic: &Diagnostic) -> Vec<SourceId> {
    let mut order: Vec<SourceId> = diagnostic.span().map(|span| span.source).into_iter().collect();
    for label in &diagnostic.labels {
        if !order.contains(&label.span.source) {
            order.push(label.span.source);
        }
    }
    order
}

fn gutter_width(diagnostic: &Diagnostic, sources: &SourceMap) -> usize {
    let lines = diagnostic.labels.iter().filter_map(|label| {
        let file = sources.get(label.span.source)?;
        Some(file.line(label.span.hi.max(label.span.lo).min(file.text.len() as u32)))
    });
    lines.max().map_or(1, |line| line.to_string().len())
}

fn hang(out: &mut String, width: usize, lead: &str, text: &str) {
    let pad = " ".repeat(width + 1);
    let continuation = " ".repeat(width + 1 + lead.chars().count());
    for (i, line) in text.lines().enumerate() {
        let _ = if i == 0 {
            writeln!(out, "{pad}{lead}{line}")
        } else {
            writeln!(out, "{}", format!("{continuation}{line}").trim_end())
        };
    }
}

/// A marker on one line: display columns, and the label's text where it ends.
struct Mark<'a> {
    line: u32,
    from: usize,
    to: usize,
    primary: bool,
    text: &'a str,
}

fn render_file(
    out: &mut String,
    diagnostic: &Diagnostic,
    source: SourceId,
    file: &SourceFile,
    width: usize,
    secondary: bool,
) {
    let labels: Vec<&Label> = diagnostic.labels.iter().filter(|label| label.span.source == source).collect();
    let Some(head) = labels.iter().find(|label| label.primary).or_else(|| labels.first()) else { return };
    let place = file.line_column(head.span.lo);
    let arrow = if secondary { "::>" } else { "-->" };
    let pad = " ".repeat(width);
    let _ = writeln!(out, "{pad}{arrow} {}:{}:{}", file.name, place.line, place.column);
    let _ = writeln!(out, "{pad} |");
    let mut marks: Vec<Mark> = labels.iter().flat_map(|label| marks(file, label)).collect();
    marks.sort_by_key(|mark| mark.line);
    let mut previous: Option<u32> = None;
    let mut rest = marks.as_slice();
    while let Some(first) = rest.first() {
        let line = first.line;
        let count = rest.iter().take_while(|mark| mark.line == line).count();
        write_gap(out, file, width, previous, line);
        let window = Window::around(file.line_text(line), &rest[..count]);
        write_line(out, file, width, line, window);
        let shown: Vec<Mark> = rest[..count].iter().filter_map(|mark| window.shift(mark)).collect();
        write_marks(out, width, &shown);
        rest = &rest[count..];
        previous = Some(line);
    }
}

fn write_gap(out: &mut String, file: &SourceFile, width: usize, previous: Option<u32>, line: u32) {
    let Some(previous) = previous else { return };
    if line - previous - 1 <= MAX_GAP {
        for between in previous + 1..line {
            write_line(out, file, width, between, Window { start: 0 });
        }
    } else {
        let _ = writeln!(out, "{}...", " ".repeat(width.saturating_sub(2)));
    }
}

/// The columns of a line that are printed: `MAX_WIDTH` of them from `start`.
#[derive(Clone, Copy)]
struct Window {
    start: usize,
}

impl Window {
    /// The start of the line where it fits or its first marker is visible there, else from a bit
    /// before that marker.
    fn around(line: &str, marks: &[Mark]) -> Window {
        let first = marks.iter().map(|mark| mark.from).min().unwrap_or(0);
        if first < MAX_WIDTH - LEAD || display_column(line, u32::MAX) <= MAX_WIDTH {
            return Window { start: 0 };
        }
        Window { start: first - LEAD }
    }

    /// The marker as seen in the window, if it is.
    fn shift<'a>(self, mark: &Mark<'a>) -> Option<Mark<'a>> {
        let end = self.start + MAX_WIDTH;
        if mark.from >= end {
            return None;
        }
        let from = mark.from.saturating_sub(self.start);
        let to = mark.to.min(end).saturating_sub(self.start).max(from + 1);
        Some(Mark { from, to, ..*mark })
    }

    /// The visible part of an expanded line, with `…` where it is cut.
    fn cut(self, text: &str) -> String {
        let end = self.start + MAX_WIDTH;
        let mut out = String::new();
        let mut column = 0;
        for ch in text.chars() {
            let next = column + char_width(ch);
            if column >= self.start && next <= end {
                out.push(if column == self.start && self.start > 0 { '…' } else { ch });
            } else if column < self.start && next > self.start {
                out.push('…');
            } else if column >= end {
                out.push('…');
                break;
            }
            column = next;
        }
        out
    }
}

fn write_line(out: &mut String, file: &SourceFile, width: usize, index: u32, window: Window) {
    let number = file.first_line + index;
    let text = window.cut(&expand(file.line_text(index)));
    let line = format!("{number:>width$} | {text}");
    let _ = writeln!(out, "{}", line.trim_end());
}

/// Draws the markers of one line: all on one row where they do not overlap and at most one has a
/// text, else one row each.
fn write_marks(out: &mut String, width: usize, marks: &[Mark]) {
    let mut order: Vec<&Mark> = marks.iter().collect();
    order.sort_by_key(|mark| mark.from);
    let disjoint = order.windows(2).all(|pair| pair[0].to <= pair[1].from);
    let last_texts_only = order.iter().rev().skip(1).all(|mark| mark.text.is_empty());
    let rows: Vec<Vec<&Mark>> =
        if disjoint && last_texts_only { vec![order] } else { order.into_iter().map(|m| vec![m]).collect() };
    for row in rows {
        let mut drawn = String::new();
        let mut column = 0;
        for mark in &row {
            drawn.push_str(&" ".repeat(mark.from.saturating_sub(column)));
            let sign = if mark.primary { "^" } else { "-" };
            drawn.push_str(&sign.repeat(mark.to - mark.from));
            column = mark.to;
        }
        if let Some(mark) = row.last().filter(|mark| !mark.text.is_empty()) {
            drawn.push(' ');
            drawn.push_str(mark.text);
        }
        let _ = writeln!(out, "{} | {}", " ".repeat(width), drawn.trim_end());
    }
}

/// The markers of a label: one for a span within a line, two for a longer one.
fn marks<'a>(file: &SourceFile, label: &'a Label) -> Vec<Mark<'a>> {
    let lo = label.span.lo.min(file.text.len() as u32);
    let hi = label.span.hi.clamp(lo, file.text.len() as u32);
    let first = file.line_index(lo);
    // A span that ends in its line end must not reach into the next line.
    let last = file.line_index(if hi > lo { hi - 1 } else { hi });
    let mark = |line: u32, from: u32, to: u32, text: &'a str| {
        let content = file.line_text(line);
        let base = file.line_start(line);
        let from = display_column(content, from.saturating_sub(base));
        let to = display_column(content, to.saturating_sub(base)).max(from + 1);
        Mark { line, from, to, primary: label.primary, text }
    };
    if first == last {
        return vec![mark(first, lo, hi, &label.text)];
    }
    let indent = file.line_text(last).len() - file.line_text(last).trim_start().len();
    let first_end = file.line_start(first) + file.line_text(first).len() as u32;
    let last_from = (file.line_start(last) + indent as u32).min(hi);
    vec![mark(first, lo, first_end, ""), mark(last, last_from, hi, &label.text)]
}

/// The line as printed: tabs expanded, control characters replaced.
fn expand(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut column = 0;
    for ch in line.chars() {
        if ch == '\t' {
            let width = tab_advance(column);
            out.push_str(&" ".repeat(width));
            column += width;
        } else {
            out.push(if ch.is_control() { '\u{fffd}' } else { ch });
            column += char_width(ch);
        }
    }
    out
}

/// The display column of the byte at `offset` of `line`.
fn display_column(line: &str, offset: u32) -> usize {
    let mut column = 0;
    for (at, ch) in line.char_indices() {
        if at >= offset as usize {
            break;
        }
        column += if ch == '\t' { tab_advance(column) } else { char_width(ch) };
    }
    column
}

fn tab_advance(column: usize) -> usize {
    TAB_WIDTH - column % TAB_WIDTH
}

/// Terminal columns of a character: combining marks 0, East Asian wide and emoji 2, others 1.
fn char_width(ch: char) -> usize {
    match ch as u32 {
        0x0300..=0x036f | 0x200b..=0x200f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f => 0,
        0x1100..=0x115f | 0x2e80..=0x303e | 0x3041..=0x33ff | 0x3400..=0x4dbf | 0x4e00..=0x9fff => 2,
        0xa000..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f | 0xff00..=0xff60 => 2,
        0xffe0..=0xffe6 | 0x1f300..=0x1f64f | 0x1f900..=0x1f9ff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::span::Span;

    fn check(text: &str, first_line: u32, build: impl Fn(SourceId) -> Diagnostic, expected: &str) {
        let mut sources = SourceMap::new();
        let id = sources.add(SourceFile::excerpt("file.py", text, first_line, 0));
        assert_eq!(render(&build(id), &sources), expected);
    }

    fn error(title: &str) -> Diagnostic {
        Diagnostic::error(Code("U0214"), title)
    }

    #[test]
    fn one_label_with_note_and_help() {
        let text = "# test\ndef f(x):\n    return x[\"a\"]\n";
        let expected = "\
error[U0214]: array index must be an integer, found `str`
 --> file.py:3:14
  |
3 |     return x[\"a\"]
  |              ^^^ expected an integer or a slice
  = note: `x` is `float64[:]`
  help: write
          `x[0]`
";
        let build = |id| {
            error("array index must be an integer, found `str`")
                .primary(Span::new(id, 30, 33), "expected an integer or a slice")
                .note("`x` is `float64[:]`")
                .help("write\n  `x[0]`")
        };
        check(text, 1, build, expected);
    }

    #[test]
    fn tabs_wide_characters_and_excerpts_keep_markers_aligned() {
        let text = "\tdef f():\n\tx = \"漢\" + y\n";
        let expected = "\
error[U0214]: t
   --> file.py:100:12
    |
100 |     x = \"漢\" + y
    |                ^ here
";
        check(text, 99, |id| error("t").primary(Span::new(id, 23, 24), "here"), expected);
    }

    #[test]
    fn a_span_of_several_lines_marks_its_ends() {
        let text = "x = (1,\n     2,\n     3,\n     4,\n     5)\n";
        let expected = "\
error[U0214]: t
 --> file.py:1:5
  |
1 | x = (1,
  |     ^^^
...
5 |      5)
  |      ^^ unclosed
";
        check(text, 1, |id| error("t").primary(Span::new(id, 4, 39), "unclosed"), expected);
    }

    #[test]
    fn labels_on_one_line_share_a_row_or_take_one_each() {
        let text = "a + b\n";
        let expected = "\
error[U0214]: t
 --> file.py:1:3
  |
1 | a + b
  | - int
  |   ^ here
  |     - str
";
        let build = |id| {
            error("t")
                .primary(Span::new(id, 2, 3), "here")
                .secondary(Span::new(id, 0, 1), "int")
                .secondary(Span::new(id, 4, 5), "str")
        };
        check(text, 1, build, expected);
    }

    #[test]
    fn a_long_line_is_cut_around_its_marker() {
        let text = format!("{}bad{}\n", "x".repeat(1000), "y".repeat(1000));
        let expected = format!(
            "error[U0214]: t\n --> file.py:1:1001\n  |\n1 | …{}bad{}…\n  | {}^^^ here\n",
            "x".repeat(39),
            "y".repeat(117),
            " ".repeat(40)
        );
        check(&text, 1, |id| error("t").primary(Span::new(id, 1000, 1003), "here"), &expected);
    }

    #[test]
    fn a_span_outside_the_file_is_drawn_at_its_end() {
        let expected = "\
error[U0214]: t
 --> file.py:1:2
  |
1 | a
  |  ^ here
";
        check("a", 1, |id| error("t").primary(Span::new(id, 100, 200), "here"), expected);
        check("a", 1, |_| error("t").primary(Span::new(SourceId(9), 0, 1), "x"), "error[U0214]: t\n");
    }
}
