//! Temporaries, calls of entries, and the way out for errors.

use ungil_diag::span::Span;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Region, Value, Var};
use ungil_ir::inst::{CompareOp, Const, InstKind, Loc};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use super::entries::Entry;
use super::function::Lowerer;
use super::value::Obj;
use super::{Constant, Result, TABLE_HEAD};

/// Words at an address.
const WORDS: Type =
    Type::Array(ArrayType { dtype: DType::I64, ndim: 1, layout: Layout::C, readonly: false, swapped: false });

impl Lowerer<'_> {
    pub(super) fn b(&mut self) -> Builder<'_> {
        Builder { func: &mut self.func, region: self.region, loc: Loc { line: self.line.max(1), col: 1 } }
    }

    /// Builds a region.
    pub(super) fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (Region, T) {
        let inner = self.func.new_region();
        let outer = core::mem::replace(&mut self.region, inner);
        let result = build(self);
        self.region = outer;
        (inner, result)
    }

    /// Both branches of a condition.
    pub(super) fn branch(
        &mut self,
        cond: Value,
        then: impl FnOnce(&mut Self) -> Result<bool>,
        otherwise: impl FnOnce(&mut Self) -> Result<bool>,
    ) -> Result<bool> {
        let (then, a) = self.nested(then);
        let (otherwise, b) = self.nested(otherwise);
        self.b().push(InstKind::If { cond, then, otherwise });
        // Both are looked at, so that neither refusal is lost.
        let (a, b) = (a?, b?);
        Ok(a || b)
    }

    /// A loop without an end of its own; `build` leaves it by `Break`. Falls if `build` says so, which goes on with the
    /// loop.
    pub(super) fn forever(
        &mut self,
        label: ungil_ir::entities::Label,
        build: impl FnOnce(&mut Self) -> Result<()>,
    ) -> Result<()> {
        let (cond, test) = self.nested(|l| l.b().value(InstKind::Const(Const::Bool(true))));
        let (body, done) = self.nested(build);
        self.b().push(InstKind::While { label, cond, test, body });
        done
    }

    /// Remembers the line for tracebacks.
    pub(super) fn at(&mut self, span: Span) {
        let line = (self.source.line)(span.lo);
        self.line = (line + 1).saturating_sub(self.first_line).max(1);
        self.file_line = line;
    }

    /// Calls an entry, or does in place what it does.
    pub(super) fn call(&mut self, entry: Entry, args: &[Value]) -> Value {
        match (entry, args) {
            (Entry::GetItemInt, [object, index]) if self.source.counts_in_place => {
                self.item_at(*object, *index)
            }
            (Entry::AsDouble, [object]) if self.source.counts_in_place => self.double_of(*object),
            (Entry::CellGet, [cell, name, is_free]) if self.source.counts_in_place => {
                self.cell_value(&[*cell, *name, *is_free])
            }
            (Entry::Truth, [object]) if self.source.counts_in_place => self.truth_of(*object),
            _ => self.call_entry(entry, args),
        }
    }

    pub(super) fn call_entry(&mut self, entry: Entry, args: &[Value]) -> Value {
        debug_assert_eq!(args.len(), entry.arity(), "{}", entry.name());
        self.before_entry(entry);
        let mut b = self.b();
        let callee = b.value(InstKind::Extern(entry as u32));
        b.call_c(callee, args.to_vec(), entry.ret())
    }

    pub(super) fn word(&mut self, n: i64) -> Value {
        self.b().i64(n)
    }

    pub(super) fn is_zero(&mut self, v: Value) -> Value {
        self.is_word(v, 0)
    }

    pub(super) fn is_word(&mut self, v: Value, n: i64) -> Value {
        let mut b = self.b();
        let n = b.i64(n);
        b.compare(CompareOp::Eq, v, n)
    }

    /// Goes the way of errors if a condition holds.
    pub(super) fn fail_if(&mut self, cond: Value) {
        let (then, ()) = self.nested(Self::fail);
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    /// Goes the way of errors: an exception is set.
    pub(super) fn fail(&mut self) {
        let (line, label) = (i64::from(self.file_line), *self.handlers.last().expect("a way out"));
        let line_var = self.line_var;
        self.before_failure();
        let mut b = self.b();
        let line = b.i64(line);
        b.set(line_var, line);
        b.push(InstKind::Break(label));
    }

    /// A fresh object that an entry gave, or the way out.
    pub(super) fn fresh(&mut self, value: Value) -> Obj {
        let failed = self.is_zero(value);
        self.fail_if(failed);
        self.keep(value)
    }

    /// Calls an entry that gives an object.
    pub(super) fn make(&mut self, entry: Entry, args: &[Value]) -> Obj {
        let value = self.call(entry, args);
        self.fresh(value)
    }

    /// Calls an entry that gives a status, which is not negative here.
    pub(super) fn status(&mut self, entry: Entry, args: &[Value]) -> Value {
        let status = self.call(entry, args);
        self.fail_if_negative(status);
        status
    }

    /// Goes the way of errors if a status says so.
    pub(super) fn fail_if_negative(&mut self, status: Value) {
        let mut b = self.b();
        let zero = b.i64(0);
        let failed = b.compare(CompareOp::Lt, status, zero);
        self.fail_if(failed);
    }

    /// As [`Lowerer::make`]; the operands' temporaries are given up, whether it fails or not.
    pub(super) fn make_from(&mut self, entry: Entry, args: &[Value], operands: &[Obj]) -> Obj {
        let value = self.call(entry, args);
        self.drop_all(operands);
        self.fresh(value)
    }

    /// As [`Lowerer::status`]; the operands' temporaries are given up, whether it fails or not.
    pub(super) fn status_from(&mut self, entry: Entry, args: &[Value], operands: &[Obj]) -> Value {
        let status = self.call(entry, args);
        self.drop_all(operands);
        self.fail_if_negative(status);
        status
    }

    /// Puts a reference into a temporary.
    pub(super) fn keep(&mut self, value: Value) -> Obj {
        let var = self.new_temp();
        self.b().set(var, value);
        Obj { value, temp: Some(var) }
    }

    pub(super) fn new_temp(&mut self) -> Var {
        self.free.pop().unwrap_or_else(|| {
            let var = self.func.new_var(&format!("t{}", self.temps.len()), Type::I64);
            self.temps.push(var);
            var
        })
    }

    /// Empties a temporary, whose reference has another owner now.
    pub(super) fn forget(&mut self, temp: Var) {
        let mut b = self.b();
        let zero = b.i64(0);
        b.set(temp, zero);
        self.free.push(temp);
    }

    /// Gives up an object.
    pub(super) fn drop_obj(&mut self, obj: Obj) {
        if let Some(temp) = obj.temp {
            self.forget(temp);
            self.call(Entry::Release, &[obj.value]);
        }
    }

    pub(super) fn drop_all(&mut self, objs: &[Obj]) {
        // First all are emptied: what is released may not be found again by what the release runs into.
        for obj in objs {
            self.drop_obj(*obj);
        }
    }

    /// A reference of one's own.
    pub(super) fn own(&mut self, obj: Obj) -> Value {
        match obj.temp {
            Some(temp) => self.forget(temp),
            None => {
                self.call(Entry::Retain, &[obj.value]);
            }
        }
        obj.value
    }

    /// Reads a word.
    pub(super) fn load(&mut self, address: Value, at: usize) -> Value {
        let mut b = self.b();
        let (array, index) = words(&mut b, address, at);
        b.load(array, vec![index])
    }

    /// Writes a word.
    pub(super) fn put(&mut self, address: Value, at: usize, value: Value) {
        let mut b = self.b();
        let (array, index) = words(&mut b, address, at);
        b.store(array, vec![index], value);
    }

    /// Reads a word as another type of its size.
    pub(super) fn load_as(&mut self, address: Value, at: usize, dtype: DType) -> Value {
        let mut b = self.b();
        let (array, index) = words_as(&mut b, address, at, dtype);
        b.load(array, vec![index])
    }

    /// Writes a word as another type of its size.
    pub(super) fn put_as(&mut self, address: Value, at: usize, value: Value, dtype: DType) {
        let mut b = self.b();
        let (array, index) = words_as(&mut b, address, at, dtype);
        b.store(array, vec![index], value);
    }

    /// A constant of the table, borrowed.
    pub(super) fn constant(&mut self, constant: Constant) -> Obj {
        let number = self.constant_number(constant);
        let table = self.table;
        let value = self.load(table, number);
        Obj { value, temp: None }
    }

    pub(super) fn constant_number(&mut self, constant: Constant) -> usize {
        let known = self.constants.iter().position(|c| *c == constant);
        TABLE_HEAD
            + known.unwrap_or_else(|| {
                self.constants.push(constant);
                self.constants.len() - 1
            })
    }

    pub(super) fn name(&mut self, name: &str) -> Value {
        self.constant(Constant::Str(name.to_owned())).value
    }

    pub(super) fn none(&mut self) -> Obj {
        self.constant(Constant::None)
    }

    /// The address of words for the arguments of a call; they hold until the next one.
    pub(super) fn scratch(&mut self, words: usize) -> Value {
        self.scratch_size = self.scratch_size.max(words as u32 + 1);
        let scratch = self.scratch_address;
        // One word in front is for whoever is called.
        let mut b = self.b();
        let eight = b.i64(8);
        b.binary(ungil_ir::inst::BinaryOp::Add, scratch, eight)
    }

    /// The address of words that are nobody else's.
    pub(super) fn slot_words(&mut self, n: u32) -> Value {
        let (slot, base) = (u64::from(self.slots) * 8, self.slots_address);
        self.slots += n;
        self.offset(base, slot)
    }

    pub(super) fn arguments(&mut self, values: &[Value]) -> Value {
        let address = self.scratch(values.len());
        for (i, value) in values.iter().enumerate() {
            self.put(address, i, *value);
        }
        address
    }
}

fn words(b: &mut Builder<'_>, address: Value, at: usize) -> (Value, Value) {
    words_as(b, address, at, DType::I64)
}

fn words_as(b: &mut Builder<'_>, address: Value, at: usize, dtype: DType) -> (Value, Value) {
    let ty = Type::Array(ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false });
    let pointer = b.value(InstKind::Pointer(address));
    let (n, eight) = (b.i64(at as i64 + 1), b.i64(8));
    let array = b.typed(InstKind::ArrayAt { pointer, shape: vec![n], strides: vec![eight] }, ty);
    let index = b.i64(at as i64);
    (array, index)
}

/// The type of memory of the frame.
pub(super) const fn frame_type() -> Type {
    WORDS
}
