//! The machine that code is made for: this one.
//!
//! The CPU's name is not trusted (hypervisors lie): code is selected for plain x86-64 plus the features that CPUID
//! states, and the name only tunes. Both belong into cache keys.

use crate::emit::EmitError;
use crate::raw::{Llvm, c_string, llvm, take_string};
use llvm_sys::core::*;
use llvm_sys::target::*;
use llvm_sys::target_machine::*;
use std::cell::OnceCell;
use std::sync::{Once, OnceLock};

/// Features of this machine as LLVM writes them, sorted: `+aes,-amx-bf16,…`.
pub fn host_features() -> &'static str {
    static FEATURES: OnceLock<String> = OnceLock::new();
    FEATURES.get_or_init(|| {
        let text = take_string(llvm!(LLVMGetHostCPUFeatures()));
        let mut list: Vec<&str> = text.split(',').filter(|f| !f.is_empty()).collect();
        list.sort_unstable_by_key(|f| &f[1..]);
        list.join(",")
    })
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
    });
}
