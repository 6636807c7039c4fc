//! Building IR: values of operands, regions, conditionals and run-time checks.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{Region, Value};
use ungil_ir::inst::{Const, InstKind, Loc, MessageArg, Raise};
use ungil_ir::types::{DType, Type};

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::mpi::Mpi;
use crate::operand::{Constant, Operand};
use crate::ty::{BOX, Ty};

/// A condition: known at compile time, or a bool value.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Cond {
    Known(bool),
    Value(Value),
}

impl Lowerer<'_, '_> {
    /// An IR builder at the current place.
    pub fn b(&mut self) -> Builder<'_> {
        Builder { func: &mut self.func, region: self.region, loc: self.loc }
    }

    /// Makes this the place that instructions come from.
    pub fn set_span(&mut self, span: Span) {
        if let Some(file) = self.program.sources.get(span.source) {
            let position = file.line_column(span.lo);
            let line = (position.line + 1).saturating_sub(self.code.first_line).max(1);
            self.loc = Loc { line, col: position.column };
        }
    }

    /// Runs `build` with a fresh region as the current one.
    pub fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (Region, T) {
        let inner = self.func.new_region();
        let outer = std::mem::replace(&mut self.region, inner);
        let loc = self.loc;
        let result = build(self);
        self.region = outer;
        self.loc = loc;
        (inner, result)
    }

    /// `if cond: then() else: otherwise()`.
    pub fn if_else<A, B>(
        &mut self,
        cond: Value,
        then: impl FnOnce(&mut Self) -> A,
        otherwise: impl FnOnce(&mut Self) -> B,
    ) -> (A, B) {
        let (then, a) = self.nested(then);
        let (otherwise, b) = self.nested(otherwise);
        self.b().push(InstKind::If { cond, then, otherwise });
        (a, b)
    }

    /// `if cond: then()`.
    pub fn if_then<T>(&mut self, cond: Value, then: impl FnOnce(&mut Self) -> T) -> T {
        self.if_else(cond, then, |_| ()).0
    }

    /// Raises at run time unless the condition holds.
    pub fn check(&mut self, cond: Value, class: ExcClass, message: &str, args: Vec<MessageArg>) {
        self.b().check(cond, Raise { class, message: Some(message.to_owned()), args });
    }

    /// The IR value of an operand.
    pub fn value(&mut self, operand: &Operand) -> Result<Value> {
        if let Some(value) = operand.value {
            return Ok(value);
        }
        if operand.lazy.is_some() && matches!(operand.ty, Ty::Array(_)) {
            let array = self.materialised(operand)?;
            return self.value(&array);
        }
        if let Some(constant) = operand.constant {
            return self.constant_value(&operand.ty, constant, operand.span);
        }
        if let (Ty::CBox(dtype), Some(parts)) = (&operand.ty, &operand.parts) {
            return self.made_box(*dtype, &parts[0].clone());
        }
        let items = match &operand.parts {
            Some(parts) => parts.iter().map(|p| self.value(p)).collect::<Result<Vec<Value>>>()?,
            None => Vec::new(),
        };
        Ok(self.make_tuple(items))
    }

    /// An IR tuple of values.
    pub fn make_tuple(&mut self, items: Vec<Value>) -> Value {
        let tuple = self.b().value(InstKind::TupleMake(items.clone()));
        self.tuples.insert(tuple, items);
        tuple
    }

    fn constant_value(&mut self, ty: &Ty, constant: Constant, span: Span) -> Result<Value> {
        let dtype = ty.dtype().expect("constants are scalars");
        let constant = match (constant, dtype) {
            (c, DType::Bool) => Const::Bool(c.truth()),
            (c, d) if d.is_int() => {
                let value = c.as_int().unwrap_or(0);
                if !fits(value, d) {
                    return Err(TypeError::IntRange { value, ty: ty.clone(), span }.into());
                }
                Const::Int(d, value as i64)
            }
            (c, d) if d.is_float() => Const::Float(d, as_part(c.as_float().unwrap_or(0.0), d)),
            (c, d) => {
                let (re, im) = c.as_complex();
                Const::Complex(d, as_part(re, d.real()), as_part(im, d.real()))
            }
        };
        Ok(self.b().value(InstKind::Const(constant)))
    }

    /// The elements of a tuple, or the parts of a range or slice.
    ///
    /// # Panics
    /// For types whose value is no tuple.
    pub fn items(&mut self, operand: &Operand) -> Vec<Operand> {
        if let Some(parts) = &operand.parts {
            return parts.to_vec();
        }
        let types: Vec<Ty> = match &operand.ty {
            Ty::Tuple(items) => items.clone(),
            Ty::Range => vec![Ty::PyInt; 3],
            Ty::Pending(_) => vec![Ty::Mpi(Mpi::Request), Ty::Array(BOX)],
            Ty::Slice(s) => vec![Ty::PyInt; s.count()],
            Ty::Func(f) => f.captures.iter().flatten().map(|(_, t)| t.clone()).collect(),
            other => panic!("`{other}` has no parts"),
        };
        let Some(tuple) = operand.value else {
            return types.into_iter().map(|t| Operand::entity(t, operand.span)).collect();
        };
        types.into_iter().enumerate().map(|(i, t)| self.item(tuple, i, t, operand.span)).collect()
    }

    fn item(&mut self, tuple: Value, i: usize, ty: Ty, span: Span) -> Operand {
        if ty.is_compile_time() {
            return Operand::known(&ty, span);
        }
        let value = self.tuple_get(tuple, i);
        Operand::value(ty, value, span)
    }

    /// Element `i` of an IR tuple.
    pub fn tuple_get(&mut self, tuple: Value, i: usize) -> Value {
        match self.tuples.get(&tuple) {
            Some(items) => items[i],
            None => self.b().value(InstKind::TupleGet(tuple, i as u32)),
        }
    }

    /// The `int64` value of an integer operand.
    pub fn index(&mut self, operand: &Operand) -> Result<Value> {
        if let Some(&wide) = operand.value.and_then(|value| self.wide.get(&value)) {
            return Ok(wide);
        }
        self.cast_to(operand, DType::I64)
    }

    /// A fresh variable.
    pub fn new_var(&mut self, name: &str, ty: Type) -> ungil_ir::entities::Var {
        self.func.new_var(name, ty)
    }
}

/// A number as the nearest one of a float type.
fn as_part(x: f64, dtype: DType) -> f64 {
    if dtype == DType::F32 { f64::from(x as f32) } else { x }
}

/// Whether an integer fits an integer type.
pub fn fits(value: i128, dtype: DType) -> bool {
    let (low, high) = int_range(dtype);
    (low..=high).contains(&value)
}

/// Smallest and largest value of an integer type.
pub fn int_range(dtype: DType) -> (i128, i128) {
    let bits = dtype.bits();
    if dtype.is_signed() { (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) } else { (0, (1 << bits) - 1) }
}
