//! Values of different types that meet in a function of the Cython language.
//!
//! Where branches of an expression meet, numbers of C get the common type that Cython gives them. Python's keep theirs, which
//! one variable of a kernel cannot: there is no kernel then, and the function is compiled for objects. What leaves the function
//! meets nowhere: a result that may be of several types travels with the number of the one it has.

use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::structs::record;
use crate::operand::Operand;
use crate::promote::join;
use crate::ty::{RecordKind, Ty};

impl Lowerer<'_, '_> {
    /// The type of an expression that gives one or the other value; `None`: there is none.
    pub(crate) fn common_type(&self, a: &Operand, b: &Operand) -> Option<Ty> {
        let Some(c) = &self.options.c else {
            let common = join(&a.ty, &b.ty)?;
            let larger = self.is_too_large(a, &common) || self.is_too_large(b, &common);
            return if larger { join(&common, &Ty::Scalar(DType::I64)) } else { Some(common) };
        };
        match (&a.ty, &b.ty) {
            (Ty::Scalar(x), Ty::Scalar(y)) if x.is_int() && y.is_int() => Some(Ty::Scalar(widest(*x, *y))),
            (x, y) if c.keeps_types && is_python_number(x) && is_python_number(y) && x != y => None,
            (x, y) => join(x, y),
        }
    }

    /// Whether a value cannot go into a variable of this type without becoming another number of Python's. A literal may:
    /// Cython begins a sum of floats that is written as 0 with 0.0, too.
    pub(crate) fn changes_type(&self, value: &Operand, ty: &Ty) -> bool {
        let keeps_types = self.options.c.as_ref().is_some_and(|c| c.keeps_types);
        keeps_types
            && value.constant.is_none()
            && is_python_number(&value.ty)
            && is_python_number(ty)
            && value.ty != *ty
    }

    /// Whether the results of this function go to Python as they are.
    fn gives_any(&self) -> bool {
        let c = self.c_function();
        self.instance == 0 && self.code.id.nested.is_none() && c.is_some_and(|c| c.ret.is_none())
    }

    /// Whether `return a if test else b` is two results rather than one.
    pub(crate) fn gives_each(&self) -> bool {
        self.gives_any() && !self.in_parallel()
    }

    /// A result as one of the types that the function's results have; `None`: they have one in common.
    pub(crate) fn one_of(&mut self, value: &Operand, span: Span) -> Result<Option<Operand>> {
        let Some(old) = self.program.instances[self.instance].ret.clone().filter(|_| self.gives_any()) else {
            return Ok(None);
        };
        let types = match &old {
            Ty::Record(r) if r.kind == RecordKind::OneOf => {
                let mut types = r.items.clone();
                if !types[1..].contains(&value.ty) {
                    types.push(value.ty.clone());
                }
                types
            }
            _ if old == value.ty => return Ok(None),
            _ => vec![Ty::PyInt, old.clone(), value.ty.clone()],
        };
        if self.in_parallel() || !types.iter().all(is_plain) {
            return Ok(None);
        }
        let at = types[1..].iter().position(|ty| *ty == value.ty).expect("it is among them");
        let mut items = vec![Operand::int(at as i64, span)];
        for ty in &types[1..] {
            items.push(match ty {
                _ if *ty == value.ty => value.clone(),
                Ty::None => Operand::none(span),
                ty => Operand::value(ty.clone(), self.zero_of(&ty.ir()), span),
            });
        }
        let result = record(RecordKind::OneOf, items, span);
        self.program.set_result(self.instance, &result.ty);
        Ok(Some(result))
    }
}

/// Whether a result of the type can stand beside others: numbers, `None` and tuples of these.
fn is_plain(ty: &Ty) -> bool {
    match ty {
        Ty::None | Ty::Scalar(DType::U64) => true,
        Ty::Tuple(items) => items.iter().all(is_plain),
        ty => ty.is_weak(),
    }
}

/// Whether Python sees which number a type is.
fn is_python_number(ty: &Ty) -> bool {
    ty.is_weak() || *ty == Ty::Scalar(DType::Bool)
}

/// The integer type that holds one of two in C, as Cython chooses it: the longer one, of equally long ones the unsigned one.
fn widest(a: DType, b: DType) -> DType {
    match a.size().cmp(&b.size()) {
        std::cmp::Ordering::Greater => a,
        std::cmp::Ordering::Less => b,
        std::cmp::Ordering::Equal if a.is_unsigned() => a,
        std::cmp::Ordering::Equal => b,
    }
}
