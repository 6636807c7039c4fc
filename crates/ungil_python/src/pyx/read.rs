//! Reading of modules, as Python calls it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString};
use ungil_diag::diagnostic::{Diagnostics, Severity};
use ungil_diag::source::{SourceFile, SourceMap};
use ungil_driver::pyx::{Function, Plan, Types, read, reading};
use ungil_ir::types::{DType, Layout};
use ungil_sema::c_text::parse_c_text;
use ungil_sema::ctype::{CType, element_name};
use ungil_sema::cython::Declared;
use ungil_syntax::directive::{self, Setting};

use crate::errors;

/// Beginnings of types that are neither numbers nor views.
const CONSTRUCTED: &[&str] = &["struct ", "union ", "packed ", "fn("];

/// What a part of a tuple of C is declared as. Messages call numbers what C calls them.
fn member(text: &str) -> Option<Declared> {
    Some(match declared(text, text)? {
        Declared::Scalar { dtype, .. } => Declared::Scalar { dtype, name: Arc::from(element_name(dtype)) },
        other => other,
    })
}

/// The declaration that a type's text stands for; `None` for objects.
pub fn declared(text: &str, c_name: &str) -> Option<Declared> {
    if text.starts_with('(') {
        let types: Option<Vec<Declared>> = split(text).iter().map(|part| member(part)).collect();
        return types.map(Declared::Tuple);
    }
    if let Some(rest) = text.strip_prefix("view ") {
        return view_of_others(rest, c_name);
    }
    if text.starts_with(['*', '[', '@']) || CONSTRUCTED.iter().any(|word| text.starts_with(word)) {
        let ty = parse_c_text(text)?;
        return Some(Declared::C { ty, name: Arc::from(c_name) });
    }
    let (text, is_buffer) = match text.strip_prefix("buffer ") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let c_name = if is_buffer { c_name.strip_prefix("object ").unwrap_or(c_name) } else { c_name };
    let (text, is_const) = match text.strip_prefix("const ") {
        Some(rest) => (rest, true),
        None => (text, is_buffer),
    };
    match text {
        "bint" => return Some(Declared::Bint),
        "void" => return Some(Declared::Void),
        _ => {}
    }
    let Some((element, axes)) = text.split_once('[') else {
        return DType::from_name(text).map(|dtype| Declared::Scalar { dtype, name: Arc::from(c_name) });
    };
    let (ndim, layout) = shape_of(axes.trim_end_matches(']'));
    let dtype = DType::from_name(element)?;
    Some(Declared::View { dtype, ndim, layout, is_const, name: Arc::from(c_name) })
}

/// Number of axes and layout of a view's axes: `:, ::1`.
fn shape_of(axes: &str) -> (u8, Option<Layout>) {
    let axes: Vec<&str> = axes.split(", ").collect();
    let layout = match (axes.first(), axes.last()) {
        (_, Some(&"::1")) => Some(Layout::C),
        (Some(&"::1"), _) => Some(Layout::F),
        _ => None,
    };
    (axes.len() as u8, layout)
}

/// A view of structs or objects: `const :, ::1|struct P{…}`.
fn view_of_others(text: &str, c_name: &str) -> Option<Declared> {
    let (text, is_const) = match text.strip_prefix("const ") {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let (axes, element) = text.split_once('|')?;
    let (ndim, layout) = shape_of(axes);
    if element == "object" {
        return Some(Declared::Objects { ndim, layout });
    }
    let CType::Struct(element) = parse_c_text(element)? else { return None };
    // A buffer goes by the name of its class.
    let name = if c_name == "numpy.ndarray" { element.name.clone() } else { Arc::from(c_name) };
    Some(Declared::Structs { element, ndim, layout, is_const, name })
}

/// The types in a tuple's text.
fn split(text: &str) -> Vec<&str> {
    let inner = text.strip_prefix('(').and_then(|t| t.strip_suffix(')')).unwrap_or(text);
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '(' | '{' | '[' => depth += 1,
            ')' | '}' | ']' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(inner[from..at].trim());
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(inner[from..].trim());
    parts
}

/// Reads a module in the Cython language. `types` are texts and C's names of the types that it cimports. `chosen` tells which
/// alternatives of fused types are meant. Without it only errors of syntax are raised: a first reading finds what the
/// module cimports. `around` are names that the module has without binding them, so that others are errors, unless `*` is
/// among them; without `around` a text is not looked at as closely. `data` are variables in memory of C that are declared elsewhere,
/// with their types, and `constants` numbers that are known. `cdivision` is that directive where the text does not say,
/// `annotates` whether annotations are types there.
#[pyfunction]
#[pyo3(signature = (text, file, is_pxd, level, types, chosen, around = None, cdivision = false, annotates = true, data = None, constants = None))]
#[expect(clippy::too_many_arguments, reason = "Python calls it, and says what each is")]
pub fn pyx_read<'py>(
    py: Python<'py>,
    text: &str,
    file: &str,
    is_pxd: bool,
    level: &str,
    types: HashMap<String, (String, String)>,
    chosen: Option<HashMap<String, usize>>,
    around: Option<HashSet<String>>,
    cdivision: bool,
    annotates: bool,
    data: Option<HashMap<String, (String, String)>>,
    constants: Option<HashMap<String, i64>>,
) -> PyResult<Bound<'py, PyDict>> {
    let mut known = Types::default();
    for (name, (text, c_name)) in &types {
        known.add(name, text, c_name);
    }
    for (name, (text, c_name)) in data.iter().flatten() {
        known.add_data(name, text, c_name);
    }
    for (name, value) in constants.iter().flatten() {
        known.set_constant(name, *value);
    }
    let check = chosen.is_some();
    known.choose(chosen.unwrap_or_default());
    if let Some(names) = around {
        known.surround(names);
    }
    if cdivision {
        known.divide_as_c();
    }
    let mut sources = SourceMap::new();
    let id = sources.add(SourceFile::new(file, text));
    let source = SourceFile::new(file, text);
    let (plan, diagnostics) = read(&source, id, reading(level, is_pxd), &known, annotates);
    let relevant: Diagnostics = diagnostics
        .iter()
        .filter(|d| check || (d.severity == Severity::Error && !plan.is_read))
        .cloned()
        .collect();
    if relevant.has_errors() {
        return Err(errors::compile_error(py, &relevant, &sources));
    }
    describe(py, &plan)
}

fn describe<'py>(py: Python<'py>, plan: &Plan) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    result.set_item("text", &plan.text)?;
    result.set_item("is_level_two", plan.is_level_two)?;
    result.set_item("includes", &plan.includes)?;
    result.set_item("variables", &plan.variables)?;
    let data: Vec<_> =
        plan.data.iter().map(|(n, t)| (n.as_str(), t.text.as_str(), t.name.as_str())).collect();
    result.set_item("data", data)?;
    let promised: Vec<_> = plan.promised.iter().map(|f| (f.name.as_str(), f.text.as_deref())).collect();
    result.set_item("promised", promised)?;
    let externs: Vec<_> = plan
        .externs
        .iter()
        .map(|e| (e.name.as_str(), e.cname.as_str(), e.text.as_str(), e.header.as_str(), e.line))
        .collect();
    result.set_item("externs", externs)?;
    let structs: Vec<_> = plan
        .extern_structs
        .iter()
        .map(|s| {
            (s.name.as_str(), s.spelling.as_str(), s.keyword.as_str(), s.members.clone(), s.header.as_str())
        })
        .collect();
    result.set_item("extern_structs", structs)?;
    result.set_item("c_code", &plan.c_code)?;
    for (name, list) in [("functions", &plan.functions), ("methods", &plan.methods)] {
        let functions = PyList::empty(py);
        for f in list {
            functions.append(function(py, f)?)?;
        }
        result.set_item(name, functions)?;
    }
    let cimports: Vec<_> = plan
        .cimports
        .iter()
        .map(|c| (c.module.as_str(), c.level, c.name.as_deref(), c.asname.as_str(), c.line))
        .collect();
    result.set_item("cimports", cimports)?;
    let constants: Vec<_> = plan
        .constants
        .iter()
        .map(|c| (c.name.as_str(), c.value.as_deref(), c.is_public, c.class.as_deref()))
        .collect();
    result.set_item("constants", constants)?;
    let types = PyDict::new(py);
    for (name, known) in plan.types.iter() {
        types.set_item(name, (&known.text, &known.name))?;
    }
    result.set_item("types", types)?;
    let directives = PyDict::new(py);
    for (name, value) in &plan.directives {
        directives.set_item(name, setting(py, value)?)?;
    }
    result.set_item("directives", directives)?;
    Ok(result)
}

fn function<'py>(py: Python<'py>, f: &Function) -> PyResult<Bound<'py, PyDict>> {
    let result = PyDict::new(py);
    result.set_item("name", &f.name)?;
    result.set_item("line", f.line)?;
    result.set_item("signature", (&f.signature.c, &f.signature.python))?;
    result.set_item("kind", f.kind)?;
    result.set_item("releases_gil", f.releases_gil)?;
    result.set_item("gives_up", f.gives_up)?;
    result.set_item("takes_gil", f.takes_gil)?;
    result.set_item("declares_inside", f.declares_inside)?;
    result.set_item("overflowing", &f.overflowing)?;
    result.set_item("classes", &f.classes)?;
    result.set_item("is_plain", f.is_plain)?;
    result.set_item("fused", &f.fused)?;
    let fused: Vec<_> = f.params.iter().map(|p| p.fused.as_deref()).collect();
    result.set_item("fused_params", fused)?;
    let params: Vec<_> = f
        .params
        .iter()
        .map(|p| (p.name.as_str(), p.ty.as_ref().map(|t| (t.text.as_str(), t.name.as_str())), p.not_none))
        .collect();
    result.set_item("params", params)?;
    let locals: Vec<_> =
        f.locals.iter().map(|(name, t)| (name.as_str(), (t.text.as_str(), t.name.as_str()))).collect();
    result.set_item("locals", locals)?;
    result.set_item("ret", f.ret.as_ref().map(|t| (t.text.as_str(), t.name.as_str())))?;
    let inner = PyList::empty(py);
    for f in &f.inner {
        inner.append(function(py, f)?)?;
    }
    result.set_item("inner", inner)?;
    let directives = PyList::empty(py);
    for directive in &f.directives {
        let value = directive.value.as_ref().map(|value| setting(py, value)).transpose()?;
        directives.append((directive.name, value))?;
    }
    result.set_item("directives", directives)?;
    Ok(result)
}

/// The value of a directive from its text; an error says what is known or expected.
#[pyfunction]
pub fn pyx_directive<'py>(py: Python<'py>, name: &str, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let Some(known) = directive::known(name) else {
        let help = directive::suggestion(name);
        return Err(PyValueError::new_err(format!("unknown compiler directive '{name}': {help}")));
    };
    let value = directive::setting(known, text).map_err(|_| {
        let expected = directive::expected(known).replace('`', "");
        PyValueError::new_err(format!("compiler directive '{known}' must be {expected}, not {text}"))
    })?;
    setting(py, &value)
}

/// What a directive is set to, as Python has it.
fn setting<'py>(py: Python<'py>, value: &Setting) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Setting::Bool(value) => Ok(PyBool::new(py, *value).to_owned().into_any()),
        Setting::Text(text) => Ok(PyString::new(py, text).into_any()),
    }
}
