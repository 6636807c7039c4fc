//! Builder: appends instructions with the result type that follows from their operands.

use crate::entities::{FuncId, Inst, Region, Value, Var};
use crate::function::Function;
use crate::inst::{BinaryOp, CompareOp, Const, InstKind, Loc, Raise, UnaryOp};
use crate::math::MathFn;
use crate::types::{ArrayType, DType, Type};
use crate::typing::{self, ResultType};

/// Result type of instructions whose type follows from their operands; `None` for those without a result.
///
/// # Panics
/// For `View`, `Alloc`, `Null`, `GlobalArray`, `Call` and others whose type must be told, and on ill-typed operands.
pub fn result_type(f: &Function, kind: &InstKind) -> Option<Type> {
    match typing::result_type(f, kind) {
        Ok(ResultType::Known(ty)) => Some(ty),
        Ok(ResultType::None) => None,
        Ok(ResultType::Told) => panic!("the type of {kind:?} must be told"),
        Err(why) => panic!("ill-typed {kind:?}: {why}"),
    }
}

/// Appends instructions at the end of the current region.
pub struct Builder<'f> {
    pub func: &'f mut Function,
    pub region: Region,
    pub loc: Loc,
}

impl<'f> Builder<'f> {
    /// A builder at the end of the function's body.
    pub fn new(func: &'f mut Function) -> Builder<'f> {
        let region = func.body;
        Builder { func, region, loc: Loc::default() }
    }

    /// Appends an instruction whose result type follows from its operands.
    pub fn push(&mut self, kind: InstKind) -> Option<Value> {
        let ty = result_type(self.func, &kind);
        self.func.append(self.region, kind, ty, self.loc)
    }

    /// As [`Builder::push`] for an instruction that has a result.
    pub fn value(&mut self, kind: InstKind) -> Value {
        self.push(kind).expect("instruction without a result")
    }

    /// Appends an instruction whose result type is told.
    pub fn typed(&mut self, kind: InstKind, ty: Type) -> Value {
        self.func.append(self.region, kind, Some(ty), self.loc).expect("instruction without a result")
    }

    /// Runs `build` with a fresh region as the current one and returns that region.
    pub fn nested<T>(&mut self, build: impl FnOnce(&mut Self) -> T) -> (Region, T) {
        let inner = self.func.new_region();
        let outer = std::mem::replace(&mut self.region, inner);
        let result = build(self);
        self.region = outer;
        (inner, result)
    }

    pub fn i64(&mut self, n: i64) -> Value {
        self.value(InstKind::Const(Const::Int(DType::I64, n)))
    }

    pub fn f64(&mut self, x: f64) -> Value {
        self.value(InstKind::Const(Const::Float(DType::F64, x)))
    }

    pub fn bool(&mut self, b: bool) -> Value {
        self.value(InstKind::Const(Const::Bool(b)))
    }

    pub fn binary(&mut self, op: BinaryOp, a: Value, b: Value) -> Value {
        self.value(InstKind::Binary(op, a, b))
    }

    pub fn compare(&mut self, op: CompareOp, a: Value, b: Value) -> Value {
        self.value(InstKind::Compare(op, a, b))
    }

    pub fn unary(&mut self, op: UnaryOp, a: Value) -> Value {
        self.value(InstKind::Unary(op, a))
    }

    pub fn select(&mut self, cond: Value, a: Value, b: Value) -> Value {
        self.value(InstKind::Select(cond, a, b))
    }

    /// Converts, or returns `v` itself when it has the type already.
    pub fn cast(&mut self, v: Value, to: DType) -> Value {
        if self.func.ty(v).dtype() == Some(to) { v } else { self.value(InstKind::Cast(v, to)) }
    }

    pub fn math(&mut self, function: MathFn, args: &[Value]) -> Value {
        self.value(InstKind::Math(function, args.to_vec()))
    }

    pub fn get(&mut self, x: Var) -> Value {
        self.value(InstKind::Get(x))
    }

    pub fn set(&mut self, x: Var, v: Value) {
        self.push(InstKind::Set(x, v));
    }

    pub fn dim(&mut self, array: Value, axis: u8) -> Value {
        self.value(InstKind::Dim(array, axis))
    }

    pub fn stride(&mut self, array: Value, axis: u8) -> Value {
        self.value(InstKind::Stride(array, axis))
    }

    pub fn alloc(&mut self, ty: ArrayType, shape: Vec<Value>, zeroed: bool) -> Value {
        self.typed(InstKind::Alloc { shape, zeroed }, Type::Array(ty))
    }

    pub fn load(&mut self, array: Value, index: Vec<Value>) -> Value {
        self.value(InstKind::Load { array, index, flags: Default::default() })
    }

    pub fn store(&mut self, array: Value, index: Vec<Value>, value: Value) {
        self.push(InstKind::Store { array, index, value, flags: Default::default() });
    }

    pub fn check(&mut self, cond: Value, raise: Raise) {
        self.push(InstKind::Check(cond, Box::new(raise)));
    }

    pub fn call_c(&mut self, callee: Value, args: Vec<Value>, ret: Type) -> Value {
        self.typed(InstKind::CallC(callee, args), ret)
    }

    pub fn call(&mut self, callee: FuncId, args: Vec<Value>, ret: Type) -> Value {
        self.typed(InstKind::Call(callee, args), ret)
    }

    /// The instruction appended last to the current region.
    pub fn last(&self) -> Option<Inst> {
        self.func.region(self.region).last().copied()
    }
}
