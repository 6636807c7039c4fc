//! Builtins that consume several numbers: `min max sum`, of arguments and iterables.

use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp, For, InstKind, LoopHints, UnaryOp};
use ungil_syntax::ast::operator::{BinaryOp as Operator, CompareOp as Comparison};

use ungil_abi::exception::ExcClass;

use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::promote::join;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `min(…)` or `max(…)` with `key=` and `default=`.
    pub(crate) fn extremum_with(&mut self, largest: bool, mut args: Args, span: Span) -> Result<Operand> {
        let function = if largest { "max" } else { "min" };
        let key = args.take("key").filter(|k| !k.is_none());
        let default = args.take("default");
        let one = args.positional.len() == 1;
        if !args.keywords.is_empty() || !one && default.is_some() {
            let message = match args.keywords.first() {
                Some((name, _)) => format!("'{name}' is an invalid keyword argument for {function}()"),
                None => {
                    format!("Cannot specify a default for {function}() with multiple positional arguments")
                }
            };
            let signature = format!("{function}(iterable, *, key=None, default=...)");
            return Err(CallError::Binding { message, span, definition: None, signature }.into());
        }
        let generic = |ty: &Ty| matches!(ty, Ty::Range | Ty::Iter(_) | Ty::List(_));
        if key.is_none() && default.is_none() && !(one && generic(&args.positional[0].ty)) {
            return self.extremum(largest, &args.positional, span);
        }
        let items = match &args.positional[..] {
            [] => return Err(not_a_sequence(function, None, span)),
            [only] if generic(&only.ty) || matches!(only.ty, Ty::Tuple(_) | Ty::Array(_)) => only.clone(),
            [only] => return Err(not_a_sequence(function, Some(only), span)),
            several => Operand::tuple(several.to_vec(), span),
        };
        self.extremum_of_items(largest, &items, key.as_ref(), default.as_ref(), span)
    }

    /// `min(…)` or `max(…)` of several arguments, a tuple or a one-dimensional array.
    fn extremum(&mut self, largest: bool, args: &[Operand], span: Span) -> Result<Operand> {
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
        let common = self.common_type(best, item).ok_or_else(|| TypeError::Compare {
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
        let message = self.empty_message(function);
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

    /// `min` or `max` of any iterable, item by item: `key` is called once for each.
    fn extremum_of_items(
        &mut self,
        largest: bool,
        items: &Operand,
        key: Option<&Operand>,
        default: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let function = if largest { "max" } else { "min" };
        let mut types: Vec<(Ty, Ty)> = Vec::new();
        let (_, probed) = self.nested(|l| {
            l.each_item(items, &mut |l, item| {
                let rank = l.rank(key, &item, span)?;
                types.push((item.ty, rank.ty));
                Ok(())
            })
        });
        let probed: Result<()> = probed;
        probed?;
        let mut joined = default.map(|d| d.ty.clone());
        let mut rank_ty: Option<Ty> = None;
        for (item, rank) in types {
            for (into, ty) in [(&mut joined, item), (&mut rank_ty, rank)] {
                *into = match into.take() {
                    None => Some(ty),
                    Some(old) => Some(join(&old, &ty).ok_or_else(|| {
                        let op = if largest { ">" } else { "<" };
                        Error::from(TypeError::Compare { op, left: ty, right: old, span })
                    })?),
                };
            }
        }
        let (Some(ty), Some(rank_ty)) = (joined, rank_ty) else {
            return default.cloned().ok_or_else(|| not_a_sequence(function, Some(items), span));
        };
        let names = ["best", "best.key"];
        let best = self.new_var(names[0], ty.ir());
        let best_rank = self.new_var(names[1], rank_ty.ir());
        let some = self.new_var("best.found", ungil_ir::types::Type::BOOL);
        let no = self.b().bool(false);
        self.b().set(some, no);
        let op = if largest { Comparison::Gt } else { Comparison::Lt };
        self.each_item(items, &mut |l, item| {
            let rank = l.rank(key, &item, span)?;
            let so_far = Operand::value(rank_ty.clone(), l.b().get(best_rank), span);
            let have = l.b().get(some);
            let first = l.b().unary(UnaryOp::Not, have);
            let take = if rank_ty.is_scalar() {
                let better = l.compare(op, &rank, &so_far, span)?;
                let better = l.truth_value(&better)?;
                l.b().binary(Ir::Or, first, better)
            } else {
                // There is nothing to look into before the first item.
                let take = l.new_var("best.taken", ungil_ir::types::Type::BOOL);
                l.b().set(take, first);
                l.if_then(have, |l| -> Result<()> {
                    let better = l.compare(op, &rank, &so_far, span)?;
                    let better = l.truth_value(&better)?;
                    l.b().set(take, better);
                    Ok(())
                })?;
                l.b().get(take)
            };
            let (item, rank) = (l.convert(&item, &ty)?, l.convert(&rank, &rank_ty)?);
            let (item, rank) = (l.value(&item)?, l.value(&rank)?);
            l.if_then(take, |l| {
                l.b().set(best, item);
                l.b().set(best_rank, rank);
                let yes = l.b().bool(true);
                l.b().set(some, yes);
            });
            Ok(())
        })?;
        let found = self.b().get(some);
        match default {
            None => {
                let message = self.empty_message(function);
                self.check(found, ExcClass::VALUE_ERROR, &message, Vec::new());
            }
            Some(default) => {
                let default = self.convert(default, &ty)?;
                let default = self.value(&default)?;
                let missing = self.b().unary(UnaryOp::Not, found);
                self.if_then(missing, |l| l.b().set(best, default));
            }
        }
        let value = self.b().get(best);
        Ok(Operand::value(ty, value, span))
    }

    fn empty_message(&self, function: &str) -> String {
        let reason =
            if self.options.python >= 12 { "iterable argument is empty" } else { "arg is an empty sequence" };
        format!("{function}() {reason}")
    }

    /// What an item is compared by.
    pub(crate) fn rank(&mut self, key: Option<&Operand>, item: &Operand, span: Span) -> Result<Operand> {
        match key {
            None => Ok(item.clone()),
            Some(key) => {
                let args = Args { positional: vec![item.clone()], keywords: Vec::new(), span };
                self.call_operand(key, args, span)
            }
        }
    }

    /// `sum(items, start)`, from left to right.
    pub(crate) fn total(&mut self, items: &Operand, start: Option<&Operand>, span: Span) -> Result<Operand> {
        let zero = Operand::int(0, span);
        let start = start.unwrap_or(&zero).clone();
        match &items.ty {
            Ty::Tuple(_) => {
                let mut total = start;
                for item in self.items(items) {
                    total = self.binary(Operator::Add, &total, &item, span)?;
                }
                return Ok(total.at(span));
            }
            Ty::Array(ty) if ty.ndim == 1 => {}
            Ty::Range | Ty::Iter(_) | Ty::List(_) => {}
            _ => return Err(not_a_sequence("sum", Some(items), span)),
        }
        // The type that adding settles on: bool elements count.
        let types = self.item_types(items)?;
        let mut sum_ty = start.ty.clone();
        for ty in types.iter().chain(&types) {
            sum_ty = self.binary_type(Operator::Add, &sum_ty, ty, span)?;
        }
        if matches!(sum_ty, Ty::Array(_)) && !matches!(start.ty, Ty::Array(_)) {
            // Without items the sum would be the number.
            return Err(Unsupported::Expression {
                what: "sum() of arrays that starts from a number is",
                span,
                help: "start from an array, `sum(parts, np.zeros_like(a))`, or add along an axis, \
                       `np.sum(np.array(parts), axis=0)`",
            }
            .into());
        }
        let sum = self.func.new_var("sum", sum_ty.ir());
        let first = self.convert(&start, &sum_ty)?;
        let value = self.value(&first)?;
        self.b().set(sum, value);
        self.each_item(items, &mut |l, item| {
            let so_far = Operand::value(sum_ty.clone(), l.b().get(sum), span);
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
        expected: "several numbers, or a tuple, range, one-dimensional array or generator of numbers"
            .to_owned(),
        found: found.map_or(Ty::None, |f| f.ty.clone()),
        span: found.map_or(span, |f| f.span),
    }
    .into()
}
