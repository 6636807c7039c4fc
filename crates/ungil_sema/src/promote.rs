//! Type promotion and joins by NumPy 2's rules.
//!
//! NumPy scalars promote as `numpy.result_type` says; Python's weak scalars take the other side's type unless their
//! kind (bool, int, float, complex) is higher. Joins, the types of variables that are assigned different types, use
//! the same rules, so that they only widen and inference ends.
//! Source: NEP 50; `tests/promotion.txt` holds NumPy's own answers.

use ungil_ir::types::{ArrayType, DType, Layout};

use crate::lower::choice::join_functions;
use crate::mpi::Mpi;
use crate::ty::{ListTy, RecordTy, StructViewTy, Ty};

/// Kind of a number; the order is that of promotion.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    Bool,
    Int,
    Float,
    Complex,
}

/// The kind of an element type.
pub fn kind(d: DType) -> Kind {
    match d {
        DType::Bool => Kind::Bool,
        d if d.is_int() => Kind::Int,
        d if d.is_float() => Kind::Float,
        _ => Kind::Complex,
    }
}

/// `numpy.promote_types`.
pub fn promote_dtypes(a: DType, b: DType) -> DType {
    if a == b {
        return a;
    }
    let (low, high) = if kind(a) <= kind(b) { (a, b) } else { (b, a) };
    match (kind(low), kind(high)) {
        (Kind::Bool, _) => high,
        (Kind::Int, Kind::Int) => promote_ints(low, high),
        (Kind::Int, Kind::Float) => widest_float(float_of_int(low), high),
        (Kind::Float, Kind::Float) => widest_float(low, high),
        (Kind::Int, Kind::Complex) => complex_of(widest_float(float_of_int(low), high.real())),
        (_, Kind::Complex) => complex_of(widest_float(low.real(), high.real())),
        _ => high,
    }
}

fn promote_ints(a: DType, b: DType) -> DType {
    if a.is_signed() == b.is_signed() {
        return if a.size() >= b.size() { a } else { b };
    }
    let (signed, unsigned) = if a.is_signed() { (a, b) } else { (b, a) };
    if signed.size() > unsigned.size() {
        return signed;
    }
    match unsigned {
        DType::U8 => DType::I16,
        DType::U16 => DType::I32,
        DType::U32 => DType::I64,
        _ => DType::F64,
    }
}

/// The smallest float type that `result_type` pairs with an integer type.
fn float_of_int(d: DType) -> DType {
    if d.size() <= 2 { DType::F32 } else { DType::F64 }
}

fn widest_float(a: DType, b: DType) -> DType {
    if a == DType::F64 || b == DType::F64 { DType::F64 } else { DType::F32 }
}

/// The complex type with parts of float type `d`.
pub fn complex_of(d: DType) -> DType {
    if d == DType::F32 { DType::C64 } else { DType::C128 }
}

/// The element type of a weak scalar beside one of type `strong`.
pub fn promote_weak(weak: Kind, strong: DType) -> DType {
    if kind(strong) >= weak {
        return strong;
    }
    match weak {
        Kind::Bool | Kind::Int => DType::I64,
        Kind::Float => DType::F64,
        Kind::Complex if strong == DType::F32 => DType::C64,
        Kind::Complex => DType::C128,
    }
}

/// The common type of two scalars: weak when both are.
///
/// # Panics
/// If one is no scalar.
pub fn promote_scalars(a: &Ty, b: &Ty) -> Ty {
    let (da, db) = (a.dtype().expect("scalar"), b.dtype().expect("scalar"));
    match (a.is_weak(), b.is_weak()) {
        (true, true) => Ty::weak_of(if kind(da) >= kind(db) { da } else { db }),
        (true, false) => Ty::Scalar(promote_weak(kind(da), db)),
        (false, true) => Ty::Scalar(promote_weak(kind(db), da)),
        (false, false) => Ty::Scalar(promote_dtypes(da, db)),
    }
}

/// The type of a variable that holds values of both types, or `None` if there is none.
pub fn join(a: &Ty, b: &Ty) -> Option<Ty> {
    if a == b {
        return Some(a.clone());
    }
    match (a, b) {
        _ if a.is_scalar() && b.is_scalar() => Some(promote_scalars(a, b)),
        (Ty::Record(x), Ty::Record(y)) if x.kind == y.kind && x.items.len() == y.items.len() => {
            let pairs = x.items.iter().zip(&y.items);
            let items = pairs.map(|(p, q)| join(p, q)).collect::<Option<Vec<Ty>>>()?;
            Some(Ty::Record(RecordTy { kind: x.kind.clone(), items }.into()))
        }
        (Ty::Tuple(x), Ty::Tuple(y)) if x.len() == y.len() => {
            x.iter().zip(y).map(|(p, q)| join(p, q)).collect::<Option<Vec<Ty>>>().map(Ty::Tuple)
        }
        (Ty::List(x), Ty::List(y)) => join_lists(x, y),
        (Ty::Mpi(x), Ty::Mpi(y)) if x.is_request() && y.is_request() => Some(Ty::Mpi(Mpi::Request)),
        (Ty::Mpi(x), Ty::Mpi(y)) if x.is_comm() && y.is_comm() => Some(Ty::Mpi(Mpi::Comm)),
        (Ty::Array(x), Ty::Array(y)) => join_arrays(x, y).map(Ty::Array),
        (Ty::StructView(x), Ty::StructView(y)) if x.element == y.element => {
            let array = join_arrays(&x.array, &y.array)?;
            let layout = if x.layout == y.layout { x.layout } else { Layout::Strided };
            Some(Ty::StructView(StructViewTy { element: x.element.clone(), array, layout }.into()))
        }
        _ => join_functions(a, b),
    }
}

fn join_lists(a: &ListTy, b: &ListTy) -> Option<Ty> {
    let element = match (&a.element, &b.element) {
        (Some(x), Some(y)) => Some(join(x, y)?),
        (x, y) => x.clone().or_else(|| y.clone()),
    };
    let mut made = [&a.made[..], &b.made].concat();
    made.sort_unstable();
    made.dedup();
    Some(Ty::List(ListTy { element, made }.into()))
}

fn join_arrays(a: &ArrayType, b: &ArrayType) -> Option<ArrayType> {
    let same = a.dtype == b.dtype && a.ndim == b.ndim && a.swapped == b.swapped;
    let layout = if a.layout == b.layout { a.layout } else { Layout::Strided };
    same.then_some(ArrayType { layout, readonly: a.readonly || b.readonly, ..*a })
}
