//! Python test files: kernels lowered as the compiler does, without Python.
//!
//! Annotations (`float64[:, ::1]`, `int`) or the literals of a `run:` line give the types of the parameters.

use crate::literal::Literal;
use ungil_diag::diagnostic::{Diagnostic, Diagnostics, Severity};
use ungil_ir::function::Module;
use ungil_opt::legality::Refusal;
use ungil_opt::pipeline;
use ungil_sema::lower::{Lowered, lower_kernel};
use ungil_sema::options::Options;
use ungil_sema::test_world::TestWorld;
use ungil_sema::ty::Ty;
use ungil_sema::world::KernelId;
use ungil_syntax::check::check_module;
use ungil_syntax::parser::parse_module;

/// A parsed file, and what the parser said.
pub struct Python {
    pub world: TestWorld,
    pub diagnostics: Diagnostics,
}

/// A message at a line of the file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Message {
    pub line: usize,
    /// `error[U0214]: title`.
    pub text: String,
}

impl Python {
    pub fn parse(text: &str) -> Python {
        let (world, mut diagnostics) = TestWorld::new("test.py", text);
        let id = ungil_diag::span::SourceId(0);
        if let (false, Some(source)) = (diagnostics.has_errors(), world.sources.get(id)) {
            let (module, _) = parse_module(source, id);
            diagnostics.append(check_module(&module));
        }
        Python { world, diagnostics }
    }

    /// The functions whose parameters are all annotated, with their types.
    pub fn annotated(&self) -> Vec<(KernelId, Vec<Ty>)> {
        let count = self.world.last_kernel().map_or(0, |last| last.0 + 1);
        let typed = |k: KernelId| Some((k, self.world.annotated_types(k)?));
        (0..count).filter_map(|k| typed(KernelId(k))).collect()
    }

    pub fn lower(&self, kernel: KernelId, types: &[Ty]) -> (Option<Lowered>, Diagnostics) {
        lower_kernel(&self.world, &self.world.sources, kernel, types, &Options::default())
    }

    /// Lowers a kernel that must be correct.
    pub fn lower_or_fail(&self, kernel: KernelId, types: &[Ty]) -> Result<Lowered, String> {
        let (lowered, diagnostics) = self.lower(kernel, types);
        let messages: Vec<String> = diagnostics
            .iter()
            .map(|d| self.message(d))
            .map(|m| format!("line {}: {}", m.line, m.text))
            .collect();
        lowered.ok_or_else(|| messages.join("\n"))
    }

    /// A diagnostic at the line of its place, 1 if it has none.
    pub fn message(&self, diagnostic: &Diagnostic) -> Message {
        let place = diagnostic.span().and_then(|span| self.world.sources.line_column(span));
        let line = place.map_or(1, |p| p.line as usize);
        let kind = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        };
        Message { line, text: format!("{kind}[{}]: {}", diagnostic.code, diagnostic.title) }
    }

    /// A refusal of a parallel loop, at its line. Lines of the IR count from the function's first.
    pub fn refusal(&self, refusal: &Refusal, first_line: u32) -> Message {
        let words = refusal.reason.words();
        let line = (first_line + refusal.node.line.max(1) - 1) as usize;
        Message { line, text: format!("error[{}]: {}", refusal.reason.code(), words.title) }
    }
}

/// Runs the passes that decide what a parallel loop means: those up to the test of dependences. What they or, on a
/// copy, later passes refuse comes back.
pub fn settle(module: &mut Module) -> Vec<Refusal> {
    let mut context = pipeline::Context::default();
    let is_last = |p: &&pipeline::Pass| p.name == "check_dependences";
    let count = pipeline::PASSES.iter().take_while(|p| !is_last(p)).count() + 1;
    let (first, later) = pipeline::PASSES.split_at(count);
    for pass in first {
        (pass.run)(module, &mut context);
    }
    if context.refusals.is_empty() {
        let mut copy = module.clone();
        for pass in later {
            (pass.run)(&mut copy, &mut context);
        }
    }
    context.refusals
}

/// The type that a literal argument has.
pub fn type_of(literal: &Literal) -> Result<Ty, String> {
    Ok(match literal {
        Literal::None => Ty::None,
        Literal::Bool(_) => Ty::PyBool,
        Literal::Int(_) => Ty::PyInt,
        Literal::Float(_) => Ty::PyFloat,
        Literal::Complex(..) => Ty::PyComplex,
        Literal::Scalar(d, _) => Ty::Scalar(*d),
        Literal::Tuple(items) => Ty::Tuple(items.iter().map(type_of).collect::<Result<_, _>>()?),
        Literal::Array(array) => Ty::Array(array.ty()),
        Literal::List(_) => return Err("write array(list, dtype): a list has no dtype".to_owned()),
    })
}
