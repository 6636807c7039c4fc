//! Functions that formulas can call, and the kinds of their results.

use crate::evaluate::kind::Kind;

/// A function of elements.
pub struct Function {
    /// Name in formulas.
    pub name: &'static str,
    /// numexpr's name of the operation.
    pub op: &'static str,
    /// Results have at least and at most these kinds (integers: see [`Function::result`]).
    pub least: Option<Kind>,
    pub most: Option<Kind>,
}

const fn function(name: &'static str, op: &'static str, least: Option<Kind>, most: Option<Kind>) -> Function {
    Function { name, op, least, most }
}

const FLOAT: Option<Kind> = Some(Kind::Float);
const DOUBLE: Option<Kind> = Some(Kind::Double);
const COMPLEX: Option<Kind> = Some(Kind::Complex);

/// All functions of elements but `where` and `contains`.
pub const FUNCTIONS: &[Function] = &[
    function("copy", "copy", None, None),
    function("ones_like", "ones_like", None, None),
    function("sqrt", "sqrt", FLOAT, None),
    function("sin", "sin", FLOAT, None),
    function("cos", "cos", FLOAT, None),
    function("tan", "tan", FLOAT, None),
    function("arcsin", "arcsin", FLOAT, None),
    function("arccos", "arccos", FLOAT, None),
    function("arctan", "arctan", FLOAT, None),
    function("sinh", "sinh", FLOAT, None),
    function("cosh", "cosh", FLOAT, None),
    function("tanh", "tanh", FLOAT, None),
    function("arcsinh", "arcsinh", FLOAT, None),
    function("arccosh", "arccosh", FLOAT, None),
    function("arctanh", "arctanh", FLOAT, None),
    function("fmod", "fmod", FLOAT, None),
    function("arctan2", "arctan2", FLOAT, None),
    function("hypot", "hypot", DOUBLE, None),
    function("nextafter", "nextafter", DOUBLE, None),
    function("copysign", "copysign", DOUBLE, None),
    function("maximum", "maximum", DOUBLE, None),
    function("minimum", "minimum", DOUBLE, None),
    function("log", "log", FLOAT, None),
    function("log1p", "log1p", FLOAT, None),
    function("log10", "log10", FLOAT, None),
    function("log2", "log2", FLOAT, None),
    function("exp", "exp", FLOAT, None),
    function("expm1", "expm1", FLOAT, None),
    function("abs", "absolute", FLOAT, None),
    function("ceil", "ceil", FLOAT, DOUBLE),
    function("floor", "floor", FLOAT, DOUBLE),
    function("round", "round", DOUBLE, None),
    function("trunc", "trunc", DOUBLE, None),
    function("sign", "sign", DOUBLE, None),
    function("real", "real", DOUBLE, DOUBLE),
    function("imag", "imag", DOUBLE, DOUBLE),
    function("complex", "complex", COMPLEX, None),
    function("conj", "conjugate", COMPLEX, None),
    function("isnan", "isnan", DOUBLE, None),
    function("isfinite", "isfinite", DOUBLE, None),
    function("isinf", "isinf", DOUBLE, None),
    function("signbit", "signbit", DOUBLE, None),
];

/// Reductions.
pub const REDUCTIONS: &[&str] = &["sum", "prod", "min", "max"];

/// The function of this name.
pub fn find(name: &str) -> Option<&'static Function> {
    FUNCTIONS.iter().find(|f| f.name == name)
}

/// Whether formulas can call something of this name.
pub fn is_function(name: &str) -> bool {
    find(name).is_some()
        || REDUCTIONS.contains(&name)
        || matches!(name, "where" | "contains" | "_long" | "_float")
}

impl Function {
    /// The kind of the result for operands of a common kind.
    pub fn result(&self, kind: Kind) -> Kind {
        if matches!(self.op, "isnan" | "isfinite" | "isinf" | "signbit") {
            return Kind::Bool;
        }
        if kind.is_integer() {
            let keeps = matches!(self.op, "copy" | "ones_like" | "round" | "sign");
            return if keeps { kind } else { Kind::Double };
        }
        let raised = self.least.map_or(kind, |least| kind.max(least));
        self.most.map_or(raised, |most| raised.min(most))
    }
}
