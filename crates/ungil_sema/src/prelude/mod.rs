//! The prelude: library functions written in Python.
//!
//! `prelude/*.py` are kernels like a user's: found through the registry by canonical name (`numpy.trapezoid`), parsed when
//! they are first called, and compiled for the types of their arguments. Names in them mean `np`, `math`, the builtins,
//! other functions of the prelude and the intrinsics of [`crate::lower::intrinsics`], never a user's globals.
//!
//! A parameter annotated `const` takes compile-time constants (numbers, `None`, tuples of them), which become part of the
//! instance's key: conditions on it are decided before anything is typed. One annotated `count` takes any values: a constant
//! number becomes part of the key, of others the result is a list.
//!
//! Contract: the prelude has no text that a user sees. What goes wrong in it is reported at the user's call, and its
//! frames are left out of tracebacks. Names that start with an underscore are private to it.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use ungil_abi::exception::ExcClass;
use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_ir::function::PRELUDE_FILE;
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::UnaryOp;
use ungil_syntax::ast::parameter::Parameter;
use ungil_syntax::ast::stmt::{FunctionDef, StmtKind};
use ungil_syntax::parser::parse_module;

use crate::ctype::FunctionType;
use crate::world::{Global, KernelCode, KernelId, KernelSource, ObjectId, SourceProblem, World as Ask};

/// Each file with the library whose functions it defines.
const FILES: &[(&str, &str)] = &[
    ("list", include_str!("lists.py")),
    ("numpy", include_str!("comparing.py")),
    ("numpy", include_str!("creation.py")),
    ("numpy", include_str!("functional.py")),
    ("numpy", include_str!("grids.py")),
    ("numpy", include_str!("joining.py")),
    ("numpy", include_str!("numerics.py")),
    ("numpy", include_str!("packing.py")),
    ("numpy", include_str!("padding.py")),
    ("numpy", include_str!("products.py")),
    ("numpy", include_str!("statistics.py")),
    ("numpy", include_str!("universal.py")),
    ("numpy", include_str!("weighted.py")),
    (ELEMENTWISE, include_str!("elementwise.py")),
];

/// Stands for the library whose functions are of scalars and apply to the elements of arrays.
const ELEMENTWISE: &str = "numpy elementwise";

/// Kernels from here on are the prelude's.
const FIRST_KERNEL: u32 = 1 << 31;
/// Modules as the prelude sees them; objects of Python have addresses below.
const MATH: ObjectId = ObjectId(u64::MAX);
const NUMPY: ObjectId = ObjectId(u64::MAX - 1);

/// A function of the prelude.
pub struct Entry {
    /// Canonical name: `numpy.trapezoid`.
    pub name: String,
    text: &'static str,
    /// Of scalars; applied to the elements of arrays.
    elementwise: bool,
    source: OnceLock<Arc<KernelSource>>,
}

/// The functions, found by a look at the text alone: a definition starts at the margin.
static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let mut entries = Vec::new();
    for (library, text) in FILES {
        let starts: Vec<usize> = text.match_indices("\ndef ").map(|(at, _)| at + 1).collect();
        for (k, &start) in starts.iter().enumerate() {
            let end = starts.get(k + 1).copied().unwrap_or(text.len());
            let body = &text[start..end];
            let name = &body[4..body.find('(').unwrap_or(body.len())];
            let elementwise = *library == ELEMENTWISE;
            let name = format!("{}.{name}", library.trim_end_matches(" elementwise"));
            entries.push(Entry { name, text: body, elementwise, source: OnceLock::new() });
        }
    }
    entries
});

static BY_NAME: LazyLock<HashMap<&'static str, u32>> =
    LazyLock::new(|| (0u32..).zip(ENTRIES.iter()).map(|(k, e)| (e.name.as_str(), k)).collect());

/// The function with this canonical name.
pub fn find(name: &str) -> Option<KernelId> {
    BY_NAME.get(name).map(|k| KernelId(FIRST_KERNEL + k))
}

/// Canonical names of the functions that users may call.
pub fn names() -> impl Iterator<Item = &'static str> {
    ENTRIES.iter().map(|e| e.name.as_str()).filter(|n| !n.contains("._"))
}

/// Signatures of the functions that users may call, with what is restricted.
pub fn signatures() -> Vec<(String, String)> {
    let public =
        (0..).zip(ENTRIES.iter()).filter(|(_, e)| e.name.starts_with("numpy.") && !e.name.contains("._"));
    public.map(|(k, _)| signature(&source(KernelId(FIRST_KERNEL + k)))).collect()
}

fn signature(source: &KernelSource) -> (String, String) {
    let KernelCode::Function(def) = &source.code else { return (source.name.clone(), String::new()) };
    let default = |name: &str| source.defaults.iter().find(|(n, _)| n == name).map(|(_, value)| shown(value));
    let mut written = Vec::new();
    let mut constants = Vec::new();
    let mut lists = Vec::new();
    for p in def.params.iter() {
        let name = &*p.name.name;
        let star =
            if def.params.vararg.as_ref().is_some_and(|v| v.name.name == p.name.name) { "*" } else { "" };
        written.push(match default(name) {
            Some(value) => format!("{name}={value}"),
            None => format!("{star}{name}"),
        });
        match &p.annotation {
            Some(Expr { kind: ExprKind::Name(mark), .. }) if &**mark == "const" => {
                constants.push(format!("`{name}`"))
            }
            Some(Expr { kind: ExprKind::Name(mark), .. }) if &**mark == "count" => {
                lists.push(format!("a list, or a tuple where `{name}` is a constant number or a tuple"));
            }
            _ => {}
        }
    }
    let constant = match &constants[..] {
        [] => None,
        [one] => Some(format!("{one} is a constant")),
        [most @ .., last] => Some(format!("{} and {last} are constants", most.join(", "))),
    };
    let note = constant.into_iter().chain(lists).collect::<Vec<_>>().join("; ");
    (format!("{}({})", source.name, written.join(", ")), note)
}

/// A default value as Python writes it.
fn shown(value: &Global) -> String {
    match value {
        Global::Int(n) => n.to_string(),
        Global::Float(x) => format!("{x:?}"),
        Global::Bool(b) => if *b { "True" } else { "False" }.to_owned(),
        Global::Str(text) => format!("'{text}'"),
        Global::Builtin(name) => name.trim_start_matches("builtins.").to_owned(),
        Global::Tuple(items) => format!("({})", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        _ => "None".to_owned(),
    }
}

/// Whether a kernel is the prelude's.
pub fn owns(kernel: KernelId) -> bool {
    kernel.0 >= FIRST_KERNEL
}

/// Whether a kernel is a function of scalars that applies to the elements of arrays.
pub fn is_elementwise(kernel: KernelId) -> bool {
    owns(kernel) && ENTRIES[(kernel.0 - FIRST_KERNEL) as usize].elementwise
}

/// Whether a module is the prelude's.
pub fn owns_object(object: ObjectId) -> bool {
    object >= NUMPY
}

/// Whether a parameter takes constants only.
pub fn is_constant(parameter: &Parameter) -> bool {
    is_marked(parameter, "const")
}

/// Whether a parameter becomes part of the key where it is a constant number.
pub fn is_count(parameter: &Parameter) -> bool {
    is_marked(parameter, "count")
}

fn is_marked(parameter: &Parameter, mark: &str) -> bool {
    matches!(&parameter.annotation, Some(Expr { kind: ExprKind::Name(name), .. }) if &**name == mark)
}

/// The number of a function's text: texts of users are numbered from below.
fn source_id(index: u32) -> SourceId {
    SourceId(u32::MAX - 1 - index)
}

/// The definition of a function.
pub fn source(kernel: KernelId) -> Arc<KernelSource> {
    let index = kernel.0 - FIRST_KERNEL;
    let entry = &ENTRIES[index as usize];
    entry.source.get_or_init(|| Arc::new(parse(entry, source_id(index)))).clone()
}

/// # Panics
/// If the text is no function; a test parses them all.
fn parse(entry: &Entry, id: SourceId) -> KernelSource {
    let (module, diagnostics) = parse_module(&SourceFile::new(PRELUDE_FILE, entry.text), id);
    assert!(diagnostics.is_empty(), "{} does not parse", entry.name);
    let Some(StmtKind::FunctionDef(def)) = module.body.into_iter().next().map(|s| s.kind) else {
        panic!("{} is no function", entry.name);
    };
    let def: FunctionDef = *def;
    let default = |p: &Parameter| Some((p.name.name.to_string(), literal(p.default.as_ref()?)?));
    KernelSource {
        name: entry.name.rsplit('.').next().unwrap_or_default().to_owned(),
        file: PRELUDE_FILE.to_owned(),
        source: id,
        first_line: 1,
        defaults: def.params.iter().filter_map(default).collect(),
        code: KernelCode::Function(def),
        options: None,
    }
}

/// The value of a default argument.
fn literal(e: &Expr) -> Option<Global> {
    Some(match &e.kind {
        ExprKind::Literal(Literal::None) => Global::None,
        ExprKind::Literal(Literal::Bool(b)) => Global::Bool(*b),
        ExprKind::Literal(Literal::Int(n)) => Global::Int(*n),
        ExprKind::Literal(Literal::Float(x)) => Global::Float(*x),
        ExprKind::Literal(Literal::Str(text)) => Global::Str(text.as_str()?.to_owned()),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match literal(operand)? {
            Global::Int(n) => Global::Int(-n),
            Global::Float(x) => Global::Float(-x),
            _ => return None,
        },
        ExprKind::Tuple(items) => Global::Tuple(items.iter().map(literal).collect::<Option<Vec<_>>>()?),
        ExprKind::Name(name) => Global::Builtin(format!("builtins.{name}")),
        _ => return None,
    })
}

const BUILTINS: &[&str] = &[
    "abs",
    "min",
    "max",
    "len",
    "range",
    "int",
    "float",
    "bool",
    "complex",
    "isinstance",
    "enumerate",
    "zip",
    "reversed",
    "tuple",
];

/// A world with the prelude in it.
pub(crate) struct World<'w>(pub &'w dyn Ask);

impl Ask for World<'_> {
    fn specialisation(&self, object: ObjectId, types: &[String]) -> Result<Global, String> {
        self.0.specialisation(object, types)
    }

    fn c_entry(&self, kernel: KernelId, ty: &FunctionType) -> Result<u64, String> {
        self.0.c_entry(kernel, ty)
    }

    fn host_function(&self, name: &str) -> Option<u64> {
        self.0.host_function(name)
    }

    fn mpi(&self, name: &str) -> Option<Global> {
        self.0.mpi(name)
    }

    fn mpi_threads(&self) -> bool {
        self.0.mpi_threads()
    }

    fn ufunc_attribute(&self, function: &str, attribute: &str) -> Option<Global> {
        self.0.ufunc_attribute(function, attribute)
    }

    fn lookup(&self, kernel: KernelId, name: &str) -> Option<Global> {
        if !owns(kernel) {
            return self.0.lookup(kernel, name);
        }
        if let Some(found) = find(&format!("numpy.{name}")) {
            return Some(Global::Kernel(found));
        }
        let module = |object, name: &str| Some(Global::Module { object, name: name.to_owned() });
        match name {
            "np" => return module(NUMPY, "numpy"),
            "math" => return module(MATH, "math"),
            _ => {}
        }
        if let Some(class) = ExcClass::from_name(name) {
            return Some(Global::Exception(class));
        }
        let library = if BUILTINS.contains(&name) { "builtins" } else { "ungil.intrinsics" };
        Some(Global::Builtin(format!("{library}.{name}")))
    }

    fn attribute(&self, object: ObjectId, name: &str) -> Option<Global> {
        if !owns_object(object) {
            return self.0.attribute(object, name);
        }
        let library = if object == MATH { "math" } else { "numpy" };
        Some(match name {
            "pi" => Global::Float(std::f64::consts::PI),
            "inf" => Global::Float(f64::INFINITY),
            "nan" => Global::Float(f64::NAN),
            "newaxis" => Global::None,
            _ => match DType::from_name(name).filter(|_| object == NUMPY) {
                Some(dtype) => Global::DType(dtype),
                None => Global::Builtin(format!("{library}.{name}")),
            },
        })
    }

    fn kernel(&self, id: KernelId) -> Result<Arc<KernelSource>, SourceProblem> {
        if owns(id) { Ok(source(id)) } else { self.0.kernel(id) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_parses_and_has_its_name() {
        for (k, entry) in (0..).zip(ENTRIES.iter()) {
            let source = source(KernelId(FIRST_KERNEL + k));
            assert!(entry.name.ends_with(&format!(".{}", source.name)), "{}", entry.name);
            let KernelCode::Function(def) = &source.code else { panic!("{} is a lambda", entry.name) };
            assert_eq!(*def.name.name, *source.name);
            let defaults = def.params.iter().filter(|p| p.default.is_some()).count();
            assert_eq!(defaults, source.defaults.len(), "{}: a default is no literal", entry.name);
        }
    }
}
