//! Comparisons, chains of them, and `is`.

use std::rc::Rc;

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind, UnaryOp};
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Comparison, Expr};
use ungil_syntax::ast::operator::CompareOp;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::lower::fold;
use crate::operand::Operand;
use crate::promote::promote_scalars;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `left op1 a op2 b …`: each operand is evaluated once, later ones only while the chain holds.
    pub(crate) fn comparison_chain(
        &mut self,
        left: &Expr,
        rest: &[Comparison],
        span: Span,
    ) -> Result<Operand> {
        let left = match rest {
            [only] => {
                let (left, right) = self.lower_pair(left, &only.right)?;
                return self.compare(only.op, &left, &right, span);
            }
            _ => self.lower_expr(left)?,
        };
        self.chain_from(left, rest, span)
    }

    fn chain_from(&mut self, left: Operand, rest: &[Comparison], span: Span) -> Result<Operand> {
        let (first, more) = rest.split_first().expect("a comparison has an operator");
        let right = self.lower_expr(&first.right)?;
        let result = self.compare(first.op, &left, &right, span)?;
        if more.is_empty() {
            return Ok(result);
        }
        match self.truth(&result)? {
            Cond::Known(false) => Ok(result),
            Cond::Known(true) => self.chain_from(right, more, span),
            Cond::Value(cond) => {
                let var = self.new_var("chain", ungil_ir::types::Type::BOOL);
                let (then, tail): (_, Result<(Ty, Value)>) = self.nested(|l| {
                    let tail = l.chain_from(right, more, span)?;
                    let value = l.truth_value(&tail)?;
                    l.b().set(var, value);
                    Ok((tail.ty, value))
                });
                let (tail, rest) = tail?;
                let insts = self.func.region(then).to_vec();
                if let [pure @ .., _] = &insts[..]
                    && pure.iter().all(|inst| is_free(&self.func.inst(*inst).kind))
                {
                    // Nobody can tell that the rest is computed at once, and LLVM makes one comparison of `0 <= i < n`.
                    let region = self.region;
                    self.func.regions[region.index()].extend(pure);
                    let both = self.b().binary(Ir::And, cond, rest);
                    return Ok(Operand::value(promote_scalars(&result.ty, &tail), both, span));
                }
                let (otherwise, ()) = self.nested(|l| {
                    let no = l.b().bool(false);
                    l.b().set(var, no);
                });
                self.b().push(InstKind::If { cond, then, otherwise });
                // NumPy's comparisons give its own booleans.
                let ty = promote_scalars(&result.ty, &tail);
                let value = self.b().get(var);
                Ok(Operand::value(ty, value, span))
            }
        }
    }

    /// A truth value as an IR bool.
    pub(crate) fn truth_value(&mut self, operand: &Operand) -> Result<Value> {
        Ok(match self.truth(operand)? {
            Cond::Known(b) => self.b().bool(b),
            Cond::Value(v) => v,
        })
    }

    /// `left op right`.
    pub fn compare(&mut self, op: CompareOp, left: &Operand, right: &Operand, span: Span) -> Result<Operand> {
        if (matches!(left.ty, Ty::Pointer(_)) || matches!(right.ty, Ty::Pointer(_)))
            && let Some(result) = self.compare_pointers(op, left, right, span)?
        {
            return Ok(result);
        }
        if let (Ty::Mpi(_), CompareOp::Eq | CompareOp::NotEq) = (&left.ty, op)
            && let Some(result) = self.compare_mpi(op == CompareOp::Eq, left, right, span)?
        {
            return Ok(result);
        }
        match op {
            CompareOp::Is | CompareOp::IsNot => return self.identity(op, left, right, span),
            CompareOp::In | CompareOp::NotIn => return self.membership(op, left, right, span),
            _ => {}
        }
        if let (Ty::List(_), Ty::List(_)) = (&left.ty, &right.ty) {
            return match self.compare_lists(op, left, right, span)? {
                Some(result) => Ok(result),
                None => Err(self.compare_error(op, left, right, span)),
            };
        }
        if self.is_proper_array(left) && matches!(right.ty, Ty::List(_) | Ty::Tuple(_)) {
            let right = self.array_like_operand(right)?;
            return self.compare(op, left, &right, span);
        }
        if self.is_proper_array(right) && matches!(left.ty, Ty::List(_) | Ty::Tuple(_)) {
            let left = self.array_like_operand(left)?;
            return self.compare(op, &left, right, span);
        }
        let compared = |x: &Operand, y: &Operand| {
            self.is_proper_array(x) && (y.ty.is_scalar() || y.ty.as_array().is_some())
        };
        if compared(left, right) || compared(right, left) {
            let both = [left.clone(), right.clone()];
            return self.lift(&both, span, Rc::new(move |l, x| l.compare(op, &x[0], &x[1], span)));
        }
        let (left, right) = (self.element_of(left)?, self.element_of(right)?);
        let equality = matches!(op, CompareOp::Eq | CompareOp::NotEq);
        if let (Ty::Tuple(_), Ty::Tuple(_)) = (&left.ty, &right.ty) {
            return self.compare_tuples(op, &left, &right, span);
        }
        if !left.ty.is_scalar() || !right.ty.is_scalar() {
            let compile_time = left.ty.is_compile_time() && right.ty.is_compile_time();
            if equality && (compile_time || left.is_none() || right.is_none()) {
                return Ok(Operand::bool((left.ty == right.ty) == (op == CompareOp::Eq), span));
            }
            return Err(self.compare_error(op, &left, &right, span));
        }
        if let (Some(a), Some(b), true) =
            (left.constant, right.constant, left.ty.is_weak() && right.ty.is_weak())
            && let Some(result) = fold::compare(op, a, b)
        {
            return Ok(Operand::bool(result, span));
        }
        let (left, right) = self.c_operands(&left, &right)?.unwrap_or((left, right));
        let common = promote_scalars(&left.ty, &right.ty);
        let dtype = common.dtype().expect("a scalar");
        if dtype.is_complex() && !equality {
            if common.is_weak() {
                return Err(self.compare_error(op, &left, &right, span));
            }
            let (a, b) = (self.cast_checked(&left, dtype)?, self.cast_checked(&right, dtype)?);
            let value = self.complex_order(ir_op(op), a, b);
            return Ok(Operand::value(Ty::Scalar(DType::Bool), value, span));
        }
        let ty = if common.is_weak() { Ty::PyBool } else { Ty::Scalar(DType::Bool) };
        let value = self.compare_scalars(op, &left, &right, dtype)?;
        Ok(Operand::value(ty, value, span))
    }

    /// NumPy's order of complex numbers: by the real parts, equal ones by the imaginary ones; NaN in either part is in no order.
    pub(crate) fn complex_order(&mut self, op: IrCompare, a: Value, b: Value) -> Value {
        let strict = match op {
            IrCompare::Le => IrCompare::Lt,
            IrCompare::Ge => IrCompare::Gt,
            other => other,
        };
        let [ar, br] = [a, b].map(|z| self.b().unary(UnaryOp::Real, z));
        let [ai, bi] = [a, b].map(|z| self.b().unary(UnaryOp::Imag, z));
        let first = self.b().compare(strict, ar, br);
        let [an, bn] = [ai, bi].map(|v| self.b().compare(IrCompare::Eq, v, v));
        let numbers = self.b().binary(Ir::And, an, bn);
        let first = self.b().binary(Ir::And, first, numbers);
        let equal = self.b().compare(IrCompare::Eq, ar, br);
        let second = self.b().compare(op, ai, bi);
        let second = self.b().binary(Ir::And, equal, second);
        self.b().binary(Ir::Or, first, second)
    }

    fn compare_error(
        &self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> crate::diagnostics::Error {
        TypeError::Compare { op: op.symbol(), left: left.ty.clone(), right: right.ty.clone(), span }.into()
    }

    fn compare_scalars(
        &mut self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        dtype: DType,
    ) -> Result<Value> {
        let ir = ir_op(op);
        let (dl, dr) = (left.ty.dtype().expect("a scalar"), right.ty.dtype().expect("a scalar"));
        // A weak constant out of the other type's range compares as the number it is.
        if let Some(known) = out_of_range(op, left, right).or_else(|| out_of_range(mirrored(op), right, left))
        {
            return Ok(self.b().bool(known));
        }
        // NumPy compares integers exactly, whatever their common type, Python's beside small ones too.
        if dl.is_int() && dr.is_int() {
            let weak = left.ty.is_weak() != right.ty.is_weak();
            let constant = left.constant.is_some() || right.constant.is_some();
            if dtype.is_float() || dtype == DType::U64 && weak && !constant {
                return self.compare_mixed_signs(op, left, right, dl.is_signed());
            }
            if weak && !constant {
                let (a, b) = (self.cast_to(left, DType::I64)?, self.cast_to(right, DType::I64)?);
                return Ok(self.b().compare(ir, a, b));
            }
        }
        let work = if dtype == DType::Bool { DType::Bool } else { dtype };
        let (a, b) = (self.cast_to(left, work)?, self.cast_to(right, work)?);
        Ok(self.b().compare(ir, a, b))
    }

    /// Compares a signed with an unsigned number: a negative one is smaller, else both are unsigned.
    fn compare_mixed_signs(
        &mut self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        left_signed: bool,
    ) -> Result<Value> {
        let (signed, unsigned) = if left_signed { (left, right) } else { (right, left) };
        let op = if left_signed { op } else { mirrored(op) };
        let (s, u) = (self.cast_to(signed, DType::I64)?, self.cast_to(unsigned, DType::U64)?);
        let zero = self.b().i64(0);
        let negative = self.b().compare(IrCompare::Lt, s, zero);
        let as_unsigned = self.b().cast(s, DType::U64);
        let compared = self.b().compare(ir_op(op), as_unsigned, u);
        let if_negative = self.b().bool(matches!(op, CompareOp::Lt | CompareOp::LtE | CompareOp::NotEq));
        Ok(self.b().select(negative, if_negative, compared))
    }

    /// Lexicographic order, or equality of all elements.
    fn compare_tuples(
        &mut self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let (xs, ys) = (self.items(left), self.items(right));
        if matches!(op, CompareOp::Eq | CompareOp::NotEq) {
            let mut equal = self.b().bool(xs.len() == ys.len());
            if xs.len() == ys.len() {
                for (x, y) in xs.iter().zip(&ys) {
                    let same = self.compare(CompareOp::Eq, x, y, span)?;
                    let same = self.truth_value(&same)?;
                    equal = self.b().binary(Ir::And, equal, same);
                }
            }
            let result = if op == CompareOp::Eq { equal } else { self.b().unary(UnaryOp::Not, equal) };
            return Ok(Operand::value(Ty::PyBool, result, span));
        }
        // From the back: the first unequal pair decides, else the lengths.
        let mut result = {
            let lengths = fold::compare(
                op,
                crate::operand::Constant::Int(xs.len() as i128),
                crate::operand::Constant::Int(ys.len() as i128),
            );
            self.b().bool(lengths.unwrap_or(false))
        };
        for (x, y) in xs.iter().zip(&ys).rev() {
            let same = self.compare(CompareOp::Eq, x, y, span)?;
            let same = self.truth_value(&same)?;
            let ordered = self.compare(op, x, y, span)?;
            let ordered = self.truth_value(&ordered)?;
            result = self.b().select(same, result, ordered);
        }
        Ok(Operand::value(Ty::PyBool, result, span))
    }

    fn identity(&mut self, op: CompareOp, left: &Operand, right: &Operand, span: Span) -> Result<Operand> {
        let compile_time = left.ty.is_compile_time() || right.ty.is_compile_time();
        let known = match (left.constant, right.constant) {
            _ if compile_time => Some(left.ty == right.ty),
            (Some(a), Some(b)) if left.ty == Ty::PyBool || right.ty == Ty::PyBool => {
                Some(left.ty == right.ty && a.truth() == b.truth())
            }
            _ => None,
        };
        match known {
            Some(same) => Ok(Operand::bool(same == (op == CompareOp::Is), span)),
            None if matches!((&left.ty, &right.ty), (Ty::List(_), Ty::List(_))) => {
                let boxes = [self.value(left)?, self.value(right)?];
                let [a, b] = boxes.map(|list| self.b().value(InstKind::Address(list)));
                let op = if op == CompareOp::Is { IrCompare::Eq } else { IrCompare::Ne };
                let same = self.b().compare(op, a, b);
                Ok(Operand::value(Ty::PyBool, same, span))
            }
            None => Err(self.compare_error(op, left, right, span)),
        }
    }
}

fn ir_op(op: CompareOp) -> IrCompare {
    match op {
        CompareOp::NotEq => IrCompare::Ne,
        CompareOp::Lt => IrCompare::Lt,
        CompareOp::LtE => IrCompare::Le,
        CompareOp::Gt => IrCompare::Gt,
        CompareOp::GtE => IrCompare::Ge,
        _ => IrCompare::Eq,
    }
}

/// The operator with its operands exchanged.
fn mirrored(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Lt => CompareOp::Gt,
        CompareOp::LtE => CompareOp::GtE,
        CompareOp::Gt => CompareOp::Lt,
        CompareOp::GtE => CompareOp::LtE,
        other => other,
    }
}

/// The result if `right` is a weak integer constant that `left`'s integer type cannot hold.
fn out_of_range(op: CompareOp, left: &Operand, right: &Operand) -> Option<bool> {
    let dtype = left.ty.dtype().filter(|d| d.is_int())?;
    let c = right.const_int().filter(|_| right.ty.is_weak())?;
    let (low, high) = crate::lower::build::int_range(dtype);
    if (low..=high).contains(&c) {
        return None;
    }
    let left_is_less = c > high;
    Some(match op {
        CompareOp::Eq => false,
        CompareOp::NotEq => true,
        CompareOp::Lt | CompareOp::LtE => left_is_less,
        _ => !left_is_less,
    })
}

/// Whether an instruction only compares and converts what is there already.
fn is_free(kind: &InstKind) -> bool {
    matches!(
        kind,
        InstKind::Const(_)
            | InstKind::Get(_)
            | InstKind::Cast(..)
            | InstKind::Compare(..)
            | InstKind::Dim(..)
    )
}
