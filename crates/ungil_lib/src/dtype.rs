//! Element types by number.

/// Evaluates an expression with the type `$T` that has a number (the order of `ungil_abi::context::ValueTag`); numbers that
/// no type has give the last value. Integers are taken without their signs.
macro_rules! of_dtype {
    ($dtype:expr, $T:ident => $value:expr, $other:expr) => {{
        macro_rules! with {
            ($type:ty) => {{
                type $T = $type;
                $value
            }};
        }
        match $dtype {
            0 => with!($crate::number::Bool),
            1 | 5 => with!(u8),
            2 | 6 => with!(u16),
            3 | 7 => with!(u32),
            4 | 8 => with!(u64),
            9 => with!(f32),
            10 => with!(f64),
            11 => with!(faer::c32),
            12 => with!(faer::c64),
            _ => $other,
        }
    }};
}

pub(crate) use of_dtype;
