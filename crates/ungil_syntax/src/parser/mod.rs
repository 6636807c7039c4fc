//! The parser: tokens to tree.
//!
//! Recursive descent, one function per rule of CPython's grammar where that is readable, with
//! precedence climbing for operators. All tokens are there from the start, so that the few places
//! where Python needs to look ahead (soft keywords, parenthesised `with`) scan without backtracking.
//!
//! Errors: a rule that cannot go on records a diagnostic and returns [`Failed`]; the statement that
//! contains it becomes `Invalid`, and reading goes on at the next line, inside the block where one
//! follows. A rule that can guess what was meant records a diagnostic and goes on.
//!
//! Limits: see [`crate::ast`]. Recursion is counted, so that no text overflows the stack.

mod assign;
mod atom;
mod block;
mod call;
mod clause;
mod comprehension;
mod cython;
mod definition;
mod display;
mod expected;
mod expr;
mod import;
mod interner;
mod matching;
mod parameter;
mod pattern;
mod simple;
mod string;
mod subscript;
mod target;

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::source::SourceFile;
use ungil_diag::span::{SourceId, Span};

use crate::ast::MAX_HEIGHT;
use crate::ast::expr::{Expr, ExprKind};
use crate::ast::module::Module;
use crate::ast::name::{Ident, Name};
use crate::directive::{Directives, read_directives};
use crate::error::lex::LexError;
use crate::error::parse::ParseError;
use crate::error::sink::Sink;
use crate::lexer::token::{Token, TokenKind};
use crate::lexer::{Lexed, tokenize, tokenize_cython, tokenize_excerpt, tokenize_expression};

use cython::{Context, Level};
use interner::Interner;

/// Calls of the recursive rules that may be active at once; sized for a stack of 2 MiB.
const MAX_RECURSION: u32 = 450;
/// Steps from an operand to the root of its expression; a tree grows by at most two nodes a step.
const MAX_STEPS: u32 = MAX_HEIGHT / 2;

/// A rule that could not go on; its error has been recorded.
#[derive(Debug, Clone, Copy)]
struct Failed;

type Parsed<T> = Result<T, Failed>;

/// Reads a module. The tree is whole where the diagnostics have no errors.
pub fn parse_module(source: &SourceFile, id: SourceId) -> (Module, Diagnostics) {
    parse_statements(source, id, tokenize)
}

/// Which of Cython's levels of Python a module is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum LanguageLevel {
    /// Python 2: `print` is a statement.
    Two,
    #[default]
    Three,
    /// As three, but string literals are `str` of Python 2.
    ThreeStr,
}

/// How to read a module in the Cython language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct CythonOptions {
    /// Unless the module's own comments say.
    pub level: LanguageLevel,
    /// Whether it is a `.pxd` file, which declares only.
    pub is_declaration: bool,
}

/// A module in the Cython language.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CythonModule {
    pub module: Module,
    /// From the comments at its top.
    pub directives: Directives,
    pub level: LanguageLevel,
}

/// Reads a module in the Cython language. The tree is whole where the diagnostics have no errors.
pub fn parse_cython(
    source: &SourceFile,
    id: SourceId,
    options: CythonOptions,
) -> (CythonModule, Diagnostics) {
    let Some(mut parser) = Parser::new(source, id, tokenize_cython) else {
        return (CythonModule::default(), too_long(id));
    };
    let (directives, found) = read_directives(&source.text, id);
    found.into_iter().for_each(|diagnostic| parser.errors.push(diagnostic));
    let level = directives.level().unwrap_or(options.level);
    parser.cython = Some(CythonOptions { level, ..options });
    let body = parser.statements(TokenKind::End);
    let span = Span::new(id, 0, source.text.len() as u32);
    (CythonModule { module: Module { span, body }, directives, level }, parser.finish())
}

/// Reads a piece of a file, such as one function, as it stands there: its first line may be indented.
/// Unlike dedenting the text, this leaves strings of several lines as they are.
pub fn parse_excerpt(source: &SourceFile, id: SourceId) -> (Module, Diagnostics) {
    parse_statements(source, id, tokenize_excerpt)
}

fn parse_statements(source: &SourceFile, id: SourceId, lex: fn(&str) -> Lexed) -> (Module, Diagnostics) {
    let Some(mut parser) = Parser::new(source, id, lex) else {
        return (Module::default(), too_long(id));
    };
    let body = parser.statements(TokenKind::End);
    let span = Span::new(id, 0, source.text.len() as u32);
    (Module { span, body }, parser.finish())
}

/// Reads one expression (tuples included), as `eval` would; line ends are white space.
pub fn parse_expression(source: &SourceFile, id: SourceId) -> (Expr, Diagnostics) {
    let Some(mut parser) = Parser::new(source, id, tokenize_expression) else {
        return (Expr { span: Span::new(id, 0, 0), kind: ExprKind::Invalid }, too_long(id));
    };
    let whole = parser.whole_expression();
    let span = Span::new(id, 0, source.text.len() as u32);
    (whole.unwrap_or(Expr { span, kind: ExprKind::Invalid }), parser.finish())
}

fn too_long(id: SourceId) -> Diagnostics {
    [LexError::TextTooLong.diagnostic(Span::new(id, 0, 0))].into_iter().collect()
}

struct Parser<'a> {
    text: &'a str,
    source: SourceId,
    tokens: Vec<Token>,
    pos: usize,
    /// The end of the last token that is not a line end, indent or dedent.
    last_hi: u32,
    errors: Sink,
    names: Interner,
    recursion: u32,
    /// The steps from the deepest operand to the root of the expression read last.
    height: u32,
    /// Where the definition read last starts, decorators left out.
    definition_lo: u32,
    /// Set for the Cython language.
    cython: Option<CythonOptions>,
    /// Whether the module imports `print_function` of the future.
    print_function: bool,
    /// Where a statement of the Cython language stands.
    context: Context,
}

impl<'a> Parser<'a> {
    fn new(source: &'a SourceFile, id: SourceId, lex: fn(&str) -> Lexed) -> Option<Parser<'a>> {
        if source.text.len() >= u32::MAX as usize {
            return None;
        }
        let lexed = lex(&source.text);
        let mut errors = Sink::default();
        for (error, lo, hi) in &lexed.errors {
            errors.push(error.diagnostic(Span::new(id, *lo, *hi)));
        }
        Some(Parser {
            text: &source.text,
            source: id,
            tokens: lexed.tokens,
            pos: 0,
            last_hi: 0,
            errors,
            names: Interner::default(),
            recursion: 0,
            height: 0,
            definition_lo: 0,
            cython: None,
            print_function: false,
            context: Context::new(Level::Module),
        })
    }

    fn finish(self) -> Diagnostics {
        self.errors.finish()
    }

    fn whole_expression(&mut self) -> Parsed<Expr> {
        let expr = self.star_expressions()?;
        self.eat(TokenKind::Newline);
        if self.kind() != TokenKind::End {
            return self.unexpected("the end of the expression");
        }
        Ok(expr)
    }

    fn token(&self) -> Token {
        self.tokens[self.pos]
    }

    #[inline]
    fn kind(&self) -> TokenKind {
        self.tokens[self.pos].kind
    }

    /// The kind of the token `ahead` of the current one.
    fn peek(&self, ahead: usize) -> TokenKind {
        self.tokens.get(self.pos + ahead).map_or(TokenKind::End, |token| token.kind)
    }

    /// Where the current token starts.
    #[inline]
    fn lo(&self) -> u32 {
        self.tokens[self.pos].lo
    }

    /// Moves to the next token, unless this is the last one.
    #[inline]
    fn bump(&mut self) -> Token {
        let token = self.tokens[self.pos];
        if token.kind != TokenKind::End {
            self.pos += 1;
        }
        if !matches!(token.kind, TokenKind::Newline | TokenKind::Indent | TokenKind::Dedent) {
            self.last_hi = token.hi;
        }
        token
    }

    #[inline]
    fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    #[inline]
    fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    /// Takes a token that must come here.
    fn expect(&mut self, kind: TokenKind) -> Parsed<Token> {
        if self.at(kind) { Ok(self.bump()) } else { self.unexpected(kind.describe()) }
    }

    /// From `lo` to the end of the last token taken.
    #[inline]
    fn span(&self, lo: u32) -> Span {
        Span::new(self.source, lo, self.last_hi.max(lo))
    }

    fn token_span(&self, token: Token) -> Span {
        Span::new(self.source, token.lo, token.hi)
    }

    fn token_text(&self, token: Token) -> &'a str {
        &self.text[token.lo as usize..token.hi as usize]
    }

    /// Whether the current token is the name `word`; for soft keywords.
    fn at_word(&self, word: &str) -> bool {
        self.at(TokenKind::Name) && self.token_text(self.token()) == word
    }

    fn intern(&mut self, token: Token) -> Name {
        let text = self.token_text(token);
        self.names.intern(text)
    }

    /// Takes a name that must come here; `what` says which, for the message.
    fn ident(&mut self, what: &'static str) -> Parsed<Ident> {
        let token = self.token();
        let is_name = match token.kind {
            TokenKind::Name => !self.at_reserved(),
            // No keyword in the Cython language.
            TokenKind::As => self.cython.is_some(),
            _ => false,
        };
        if is_name {
            self.bump();
            return Ok(Ident { span: self.token_span(token), name: self.intern(token) });
        }
        if token.kind.is_keyword() || token.kind == TokenKind::Name {
            let word = self.token_text(token).to_string();
            return self.fail(ParseError::KeywordAsName { word }, self.token_span(token));
        }
        self.unexpected(what)
    }

    fn report(&mut self, error: ParseError, span: Span) {
        self.errors.push(error.diagnostic(span));
    }

    /// Records an error and gives up the statement. Where the lexer has found something wrong later
    /// in the line, such as a bracket that is never closed, that is the better message.
    fn fail<T>(&mut self, error: ParseError, span: Span) -> Parsed<T> {
        let line = self.tokens[self.pos..].iter().take_while(|token| token.kind != TokenKind::Newline);
        if !line.into_iter().any(|token| token.kind == TokenKind::Invalid) {
            self.report(error, span);
        }
        Err(Failed)
    }

    /// Runs a rule that nests inside itself, one step higher.
    fn nested<T>(&mut self, rule: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.recursion >= MAX_RECURSION {
            return self.fail(ParseError::TooDeep, self.token_span(self.token()));
        }
        self.recursion += 1;
        let outer = std::mem::take(&mut self.height);
        let result = rule(self);
        self.recursion -= 1;
        let inner = self.height;
        self.height = outer.max(inner + 1);
        if inner >= MAX_STEPS && result.is_ok() {
            return self.fail(ParseError::TooDeep, self.token_span(self.token()));
        }
        result
    }

    /// Counts one step of a rule that loops over what it has built.
    fn step(&mut self) -> Parsed<()> {
        self.height += 1;
        if self.height < MAX_STEPS {
            return Ok(());
        }
        self.fail(ParseError::TooDeep, self.token_span(self.token()))
    }
}
