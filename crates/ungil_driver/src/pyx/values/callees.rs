//! Functions of C that a module calls by name.

use std::collections::{HashMap, HashSet};

use ungil_syntax::ast::cython::ExceptionSpec;
use ungil_syntax::ast::stmt::{Stmt, StmtKind};

use super::kind::{named, pieces};
use crate::pyx::plan::{Function, Plan};
use crate::pyx::types::Known;

/// Functions of `libc.math` that give a double.
const DOUBLES: &[&str] = &[
    "acos",
    "asin",
    "atan",
    "atan2",
    "cos",
    "sin",
    "tan",
    "cosh",
    "sinh",
    "tanh",
    "acosh",
    "asinh",
    "atanh",
    "hypot",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log10",
    "log2",
    "log1p",
    "pow",
    "sqrt",
    "cbrt",
    "erf",
    "erfc",
    "lgamma",
    "tgamma",
    "ceil",
    "floor",
    "trunc",
    "round",
    "rint",
    "nearbyint",
    "fabs",
    "fmod",
    "fmin",
    "fmax",
    "copysign",
    "ldexp",
];

/// Those of them with two arguments.
const OF_TWO: &[&str] = &["atan2", "hypot", "pow", "fmod", "fmin", "fmax", "copysign", "ldexp"];

/// A function of C.
#[derive(Clone)]
pub struct Callee {
    /// Names and types of its parameters; those of Python objects have none.
    pub params: Vec<(String, Option<Known>)>,
    /// How many arguments it needs.
    pub needed: usize,
    /// Whether `...` follows its parameters.
    pub is_variadic: bool,
    pub ret: Option<Known>,
    /// Whether it tells its callers of exceptions.
    pub raises: bool,
    /// Whether Python can call it as well, with stars and keywords.
    pub is_cpdef: bool,
}

/// Functions of C by their names. One that is there twice, or has fused types, is not known.
pub fn callees(body: &[Stmt], plan: &Plan) -> HashMap<String, Callee> {
    let mut found = libraries(plan);
    let mut again = HashSet::new();
    for stmt in body {
        let StmtKind::FunctionDef(def) = &stmt.kind else { continue };
        let name = def.name.name.to_string();
        let info = plan.functions.iter().find(|f| f.name == name && f.kind != "def" && f.fused.is_empty());
        let needed = def.params.iter().filter(|p| p.default.is_none()).count();
        let is_known = def.signature.is_some() && def.params.vararg.is_none();
        found.remove(&name);
        if let Some(info) = info.filter(|_| is_known)
            && !again.contains(&name)
        {
            let raises = def.signature.as_ref().is_some_and(|s| {
                !matches!(s.suffix.exception, ExceptionSpec::Never | ExceptionSpec::Cpp { .. })
            });
            found.insert(name.clone(), own(info, needed, raises));
        }
        again.insert(name);
    }
    found
}

fn own(info: &Function, needed: usize, raises: bool) -> Callee {
    Callee {
        params: info.params.iter().map(|p| (p.name.clone(), p.ty.clone())).collect(),
        needed,
        is_variadic: false,
        // Python's objects tell of them by themselves.
        raises: raises && info.ret.is_some(),
        ret: info.ret.clone(),
        is_cpdef: info.kind == "cpdef",
    }
}

/// Functions that headers declare, and those of C's mathematical library.
fn libraries(plan: &Plan) -> HashMap<String, Callee> {
    let mut found = HashMap::new();
    for one in &plan.externs {
        let Some(rest) = one.text.strip_prefix("fn(") else { continue };
        let Some((params, ret)) = rest.rsplit_once(')').filter(|_| !rest.contains("fn(")) else { continue };
        let fixed = params.strip_suffix("@...");
        let params: Vec<_> = pieces(fixed.unwrap_or(params), ',')
            .iter()
            .map(|text| (String::new(), Some(named(text))))
            .collect();
        let (needed, is_variadic) = (params.len(), fixed.is_some());
        let ret = Some(named(ret));
        let callee = Callee { needed, is_variadic, params, ret, raises: false, is_cpdef: false };
        // A header's function of several names, or of several kinds of parameters, is not known.
        if found.insert(one.name.clone(), callee).is_some() {
            found.remove(&one.name);
        }
    }
    for cimport in plan.cimports.iter().filter(|c| c.module == "libc.math") {
        for name in DOUBLES
            .iter()
            .filter(|name| matches!(cimport.name.as_deref(), Some(one) if one == **name || one == "*"))
        {
            let asname = if cimport.name.as_deref() == Some("*") { name } else { &*cimport.asname };
            let needed = 1 + usize::from(OF_TWO.contains(name));
            let params = vec![(String::new(), Some(named("float64"))); needed];
            let ret = Some(named("float64"));
            let callee = Callee { params, needed, is_variadic: false, ret, raises: false, is_cpdef: false };
            found.insert(asname.to_owned(), callee);
        }
    }
    found
}
