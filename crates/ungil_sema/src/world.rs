//! What the compiler asks about Python.
//!
//! A [`World`] answers by name: what a free name of a function means, what an attribute of a module is, where the
//! source of a function lies. The extension module implements it over live objects, tests over a parsed file.
//!
//! Contract: answers do not change during one compilation. Every constant that was read is recorded as a [`Guard`],
//! so that the dispatcher can notice at a call that a global was rebound.

use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::SourceId;
use ungil_ir::types::{ArrayType, DType};
use ungil_syntax::ast::expr::Expr;
use ungil_syntax::ast::parameter::Parameters;
use ungil_syntax::ast::stmt::FunctionDef;

use crate::ctype::{CFunction, CType, FunctionType};
use crate::mpi::Mpi;
use crate::options::Options;
use crate::ty::{Identity, LoopTypes};

/// A Python function whose source is known, by the world's number.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct KernelId(pub u32);

/// A Python object, by the world's number; equal numbers mean the same object.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ObjectId(pub u64);

/// The value of a global name, a closure cell, a module's attribute or a default argument.
#[derive(Clone, PartialEq, Debug)]
pub enum Global {
    Int(i64),
    /// An integer outside the range of `i64`, in decimal digits.
    BigInt(String),
    Float(f64),
    Bool(bool),
    Complex(f64, f64),
    None,
    Ellipsis,
    Str(String),
    Tuple(Vec<Global>),
    /// Held by reference: the kernel sees its changes.
    Array {
        object: ObjectId,
        ty: ArrayType,
        name: String,
    },
    /// The bits of a NumPy scalar, as `ungil_abi::context::ErrorArg` keeps them: integers extended to 64 bits,
    /// float32 as its float64 value, complex numbers as two float64 in `bits` and `bits2`.
    NumpyScalar {
        dtype: DType,
        bits: u64,
        bits2: u64,
    },
    /// A function or type the compiler knows, by canonical qualified name: `builtins.range`, `math.sqrt`,
    /// `numpy.empty`, `ungil.prange`.
    Builtin(String),
    Module {
        object: ObjectId,
        name: String,
    },
    /// A plain Python function or a `@jit` dispatcher.
    Kernel(KernelId),
    /// A universal function made of a kernel, with its declared loops.
    Ufunc {
        kernel: KernelId,
        loops: Vec<LoopTypes>,
        identity: Identity,
        /// Number of its inputs if it writes to nothing.
        pure_inputs: Option<usize>,
    },
    /// A NumPy scalar type, `numpy.dtype` instance or one of ungil's scalar types.
    DType(DType),
    /// A class that is no scalar type and no exception, by qualified name.
    Class(String),
    Exception(ExcClass),
    /// A C function.
    CFunction(Arc<CFunction>),
    /// A type of ctypes.
    CType(CType),
    /// A pointer of ctypes or cffi: the address that it holds now.
    CPointer {
        to: CType,
        address: u64,
        name: String,
    },
    /// A number or struct of ctypes: its memory, of which kernels see the changes.
    CMemory {
        ty: CType,
        address: u64,
        name: String,
    },
    /// A function with fused types.
    Fused {
        object: ObjectId,
        name: String,
    },
    /// An object of MPI: its handle, in 64 bits.
    Mpi {
        kind: Mpi,
        handle: i64,
        name: String,
    },
    /// A C function that cannot be called, and why.
    Uncallable {
        title: String,
        help: String,
    },
    /// Anything else, by its type's name.
    Object {
        type_name: String,
    },
}

/// The code of a kernel.
#[derive(Clone, PartialEq, Debug)]
pub enum KernelCode {
    Function(FunctionDef),
    Lambda { params: Parameters, body: Expr },
}

/// The source of a kernel.
#[derive(Clone, Debug)]
pub struct KernelSource {
    pub name: String,
    /// Shown in tracebacks.
    pub file: String,
    pub source: SourceId,
    /// Line in the file that is line 1 of the kernel in IR locations.
    pub first_line: u32,
    pub code: KernelCode,
    /// Default values by parameter name; those that the code writes down are not evaluated again.
    pub defaults: Vec<(String, Global)>,
    /// Of a `@jit` function; a plain function takes those of the kernel that calls it.
    pub options: Option<Options>,
}

/// Why a function's source is not to be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SourceProblem {
    /// The function's name.
    pub function: String,
    /// Lower-case, no full stop.
    pub reason: String,
    /// What the user can do.
    pub help: Option<String>,
}

/// Python as the compiler sees it.
pub trait World {
    /// The meaning of a free name of a kernel (closure cell, then global, then builtin), or `None` if there is none.
    fn lookup(&self, kernel: KernelId, name: &str) -> Option<Global>;

    /// An attribute of a module or class.
    fn attribute(&self, object: ObjectId, name: &str) -> Option<Global>;

    /// Address of a function of the host that compiled code calls, by name.
    fn host_function(&self, _name: &str) -> Option<u64> {
        None
    }

    /// Address of a function's code for C, with these types.
    fn c_entry(&self, _kernel: KernelId, _ty: &FunctionType) -> Result<u64, String> {
        Err("there is no code for C here".to_owned())
    }

    /// The specialisation of a function with fused types for the types of arguments; `=name` names an alternative.
    fn specialisation(&self, _object: ObjectId, _types: &[String]) -> Result<Global, String> {
        Err("there are no fused types here".to_owned())
    }

    /// An attribute of `mpi4py.MPI`, if that has been imported.
    fn mpi(&self, _name: &str) -> Option<Global> {
        None
    }

    /// A constant that a universal function of NumPy tells about itself: `nin`, `identity`.
    fn ufunc_attribute(&self, _function: &str, _attribute: &str) -> Option<Global> {
        None
    }

    /// Whether several threads may call MPI at once.
    fn mpi_threads(&self) -> bool {
        true
    }

    /// The source of a function.
    fn kernel(&self, id: KernelId) -> Result<Arc<KernelSource>, SourceProblem>;
}

/// Where a guarded value came from.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum GuardPlace {
    /// A free name of a kernel.
    Name(KernelId, String),
    /// An attribute of an object.
    Attribute(ObjectId, String),
}

/// A fact that the compiled code relies on.
#[derive(Clone, PartialEq, Debug)]
pub struct Guard {
    pub place: GuardPlace,
    pub value: Global,
}
