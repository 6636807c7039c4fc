//! Reserved words.
//!
//! Soft keywords (`match`, `case`, `type`, `_`) are ordinary names to the lexer.

use super::token::TokenKind;

/// The keyword with this text.
pub fn lookup(word: &[u8]) -> Option<TokenKind> {
    use TokenKind::*;
    Some(match word {
        b"if" => If,
        b"in" => In,
        b"is" => Is,
        b"or" => Or,
        b"as" => As,
        b"and" => And,
        b"def" => Def,
        b"del" => Del,
        b"for" => For,
        b"not" => Not,
        b"try" => Try,
        b"elif" => Elif,
        b"else" => Else,
        b"from" => From,
        b"pass" => Pass,
        b"with" => With,
        b"None" => None,
        b"True" => True,
        b"False" => False,
        b"async" => Async,
        b"await" => Await,
        b"break" => Break,
        b"class" => Class,
        b"raise" => Raise,
        b"while" => While,
        b"yield" => Yield,
        b"assert" => Assert,
        b"except" => Except,
        b"global" => Global,
        b"import" => Import,
        b"lambda" => Lambda,
        b"return" => Return,
        b"finally" => Finally,
        b"continue" => Continue,
        b"nonlocal" => Nonlocal,
        _ => return Option::None,
    })
}

/// The keyword in backquotes; `a keyword` for any other kind.
pub fn quoted(kind: TokenKind) -> &'static str {
    use TokenKind::*;
    match kind {
        False => "`False`",
        None => "`None`",
        True => "`True`",
        And => "`and`",
        As => "`as`",
        Assert => "`assert`",
        Async => "`async`",
        Await => "`await`",
        Break => "`break`",
        Class => "`class`",
        Continue => "`continue`",
        Def => "`def`",
        Del => "`del`",
        Elif => "`elif`",
        Else => "`else`",
        Except => "`except`",
        Finally => "`finally`",
        For => "`for`",
        From => "`from`",
        Global => "`global`",
        If => "`if`",
        Import => "`import`",
        In => "`in`",
        Is => "`is`",
        Lambda => "`lambda`",
        Nonlocal => "`nonlocal`",
        Not => "`not`",
        Or => "`or`",
        Pass => "`pass`",
        Raise => "`raise`",
        Return => "`return`",
        Try => "`try`",
        While => "`while`",
        With => "`with`",
        Yield => "`yield`",
        _ => "a keyword",
    }
}
