//! The words of a list's box, element types, and access to elements.

use ungil_abi::exception::ExcClass;
use ungil_abi::list::{CHANGED, DATA, ELEMENT, LEN, OWNERS, TYPE, WORDS};
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::packing::packed_size;
use ungil_ir::types::{DType, Type};

use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::array::mask::vector;
use crate::lower::program::joined_over_rounds;
use crate::operand::Operand;
use crate::promote::join;
use crate::ty::{BOX, ListTy, Ty};

/// The type of a list.
pub(crate) fn list_ty(list: &Operand) -> &ListTy {
    match &list.ty {
        Ty::List(ty) => ty,
        other => panic!("`{other}` is no list"),
    }
}

/// Whether values of two types lie in memory alike: the expressions that made lists in them and whose numbers they are,
/// Python's or NumPy's, do not matter.
fn same_layout(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::List(x), Ty::List(y)) => match (&x.element, &y.element) {
            (Some(x), Some(y)) => same_layout(x, y),
            (x, y) => x.is_none() && y.is_none(),
        },
        (Ty::Tuple(x), Ty::Tuple(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_layout(x, y)),
        _ => a == b || a.is_scalar() && b.is_scalar() && a.dtype() == b.dtype(),
    }
}

/// A type with Python's numbers in the place of NumPy's.
fn with_python_numbers(ty: &Ty) -> Ty {
    match ty {
        Ty::Scalar(d) => Ty::weak_of(*d),
        Ty::Tuple(items) => Ty::Tuple(items.iter().map(with_python_numbers).collect()),
        other => other.clone(),
    }
}

/// Which words of a packed value are owners of memory; `None` if it is too long to say.
fn owner_words(ty: &Type, at: u64, found: &mut u64) -> Option<u64> {
    match ty {
        Type::Tuple(items) => items.iter().try_fold(at, |at, t| owner_words(t, at, found)),
        Type::Array(_) => {
            if at + 1 >= 64 {
                return None;
            }
            *found |= 1 << (at + 1);
            Some(at + packed_size(ty) / 8)
        }
        other => Some(at + packed_size(other) / 8),
    }
}

impl Lowerer<'_, '_> {
    /// A word of the box.
    pub(crate) fn list_word(&mut self, list: &Operand, word: usize) -> Result<Value> {
        let base = self.value(list)?;
        let at = self.b().i64(word as i64);
        Ok(self.b().load(base, vec![at]))
    }

    pub(crate) fn set_list_word(&mut self, list: &Operand, word: usize, value: Value) -> Result<()> {
        let base = self.value(list)?;
        let at = self.b().i64(word as i64);
        self.b().store(base, vec![at], value);
        Ok(())
    }

    pub(crate) fn list_length(&mut self, list: &Operand) -> Result<Value> {
        self.list_word(list, LEN)
    }

    /// A new empty list that the expression here makes, of elements of this type at least.
    pub(crate) fn empty_list(&mut self, element: Option<&Ty>, span: Span) -> Result<Operand> {
        let site = (self.instance as u32, span.lo);
        if let Some(element) = element {
            self.put_into(&[site], element, span)?;
        }
        let element = self.program.elements.get(&site).cloned();
        let words = self.b().i64(WORDS as i64);
        let value = self.b().alloc(BOX, vec![words], true);
        self.roots.insert(value, crate::lower::array::lazy::Root { array: value, fresh: true });
        if let Some(own) = &mut self.own_lists {
            own.insert(value);
        }
        let ty = ListTy { element: element.clone(), made: vec![site] };
        let list = Operand::value(Ty::List(ty.into()), value, span);
        if let Some(element) = element {
            let (size, owners) = self.element_layout(&element, span)?;
            let size = self.b().i64(size);
            self.set_list_word(&list, ELEMENT, size)?;
            if owners != 0 {
                let owners = self.b().i64(owners as i64);
                self.set_list_word(&list, OWNERS, owners)?;
            }
        }
        Ok(list)
    }

    /// A parameter whose argument is an empty list, or holds empty lists only: their elements are what the kernel puts
    /// into them.
    pub(crate) fn empty_parameter(&mut self, list: Operand, number: usize) -> Result<Operand> {
        let list = Operand { ty: filled(&list.ty, &self.program.elements, number, 0), ..list };
        self.give_layouts(&list)?;
        Ok(list)
    }

    /// Prepares a list and the lists in it, if it is known by now what is put into them.
    fn give_layouts(&mut self, list: &Operand) -> Result<()> {
        let Some(element) = list_ty(list).element.clone().filter(|e| !is_unfilled(e)) else { return Ok(()) };
        self.give_layout(list, &element)?;
        if !matches!(element, Ty::List(_)) || !list_ty(list).made.is_empty() {
            return Ok(());
        }
        let count = self.list_length(list)?;
        self.ordered(&[count], &mut |l, at| {
            let inner = l.list_item(list, at[0], list.span)?;
            l.give_layouts(&inner)
        })
    }

    /// Prepares a list that was empty, without a type, when the kernel was called for its elements.
    fn give_layout(&mut self, list: &Operand, element: &Ty) -> Result<()> {
        let (size, owners) = self.element_layout(element, list.span)?;
        let own = self.b().i64(ungil_abi::list::tag(&element.to_string()));
        let (known, zero) = (self.list_word(list, TYPE)?, self.b().i64(0));
        let unknown = self.b().compare(CompareOp::Eq, known, zero);
        let same = self.b().compare(CompareOp::Eq, known, own);
        let fine = self.b().binary(BinaryOp::Or, unknown, same);
        let message = "a list that is empty when the kernel is called would get elements of several types";
        self.check(fine, ExcClass::TYPE_ERROR, message, Vec::new());
        for (word, value) in [(ELEMENT, size), (OWNERS, owners as i64)] {
            let value = self.b().i64(value);
            self.set_list_word(list, word, value)?;
        }
        self.set_list_word(list, TYPE, own)
    }

    /// Size of an element in bytes, and which of its words are owners.
    fn element_layout(&self, element: &Ty, span: Span) -> Result<(i64, u64)> {
        if let Some(d) = element.dtype() {
            return Ok((d.size() as i64, 0));
        }
        let ty = element.ir();
        let mut owners = 0;
        match owner_words(&ty, 0, &mut owners) {
            Some(_) => Ok((packed_size(&ty) as i64, owners)),
            None => {
                let help = "keep the arrays in several lists";
                let what = "lists of tuples with so many arrays are";
                Err(Unsupported::Expression { what, span, help }.into())
            }
        }
    }

    /// Notes that elements of this type are put into the lists that some expressions make.
    pub(crate) fn put_into(&mut self, made: &[(u32, u32)], element: &Ty, span: Span) -> Result<()> {
        if matches!(element, Ty::Iter(_) | Ty::Func(_) | Ty::Choice(_) | Ty::Slice(_) | Ty::None)
            || element.is_compile_time() && *element != Ty::Tuple(Vec::new())
        {
            let to = "an element of a list".to_owned();
            return Err(TypeError::Convert { from: element.clone(), to, span }.into());
        }
        for site in made {
            let mut seen = self.program.seen_elements.remove(site);
            let joined = joined_over_rounds(self.program.elements.get(site), &mut seen, element);
            let seen = seen.expect("this one at least");
            let Some(joined) = joined else {
                let refused = self.mixed_elements(seen.clone(), element, span);
                self.program.seen_elements.insert(*site, seen);
                return Err(refused);
            };
            self.program.seen_elements.insert(*site, seen);
            if self.program.elements.get(site) != Some(&joined) {
                self.program.elements.insert(*site, joined);
                self.program.changed = true;
            }
        }
        Ok(())
    }

    /// Notes what the lists in a list hold, of which an argument had empty ones only; false if nothing is new.
    fn fill_inner(&mut self, element: &Ty, found: &Ty, span: Span) -> Result<bool> {
        let (Ty::List(own), Ty::List(found)) = (element, found) else { return Ok(false) };
        let Some(inner) = &found.element else { return Ok(false) };
        if own.made.is_empty() {
            return own.element.as_ref().map_or(Ok(false), |own| self.fill_inner(own, inner, span));
        }
        let before = self.program.elements.get(&own.made[0]).cloned();
        self.put_into(&own.made, inner, span)?;
        Ok(self.program.elements.get(&own.made[0]) != before.as_ref())
    }

    fn mixed_elements(&self, old: Ty, new: &Ty, span: Span) -> Error {
        TypeError::Convert { from: new.clone(), to: format!("an element of a list of {old}"), span }.into()
    }

    /// A value as an element of a list. `None` in a round that will be repeated.
    pub(crate) fn as_element(
        &mut self,
        list: &Operand,
        value: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        let ty = list_ty(list).clone();
        let value = self.settled(value)?;
        let too_large = ty.element.as_ref().is_some_and(|element| self.is_too_large(&value, element));
        let found = if too_large { Ty::Scalar(DType::I64) } else { value.ty.clone() };
        self.put_into(&ty.made, &found, span)?;
        let Some(element) = &ty.element else {
            if ty.made.is_empty() {
                let what = "putting elements into a list that is empty when the kernel is called is";
                let help = "make the list in the kernel and return it";
                return Err(Unsupported::Expression { what, span, help }.into());
            }
            return Ok(None);
        };
        match join(element, &found) {
            Some(joined) if same_layout(&joined, element) => self.convert(&value, element).map(Some),
            Some(_) if !ty.made.is_empty() => Ok(None),
            Some(_) if self.fill_inner(element, &value.ty, span)? => Ok(None),
            // A list that holds Python's numbers when the kernel is called holds nothing else when it ends.
            _ if join(element, &with_python_numbers(&value.ty)).is_some_and(|t| same_layout(&t, element)) => {
                let value = self.python_numbers(&value)?;
                self.convert(&value, element).map(Some)
            }
            _ => Err(self.mixed_elements(element.clone(), &value.ty, span)),
        }
    }

    /// A value with Python's numbers in the place of NumPy's.
    fn python_numbers(&mut self, value: &Operand) -> Result<Operand> {
        match &value.ty {
            Ty::Scalar(d) => {
                if *d == DType::U64 {
                    let (x, zero) = (self.cast_to(value, DType::I64)?, self.b().i64(0));
                    let fits = self.b().compare(CompareOp::Ge, x, zero);
                    let message = "integer too large for a 64-bit integer in compiled code";
                    self.check(fits, ExcClass::OVERFLOW, message, Vec::new());
                }
                self.convert(value, &Ty::weak_of(*d))
            }
            Ty::Tuple(_) => {
                let items = self.items(value);
                let items = items.iter().map(|i| self.python_numbers(i)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::tuple(items, value.span))
            }
            _ => Ok(value.clone()),
        }
    }

    /// A list under the type of a variable: the same list. Lists that come together have the same elements from now on.
    pub(crate) fn same_list(&mut self, list: &Operand, to: &Ty) -> Result<Operand> {
        let (own, Ty::List(wanted)) = (list_ty(list).clone(), to) else { unreachable!("called for lists") };
        if let Some(element) = &wanted.element {
            if own.made.is_empty() && !own.element.as_ref().is_none_or(|own| same_layout(own, element)) {
                let to = to.to_string();
                return Err(TypeError::Convert { from: list.ty.clone(), to, span: list.span }.into());
            }
            if own.made.is_empty() && own.element.is_none() {
                self.give_layout(list, element)?;
            }
            self.put_into(&own.made, element, list.span)?;
        }
        if let (Some(element), true) = (&own.element, own.element != wanted.element) {
            self.put_into(&wanted.made, element, list.span)?;
        }
        Ok(Operand { ty: to.clone(), ..list.clone() })
    }

    /// The element type, where one is needed.
    pub(crate) fn element_ty(&self, list: &Operand) -> Result<Ty> {
        list_ty(list).element.clone().ok_or(Error::Untyped)
    }

    /// Elements of one scalar as an array of `n`.
    pub(crate) fn list_view(&mut self, list: &Operand, dtype: DType, n: Value) -> Result<Operand> {
        let base = self.value(list)?;
        let data = self.list_word(list, DATA)?;
        let own = self.b().value(InstKind::Address(base));
        let offset = self.b().binary(BinaryOp::Sub, data, own);
        let stride = self.b().i64(dtype.size() as i64);
        Ok(self.view(base, vector(dtype), offset, vec![n], vec![stride], list.span))
    }

    /// All elements of a list of scalars as an array.
    pub(crate) fn list_as_array(&mut self, list: &Operand) -> Result<Option<Operand>> {
        let Some(dtype) = list_ty(list).element.as_ref().and_then(Ty::dtype) else { return Ok(None) };
        let n = self.list_length(list)?;
        self.list_view(list, dtype, n).map(Some)
    }

    /// Address of a packed element.
    fn element_address(&mut self, list: &Operand, i: Value, element: &Ty) -> Result<Value> {
        let data = self.list_word(list, DATA)?;
        let size = self.b().i64(packed_size(&element.ir()) as i64);
        let offset = self.b().binary(BinaryOp::Mul, i, size);
        Ok(self.b().binary(BinaryOp::Add, data, offset))
    }

    /// Element `i`, which is in range.
    pub(crate) fn list_item(&mut self, list: &Operand, i: Value, span: Span) -> Result<Operand> {
        let element = self.element_ty(list)?;
        if let Some(dtype) = element.dtype() {
            let n = self.list_length(list)?;
            let view = self.list_view(list, dtype, n)?;
            let item = self.load_element(&view, vec![i])?;
            return Ok(Operand { ty: element, ..item }.at(span));
        }
        if element.is_compile_time() {
            return Ok(Operand::entity(element, span));
        }
        let at = self.element_address(list, i, &element)?;
        let value = self.b().typed(InstKind::LoadPacked(at), element.ir());
        let base = self.value(list)?;
        if let Some(own) = self.own_lists.as_mut().filter(|own| own.contains(&base)) {
            own.insert(value);
        }
        Ok(Operand::value(element, value, span))
    }

    /// Puts an element where there is room and none yet.
    pub(crate) fn fill_item(&mut self, list: &Operand, i: Value, value: &Operand) -> Result<()> {
        let element = self.element_ty(list)?;
        if let Some(dtype) = element.dtype() {
            let one = self.b().i64(1);
            let n = self.b().binary(BinaryOp::Add, i, one);
            let view = self.list_view(list, dtype, n)?;
            let base = self.value(&view)?;
            let number = self.cast_to(value, dtype)?;
            self.b().store(base, vec![i], number);
            return Ok(());
        }
        if element.is_compile_time() {
            return Ok(());
        }
        let at = self.element_address(list, i, &element)?;
        let value = self.value(value)?;
        self.b().push(InstKind::StorePacked(at, value));
        Ok(())
    }

    /// Replaces element `i`, which is in range.
    pub(crate) fn replace_item(&mut self, list: &Operand, i: Value, value: &Operand) -> Result<()> {
        let one = self.b().i64(1);
        let next = self.b().binary(BinaryOp::Add, i, one);
        // The new element may be a part of the old one.
        let value = &Operand { value: Some(self.value(value)?), ..value.clone() };
        self.drop_items(list, i, next)?;
        self.fill_item(list, i, value)
    }

    /// Releases what elements hold.
    pub(crate) fn drop_items(&mut self, list: &Operand, from: Value, to: Value) -> Result<()> {
        if list_ty(list).element.as_ref().is_some_and(|e| e.ir().holds_memory()) {
            let base = self.value(list)?;
            self.b().push(InstKind::ListDrop(base, from, to));
        }
        Ok(())
    }

    /// Moves `count` elements from place `from` to `to`.
    pub(crate) fn move_items(&mut self, list: &Operand, from: Value, to: Value, count: Value) -> Result<()> {
        let element = self.element_ty(list)?;
        let (dtype, words) = match element.dtype() {
            Some(dtype) => (dtype, 1),
            None => (DType::I64, packed_size(&element.ir()) as i64 / 8),
        };
        let per = self.b().i64(words);
        let [from, to, count] = [from, to, count].map(|n| self.b().binary(BinaryOp::Mul, n, per));
        let end = self.b().binary(BinaryOp::Add, from, count);
        let other = self.b().binary(BinaryOp::Add, to, count);
        let all = self.b().binary(BinaryOp::Max, end, other);
        let view = self.list_view(list, dtype, all)?;
        let base = self.value(&view)?;
        let up = self.b().compare(CompareOp::Gt, to, from);
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let last = self.b().binary(BinaryOp::Sub, count, one);
        self.ordered(&[count], &mut |l, at| {
            let mirrored = l.b().binary(BinaryOp::Sub, last, at[0]);
            let k = l.b().select(up, mirrored, at[0]);
            let source = l.b().binary(BinaryOp::Add, from, k);
            let target = l.b().binary(BinaryOp::Add, to, k);
            let value = l.b().load(base, vec![source]);
            l.b().store(base, vec![target], value);
            Ok(())
        })?;
        let _ = zero;
        Ok(())
    }

    /// Room for `n` elements.
    pub(crate) fn reserve_items(&mut self, list: &Operand, n: Value) -> Result<()> {
        let base = self.value(list)?;
        self.b().push(InstKind::ListReserve(base, n));
        Ok(())
    }

    /// Notes that a list is changed here, which must not be one from outside a parallel loop.
    pub(crate) fn change_list(&mut self, list: &Operand) -> Result<()> {
        let base = self.value(list)?;
        self.note_change(base, list.span)?;
        let yes = self.b().i64(1);
        self.set_list_word(list, CHANGED, yes)
    }

    /// Notes that a list is changed here or by a function that is called here.
    fn note_change(&mut self, base: Value, span: Span) -> Result<()> {
        if self.own_lists.as_ref().is_some_and(|own| !own.contains(&base)) {
            let what = "changing a list that iterations of a `prange` loop share is";
            let help = "append to it only, change a list that the iteration makes, or use `range`";
            return Err(Unsupported::Expression { what, span, help }.into());
        }
        if let Some(k) = self.func.params.iter().position(|p| *p == base)
            && self.program.instances[self.instance].changed_lists.insert(k)
            && self.program.has_parallel
        {
            // Calls that have been lowered may stand in parallel loops.
            self.program.changed = true;
        }
        Ok(())
    }

    /// Notes the lists among the arguments of a call that the function changes.
    pub(crate) fn note_changes_by(&mut self, instance: usize, values: &[Operand], span: Span) -> Result<()> {
        let changed = self.program.instances[instance].changed_lists.clone();
        for value in changed.into_iter().filter_map(|k| values.get(k)) {
            if let (Ty::List(_), Some(base)) = (&value.ty, value.value) {
                self.note_change(base, span)?;
            }
        }
        Ok(())
    }

    /// Appends an element.
    pub(crate) fn push_item(&mut self, list: &Operand, value: &Operand, span: Span) -> Result<()> {
        let Some(value) = self.as_element(list, value, span)? else { return Ok(()) };
        let n = self.list_length(list)?;
        let one = self.b().i64(1);
        let more = self.b().binary(BinaryOp::Add, n, one);
        let capacity = self.list_word(list, ungil_abi::list::CAPACITY)?;
        let full = self.b().compare(CompareOp::Ge, n, capacity);
        let base = self.value(list)?;
        self.if_then(full, |l| l.b().push(InstKind::ListReserve(base, more)));
        self.fill_item(list, n, &value)?;
        self.set_list_word(list, LEN, more)
    }

    /// An index as a place in a list; raises IndexError with the message otherwise.
    pub(crate) fn list_place(&mut self, list: &Operand, at: &Operand, message: &str) -> Result<Value> {
        if !at.ty.is_integral() {
            let (found, container) = (at.ty.clone(), list.ty.clone());
            return Err(TypeError::Index { found, container, span: at.span }.into());
        }
        let (given, n, zero) = (self.index(at)?, self.list_length(list)?, self.b().i64(0));
        let i = match at.const_int() {
            Some(c) if c >= 0 => given,
            _ => {
                let negative = self.b().compare(CompareOp::Lt, given, zero);
                let from_end = self.b().binary(BinaryOp::Add, given, n);
                self.b().select(negative, from_end, given)
            }
        };
        let low = self.b().compare(CompareOp::Ge, i, zero);
        let high = self.b().compare(CompareOp::Lt, i, n);
        let inside = self.b().binary(BinaryOp::And, low, high);
        self.check(inside, ExcClass::INDEX_ERROR, message, Vec::new());
        Ok(i)
    }

    /// Item `i` of a list that is iterated over.
    pub(crate) fn iterated_item(&mut self, list: &Operand, i: Value) -> Result<Operand> {
        let n = self.list_length(list)?;
        let inside = self.b().compare(CompareOp::Lt, i, n);
        let message = "list became shorter while it was iterated over";
        self.check(inside, ExcClass::INDEX_ERROR, message, Vec::new());
        self.list_item(list, i, list.span)
    }
}

/// What stands for the expression that made an argument, or the lists `depth` lists deep in it, among those that make
/// lists.
fn parameter_site(number: usize, depth: u32) -> (u32, u32) {
    (u32::MAX - depth, number as u32)
}

/// A type of lists for the outside, where nothing is made.
pub(crate) fn without_sites(ty: &Ty) -> Ty {
    let Ty::List(list) = ty else { return ty.clone() };
    Ty::List(ListTy { element: list.element.as_ref().map(without_sites), made: Vec::new() }.into())
}

/// Whether types are the same but for the expressions that made the lists in them.
pub(crate) fn alike(a: &Ty, b: &Ty) -> bool {
    match (a, b) {
        (Ty::List(x), Ty::List(y)) => {
            let elements = match (&x.element, &y.element) {
                (Some(x), Some(y)) => alike(x, y),
                (x, y) => x.is_none() && y.is_none(),
            };
            // What a kernel is called with was made nowhere: its elements keep their type.
            elements && x.made.is_empty() == y.made.is_empty()
        }
        (Ty::Tuple(x), Ty::Tuple(y)) => x.len() == y.len() && x.iter().zip(y).all(|(x, y)| alike(x, y)),
        _ => a == b,
    }
}

/// Whether the lists of a type are made wherever those of a type alike are.
pub(crate) fn covers(new: &Ty, old: &Ty) -> bool {
    match (new, old) {
        (Ty::List(x), Ty::List(y)) => {
            let elements = x.element.iter().zip(&y.element).all(|(x, y)| covers(x, y));
            elements && y.made.iter().all(|site| x.made.contains(site))
        }
        (Ty::Tuple(x), Ty::Tuple(y)) => x.iter().zip(y).all(|(x, y)| covers(x, y)),
        _ => true,
    }
}

/// Whether a list without a type is at the bottom of a type.
fn is_unfilled(ty: &Ty) -> bool {
    matches!(ty, Ty::List(list) if list.element.as_ref().is_none_or(is_unfilled))
}

/// The type of an argument with the elements that are put into its empty lists.
pub(crate) fn filled(
    ty: &Ty,
    elements: &std::collections::HashMap<(u32, u32), Ty>,
    number: usize,
    depth: u32,
) -> Ty {
    let Ty::List(list) = ty else { return ty.clone() };
    let filled = match &list.element {
        Some(element) => {
            ListTy { element: Some(filled(element, elements, number, depth + 1)), made: Vec::new() }
        }
        None => {
            let site = parameter_site(number, depth);
            ListTy { element: elements.get(&site).cloned(), made: vec![site] }
        }
    };
    Ty::List(filled.into())
}
