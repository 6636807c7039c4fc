//! Errors in the text of tokens: characters, numbers, strings, brackets, indentation.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use super::error;

/// What the lexer and the decoding of literals can find wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LexError {
    Unclosed { open: char },
    Unopened { close: char },
    Mismatched { open: char, open_at: u32, close: char },
    Unindent,
    InconsistentTabs,
    TooManyIndents { limit: u32 },
    TooManyBrackets { limit: u32 },
    TooManyFields { limit: u32 },
    TextTooLong,
    InvalidCharacter { character: char },
    UnterminatedString,
    UnterminatedTriple,
    AfterContinuation,
    ContinuationAtEnd,
    SingleBrace,
    Number { fault: NumberFault },
    Escape { fault: EscapeFault },
    UnknownEscape { escape: String },
    BytesNotAscii { character: char },
    MixedStrings { first: &'static str, second: &'static str },
}

/// What is wrong with a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFault {
    Digit { digit: char, radix: u32 },
    Incomplete,
    Underscore,
    LeadingZero,
    Suffix,
    TooLong { digits: usize, limit: usize },
}

/// What is wrong with an escape sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EscapeFault {
    /// `\x`, `\u` or `\U` with fewer hexadecimal digits than it takes.
    Digits {
        escape: char,
        expected: u32,
    },
    /// `\U` above U+10FFFF.
    OutOfRange,
    /// `\N` without a name in braces.
    Unnamed,
    UnknownName {
        name: String,
    },
}

impl LexError {
    /// The error as a message about `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        use LexError::*;
        match self {
            Unclosed { .. } | Unopened { .. } | Mismatched { .. } => self.bracket(span),
            Unindent | InconsistentTabs => self.indentation(span),
            TooManyIndents { .. } | TooManyBrackets { .. } | TooManyFields { .. } | TextTooLong => {
                self.limit(span)
            }
            Number { fault } => number(*fault, span),
            Escape { fault } => escape(fault, span),
            _ => self.string_or_character(span),
        }
    }

    fn bracket(&self, span: Span) -> Diagnostic {
        match self {
            LexError::Unopened { close } => {
                error("U0103", span, format!("unmatched `{close}`"), "no bracket is open here")
            }
            LexError::Mismatched { open, open_at, close } => {
                let title = format!("closing `{close}` does not match opening `{open}`");
                let expected = counterpart(*open);
                let label = format!("expected `{expected}`, found `{close}`");
                let opener = Span { lo: *open_at, hi: *open_at + 1, ..span };
                error("U0104", span, title, label).secondary(opener, "opened here")
            }
            LexError::Unclosed { open } => {
                let close = counterpart(*open);
                error(
                    "U0102",
                    span,
                    format!("`{open}` was never closed"),
                    format!("expected a `{close}` for this"),
                )
            }
            _ => self.indentation(span),
        }
    }

    fn indentation(&self, span: Span) -> Diagnostic {
        if *self == LexError::InconsistentTabs {
            let title = "tabs and spaces are mixed in the indentation";
            return error("U0108", span, title, "its depth depends on the width of a tab")
                .help("indent with four spaces only");
        }
        let title = "unindent does not match any outer level";
        error("U0107", span, title, "no enclosing block is indented like this")
    }

    fn limit(&self, span: Span) -> Diagnostic {
        match self {
            LexError::TooManyBrackets { limit } => {
                let title = format!("more than {limit} nested brackets");
                error("U0109", span, title, "nested too deeply").help("split the expression with variables")
            }
            LexError::TooManyFields { limit } => {
                let title = format!("more than {limit} nested fields in a string");
                error("U0109", span, title, "nested too deeply").help("compute the format in a variable")
            }
            LexError::TooManyIndents { limit } => {
                let title = format!("more than {limit} levels of indentation");
                error("U0109", span, title, "nested too deeply").help("move inner blocks into functions")
            }
            _ => error("U0109", span, "source text of 4 GiB or more", "too long"),
        }
    }

    fn string_or_character(&self, span: Span) -> Diagnostic {
        use LexError::*;
        match self {
            InvalidCharacter { character } => invalid_character(*character, span),
            UnterminatedString => {
                error("U0111", span, "unterminated string", "no closing quote on this line")
                    .help("close the string, or use triple quotes for several lines")
            }
            UnterminatedTriple => {
                error("U0111", span, "unterminated triple-quoted string", "no closing quotes follow")
            }
            AfterContinuation => {
                let title = "text after a line continuation";
                error("U0118", span, title, "must be the last character of the line")
            }
            ContinuationAtEnd => {
                error("U0118", span, "line continuation at the end of the text", "no line follows")
            }
            SingleBrace => error("U0119", span, "single `}` in an f-string", "closes no field")
                .help("write `}}` for a brace in the text"),
            UnknownEscape { escape } => {
                let title = format!("unknown escape sequence `{escape}`");
                Diagnostic::warning(Code("U0114"), title)
                    .primary(span, "stands for itself, backslash included")
                    .help(format!("write `\\{escape}`, or a raw string `r\"…\"`"))
            }
            BytesNotAscii { character } => {
                let title = "bytes can only contain ASCII characters";
                error("U0115", span, title, format!("`{character}` is not one"))
                    .help("write it as `\\x…` escapes")
            }
            MixedStrings { first, second } => {
                let title = format!("cannot join {first} and {second} literals");
                error("U0116", span, title, format!("{second} after {first}"))
            }
            _ => self.limit(span),
        }
    }
}

fn counterpart(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

fn invalid_character(character: char, span: Span) -> Diagnostic {
    let shown = if character.is_control() || character.is_whitespace() {
        format!("U+{:04X}", character as u32)
    } else {
        format!("`{character}`")
    };
    let message = error("U0110", span, format!("invalid character {shown}"), "not part of any token");
    match ascii_look_alike(character) {
        Some(ascii) => message.help(format!("write `{ascii}`")),
        None => message,
    }
}

/// The ASCII text that an editor or a word processor turned into this character.
fn ascii_look_alike(character: char) -> Option<&'static str> {
    Some(match character {
        '\u{201c}' | '\u{201d}' | '\u{201e}' => "\"",
        '\u{2018}' | '\u{2019}' | '\u{b4}' => "'",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        '\u{d7}' => "*",
        '\u{f7}' => "/",
        '\u{2264}' => "<=",
        '\u{2265}' => ">=",
        '\u{2260}' => "!=",
        '\u{a0}' | '\u{2000}'..='\u{200b}' | '\u{3000}' | '\u{feff}' => " ",
        '!' => "not",
        _ => return None,
    })
}

fn number(fault: NumberFault, span: Span) -> Diagnostic {
    let (title, label) = match fault {
        NumberFault::Digit { digit, radix } => {
            let base = match radix {
                2 => "binary",
                8 => "octal",
                _ => "hexadecimal",
            };
            (format!("invalid digit `{digit}` in a {base} number"), format!("expected digits below {radix}"))
        }
        NumberFault::Incomplete => ("number without digits".into(), "expected a digit".into()),
        NumberFault::Underscore => {
            ("misplaced underscore in a number".into(), "underscores stand singly between digits".into())
        }
        NumberFault::LeadingZero => ("number with leading zeros".into(), "not a decimal number".into()),
        NumberFault::Suffix => ("number followed by letters".into(), "neither a number nor a name".into()),
        NumberFault::TooLong { digits, limit } => {
            (format!("number of {digits} digits"), format!("at most {limit} are read"))
        }
    };
    let message = error("U0117", span, title, label);
    match fault {
        NumberFault::LeadingZero => message.help("drop the zeros, or write `0o…` for an octal number"),
        NumberFault::TooLong { .. } => message.help("write a product or a power"),
        _ => message,
    }
}

fn escape(fault: &EscapeFault, span: Span) -> Diagnostic {
    let (title, label) = match fault {
        EscapeFault::Digits { escape, expected } => {
            (format!("truncated `\\{escape}` escape"), format!("expected {expected} hexadecimal digits"))
        }
        EscapeFault::OutOfRange => ("character code above U+10FFFF".into(), "no such character".to_string()),
        EscapeFault::Unnamed => ("`\\N` without a character name".into(), "expected `\\N{NAME}`".into()),
        EscapeFault::UnknownName { name } => {
            (format!("unknown character name `{name}`"), "not a Unicode name".into())
        }
    };
    error("U0113", span, title, label).help("write the backslash twice, or a raw string `r\"…\"`")
}
