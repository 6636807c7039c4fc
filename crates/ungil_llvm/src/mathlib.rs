//! Names of the mathematical functions that emitted code calls.

use ungil_ir::math::MathFn;

/// Symbol of a function on `float` (`single`) or `double`.
pub fn symbol(function: MathFn, single: bool) -> String {
    format!("{}{}", function.name(), if single { "f" } else { "" })
}
