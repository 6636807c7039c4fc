//! `np.einsum`: sums of products over axes that letters name.
//!
//! Each operand becomes a view with an axis for every letter, those of the result first; their product is summed over the
//! axes behind, in one loop nest without a temporary. Two operands that share one summed letter and have one of their own
//! each go to `matmul` where elements are floats.
//! Limits: the subscripts are a constant string, or constant numbers behind each operand; `optimize` is accepted and means nothing.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp};
use ungil_ir::types::{ArrayType, DType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::numpy::reductions;
use crate::lower::numpy::selection::argument;
use crate::lower::numpy::shapes::{Axis, rank};
use crate::operand::Operand;
use crate::promote::promote_dtypes;
use crate::registry;
use crate::ty::Ty;

/// Signatures, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[(
    "einsum(subscripts, *operands, out=None, optimize=False)",
    "`subscripts` are a constant string, or lists of numbers behind the operands",
)];

/// What names an axis.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Label {
    /// An axis that `...` stands for, counted from the last.
    Other(usize),
    Letter(char),
}

/// The labels of all axes.
#[derive(PartialEq, Eq, Debug)]
struct Subscripts {
    operands: Vec<Vec<Label>>,
    result: Vec<Label>,
    summed: Vec<Label>,
}

/// Calls `np.einsum`; `None` if the function is another.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    if function != "einsum" {
        return Ok(None);
    }
    let mut args = args.clone();
    let out = args.take("out").filter(|o| !o.is_none());
    args.take("optimize");
    args.check_no_keywords("numpy.einsum")?;
    let span = args.span;
    if args.positional.first().is_some_and(|first| first.as_str().is_none()) {
        args.positional = match l.numbered(&args.positional)? {
            Ok(positional) => positional,
            Err((class, message)) => return l.always_raise(class, message),
        };
    }
    let text = match args.positional.split_first() {
        Some((first, _)) => match first.as_str() {
            Some(text) => text.to_owned(),
            None => return Err(argument("numpy.einsum", "subscripts", "a constant string", first)),
        },
        None => String::new(),
    };
    let operands =
        args.positional.iter().skip(1).map(|x| l.as_array(x, None, span)).collect::<Result<Vec<_>>>()?;
    if operands.is_empty() {
        let message = "must specify the einstein sum subscripts string and at least one operand";
        return l.always_raise(ExcClass::VALUE_ERROR, message);
    }
    let ranks: Vec<usize> = operands.iter().map(rank).collect();
    let subscripts = match read(&text, &ranks) {
        Ok(subscripts) => subscripts,
        Err(message) => return l.always_raise(ExcClass::VALUE_ERROR, &message),
    };
    let result = l.einsum(&subscripts, &operands, span)?;
    match out {
        Some(out) => l.write_out(&out, &result).map(Some),
        None => Ok(Some(result)),
    }
}

/// Reads the subscripts of operands with so many axes.
fn read(text: &str, ranks: &[usize]) -> std::result::Result<Subscripts, String> {
    let text: String = text.chars().filter(|c| *c != ' ').collect();
    let (inputs, output) = match text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (&*text, None),
    };
    if inputs.contains(['-', '>']) {
        return Err("einstein sum subscript string does not contain proper '->' output specified".to_owned());
    }
    let parts: Vec<&str> = inputs.split(',').collect();
    if parts.len() != ranks.len() {
        let count = if parts.len() > ranks.len() { "fewer" } else { "more" };
        let wanted = "operands provided to einstein sum function than specified in the subscripts string";
        return Err(format!("{count} {wanted}"));
    }
    let mut operands = Vec::new();
    for (k, (part, &rank)) in parts.iter().zip(ranks).enumerate() {
        operands.push(read_operand(part, k, rank)?);
    }
    let all: Vec<Label> = operands.iter().flatten().copied().collect();
    let others = all.iter().filter_map(|x| if let Label::Other(k) = x { Some(k + 1) } else { None }).max();
    let result = match output {
        Some(output) => read_output(output, &all, others.unwrap_or(0))?,
        None => implied(&all, others.unwrap_or(0)),
    };
    let mut summed: Vec<Label> = Vec::new();
    for label in all {
        if !result.contains(&label) && !summed.contains(&label) {
            summed.push(label);
        }
    }
    Ok(Subscripts { operands, result, summed })
}

/// The letters of a part, with where `...` stands among them.
fn letters(part: &str, place: &str) -> std::result::Result<(Vec<char>, Option<usize>), String> {
    let (before, behind) = match part.split_once("...") {
        Some((before, behind)) => (before, Some(behind)),
        None => (part, None),
    };
    let found: Vec<char> = before.chars().chain(behind.unwrap_or("").chars()).collect();
    for &c in &found {
        if c == '.' {
            let start =
                "einstein sum subscripts string contains a '.' that is not part of an ellipsis ('...')";
            return Err(format!("{start} in {place}"));
        }
        if !c.is_ascii_alphabetic() {
            let start = format!("invalid subscript '{c}' in einstein sum subscripts string");
            return Err(format!("{start}, subscripts must be letters"));
        }
    }
    Ok((found, behind.map(|_| before.chars().count())))
}

fn read_operand(part: &str, k: usize, rank: usize) -> std::result::Result<Vec<Label>, String> {
    let (found, ellipsis) = letters(part, &format!("operand {k}"))?;
    if found.len() > rank {
        return Err(format!("einstein sum subscripts string contains too many subscripts for operand {k}"));
    }
    let others = rank - found.len();
    spread(found, ellipsis, others, "operand")
}

/// Letters with the other axes where `...` stands among them.
fn spread(
    found: Vec<char>,
    ellipsis: Option<usize>,
    others: usize,
    what: &str,
) -> std::result::Result<Vec<Label>, String> {
    if ellipsis.is_none() && others > 0 {
        return Err(format!(
            "{what} has more dimensions than subscripts given in einstein sum, but no '...' ellipsis \
             provided to broadcast the extra dimensions."
        ));
    }
    let at = ellipsis.unwrap_or(found.len());
    let mut labels: Vec<Label> = found.into_iter().map(Label::Letter).collect();
    labels.splice(at..at, (0..others).rev().map(Label::Other));
    Ok(labels)
}

/// The labels of a result that is written down.
fn read_output(part: &str, all: &[Label], others: usize) -> std::result::Result<Vec<Label>, String> {
    let (found, ellipsis) = letters(part, "the output")?;
    for (k, c) in found.iter().enumerate() {
        let start = "einstein sum subscripts string";
        if found[..k].contains(c) {
            return Err(format!("{start} includes output subscript '{c}' multiple times"));
        }
        if !all.contains(&Label::Letter(*c)) {
            return Err(format!("{start} included output subscript '{c}' which never appeared in an input"));
        }
    }
    spread(found, ellipsis, others, "output")
}

/// Without an output: what `...` stands for, then the letters that occur once, in order.
fn implied(all: &[Label], others: usize) -> Vec<Label> {
    let mut once: Vec<Label> = all
        .iter()
        .filter(|x| matches!(x, Label::Letter(_)) && all.iter().filter(|y| y == x).count() == 1)
        .copied()
        .collect();
    once.sort_unstable();
    (0..others).rev().map(Label::Other).chain(once).collect()
}

/// Arguments, or the exception that NumPy raises for them.
type Rewritten = std::result::Result<Vec<Operand>, (ExcClass, &'static str)>;

impl Lowerer<'_, '_> {
    /// `einsum(a, [0, 1], b, [1, 2], [0, 2])` as `einsum("AB,BC->AC", a, b)`.
    fn numbered(&mut self, given: &[Operand]) -> Result<Rewritten> {
        let (mut text, mut operands) = (String::new(), Vec::new());
        for pair in given.chunks(2) {
            let (operand, labels) = match pair {
                [operand, labels] => (Some(operand), labels),
                [output] => (None, output),
                _ => unreachable!("chunks of two"),
            };
            if !matches!(labels.ty, Ty::Tuple(_)) {
                return Err(argument(
                    "numpy.einsum",
                    "subscripts",
                    "constant numbers behind each operand",
                    labels,
                ));
            }
            match operand {
                Some(operand) => {
                    text.push_str(if operands.is_empty() { "" } else { "," });
                    operands.push(operand.clone());
                }
                None => text.push_str("->"),
            }
            for label in self.items(labels) {
                match (label.const_int(), &label.ty) {
                    (Some(n @ 0..26), _) => text.push((b'A' + n as u8) as char),
                    (Some(n @ 26..52), _) => text.push((b'a' + (n - 26) as u8) as char),
                    (Some(_), _) => {
                        let message = "subscript is not within the valid range [0, 52)";
                        return Ok(Err((ExcClass::VALUE_ERROR, message)));
                    }
                    (None, Ty::Ellipsis) => text.push_str("..."),
                    _ => {
                        let expected = "numbers that are constants, and `...`";
                        return Err(argument("numpy.einsum", "subscripts", expected, &label));
                    }
                }
            }
        }
        operands.insert(0, Operand::entity(Ty::Str(text.into()), given[0].span));
        Ok(Ok(operands))
    }

    fn einsum(&mut self, s: &Subscripts, operands: &[Operand], span: Span) -> Result<Operand> {
        let dtypes = operands.iter().map(|x| x.ty.as_array().expect("an array").dtype);
        let dtype = dtypes.reduce(promote_dtypes).expect("at least one operand");
        let float = dtype.is_float() || dtype.is_complex();
        if float && let Some(product) = self.einsum_product(s, operands, span)? {
            return Ok(product);
        }
        let axes: Vec<Label> = s.result.iter().chain(&s.summed).copied().collect();
        let mut views = Vec::new();
        for (k, (x, labels)) in operands.iter().zip(&s.operands).enumerate() {
            views.push(self.einsum_view(
                x,
                labels,
                &axes,
                (k, operands.len() == 1 && s.summed.is_empty()),
            )?);
        }
        let mut views = views.into_iter();
        let mut product = views.next().expect("at least one operand");
        for other in views {
            product = self.numpy_call("multiply", vec![product, other], span)?;
        }
        if s.summed.is_empty() {
            return if axes.is_empty() { self.element_of(&product) } else { Ok(product) };
        }
        let summed = (s.result.len()..axes.len()).map(|k| Operand::int(k as i64, span));
        let mut keywords = vec![("axis".to_owned(), Operand::tuple(summed.collect(), span))];
        let function = if dtype == DType::Bool { "any" } else { "sum" };
        if dtype != DType::Bool {
            keywords.push(("dtype".to_owned(), Operand::entity(Ty::DType(dtype), span)));
        }
        let total = reductions::call(self, function, Args { positional: vec![product], keywords, span })?;
        Ok(total.expect("a reduction"))
    }

    fn numpy_call(&mut self, function: &str, positional: Vec<Operand>, span: Span) -> Result<Operand> {
        registry::call(self, &format!("numpy.{function}"), Args { positional, keywords: Vec::new(), span })
    }

    /// A view with an axis for each label; those that an operand does not have have one element.
    fn einsum_view(
        &mut self,
        x: &Operand,
        own: &[Label],
        axes: &[Label],
        (number, single): (usize, bool),
    ) -> Result<Operand> {
        let ty = x.ty.as_array().expect("an array");
        let base = self.value(x)?;
        let (mut shape, mut strides) = (Vec::new(), Vec::new());
        for label in axes {
            let mut found = (0..own.len()).filter(|k| own[*k] == *label);
            let Some(first) = found.next() else {
                let one = self.b().i64(1);
                self.ones.insert(one);
                shape.push(one);
                strides.push(self.b().i64(0));
                continue;
            };
            let (extent, mut stride) = (self.extent_of(x, base, first), self.b().stride(base, first as u8));
            for k in found {
                // A letter that occurs twice goes along the diagonal.
                let other = self.b().dim(base, k as u8);
                let fits = self.b().compare(CompareOp::Eq, extent, other);
                let operand = if single { "single operand".to_owned() } else { format!("operand {number}") };
                let letter = if let Label::Letter(c) = label { *c } else { '.' };
                let message = format!(
                    "dimensions in {operand} for collapsing index '{letter}' don't match ({{0}} != {{1}})"
                );
                self.check(fits, ExcClass::VALUE_ERROR, &message, vec![(extent, true), (other, true)]);
                let more = self.b().stride(base, k as u8);
                stride = self.b().binary(BinaryOp::Add, stride, more);
            }
            shape.push(extent);
            strides.push(stride);
        }
        let layout = if axes.is_empty() { Layout::C } else { Layout::Strided };
        let zero = self.b().i64(0);
        let view = ArrayType { ndim: axes.len() as u8, layout, ..ty };
        Ok(self.view(base, view, zero, shape, strides, x.span))
    }

    /// `matmul`, where it computes the same.
    fn einsum_product(
        &mut self,
        s: &Subscripts,
        operands: &[Operand],
        span: Span,
    ) -> Result<Option<Operand>> {
        let ([a, b], [x, y]) = (&s.operands[..], operands) else { return Ok(None) };
        let Some(plan) = Product::of(a, b, &s.result, &s.summed) else { return Ok(None) };
        let (n, m) = (a.len(), b.len());
        let (left, right) = (self.rearranged(x, &plan.left, span)?, self.rearranged(y, &plan.right, span)?);
        let (left_shape, right_shape) = (self.extents(&left)?, self.extents(&right)?);
        let (inner, other, one) = (left_shape[n - 1], right_shape[m - 2], self.b().i64(1));
        // An axis of one element is repeated, which matmul does not do.
        let single = self.b().compare(CompareOp::Eq, inner, one);
        let common = self.b().select(single, other, inner);
        let equal = self.b().compare(CompareOp::Eq, other, common);
        let repeated = self.b().compare(CompareOp::Eq, other, one);
        let fits = self.b().binary(BinaryOp::Or, equal, repeated);
        let message = "operands could not be broadcast together with remapped shapes: \
                       {0} and {1} elements along the summed axis";
        self.check(fits, ExcClass::VALUE_ERROR, message, vec![(inner, true), (other, true)]);
        let (mut wide, mut high) = (left_shape, right_shape);
        (wide[n - 1], high[m - 2]) = (common, common);
        let (left, right) = (self.broadcast_view(&left, &wide)?, self.broadcast_view(&right, &high)?);
        let product = self.numpy_call("matmul", vec![left, right], span)?;
        self.rearranged(&product, &plan.result, span).map(Some)
    }
}

/// How two operands become stacks of matrices, and their product the result.
struct Product {
    left: Vec<Axis>,
    right: Vec<Axis>,
    result: Vec<Axis>,
}

impl Product {
    /// `None` where the operands are no such stacks.
    fn of(a: &[Label], b: &[Label], result: &[Label], summed: &[Label]) -> Option<Product> {
        let twice = |x: &[Label]| (1..x.len()).any(|k| x[..k].contains(&x[k]));
        let &[inner] = summed else { return None };
        if twice(a) || twice(b) || !a.contains(&inner) || !b.contains(&inner) {
            return None;
        }
        let stack: Vec<Label> = result.iter().filter(|x| a.contains(x) && b.contains(x)).copied().collect();
        let own = |x: &[Label], y: &[Label]| -> Option<Label> {
            let mut own = x.iter().filter(|l| !y.contains(l));
            own.next().filter(|_| own.next().is_none()).copied()
        };
        let (row, column) = (own(a, b)?, own(b, a)?);
        let place = |x: &[Label], label: &Label| x.iter().position(|l| l == label).map(Axis::Of);
        let axes = |x: &[Label], last: [Label; 2]| -> Option<Vec<Axis>> {
            stack.iter().chain(&last).map(|label| place(x, label)).collect()
        };
        let product: Vec<Label> = stack.iter().chain(&[row, column]).copied().collect();
        let order = result.iter().map(|label| place(&product, label)).collect::<Option<_>>()?;
        Some(Product { left: axes(a, [row, inner])?, right: axes(b, [inner, column])?, result: order })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(text: &str) -> Vec<Label> {
        text.chars().map(Label::Letter).collect()
    }

    #[test]
    fn the_implied_result_has_what_occurs_once_in_order() {
        let s = read("bj,jA", &[2, 2]).expect("well-formed");
        assert_eq!(s.result, labels("Ab"));
        assert_eq!(s.summed, labels("j"));
    }

    #[test]
    fn an_ellipsis_stands_for_the_axes_that_are_left() {
        let s = read("i...j->j...", &[4]).expect("well-formed");
        assert_eq!(s.result, [Label::Letter('j'), Label::Other(1), Label::Other(0)]);
        assert_eq!(s.summed, labels("i"));
    }

    #[test]
    fn what_is_wrong_is_said_in_words() {
        for (text, ranks) in [("ij->k", &[2][..]), ("i", &[2]), ("ij", &[1]), ("i,j", &[1]), ("i->ii", &[1])]
        {
            assert!(read(text, ranks).is_err(), "{text}");
        }
    }
}
