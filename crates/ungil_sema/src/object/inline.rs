//! What is done with lists, tuples and small numbers where they lie, without calling the host.
//!
//! Each does what its [`Entry`] does first, for instances of the classes themselves, and calls the entry for all others.
//! Layouts are those of CPython as long as references are counted in an object's first word
//! (`Include/cpython/{listobject,tupleobject,longintrepr,floatobject}.h` up to 3.11); elsewhere the entry is called at once.

use ungil_ir::entities::{Label, Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind, UnaryOp as IrUnary};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};

use super::entries::Entry;
use super::function::Lowerer;
use super::value::Obj;
use super::{Class, Constant};

/// Words of objects.
pub(super) const CLASS: usize = 1;
/// The number of items, or of digits with the sign.
pub(super) const SIZE: usize = 2;
const LIST_ITEMS: usize = 3;
const LIST_ROOM: usize = 4;
/// Where a tuple's items, an int's digits and a float's number begin, in bytes.
pub(super) const TUPLE_ITEMS: u64 = 24;
const DIGITS: u64 = 24;
const DOUBLE: u64 = 16;

/// What no entry gives: it has not been called.
pub(super) const OPEN: i64 = -2;

/// A loop over the items of an object.
#[derive(Clone, Copy)]
pub(super) struct Walk {
    pub iterator: Obj,
    /// The address of the position that the host keeps.
    pub position: Value,
    /// Whether it is a list, whether it is a tuple, and the position, where both are walked in place.
    pub in_place: Option<(Value, Value, Var)>,
    pub range: Option<Range>,
}

/// A loop over what may be a range of numbers of 64 bits.
#[derive(Clone, Copy)]
pub(super) struct Range {
    /// Whether it is.
    is_counted: Value,
    left: Var,
    now: Var,
    step: Value,
}

impl Lowerer<'_> {
    pub(super) fn is_of(&mut self, object: Value, class: Class) -> Value {
        let (own, class) = (self.load(object, CLASS), self.constant(Constant::Class(class)).value);
        self.b().compare(IrCompare::Eq, own, class)
    }

    /// [`Entry::CheckClass`], where the object's class is another one; `parameter` is a name or 0.
    pub(super) fn check_class(&mut self, object: Value, class: &str, not_none: bool, parameter: Value) {
        let refused = if not_none { " not None" } else { "" };
        let check = |l: &mut Self| {
            let name = l.name(&format!("{class}{refused}"));
            l.status_from(Entry::CheckClass, &[object, name, parameter], &[]);
        };
        match Class::declared(class).filter(|_| self.source.counts_in_place) {
            Some(known) => {
                let is_own = self.is_of(object, known);
                let is_other = self.b().unary(IrUnary::Not, is_own);
                self.when(is_other, check);
            }
            None => check(self),
        }
    }

    /// Runs what `build` builds if a condition holds.
    pub(super) fn when(&mut self, cond: Value, build: impl FnOnce(&mut Self)) {
        let (then, ()) = self.nested(build);
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    /// One of two ways.
    pub(super) fn either_way(
        &mut self,
        cond: Value,
        then: impl FnOnce(&mut Self),
        otherwise: impl FnOnce(&mut Self),
    ) {
        let (then, ()) = self.nested(then);
        let (otherwise, ()) = self.nested(otherwise);
        self.b().push(InstKind::If { cond, then, otherwise });
    }

    /// A variable that holds a word.
    pub(super) fn word_var(&mut self, name: &str, n: i64) -> Var {
        let var = self.func.new_var(name, Type::I64);
        let n = self.word(n);
        self.b().set(var, n);
        var
    }

    /// Calls an entry if a variable is as it was at first.
    pub(super) fn call_if_open(&mut self, var: Var, open: i64, entry: Entry, args: &[Value]) {
        let now = self.b().get(var);
        let is_open = self.is_word(now, open);
        self.when(is_open, |l| {
            let result = l.call_entry(entry, args);
            l.b().set(var, result);
        });
    }

    /// Runs `build` with the place of an index among the items of a list or tuple, if it is within them.
    pub(super) fn within(&mut self, object: Value, index: Value, build: impl FnOnce(&mut Self, Value)) {
        let n = self.load(object, SIZE);
        let mut b = self.b();
        let zero = b.i64(0);
        let from_end = b.compare(IrCompare::Lt, index, zero);
        let whole = b.binary(Ir::Add, index, n);
        let at = b.select(from_end, whole, index);
        let (place, n) = (b.cast(at, DType::U64), b.cast(n, DType::U64));
        let is_inside = b.compare(IrCompare::Lt, place, n);
        self.when(is_inside, |l| build(l, at));
    }

    /// Makes a variable a new reference to the item at a place.
    fn take_item(&mut self, items: Value, at: Value, into: Var) {
        let address = self.element_address(items, at, 8);
        let item = self.peek(address, DType::I64);
        self.call(Entry::Retain, &[item]);
        self.b().set(into, item);
    }

    /// [`Entry::GetItemInt`]
    pub(super) fn item_at(&mut self, object: Value, index: Value) -> Value {
        let found = self.word_var("item", 0);
        let (is_list, is_tuple) = (self.is_of(object, Class::List), self.is_of(object, Class::Tuple));
        self.either_way(
            is_list,
            |l| {
                l.within(object, index, |l, at| {
                    let items = l.load(object, LIST_ITEMS);
                    l.take_item(items, at, found);
                });
            },
            |l| {
                l.when(is_tuple, |l| {
                    l.within(object, index, |l, at| {
                        let items = l.offset(object, TUPLE_ITEMS);
                        l.take_item(items, at, found);
                    });
                });
            },
        );
        self.call_if_open(found, 0, Entry::GetItemInt, &[object, index]);
        self.b().get(found)
    }

    /// [`Entry::SetItemInt`]; the value is given up.
    pub(super) fn set_item_at(&mut self, object: Value, index: Value, value: Obj) -> Value {
        if !self.source.counts_in_place {
            let status = self.call(Entry::SetItemInt, &[object, index, value.value]);
            self.drop_obj(value);
            return status;
        }
        let (value, status) = (self.own(value), self.word_var("status", OPEN));
        let is_list = self.is_of(object, Class::List);
        self.when(is_list, |l| {
            l.within(object, index, |l, at| {
                let items = l.load(object, LIST_ITEMS);
                let address = l.element_address(items, at, 8);
                let old = l.peek(address, DType::I64);
                l.poke(address, value, DType::I64);
                let done = l.word(0);
                l.b().set(status, done);
                l.call(Entry::Release, &[old]);
            });
        });
        self.or_give(status, Entry::SetItemInt, &[object, index, value], value)
    }

    /// The status of what was done in place, or of an entry; a reference that it did not take is given up.
    fn or_give(&mut self, status: Var, entry: Entry, args: &[Value], value: Value) -> Value {
        let now = self.b().get(status);
        let is_open = self.is_word(now, OPEN);
        self.when(is_open, |l| {
            let result = l.call_entry(entry, args);
            l.b().set(status, result);
            l.call(Entry::Release, &[value]);
        });
        self.b().get(status)
    }

    /// [`Entry::ListAppend`]; the item is given up.
    pub(super) fn append_to_list(&mut self, list: Value, item: Obj) -> Value {
        if !self.source.counts_in_place {
            let status = self.call(Entry::ListAppend, &[list, item.value]);
            self.drop_obj(item);
            return status;
        }
        let (item, status) = (self.own(item), self.word_var("status", OPEN));
        self.put_last(list, item, status);
        self.or_give(status, Entry::ListAppend, &[list, item], item)
    }

    /// `object.append(item)` whose result nobody wants: the item is given up.
    pub(super) fn append_to_any(&mut self, object: Value, item: Obj) -> Value {
        if !self.source.counts_in_place {
            let status = self.call(Entry::AppendTo, &[object, item.value]);
            self.drop_obj(item);
            return status;
        }
        let (item, status) = (self.own(item), self.word_var("status", OPEN));
        let is_list = self.is_of(object, Class::List);
        self.when(is_list, |l| l.put_last(object, item, status));
        self.or_give(status, Entry::AppendTo, &[object, item], item)
    }

    /// [`Entry::Pop`] without an index.
    pub(super) fn pop_last(&mut self, object: Value) -> Value {
        let none = self.word(0);
        if !self.source.counts_in_place {
            return self.call(Entry::Pop, &[object, none]);
        }
        let item = self.word_var("item", 0);
        let is_list = self.is_of(object, Class::List);
        self.when(is_list, |l| {
            let (n, room, one) = (l.load(object, SIZE), l.load(object, LIST_ROOM), l.word(1));
            // A list that would be less than half full is made smaller. One that is being sorted has room for -1, which is more
            // than any list holds when it is taken without its sign.
            let mut b = l.b();
            let (room, unit) = (b.cast(room, DType::U64), b.cast(one, DType::U64));
            let half = b.binary(Ir::Shr, room, unit);
            let half = b.cast(half, DType::I64);
            let stays = l.b().compare(IrCompare::Gt, n, half);
            l.when(stays, |l| {
                let last = l.b().binary(Ir::Sub, n, one);
                let items = l.load(object, LIST_ITEMS);
                let address = l.element_address(items, last, 8);
                let taken = l.peek(address, DType::I64);
                l.put(object, SIZE, last);
                l.b().set(item, taken);
            });
        });
        self.call_if_open(item, 0, Entry::Pop, &[object, none]);
        self.b().get(item)
    }

    /// Puts a reference behind the items of a list that has room for it.
    fn put_last(&mut self, list: Value, item: Value, status: Var) {
        let (n, room) = (self.load(list, SIZE), self.load(list, LIST_ROOM));
        let fits = self.b().compare(IrCompare::Lt, n, room);
        self.when(fits, |l| {
            let items = l.load(list, LIST_ITEMS);
            let address = l.element_address(items, n, 8);
            l.poke(address, item, DType::I64);
            let (one, done) = (l.word(1), l.word(0));
            let more = l.b().binary(Ir::Add, n, one);
            l.put(list, SIZE, more);
            l.b().set(status, done);
        });
    }

    /// Runs `build` with the value of an int of one digit at most.
    pub(super) fn small(&mut self, object: Value, build: impl FnOnce(&mut Self, Value)) {
        let size = self.load(object, SIZE);
        let mut b = self.b();
        let (one, three) = (b.i64(1), b.i64(3));
        let digits = b.binary(Ir::Add, size, one);
        let (digits, three) = (b.cast(digits, DType::U64), b.cast(three, DType::U64));
        let is_small = b.compare(IrCompare::Lt, digits, three);
        self.when(is_small, |l| {
            let address = l.offset(object, DIGITS);
            let digit = l.peek(address, DType::U32);
            let mut b = l.b();
            let digit = b.cast(digit, DType::I64);
            let value = b.binary(Ir::Mul, size, digit);
            build(l, value);
        });
    }

    /// Sets a status to how two numbers stand.
    fn set_compared(&mut self, status: Var, op: IrCompare, a: Value, b: Value) {
        let truth = self.b().compare(op, a, b);
        let truth = self.b().cast(truth, DType::I64);
        self.b().set(status, truth);
    }

    /// [`Entry::CompareBool`], whose number for the operator is `code`; `known`: operands that are ints of one digit.
    pub(super) fn compare_objects(
        &mut self,
        (a, b): (Value, Value),
        (op, code): (IrCompare, i64),
        (left, right): (Option<i64>, Option<i64>),
    ) -> Value {
        let code = self.word(code);
        if !self.source.counts_in_place {
            return self.call(Entry::CompareBool, &[a, b, code]);
        }
        let status = self.word_var("status", OPEN);
        let is_int = self.is_of(if right.is_none() && left.is_some() { b } else { a }, Class::Int);
        match right {
            Some(n) if matches!(op, IrCompare::Eq | IrCompare::Ne) => {
                self.when(is_int, |l| l.set_equal(status, op, a, n));
            }
            Some(n) => self.when(is_int, |l| {
                l.small(a, |l, x| {
                    let n = l.word(n);
                    l.set_compared(status, op, x, n);
                });
            }),
            None => match left {
                Some(n) if matches!(op, IrCompare::Eq | IrCompare::Ne) => {
                    self.when(is_int, |l| l.set_equal(status, op, b, n));
                }
                Some(n) => self.when(is_int, |l| {
                    l.small(b, |l, x| {
                        let n = l.word(n);
                        l.set_compared(status, op, n, x);
                    });
                }),
                None => self.compare_like(status, op, (a, b), is_int),
            },
        }
        self.call_if_open(status, OPEN, Entry::CompareBool, &[a, b, code]);
        self.b().get(status)
    }

    /// Sets a status to whether an int is, or is not, a number of one digit: no other has that digit alone and its sign.
    fn set_equal(&mut self, status: Var, op: IrCompare, object: Value, n: i64) {
        let (size, sign) = (self.load(object, SIZE), self.word(n.signum()));
        let same_sign = self.b().compare(IrCompare::Eq, size, sign);
        let equal = if n == 0 {
            same_sign
        } else {
            let address = self.offset(object, DIGITS);
            let digit = self.peek(address, DType::U32);
            let mut b = self.b();
            let (digit, wanted) = (b.cast(digit, DType::I64), b.i64(n.abs()));
            let same_digit = b.compare(IrCompare::Eq, digit, wanted);
            b.binary(Ir::And, same_sign, same_digit)
        };
        let truth = if op == IrCompare::Eq { equal } else { self.b().unary(IrUnary::Not, equal) };
        let truth = self.b().cast(truth, DType::I64);
        self.b().set(status, truth);
    }

    /// Compares two small ints, or two floats.
    fn compare_like(&mut self, status: Var, op: IrCompare, (a, b): (Value, Value), is_int: Value) {
        let (class, other) = (self.load(a, CLASS), self.load(b, CLASS));
        let alike = self.b().compare(IrCompare::Eq, class, other);
        self.when(alike, |l| {
            l.either_way(
                is_int,
                |l| l.small(a, |l, x| l.small(b, |l, y| l.set_compared(status, op, x, y))),
                |l| {
                    let is_float = l.is_of(a, Class::Float);
                    l.when(is_float, |l| {
                        let [x, y] = [a, b].map(|object| {
                            let address = l.offset(object, DOUBLE);
                            l.peek(address, DType::F64)
                        });
                        l.set_compared(status, op, x, y);
                    });
                },
            );
        });
    }

    /// [`Entry::AsDouble`]
    pub(super) fn double_of(&mut self, object: Value) -> Value {
        let number = self.func.new_var("number", Type::Scalar(DType::F64));
        let is_float = self.is_of(object, Class::Float);
        self.either_way(
            is_float,
            |l| {
                let address = l.offset(object, DOUBLE);
                let x = l.peek(address, DType::F64);
                l.b().set(number, x);
            },
            |l| {
                let x = l.call_entry(Entry::AsDouble, &[object]);
                l.b().set(number, x);
            },
        );
        self.b().get(number)
    }

    /// [`Entry::AsInt`] of a signed type of at least 32 bits.
    pub(super) fn int_of(&mut self, object: Value, code: Value, name: Value) -> Value {
        if !self.source.counts_in_place {
            return self.call(Entry::AsInt, &[object, code, name]);
        }
        // No int of one digit is the smallest of 64 bits.
        let number = self.word_var("number", i64::MIN);
        let is_int = self.is_of(object, Class::Int);
        self.when(is_int, |l| l.small(object, |l, n| l.b().set(number, n)));
        self.call_if_open(number, i64::MIN, Entry::AsInt, &[object, code, name]);
        self.b().get(number)
    }

    /// [`Entry::Truth`]
    pub(super) fn truth_of(&mut self, object: Value) -> Value {
        let status = self.word_var("status", OPEN);
        let (is_int, is_bool) = (self.is_of(object, Class::Int), self.is_of(object, Class::Bool));
        let is_list = self.is_of(object, Class::List);
        let has_digits = self.b().binary(Ir::Or, is_int, is_bool);
        let has_size = self.b().binary(Ir::Or, has_digits, is_list);
        self.when(has_size, |l| {
            let (size, zero) = (l.load(object, SIZE), l.word(0));
            l.set_compared(status, IrCompare::Ne, size, zero);
        });
        self.call_if_open(status, OPEN, Entry::Truth, &[object]);
        self.b().get(status)
    }

    /// The class that a variable is declared as.
    pub(super) fn declared_class(&self, e: &Expr) -> Option<Class> {
        let ExprKind::Name(name) = &e.kind else { return None };
        self.source.c.classes.get(&**name).and_then(|class| Class::declared(class))
    }

    /// [`Entry::Len`]
    pub(super) fn length_of(&mut self, object: Value, class: Option<Class>) -> Value {
        // Sets keep how many slots were used there.
        let known = class.filter(|class| !matches!(class, Class::Set | Class::Frozenset));
        let Some(class) = known.filter(|_| self.source.counts_in_place) else {
            return self.call(Entry::Len, &[object]);
        };
        let status = self.word_var("status", OPEN);
        let is_own = self.is_of(object, class);
        self.when(is_own, |l| {
            let n = l.load(object, SIZE);
            l.b().set(status, n);
        });
        self.call_if_open(status, OPEN, Entry::Len, &[object]);
        self.b().get(status)
    }

    /// Prepares a loop over an iterator.
    pub(super) fn walk(&mut self, iterator: Obj, range: Option<Value>) -> Walk {
        let position = self.slot_words(2);
        let zero = self.word(0);
        self.put(position, 0, zero);
        if let Some(words) = range {
            let [count, first, step] = [0, 1, 2].map(|at| self.load(words, at));
            let (zero, left, now) = (self.word(0), self.word_var("left", 0), self.word_var("now", 0));
            self.b().set(left, count);
            self.b().set(now, first);
            let is_counted = self.b().compare(IrCompare::Ge, count, zero);
            let range = Some(Range { is_counted, left, now, step });
            return Walk { iterator, position, in_place: None, range };
        }
        let in_place = self.source.counts_in_place.then(|| {
            let object = iterator.value;
            let (is_list, is_tuple) = (self.is_of(object, Class::List), self.is_of(object, Class::Tuple));
            (is_list, is_tuple, self.word_var("position", 0))
        });
        Walk { iterator, position, in_place, range: None }
    }

    /// The next item, or the way out of the loop or of errors.
    pub(super) fn next_item(&mut self, walk: Walk, label: Label) -> Value {
        if let Some(range) = walk.range {
            return self.next_number(walk, range, label);
        }
        let Some((is_list, is_tuple, position)) = walk.in_place else { return self.next_called(walk, label) };
        let (item, object) = (self.word_var("item", 0), walk.iterator.value);
        let is_walked = self.b().binary(Ir::Or, is_list, is_tuple);
        self.either_way(
            is_walked,
            |l| {
                let (n, at) = (l.load(object, SIZE), l.b().get(position));
                let at_end = l.b().compare(IrCompare::Ge, at, n);
                l.when(at_end, |l| {
                    l.b().push(InstKind::Break(label));
                });
                // Of a tuple the word is its first item.
                let (inside, behind) = (l.offset(object, TUPLE_ITEMS), l.load(object, LIST_ITEMS));
                let items = l.b().select(is_list, behind, inside);
                l.take_item(items, at, item);
                let one = l.word(1);
                let next = l.b().binary(Ir::Add, at, one);
                l.b().set(position, next);
            },
            |l| {
                let next = l.next_called(walk, label);
                l.b().set(item, next);
            },
        );
        self.b().get(item)
    }

    /// Puts both parts of the next item to an address, or goes the way out of the loop or of errors.
    pub(super) fn next_pair(&mut self, walk: Walk, label: Label, out: Value) {
        let called = |l: &mut Self| {
            let status = l.call(Entry::NextPair, &[walk.iterator.value, walk.position, out]);
            let at_end = l.is_zero(status);
            l.when(at_end, |l| {
                l.b().push(InstKind::Break(label));
            });
            l.fail_if_negative(status);
        };
        let Some((is_list, is_tuple, _)) = walk.in_place else { return called(self) };
        let is_walked = self.b().binary(Ir::Or, is_list, is_tuple);
        self.either_way(
            is_walked,
            |l| {
                let item = l.next_item(walk, label);
                let item = l.keep(item);
                let status = l.unpack_to(item.value, 2, out);
                l.drop_obj(item);
                l.fail_if_negative(status);
            },
            called,
        );
    }

    fn next_number(&mut self, walk: Walk, range: Range, label: Label) -> Value {
        let item = self.word_var("item", 0);
        self.either_way(
            range.is_counted,
            |l| {
                let (left, now) = (l.b().get(range.left), l.b().get(range.now));
                let at_end = l.is_zero(left);
                l.when(at_end, |l| {
                    l.b().push(InstKind::Break(label));
                });
                let number = l.call(Entry::FromInt, &[now]);
                let failed = l.is_zero(number);
                l.fail_if(failed);
                l.b().set(item, number);
                let one = l.word(1);
                let mut b = l.b();
                let (less, next) = (b.binary(Ir::Sub, left, one), b.binary(Ir::Add, now, range.step));
                b.set(range.left, less);
                b.set(range.now, next);
            },
            |l| {
                let next = l.next_called(walk, label);
                l.b().set(item, next);
            },
        );
        self.b().get(item)
    }

    fn next_called(&mut self, walk: Walk, label: Label) -> Value {
        let item = self.call(Entry::Next, &[walk.iterator.value, walk.position]);
        let at_end = self.is_zero(item);
        self.when(at_end, |l| {
            l.b().push(InstKind::Break(label));
        });
        let failed = self.is_word(item, 1);
        self.fail_if(failed);
        item
    }
}
