//! Builder: appends instructions with the result type that follows from their operands.

use crate::entities::{FuncId, Inst, Region, Value, Var};
use crate::function::Function;
use crate::inst::{BinaryOp, CompareOp, Const, InstKind, Loc, Raise, UnaryOp};
use crate::math::MathFn;
use crate::types::{ArrayType, DType, Type};

/// Result type of instructions whose type follows from their operands; `None` for those without a result.
///
/// # Panics
/// For `View`, `Alloc`, `Null`, `GlobalArray` and `Call`, whose type must be told, and on ill-typed operands.
pub fn result_type(f: &Function, kind: &InstKind) -> Option<Type> {
    let like = |v: &Value, dtype: DType| match f.ty(*v) {
        Type::Vec(_, n) | Type::Mask(n) if dtype == DType::Bool => Type::Mask(*n),
        Type::Vec(_, n) | Type::Mask(n) => Type::Vec(dtype, *n),
        _ => Type::Scalar(dtype),
    };
    let dtype = |v: &Value| f.ty(*v).dtype().expect("operand is not a number");
    let element = |v: &Value| f.ty(*v).as_array().expect("operand is not an array").dtype;
    Some(match kind {
        InstKind::Const(Const::Bool(_)) => Type::BOOL,
        InstKind::Const(Const::Int(d, _) | Const::Float(d, _) | Const::Complex(d, _, _)) => Type::Scalar(*d),
        InstKind::Unary(UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag, a) => like(a, dtype(a).real()),
        InstKind::Unary(_, a) => f.ty(*a).clone(),
        InstKind::Binary(BinaryOp::MakeComplex, a, _) => {
            like(a, if dtype(a) == DType::F32 { DType::C64 } else { DType::C128 })
        }
        InstKind::Binary(_, a, _) | InstKind::CheckedBinary(_, a, _) => f.ty(*a).clone(),
        InstKind::Compare(_, a, _) => like(a, DType::Bool),
        InstKind::Select(_, a, _) => f.ty(*a).clone(),
        InstKind::Cast(a, to) => like(a, *to),
        InstKind::Math(_, args) => f.ty(args[0]).clone(),
        InstKind::TupleMake(items) => Type::Tuple(items.iter().map(|v| f.ty(*v).clone()).collect()),
        InstKind::TupleGet(t, i) => tuple_items(f, *t)[*i as usize].clone(),
        InstKind::TupleIndex(t, _) => tuple_items(f, *t)[0].clone(),
        InstKind::Get(x) => f.var_ty(*x).clone(),
        InstKind::Dim(..)
        | InstKind::Stride(..)
        | InstKind::Address(_)
        | InstKind::CheckIndex { .. }
        | InstKind::ThreadId
        | InstKind::NumThreads
        | InstKind::SetNumThreads(_) => Type::I64,
        InstKind::Load { array, .. } => Type::Scalar(element(array)),
        InstKind::VecLoad { array, lanes, .. } => vector(element(array), *lanes),
        InstKind::Gather { array, mask, .. } => vector(element(array), f.ty(*mask).lanes().expect("mask")),
        InstKind::Splat(v, n) => vector(dtype(v), *n),
        InstKind::Iota(n) => Type::Vec(DType::I64, *n),
        InstKind::Extract(v, _) | InstKind::VecReduce(_, v) => Type::Scalar(dtype(v)),
        InstKind::MaskAny(_) | InstKind::MaskAll(_) => Type::BOOL,
        InstKind::View { .. }
        | InstKind::Alloc { .. }
        | InstKind::Null
        | InstKind::GlobalArray(_)
        | InstKind::Call(..) => panic!("the type of {kind:?} must be told"),
        _ => return None,
    })
}

fn vector(dtype: DType, lanes: u16) -> Type {
    if dtype == DType::Bool { Type::Mask(lanes) } else { Type::Vec(dtype, lanes) }
}

fn tuple_items(f: &Function, v: Value) -> &[Type] {
    match f.ty(v) {
        Type::Tuple(items) => items,
        other => panic!("{v} is not a tuple but {other}"),
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

    pub fn call(&mut self, callee: FuncId, args: Vec<Value>, ret: Type) -> Value {
        self.typed(InstKind::Call(callee, args), ret)
    }

    /// The instruction appended last to the current region.
    pub fn last(&self) -> Option<Inst> {
        self.func.region(self.region).last().copied()
    }
}
