//! What is done with globals, cells, characters, tuples that are unpacked and classes where they lie, without calling the host.
//!
//! As in [`inline`](super::inline) each does what its [`Entry`] does first, and layouts are those up to CPython 3.11
//! (`Include/cpython/{dictobject,cellobject,unicodeobject}.h`).

use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::operator::BinaryOp;

use super::entries::Entry;
use super::function::Lowerer;
use super::inline::{CLASS, OPEN, SIZE, TUPLE_ITEMS};
use super::value::Obj;
use super::{Class, Constant};

/// Where a string's state is, which of its bits are set where all characters are of ASCII, and where these begin, in bytes.
const TEXT_STATE: u64 = 32;
const ASCII: i64 = 0x60;
const LETTERS: u64 = 48;
/// The version of a dictionary.
const VERSION: usize = 3;
/// The value of a cell.
const CELL: usize = 2;
/// The flags of a class, in every version (`Include/cpython/object.h`), and which of them its subclasses share.
const FLAGS: usize = 21;
const SUBCLASS_FLAGS: [(&str, u32); 6] =
    [("int", 24), ("list", 25), ("tuple", 26), ("bytes", 27), ("str", 28), ("dict", 29)];

impl Lowerer<'_> {
    /// [`Entry::Unpack`]
    pub(super) fn unpack_to(&mut self, object: Value, n: usize, out: Value) -> Value {
        let count = self.word(n as i64);
        if !self.source.counts_in_place || n > 4 {
            return self.call(Entry::Unpack, &[object, count, out]);
        }
        let status = self.word_var("status", OPEN);
        let is_tuple = self.is_of(object, Class::Tuple);
        self.when(is_tuple, |l| {
            let size = l.load(object, SIZE);
            let fits = l.is_word(size, n as i64);
            l.when(fits, |l| {
                for i in 0..n {
                    let item = l.load(object, TUPLE_ITEMS as usize / 8 + i);
                    l.call(Entry::Retain, &[item]);
                    l.put(out, i, item);
                }
                let done = l.word(0);
                l.b().set(status, done);
            });
        });
        self.call_if_open(status, OPEN, Entry::Unpack, &[object, count, out]);
        self.b().get(status)
    }

    /// [`Entry::Global`]: a dictionary has another version after each change, and no other dictionary has the same.
    pub(super) fn global_in_place(&mut self, number: Value, known: usize) -> Value {
        let found = self.func.new_var("global", Type::I64);
        let table = self.table;
        let globals = self.load(table, 0);
        let (version, seen) = (self.load(globals, VERSION), self.load(table, known));
        let is_same = self.b().compare(IrCompare::Eq, version, seen);
        self.either_way(
            is_same,
            |l| {
                let value = l.load(table, known + 1);
                l.call(Entry::Retain, &[value]);
                l.b().set(found, value);
            },
            |l| {
                let place = l.word(known as i64);
                let value = l.call(Entry::Global, &[table, number, place]);
                let failed = l.is_zero(value);
                l.fail_if(failed);
                l.b().set(found, value);
            },
        );
        self.b().get(found)
    }

    /// [`Entry::CharAt`]
    pub(super) fn letter_at(&mut self, object: Value, index: Value) -> Value {
        if !self.source.counts_in_place {
            return self.call(Entry::CharAt, &[object, index]);
        }
        let letter = self.word_var("letter", OPEN);
        let is_str = self.is_of(object, Class::Str);
        self.when(is_str, |l| {
            let place = l.offset(object, TEXT_STATE);
            let state = l.peek(place, DType::U32);
            let state = l.b().cast(state, DType::I64);
            let ascii = l.word(ASCII);
            let own = l.b().binary(Ir::And, state, ascii);
            let is_ascii = l.is_word(own, ASCII);
            l.when(is_ascii, |l| {
                l.within(object, index, |l, at| {
                    let first = l.offset(object, LETTERS);
                    let place = l.element_address(first, at, 1);
                    let c = l.peek(place, DType::U8);
                    let c = l.b().cast(c, DType::I64);
                    l.b().set(letter, c);
                });
            });
        });
        self.call_if_open(letter, OPEN, Entry::CharAt, &[object, index]);
        self.b().get(letter)
    }

    /// The result of an operator on an int of one digit and a number that is written out, the left operand where `is_left`; for
    /// other objects the variable is open. `None`: of no object it is known.
    pub(super) fn with_number(&mut self, op: BinaryOp, object: Value, n: i64, is_left: bool) -> Option<Var> {
        let ir = match op {
            BinaryOp::Add => Ir::Add,
            BinaryOp::Sub => Ir::Sub,
            BinaryOp::Mult => Ir::Mul,
            BinaryOp::BitAnd => Ir::And,
            BinaryOp::BitOr => Ir::Or,
            BinaryOp::BitXor => Ir::Xor,
            BinaryOp::FloorDiv if !is_left && n > 0 => Ir::FloorDiv,
            BinaryOp::Mod if !is_left && n > 0 => Ir::Mod,
            BinaryOp::LShift if !is_left && (0..32).contains(&n) => Ir::Shl,
            BinaryOp::RShift if !is_left && (0..63).contains(&n) => Ir::Shr,
            _ => return None,
        };
        if !self.source.counts_in_place {
            return None;
        }
        let result = self.word_var("result", OPEN);
        let is_int = self.is_of(object, Class::Int);
        self.when(is_int, |l| {
            l.small(object, |l, x| {
                let n = l.word(n);
                let (a, b) = if is_left { (n, x) } else { (x, n) };
                let value = l.b().binary(ir, a, b);
                let value = l.call(Entry::FromInt, &[value]);
                l.b().set(result, value);
            });
        });
        Some(result)
    }

    /// [`Entry::CellGet`]
    pub(super) fn cell_value(&mut self, args: &[Value; 3]) -> Value {
        let found = self.func.new_var("cell", Type::I64);
        let value = self.load(args[0], CELL);
        self.b().set(found, value);
        let is_empty = self.is_zero(value);
        self.either_way(
            is_empty,
            |l| {
                let nothing = l.call_entry(Entry::CellGet, args);
                l.b().set(found, nothing);
            },
            |l| {
                l.call(Entry::Retain, &[value]);
            },
        );
        self.b().get(found)
    }

    /// [`Entry::CellSet`]; the value is given up.
    pub(super) fn set_cell(&mut self, cell: Value, value: Obj) {
        if !self.source.counts_in_place {
            self.status_from(Entry::CellSet, &[cell, value.value], &[value]);
            return;
        }
        let (value, old) = (self.own(value), self.load(cell, CELL));
        self.put(cell, CELL, value);
        self.call(Entry::ReleaseMaybe, &[old]);
    }

    /// Whether an object is an instance of one of some builtin classes.
    pub(super) fn is_instance(&mut self, object: Value, classes: &[&str]) -> Value {
        let mut mask = 0;
        let mut others = Vec::new();
        for class in classes {
            match SUBCLASS_FLAGS.iter().find(|(name, _)| name == class) {
                Some((_, bit)) => mask |= 1 << bit,
                None => others.push(Constant::Builtin((*class).to_owned())),
            }
        }
        let truth = self.word_var("truth", 0);
        if mask != 0 {
            let class = self.load(object, CLASS);
            let (flags, mask) = (self.load(class, FLAGS), self.word(mask));
            let mut b = self.b();
            let (found, zero) = (b.binary(Ir::And, flags, mask), b.i64(0));
            let is_one = b.compare(IrCompare::Ne, found, zero);
            let is_one = b.cast(is_one, DType::I64);
            b.set(truth, is_one);
        }
        if !others.is_empty() {
            let others = self.constant(Constant::Tuple(others)).value;
            self.call_if_open(truth, 0, Entry::IsInstance, &[object, others]);
        }
        self.b().get(truth)
    }
}
