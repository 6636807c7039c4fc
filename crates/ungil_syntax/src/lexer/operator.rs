//! Operators and punctuation.

use super::token::TokenKind;

/// The longest operator at the start of `rest`, with its length.
pub fn lookup(rest: &[u8]) -> Option<(TokenKind, u32)> {
    let at = |i: usize| rest.get(i).copied().unwrap_or(0);
    three(at(0), at(1), at(2))
        .map(|kind| (kind, 3))
        .or_else(|| two(at(0), at(1)).map(|kind| (kind, 2)))
        .or_else(|| one(at(0)).map(|kind| (kind, 1)))
}

fn three(a: u8, b: u8, c: u8) -> Option<TokenKind> {
    use TokenKind::*;
    Some(match (a, b, c) {
        (b'.', b'.', b'.') => Ellipsis,
        (b'*', b'*', b'=') => DoubleStarEqual,
        (b'/', b'/', b'=') => DoubleSlashEqual,
        (b'<', b'<', b'=') => LeftShiftEqual,
        (b'>', b'>', b'=') => RightShiftEqual,
        _ => return Option::None,
    })
}

fn two(a: u8, b: u8) -> Option<TokenKind> {
    use TokenKind::*;
    Some(match (a, b) {
        (b'=', b'=') => EqualEqual,
        (b'!', b'=') => NotEqual,
        (b'<', b'=') => LessEqual,
        (b'>', b'=') => GreaterEqual,
        (b'<', b'<') => LeftShift,
        (b'>', b'>') => RightShift,
        (b'*', b'*') => DoubleStar,
        (b'/', b'/') => DoubleSlash,
        (b'+', b'=') => PlusEqual,
        (b'-', b'=') => MinusEqual,
        (b'*', b'=') => StarEqual,
        (b'/', b'=') => SlashEqual,
        (b'%', b'=') => PercentEqual,
        (b'@', b'=') => AtEqual,
        (b'&', b'=') => AmpEqual,
        (b'|', b'=') => BarEqual,
        (b'^', b'=') => CaretEqual,
        (b'-', b'>') => Arrow,
        (b':', b'=') => ColonEqual,
        _ => return Option::None,
    })
}

fn one(a: u8) -> Option<TokenKind> {
    use TokenKind::*;
    Some(match a {
        b'(' => LParen,
        b')' => RParen,
        b'[' => LBracket,
        b']' => RBracket,
        b'{' => LBrace,
        b'}' => RBrace,
        b',' => Comma,
        b':' => Colon,
        b';' => Semicolon,
        b'.' => Dot,
        b'=' => Equal,
        b'+' => Plus,
        b'-' => Minus,
        b'*' => Star,
        b'/' => Slash,
        b'%' => Percent,
        b'@' => At,
        b'&' => Amp,
        b'|' => Bar,
        b'^' => Caret,
        b'~' => Tilde,
        b'<' => Less,
        b'>' => Greater,
        b'!' => Bang,
        _ => return Option::None,
    })
}
