//! Reader of the text form: the inverse of `write`.
//!
//! Reads any well-formed text, also of functions that the verifier refuses, as long as the type of each result
//! follows from its operands or is given (`v3: float64 = …`). Entities keep their numbers; numbers that do not
//! occur become values of the unit type that nothing uses. The first mistake ends the reading.

mod inst;
mod lex;

use crate::entities::{FuncId, Inst, Label, Value, Var};
use crate::function::{
    Attributes, Count, ExternData, FastMath, Function, GlobalArrayData, Inline, Module, Simd, ValueData,
    VarData,
};
use crate::types::{ArrayType, DType, Layout, Type};
use lex::{Spanned, Token, lex};
use std::fmt;

/// What is wrong with a text, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReadError {
    pub line: u32,
    pub col: u32,
    pub message: String,
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.col, self.message)
    }
}

/// Line of the text of each instruction, by function and instruction.
#[derive(Clone, Debug, Default)]
pub struct InstLines(pub Vec<Vec<u32>>);

impl InstLines {
    /// The line on which an instruction stands.
    pub fn line(&self, function: FuncId, inst: Inst) -> Option<u32> {
        self.0.get(function.index())?.get(inst.index()).copied()
    }
}

/// Reads a module.
pub fn read_module(text: &str) -> Result<Module, ReadError> {
    read_module_with_lines(text).map(|(module, _)| module)
}

/// Reads a module and where its instructions stand.
pub fn read_module_with_lines(text: &str) -> Result<(Module, InstLines), ReadError> {
    let mut parser = Parser::new(text)?;
    let mut module = Module::default();
    let mut lines = InstLines::default();
    while parser.peek() != &Token::End {
        match parser.word()?.as_str() {
            "array" => module.arrays.push(parser.global_array(module.arrays.len())?),
            "extern" => module.externs.push(parser.external(module.externs.len())?),
            "entry" => module.entry = Some(FuncId(parser.entity("f")?)),
            "func" => {
                module.functions.push(parser.function()?);
                lines.0.push(std::mem::take(&mut parser.lines));
            }
            other => {
                return parser
                    .fail(format!("expected `array`, `extern`, `entry` or `func`, found `{other}`"));
            }
        }
    }
    Ok((module, lines))
}

/// Reads a single function.
pub fn read_function(text: &str) -> Result<Function, ReadError> {
    let mut module = read_module(text)?;
    if module.functions.len() == 1 {
        return Ok(module.functions.remove(0));
    }
    Err(ReadError {
        line: 1,
        col: 1,
        message: format!("expected one function, found {}", module.functions.len()),
    })
}

struct Parser {
    tokens: Vec<Spanned>,
    pos: usize,
    func: Function,
    /// Which values of `func` have a definition so far.
    defined: Vec<bool>,
    lines: Vec<u32>,
}

type Read<T> = Result<T, ReadError>;

/// Numbers of entities are bounded so that a slip in a text does not fill the memory.
const MAX_ENTITY: u32 = 1 << 20;

impl Parser {
    fn new(text: &str) -> Read<Parser> {
        let func = Function::new("", &[], Type::unit());
        Ok(Parser { tokens: lex(text)?, pos: 0, func, defined: Vec::new(), lines: Vec::new() })
    }

    // Tokens.

    fn peek(&self) -> &Token {
        &self.tokens[self.pos].token
    }

    fn line(&self) -> u32 {
        self.tokens[self.pos].line
    }

    /// Whether the next token stands on the line of the previous one.
    fn same_line(&self) -> bool {
        self.pos > 0 && self.tokens[self.pos - 1].line == self.line()
    }

    /// An error at the previous token, which is the one just looked at.
    fn fail<T>(&self, message: String) -> Read<T> {
        self.fail_at(self.pos.saturating_sub(1), message)
    }

    fn fail_at<T>(&self, token: usize, message: String) -> Read<T> {
        let Spanned { line, col, .. } = self.tokens[token];
        Err(ReadError { line, col, message })
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        if token != Token::End {
            self.pos += 1;
        }
        token
    }

    fn expected<T>(&self, what: &str) -> Read<T> {
        self.fail_at(self.pos, format!("expected {what}, found {}", self.peek()))
    }

    fn eat(&mut self, punct: &str) -> bool {
        let found = matches!(self.peek(), Token::Punct(p) if *p == punct);
        self.pos += usize::from(found);
        found
    }

    fn punct(&mut self, punct: &str) -> Read<()> {
        if self.eat(punct) { Ok(()) } else { self.expected(&format!("`{punct}`")) }
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Token::Word(w) if w == word);
        self.pos += usize::from(found);
        found
    }

    /// An optional word, which must stand on the same line: the next one may begin with it (`check`).
    fn flag(&mut self, word: &str) -> bool {
        self.same_line() && self.eat_word(word)
    }

    fn keyword(&mut self, word: &str) -> Read<()> {
        if self.eat_word(word) { Ok(()) } else { self.expected(&format!("`{word}`")) }
    }

    fn word(&mut self) -> Read<String> {
        match self.next() {
            Token::Word(w) => Ok(w),
            found => self.fail(format!("expected a word, found {found}")),
        }
    }

    fn string(&mut self) -> Read<String> {
        match self.next() {
            Token::Str(s) => Ok(s),
            found => self.fail(format!("expected a string, found {found}")),
        }
    }

    fn number<T: std::str::FromStr>(&mut self) -> Read<T> {
        match self.next() {
            Token::Number(n) => match n.parse() {
                Ok(value) => Ok(value),
                Err(_) => self.fail(format!("`{n}` does not fit here")),
            },
            found => self.fail(format!("expected a number, found {found}")),
        }
    }

    /// Items separated by commas up to `close`.
    fn list<T>(&mut self, close: &str, mut item: impl FnMut(&mut Self) -> Read<T>) -> Read<Vec<T>> {
        let mut items = Vec::new();
        while !self.eat(close) {
            if !items.is_empty() {
                self.punct(",")?;
            }
            items.push(item(self)?);
        }
        Ok(items)
    }

    // Entities.

    fn entity(&mut self, prefix: &str) -> Read<u32> {
        let word = self.word()?;
        let number = word.strip_prefix(prefix).and_then(|digits| digits.parse().ok());
        match number {
            Some(number) if number < MAX_ENTITY => Ok(number),
            _ => self.fail(format!("expected `{prefix}` with a number, found `{word}`")),
        }
    }

    fn is_entity(&self, prefix: &str) -> bool {
        matches!(self.peek(), Token::Word(w) if w.strip_prefix(prefix)
            .is_some_and(|n| !n.is_empty() && n.chars().all(|c| c.is_ascii_digit())))
    }

    fn value(&mut self) -> Read<Value> {
        let v = Value(self.entity("v")?);
        self.reserve(v);
        Ok(v)
    }

    fn reserve(&mut self, v: Value) {
        if v.index() >= self.func.values.len() {
            self.func.values.resize(v.index() + 1, ValueData { ty: Type::unit() });
            self.defined.resize(v.index() + 1, false);
        }
    }

    fn values(&mut self, close: &str) -> Read<Vec<Value>> {
        self.list(close, Self::value)
    }

    fn var(&mut self) -> Read<Var> {
        let x = Var(self.entity("x")?);
        if x.index() < self.func.vars.len() { Ok(x) } else { self.fail(format!("{x} is not declared")) }
    }

    fn vars(&mut self) -> Read<Vec<Var>> {
        self.punct("(")?;
        self.list(")", Self::var)
    }

    fn label(&mut self) -> Read<Label> {
        let label = Label(self.entity("l")?);
        self.func.labels = self.func.labels.max(label.0 + 1);
        Ok(label)
    }

    fn define(&mut self, v: Value, ty: Type) -> Read<()> {
        self.reserve(v);
        if std::mem::replace(&mut self.defined[v.index()], true) {
            return self.fail(format!("{v} is defined twice"));
        }
        self.func.values[v.index()].ty = ty;
        Ok(())
    }

    /// A value that a region gets: `v3`, or `v3: type` where the type is not the usual one.
    fn region_value(&mut self, usual: Type) -> Read<Value> {
        let v = self.value()?;
        let ty = if self.eat(":") { self.ty()? } else { usual };
        self.define(v, ty)?;
        Ok(v)
    }

    // Types.

    fn ty(&mut self) -> Read<Type> {
        if self.eat("(") {
            return self.tuple_type();
        }
        let word = self.word()?;
        match word.as_str() {
            "array" => Ok(Type::Array(self.array_type()?)),
            "vec" => {
                self.punct("<")?;
                let dtype = self.dtype()?;
                self.punct(",")?;
                let lanes = self.number()?;
                self.punct(">")?;
                Ok(Type::Vec(dtype, lanes))
            }
            "mask" => {
                self.punct("<")?;
                let lanes = self.number()?;
                self.punct(">")?;
                Ok(Type::Mask(lanes))
            }
            "pointer" => Ok(Type::Pointer),
            name => match DType::from_name(name) {
                Some(dtype) => Ok(Type::Scalar(dtype)),
                None => self.fail(format!("unknown type `{name}`")),
            },
        }
    }

    fn tuple_type(&mut self) -> Read<Type> {
        let mut items = Vec::new();
        while !self.eat(")") {
            items.push(self.ty()?);
            if !self.eat(",") {
                self.punct(")")?;
                break;
            }
        }
        Ok(Type::Tuple(items))
    }

    fn dtype(&mut self) -> Read<DType> {
        let word = self.word()?;
        match DType::from_name(&word) {
            Some(dtype) => Ok(dtype),
            None => self.fail(format!("unknown dtype `{word}`")),
        }
    }

    /// After the word `array`.
    fn array_type(&mut self) -> Read<ArrayType> {
        self.punct("<")?;
        let dtype = self.dtype()?;
        self.punct(",")?;
        let ndim = self.number()?;
        self.punct(",")?;
        let layout = match self.word()?.as_str() {
            "C" => Layout::C,
            "F" => Layout::F,
            "A" => Layout::Strided,
            other => return self.fail(format!("expected a layout (`C`, `F` or `A`), found `{other}`")),
        };
        let mut ty = ArrayType { dtype, ndim, layout, readonly: false, swapped: false };
        while self.eat(",") {
            match self.word()?.as_str() {
                "readonly" => ty.readonly = true,
                "swapped" => ty.swapped = true,
                other => return self.fail(format!("expected `readonly` or `swapped`, found `{other}`")),
            }
        }
        self.punct(">")?;
        Ok(ty)
    }

    // Module level.

    fn global_array(&mut self, number: usize) -> Read<GlobalArrayData> {
        if self.entity("g")? as usize != number {
            return self.fail(format!("expected g{number}: arrays are numbered in order"));
        }
        let name = self.string()?;
        self.punct(":")?;
        self.keyword("array")?;
        Ok(GlobalArrayData { name, ty: self.array_type()? })
    }

    fn external(&mut self, number: usize) -> Read<ExternData> {
        if self.entity("e")? as usize != number {
            return self.fail(format!("expected e{number}: C functions are numbered in order"));
        }
        let name = self.string()?;
        if !self.eat_word("counts") {
            return Ok(ExternData { name, count: None });
        }
        let word = self.word()?;
        match Count::ALL.into_iter().find(|count| count.name() == word) {
            Some(count) => Ok(ExternData { name, count: Some(count) }),
            None => self.fail(format!("expected how it counts, found `{word}`")),
        }
    }

    /// After the word `func`.
    fn function(&mut self) -> Read<Function> {
        self.punct("@")?;
        let name = if let Token::Str(_) = self.peek() { self.string()? } else { self.word()? };
        self.func = Function::new(&name, &[], Type::unit());
        self.defined.clear();
        self.lines.clear();
        self.punct("(")?;
        self.func.params = self.list(")", |p| {
            let v = p.value()?;
            p.punct(":")?;
            let ty = p.ty()?;
            p.define(v, ty)?;
            Ok(v)
        })?;
        self.punct("->")?;
        self.func.ret = self.ty()?;
        self.func.attributes = self.attributes()?;
        self.punct("{")?;
        while self.eat_word("var") {
            self.var_declaration()?;
        }
        let body = self.insts()?;
        self.punct("}")?;
        self.func.regions[0] = body;
        Ok(std::mem::replace(&mut self.func, Function::new("", &[], Type::unit())))
    }

    fn var_declaration(&mut self) -> Read<()> {
        let number = self.func.vars.len();
        if self.entity("x")? as usize != number {
            return self.fail(format!("expected x{number}: variables are numbered in order"));
        }
        let name = self.string()?;
        self.punct(":")?;
        let ty = self.ty()?;
        self.func.vars.push(VarData { name, ty });
        Ok(())
    }

    fn attributes(&mut self) -> Read<Attributes> {
        let mut attributes = Attributes::default();
        loop {
            if self.eat_word("fastmath") {
                attributes.fastmath = self.fastmath()?;
            } else if self.eat_word("inline") {
                attributes.inline = Inline::Always;
            } else if self.eat_word("noinline") {
                attributes.inline = Inline::Never;
            } else if self.eat_word("simd") {
                attributes.simd = Simd::Always;
            } else if self.eat_word("nosimd") {
                attributes.simd = Simd::Never;
            } else if self.eat_word("recursive") {
                attributes.recursive = true;
            } else if self.eat_word("in_registers") {
                attributes.in_registers = true;
            } else {
                return Ok(attributes);
            }
        }
    }

    fn fastmath(&mut self) -> Read<FastMath> {
        let mut flags = FastMath::default();
        self.punct("(")?;
        self.list(")", |p| {
            match p.word()?.as_str() {
                "reassoc" => flags.reassoc = true,
                "nnan" => flags.nnan = true,
                "ninf" => flags.ninf = true,
                "nsz" => flags.nsz = true,
                "arcp" => flags.arcp = true,
                "contract" => flags.contract = true,
                "afn" => flags.afn = true,
                other => return p.fail(format!("unknown fastmath flag `{other}`")),
            }
            Ok(())
        })?;
        Ok(flags)
    }
}
