//! Formulas by their text, with what has been compiled for them.
//!
//! A formula is read once. For kinds of its variables it has a tree in stages, for the form of its operands (types,
//! contiguity, number of axes) a kernel. All of it is kept until the formula falls out of the cache.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, RwLock};

use pyo3::prelude::*;
use pyo3::types::PyString;
use ungil_diag::diagnostic::Diagnostics;
use ungil_driver::compiled::Compiled;
use ungil_driver::options::KernelOptions;
use ungil_driver::session::CompileFailure;
use ungil_sema::evaluate::error::Error;
use ungil_sema::evaluate::formula::{Formula, Optimization, shortened};
use ungil_sema::evaluate::kind::Kind;
use ungil_sema::evaluate::lower::{self, Access, Form};
use ungil_sema::evaluate::stages::{self, Stage, Staged};
use ungil_sema::evaluate::tree::Node;
use ungil_sema::lower::Lowered;
use ungil_sema::ty::Ty;

use crate::evaluate::list::List;
use crate::{errors, fork, specialise};

/// Formulas that are kept.
const MOST_FORMULAS: usize = 1024;

/// A part of a formula that one kernel computes.
pub struct Part {
    pub root: Arc<Node>,
    /// Variables and stages that it reads, by number.
    pub uses: Vec<usize>,
    /// Estimated nanoseconds for an element.
    pub cost: f64,
    kernels: List<Kernel>,
}

/// A kernel and what it was compiled for.
pub struct Kernel {
    pub form: Form,
    pub compiled: Arc<Compiled>,
}

/// A formula for certain kinds of its variables.
pub struct Typed {
    kinds: Box<[Kind]>,
    /// The whole formula.
    pub tree: Arc<Node>,
    pub staged: Staged,
    /// What each reduction and each loop of its own computes, in the order of the stages; `None` for other stages.
    pub operands: Vec<Option<Part>>,
    pub root: Part,
}

/// A formula that has been read.
pub struct CachedFormula {
    pub formula: Formula,
    pub optimization: Optimization,
    /// Interned.
    pub names: Vec<Py<PyString>>,
    typed: List<Typed>,
}

type Key = (Box<str>, Optimization);

#[derive(Default)]
struct Cache {
    formulas: HashMap<Key, Arc<CachedFormula>>,
    /// Oldest first.
    order: VecDeque<Key>,
}

static CACHE: std::sync::LazyLock<RwLock<Cache>> = std::sync::LazyLock::new(RwLock::default);

/// The formula with this text, read now if it is new.
pub fn formula(
    py: Python<'_>,
    text: &str,
    optimization: Optimization,
    sanitize: impl FnOnce() -> bool,
) -> PyResult<Arc<CachedFormula>> {
    let key = (text.into(), optimization);
    // The lock is never held while Python runs.
    if let Some(found) = CACHE.read().ok().and_then(|cache| cache.formulas.get(&key).cloned()) {
        return Ok(found);
    }
    let formula = read(py, text, optimization, sanitize())?;
    if let Ok(mut cache) = CACHE.write() {
        let mut dropped = None;
        if cache.order.len() >= MOST_FORMULAS {
            dropped = cache.order.pop_front().and_then(|oldest| cache.formulas.remove(&oldest));
        }
        cache.order.push_back(key.clone());
        cache.formulas.insert(key, formula.clone());
        drop(cache);
        drop(dropped);
    }
    Ok(formula)
}

/// A formula by the identity of its text, which is held.
type Recent = Option<(Py<PyString>, Optimization, Arc<CachedFormula>)>;

thread_local! {
    /// Formulas that this thread has asked for, by the address of the text: a literal in a loop is the same object.
    static RECENT: RefCell<[Recent; RECENT_SLOTS]> = const { RefCell::new([const { None }; RECENT_SLOTS]) };
}
const RECENT_SLOTS: usize = 16;

/// The formula that a string object holds.
pub fn formula_of(
    py: Python<'_>,
    text: &Bound<'_, PyString>,
    optimization: Optimization,
    sanitize: impl FnOnce() -> bool,
) -> PyResult<Arc<CachedFormula>> {
    let slot = (text.as_ptr() as usize >> 4) % RECENT_SLOTS;
    let known = RECENT.with_borrow(|recent| match &recent[slot] {
        Some((object, with, formula)) if object.is(text) && *with == optimization => Some(formula.clone()),
        _ => None,
    });
    if let Some(known) = known {
        return Ok(known);
    }
    let formula = formula(py, text.to_str()?, optimization, sanitize)?;
    let entry = Some((text.clone().unbind(), optimization, formula.clone()));
    // What was there is dropped after the borrow: dropping a reference may run Python code.
    let old = RECENT.with_borrow_mut(|recent| std::mem::replace(&mut recent[slot], entry));
    drop(old);
    Ok(formula)
}

/// Reads a formula.
pub fn read(
    py: Python<'_>,
    text: &str,
    optimization: Optimization,
    sanitize: bool,
) -> PyResult<Arc<CachedFormula>> {
    match Formula::parse(text, sanitize) {
        Ok(formula) => {
            let names = formula.names.iter().map(|n| PyString::intern(py, n).unbind()).collect();
            Ok(Arc::new(CachedFormula { formula, optimization, names, typed: List::new() }))
        }
        Err((error, sources)) => {
            let diagnostics: Diagnostics = [*error].into_iter().collect();
            Err(errors::compile_error(py, &diagnostics, &sources))
        }
    }
}

impl CachedFormula {
    /// The Python exception of a refusal.
    pub fn error(&self, py: Python<'_>, error: Error) -> PyErr {
        let error = shortened(error, &self.formula.text);
        let diagnostics: Diagnostics = [*error].into_iter().collect();
        errors::compile_error(py, &diagnostics, &self.formula.sources)
    }

    /// The formula for kinds of its variables.
    pub fn typed(&self, py: Python<'_>, kinds: &[Kind]) -> PyResult<&Typed> {
        if let Some(typed) = self.typed.find(|typed| *typed.kinds == *kinds) {
            return Ok(typed);
        }
        let tree = self.formula.tree(kinds, self.optimization).map_err(|e| self.error(py, e))?;
        let staged = stages::split(&tree, kinds.len()).map_err(|e| self.error(py, e))?;
        let operand = |stage: &Stage| match stage {
            Stage::Reduce { arg, .. } | Stage::Elements(arg) => Some(Part::new(arg)),
            Stage::Compare { .. } => None,
        };
        let operands = staged.stages.iter().map(operand).collect();
        let root = Part::new(&staged.root);
        Ok(self.typed.push(Typed { kinds: kinds.into(), tree, staged, operands, root }))
    }

    /// The kernel of a part for a form of its operands.
    pub fn kernel<'p>(&self, py: Python<'_>, part: &'p Part, form: &Form) -> PyResult<&'p Kernel> {
        if let Some(kernel) = part.kernels.find(|kernel| kernel.form == *form) {
            return Ok(kernel);
        }
        let _compiling = fork::begin(py);
        let compiled = py.detach(|| compile(part, form, &self.formula));
        let compiled = compiled.map_err(|failure| match failure {
            CompileFailure::User(diagnostics) => {
                errors::compile_error(py, &diagnostics, &self.formula.sources)
            }
            CompileFailure::Result(_) => unreachable!("a formula is no function for C"),
            CompileFailure::Internal(text) => {
                let text = format!("internal error: {text}");
                errors::plain_error(py, "U0500", &text, Some("please report it with the formula"))
            }
        })?;
        Ok(part.kernels.push(Kernel { form: form.clone(), compiled }))
    }
}

impl Part {
    fn new(root: &Arc<Node>) -> Part {
        let (root, uses) = stages::compact(root);
        let cost = stages::cost(&root);
        Part { root, uses, cost, kernels: List::new() }
    }
}

fn compile(part: &Part, form: &Form, formula: &Formula) -> Result<Arc<Compiled>, CompileFailure> {
    let module = lower::lower(&part.root, form);
    let ty = |operand: &lower::Operand| match (operand.access, operand.ty(form.rows, true).as_array()) {
        (Access::Value, _) | (_, None) => Ty::Scalar(operand.dtype),
        (_, Some(array)) => Ty::Array(array),
    };
    let params = std::iter::once(&form.out).chain(&form.operands).map(ty).collect();
    let lowered = Lowered {
        module,
        params,
        ret: Ty::None,
        guards: Vec::new(),
        remarks: Vec::new(),
        arrays: Vec::new(),
        externs: Vec::new(),
        functions: Vec::new(),
        has_parallel: false,
        gives_up: false,
        unclassified: form.fold.is_some(),
    };
    specialise::session().compile_lowered(lowered, &KernelOptions::default(), &formula.sources)
}
