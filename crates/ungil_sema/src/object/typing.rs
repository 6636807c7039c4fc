//! Types of expressions before they are lowered: what is of C and what is an object.

use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, CompareOp, UnaryOp};

use super::call::is_simple;
use super::character::{char_type, is_char};
use super::consume::is_consumed;
use super::expr::folded;
use super::function::Lowerer;
use super::pointer::{arithmetic_kind, null_type};
use super::python_api::is_object;
use super::value::CTy;
use super::{Given, Meaning, Own};
use crate::ctype::CType;

/// What an expression gives.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Kind {
    Object,
    C(CTy),
    Literal(Literal),
}

impl Lowerer<'_> {
    pub(super) fn kind(&self, e: &Expr) -> Kind {
        match &e.kind {
            ExprKind::Literal(literal @ (Literal::Int(_) | Literal::Float(_) | Literal::Bool(_))) => {
                Kind::Literal(literal.clone())
            }
            ExprKind::Literal(Literal::Imaginary(_)) => Kind::Literal(Literal::Imaginary(0.0)),
            ExprKind::Name(name) => match self.local(name) {
                Some(local) => local.ty.map_or(Kind::Object, Kind::C),
                None => match (self.source.meaning)(name) {
                    Meaning::Null => Kind::C(null_type()),
                    Meaning::Number(Literal::Float(_)) => Kind::C(CTy::num(DType::F64)),
                    Meaning::Number(number) => Kind::Literal(number),
                    _ => Kind::Object,
                },
            },
            ExprKind::Attribute { value, attr } => match self.place_type(e) {
                Some(ty) => Kind::C(ty),
                None => self.complex_part_type(value, &attr.name).map_or(Kind::Object, Kind::C),
            },
            ExprKind::Binary { left, op, right } => match folded(e) {
                Some(n) => Kind::Literal(Literal::Int(n)),
                None => self.binary_kind(left, *op, right),
            },
            ExprKind::Unary { op: UnaryOp::Not, .. } => Kind::C(CTy::Bint),
            ExprKind::Unary { operand, .. } => match self.kind(operand) {
                Kind::C(ty) if !is_char(&ty) => Kind::C(promoted(&ty)),
                _ => Kind::Object,
            },
            ExprKind::Compare { left, rest } => {
                let all_c = self.is_c(left) && rest.iter().all(|r| self.is_c(&r.right));
                let all_c = all_c
                    || rest.len() == 1
                        && (self.compares_addresses(left, rest)
                            || self.compares_letters(left, rest[0].op, &rest[0].right));
                let truth = rest.iter().all(|r| {
                    matches!(r.op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn)
                });
                if all_c || truth { Kind::C(CTy::Bint) } else { Kind::Object }
            }
            ExprKind::Conditional { body, orelse, .. } => self.joined(body, orelse),
            ExprKind::Subscript { value, index } => match self.view_kind(value, index) {
                Some(ty) => Kind::C(ty),
                None if self.is_letter_item(value, index) => Kind::C(char_type()),
                None => self.place_type(e).map_or(Kind::Object, Kind::C),
            },
            ExprKind::Call(call) if self.gives_truth(call) || self.asked(call).is_some() => {
                Kind::C(CTy::Bint)
            }
            ExprKind::Call(call) if self.is_code(call) => Kind::C(CTy::num(DType::I64)),
            ExprKind::Call(call) if self.extremum(call).is_some() => {
                self.extremum(call).map_or(Kind::Object, |(ty, _)| Kind::C(ty))
            }
            ExprKind::Call(call) => self.kind_of_call(call),
            _ => Kind::Object,
        }
    }

    /// What a call of a function gives that is no builtin with a meaning of its own.
    fn kind_of_call(&self, call: &Call) -> Kind {
        if let Some(f) = self.function_behind(&call.func) {
            return given(&f.ret);
        }
        if let Some((own, _)) = self.chosen(call) {
            return own.ret.c().map_or(Kind::Object, |ty| Kind::C(ty.clone()));
        }
        if self.searched_place(call).is_some() {
            return Kind::C(CTy::Num(DType::I64, "Py_ssize_t".into()));
        }
        let Some(name) = &self.callee(&call.func) else { return Kind::Object };
        if let Some(ty) = self.c_operator_type(call, name) {
            return Kind::C(ty);
        }
        match (self.source.meaning)(name) {
            Meaning::Builtin if &**name == "len" && call.args.len() == 1 && call.keywords.is_empty() => {
                Kind::C(CTy::Num(DType::I64, "Py_ssize_t".into()))
            }
            Meaning::Builtin if self.asked_classes(call).is_some() => Kind::C(CTy::Bint),
            Meaning::Typed(ty) => Kind::C(ty),
            Meaning::Own(Own { ret: Given::C(ty), .. }) => Kind::C(ty),
            Meaning::Extern(f) => given(&f.ret),
            Meaning::Struct(ty) => Kind::C(CTy::of(&self.complete(&ty))),
            Meaning::Cast(ty) if call.args.len() == 1 => Kind::C(ty),
            Meaning::Math(name, n) if n == call.args.len() => Kind::C(match &*name {
                "isinf" => CTy::num(DType::I32),
                name if gives_truth(name) => CTy::Bint,
                _ => CTy::num(DType::F64),
            }),
            _ => Kind::Object,
        }
    }

    /// The type of `min` or `max` of numbers of C, and whether it is `max`.
    pub(super) fn extremum(&self, call: &Call) -> Option<(CTy, bool)> {
        let ExprKind::Name(name) = &call.func.kind else { return None };
        let is_known = matches!(&**name, "min" | "max") && is_simple(call) && call.args.len() > 1;
        if !is_known || !self.is_builtin(name) {
            return None;
        }
        let (mut ty, mut is_typed) = (None, false);
        for arg in &call.args {
            let kind = self.kind(arg);
            let own = c_of(&kind).filter(|own| !own.is_address() && !own.is_complex() && !is_char(own))?;
            if is_long(&kind) || matches!(kind, Kind::Literal(Literal::Bool(_))) || own == CTy::Bint {
                return None;
            }
            is_typed |= matches!(kind, Kind::C(_));
            ty = Some(match ty {
                None => promoted(&own),
                Some(ty) => common(&ty, &own),
            });
        }
        ty.filter(|_| is_typed).map(|ty| (ty, &**name == "max"))
    }

    /// Whether a call is `any` or `all` of a generator expression.
    fn gives_truth(&self, call: &Call) -> bool {
        matches!(&call.func.kind, ExprKind::Name(name) if matches!(&**name, "any" | "all"))
            && is_consumed(call, &|name| self.is_builtin(name))
    }

    /// Whether an expression is a number of C, or a literal that may be one.
    pub(super) fn is_c(&self, e: &Expr) -> bool {
        !matches!(self.kind(e), Kind::Object)
    }

    /// The type of C that both branches have.
    fn joined(&self, a: &Expr, b: &Expr) -> Kind {
        match (self.kind(a), self.kind(b)) {
            (Kind::C(a), Kind::C(b)) if a == b => Kind::C(a),
            (Kind::C(a), _) | (_, Kind::C(a)) if is_char(&a) => Kind::Object,
            (Kind::C(a), Kind::C(b)) if a.is_address() || b.is_address() => {
                // `NULL` is a pointer of any type.
                match (a == null_type(), b == null_type()) {
                    (true, _) => Kind::C(b),
                    (_, true) => Kind::C(a),
                    _ => Kind::Object,
                }
            }
            (Kind::C(a), Kind::C(b)) if a != CTy::Bint && b != CTy::Bint => Kind::C(common(&a, &b)),
            (Kind::C(a), Kind::Literal(b)) | (Kind::Literal(b), Kind::C(a)) => match (&a, &b) {
                (CTy::Num(d, _), Literal::Float(_)) if !d.is_float() => Kind::C(CTy::num(DType::F64)),
                (CTy::Num(d, _), Literal::Int(n)) if i32::try_from(*n).is_err() && !d.is_float() => {
                    Kind::Object
                }
                (CTy::Num(..), Literal::Int(_) | Literal::Float(_)) => Kind::C(promoted(&a)),
                (CTy::Bint, Literal::Bool(_)) => Kind::C(CTy::Bint),
                _ => Kind::Object,
            },
            _ => Kind::Object,
        }
    }

    fn binary_kind(&self, left: &Expr, op: BinaryOp, right: &Expr) -> Kind {
        let (a, b) = (self.kind(left), self.kind(right));
        if is_address(&a) || is_address(&b) {
            return arithmetic_kind(op, &a, &b).map_or(Kind::Object, Kind::C);
        }
        let (Some(x), Some(y)) = (c_of(&a), c_of(&b)) else { return Kind::Object };
        // To operators characters are strings.
        if is_char(&x) || is_char(&y) {
            return Kind::Object;
        }
        if is_long(&a) && !y.dtype().is_float() || is_long(&b) && !x.dtype().is_float() {
            return Kind::Object;
        }
        if let (Kind::Literal(a), Kind::Literal(b)) = (&a, &b) {
            let is_float = is_sum_of_floats(a, op, b);
            return if is_float { Kind::C(CTy::num(DType::F64)) } else { Kind::Object };
        }
        let both = common(&x, &y);
        let is_float = both.dtype().is_float() || both.is_complex();
        match op {
            BinaryOp::Pow => self.power_type((&x, left), (&y, right)).map_or(Kind::Object, Kind::C),
            BinaryOp::MatMult => Kind::Object,
            BinaryOp::Div if !is_float && !self.c.divides_integers() => Kind::C(CTy::num(DType::F64)),
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult => Kind::C(both),
            BinaryOp::Div if is_float => Kind::C(both),
            BinaryOp::BitAnd | BinaryOp::BitOr | BinaryOp::BitXor if !is_float => Kind::C(both),
            // What is refused when it is lowered.
            _ => Kind::C(both),
        }
    }
}

/// Whether an operation on literals gives a float, and never an exception.
fn is_sum_of_floats(a: &Literal, op: BinaryOp, b: &Literal) -> bool {
    let is_float = |literal: &Literal| matches!(literal, Literal::Float(_));
    let is_number = |literal: &Literal| is_float(literal) || matches!(literal, Literal::Int(_));
    let is_zero = matches!(b, Literal::Int(0)) || matches!(b, Literal::Float(x) if *x == 0.0);
    (is_float(a) && is_number(b) || is_number(a) && is_float(b))
        && (matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mult) || op == BinaryOp::Div && !is_zero)
}

/// Whether a function of C's mathematical library gives a truth value.
fn gives_truth(name: &str) -> bool {
    matches!(name, "isnan" | "isfinite" | "signbit")
}

/// The type of what a function of C gives.
fn given(ty: &CType) -> Kind {
    if *ty == CType::Void || is_object(ty) { Kind::Object } else { Kind::C(CTy::of(ty)) }
}

/// Whether a value is a literal beyond 32 bits, which is Python's in arithmetic.
pub(super) fn is_long(kind: &Kind) -> bool {
    matches!(kind, Kind::Literal(Literal::Int(n)) if i32::try_from(*n).is_err())
}

/// Whether a value is a pointer, a struct or an array.
pub(super) fn is_address(kind: &Kind) -> bool {
    matches!(kind, Kind::C(ty) if ty.is_address())
}

fn c_of(kind: &Kind) -> Option<CTy> {
    match kind {
        Kind::Object => None,
        Kind::C(ty) => Some(ty.clone()),
        Kind::Literal(Literal::Int(n)) => {
            Some(CTy::num(if i32::try_from(*n).is_ok() { DType::I32 } else { DType::I64 }))
        }
        Kind::Literal(Literal::Float(_)) => Some(CTy::num(DType::F64)),
        Kind::Literal(Literal::Imaginary(_)) => Some(CTy::num(DType::C128)),
        Kind::Literal(_) => Some(CTy::Bint),
    }
}

/// C's integer promotion.
pub(super) fn promoted(ty: &CTy) -> CTy {
    let dtype = ty.dtype();
    match ty {
        _ if dtype.is_int() && dtype.size() < 4 || *ty == CTy::Bint => CTy::num(DType::I32),
        // What is computed with members of an enumeration is none.
        CTy::Num(_, name) if name.starts_with("enum ") => CTy::num(dtype),
        _ => ty.clone(),
    }
}

/// C's usual arithmetic conversions.
pub(super) fn common(a: &CTy, b: &CTy) -> CTy {
    let (a, b) = (promoted(a), promoted(b));
    let rank = |d: DType| match d {
        DType::I32 => 0,
        DType::U32 => 1,
        DType::I64 => 2,
        DType::U64 => 3,
        DType::F32 => 4,
        DType::C64 => 6,
        DType::C128 => 7,
        _ => 5,
    };
    // A single complex number and a double are a double complex one.
    if matches!((a.dtype(), b.dtype()), (DType::C64, DType::F64) | (DType::F64, DType::C64)) {
        return CTy::num(DType::C128);
    }
    if rank(a.dtype()) >= rank(b.dtype()) { a } else { b }
}
