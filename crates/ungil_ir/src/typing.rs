//! Result types: the type of an instruction's result as it follows from its operands.

use crate::entities::Value;
use crate::function::Function;
use crate::inst::{BinaryOp, Const, InstKind, UnaryOp};
use crate::types::{DType, Type};

/// What is known of the result of an instruction from its operands.
#[derive(Clone, PartialEq, Debug)]
pub enum ResultType {
    /// It has no result.
    None,
    Known(Type),
    /// Told by whoever makes the instruction: `View`, `Alloc`, `Null`, `GlobalArray`, `Call`, `CallC` …
    Told,
}

/// Result type of an instruction, or what is wrong with the operand that decides it. Does not check other operands.
pub fn result_type(f: &Function, kind: &InstKind) -> Result<ResultType, String> {
    use InstKind as K;
    let ty = match kind {
        K::Const(Const::Bool(_)) => Type::BOOL,
        K::Const(Const::Int(d, _) | Const::Float(d, _) | Const::Complex(d, _, _)) => Type::Scalar(*d),
        K::Unary(UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag, a) => like(f, *a, dtype(f, *a)?.real()),
        K::Binary(BinaryOp::MakeComplex, a, _) => {
            like(f, *a, if dtype(f, *a)? == DType::F32 { DType::C64 } else { DType::C128 })
        }
        K::Unary(_, a) | K::Binary(_, a, _) | K::CheckedBinary(_, a, _) | K::Select(_, a, _) => {
            f.ty(*a).clone()
        }
        K::Compare(_, a, _) => like(f, *a, DType::Bool),
        K::Cast(a, to) => like(f, *a, *to),
        K::Math(name, args) => match args.first() {
            Some(a) => f.ty(*a).clone(),
            None => return Err(format!("{name} without operands")),
        },
        K::TupleMake(items) => Type::Tuple(items.iter().map(|v| f.ty(*v).clone()).collect()),
        K::TupleGet(t, i) => tuple_item(f, *t, *i as usize)?,
        K::TupleIndex(t, _) => tuple_item(f, *t, 0)?,
        K::Get(x) => f.var_ty(*x).clone(),
        K::Dim(..)
        | K::Stride(..)
        | K::Address(_)
        | K::CheckIndex { .. }
        | K::ThreadId
        | K::NumThreads
        | K::SetNumThreads(_) => Type::I64,
        K::Load { array, .. } => Type::Scalar(element(f, *array)?),
        K::VecLoad { array, lanes, .. } => vector(element(f, *array)?, *lanes),
        K::Gather { array, mask, .. } => vector(element(f, *array)?, lanes(f, *mask)?),
        K::Splat(v, n) => vector(dtype(f, *v)?, *n),
        K::Iota(n) => Type::Vec(DType::I64, *n),
        K::Extract(v, _) | K::VecReduce(_, v) => Type::Scalar(dtype(f, *v)?),
        K::Shuffle(v, _, chosen) => vector(dtype(f, *v)?, chosen.len() as u16),
        K::MaskAny(_) | K::MaskAll(_) | K::Caught(_) => Type::BOOL,
        K::Extern(_) | K::Pointer(_) => Type::Pointer,
        K::View { .. }
        | K::Alloc { .. }
        | K::Null
        | K::GlobalArray(_)
        | K::ArrayAt { .. }
        | K::StackArray(_)
        | K::Call(..)
        | K::CallC(..)
        | K::LoadPacked(_)
        | K::CaughtArg(_) => return Ok(ResultType::Told),
        _ => return Ok(ResultType::None),
    };
    Ok(ResultType::Known(ty))
}

/// The type of `n` lanes of a dtype; lanes of bool are a mask.
pub fn vector(dtype: DType, n: u16) -> Type {
    if dtype == DType::Bool { Type::Mask(n) } else { Type::Vec(dtype, n) }
}

/// `dtype` in the shape of a value: a vector of as many lanes, or a scalar.
fn like(f: &Function, v: Value, dtype: DType) -> Type {
    match f.ty(v).lanes() {
        Some(n) => vector(dtype, n),
        None => Type::Scalar(dtype),
    }
}

fn dtype(f: &Function, v: Value) -> Result<DType, String> {
    f.ty(v).dtype().ok_or_else(|| format!("{v} is not a number but {}", f.ty(v)))
}

fn element(f: &Function, v: Value) -> Result<DType, String> {
    f.ty(v).as_array().map(|a| a.dtype).ok_or_else(|| format!("{v} is not an array but {}", f.ty(v)))
}

fn lanes(f: &Function, v: Value) -> Result<u16, String> {
    f.ty(v).lanes().ok_or_else(|| format!("{v} is not a vector but {}", f.ty(v)))
}

fn tuple_item(f: &Function, v: Value, index: usize) -> Result<Type, String> {
    match f.ty(v) {
        Type::Tuple(items) => {
            items.get(index).cloned().ok_or_else(|| format!("{v} has no element {index} ({})", f.ty(v)))
        }
        other => Err(format!("{v} is not a tuple but {other}")),
    }
}
