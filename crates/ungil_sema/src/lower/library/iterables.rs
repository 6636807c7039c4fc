//! Builtins that consume several numbers: `min max sum`, of arguments, tuples and arrays.

use ungil_diag::span::Span;
use ungil_ir::inst::{CompareOp, For, InstKind, LoopHints};
use ungil_syntax::ast::operator::{BinaryOp as Operator, CompareOp as Comparison};

use ungil_abi::exception::ExcClass;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::operand::Operand;
use crate::promote::join;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `min(…)` or `max(…)` of several arguments, a tuple or a one-dimensional array.
    pub(crate) fn extremum(&mut self, largest: bool, args: &[Operand], span: Span) -> Result<Operand> {
        let function = if largest { "max" } else { "min" };
        let items = match args {
            [only] if matches!(only.ty, Ty::Tuple(_)) => self.items(only),
            [only] if only.ty.as_array().is_some() => return self.extremum_of_array(largest, only, span),
            [_] | [] => return Err(not_a_sequence(function, args.first(), span)),
            several => several.to_vec(),
        };
        let Some((first, rest)) = items.split_first() else {
            return Err(not_a_sequence(function, args.first(), span));
        };
        let mut best = self.number(first, function)?;
        for item in rest {
            let item = self.number(item, function)?;
            best = self.better(largest, &best, &item, span)?;
        }
        Ok(best.at(span))
    }

    /// The item if it is strictly better, else the best so far, as Python decides.
    fn better(&mut self, largest: bool, best: &Operand, item: &Operand, span: Span) -> Result<Operand> {
        let op = if largest { Comparison::Gt } else { Comparison::Lt };
        let common = join(&best.ty, &item.ty).ok_or_else(|| TypeError::Compare {
            op: op.symbol(),
            left: item.ty.clone(),
            right: best.ty.clone(),
            span,
        })?;
        let compared = self.compare(op, item, best, span)?;
        match self.truth(&compared)? {
            Cond::Known(true) => Ok(item.clone()),
            Cond::Known(false) => Ok(best.clone()),
            Cond::Value(cond) => {
                let (item, best) = (self.convert(item, &common)?, self.convert(best, &common)?);
                let (x, y) = (self.value(&item)?, self.value(&best)?);
                let value = self.b().select(cond, x, y);
                Ok(Operand::value(common, value, span))
            }
        }
    }

    fn extremum_of_array(&mut self, largest: bool, array: &Operand, span: Span) -> Result<Operand> {
        let function = if largest { "max" } else { "min" };
        let ty = array.ty.as_array().expect("an array");
        if ty.ndim != 1 || ty.dtype.is_complex() {
            return Err(not_a_sequence(function, Some(array), span));
        }
        let base = self.value(array)?;
        let (zero, n) = (self.b().i64(0), self.b().dim(base, 0));
        let some = self.b().compare(CompareOp::Gt, n, zero);
        let message = format!("{function}() arg is an empty sequence");
        self.check(some, ExcClass::VALUE_ERROR, &message, Vec::new());
        let first = self.load_element(array, vec![zero])?;
        let element = first.ty.clone();
        let best = self.func.new_var("best", element.ir());
        let value = self.value(&first)?;
        self.b().set(best, value);
        self.over_items(n, 1, &mut |l, i| {
            let so_far = Operand::value(element.clone(), l.b().get(best), span);
            let item = l.load_element(array, vec![i])?;
            let better = l.better(largest, &so_far, &item, span)?;
            let value = l.value(&better)?;
            l.b().set(best, value);
            Ok(())
        })?;
        let value = self.b().get(best);
        Ok(Operand::value(element, value, span))
    }

    /// `sum(items, start)` of a tuple or a one-dimensional array, from left to right.
    pub(crate) fn total(&mut self, items: &Operand, start: Option<&Operand>, span: Span) -> Result<Operand> {
        let zero = Operand::int(0, span);
        let start = start.unwrap_or(&zero).clone();
        let Some(ty) = items.ty.as_array() else {
            if !matches!(items.ty, Ty::Tuple(_)) {
                return Err(not_a_sequence("sum", Some(items), span));
            }
            let mut total = start;
            for item in self.items(items) {
                total = self.binary(Operator::Add, &total, &item, span)?;
            }
            return Ok(total.at(span));
        };
        if ty.ndim != 1 {
            return Err(not_a_sequence("sum", Some(items), span));
        }
        let element = Ty::Scalar(ty.dtype);
        // The type that adding settles on: bool elements count.
        let probe = self.binary_type(Operator::Add, &start.ty, &element, span)?;
        let sum_ty = self.binary_type(Operator::Add, &probe, &element, span)?;
        let sum = self.func.new_var("sum", sum_ty.ir());
        let first = self.convert(&start, &sum_ty)?;
        let value = self.value(&first)?;
        self.b().set(sum, value);
        let base = self.value(items)?;
        let n = self.b().dim(base, 0);
        self.over_items(n, 0, &mut |l, i| {
            let so_far = Operand::value(sum_ty.clone(), l.b().get(sum), span);
            let item = l.load_element(items, vec![i])?;
            let next = l.binary(Operator::Add, &so_far, &item, span)?;
            let next = l.convert(&next, &sum_ty)?;
            let value = l.value(&next)?;
            l.b().set(sum, value);
            Ok(())
        })?;
        let value = self.b().get(sum);
        Ok(Operand::value(sum_ty, value, span))
    }

    /// A counted loop from `first` to `n`.
    fn over_items(
        &mut self,
        n: ungil_ir::entities::Value,
        first: i64,
        body: &mut dyn FnMut(&mut Self, ungil_ir::entities::Value) -> Result<()>,
    ) -> Result<()> {
        let (start, step) = (self.b().i64(first), self.b().i64(1));
        let iv = self.func.new_value(ungil_ir::types::Type::I64);
        let (region, result) = self.nested(|l| body(l, iv));
        let label = self.func.new_label();
        let node = For { label, iv, start, stop: n, step, body: region, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }

    /// The type of `left op right`, without leaving code behind.
    fn binary_type(&mut self, op: Operator, left: &Ty, right: &Ty, span: Span) -> Result<Ty> {
        let (_, result) = self.nested(|l| {
            let a = l.func.new_value(left.ir());
            let b = l.func.new_value(right.ir());
            let (a, b) = (Operand::value(left.clone(), a, span), Operand::value(right.clone(), b, span));
            Ok(l.binary(op, &a, &b, span)?.ty)
        });
        result
    }
}

fn not_a_sequence(function: &str, found: Option<&Operand>, span: Span) -> crate::diagnostics::Error {
    TypeError::Argument {
        function: function.to_owned(),
        parameter: "iterable".to_owned(),
        expected: "several numbers, a tuple of numbers or a one-dimensional array".to_owned(),
        found: found.map_or(Ty::None, |f| f.ty.clone()),
        span: found.map_or(span, |f| f.span),
    }
    .into()
}
