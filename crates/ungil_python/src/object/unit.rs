//! What is compiled for objects: a function's tree with what its names mean.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::CString;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_diag::span::Span;
use ungil_driver::options::KernelOptions;
use ungil_ir::types::DType;
use ungil_sema::cython::{CFunction, Declared};
use ungil_sema::lower::Lowered;
use ungil_sema::object::entries::Entry;
use ungil_sema::object::inner::{Body, Code, Place as At};
use ungil_sema::object::value::CTy;
use ungil_sema::object::{Meaning, Objects, Own as Called, Source, lower};
use ungil_sema::ty::Ty;
use ungil_syntax::ast::name::Ident;
use ungil_syntax::ast::stmt::{FunctionDef, Stmt, StmtKind};
use ungil_syntax::visit::contains_yield;

use super::own::Own;
use super::table::{Place, Table};
use super::{ObjectCode, address, inner};
use crate::pyx::Parameter;
use crate::{dispatcher, log, specialise};

/// Functions of C's mathematical library that are compiled, with their numbers of arguments.
const MATH: &[(&str, usize)] = &[
    ("fabs", 1),
    ("sqrt", 1),
    ("floor", 1),
    ("ceil", 1),
    ("sin", 1),
    ("cos", 1),
    ("tan", 1),
    ("exp", 1),
    ("log", 1),
    ("pow", 2),
    ("hypot", 2),
    ("atan2", 2),
];

/// A function and where it stands.
pub struct Unit {
    pub def: FunctionDef,
    pub name: String,
    pub source: Arc<Origin>,
    pub c: Arc<CFunction>,
    pub code: Py<PyAny>,
    /// Variables of functions around it.
    pub free: Vec<(String, Option<Declared>)>,
    /// Declarations of functions inside, by their lines.
    pub declared: Arc<HashMap<u32, CFunction>>,
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
                declared: outer.declared.clone(),
            };
            if !inner::attach(py, unit, globals, builtins)? {
                return Ok(None);
            }
        }
        Ok(Some(codes))
    }
}

/// Compiles a function for objects; `None` if it cannot be. `parameters` outlive the code.
pub fn compile_unit(
    py: Python<'_>,
    unit: &Unit,
    globals: &Bound<'_, PyDict>,
    builtins: &Bound<'_, PyDict>,
    parameters: &[Parameter],
) -> PyResult<Option<ObjectCode>> {
    let names = Names { globals: globals.clone(), builtins: builtins.clone(), owns: RefCell::default() };
    let inside = Inside { unit, code: unit.code.bind(py), found: RefCell::new(Vec::new()) };
    let source = Source {
        def: &unit.def,
        file: unit.source.path.clone(),
        line: &|offset| unit.source.line(offset),
        c: &unit.c,
        meaning: &|name| names.meaning(name).unwrap_or(Meaning::Other),
        free: &unit.free,
        inner: &|at| inside.find(at),
    };
    let objects = match lower(&source) {
        Ok(objects) => objects,
        Err(refusal) => {
            log::plain(py, &unit.name, &refusal.0);
            return Ok(None);
        }
    };
    let Some(codes) = inside.attach(globals, builtins)? else {
        log::plain(py, &unit.name, "a function inside it cannot be compiled");
        return Ok(None);
    };
    let owns = names.owns.into_inner().into_iter().filter_map(|(_, own)| Some(own?.0)).collect();
    let place =
        Place { file: CString::new(unit.source.path.as_str())?, name: CString::new(unit.name.as_str())? };
    let table =
        Table::new((globals, builtins), place, &objects.constants, &codes, owns, (parameters, &unit.c))?;
    let lowered = lowered(objects);
    let mut sources = SourceMap::new();
    sources.add(unit.source.file.clone());
    let options =
        KernelOptions { debug: std::env::var_os("UNGIL_GDB").is_some(), ..KernelOptions::default() };
    match py.detach(|| specialise::session().compile_objects(lowered, &options, &sources)) {
        Ok(compiled) => {
            log::objects(py, &unit.name, &compiled);
            Ok(Some(ObjectCode { compiled, table }))
        }
        Err(failure) => Err(specialise::failure_error(py, failure, &crate::world::PyWorld::default())),
    }
}

fn lowered(objects: Objects) -> Lowered {
    Lowered {
        module: objects.module,
        params: vec![Ty::Scalar(DType::I64); 3],
        ret: Ty::Scalar(DType::I64),
        guards: Vec::new(),
        remarks: Vec::new(),
        arrays: Vec::new(),
        externs: Entry::ALL.iter().map(|e| address(*e)).collect(),
        functions: Vec::new(),
        has_parallel: false,
        unclassified: false,
    }
}

/// A function by its name, with its record if it is called without Python.
type Asked = (String, Option<(Own, Called)>);

/// What a function's free names stand for when it is compiled.
struct Names<'py> {
    globals: Bound<'py, PyDict>,
    builtins: Bound<'py, PyDict>,
    /// Functions of the module that were asked for, and those of them that are called without Python.
    owns: RefCell<Vec<Asked>>,
}

impl Names<'_> {
    /// A `cdef` function of numbers.
    fn own(&self, py: Python<'_>, name: &str, dispatcher: &dispatcher::Dispatcher) -> Option<Called> {
        if let Some((_, known)) = self.owns.borrow().iter().find(|(n, _)| n == name) {
            return known.as_ref().map(|(_, called)| called.clone());
        }
        let made = Own::of(py, dispatcher).map(|(own, params, ret)| {
            let number = self.owns.borrow().iter().filter(|(_, own)| own.is_some()).count();
            (own, Called { number, params, ret })
        });
        let called = made.as_ref().map(|(_, called)| called.clone());
        self.owns.borrow_mut().push((name.to_owned(), made));
        called
    }

    fn meaning(&self, name: &str) -> PyResult<Meaning> {
        let (found, is_global) = match self.globals.get_item(name)? {
            Some(found) => (found, true),
            None => match self.builtins.get_item(name)? {
                Some(found) => (found, false),
                None => return Ok(Meaning::Object),
            },
        };
        let py = found.py();
        if let Some(dispatcher) = dispatcher::downcast(&found) {
            if let Some(called) = self.own(py, name, dispatcher) {
                return Ok(Meaning::Own(called));
            }
            let c = dispatcher.state().options.compile.c.as_ref();
            return Ok(match c.and_then(|c| c.ret.as_ref()) {
                None | Some(Declared::Void) => Meaning::Object,
                Some(Declared::Bint) => Meaning::Typed(CTy::Bint),
                Some(Declared::Scalar { dtype, name }) if dtype.is_int() || dtype.is_float() => {
                    Meaning::Typed(CTy::Num(*dtype, name.clone()))
                }
                Some(_) => Meaning::Other,
            });
        }
        if let Some(dtype) = name.strip_prefix("__pyx_").and_then(DType::from_name) {
            let is_number = dtype.is_int() || dtype.is_float();
            return Ok(if is_number { Meaning::Cast(CTy::num(dtype)) } else { Meaning::Other });
        }
        let class = found.get_type();
        if name.starts_with("__pyx_") {
            return Ok(Meaning::Other);
        }
        if class.getattr("__module__")?.eq("ungil.pyx._names")? || name == "NULL" {
            let canonical = found.getattr_opt("canonical")?.map(|c| c.to_string()).unwrap_or_default();
            let function = canonical.strip_prefix("libc.math.").unwrap_or_default();
            let known = MATH.iter().find(|(n, _)| *n == function);
            return Ok(known.map_or(Meaning::Other, |(n, count)| Meaning::Math((*n).to_owned(), *count)));
        }
        let builtin = py.import("builtins")?.getattr_opt(name)?;
        let is_builtin = !is_global && builtin.is_some_and(|b| b.is(&found));
        Ok(if is_builtin { Meaning::Builtin } else { Meaning::Object })
    }
}
