//! Values of string literals.
//!
//! Decodes escapes and normalises line ends. Contract: a well-formed literal gives CPython's value;
//! a fault is reported with its byte range and the rest is still decoded.

use crate::ast::literal::Text;
use crate::error::lex::{EscapeFault, LexError};

/// An error and its byte range in the source.
pub type Fault = (LexError, u32, u32);

/// A string literal taken apart: `rb"…"` is raw, bytes and has a body.
#[derive(Debug, Clone, Copy)]
pub struct Parts<'a> {
    pub raw: bool,
    pub bytes: bool,
    pub body: &'a str,
    /// The offset of the body from the start of the literal.
    pub body_at: u32,
}

/// Takes apart a complete string literal.
pub fn split(literal: &str) -> Parts<'_> {
    let prefix_len = literal.find(['"', '\'']).unwrap_or(0);
    let (prefix, quoted) = literal.split_at(prefix_len);
    let triple = quoted.len() >= 6 && (quoted.starts_with("\"\"\"") || quoted.starts_with("'''"));
    let quotes = if triple { 3 } else { 1 };
    Parts {
        raw: prefix.contains(['r', 'R']),
        bytes: prefix.contains(['b', 'B']),
        body: quoted.get(quotes..quoted.len().saturating_sub(quotes)).unwrap_or(""),
        body_at: (prefix_len + quotes) as u32,
    }
}

/// Collects the value of a string, possibly from several literals.
#[derive(Debug, Default)]
pub struct TextBuilder {
    text: String,
    /// All code points so far, from the first surrogate on.
    points: Option<Vec<u32>>,
}

impl TextBuilder {
    fn push(&mut self, ch: char) {
        match &mut self.points {
            Some(points) => points.push(ch as u32),
            None => self.text.push(ch),
        }
    }

    pub fn push_str(&mut self, text: &str) {
        match &mut self.points {
            Some(points) => points.extend(text.chars().map(|ch| ch as u32)),
            None => self.text.push_str(text),
        }
    }

    /// Appends a value that is already decoded.
    pub fn push_text(&mut self, text: &Text) {
        match text {
            Text::Utf8(text) => self.push_str(text),
            Text::CodePoints(points) => points.iter().for_each(|&point| self.push_point(point)),
        }
    }

    fn push_point(&mut self, point: u32) {
        match char::from_u32(point) {
            Some(ch) => self.push(ch),
            None => {
                let text = &self.text;
                let points = self.points.get_or_insert_with(|| text.chars().map(|ch| ch as u32).collect());
                points.push(point);
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.points.is_none() && self.text.is_empty()
    }

    pub fn finish(self) -> Text {
        match self.points {
            Some(points) => Text::CodePoints(points.into()),
            None => Text::Utf8(self.text.into()),
        }
    }
}

/// Decodes the body of a `str` literal, which lies at `at` in the source.
pub fn decode_str(body: &str, raw: bool, at: u32, out: &mut TextBuilder, faults: &mut Vec<Fault>) {
    let special: &[char] = if raw { &['\r'] } else { &['\r', '\\'] };
    let mut rest = body;
    while let Some(i) = rest.find(special) {
        out.push_str(&rest[..i]);
        let here = at + (body.len() - rest.len() + i) as u32;
        let tail = &rest[i..];
        let used = if tail.starts_with('\r') {
            out.push('\n');
            line_end_len(tail)
        } else {
            escape(tail, here, out, faults)
        };
        rest = &tail[used..];
    }
    out.push_str(rest);
}

/// Decodes the body of a `bytes` literal, which lies at `at` in the source.
pub fn decode_bytes(body: &str, raw: bool, at: u32, out: &mut Vec<u8>, faults: &mut Vec<Fault>) {
    let mut rest = body;
    while let Some(ch) = rest.chars().next() {
        let here = at + (body.len() - rest.len()) as u32;
        let used = match ch {
            '\r' => {
                out.push(b'\n');
                line_end_len(rest)
            }
            '\\' if !raw => bytes_escape(rest, here, out, faults),
            _ if ch.is_ascii() => {
                out.push(ch as u8);
                1
            }
            _ => {
                let len = ch.len_utf8();
                faults.push((LexError::BytesNotAscii { character: ch }, here, here + len as u32));
                len
            }
        };
        rest = &rest[used..];
    }
}

fn line_end_len(text: &str) -> usize {
    if text.starts_with("\r\n") { 2 } else { 1 }
}

/// The escapes that `str` and `bytes` share and that stand for one code below 128.
fn simple_escape(ch: char) -> Option<u8> {
    Some(match ch {
        '\\' | '\'' | '"' => ch as u8,
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => 10,
        'r' => 13,
        't' => 9,
        'v' => 11,
        _ => return None,
    })
}

/// Decodes the escape that `tail` starts with; gives its length.
fn escape(tail: &str, here: u32, out: &mut TextBuilder, faults: &mut Vec<Fault>) -> usize {
    let Some(ch) = tail[1..].chars().next() else {
        out.push('\\');
        return 1;
    };
    if let Some(code) = simple_escape(ch) {
        out.push(code as char);
        return 2;
    }
    match ch {
        '\n' => 2,
        '\r' => 1 + line_end_len(&tail[1..]),
        '0'..='7' => {
            let (value, len) = octal(tail, here, faults);
            out.push_point(value);
            len
        }
        'x' => hex_escape(tail, 2, here, out, faults),
        'u' => hex_escape(tail, 4, here, out, faults),
        'U' => hex_escape(tail, 8, here, out, faults),
        'N' => named_escape(tail, here, out, faults),
        _ => {
            let len = 1 + ch.len_utf8();
            unknown(&tail[..len], here, faults);
            out.push_str(&tail[..len]);
            len
        }
    }
}

fn unknown(escape: &str, here: u32, faults: &mut Vec<Fault>) {
    faults.push((LexError::UnknownEscape { escape: escape.into() }, here, here + escape.len() as u32));
}

/// Up to three octal digits after the backslash; gives the value and the escape's length.
fn octal(tail: &str, here: u32, faults: &mut Vec<Fault>) -> (u32, usize) {
    let digits = tail[1..].bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    let value = tail[1..=digits].bytes().fold(0, |value, byte| value * 8 + u32::from(byte - b'0'));
    if value > 0o377 {
        unknown(&tail[..=digits], here, faults);
    }
    (value, 1 + digits)
}

/// The number of hexadecimal digits after `\x`, at most `count`, and their value.
fn hex(tail: &str, count: usize) -> (usize, u32) {
    let digits = tail[2..].bytes().take(count).take_while(u8::is_ascii_hexdigit).count();
    (digits, u32::from_str_radix(&tail[2..2 + digits], 16).unwrap_or(0))
}

fn hex_escape(tail: &str, count: usize, here: u32, out: &mut TextBuilder, faults: &mut Vec<Fault>) -> usize {
    let (digits, value) = hex(tail, count);
    let len = 2 + digits;
    if digits < count {
        let escape = tail[1..].chars().next().unwrap_or('x');
        let fault = EscapeFault::Digits { escape, expected: count as u32 };
        faults.push((LexError::Escape { fault }, here, here + len as u32));
    } else if value > 0x10_ffff {
        faults.push((LexError::Escape { fault: EscapeFault::OutOfRange }, here, here + len as u32));
    } else {
        out.push_point(value);
    }
    len
}

fn named_escape(tail: &str, here: u32, out: &mut TextBuilder, faults: &mut Vec<Fault>) -> usize {
    let name = tail[2..].strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
    let Some(name) = name.filter(|name| !name.is_empty()) else {
        faults.push((LexError::Escape { fault: EscapeFault::Unnamed }, here, here + 2));
        return 2;
    };
    let len = name.len() + 4;
    match character_named(name) {
        Some(ch) => out.push(ch),
        None => {
            let fault = EscapeFault::UnknownName { name: name.into() };
            faults.push((LexError::Escape { fault }, here, here + len as u32));
        }
    }
    len
}

/// The character with this Unicode name or alias. As in CPython, case counts only in the names that
/// are made by rule; the crate's looser matching of blanks and hyphens is undone.
fn character_named(name: &str) -> Option<char> {
    // Other characters occur in no name, and the crate underflows on a leading hyphen.
    let plausible = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b'-');
    if !name.bytes().all(plausible) || !name.starts_with(|ch: char| ch.is_ascii_alphanumeric()) {
        return None;
    }
    let ch = unicode_names2::character(name)?;
    let letters = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphanumeric).map(|ch| ch.to_ascii_uppercase()).collect()
    };
    let official = unicode_names2::name(ch).map(|name| name.to_string()).unwrap_or_default();
    let made_by_rule = official.starts_with("CJK UNIFIED") || official.starts_with("HANGUL SYLLABLE");
    let exact = if made_by_rule { name == official } else { name.eq_ignore_ascii_case(&official) };
    let spelt_loosely = letters(name) == letters(&official) && !exact;
    (!spelt_loosely && name.trim_end() == name).then_some(ch)
}

fn bytes_escape(tail: &str, here: u32, out: &mut Vec<u8>, faults: &mut Vec<Fault>) -> usize {
    let Some(ch) = tail[1..].chars().next() else {
        out.push(b'\\');
        return 1;
    };
    if let Some(code) = simple_escape(ch) {
        out.push(code);
        return 2;
    }
    match ch {
        '\n' => 2,
        '\r' => 1 + line_end_len(&tail[1..]),
        '0'..='7' => {
            let (value, len) = octal(tail, here, faults);
            out.push(value as u8);
            len
        }
        'x' => {
            let (digits, value) = hex(tail, 2);
            if digits < 2 {
                let fault = EscapeFault::Digits { escape: 'x', expected: 2 };
                faults.push((LexError::Escape { fault }, here, here + 2 + digits as u32));
            } else {
                out.push(value as u8);
            }
            2 + digits
        }
        _ if !ch.is_ascii() => {
            // The backslash stands for itself; the character is reported by the caller.
            out.push(b'\\');
            1
        }
        _ => {
            unknown(&tail[..2], here, faults);
            out.extend_from_slice(&tail.as_bytes()[..2]);
            2
        }
    }
}

/// The text of an f-string between fields: escapes decoded, doubled braces halved.
pub fn decode_interpolated(
    body: &str,
    raw: bool,
    doubled_braces: bool,
    at: u32,
    out: &mut TextBuilder,
    faults: &mut Vec<Fault>,
) {
    let mut start = 0;
    let mut i = 0;
    let bytes = body.as_bytes();
    while i < bytes.len() {
        match bytes[i] {
            b'\\' if !raw => {
                // The braces of `\N{…}` are part of the escape.
                let named = body[i..].starts_with("\\N{");
                let skip = if named { body[i..].find('}').map_or(2, |end| end + 1) } else { 1 };
                let brace_next = matches!(bytes.get(i + 1), Some(b'{' | b'}'));
                i += if brace_next { 1 } else { skip.max(2) };
            }
            b'{' | b'}' if doubled_braces && bytes.get(i + 1) == Some(&bytes[i]) => {
                decode_str(&body[start..=i], raw, at + start as u32, out, faults);
                i += 2;
                start = i;
            }
            _ => i += 1,
        }
    }
    decode_str(&body[start.min(body.len())..], raw, at + start as u32, out, faults);
}
