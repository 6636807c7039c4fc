//! String literals, joined where they stand side by side, and their fields.

use std::sync::Arc;

use ungil_diag::span::Span;

use super::{Failed, Parsed, Parser};
use crate::ast::expr::{Conversion, Expr, ExprKind, Interpolation, StringPart};
use crate::ast::literal::{Literal, Text};
use crate::error::lex::LexError;
use crate::error::parse::ParseError;
use crate::lexer::token::{Token, TokenKind};
use crate::literal::string::{self, Fault, Parts, TextBuilder};

/// The kinds of strings that can be joined with each other only.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Bytes,
    Template,
}

impl Family {
    fn name(self) -> &'static str {
        match self {
            Family::Text => "string",
            Family::Bytes => "bytes",
            Family::Template => "t-string",
        }
    }
}

/// Collects the parts of a string: neighbouring text becomes one part.
struct PartList {
    parts: Vec<StringPart>,
    text: TextBuilder,
    text_lo: u32,
    text_hi: u32,
}

impl PartList {
    fn new() -> PartList {
        PartList { parts: Vec::new(), text: TextBuilder::default(), text_lo: 0, text_hi: 0 }
    }

    /// The builder for text that lies at `lo..hi`.
    fn text(&mut self, lo: u32, hi: u32) -> &mut TextBuilder {
        if self.text.is_empty() {
            self.text_lo = lo;
        }
        self.text_hi = hi;
        &mut self.text
    }

    fn end_text(&mut self, source: Span) {
        if !self.text.is_empty() {
            let text = std::mem::take(&mut self.text).finish();
            let span = Span { lo: self.text_lo, hi: self.text_hi, ..source };
            self.parts.push(StringPart::Literal { span, text });
        }
    }
}

impl Parser<'_> {
    /// One or more string literals side by side.
    pub(super) fn strings(&mut self) -> Parsed<Expr> {
        let first = self.token();
        if first.kind == TokenKind::Str
            && !matches!(self.peek(1), TokenKind::Str | TokenKind::InterpolatedStart)
        {
            self.bump();
            let kind = ExprKind::Literal(self.single_string(first));
            return Ok(Expr { span: self.token_span(first), kind });
        }
        self.nested(Self::joined_strings)
    }

    fn single_string(&mut self, token: Token) -> Literal {
        let Parts { raw, bytes, body, body_at } = string::split(self.token_text(token));
        let at = token.lo + body_at;
        let plain = !body.as_bytes().iter().any(|byte| matches!(byte, b'\\' | b'\r'));
        let mut faults = Vec::new();
        let value = if bytes {
            let mut out = Vec::with_capacity(body.len());
            string::decode_bytes(body, raw, at, &mut out, &mut faults);
            Literal::Bytes(out.into())
        } else if plain {
            Literal::Str(Text::Utf8(Arc::from(body)))
        } else {
            let mut out = TextBuilder::default();
            string::decode_str(body, raw, at, &mut out, &mut faults);
            Literal::Str(out.finish())
        };
        self.string_faults(faults);
        value
    }

    fn string_faults(&mut self, faults: Vec<Fault>) {
        for (error, lo, hi) in faults {
            self.errors.push(error.diagnostic(Span::new(self.source, lo, hi)));
        }
    }

    fn joined_strings(&mut self) -> Parsed<Expr> {
        let lo = self.lo();
        let family = self.family(self.token());
        let mut list = PartList::new();
        let mut bytes = Vec::new();
        let mut has_fields = false;
        while matches!(self.kind(), TokenKind::Str | TokenKind::InterpolatedStart) {
            let token = self.token();
            let found = self.family(token);
            if found != family {
                let error = LexError::MixedStrings { first: family.name(), second: found.name() };
                self.errors.push(error.diagnostic(self.token_span(token)));
                return Err(Failed);
            }
            if token.kind == TokenKind::InterpolatedStart {
                has_fields = true;
                self.interpolated(&mut list)?;
            } else {
                self.bump();
                self.append_string(token, &mut list, &mut bytes);
            }
        }
        let span = self.span(lo);
        let kind = match family {
            Family::Bytes => ExprKind::Literal(Literal::Bytes(bytes.into())),
            Family::Text if !has_fields => ExprKind::Literal(Literal::Str(list.text.finish())),
            Family::Text => {
                list.end_text(span);
                ExprKind::FString(list.parts)
            }
            Family::Template => {
                list.end_text(span);
                ExprKind::TString(list.parts)
            }
        };
        Ok(Expr { span, kind })
    }

    fn family(&self, token: Token) -> Family {
        let text = self.token_text(token);
        let prefix = &text[..text.find(['"', '\'']).unwrap_or(0)];
        if prefix.contains(['b', 'B']) {
            Family::Bytes
        } else if prefix.contains(['t', 'T']) {
            Family::Template
        } else {
            Family::Text
        }
    }

    fn append_string(&mut self, token: Token, list: &mut PartList, bytes: &mut Vec<u8>) {
        let parts = string::split(self.token_text(token));
        let at = token.lo + parts.body_at;
        let mut faults = Vec::new();
        if parts.bytes {
            string::decode_bytes(parts.body, parts.raw, at, bytes, &mut faults);
        } else {
            let out = list.text(token.lo, token.hi);
            string::decode_str(parts.body, parts.raw, at, out, &mut faults);
        }
        self.string_faults(faults);
    }

    /// An f-string or t-string from its start to its end.
    fn interpolated(&mut self, list: &mut PartList) -> Parsed<()> {
        let start = self.bump();
        let raw = self.token_text(start).contains(['r', 'R']);
        self.string_parts(list, raw, false)?;
        self.expect(TokenKind::InterpolatedEnd)?;
        Ok(())
    }

    /// Text and fields up to what ends the string or the format.
    fn string_parts(&mut self, list: &mut PartList, raw: bool, in_format: bool) -> Parsed<()> {
        loop {
            let token = self.token();
            match token.kind {
                TokenKind::InterpolatedText => {
                    self.bump();
                    let mut faults = Vec::new();
                    let body = self.token_text(token);
                    let out = list.text(token.lo, token.hi);
                    string::decode_interpolated(body, raw, !in_format, token.lo, out, &mut faults);
                    self.string_faults(faults);
                }
                TokenKind::LBrace => {
                    let here = self.token_span(token);
                    list.end_text(here);
                    let field = self.nested(|parser| parser.field(raw))?;
                    list.parts.push(StringPart::Interpolation(Box::new(field)));
                }
                _ => return Ok(()),
            }
        }
    }

    /// `{value=!r:format}`
    fn field(&mut self, raw: bool) -> Parsed<Interpolation> {
        let open = self.bump();
        let first = self.pos;
        if matches!(self.kind(), TokenKind::RBrace | TokenKind::Colon | TokenKind::Bang | TokenKind::Equal) {
            let span = Span::new(self.source, open.lo, self.token().hi);
            return self.fail(ParseError::EmptyField, span);
        }
        let value = self.yield_or_star_expressions()?;
        let source = Text::from(self.text[open.hi as usize..self.last_hi as usize].trim());
        let debug = if self.eat(TokenKind::Equal) { Some(self.field_text(open.hi, first)) } else { None };
        let conversion = if self.at(TokenKind::Bang) { Some(self.conversion()?) } else { None };
        let format = if self.eat(TokenKind::Colon) { Some(self.format(raw)?) } else { None };
        if !self.at(TokenKind::RBrace) {
            return self.field_end_expected(open);
        }
        self.bump();
        Ok(Interpolation { span: self.span(open.lo), value, source, debug, conversion, format })
    }

    /// The source from `lo`, before the token at `first`, to the current token, without comments.
    fn field_text(&self, lo: u32, first: usize) -> Text {
        let mut text = String::new();
        let mut at = lo as usize;
        for token in &self.tokens[first..=self.pos] {
            let gap = &self.text[at..token.lo as usize];
            for line in gap.split_inclusive(['\n', '\r']) {
                match line.split_once('#') {
                    Some((code, comment)) => {
                        text.push_str(code);
                        text.push_str(&comment[comment.trim_end_matches(['\n', '\r']).len()..]);
                    }
                    None => text.push_str(line),
                }
            }
            at = token.lo as usize;
            if token.lo < self.lo() {
                text.push_str(self.token_text(*token));
                at = token.hi as usize;
            }
        }
        Text::from(text.replace("\r\n", "\n").replace('\r', "\n").as_str())
    }

    fn field_end_expected<T>(&mut self, open: Token) -> Parsed<T> {
        match self.kind() {
            TokenKind::Invalid => Err(Failed),
            TokenKind::InterpolatedText | TokenKind::InterpolatedEnd | TokenKind::End => {
                self.fail(ParseError::UnclosedField, self.token_span(open))
            }
            _ => self.unexpected("`}` or `:` or `!`"),
        }
    }

    fn conversion(&mut self) -> Parsed<Conversion> {
        let bang = self.bump();
        let token = self.token();
        let found = self.token_text(token);
        let conversion = match found {
            "s" => Conversion::Str,
            "r" => Conversion::Repr,
            "a" => Conversion::Ascii,
            _ => {
                let adjacent = token.kind == TokenKind::Name && token.lo == bang.hi;
                let hi = if adjacent { token.hi } else { bang.hi };
                return self.fail(ParseError::Conversion, Span::new(self.source, bang.lo, hi));
            }
        };
        if token.lo != bang.hi {
            return self.fail(ParseError::Conversion, Span::new(self.source, bang.lo, token.hi));
        }
        self.bump();
        Ok(conversion)
    }

    fn format(&mut self, raw: bool) -> Parsed<Vec<StringPart>> {
        let mut list = PartList::new();
        self.string_parts(&mut list, raw, true)?;
        let here = self.span(self.lo());
        list.end_text(here);
        Ok(list.parts)
    }
}
