//! What is known of types when a kernel is compiled: `np.iinfo`, `np.finfo`, `np.dtype` and the attributes of dtypes.
//!
//! `np.finfo(np.float32)` is an entity without a value, by a name that says its type; its attributes are constants.

use ungil_diag::span::Span;
use ungil_ir::types::DType;

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::build::int_range;
use crate::lower::call::Args;
use crate::lower::numpy::selection::argument;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

/// Signatures, and what is not supported.
pub(crate) const FUNCTIONS: &[(&str, &str)] = &[
    ("dtype(dtype)", "number types; attributes are constants"),
    ("finfo(dtype)", "attributes are constants"),
    ("iinfo(type)", "attributes are constants"),
];

const INTEGERS: &str = "numpy.iinfo:";
const FLOATS: &str = "numpy.finfo:";

/// Calls one of [`FUNCTIONS`].
pub(crate) fn call(l: &mut Lowerer<'_, '_>, function: &str, args: &Args) -> Result<Option<Operand>> {
    if !matches!(function, "dtype" | "finfo" | "iinfo") {
        return Ok(None);
    }
    let name = format!("numpy.{function}");
    let parameter = if function == "iinfo" { "type" } else { "dtype" };
    let given = args.clone().bind(&name, &[parameter], 1)?.remove(0).expect("required");
    // As NumPy takes the type of a number that is none itself.
    let dtype = match given.ty.dtype().filter(|_| function != "dtype") {
        Some(dtype) => dtype,
        None => l.dtype_argument(&given, &name)?.unwrap_or(DType::F64),
    };
    let ty = match function {
        "dtype" => Ty::DType(dtype),
        "iinfo" if dtype.is_int() => Ty::Builtin(format!("{INTEGERS}{dtype}").into()),
        "finfo" if dtype.is_float() || dtype.is_complex() => {
            Ty::Builtin(format!("{FLOATS}{}", dtype.real()).into())
        }
        "iinfo" => return Err(argument(&name, parameter, "an integer type", &given)),
        _ => return Err(argument(&name, parameter, "a floating-point type", &given)),
    };
    Ok(Some(Operand::entity(ty, args.span)))
}

/// An attribute of what `np.iinfo` or `np.finfo` gives, by its name.
pub(crate) fn attribute_of_limits(entity: &str, attr: &str, span: Span) -> Option<Operand> {
    let dtype = |prefix: &str| entity.strip_prefix(prefix).and_then(DType::from_name);
    if let Some(dtype) = dtype(INTEGERS) {
        return integer_limit(dtype, attr, span);
    }
    float_limit(dtype(FLOATS)?, attr, span)
}

/// Whether an entity is what `np.iinfo` or `np.finfo` gives.
pub(crate) fn is_limits(entity: &str) -> bool {
    entity.starts_with(INTEGERS) || entity.starts_with(FLOATS)
}

fn integer_limit(dtype: DType, attr: &str, span: Span) -> Option<Operand> {
    let (low, high) = int_range(dtype);
    let value = match attr {
        "min" => low,
        "max" => high,
        "bits" => dtype.bits().into(),
        "dtype" => return Some(Operand::entity(Ty::DType(dtype), span)),
        "kind" => return Some(Operand::entity(Ty::Str(kind_letter(dtype).into()), span)),
        _ => return None,
    };
    Some(Operand::constant(Ty::PyInt, Constant::Int(value), span))
}

fn float_limit(dtype: DType, attr: &str, span: Span) -> Option<Operand> {
    let single = dtype == DType::F32;
    let of = |narrow: f32, wide: f64| if single { f64::from(narrow) } else { wide };
    let counts: Option<[i64; 2]> = match attr {
        "bits" => Some([32, 64]),
        "nmant" => Some([23, 52]),
        "nexp" => Some([8, 11]),
        "iexp" => Some([8, 11]),
        "machep" => Some([-23, -52]),
        "negep" => Some([-24, -53]),
        "minexp" => Some([-126, -1022]),
        "maxexp" => Some([128, 1024]),
        "precision" => Some([6, 15]),
        _ => None,
    };
    if let Some([narrow, wide]) = counts {
        return Some(Operand::int(if single { narrow } else { wide }, span));
    }
    let value = match attr {
        "eps" => of(f32::EPSILON, f64::EPSILON),
        "epsneg" => of(f32::EPSILON, f64::EPSILON) / 2.0,
        "max" => of(f32::MAX, f64::MAX),
        "min" => of(f32::MIN, f64::MIN),
        "tiny" | "smallest_normal" => of(f32::MIN_POSITIVE, f64::MIN_POSITIVE),
        "smallest_subnormal" => of(f32::from_bits(1), f64::from_bits(1)),
        "resolution" => of(1e-6, 1e-15),
        "dtype" => return Some(Operand::entity(Ty::DType(dtype), span)),
        _ => return None,
    };
    Some(Operand::constant(Ty::Scalar(dtype), Constant::Float(value), span))
}

/// An attribute of a dtype.
pub(crate) fn attribute_of_dtype(dtype: DType, attr: &str, span: Span) -> Option<Operand> {
    let text = |text: String| Operand::entity(Ty::Str(text.into()), span);
    let single = dtype.size() == 1;
    Some(match attr {
        "name" => text(dtype.name().to_owned()),
        "kind" => text(kind_letter(dtype).to_owned()),
        "char" => text(type_letter(dtype).to_owned()),
        "str" => text(format!("{}{}{}", if single { '|' } else { '<' }, kind_letter(dtype), dtype.size())),
        "byteorder" => text(if single { "|" } else { "=" }.to_owned()),
        "type" => Operand::entity(Ty::DType(dtype), span),
        "itemsize" => Operand::int(dtype.size() as i64, span),
        "alignment" => {
            Operand::int(if dtype.is_complex() { dtype.real() } else { dtype }.size() as i64, span)
        }
        "num" => Operand::int(dtype.numpy_number().into(), span),
        "ndim" => Operand::int(0, span),
        "shape" => Operand::tuple(Vec::new(), span),
        "isnative" => Operand::bool(true, span),
        "hasobject" => Operand::bool(false, span),
        "names" | "fields" | "subdtype" => Operand::none(span),
        _ => return None,
    })
}

fn kind_letter(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "b",
        d if d.is_signed() => "i",
        d if d.is_unsigned() => "u",
        d if d.is_float() => "f",
        _ => "c",
    }
}

fn type_letter(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "?",
        DType::I8 => "b",
        DType::I16 => "h",
        DType::I32 => "i",
        DType::I64 => "l",
        DType::U8 => "B",
        DType::U16 => "H",
        DType::U32 => "I",
        DType::U64 => "L",
        DType::F32 => "f",
        DType::F64 => "d",
        DType::C64 => "F",
        DType::C128 => "D",
    }
}
