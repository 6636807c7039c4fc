//! The maths library as bitcode: names, and linking of what a module uses.
//!
//! The functions of `ungil_math` that a module declares are read from the bitcode, made internal and inlined with the
//! module's own target attributes. Bodies are long, and few passes find anything to do in them: so they are brought in behind the
//! vectoriser, which puts their vector forms in place by name ([`calls`]). Slow paths stay calls into this process, with
//! vector variants (README of `ungil_math`). Other functions are libm's.

mod calls;
pub mod widen;

use crate::emit::{Code, EmitError};
use crate::raw::attributes::Place;
use crate::raw::{Llvm, Val, llvm};
use llvm_sys::LLVMLinkage::{LLVMAvailableExternallyLinkage, LLVMLinkOnceODRLinkage};
use llvm_sys::bit_reader::LLVMGetBitcodeModuleInContext2;
use llvm_sys::core::*;
use llvm_sys::prelude::LLVMModuleRef;
use ungil_ir::math::MathFn;
use ungil_math::lanes;
use ungil_math::variants::{self, Isa};

/// Start of the names of the library's symbols.
const PREFIX: &str = "ungil_math_";

/// Part of the mangled names of its internal functions.
const CRATE: &str = "ungil_math";

/// Symbol of a function on `float` (`single`) or `double`, where it has one in its form for `fastmath` (`relaxed`).
pub fn symbol(function: MathFn, single: bool, relaxed: bool) -> String {
    let name = function.name();
    if in_library(function) {
        let form = if relaxed && function.has_relaxed(single) { "_relaxed" } else { "" };
        format!("{PREFIX}{name}_{}{form}", if single { "f32" } else { "f64" })
    } else {
        format!("{name}{}", if single { "f" } else { "" })
    }
}

/// Whether the maths library has a function.
pub fn in_library(function: MathFn) -> bool {
    use MathFn::*;
    let powers = matches!(function, Exp | Exp2 | Expm1 | Log | Log2 | Log10 | Log1p | Pow | Cbrt | Hypot);
    let special =
        matches!(function, Erf | Erfc | Gamma | Lgamma | Fmod | Ldexp | FrexpMantissa | FrexpExponent)
            || function.is_complex_part();
    let circular = matches!(function, Sin | Cos | Tan | Asin | Acos | Atan | Atan2);
    powers || circular || special || matches!(function, Sinh | Cosh | Tanh | Asinh | Acosh | Atanh)
}

/// Functions that have no vector forms: their bodies have more control flow than [`widen`] follows.
const SCALAR: &[&str] = &["ungil_math_cexp2_re_f32", "ungil_math_cexp2_re_f64"];

/// Whether a function has vector forms.
pub fn has_forms(scalar: &str) -> bool {
    !SCALAR.contains(&scalar)
}

/// Names the vector forms of the library's functions that the module declares at their calls, for the vectoriser. Functions
/// without forms are linked at once.
pub fn announce(l: &Llvm, code: &Code) -> Result<(), EmitError> {
    let scalars: Vec<String> = functions(l.module).map(name_of).filter(|n| n.starts_with(PREFIX)).collect();
    let scalars = scalars.into_iter().filter(|name| widen::parse(name).is_none());
    let (formed, plain): (Vec<String>, Vec<String>) = scalars.partition(|name| has_forms(name));
    if !plain.is_empty() {
        link(l, code)?;
        for function in plain.iter().filter_map(|name| l.find_function(name)) {
            l.add_attribute(function, Place::Function, "alwaysinline");
        }
    }
    for name in formed {
        calls::name_forms(l, &name, code.vector_bits);
    }
    Ok(())
}

/// Brings in the bodies of the library's functions that are called, for inlining; false if there are none.
pub fn bring(l: &Llvm, code: &Code) -> Result<bool, EmitError> {
    let_go(l);
    let declared: Vec<Val> =
        functions(l.module).filter(|f| is_declaration(*f) && name_of(*f).starts_with(PREFIX)).collect();
    let (used, unused): (Vec<Val>, Vec<Val>) = declared.into_iter().partition(|f| !calls_of(*f).is_empty());
    for function in unused {
        llvm!(LLVMDeleteFunction(function));
    }
    let (forms, scalars): (Vec<Val>, Vec<Val>) = used
        .into_iter()
        .filter(|f| !is_slow(&name_of(*f)))
        .partition(|f| widen::parse(&name_of(*f)).is_some());
    if forms.is_empty() && scalars.is_empty() {
        return Ok(false);
    }
    calls::choose(l, &scalars, &forms);
    for form in &forms {
        let name = name_of(*form);
        widen::declare_scalar(l, *form, widen::parse(&name).expect("the name of a vector form").0);
    }
    link(l, code)?;
    for form in forms {
        define_form(l, form, code)?;
    }
    let_go(l);
    Ok(true)
}

/// Links the library's functions that the module declares, and what they call.
fn link(l: &Llvm, code: &Code) -> Result<(), EmitError> {
    let library = open(l)?;
    l.link(library).map_err(EmitError::Codegen)?;
    add_variants(l, isa(&code.features))?;
    for function in functions(l.module).filter(|f| !is_declaration(*f)) {
        let name = name_of(function);
        if name.starts_with(PREFIX) || name.contains(CRATE) {
            if !is_slow(&name) {
                l.internal(function);
            }
            strip(l, function);
            code.prepare(l, function);
        }
    }
    if let Some(personality) = l.find_function("rust_eh_personality")
        && llvm!(LLVMGetFirstUse(personality)).is_null()
    {
        llvm!(LLVMDeleteFunction(personality));
    }
    Ok(())
}

/// Gives the vector form of a function its body.
fn define_form(l: &Llvm, form: Val, code: &Code) -> Result<(), EmitError> {
    let name = name_of(form);
    let (scalar, lanes) = widen::parse(&name).expect("the name of a vector form");
    let scalar = l.find_function(scalar).expect("just linked");
    widen::widen(l, scalar, form, lanes)
        .map_err(|reason| EmitError::Codegen(format!("{name} cannot be made: {reason}")))?;
    l.internal(form);
    code.prepare(l, form);
    Ok(())
}

/// The library as a module of this context. Bodies are read when they are linked, and only what the module refers to
/// is: that is how the linker treats functions that may be dropped.
fn open(l: &Llvm) -> Result<LLVMModuleRef, EmitError> {
    let bytes = ungil_math::BITCODE;
    let (data, len) = (bytes.as_ptr().cast(), bytes.len());
    let mut module = std::ptr::null_mut();
    let failed = llvm!({
        let buffer = LLVMCreateMemoryBufferWithMemoryRange(data, len, c"ungil_math".as_ptr(), 0);
        let failed = LLVMGetBitcodeModuleInContext2(l.context, buffer, &mut module);
        if failed != 0 {
            LLVMDisposeMemoryBuffer(buffer);
        }
        failed
    });
    if failed != 0 {
        return Err(EmitError::Codegen("the maths library cannot be read".to_owned()));
    }
    llvm!({
        LLVMSetTarget(module, LLVMGetTarget(l.module));
        LLVMSetDataLayout(module, LLVMGetDataLayoutStr(l.module));
    });
    for function in functions(module).filter(|f| !is_declaration(*f)) {
        // The slow paths are called in this process's own copy.
        let slow = is_slow(&name_of(function));
        let linkage = if slow { LLVMAvailableExternallyLinkage } else { LLVMLinkOnceODRLinkage };
        llvm!(LLVMSetLinkage(function, linkage));
    }
    Ok(module)
}

/// Whether a symbol is the slow path of a function, for huge arguments.
pub(crate) fn is_slow(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with("_slow")
}

/// Whether a symbol is an operation that becomes an instruction in vector code.
pub(crate) fn is_instruction(name: &str) -> bool {
    name.starts_with(variants::PREFIX)
}

/// The vector instructions of a list of target features.
fn isa(features: &str) -> Isa {
    let has = |name: &str| features.split(',').any(|f| f.strip_prefix('+') == Some(name));
    if has("avx512f") && has("avx512dq") && has("avx512vl") {
        Isa::Avx512
    } else if has("avx2") {
        Isa::Avx2
    } else {
        Isa::Other
    }
}

/// Gives the slow paths and instructions in use vector variants, so that they do not keep loops from being vectorised.
fn add_variants(l: &Llvm, isa: Isa) -> Result<(), EmitError> {
    for function in functions(l.module) {
        let name = name_of(function);
        if is_slow(&name) {
            let symbol = lanes::slow_symbol(&name).expect("the library lists its slow paths");
            add_variant(l, function, &symbol.variant_attribute(), &symbol.variants())?;
        } else if let Some(found) = is_instruction(&name).then(|| variants::instruction(&name)).flatten() {
            add_variant(l, function, &found.variant_attribute(), &found.text(isa))?;
        }
    }
    Ok(())
}

/// The calls of a function.
fn calls_of(function: Val) -> Vec<Val> {
    let first = llvm!(LLVMGetFirstUse(function));
    let next = |u: &_| Some(llvm!(LLVMGetNextUse(*u))).filter(|u| !u.is_null());
    std::iter::successors(Some(first).filter(|u| !u.is_null()), next)
        .map(|u| llvm!(LLVMGetUser(u)))
        .filter(|user| !llvm!(LLVMIsACallInst(*user)).is_null())
        .collect()
}

/// Names a function's vector variants at its calls, which have no effects.
fn add_names(l: &Llvm, function: Val, attribute: &str) {
    for call in calls_of(function) {
        let names = [("nounwind", 0), ("willreturn", 0), ("memory", 0)];
        l.add_call_attributes(call, &names, "vector-function-abi-variant", attribute);
    }
}

/// Links a function's vector variants, if they are not there yet, and names them at its calls.
fn add_variant(l: &Llvm, function: Val, attribute: &str, text: &str) -> Result<(), EmitError> {
    add_names(l, function, attribute);
    if l.find_function(&format!("{}_v8", name_of(function))).is_some() {
        return Ok(());
    }
    let variants = l.parse(text).map_err(EmitError::Codegen)?;
    llvm!({
        LLVMSetTarget(variants, LLVMGetTarget(l.module));
        LLVMSetDataLayout(variants, LLVMGetDataLayoutStr(l.module));
    });
    l.link(variants).map_err(EmitError::Codegen)?;
    for variant in functions(l.module).filter(|f| is_variant(&name_of(*f))) {
        // Inlined, they would end the loop's one block before the passes of our own have looked at it.
        l.remove_attribute(variant, "alwaysinline");
        l.add_attribute(variant, Place::Function, "noinline");
    }
    Ok(())
}

/// Has the vector variants of slow paths inlined, and what stayed scalar; false if there are none.
pub fn release_variants(l: &Llvm) -> bool {
    let mut found = false;
    for function in functions(l.module).filter(|f| !is_declaration(*f)) {
        let name = name_of(function);
        if is_instruction(&name) || is_variant(&name) {
            l.remove_attribute(function, "noinline");
            l.add_attribute(function, Place::Function, "alwaysinline");
            found = true;
        }
    }
    found
}

/// Whether a symbol is the vector variant of a slow path.
fn is_variant(name: &str) -> bool {
    let is_count = |lanes: &str| lanes.bytes().all(|c| c.is_ascii_digit());
    name.starts_with(PREFIX) && name.rsplit_once("_slow_v").is_some_and(|(_, lanes)| is_count(lanes))
}

/// Removes what held functions until the vectoriser has run.
fn let_go(l: &Llvm) {
    let held = llvm!(LLVMGetNamedGlobal(l.module, c"llvm.compiler.used".as_ptr()));
    if !held.is_null() {
        llvm!(LLVMDeleteGlobal(held));
    }
}

/// Removes the attributes that name the library's own target.
fn strip(l: &Llvm, function: Val) {
    // Panics abort in the library, so its functions need no personality, which would be an undefined symbol.
    if llvm!(LLVMHasPersonalityFn(function)) != 0 {
        llvm!(LLVMSetPersonalityFn(function, std::ptr::null_mut()));
    }
    for key in ["target-cpu", "target-features", "tune-cpu", "probe-stack"] {
        l.remove_text_attribute(function, key);
    }
    for name in ["uwtable", "nonlazybind"] {
        l.remove_attribute(function, name);
    }
}

fn is_declaration(function: Val) -> bool {
    llvm!(LLVMIsDeclaration(function)) != 0
}

pub(crate) fn functions(module: LLVMModuleRef) -> impl Iterator<Item = Val> {
    let first = llvm!(LLVMGetFirstFunction(module));
    let some = |f: Val| if f.is_null() { None } else { Some(f) };
    // Collected, so that functions may be deleted on the way.
    let all: Vec<Val> =
        std::iter::successors(some(first), |f| some(llvm!(LLVMGetNextFunction(*f)))).collect();
    all.into_iter()
}

pub(crate) fn name_of(function: Val) -> String {
    let mut len = 0;
    let data = llvm!(LLVMGetValueName2(function, &mut len));
    // SAFETY: LLVM returns the name's bytes and their number; they live as long as the function.
    let bytes = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) };
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emit::EmitOptions;
    use crate::target::Machine;

    /// Every function on one kind of number, in both precisions and forms.
    fn symbols() -> Vec<(MathFn, bool, String)> {
        let mut all = Vec::new();
        for f in MathFn::ALL.iter().filter(|f| in_library(**f)) {
            for single in [true, false] {
                for relaxed in [false, true].into_iter().filter(|r| !r || f.has_relaxed(single)) {
                    all.push((*f, single, symbol(*f, single, relaxed)));
                }
            }
        }
        all
    }

    #[test]
    fn functions_have_forms_unless_they_are_listed() {
        let options = EmitOptions::new("forms");
        let empty = ungil_ir::function::Module::default();
        Machine::with_host(|machine| {
            for (f, single, name) in symbols() {
                let (l, code) = crate::emit::emit(&empty, &options, machine).expect("an empty module");
                let element = if single { l.f32() } else { l.f64() };
                let ty = l.vector(element, 8);
                let form = l.declare(&widen::name(&name, 8), l.function(ty, &vec![ty; f.arity()]));
                widen::declare_scalar(&l, form, &name);
                link(&l, &code).expect("the library fits");
                assert_eq!(define_form(&l, form, &code).is_ok(), has_forms(&name), "{name}");
            }
        })
        .expect("a machine");
    }
}
