//! The functions that are compiled together, and the rounds in which their types settle.
//!
//! An instance is one function for one list of argument types. Instances are made where they are called; rounds of
//! lowering repeat until no variable and no result widens.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use ungil_diag::diagnostic::{Diagnostic, Diagnostics};
use ungil_diag::remark::Remark;
use ungil_diag::source::SourceMap;
use ungil_diag::span::Span;
use ungil_ir::entities::FuncId;
use ungil_ir::function::{ExternData, Function, GlobalArrayData, Module};
use ungil_ir::types::ArrayType;

use crate::ctype::CStruct;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::names::NameError;
use crate::diagnostics::{Error, Result};
use crate::lower::decide::ParameterOracle;
use crate::lower::function::{Code, is_untyped_list};
use crate::lower::lines::annotated_lines;
use crate::lower::list::element::{alike, covers, filled, without_sites};
use crate::lower::{FunctionTypes, Lowered, Lowerer};
use crate::options::Options;
use crate::prelude;
use crate::promote::join;
use crate::resolve::comprehensions::written;
use crate::resolve::webs::{WebId, Webs};
use crate::ty::{CodeId, Ty};
use crate::world::{Global, Guard, GuardPlace, KernelId, ObjectId, World};

/// More instances than this mean a recursion over ever new types.
const MAX_INSTANCES: usize = 200;
const MAX_ROUNDS: usize = 60;

/// One function for one list of argument types.
pub struct Instance {
    pub code: Arc<Code>,
    /// Types of the parameters, then of the captured variables.
    pub args: Vec<Ty>,
    /// Joined over rounds; `None` until some path returns.
    pub ret: Option<Ty>,
    /// The struct whose words it returns.
    pub ret_struct: Option<Arc<CStruct>>,
    pub web_types: Vec<Option<Ty>>,
    /// The result and the webs as this round alone has seen them, so far.
    pub seen_ret: Option<Ty>,
    pub seen_types: Vec<Option<Ty>>,
    /// Webs that values of other types than their own are assigned to, found in this round and in the last one.
    pub mixed: HashSet<WebId>,
    pub was_mixed: HashSet<WebId>,
    pub webs: Rc<Webs>,
    /// Parameters that are lists which it, or what it calls, changes.
    pub changed_lists: BTreeSet<usize>,
    /// The call by a user's function that first led here.
    pub called_at: Span,
}

/// All functions of one compilation.
pub struct Program<'w> {
    pub world: &'w dyn World,
    pub sources: &'w SourceMap,
    pub options: Options,
    pub instances: Vec<Instance>,
    /// Whether a type widened in this round.
    pub changed: bool,
    /// Whether types have settled once: what has none now is never reached.
    pub settled: bool,
    pub guards: Vec<Guard>,
    pub arrays: Vec<(ObjectId, GlobalArrayData)>,
    /// C functions and objects with their addresses.
    pub externs: Vec<(ExternData, u64)>,
    pub diagnostics: Vec<Diagnostic>,
    pub has_parallel: bool,
    /// Whether a function of the Cython language among them gives up the interpreter's lock.
    pub gives_up: bool,
    /// What the user should know of how something was compiled.
    pub remarks: Vec<Remark>,
    /// Whether there are loops whose variables a pass has yet to classify.
    pub unclassified: bool,
    /// Variables of parallel loops, by function instance, that hold lists which iterations share.
    pub shared_lists: HashSet<(usize, WebId)>,
    /// What is put into the lists that expressions make, by function instance and byte.
    pub elements: HashMap<(u32, u32), Ty>,
    /// Those of this round alone, so far.
    pub seen_elements: HashMap<(u32, u32), Ty>,
    /// Types of the objects that lower-case methods of MPI send, by constant tags.
    pub sent: HashMap<Option<i128>, Ty>,
    /// Calls seen, over all rounds.
    calls: HashSet<(usize, usize)>,
    memo: HashMap<(CodeId, Vec<Ty>), usize>,
    codes: HashMap<CodeId, Arc<Code>>,
}

impl<'w> Program<'w> {
    pub(crate) fn new(world: &'w dyn World, sources: &'w SourceMap, options: Options) -> Program<'w> {
        Program {
            world,
            sources,
            options,
            instances: Vec::new(),
            changed: false,
            settled: false,
            guards: Vec::new(),
            arrays: Vec::new(),
            externs: Vec::new(),
            diagnostics: Vec::new(),
            has_parallel: false,
            gives_up: false,
            remarks: Vec::new(),
            unclassified: false,
            shared_lists: HashSet::new(),
            elements: HashMap::new(),
            seen_elements: HashMap::new(),
            sent: HashMap::new(),
            calls: HashSet::new(),
            memo: HashMap::new(),
            codes: HashMap::new(),
        }
    }

    pub(crate) fn lower(mut self, kernel: KernelId, args: &[Ty]) -> (Option<Lowered>, Diagnostics) {
        let mut diagnostics = Diagnostics::new();
        let entry = match self.code(CodeId { kernel, nested: None }, None) {
            Ok(code) => code,
            Err(Error::Report(d)) => {
                diagnostics.push(*d);
                return (None, diagnostics);
            }
            Err(_) => unreachable!("finding the source needs no types"),
        };
        let span = entry.span;
        let first = self.instance(&entry, args.to_vec(), span);
        let functions = match first {
            Ok(_) => self.rounds(),
            Err(Error::Report(d)) => {
                diagnostics.push(*d);
                return (None, diagnostics);
            }
            Err(_) => Vec::new(),
        };
        for d in std::mem::take(&mut self.diagnostics) {
            if !diagnostics.iter().any(|e| *e == d) {
                diagnostics.push(d);
            }
        }
        if diagnostics.has_errors() {
            diagnostics.sort_by_place();
            return (None, diagnostics);
        }
        (Some(self.finish(functions)), diagnostics)
    }

    /// Rounds until nothing widens; then functions without a result type never return, and once more.
    fn rounds(&mut self) -> Vec<Function> {
        let functions = self.settle();
        if self.changed {
            return functions;
        }
        self.settled = true;
        self.settle()
    }

    fn settle(&mut self) -> Vec<Function> {
        let mut functions = Vec::new();
        for _ in 0..MAX_ROUNDS {
            self.changed = false;
            self.diagnostics.clear();
            self.guards.clear();
            self.arrays.clear();
            self.externs.clear();
            self.has_parallel = false;
            self.gives_up = false;
            self.remarks.clear();
            self.unclassified = false;
            self.seen_elements.clear();
            functions.clear();
            for instance in &mut self.instances {
                instance.was_mixed = std::mem::take(&mut instance.mixed);
                instance.seen_ret = None;
                instance.seen_types.fill(None);
            }
            let mut i = 0;
            while i < self.instances.len() {
                functions.push(Lowerer::lower_instance(self, i));
                i += 1;
            }
            if !self.changed {
                return functions;
            }
        }
        let last = self.instances.last().expect("the entry at least");
        let (name, span) = (last.code.name.to_string(), last.called_at);
        self.diagnostics.push(CallError::Unsettled { name, span }.diagnostic());
        functions
    }

    fn finish(self, functions: Vec<Function>) -> Lowered {
        let entry = &self.instances[0];
        let describe = |i: &Instance| FunctionTypes {
            name: i.code.name.to_string(),
            kernel: i.code.id.kernel,
            file: i.code.file.clone(),
            lines: annotated_lines(i, self.sources),
            params: i.code.param_names().into_iter().zip(i.args.iter().cloned()).collect(),
            ret: i.ret.clone().unwrap_or(Ty::None),
            variables: i
                .webs
                .list
                .iter()
                .zip(&i.web_types)
                .filter_map(|(w, t)| Some((written(&w.name).to_owned(), w.span, t.clone()?)))
                .collect(),
        };
        let (objects, arrays) = self.arrays.iter().cloned().unzip();
        let (names, addresses) = self.externs.iter().cloned().unzip();
        Lowered {
            params: entry.args.iter().enumerate().map(|(k, ty)| self.parameter(k, ty)).collect(),
            ret: entry.ret.clone().unwrap_or(Ty::None),
            guards: self.guards,
            remarks: self.remarks,
            arrays: objects,
            externs: addresses,
            functions: self
                .instances
                .iter()
                .filter(|i| !prelude::owns(i.code.id.kernel))
                .map(describe)
                .collect(),
            has_parallel: self.has_parallel,
            gives_up: self.gives_up,
            unclassified: self.unclassified,
            module: Module { functions, entry: Some(FuncId(0)), arrays, externs: names },
        }
    }

    /// The type of a parameter: an empty list has the elements that are put into it.
    fn parameter(&self, number: usize, ty: &Ty) -> Ty {
        if is_untyped_list(ty) { without_sites(&filled(ty, &self.elements, number, 0)) } else { ty.clone() }
    }

    /// The code of a function, with its scopes. Nested functions share those of their kernel.
    pub(crate) fn code(&mut self, id: CodeId, used: Option<Span>) -> Result<Arc<Code>> {
        if let Some(code) = self.codes.get(&id) {
            return Ok(code.clone());
        }
        let source = self.world.kernel(id.kernel).map_err(|problem| {
            let span = used.unwrap_or_else(|| Span::new(ungil_diag::span::SourceId(0), 0, 0));
            Error::from(NameError::NoSource { problem, span })
        })?;
        for code in Code::all(id.kernel, &source) {
            self.codes.insert(code.id, Arc::new(code));
        }
        Ok(self.codes[&id].clone())
    }

    /// The instance of a function for these types, made if there is none yet.
    pub(crate) fn instance(&mut self, code: &Arc<Code>, args: Vec<Ty>, span: Span) -> Result<usize> {
        let key = (code.id, args);
        if let Some(i) = self.memo.get(&key) {
            return Ok(*i);
        }
        if self.instances.len() >= MAX_INSTANCES {
            return Err(CallError::TooDeep { name: code.name.to_string(), span }.into());
        }
        let asserts =
            code.options.as_ref().filter(|_| !self.instances.is_empty()).unwrap_or(&self.options).asserts;
        let oracle = ParameterOracle::new(code, &key.1, self.world, asserts);
        let webs = Rc::new(Webs::compute(&code.scopes, code.id.nested, &oracle));
        let web_types = vec![None; webs.list.len()];
        self.instances.push(Instance {
            code: code.clone(),
            args: key.1.clone(),
            ret: None,
            ret_struct: None,
            seen_ret: None,
            seen_types: web_types.clone(),
            web_types,
            mixed: HashSet::new(),
            was_mixed: HashSet::new(),
            webs,
            changed_lists: BTreeSet::new(),
            called_at: span,
        });
        self.memo.insert(key, self.instances.len() - 1);
        self.changed = true;
        Ok(self.instances.len() - 1)
    }

    /// The instance that a call leads to. Where lists are made is no reason for another one in two cases, in which such
    /// reasons would have no end: the instance led to this call, or the call led to it before more lists were known.
    pub(crate) fn called_instance(
        &mut self,
        caller: usize,
        code: &Arc<Code>,
        args: Vec<Ty>,
        span: Span,
    ) -> Result<usize> {
        let known = self.memo.contains_key(&(code.id, args.clone()));
        let fits = |i: &usize| {
            let Instance { code: own, args: old, .. } = &self.instances[*i];
            own.id == code.id
                && old.len() == args.len()
                && args.iter().zip(old).all(|(new, old)| alike(new, old))
        };
        let more = |i: usize| args.iter().zip(&self.instances[i].args).all(|(new, old)| covers(new, old));
        let mut others = 1..self.instances.len();
        let found = others.find(|i| {
            !known && fits(i) && (self.reaches(*i, caller) || self.calls.contains(&(caller, *i)) && more(*i))
        });
        let Some(found) = found else { return self.instance(code, args, span) };
        let old = &self.instances[found].args;
        let joined: Vec<Ty> =
            args.iter().zip(old).map(|(new, old)| join(new, old).expect("they are alike")).collect();
        for key in [args, joined.clone()] {
            self.memo.insert((code.id, key), found);
        }
        if self.instances[found].args != joined {
            self.instances[found].args = joined;
            self.changed = true;
        }
        Ok(found)
    }

    /// Records a call and tells whether the callee may call the caller again.
    pub(crate) fn is_recursive(&mut self, caller: usize, callee: usize) -> bool {
        self.calls.insert((caller, callee));
        self.reaches(callee, caller)
    }

    /// Whether calls lead from an instance to another one or it is the same.
    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut reached = HashSet::from([from]);
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if at == to {
                return true;
            }
            for (_, next) in self.calls.iter().filter(|(from, _)| *from == at) {
                if reached.insert(*next) {
                    open.push(*next);
                }
            }
        }
        false
    }

    /// Joins a type into an instance's result.
    pub(crate) fn widen_result(&mut self, instance: usize, ty: &Ty) -> Option<Ty> {
        let Instance { ret, seen_ret, .. } = &mut self.instances[instance];
        let joined = joined_over_rounds(ret.as_ref(), seen_ret, ty)?;
        self.set_result(instance, &joined);
        Some(joined)
    }

    /// Sets the type of an instance's result.
    pub(crate) fn set_result(&mut self, instance: usize, ty: &Ty) {
        if self.instances[instance].ret.as_ref() != Some(ty) {
            self.instances[instance].ret = Some(ty.clone());
            self.changed = true;
        }
    }

    /// Records that the code relies on a constant.
    pub(crate) fn guard(&mut self, place: GuardPlace, value: &Global) {
        let fixed = match &place {
            GuardPlace::Name(kernel, _) => prelude::owns(*kernel),
            GuardPlace::Attribute(object, _) => prelude::owns_object(*object),
        };
        if fixed {
            return;
        }
        if !self.guards.iter().any(|g| g.place == place) {
            self.guards.push(Guard { place, value: value.clone() });
        }
    }

    /// Number of a C function or object in the module's table.
    pub(crate) fn external(&mut self, name: &str, address: u64) -> u32 {
        if let Some(i) = self.externs.iter().position(|(_, a)| *a == address) {
            return i as u32;
        }
        self.externs.push((ExternData { name: name.to_owned(), count: None }, address));
        self.externs.len() as u32 - 1
    }

    /// Number of an array constant in the module's table.
    pub(crate) fn global_array(&mut self, object: ObjectId, ty: ArrayType, name: &str) -> u32 {
        if let Some(i) = self.arrays.iter().position(|(o, _)| *o == object) {
            return i as u32;
        }
        self.arrays.push((object, GlobalArrayData { name: name.to_owned(), ty }));
        self.arrays.len() as u32 - 1
    }
}

/// A type joined into what earlier rounds have found, and into what this one has seen. Arrays of a type that an earlier
/// round took for narrower than it is have no common type with those of this one, which then replace them.
pub(crate) fn joined_over_rounds(old: Option<&Ty>, seen: &mut Option<Ty>, ty: &Ty) -> Option<Ty> {
    let here = match &*seen {
        None => ty.clone(),
        Some(seen) => join(seen, ty)?,
    };
    let joined = old.and_then(|old| join(old, &here)).unwrap_or_else(|| here.clone());
    *seen = Some(here);
    Some(joined)
}
