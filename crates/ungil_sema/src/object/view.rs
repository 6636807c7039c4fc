//! Memoryviews of numbers beside objects: parameters and variables whose elements are read and written where they lie.
//!
//! The host converts the argument and says where its memory, extents and strides are; that lies in words of the frame. As an
//! object such a parameter is the array. Indices are always checked.

use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;

use super::entries::Entry;
use super::function::Lowerer;
use super::value::{CTy, Local, Val};
use super::{Constant, Result, refuse};
use crate::cython::Declared;

/// A parameter or variable that is a memoryview.
#[derive(Clone, Debug)]
pub(super) struct View {
    /// A variable, which may have no value yet.
    variable: Option<(Arc<str>, Var)>,
    element: CTy,
    ndim: usize,
    is_const: bool,
    /// Where its words begin: memory, extents, strides.
    address: Value,
}

/// The element of a view, if it is a number.
pub(super) fn is_view(ty: &Declared) -> bool {
    matches!(ty, Declared::View { dtype, .. } if dtype.is_int() || dtype.is_float() && dtype.size() >= 4)
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
        let address = self.new_view(name, ty, None)?;
        let array = self.view_of(name, value, address);
        let var = self.func.new_var(name, Type::I64);
        self.owners.push(var);
        self.b().set(var, array);
        let local = Local { var, ty: None, is_borrowed: false, is_bound: true, cell: None, memory: None };
        self.scopes[0].insert(name.to_owned(), local);
        Ok(())
    }

    /// A variable's view, which has no value yet.
    pub(super) fn view_variable(&mut self, name: &str, ty: &Declared) -> Result<()> {
        let local = self.new_local(name, None)?;
        self.new_view(name, ty, Some(local.var))?;
        self.scopes[0].insert(name.to_owned(), local);
        Ok(())
    }

    /// Room in the frame for a view, and its address.
    fn new_view(&mut self, name: &str, ty: &Declared, var: Option<Var>) -> Result<Value> {
        let Declared::View { dtype, ndim, is_const, name: element, .. } = ty else {
            return refuse("a memoryview of this kind");
        };
        let ndim = usize::from(*ndim);
        let offset = self.word(i64::from(self.slots) * 8);
        self.slots += 1 + 2 * ndim as u32;
        let base = self.slots_address;
        let address = self.b().binary(Ir::Add, base, offset);
        let element = CTy::Num(*dtype, element.clone());
        let variable = var.map(|var| (name.into(), var));
        self.views.insert(name.to_owned(), View { variable, element, ndim, is_const: *is_const, address });
        Ok(address)
    }

    /// The array that an object is as a memoryview, whose words go to an address.
    fn view_of(&mut self, name: &str, value: Value, address: Value) -> Value {
        let record = self.constant(Constant::Parameter(name.to_owned())).value;
        let array = self.call(Entry::ViewOf, &[record, value, address]);
        let failed = self.is_zero(array);
        self.fail_if(failed);
        array
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
        let obj = self.object(value)?;
        let array = self.view_of(name, obj.value, view.address);
        let old = self.b().get(local.var);
        self.b().set(local.var, array);
        self.call(Entry::ReleaseMaybe, &[old]);
        self.drop_obj(obj);
        Ok(None)
    }

    /// Raises where a view's variable has no value.
    fn check_bound(&mut self, view: &View) {
        if let Some((name, var)) = view.variable.clone() {
            let value = self.b().get(var);
            self.raise_unbound(value, &name);
        }
    }

    fn view_named(&self, e: &Expr) -> Option<&View> {
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

    /// Whether an expression is `view.base`, which only plain Python knows.
    pub(super) fn is_view_base(&self, value: &Expr, name: &str) -> bool {
        name == "base" && self.view_named(value).is_some()
    }

    /// The type of what a subscript of a view gives.
    pub(super) fn view_kind(&self, value: &Expr, index: &Expr) -> Option<CTy> {
        if let Some((view, _)) = self.element_of(value, index) {
            return Some(view.element);
        }
        self.extent(value, index).map(|_| CTy::Num(DType::I64, "Py_ssize_t".into()))
    }

    /// Reads an element or an extent; `None` if the subscript is neither.
    pub(super) fn view_item(&mut self, e: &Expr, value: &Expr, index: &Expr) -> Result<Option<Val>> {
        if let Some((view, n)) = self.extent(value, index) {
            self.at(e.span);
            self.check_bound(&view);
            let extent = self.load(view.address, 1 + n);
            return Ok(Some(Val::C(extent, CTy::Num(DType::I64, "Py_ssize_t".into()))));
        }
        let Some((view, found)) = self.element_of(value, index) else { return Ok(None) };
        let place = self.place_of(e, &view, &found)?;
        let mut b = self.b();
        let zero = b.i64(0);
        let item = b.load(place, vec![zero]);
        Ok(Some(Val::C(item, view.element)))
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
        let new = self.number(new, &view.element)?;
        let place = self.place_of(e, &view, &found)?;
        let mut b = self.b();
        let zero = b.i64(0);
        b.store(place, vec![zero], new);
        Ok(None)
    }

    /// `&view[i]`
    pub(super) fn view_address(&mut self, e: &Expr) -> Result<Option<Val>> {
        let ExprKind::Subscript { value, index } = &e.kind else { return Ok(None) };
        let Some((view, found)) = self.element_of(value, index) else { return Ok(None) };
        let place = self.place_of(e, &view, &found)?;
        let address = self.b().value(InstKind::Address(place));
        Ok(Some(Val::C(address, CTy::of(&view.element.ctype().pointer_to(view.is_const)))))
    }

    /// Whether a subscript is an element of a view.
    pub(super) fn is_view_item(&self, value: &Expr, index: &Expr) -> bool {
        self.element_of(value, index).is_some()
    }

    /// The memory of an element as an array of one.
    fn place_of(&mut self, e: &Expr, view: &View, found: &[&Expr]) -> Result<Value> {
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
        let mut place = self.load(view.address, 0);
        // Of several bad indices Cython tells the last.
        for (axis, index) in numbers.into_iter().enumerate().rev() {
            let extent = self.load(view.address, 1 + axis);
            let stride = self.load(view.address, 1 + view.ndim + axis);
            let (index, bad) = {
                let mut b = self.b();
                let zero = b.i64(0);
                let negative = b.compare(IrCompare::Lt, index, zero);
                let wrapped = b.binary(Ir::Add, index, extent);
                let index = b.select(negative, wrapped, index);
                let (low, high) =
                    (b.compare(IrCompare::Lt, index, zero), b.compare(IrCompare::Ge, index, extent));
                (index, b.binary(Ir::Or, low, high))
            };
            let text = format!("Out of bounds on buffer access (axis {axis})");
            self.raise_if(bad, ExcClass::INDEX_ERROR, &text);
            let mut b = self.b();
            let offset = b.binary(Ir::Mul, index, stride);
            place = b.binary(Ir::Add, place, offset);
        }
        let dtype = view.element.dtype();
        let ty = Type::Array(ArrayType {
            dtype,
            ndim: 1,
            layout: Layout::Strided,
            readonly: false,
            swapped: false,
        });
        let mut b = self.b();
        let pointer = b.value(InstKind::Pointer(place));
        let (one, stride) = (b.i64(1), b.i64(dtype.size() as i64));
        Ok(b.typed(InstKind::ArrayAt { pointer, shape: vec![one], strides: vec![stride] }, ty))
    }
}
