//! Values that are one of several functions: `g = f1 if flag else f2`.
//!
//! Such a value is the number of the function and what the functions capture. A call branches on the number; each
//! branch calls its function, so that everything is compiled and may be inlined.
//! Contract: a function that captures variables captures their values here, so none of them may be assigned later.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{CompareOp, InstKind};
use ungil_ir::types::Type;

use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// A function as one of several: the variables it captures are read here.
    pub(crate) fn choosable(&mut self, operand: &Operand) -> Result<Operand> {
        let Ty::Func(f) = &operand.ty else { return Ok(operand.clone()) };
        if f.captures.is_some() {
            return Ok(operand.clone());
        }
        let scope = &self.code.scopes.funcs[&f.code.nested];
        let mut captures = scope.captures.iter();
        if captures.any(|c| c.1 == self.code.id.nested && self.webs.changes(&c.0)) {
            let what = "choosing between functions whose captured variables are assigned later is";
            let help = "call the functions in the branches, or pass those variables as arguments";
            return Err(Unsupported::Expression { what, span: operand.span, help }.into());
        }
        self.escaping(operand)
    }

    /// A function, or a choice of fewer, as a choice of `members`.
    pub(crate) fn chosen(&mut self, operand: &Operand, members: &Arc<Vec<Ty>>) -> Result<Operand> {
        let place = |ty: &Ty| members.iter().position(|m| m == ty);
        let (number, held) = match &operand.ty {
            Ty::Choice(old) => {
                let old = old.clone();
                let tuple = self.value(operand)?;
                let given = self.tuple_get(tuple, 0);
                let mut number = self.b().i64(0);
                for (k, member) in old.iter().enumerate() {
                    let at = place(member).ok_or(Error::Untyped)?;
                    let (old_number, new_number) = (self.b().i64(k as i64), self.b().i64(at as i64));
                    let same = self.b().compare(CompareOp::Eq, given, old_number);
                    number = self.b().select(same, new_number, number);
                }
                let held = old.iter().map(|m| (m.clone(), self.captures_of(tuple, &old, m))).collect();
                (number, held)
            }
            ty => {
                let at = place(ty).ok_or(Error::Untyped)?;
                let value = if ty.is_compile_time() { None } else { Some(self.value(operand)?) };
                (self.b().i64(at as i64), vec![(ty.clone(), value)])
            }
        };
        let mut parts = vec![number];
        for member in members.iter().filter(|m| !m.is_compile_time()) {
            let value = held.iter().find(|(m, _)| m == member).and_then(|(_, v)| *v);
            parts.push(match value {
                Some(value) => value,
                None => self.zero_of(&member.ir()),
            });
        }
        let value = self.make_tuple(parts);
        Ok(Operand::value(Ty::Choice(members.clone()), value, operand.span))
    }

    /// What a member captures, out of the value of a choice.
    fn captures_of(&mut self, choice: Value, members: &[Ty], member: &Ty) -> Option<Value> {
        let holding = members.iter().filter(|m| !m.is_compile_time());
        let at = holding.into_iter().position(|m| m == member)?;
        Some(self.tuple_get(choice, at + 1))
    }

    /// Calls the member that a value chooses.
    pub(crate) fn call_choice(
        &mut self,
        callee: &Operand,
        members: &Arc<Vec<Ty>>,
        args: &Args,
        span: Span,
    ) -> Result<Operand> {
        let tuple = self.value(callee)?;
        let number = self.tuple_get(tuple, 0);
        self.call_member(tuple, number, members, 0, args, span)
    }

    fn call_member(
        &mut self,
        tuple: Value,
        number: Value,
        members: &Arc<Vec<Ty>>,
        k: usize,
        args: &Args,
        span: Span,
    ) -> Result<Operand> {
        let call = |l: &mut Self| {
            let ty = members[k].clone();
            let member = match l.captures_of(tuple, members, &ty) {
                Some(value) => Operand::value(ty, value, span),
                None => Operand::entity(ty, span),
            };
            l.call_operand(&member, args.clone(), span)
        };
        if k + 1 == members.len() {
            return call(self);
        }
        let this = self.b().i64(k as i64);
        let cond = self.b().compare(CompareOp::Eq, number, this);
        let then = self.nested(call);
        let otherwise = self.nested(|l| l.call_member(tuple, number, members, k + 1, args, span));
        self.merge(cond, then, otherwise, span)
    }

    /// The zero value of a type.
    pub(crate) fn zero_of(&mut self, ty: &Type) -> Value {
        match ty {
            Type::Scalar(d) => self.zero(*d),
            Type::Tuple(items) => {
                let items = items.iter().map(|t| self.zero_of(t)).collect();
                self.make_tuple(items)
            }
            other => self.b().typed(InstKind::Null, other.clone()),
        }
    }
}

/// The functions that a type is one of.
pub(crate) fn members(ty: &Ty) -> Option<Vec<Ty>> {
    match ty {
        Ty::Choice(members) => Some(members.to_vec()),
        Ty::Func(f) if f.captures.is_some() => Some(vec![ty.clone()]),
        Ty::Builtin(_) | Ty::Ufunc(_) | Ty::DType(_) => Some(vec![ty.clone()]),
        _ => None,
    }
}

/// The common type of two functions.
pub(crate) fn join_functions(a: &Ty, b: &Ty) -> Option<Ty> {
    let mut all = members(a)?;
    for member in members(b)? {
        if !all.contains(&member) {
            all.push(member);
        }
    }
    Some(Ty::Choice(Arc::new(all)))
}
