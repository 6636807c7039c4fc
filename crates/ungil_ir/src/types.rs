//! Types of values.
//!
//! These are machine types. Python's weak scalars, functions, ranges and slices are types of the front end
//! (`ungil_sema`), which lowers them to scalars and tuples.

use std::fmt;

/// Element types of arrays and types of scalars. The order is part of the ABI (`ungil_abi::context::ValueTag`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum DType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    U8,
    U16,
    U32,
    U64,
    F32,
    F64,
    C64,
    C128,
}

impl DType {
    /// NumPy's number of the type, where C's long has 64 bits.
    pub const fn numpy_number(self) -> i32 {
        match self {
            DType::Bool => 0,
            DType::I8 => 1,
            DType::U8 => 2,
            DType::I16 => 3,
            DType::U16 => 4,
            DType::I32 => 5,
            DType::U32 => 6,
            DType::I64 => 7,
            DType::U64 => 8,
            DType::F32 => 11,
            DType::F64 => 12,
            DType::C64 => 14,
            DType::C128 => 15,
        }
    }

    pub const ALL: [DType; 13] = [
        DType::Bool,
        DType::I8,
        DType::I16,
        DType::I32,
        DType::I64,
        DType::U8,
        DType::U16,
        DType::U32,
        DType::U64,
        DType::F32,
        DType::F64,
        DType::C64,
        DType::C128,
    ];

    /// Size of an element in bytes.
    pub const fn size(self) -> u64 {
        match self {
            DType::Bool | DType::I8 | DType::U8 => 1,
            DType::I16 | DType::U16 => 2,
            DType::I32 | DType::U32 | DType::F32 => 4,
            DType::I64 | DType::U64 | DType::F64 | DType::C64 => 8,
            DType::C128 => 16,
        }
    }

    /// NumPy's name.
    pub const fn name(self) -> &'static str {
        match self {
            DType::Bool => "bool",
            DType::I8 => "int8",
            DType::I16 => "int16",
            DType::I32 => "int32",
            DType::I64 => "int64",
            DType::U8 => "uint8",
            DType::U16 => "uint16",
            DType::U32 => "uint32",
            DType::U64 => "uint64",
            DType::F32 => "float32",
            DType::F64 => "float64",
            DType::C64 => "complex64",
            DType::C128 => "complex128",
        }
    }

    pub fn from_name(name: &str) -> Option<DType> {
        DType::ALL.into_iter().find(|d| d.name() == name)
    }

    /// Number in the ABI.
    pub const fn number(self) -> u32 {
        self as u32
    }

    pub const fn is_signed(self) -> bool {
        matches!(self, DType::I8 | DType::I16 | DType::I32 | DType::I64)
    }

    pub const fn is_unsigned(self) -> bool {
        matches!(self, DType::U8 | DType::U16 | DType::U32 | DType::U64)
    }

    /// Signed or unsigned integer; not bool.
    pub const fn is_int(self) -> bool {
        self.is_signed() || self.is_unsigned()
    }

    pub const fn is_float(self) -> bool {
        matches!(self, DType::F32 | DType::F64)
    }

    pub const fn is_complex(self) -> bool {
        matches!(self, DType::C64 | DType::C128)
    }

    /// Type of the real and imaginary part of a complex type; other types are their own.
    pub const fn real(self) -> DType {
        match self {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            d => d,
        }
    }

    /// Bits of an integer or bool.
    pub const fn bits(self) -> u32 {
        match self {
            DType::Bool => 1,
            d => d.size() as u32 * 8,
        }
    }

    /// Whether an integer literal fits the type in the form that [`crate::inst::Const`] keeps.
    pub fn holds(self, n: i64) -> bool {
        match self {
            DType::I64 | DType::U64 => true,
            d if d.is_signed() => (-(1i64 << (d.bits() - 1))..1i64 << (d.bits() - 1)).contains(&n),
            d if d.is_unsigned() => (0..1i64 << d.bits()).contains(&n),
            _ => false,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is known of an array's strides. `C` and `F` mean contiguous: generated code computes the strides from the
/// shape and does not read them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Layout {
    C,
    F,
    Strided,
}

/// Type of an array. Any element may be misaligned; `swapped` means the other byte order than the machine's.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ArrayType {
    pub dtype: DType,
    pub ndim: u8,
    pub layout: Layout,
    pub readonly: bool,
    pub swapped: bool,
}

/// Type of a value.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Type {
    Scalar(DType),
    /// The empty tuple is the unit type, which also stands for `None`.
    Tuple(Vec<Type>),
    Array(ArrayType),
    /// Vector of `n` lanes.
    Vec(DType, u16),
    /// Mask of `n` lanes.
    Mask(u16),
    /// Address of memory that nobody counts, or of a C function.
    Pointer,
}

impl Type {
    pub const BOOL: Type = Type::Scalar(DType::Bool);
    pub const I64: Type = Type::Scalar(DType::I64);
    pub const F64: Type = Type::Scalar(DType::F64);

    pub fn unit() -> Type {
        Type::Tuple(Vec::new())
    }

    pub fn is_unit(&self) -> bool {
        matches!(self, Type::Tuple(t) if t.is_empty())
    }

    /// The scalar type; of a vector, that of its lanes.
    pub fn dtype(&self) -> Option<DType> {
        match self {
            Type::Scalar(d) | Type::Vec(d, _) => Some(*d),
            Type::Mask(_) => Some(DType::Bool),
            _ => None,
        }
    }

    pub fn as_array(&self) -> Option<ArrayType> {
        match self {
            Type::Array(a) => Some(*a),
            _ => None,
        }
    }

    /// Number of lanes of a vector or mask.
    pub fn lanes(&self) -> Option<u16> {
        match self {
            Type::Vec(_, n) | Type::Mask(n) => Some(*n),
            _ => None,
        }
    }

    /// Whether a value of this type holds a reference to array memory.
    pub fn holds_memory(&self) -> bool {
        match self {
            Type::Array(_) => true,
            Type::Tuple(t) => t.iter().any(Type::holds_memory),
            _ => false,
        }
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let layout = match self.layout {
            Layout::C => "C",
            Layout::F => "F",
            Layout::Strided => "A",
        };
        write!(f, "array<{}, {}, {layout}", self.dtype, self.ndim)?;
        f.write_str(if self.readonly { ", readonly" } else { "" })?;
        f.write_str(if self.swapped { ", swapped>" } else { ">" })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Scalar(d) => write!(f, "{d}"),
            Type::Array(a) => write!(f, "{a}"),
            Type::Vec(d, n) => write!(f, "vec<{d}, {n}>"),
            Type::Mask(n) => write!(f, "mask<{n}>"),
            Type::Pointer => f.write_str("pointer"),
            Type::Tuple(items) => {
                f.write_str("(")?;
                for (i, t) in items.iter().enumerate() {
                    write!(f, "{}{t}", if i > 0 { ", " } else { "" })?;
                }
                f.write_str(if items.len() == 1 { ",)" } else { ")" })
            }
        }
    }
}
