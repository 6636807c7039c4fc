//! Machine code as an engine of the file tests.

use crate::packed::{Packed, unpack};
use std::cell::RefCell;
use std::mem::transmute;
use std::slice;
use std::sync::OnceLock;
use ungil_abi::context::{Ctx, ErrorArg, ErrorKind, ErrorSlot, ValueTag};
use ungil_abi::exception::ExcClass;
use ungil_filetests::engine::Engine;
use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_interp::outcome::{Exception, Failure, Frame, Outcome, Output};
use ungil_interp::text::{self, Part};
use ungil_ir::entities::FuncId;
use ungil_ir::function::Module;
use ungil_ir::packing::packed_size;
use ungil_ir::types::DType;
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::jit::{Code, Jit, JitOptions};
use ungil_llvm::object::compile;
use ungil_runtime::alloc::live_blocks;
use ungil_runtime::context::{current_ctx, enter_call, leave_call, state_of};
use ungil_runtime::threads::set_num_threads;

/// The code generator with the runtime, on a number of threads.
pub struct MachineCode {
    threads: i64,
    /// The kernel compiled last: tests call one function several times.
    last: RefCell<Option<Compiled>>,
}

struct Compiled {
    text: String,
    code: Code,
    globals: Box<[u64]>,
    /// Addresses of C functions.
    _externs: Box<[usize]>,
}

type Entry = unsafe extern "C" fn(*mut Ctx, *mut u8, *const u8) -> i32;

thread_local! {
    /// What the running kernel printed.
    static PRINTED: RefCell<String> = const { RefCell::new(String::new()) };
}

unsafe extern "C" {
    fn abs(x: i32) -> i32;
    fn labs(x: i64) -> i64;
    fn toupper(c: i32) -> i32;
    fn memset(to: *mut u8, byte: i32, n: usize) -> *mut u8;
}

/// Address of a C function that the interpreter knows too.
fn c_function(name: &str) -> usize {
    match name {
        "abs" => abs as *const () as usize,
        "labs" => labs as *const () as usize,
        "toupper" => toupper as *const () as usize,
        "memset" => memset as *const () as usize,
        other => panic!("tests do not call {other}"),
    }
}

fn jit() -> &'static Jit {
    static JIT: OnceLock<Jit> = OnceLock::new();
    JIT.get_or_init(|| {
        let mut symbols = ungil_runtime::symbols::symbols();
        symbols.extend(ungil_lib::symbols::symbols());
        Jit::new(&symbols, JitOptions::default()).expect("a linker")
    })
}

impl MachineCode {
    pub fn new(threads: i64) -> MachineCode {
        MachineCode { threads, last: RefCell::new(None) }
    }

    fn compile(&self, module: &Module, function: FuncId, globals: &[ArrayArg]) -> Result<(), String> {
        let module = Module { entry: Some(function), ..module.clone() };
        let text = module.to_string();
        if self.last.borrow().as_ref().is_some_and(|c| c.text == text) {
            return Ok(());
        }
        let object = compile(&module, &EmitOptions::new("kernel"), false).map_err(|e| e.to_string())?;
        let words: usize = globals.iter().map(|g| 2 + 2 * g.shape.len()).sum();
        let table = vec![0; words.max(1)].into_boxed_slice();
        let externs: Box<[usize]> = module.externs.iter().map(|e| c_function(&e.name)).collect();
        let symbols = [
            (ungil_abi::symbols::PRINT.to_owned(), print as *const () as usize),
            ("kernel.globals".to_owned(), table.as_ptr() as usize),
            ("kernel.externs".to_owned(), externs.as_ptr() as usize),
        ];
        let code = jit().add_object(&object.bytes, &symbols).map_err(|e| e.to_string())?;
        *self.last.borrow_mut() = Some(Compiled { text, code, globals: table, _externs: externs });
        Ok(())
    }

    fn call(
        &self,
        module: &Module,
        function: FuncId,
        args: &[ArgValue],
        globals: &[ArrayArg],
    ) -> Result<Output, Failure> {
        self.compile(module, function, globals).map_err(Failure::Invalid)?;
        let mut last = self.last.borrow_mut();
        let compiled = last.as_mut().expect("compiled just now");
        let entry = compiled.code.lookup("kernel").expect("the entry");
        let (mut packed, mut tables) = (Packed::default(), Packed::default());
        args.iter().for_each(|arg| packed.push(arg));
        globals.iter().for_each(|array| tables.push_array(array));
        compiled.globals[..tables.words.len()].copy_from_slice(&tables.words);
        let ret = &module.function(function).ret;
        let mut words = vec![0u64; packed_size(ret) as usize / 8];
        let blocks = live_blocks();
        let ctx = current_ctx();
        // SAFETY: the entry has this signature, the buffers have the sizes of the packed types, and the context is
        // this thread's.
        let result = unsafe {
            let entry: Entry = transmute(entry);
            let previous = set_num_threads(state_of(ctx), self.threads);
            let bracket = enter_call(ctx, false);
            let status = entry(ctx, words.as_mut_ptr().cast(), packed.words.as_ptr().cast());
            let result =
                if status == 0 { Ok(unpack(ret, &words)) } else { Err(failure(&(*ctx).error, module)) };
            leave_call(ctx, bracket);
            set_num_threads(state_of(ctx), previous);
            result
        };
        packed.write_back();
        tables.write_back();
        match live_blocks() - blocks {
            0 => result,
            left => Err(Failure::Invalid(format!("{left} blocks of memory were not freed after {result:?}"))),
        }
    }
}

impl Engine for MachineCode {
    fn name(&self) -> String {
        format!("machine code, {} threads", self.threads)
    }

    fn run(&self, module: &Module, function: FuncId, args: &[ArgValue], globals: &[ArrayArg]) -> Outcome {
        PRINTED.take();
        let result = self.call(module, function, args, globals);
        Outcome { result, printed: PRINTED.take(), steps: 0 }
    }
}

fn failure(slot: &ErrorSlot, module: &Module) -> Failure {
    if slot.kind != ErrorKind::RAISED {
        return Failure::Invalid(format!("an error of kind {}", slot.kind));
    }
    let args: Vec<Num> = slot.args[..slot.nargs as usize].iter().map(number).collect();
    let message = (!slot.message.is_null()).then(|| {
        // SAFETY: the message is a constant of loaded code with this length.
        let bytes = unsafe { slice::from_raw_parts(slot.message, slot.message_len as usize) };
        text::fill(&String::from_utf8_lossy(bytes), &args)
    });
    let kept = (slot.nframes as usize).min(slot.frames.len());
    let name = |function: u32| match module.functions.get(function as usize) {
        Some(f) => f.name.clone(),
        None => format!("function {function}"),
    };
    let frames = slot.frames[..kept].iter().map(|f| Frame { function: name(f.function), line: f.line });
    Failure::Raised(Exception { class: ExcClass(slot.class as u16), message, args, frames: frames.collect() })
}

/// A scalar handed to the host.
fn number(arg: &ErrorArg) -> Num {
    let dtype = DType::ALL[(arg.tag & !ValueTag::WEAK) as usize];
    match dtype {
        DType::Bool => Num::Bool(arg.bits != 0),
        DType::F32 => Num::F32(f64::from_bits(arg.bits) as f32),
        DType::F64 => Num::F64(f64::from_bits(arg.bits)),
        DType::C64 => Num::C64(f64::from_bits(arg.bits) as f32, f64::from_bits(arg.bits2) as f32),
        DType::C128 => Num::C128(f64::from_bits(arg.bits), f64::from_bits(arg.bits2)),
        d => {
            let n = Num::wrap(d, i128::from(arg.bits as i64));
            assert_eq!(n, Num::Int(d, arg.bits as i64), "integers are extended to 64 bits");
            n
        }
    }
}

extern "C" fn print(_: *mut Ctx, parts: *const ErrorArg, n: u64) -> i32 {
    let parts = if n == 0 {
        &[]
    } else {
        // SAFETY: generated code passes `n` parts.
        unsafe { slice::from_raw_parts(parts, n as usize) }
    };
    let part = |part: &ErrorArg| match part.tag {
        ValueTag::TEXT => {
            // SAFETY: a text part points at its bytes.
            let bytes = unsafe { slice::from_raw_parts(part.bits as *const u8, part.bits2 as usize) };
            Part::Text(String::from_utf8_lossy(bytes).into_owned())
        }
        ValueTag::NONE => Part::None,
        ValueTag::TUPLE_OPEN => Part::TupleOpen,
        ValueTag::TUPLE_CLOSE => Part::TupleClose,
        tag => Part::Num { value: number(part), weak: tag & ValueTag::WEAK != 0 },
    };
    let parts: Vec<Part> = parts.iter().map(part).collect();
    let text = text::printed(&parts).unwrap_or_else(|| format!("{parts:?}"));
    PRINTED.with_borrow_mut(|printed| printed.push_str(&text));
    0
}
