//! C declarations of functions in the Cython language.
//!
//! A function whose options carry a [`CFunction`] is lowered with C's arithmetic: variables keep their declared types,
//! integers wrap at their widths, and what Python passes in is converted at the border with Cython's errors.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ungil_ir::types::{DType, Layout};

use crate::ctype::{CStruct, CType};

/// What elements of memoryviews are called that are an `int` to C and a truth value to Python.
pub const BINT: &str = "bint";

/// The declared type of a variable, parameter or result.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Declared {
    /// With its name in C, for messages.
    Scalar { dtype: DType, name: Arc<str> },
    /// A truth value that is an `int` in arithmetic.
    Bint,
    /// A typed memoryview or buffer; `None` layout: any.
    View { dtype: DType, ndim: u8, layout: Option<Layout>, is_const: bool, name: Arc<str> },
    /// A typed memoryview of structs.
    Structs { element: Arc<CStruct>, ndim: u8, layout: Option<Layout>, is_const: bool, name: Arc<str> },
    /// A typed memoryview of Python objects.
    Objects { ndim: u8, layout: Option<Layout> },
    /// A pointer, array, struct or function of C, with its name in C.
    C { ty: CType, name: Arc<str> },
    /// A tuple of C.
    Tuple(Vec<Declared>),
    /// `void`, as a result.
    Void,
}

/// What a function declares.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct CFunction {
    /// Division as C has it: towards zero, no check of the divisor.
    pub cdivision: bool,
    /// Whether a division that rounds otherwise than Python's warns.
    pub cdivision_warnings: bool,
    /// Whether indices of memoryviews are not checked, and whether negative ones do not count from the end, in code for objects;
    /// kernels have options for that.
    pub unchecked: bool,
    pub unwrapped: bool,
    /// Whether using `None` as a memoryview raises.
    pub nonecheck: bool,
    /// Whether arithmetic of C's integers that overflows raises.
    pub overflowcheck: bool,
    /// `**` as C's `pow`: integers stay integers, and domains are not checked.
    pub cpow: bool,
    /// `/` of integers divides integers, as at language level 2.
    pub integer_division: bool,
    /// Whether a parameter holds any object of Python, so that what is computed with it is one too.
    pub takes_objects: bool,
    /// Whether numbers of Python keep their type where branches meet: an integer does not become a float.
    pub keeps_types: bool,
    /// Variables without a declaration that arithmetic uses: integers in them are Python's, which do not wrap.
    pub overflowing: BTreeSet<String>,
    /// Whether variables without a declaration are of C where what is assigned to them is, whatever arithmetic does.
    pub infer_types: bool,
    /// Whether it gives up the interpreter's lock somewhere: what does not holds it, as in Cython.
    pub gives_up: bool,
    /// Parameters and variables that hold instances of one class of Python's, by its name; `object` for variables that are
    /// declared to hold any.
    pub classes: BTreeMap<String, String>,
    /// Parameters among them that refuse None.
    pub not_none: BTreeSet<String>,
    /// Those among them that are buffers, whose memory has an address that is not constant.
    pub buffers: BTreeSet<String>,
    /// Parameters and variables.
    pub vars: BTreeMap<String, Declared>,
    pub ret: Option<Declared>,
    /// Variables of the module that live in memory of C, with their addresses.
    pub data: BTreeMap<String, (Declared, u64)>,
    /// Enumerators and functions (`f()`) whose values Python gets as members of an enumeration, with its name in C.
    pub enumerators: BTreeMap<String, String>,
    /// Structs and unions by name, for pointers to types that were incomplete where they were named.
    pub types: BTreeMap<String, CType>,
}

impl CFunction {
    /// Whether `/` of integers divides integers, which it also does where division is C's.
    pub fn divides_integers(&self) -> bool {
        self.integer_division || self.cdivision
    }
}
