//! `x in …` and `x not in …` for tuples, ranges and arrays.
//!
//! Membership means an equal element, as `==` decides; the very same value is a member of a tuple even where it is
//! NaN. Of an array it means `(array == x).any()`, in any number of dimensions.
//! Limits: whether two different variables hold one NaN object is unknown; such a NaN is no member.

use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Value};
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, For, InstKind, LoopHints, UnaryOp};
use ungil_ir::math::MathFn;
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::operator::CompareOp;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::Cond;
use crate::operand::Operand;
use crate::promote::Kind;
use crate::promote::kind;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `left in right` or `left not in right`: a Python bool.
    pub(crate) fn membership(
        &mut self,
        op: CompareOp,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Operand> {
        let left = &self.element_of(left)?;
        let found = match &right.ty {
            Ty::Tuple(_) => self.in_tuple(left, right, span)?,
            Ty::Range if left.ty.is_scalar() => Cond::Value(self.in_range(left, right)?),
            Ty::Range if left.ty.is_compile_time() => Cond::Known(false),
            Ty::List(_) => Cond::Value(self.in_list(left, right, span)?),
            Ty::Array(_) if left.ty.is_scalar() => Cond::Value(self.in_array(left, right, span)?),
            Ty::Str(text) if left.as_str().is_some() => {
                Cond::Known(left.as_str().is_some_and(|l| text.contains(l)))
            }
            _ => {
                let (left, right) = (left.ty.clone(), right.ty.clone());
                return Err(TypeError::Compare { op: op.symbol(), left, right, span }.into());
            }
        };
        Ok(match (found, op == CompareOp::In) {
            (Cond::Known(found), wanted) => Operand::bool(found == wanted, span),
            (Cond::Value(found), true) => Operand::value(Ty::PyBool, found, span),
            (Cond::Value(found), false) => {
                let absent = self.b().unary(UnaryOp::Not, found);
                Operand::value(Ty::PyBool, absent, span)
            }
        })
    }

    fn in_tuple(&mut self, left: &Operand, tuple: &Operand, span: Span) -> Result<Cond> {
        let mut found: Option<Value> = None;
        for item in self.items(tuple) {
            let same = match self.same_or_equal(left, &item, span)? {
                Cond::Known(true) => return Ok(Cond::Known(true)),
                Cond::Known(false) => continue,
                Cond::Value(same) => same,
            };
            found = Some(match found {
                None => same,
                Some(found) => self.b().binary(Ir::Or, found, same),
            });
        }
        Ok(found.map_or(Cond::Known(false), Cond::Value))
    }

    /// Whether two operands are one object or equal. Objects of kinds that never are equal need no comparison.
    pub(crate) fn same_or_equal(&mut self, left: &Operand, right: &Operand, span: Span) -> Result<Cond> {
        if left.value.is_some() && left.value == right.value {
            return Ok(Cond::Known(true));
        }
        self.equal(left, right, span)
    }

    /// Whether two operands are equal; values of different kinds (a number and a tuple) are not.
    pub(crate) fn equal(&mut self, left: &Operand, right: &Operand, span: Span) -> Result<Cond> {
        let (left, right) = (&self.element_of(left)?, &self.element_of(right)?);
        let group = |ty: &Ty| (ty.is_scalar(), matches!(ty, Ty::Tuple(_)), ty.as_array().is_some());
        if group(&left.ty) != group(&right.ty) && left.ty.as_array().or(right.ty.as_array()).is_none() {
            return Ok(Cond::Known(false));
        }
        let equal = self.compare(CompareOp::Eq, left, right, span)?;
        self.truth(&equal)
    }

    /// Whether a number is one of a range's, by arithmetic.
    fn in_range(&mut self, left: &Operand, range: &Operand) -> Result<Value> {
        let dtype = left.ty.dtype().expect("a scalar");
        let (x, whole) = match kind(dtype) {
            Kind::Bool | Kind::Int => self.integer_member(left, dtype)?,
            Kind::Float => {
                let x = self.cast_to(left, DType::F64)?;
                self.float_member(x)
            }
            Kind::Complex => {
                let z = self.cast_to(left, DType::C128)?;
                let (re, im) = (self.b().unary(UnaryOp::Real, z), self.b().unary(UnaryOp::Imag, z));
                let zero = self.b().f64(0.0);
                let real = self.b().compare(IrCompare::Eq, im, zero);
                let (x, whole) = self.float_member(re);
                (x, self.b().binary(Ir::And, whole, real))
            }
        };
        let parts = self.items(range);
        let (start, stop, step) = (self.index(&parts[0])?, self.index(&parts[1])?, self.index(&parts[2])?);
        let mut ir = self.b();
        let zero = ir.i64(0);
        let up = ir.compare(IrCompare::Gt, step, zero);
        // Falling ranges are mirrored: from `low` up to the last number before `stop`.
        let (low, high) = (ir.select(up, start, x), ir.select(up, x, start));
        let from_start = ir.compare(IrCompare::Le, low, high);
        let (below, above) = (ir.compare(IrCompare::Lt, x, stop), ir.compare(IrCompare::Gt, x, stop));
        let before_stop = ir.select(up, below, above);
        // Distances may need all 64 bits.
        let distance = ir.binary(Ir::Sub, high, low);
        let distance = ir.cast(distance, DType::U64);
        let stride = ir.unary(UnaryOp::Abs, step);
        let stride = ir.cast(stride, DType::U64);
        let rest = ir.binary(Ir::Mod, distance, stride);
        let none = ir.cast(zero, DType::U64);
        let on_step = ir.compare(IrCompare::Eq, rest, none);
        let inside = ir.binary(Ir::And, from_start, before_stop);
        let member = ir.binary(Ir::And, inside, on_step);
        Ok(ir.binary(Ir::And, member, whole))
    }

    /// An integer as int64, and whether it fits.
    fn integer_member(&mut self, left: &Operand, dtype: DType) -> Result<(Value, Value)> {
        if let (Some(n), true) = (left.const_int(), left.ty.is_weak())
            && i64::try_from(n).is_err()
        {
            return Ok((self.b().i64(0), self.b().bool(false)));
        }
        let x = self.cast_to(left, DType::I64)?;
        let fits = if dtype == DType::U64 {
            let zero = self.b().i64(0);
            self.b().compare(IrCompare::Ge, x, zero)
        } else {
            self.b().bool(true)
        };
        Ok((x, fits))
    }

    /// A float as int64, and whether it is that integer.
    fn float_member(&mut self, x: Value) -> (Value, Value) {
        let mut ir = self.b();
        let floor = ir.math(MathFn::Floor, &[x]);
        let whole = ir.compare(IrCompare::Eq, floor, x);
        let size = ir.unary(UnaryOp::Abs, x);
        let limit = ir.f64(9_223_372_036_854_775_808.0);
        let fits = ir.compare(IrCompare::Lt, size, limit);
        let whole = ir.binary(Ir::And, whole, fits);
        let zero = ir.f64(0.0);
        let safe = ir.select(whole, x, zero);
        (ir.cast(safe, DType::I64), whole)
    }

    /// A search that stops at the first equal element.
    fn in_array(&mut self, left: &Operand, array: &Operand, span: Span) -> Result<Value> {
        let found = self.new_var("found", Type::BOOL);
        let no = self.b().bool(false);
        self.b().set(found, no);
        let label = self.func.new_label();
        self.search(left, array, &mut Vec::new(), (label, found), span)?;
        Ok(self.b().get(found))
    }

    /// The loops over the axes behind those of `index`.
    fn search(
        &mut self,
        left: &Operand,
        array: &Operand,
        index: &mut Vec<Value>,
        (outermost, found): (Label, ungil_ir::entities::Var),
        span: Span,
    ) -> Result<()> {
        let ndim = usize::from(array.ty.as_array().expect("an array").ndim);
        if index.len() == ndim {
            let item = self.load_element(array, index.clone())?;
            let equal = self.compare(CompareOp::Eq, left, &item, span)?;
            let equal = self.truth_value(&equal)?;
            if ndim == 0 {
                self.b().set(found, equal);
                return Ok(());
            }
            self.if_then(equal, |l| {
                let yes = l.b().bool(true);
                l.b().set(found, yes);
                l.b().push(InstKind::Break(outermost));
            });
            return Ok(());
        }
        let base = self.value(array)?;
        let axis = index.len();
        let (start, step, stop) = (self.b().i64(0), self.b().i64(1), self.b().dim(base, axis as u8));
        let label = if axis == 0 { outermost } else { self.func.new_label() };
        let iv = self.func.new_value(Type::I64);
        index.push(iv);
        let (body, result) = self.nested(|l| l.search(left, array, index, (outermost, found), span));
        index.pop();
        let node = For { label, iv, start, stop, step, body, hints: LoopHints::default() };
        self.b().push(InstKind::For(Box::new(node)));
        result
    }
}
