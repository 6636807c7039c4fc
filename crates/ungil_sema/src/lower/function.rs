//! Functions: their code, parameters and results.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::span::{SourceId, Span};
use ungil_ir::entities::Value;
use ungil_ir::function::{Attributes, Function, Inline, Origin};
use ungil_ir::inst::{InstKind, Loc};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::parameter::Parameters;

use crate::cython::{CFunction, Declared};
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::enumeration::as_member;
use crate::lower::program::Program;
use crate::lower::vars::Slot;
use crate::lower::{Flow, Lowerer};
use crate::operand::Operand;
use crate::options::{ErrorModel, Options};
use crate::prelude;
use crate::resolve::scopes::{Body, Captured, Scopes};
use crate::ty::{CodeId, Ty};
use crate::world::{Global, KernelCode, KernelId, KernelSource};

/// The code of a kernel or of a function nested in one.
pub struct Code {
    pub id: CodeId,
    pub name: Arc<str>,
    pub span: Span,
    pub file: String,
    pub source: SourceId,
    /// Line of the file that is line 1 in IR locations.
    pub first_line: u32,
    pub params: Arc<Parameters>,
    pub body: Arc<Body>,
    pub scopes: Arc<Scopes>,
    pub captures: Vec<Captured>,
    /// Default values of a kernel's parameters.
    pub defaults: Vec<(String, Global)>,
    /// `None`: those of the kernel that is compiled.
    pub options: Option<Options>,
}

impl Code {
    /// A kernel's code and that of all functions nested in it.
    pub fn all(kernel: KernelId, source: &KernelSource) -> Vec<Code> {
        let (params, body, span) = match &source.code {
            KernelCode::Function(f) => (&f.params, Body::Block(f.body.clone()), f.name.span),
            KernelCode::Lambda { params, body } => (params, Body::Expr(body.clone()), body.span),
        };
        let scopes = Arc::new(Scopes::compute(&source.name, span, params, body));
        let make = |(key, scope): (&Option<u32>, &crate::resolve::scopes::Scope)| Code {
            id: CodeId { kernel, nested: *key },
            name: scope.name.clone(),
            span: scope.span,
            file: source.file.clone(),
            source: source.source,
            first_line: source.first_line,
            params: scope.params.clone(),
            body: scope.body.clone(),
            scopes: scopes.clone(),
            captures: scope.captures.clone(),
            defaults: if key.is_none() { source.defaults.clone() } else { Vec::new() },
            options: source.options.clone(),
        };
        scopes.funcs.iter().map(make).collect()
    }

    /// Names of the parameters, then of the captured variables.
    pub fn param_names(&self) -> Vec<String> {
        let own = self.params.iter().map(|p| p.name.name.to_string());
        own.chain(self.captures.iter().map(|c| c.0.to_string())).collect()
    }
}

impl<'p, 'w> Lowerer<'p, 'w> {
    /// Lowers an instance in this round. Diagnostics go to the program.
    pub(crate) fn lower_instance(program: &'p mut Program<'w>, instance: usize) -> Function {
        let this = &program.instances[instance];
        let (code, webs, args) = (this.code.clone(), this.webs.clone(), this.args.clone());
        let ret = this.ret.as_ref().map_or_else(Type::unit, Ty::ir);
        let types: Vec<Type> = args.iter().map(Ty::ir).collect();
        let mut func = Function::new(&code.name, &types, ret);
        func.origin = Origin { file: code.file.clone(), first_line: code.first_line };
        let own = code.options.clone().filter(|_| instance != 0);
        let mut options = own.unwrap_or_else(|| program.options.clone());
        if instance != 0 && code.options.is_none() && options.c.is_some() {
            // Plain functions that a function of the Cython language calls are Python's, with Python's integers.
            let of_objects = CFunction { takes_objects: true, keeps_types: true, ..CFunction::default() };
            options.c = (!prelude::owns(code.id.kernel)).then(|| Arc::new(of_objects));
            options.error_model = ErrorModel::Default;
        }
        program.gives_up |= options.c.as_ref().is_some_and(|c| c.gives_up);
        func.attributes = Attributes {
            fastmath: options.fastmath,
            inline: if prelude::is_elementwise(code.id.kernel) { Inline::Always } else { options.inline },
            simd: options.simd,
            recursive: false,
            in_registers: false,
        };
        let slots = vec![Slot::default(); webs.list.len()];
        let region = func.body;
        let mut l = Lowerer {
            program,
            instance,
            code,
            options,
            func,
            region,
            loc: Loc { line: 1, col: 1 },
            webs,
            slots,
            captures: HashMap::new(),
            loops: Vec::new(),
            handlers: Vec::new(),
            leaving: Vec::new(),
            tuples: HashMap::new(),
            ones: HashSet::new(),
            const_structs: HashSet::new(),
            data_views: Default::default(),
            unit_axes: HashMap::new(),
            roots: HashMap::new(),
            temporaries: HashSet::new(),
            held_rows: HashSet::new(),
            fortran_views: HashSet::new(),
            deferred_names: HashMap::new(),
            generators: HashMap::new(),
            collecting: HashMap::new(),
            own_lists: None,
            wide: HashMap::new(),
            copies: false,
            memory: HashMap::new(),
            private: HashSet::new(),
            frame_rows: HashMap::new(),
            team: None,
            depth: 0,
            untyped: false,
        };
        let result = l.body(&args);
        l.report(result);
        l.func
    }

    fn body(&mut self, args: &[Ty]) -> Result<()> {
        self.init_flags();
        self.init_memory()?;
        self.init_data()?;
        self.bind_parameters(args)?;
        match &*self.code.body.clone() {
            Body::Expr(e) => {
                let value = match self.lower_expr(e) {
                    Err(Error::Never) => {
                        self.never_reached();
                        return Ok(());
                    }
                    value => value?,
                };
                self.return_operand(&value, e.span)
            }
            Body::Block(stmts) => {
                let falls = self.block(stmts) == Flow::Falls;
                // While types are missing the end may only seem to be reached.
                if falls && (self.program.settled || !self.untyped) {
                    let span = self.code.span;
                    self.return_operand(&Operand::none(span), span)?;
                }
                if !falls && self.program.instances[self.instance].ret.is_none() {
                    self.never_returns()?;
                }
                Ok(())
            }
        }
    }

    /// A function of C whose every way ends in an exception has the result that it declares, as its callers expect.
    fn never_returns(&mut self) -> Result<()> {
        let declared = self.c_function().and_then(|c| c.ret.clone());
        if matches!(declared, Some(Declared::Scalar { .. } | Declared::Bint)) {
            let span = self.code.span;
            // Only its type is wanted: nothing leads to the region.
            let (_, result) = self.nested(|l| l.return_operand(&Operand::none(span), span));
            result?;
        }
        Ok(())
    }

    fn bind_parameters(&mut self, args: &[Ty]) -> Result<()> {
        let params = self.code.params.clone();
        if let Some(kwarg) = &params.kwarg {
            let help = "name the parameters one by one";
            return Err(Unsupported::Parameter { what: "`**` parameters are", span: kwarg.span, help }.into());
        }
        let values = self.func.params.clone();
        let mut next = 0;
        for p in params.iter() {
            let mut operand = operand_of(&args[next], values[next], p.name.span);
            if self.instance == 0 && is_untyped_list(&operand.ty) {
                operand = self.empty_parameter(operand, next)?;
            }
            self.roots
                .insert(values[next], crate::lower::array::lazy::Root { array: values[next], fresh: false });
            next += 1;
            let operand = match &p.annotation {
                Some(annotation) if self.declared(&p.name.name).is_none() => {
                    self.annotated(&p.name.name, annotation, operand)?
                }
                _ => operand,
            };
            let operand = self.as_variable(&p.name.name, &operand, p.name.span)?;
            if self.write_memory(&p.name.name, &operand, p.name.span)? {
                continue;
            }
            if let Some(web) = self.webs.param(&p.name.name) {
                self.define_web(web, &operand, p.name.span)?;
            }
        }
        let span = self.code.span;
        for captured in self.code.captures.clone() {
            let operand = operand_of(&args[next], values[next], span);
            next += 1;
            self.captures.insert(captured, operand);
        }
        Ok(())
    }

    /// A returned value as the function declares it, and as Python takes it.
    fn c_returned(&mut self, value: &Operand, span: Span) -> Result<Operand> {
        let Some(c) = self.c_function().filter(|_| self.code.id.nested.is_none()) else {
            return Ok(value.clone());
        };
        let ends = value.is_none() && span == self.code.span;
        let value = match &c.ret {
            // The end of a C function that returns a number gives zero.
            Some(Declared::Scalar { .. } | Declared::Bint) if ends => Operand::int(0, span),
            _ => value.clone(),
        };
        let value = match &c.ret {
            Some(declared) => self.as_declared(declared, &value, span)?,
            None => value,
        };
        if self.instance != 0 {
            return Ok(value);
        }
        let result = self.cython_result(&value)?;
        match &c.ret {
            Some(Declared::Scalar { name, .. }) if name.starts_with("enum ") => Ok(as_member(name, result)),
            _ => Ok(result),
        }
    }

    /// A struct as the words that travel; the caller makes a struct of them.
    fn struct_returned(&mut self, value: &Operand) -> Result<Operand> {
        let Ty::CStruct(s) = value.ty.clone() else { return Ok(value.clone()) };
        if !self.is_c() {
            return Ok(value.clone());
        }
        self.program.instances[self.instance].ret_struct = Some(s.clone());
        self.struct_words(value, &s)
    }

    /// `return value`.
    pub(crate) fn return_operand(&mut self, value: &Operand, span: Span) -> Result<()> {
        let value = self.returned(value, span)?;
        self.b().push(InstKind::Return(value));
        Ok(())
    }

    /// The value that a `return` gives; its type is joined into the function's.
    pub(crate) fn returned(&mut self, value: &Operand, span: Span) -> Result<Option<Value>> {
        self.check_storable(value)?;
        let value = &self.c_returned(value, span)?;
        let value = &self.escaping(value)?;
        let value = &self.struct_returned(value)?;
        if let Some(value) = self.one_of(value, span)? {
            return Ok(Some(self.value(&value)?));
        }
        let old = self.program.instances[self.instance].ret.clone();
        let Some(ty) = self.program.widen_result(self.instance, &value.ty) else {
            let (old, new) = (old.expect("joining needs two types"), value.ty.clone());
            if new == Ty::None && span == self.code.span {
                return Err(TypeError::MixedReturn { ty: old, span }.into());
            }
            return Err(TypeError::Return { old, new, span }.into());
        };
        let larger = Ty::Scalar(DType::I64);
        let wider = if self.is_too_large(value, &ty) {
            self.program.widen_result(self.instance, &larger)
        } else {
            None
        };
        let ty = wider.unwrap_or(ty);
        let value = self.convert(value, &ty)?;
        Ok(if ty.ir().is_unit() { None } else { Some(self.value(&value)?) })
    }

    /// Moves an error in a function of the prelude to the user's call.
    fn at_the_call(&self, d: &mut Diagnostic) {
        let instance = &self.program.instances[self.instance];
        let primary = d.labels.iter().position(|l| l.primary).unwrap_or(0);
        d.labels = d.labels.drain(..).skip(primary).take(1).collect();
        for label in &mut d.labels {
            label.span = instance.called_at;
        }
        let args: Vec<String> = instance.args.iter().map(Ty::to_string).collect();
        d.notes.push(format!("in `{}({})`", self.code.name, args.join(", ")));
        d.help.clear();
    }

    /// Takes an error to the user; types that are not known yet are no errors.
    pub(crate) fn report<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(Error::Untyped | Error::Never) => {
                self.untyped = true;
                None
            }
            Err(Error::Report(mut d)) => {
                if prelude::owns(self.code.id.kernel) {
                    self.at_the_call(&mut d);
                }
                self.program.diagnostics.push(*d);
                None
            }
        }
    }
}

fn operand_of(ty: &Ty, value: ungil_ir::entities::Value, span: Span) -> Operand {
    if is_known(ty) { Operand::known(ty, span) } else { Operand::value(ty.clone(), value, span) }
}

/// Whether a type says its values: those of constants and of tuples of them.
fn is_known(ty: &Ty) -> bool {
    ty.is_compile_time() || matches!(ty, Ty::Tuple(items) if items.iter().all(is_known))
}

/// Whether a type is that of an empty list among the arguments of a kernel, or of a list of such lists.
pub(crate) fn is_untyped_list(ty: &Ty) -> bool {
    matches!(ty, Ty::List(list) if list.element.as_ref().is_none_or(is_untyped_list) && list.made.is_empty())
}
