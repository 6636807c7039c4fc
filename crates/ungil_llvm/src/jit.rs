//! Loading of object files into this process.
//!
//! One [`Jit`] serves the whole process: ORC with JITLink underneath. Each object gets a library of its own, so that
//! equal objects (one kernel with different captured arrays) live side by side; libraries are reused when code is
//! unloaded. All symbols an object needs are found before it is linked: those given with it, those of the runtime,
//! then libm's and libc's. A missing one is an error that names it. Any number of threads may add and drop code; before
//! a fork, [`Jit::pause`] waits until none does.
//! Limits: dropping a [`Code`] while it runs is the caller's fault.

use crate::elf;
use crate::libm;
use crate::object::error_text;
use crate::raw::{c_string, llvm};
use llvm_sys::core::LLVMCreateMemoryBufferWithMemoryRangeCopy;
use llvm_sys::error::LLVMErrorRef;
use llvm_sys::orc2::lljit::*;
use llvm_sys::orc2::*;
use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockWriteGuard, mpsc};

/// Why an object could not be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JitError {
    /// The bytes are not an object file for this machine.
    NotAnObject,
    /// Nobody defines these symbols.
    Missing(Vec<String>),
    /// LLVM's linker failed.
    Link(String),
}

impl fmt::Display for JitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            JitError::NotAnObject => f.write_str("not an object file for this machine"),
            JitError::Missing(names) => write!(f, "undefined symbols: {}", names.join(", ")),
            JitError::Link(text) => write!(f, "cannot link the object code: {text}"),
        }
    }
}

impl std::error::Error for JitError {}

/// How to set the linker up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct JitOptions {
    /// Registers code with gdb.
    pub debug: bool,
    /// Writes `/tmp/perf-PID.map`, so that perf names the functions.
    pub perf: bool,
}

/// The linker of a process.
#[derive(Clone)]
pub struct Jit {
    inner: Arc<Inner>,
}

struct Inner {
    lljit: LLVMOrcLLJITRef,
    session: LLVMOrcExecutionSessionRef,
    options: JitOptions,
    runtime: HashMap<String, usize>,
    /// Emptied libraries for reuse: LLVM's C interface cannot remove one.
    free: Mutex<Vec<Library>>,
    made: AtomicU64,
    /// Read while code is added or dropped, written by `pause`.
    running: RwLock<()>,
    /// What the session reported; LLVM would write it to stderr.
    reports: Mutex<Vec<String>>,
}

struct Library(LLVMOrcJITDylibRef);

// SAFETY: LLJIT, its session and its libraries may be used from any thread (they lock inside); the rest of `Inner` is
// behind locks or never changes.
unsafe impl Send for Inner {}
// SAFETY: as above.
unsafe impl Sync for Inner {}
// SAFETY: a library is a handle into the session, which locks.
unsafe impl Send for Library {}
// SAFETY: as above.
unsafe impl Sync for Library {}

/// Loaded code; unloaded when dropped.
pub struct Code {
    inner: Arc<Inner>,
    library: Option<Library>,
    symbols: HashMap<String, usize>,
}

impl Code {
    /// Address of a global symbol that the object defines.
    pub fn lookup(&self, name: &str) -> Option<usize> {
        self.symbols.get(name).copied()
    }
}

impl Jit {
    /// A linker that knows the runtime's symbols.
    pub fn new(runtime: &[(&str, usize)], options: JitOptions) -> Result<Jit, JitError> {
        crate::target::initialize();
        let mut lljit = std::ptr::null_mut();
        check(llvm!(LLVMOrcCreateLLJIT(&mut lljit, LLVMOrcCreateLLJITBuilder())))?;
        let session = llvm!(LLVMOrcLLJITGetExecutionSession(lljit));
        let runtime = runtime.iter().map(|(name, address)| ((*name).to_owned(), *address)).collect();
        let inner = Arc::new(Inner {
            lljit,
            session,
            options,
            runtime,
            free: Mutex::default(),
            made: AtomicU64::new(0),
            running: RwLock::default(),
            reports: Mutex::default(),
        });
        let context = Arc::as_ptr(&inner).cast::<c_void>().cast_mut();
        llvm!(LLVMOrcExecutionSessionSetErrorReporter(session, report, context));
        if options.debug {
            check(llvm!(LLVMOrcLLJITEnableDebugSupport(lljit)))?;
        }
        Ok(Jit { inner })
    }

    /// Waits until no thread adds or drops code and keeps them waiting: a fork in between would leave the child with
    /// locks that nobody releases.
    pub fn pause(&self) -> RwLockWriteGuard<'_, ()> {
        self.inner.running.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links an object file. `symbols` are its own definitions, such as the table of its array constants.
    pub fn add_object(&self, bytes: &[u8], symbols: &[(String, usize)]) -> Result<Code, JitError> {
        let inner = &self.inner;
        let table = elf::symbols(bytes).ok_or(JitError::NotAnObject)?;
        let needed = inner.resolve(&table, symbols)?;
        let defined: Vec<&str> =
            table.iter().filter(|s| s.defined && s.is_global).map(|s| s.name.as_str()).collect();
        let library = inner.library()?;
        let raw = library.0;
        let mut code = Code { inner: inner.clone(), library: Some(library), symbols: HashMap::new() };
        let running = inner.running.read().unwrap_or_else(PoisonError::into_inner);
        inner.define(raw, &needed)?;
        let data = bytes.as_ptr().cast();
        llvm!({
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(data, bytes.len(), c"kernel".as_ptr());
            check(LLVMOrcLLJITAddObjectFile(inner.lljit, raw, buffer))?;
        });
        code.symbols = inner.lookup(raw, &defined)?;
        drop(running);
        if inner.options.perf {
            crate::perf::write_map(&table, &code.symbols);
        }
        Ok(code)
    }
}

impl Inner {
    /// Addresses of the symbols that an object needs.
    fn resolve(
        &self,
        table: &[elf::Symbol],
        given: &[(String, usize)],
    ) -> Result<Vec<(String, usize)>, JitError> {
        let mut found = Vec::new();
        let mut missing = Vec::new();
        for symbol in table.iter().filter(|s| !s.defined && !s.name.is_empty()) {
            let own = given.iter().find(|(name, _)| *name == symbol.name).map(|(_, address)| *address);
            let address = own.or_else(|| self.runtime.get(&symbol.name).copied());
            match address.or_else(|| libm::address(&symbol.name)) {
                Some(address) => found.push((symbol.name.clone(), address)),
                // The linker makes this one up.
                None if symbol.name == "_GLOBAL_OFFSET_TABLE_" => {}
                None => missing.push(symbol.name.clone()),
            }
        }
        if missing.is_empty() { Ok(found) } else { Err(JitError::Missing(missing)) }
    }

    /// An empty library.
    fn library(&self) -> Result<Library, JitError> {
        if let Some(free) = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(free);
        }
        let name = c_string(&format!("kernel{}", self.made.fetch_add(1, Ordering::Relaxed)));
        Ok(Library(llvm!(LLVMOrcExecutionSessionCreateBareJITDylib(self.session, name.as_ptr()))))
    }

    /// Defines symbols at fixed addresses.
    fn define(&self, library: LLVMOrcJITDylibRef, symbols: &[(String, usize)]) -> Result<(), JitError> {
        if symbols.is_empty() {
            return Ok(());
        }
        let pair = |(name, address): &(String, usize)| LLVMOrcCSymbolMapPair {
            Name: self.intern(name),
            Sym: LLVMJITEvaluatedSymbol {
                Address: *address as u64,
                Flags: LLVMJITSymbolFlags { GenericFlags: EXPORTED, TargetFlags: 0 },
            },
        };
        let mut pairs: Vec<LLVMOrcCSymbolMapPair> = symbols.iter().map(pair).collect();
        llvm!({
            let unit = LLVMOrcAbsoluteSymbols(pairs.as_mut_ptr(), pairs.len());
            let error = LLVMOrcJITDylibDefine(library, unit);
            if !error.is_null() {
                LLVMOrcDisposeMaterializationUnit(unit);
            }
            check(error)
        })
    }

    fn intern(&self, name: &str) -> LLVMOrcSymbolStringPoolEntryRef {
        let name = c_string(name);
        llvm!(LLVMOrcExecutionSessionIntern(self.session, name.as_ptr()))
    }

    /// Links the library and finds symbols in it.
    fn lookup(
        &self,
        library: LLVMOrcJITDylibRef,
        names: &[&str],
    ) -> Result<HashMap<String, usize>, JitError> {
        let flags = LLVMOrcJITDylibLookupFlags::LLVMOrcJITDylibLookupFlagsMatchAllSymbols;
        let mut order = [LLVMOrcCJITDylibSearchOrderElement { JD: library, JDLookupFlags: flags }];
        let required = LLVMOrcSymbolLookupFlags::LLVMOrcSymbolLookupFlagsRequiredSymbol;
        let element =
            |name: &&str| LLVMOrcCLookupSetElement { Name: self.intern(name), LookupFlags: required };
        let mut set: Vec<LLVMOrcCLookupSetElement> = names.iter().map(element).collect();
        let (sender, receiver) = mpsc::channel::<Found>();
        llvm!(LLVMOrcExecutionSessionLookup(
            self.session,
            LLVMOrcLookupKind::LLVMOrcLookupKindStatic,
            order.as_mut_ptr(),
            order.len(),
            set.as_mut_ptr(),
            set.len(),
            take_result,
            Box::into_raw(Box::new(sender)).cast(),
        ));
        let lost = || Err("the linker gave no answer".to_owned());
        receiver.recv().unwrap_or_else(|_| lost()).map_err(|text| {
            let mut reports = self.reports.lock().unwrap_or_else(PoisonError::into_inner);
            let details: Vec<String> = reports.drain(..).collect();
            JitError::Link(if details.is_empty() { text } else { format!("{text}: {}", details.join("; ")) })
        })
    }
}

/// `JITSymbolFlags::Exported`.
const EXPORTED: u8 = 1;

type Found = Result<HashMap<String, usize>, String>;

/// Receives the answer of a lookup.
extern "C" fn take_result(
    error: LLVMErrorRef,
    pairs: LLVMOrcCSymbolMapPairs,
    count: usize,
    context: *mut c_void,
) {
    // SAFETY: `lookup` passed a boxed sender, and LLVM calls back exactly once.
    let sender = unsafe { Box::from_raw(context.cast::<mpsc::Sender<Found>>()) };
    let found = if error.is_null() {
        // SAFETY: LLVM passes `count` pairs that live during this call.
        let pairs = unsafe { std::slice::from_raw_parts(pairs, if pairs.is_null() { 0 } else { count }) };
        let entry = |pair: &LLVMOrcCSymbolMapPair| {
            // SAFETY: the name is an interned, NUL-terminated string that the pair keeps alive.
            let name = unsafe { CStr::from_ptr(LLVMOrcSymbolStringPoolEntryStr(pair.Name)) };
            (name.to_string_lossy().into_owned(), pair.Sym.Address as usize)
        };
        Ok(pairs.iter().map(entry).collect())
    } else {
        Err(error_text(error))
    };
    // The receiver waits in `lookup`; if it is gone, nobody wants the answer.
    let _ = sender.send(found);
}

/// Keeps what LLVM would write to stderr.
extern "C" fn report(context: *mut c_void, error: LLVMErrorRef) {
    let text = error_text(error);
    // SAFETY: the context is the `Inner` that owns the session, so it outlives it.
    let inner = unsafe { &*context.cast::<Inner>() };
    inner.reports.lock().unwrap_or_else(PoisonError::into_inner).push(text);
}

fn check(error: LLVMErrorRef) -> Result<(), JitError> {
    if error.is_null() { Ok(()) } else { Err(JitError::Link(error_text(error))) }
}

impl Drop for Code {
    fn drop(&mut self) {
        let Some(library) = self.library.take() else { return };
        let _running = self.inner.running.read().unwrap_or_else(PoisonError::into_inner);
        let cleared = check(llvm!(LLVMOrcJITDylibClear(library.0)));
        // A library that could not be emptied is not used again.
        if cleared.is_ok() {
            self.inner.free.lock().unwrap_or_else(PoisonError::into_inner).push(library);
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // All code is gone, since each holds this. An error here would only say what is being freed anyway.
        let _ = check(llvm!(LLVMOrcDisposeLLJIT(self.lljit)));
    }
}
