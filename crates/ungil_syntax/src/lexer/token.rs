//! Tokens.
//!
//! A token is a kind and a byte range; its text is read from the source when it is needed.

use super::keyword;

/// A token and its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    pub kind: TokenKind,
    pub lo: u32,
    pub hi: u32,
}

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TokenKind {
    /// The end of the text; always the last token, with an empty range.
    End,
    /// The end of a logical line.
    Newline,
    Indent,
    Dedent,
    /// Something the lexer has reported an error about.
    Invalid,
    Name,
    Int,
    Float,
    Imaginary,
    /// A string or bytes literal, prefix and quotes included.
    Str,
    /// The prefix and opening quotes of an f-string or a t-string.
    InterpolatedStart,
    /// Literal text inside one, braces still doubled.
    InterpolatedText,
    /// Its closing quotes.
    InterpolatedEnd,

    LParen,
    RParen,
    LBracket,
    RBracket,
    LBrace,
    RBrace,
    Comma,
    Colon,
    Semicolon,
    Dot,
    Ellipsis,
    Arrow,
    ColonEqual,
    /// `!`, before a conversion.
    Bang,
    /// `?`, only in the Cython language.
    Question,
    Backtick,
    Equal,
    PlusEqual,
    MinusEqual,
    StarEqual,
    SlashEqual,
    DoubleSlashEqual,
    PercentEqual,
    AtEqual,
    AmpEqual,
    BarEqual,
    CaretEqual,
    LeftShiftEqual,
    RightShiftEqual,
    DoubleStarEqual,
    Plus,
    Minus,
    Star,
    Slash,
    DoubleSlash,
    Percent,
    At,
    DoubleStar,
    Amp,
    Bar,
    Caret,
    Tilde,
    LeftShift,
    RightShift,
    EqualEqual,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,

    False,
    None,
    True,
    And,
    As,
    Assert,
    Async,
    Await,
    Break,
    Class,
    Continue,
    Def,
    Del,
    Elif,
    Else,
    Except,
    Finally,
    For,
    From,
    Global,
    If,
    Import,
    In,
    Is,
    Lambda,
    Nonlocal,
    Not,
    Or,
    Pass,
    Raise,
    Return,
    Try,
    While,
    With,
    Yield,
}

impl TokenKind {
    /// Whether this is a reserved word.
    pub fn is_keyword(self) -> bool {
        self as u8 >= TokenKind::False as u8
    }

    /// Whether an expression can begin with this token.
    pub fn starts_expression(self) -> bool {
        use TokenKind::*;
        matches!(
            self,
            Name | Int
                | Float
                | Imaginary
                | Str
                | InterpolatedStart
                | LParen
                | LBracket
                | LBrace
                | Backtick
                | Ellipsis
                | Plus
                | Minus
                | Tilde
                | False
                | None
                | True
                | Await
                | Lambda
                | Not
        )
    }

    /// The token's fixed text, or a noun for those without one.
    pub fn describe(self) -> &'static str {
        use TokenKind::*;
        match self {
            End => "the end of the text",
            Newline => "the end of the line",
            Indent => "an indented line",
            Dedent => "the end of the block",
            Invalid => "invalid text",
            Name => "a name",
            Int | Float | Imaginary => "a number",
            Str | InterpolatedStart => "a string",
            InterpolatedText => "text of a string",
            InterpolatedEnd => "the end of the string",
            kind => symbol(kind),
        }
    }
}

fn symbol(kind: TokenKind) -> &'static str {
    use TokenKind::*;
    match kind {
        LParen => "`(`",
        RParen => "`)`",
        LBracket => "`[`",
        RBracket => "`]`",
        LBrace => "`{`",
        RBrace => "`}`",
        Comma => "`,`",
        Colon => "`:`",
        Semicolon => "`;`",
        Dot => "`.`",
        Ellipsis => "`...`",
        Arrow => "`->`",
        ColonEqual => "`:=`",
        Bang => "`!`",
        Question => "`?`",
        Backtick => "a backtick",
        Equal => "`=`",
        PlusEqual => "`+=`",
        MinusEqual => "`-=`",
        StarEqual => "`*=`",
        SlashEqual => "`/=`",
        DoubleSlashEqual => "`//=`",
        PercentEqual => "`%=`",
        AtEqual => "`@=`",
        AmpEqual => "`&=`",
        BarEqual => "`|=`",
        CaretEqual => "`^=`",
        LeftShiftEqual => "`<<=`",
        RightShiftEqual => "`>>=`",
        DoubleStarEqual => "`**=`",
        Plus => "`+`",
        Minus => "`-`",
        Star => "`*`",
        Slash => "`/`",
        DoubleSlash => "`//`",
        Percent => "`%`",
        At => "`@`",
        DoubleStar => "`**`",
        Amp => "`&`",
        Bar => "`|`",
        Caret => "`^`",
        Tilde => "`~`",
        LeftShift => "`<<`",
        RightShift => "`>>`",
        EqualEqual => "`==`",
        NotEqual => "`!=`",
        Less => "`<`",
        LessEqual => "`<=`",
        Greater => "`>`",
        GreaterEqual => "`>=`",
        keyword => keyword::quoted(keyword),
    }
}
