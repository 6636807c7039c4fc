//! A function as a whole: parameters, variables, the ways out.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use ungil_ir::entities::{FuncId, Inst, Label, Region, Value, Var};
use ungil_ir::function::{ExternData, Function, Module, Origin};
use ungil_ir::inst::{InstKind, Loc};
use ungil_ir::types::{DType, Type};
use ungil_syntax::visit::contains_yield;

use super::c_call::word_of;
use super::convert::declared;
use super::entries::Entry;
use super::kernel::{Kernel, add_kernels};
use super::lock::Lock;
use super::loops::Frame;
use super::memory::taken;
use super::store::assigned;
use super::temp::frame_type;
use super::value::{CTy, Cell, Local, Obj, Val};
use super::view::{View, asks_for_bases, is_view};
use super::{Constant, Objects, Refusal, Result, Source, refuse};
use crate::cython::{CFunction, Declared};

/// Lowers one function.
pub struct Lowerer<'a> {
    pub(super) source: &'a Source<'a>,
    pub(super) func: Function,
    pub(super) region: Region,
    /// Line within the function, and in the file.
    pub(super) line: u32,
    pub(super) file_line: u32,
    pub(super) first_line: u32,
    pub(super) table: Value,
    pub(super) constants: Vec<Constant>,
    /// Kernels that become part of the module.
    pub(super) kernels: Vec<Arc<Kernel>>,
    /// Variables by name; those of comprehensions are inner.
    pub(super) scopes: Vec<HashMap<String, Local>>,
    pub(super) globals: HashSet<String>,
    /// Variables that own objects.
    pub(super) owners: Vec<Var>,
    pub(super) temps: Vec<Var>,
    pub(super) free: Vec<Var>,
    /// Where errors go, innermost last.
    pub(super) handlers: Vec<Label>,
    pub(super) frames: Vec<Frame>,
    pub(super) line_var: Var,
    pub(super) result: Var,
    pub(super) done: Label,
    pub(super) scratch_address: Value,
    pub(super) scratch_size: u32,
    pub(super) slots_address: Value,
    pub(super) slots: u32,
    pub(super) ret: Option<Option<CTy>>,
    /// Whether a name may be bound again while an expression is computed.
    pub(super) rebinds: bool,
    /// Directives, which blocks change.
    pub(super) c: CFunction,
    /// Parameters that are memoryviews.
    pub(super) views: HashMap<String, View>,
    /// Own variables that functions inside share.
    pub(super) cells: HashSet<String>,
    /// Own variables that classes and generators inside share.
    pub(super) seen_by_python: HashSet<String>,
    /// Whether memoryviews are asked for their `base`.
    pub(super) bases: bool,
    /// Variables whose address is taken.
    pub(super) taken: HashSet<String>,
    pub(super) lock: Lock,
    /// Whether the comprehension that is lowered next is a generator expression that a builtin consumes.
    pub(super) is_consumed: bool,
    /// For each scope of a comprehension, whether it is such a one: its variables have no declared types.
    pub(super) consumed: Vec<bool>,
    /// Of a function that is called without Python: where its result goes.
    pub(super) result_address: Value,
}

pub(super) fn lower(source: &Source<'_>) -> Result<Objects> {
    let def = source.def;
    if def.is_async || !def.type_params.is_empty() || contains_yield(&def.body) {
        return refuse("a coroutine or generator");
    }
    let mut func = Function::new(&def.name.name, &[Type::I64, Type::I64, Type::I64], Type::I64);
    let first_line = (source.line)(def.name.span.lo);
    func.origin = Origin { file: source.file.clone(), first_line };
    func.attributes.recursive = true;
    func.attributes.in_registers = true;
    let (args, table, closure) = (func.params[0], func.params[1], func.params[2]);
    let (line_var, result) = (func.new_var("line", Type::I64), func.new_var("result", Type::I64));
    let (done, fail) = (func.new_label(), func.new_label());
    let region = func.body;
    let (scratch, scratch_address) = frame_words(&mut func, region);
    let (slots, slots_address) = frame_words(&mut func, region);
    let ret = match &source.c.ret {
        None => None,
        Some(Declared::Void) => Some(None),
        Some(other) => Some(Some(declared(other)?)),
    };
    let mut l = Lowerer {
        source,
        func,
        region,
        line: 1,
        file_line: first_line,
        first_line,
        table,
        constants: Vec::new(),
        kernels: Vec::new(),
        scopes: vec![HashMap::new()],
        globals: HashSet::new(),
        owners: Vec::new(),
        temps: Vec::new(),
        free: Vec::new(),
        handlers: vec![fail],
        frames: Vec::new(),
        line_var,
        result,
        done,
        scratch_address,
        scratch_size: 1,
        slots_address,
        slots: 0,
        ret,
        rebinds: false,
        c: CFunction { vars: Default::default(), types: Default::default(), ..source.c.clone() },
        cells: HashSet::new(),
        views: HashMap::new(),
        seen_by_python: HashSet::new(),
        bases: asks_for_bases(&def.body),
        taken: taken(&def.body),
        result_address: closure,
        lock: Lock::default(),
        is_consumed: false,
        consumed: Vec::new(),
    };
    if let Err(Refusal(why)) = l.whole((args, closure), done, fail) {
        return Err(Refusal(format!("{why} (line {})", l.file_line)));
    }
    let (scratch_size, slot_count) = (l.scratch_size, l.slots.max(1));
    l.func.inst_mut(scratch).kind = InstKind::StackArray(scratch_size);
    l.func.inst_mut(slots).kind = InstKind::StackArray(slot_count);
    let externs = Entry::ALL.iter().map(|e| ExternData {
        name: format!("object.{}", e.name()),
        count: e.count().filter(|_| source.counts_in_place),
    });
    let externs = externs.collect();
    let mut module = Module { functions: vec![l.func], entry: Some(FuncId(0)), externs, ..Module::default() };
    let externs = add_kernels(&mut module, &l.kernels);
    Ok(Objects { module, constants: l.constants, externs })
}

/// Words in the frame, whose number is set later, and their address.
fn frame_words(func: &mut Function, region: Region) -> (Inst, Value) {
    let inst = func.make_inst(InstKind::StackArray(1), Some(frame_type()), Loc { line: 1, col: 1 });
    func.regions[region.index()].push(inst);
    let array = func.inst(inst).result.expect("it has a result");
    let address = func
        .append(region, InstKind::Address(array), Some(Type::I64), Loc { line: 1, col: 1 })
        .expect("an address is a value");
    (inst, address)
}

impl Lowerer<'_> {
    fn whole(&mut self, (args, closure): (Value, Value), done: Label, fail: Label) -> Result<()> {
        self.forever(done, |l| {
            l.forever(fail, |l| {
                l.parameters(args, closure)?;
                let def = l.source.def;
                if l.block(&def.body)? {
                    l.default_result()?;
                    let done = l.done;
                    l.b().push(InstKind::Break(done));
                }
                Ok(())
            })?;
            l.failed();
            Ok(())
        })?;
        for var in self.temps.clone().into_iter().chain(self.owners.clone()) {
            let value = self.b().get(var);
            self.call(Entry::ReleaseMaybe, &[value]);
        }
        let result = self.result;
        let value = self.b().get(result);
        self.b().push(InstKind::Return(Some(value)));
        Ok(())
    }

    /// Behind the errors of the whole function.
    fn failed(&mut self) {
        let (table, line_var, result, done) = (self.table, self.line_var, self.result, self.done);
        let line = self.b().get(line_var);
        self.call(Entry::Traceback, &[table, line]);
        let (old, zero) = (self.b().get(result), self.word(0));
        self.b().set(result, zero);
        if self.gives_object() {
            self.call(Entry::ReleaseMaybe, &[old]);
        }
        self.b().push(InstKind::Break(done));
    }

    /// Whether the result is a reference: it is a status where callers get words of C.
    fn gives_object(&self) -> bool {
        !self.source.is_direct || self.ret.is_none()
    }

    /// Makes a value the result.
    fn set_result(&mut self, value: Val) -> Result<()> {
        let result = self.result;
        if self.gives_object() {
            let obj = self.object(value)?;
            let value = self.own(obj);
            // A `finally` that failed may have left one.
            let old = self.b().get(result);
            self.b().set(result, value);
            self.call(Entry::ReleaseMaybe, &[old]);
            return Ok(());
        }
        if let (Val::C(value, _), Some(Some(ty))) = (&value, self.ret.clone()) {
            let (to, value) = (self.result_address, *value);
            if ty.is_aggregate() {
                self.copy(to, value, ty.ctype().size().unwrap_or(0));
            } else {
                let dtype = word_of(&ty);
                let value = self.b().cast(value, dtype);
                self.poke(to, value, dtype);
            }
        }
        let one = self.word(1);
        self.b().set(result, one);
        Ok(())
    }

    /// The result of a function whose end is reached.
    fn default_result(&mut self) -> Result<()> {
        let value = match self.ret.clone() {
            Some(Some(ty)) if ty.is_aggregate() => {
                let address = self.frame_memory(&ty.ctype())?;
                for at in 0..ty.ctype().size().unwrap_or(0).div_ceil(8) {
                    let (place, zero) = (self.offset(address, 8 * at), self.word(0));
                    self.poke(place, zero, DType::I64);
                }
                Val::C(address, ty)
            }
            Some(Some(ty)) => {
                let zero = self.word(0);
                let zero = self.b().cast(zero, ty.dtype());
                Val::C(zero, ty)
            }
            _ => Val::Obj(self.none()),
        };
        self.set_result(value)
    }

    fn parameters(&mut self, args: Value, closure: Value) -> Result<()> {
        let def = self.source.def;
        let mut names = assigned(&def.body)?;
        names.bound.retain(|n| !self.source.free.iter().any(|(free, _)| free == n));
        self.globals.clone_from(&names.globals);
        self.rebinds = names.rebinds;
        let params: Vec<String> = def.params.iter().map(|p| p.name.name.to_string()).collect();
        self.cells = self.captured(&params, &names)?;
        self.free_variables(closure)?;
        self.module_views();
        // As the caller orders them: `*args` before keyword-only ones, which is the source's order.
        for (i, name) in params.iter().enumerate() {
            let value = self.argument(args, i, name);
            self.parameter(name, value, names.bound.contains(name))?;
        }
        let rest: BTreeSet<String> = names.bound.iter().chain(self.source.c.vars.keys()).cloned().collect();
        let mut untyped = Vec::new();
        for name in rest {
            if params.contains(&name) || self.globals.contains(&name) {
                continue;
            }
            match self.source.c.vars.contains_key(&name) || self.cells.contains(&name) {
                true => self.declare(&name)?,
                false => untyped.push(name),
            }
        }
        // What one is may follow from another.
        loop {
            let before = untyped.len();
            for name in core::mem::take(&mut untyped) {
                let Some(ty) = self.inferred(&name) else {
                    untyped.push(name);
                    continue;
                };
                let local = self.new_local(&name, Some(ty))?;
                self.scopes[0].insert(name, local);
            }
            if untyped.len() == before {
                return untyped.iter().try_for_each(|name| self.declare(name));
            }
        }
    }

    /// The word of an argument, as the number that it is where the caller passes one.
    fn argument(&mut self, args: Value, i: usize, name: &str) -> Value {
        let ty = self.source.c.vars.get(name).filter(|ty| !is_view(ty) && self.source.is_direct);
        match ty.and_then(|ty| declared(ty).ok()) {
            Some(ty) => {
                let value = self.load_as(args, i, word_of(&ty));
                self.b().cast(value, ty.dtype())
            }
            None => self.load(args, i),
        }
    }

    /// Variables of functions around this one.
    fn free_variables(&mut self, closure: Value) -> Result<()> {
        for (i, (name, ty)) in self.source.free.iter().enumerate() {
            let cell = self.load(closure, i);
            let var = self.func.new_var(name, Type::I64);
            self.b().set(var, cell);
            let ty = match ty {
                Some(ty) if is_view(ty) => {
                    self.free_view(name, ty, var)?;
                    continue;
                }
                Some(ty) => Some(declared(ty)?),
                None => None,
            };
            if let Some(ty) = ty.clone().filter(|ty| self.is_shared_memory(name, Some(ty))) {
                self.free_shared(name, ty, var)?;
                continue;
            }
            let local =
                Local { var, ty, is_borrowed: true, is_bound: false, cell: Some(Cell::Free), memory: None };
            self.scopes[0].insert(name.clone(), local);
        }
        Ok(())
    }

    /// A variable that functions inside share, with its first value or 0.
    fn new_cell(&mut self, name: &str, ty: Option<CTy>, value: Value) {
        let local = self.cell(name, ty, value);
        self.scopes[0].insert(name.to_owned(), local);
    }

    /// A variable of a comprehension that functions inside share: as in Python each run of the comprehension has its own.
    pub(super) fn comprehension_cell(&mut self, name: &str) -> Local {
        let zero = self.word(0);
        self.cell(name, None, zero)
    }

    fn cell(&mut self, name: &str, ty: Option<CTy>, value: Value) -> Local {
        let cell = self.call(Entry::NewCell, &[value]);
        let var = self.func.new_var(name, Type::I64);
        self.owners.push(var);
        // That of a comprehension may be left from a run of it that failed.
        let old = self.b().get(var);
        self.b().set(var, cell);
        self.call(Entry::ReleaseMaybe, &[old]);
        let failed = self.is_zero(cell);
        self.fail_if(failed);
        Local { var, ty, is_borrowed: false, is_bound: false, cell: Some(Cell::Own), memory: None }
    }

    fn parameter(&mut self, name: &str, value: Value, is_assigned: bool) -> Result<()> {
        if let Some(ty) = self.source.c.vars.get(name).filter(|ty| is_view(ty)) {
            return self.view_parameter(name, ty, value);
        }
        if let Some(class) = self.source.c.classes.get(name) {
            let not_none = self.source.c.not_none.contains(name);
            let name = self.name(name);
            self.check_class(value, class, not_none, name);
        }
        if self.cells.contains(name) {
            let ty = match self.source.c.vars.get(name) {
                Some(ty) => Some(declared(ty)?),
                None => None,
            };
            let Some(ty) = ty else {
                self.new_cell(name, None, value);
                return Ok(());
            };
            let given = if self.source.is_direct {
                Val::C(value, ty.clone())
            } else {
                Val::Obj(Obj { value, temp: None })
            };
            if self.is_shared_memory(name, Some(&ty)) {
                self.new_shared(name, ty)?;
                return self.store_name(name, given);
            }
            let number = self.number(given, &ty)?;
            let obj = self.object(Val::C(number, ty.clone()))?;
            self.new_cell(name, Some(ty), obj.value);
            self.drop_obj(obj);
            return Ok(());
        }
        if let Some(ty) = self.source.c.vars.get(name) {
            let ty = declared(ty)?;
            let value = if self.source.is_direct {
                Val::C(value, ty.clone())
            } else {
                Val::Obj(Obj { value, temp: None })
            };
            let local = self.new_local(name, Some(ty))?;
            self.scopes[0].insert(name.to_owned(), local);
            return self.store_name(name, value);
        }
        let var = self.func.new_var(name, Type::I64);
        if is_assigned {
            self.call(Entry::Retain, &[value]);
            self.owners.push(var);
        }
        self.b().set(var, value);
        let local = Local {
            var,
            ty: None,
            is_borrowed: !is_assigned,
            is_bound: !is_assigned,
            cell: None,
            memory: None,
        };
        self.scopes[0].insert(name.to_owned(), local);
        Ok(())
    }

    /// A variable of the function.
    pub(super) fn declare(&mut self, name: &str) -> Result<()> {
        if let Some(ty) = self.source.c.vars.get(name).filter(|ty| is_view(ty)) {
            return self.view_variable(name, ty);
        }
        let ty = match self.source.c.vars.get(name) {
            Some(ty) => Some(declared(ty)?),
            None => None,
        };
        if self.cells.contains(name) {
            if let Some(ty) = ty.clone().filter(|ty| self.is_shared_memory(name, Some(ty))) {
                return self.new_shared(name, ty);
            }
            let zero = self.word(0);
            self.new_cell(name, ty, zero);
            return Ok(());
        }
        let local = self.new_local(name, ty)?;
        self.scopes[0].insert(name.to_owned(), local);
        Ok(())
    }

    pub(super) fn new_local(&mut self, name: &str, ty: Option<CTy>) -> Result<Local> {
        let in_memory = match &ty {
            Some(ty) => ty.is_aggregate() || self.taken.contains(name),
            None => false,
        };
        let memory = match &ty {
            Some(ty) if in_memory => Some(self.frame_memory(&ty.ctype())?),
            _ => None,
        };
        let var = self.func.new_var(name, ty.as_ref().map_or(Type::I64, |t| Type::Scalar(t.dtype())));
        if ty.is_none() {
            self.owners.push(var);
        }
        Ok(Local { var, is_bound: ty.is_some(), ty, is_borrowed: false, cell: None, memory })
    }

    pub(super) fn local(&self, name: &str) -> Option<Local> {
        self.scopes.iter().rev().find_map(|scope| scope.get(name)).cloned()
    }

    /// Leaves the function with a value.
    pub(super) fn leave_with(&mut self, value: Val) -> Result<()> {
        let value = match self.ret.clone() {
            Some(Some(ty)) => {
                let value = self.number(value, &ty)?;
                Val::C(value, ty)
            }
            Some(None) => {
                if let Val::Obj(obj) = value {
                    self.drop_obj(obj);
                }
                Val::Obj(self.none())
            }
            None => value,
        };
        let done = self.done;
        self.set_result(value)?;
        if self.unwind(0)? {
            self.b().push(InstKind::Break(done));
        }
        Ok(())
    }

    /// A name of C in messages.
    pub(super) fn text(&mut self, text: &Arc<str>) -> Value {
        self.name(text)
    }
}
