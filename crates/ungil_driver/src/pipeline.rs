//! The stages in their order, from source to optimised IR.
//!
//! Lower, verify, passes (with the verifier behind each in debug builds), verify. What follows (cache, LLVM, link)
//! is [`crate::session`]'s.

use ungil_diag::source::SourceMap;
use ungil_ir::function::Module;
use ungil_ir::inst::Loc;
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::verify::verify_module;
use ungil_opt::pipeline::Target;
use ungil_sema::lower::{Lowered, lower_kernel};
use ungil_sema::ty::Ty;
use ungil_sema::world::{KernelId, World};

use crate::options::KernelOptions;
use crate::places;
use crate::session::{CompileFailure, GlobalTable};

/// Source to typed IR.
pub fn lower(
    world: &dyn World,
    kernel: KernelId,
    params: &[Ty],
    options: &KernelOptions,
    table: &dyn GlobalTable,
) -> Result<Lowered, CompileFailure> {
    // The kernel's own text must be in the map before lowering starts; those of callees join on the way, and then
    // the places in them need a second look.
    let _ = world.kernel(kernel);
    loop {
        let sources = table.sources();
        let (lowered, diagnostics) = lower_kernel(world, &sources, kernel, params, &options.compile);
        if table.sources().len() != sources.len() {
            continue;
        }
        let lowered = lowered.ok_or(CompileFailure::User(diagnostics))?;
        // The clauses of a parallel loop are the first pass's work; until then the verifier finds them missing.
        if !lowered.unclassified {
            verify("lower", &lowered.module)?;
        }
        return Ok(lowered);
    }
}

/// Runs the passes; a parallel loop that would race is the user's error.
pub fn optimize(module: &mut Module, sources: &SourceMap) -> Result<Vec<Remark>, CompileFailure> {
    let mut fault = None;
    let context = ungil_opt::pipeline::optimize(module, machine(), &mut |pass, changed, module| {
        if cfg!(debug_assertions) && changed && fault.is_none() {
            fault = verify(pass, module).err();
        }
    });
    if !context.refusals.is_empty() {
        let refusals = context.refusals.iter().map(|r| places::refusal(r, module, sources));
        return Err(CompileFailure::User(refusals.collect()));
    }
    match fault {
        Some(fault) => Err(fault),
        None => verify("the passes", module).map(|()| context.remarks),
    }
}

/// The vector registers of this machine.
fn machine() -> Target {
    let has = ungil_llvm::target::host_has;
    if has("avx512f") && has("avx512vl") && has("avx512dq") && has("avx512bw") {
        Target { vector_bytes: 64, registers: 32 }
    } else if has("avx2") {
        Target { vector_bytes: 32, registers: 16 }
    } else {
        Target { vector_bytes: 16, registers: 16 }
    }
}

/// Checks a module; what is wrong with it is a fault of the compiler.
pub fn verify(stage: &str, module: &Module) -> Result<(), CompileFailure> {
    verify_module(module).map_err(|errors| {
        let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
        CompileFailure::Internal(format!("after {stage}: {}\n{module}", list.join("; ")))
    })
}

/// The front end's remarks with places in the IR's notation.
pub fn remarks_of_front(
    remarks: &[ungil_diag::remark::Remark],
    module: &Module,
    sources: &SourceMap,
) -> Vec<Remark> {
    let place = |remark: &ungil_diag::remark::Remark| {
        let at = sources.line_column(remark.span)?;
        let file = sources.get(remark.span.source)?;
        let inside =
            |f: &&ungil_ir::function::Function| f.origin.file == *file.name && f.origin.first_line <= at.line;
        let function = module.functions.iter().filter(inside).max_by_key(|f| f.origin.first_line)?;
        let loc = Loc { line: at.line - function.origin.first_line + 1, col: at.column };
        Some((function.name.clone(), loc))
    };
    let convert = |remark: &ungil_diag::remark::Remark| {
        let (function, loc) = place(remark).unwrap_or_default();
        let kind = match remark.kind {
            ungil_diag::remark::RemarkKind::Applied => RemarkKind::Applied,
            ungil_diag::remark::RemarkKind::Missed => RemarkKind::Missed,
            ungil_diag::remark::RemarkKind::Analysis => RemarkKind::Note,
        };
        Remark { pass: remark.pass, kind, function, loc, text: remark.text.clone() }
    };
    remarks.iter().map(convert).collect()
}
