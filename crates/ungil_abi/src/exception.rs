//! Built-in exception classes that compiled code can raise, by number.
//!
//! The numbers are part of the ABI: append only.

/// A built-in exception class. `ExcClass(i)` names `NAMES[i]`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ExcClass(pub u16);

/// The text of the `OverflowError` for integers of Python's that exceed 64 bits.
pub const INTEGER_OVERFLOW: &str = "integer overflow";

/// The texts of other errors of kernels where Python has a result: an integer that exceeds 64 bits, a float, a complex number.
pub const FLOAT_TOO_LARGE: &str = "float too large for a 64-bit integer in compiled code";
pub const NEGATIVE_POWER: &str = "Integers to negative integer powers are not allowed.";
pub const COMPLEX_POWER: &str =
    "negative number raised to a fractional power: the result is complex, use complex(x) ** y";

macro_rules! classes {
    ($($index:literal $constant:ident $name:literal),* $(,)?) => {
        impl ExcClass {
            $(pub const $constant: ExcClass = ExcClass($index);)*
            /// Python names in order of their numbers.
            pub const NAMES: &'static [&'static str] = &[$($name),*];
        }
    };
}

classes! {
    0 EXCEPTION "Exception", 1 INDEX_ERROR "IndexError", 2 VALUE_ERROR "ValueError", 3 TYPE_ERROR "TypeError",
    4 ZERO_DIVISION "ZeroDivisionError", 5 OVERFLOW "OverflowError", 6 RUNTIME_ERROR "RuntimeError",
    7 ASSERTION "AssertionError", 8 MEMORY "MemoryError", 9 RECURSION "RecursionError", 10 KEY_ERROR "KeyError",
    11 ARITHMETIC "ArithmeticError", 12 FLOATING_POINT "FloatingPointError", 13 LOOKUP "LookupError",
    14 NOT_IMPLEMENTED "NotImplementedError", 15 STOP_ITERATION "StopIteration", 16 ATTRIBUTE "AttributeError",
    17 NAME_ERROR "NameError", 18 UNBOUND_LOCAL "UnboundLocalError", 19 OS_ERROR "OSError", 20 BUFFER "BufferError",
    21 KEYBOARD_INTERRUPT "KeyboardInterrupt", 22 SYSTEM_ERROR "SystemError", 23 TIMEOUT "TimeoutError",
    24 UNICODE "UnicodeError", 25 EOF "EOFError", 26 IMPORT "ImportError", 27 WARNING "Warning",
    28 USER_WARNING "UserWarning", 29 RUNTIME_WARNING "RuntimeWarning", 30 BASE "BaseException",
    31 SYSTEM_EXIT "SystemExit", 32 PERMISSION "PermissionError", 33 FILE_NOT_FOUND "FileNotFoundError",
    34 CONNECTION "ConnectionError", 35 REFERENCE "ReferenceError", 36 STOP_ASYNC "StopAsyncIteration",
    37 AXIS_ERROR "AxisError", 38 MPI "MPI.Exception", 39 BREAK "break", 40 RETURN "return",
}

impl ExcClass {
    /// The class with this Python name, if compiled code can raise it.
    pub fn from_name(name: &str) -> Option<ExcClass> {
        Self::NAMES.iter().position(|n| *n == name).map(|i| ExcClass(i as u16))
    }

    /// The classes it is derived from directly, as Python has them.
    pub fn bases(self) -> &'static [ExcClass] {
        match self {
            // Not exceptions but ways out of a parallel loop, which no `except` catches.
            Self::BASE | Self::BREAK | Self::RETURN => &[],
            Self::EXCEPTION | Self::KEYBOARD_INTERRUPT | Self::SYSTEM_EXIT => &[Self::BASE],
            Self::INDEX_ERROR | Self::KEY_ERROR => &[Self::LOOKUP],
            Self::ZERO_DIVISION | Self::OVERFLOW | Self::FLOATING_POINT => &[Self::ARITHMETIC],
            Self::RECURSION | Self::NOT_IMPLEMENTED => &[Self::RUNTIME_ERROR],
            Self::UNBOUND_LOCAL => &[Self::NAME_ERROR],
            Self::TIMEOUT | Self::PERMISSION | Self::FILE_NOT_FOUND | Self::CONNECTION => &[Self::OS_ERROR],
            Self::UNICODE => &[Self::VALUE_ERROR],
            Self::USER_WARNING | Self::RUNTIME_WARNING => &[Self::WARNING],
            Self::AXIS_ERROR => &[Self::VALUE_ERROR, Self::INDEX_ERROR],
            Self::MPI => &[Self::RUNTIME_ERROR],
            _ => &[Self::EXCEPTION],
        }
    }

    /// Whether `except base` catches an exception of this class.
    pub fn is_a(self, base: ExcClass) -> bool {
        self == base || self.bases().iter().any(|b| b.is_a(base))
    }

    /// Python name of the class.
    pub fn name(self) -> &'static str {
        Self::NAMES[self.0 as usize]
    }
}
