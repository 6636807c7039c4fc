//! Functions of the Cython language that handle Python objects.
//!
//! Such a function becomes one IR function of three words: the address of its arguments (borrowed references, one for
//! each parameter), that of its table of constants and that of the cells of functions around it; it gives a new reference, or 0 with a Python exception set.
//! Untyped values are Python objects and mean what they mean in Python; declared variables are C's. All that is done
//! with objects is a call of an [`entries::Entry`].
//!
//! Ownership: a variable owns its object; every temporary lies in a variable of the IR that is zero when it holds
//! nothing, so that the one way out for errors releases what is held, and no more.
//!
//! Data of C (`memory`, `pointer`): a pointer is its address; structs, arrays and variables whose address is taken lie in
//! words of the frame.
//!
//! Contract: what cannot be compiled is refused with a reason, and the function runs as plain Python.

mod bounded_loop;
pub mod c_call;
pub mod c_loop;
pub mod call;
pub mod character;
pub mod complex;
pub mod consume;
pub mod convert;
pub mod display;
pub mod entries;
pub mod expr;
pub mod function;
pub mod fused;
pub mod handlers;
pub mod import;
pub mod in_place;
pub mod index;
pub mod infer;
pub mod inline;
pub mod inner;
pub mod kernel;
pub mod lock;
pub mod loops;
pub mod memory;
pub mod over_memory;
pub mod pattern;
pub mod pointer;
pub mod power;
mod python_api;
pub mod scalar;
pub mod shape;
pub mod shared;
pub mod stmt;
pub mod store;
pub mod struct_call;
pub mod temp;
pub mod typing;
pub mod value;
pub mod view;

use std::collections::HashSet;
use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::function::Module;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::stmt::FunctionDef;

use crate::ctype;
use crate::cython::{CFunction, Declared};

/// A constant of a function's table.
#[derive(Clone, PartialEq, Debug)]
pub enum Constant {
    None,
    Bool(bool),
    Ellipsis,
    Int(i64),
    /// Decimal digits.
    BigInt(String),
    /// Its bits.
    Float(u64),
    Imaginary(u64),
    Str(String),
    Bytes(Vec<u8>),
    /// The builtin of a name.
    Builtin(String),
    Names(Vec<String>),
    /// Of constants.
    Tuple(Vec<Constant>),
    /// A class of the interpreter's own.
    Class(Class),
    /// The code of a function inside, by the host's number.
    Code(usize),
    /// The record of a function of the module, by the host's number.
    Own(usize),
    /// The declaration of a parameter, by its name.
    Parameter(String),
    /// A type of C.
    Type(ctype::CType),
    /// The address of a function or a variable of the module.
    Address(u64),
    /// A word, 0 at first, for what is known of a global: the version of the dictionary, and the object (1), which stands behind it.
    Known(String, u8),
}

/// A class whose instances are known in place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Bool,
    Bytearray,
    Bytes,
    Dict,
    Float,
    Frozenset,
    Int,
    List,
    Set,
    Str,
    Tuple,
}

impl Class {
    /// The class of this name that a variable may be declared as.
    pub(crate) fn declared(name: &str) -> Option<Class> {
        Some(match name {
            "bool" => Class::Bool,
            "bytearray" => Class::Bytearray,
            "bytes" => Class::Bytes,
            "dict" => Class::Dict,
            "frozenset" => Class::Frozenset,
            "list" => Class::List,
            "set" => Class::Set,
            "str" => Class::Str,
            "tuple" => Class::Tuple,
            _ => return None,
        })
    }
}

/// Words of the table in front of the constants: globals, builtins, the host's own two, and the object whose calls run the
/// function, if there is one.
pub const TABLE_HEAD: usize = 5;
/// The last one of them.
pub const TABLE_SELF: usize = 4;

/// What a free name stands for when the function is compiled.
#[derive(Clone, PartialEq, Debug)]
pub enum Meaning {
    /// Whatever it is when it is looked up.
    Object,
    /// The builtin of this name.
    Builtin,
    /// A function of C's mathematical library with this number of doubles.
    Math(String, usize),
    /// A function of the module whose result is of C.
    Typed(value::CTy),
    /// A `cdef` function, which is called without Python.
    Own(Own),
    /// A `cdef` function of objects alone, which is called by way of Python and has an address.
    Private,
    /// A function of a library of C.
    Extern(Arc<ctype::CFunction>),
    /// A function with fused types.
    Fused,
    /// A struct or union, whose name makes one.
    Struct(ctype::CType),
    /// `NULL`
    Null,
    /// A number that C declares: of an enumeration, or in a header.
    Number(Literal),
    /// A cast.
    Cast(value::CTy),
    /// What is not handled here.
    Other,
}

/// A function that is called without Python.
#[derive(Clone, PartialEq, Debug)]
pub struct Own {
    /// The host's number of its record.
    pub number: usize,
    /// None: an object.
    pub params: Vec<Option<value::CTy>>,
    /// Values of the last parameters, which calls may leave out.
    pub defaults: Vec<Literal>,
    pub ret: Given,
    /// Its code, where that may become part of its callers'.
    pub kernel: Option<Arc<kernel::Kernel>>,
}

impl Own {
    /// A call with the values of parameters that it leaves out; `None` if it does not fit.
    pub(super) fn filled(&self, call: &Call) -> Option<Call> {
        let (given, n) = (call.args.len(), self.params.len());
        if !call::is_simple(call) || given > n || given + self.defaults.len() < n {
            return None;
        }
        let mut filled = call.clone();
        let rest = &self.defaults[self.defaults.len() - (n - given)..];
        let span = call.func.span;
        filled.args.extend(rest.iter().map(|value| Expr { span, kind: ExprKind::Literal(value.clone()) }));
        Some(filled)
    }
}

/// What a function gives.
#[derive(Clone, PartialEq, Debug)]
pub enum Given {
    Nothing,
    C(value::CTy),
    Object,
}

impl Given {
    /// Its type of C.
    pub fn c(&self) -> Option<&value::CTy> {
        match self {
            Given::C(ty) => Some(ty),
            _ => None,
        }
    }
}

/// Asks the host for the address at which C calls a function of the module.
pub type AddressOf<'a> = dyn Fn(&str, &ctype::FunctionType) -> core::result::Result<u64, String> + 'a;

/// What is compiled.
pub struct Source<'a> {
    pub def: &'a FunctionDef,
    pub file: String,
    /// Line in the file of each offset, by the starts of lines.
    pub line: &'a dyn Fn(u32) -> u32,
    /// What is written at a place.
    pub text: &'a dyn Fn(Span) -> String,
    pub c: &'a CFunction,
    pub meaning: &'a dyn Fn(&str) -> Meaning,
    /// Variables of functions around it, in the order of their cells, with their types of C.
    pub free: &'a [(String, Option<Declared>)],
    /// Names whose address the outermost function or one inside it takes.
    pub taken: &'a HashSet<String>,
    /// Whether arguments and result are words of C, as callers without Python pass them: see [`function`].
    pub is_direct: bool,
    /// Whether references are counted in an object's first word, as CPython did before objects that never die (3.12), and
    /// lists, tuples, numbers and strings are laid out as they were then.
    pub counts_in_place: bool,
    pub address_of: &'a AddressOf<'a>,
    /// Code of what stands inside it.
    pub inner: &'a dyn Fn(&inner::Place) -> Option<inner::Code>,
}

/// A compiled function.
pub struct Objects {
    pub module: Module,
    pub constants: Vec<Constant>,
    /// Addresses of the module's externs behind the host's entries.
    pub externs: Vec<u64>,
}

/// Why a function is not compiled here.
#[derive(Debug)]
pub struct Refusal(pub String);

pub type Result<T> = core::result::Result<T, Refusal>;

/// A refusal of a construct.
pub(crate) fn refuse<T>(what: &str) -> Result<T> {
    Err(Refusal(what.to_owned()))
}

/// Compiles a function to IR.
pub fn lower(source: &Source<'_>) -> Result<Objects> {
    function::lower(source)
}
