//! Operand types of arithmetic, on scalars and lane by lane on vectors.

use super::Verifier;
use crate::entities::Value;
use crate::inst::{BinaryOp, CompareOp, Const, UnaryOp};
use crate::math::MathFn;
use crate::types::{DType, Type};

impl Verifier<'_> {
    pub(super) fn check_const(&mut self, c: Const) {
        let fits = match c {
            Const::Bool(_) => true,
            Const::Int(d, n) => d.is_int() && d.holds(n),
            Const::Float(d, x) => d.is_float() && part_fits(d, x),
            Const::Complex(d, re, im) => d.is_complex() && part_fits(d.real(), re) && part_fits(d.real(), im),
        };
        self.require(fits, || "the literal does not fit its type".to_owned());
    }

    pub(super) fn check_unary(&mut self, op: UnaryOp, a: Value) {
        let Some(d) = self.number(a) else { return };
        let (ok, wanted) = match op {
            UnaryOp::Neg | UnaryOp::Abs => (d != DType::Bool, "a number other than bool"),
            UnaryOp::Not => (d == DType::Bool, "bool"),
            UnaryOp::Invert | UnaryOp::Popcount => (d.is_int(), "an integer"),
            UnaryOp::Real | UnaryOp::Imag | UnaryOp::Conj => (d.is_complex(), "complex"),
        };
        self.require(ok, || format!("{a} must be {wanted}, is {}", self.func.ty(a)));
    }

    pub(super) fn check_binary(&mut self, op: BinaryOp, a: Value, b: Value) {
        self.same_type(a, b);
        let Some(d) = self.number(a) else { return };
        let (ok, wanted) = match op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => (d != DType::Bool, "a number other than bool"),
            BinaryOp::Div => (d.is_float() || d.is_complex(), "a float or complex"),
            BinaryOp::FloorDiv | BinaryOp::Mod => (d.is_int() || d.is_float(), "an integer or float"),
            BinaryOp::TruncDiv | BinaryOp::TruncMod => (d.is_int(), "an integer"),
            BinaryOp::Pow => (d.is_int() || d.is_complex(), "an integer or complex"),
            BinaryOp::And | BinaryOp::Or | BinaryOp::Xor => {
                (d.is_int() || d == DType::Bool, "an integer or bool")
            }
            BinaryOp::Shl | BinaryOp::Shr => (d.is_int(), "an integer"),
            BinaryOp::Min | BinaryOp::Max => (!d.is_complex(), "not complex"),
            BinaryOp::MakeComplex => (d.is_float(), "a float"),
        };
        self.require(ok, || format!("{a} must be {wanted}, is {}", self.func.ty(a)));
    }

    pub(super) fn check_checked(&mut self, op: BinaryOp, a: Value, b: Value) {
        use BinaryOp::{Add, FloorDiv, Mul, Pow, Sub};
        self.require(matches!(op, Add | Sub | Mul | Pow | FloorDiv), || {
            format!("`{}` has no checked form", op.name())
        });
        self.same_type(a, b);
        let ty = self.ty(a);
        let integer = matches!(ty, Type::Scalar(d) if d.is_int());
        self.require(integer, || format!("{a} must be a scalar integer, is {ty}"));
    }

    pub(super) fn check_compare(&mut self, op: CompareOp, a: Value, b: Value) {
        self.same_type(a, b);
        let Some(d) = self.number(a) else { return };
        self.require(!d.is_complex() || matches!(op, CompareOp::Eq | CompareOp::Ne), || {
            "complex numbers have no order".to_owned()
        });
    }

    pub(super) fn check_select(&mut self, cond: Value, a: Value, b: Value) {
        self.same_type(a, b);
        // A bool chooses whole values of any type; a mask chooses lanes.
        match (self.ty(cond), self.ty(a).lanes()) {
            (Type::Scalar(DType::Bool), _) => {}
            (Type::Mask(n), Some(lanes)) if *n == lanes => {}
            (ty, _) => self.error(format!("{cond} must be bool or a mask of as many lanes, is {ty}")),
        }
    }

    pub(super) fn check_cast(&mut self, a: Value, _to: DType) {
        self.number(a);
    }

    pub(super) fn check_math(&mut self, function: MathFn, args: &[Value]) {
        self.require(args.len() == function.arity(), || {
            format!("{function} takes {} operands, not {}", function.arity(), args.len())
        });
        for &a in args {
            self.same_type(args[0], a);
            let Some(d) = self.number(a) else { continue };
            self.require(d.is_float(), || format!("{a} must be a float, is {}", self.func.ty(a)));
        }
    }

    pub(super) fn check_tuple_index(&mut self, tuple: Value, index: Value) {
        self.expect(index, &Type::I64);
        if let Type::Tuple(items) = self.ty(tuple) {
            let same = items.windows(2).all(|pair| pair[0] == pair[1]);
            self.require(same, || format!("the elements of {tuple} must have one type"));
        }
    }
}

/// Whether a literal is a value of the float type.
fn part_fits(dtype: DType, x: f64) -> bool {
    dtype == DType::F64 || x.is_nan() || f64::from(x as f32) == x
}
