//! Source files and the map that owns them.
//!
//! A [`SourceFile`] may be a whole file or a function cut out of one: `first_line` and `col_offset`
//! make its lines and columns those of the file the user sees. Lines are 1-based; columns are
//! 1-based and count characters, as editors do. A line ends at `\n`, `\r\n` or a lone `\r`.

use std::sync::Arc;

use crate::span::{SourceId, Span};

/// A position as the user counts it: both 1-based, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineColumn {
    pub line: u32,
    pub column: u32,
}

/// One text with a name and its place in the user's file.
#[derive(Debug, Clone)]
pub struct SourceFile {
    pub name: Arc<str>,
    /// The line number, in the user's file, of the first line of `text`.
    pub first_line: u32,
    /// The number of characters that dedenting removed from the start of every line.
    pub col_offset: u32,
    pub text: Arc<str>,
    line_starts: Vec<u32>,
}

impl SourceFile {
    /// A whole file.
    pub fn new(name: impl Into<Arc<str>>, text: impl Into<Arc<str>>) -> SourceFile {
        SourceFile::excerpt(name, text, 1, 0)
    }

    /// A piece of a file that starts at `first_line` and lost `col_offset` characters of
    /// indentation. A byte order mark at its start is dropped.
    pub fn excerpt(
        name: impl Into<Arc<str>>,
        text: impl Into<Arc<str>>,
        first_line: u32,
        col_offset: u32,
    ) -> SourceFile {
        let mut text: Arc<str> = text.into();
        if let Some(rest) = text.strip_prefix('\u{feff}') {
            text = rest.into();
        }
        let line_starts = line_starts(&text);
        SourceFile { name: name.into(), first_line, col_offset, text, line_starts }
    }

    /// The number of lines; an empty text has one.
    pub fn line_count(&self) -> u32 {
        self.line_starts.len() as u32
    }

    /// The 0-based index, within `text`, of the line that holds the byte at `offset`.
    pub fn line_index(&self, offset: u32) -> u32 {
        (self.line_starts.partition_point(|&start| start <= offset) - 1) as u32
    }

    /// The user's line number of the byte at `offset`.
    pub fn line(&self, offset: u32) -> u32 {
        self.first_line + self.line_index(offset)
    }

    /// The user's line and column of the byte at `offset`; past the end it is the end.
    pub fn line_column(&self, offset: u32) -> LineColumn {
        let index = self.line_index(offset);
        let start = self.line_starts[index as usize] as usize;
        let end = self.floor(offset);
        let column = self.text[start.min(end)..end].chars().count() as u32;
        LineColumn { line: self.first_line + index, column: column + 1 + self.col_offset }
    }

    /// The offset of the first byte of the line with 0-based `index`; past the last line, the end of the text.
    pub fn line_start(&self, index: u32) -> u32 {
        self.line_starts.get(index as usize).copied().unwrap_or(self.text.len() as u32)
    }

    /// The text of the line with 0-based `index`, without its line end; empty past the last line.
    pub fn line_text(&self, index: u32) -> &str {
        let start = self.line_start(index) as usize;
        let end = self.line_start(index + 1) as usize;
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }

    /// The text that `span` covers, cut to whole characters inside the file.
    pub fn slice(&self, span: Span) -> &str {
        let lo = self.floor(span.lo);
        &self.text[lo..self.floor(span.hi).max(lo)]
    }

    /// The nearest character boundary at or before `offset`, inside the text.
    fn floor(&self, offset: u32) -> usize {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }
}

fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let mut starts = vec![0];
    for (i, &byte) in bytes.iter().enumerate() {
        if byte == b'\n' || (byte == b'\r' && bytes.get(i + 1) != Some(&b'\n')) {
            starts.push(i as u32 + 1);
        }
    }
    starts
}

/// All source files of one session.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<Arc<SourceFile>>,
}

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Takes a file in and names it.
    pub fn add(&mut self, file: SourceFile) -> SourceId {
        let id = SourceId(self.files.len() as u32);
        self.files.push(Arc::new(file));
        id
    }

    /// The number of files; ids count up from zero.
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file with this id, or `None` for an id of another map.
    pub fn get(&self, id: SourceId) -> Option<&Arc<SourceFile>> {
        self.files.get(id.0 as usize)
    }

    /// Where `span` starts, as the user counts.
    pub fn line_column(&self, span: Span) -> Option<LineColumn> {
        self.get(span.source).map(|file| file.line_column(span.lo))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_count_every_line_end() {
        let file = SourceFile::new("a.py", "é = 1\r\nb\rc\n");
        assert_eq!(file.line_count(), 4);
        assert_eq!(file.line_column(3), LineColumn { line: 1, column: 3 });
        assert_eq!(file.line_column(1), LineColumn { line: 1, column: 1 }, "inside é");
        assert_eq!(file.line_column(10), LineColumn { line: 3, column: 1 });
        assert_eq!(file.line_text(0), "é = 1");
        assert_eq!(file.line_column(9999), LineColumn { line: 4, column: 1 });
    }

    #[test]
    fn an_excerpt_counts_as_the_whole_file() {
        let file = SourceFile::excerpt("a.py", "def f():\n    return 1\n", 40, 4);
        assert_eq!(file.line_column(13), LineColumn { line: 41, column: 9 });
    }
}
