//! Complex numbers of C beside objects.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, Const, InstKind, UnaryOp as IrUnary};
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::operator::BinaryOp;

use super::entries::Entry;
use super::function::Lowerer;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Result, refuse};

/// A complex type by its dtype.
fn complex(dtype: DType) -> CTy {
    CTy::num(dtype)
}

impl Lowerer<'_> {
    pub(super) fn complex_object(&mut self, z: Value) -> Obj {
        let z = self.b().cast(z, DType::C128);
        let (re, im) = (self.b().unary(IrUnary::Real, z), self.b().unary(IrUnary::Imag, z));
        self.make(Entry::FromComplex, &[re, im])
    }

    /// An object as a complex number; it is given up.
    pub(super) fn complex_of(&mut self, obj: Obj, dtype: DType) -> Value {
        let address = self.scratch(2);
        self.status_from(Entry::AsComplex, &[obj.value, address], &[obj]);
        let (re, im) = (self.load_as(address, 0, DType::F64), self.load_as(address, 1, DType::F64));
        let z = self.b().binary(Ir::MakeComplex, re, im);
        self.b().cast(z, dtype)
    }

    pub(super) fn complex_constant(&mut self, re: f64, im: f64) -> (Value, CTy) {
        (self.b().value(InstKind::Const(Const::Complex(DType::C128, re, im))), complex(DType::C128))
    }

    /// Arithmetic of two numbers of a complex type.
    pub(super) fn complex_binary(&mut self, op: BinaryOp, (x, y): (Value, Value), ty: CTy) -> Result<Val> {
        let op = match op {
            BinaryOp::Add => Ir::Add,
            BinaryOp::Sub => Ir::Sub,
            BinaryOp::Mult => Ir::Mul,
            BinaryOp::Div => {
                if !self.c.cdivision {
                    let truth = self.c_truth(y);
                    let is_zero = self.b().unary(IrUnary::Not, truth);
                    self.raise_if(is_zero, ExcClass::ZERO_DIVISION, "float division");
                }
                return Ok(Val::C(self.complex_quotient(x, y), ty));
            }
            BinaryOp::Pow => Ir::Pow,
            _ => return refuse("this operation on complex numbers of C"),
        };
        Ok(Val::C(self.b().binary(op, x, y), ty))
    }

    /// Smith's method, as C's compilers have it: divided by the greater part of the divisor first.
    fn complex_quotient(&mut self, x: Value, y: Value) -> Value {
        let mut m = self.b();
        let parts = [x, y].map(|z| (m.unary(IrUnary::Real, z), m.unary(IrUnary::Imag, z)));
        let [(a, b), (c, d)] = parts;
        let (size_c, size_d) = (m.unary(IrUnary::Abs, c), m.unary(IrUnary::Abs, d));
        let is_upright = m.compare(IrCompare::Lt, size_c, size_d);
        // With the parts exchanged the other case is this one, but for signs.
        let (c, d) = (m.select(is_upright, d, c), m.select(is_upright, c, d));
        let ratio = m.binary(Ir::Div, d, c);
        let product = m.binary(Ir::Mul, d, ratio);
        let size = m.binary(Ir::Add, c, product);
        let (p, q) = (m.select(is_upright, b, a), m.select(is_upright, a, b));
        let scaled = m.binary(Ir::Mul, q, ratio);
        let sum = m.binary(Ir::Add, p, scaled);
        let re = m.binary(Ir::Div, sum, size);
        let scaled = m.binary(Ir::Mul, p, ratio);
        let (less, more) = (m.binary(Ir::Sub, q, scaled), m.binary(Ir::Sub, scaled, q));
        let difference = m.select(is_upright, more, less);
        let im = m.binary(Ir::Div, difference, size);
        m.binary(Ir::MakeComplex, re, im)
    }

    /// Whether two complex numbers are equal, or not.
    pub(super) fn complex_compare(&mut self, is_equal: bool, x: Value, y: Value) -> Value {
        let op = if is_equal { IrCompare::Eq } else { IrCompare::Ne };
        self.b().compare(op, x, y)
    }

    /// `z.real` and `z.imag`.
    pub(super) fn complex_part(&mut self, value: &Expr, attr: &str) -> Result<Option<Val>> {
        let Some(ty) = self.complex_part_type(value, attr) else { return Ok(None) };
        let Val::C(z, _) = self.expr(value)? else { return refuse("this part of a complex number") };
        let part = if attr == "real" { IrUnary::Real } else { IrUnary::Imag };
        Ok(Some(Val::C(self.b().unary(part, z), ty)))
    }

    pub(super) fn complex_part_type(&self, value: &Expr, attr: &str) -> Option<CTy> {
        match self.kind(value) {
            Kind::C(ty) if ty.is_complex() && matches!(attr, "real" | "imag") => {
                Some(CTy::num(ty.dtype().real()))
            }
            _ => None,
        }
    }
}
