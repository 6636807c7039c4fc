//! Live Python as the compiler sees it.
//!
//! One [`PyWorld`] serves one compilation. It answers by looking into closures, globals and modules, holds every
//! object it has named, and records a guard for each slot it has read.
//!
//! Contract: the compiler runs detached; each answer attaches for as long as it takes.

use std::cell::Cell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyRecursionError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFunction, PyList, PyString, PyTuple};
use ungil_diag::diagnostic::Diagnostics;
use ungil_diag::source::SourceMap;
use ungil_driver::excerpt::parse_kernel;
use ungil_driver::options::KernelOptions;
use ungil_sema::ctype::{CType, FunctionType};
use ungil_sema::options::Options;
use ungil_sema::ty::Ty;
use ungil_sema::world::{Global, KernelId, KernelSource, ObjectId, SourceProblem, World};

use crate::callback::{self, Callback};
use crate::classify::{self, Known};
use crate::dispatcher;
use crate::foreign::{self, Meaning};
use crate::guard::Guards;
use crate::object::for_c;
use crate::source::{self, Captured};

/// A function that the compilation has met.
struct Kernel {
    func: Py<PyAny>,
    /// Its dispatcher, if it has one.
    dispatcher: Option<Py<PyAny>>,
    captured: Captured,
    /// Of a dispatcher; a plain function takes those of the kernel that calls it.
    options: Option<Options>,
    parsed: Option<Result<Arc<KernelSource>, SourceProblem>>,
}

#[derive(Default)]
struct Inner {
    kernels: Vec<Kernel>,
    /// Objects by identity; holding them keeps identities unique.
    objects: HashMap<u64, Py<PyAny>>,
    guards: Guards,
    /// Code for C of functions whose address was asked for.
    entries: Vec<(KernelId, FunctionType, u64)>,
    sources: SourceMap,
    syntax: Diagnostics,
}

/// The answers to one compilation.
#[derive(Default)]
pub struct PyWorld {
    inner: Mutex<Inner>,
}

/// What a finished compilation needs from its world.
pub struct Findings {
    pub guards: Guards,
    pub objects: HashMap<u64, Py<PyAny>>,
}

impl PyWorld {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The number of a function or dispatcher.
    pub fn kernel_of(&self, object: &Bound<'_, PyAny>) -> KernelId {
        let (func, captured, options) = match dispatcher::downcast(object) {
            Some(d) => {
                // SAFETY: a live dispatcher holds its function.
                let func = unsafe { Bound::from_borrowed_ptr(object.py(), d.func) };
                (func, Some(d.state().source.clone()), Some(d.state().options.compile.clone()))
            }
            None => (object.clone(), None, None),
        };
        let known = self.inner().kernels.iter().position(|k| k.func.is(&func) && k.options == options);
        if let Some(i) = known {
            return KernelId(i as u32);
        }
        let captured = captured.unwrap_or_else(|| source::capture(&func, None));
        let mut inner = self.inner();
        let dispatcher = dispatcher::downcast(object).is_some().then(|| object.clone().unbind());
        inner.kernels.push(Kernel { func: func.unbind(), dispatcher, captured, options, parsed: None });
        KernelId(inner.kernels.len() as u32 - 1)
    }

    /// Name of a kernel's function.
    pub fn kernel_name(&self, py: Python<'_>, id: KernelId) -> String {
        let func = self.inner().kernels[id.0 as usize].func.clone_ref(py);
        func.bind(py).getattr("__name__").map(|n| n.to_string()).unwrap_or_default()
    }

    /// The object with this number.
    pub fn object<'py>(&self, py: Python<'py>, id: ObjectId) -> Option<Bound<'py, PyAny>> {
        self.inner().objects.get(&id.0).map(|o| o.bind(py).clone())
    }

    /// Ends the compilation.
    pub fn finish(self) -> Findings {
        let mut inner = self.inner.into_inner().unwrap_or_else(PoisonError::into_inner);
        inner.guards.seal();
        Findings { guards: inner.guards, objects: inner.objects }
    }

    /// A copy of the source map, to print diagnostics with, and what the parser had to say.
    pub fn sources(&self) -> (SourceMap, Diagnostics) {
        let inner = self.inner();
        (inner.sources.clone(), inner.syntax.clone())
    }

    /// The meaning of an object.
    pub fn global_of(&self, object: &Bound<'_, PyAny>, name: &str) -> Global {
        let number = ObjectId(object.as_ptr() as u64);
        let hold = || {
            self.inner().objects.insert(number.0, object.clone().unbind());
        };
        if object.get_type().module().is_ok_and(|m| m == "ungil.pyx._fused") {
            hold();
            return Global::Fused { object: number, name: name.to_owned() };
        }
        if object.get_type().module().is_ok_and(|m| m != "builtins")
            && object.hasattr("_is_pyx_enum").unwrap_or(false)
            && let Ok(n) = object.extract::<i64>()
        {
            return Global::Int(n);
        }
        if let Some(global) = crate::mpi::meaning(object, name) {
            hold();
            return global;
        }
        match foreign::meaning(object, name) {
            Some(Meaning::Global(global)) => {
                hold();
                return global;
            }
            Some(Meaning::Namespace(name)) => {
                hold();
                return Global::Module { object: number, name };
            }
            None => {}
        }
        match classify::classify(object) {
            Known::Value(global) => global,
            Known::Tuple(items) => {
                hold();
                Global::Tuple(items.iter().map(|item| self.global_of(item, name)).collect())
            }
            Known::Array(ty) => {
                hold();
                Global::Array { object: number, ty, name: name.to_owned() }
            }
            Known::Module(name) => {
                hold();
                Global::Module { object: number, name }
            }
            Known::Function => Global::Kernel(self.kernel_of(object)),
            Known::Standin(function) => {
                hold();
                Global::Kernel(self.kernel_of(&function))
            }
            Known::Ufunc { kernel, loops, identity, pure_inputs } => {
                hold();
                Global::Ufunc { kernel: self.kernel_of(&kernel), loops, identity, pure_inputs }
            }
        }
    }

    fn look_up(&self, py: Python<'_>, id: KernelId, name: &str) -> PyResult<Option<Global>> {
        let func = self.inner().kernels[id.0 as usize].func.bind(py).clone();
        let code = func.getattr("__code__")?;
        let free: Vec<String> = code.getattr("co_freevars")?.extract()?;
        if let Some(i) = free.iter().position(|f| f == name) {
            return self.look_up_cell(&func, i, name, id);
        }
        let key = PyString::intern(py, name);
        let globals = func.getattr("__globals__")?.cast_into::<PyDict>()?;
        if let Some(value) = globals.get_item(&key)? {
            // SAFETY: attached; a dictionary and a string.
            unsafe { self.inner().guards.add_dict(globals.as_ptr(), key.as_ptr(), value.as_ptr()) };
            return Ok(Some(self.global_of(&value, name)));
        }
        let builtins =
            func.getattr("__builtins__").or_else(|_| py.import("builtins")?.getattr("__dict__"))?;
        if let Ok(builtins) = builtins.cast_into::<PyDict>()
            && let Some(value) = builtins.get_item(&key)?
        {
            // SAFETY: attached; a dictionary and a string.
            unsafe { self.inner().guards.add_missing(globals.as_ptr(), key.as_ptr()) };
            return Ok(Some(self.global_of(&value, name)));
        }
        // While a function is being decorated its own name is not bound yet.
        let own: String = func.getattr("__name__")?.extract()?;
        Ok((own == name).then_some(Global::Kernel(id)))
    }

    fn look_up_cell(
        &self,
        func: &Bound<'_, PyAny>,
        i: usize,
        name: &str,
        id: KernelId,
    ) -> PyResult<Option<Global>> {
        let cell = func.getattr("__closure__")?.cast_into::<PyTuple>()?.get_item(i)?;
        // SAFETY: attached; the elements of a closure are cells; the content is a new reference or null.
        let content = unsafe { Bound::from_owned_ptr_or_opt(func.py(), ffi::PyCell_Get(cell.as_ptr())) };
        let Some(content) = content else {
            let own: String = func.getattr("__name__")?.extract()?;
            return Ok((own == name).then_some(Global::Kernel(id)));
        };
        // SAFETY: attached; a cell and its content.
        unsafe { self.inner().guards.add_cell(cell.as_ptr(), content.as_ptr()) };
        Ok(Some(self.global_of(&content, name)))
    }

    fn look_up_attribute(&self, py: Python<'_>, object: ObjectId, name: &str) -> PyResult<Option<Global>> {
        let Some(holder) = self.object(py, object) else { return Ok(None) };
        let Ok(value) = holder.getattr(name) else { return Ok(None) };
        if foreign::is_variable(&holder, name) {
            return Ok(Some(Global::Uncallable {
                title: format!("`{name}` is a variable of C, whose value may change"),
                help: "read it outside the kernel and pass it as an argument".to_owned(),
            }));
        }
        // Libraries do not rebind their functions; a user's module may rebind its constants.
        if !classify::is_library(&holder)
            && let Ok(dict) = holder.getattr("__dict__")
            && let Ok(dict) = dict.cast_into::<PyDict>()
            // Methods and what `__getattr__` makes are in no dictionary of the object.
            && dict.get_item(name)?.is_some_and(|there| there.is(&value))
        {
            let key = PyString::intern(py, name);
            // SAFETY: attached; a dictionary and a string.
            unsafe { self.inner().guards.add_dict(dict.as_ptr(), key.as_ptr(), value.as_ptr()) };
        }
        Ok(Some(self.global_of(&value, name)))
    }

    fn parse(&self, py: Python<'_>, id: KernelId) -> Result<Arc<KernelSource>, SourceProblem> {
        let (func, captured, options) = {
            let inner = self.inner();
            let kernel = &inner.kernels[id.0 as usize];
            (kernel.func.bind(py).clone(), kernel.captured.clone(), kernel.options.clone())
        };
        let text = captured?;
        source::verify(&func, &text)?;
        let name = func.getattr("__name__").map(|n| n.to_string()).unwrap_or_default();
        let problem = |reason: String| SourceProblem { function: name.clone(), reason, help: None };
        let file = text.source_file();
        let mut inner = self.inner();
        let source = inner.sources.add(file.clone());
        let (code, diagnostics) = parse_kernel(&file, source, text.is_lambda);
        let failed = diagnostics.has_errors();
        inner.syntax.append(diagnostics);
        drop(inner);
        if failed {
            return Err(problem("the source has syntax errors".to_owned()));
        }
        let code = code.ok_or_else(|| problem("no function was found in its source".to_owned()))?;
        let defaults = self.defaults(&func).map_err(|e| problem(e.to_string()))?;
        let (file, first_line) = (text.file, text.first_line);
        Ok(Arc::new(KernelSource { name, file, source, first_line, code, defaults, options }))
    }

    /// Compiles a function for C. Its code lives as long as what this world found.
    fn compile_entry(&self, py: Python<'_>, kernel: KernelId, types: (Vec<Ty>, Ty)) -> PyResult<u64> {
        thread_local! {
            static DEPTH: Cell<u32> = const { Cell::new(0) };
        }
        if DEPTH.get() > 8 {
            return Err(PyRecursionError::new_err("it takes its own address"));
        }
        let (world, options) = {
            let (inner, world) = (self.inner(), PyWorld::default());
            let kernel = &inner.kernels[kernel.0 as usize];
            let func = kernel.func.clone_ref(py);
            let (captured, options) = (kernel.captured.clone(), kernel.options.clone());
            let own = Kernel { func, dispatcher: None, captured, options: options.clone(), parsed: None };
            world.inner().kernels.push(own);
            (world, options)
        };
        let options = KernelOptions { compile: options.unwrap_or_default(), ..KernelOptions::default() };
        DEPTH.set(DEPTH.get() + 1);
        let made = callback::compile_for_c(py, world, KernelId(0), types, &options);
        DEPTH.set(DEPTH.get() - 1);
        self.hold(py, made?)
    }

    /// Code for C of a function that handles objects; `failed`: why there is no kernel of it.
    fn entry_of_objects(
        &self,
        py: Python<'_>,
        kernel: KernelId,
        ty: &FunctionType,
        failed: Option<PyErr>,
    ) -> PyResult<u64> {
        let object = self.inner().kernels[kernel.0 as usize].dispatcher.as_ref().map(|d| d.clone_ref(py));
        let object = object.map(|object| object.into_bound(py));
        let known = object.as_ref().and_then(|object| dispatcher::downcast(object)).filter(|d| {
            d.state()
                .pyx
                .as_ref()
                .is_some_and(|pyx| failed.as_ref().is_none_or(|error| pyx.may_hold_objects(py, error)))
        });
        match (known, failed) {
            (Some(dispatcher), failed) => match for_c::make(py, dispatcher, ty) {
                Ok(made) => self.hold(py, made),
                Err(error) => Err(failed.unwrap_or(error)),
            },
            (None, Some(error)) => Err(error),
            (None, None) => {
                Err(PyTypeError::new_err("only functions of the Cython language take objects from C"))
            }
        }
    }

    /// Keeps code for C as long as what is compiled; its address.
    fn hold(&self, py: Python<'_>, made: Callback) -> PyResult<u64> {
        let address = made.address() as u64;
        let object = Py::new(py, made)?.into_any();
        self.inner().objects.insert(object.as_ptr() as u64, object);
        Ok(address)
    }

    /// Values of parameters with defaults.
    fn defaults(&self, func: &Bound<'_, PyAny>) -> PyResult<Vec<(String, Global)>> {
        let mut found = Vec::new();
        let func = func.cast::<PyFunction>()?;
        let code = func.getattr("__code__")?;
        let names: Vec<String> = code.getattr("co_varnames")?.extract()?;
        let count: usize = code.getattr("co_argcount")?.extract()?;
        if let Ok(values) = func.getattr("__defaults__")?.cast_into::<PyTuple>() {
            for (name, value) in names[count - values.len()..count].iter().zip(values.iter()) {
                found.push((name.clone(), self.global_of(&value, name)));
            }
        }
        if let Ok(values) = func.getattr("__kwdefaults__")?.cast_into::<PyDict>() {
            for (name, value) in values.iter() {
                let name: String = name.extract()?;
                found.push((name.clone(), self.global_of(&value, &name)));
            }
        }
        Ok(found)
    }
}

impl World for PyWorld {
    fn lookup(&self, kernel: KernelId, name: &str) -> Option<Global> {
        Python::attach(|py| self.look_up(py, kernel, name).ok().flatten())
    }

    fn attribute(&self, object: ObjectId, name: &str) -> Option<Global> {
        Python::attach(|py| self.look_up_attribute(py, object, name).ok().flatten())
    }

    fn specialisation(&self, object: ObjectId, types: &[String]) -> Result<Global, String> {
        Python::attach(|py| {
            let function = self.object(py, object).ok_or("the function is gone")?;
            let text = |error: PyErr| error.value(py).to_string();
            let chosen = function.call_method1("_choose", (types.to_vec(),)).map_err(text)?;
            let number = chosen.as_ptr() as u64;
            self.inner().objects.insert(number, chosen.clone().unbind());
            Ok(self.global_of(&chosen, "fused"))
        })
    }

    fn c_entry(&self, kernel: KernelId, ty: &FunctionType) -> Result<u64, String> {
        let known = |inner: &Inner| {
            inner.entries.iter().find(|(k, t, _)| *k == kernel && t == ty).map(|(_, _, address)| *address)
        };
        if let Some(address) = known(&self.inner()) {
            return Ok(address);
        }
        let made = Python::attach(|py| {
            if for_c::passes_objects(ty) {
                return self.entry_of_objects(py, kernel, ty, None);
            }
            let (params, ret) = (ty.params.iter().map(passed).collect::<Option<Vec<_>>>(), passed(&ty.ret));
            let (Some(params), Some(ret)) = (params, ret) else {
                return Err(PyTypeError::new_err("it takes or returns what is no number or pointer"));
            };
            match self.compile_entry(py, kernel, (params, ret)) {
                Err(error) => self.entry_of_objects(py, kernel, ty, Some(error)),
                made => made,
            }
        });
        let address = made.map_err(|error| Python::attach(|py| error.value(py).to_string()))?;
        self.inner().entries.push((kernel, ty.clone(), address));
        Ok(address)
    }

    fn host_function(&self, name: &str) -> Option<u64> {
        if let Some(function) = name.strip_prefix("libc.math.") {
            return Python::attach(|py| {
                let found = py.import("ungil.pyx._libc").ok()?.getattr("address").ok()?;
                found.call1((function, ())).ok()?.extract().ok()
            });
        }
        crate::errno::function(name).or_else(|| ungil_mpi::symbols::address(name))
    }

    fn mpi(&self, name: &str) -> Option<Global> {
        Python::attach(|py| {
            let module = crate::mpi::module(py)?;
            Some(self.global_of(&module.getattr(name).ok()?, name))
        })
    }

    fn ufunc_attribute(&self, function: &str, attribute: &str) -> Option<Global> {
        Python::attach(|py| {
            let numpy = py.import("numpy").ok()?;
            let function = numpy.getattr(function).ok()?;
            if !function.is_instance(&numpy.getattr("ufunc").ok()?).ok()? {
                return None;
            }
            let value = function.getattr(attribute).ok()?;
            // The loops' types are a list, which does not change.
            let value = value.cast::<PyList>().map_or_else(|_| value.clone(), |v| v.to_tuple().into_any());
            Some(self.global_of(&value, attribute))
        })
    }

    fn mpi_threads(&self) -> bool {
        ungil_mpi::library::thread_multiple()
    }

    fn kernel(&self, id: KernelId) -> Result<Arc<KernelSource>, SourceProblem> {
        let known = self.inner().kernels[id.0 as usize].parsed.clone();
        known.unwrap_or_else(|| {
            let parsed = Python::attach(|py| self.parse(py, id));
            self.inner().kernels[id.0 as usize].parsed = Some(parsed.clone());
            parsed
        })
    }
}

/// The type of an argument or a result that C passes.
pub fn passed(ty: &CType) -> Option<Ty> {
    match ty {
        CType::Void => Some(Ty::None),
        CType::Scalar(d) => Some(Ty::Scalar(*d)),
        CType::Bint => Some(Ty::Scalar(ungil_ir::types::DType::I32)),
        CType::Pointer(p) => Some(Ty::Pointer(p.clone())),
        _ => None,
    }
}
