//! C types and C functions as kernels see them.
//!
//! Made from ctypes' and cffi's objects by the extension module, and from prototypes by [`crate::prototype`]. Every
//! integer is the fixed-width type of its size on this platform. Limits: no struct by value, no `long double`, no
//! variable argument lists.

use std::fmt;
use std::sync::Arc;

use ungil_ir::types::{DType, Type};

/// Type of a parameter, a result, or of what a pointer points at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum CType {
    Void,
    Scalar(DType),
    /// Cython's `bint`: an `int` that is a truth value to Python.
    Bint,
    Pointer(Arc<Pointee>),
    Struct(Arc<CStruct>),
    /// So many elements in a row.
    Array(Arc<CType>, u64),
    /// What a pointer to a function leads to.
    Function(Arc<FunctionType>),
    /// What only a pointer can lead to: an incomplete struct, a function, by its name.
    Opaque(Arc<str>),
    /// `numpy.ctypeslib.ndpointer`. Only among parameters.
    NdPointer(Arc<NdPointer>),
}

/// What a pointer points at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Pointee {
    pub to: CType,
    pub constant: bool,
}

/// A struct's name and fields.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CStruct {
    pub name: Arc<str>,
    pub size: u64,
    pub fields: Vec<Field>,
    /// Whether its fields share their memory.
    pub is_union: bool,
}

/// Parameters and result of a function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FunctionType {
    pub params: Vec<CType>,
    pub ret: CType,
    /// Whether who calls through a pointer to it looks for an exception afterwards, as `except? -1` says.
    pub raises: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Field {
    pub name: Arc<str>,
    pub ty: CType,
    pub offset: u64,
    /// What its number, or that of its elements, is declared as; empty: as the type says.
    pub c_name: Arc<str>,
}

/// Demands of `numpy.ctypeslib.ndpointer`.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct NdPointer {
    pub dtype: Option<DType>,
    pub ndim: Option<usize>,
    pub shape: Option<Vec<i64>>,
    /// As NumPy names them: `C_CONTIGUOUS`.
    pub flags: Vec<String>,
}

/// Whose rules the arguments of a function follow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Convention {
    /// Integers wrap.
    Ctypes,
    /// Integers that do not fit raise OverflowError.
    Cffi,
}

/// The parameters in front of `...`, and whether that ends the list: a type of no other name stands for it.
pub fn fixed_params(params: &[CType]) -> (&[CType], bool) {
    match params.split_last() {
        Some((CType::Opaque(name), fixed)) if &**name == "..." => (fixed, true),
        _ => (params, false),
    }
}

/// Whether variable arguments travel as others do, which is so everywhere but on Apple's 64-bit ARM.
pub const PASSES_VARIABLE: bool = !cfg!(all(target_vendor = "apple", target_arch = "aarch64"));

/// A C function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct CFunction {
    pub name: Arc<str>,
    pub address: u64,
    pub params: Vec<CType>,
    pub ret: CType,
    pub convention: Convention,
    /// Whether the thread's copy of `errno` is exchanged around each call, as `use_errno=True` asks for.
    pub errno: bool,
    /// Whether there is one more parameter, an int that is zero: Cython's `skip_dispatch`.
    pub hidden: bool,
}

impl CType {
    /// `void *`.
    pub fn void_pointer() -> CType {
        CType::Pointer(Arc::new(Pointee { to: CType::Void, constant: false }))
    }

    /// A pointer to this type.
    pub fn pointer_to(self, constant: bool) -> CType {
        CType::Pointer(Arc::new(Pointee { to: self, constant }))
    }

    /// The machine type in which it is passed.
    pub fn ir(&self) -> Type {
        match self {
            CType::Void | CType::Struct(_) | CType::Opaque(_) | CType::Array(..) | CType::Function(_) => {
                Type::unit()
            }
            CType::Scalar(d) => Type::Scalar(*d),
            CType::Bint => Type::Scalar(DType::I32),
            CType::Pointer(_) | CType::NdPointer(_) => Type::Pointer,
        }
    }

    /// Size in bytes, where it has one.
    pub fn size(&self) -> Option<u64> {
        match self {
            CType::Scalar(d) => Some(d.size()),
            CType::Bint => Some(4),
            CType::Pointer(_) | CType::NdPointer(_) => Some(8),
            CType::Struct(s) => Some(s.size),
            CType::Array(element, n) => element.size()?.checked_mul(*n),
            CType::Void | CType::Opaque(_) | CType::Function(_) => None,
        }
    }
}

impl CFunction {
    /// `double hypot(double, double)`.
    pub fn prototype(&self) -> String {
        let params: Vec<String> = self.params.iter().map(CType::to_string).collect();
        let params = if params.is_empty() { "void".to_owned() } else { params.join(", ") };
        format!("{} {}({params})", self.ret, self.name)
    }
}

/// The name of a number type in Cython's messages.
pub fn element_name(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool",
        DType::I8 => "signed char",
        DType::U8 => "unsigned char",
        DType::I16 => "short",
        DType::U16 => "unsigned short",
        DType::I32 => "int",
        DType::U32 => "unsigned int",
        DType::I64 => "long",
        DType::U64 => "unsigned long",
        DType::F32 => "float",
        DType::F64 => "double",
        DType::C64 => "complex float",
        DType::C128 => "complex double",
    }
}

/// C's name of a number type.
fn c_name(d: DType) -> &'static str {
    match d {
        DType::Bool => "bool",
        DType::I8 => "int8_t",
        DType::I16 => "int16_t",
        DType::I32 => "int",
        DType::I64 => "int64_t",
        DType::U8 => "uint8_t",
        DType::U16 => "uint16_t",
        DType::U32 => "uint32_t",
        DType::U64 => "uint64_t",
        DType::F32 => "float",
        DType::F64 => "double",
        DType::C64 => "float complex",
        DType::C128 => "double complex",
    }
}

impl fmt::Display for CType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CType::Void => f.write_str("void"),
            CType::Scalar(d) => f.write_str(c_name(*d)),
            CType::Bint => f.write_str("bint"),
            CType::Pointer(p) => write!(f, "{p} *"),
            CType::Struct(s) => write!(f, "struct {}", s.name),
            CType::Opaque(name) => f.write_str(name),
            CType::Array(..) => {
                let (mut at, mut sizes) = (self, String::new());
                while let CType::Array(element, n) = at {
                    sizes.push_str(&format!("[{n}]"));
                    at = element;
                }
                write!(f, "{at} {sizes}")
            }
            CType::Function(function) => {
                let params: Vec<String> = function.params.iter().map(CType::to_string).collect();
                write!(f, "{} ({})", function.ret, params.join(", "))
            }
            CType::NdPointer(a) => {
                f.write_str("ndpointer(")?;
                let mut parts = Vec::new();
                parts.extend(a.dtype.map(|d| format!("dtype={d}")));
                parts.extend(a.ndim.map(|n| format!("ndim={n}")));
                if !a.flags.is_empty() {
                    parts.push(format!("flags='{}'", a.flags.join(",")));
                }
                write!(f, "{})", parts.join(", "))
            }
        }
    }
}

impl fmt::Display for Pointee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.to {
            // C reads a qualifier of a pointer after its star: `const float * const *`.
            CType::Pointer(_) if self.constant => write!(f, "{} const", self.to),
            _ if self.constant => write!(f, "const {}", self.to),
            _ => write!(f, "{}", self.to),
        }
    }
}
