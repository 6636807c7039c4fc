//! The operations that exist, by name and kinds.
//!
//! numexpr's table of opcodes and functions: `add_ddd` takes two doubles and gives a double. An operation on operands
//! of lower kinds is the first in the table that they can be raised to; where there is none the formula is refused,
//! with the name that numexpr's users know. uint64 has what int64 has.
//! Source: numexpr 2.14, `opcodes.hpp`, `functions.hpp`, `necompiler.typeCompileAst`.

use crate::evaluate::kind::Kind;

/// Operations of the machine: their numbers are numexpr's.
const OPCODES: &[(u8, &str)] = &[
    (0, "noop"),
    (1, "copy_bb"),
    (2, "invert_bb"),
    (3, "and_bbb"),
    (4, "or_bbb"),
    (5, "xor_bbb"),
    (6, "eq_bbb"),
    (7, "ne_bbb"),
    (8, "gt_bii"),
    (9, "ge_bii"),
    (10, "eq_bii"),
    (11, "ne_bii"),
    (12, "gt_bll"),
    (13, "ge_bll"),
    (14, "eq_bll"),
    (15, "ne_bll"),
    (16, "gt_bff"),
    (17, "ge_bff"),
    (18, "eq_bff"),
    (19, "ne_bff"),
    (20, "gt_bdd"),
    (21, "ge_bdd"),
    (22, "eq_bdd"),
    (23, "ne_bdd"),
    (24, "gt_bss"),
    (25, "ge_bss"),
    (26, "eq_bss"),
    (27, "ne_bss"),
    (28, "cast_ib"),
    (29, "copy_ii"),
    (30, "ones_like_ii"),
    (31, "neg_ii"),
    (32, "add_iii"),
    (33, "sub_iii"),
    (34, "mul_iii"),
    (35, "div_iii"),
    (36, "pow_iii"),
    (37, "mod_iii"),
    (38, "floordiv_iii"),
    (39, "lshift_iii"),
    (40, "rshift_iii"),
    (41, "where_ibii"),
    (42, "invert_ii"),
    (43, "and_iii"),
    (44, "or_iii"),
    (45, "xor_iii"),
    (46, "cast_li"),
    (47, "copy_ll"),
    (48, "ones_like_ll"),
    (49, "neg_ll"),
    (50, "add_lll"),
    (51, "sub_lll"),
    (52, "mul_lll"),
    (53, "div_lll"),
    (54, "pow_lll"),
    (55, "mod_lll"),
    (56, "floordiv_lll"),
    (57, "lshift_lll"),
    (58, "rshift_lll"),
    (59, "where_lbll"),
    (60, "invert_ll"),
    (61, "and_lll"),
    (62, "or_lll"),
    (63, "xor_lll"),
    (64, "cast_fi"),
    (65, "cast_fl"),
    (66, "copy_ff"),
    (67, "ones_like_ff"),
    (68, "neg_ff"),
    (69, "add_fff"),
    (70, "sub_fff"),
    (71, "mul_fff"),
    (72, "div_fff"),
    (73, "pow_fff"),
    (74, "mod_fff"),
    (75, "floordiv_fff"),
    (76, "sqrt_ff"),
    (77, "where_fbff"),
    (78, "func_ffn"),
    (79, "func_fffn"),
    (80, "cast_di"),
    (81, "cast_dl"),
    (82, "cast_df"),
    (83, "copy_dd"),
    (84, "ones_like_dd"),
    (85, "neg_dd"),
    (86, "add_ddd"),
    (87, "sub_ddd"),
    (88, "mul_ddd"),
    (89, "div_ddd"),
    (90, "pow_ddd"),
    (91, "mod_ddd"),
    (92, "floordiv_ddd"),
    (93, "sqrt_dd"),
    (94, "where_dbdd"),
    (95, "func_ddn"),
    (96, "func_dddn"),
    (97, "eq_bcc"),
    (98, "ne_bcc"),
    (99, "cast_ci"),
    (100, "cast_cl"),
    (101, "cast_cf"),
    (102, "cast_cd"),
    (103, "ones_like_cc"),
    (104, "copy_cc"),
    (105, "neg_cc"),
    (106, "add_ccc"),
    (107, "sub_ccc"),
    (108, "mul_ccc"),
    (109, "div_ccc"),
    (110, "where_cbcc"),
    (111, "func_ccn"),
    (112, "func_cccn"),
    (113, "real_dc"),
    (114, "imag_dc"),
    (115, "complex_cdd"),
    (116, "copy_ss"),
    (117, "where_bbbb"),
    (118, "contains_bss"),
    (119, "func_bdn"),
    (120, "func_bfn"),
    (121, "func_bcn"),
    (122, "func_iin"),
    (123, "func_lln"),
    (125, "sum_iin"),
    (126, "sum_lln"),
    (127, "sum_ffn"),
    (128, "sum_ddn"),
    (129, "sum_ccn"),
    (131, "prod_iin"),
    (132, "prod_lln"),
    (133, "prod_ffn"),
    (134, "prod_ddn"),
    (135, "prod_ccn"),
    (137, "min_iin"),
    (138, "min_lln"),
    (139, "min_ffn"),
    (140, "min_ddn"),
    (142, "max_iin"),
    (143, "max_lln"),
    (144, "max_ffn"),
    (145, "max_ddn"),
];

/// Functions of floats, doubles and complex numbers: each list in numexpr's order.
const REAL: &[&str] = &[
    "sqrt",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "log",
    "log1p",
    "log10",
    "log2",
    "exp",
    "expm1",
    "absolute",
    "conjugate",
    "ceil",
    "floor",
    "trunc",
    "sign",
    "round",
];
const BINARY: &[&str] = &["fmod", "arctan2", "hypot", "nextafter", "copysign", "maximum", "minimum"];
const COMPLEX: &[&str] = &[
    "sqrt",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "log",
    "log1p",
    "log10",
    "log2",
    "exp",
    "expm1",
    "absolute",
    "conjugate",
    "sign",
    "round",
];
const PREDICATES: &[&str] = &["isnan", "isfinite", "isinf", "signbit"];
const INTEGER: &[&str] = &["sign", "round", "absolute"];

/// No operation has more operands.
const MOST_OPERANDS: usize = 3;

/// An operation for certain operand kinds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opcode {
    /// Kinds of the operands.
    pub args: Vec<Kind>,
    /// numexpr's name: `add_ddd`, or `func_ddn` for functions.
    pub name: String,
    /// Number of a function among those of its kinds.
    pub function: Option<u8>,
}

/// The number of an opcode in numexpr's machine.
pub fn number(name: &str) -> Option<u8> {
    OPCODES.iter().find(|(_, n)| *n == name).map(|(number, _)| *number)
}

/// The operation that takes these operands, raised as little as possible, and gives `ret`.
pub fn resolve(name: &str, ret: Kind, args: &[Kind]) -> Option<Opcode> {
    if args.len() > MOST_OPERANDS {
        return None;
    }
    let raised = permutations(args);
    let signature = |args: &[Kind]| -> String {
        std::iter::once(ret).chain(args.iter().copied()).map(Kind::code).collect()
    };
    for args in &raised {
        let full = format!("{name}_{}", signature(args));
        if exists(&full) {
            return Some(Opcode { args: args.clone(), name: full, function: None });
        }
    }
    for args in &raised {
        if let Some(function) = function(name, ret, args) {
            let name = format!("func_{}n", signature(args));
            return Some(Opcode { args: args.clone(), name, function: Some(function) });
        }
    }
    None
}

/// Whether the machine has an operation; uint64 has those of int64, and comparisons with int64.
fn exists(full: &str) -> bool {
    if number(full).is_some() {
        return true;
    }
    let Some((name, kinds)) = full.rsplit_once('_').filter(|(_, kinds)| kinds.contains('u')) else {
        return false;
    };
    let mixed = kinds.contains('l');
    let compares = matches!(name, "gt" | "ge" | "eq" | "ne");
    (compares || !mixed) && number(&format!("{name}_{}", kinds.replace('u', "l"))).is_some()
}

/// All ways to raise operands to greater kinds, least first.
fn permutations(args: &[Kind]) -> Vec<Vec<Kind>> {
    let Some((first, rest)) = args.split_first() else { return vec![Vec::new()] };
    let tails = permutations(rest);
    let heads: Vec<Kind> = match first {
        Kind::Bytes => vec![Kind::Bytes],
        // A signed number never becomes an unsigned one unless it is known to be a constant, which has the kind.
        least => Kind::ALL.into_iter().filter(|k| k >= least && *k != Kind::Bytes).collect(),
    };
    heads.iter().flat_map(|head| tails.iter().map(move |t| [&[*head], &t[..]].concat())).collect()
}

/// The number of a function of these kinds.
fn function(name: &str, ret: Kind, args: &[Kind]) -> Option<u8> {
    let list = match (ret, args) {
        (Kind::Float, [Kind::Float]) | (Kind::Double, [Kind::Double]) => REAL,
        (Kind::Float, [Kind::Float, Kind::Float]) | (Kind::Double, [Kind::Double, Kind::Double]) => BINARY,
        (Kind::Complex, [Kind::Complex]) => COMPLEX,
        (Kind::Complex, [Kind::Complex, Kind::Complex]) => &["pow"],
        (Kind::Bool, [Kind::Double | Kind::Float]) => PREDICATES,
        (Kind::Bool, [Kind::Complex]) => &PREDICATES[..3],
        (Kind::Int, [Kind::Int]) | (Kind::Long, [Kind::Long]) | (Kind::Ulong, [Kind::Ulong]) => INTEGER,
        _ => return None,
    };
    list.iter().position(|f| *f == name).map(|i| i as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_are_raised_as_little_as_possible() {
        let find = |name, ret, args: &[Kind]| resolve(name, ret, args).map(|o| o.name);
        assert_eq!(find("add", Kind::Double, &[Kind::Int, Kind::Double]).as_deref(), Some("add_ddd"));
        assert_eq!(find("gt", Kind::Bool, &[Kind::Int, Kind::Double]).as_deref(), Some("gt_bdd"));
        assert_eq!(find("isnan", Kind::Bool, &[Kind::Int]).as_deref(), Some("func_bfn"));
        assert_eq!(find("sin", Kind::Double, &[Kind::Int]).as_deref(), Some("func_ddn"));
        assert_eq!(find("gt", Kind::Bool, &[Kind::Long, Kind::Ulong]).as_deref(), Some("gt_blu"));
        assert_eq!(find("add", Kind::Bytes, &[Kind::Bytes, Kind::Bytes]), None);
        assert_eq!(find("gt", Kind::Bool, &[Kind::Complex, Kind::Complex]), None);
    }
}
