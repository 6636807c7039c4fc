//! Types of the front end.
//!
//! [`Ty`] says more than the machine type `ungil_ir::types::Type` it maps to: whether a scalar is a weak Python
//! scalar or a NumPy one, which function a function value is, what a string says. Entities that exist at compile
//! time only map to the unit type. `Display` is the user's notation.

use std::fmt;
use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::ctype::{CFunction, CStruct, CType, Pointee};
use crate::mpi::Mpi;
use crate::world::{KernelId, ObjectId};

/// A function's code: a kernel, or a function or lambda nested in one, told apart by where it starts in the text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CodeId {
    pub kernel: KernelId,
    /// Byte offset of the nested `def` or lambda; `None`: the kernel itself.
    pub nested: Option<u32>,
}

/// A function as a value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FuncTy {
    pub code: CodeId,
    pub name: Arc<str>,
    /// Captured variables that travel with the value, as a tuple in this order. `None`: a nested function in the
    /// function that defines it, which reads them from the variables when it is called.
    pub captures: Option<Vec<(Arc<str>, Ty)>>,
}

/// The dtypes of a loop of a universal function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct LoopTypes {
    pub operands: Vec<DType>,
    /// Empty: those that the function returns.
    pub results: Vec<DType>,
}

/// A user's universal function.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct UfuncTy {
    /// The function of numbers.
    pub func: Arc<FuncTy>,
    /// Declared loops; none: it takes all dtypes.
    pub loops: Vec<LoopTypes>,
    /// What its reductions start from.
    pub identity: Identity,
}

/// What reductions by a universal function start from. Floats are their bits, so that types compare.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Identity {
    /// The first element, along one axis at a time.
    #[default]
    None,
    /// The first element, whichever that is.
    Reorderable,
    Int(i64),
    Float(u64),
    Complex(u64, u64),
}

/// Which parts of a slice are given; the others are `None`. The value is a tuple of the given ones, as `int64`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct SliceTy {
    pub start: bool,
    pub stop: bool,
    pub step: bool,
}

/// Type of lists. All lists are boxes of one machine type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ListTy {
    /// `None`: nothing was put into it yet.
    pub element: Option<Ty>,
    /// The expressions that may have made it, by function instance and byte, in order. What is put into a list counts for them.
    pub made: Vec<(u32, u32)>,
}

/// An iterator object. It can be iterated once, so it exists only where it is consumed at once.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum IterTy {
    /// Value: `(iterable, start)`.
    Enumerate(Ty),
    /// Value: the tuple of iterables; `strict=True` raises where lengths differ.
    Zip(Vec<Ty>, bool),
    Reversed(Ty),
    /// `np.ndindex`. Value: that many extents.
    NdIndex(u8),
    /// `np.ndenumerate`. Value: the array.
    NdEnumerate(Ty),
    /// Value: the first iterable; the code by where it starts.
    Generator(Ty, u32),
    /// An f-string, for `print`. Value: what stands in its fields.
    Text(Vec<Ty>),
}

/// What Python gets of a struct or array of C.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct RecordTy {
    pub kind: RecordKind,
    pub items: Vec<Ty>,
}

/// The object that a record becomes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RecordKind {
    /// A dictionary with these keys.
    Dict(Vec<Arc<str>>),
    /// A list of the items.
    List,
    /// The only item is an array, whose elements become lists.
    Numbers,
    /// The only item is an array of bytes, up to the first that is zero.
    Bytes,
    /// All bytes of the only item, an array.
    Memory,
    /// A value of an enumeration, by its name in C: the only item is its number.
    Enum(Arc<str>),
    /// Of several types: the first item is the number of the one that counts.
    OneOf,
    /// An array of structs: the only item is the array of their first bytes.
    Structs(Arc<CStruct>),
}

/// A Python scalar that is known at compile time and part of an instance's key; a float by its bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ConstTy {
    Bool(bool),
    Int(i64),
    Float(u64),
}

/// Type of memoryviews of structs. In the machine they are arrays of the structs' first bytes.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct StructViewTy {
    pub element: Arc<CStruct>,
    /// Of bytes, with the strides of the structs; its layout says nothing.
    pub array: ArrayType,
    /// How the structs lie, where that is declared.
    pub layout: Layout,
}

/// Type of an expression.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ty {
    /// Python's scalars: weak in promotion, 64 bits wide.
    PyBool,
    PyInt,
    PyFloat,
    PyComplex,
    /// NumPy's scalars.
    Scalar(DType),
    None,
    Ellipsis,
    /// A constant string.
    Str(Arc<str>),
    /// Constant bytes.
    Bytes(Arc<[u8]>),
    Tuple(Vec<Ty>),
    /// What Python gets of a struct or array of C. Value: the tuple of its parts.
    Record(Arc<RecordTy>),
    /// Value: `(start, stop, step)`.
    Range,
    Slice(SliceTy),
    Array(ArrayType),
    List(Arc<ListTy>),
    Iter(Arc<IterTy>),
    Func(Arc<FuncTy>),
    /// One of several functions. Value: `(number, captures of those that have any …)`.
    Choice(Arc<Vec<Ty>>),
    /// A method bound to the value of the first type, by canonical name (`numpy.ndarray.copy`).
    Method(Box<Ty>, Arc<str>),
    /// A C pointer. Nobody counts what it leads to.
    Pointer(Arc<Pointee>),
    /// An object of one of ctypes' simple types: one element of memory.
    CBox(DType),
    /// An object of MPI.
    Mpi(Mpi),
    /// A request for an object of this type. Value: the request's number, and the words that it receives into.
    Pending(Box<Ty>),
    /// A C struct, by a pointer to it.
    CStruct(Arc<CStruct>),
    StructView(Arc<StructViewTy>),
    // Compile-time entities.
    CFunc(Arc<CFunction>),
    /// A function with fused types.
    Fused(ObjectId, Arc<str>),
    /// A type of ctypes.
    CType(CType),
    /// A function or type the compiler knows, by canonical name (`builtins.range`).
    Builtin(Arc<str>),
    Module(ObjectId, Arc<str>),
    Class(Arc<str>),
    Exception(ExcClass),
    Ufunc(Arc<UfuncTy>),
    /// A scalar type, as in `dtype=np.float32`.
    DType(DType),
    /// An argument that the prelude takes as a constant. Only among the types of an instance's arguments.
    Constant(ConstTy),
}

/// The box of a list.
pub const BOX: ArrayType =
    ArrayType { dtype: DType::I64, ndim: 1, layout: Layout::C, readonly: false, swapped: false };

impl Ty {
    /// The machine type of its values.
    pub fn ir(&self) -> Type {
        match self {
            Ty::PyBool => Type::BOOL,
            Ty::PyInt => Type::I64,
            Ty::PyFloat => Type::F64,
            Ty::PyComplex => Type::Scalar(DType::C128),
            Ty::Scalar(d) => Type::Scalar(*d),
            Ty::Tuple(items) => Type::Tuple(items.iter().map(Ty::ir).collect()),
            Ty::Record(record) => Type::Tuple(record.items.iter().map(Ty::ir).collect()),
            Ty::Range => Type::Tuple(vec![Type::I64; 3]),
            Ty::Slice(s) => Type::Tuple(vec![Type::I64; s.count()]),
            Ty::Array(a) => Type::Array(*a),
            Ty::StructView(view) => Type::Array(view.array),
            Ty::List(_) => Type::Array(BOX),
            Ty::Iter(iter) => match &**iter {
                IterTy::Enumerate(t) => Type::Tuple(vec![t.ir(), Type::I64]),
                IterTy::Zip(items, _) | IterTy::Text(items) => {
                    Type::Tuple(items.iter().map(Ty::ir).collect())
                }
                IterTy::Reversed(t) | IterTy::Generator(t, _) | IterTy::NdEnumerate(t) => t.ir(),
                IterTy::NdIndex(n) => Type::Tuple(vec![Type::I64; usize::from(*n)]),
            },
            Ty::Func(f) => Type::Tuple(f.captures.iter().flatten().map(|(_, t)| t.ir()).collect()),
            Ty::Choice(members) => {
                let held = members.iter().map(Ty::ir).filter(|t| !t.is_unit());
                Type::Tuple([Type::I64].into_iter().chain(held).collect())
            }
            Ty::Method(receiver, _) => receiver.ir(),
            Ty::Pointer(_) | Ty::CStruct(_) => Type::Pointer,
            Ty::CBox(d) => Type::Array(ArrayType { dtype: *d, ..BOX }),
            Ty::Mpi(Mpi::InPlace) => Type::unit(),
            Ty::Mpi(Mpi::Status) => Type::Array(BOX),
            Ty::Mpi(_) => Type::I64,
            Ty::Pending(_) => Type::Tuple(vec![Type::I64, Type::Array(BOX)]),
            Ty::None
            | Ty::Ellipsis
            | Ty::Str(_)
            | Ty::Bytes(_)
            | Ty::Builtin(_)
            | Ty::Module(..)
            | Ty::Class(_)
            | Ty::Exception(_)
            | Ty::Ufunc(_)
            | Ty::DType(_)
            | Ty::CFunc(_)
            | Ty::Fused(..)
            | Ty::CType(_)
            | Ty::Constant(_) => Type::unit(),
        }
    }

    /// The element type its scalars are stored as; `None` for types that are no scalars.
    pub fn dtype(&self) -> Option<DType> {
        match self {
            Ty::PyBool => Some(DType::Bool),
            Ty::PyInt => Some(DType::I64),
            Ty::PyFloat => Some(DType::F64),
            Ty::PyComplex => Some(DType::C128),
            Ty::Scalar(d) => Some(*d),
            _ => None,
        }
    }

    /// Whether it is a scalar, of Python or of NumPy.
    pub fn is_scalar(&self) -> bool {
        self.dtype().is_some()
    }

    /// Whether it is a Python scalar.
    pub fn is_weak(&self) -> bool {
        matches!(self, Ty::PyBool | Ty::PyInt | Ty::PyFloat | Ty::PyComplex)
    }

    /// Integers and booleans, of Python or of NumPy.
    pub fn is_integral(&self) -> bool {
        self.dtype().is_some_and(|d| d.is_int() || d == DType::Bool)
    }

    /// The Python scalar type of the same kind, as `.item()` returns.
    pub fn weak_of(dtype: DType) -> Ty {
        match dtype {
            DType::Bool => Ty::PyBool,
            d if d.is_int() => Ty::PyInt,
            d if d.is_float() => Ty::PyFloat,
            _ => Ty::PyComplex,
        }
    }

    /// `void *`.
    pub fn void_pointer() -> Ty {
        Ty::Pointer(Arc::new(Pointee { to: CType::Void, constant: false }))
    }

    pub fn as_array(&self) -> Option<ArrayType> {
        match self {
            Ty::Array(a) => Some(*a),
            _ => None,
        }
    }

    /// Whether it has no value at run time.
    pub fn is_compile_time(&self) -> bool {
        self.ir().is_unit()
    }
}

impl SliceTy {
    /// Number of parts that are given.
    pub fn count(self) -> usize {
        usize::from(self.start) + usize::from(self.stop) + usize::from(self.step)
    }
}

/// An array type in the user's notation: `float64[:, ::1]`.
pub fn display_array(a: &ArrayType) -> String {
    let n = usize::from(a.ndim);
    let axis = |i: usize| match a.layout {
        Layout::C if i + 1 == n => "::1",
        Layout::F if i == 0 => "::1",
        _ => ":",
    };
    let axes: Vec<&str> = (0..n).map(axis).collect();
    let text = if n == 0 { format!("{}[()]", a.dtype) } else { format!("{}[{}]", a.dtype, axes.join(", ")) };
    let swapped = if a.swapped { "byte-swapped " } else { "" };
    let readonly = if a.readonly { "readonly " } else { "" };
    format!("{readonly}{swapped}{text}")
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |items: &[Ty]| items.iter().map(Ty::to_string).collect::<Vec<_>>().join(", ");
        match self {
            Ty::PyBool => f.write_str("bool"),
            Ty::PyInt => f.write_str("int"),
            Ty::PyFloat => f.write_str("float"),
            Ty::PyComplex => f.write_str("complex"),
            Ty::Scalar(DType::Bool) => f.write_str("bool_"),
            Ty::Scalar(d) => write!(f, "{d}"),
            Ty::None => f.write_str("None"),
            Ty::Ellipsis => f.write_str("ellipsis"),
            Ty::Str(_) => f.write_str("str"),
            Ty::Bytes(_) => f.write_str("bytes"),
            Ty::Fused(_, name) => write!(f, "fused function {name}"),
            Ty::Record(record) if record.kind == RecordKind::OneOf => {
                let types: Vec<String> = record.items[1..].iter().map(Ty::to_string).collect();
                f.write_str(&types.join(" | "))
            }
            Ty::Record(record) => f.write_str(match record.kind {
                RecordKind::OneOf => "object",
                RecordKind::Dict(_) => "dict",
                RecordKind::Bytes | RecordKind::Memory => "bytes",
                RecordKind::Enum(_) => "int",
                RecordKind::Structs(_) => "ndarray",
                RecordKind::List | RecordKind::Numbers => "list",
            }),
            Ty::Tuple(items) => write!(f, "tuple({})", list(items)),
            Ty::Range => f.write_str("range"),
            Ty::Slice(_) => f.write_str("slice"),
            Ty::Array(a) => f.write_str(&display_array(a)),
            Ty::List(list) => match &list.element {
                Some(element) => write!(f, "list({element})"),
                None => f.write_str("list"),
            },
            Ty::Iter(iter) => match &**iter {
                IterTy::Enumerate(t) => write!(f, "enumerate({t})"),
                IterTy::Zip(items, _) => write!(f, "zip({})", list(items)),
                IterTy::Reversed(t) => write!(f, "reversed({t})"),
                IterTy::NdIndex(_) => f.write_str("ndindex"),
                IterTy::NdEnumerate(t) => write!(f, "ndenumerate({t})"),
                IterTy::Generator(..) => f.write_str("generator"),
                IterTy::Text(_) => f.write_str("str"),
            },
            Ty::Func(func) => write!(f, "function {}", func.name),
            Ty::Choice(members) => {
                let names: Vec<String> = members.iter().map(Ty::to_string).collect();
                f.write_str(&names.join(" or "))
            }
            Ty::Method(receiver, name) => {
                write!(f, "method {} of {receiver}", name.rsplit('.').next().unwrap_or(name))
            }
            Ty::Builtin(name) => {
                write!(f, "function {}", name.strip_prefix("builtins.").unwrap_or(name))
            }
            Ty::Module(_, name) => write!(f, "module {name}"),
            Ty::Class(name) => write!(f, "class {name}"),
            Ty::Exception(class) => write!(f, "class {}", class.name()),
            Ty::Ufunc(u) => write!(f, "universal function {}", u.func.name),
            Ty::DType(d) => write!(f, "dtype {d}"),
            Ty::Pointer(p) => write!(f, "{p} *"),
            Ty::CBox(d) => write!(f, "ctypes object of C type {}", CType::Scalar(*d)),
            Ty::Mpi(kind) => write!(f, "{kind}"),
            Ty::Pending(ty) => write!(f, "MPI.Request for `{ty}`"),
            Ty::CStruct(s) => write!(f, "struct {}", s.name),
            Ty::StructView(view) => {
                let axes = vec![":"; usize::from(view.array.ndim)];
                write!(f, "{}[{}]", view.element.name, axes.join(", "))
            }
            Ty::CFunc(c) => write!(f, "C function {}", c.prototype()),
            Ty::CType(ty) => write!(f, "C type {ty}"),
            Ty::Constant(ConstTy::Bool(_)) => f.write_str("bool"),
            Ty::Constant(ConstTy::Int(_)) => f.write_str("int"),
            Ty::Constant(ConstTy::Float(_)) => f.write_str("float"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_display_as_the_user_writes_them() {
        let ty = |ndim, layout, readonly| {
            Ty::Array(ArrayType { dtype: DType::F64, ndim, layout, readonly, swapped: false }).to_string()
        };
        assert_eq!(ty(2, Layout::C, false), "float64[:, ::1]");
        assert_eq!(ty(2, Layout::F, false), "float64[::1, :]");
        assert_eq!(ty(1, Layout::Strided, true), "readonly float64[:]");
        assert_eq!(ty(0, Layout::C, false), "float64[()]");
        assert_eq!(Ty::Tuple(vec![Ty::PyInt, Ty::Scalar(DType::I64)]).to_string(), "tuple(int, int64)");
    }
}
