//! A world for tests: the functions of one parsed module, with `math`, `np`, `ungil` and the builtins.
//!
//! Names mean what they usually mean in a kernel's file: `np` and `numpy`, `math`, `ungil`, `prange`, the type
//! objects `float64` …, constants assigned at module level. Nothing is executed.

use std::collections::HashMap;
use std::sync::Arc;

use ungil_abi::exception::ExcClass;
use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::SourceId;
use ungil_ir::types::{ArrayType, DType, Layout};
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::module::Module;
use ungil_syntax::ast::operator::UnaryOp;
use ungil_syntax::ast::stmt::{FunctionDef, StmtKind};
use ungil_syntax::parser::parse_module;

use crate::lower::numpy::create::dtype_from_text;
use crate::ty::Ty;
use crate::world::{Global, KernelCode, KernelId, KernelSource, ObjectId, SourceProblem, World};

const MATH: ObjectId = ObjectId(1);
const NUMPY: ObjectId = ObjectId(2);
const UNGIL: ObjectId = ObjectId(3);

/// The functions and constants of one source file.
pub struct TestWorld {
    pub sources: SourceMap,
    kernels: Vec<Arc<KernelSource>>,
    names: HashMap<String, Global>,
}

impl TestWorld {
    /// Parses a module; its syntax errors come back too.
    pub fn new(file: &str, text: &str) -> (TestWorld, Diagnostics) {
        let mut sources = SourceMap::new();
        let source = SourceFile::new(file, text);
        let id = sources.add(source.clone());
        let (module, diagnostics) = parse_module(&source, id);
        let mut world = TestWorld { sources, kernels: Vec::new(), names: HashMap::new() };
        world.define(&module, file, &source, id);
        (world, diagnostics)
    }

    fn define(&mut self, module: &Module, file: &str, source: &SourceFile, id: SourceId) {
        for stmt in &module.body {
            match &stmt.kind {
                StmtKind::FunctionDef(def) => {
                    let kernel = KernelId(self.kernels.len() as u32);
                    let first_line = source.line(stmt.span.lo);
                    self.kernels.push(Arc::new(self.source_of(def, file, id, first_line)));
                    self.names.insert(def.name.name.to_string(), Global::Kernel(kernel));
                }
                StmtKind::Assign { targets, value } => {
                    for target in targets {
                        if let (ExprKind::Name(name), Some(value)) = (&target.kind, constant(value)) {
                            self.names.insert(name.to_string(), value);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn source_of(&self, def: &FunctionDef, file: &str, source: SourceId, first_line: u32) -> KernelSource {
        let default = |p: &ungil_syntax::ast::parameter::Parameter| {
            let value = constant(p.default.as_ref()?)?;
            Some((p.name.name.to_string(), value))
        };
        KernelSource {
            name: def.name.name.to_string(),
            file: file.to_owned(),
            source,
            first_line,
            code: KernelCode::Function(def.clone()),
            defaults: def.params.iter().filter_map(default).collect(),
            options: None,
        }
    }

    /// The kernel of this name.
    pub fn kernel_named(&self, name: &str) -> Option<KernelId> {
        match self.names.get(name) {
            Some(Global::Kernel(id)) => Some(*id),
            _ => None,
        }
    }

    /// The kernel defined last.
    pub fn last_kernel(&self) -> Option<KernelId> {
        self.kernels.len().checked_sub(1).map(|k| KernelId(k as u32))
    }

    /// Types of a kernel's parameters from annotations such as `float64[:, ::1]`, `int`, `float64`.
    pub fn annotated_types(&self, kernel: KernelId) -> Option<Vec<Ty>> {
        let KernelCode::Function(def) = &self.kernels[kernel.0 as usize].code else { return None };
        def.params.iter().map(|p| p.annotation.as_ref().and_then(annotated)).collect()
    }
}

/// The type that an annotation writes.
fn annotated(e: &Expr) -> Option<Ty> {
    match &e.kind {
        ExprKind::Name(name) => Some(match &**name {
            "int" => Ty::PyInt,
            "float" => Ty::PyFloat,
            "bool" => Ty::PyBool,
            "complex" => Ty::PyComplex,
            other => Ty::Scalar(DType::from_name(other)?),
        }),
        ExprKind::Literal(Literal::None) => Some(Ty::None),
        ExprKind::Subscript { value, index } => {
            let Some(Ty::Scalar(dtype)) = annotated(value) else { return None };
            let axes: Vec<&Expr> = match &index.kind {
                ExprKind::Tuple(items) => items.iter().collect(),
                _ => vec![&**index],
            };
            let unit = |e: &&Expr| matches!(&e.kind, ExprKind::Slice { step: Some(_), .. });
            let layout = match axes.iter().position(unit) {
                Some(k) if k + 1 == axes.len() => Layout::C,
                Some(0) => Layout::F,
                _ => Layout::Strided,
            };
            let ndim = axes.len() as u8;
            Some(Ty::Array(ArrayType { dtype, ndim, layout, readonly: false, swapped: false }))
        }
        _ => None,
    }
}

/// The value of a constant expression.
fn constant(e: &Expr) -> Option<Global> {
    Some(match &e.kind {
        ExprKind::Literal(literal) => match literal {
            Literal::None => Global::None,
            Literal::Bool(b) => Global::Bool(*b),
            Literal::Int(n) => Global::Int(*n),
            Literal::Float(x) => Global::Float(*x),
            Literal::Imaginary(x) => Global::Complex(0.0, *x),
            Literal::Str(text) => Global::Str(text.as_str()?.to_owned()),
            _ => return None,
        },
        ExprKind::Unary { op: UnaryOp::Neg, operand } => match constant(operand)? {
            Global::Int(n) => Global::Int(-n),
            Global::Float(x) => Global::Float(-x),
            _ => return None,
        },
        ExprKind::Tuple(items) => Global::Tuple(items.iter().map(constant).collect::<Option<Vec<_>>>()?),
        _ => return None,
    })
}

const BUILTINS: &[&str] = &[
    "abs",
    "min",
    "max",
    "sum",
    "any",
    "all",
    "type",
    "str",
    "pow",
    "round",
    "divmod",
    "len",
    "range",
    "int",
    "float",
    "bool",
    "complex",
    "enumerate",
    "zip",
    "reversed",
    "print",
    "tuple",
    "sorted",
    "isinstance",
];

impl World for TestWorld {
    fn lookup(&self, _kernel: KernelId, name: &str) -> Option<Global> {
        if let Some(global) = self.names.get(name) {
            return Some(global.clone());
        }
        let module = |object, name: &str| Some(Global::Module { object, name: name.to_owned() });
        match name {
            "math" => return module(MATH, "math"),
            "np" | "numpy" => return module(NUMPY, "numpy"),
            "ungil" => return module(UNGIL, "ungil"),
            "prange" => return Some(Global::Builtin("ungil.prange".to_owned())),
            "simd" => return Some(Global::Builtin("ungil.simd".to_owned())),
            "sqrt" | "sin" | "cos" | "exp" => return Some(Global::Builtin(format!("math.{name}"))),
            _ => {}
        }
        if let Some(dtype) = DType::from_name(name) {
            return Some(Global::DType(dtype));
        }
        if let Some(class) = ExcClass::from_name(name) {
            return Some(Global::Exception(class));
        }
        BUILTINS.contains(&name).then(|| Global::Builtin(format!("builtins.{name}")))
    }

    fn attribute(&self, object: ObjectId, name: &str) -> Option<Global> {
        Some(match (object, name) {
            (MATH | NUMPY, "pi") => Global::Float(std::f64::consts::PI),
            (MATH | NUMPY, "e") => Global::Float(std::f64::consts::E),
            (MATH, "tau") => Global::Float(std::f64::consts::TAU),
            (MATH | NUMPY, "inf") => Global::Float(f64::INFINITY),
            (MATH | NUMPY, "nan") => Global::Float(f64::NAN),
            (MATH, name) => Global::Builtin(format!("math.{name}")),
            (NUMPY, "newaxis") => Global::None,
            (NUMPY, name) => {
                match DType::from_name(name).or_else(|| dtype_from_text(name).filter(|_| name.len() > 3)) {
                    Some(dtype) => Global::DType(dtype),
                    None => Global::Builtin(format!("numpy.{name}")),
                }
            }
            (UNGIL, name) => Global::Builtin(format!("ungil.{name}")),
            _ => return None,
        })
    }

    fn kernel(&self, id: KernelId) -> Result<Arc<KernelSource>, SourceProblem> {
        Ok(self.kernels[id.0 as usize].clone())
    }
}
