//! The compiler as one object.
//!
//! A [`Session`] compiles kernels from any number of threads at once. Object code is shared: two specialisations
//! whose optimised IR is the same text run the same code, and while one thread makes it the others wait for it.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, RwLockWriteGuard, Weak};
use std::time::{Duration, Instant};

use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::source::SourceMap;
use ungil_ir::function::{Module, PRELUDE_FILE};
use ungil_ir::remark::Remark;
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::jit::{Jit, JitOptions};
use ungil_llvm::{object, target};
use ungil_sema::lower::Lowered;
use ungil_sema::lower::foreign::{EXCHANGE_ERRNO, SET_ERRNO};
use ungil_sema::ty::Ty;
use ungil_sema::world::{KernelId, ObjectId, World};

use crate::cache::{Cache, Key};
use crate::compiled::{Code, Compiled, FunctionInfo, Provenance, Timings};
use crate::options::KernelOptions;
use crate::{cost, pipeline, report};

/// Functions of the host that change the copy of `errno`.
pub const ERRNO: [&str; 2] = [EXCHANGE_ERRNO, SET_ERRNO];

/// Hash of the compiler's own sources.
pub const BUILD_ID: &str = env!("UNGIL_BUILD_ID");

/// Why a kernel was not compiled.
#[derive(Debug)]
pub enum CompileFailure {
    /// The user's errors.
    User(Diagnostics),
    /// A kernel for C returns a value of this type, which is not the declared one.
    Result(Ty),
    /// A fault of the compiler, with what is known about it.
    Internal(String),
}

/// Where the session finds the memory of global arrays.
pub trait GlobalTable {
    /// The packed descriptor of an array object: data, owner, shape, strides.
    fn descriptor(&self, object: ObjectId) -> Option<Vec<u64>>;

    /// The texts that the world has shown so far.
    fn sources(&self) -> SourceMap;
}

/// What code finds through the tables that are linked with it.
struct Tables {
    /// Packed descriptors of arrays.
    arrays: Vec<u64>,
    /// Addresses of C functions and objects.
    externs: Vec<u64>,
}

/// Object code in memory, or being made.
#[derive(Clone)]
enum Slot {
    Busy,
    Ready(Weak<Code>),
}

/// The compiler with its cache and linker.
pub struct Session {
    cache: Cache,
    jit: OnceLock<Result<Jit, String>>,
    memory: Mutex<HashMap<Key, Slot>>,
    ready: Condvar,
    runtime: Vec<(&'static str, usize)>,
}

impl Session {
    /// A session whose code calls the given runtime and whose cache is the user's.
    pub fn new(runtime: Vec<(&'static str, usize)>) -> Session {
        let (jit, memory, ready) = (OnceLock::new(), Mutex::default(), Condvar::new());
        Session { cache: Cache::from_environment(), jit, memory, ready, runtime }
    }

    pub fn cache(&self) -> &Cache {
        &self.cache
    }

    /// CPU and features that code is made for.
    pub fn target(&self) -> (String, String) {
        (target::host_cpu().to_owned(), target::host_features().to_owned())
    }

    /// Compiles a kernel for parameter types.
    pub fn compile(
        &self,
        world: &dyn World,
        kernel: KernelId,
        params: &[Ty],
        options: &KernelOptions,
        table: &dyn GlobalTable,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        guarded(|| self.compile_unguarded(world, kernel, params, options, table, None))
    }

    /// Compiles a kernel that C can call, with a result of type `ret`.
    pub fn compile_callback(
        &self,
        world: &dyn World,
        kernel: KernelId,
        (params, ret): (&[Ty], &Ty),
        options: &KernelOptions,
        table: &dyn GlobalTable,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        guarded(|| self.compile_unguarded(world, kernel, params, options, table, Some(ret)))
    }

    fn compile_unguarded(
        &self,
        world: &dyn World,
        kernel: KernelId,
        params: &[Ty],
        options: &KernelOptions,
        table: &dyn GlobalTable,
        callback: Option<&Ty>,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        let start = Instant::now();
        let lowered = pipeline::lower(world, kernel, params, options, table)?;
        let arrays = self.array_table(&lowered.arrays, table)?;
        self.finish(lowered, arrays, options, &table.sources(), (start.elapsed(), callback))
    }

    /// What a kernel returns for parameters of these types.
    pub fn result_type(
        &self,
        world: &dyn World,
        kernel: KernelId,
        params: &[Ty],
        options: &KernelOptions,
        table: &dyn GlobalTable,
    ) -> Result<Ty, CompileFailure> {
        guarded(|| pipeline::lower(world, kernel, params, options, table).map(|lowered| lowered.ret))
    }

    /// The optimised IR of a kernel that becomes part of other code.
    pub fn lower(
        &self,
        world: &dyn World,
        kernel: KernelId,
        params: &[Ty],
        options: &KernelOptions,
        table: &dyn GlobalTable,
    ) -> Result<Lowered, CompileFailure> {
        guarded(|| {
            let mut lowered = pipeline::lower(world, kernel, params, options, table)?;
            pipeline::optimize(&mut lowered.module, &table.sources())?;
            Ok(lowered)
        })
    }

    /// Compiles a kernel that is IR already.
    pub fn compile_lowered(
        &self,
        lowered: Lowered,
        options: &KernelOptions,
        sources: &SourceMap,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        guarded(|| self.finish(lowered, Vec::new(), options, sources, (Duration::ZERO, None)))
    }

    /// Compiles a function that handles Python objects, whose IR is what is to run: the passes know of arrays, and
    /// an interrupt between two calls would not give up what is held.
    pub fn compile_objects(
        &self,
        lowered: Lowered,
        options: &KernelOptions,
        sources: &SourceMap,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        guarded(|| {
            pipeline::verify("objects", &lowered.module)?;
            let remarks = pipeline::remarks_of_front(&lowered.remarks, &lowered.module, sources);
            self.generate(lowered, Vec::new(), options, remarks, [Duration::ZERO; 2], false)
        })
    }

    /// From the IR of a function that C calls, as it is, to code.
    pub fn compile_for_c(
        &self,
        lowered: Lowered,
        options: &KernelOptions,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        guarded(|| {
            pipeline::verify("for C", &lowered.module)?;
            self.generate(lowered, Vec::new(), options, Vec::new(), [Duration::ZERO; 2], true)
        })
    }

    /// From IR to code. `front`: the time it took to make the IR; `callback`: the result of the function that C calls.
    fn finish(
        &self,
        lowered: Lowered,
        arrays: Vec<u64>,
        options: &KernelOptions,
        sources: &SourceMap,
        (front, callback): (Duration, Option<&Ty>),
    ) -> Result<Arc<Compiled>, CompileFailure> {
        let start = Instant::now();
        let mut module = lowered.module;
        if let Some(ret) = callback
            && !crate::callback::wrap_entry(&mut module, &ret.ir())
        {
            return Err(CompileFailure::Result(lowered.ret));
        }
        let mut remarks = pipeline::remarks_of_front(&lowered.remarks, &module, sources);
        remarks.extend(pipeline::optimize(&mut module, sources)?);
        let times = [front, start.elapsed()];
        let lowered = Lowered { module, ..lowered };
        self.generate(lowered, arrays, options, remarks, times, callback.is_some())
    }

    /// From IR as it is to run to code. `times`: those of the front end and the passes.
    fn generate(
        &self,
        lowered: Lowered,
        arrays: Vec<u64>,
        options: &KernelOptions,
        remarks: Vec<Remark>,
        [front, optimize]: [Duration; 2],
        callback: bool,
    ) -> Result<Arc<Compiled>, CompileFailure> {
        let releases_gil = releases_gil(&lowered, options);
        let module = lowered.module;
        let (code, provenance, back, link) =
            self.code(&module, options, Tables { arrays, externs: lowered.externs }, callback)?;
        let functions = module.functions.iter().map(|f| FunctionInfo {
            name: f.name.clone(),
            file: f.origin.file.clone(),
            first_line: f.origin.first_line,
            hidden: f.origin.file == PRELUDE_FILE,
            is_cython: options.compile.c.is_some() || f.origin.file.ends_with(".pyx"),
        });
        Ok(Arc::new(Compiled {
            code,
            name: module.function(module.entry()).name.clone(),
            params: lowered.params,
            ret_size: ungil_ir::packing::packed_size(&lowered.ret.ir()) as usize,
            ret: lowered.ret,
            releases_gil,
            polls: cost::has_safepoints(&module),
            uses_errno: module.externs.iter().any(|e| ERRNO.contains(&e.name.as_str())),
            functions: functions.collect(),
            types: lowered.functions,
            remarks,
            module: Arc::new(module),
            debug: options.debug,
            timings: Timings { front, optimize, back, link },
            provenance,
        }))
    }

    /// The packed descriptors of the module's arrays, one after the other.
    fn array_table(&self, objects: &[ObjectId], table: &dyn GlobalTable) -> Result<Vec<u64>, CompileFailure> {
        let mut words = Vec::new();
        for object in objects {
            let missing = || CompileFailure::Internal("a global array has vanished".to_owned());
            words.extend(table.descriptor(*object).ok_or_else(missing)?);
        }
        Ok(words)
    }

    /// Machine code of a module: from memory, from disk, or made now. Returns the times of compiling and linking.
    fn code(
        &self,
        module: &Module,
        options: &KernelOptions,
        tables: Tables,
        callback: bool,
    ) -> Result<(Arc<Code>, Provenance, Duration, Duration), CompileFailure> {
        let key = self.key(module, options, callback);
        // Code that reads arrays or calls C is bound to their addresses, so that each specialisation links its own.
        let shared = tables.arrays.is_empty() && tables.externs.is_empty() && !callback;
        if shared && let Some(code) = self.await_code(key) {
            return Ok((code, Provenance::Memory, Duration::ZERO, Duration::ZERO));
        }
        let start = Instant::now();
        let name = entry_name(module, key);
        let made = self.object(module, options, key, &name, callback).and_then(|(object, provenance)| {
            let back = start.elapsed();
            let start = Instant::now();
            let code = self.link(&object, &name, tables)?;
            Ok((Arc::new(code), provenance, back, start.elapsed()))
        });
        if shared {
            self.publish(key, made.as_ref().ok().map(|m| &m.0));
        }
        made
    }

    fn key(&self, module: &Module, options: &KernelOptions, callback: bool) -> Key {
        let (cpu, features) = self.target();
        Key::of(&[
            module.to_string().as_bytes(),
            options.key().as_bytes(),
            &[u8::from(callback)],
            &ungil_abi::ABI_VERSION.to_le_bytes(),
            BUILD_ID.as_bytes(),
            cpu.as_bytes(),
            features.as_bytes(),
        ])
    }

    /// Code with this key if another specialisation has it; waits while another thread makes it. `None`: the
    /// caller makes it and must publish it.
    fn await_code(&self, key: Key) -> Option<Arc<Code>> {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match memory.get(&key) {
                Some(Slot::Busy) => {
                    memory = self.ready.wait(memory).unwrap_or_else(PoisonError::into_inner);
                }
                Some(Slot::Ready(weak)) if weak.strong_count() > 0 => {
                    if let Some(code) = weak.upgrade() {
                        return Some(code);
                    }
                }
                _ => {
                    memory.insert(key, Slot::Busy);
                    return None;
                }
            }
        }
    }

    fn publish(&self, key: Key, code: Option<&Arc<Code>>) {
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        match code {
            Some(code) => memory.insert(key, Slot::Ready(Arc::downgrade(code))),
            None => memory.remove(&key),
        };
        drop(memory);
        self.ready.notify_all();
    }

    /// The object file: from the cache or from LLVM.
    fn object(
        &self,
        module: &Module,
        options: &KernelOptions,
        key: Key,
        name: &str,
        callback: bool,
    ) -> Result<(Vec<u8>, Provenance), CompileFailure> {
        if options.cache
            && let Some(bytes) = self.cache.load(key)
        {
            return Ok((bytes, Provenance::DiskCache));
        }
        let emit = EmitOptions { debug: options.debug, callback, ..EmitOptions::new(name) };
        let object = object::compile(module, &emit, false).map_err(|e| internal(&e.to_string(), module))?;
        if options.cache {
            self.cache.store(key, name, &object.bytes);
        }
        Ok((object.bytes, Provenance::Compiled))
    }

    fn link(&self, object: &[u8], name: &str, tables: Tables) -> Result<Code, CompileFailure> {
        let fault = |text: String| CompileFailure::Internal(text);
        let debug = JitOptions {
            debug: std::env::var_os("UNGIL_GDB").is_some(),
            perf: std::env::var_os("UNGIL_PERF").is_some(),
        };
        let jit = self.jit.get_or_init(|| Jit::new(&self.runtime, debug).map_err(|e| e.to_string()));
        let jit = jit.as_ref().map_err(|e| fault(e.clone()))?;
        let arrays = tables.arrays.into_boxed_slice();
        let externs = tables.externs.into_boxed_slice();
        let symbols = [
            (format!("{name}.globals"), arrays.as_ptr() as usize),
            (format!("{name}.externs"), externs.as_ptr() as usize),
        ];
        let loaded = jit.add_object(object, &symbols).map_err(|e| fault(e.to_string()))?;
        let entry = loaded.lookup(name).ok_or_else(|| fault(format!("the object does not define {name}")))?;
        let callback = loaded.lookup(&format!("{name}.c"));
        let symbol = name.to_owned();
        Ok(Code { entry, callback, symbol, _keep: Box::new((loaded, arrays, externs)) })
    }

    /// LLVM's text of a specialisation after optimisation.
    pub fn llvm_text(&self, compiled: &Compiled) -> String {
        self.listing(compiled).map_or_else(|e| e, |l| l.optimized)
    }

    /// Assembly of a specialisation.
    pub fn asm_text(&self, compiled: &Compiled) -> String {
        self.listing(compiled).map_or_else(|e| e, |l| l.assembly)
    }

    /// What was done with the loops of a specialisation, and what could not be. Compiles it once more.
    pub fn report(&self, compiled: &Compiled) -> String {
        let emit = EmitOptions { debug: compiled.debug, ..EmitOptions::new(&compiled.name) };
        let loops = object::remarks(&compiled.module, &emit).unwrap_or_default();
        report::text(compiled, &loops)
    }

    /// Keeps code from being linked and unlinked until the guard is dropped, after a fork.
    pub fn pause_linking(&self) -> Option<RwLockWriteGuard<'_, ()>> {
        Some(self.jit.get()?.as_ref().ok()?.pause())
    }

    fn listing(&self, compiled: &Compiled) -> Result<object::Listing, String> {
        let emit = EmitOptions { debug: compiled.debug, ..EmitOptions::new(&compiled.name) };
        let object = object::compile(&compiled.module, &emit, true).map_err(|e| e.to_string())?;
        object.listing.ok_or_else(|| "no listing".to_owned())
    }
}

/// Whether a call gives up the interpreter's lock. Functions of the Cython language that do not say so hold it, as in Cython: their
/// callers may rely on that, and short ones take less time. MPI's calls wait for others, which may be threads of this process.
fn releases_gil(lowered: &Lowered, options: &KernelOptions) -> bool {
    let module = &lowered.module;
    if options.nogil == Some(true) || lowered.has_parallel {
        return true;
    }
    let holds = options.compile.c.is_some() && !lowered.gives_up && !waits_for_others(module);
    !holds && cost::is_long(module)
}

/// Whether code calls MPI.
fn waits_for_others(module: &Module) -> bool {
    module.externs.iter().any(|e| e.name.starts_with("ungil_mpi_"))
}

/// Runs a compilation: a bug in a stage must not take the user's process down.
fn guarded<T>(compile: impl FnOnce() -> Result<T, CompileFailure>) -> Result<T, CompileFailure> {
    catch_unwind(AssertUnwindSafe(compile)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(CompileFailure::Internal(text.unwrap_or_else(|| "the compiler panicked".to_owned())))
    })
}

/// Unique in the process, and readable in a profile.
fn entry_name(module: &Module, key: Key) -> String {
    let name = &module.function(module.entry()).name;
    let readable: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let hash: String = key.0.iter().take(8).map(|b| format!("{b:02x}")).collect();
    // Names that begin with `ungil_math` are those of the library of maths functions.
    let gap = if readable.starts_with("math") { "_" } else { "" };
    format!("ungil_{gap}{readable}_{hash}")
}

fn internal(text: &str, module: &Module) -> CompileFailure {
    CompileFailure::Internal(format!("{text}\n{module}"))
}
