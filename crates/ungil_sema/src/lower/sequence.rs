//! Iteration over tuples, arrays, ranges, `enumerate`, `zip` and `reversed`.

use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_syntax::ast::operator::BinaryOp as Operator;

use ungil_abi::exception::ExcClass;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::Lowerer;
use crate::lower::array::attribute::int_tuple;
use crate::operand::Operand;
use crate::ty::{IterTy, Ty};

/// Longest tuple over which a loop is unrolled although its elements have one type.
const UNROLL: usize = 8;

/// Longest range of which `tuple` makes a tuple.
const LONGEST: i64 = 256;

impl Lowerer<'_, '_> {
    /// The items of an iterable whose number is known, if the loop over it should be unrolled.
    pub(crate) fn static_items(&mut self, iter: &Operand) -> Option<Vec<Operand>> {
        let count = static_count(&iter.ty)?;
        if count == 0 {
            // What is left are the checks of strict lengths.
            let _ = self.iteration_length(iter);
            return Some(Vec::new());
        }
        let homogeneous = is_homogeneous(&iter.ty);
        if homogeneous && count > UNROLL {
            return None;
        }
        Some(self.all_items(iter))
    }

    /// `tuple(iterable)` of as many items as the type says, or a constant range.
    pub(crate) fn tuple_from(&mut self, items: &Operand, span: Span) -> Result<Operand> {
        if matches!(items.ty, Ty::Tuple(_)) {
            return Ok(items.clone().at(span));
        }
        if let Ty::Range = items.ty
            && let [Some(start), Some(stop), Some(step)] =
                [0, 1, 2].map(|k| self.items(items)[k].const_int().and_then(|n| i64::try_from(n).ok()))
            && step != 0
            && (stop - start) / step <= LONGEST
        {
            let inside = |n: &i64| if step > 0 { *n < stop } else { *n > stop };
            let numbers = std::iter::successors(Some(start), |n| Some(n + step)).take_while(inside);
            return Ok(Operand::tuple(numbers.map(|n| Operand::int(n, span)).collect(), span));
        }
        if static_count(&items.ty).is_some() {
            return Ok(Operand::tuple(self.all_items(items), span));
        }
        if let Some(made) = self.tuple_of_generator(items, span)? {
            return Ok(made);
        }
        let help = "how many items it has must be known when the kernel is compiled: keep a list, or write `(a[0], a[1])`";
        Err(Unsupported::Expression { what: "tuple() of this iterable is", span: items.span, help }.into())
    }

    fn all_items(&mut self, iter: &Operand) -> Vec<Operand> {
        match &iter.ty {
            Ty::Iter(kind) => {
                let parts = self.items_of_iter(iter);
                match &**kind {
                    IterTy::Enumerate(_) => {
                        let items = self.all_items(&parts[0]);
                        let number = |l: &mut Self, k: usize| {
                            let k = Operand::int(k as i64, iter.span);
                            l.binary(Operator::Add, &parts[1], &k, iter.span).unwrap_or(k)
                        };
                        let numbered = items.into_iter().enumerate();
                        numbered.map(|(k, i)| Operand::tuple(vec![number(self, k), i], iter.span)).collect()
                    }
                    IterTy::Zip(..) => {
                        let columns: Vec<Vec<Operand>> = parts.iter().map(|p| self.all_items(p)).collect();
                        let n = columns.iter().map(Vec::len).min().unwrap_or(0);
                        let row = |k: usize| columns.iter().map(|c| c[k].clone()).collect();
                        (0..n).map(|k| Operand::tuple(row(k), iter.span)).collect()
                    }
                    IterTy::Reversed(_) => {
                        let mut items = self.all_items(&parts[0]);
                        items.reverse();
                        items
                    }
                    IterTy::NdIndex(_) | IterTy::NdEnumerate(_) | IterTy::Generator(..) | IterTy::Text(_) => {
                        unreachable!("these have no static count")
                    }
                }
            }
            Ty::List(_) => Vec::new(),
            _ => self.items(iter),
        }
    }

    fn items_of_iter(&mut self, iter: &Operand) -> Vec<Operand> {
        iter.parts.as_ref().map(|p| p.to_vec()).expect("iterators exist only where they are consumed")
    }

    /// Number of items at run time.
    pub(crate) fn iteration_length(&mut self, iter: &Operand) -> Result<Value> {
        match &iter.ty {
            Ty::Iter(kind) => {
                let kind = kind.clone();
                let parts = self.items_of_iter(iter);
                match &*kind {
                    IterTy::Enumerate(_) | IterTy::Reversed(_) => self.iteration_length(&parts[0]),
                    IterTy::Zip(_, strict) => self.shortest(&parts, *strict),
                    IterTy::NdIndex(_) => {
                        let extents = parts.iter().map(|p| self.index(p)).collect::<Result<Vec<_>>>()?;
                        Ok(self.number_of_elements(&extents))
                    }
                    IterTy::NdEnumerate(_) => {
                        let extents = self.extents(&parts[0])?;
                        Ok(self.number_of_elements(&extents))
                    }
                    IterTy::Generator(..) => Err(only_consumed(iter)),
                    IterTy::Text(_) => Err(not_iterable(iter)),
                }
            }
            Ty::Array(ty) if ty.ndim > 0 => {
                let base = self.value(iter)?;
                Ok(self.b().dim(base, 0))
            }
            Ty::StructView(view) if view.array.ndim > 0 => {
                let base = self.value(iter)?;
                Ok(self.b().dim(base, 0))
            }
            Ty::List(_) => self.list_length(iter),
            Ty::Tuple(items) => Ok(self.b().i64(items.len() as i64)),
            Ty::Range => {
                let len = self.length(iter, iter.span)?;
                self.value(&len)
            }
            ty => Err(TypeError::NotIterable { ty: ty.clone(), span: iter.span }.into()),
        }
    }

    /// The product of extents; one if there are none.
    fn number_of_elements(&mut self, extents: &[Value]) -> Value {
        let product = extents.iter().copied().reduce(|a, b| self.b().binary(BinaryOp::Mul, a, b));
        product.unwrap_or_else(|| self.b().i64(1))
    }

    /// The indices of element `i` in C order.
    fn unravelled(&mut self, i: Value, extents: &[Value]) -> Vec<Value> {
        let mut rest = i;
        let mut at = Vec::new();
        for (axis, &extent) in extents.iter().enumerate().rev() {
            if axis == 0 {
                at.push(rest);
                break;
            }
            at.push(self.b().binary(BinaryOp::Mod, rest, extent));
            rest = self.b().binary(BinaryOp::FloorDiv, rest, extent);
        }
        at.reverse();
        at
    }

    fn shortest(&mut self, parts: &[Operand], strict: bool) -> Result<Value> {
        let Some((first, rest)) = parts.split_first() else { return Ok(self.b().i64(0)) };
        let mut shortest = self.iteration_length(first)?;
        for (k, p) in rest.iter().enumerate() {
            let n = self.iteration_length(p)?;
            if strict {
                self.check_equal_lengths(shortest, n, k);
            }
            shortest = self.b().binary(BinaryOp::Min, shortest, n);
        }
        Ok(shortest)
    }

    /// Raises as `zip(…, strict=True)` does unless argument `k + 2` has as many items as those before.
    fn check_equal_lengths(&mut self, before: Value, n: Value, k: usize) {
        let earlier = if k == 0 { "argument 1".to_owned() } else { format!("arguments 1-{}", k + 1) };
        for (op, relation) in [(CompareOp::Ge, "shorter"), (CompareOp::Le, "longer")] {
            let fine = self.b().compare(op, n, before);
            let message = format!("zip() argument {} is {relation} than {earlier}", k + 2);
            self.check(fine, ExcClass::VALUE_ERROR, &message, Vec::new());
        }
    }

    /// Item `i`, which is in range.
    pub(crate) fn iteration_item(&mut self, iter: &Operand, i: Value) -> Result<Operand> {
        let span = iter.span;
        match &iter.ty {
            Ty::Iter(kind) => {
                let kind = kind.clone();
                let parts = self.items_of_iter(iter);
                match &*kind {
                    IterTy::Enumerate(_) => {
                        let start = self.index(&parts[1])?;
                        let number = self.b().binary(BinaryOp::Add, start, i);
                        let item = self.iteration_item(&parts[0], i)?;
                        Ok(Operand::tuple(vec![Operand::value(Ty::PyInt, number, span), item], span))
                    }
                    IterTy::Zip(..) => {
                        let items =
                            parts.iter().map(|p| self.iteration_item(p, i)).collect::<Result<Vec<_>>>()?;
                        Ok(Operand::tuple(items, span))
                    }
                    IterTy::NdIndex(_) => {
                        let extents = parts.iter().map(|p| self.index(p)).collect::<Result<Vec<_>>>()?;
                        let at = self.unravelled(i, &extents);
                        Ok(int_tuple(at, span))
                    }
                    IterTy::NdEnumerate(_) => {
                        let extents = self.extents(&parts[0])?;
                        let at = self.unravelled(i, &extents);
                        let element = self.load_element(&parts[0], at.clone())?;
                        Ok(Operand::tuple(vec![int_tuple(at, span), element], span))
                    }
                    IterTy::Reversed(_) => {
                        let (n, one) = (self.iteration_length(&parts[0])?, self.b().i64(1));
                        let last = self.b().binary(BinaryOp::Sub, n, one);
                        let mirrored = self.b().binary(BinaryOp::Sub, last, i);
                        self.iteration_item(&parts[0], mirrored)
                    }
                    IterTy::Generator(..) => Err(only_consumed(iter)),
                    IterTy::Text(_) => Err(not_iterable(iter)),
                }
            }
            Ty::Array(_) => self.array_item(iter, i),
            Ty::Tuple(items) if is_homogeneous(&iter.ty) && !items.is_empty() => {
                let ty = items[0].clone();
                let tuple = self.value(iter)?;
                let value = self.b().value(InstKind::TupleIndex(tuple, i));
                Ok(Operand::value(ty, value, span))
            }
            Ty::List(_) => self.iterated_item(iter, i),
            Ty::Tuple(_) => Err(TypeError::MixedTuple { ty: iter.ty.clone(), span }.into()),
            Ty::Range => {
                let parts = self.items(iter);
                let (start, step) = (self.index(&parts[0])?, self.index(&parts[2])?);
                let moved = self.b().binary(BinaryOp::Mul, i, step);
                let value = self.b().binary(BinaryOp::Add, start, moved);
                Ok(Operand::value(Ty::PyInt, value, span))
            }
            ty => Err(TypeError::NotIterable { ty: ty.clone(), span }.into()),
        }
    }
}

fn not_iterable(iter: &Operand) -> crate::diagnostics::Error {
    TypeError::NotIterable { ty: iter.ty.clone(), span: iter.span }.into()
}

/// The error of a generator expression that is not an argument of `any all sum min max`.
fn only_consumed(generator: &Operand) -> crate::diagnostics::Error {
    let help = "write the loop out, or use it as the argument of any(), all(), sum(), min() or max()";
    Unsupported::Expression { what: "a generator expression here is", span: generator.span, help }.into()
}

/// Number of items if the type says it.
pub(crate) fn static_count(ty: &Ty) -> Option<usize> {
    match ty {
        Ty::Tuple(items) => Some(items.len()),
        Ty::List(list) if list.element.is_none() => Some(0),
        Ty::Iter(kind) => match &**kind {
            IterTy::Enumerate(t) | IterTy::Reversed(t) => static_count(t),
            // An empty list may have no type that items could be read by.
            IterTy::Zip(items, _) if items.iter().any(|t| static_count(t) == Some(0)) => Some(0),
            IterTy::Zip(items, strict) => {
                let counts = items.iter().map(static_count).collect::<Option<Vec<usize>>>()?;
                // Where strict lengths differ the check at run time raises.
                let unequal = counts.iter().any(|n| *n != counts[0]);
                if *strict && unequal { None } else { counts.into_iter().min() }
            }
            IterTy::NdIndex(_) | IterTy::NdEnumerate(_) | IterTy::Generator(..) | IterTy::Text(_) => None,
        },
        _ => None,
    }
}

fn is_homogeneous(ty: &Ty) -> bool {
    match ty {
        Ty::Tuple(items) => items.iter().all(|t| *t == items[0] && !t.is_compile_time()),
        Ty::Iter(kind) => match &**kind {
            IterTy::Enumerate(t) | IterTy::Reversed(t) => is_homogeneous(t),
            IterTy::Zip(items, _) => items.iter().all(is_homogeneous),
            IterTy::NdIndex(_) | IterTy::NdEnumerate(_) | IterTy::Generator(..) | IterTy::Text(_) => true,
        },
        _ => true,
    }
}
