//! Source text of Python functions.
//!
//! The text is taken when the function is decorated, so that a file edited later cannot compile under an old
//! function's name, and before the first compilation it is checked against the function's bytecode. Lambdas on one
//! line are told apart by the positions in their code object. Notebooks, IPython and doctest register their text
//! with `linecache`, which is where it is read.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyModule, PyString, PyTuple};
use ungil_diag::source::SourceFile;
use ungil_driver::excerpt::{Scan, closing, definition_text, first_keyword, indented, keyword_before};
use ungil_sema::world::SourceProblem;

/// The text of one function as it stands in its file.
#[derive(Clone, Debug)]
pub struct Text {
    pub file: String,
    /// Line in the file of the first line of `text`.
    pub first_line: u32,
    /// Without the indentation that all lines share; for a lambda padded to its column.
    pub text: String,
    pub indent: u32,
    pub is_lambda: bool,
}

/// What was found when the function was decorated.
pub type Captured = Result<Text, SourceProblem>;

const REMEDY: &str = "put the function in a file, or pass its text: `ungil.jit(source=\"…\")`";

/// Takes the text of a Python function, from its file or from `given`.
pub fn capture(func: &Bound<'_, PyAny>, given: Option<&str>) -> Captured {
    find(func, given).unwrap_or_else(|error| {
        let name = func.getattr("__qualname__").map(|n| n.to_string()).unwrap_or_default();
        Err(SourceProblem { function: name, reason: error.to_string(), help: Some(REMEDY.to_owned()) })
    })
}

fn find(func: &Bound<'_, PyAny>, given: Option<&str>) -> PyResult<Captured> {
    let py = func.py();
    let code = func.getattr("__code__")?;
    let name: String = func.getattr("__qualname__")?.extract()?;
    let file: String = code.getattr("co_filename")?.extract()?;
    let problem = |reason: &str| SourceProblem {
        function: name.clone(),
        reason: reason.to_owned(),
        help: Some(REMEDY.to_owned()),
    };
    let (first_line, lines) = match given {
        Some(text) => {
            let first: u32 = code.getattr("co_firstlineno")?.extract()?;
            (first, text.split_inclusive('\n').map(str::to_owned).collect())
        }
        None => {
            let first: u32 = code.getattr("co_firstlineno")?.extract()?;
            (first, file_lines(py, &file, &func.getattr("__globals__")?, first)?)
        }
    };
    if lines.is_empty() {
        return Ok(Err(problem(&format!("the source of `{name}` in {file} is not available"))));
    }
    let is_lambda = code.getattr("co_name")?.extract::<String>()? == "<lambda>";
    let text = if let Some(given) = given.filter(|_| is_lambda) {
        first_keyword(given).map(|at| (0, 0, given[at..].trim_end().to_owned()))
    } else if is_lambda {
        lambda_text(&code, &lines, first_line)?
    } else {
        let name: String = code.getattr("co_name")?.extract()?;
        definition_text(&lines, &name, given.is_some())
    };
    Ok(match text {
        Some((skipped, indent, text)) => Ok(Text {
            file,
            first_line: if given.is_some() { first_line } else { first_line + skipped },
            text,
            indent,
            is_lambda,
        }),
        None => Err(problem(&format!("{file} does not define `{name}` on line {first_line}"))),
    })
}

/// The lines of a file from line `first` on, as `linecache` has them.
fn file_lines(py: Python<'_>, file: &str, globals: &Bound<'_, PyAny>, first: u32) -> PyResult<Vec<String>> {
    let linecache = py.import("linecache")?;
    linecache.call_method1("checkcache", (file,))?;
    let lines = linecache.call_method1("getlines", (file, globals))?.cast_into::<PyList>()?;
    let from = (first as usize).saturating_sub(1);
    lines.iter().skip(from).map(|line| line.extract::<String>()).collect()
}

/// The text of the lambda whose code object this is: the last `lambda` before its first instruction, up to its last
/// one and the brackets that are open there.
fn lambda_text(
    code: &Bound<'_, PyAny>,
    lines: &[String],
    first_line: u32,
) -> PyResult<Option<(u32, u32, String)>> {
    let Some((begin, end)) = extent(code)? else { return Ok(None) };
    let Some(first) = lines.first() else { return Ok(None) };
    let limit = if begin.0 == first_line { begin.1 } else { first.len() };
    let Some(start) = keyword_before(first, limit) else { return Ok(None) };
    let last = (end.0 - first_line) as usize;
    if last >= lines.len() {
        return Ok(None);
    }
    let mut text = format!("{}{}", " ".repeat(first[..start].chars().count()), "");
    let mut scan = Scan::default();
    for (i, line) in lines.iter().enumerate() {
        let from = if i == 0 { start } else { 0 };
        let stop =
            if i == last { closing(&line[from..], end.1.saturating_sub(from), &mut scan) } else { None };
        match stop {
            Some(length) => {
                text.push_str(&line[from..from + length]);
                return Ok(Some((0, 0, text)));
            }
            None => {
                if i != last {
                    scan.line(&line[from..], usize::MAX);
                }
                text.push_str(&line[from..]);
                if i >= last && scan.depth <= 0 {
                    return Ok(Some((0, 0, text)));
                }
                if i >= last && i > last + 50 {
                    return Ok(None);
                }
            }
        }
    }
    Ok(Some((0, 0, text)))
}

/// Line and byte column.
type Place = (u32, usize);

/// First and last place of the instructions of a code object and of those nested in it.
fn extent(code: &Bound<'_, PyAny>) -> PyResult<Option<(Place, Place)>> {
    let mut found: Option<(Place, Place)> = None;
    let mut add = |low: Place, high: Place| {
        found = Some(found.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
    };
    for item in code.call_method0("co_positions")?.try_iter()? {
        type Position = (Option<u32>, Option<u32>, Option<usize>, Option<usize>);
        if let (Some(line), Some(end_line), Some(column), Some(end_column)) = item?.extract::<Position>()?
            && end_column > 0
        {
            add((line, column), (end_line, end_column));
        }
    }
    let code_type = code.get_type();
    for constant in code.getattr("co_consts")?.cast_into::<PyTuple>()? {
        if constant.is_instance(&code_type)?
            && let Some((low, high)) = extent(&constant)?
        {
            add(low, high);
        }
    }
    Ok(found)
}

/// Checks that the text gives the function's bytecode.
pub fn verify(func: &Bound<'_, PyAny>, text: &Text) -> Result<(), SourceProblem> {
    match same_code(func, text) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(SourceProblem {
            function: func.getattr("__qualname__").map(|n| n.to_string()).unwrap_or_default(),
            reason: format!(
                "line {} of {} is not what the function was made from",
                text.first_line, text.file
            ),
            help: Some("the file has changed: import the module again".to_owned()),
        }),
    }
}

fn same_code(func: &Bound<'_, PyAny>, text: &Text) -> PyResult<bool> {
    let py = func.py();
    let code = func.getattr("__code__")?;
    if rewritten(&code)? {
        return Ok(true);
    }
    let free: Vec<String> = code.getattr("co_freevars")?.extract()?;
    // One space before each line that is no string's continuation makes it a block: of a function with these cells
    // where there are any, else of the module.
    let body = if text.is_lambda { format!(" ({})\n", text.text.trim_start()) } else { indented(&text.text) };
    let name: String = code.getattr("co_name")?.extract()?;
    let wrapped = if free.is_empty() {
        format!("if 1:\n{body}")
    } else if free.contains(&name) || text.is_lambda {
        format!("def _({}):\n{body}", free.join(", "))
    } else {
        format!("def _({}):\n global {name}\n{body}", free.join(", "))
    };
    let flags: i64 = code.getattr("co_flags")?.extract::<i64>()? & 0x1fe_0000;
    let kwargs = PyDict::new(py);
    kwargs.set_item("flags", flags)?;
    kwargs.set_item("dont_inherit", true)?;
    let compile = py.import("builtins")?.getattr("compile")?;
    let class = class_name(func)?;
    for imports in import_headers(func, &code, &text.text)? {
        for source in [wrapped.clone(), format!("class {class}:\n{}", indented(&wrapped))] {
            let Ok(module) = compile.call((imports.clone() + &source, &text.file, "exec"), Some(&kwargs))
            else {
                continue;
            };
            if contains(&module, &code)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Import statements to put before the function, the likeliest first: CPython compiles `name.f()` in another way
/// when the file imports `name`, also where the function has a variable of that name, which its text alone does not tell.
fn import_headers(func: &Bound<'_, PyAny>, code: &Bound<'_, PyAny>, text: &str) -> PyResult<Vec<String>> {
    let globals = func.getattr("__globals__")?.cast_into::<PyDict>()?;
    let mut names = Vec::new();
    names_in(code, &["co_varnames", "co_cellvars", "co_freevars"], &mut names)?;
    names.retain(|name: &String| matches!(globals.contains(name), Ok(true)));
    names_in(code, &["co_names"], &mut names)?;
    names.retain(|name: &String| text.contains(&format!("{name}.")));
    names.truncate(6);
    let is_module =
        |name: &String| matches!(globals.get_item(name), Ok(Some(v)) if v.is_instance_of::<PyModule>());
    let likeliest = names.iter().enumerate().map(|(i, n)| usize::from(is_module(n)) << i).sum::<usize>();
    let mut sets: Vec<usize> = (0..1 << names.len()).collect();
    sets.sort_by_key(|set| (set ^ likeliest).count_ones());
    let header = |set: usize| {
        let chosen = names.iter().enumerate().filter(|(i, _)| set >> i & 1 == 1);
        chosen.map(|(_, name)| format!("import {name}\n")).collect::<String>()
    };
    Ok(sets.into_iter().map(header).collect())
}

/// Names of some kinds, as globals and attributes, that a code object and those nested in it use.
fn names_in(code: &Bound<'_, PyAny>, kinds: &[&str], names: &mut Vec<String>) -> PyResult<()> {
    for kind in kinds {
        for name in code.getattr(*kind)?.extract::<Vec<String>>()? {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let code_type = code.get_type();
    for constant in code.getattr("co_consts")?.cast_into::<PyTuple>()? {
        if constant.is_instance(&code_type)? {
            names_in(&constant, kinds, names)?;
        }
    }
    Ok(())
}

/// The class that a method is in, by its qualified name; private names depend on it.
fn class_name(func: &Bound<'_, PyAny>) -> PyResult<String> {
    let qualified: String = func.getattr("__qualname__")?.extract()?;
    let class = qualified.rsplit('.').nth(1).filter(|c| *c != "<locals>").unwrap_or("_");
    Ok(class.to_owned())
}

/// Whether pytest has rewritten the function's assertions, which changes its bytecode.
fn rewritten(code: &Bound<'_, PyAny>) -> PyResult<bool> {
    for list in ["co_names", "co_varnames"] {
        for name in code.getattr(list)?.cast_into::<PyTuple>()? {
            if name.cast_into::<PyString>()?.to_string().starts_with("@py") {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether a code object equal to `wanted` is nested in `code`.
fn contains(code: &Bound<'_, PyAny>, wanted: &Bound<'_, PyAny>) -> PyResult<bool> {
    let code_type = code.get_type();
    for constant in code.getattr("co_consts")?.cast_into::<PyTuple>()? {
        if constant.is_instance(&code_type)? && (equal(&constant, wanted)? || contains(&constant, wanted)?) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equal(a: &Bound<'_, PyAny>, b: &Bound<'_, PyAny>) -> PyResult<bool> {
    let parts =
        ["co_name", "co_code", "co_names", "co_varnames", "co_freevars", "co_argcount", "co_kwonlyargcount"];
    for part in parts {
        if !a.getattr(part)?.eq(b.getattr(part)?)? {
            return Ok(false);
        }
    }
    let code_type = a.get_type();
    let (x, y) =
        (a.getattr("co_consts")?.cast_into::<PyTuple>()?, b.getattr("co_consts")?.cast_into::<PyTuple>()?);
    if x.len() != y.len() {
        return Ok(false);
    }
    for (c, d) in x.iter().zip(y.iter()) {
        let same = if c.is_instance(&code_type)? && d.is_instance(&code_type)? {
            equal(&c, &d)?
        } else {
            c.get_type().is(d.get_type()) && c.repr()?.to_string() == d.repr()?.to_string()
        };
        if !same {
            return Ok(false);
        }
    }
    Ok(true)
}

impl Text {
    /// As a file of the diagnostics' source map.
    pub fn source_file(&self) -> SourceFile {
        SourceFile::excerpt(self.file.as_str(), self.text.as_str(), self.first_line, self.indent)
    }
}
