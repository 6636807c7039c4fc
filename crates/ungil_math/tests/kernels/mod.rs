//! Kernels around the maths functions, compiled with LLVM's command-line tools.
//!
//! Does what the compiler does: strips the functions' target attributes, marks them for inlining, links them with a
//! loop over arrays and with the vector variants of the slow paths, runs O3 and `always-inline`, emits code.
//! Limits: needs llvm-link, opt and llc of LLVM 22 (`UNGIL_LLVM_BIN`, else /usr/lib/llvm-22/bin).
#![allow(dead_code, reason = "each binary uses a part")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use ungil_math::lanes::slow_symbols;
use ungil_math::variants::{Isa, instructions};

/// Where the tools of LLVM 22 are, if they are installed.
pub fn tools() -> Option<PathBuf> {
    let folder = env::var_os("UNGIL_LLVM_BIN").map_or_else(|| "/usr/lib/llvm-22/bin".into(), PathBuf::from);
    ["llvm-dis", "llvm-link", "opt", "llc"].iter().all(|tool| folder.join(tool).exists()).then_some(folder)
}

/// What the kernels are compiled for.
#[derive(Clone, Copy)]
pub struct Target {
    pub cpu: &'static str,
    pub bits: u32,
}

/// A loop over one or two arrays: `void name(double* out, double* x, double* y, i64 n)`.
pub struct Loop {
    pub name: String,
    pub callee: String,
    pub llvm_type: &'static str,
    pub arguments: usize,
}

impl Loop {
    pub fn new(function: &str, kind: &str, arguments: usize) -> Self {
        let callee = format!("ungil_math_{function}_{kind}");
        let llvm_type = if kind == "f64" { "double" } else { "float" };
        Self { name: format!("loop_{function}_{kind}"), callee, llvm_type, arguments }
    }

    /// The same loop around another function, for example libm's.
    pub fn around(mut self, callee: &str) -> Self {
        self.name = format!("loop_libm_{callee}");
        self.callee = callee.to_owned();
        self
    }

    fn text(&self, bits: u32) -> String {
        let (name, callee, t) = (&self.name, &self.callee, self.llvm_type);
        let (second, arguments, kinds) = if self.arguments == 2 {
            let load =
                format!("  %py = getelementptr {t}, ptr %y, i64 %i\n  %vy = load {t}, ptr %py, align 8\n");
            (load, format!("{t} %vx, {t} %vy"), format!("{t}, {t}"))
        } else {
            (String::new(), format!("{t} %vx"), t.to_owned())
        };
        format!(
            "declare {t} @{callee}({kinds})
define void @{name}(ptr noalias %out, ptr noalias %x, ptr noalias %y, i64 %n) nounwind \"prefer-vector-width\"=\"{bits}\" {{
entry:
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %loop, label %exit
loop:
  %i = phi i64 [ 0, %entry ], [ %next, %loop ]
  %px = getelementptr {t}, ptr %x, i64 %i
  %vx = load {t}, ptr %px, align 8
{second}  %value = call {t} @{callee}({arguments})
  %po = getelementptr {t}, ptr %out, i64 %i
  store {t} %value, ptr %po, align 8
  %next = add nuw nsw i64 %i, 1
  %end = icmp eq i64 %next, %n
  br i1 %end, label %exit, label %loop
exit:
  ret void
}}
"
        )
    }
}

fn run(tools: &Path, tool: &str, arguments: &[&str]) -> String {
    let output = Command::new(tools.join(tool)).args(arguments).output().expect("the tool starts");
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{tool} {arguments:?} failed:\n{message}");
    message
}

/// The bitcode as text, prepared for inlining as the compiler prepares it.
fn library(tools: &Path, folder: &Path) -> String {
    let (binary, text) = (folder.join("math.bc"), folder.join("math.ll"));
    fs::write(&binary, ungil_math::BITCODE).expect("the folder is writable");
    run(tools, "llvm-dis", &[&binary.to_string_lossy(), "-o", &text.to_string_lossy()]);
    let mut result = String::new();
    for line in fs::read_to_string(text).expect("llvm-dis wrote it").lines() {
        let mut line = line.replace(" personality ptr @rust_eh_personality", "");
        for attribute in ["\"target-cpu\"=\"x86-64\"", "\"probe-stack\"=\"inline-asm\""] {
            line = line.replace(attribute, "");
        }
        if line.starts_with("attributes") && !line.contains("noinline") && line.contains("norecurse") {
            line = line.replace("= {", "= { alwaysinline");
        }
        for symbol in slow_symbols() {
            if line.contains(" call ") && line.contains(&format!("@{}(", symbol.name)) {
                let attribute = symbol.variant_attribute();
                let call = line.rsplit_once(')').expect("a call has arguments").0;
                line = format!(
                    "{call}) nounwind memory(none) willreturn \"vector-function-abi-variant\"=\"{attribute}\""
                );
            }
        }
        for found in instructions() {
            if line.contains(" call ") && line.contains(&format!("@{}(", found.name)) {
                let attribute = found.variant_attribute();
                let call = line.rsplit_once(')').expect("a call has arguments").0;
                line = format!(
                    "{call}) nounwind memory(none) willreturn \"vector-function-abi-variant\"=\"{attribute}\""
                );
            }
        }
        let _ = writeln!(result, "{line}");
    }
    result
}

/// Compiles the loops; the path of the assembly or object file and the vectoriser's remarks.
pub fn compile(tools: &Path, folder: &Path, loops: &[Loop], target: Target, kind: &str) -> (PathBuf, String) {
    fs::create_dir_all(folder).expect("the folder is writable");
    let mut inputs = Vec::new();
    let mut write = |name: &str, text: String| {
        let path = folder.join(name).to_string_lossy().into_owned();
        fs::write(&path, text).expect("the folder is writable");
        inputs.push(path);
    };
    write("library.ll", library(tools, folder));
    let mut text = String::from("target triple = \"x86_64-unknown-linux-gnu\"\n");
    loops.iter().for_each(|l| text += &l.text(target.bits));
    write("loops.ll", text);
    for symbol in slow_symbols() {
        write(&format!("{}.ll", symbol.name), symbol.variants());
    }
    let isa = if target.bits == 512 { Isa::Avx512 } else { Isa::Avx2 };
    for found in instructions() {
        write(&format!("{}.ll", found.name), found.text(isa));
    }
    let at = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (linked, optimised, inlined) = (at("linked.bc"), at("optimised.ll"), at("inlined.bc"));
    let mut arguments: Vec<&str> = inputs.iter().map(String::as_str).collect();
    arguments.extend(["-o", &linked]);
    run(tools, "llvm-link", &arguments);
    let cpu = format!("-mcpu={}", target.cpu);
    let names: Vec<&str> = loops.iter().map(|l| l.name.as_str()).collect();
    let public = format!("-internalize-public-api-list={}", names.join(","));
    let passes = "-passes=internalize,default<O3>";
    let remark = "-pass-remarks=loop-vectorize";
    let remarks = run(tools, "opt", &[&cpu, passes, &public, remark, &linked, "-S", "-o", &optimised]);
    // The variants have served the vectoriser.
    let text = fs::read_to_string(&optimised).expect("opt wrote it");
    // What was left scalar is inlined, but for the slow paths.
    let inlined_late = |line: &str| {
        let hot = line.starts_with("attributes") && !line.contains(" cold ");
        if hot { line.replace(" noinline ", " alwaysinline ") } else { line.to_owned() }
    };
    let kept: Vec<String> =
        text.lines().filter(|line| !line.starts_with("@llvm.compiler.used")).map(inlined_late).collect();
    fs::write(&optimised, kept.join("\n")).expect("the folder is writable");
    let passes = "-passes=always-inline,function(instcombine,simplifycfg,licm),globaldce"
        .replace("licm", "loop-mssa(licm)");
    run(tools, "opt", &[&cpu, &passes, &optimised, "-o", &inlined]);
    let output = at(&format!("kernels.{kind}"));
    run(
        tools,
        "llc",
        &["-O3", "-relocation-model=pic", &cpu, &format!("-filetype={kind}"), &inlined, "-o", &output],
    );
    (output.into(), remarks)
}

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
}

/// A compiled loop: out, x, y, number of elements.
pub type Kernel = extern "C" fn(*mut c_void, *const c_void, *const c_void, i64);

/// Compiled loops in this process; never unloaded.
pub struct Library(*mut c_void);

impl Library {
    /// Links the object file into a shared library (with `cc`) and loads it.
    pub fn load(object: &Path) -> Self {
        let library = object.with_extension("so");
        let status =
            Command::new("cc").arg("-shared").arg("-o").arg(&library).arg(object).arg("-lm").status();
        assert!(status.expect("cc starts").success(), "cc cannot link {}", object.display());
        let name = CString::new(library.to_string_lossy().as_bytes()).expect("no zero byte");
        // SAFETY: the name is a C string; the library has no initialisers of its own.
        let handle = unsafe { dlopen(name.as_ptr(), 2) };
        assert!(!handle.is_null(), "{} does not load", library.display());
        Self(handle)
    }

    pub fn kernel(&self, name: &str) -> Kernel {
        let symbol = CString::new(name).expect("no zero byte");
        // SAFETY: the handle is a loaded library, the name a C string.
        let address = unsafe { dlsym(self.0, symbol.as_ptr()) };
        assert!(!address.is_null(), "{name} is missing");
        // SAFETY: the symbol is a kernel of this signature (`Loop::text`).
        unsafe { std::mem::transmute::<*mut c_void, Kernel>(address) }
    }
}
