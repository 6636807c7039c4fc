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
//! Contract: what cannot be compiled is refused with a reason, and the function runs as plain Python.

pub mod call;
pub mod consume;
pub mod convert;
pub mod display;
pub mod entries;
pub mod expr;
pub mod function;
pub mod handlers;
pub mod import;
pub mod inner;
pub mod loops;
pub mod pattern;
pub mod scalar;
pub mod shape;
pub mod stmt;
pub mod store;
pub mod temp;
pub mod typing;
pub mod value;
pub mod view;

use ungil_ir::function::Module;
use ungil_syntax::ast::stmt::FunctionDef;

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
    Names(Vec<String>),
    /// The code of a function inside, by the host's number.
    Code(usize),
    /// The record of a function of the module, by the host's number.
    Own(usize),
    /// The declaration of a parameter, by its name.
    Parameter(String),
}

/// Words of the table in front of the constants: globals, builtins, the host's own.
pub const TABLE_HEAD: usize = 4;

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
    /// A `cdef` function of numbers, which is called without Python.
    Own(Own),
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
    pub params: Vec<value::CTy>,
    /// None: void.
    pub ret: Option<value::CTy>,
}

/// What is compiled.
pub struct Source<'a> {
    pub def: &'a FunctionDef,
    pub file: String,
    /// Line in the file of each offset, by the starts of lines.
    pub line: &'a dyn Fn(u32) -> u32,
    pub c: &'a CFunction,
    pub meaning: &'a dyn Fn(&str) -> Meaning,
    /// Variables of functions around it, in the order of their cells, with their types of C.
    pub free: &'a [(String, Option<Declared>)],
    /// Code of what stands inside it.
    pub inner: &'a dyn Fn(&inner::Place) -> Option<inner::Code>,
}

/// A compiled function.
pub struct Objects {
    pub module: Module,
    pub constants: Vec<Constant>,
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
