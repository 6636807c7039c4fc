//! Identifiers, keywords and string prefixes.

use super::token::TokenKind;
use super::{Lexer, keyword};

const LONGEST_KEYWORD: usize = 8;

impl Lexer<'_> {
    pub(super) fn word(&mut self) {
        let start = self.pos;
        while self.bytes.get(self.pos).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
            self.pos += 1;
        }
        if self.peek(0) >= 0x80 {
            return self.unicode_word(start);
        }
        let word = &self.bytes[start..self.pos];
        let is_char = self.cython && matches!(word, b"c" | b"C");
        if matches!(self.peek(0), b'"' | b'\'') && (is_char || is_string_prefix(word)) {
            return self.prefixed_string(start);
        }
        let keyword = if (2..=LONGEST_KEYWORD).contains(&word.len()) { keyword::lookup(word) } else { None };
        self.push(keyword.unwrap_or(TokenKind::Name), start, self.pos);
    }

    /// A word with characters beyond ASCII: it ends before the first one that no identifier may have.
    fn unicode_word(&mut self, start: usize) {
        let mut rest = self.text[start..].char_indices();
        let fits = |(i, ch)| if i == 0 { is_start(ch) } else { is_continue(ch) };
        let end = rest.find(|at| !fits(*at)).map_or(self.text.len() - start, |(end, _)| end);
        self.pos = start + end;
        if end == 0 {
            return self.invalid_character();
        }
        self.push(TokenKind::Name, start, self.pos);
    }
}

fn is_start(ch: char) -> bool {
    ch == '_' || unicode_ident::is_xid_start(ch)
}

fn is_continue(ch: char) -> bool {
    unicode_ident::is_xid_continue(ch)
}

/// Whether quotes right after this word make it the prefix of a string.
fn is_string_prefix(word: &[u8]) -> bool {
    match *word {
        [a] => matches!(a | 0x20, b'r' | b'b' | b'u' | b'f' | b't'),
        [a, b] => matches!((a | 0x20, b | 0x20), (b'r', b'b' | b'f' | b't') | (b'b' | b'f' | b't', b'r')),
        _ => false,
    }
}
