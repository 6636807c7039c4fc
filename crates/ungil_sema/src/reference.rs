//! The reference page of NumPy's functions in compiled code, `docs/numpy.md`.
//!
//! Signatures and restrictions come from where the functions are: the tables of the families, the parameters of the
//! prelude's functions, the maths functions. A test compares the page with the file; `BLESS=1` writes it.

use ungil_ir::math::MathFn;

use crate::lower::array::attribute::{ATTRIBUTES, METHODS};
use crate::lower::numpy::{
    block, calling, einsum, elementary, grids, limits, picking, reductions, selection, shapes, typing, ufuncs,
};
use crate::prelude;
use crate::registry;

/// Functions of a family: signature and restriction.
pub(crate) type Table = &'static [(&'static str, &'static str)];

/// Families with a table of their own.
const FAMILIES: &[Table] = &[
    shapes::FUNCTIONS,
    typing::FUNCTIONS,
    limits::FUNCTIONS,
    einsum::FUNCTIONS,
    block::FUNCTIONS,
    grids::FUNCTIONS,
    calling::FUNCTIONS,
];

const HEAD: &str = "\
# NumPy in kernels

Functions of NumPy that compiled code can call. Types, values, exceptions and views are NumPy's. Where an argument decides how
many axes a result has, it must be a constant: a number that is written down, not a variable. One axis, of reductions and functions such as `flip roll take
concatenate stack median diff`, may be a variable: the kernel then has a branch for each axis. `out=` and other arguments that
are not in the signature are refused; elementwise functions take `out`, `where` and `dtype`. Lists written down as arguments are taken as tuples, and where NumPy returns a list
there is a tuple; `unstack` returns a list.

| function | restriction |
|---|---|
";

/// Name, signature and restriction of every function, sorted.
pub fn functions() -> Vec<(String, String, String)> {
    let mut all: Vec<(String, String, String)> = Vec::new();
    for (signature, note) in FAMILIES.iter().copied().flatten() {
        all.push((name_of(signature), (*signature).to_owned(), (*note).to_owned()));
    }
    for (name, parameters) in reductions::FUNCTIONS {
        let note = "`keepdims` and tuples of axes are constants".to_owned();
        all.push(((*name).to_owned(), format!("{name}(a, {})", parameters.join(", ")), note));
    }
    for (signature, note) in prelude::signatures() {
        all.push((name_of(&signature), signature, note));
    }
    let families = [registry::NAMES, selection::NAMES, picking::NAMES, ufuncs::NAMES];
    let plain = families
        .iter()
        .copied()
        .flatten()
        .filter_map(|n| n.strip_prefix("numpy."))
        .map(|n| (n, "elementwise"));
    let elementary = elementary::UNARY.iter().chain(elementary::BINARY).map(|n| (*n, "elementwise"));
    let maths = MathFn::ALL.iter().filter_map(|f| Some((numpy_name(*f)?, "elementwise")));
    for (name, note) in plain.chain(elementary).chain(maths) {
        let note = if registry::takes_lazy(&format!("numpy.{name}")) { note } else { "" };
        all.push((name.to_owned(), format!("{name}(…)"), note.to_owned()));
    }
    all.sort();
    all.dedup_by(|b, a| a.0 == b.0);
    all
}

fn name_of(signature: &str) -> String {
    signature.split(['(', '[']).next().unwrap_or(signature).to_owned()
}

/// NumPy's name of a maths function that it has.
fn numpy_name(f: MathFn) -> Option<&'static str> {
    Some(match f.name() {
        "asin" => "arcsin",
        "acos" => "arccos",
        "atan" => "arctan",
        "atan2" => "arctan2",
        "asinh" => "arcsinh",
        "acosh" => "arccosh",
        "atanh" => "arctanh",
        "pow" => "power",
        "round" | "tgamma" | "lgamma" | "fma" | "erf" | "erfc" => return None,
        _ if f.is_internal() => return None,
        name => name,
    })
}

/// The page.
pub fn page() -> String {
    let mut text = HEAD.to_owned();
    for (_, signature, note) in functions() {
        let signature = signature.replace('|', "\\|");
        text.push_str(&format!("| `{signature}` | {note} |\n"));
    }
    let listed = |names: &[&str]| names.iter().map(|n| format!("`{n}`")).collect::<Vec<_>>().join(" ");
    text.push_str(&format!("\nAttributes of arrays: {}.\n", listed(ATTRIBUTES)));
    text.push_str(&format!("\nMethods of arrays: {}.\n", listed(METHODS)));
    text
}
