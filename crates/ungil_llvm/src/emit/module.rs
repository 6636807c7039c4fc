//! A module: declarations, functions, the entry's wrapper.

use super::function::FunctionEmitter;
use super::recursion;
use super::types::{LeafKind, Operand};
use super::{EmitError, EmitOptions};
use crate::raw::attributes::{MEMORY_ARGUMENTS, MEMORY_INACCESSIBLE, Place};
use crate::raw::debug::DebugBuilder;
use crate::raw::{Llvm, Meta, Ty, Val};
use crate::target::Machine;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use ungil_abi::symbols;
use ungil_ir::entities::FuncId;
use ungil_ir::function::{Function, Inline, Module};
use ungil_ir::inst::InstKind;
use ungil_ir::packing::layout;
use ungil_ir::types::{DType, Type};

/// What the emission of all functions of a module shares.
pub struct ModuleEmitter<'m> {
    pub l: &'m Llvm,
    pub ir: &'m Module,
    pub options: &'m EmitOptions,
    /// The internal function of each IR function.
    pub functions: Vec<Val>,
    /// Further copies of small functions that call themselves: each is brought into the one before it.
    pub copies: Vec<Vec<Val>>,
    /// Line tables, if wanted.
    pub debug: Option<DebugBuilder>,
    /// Number of outlined functions.
    pub outlined: Cell<u32>,
    /// What every function with a body is made for.
    pub code: Code,
    /// The IR functions that call functions of the maths library.
    with_maths: Vec<bool>,
    /// Message texts by content.
    pub texts: RefCell<HashMap<String, Val>>,
}

/// What a module's functions are made for: attributes of every function with a body.
#[derive(Clone, Debug)]
pub struct Code {
    cpu: String,
    tune: Option<String>,
    pub features: String,
    /// Widest vectors in bits that the vectoriser should use.
    pub vector_bits: u32,
    debug: bool,
}

impl Code {
    fn of(ir: &Module, options: &EmitOptions, target: &Machine) -> Code {
        let wide = calls_library(ir) || super::divider::is_bottleneck(ir);
        Code {
            cpu: target.cpu.clone(),
            tune: target.tune.clone(),
            features: target.features.clone(),
            vector_bits: options.vector_bits.unwrap_or(if wide { 512 } else { 256 }),
            debug: options.debug,
        }
    }

    /// Gives a function with a body its attributes.
    pub fn prepare(&self, l: &Llvm, function: Val) {
        l.add_attribute(function, Place::Function, "nounwind");
        l.add_text_attribute(function, "target-cpu", &self.cpu);
        l.add_text_attribute(function, "target-features", &self.features);
        if let Some(tune) = &self.tune {
            l.add_text_attribute(function, "tune-cpu", tune);
        }
        l.add_text_attribute(function, "prefer-vector-width", &self.vector_bits.to_string());
        if self.debug {
            l.add_attribute_value(function, Place::Function, "uwtable", 2);
        }
    }
}

/// Emits all functions of a module and the entry's wrapper.
pub fn emit_module(
    l: &Llvm,
    ir: &Module,
    options: &EmitOptions,
    target: &Machine,
) -> Result<Code, EmitError> {
    let mut module = ModuleEmitter {
        l,
        ir,
        options,
        functions: Vec::new(),
        copies: Vec::new(),
        debug: (options.debug || options.remarks)
            .then(|| DebugBuilder::new(l, main_file(ir), !options.remarks)),
        outlined: Cell::new(0),
        code: Code::of(ir, options, target),
        with_maths: with_maths(ir),
        texts: RefCell::default(),
    };
    let merged = ir.entry.filter(|id| !is_called(ir, *id));
    for (index, function) in ir.functions.iter().enumerate() {
        let is_entry = merged == Some(FuncId(index as u32));
        let declared =
            if is_entry { module.declare_entry() } else { module.declare_internal(index, function, "") };
        module.functions.push(declared);
        let levels = if is_entry { 0 } else { recursion::levels(function, FuncId(index as u32)) };
        let copies = (1..=levels).map(|level| module.declare_copy(index, function, level)).collect();
        module.copies.push(copies);
    }
    for id in (0..ir.functions.len() as u32).map(FuncId) {
        if merged == Some(id) && module.ir.function(id).attributes.in_registers {
            FunctionEmitter::new(&module, id).emit_in_registers();
        } else if merged == Some(id) {
            FunctionEmitter::new(&module, id).emit_unpacked();
        } else {
            FunctionEmitter::new(&module, id).emit();
        }
        for level in 1..=module.copies[id.index()].len() {
            FunctionEmitter::copy(&module, id, level).emit();
        }
    }
    if merged.is_none() {
        module.emit_entry();
    }
    if options.callback {
        module.emit_callback();
    }
    if let Some(debug) = module.debug.take() {
        l.set_place(None);
        debug.finish();
    }
    crate::mathlib::announce(l, &module.code)?;
    if cfg!(debug_assertions) {
        l.verify().map_err(EmitError::Invalid)?;
    }
    Ok(module.code)
}

/// Whether a module calls functions of the maths library: their long polynomials gain from the widest vectors, while
/// other loops mostly wait for memory or the divider and may lose by a lower clock.
fn calls_library(ir: &Module) -> bool {
    ir.functions.iter().any(|f| f.insts.iter().any(|inst| is_library_call(&inst.kind)))
}

fn is_library_call(kind: &InstKind) -> bool {
    matches!(kind, InstKind::Math(f, _) if crate::mathlib::in_library(*f))
}

/// The functions that call functions of the maths library, themselves or in those that they call.
fn with_maths(ir: &Module) -> Vec<bool> {
    let mut found = vec![false; ir.functions.len()];
    loop {
        let calls = |kind: &InstKind| {
            is_library_call(kind) || matches!(kind, InstKind::Call(f, _) if found[f.index()])
        };
        let next: Vec<bool> = ir.functions.iter().map(|f| f.insts.iter().any(|i| calls(&i.kind))).collect();
        if next == found {
            return found;
        }
        found = next;
    }
}

/// Whether a function of the module calls this one. Where none does, the entry's wrapper holds its code: LLVM would
/// spend a tenth of its passes on a second function and on bringing it in.
fn is_called(ir: &Module, id: FuncId) -> bool {
    let calls = |kind: &InstKind| matches!(kind, InstKind::Call(callee, _) if *callee == id);
    ir.functions.iter().any(|f| f.insts.iter().any(|inst| calls(&inst.kind)))
}

/// What a function returns in a register beside the status, rather than in memory: a number, where it calls itself. Other
/// functions mostly become part of their callers.
pub fn returned(f: &Function) -> Option<DType> {
    match f.ret {
        Type::Scalar(dtype) if f.attributes.recursive && !dtype.is_complex() => Some(dtype),
        _ => None,
    }
}

/// The file of the entry function.
fn main_file(ir: &Module) -> &str {
    ir.entry.map_or("", |id| ir.function(id).origin.file.as_str())
}

impl ModuleEmitter<'_> {
    /// Describes an LLVM function that runs code of an IR function; the result is the scope of its lines.
    pub fn describe(&self, function: Val, id: FuncId) -> Option<Meta> {
        let debug = self.debug.as_ref()?;
        let f = self.ir.function(id);
        let number = id.index().to_string();
        let file = if self.options.remarks { &number } else { &f.origin.file };
        Some(debug.describe(function, &f.name, file, self.first_line(id)))
    }

    /// The line in the file of a function's line 1.
    pub fn first_line(&self, id: FuncId) -> u32 {
        if self.options.remarks { 1 } else { self.ir.function(id).origin.first_line }
    }

    /// `i32 (Ctx*, Ret*, leaves…)`; where the result is [`returned`] `{T, i32} (Ctx*, poison, leaves…)`.
    fn declare_internal(&self, index: usize, f: &Function, copy: &str) -> Val {
        let l = self.l;
        let mut leaves = Vec::new();
        for p in &f.params {
            l.leaves_of(f.ty(*p), &mut leaves);
        }
        let params: Vec<Ty> = [l.ptr(), l.ptr()].into_iter().chain(leaves.iter().map(|x| x.ty)).collect();
        let name = format!("{}.{}.{index}{copy}", self.options.name, f.name);
        // Copies are brought into their callers.
        let result = match returned(f).filter(|_| copy.is_empty()) {
            Some(dtype) => l.structure(&[l.number(dtype), l.int(32)]),
            None => l.int(32),
        };
        let function = l.declare(&name, l.function(result, &params));
        l.internal(function);
        self.add_function_attributes(function);
        l.add_attribute(function, Place::Param(1), "noalias");
        for (i, leaf) in leaves.iter().enumerate() {
            if leaf.kind == LeafKind::Extent {
                l.add_nonnegative(function, i as u32 + 2);
            }
        }
        match f.attributes.inline {
            Inline::Auto => {}
            Inline::Always if f.attributes.recursive => {}
            Inline::Always => l.add_attribute(function, Place::Function, "alwaysinline"),
            Inline::Never => l.add_attribute(function, Place::Function, "noinline"),
        }
        function
    }

    /// A copy of a function that calls itself, for one of its calls.
    fn declare_copy(&self, index: usize, f: &Function, level: u32) -> Val {
        let function = self.declare_internal(index, f, &format!(".{level}"));
        self.l.add_attribute(function, Place::Function, "alwaysinline");
        function
    }

    /// Whether an instruction calls functions of the maths library, itself or in a kernel.
    pub fn calls_maths(&self, kind: &InstKind) -> bool {
        is_library_call(kind) || matches!(kind, InstKind::Call(f, _) if self.with_maths[f.index()])
    }

    /// Attributes of every function with a body.
    pub fn add_function_attributes(&self, function: Val) {
        self.code.prepare(self.l, function);
    }

    /// The external function that unpacks the arguments, or takes them as they are.
    fn declare_entry(&self) -> Val {
        let l = self.l;
        let words = self.ir.entry.map(|id| self.ir.function(id)).filter(|f| f.attributes.in_registers);
        if let Some(f) = words {
            let params: Vec<Ty> =
                core::iter::once(l.ptr()).chain(f.params.iter().map(|_| l.int(64))).collect();
            let entry = l.declare(&self.options.name, l.function(l.int(64), &params));
            self.add_function_attributes(entry);
            return entry;
        }
        let entry = l.declare(&self.options.name, l.function(l.int(32), &[l.ptr(), l.ptr(), l.ptr()]));
        self.add_function_attributes(entry);
        for param in 0..3 {
            l.add_attribute(entry, Place::Param(param), "noundef");
        }
        l.add_attribute(entry, Place::Param(1), "noalias");
        l.add_attribute(entry, Place::Param(2), "noalias");
        l.add_attribute(entry, Place::Param(2), "readonly");
        entry
    }

    /// The entry of a function that others call too: it passes the arguments on.
    fn emit_entry(&self) {
        let Some(id) = self.ir.entry else { return };
        let (l, f) = (self.l, self.ir.function(id));
        let entry = self.declare_entry();
        l.position(l.block(entry, c"entry"));
        let scope = self.describe(entry, id);
        l.set_place(scope.map(|s| (s, self.first_line(id), 0)));
        let callee = self.functions[id.index()];
        if f.attributes.in_registers {
            let words = (1..=f.params.len()).map(|i| l.param(entry, i));
            let args: Vec<Val> = [l.param(entry, 0), l.poison(l.ptr())].into_iter().chain(words).collect();
            let pair = l.call(l.function_type(callee), callee, &args);
            let is_fine = l.is_zero(l.extract_value(pair, 1));
            l.ret(l.select(is_fine, l.extract_value(pair, 0), l.i64(0)));
            return;
        }
        let mut args = vec![l.param(entry, 0), l.param(entry, 1)];
        for operand in self.unpacked(id, entry) {
            operand.flatten(&mut args);
        }
        let mut status = l.call(l.function_type(callee), callee, &args);
        if returned(f).is_some() {
            // Whoever finds the status looks at the result, or does not.
            let value = Operand::Scalar(l.extract_value(status, 0));
            l.store_packed(&f.ret, &value, l.param(entry, 1));
            status = l.extract_value(status, 1);
        }
        l.ret(status);
    }

    /// The arguments of a function, loaded by its entry.
    pub fn unpacked(&self, id: FuncId, entry: Val) -> Vec<Operand> {
        let (l, f) = (self.l, self.ir.function(id));
        let types: Vec<&Type> = f.params.iter().map(|p| f.ty(*p)).collect();
        let offsets = layout(types.iter().copied()).offsets;
        let load = |(ty, offset): (&&Type, u64)| l.load_packed(ty, l.offset(l.param(entry, 2), offset), true);
        types.iter().zip(offsets).map(load).collect()
    }

    /// Declares an entry point of the runtime.
    pub fn runtime(&self, name: &str) -> Val {
        let l = self.l;
        if let Some(found) = l.find_function(name) {
            return found;
        }
        let (ptr, i32, i64, void) = (l.ptr(), l.int(32), l.int(64), l.void());
        let ty = match name {
            symbols::POLL => l.function(i32, &[ptr]),
            symbols::RAISE => l.function(void, &[ptr, i32, ptr, i64, i32, ptr, i32, i32]),
            symbols::TRACE => l.function(void, &[ptr, i32, i32]),
            symbols::KEEP_ERROR | symbols::RESUME_ERROR => l.function(void, &[ptr, ptr]),
            symbols::ALLOC => l.function(ptr, &[ptr, i64, i32]),
            symbols::LIST_RESERVE => l.function(i32, &[ptr, i64]),
            symbols::LIST_DROP => l.function(void, &[ptr, i64, i64]),
            symbols::RETAIN | symbols::RELEASE => l.function(void, &[ptr]),
            symbols::CALLBACK => l.function(i32, &[ptr, ptr, ptr]),
            symbols::PRINT => l.function(i32, &[ptr, ptr, i64]),
            symbols::PARALLEL_FOR => l.function(i32, &[ptr, ptr]),
            symbols::PARALLEL_REGION => l.function(i32, &[ptr, i32, ptr, ptr]),
            symbols::MATMUL
            | symbols::CROSS
            | symbols::HISTOGRAM
            | symbols::UNWRAP
            | symbols::INTERLEAVE2 => l.function(i32, &[ptr, i64, ptr, ptr, ptr]),
            symbols::CONVOLVE | symbols::SEARCH | symbols::TAKE => {
                l.function(i32, &[ptr, i64, ptr, ptr, ptr, i64])
            }
            symbols::COVARIANCE => l.function(i32, &[ptr, i64, ptr, ptr, ptr, i64, i64]),
            symbols::EDGES | symbols::COUNT | symbols::COPY | symbols::RANGE | symbols::TALLY => {
                l.function(i32, &[ptr, i64, ptr, ptr])
            }
            symbols::TRIANGLE => l.function(i32, &[ptr, i64, ptr, ptr, i64, i64]),
            symbols::BOUNDS => l.function(i32, &[ptr, i64, ptr, i64, i64, i64]),
            symbols::INTERP => l.function(i32, &[ptr, i64, ptr, ptr, ptr, ptr, ptr]),
            symbols::PARTITION => l.function(i32, &[ptr, i64, ptr, i64]),
            symbols::INTERLEAVE3 => l.function(i32, &[ptr, i64, ptr, ptr, ptr, ptr]),
            symbols::EXTREMUM | symbols::MEDIAN | symbols::PLACES | symbols::REDUCE | symbols::REPEAT => {
                l.function(i32, &[ptr, i64, ptr, ptr, i64])
            }
            symbols::THREAD_ID | symbols::NUM_THREADS => l.function(i64, &[ptr]),
            symbols::SET_NUM_THREADS => l.function(i64, &[ptr, i64]),
            other => panic!("no runtime entry point {other}"),
        };
        let function = l.declare(name, ty);
        l.add_attribute(function, Place::Function, "nounwind");
        if matches!(
            name,
            symbols::POLL | symbols::RAISE | symbols::TRACE | symbols::KEEP_ERROR | symbols::RESUME_ERROR
        ) {
            l.add_attribute(function, Place::Function, "cold");
        }
        if matches!(name, symbols::POLL | symbols::RAISE | symbols::TRACE | symbols::ALLOC) {
            // They do not touch the kernel's arrays, so that values stay in registers across safepoints.
            l.add_attribute_value(
                function,
                Place::Function,
                "memory",
                MEMORY_ARGUMENTS | MEMORY_INACCESSIBLE,
            );
        }
        if name == symbols::ALLOC {
            l.add_attribute(function, Place::Return, "noalias");
        }
        function
    }

    /// Calls an entry point of the runtime.
    pub fn call_runtime(&self, name: &str, args: &[Val]) -> Val {
        let function = self.runtime(name);
        self.l.call(self.l.function_type(function), function, args)
    }

    /// A private constant text, shared by content.
    pub fn text(&self, text: &str) -> Val {
        if let Some(found) = self.texts.borrow().get(text) {
            return *found;
        }
        let global = self.l.bytes(text.as_bytes());
        self.texts.borrow_mut().insert(text.to_owned(), global);
        global
    }
}
