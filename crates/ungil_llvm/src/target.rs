//! The machine that code is made for: this one.
//!
//! The CPU's name is not trusted (hypervisors lie): code is selected for plain x86-64 plus the features that CPUID
//! states, and the name only tunes. Both belong into cache keys. `UNGIL_CPU_FEATURES` takes features away, to see what
//! a lesser processor would do: `-avx512f`, `-avx2,-fma`.

use crate::emit::EmitError;
use crate::raw::{Llvm, c_string, llvm, take_string};
use llvm_sys::core::*;
use llvm_sys::support::LLVMParseCommandLineOptions;
use llvm_sys::target::*;
use llvm_sys::target_machine::*;
use std::cell::OnceCell;
use std::sync::{Once, OnceLock};

/// Takes features of the processor away, as `-avx512f,-fma`.
const VARIABLE: &str = "UNGIL_CPU_FEATURES";

/// For a feature that is taken away, how the names of those start that go with it.
const DEPENDENT: &[(&str, &[&str])] = &[
    ("avx", &["avx2", "fma", "f16c", "vaes", "vpclmulqdq", "xop"]),
    ("avx2", &["avx512", "avx10", "avxvnni", "avxifma", "avxneconvert", "sha512", "sm3", "sm4"]),
    ("fma", &["avx512"]),
    ("f16c", &["avx512"]),
    ("avx512f", &["avx512", "avx10"]),
];

/// Features that code is made for, as LLVM writes them, sorted: `+aes,-amx-bf16,…`. This machine's, without those that
/// the environment takes away.
pub fn host_features() -> &'static str {
    static FEATURES: OnceLock<String> = OnceLock::new();
    FEATURES.get_or_init(|| {
        let text = take_string(llvm!(LLVMGetHostCPUFeatures()));
        let unwanted = std::env::var(VARIABLE).unwrap_or_default();
        without(&text, unwanted.split(',').filter_map(|f| f.trim().strip_prefix('-')))
    })
}

/// A list of features without some of them and what depends on these.
fn without<'a>(features: &str, unwanted: impl Iterator<Item = &'a str>) -> String {
    let mut gone: Vec<&str> = unwanted.collect();
    let mut k = 0;
    while k < gone.len() {
        let dependent = DEPENDENT.iter().filter(|(f, _)| *f == gone[k]).flat_map(|(_, list)| list.iter());
        let new: Vec<&str> = dependent.copied().filter(|f| !gone.contains(f)).collect();
        gone.extend(new);
        k += 1;
    }
    let goes = |name: &str| {
        gone.iter().any(|g| name == *g || (g.starts_with("avx512") || *g == "avx10") && name.starts_with(g))
    };
    let mut list: Vec<&str> = features.split(',').filter(|f| !f.is_empty()).collect();
    list.sort_unstable_by_key(|f| &f[1..]);
    let list: Vec<String> = list
        .into_iter()
        .map(|f| if goes(&f[1..]) { format!("-{}", &f[1..]) } else { f.to_owned() })
        .collect();
    list.join(",")
}

/// LLVM's name of this machine's CPU.
pub fn host_cpu() -> &'static str {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| take_string(llvm!(LLVMGetHostCPUName())))
}

/// Whether this machine has a feature, by LLVM's name.
pub fn host_has(feature: &str) -> bool {
    host_features().split(',').any(|f| f.strip_prefix('+') == Some(feature))
}

/// LLVM's target machine with what it was made from. One for each thread that compiles.
pub struct Machine {
    pub cpu: String,
    pub tune: Option<String>,
    pub features: String,
    pub(crate) raw: LLVMTargetMachineRef,
    triple: std::ffi::CString,
}

thread_local! {
    /// Making one takes as long as emitting a kernel, since LLVM digests the features.
    static HOST: OnceCell<Machine> = const { OnceCell::new() };
}

impl Machine {
    /// Runs `work` with this thread's machine.
    pub fn with_host<T>(work: impl FnOnce(&Machine) -> T) -> Result<T, EmitError> {
        HOST.with(|cell| {
            if cell.get().is_none() {
                let machine = Machine::host()?;
                // Nobody else can have set the cell of this thread.
                let _ = cell.set(machine);
            }
            Ok(work(cell.get().expect("set above")))
        })
    }

    /// The machine this process runs on.
    fn host() -> Result<Machine, EmitError> {
        initialize();
        let triple = c_string("x86_64-unknown-linux-gnu");
        let mut target = std::ptr::null_mut();
        let mut message = std::ptr::null_mut();
        if llvm!(LLVMGetTargetFromTriple(triple.as_ptr(), &mut target, &mut message)) != 0 {
            return Err(EmitError::Target(take_string(message)));
        }
        let cpu = "x86-64".to_owned();
        let tune = Some(host_cpu()).filter(|c| !c.is_empty() && *c != "generic").map(str::to_owned);
        let features = host_features().to_owned();
        let (name, list) = (c_string(&cpu), c_string(&features));
        let raw = llvm!(LLVMCreateTargetMachine(
            target,
            triple.as_ptr(),
            name.as_ptr(),
            list.as_ptr(),
            LLVMCodeGenOptLevel::LLVMCodeGenLevelDefault,
            LLVMRelocMode::LLVMRelocPIC,
            LLVMCodeModel::LLVMCodeModelSmall,
        ));
        if raw.is_null() {
            return Err(EmitError::Target("LLVM has no code generator for x86-64".to_owned()));
        }
        Ok(Machine { cpu, tune, features, raw, triple })
    }

    /// Sets the module's triple and data layout; passes and linking need them.
    pub(crate) fn prepare(&self, l: &Llvm) {
        llvm!(LLVMSetTarget(l.module, self.triple.as_ptr()));
        llvm!({
            let layout = LLVMCreateTargetDataLayout(self.raw);
            LLVMSetModuleDataLayout(l.module, layout);
            LLVMDisposeTargetData(layout);
        });
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        llvm!(LLVMDisposeTargetMachine(self.raw));
    }
}

/// Sets up LLVM's x86 back end once.
pub(crate) fn initialize() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        llvm!({
            LLVMInitializeX86TargetInfo();
            LLVMInitializeX86Target();
            LLVMInitializeX86TargetMC();
            LLVMInitializeX86AsmPrinter();
            LLVMInitializeX86AsmParser();
        });
        set_options();
    });
}

/// Settings that LLVM has for the whole process only.
fn set_options() {
    let words = [
        c"ungil",
        // Pairs of doubles beside each other take more shuffles than they save (a step of n-body: 8 % slower); four
        // are worth it (products of 4 × 4 matrices: twice as fast).
        c"-slp-min-reg-size=256",
        // Sums that keep their order: the terms are still computed side by side, only the additions follow each other.
        c"-force-ordered-reductions",
        // `strides.rs` does what is worth it.
        c"-disable-lsr",
    ]
    .map(std::ffi::CStr::as_ptr);
    llvm!(LLVMParseCommandLineOptions(words.len() as i32, words.as_ptr(), std::ptr::null()));
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn features_go_with_those_they_build_on() {
        let all = "+avx512vl,+avx512f,+avx2,+fma,+avx,+sse4.2,-avx10.1";
        let rest = |list: &str| without(all, list.split(','));
        assert_eq!(rest("avx512f"), "+avx,-avx10.1,+avx2,-avx512f,-avx512vl,+fma,+sse4.2");
        assert_eq!(rest("fma"), "+avx,-avx10.1,+avx2,-avx512f,-avx512vl,-fma,+sse4.2");
        assert_eq!(rest("avx"), "-avx,-avx10.1,-avx2,-avx512f,-avx512vl,-fma,+sse4.2");
        assert_eq!(rest("avx512vl"), "+avx,-avx10.1,+avx2,+avx512f,-avx512vl,+fma,+sse4.2");
    }
}
