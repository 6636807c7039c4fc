//! Memoryviews of numbers, structs and objects beside objects: parameters and variables whose elements are read and written where they lie.
//!
//! The host converts the argument and says where its memory, extents and strides are; that lies in words of the frame. As an
//! object such a parameter is the array. One that functions inside share lies in a cell: each function has words of its own,
//! and fills them again where it finds another array in the cell than the one that they describe, which it keeps alive.

use std::collections::BTreeSet;
use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::{DType, Layout, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::Stmt;
use ungil_syntax::visit::{Visitor, walk_body, walk_expr};

use super::entries::Entry;
use super::function::Lowerer;
use super::memory::{DATA, Place};
use super::python_api::is_object;
use super::typing::Kind;
use super::value::{CTy, Cell, Local, Obj, Val};
use super::{Constant, Result, refuse};
use crate::ctype::CType;
use crate::cython::{BINT, Declared};

/// A parameter or variable that is a memoryview.
#[derive(Clone, Debug)]
pub(super) struct View {
    name: Arc<str>,
    holder: Holder,
    element: CTy,
    ndim: usize,
    is_const: bool,
    /// Where its words begin: memory, extents, strides. The host writes them.
    address: Value,
    /// The words as variables, which stay in registers; none where other functions may change them.
    kept: Vec<Var>,
    /// The axis along which elements lie side by side, if that is declared, and their size in bytes.
    unit: Option<(usize, u32)>,
    /// What its memory was taken from, if the function asks for that.
    base: Option<Var>,
}

impl View {
    fn holds_objects(&self) -> bool {
        is_object(&self.element.ctype())
    }
}

/// Who holds the array.
#[derive(Clone, Copy, Debug)]
enum Holder {
    Parameter,
    /// A variable, which may have no value yet.
    Variable(Var),
    /// A cell; the array that the words describe is in `seen`.
    Cell {
        cell: Var,
        seen: Var,
        whose: Cell,
    },
    /// The module; whether it has a value stands in front of the words.
    Module(Value),
}

/// A view of one axis that is looped over.
pub(super) struct Row {
    /// The array, which whoever uses the words holds.
    pub array: Obj,
    /// Memory, extent and stride.
    pub words: [Value; 3],
    pub element: CTy,
    pub is_const: bool,
}

/// Whether a declaration is a memoryview that is handled here.
pub fn is_view(ty: &Declared) -> bool {
    match ty {
        Declared::View { dtype, .. } => {
            dtype.is_int() || dtype.is_complex() || dtype.is_float() && dtype.size() >= 4
        }
        Declared::Structs { .. } | Declared::Objects { .. } => true,
        _ => false,
    }
}

/// The type of elements that are objects, which stands for a reference.
fn object_element() -> CTy {
    CTy::C(CType::Opaque("object".into()), "Python object".into())
}

/// The element, number of axes and constness of a memoryview.
fn parts(ty: &Declared) -> Option<(CTy, usize, bool)> {
    match ty {
        Declared::View { ndim, is_const, name, .. } if &**name == BINT => {
            Some((CTy::Bint, usize::from(*ndim), *is_const))
        }
        Declared::View { dtype, ndim, is_const, name, .. } => {
            Some((CTy::Num(*dtype, name.clone()), usize::from(*ndim), *is_const))
        }
        Declared::Structs { element, ndim, is_const, .. } => {
            Some((CTy::of(&CType::Struct(element.clone())), usize::from(*ndim), *is_const))
        }
        Declared::Objects { ndim, .. } => Some((object_element(), usize::from(*ndim), false)),
        _ => None,
    }
}

/// The axis along which elements lie side by side, by a declaration, and the size of numbers in bytes.
fn unit_axis(ty: &Declared) -> Option<(usize, u32)> {
    let Declared::View { dtype, ndim, layout: Some(layout), .. } = ty else { return None };
    let axis = if *layout == Layout::C { usize::from(*ndim).checked_sub(1)? } else { 0 };
    Some((axis, dtype.size() as u32))
}

/// Whether a function asks for the `base` of anything.
struct Bases(bool);

impl Visitor for Bases {
    fn visit_expr(&mut self, e: &Expr) {
        self.0 |= matches!(&e.kind, ExprKind::Attribute { attr, .. } if &*attr.name == "base");
        walk_expr(self, e);
    }
}

/// Names of the module's variables that a function uses.
#[derive(Default)]
struct Data(BTreeSet<String>);

impl Visitor for Data {
    fn visit_expr(&mut self, e: &Expr) {
        if let ExprKind::Attribute { value, attr } = &e.kind
            && matches!(&value.kind, ExprKind::Name(name) if &**name == DATA)
        {
            self.0.insert(attr.name.to_string());
        }
        walk_expr(self, e);
    }
}

fn names_of_data(body: &[Stmt]) -> BTreeSet<String> {
    let mut data = Data::default();
    walk_body(&mut data, body);
    data.0
}

/// Whether statements ask for the `base` of anything.
pub(super) fn asks_for_bases(body: &[Stmt]) -> bool {
    let mut bases = Bases(false);
    walk_body(&mut bases, body);
    bases.0
}

/// The indices of a subscript.
fn indices(index: &Expr) -> Vec<&Expr> {
    match &index.kind {
        ExprKind::Tuple(items) => items.iter().collect(),
        _ => vec![index],
    }
}

impl Lowerer<'_> {
    /// A parameter's view.
    pub(super) fn view_parameter(&mut self, name: &str, ty: &Declared, value: Value) -> Result<()> {
        let mut view = self.new_view(name, ty)?;
        let array = self.view_of(name, value, view.address);
        self.keep_words(&view);
        let var = self.owned(name, array);
        if let Some(base) = view.base {
            self.set_base(base, value);
        }
        let mut local = Local { var, ty: None, is_borrowed: false, is_bound: true, cell: None, memory: None };
        if self.cells.contains(name) {
            local = self.view_cell(name, array)?;
            view.holder = Holder::Cell { cell: local.var, seen: var, whose: Cell::Own };
        }
        self.add_view(local, view);
        Ok(())
    }

    /// A variable's view, which has no value yet.
    pub(super) fn view_variable(&mut self, name: &str, ty: &Declared) -> Result<()> {
        let mut view = self.new_view(name, ty)?;
        if self.cells.contains(name) {
            let zero = self.word(0);
            let local = self.view_cell(name, zero)?;
            let seen = self.owned(name, zero);
            view.holder = Holder::Cell { cell: local.var, seen, whose: Cell::Own };
            self.add_view(local, view);
            return Ok(());
        }
        let local = self.new_local(name, None)?;
        view.holder = Holder::Variable(local.var);
        self.add_view(local, view);
        Ok(())
    }

    /// A view of a function around this one, whose cell a variable holds.
    pub(super) fn free_view(&mut self, name: &str, ty: &Declared, cell: Var) -> Result<()> {
        let mut view = self.new_view(name, ty)?;
        let zero = self.word(0);
        let seen = self.owned(name, zero);
        view.holder = Holder::Cell { cell, seen, whose: Cell::Free };
        let cell_of = Some(Cell::Free);
        let local =
            Local { var: cell, ty: None, is_borrowed: true, is_bound: false, cell: cell_of, memory: None };
        self.add_view(local, view);
        Ok(())
    }

    /// Memoryviews of the module that the function uses.
    pub(super) fn module_views(&mut self) {
        for name in names_of_data(&self.source.def.body) {
            let Some((declared, address)) = self.source.c.data.get(&name).cloned() else { continue };
            let is_objects = matches!(declared, Declared::Objects { .. });
            let Some((element, ndim, is_const)) =
                parts(&declared).filter(|_| is_view(&declared) && !is_objects)
            else {
                continue;
            };
            let state = self.constant(Constant::Address(address)).value;
            let view = View {
                name: name.as_str().into(),
                holder: Holder::Module(state),
                element,
                ndim,
                is_const,
                address: self.offset(state, 8),
                kept: Vec::new(),
                unit: unit_axis(&declared),
                base: None,
            };
            self.views.insert(format!("{DATA}.{name}"), view);
        }
    }

    fn add_view(&mut self, local: Local, view: View) {
        self.scopes[0].insert(view.name.to_string(), local);
        self.views.insert(view.name.to_string(), view);
    }

    /// A variable that owns an object.
    fn owned(&mut self, name: &str, value: Value) -> Var {
        let var = self.func.new_var(name, Type::I64);
        self.owners.push(var);
        self.b().set(var, value);
        var
    }

    fn view_cell(&mut self, name: &str, array: Value) -> Result<Local> {
        if self.bases {
            return refuse("`base` beside a memoryview that is shared with a function inside");
        }
        let cell = self.call(Entry::NewCell, &[array]);
        let var = self.owned(name, cell);
        let failed = self.is_zero(cell);
        self.fail_if(failed);
        Ok(Local { var, ty: None, is_borrowed: false, is_bound: false, cell: Some(Cell::Own), memory: None })
    }

    /// Room in the frame for a view.
    fn new_view(&mut self, name: &str, ty: &Declared) -> Result<View> {
        let Some((element, ndim, is_const)) = parts(ty) else {
            return refuse("a memoryview of this kind");
        };
        let address = self.slot_words(1 + 2 * ndim as u32);
        let zero = self.word(0);
        let word = |l: &mut Self| {
            let var = l.func.new_var(name, Type::I64);
            l.b().set(var, zero);
            var
        };
        let kept = (0..=2 * ndim).map(|_| word(self)).collect();
        let unit = unit_axis(ty);
        let base = self.bases.then(|| {
            let zero = self.word(0);
            self.owned(name, zero)
        });
        let (name, holder) = (name.into(), Holder::Parameter);
        Ok(View { name, holder, element, ndim, is_const, address, kept, unit, base })
    }

    /// The array that an object is as a memoryview, whose words go to an address.
    fn view_of(&mut self, name: &str, value: Value, address: Value) -> Value {
        let record = self.constant(Constant::Parameter(name.to_owned())).value;
        let array = self.call(Entry::ViewOf, &[record, value, address]);
        let failed = self.is_zero(array);
        self.fail_if(failed);
        array
    }

    /// Reads the words that the host has written.
    fn keep_words(&mut self, view: &View) {
        for (at, var) in view.kept.iter().enumerate() {
            let word = self.load(view.address, at);
            self.b().set(*var, word);
        }
    }

    /// A word of a view: memory, an extent or a stride.
    fn view_word(&mut self, view: &View, at: usize) -> Value {
        match (view.unit, view.kept.get(at)) {
            (Some((axis, size)), _) if at == 1 + view.ndim + axis => self.word(i64::from(size)),
            (_, Some(var)) => self.b().get(*var),
            (_, None) => self.load(view.address, at),
        }
    }

    /// Makes a variable own another object.
    fn replace(&mut self, var: Var, value: Value) {
        let old = self.b().get(var);
        self.b().set(var, value);
        self.call(Entry::ReleaseMaybe, &[old]);
    }

    fn set_base(&mut self, base: Var, value: Value) {
        self.call(Entry::Retain, &[value]);
        self.replace(base, value);
    }

    /// Assigns an object to a variable that is a memoryview; gives the value back if it is none.
    pub(super) fn assign_view(&mut self, name: &str, value: Val) -> Result<Option<Val>> {
        let is_inner = self.scopes.iter().skip(1).any(|scope| scope.contains_key(name));
        let (Some(view), Some(local)) = (self.views.get(name).cloned(), self.local(name)) else {
            return Ok(Some(value));
        };
        if is_inner {
            return Ok(Some(value));
        }
        let obj = match value {
            Val::C(address, CTy::C(ty @ CType::Array(..), _)) => self.view_of_array(address, &ty),
            other => self.object(other)?,
        };
        let array = self.view_of(name, obj.value, view.address);
        self.keep_words(&view);
        if let Holder::Cell { cell, seen, .. } = view.holder {
            let cell = self.b().get(cell);
            self.status(Entry::CellSet, &[cell, array]);
            self.replace(seen, array);
        } else {
            self.replace(local.var, array);
        }
        if let Some(base) = view.base {
            self.set_base(base, obj.value);
        }
        self.drop_obj(obj);
        Ok(None)
    }

    /// After an assignment of a view, or of a part of one, to a view: both have one base. Constants stay constant.
    pub(super) fn share_base(&mut self, target: &Expr, value: &Expr) -> Result<()> {
        let (Some(to), Some(from)) = (self.view_named(target), self.view_behind(value)) else {
            return Ok(());
        };
        if from.is_const && !to.is_const {
            return refuse("a memoryview of constants assigned to one of variables");
        }
        if let (Some(to), Some(from)) = (to.base, from.base) {
            let base = self.b().get(from);
            self.set_base(to, base);
        }
        Ok(())
    }

    /// The view that an expression is, or a part of.
    fn view_behind(&self, e: &Expr) -> Option<&View> {
        match &e.kind {
            ExprKind::Subscript { value, .. } => self.view_behind(value),
            ExprKind::Attribute { value, attr } if &*attr.name == "T" => self.view_behind(value),
            _ => self.view_named(e),
        }
    }

    /// The type of the elements of a view that an expression is, or a part of.
    pub(super) fn element_of_part(&self, e: &Expr) -> Option<CTy> {
        self.view_behind(e).filter(|view| !view.holds_objects()).map(|view| view.element.clone())
    }

    /// `view[…] = value` of more than one element: memory is copied, and all else is converted once, to the type of elements.
    pub(super) fn fill_part(
        &mut self,
        t: &Expr,
        (of, index): (&Expr, &Expr),
        value: Val,
        element: &CTy,
    ) -> Result<()> {
        let value = match value {
            Val::C(..) | Val::Literal(Literal::Int(_) | Literal::Float(_)) if !element.is_aggregate() => {
                let number = self.number(value, element)?;
                Val::C(number, element.clone())
            }
            other => other,
        };
        let is_known = matches!(value, Val::C(..)) && !element.is_aggregate();
        let value = self.object(value)?;
        let of = self.obj(of)?;
        let index = self.expr(index)?;
        if is_known {
            self.at(t.span);
            return self.store_item(of, index, value, true);
        }
        let key = self.object(index)?;
        let (text, name) = match element {
            CTy::Num(dtype, name) => (dtype.name().to_owned(), name.to_string()),
            _ => Default::default(),
        };
        let [text, name] = [text, name].map(|text| self.constant(Constant::Str(text)));
        let fill = self.global("__pyx_fill__");
        self.at(t.span);
        let address = self.arguments(&[of.value, key.value, value.value, text.value, name.value]);
        let (n, names) = (self.word(5), self.word(0));
        let done = self.make_from(Entry::Call, &[fill.value, address, n, names], &[fill, of, key, value]);
        self.drop_obj(done);
        Ok(())
    }

    /// Whether an expression is a view, or a part of one.
    pub(super) fn is_of_view(&self, e: &Expr) -> bool {
        self.view_behind(e).is_some()
    }

    /// `view.base`; `None` where the expression is another.
    pub(super) fn view_base(&mut self, value: &Expr, name: &str) -> Result<Option<Val>> {
        let Some(view) = self.view_named(value).filter(|_| name == "base").cloned() else { return Ok(None) };
        let Some(base) = view.base else { return refuse("`base` of this memoryview") };
        self.check_bound(&view);
        let array = self.obj(value)?;
        let (none, temp) = (self.none(), self.new_temp());
        let is_none = self.b().compare(IrCompare::Eq, array.value, none.value);
        self.branch(
            is_none,
            |l| {
                // Raises as Python does.
                let name = l.name("base");
                let found = l.make(Entry::GetAttr, &[none.value, name]);
                let found = l.own(found);
                l.b().set(temp, found);
                Ok(true)
            },
            |l| {
                let found = l.b().get(base);
                l.call(Entry::Retain, &[found]);
                l.b().set(temp, found);
                Ok(true)
            },
        )?;
        self.drop_obj(array);
        let value = self.b().get(temp);
        Ok(Some(Val::Obj(Obj { value, temp: Some(temp) })))
    }

    /// Raises where a view's variable has no value; makes the words of one that is shared those of the array in its cell.
    fn check_bound(&mut self, view: &View) {
        match view.holder {
            Holder::Parameter => {}
            Holder::Module(state) => {
                let value = self.load(state, 0);
                self.raise_unbound(value, &view.name.clone());
            }
            Holder::Variable(var) => {
                let value = self.b().get(var);
                self.raise_unbound(value, &view.name.clone());
            }
            Holder::Cell { cell, seen, whose } => {
                let cell = self.b().get(cell);
                let (name, is_free) = (self.name(&view.name), self.word(i64::from(whose == Cell::Free)));
                let now = self.call(Entry::CellLook, &[cell, name, is_free]);
                let failed = self.is_zero(now);
                self.fail_if(failed);
                let known = self.b().get(seen);
                let cond = self.b().compare(IrCompare::Ne, now, known);
                let (name, address) = (view.name.clone(), view.address);
                let (then, ()) = self.nested(|l| {
                    let array = l.view_of(&name, now, address);
                    l.keep_words(view);
                    l.replace(seen, array);
                });
                let otherwise = self.func.new_region();
                self.b().push(InstKind::If { cond, then, otherwise });
            }
        }
    }

    fn view_named(&self, e: &Expr) -> Option<&View> {
        if let ExprKind::Attribute { value, attr } = &e.kind {
            let is_data = matches!(&value.kind, ExprKind::Name(name) if &**name == DATA);
            return self.views.get(&format!("{DATA}.{}", attr.name)).filter(|_| is_data);
        }
        let ExprKind::Name(name) = &e.kind else { return None };
        // A comprehension's variable may have the name.
        let is_inner = self.scopes.iter().skip(1).any(|scope| scope.contains_key(&**name));
        if is_inner { None } else { self.views.get(&**name) }
    }

    /// The view and the indices of an element.
    fn element_of<'e>(&self, value: &Expr, index: &'e Expr) -> Option<(View, Vec<&'e Expr>)> {
        let view = self.view_named(value)?;
        let found = indices(index);
        let whole = found.len() == view.ndim
            && !found.iter().any(|i| {
                matches!(
                    i.kind,
                    ExprKind::Slice { .. }
                        | ExprKind::Starred(_)
                        | ExprKind::Literal(Literal::None | Literal::Ellipsis)
                )
            });
        whole.then(|| (view.clone(), found))
    }

    /// `view.shape[n]` with a number that is written down.
    fn extent(&self, value: &Expr, index: &Expr) -> Option<(View, usize)> {
        let ExprKind::Attribute { value, attr } = &value.kind else { return None };
        let view = self.view_named(value).filter(|_| &*attr.name == "shape")?;
        let ExprKind::Literal(Literal::Int(n)) = &index.kind else { return None };
        let n = usize::try_from(*n).ok().filter(|n| *n < view.ndim)?;
        Some((view.clone(), n))
    }

    /// The type of what a subscript of a view gives.
    pub(super) fn view_kind(&self, value: &Expr, index: &Expr) -> Option<CTy> {
        if let Some((view, _)) = self.element_of(value, index) {
            return Some(view.element).filter(|element| !is_object(&element.ctype()));
        }
        self.extent(value, index).map(|_| CTy::Num(DType::I64, "Py_ssize_t".into()))
    }

    /// Reads an element or an extent; `None` if the subscript is neither.
    pub(super) fn view_item(&mut self, e: &Expr, value: &Expr, index: &Expr) -> Result<Option<Val>> {
        if let Some((view, n)) = self.extent(value, index) {
            self.at(e.span);
            self.check_bound(&view);
            let extent = self.view_word(&view, 1 + n);
            return Ok(Some(Val::C(extent, CTy::Num(DType::I64, "Py_ssize_t".into()))));
        }
        if let Some((view, found)) = self.element_of(value, index).filter(|(view, _)| view.holds_objects()) {
            self.object_needs_lock()?;
            let address = self.address_in(e, &view, &found)?;
            let found = self.peek(address, DType::I64);
            // As in Cython what was never set is None.
            let (nothing, none) = (self.is_zero(found), self.none());
            let found = self.b().select(nothing, none.value, found);
            self.call(Entry::Retain, &[found]);
            return Ok(Some(Val::Obj(self.keep(found))));
        }
        Ok(self.view_place(e, value, index)?.map(|place| self.load_place(&place)))
    }

    /// The place of an element; `None` if the subscript is none, or that of an object.
    pub(super) fn view_place(&mut self, e: &Expr, value: &Expr, index: &Expr) -> Result<Option<Place>> {
        let Some((view, found)) = self.element_of(value, index).filter(|(view, _)| !view.holds_objects())
        else {
            return Ok(None);
        };
        let address = self.address_in(e, &view, &found)?;
        Ok(Some(Place { address, ty: view.element, is_const: view.is_const }))
    }

    /// Writes an element; gives the value back if the subscript is none.
    pub(super) fn store_view(
        &mut self,
        e: &Expr,
        value: &Expr,
        index: &Expr,
        new: Val,
    ) -> Result<Option<Val>> {
        let Some((view, found)) = self.element_of(value, index) else { return Ok(Some(new)) };
        if view.is_const {
            return refuse("an assignment to a constant memoryview");
        }
        if view.holds_objects() {
            self.object_needs_lock()?;
            let new = self.object(new)?;
            let new = self.keep_own(new);
            let address = self.address_in(e, &view, &found)?;
            let (new, old) = (self.own(new), self.peek(address, DType::I64));
            self.poke(address, new, DType::I64);
            self.call(Entry::ReleaseMaybe, &[old]);
            return Ok(None);
        }
        // It is converted first: that may fail, or run anything.
        let new = match view.element.is_aggregate() {
            true => Val::C(self.aggregate(new, &view.element)?, view.element),
            false => Val::C(self.number(new, &view.element)?, view.element),
        };
        let Some(place) = self.view_place(e, value, index)? else { return Ok(Some(new)) };
        self.store_place(&place, new)?;
        Ok(None)
    }

    fn object_needs_lock(&self) -> Result<()> {
        if self.lock.is_forbidden { refuse("an object in a memoryview without the lock") } else { Ok(()) }
    }

    /// Whether a place lies in a view of constants.
    pub(super) fn is_in_const_view(&self, e: &Expr) -> bool {
        match &e.kind {
            ExprKind::Subscript { value, index } => match self.element_of(value, index) {
                Some((view, _)) => view.is_const,
                None => {
                    matches!(self.kind(value), Kind::C(CTy::C(CType::Array(..), _)))
                        && self.is_in_const_view(value)
                }
            },
            ExprKind::Attribute { value, .. } => {
                matches!(self.kind(value), Kind::C(CTy::C(CType::Struct(_), _)))
                    && self.is_in_const_view(value)
            }
            _ => false,
        }
    }

    /// Whether a subscript is an element of a view.
    pub(super) fn is_view_item(&self, value: &Expr, index: &Expr) -> bool {
        self.element_of(value, index).is_some()
    }

    /// Whether an expression is a view of numbers with one axis.
    pub(super) fn is_row_of_numbers(&self, e: &Expr) -> bool {
        self.view_named(e).is_some_and(|view| view.ndim == 1 && !view.element.is_address())
    }

    /// A view of one axis.
    pub(super) fn view_row(&mut self, e: &Expr) -> Result<Option<Row>> {
        let Some(view) = self.view_named(e).filter(|view| view.ndim == 1 && !view.holds_objects()).cloned()
        else {
            return Ok(None);
        };
        let array = self.obj(e)?;
        let array = self.keep_own(array);
        self.check_bound(&view);
        let none = self.none();
        let is_none = self.b().compare(IrCompare::Eq, array.value, none.value);
        self.raise_if(is_none, ExcClass::TYPE_ERROR, "'NoneType' is not iterable");
        let words = [0, 1, 2].map(|at| self.view_word(&view, at));
        Ok(Some(Row { array, words, element: view.element, is_const: view.is_const }))
    }

    /// The address of an element.
    fn address_in(&mut self, e: &Expr, view: &View, found: &[&Expr]) -> Result<Value> {
        let size = CTy::Num(DType::I64, "Py_ssize_t".into());
        let mut numbers = Vec::new();
        for index in found {
            let value = self.expr(index)?;
            numbers.push(match value {
                Val::C(value, ty) if ty.dtype().is_int() => self.b().cast(value, DType::I64),
                Val::C(..) => return refuse("a float as an index"),
                other => self.number(other, &size)?,
            });
        }
        self.at(e.span);
        self.check_bound(view);
        let mut place = self.view_word(view, 0);
        if self.c.unchecked {
            // `None` has no memory.
            let nothing = self.is_zero(place);
            self.raise_if(nothing, ExcClass::TYPE_ERROR, "'NoneType' object is not subscriptable");
        }
        // Of several bad indices Cython tells the last.
        for (axis, index) in numbers.into_iter().enumerate().rev() {
            let stride = self.view_word(view, 1 + view.ndim + axis);
            let index = self.checked_index(view, axis, index);
            let mut b = self.b();
            let offset = b.binary(Ir::Mul, index, stride);
            place = b.binary(Ir::Add, place, offset);
        }
        Ok(place)
    }

    /// An index that counts from the end where it is negative, and is checked, as the directives have it.
    fn checked_index(&mut self, view: &View, axis: usize, index: Value) -> Value {
        let (wraps, checks) = (!self.c.unwrapped, !self.c.unchecked);
        let extent = self.view_word(view, 1 + axis);
        let mut b = self.b();
        let zero = b.i64(0);
        let mut index = index;
        if wraps {
            let negative = b.compare(IrCompare::Lt, index, zero);
            let wrapped = b.binary(Ir::Add, index, extent);
            index = b.select(negative, wrapped, index);
        }
        if checks {
            let (low, high) =
                (b.compare(IrCompare::Lt, index, zero), b.compare(IrCompare::Ge, index, extent));
            let bad = b.binary(Ir::Or, low, high);
            let text = format!("Out of bounds on buffer access (axis {axis})");
            self.raise_if(bad, ExcClass::INDEX_ERROR, &text);
        }
        index
    }
}
