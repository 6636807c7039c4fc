//! From the syntax tree to operations on kinds, by numexpr's rules.
//!
//! The result of an operation on two kinds has the greater one; functions have least kinds; `/` of integers is a
//! double's. Arithmetic of literals is Python's. What Python would have to decide about whole arrays (`and`, `not`,
//! chained comparisons, `if`) has no meaning here and is refused with what to write instead.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_syntax::ast::expr::{Call, Comparison, Expr, ExprKind};
use ungil_syntax::ast::literal::{Literal, Text};
use ungil_syntax::ast::operator::{BinaryOp, BoolOp, CompareOp, UnaryOp};

use crate::evaluate::constant::{Constant, Fault};
use crate::evaluate::error::{Class, Error, Result, refusal, refusal_with_help};
use crate::evaluate::formula::Optimization;
use crate::evaluate::functions::{self, REDUCTIONS};
use crate::evaluate::kind::Kind;
use crate::evaluate::tree::{Node, What, post_order};

/// More operations than this are a mistake; the kernel would take minutes to compile.
const MOST_NODES: usize = 20_000;

const BOOLEANS: &str = "You can't use Python's standard boolean operators in formulas. You should use their bitwise \
                        counterparts instead: '&' instead of 'and', '|' instead of 'or', and '~' instead of 'not'.";

pub(crate) struct Builder<'f> {
    names: &'f [String],
    kinds: &'f [Kind],
    pub(crate) optimization: Optimization,
    nodes: usize,
}

impl<'f> Builder<'f> {
    pub fn new(names: &'f [String], kinds: &'f [Kind], optimization: Optimization) -> Builder<'f> {
        Builder { names, kinds, optimization, nodes: 0 }
    }

    pub fn build(mut self, expr: &Expr) -> Result<Arc<Node>> {
        let root = self.node(expr)?;
        for node in post_order(&root) {
            if let What::Constant(constant) = &node.what
                && !constant.is_representable()
            {
                return Err(refusal(
                    Class::Arithmetic,
                    "an integer does not fit 64 bits",
                    node.span,
                    "too large",
                ));
            }
        }
        Ok(root)
    }

    fn node(&mut self, expr: &Expr) -> Result<Arc<Node>> {
        self.nodes += 1;
        if self.nodes > MOST_NODES {
            let title = format!("the formula has more than {MOST_NODES} operations");
            return Err(refusal(Class::Value, title, expr.span, "too much"));
        }
        let span = expr.span;
        match &expr.kind {
            ExprKind::Name(name) => self.variable(name, span),
            ExprKind::Literal(literal) => self.literal(literal, span),
            ExprKind::Binary { left, op, right } => {
                let (left, right) = (self.node(left)?, self.node(right)?);
                self.binary(*op, &left, &right, span)
            }
            ExprKind::Unary { op, operand } => {
                let operand = self.node(operand)?;
                self.unary(*op, &operand, span)
            }
            ExprKind::Compare { left, rest } => self.comparison(left, rest, span),
            ExprKind::Call(call) => self.call(call, span),
            ExprKind::Attribute { value, attr } => {
                let value = self.node(value)?;
                let name = if attr.as_str() == "real" { "real" } else { "imag" };
                Ok(Node::op(name, vec![value], Kind::Double, span))
            }
            ExprKind::Bool { op, .. } => {
                let symbol = if *op == BoolOp::And { "&" } else { "|" };
                let help = format!("write `{symbol}`, with parentheses around its operands");
                Err(refusal_with_help(Class::Type, BOOLEANS, span, "needs one truth value", &help))
            }
            ExprKind::Conditional { .. } => {
                let help = "write `where(condition, a, b)`";
                Err(refusal_with_help(Class::Type, BOOLEANS, span, "needs one truth value", help))
            }
            ExprKind::Tuple(_) => Err(unsupported("a tuple", span)),
            ExprKind::Starred(_) => Err(unsupported("an unpacked value", span)),
            _ => Err(unsupported("this", span)),
        }
    }

    fn variable(&self, name: &str, span: Span) -> Result<Arc<Node>> {
        let number = self.names.iter().position(|n| n == name).expect("names were collected from this tree");
        let kind = self.kinds.get(number).copied().unwrap_or(Kind::Double);
        Ok(Arc::new(Node { kind, what: What::Variable(number), span }))
    }

    fn literal(&self, literal: &Literal, span: Span) -> Result<Arc<Node>> {
        let constant = match literal {
            Literal::Bool(b) => Constant::Bool(*b),
            Literal::Int(n) => Constant::Int(i128::from(*n)),
            Literal::BigInt(digits) => match digits.parse() {
                Ok(n) => Constant::Int(n),
                Err(_) => {
                    return Err(refusal(
                        Class::Arithmetic,
                        "an integer does not fit 64 bits",
                        span,
                        "too large",
                    ));
                }
            },
            Literal::Float(x) => Constant::Double(*x),
            Literal::Imaginary(x) => Constant::Complex(0.0, *x),
            Literal::Bytes(bytes) => Constant::Bytes(bytes.clone()),
            Literal::Str(Text::Utf8(text)) if text.is_ascii() => Constant::Bytes(text.as_bytes().into()),
            Literal::Str(_) => {
                return Err(refusal(Class::Value, "strings in formulas are ASCII", span, "other characters"));
            }
            Literal::None => return Err(unsupported("None", span)),
            Literal::Ellipsis => return Err(unsupported("an ellipsis", span)),
        };
        Ok(Node::constant(constant, span))
    }

    fn unary(&self, op: UnaryOp, operand: &Arc<Node>, span: Span) -> Result<Arc<Node>> {
        if let Some(constant) = operand.as_constant() {
            return constant
                .unary(op)
                .map(|c| Node::constant(c, span))
                .map_err(|f| fault(f, op.symbol(), span));
        }
        match op {
            UnaryOp::Pos => Ok(operand.clone()),
            UnaryOp::Neg => Ok(Node::op("neg", vec![operand.clone()], operand.kind, span)),
            UnaryOp::Invert => Ok(Node::op("invert", vec![operand.clone()], operand.kind, span)),
            UnaryOp::Not => {
                Err(refusal_with_help(Class::Type, BOOLEANS, span, "needs one truth value", "write `~`"))
            }
        }
    }

    fn binary(&self, op: BinaryOp, left: &Arc<Node>, right: &Arc<Node>, span: Span) -> Result<Arc<Node>> {
        if let (Some(x), Some(y)) = (left.as_constant(), right.as_constant())
            && let Some(folded) = x.binary(op, y)
        {
            return folded.map(|c| Node::constant(c, span)).map_err(|f| fault(f, op.symbol(), span));
        }
        let name = match op {
            BinaryOp::Div => return self.quotient(left, right, span),
            BinaryOp::Pow => return self.power(left, right, span),
            BinaryOp::MatMult => {
                let title = "formulas have no matrix product";
                return Err(refusal(Class::Type, title, span, "works on whole arrays"));
            }
            BinaryOp::Add => "add",
            BinaryOp::Sub => "sub",
            BinaryOp::Mult => "mul",
            BinaryOp::FloorDiv => "floordiv",
            BinaryOp::Mod => "mod",
            BinaryOp::LShift => "lshift",
            BinaryOp::RShift => "rshift",
            BinaryOp::BitOr => "or",
            BinaryOp::BitXor => "xor",
            BinaryOp::BitAnd => "and",
        };
        let kind = common(&[left, right], span)?;
        Ok(Node::op(name, vec![left.clone(), right.clone()], kind, span))
    }

    /// `left / right`. numexpr multiplies by the reciprocal of a constant; we divide, which rounds once.
    pub(crate) fn quotient(&self, left: &Arc<Node>, right: &Arc<Node>, span: Span) -> Result<Arc<Node>> {
        let kind = match common(&[left, right], span)? {
            Kind::Bool | Kind::Int | Kind::Long | Kind::Ulong => Kind::Double,
            kind => kind,
        };
        Ok(Node::op("div", vec![left.clone(), right.clone()], kind, span))
    }

    fn comparison(&mut self, left: &Expr, rest: &[Comparison], span: Span) -> Result<Arc<Node>> {
        let [step] = rest else {
            let help = "write each comparison by itself and combine them with `&`";
            return Err(refusal_with_help(Class::Type, BOOLEANS, span, "a chain of comparisons", help));
        };
        let (left, right) = (self.node(left)?, self.node(&step.right)?);
        if let (Some(x), Some(y)) = (left.as_constant(), right.as_constant()) {
            let folded = x.compare(step.op, y).map(|c| Node::constant(c, span));
            return folded.map_err(|f| fault(f, step.op.symbol(), span));
        }
        let (name, args) = match step.op {
            CompareOp::Eq => ("eq", [left, right]),
            CompareOp::NotEq => ("ne", [left, right]),
            CompareOp::Gt => ("gt", [left, right]),
            CompareOp::GtE => ("ge", [left, right]),
            CompareOp::Lt => ("gt", [right, left]),
            CompareOp::LtE => ("ge", [right, left]),
            CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn => {
                let title = format!("formulas have no operator `{}`", step.op.symbol());
                return Err(refusal(Class::Type, title, step.op_span, "compares whole objects"));
            }
        };
        Ok(Node::op(name, args.to_vec(), Kind::Bool, span))
    }

    fn call(&mut self, call: &Call, span: Span) -> Result<Arc<Node>> {
        let ExprKind::Name(name) = &call.func.kind else { return Err(unsupported("this", call.func.span)) };
        if let Some(reduction) = REDUCTIONS.iter().find(|r| **r == &**name) {
            return self.reduction(reduction, call, span);
        }
        if let Some(keyword) = call.keywords.first() {
            let title = format!("{name}() takes no keyword arguments");
            return Err(refusal(Class::Type, title, keyword.span, "unexpected"));
        }
        let args = call.args.iter().map(|arg| self.node(arg)).collect::<Result<Vec<_>>>()?;
        match (&**name, &args[..]) {
            ("where", [condition, a, b]) => self.choice(condition, a, b, span),
            ("contains", [_, _]) => Ok(Node::op("contains", args, Kind::Bool, span)),
            ("_long" | "_float", [x]) => self.typed_constant(name, x, span),
            ("where", _) => Err(arguments("where", 3, args.len(), span)),
            ("contains", _) => Err(arguments("contains", 2, args.len(), span)),
            ("_long" | "_float", _) => Err(unsupported("this", span)),
            _ => self.function(name, args, span),
        }
    }

    fn function(&self, name: &str, args: Vec<Arc<Node>>, span: Span) -> Result<Arc<Node>> {
        let Some(function) = functions::find(name) else { return Err(unsupported("this", span)) };
        if args.is_empty() {
            return Err(arguments(name, 1, 0, span));
        }
        let all: Vec<&Arc<Node>> = args.iter().collect();
        let kind = function.result(common(&all, span)?);
        if let [x] = &args[..]
            && let Some(constant) = x.as_constant().and_then(|c| folded(function.op, c))
        {
            return Ok(Node::constant(constant, span));
        }
        if let ("complex", [re, im]) = (name, &args[..])
            && let (Some(re), Some(im)) = (real_constant(re), real_constant(im))
        {
            return Ok(Node::constant(Constant::Complex(re, im), span));
        }
        Ok(Node::op(function.op, args, kind, span))
    }

    /// What literals cannot say: an int64 or a float32, from `ungil.expressions`.
    fn typed_constant(&self, name: &str, x: &Arc<Node>, span: Span) -> Result<Arc<Node>> {
        let constant = x.as_constant().and_then(|c| match name {
            "_long" => i64::try_from(c.as_int()?).ok().map(Constant::Long),
            _ => c.as_double().map(|x| Constant::Float(x as f32)),
        });
        let Some(constant) = constant else { return Err(unsupported("this", span)) };
        Ok(Node::constant(constant, span))
    }

    fn choice(&self, cond: &Arc<Node>, a: &Arc<Node>, b: &Arc<Node>, span: Span) -> Result<Arc<Node>> {
        if let Some(constant) = cond.as_constant() {
            return Ok(if constant.truth() { a.clone() } else { b.clone() });
        }
        let kind = common(&[cond, a, b], span)?;
        Ok(Node::op("where", vec![cond.clone(), a.clone(), b.clone()], kind, span))
    }

    fn reduction(&mut self, name: &'static str, call: &Call, span: Span) -> Result<Arc<Node>> {
        let mut axis = call.args.get(1);
        for keyword in &call.keywords {
            let known = keyword.name.as_ref().is_some_and(|k| k.as_str() == "axis");
            if !known || axis.is_some() {
                let title = format!("{name}() takes an array and axis");
                return Err(refusal(Class::Type, title, keyword.span, "unexpected"));
            }
            axis = Some(&keyword.value);
        }
        let [arg, rest @ ..] = &call.args[..] else { return Err(arguments(name, 1, 0, span)) };
        if rest.len() > 1 {
            return Err(arguments(name, 2, call.args.len(), span));
        }
        let axes = axis.map(|axis| self.axes(axis)).transpose()?.flatten();
        let arg = self.node(arg)?;
        let kind = match arg.kind {
            // A sum of booleans counts them.
            Kind::Bool if matches!(name, "sum" | "prod") => Kind::Long,
            Kind::Bytes => return Err(missing(name, Kind::Bytes, &[Kind::Bytes], "n", span)),
            Kind::Complex if matches!(name, "min" | "max") => {
                return Err(missing(name, Kind::Complex, &[Kind::Complex], "n", span));
            }
            kind => kind,
        };
        Ok(Arc::new(Node { kind, what: What::Reduce { name, arg, axes }, span }))
    }

    /// `None`, an integer, or a tuple of integers.
    fn axes(&mut self, expr: &Expr) -> Result<Option<Vec<i64>>> {
        let integer = |this: &mut Self, expr: &Expr| {
            let node = this.node(expr)?;
            let n = node.as_constant().and_then(Constant::as_int).and_then(|n| i64::try_from(n).ok());
            n.ok_or_else(|| {
                refusal(Class::Type, "axis is an integer, a tuple of integers or None", expr.span, "not one")
            })
        };
        match &expr.kind {
            ExprKind::Literal(Literal::None) => Ok(None),
            ExprKind::Tuple(items) => {
                items.iter().map(|item| integer(self, item)).collect::<Result<Vec<_>>>().map(Some)
            }
            _ => Ok(Some(vec![integer(self, expr)?])),
        }
    }
}

fn real_constant(node: &Node) -> Option<f64> {
    node.as_constant().and_then(Constant::as_double)
}

/// Functions of constants whose results have other kinds than those of arrays, as NumPy computes them: int64 of
/// integers, real numbers of real ones.
fn folded(op: &str, x: &Constant) -> Option<Constant> {
    match (op, x) {
        ("conjugate", Constant::Complex(re, im)) => Some(Constant::Complex(*re, -im)),
        ("conjugate", Constant::Double(_) | Constant::Float(_)) => Some(x.clone()),
        ("absolute" | "round" | "sign" | "conjugate", Constant::Int(n)) => {
            let n = match op {
                "absolute" => n.checked_abs()?,
                "sign" => n.signum(),
                _ => *n,
            };
            i64::try_from(n).ok().map(Constant::Long)
        }
        _ => None,
    }
}

/// The greatest kind.
pub(crate) fn common(nodes: &[&Arc<Node>], span: Span) -> Result<Kind> {
    let bytes = nodes.iter().filter(|n| n.kind == Kind::Bytes).count();
    if bytes > 0 && bytes < nodes.len() {
        let title = "strings can only be operated with strings";
        return Err(refusal(Class::Type, title, span, "a string and a number"));
    }
    let greatest = nodes.iter().map(|n| n.kind).max().unwrap_or(Kind::Double);
    // NumPy's rule: no integer type holds both, unless the signed one is a constant that fits.
    let negative = |n: &&&Arc<Node>| {
        matches!(n.kind, Kind::Int | Kind::Long)
            && n.as_constant().and_then(Constant::as_int).is_none_or(|n| n < 0)
    };
    if greatest == Kind::Ulong && nodes.iter().any(|n| negative(&n)) {
        return Ok(Kind::Double);
    }
    Ok(greatest)
}

/// The refusal of an operation that the table does not have.
pub(crate) fn missing(name: &str, ret: Kind, args: &[Kind], tail: &str, span: Span) -> Error {
    let kinds: String = std::iter::once(&ret).chain(args).map(|k| k.code()).collect();
    let title = format!("couldn't find matching opcode for '{name}_{kinds}{tail}'");
    let words: Vec<&str> = args.iter().map(|k| k.name()).collect();
    refusal(Class::NotImplemented, title, span, &format!("of {}", words.join(" and ")))
}

fn arguments(name: &str, expected: usize, found: usize, span: Span) -> Error {
    let title =
        format!("{name}() takes {expected} argument{}, not {found}", if expected == 1 { "" } else { "s" });
    refusal(Class::Type, title, span, "wrong number of arguments")
}

fn unsupported(what: &str, span: Span) -> Error {
    refusal(
        Class::Type,
        format!("unsupported expression type: {what} is no array"),
        span,
        "not a number or an array",
    )
}

/// A fault of constant arithmetic.
pub(crate) fn fault(fault: Fault, symbol: &str, span: Span) -> Error {
    match fault {
        Fault::ZeroDivision => refusal(Class::Arithmetic, "division by zero", span, "of constants"),
        Fault::Overflow => refusal(Class::Arithmetic, "an integer does not fit 64 bits", span, "too large"),
        Fault::NegativeShift => refusal(Class::Value, "negative shift count", span, "of constants"),
        Fault::Type => {
            let title = format!("unsupported operand types for `{symbol}`");
            refusal(Class::Type, title, span, "of constants")
        }
    }
}
