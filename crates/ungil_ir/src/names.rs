//! Names of operators in the text form.

use crate::inst::{BinaryOp, CompareOp, ReduceOp, Schedule, UnaryOp};

macro_rules! names {
    ($type:ident { $($variant:ident $name:literal),* $(,)? }) => {
        impl $type {
            pub const ALL: &'static [$type] = &[$($type::$variant),*];

            /// Its name in the text form.
            pub const fn name(self) -> &'static str {
                match self { $($type::$variant => $name),* }
            }

            /// The one of this name.
            pub fn from_name(name: &str) -> Option<$type> {
                match name { $($name => Some($type::$variant),)* _ => None }
            }
        }
    };
}

names!(UnaryOp {
    Neg "neg", Not "not", Invert "invert", Popcount "popcount", Abs "abs", Real "real", Imag "imag", Conj "conj",
});
names!(BinaryOp {
    Add "add", Sub "sub", Mul "mul", Div "div", FloorDiv "floordiv", Mod "mod",
    TruncDiv "truncdiv", TruncMod "truncmod", Pow "pow", And "and", Or "or",
    Xor "xor", Shl "shl", Shr "shr", Min "min", Max "max", MakeComplex "complex",
});
names!(CompareOp { Eq "eq", Ne "ne", Lt "lt", Le "le", Gt "gt", Ge "ge" });
names!(ReduceOp {
    Add "add", Mul "mul", BitAnd "bitand", BitOr "bitor", BitXor "bitxor", Min "min", Max "max", And "and", Or "or",
});
names!(Schedule { Static "static", Dynamic "dynamic", Guided "guided", Auto "auto" });
