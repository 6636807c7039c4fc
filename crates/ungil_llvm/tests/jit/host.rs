//! A host: compiles modules in text form, links them with the runtime and calls them with packed arguments.

use std::sync::OnceLock;
use ungil_abi::context::{Ctx, ErrorArg, ErrorSlot};
use ungil_abi::exception::ExcClass;
use ungil_ir::function::Module;
use ungil_ir::packing::{layout, packed_size};
use ungil_ir::read::read_module;
use ungil_ir::types::Type;
use ungil_ir::verify::verify_module;
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::jit::{Code, Jit, JitOptions};
use ungil_llvm::object::{Object, compile};
use ungil_runtime::context::{current_ctx, enter_call, leave_call};

/// Reads and verifies a module; an entry is set to function 0 where none is named.
#[track_caller]
pub fn read(text: &str) -> Module {
    let mut module = read_module(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    module.entry = module.entry.or(Some(ungil_ir::entities::FuncId(0)));
    if let Err(errors) = verify_module(&module) {
        let list: Vec<String> = errors.iter().map(ToString::to_string).collect();
        panic!("{}\n{text}", list.join("\n"));
    }
    module
}

/// The linker that all tests share.
pub fn jit() -> &'static Jit {
    static JIT: OnceLock<Jit> = OnceLock::new();
    JIT.get_or_init(|| Jit::new(&ungil_runtime::symbols::symbols(), JitOptions::default()).expect("a linker"))
}

/// What a failed call left in the error slot.
#[derive(Clone, PartialEq, Debug)]
pub struct Failure {
    pub class: &'static str,
    pub message: Option<String>,
    pub args: Vec<ErrorArgBits>,
    /// Function number and line, innermost first.
    pub frames: Vec<(u32, u32)>,
}

/// Tag and bits of a message argument.
pub type ErrorArgBits = (u64, u64, u64);

/// A compiled module.
pub struct Kernel {
    _code: Code,
    entry: usize,
    params: Vec<Type>,
    ret: Type,
    pub object: Object,
}

type Entry = unsafe extern "C" fn(*mut Ctx, *mut u8, *const u8) -> i32;

impl Kernel {
    #[track_caller]
    pub fn new(text: &str) -> Kernel {
        Kernel::of(&read(text), &[])
    }

    /// `symbols` are found before the runtime's.
    #[track_caller]
    pub fn of(module: &Module, symbols: &[(String, usize)]) -> Kernel {
        Kernel::with(module, &EmitOptions::new("kernel"), symbols)
    }

    /// `options` name the entry `kernel`.
    #[track_caller]
    pub fn with(module: &Module, options: &EmitOptions, symbols: &[(String, usize)]) -> Kernel {
        let object = compile(module, options, true).expect("compiles");
        let code = jit().add_object(&object.bytes, symbols).expect("links");
        let f = module.function(module.entry());
        let entry = code.lookup("kernel").expect("the entry");
        let params = f.params.iter().map(|p| f.ty(*p).clone()).collect();
        Kernel { _code: code, entry, params, ret: f.ret.clone(), object }
    }

    /// Calls with packed arguments; returns the packed result.
    #[track_caller]
    pub fn call(&self, args: &[u64]) -> Result<Vec<u64>, Failure> {
        assert_eq!(args.len() as u64 * 8, layout(&self.params).size, "size of the arguments");
        let mut ret = vec![0u64; packed_size(&self.ret) as usize / 8];
        let ctx = current_ctx();
        // SAFETY: the entry has this signature, the buffers have the sizes of the packed types, and the context is
        // this thread's.
        unsafe {
            let entry: Entry = std::mem::transmute(self.entry);
            let bracket = enter_call(ctx, false);
            let status = entry(ctx, ret.as_mut_ptr().cast(), args.as_ptr().cast());
            let result = if status == 0 { Ok(ret) } else { Err(failure(&(*ctx).error)) };
            leave_call(ctx, bracket);
            result
        }
    }
}

fn failure(slot: &ErrorSlot) -> Failure {
    let message = (!slot.message.is_null()).then(|| {
        // SAFETY: the message is a constant of loaded code with this length.
        let bytes = unsafe { std::slice::from_raw_parts(slot.message, slot.message_len as usize) };
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    });
    let bits = |a: &ErrorArg| (a.tag, a.bits, a.bits2);
    Failure {
        class: ExcClass(slot.class as u16).name(),
        message,
        args: slot.args[..slot.nargs as usize].iter().map(bits).collect(),
        frames: slot.frames[..(slot.nframes as usize).min(64)].iter().map(|f| (f.function, f.line)).collect(),
    }
}
