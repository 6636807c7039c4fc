//! Indentation.
//!
//! As CPython: a tab advances to the next multiple of eight; a second measure, where a tab counts
//! one, finds lines whose order depends on the size of a tab. Blank lines and lines that hold only
//! a comment do not count. A form feed resets the column.

use crate::error::lex::LexError;

use super::Lexer;
use super::token::TokenKind;

const TAB_SIZE: u32 = 8;
const MAX_INDENTS: usize = crate::ast::MAX_INDENT as usize;

/// The width of a line's leading white space by both measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Indentation {
    column: u32,
    alternative: u32,
}

impl Indentation {
    /// The column of the line's first token.
    pub fn column(self) -> usize {
        self.column as usize
    }
}

impl Lexer<'_> {
    /// Reads the white space at the start of a logical line.
    pub(super) fn line_start(&mut self) {
        let start = self.pos;
        let Some(found) = self.measure() else { return };
        match self.peek(0) {
            b'#' => {
                self.skip_comment();
                if self.pos < self.bytes.len() {
                    self.skip_line_end();
                }
                self.at_line_start = true;
            }
            b'\n' | b'\r' => {
                self.skip_line_end();
                self.at_line_start = true;
            }
            _ if self.pos == self.bytes.len() => {}
            _ => self.indent(found, start),
        }
    }

    /// Moves past the white space; a backslash at the end of a line fixes the indentation at what
    /// came before it.
    fn measure(&mut self) -> Option<Indentation> {
        let mut at = Indentation::default();
        let mut fixed = None;
        loop {
            match self.peek(0) {
                b' ' => {
                    at.column += 1;
                    at.alternative += 1;
                }
                b'\t' => {
                    at.column = (at.column / TAB_SIZE + 1) * TAB_SIZE;
                    at.alternative += 1;
                }
                b'\x0c' => at = Indentation::default(),
                b'\\' if matches!(self.peek(1), b'\n' | b'\r') => {
                    fixed.get_or_insert(at);
                    self.pos += 1;
                    self.skip_line_end();
                    if self.pos == self.bytes.len() {
                        self.fail(LexError::ContinuationAtEnd, self.pos - 1, self.pos);
                        return None;
                    }
                    continue;
                }
                _ => return Some(fixed.unwrap_or(at)),
            }
            self.pos += 1;
        }
    }

    fn indent(&mut self, found: Indentation, start: usize) {
        if std::mem::take(&mut self.takes_base) {
            self.indents = vec![found];
            return;
        }
        let current = self.indents.last().copied().unwrap_or_default();
        if found.column == current.column {
            if found.alternative != current.alternative {
                self.report(LexError::InconsistentTabs, start, self.pos);
            }
        } else if found.column > current.column {
            if found.alternative <= current.alternative {
                self.report(LexError::InconsistentTabs, start, self.pos);
            }
            if self.indents.len() >= MAX_INDENTS {
                return self.fail(LexError::TooManyIndents { limit: MAX_INDENTS as u32 }, start, self.pos);
            }
            self.indents.push(found);
            self.push(TokenKind::Indent, start, self.pos);
        } else {
            self.dedent(found, start);
        }
    }

    fn dedent(&mut self, found: Indentation, start: usize) {
        while self.indents.len() > 1 && self.indents.last().is_some_and(|indent| indent.column > found.column)
        {
            self.indents.pop();
            self.push(TokenKind::Dedent, self.pos, self.pos);
        }
        let current = self.indents.last().copied().unwrap_or_default();
        if current.column != found.column {
            // The line is taken for one of the block it stands nearest to, so that what follows is read.
            self.report(LexError::Unindent, start, self.pos);
        } else if current.alternative != found.alternative {
            self.report(LexError::InconsistentTabs, start, self.pos);
        }
    }
}
