//! `run:` lines: a call and what is expected of it.
//!
//! `@f(1, [2.0]) == 3.0, args[1] == [4.0], prints "a\n"`, `~=` for a small relative error,
//! `raises IndexError "message" at 3 < 1` (lines of the frames, innermost first). The `@` is optional.

use crate::literal::{ArrayLiteral, Literal, flatten};
use ungil_ir::types::{DType, Layout};

/// A parsed line.
#[derive(Clone, PartialEq, Debug)]
pub struct Case {
    pub function: String,
    pub args: Vec<Literal>,
    pub expected: Vec<Clause>,
    /// The call as written, for blessing.
    pub call: String,
}

#[derive(Clone, PartialEq, Debug)]
pub enum Clause {
    /// `approximate`: `~=`.
    Result {
        value: Literal,
        approximate: bool,
    },
    Raises {
        class: String,
        message: Option<String>,
        lines: Vec<u32>,
    },
    /// An array argument afterwards.
    Argument {
        index: usize,
        value: Literal,
        approximate: bool,
    },
    Prints(String),
}

/// Parses the text after `run:`.
pub fn parse(text: &str) -> Result<Case, String> {
    let mut p = Parser { chars: text.chars().collect(), pos: 0 };
    p.eat("@");
    let function = if p.peek() == '"' { p.string()? } else { p.word() };
    p.expect("(")?;
    let args = p.list(")")?;
    let call: String = p.chars[..p.pos].iter().collect();
    let mut expected = Vec::new();
    loop {
        p.space();
        if p.pos == p.chars.len() {
            return Ok(Case { function, args, expected, call });
        }
        if !expected.is_empty() {
            p.expect(",")?;
        }
        expected.push(p.clause()?);
    }
}

struct Parser {
    chars: Vec<char>,
    pos: usize,
}

impl Parser {
    fn space(&mut self) {
        while self.chars.get(self.pos).is_some_and(|c| c.is_whitespace()) {
            self.pos += 1;
        }
    }

    fn peek(&mut self) -> char {
        self.space();
        self.chars.get(self.pos).copied().unwrap_or('\n')
    }

    fn eat(&mut self, text: &str) -> bool {
        self.space();
        let found = self.chars[self.pos..].iter().take(text.chars().count()).copied().eq(text.chars());
        self.pos += if found { text.chars().count() } else { 0 };
        found
    }

    fn expect(&mut self, text: &str) -> Result<(), String> {
        if self.eat(text) {
            return Ok(());
        }
        let rest: String = self.chars[self.pos..].iter().collect();
        Err(format!("expected `{text}` at `{rest}`"))
    }

    fn word(&mut self) -> String {
        self.space();
        let start = self.pos;
        while self.chars.get(self.pos).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
            self.pos += 1;
        }
        self.chars[start..self.pos].iter().collect()
    }

    fn string(&mut self) -> Result<String, String> {
        self.expect("\"")?;
        let mut text = String::new();
        loop {
            let c = self.chars.get(self.pos).copied();
            self.pos += 1;
            match c {
                None => return Err("a string without an end".to_owned()),
                Some('"') => return Ok(text),
                Some('\\') => {
                    let escaped = self.chars.get(self.pos).copied().unwrap_or('\\');
                    self.pos += 1;
                    text.push(if escaped == 'n' { '\n' } else { escaped });
                }
                Some(c) => text.push(c),
            }
        }
    }

    fn clause(&mut self) -> Result<Clause, String> {
        if self.eat("raises") {
            let class = self.word();
            let message = if self.peek() == '"' { Some(self.string()?) } else { None };
            let mut lines = Vec::new();
            if self.eat("at") {
                lines.push(self.integer()? as u32);
                while self.eat("<") {
                    lines.push(self.integer()? as u32);
                }
            }
            return Ok(Clause::Raises { class, message, lines });
        }
        if self.eat("prints") {
            return self.string().map(Clause::Prints);
        }
        if self.eat("args[") {
            let index = self.integer()? as usize;
            self.expect("]")?;
            let approximate = self.comparison()?;
            return Ok(Clause::Argument { index, value: self.literal()?, approximate });
        }
        let approximate = self.comparison()?;
        Ok(Clause::Result { value: self.literal()?, approximate })
    }

    fn comparison(&mut self) -> Result<bool, String> {
        if self.eat("~=") { Ok(true) } else { self.expect("==").map(|()| false) }
    }

    fn integer(&mut self) -> Result<i128, String> {
        match self.literal()? {
            Literal::Int(n) => Ok(n),
            other => Err(format!("expected an integer, found {other:?}")),
        }
    }

    fn list(&mut self, close: &str) -> Result<Vec<Literal>, String> {
        let mut items = Vec::new();
        while !self.eat(close) {
            if !items.is_empty() {
                self.expect(",")?;
                if self.eat(close) {
                    break;
                }
            }
            items.push(self.literal()?);
        }
        Ok(items)
    }

    fn literal(&mut self) -> Result<Literal, String> {
        if self.eat("(") {
            return self.list(")").map(Literal::Tuple);
        }
        if self.eat("[") {
            return self.list("]").map(Literal::List);
        }
        if self.peek() == '-' || self.peek().is_ascii_digit() {
            return self.number();
        }
        let word = self.word();
        match word.as_str() {
            "True" | "true" => Ok(Literal::Bool(true)),
            "False" | "false" => Ok(Literal::Bool(false)),
            "None" => Ok(Literal::None),
            "nan" => Ok(Literal::Float(f64::NAN)),
            "inf" => Ok(Literal::Float(f64::INFINITY)),
            "complex" => {
                self.expect("(")?;
                match self.list(")")?.as_slice() {
                    [re, im] => Ok(Literal::Complex(real(re)?, real(im)?)),
                    _ => Err("complex takes two numbers".to_owned()),
                }
            }
            "array" | "full" | "arange" => self.array(&word),
            name => match DType::from_name(name) {
                Some(dtype) => {
                    self.expect("(")?;
                    let inner = self.literal()?;
                    self.expect(")")?;
                    Ok(Literal::Scalar(dtype, Box::new(inner)))
                }
                None => Err(format!("unknown literal `{name}`")),
            },
        }
    }

    fn number(&mut self) -> Result<Literal, String> {
        let negative = self.eat("-");
        if self.eat("inf") {
            return Ok(Literal::Float(f64::NEG_INFINITY));
        }
        let start = self.pos;
        while self.chars.get(self.pos).is_some_and(|c| {
            c.is_ascii_alphanumeric()
                || *c == '.'
                || (matches!(c, '+' | '-') && self.chars[self.pos - 1] == 'e')
        }) {
            self.pos += 1;
        }
        let text: String = self.chars[start..self.pos].iter().collect();
        let signed = if negative { format!("-{text}") } else { text };
        if let Ok(n) = signed.parse() {
            return Ok(Literal::Int(n));
        }
        signed.parse().map(Literal::Float).map_err(|_| format!("`{signed}` is not a number"))
    }

    /// After the word.
    fn array(&mut self, word: &str) -> Result<Literal, String> {
        self.expect("(")?;
        let first = self.literal()?;
        self.expect(",")?;
        let (mut shape, elements) = match (word, &first) {
            ("arange", Literal::Int(n)) => (vec![*n as i64], (0..*n).map(Literal::Int).collect()),
            ("full", Literal::Tuple(shape)) => {
                let shape: Vec<i64> = shape.iter().map(extent).collect::<Result<_, _>>()?;
                let value = self.literal()?;
                self.expect(",")?;
                let n = shape.iter().product::<i64>() as usize;
                (shape, vec![value; n])
            }
            _ => flatten(&first)?,
        };
        let name = self.word();
        let Some(dtype) = DType::from_name(&name) else { return Err(format!("unknown dtype `{name}`")) };
        let (mut layout, mut reversed, mut readonly, mut swapped) = (Layout::C, false, false, false);
        while self.eat(",") {
            match self.word().as_str() {
                "C" => layout = Layout::C,
                "F" => layout = Layout::F,
                "A" => layout = Layout::Strided,
                "reversed" => (layout, reversed) = (Layout::Strided, true),
                "readonly" => readonly = true,
                "swapped" => swapped = true,
                "shape" => {
                    self.expect("=")?;
                    let Literal::Tuple(list) = self.literal()? else {
                        return Err("a shape is a tuple".to_owned());
                    };
                    shape = list.iter().map(extent).collect::<Result<_, _>>()?;
                }
                other => return Err(format!("unknown property `{other}`")),
            }
        }
        self.expect(")")?;
        if shape.iter().product::<i64>() != elements.len() as i64 {
            return Err(format!("{} elements for shape {shape:?}", elements.len()));
        }
        Ok(Literal::Array(ArrayLiteral { shape, elements, dtype, layout, reversed, readonly, swapped }))
    }
}

fn extent(literal: &Literal) -> Result<i64, String> {
    match literal {
        Literal::Int(n) => Ok(*n as i64),
        other => Err(format!("an extent is an integer, not {other:?}")),
    }
}

fn real(literal: &Literal) -> Result<f64, String> {
    match literal {
        Literal::Int(n) => Ok(*n as f64),
        Literal::Float(x) => Ok(*x),
        other => Err(format!("expected a real number, found {other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let case =
            parse("@f(1, -0.5, [[1], [2]], complex(1, -2)) == (3, None), args[2] ~= [1.5], prints \"a\\n\"")
                .expect("well-formed");
        assert_eq!(case.function, "f");
        assert_eq!(case.args.len(), 4);
        assert_eq!(case.args[3], Literal::Complex(1.0, -2.0));
        assert_eq!(case.expected.len(), 3);
        assert_eq!(case.expected[2], Clause::Prints("a\n".to_owned()));
        let raises =
            parse("g(array([], float64, F, shape=(0, 3))) raises IndexError \"a \\\"b\\\"\" at 3 < 1");
        let expected = Clause::Raises {
            class: "IndexError".to_owned(),
            message: Some("a \"b\"".to_owned()),
            lines: vec![3, 1],
        };
        assert_eq!(raises.expect("well-formed").expected, [expected]);
        assert!(parse("f(1").is_err());
        assert!(parse("f(1) = 2").is_err());
        assert!(parse("f(array([1], float64, shape=(2,)))").is_err());
    }
}
