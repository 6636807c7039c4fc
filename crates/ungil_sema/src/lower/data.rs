//! Variables of a module that live in memory of C.
//!
//! The driver writes them as attributes of `__pyx_g__`. Numbers, pointers, arrays and structs are read and written where
//! they lie. Memoryviews are described there: a state (0: not assigned), the address of the first element, extents and
//! strides. They are read once, at the start of a function: compiled code never assigns them, and what assigns them is
//! Python, which it does not call.

use std::collections::{BTreeSet, HashMap};

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, InstKind};
use ungil_ir::types::{ArrayType, DType, Layout, Type};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::visit::{Visitor, walk_expr};

use crate::ctype::CType;
use crate::cython::Declared;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::memory::misuse;
use crate::operand::Operand;
use crate::resolve::scopes::Body;
use crate::ty::Ty;

/// What `__pyx_g__` is to the compiler.
pub const NAME: &str = "cython.data";

/// A memoryview of the module, as a function has read it.
#[derive(Clone, Debug)]
pub(crate) struct DataView {
    state: Value,
    view: Operand,
}

/// Memoryviews by name.
pub(crate) type DataViews = HashMap<String, DataView>;

/// How a variable of the module is called among those in memory.
pub(crate) fn key(name: &str) -> String {
    format!("__pyx_g__.{name}")
}

/// Names of the module's variables that a function uses.
#[derive(Default)]
struct Used(BTreeSet<String>);

impl Visitor for Used {
    fn visit_expr(&mut self, expr: &Expr) {
        if let ExprKind::Attribute { value, attr } = &expr.kind
            && matches!(&value.kind, ExprKind::Name(name) if &**name == "__pyx_g__")
        {
            self.0.insert(attr.name.to_string());
        }
        walk_expr(self, expr);
    }
}

impl Lowerer<'_, '_> {
    /// Finds the variables of the module that the function uses. Runs at its start.
    pub(crate) fn init_data(&mut self) -> Result<()> {
        let Some(c) = self.c_function().filter(|c| !c.data.is_empty()) else { return Ok(()) };
        let mut used = Used::default();
        match &*self.code.body.clone() {
            Body::Block(stmts) => stmts.iter().for_each(|stmt| used.visit_stmt(stmt)),
            Body::Expr(expr) => used.visit_expr(expr),
        }
        let span = self.code.span;
        for name in used.0 {
            let Some((declared, address)) = c.data.get(&name).cloned() else { continue };
            let pointer = self.extern_address(&key(&name), address);
            match declared {
                Declared::C { ty, .. } => self.keep_data(&name, &ty, pointer, span),
                Declared::Scalar { dtype, .. } => {
                    self.keep_data(&name, &CType::Scalar(dtype), pointer, span);
                }
                Declared::Bint => self.keep_data(&name, &CType::Bint, pointer, span),
                Declared::View { dtype, ndim, layout, is_const, .. } => {
                    let layout = layout.unwrap_or(Layout::Strided);
                    let ty = ArrayType { dtype, ndim, layout, readonly: is_const, swapped: false };
                    let (state, pointer, shape, strides) = self.described_view(pointer, ndim);
                    let kind = InstKind::ArrayAt { pointer, shape, strides };
                    let value = self.b().typed(kind, Type::Array(ty));
                    let view = Operand::value(Ty::Array(ty), value, span);
                    self.data_views.insert(name, DataView { state, view });
                }
                Declared::Structs { element, ndim, layout, is_const, .. } => {
                    let (state, pointer, shape, strides) = self.described_view(pointer, ndim);
                    let layout = layout.unwrap_or(Layout::Strided);
                    let view = self.structs_at(pointer, (shape, strides), (&element, layout, is_const), span);
                    self.data_views.insert(name, DataView { state, view });
                }
                Declared::Tuple(_) | Declared::Objects { .. } | Declared::Void => {}
            }
        }
        Ok(())
    }

    fn keep_data(&mut self, name: &str, ty: &CType, pointer: Value, span: Span) {
        let memory = self.memory_over(&self.complete(ty), pointer, span);
        self.memory.insert(key(name), memory);
    }

    /// State, pointer, extents and strides of a memoryview that is described at a place.
    fn described_view(&mut self, place: Value, ndim: u8) -> (Value, Value, Vec<Value>, Vec<Value>) {
        let start = self.b().value(InstKind::Address(place));
        let words: Vec<Value> = (0..2 + 2 * i64::from(ndim))
            .map(|k| {
                let offset = self.b().i64(8 * k);
                let at = self.b().binary(Ir::Add, start, offset);
                let memory = self.memory_at(at, DType::I64, true);
                let zero = self.b().i64(0);
                self.b().load(memory, vec![zero])
            })
            .collect();
        let n = usize::from(ndim);
        let pointer = self.b().value(InstKind::Pointer(words[1]));
        (words[0], pointer, words[2..2 + n].to_vec(), words[2 + n..].to_vec())
    }

    /// `__pyx_g__.name`; `None` if the module has no such variable.
    pub(crate) fn read_data(&mut self, name: &str, span: Span) -> Result<Option<Operand>> {
        if let Some(found) = self.data_views.get(name).cloned() {
            let zero = self.b().i64(0);
            let fine = self.b().compare(CompareOp::Ne, found.state, zero);
            let message = format!("local variable '{name}' referenced before assignment");
            self.check(fine, ExcClass::UNBOUND_LOCAL, &message, Vec::new());
            return Ok(Some(found.view.at(span)));
        }
        self.read_memory(&key(name), span)
    }

    /// `__pyx_g__.name = value`.
    pub(crate) fn write_data(&mut self, name: &str, value: &Operand, span: Span) -> Result<()> {
        if self.data_views.contains_key(name) {
            let title = format!("the memoryview `{name}` of the module cannot be assigned in compiled code");
            let help = "assign it in a function of its own, without `nogil` and parallel loops";
            return Err(misuse(title, "kept by the module", help, span));
        }
        let ty = self.options.c.as_ref().and_then(|c| c.data.get(name).map(|(declared, _)| declared.clone()));
        let value = match &ty {
            Some(declared @ Declared::Scalar { .. }) => self.as_declared(declared, value, span)?,
            _ => value.clone(),
        };
        match self.write_memory(&key(name), &value, span)? {
            true => Ok(()),
            false => Err(Error::Untyped),
        }
    }
}
