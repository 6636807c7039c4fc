//! Memory of C as memoryviews: `<double[:n, :m]>p`, and arrays of C where memoryviews are wanted.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_syntax::ast::expr::{Call, Expr};

use super::entries::Entry;
use super::function::Lowerer;
use super::memory::text_of;
use super::value::{CTy, Obj, Val};
use super::{Constant, Result, refuse};
use crate::ctype::CType;
use crate::lower::memory::same_type;

/// Axes of such a view at most.
const MAX_AXES: usize = 8;

impl Lowerer<'_> {
    /// `__pyx_view("float64", "c", p, n, m)`, as plain text has such casts.
    pub(super) fn cast_to_view(&mut self, e: &Expr, call: &Call) -> Result<Val> {
        let [element, order, pointer, extents @ ..] = call.args.as_slice() else {
            return refuse("a memoryview of a pointer");
        };
        let element = text_of(element).and_then(|text| self.type_named(text));
        let Some(element) = element else { return refuse("a memoryview of a pointer to this type") };
        if extents.len() > MAX_AXES {
            return refuse("a memoryview of so many axes");
        }
        let address = match self.expr(pointer)? {
            Val::C(address, CTy::C(CType::Pointer(to), _)) if same_type(&self.complete(&to.to), &element) => {
                address
            }
            Val::C(address, CTy::C(ty @ CType::Array(..), _)) if same_type(&innermost(&ty), &element) => {
                address
            }
            _ => return refuse(&format!("a memoryview of what is no pointer to `{element}`")),
        };
        let mut numbers = Vec::new();
        for extent in extents {
            numbers.push(self.index_word(extent)?);
        }
        self.at(e.span);
        let nothing = self.is_zero(address);
        self.raise_if(nothing, ExcClass::VALUE_ERROR, "Cannot create cython.array from NULL pointer");
        let is_fortran = text_of(order) == Some("f");
        Ok(Val::Obj(self.memory_view(address, &element, &numbers, is_fortran)))
    }

    /// An array of C where a memoryview is wanted.
    pub(super) fn view_of_array(&mut self, address: Value, ty: &CType) -> Obj {
        let (mut extents, mut at) = (Vec::new(), ty);
        while let CType::Array(element, n) = at {
            extents.push(self.word(*n as i64));
            at = element;
        }
        let element = self.complete(at);
        self.memory_view(address, &element, &extents, false)
    }

    fn memory_view(&mut self, address: Value, element: &CType, extents: &[Value], is_fortran: bool) -> Obj {
        let record = self.constant(Constant::Type(element.clone())).value;
        let words = self.arguments(extents);
        let (n, order) = (self.word(extents.len() as i64), self.word(i64::from(is_fortran)));
        self.make(Entry::ArrayOver, &[record, address, words, n, order])
    }
}

/// The type of the elements of an array of arrays.
fn innermost(ty: &CType) -> CType {
    match ty {
        CType::Array(element, _) => innermost(element),
        other => other.clone(),
    }
}
