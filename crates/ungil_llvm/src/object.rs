//! Object files: optimisation and code generation.

use crate::bases;
use crate::divider;
use crate::emit::MARK;
use crate::emit::{Code, EmitError, EmitOptions, emit};
use crate::mathlib;
use crate::raw::{Llvm, c_string, llvm, take_string};
use crate::releases;
use crate::remarks;
use crate::streams;
use crate::strides;
use crate::target::Machine;
use crate::truncations;
use llvm_sys::core::*;
use llvm_sys::target_machine::*;
use llvm_sys::transforms::pass_builder::*;
use std::ffi::CStr;
use ungil_ir::function::Module;
use ungil_ir::remark::Remark;

/// A module compiled to an object file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// ELF object file.
    pub bytes: Vec<u8>,
    /// LLVM's text before and after optimisation, and assembly, if asked for.
    pub listing: Option<Listing>,
}

/// Readable forms of a compiled module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    pub emitted: String,
    pub optimized: String,
    pub assembly: String,
}

/// Compiles a module that the verifier accepts for this machine.
pub fn compile(ir: &Module, options: &EmitOptions, listing: bool) -> Result<Object, EmitError> {
    let _setting = remarks::hold(false);
    Machine::with_host(|machine| compile_for(machine, ir, options, listing))?
}

/// What LLVM did and did not do to the loops of a module. Compiles it for that alone.
pub fn remarks(ir: &Module, options: &EmitOptions) -> Result<Vec<Remark>, EmitError> {
    let _setting = remarks::hold(true);
    let options = EmitOptions { remarks: true, debug: false, ..options.clone() };
    let lines = Machine::with_host(|machine| {
        let (llvm, code) = emit(ir, &options, machine)?;
        optimize(&llvm, machine, &options, &code)
    })??;
    Ok(remarks::read(&lines, ir))
}

fn compile_for(
    machine: &Machine,
    ir: &Module,
    options: &EmitOptions,
    listing: bool,
) -> Result<Object, EmitError> {
    let (llvm, code) = emit(ir, options, machine)?;
    let emitted = listing.then(|| llvm.text());
    optimize(&llvm, machine, options, &code)?;
    let bytes_of = |kind| generate(&llvm, machine, kind);
    let listing = match emitted {
        None => None,
        Some(emitted) => {
            let optimized = llvm.text();
            let assembly = bytes_of(LLVMCodeGenFileType::LLVMAssemblyFile)?;
            let assembly = String::from_utf8_lossy(&assembly).into_owned();
            Some(Listing { emitted, optimized, assembly })
        }
    };
    Ok(Object { bytes: bytes_of(LLVMCodeGenFileType::LLVMObjectFile)?, listing })
}

/// Runs LLVM's pipeline; returns the remarks that LLVM makes.
fn optimize(
    l: &Llvm,
    machine: &Machine,
    options: &EmitOptions,
    code: &Code,
) -> Result<Vec<String>, EmitError> {
    let mut lines = Vec::new();
    remarks::collect(l, &mut lines);
    let result = run_pipeline(l, machine, options, code);
    remarks::stop(l);
    lines.extend(result?);
    Ok(lines)
}

/// LLVM's passes in their order. `default<O3>` takes twice as long: it is made for C++, while the front end hands over
/// few functions, already inlined where that matters for types, with loops and checks in shape. This is its function
/// pipeline once, without what finds nothing in such code.
const PIPELINE: &[&str] = &[
    // Slow paths of the maths library are called, so what they consist of goes first. Callees: the library's functions,
    // then kernels that are worth it.
    "elim-avail-extern,globaldce,always-inline",
    "function<eager-inv>(sroa<modify-cfg>,early-cse<memssa>,simplifycfg)",
    "cgscc(inline,function-attrs)",
    "globaldce",
    // Scalars and control flow.
    "function<eager-inv>(sroa<modify-cfg>,early-cse<memssa>,simplifycfg,instcombine<no-verify-fixpoint>",
    "tailcallelim",
    // Loops into their canonical form.
    "loop-mssa(loop-instsimplify,loop-simplifycfg,loop-rotate<no-header-duplication>,licm<allowspeculation>,\
     simple-loop-unswitch<nontrivial;trivial>)",
    "simplifycfg,instcombine<no-verify-fixpoint>",
    "loop(loop-idiom,indvars,loop-deletion,loop-unroll-full)",
    // Redundant and dead code. Where arrays are filled, loads that the iteration before has done stay: a loop that
    // carries them cannot be copied for streaming.
    "sroa<modify-cfg>,gvn<no-load-pre>,sccp,bdce,instcombine<no-verify-fixpoint>,jump-threading,correlated-propagation,dse",
    "loop-mssa(licm<allowspeculation>),adce",
    "simplifycfg<switch-range-to-icmp;hoist-common-insts;sink-common-insts>,instcombine<no-verify-fixpoint>",
    // Vectors.
    "loop-mssa(loop-rotate<no-header-duplication>),loop-vectorize,loop-load-elim,instcombine<no-verify-fixpoint>",
    "simplifycfg<switch-range-to-icmp;switch-to-lookup;hoist-common-insts;sink-common-insts>",
    "slp-vectorizer,vector-combine,instcombine<no-verify-fixpoint>",
    "loop-unroll<O3>,sroa<preserve-cfg>,instcombine<no-verify-fixpoint>,loop-mssa(licm<allowspeculation>)",
    "loop-sink,div-rem-pairs,simplifycfg)",
    "globaldce",
];

/// Brings bodies of the maths library in. They are optimised already.
const BODIES: &CStr = c"elim-avail-extern,globaldce,always-inline,function(early-cse,simplifycfg),globaldce";

/// Brings in what the divider's work is done by instead.
const SEQUENCES: &CStr =
    c"always-inline,function(early-cse,instcombine<no-verify-fixpoint>,simplifycfg),globaldce";

/// Brings in the tests of vectors for slow paths.
const TESTS: &CStr = c"always-inline,function(simplifycfg),globaldce";

/// Returns the remarks of our own on the result.
fn run_pipeline(
    l: &Llvm,
    machine: &Machine,
    options: &EmitOptions,
    code: &Code,
) -> Result<Vec<String>, EmitError> {
    let mut passes = PIPELINE.join(",");
    if l.find_function(MARK).is_none() {
        // Nothing to stream: loads of the iteration before may stay in registers.
        passes = passes.replace("gvn<no-load-pre>", "gvn");
    }
    run_passes(l, machine, &c_string(&passes))?;
    if mathlib::bring(l, code)? {
        run_passes(l, machine, BODIES)?;
    }
    bases::settle(l);
    truncations::settle(l);
    releases::drop_empty(l);
    let mut notes = Vec::new();
    streams::stream(l, options.stream_from.unwrap_or_else(streams::threshold), &mut notes);
    if cfg!(debug_assertions) {
        l.verify().map_err(EmitError::Invalid)?;
    }
    let divider = divider::relieve(l, options.spare_divider)?;
    let has_variants = mathlib::release_variants(l);
    if divider.moved {
        run_passes(l, machine, SEQUENCES)?;
    } else if has_variants {
        run_passes(l, machine, TESTS)?;
    }
    notes.extend(divider.places);
    strides::reduce(l);
    if cfg!(debug_assertions) {
        l.verify().map_err(EmitError::Invalid)?;
    }
    Ok(notes)
}

fn run_passes(l: &Llvm, machine: &Machine, passes: &CStr) -> Result<(), EmitError> {
    let error = llvm!({
        let options = LLVMCreatePassBuilderOptions();
        LLVMPassBuilderOptionsSetLoopVectorization(options, 1);
        LLVMPassBuilderOptionsSetSLPVectorization(options, 1);
        LLVMPassBuilderOptionsSetLoopInterleaving(options, 1);
        LLVMPassBuilderOptionsSetLoopUnrolling(options, 1);
        let error = LLVMRunPasses(l.module, passes.as_ptr(), machine.raw, options);
        LLVMDisposePassBuilderOptions(options);
        error
    });
    if error.is_null() { Ok(()) } else { Err(EmitError::Codegen(error_text(error))) }
}

/// Object code or assembly of a module. Code generation changes the module, so object code comes last.
fn generate(l: &Llvm, machine: &Machine, kind: LLVMCodeGenFileType) -> Result<Vec<u8>, EmitError> {
    let mut message = std::ptr::null_mut();
    let mut buffer = std::ptr::null_mut();
    let copy = (kind == LLVMCodeGenFileType::LLVMAssemblyFile).then(|| llvm!(LLVMCloneModule(l.module)));
    let module = copy.unwrap_or(l.module);
    let failed =
        llvm!(LLVMTargetMachineEmitToMemoryBuffer(machine.raw, module, kind, &mut message, &mut buffer));
    if let Some(copy) = copy {
        llvm!(LLVMDisposeModule(copy));
    }
    if failed != 0 {
        return Err(EmitError::Codegen(take_string(message)));
    }
    llvm!({
        let (data, len) = (LLVMGetBufferStart(buffer).cast::<u8>(), LLVMGetBufferSize(buffer));
        let bytes = std::slice::from_raw_parts(data, len).to_vec();
        LLVMDisposeMemoryBuffer(buffer);
        Ok(bytes)
    })
}

/// The text of an LLVM error, which is consumed.
pub(crate) fn error_text(error: llvm_sys::error::LLVMErrorRef) -> String {
    use llvm_sys::error::{LLVMDisposeErrorMessage, LLVMGetErrorMessage};
    llvm!({
        let message = LLVMGetErrorMessage(error);
        let text = std::ffi::CStr::from_ptr(message).to_string_lossy().into_owned();
        LLVMDisposeErrorMessage(message);
        text
    })
}
