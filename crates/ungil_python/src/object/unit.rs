//! What is compiled for objects: a function's tree with what its names mean.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::CString;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyTuple};
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::Span;
use ungil_driver::options::KernelOptions;
use ungil_ir::function::Module;
use ungil_ir::inst::InstKind;
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;
use ungil_sema::c_text::parse_c_text;
use ungil_sema::ctype::{CType, FunctionType};
use ungil_sema::cython::{CFunction, Declared};
use ungil_sema::lower::Lowered;
use ungil_sema::lower::external::external;
use ungil_sema::object::entries::Entry;
use ungil_sema::object::fused::SEPARATOR;
use ungil_sema::object::inner::{Body, Code, Place as At};
use ungil_sema::object::value::CTy;
use ungil_sema::object::{Meaning, Objects, Own as Called, Source, lower};
use ungil_sema::ty::Ty;
use ungil_sema::world::{Global, World};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::contains_yield;

use super::own::Own;
use super::table::{Place, Table};
use super::{ObjectCode, address, inner};
use crate::pyx::Parameter;
use crate::world::PyWorld;
use crate::{dispatcher, foreign, log, specialise};

/// Functions of C's mathematical library that are no function of the compiler's own, with their numbers of arguments.
const MATH: &[(&str, usize)] = &[("fabs", 1), ("isnan", 1), ("isinf", 1), ("isfinite", 1), ("signbit", 1)];

/// The number of arguments of a function of C's mathematical library that is compiled.
fn math_arity(name: &str) -> Option<usize> {
    let own = MathFn::from_name(name).filter(|f| !f.is_internal() && !f.is_complex_part());
    own.map(MathFn::arity).or_else(|| MATH.iter().find(|(n, _)| *n == name).map(|(_, n)| *n))
}

/// A function and where it stands.
pub struct Unit {
    pub def: FunctionDef,
    pub name: String,
    pub source: Arc<Origin>,
    pub c: Arc<CFunction>,
    pub code: Py<PyAny>,
    /// Variables of functions around it.
    pub free: Vec<(String, Option<Declared>)>,
    /// Names whose address the outermost function or one inside it takes.
    pub taken: Arc<HashSet<String>>,
    /// Declarations of functions inside, by their lines.
    pub declared: Arc<HashMap<u32, CFunction>>,
    /// Whether callers pass words of C.
    pub is_direct: bool,
}

/// The text that a function and those inside it stand in.
pub struct Origin {
    pub path: String,
    pub file: SourceFile,
    pub first_line: u32,
    pub indent: u32,
}

impl Origin {
    fn line(&self, offset: u32) -> u32 {
        self.first_line + self.file.line(offset) - 1
    }

    /// Line and column in bytes.
    fn place(&self, offset: u32) -> (u32, u32) {
        let before = &self.file.text[..(offset as usize).min(self.file.text.len())];
        let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
        (self.line(offset), column as u32 + self.indent)
    }
}

/// A code object, and the names that it shares with what is around it.
type Shared<'py> = (Bound<'py, PyAny>, Vec<String>);

/// Code objects of what is inside a function.
struct Inside<'a, 'py> {
    unit: &'a Unit,
    code: &'a Bound<'py, PyAny>,
    found: RefCell<Vec<(At, Option<Shared<'py>>)>>,
}

impl<'py> Inside<'_, 'py> {
    fn find(&self, at: &At) -> Option<Code> {
        let known = |(place, _): &(At, _)| place.name == at.name && place.span == at.span;
        let position = self.found.borrow().iter().position(known);
        let number = position.unwrap_or_else(|| {
            let found = self.search(at).ok().flatten();
            self.found.borrow_mut().push((at.clone(), found));
            self.found.borrow().len() - 1
        });
        let found = self.found.borrow();
        Some(Code { number, free: found[number].1.as_ref()?.1.clone() })
    }

    fn search(&self, at: &At) -> PyResult<Option<Shared<'py>>> {
        let origin = &self.unit.source;
        let Span { lo, hi, .. } = at.span;
        let ((line, column), (last_line, last_column)) = (origin.place(lo), origin.place(hi));
        let py = self.code.py();
        let find = py.import("ungil.pyx._inner")?.getattr("find")?;
        let code = find.call1((self.code, &at.name, (line, last_line, column, last_column)))?;
        if code.is_none() {
            return Ok(None);
        }
        let free = code.getattr("co_freevars")?.cast_into::<PyTuple>()?.extract()?;
        Ok(Some((code, free)))
    }

    /// The units of functions, which become what their code carries.
    fn attach(
        self,
        globals: &Bound<'py, PyDict>,
        builtins: &Bound<'py, PyDict>,
    ) -> PyResult<Option<Vec<Bound<'py, PyAny>>>> {
        let py = self.code.py();
        let mut codes = Vec::new();
        for (at, found) in self.found.into_inner() {
            let Some((code, free)) = found else { return Ok(None) };
            codes.push(code.clone());
            let line = self.unit.source.line(at.span.hi);
            let def = match at.body {
                Body::Function(def) if !def.is_async && !contains_yield(&def.body) => *def,
                Body::Lambda(params, body) => {
                    let span = body.span;
                    let result = Stmt { span, kind: StmtKind::Return(Some(*body)) };
                    let is_generator = contains_yield(std::slice::from_ref(&result));
                    if is_generator {
                        continue;
                    }
                    FunctionDef {
                        is_async: false,
                        name: Ident { span, name: "<lambda>".into() },
                        decorators: Vec::new(),
                        type_params: Vec::new(),
                        params: *params,
                        returns: None,
                        signature: None,
                        body: vec![result],
                    }
                }
                _ => continue,
            };
            let outer = &self.unit;
            let c = outer.declared.get(&line).filter(|_| at.name != "<lambda>");
            let c = c.cloned().unwrap_or_else(|| CFunction {
                vars: std::collections::BTreeMap::new(),
                classes: std::collections::BTreeMap::new(),
                ret: None,
                ..(*outer.c).clone()
            });
            let type_of = |name: &String| {
                let known = outer.free.iter().find(|(n, _)| n == name).and_then(|(_, ty)| ty.clone());
                known.or_else(|| outer.c.vars.get(name).cloned())
            };
            let free = free.into_iter().map(|name| (name.clone(), type_of(&name))).collect();
            let unit = Unit {
                def,
                name: at.name,
                source: outer.source.clone(),
                c: Arc::new(c),
                code: code.unbind(),
                free,
                taken: outer.taken.clone(),
                declared: outer.declared.clone(),
                is_direct: false,
            };
            if !inner::attach(py, unit, globals, builtins)? {
                return Ok(None);
            }
        }
        Ok(Some(codes))
    }
}

/// Compiles a function for objects, or says why it cannot be. `parameters` outlive the code.
pub fn compile_unit(
    py: Python<'_>,
    unit: &Unit,
    globals: &Bound<'_, PyDict>,
    builtins: &Bound<'_, PyDict>,
    parameters: &[Parameter],
) -> PyResult<Result<ObjectCode, String>> {
    let names = Names { globals: globals.clone(), builtins: builtins.clone(), owns: RefCell::default() };
    let world = PyWorld::default();
    let inside = Inside { unit, code: unit.code.bind(py), found: RefCell::new(Vec::new()) };
    let source = Source {
        def: &unit.def,
        file: unit.source.path.clone(),
        line: &|offset| unit.source.line(offset),
        text: &|span| {
            let text = &unit.source.file.text;
            text.get(span.lo as usize..span.hi as usize).unwrap_or_default().to_owned()
        },
        c: &unit.c,
        meaning: &|name| names.meaning(name).unwrap_or(Meaning::Other),
        free: &unit.free,
        taken: &unit.taken,
        is_direct: unit.is_direct,
        counts_in_place: cfg!(not(any(Py_3_12, Py_GIL_DISABLED, py_sys_config = "Py_REF_DEBUG"))),
        address_of: &|name, ty| names.address_of(&world, name, ty),
        inner: &|at| inside.find(at),
    };
    let objects = match lower(&source) {
        Ok(objects) => objects,
        Err(refusal) => {
            log::plain(py, &unit.name, &refusal.0);
            return Ok(Err(refusal.0));
        }
    };
    let Some(codes) = inside.attach(globals, builtins)? else {
        let reason = "a function inside it cannot be compiled";
        log::plain(py, &unit.name, reason);
        return Ok(Err(reason.to_owned()));
    };
    let owns = names.owns.into_inner().into_iter().filter_map(|(_, own)| own).collect();
    let place = Place::new(CString::new(unit.source.path.as_str())?, CString::new(unit.name.as_str())?);
    let mut table =
        Table::new((globals, builtins), place, &objects.constants, &codes, owns, parameters, unit)?;
    let lowered = lowered(objects);
    let mut sources = SourceMap::new();
    sources.add(unit.source.file.clone());
    let options =
        KernelOptions { debug: std::env::var_os("UNGIL_GDB").is_some(), ..KernelOptions::default() };
    match py.detach(|| specialise::session().compile_objects(lowered, &options, &sources)) {
        Ok(compiled) => {
            log::objects(py, &unit.name, &compiled);
            let keep = world.finish().objects.into_values().collect();
            table.set_code(&compiled);
            let polls = polls(&compiled.module);
            // SAFETY: the code was compiled for a call of this form.
            let function = unsafe { core::mem::transmute::<usize, super::Words>(compiled.code.entry) };
            let words = table.address();
            Ok(Ok(ObjectCode { compiled, function, words, table, polls, _keep: keep }))
        }
        Err(failure) => Err(specialise::failure_error(py, failure, &crate::world::PyWorld::default())),
    }
}

/// Whether a kernel that became part of the code looks for interrupts.
fn polls(module: &Module) -> bool {
    module.functions.iter().flat_map(|f| &f.insts).any(|inst| matches!(inst.kind, InstKind::Safepoint))
}

fn lowered(objects: Objects) -> Lowered {
    Lowered {
        module: objects.module,
        params: vec![Ty::Scalar(DType::I64); 3],
        ret: Ty::Scalar(DType::I64),
        guards: Vec::new(),
        remarks: Vec::new(),
        arrays: Vec::new(),
        externs: Entry::ALL.iter().map(|e| address(*e)).chain(objects.externs).collect(),
        functions: Vec::new(),
        has_parallel: false,
        gives_up: false,
        unclassified: false,
    }
}

/// A function by its name, with its record if it is called without Python.
type Asked = (String, Option<Own>);

/// The number that a name of C stands for.
fn number(found: &Bound<'_, PyAny>) -> Option<Literal> {
    if let Ok(number) = found.cast_exact::<PyFloat>() {
        return Some(Literal::Float(number.value()));
    }
    found.cast_exact::<PyInt>().ok()?.extract().ok().map(Literal::Int)
}

/// What a name of a library of C means, by what the driver calls it.
fn c_name(py: Python<'_>, canonical: &str) -> PyResult<Meaning> {
    if let Some(text) = canonical.strip_prefix("cython.struct.") {
        return Ok(parse_c_text(text).map_or(Meaning::Other, Meaning::Struct));
    }
    if let Some(described) = canonical.strip_prefix("cython.extern:") {
        return Ok(external(described).map_or(Meaning::Other, Meaning::Extern));
    }
    let Some(function) = canonical.strip_prefix("libc.math.") else { return Ok(Meaning::Other) };
    if let Some(n) = math_arity(function) {
        return Ok(Meaning::Math(function.to_owned(), n));
    }
    let (dtype, base) = match function.strip_suffix('f') {
        Some(base) if math_arity(base).is_some() => ("float32", base),
        _ => ("float64", function),
    };
    let n = if matches!(base, "fmin" | "fmax" | "pow" | "fmod") { 2 } else { 1 };
    let found = py.import("ungil.pyx._libc")?.getattr("address")?.call1((function, ((),).0))?;
    let Ok(address) = found.extract::<u64>() else { return Ok(Meaning::Other) };
    let params = vec![dtype; n].join(",");
    let described = format!("{address}:{function}:fn({params}){dtype}");
    Ok(external(&described).map_or(Meaning::Other, Meaning::Extern))
}

/// What a function's free names stand for when it is compiled.
struct Names<'py> {
    globals: Bound<'py, PyDict>,
    builtins: Bound<'py, PyDict>,
    /// Functions of the module that were asked for, and those of them that are called without Python.
    owns: RefCell<Vec<Asked>>,
}

impl<'py> Names<'py> {
    /// A `cdef` function of numbers.
    fn own(&self, py: Python<'_>, name: &str, dispatcher: &dispatcher::Dispatcher) -> Option<Called> {
        let mut owns = self.owns.borrow_mut();
        if !owns.iter().any(|(n, _)| n == name) {
            owns.push((name.to_owned(), Own::of(dispatcher)));
        }
        let at = owns.iter().position(|(n, _)| n == name)?;
        let number = owns[..at].iter().filter(|(_, own)| own.is_some()).count();
        owns[at].1.as_ref().map(|own| Called {
            number,
            params: own.params.clone(),
            defaults: own.defaults.clone(),
            ret: own.ret.clone(),
            kernel: dispatcher.state().pyx.as_ref().and_then(|pyx| pyx.inlined(py, own)),
        })
    }

    /// Where C finds a function of the module.
    fn address_of(&self, world: &PyWorld, name: &str, ty: &FunctionType) -> Result<u64, String> {
        let found = self.globals.get_item(name).ok().flatten();
        let found = found.or_else(|| self.builtins.get_item(name).ok().flatten());
        let found = found.ok_or_else(|| format!("`{name}` is not known"))?;
        if let Meaning::Math(function, n) = self.meaning(name).unwrap_or(Meaning::Other) {
            let of_doubles = ty.params.iter().chain([&ty.ret]).all(|t| *t == CType::Scalar(DType::F64));
            let known = world.host_function(&format!("libc.math.{function}"));
            return known
                .filter(|_| of_doubles && ty.params.len() == n)
                .ok_or_else(|| "its type is another".to_owned());
        }
        let kernel = world.kernel_of(&found);
        world.c_entry(kernel, ty)
    }

    /// A specialisation of a function with fused types, by its name and types.
    fn chosen(&self, asked: &str, name: &str, types: &str) -> PyResult<Meaning> {
        let found = self.builtins.get_item(name)?;
        let Some(function) = found.or(self.globals.get_item(name)?) else { return Ok(Meaning::Object) };
        let types: Vec<&str> = types.split(SEPARATOR).filter(|text| !text.is_empty()).collect();
        let Ok(chosen) = function.call_method1("_choose", (types,)) else { return Ok(Meaning::Object) };
        let Some(dispatcher) = dispatcher::downcast(&chosen) else { return Ok(Meaning::Object) };
        Ok(self.own(function.py(), asked, dispatcher).map_or(Meaning::Object, Meaning::Own))
    }

    /// What a name stands for, and whether Python sees it. Of names with dots those of cimported modules are known.
    fn found(&self, name: &str) -> PyResult<Option<(Bound<'py, PyAny>, bool)>> {
        let Some((root, path)) = name.split_once('.') else {
            let global = self.globals.get_item(name)?.map(|found| (found, true));
            return Ok(match global {
                Some(found) => Some(found),
                None => self.builtins.get_item(name)?.map(|found| (found, false)),
            });
        };
        let Some(mut found) = self.builtins.get_item(root)? else { return Ok(None) };
        for part in path.split('.') {
            let class = found.get_type().name()?;
            let is_module = class == "Module" || class == "module";
            if self.globals.contains(root)? || !is_module {
                return Ok(None);
            }
            let Some(next) = found.getattr_opt(part)? else { return Ok(None) };
            found = next;
        }
        Ok(Some((found, false)))
    }

    fn meaning(&self, name: &str) -> PyResult<Meaning> {
        if let Some((function, types)) = name.split_once(SEPARATOR) {
            return self.chosen(name, function, types);
        }
        let (found, is_global) = match self.found(name)? {
            Some(found) => found,
            None => return Ok(Meaning::Object),
        };
        let py = found.py();
        if let Some(dispatcher) = dispatcher::downcast(&found) {
            if let Some(called) = self.own(py, name, dispatcher) {
                return Ok(Meaning::Own(called));
            }
            let c = dispatcher.state().options.compile.c.as_ref();
            return Ok(match c.and_then(|c| c.ret.as_ref()) {
                None | Some(Declared::Void) if Own::for_c(dispatcher).is_some() => Meaning::Private,
                None | Some(Declared::Void) => Meaning::Object,
                Some(Declared::Bint) => Meaning::Typed(CTy::Bint),
                Some(Declared::Scalar { dtype, name }) if dtype.is_int() || dtype.is_float() => {
                    Meaning::Typed(CTy::Num(*dtype, name.clone()))
                }
                Some(_) => Meaning::Other,
            });
        }
        if let Some(dtype) = name.strip_prefix("__pyx_").and_then(DType::from_name) {
            let is_number = dtype.is_int() || dtype.is_float() || dtype.is_complex();
            return Ok(if is_number { Meaning::Cast(CTy::num(dtype)) } else { Meaning::Other });
        }
        let class = found.get_type();
        if name.starts_with("__pyx_")
            && !name.starts_with("__pyx_class_")
            && !matches!(
                name,
                "__pyx_array_data"
                    | "__pyx_ndarray_data"
                    | "__pyx_checked"
                    | "__pyx_fill__"
                    | "__pyx_named__"
                    | "__pyx_g__"
            )
        {
            return Ok(Meaning::Other);
        }
        if name == "NULL" && !is_global {
            return Ok(Meaning::Null);
        }
        if class.getattr("__module__")?.eq("ungil.pyx._fused")? {
            return Ok(Meaning::Fused);
        }
        if class.getattr("__module__")?.eq("ungil.pyx._names")? {
            let canonical = found.getattr_opt("canonical")?.map(|c| c.to_string()).unwrap_or_default();
            return c_name(py, &canonical);
        }
        if let Some(foreign::Meaning::Global(Global::CFunction(f))) = foreign::meaning(&found, name) {
            return Ok(Meaning::Extern(f));
        }
        if !is_global && let Some(number) = number(&found) {
            return Ok(Meaning::Number(number));
        }
        let builtin = py.import("builtins")?.getattr_opt(name)?;
        let is_builtin = !is_global && builtin.is_some_and(|b| b.is(&found));
        Ok(if is_builtin { Meaning::Builtin } else { Meaning::Object })
    }
}
