//! Lexer of the text form.

use super::ReadError;
use std::fmt;

/// A token; words cover keywords, entities and instruction names.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Token {
    Word(String),
    /// An integer or float, with its sign.
    Number(String),
    Str(String),
    /// Punctuation: one of `( ) { } [ ] < > , : = @ -> ..`.
    Punct(&'static str),
    End,
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Token::Word(w) | Token::Number(w) => write!(f, "`{w}`"),
            Token::Str(s) => write!(f, "{s:?}"),
            Token::Punct(p) => write!(f, "`{p}`"),
            Token::End => write!(f, "the end"),
        }
    }
}

/// A token and its line and column, from 1.
#[derive(Clone, Debug)]
pub(super) struct Spanned {
    pub token: Token,
    pub line: u32,
    pub col: u32,
}

const PUNCT: [&str; 14] = ["->", "..", "(", ")", "{", "}", "[", "]", "<", ">", ",", ":", "=", "@"];

/// Splits the text; a comment runs from `;` to the end of its line.
pub(super) fn lex(text: &str) -> Result<Vec<Spanned>, ReadError> {
    let mut tokens = Vec::new();
    let mut last = 1;
    for (number, line) in (1..).zip(text.lines()) {
        let mut lexer = LineLexer { chars: line.chars().collect(), pos: 0, line: number };
        while let Some(token) = lexer.next()? {
            tokens.push(token);
        }
        last = number;
    }
    tokens.push(Spanned { token: Token::End, line: last, col: 1 });
    Ok(tokens)
}

struct LineLexer {
    chars: Vec<char>,
    pos: usize,
    line: u32,
}

impl LineLexer {
    fn peek(&self, ahead: usize) -> char {
        self.chars.get(self.pos + ahead).copied().unwrap_or('\n')
    }

    fn next(&mut self) -> Result<Option<Spanned>, ReadError> {
        while self.pos < self.chars.len() && self.peek(0).is_whitespace() {
            self.pos += 1;
        }
        let (line, col) = (self.line, self.pos as u32 + 1);
        let token = match self.peek(0) {
            '\n' | ';' => return Ok(None),
            '"' => self.string()?,
            c if c.is_ascii_digit() => self.number(),
            '-' if self.peek(1).is_ascii_digit() || self.peek(1) == 'i' => self.number(),
            c if c.is_alphabetic() || c == '_' => self.word(),
            c => match PUNCT.iter().find(|p| p.chars().enumerate().all(|(i, c)| self.peek(i) == c)) {
                Some(p) => {
                    self.pos += p.len();
                    Token::Punct(p)
                }
                None => return Err(ReadError { line, col, message: format!("unexpected character `{c}`") }),
            },
        };
        Ok(Some(Spanned { token, line, col }))
    }

    /// A word may hold dots that are followed by a letter: `math.exp`.
    fn word(&mut self) -> Token {
        let start = self.pos;
        while self.peek(0).is_alphanumeric()
            || self.peek(0) == '_'
            || (self.peek(0) == '.' && self.peek(1).is_alphabetic())
        {
            self.pos += 1;
        }
        Token::Word(self.chars[start..self.pos].iter().collect())
    }

    fn number(&mut self) -> Token {
        let start = self.pos;
        self.pos += 1;
        let hex = self.chars[start..].starts_with(&['0', 'x']);
        loop {
            let c = self.peek(0);
            let exponent = !hex && matches!(c, '+' | '-') && self.chars[self.pos - 1] == 'e';
            let fraction = c == '.' && self.peek(1).is_ascii_digit();
            if !(c.is_ascii_alphanumeric() || exponent || fraction) {
                break;
            }
            self.pos += 1;
        }
        Token::Number(self.chars[start..self.pos].iter().collect())
    }

    fn string(&mut self) -> Result<Token, ReadError> {
        let (line, col) = (self.line, self.pos as u32 + 1);
        let fail = |message: &str| Err(ReadError { line, col, message: message.to_owned() });
        self.pos += 1;
        let mut text = String::new();
        loop {
            let c = self.peek(0);
            self.pos += 1;
            match c {
                '\n' => return fail("string without an end"),
                '"' => return Ok(Token::Str(text)),
                '\\' => match self.escape() {
                    Some(c) => text.push(c),
                    None => return fail("unknown escape in a string"),
                },
                c => text.push(c),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let c = self.peek(0);
        self.pos += 1;
        match c {
            'n' => Some('\n'),
            't' => Some('\t'),
            'r' => Some('\r'),
            '"' | '\\' => Some(c),
            'u' if self.peek(0) == '{' => {
                let rest = &self.chars[self.pos + 1..];
                let end = rest.iter().position(|c| *c == '}')?;
                let digits: String = rest[..end].iter().collect();
                self.pos += end + 2;
                char::from_u32(u32::from_str_radix(&digits, 16).ok()?)
            }
            _ => None,
        }
    }
}
