//! Characters of strings as numbers of C: `Py_UCS4`.
//!
//! As in Cython such a value is a number to comparisons and conversions, and a string of one character to all that is done
//! with objects. A variable without a declaration is one if only loops over what is known to be a `str` bind it, and if it
//! is only compared inside of them, or if it is cast to a number somewhere and no arithmetic uses it.

use std::sync::Arc;

use ungil_ir::entities::{Label, Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Comprehension, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::CompareOp;
use ungil_syntax::ast::stmt::{For, Stmt, StmtKind};
use ungil_syntax::visit::{Visitor, walk_expr, walk_stmt};

use super::entries::Entry;
use super::function::Lowerer;
use super::infer::Assigned;
use super::inline::OPEN;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Meaning, Result};

/// Methods that ask what a character is, in the order of the host's numbers.
const QUESTIONS: &[&str] = &[
    "isalpha",
    "isdigit",
    "isspace",
    "isalnum",
    "isupper",
    "islower",
    "isdecimal",
    "isnumeric",
    "istitle",
    "isprintable",
];

/// What a call asks of what: `c.isdigit()`.
fn question(call: &Call) -> Option<(&Expr, usize)> {
    let ExprKind::Attribute { value, attr } = &call.func.kind else { return None };
    let kind = QUESTIONS.iter().position(|known| *known == &*attr.name)?;
    (call.args.is_empty() && call.keywords.is_empty()).then_some((&**value, kind))
}

/// The ASCII characters of which a question is true, as bits.
fn ascii(question: &str) -> [u64; 2] {
    let is = |c: u8| match question {
        "isalpha" => c.is_ascii_alphabetic(),
        "isdigit" | "isdecimal" | "isnumeric" => c.is_ascii_digit(),
        // Separators of files, groups, records and units are spaces to Python.
        "isspace" => matches!(c, b' ' | 0x09..=0x0d | 0x1c..=0x1f),
        "isalnum" => c.is_ascii_alphanumeric(),
        "isupper" | "istitle" => c.is_ascii_uppercase(),
        "islower" => c.is_ascii_lowercase(),
        "isprintable" => matches!(c, b' '..=b'~'),
        _ => false,
    };
    let bits = |from: u8| (0..64).filter(|k| is(from + k)).fold(0, |word, k| word | 1 << k);
    [bits(0), bits(64)]
}

/// Sets with more characters are asked of the interpreter.
const MAX_SET: usize = 16;

/// The type of a character.
pub(super) fn char_type() -> CTy {
    CTy::Num(DType::U32, Arc::from("Py_UCS4"))
}

pub(super) fn is_char(ty: &CTy) -> bool {
    matches!(ty, CTy::Num(DType::U32, name) if &**name == "Py_UCS4")
}

fn text(e: &Expr) -> Option<&str> {
    match &e.kind {
        ExprKind::Literal(Literal::Str(text)) => text.as_str(),
        _ => None,
    }
}

/// The character that a string of one is.
pub(super) fn letter(literal: &Literal) -> Option<char> {
    let Literal::Str(text) = literal else { return None };
    let mut all = text.as_str()?.chars();
    let first = all.next()?;
    all.next().is_none().then_some(first)
}

fn is_letter(e: &Expr) -> bool {
    matches!(&e.kind, ExprKind::Literal(literal) if letter(literal).is_some())
}

/// Whether a string is one that membership is compared with character by character.
fn is_set(e: &Expr) -> bool {
    text(e).is_some_and(|text| (1..=MAX_SET).contains(&text.chars().count()))
}

/// The numbers of the characters that membership in an expression asks for: a string, or literals.
fn numbers(e: &Expr) -> Option<Vec<i64>> {
    match &e.kind {
        ExprKind::Tuple(items) | ExprKind::List(items) | ExprKind::Set(items) => {
            let number = |item: &Expr| match &item.kind {
                ExprKind::Literal(Literal::Int(n)) => Some(*n),
                ExprKind::Literal(literal) => letter(literal).map(|c| i64::from(u32::from(c))),
                _ => None,
            };
            items.iter().map(number).collect()
        }
        _ => Some(text(e)?.chars().map(|c| i64::from(u32::from(c))).collect()),
    }
}

fn is_order(op: CompareOp) -> bool {
    !matches!(op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn)
}

/// Whether a name is cast to a number.
struct Casts<'a, 'l> {
    lowerer: &'a Lowerer<'l>,
    name: &'a str,
    found: bool,
}

impl Visitor for Casts<'_, '_> {
    fn visit_expr(&mut self, e: &Expr) {
        if let ExprKind::Call(call) = &e.kind
            && let (ExprKind::Name(function), [one]) = (&call.func.kind, &call.args[..])
            && matches!(&one.kind, ExprKind::Name(name) if **name == *self.name)
            && let Meaning::Cast(CTy::Num(..)) = (self.lowerer.source.meaning)(function)
        {
            self.found = true;
        }
        walk_expr(self, e);
    }
}

/// Where a name is read: whether all of it is comparisons with literals, in loops that bind it.
struct Compared<'a> {
    name: &'a str,
    loops: u32,
    fits: bool,
}

impl Compared<'_> {
    fn is_name(&self, e: &Expr) -> bool {
        matches!(&e.kind, ExprKind::Name(name) if **name == *self.name)
    }
}

impl Visitor for Compared<'_> {
    fn visit_stmt(&mut self, stmt: &Stmt) {
        match &stmt.kind {
            StmtKind::For(f) if self.is_name(&f.target) => {
                self.visit_expr(&f.iter);
                self.loops += 1;
                f.body.iter().for_each(|s| self.visit_stmt(s));
                self.loops -= 1;
                f.orelse.iter().for_each(|s| self.visit_stmt(s));
            }
            _ => walk_stmt(self, stmt),
        }
    }

    fn visit_expr(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Name(_) => self.fits &= !self.is_name(e),
            ExprKind::Call(call)
                if self.loops > 0 && question(call).is_some_and(|(asked, _)| self.is_name(asked)) => {}
            // Its number, or that of the string that it is to another function of the name.
            ExprKind::Call(call)
                if self.loops > 0
                    && matches!(&call.func.kind, ExprKind::Name(name) if &**name == "ord")
                    && matches!(&call.args[..], [c] if self.is_name(c)) => {}
            ExprKind::Compare { left, rest } if rest.len() == 1 && self.loops > 0 => {
                let (op, right) = (rest[0].op, &rest[0].right);
                let beside = is_order(op) && is_letter(right) || !is_order(op) && is_set(right);
                let is_known =
                    self.is_name(left) && beside && !matches!(op, CompareOp::Is | CompareOp::IsNot)
                        || self.is_name(right) && is_letter(left) && is_order(op);
                if !is_known {
                    walk_expr(self, e);
                }
            }
            _ => walk_expr(self, e),
        }
    }
}

impl Lowerer<'_> {
    fn is_char_expr(&self, e: &Expr) -> bool {
        matches!(self.kind(e), Kind::C(ty) if is_char(&ty))
    }

    /// The kind of question that a call asks of a character.
    pub(super) fn asked<'e>(&self, call: &'e Call) -> Option<(&'e Expr, usize)> {
        question(call).filter(|(asked, _)| self.is_char_expr(asked))
    }

    /// `c.isdigit()` of a character.
    pub(super) fn answer(&mut self, call: &Call) -> Result<Option<Val>> {
        let Some((asked, number)) = self.asked(call) else { return Ok(None) };
        let value = self.expr(asked)?;
        let value = self.number(value, &char_type())?;
        let (kind, value) = (self.word(number as i64), self.b().cast(value, DType::I64));
        let truth = self.ascii_answer(QUESTIONS[number], value);
        self.call_if_open(truth, OPEN, Entry::CharIs, &[kind, value]);
        let truth = self.b().get(truth);
        Ok(Some(Val::C(self.b().cast(truth, DType::I32), CTy::Bint)))
    }

    /// A variable with the answer, which stays open for characters beyond ASCII.
    fn ascii_answer(&mut self, question: &str, c: Value) -> Var {
        let truth = self.word_var("truth", OPEN);
        let (limit, [low, high]) = (self.word(128), ascii(question).map(|word| self.word(word as i64)));
        // The number of a character has no sign.
        let is_ascii = self.b().compare(IrCompare::Lt, c, limit);
        self.when(is_ascii, |l| {
            let (half, one) = (l.word(64), l.word(1));
            let mut b = l.b();
            let is_low = b.compare(IrCompare::Lt, c, half);
            let word = b.select(is_low, low, high);
            let last = b.i64(63);
            let place = b.binary(Ir::And, c, last);
            let bit = b.binary(Ir::Shr, word, place);
            let bit = b.binary(Ir::And, bit, one);
            b.set(truth, bit);
        });
        truth
    }

    /// Whether a call is `ord` of a character.
    pub(super) fn is_code(&self, call: &Call) -> bool {
        matches!(&call.func.kind, ExprKind::Name(name) if &**name == "ord" && self.is_builtin(name))
            && matches!(&call.args[..], [c] if self.is_char_expr(c))
            && call.keywords.is_empty()
    }

    /// Whether a subscript is a character of a string.
    pub(super) fn is_letter_item(&self, value: &Expr, index: &Expr) -> bool {
        let is_index = match self.kind(index) {
            Kind::C(ty @ CTy::Num(d, _)) => d.is_int() && d != DType::U64 && !is_char(&ty),
            Kind::Literal(Literal::Int(_)) => true,
            _ => false,
        };
        is_index && self.is_str(value)
    }

    /// A character of a string by its index.
    pub(super) fn letter_item(&mut self, e: &Expr, value: &Expr, index: &Expr) -> Result<Val> {
        let object = self.obj(value)?;
        let index = self.index_word(index)?;
        self.at(e.span);
        let c = self.letter_at(object.value, index);
        self.drop_obj(object);
        self.fail_if_negative(c);
        Ok(Val::C(self.b().cast(c, DType::U32), char_type()))
    }

    /// Whether a comparison is one of a character with a string of one, or a character of a string with one.
    pub(super) fn compares_letters(&self, left: &Expr, op: CompareOp, right: &Expr) -> bool {
        is_order(op)
            && (self.is_char_expr(left) && is_letter(right) || is_letter(left) && self.is_char_expr(right))
    }

    /// Whether an expression is a variable of the class `str`, or a string that is written down.
    fn is_str(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Name(name) => {
                let is_inner = self.scopes.iter().skip(1).any(|scope| scope.contains_key(&**name));
                !is_inner && self.source.c.classes.get(&**name).is_some_and(|class| class == "str")
            }
            _ => text(e).is_some(),
        }
    }

    /// The type of a variable that is bound by loops alone, if it holds characters.
    pub(super) fn letter_type(&self, found: &Assigned<'_>) -> Option<CTy> {
        let mut compared = Compared { name: found.name, loops: 0, fits: found.augmented.is_empty() };
        if !found.loops.iter().all(|over| self.is_str(over)) {
            return None;
        }
        self.source.def.body.iter().for_each(|stmt| compared.visit_stmt(stmt));
        let is_cast = || {
            let mut casts = Casts { lowerer: self, name: found.name, found: false };
            self.source.def.body.iter().for_each(|stmt| casts.visit_stmt(stmt));
            casts.found && self.may_be_letter(found.name) && found.augmented.is_empty()
        };
        (compared.fits || is_cast()).then(char_type)
    }

    /// Whether no arithmetic uses a variable: characters in it are those of Python.
    fn may_be_letter(&self, name: &str) -> bool {
        !self.source.c.overflowing.contains(name)
    }

    /// The type of a variable of a comprehension, if it holds characters that are cast to numbers.
    pub(super) fn letter_of_comprehension(
        &self,
        all: &[Comprehension],
        inside: &[&Expr],
        name: &str,
    ) -> Option<CTy> {
        let is_target = |g: &&Comprehension| matches!(&g.target.kind, ExprKind::Name(n) if **n == *name);
        let binding: Vec<&Comprehension> = all.iter().filter(is_target).collect();
        let ([one], true) = (&binding[..], self.may_be_letter(name)) else { return None };
        let mut casts = Casts { lowerer: self, name, found: false };
        inside.iter().for_each(|e| casts.visit_expr(e));
        for generator in all {
            generator.conditions.iter().for_each(|e| casts.visit_expr(e));
        }
        (casts.found && self.is_str(&one.iter)).then(char_type)
    }

    /// `character in "abc"` as comparisons.
    pub(super) fn in_set(&mut self, left: &Expr, op: CompareOp, right: &Expr) -> Result<Option<Value>> {
        let is_member = matches!(op, CompareOp::In | CompareOp::NotIn) && self.is_char_expr(left);
        let (true, Some(set)) = (is_member, numbers(right)) else { return Ok(None) };
        let value = self.expr(left)?;
        let value = self.number(value, &char_type())?;
        let value = self.b().cast(value, DType::I64);
        let (kind, join) = match op {
            CompareOp::In => (IrCompare::Eq, Ir::Or),
            _ => (IrCompare::Ne, Ir::And),
        };
        let mut truth = None;
        for c in set {
            let c = self.word(c);
            let mut b = self.b();
            let one = b.compare(kind, value, c);
            truth = Some(match truth {
                Some(others) => b.binary(join, others, one),
                None => one,
            });
        }
        Ok(truth)
    }

    pub(super) fn char_constant(&mut self, c: char) -> Value {
        let n = self.word(i64::from(u32::from(c)));
        self.b().cast(n, DType::U32)
    }

    /// Whether a loop gives a variable of C the characters of a string.
    pub(super) fn is_letter_loop(&self, f: &For) -> bool {
        let ExprKind::Name(name) = &f.target.kind else { return false };
        let local = self.local(name).filter(|l| l.cell.is_none() && l.memory.is_none());
        self.is_str(&f.iter) && local.and_then(|l| l.ty).is_some_and(|ty| is_char(&ty))
    }

    /// Such a loop, over a string that is held: the variable may be assigned meanwhile.
    pub(super) fn letter_loop(&mut self, f: &For, text: Obj, break_to: Option<Label>) -> Result<()> {
        let address = self.slot_words(3);
        self.at(f.iter.span);
        self.status(Entry::Chars, &[text.value, address]);
        let [data, size, n] = [0, 1, 2].map(|at| self.load(address, at));
        let letters = [DType::U8, DType::U16, DType::U32].map(|d| (d, self.many_at(data, n, d)));
        let (start, label) = (self.word(0), self.func.new_label());
        self.counted_loop(label, (start, n, 1), |l, at| {
            let c = l.char_of(text.value, (&letters, size), at);
            l.store(&f.target, Val::C(c, char_type()))?;
            l.loop_body(break_to.unwrap_or(label), label, &f.body)
        })
    }

    /// A character of a string whose characters have `size` bytes; of other sizes the host is asked.
    fn char_of(&mut self, object: Value, (letters, size): (&[(DType, Value)], Value), at: Value) -> Value {
        let found = self.func.new_var("character", Type::Scalar(DType::U32));
        let outer = self.region;
        for &(dtype, memory) in letters {
            let is_size = self.is_word(size, dtype.size() as i64);
            let (then, ()) = self.nested(|l| {
                let c = l.b().load(memory, vec![at]);
                let c = l.b().cast(c, DType::U32);
                l.b().set(found, c);
            });
            let otherwise = self.func.new_region();
            self.b().push(InstKind::If { cond: is_size, then, otherwise });
            self.region = otherwise;
        }
        let c = self.call(Entry::CharAt, &[object, at]);
        let c = self.b().cast(c, DType::U32);
        self.b().set(found, c);
        self.region = outer;
        self.b().get(found)
    }

    /// A character as an object.
    pub(super) fn char_object(&mut self, value: Value) -> Obj {
        let value = self.b().cast(value, DType::I64);
        self.make(Entry::FromCharacter, &[value])
    }

    /// A literal as a character, where it is a string of one.
    pub(super) fn char_literal(&mut self, literal: &Literal) -> Option<(Value, CTy)> {
        let c = letter(literal)?;
        Some((self.char_constant(c), char_type()))
    }
}
