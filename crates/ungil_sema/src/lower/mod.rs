//! Lowering: syntax tree and types to typed IR.
//!
//! [`lower_kernel`] is the entry. A [`Lowerer`] lowers one function for one list of argument types, in one round.
//!
//! **Interface for library functions and arrays** (stable):
//! - `lower_expr(&Expr) -> Result<Operand>`; an [`Operand`] is type + constant / parts / IR value (see `operand.rs`).
//! - `value(&Operand) -> Result<Value>` makes the IR value; `index(&Operand)` the `int64` value of an integer operand;
//!   `convert(&Operand, &Ty)` is the implicit conversion of joins; `cast_to(&Operand, DType)` a numeric conversion.
//! - `items(&Operand)` takes a tuple, range or slice apart.
//! - `binary`, `compare`, `unary`, `truth` are Python's operators on operands.
//! - `b()` is an IR builder at the current place; `nested(|l| …)` builds a region; `if_then`, `if_else` conditionals;
//!   `check(cond, class, message, args)` raises at run time.
//! - `program.world`, `program.guard…`, `options`, `instance` for the rest.
//!
//! **Errors** travel as [`crate::diagnostics::Error`]; `Error::Untyped` (a variable without a type yet) travels the
//! same way, so that nothing needs to look for it: write `?`. So does `Error::Never`, behind which control does not go.
//!
//! **Rounds**: types of variables and results persist across rounds and only widen; a round in which one widened is
//! thrown away with its diagnostics. IR of such a round may be ill-typed where a variable widened after its use,
//! but building it must not panic: read types from operands, never assume that they agree with the variable's last.

pub mod array;
pub mod assign;
pub mod attribute;
pub mod binary;
pub mod binding;
pub mod build;
pub mod call;
pub mod cast;
pub mod choice;
pub mod classes;
pub mod compare;
pub mod cython;
pub mod data;
pub mod decide;
pub mod effects;
mod enumeration;
pub mod exceptions;
mod expr;
pub mod external;
pub mod fold;
pub mod foreign;
pub mod function;
pub mod generator;
pub mod gil_block;
pub mod index;
pub mod intrinsics;
pub mod leaving;
pub mod library;
mod lines;
pub mod list;
pub mod loops;
pub mod matching;
pub mod membership;
pub mod memory;
pub mod mpi;
pub mod name;
mod none_view;
pub mod numpy;
mod one_of;
pub mod parallel;
pub mod print;
mod private_memory;
pub mod program;
pub mod raise;
pub mod region;
pub mod sequence;
pub mod stmt;
pub mod struct_calls;
pub mod struct_view;
pub mod structs;
pub mod unary;
pub mod vars;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::remark::Remark;
use ungil_diag::source::SourceMap;
use ungil_diag::span::Span;
use ungil_ir::entities::{Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::Loc;
use ungil_syntax::ast::name::Name;

use crate::ctype::CType;
use crate::lower::array::lazy::Root;
use crate::lower::function::Code;
use crate::lower::generator::Generator;
use crate::lower::leaving::Leaving;
use crate::lower::loops::LoopFrame;
use crate::lower::memory::Memory;
use crate::lower::program::Program;
use crate::lower::region::Team;
use crate::lower::vars::Slot;
use crate::operand::Operand;
use crate::options::Options;
use crate::prelude;
use crate::resolve::scopes::Captured;
use crate::resolve::webs::{WebId, Webs};
use crate::ty::Ty;
use crate::world::{Guard, KernelId, ObjectId, World};

/// One line of a function's source with the types of the variables that it assigns or reads.
#[derive(Clone, Debug)]
pub struct LineTypes {
    /// In the user's file.
    pub number: u32,
    pub text: String,
    /// In the order in which they first appear on the line.
    pub variables: Vec<(String, Ty)>,
}

/// Types of one function of a lowered module, for `inspect_types` and annotate.
#[derive(Clone, Debug)]
pub struct FunctionTypes {
    pub name: String,
    pub kernel: KernelId,
    /// The file of its source.
    pub file: String,
    pub params: Vec<(String, Ty)>,
    pub ret: Ty,
    /// Name, first assignment and type of each variable. One name may have several.
    pub variables: Vec<(String, Span, Ty)>,
    /// The function's source, line by line.
    pub lines: Vec<LineTypes>,
}

/// A lowered kernel.
#[derive(Clone, Debug)]
pub struct Lowered {
    pub module: ungil_ir::function::Module,
    /// Types of the entry function's parameters, in its order; `*args` is one tuple.
    pub params: Vec<Ty>,
    pub ret: Ty,
    /// Globals and closure cells that were compiled in as constants.
    pub guards: Vec<Guard>,
    pub remarks: Vec<Remark>,
    /// The arrays of `module.arrays`.
    pub arrays: Vec<ObjectId>,
    /// Addresses of the C functions and objects of `module.externs`.
    pub externs: Vec<u64>,
    /// One entry for each function of the module.
    pub functions: Vec<FunctionTypes>,
    /// Whether there is a parallel loop.
    pub has_parallel: bool,
    /// Whether a function of the Cython language among them gives up the interpreter's lock.
    pub gives_up: bool,
    /// Whether there are loops whose variables a pass has yet to classify.
    pub unclassified: bool,
}

/// Lowers a kernel for the given types of its parameters (one each, in order; `*args` is one tuple).
///
/// `None` exactly when the diagnostics have errors.
pub fn lower_kernel(
    world: &dyn World,
    sources: &SourceMap,
    kernel: KernelId,
    args: &[Ty],
    options: &Options,
) -> (Option<Lowered>, Diagnostics) {
    let world = prelude::World(world);
    Program::new(&world, sources, options.clone()).lower(kernel, args)
}

/// Whether control goes on after a statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    Falls,
    Ends,
}

/// Lowers one function for one list of argument types.
pub struct Lowerer<'p, 'w> {
    pub program: &'p mut Program<'w>,
    /// Number of the function instance in the program.
    pub instance: usize,
    pub code: Arc<Code>,
    pub options: Options,
    pub func: Function,
    /// Where instructions are appended.
    pub region: Region,
    pub loc: Loc,
    pub(crate) webs: Rc<Webs>,
    pub(crate) slots: Vec<Slot>,
    pub(crate) captures: HashMap<Captured, Operand>,
    pub(crate) loops: Vec<LoopFrame>,
    /// Ways out of the parallel loops around that have some, the innermost last.
    leaving: Vec<Leaving>,
    /// For each `except` clause around, how many parallel loops were around it.
    handlers: Vec<usize>,
    /// Elements of the tuples built here, so that taking one apart leaves nothing behind.
    pub(crate) tuples: HashMap<Value, Vec<Value>>,
    /// Values that are the extent one, whatever runs.
    pub(crate) ones: HashSet<Value>,
    /// Memoryviews of the module.
    pub(crate) data_views: data::DataViews,
    /// Pointers to structs that are `const`.
    pub(crate) const_structs: HashSet<Value>,
    /// Axes of arrays that have one element, whatever runs.
    pub(crate) unit_axes: HashMap<Value, u64>,
    /// The parameter or fresh array whose memory an array is, where it is known.
    pub(crate) roots: HashMap<Value, Root>,
    /// Fresh arrays that only the expression knows that is being lowered.
    pub(crate) temporaries: HashSet<Value>,
    /// Places of reductions that stay lazy, as another one consumes them.
    pub(crate) held_rows: HashSet<Span>,
    /// Views of arrays in Fortran's order whose axes are in that order too.
    pub(crate) fortran_views: HashSet<Value>,
    /// The names that deferred variables are computed from.
    pub(crate) deferred_names: HashMap<WebId, Vec<Name>>,
    /// Code of the generator expressions, by where they start.
    pub(crate) generators: HashMap<u32, Rc<Generator>>,
    /// Lists from outside a parallel loop that it appends to, with the list of this block.
    pub(crate) collecting: HashMap<WebId, Operand>,
    /// Lists that an iteration of the parallel loop around made; `None` outside of such loops.
    pub(crate) own_lists: Option<HashSet<Value>>,
    /// Narrow C integers by the same number in 64 bits, for indices.
    pub(crate) wide: HashMap<Value, Value>,
    /// Whether the value that is computed is copied into elements at once.
    pub(crate) copies: bool,
    /// Variables of C that have an address.
    pub(crate) memory: HashMap<String, Memory>,
    /// Those of them that the threads of the parallel section around have for themselves.
    pub(crate) private: HashSet<String>,
    /// Rows of arrays among them, with their types.
    pub(crate) frame_rows: HashMap<Value, CType>,
    /// The team of the `parallel` block around the current place.
    pub(crate) team: Option<Team>,
    pub(crate) depth: u32,
    /// Whether something had no type in this round, so that where control goes is not known yet.
    pub(crate) untyped: bool,
}
