//! NumPy functions of types, known when a kernel is compiled: `result_type promote_types min_scalar_type can_cast iscomplexobj isrealobj isscalar`.

use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::build::int_range;
use crate::lower::call::Args;
use crate::lower::intrinsics::not_a_number;
use crate::lower::numpy::calling;
use crate::operand::{Constant, Operand};
use crate::promote::{promote_dtypes, promote_scalars};
use crate::ty::Ty;

/// Signatures, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[
    ("result_type(*arrays_and_dtypes)", ""),
    ("promote_types(type1, type2)", ""),
    ("min_scalar_type(a)", "arrays, and numbers that are constants"),
    ("can_cast(from_, to, casting='safe')", "dtypes and arrays; `casting` is a constant"),
    ("iscomplexobj(x)", ""),
    ("isrealobj(x)", ""),
    ("isscalar(element)", ""),
];

/// Calls one of [`FUNCTIONS`].
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    let span = args.span;
    Ok(Some(match function {
        "result_type" | "promote_types" => {
            args.check_no_keywords(function)?;
            let mut types = args.positional.iter().map(|x| scalar_type(l, x));
            let first = types.next().ok_or_else(|| not_a_number(&Operand::none(span)))??;
            let common = types.try_fold(first, |a, b| b.map(|b| promote_scalars(&a, &b)))?;
            Operand::entity(Ty::DType(common.dtype().expect("a scalar")), span)
        }
        "min_scalar_type" => {
            let x = args.clone().bind("numpy.min_scalar_type", &["a"], 1)?.remove(0).expect("required");
            Operand::entity(Ty::DType(smallest(&x)?), span)
        }
        "can_cast" => {
            let bound = args.clone().bind("numpy.can_cast", &["from_", "to", "casting"], 2)?;
            let types = [&bound[0], &bound[1]].map(|x| scalar_type(l, x.as_ref().expect("required")));
            let [from, to] = types.map(|ty| ty.map(|ty| ty.dtype().expect("a scalar")));
            let rule = bound[2].clone().unwrap_or_else(|| Operand::entity(Ty::Str("safe".into()), span));
            let rule = calling::casting_argument(Some(rule), "numpy.can_cast")?;
            Operand::bool(calling::can_cast(from?, to?, rule), span)
        }
        "iscomplexobj" | "isrealobj" => {
            let x = args.clone().bind(function, &["x"], 1)?.remove(0).expect("required");
            let complex = element(&x)?.is_complex();
            Operand::bool(complex == (function == "iscomplexobj"), span)
        }
        "isscalar" => {
            let x = args.clone().bind(function, &["element"], 1)?.remove(0).expect("required");
            Operand::bool(x.ty.is_scalar() || x.as_str().is_some(), span)
        }
        _ => return Ok(None),
    }))
}

/// The smallest dtype that holds a number; that of an array is its own.
fn smallest(x: &Operand) -> Result<DType> {
    let fits = |d: &&DType| match x.const_int() {
        Some(n) => {
            let (low, high) = int_range(**d);
            low <= n && n <= high
        }
        None => false,
    };
    let unsigned = [DType::U8, DType::U16, DType::U32, DType::U64];
    let signed = [DType::I8, DType::I16, DType::I32, DType::I64];
    let found = match (&x.ty, &x.constant) {
        (Ty::Array(t), _) if t.ndim > 0 => Some(t.dtype),
        (_, Some(Constant::Bool(_))) => Some(DType::Bool),
        (_, Some(Constant::Int(n))) => if *n < 0 { &signed } else { &unsigned }.iter().find(fits).copied(),
        _ => None,
    };
    let span = x.span;
    found.ok_or_else(|| TypeError::IndexConstant { span, expected: "integer or truth value" }.into())
}

/// An array, a scalar or a dtype as the scalar type with which it promotes.
fn scalar_type(l: &Lowerer<'_, '_>, x: &Operand) -> Result<Ty> {
    Ok(match &x.ty {
        Ty::Array(t) => Ty::Scalar(t.dtype),
        ty if ty.is_scalar() => ty.clone(),
        _ => Ty::Scalar(l.dtype_argument(x, "numpy.result_type")?.ok_or_else(|| not_a_number(x))?),
    })
}

/// The element type of an array, a scalar or a tuple of such.
pub(crate) fn element(x: &Operand) -> Result<DType> {
    fn of(ty: &Ty) -> Option<DType> {
        match ty {
            Ty::Array(t) => Some(t.dtype),
            Ty::Tuple(items) => {
                let mut all = items.iter().map(of);
                let first = all.next()?;
                all.fold(first, |a, b| Some(promote_dtypes(a?, b?)))
            }
            other => other.dtype(),
        }
    }
    of(&x.ty).ok_or_else(|| not_a_number(x))
}
