//! Entity ids: `u32` indexes whose display is their text form.

use std::fmt;

macro_rules! entity {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);
        impl $name {
            /// The table index.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    };
}

entity!(/// A value: defined once, usable in the rest of its region and in regions nested there.
    Value, "v");
entity!(/// A mutable local variable; becomes an alloca that LLVM promotes.
    Var, "x");
entity!(/// An instruction.
    Inst, "inst");
entity!(/// A list of instructions.
    Region, "region");
entity!(/// A loop that `break` and `continue` name.
    Label, "l");
entity!(/// A function of the module.
    FuncId, "f");
