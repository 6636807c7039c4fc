//! Builtins on numbers: `int float bool complex abs divmod pow`, and `len`.

use ungil_abi::exception::{ExcClass, INTEGER_OVERFLOW};
use ungil_diag::span::Span;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_syntax::ast::operator::BinaryOp as Operator;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::operand::{Constant, Operand};
use crate::promote::promote_scalars;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// An operand that must be a number; 0-d arrays stand for their element.
    pub(crate) fn number(&mut self, x: &Operand, function: &str) -> Result<Operand> {
        match x.ty.as_array() {
            Some(ty) if ty.ndim == 0 => self.load_element(x, Vec::new()),
            _ if x.ty.is_scalar() => Ok(x.clone()),
            _ => Err(TypeError::Argument {
                function: function.to_owned(),
                parameter: "x".to_owned(),
                expected: "a number".to_owned(),
                found: x.ty.clone(),
                span: x.span,
            }
            .into()),
        }
    }

    /// `int(x)`.
    pub(crate) fn int_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        if let Some(text) = x.as_str() {
            return self.int_of_text(text, 10, span);
        }
        let x = self.number(x, "int")?;
        if let (Some(n), true) = (x.const_int(), x.ty.is_weak()) {
            return Ok(Operand::constant(Ty::PyInt, Constant::Int(n), span));
        }
        if x.ty.dtype().is_some_and(|d| d.is_complex()) {
            return Err(TypeError::Convert { from: x.ty.clone(), to: "int".to_owned(), span }.into());
        }
        self.rounded_to_int(MathFn::Trunc, &x, "int", span)
    }

    /// `float(x)`.
    pub(crate) fn float_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        if let Some(text) = x.as_str() {
            return Ok(self.float_of_text(text, span));
        }
        let x = self.number(x, "float")?;
        if x.ty.dtype().is_some_and(|d| d.is_complex()) {
            return Err(TypeError::Convert { from: x.ty.clone(), to: "float".to_owned(), span }.into());
        }
        if let Some(value) = x.constant.and_then(Constant::as_float) {
            return Ok(Operand::float(value, span));
        }
        let value = self.cast_to(&x, DType::F64)?;
        Ok(Operand::value(Ty::PyFloat, value, span))
    }

    /// `bool(x)`.
    pub(crate) fn bool_of(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        Ok(match self.truth(x)? {
            Cond::Known(b) => Operand::bool(b, span),
            Cond::Value(value) => Operand::value(Ty::PyBool, value, span),
        })
    }

    /// `complex(re, im)`.
    pub(crate) fn complex_of_parts(
        &mut self,
        re: &Operand,
        im: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let re = self.number(re, "complex")?;
        let Some(im) = im else {
            let value = self.cast_to(&re, DType::C128)?;
            return Ok(Operand::value(Ty::PyComplex, value, span));
        };
        let im = self.number(im, "complex")?;
        for part in [&re, &im] {
            if part.ty.dtype().is_some_and(|d| d.is_complex()) {
                let to = "the part of a complex number".to_owned();
                return Err(TypeError::Convert { from: part.ty.clone(), to, span: part.span }.into());
            }
        }
        let (re, im) = (self.cast_to(&re, DType::F64)?, self.cast_to(&im, DType::F64)?);
        let value = self.b().binary(BinaryOp::MakeComplex, re, im);
        Ok(Operand::value(Ty::PyComplex, value, span))
    }

    /// `abs(x)`.
    pub(crate) fn absolute(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let x = self.number(x, "abs")?;
        let x = self.c_promoted(&x)?;
        let dtype = x.ty.dtype().expect("a number");
        if dtype == DType::Bool {
            let ty = if x.ty.is_weak() { Ty::PyInt } else { x.ty.clone() };
            return if x.ty.is_weak() { Ok(self.convert(&x, &ty)?.at(span)) } else { Ok(x.at(span)) };
        }
        if let (Some(n), true) = (x.const_int(), x.ty.is_weak()) {
            return Ok(Operand::constant(Ty::PyInt, Constant::Int(n.abs()), span));
        }
        let ty = match &x.ty {
            Ty::PyComplex => Ty::PyFloat,
            Ty::Scalar(d) => Ty::Scalar(d.real()),
            other => other.clone(),
        };
        if dtype.is_unsigned() {
            return Ok(x.at(span));
        }
        let value = self.value(&x)?;
        let value = if dtype.is_complex() {
            let (re, im) = (self.b().unary(UnaryOp::Real, value), self.b().unary(UnaryOp::Imag, value));
            self.b().math(MathFn::Hypot, &[re, im])
        } else {
            if self.is_c() && ty == Ty::PyInt {
                let lowest = self.b().i64(i64::MIN);
                let fine = self.b().compare(CompareOp::Ne, value, lowest);
                self.check(fine, ExcClass::OVERFLOW, INTEGER_OVERFLOW, Vec::new());
            }
            self.b().unary(UnaryOp::Abs, value)
        };
        Ok(Operand::value(ty, value, span))
    }

    /// `divmod(a, b)`.
    pub(crate) fn divided(&mut self, a: &Operand, b: &Operand, span: Span) -> Result<Operand> {
        let (a, b) = (&self.number(a, "divmod")?, &self.number(b, "divmod")?);
        let common = promote_scalars(&a.ty, &b.ty);
        if common.dtype().is_some_and(|d| d.is_float()) && self.zero_raises(&common) {
            let divisor = self.cast_to(b, DType::F64)?;
            self.check_divisor(divisor, "float divmod()");
        }
        let quotient = self.binary(Operator::FloorDiv, a, b, span)?;
        let rest = self.binary(Operator::Mod, a, b, span)?;
        Ok(Operand::tuple(vec![quotient, rest], span))
    }

    /// `pow(a, b)`.
    pub(crate) fn power(&mut self, a: &Operand, b: &Operand, span: Span) -> Result<Operand> {
        self.binary(Operator::Pow, a, b, span)
    }

    /// `len(x)`.
    pub(crate) fn length(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        match &x.ty {
            Ty::Tuple(items) => Ok(Operand::int(items.len() as i64, span)),
            Ty::Str(text) => Ok(Operand::int(text.chars().count() as i64, span)),
            Ty::Array(ty) if ty.ndim > 0 => {
                let base = self.value(x)?;
                let n = self.b().dim(base, 0);
                Ok(Operand::value(Ty::PyInt, n, span))
            }
            Ty::StructView(view) if view.array.ndim > 0 => {
                let base = self.value(x)?;
                let n = self.b().dim(base, 0);
                Ok(Operand::value(Ty::PyInt, n, span))
            }
            Ty::Range => self.range_length(x, span),
            Ty::List(_) => {
                let n = self.list_length(x)?;
                Ok(Operand::value(Ty::PyInt, n, span))
            }
            _ => Err(TypeError::Argument {
                function: "len".to_owned(),
                parameter: "obj".to_owned(),
                expected: "an array, a tuple or a range".to_owned(),
                found: x.ty.clone(),
                span: x.span,
            }
            .into()),
        }
    }

    fn range_length(&mut self, x: &Operand, span: Span) -> Result<Operand> {
        let parts = self.items(x);
        let (start, stop, step) = (self.index(&parts[0])?, self.index(&parts[1])?, self.index(&parts[2])?);
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        let up = self.b().compare(CompareOp::Gt, step, zero);
        let rising = self.b().binary(BinaryOp::Sub, stop, start);
        let falling = self.b().binary(BinaryOp::Sub, start, stop);
        let distance = self.b().select(up, rising, falling);
        let distance = self.b().binary(BinaryOp::Max, distance, zero);
        let size = self.b().value(InstKind::Unary(UnaryOp::Abs, step));
        let more = self.b().binary(BinaryOp::Sub, size, one);
        let rounded = self.b().binary(BinaryOp::Add, distance, more);
        let n = self.b().binary(BinaryOp::FloorDiv, rounded, size);
        Ok(Operand::value(Ty::PyInt, n, span))
    }
}
