//! A compiled specialisation.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use ungil_ir::function::Module;
use ungil_ir::remark::Remark;
use ungil_sema::lower::FunctionTypes;
use ungil_sema::ty::Ty;

/// A function of the compiled module, for tracebacks: frames name it by its index.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionInfo {
    pub name: String,
    pub file: String,
    /// Line in the file of line 1 of the function.
    pub first_line: u32,
    /// Comes with the compiler, so that it is left out of tracebacks.
    pub hidden: bool,
    /// In the Cython language.
    pub is_cython: bool,
}

/// Machine code that stays loaded while this lives.
pub struct Code {
    /// Address of the entry point.
    pub entry: usize,
    /// Address of the function that C calls, if there is one.
    pub callback: Option<usize>,
    /// Name of the entry's symbol.
    pub symbol: String,
    /// What keeps the code loaded.
    pub(crate) _keep: Box<dyn Any + Send + Sync>,
}

/// How long the parts of a compilation took.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Timings {
    /// Parsing, inference, lowering.
    pub front: Duration,
    /// Passes over the IR.
    pub optimize: Duration,
    /// LLVM and the cache.
    pub back: Duration,
    /// Loading the object.
    pub link: Duration,
}

impl Timings {
    pub fn total(&self) -> Duration {
        self.front + self.optimize + self.back + self.link
    }
}

/// Where the object code came from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Provenance {
    Compiled,
    DiskCache,
    Memory,
}

/// One specialisation of a kernel.
pub struct Compiled {
    pub code: Arc<Code>,
    pub name: String,
    pub params: Vec<Ty>,
    pub ret: Ty,
    /// Size in bytes of the packed result (`ungil_ir::packing`).
    pub ret_size: usize,
    /// Whether the call detaches from the interpreter.
    pub releases_gil: bool,
    /// Whether the code keeps a copy of `errno` for ctypes.
    pub uses_errno: bool,
    /// Whether the code has safepoints, so that the caller must arrange for interrupts.
    pub polls: bool,
    pub functions: Vec<FunctionInfo>,
    /// Types of the variables of each function.
    pub types: Vec<FunctionTypes>,
    pub remarks: Vec<Remark>,
    /// The IR as the passes left it.
    pub module: Arc<Module>,
    pub debug: bool,
    pub timings: Timings,
    pub provenance: Provenance,
}

impl Compiled {
    /// The signature in the user's notation: `(float64[::1], int) -> float`.
    pub fn signature(&self) -> String {
        let params: Vec<String> = self.params.iter().map(Ty::to_string).collect();
        format!("({}) -> {}", params.join(", "), self.ret)
    }

    /// The source of each function, with the types of the variables of a line behind it.
    pub fn types_text(&self) -> String {
        let mut out = String::new();
        for function in &self.types {
            let params: Vec<String> = function.params.iter().map(|(n, t)| format!("{n}: {t}")).collect();
            out.push_str(&format!("{}({}) -> {}\n", function.name, params.join(", "), function.ret));
            out.push_str(&format!("  {}\n", function.file));
            let width = function.lines.iter().map(|l| l.text.chars().count()).max().unwrap_or(0).min(60);
            for line in &function.lines {
                let types: Vec<String> = line.variables.iter().map(|(n, t)| format!("{n}: {t}")).collect();
                let comment =
                    if types.is_empty() { String::new() } else { format!("  # {}", types.join(", ")) };
                let text = format!("{:>5}  {:<width$}{comment}", line.number, line.text);
                out.push_str(text.trim_end());
                out.push('\n');
            }
            out.push('\n');
        }
        out
    }
}
