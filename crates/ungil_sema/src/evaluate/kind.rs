//! Kinds of values in formulas.
//!
//! numexpr computes with seven kinds; `Ulong` is ours, so that uint64 has its own values. Kinds are ordered: an operation
//! on two kinds is one on the greater.

use ungil_ir::types::DType;

/// What a value in a formula is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Kind {
    Bool,
    /// int32
    Int,
    /// int64
    Long,
    /// uint64
    Ulong,
    /// float32
    Float,
    /// float64
    Double,
    /// complex128
    Complex,
    Bytes,
}

impl Kind {
    /// The kind that elements of a type are computed in.
    pub fn of(dtype: DType) -> Kind {
        match dtype {
            DType::Bool => Kind::Bool,
            DType::I8 | DType::U8 | DType::I16 | DType::U16 | DType::I32 => Kind::Int,
            DType::U32 | DType::I64 => Kind::Long,
            DType::U64 => Kind::Ulong,
            DType::F32 => Kind::Float,
            DType::F64 => Kind::Double,
            DType::C64 | DType::C128 => Kind::Complex,
        }
    }

    /// The element type of values of this kind; bytes have none.
    pub fn dtype(self) -> Option<DType> {
        Some(match self {
            Kind::Bool => DType::Bool,
            Kind::Int => DType::I32,
            Kind::Long => DType::I64,
            Kind::Ulong => DType::U64,
            Kind::Float => DType::F32,
            Kind::Double => DType::F64,
            Kind::Complex => DType::C128,
            Kind::Bytes => return None,
        })
    }

    /// numexpr's letter.
    pub fn code(self) -> char {
        match self {
            Kind::Bool => 'b',
            Kind::Int => 'i',
            Kind::Long => 'l',
            Kind::Ulong => 'u',
            Kind::Float => 'f',
            Kind::Double => 'd',
            Kind::Complex => 'c',
            Kind::Bytes => 's',
        }
    }

    /// The kind with a letter.
    pub fn from_code(code: char) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// numexpr's word.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Long => "long",
            Kind::Ulong => "ulong",
            Kind::Float => "float",
            Kind::Double => "double",
            Kind::Complex => "complex",
            Kind::Bytes => "bytes",
        }
    }

    /// The kind with a name.
    pub fn from_name(name: &str) -> Option<Kind> {
        if name == "str" {
            return Some(Kind::Bytes);
        }
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub fn is_integer(self) -> bool {
        matches!(self, Kind::Int | Kind::Long | Kind::Ulong)
    }

    pub const ALL: [Kind; 8] = [
        Kind::Bool,
        Kind::Int,
        Kind::Long,
        Kind::Ulong,
        Kind::Float,
        Kind::Double,
        Kind::Complex,
        Kind::Bytes,
    ];
}
