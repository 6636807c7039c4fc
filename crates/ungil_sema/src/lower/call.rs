//! Calls: of kernels, nested functions and library functions.

use std::rc::Rc;
use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::types::Type;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};

use crate::ctype::CType;
use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::mpi;
use crate::lower::numpy::methods;
use crate::operand::{Constant, Operand};
use crate::prelude;
use crate::registry;
use crate::ty::{CodeId, ConstTy, FuncTy, Ty};
use crate::world::KernelId;

/// Evaluated arguments of a call.
#[derive(Clone, Debug)]
pub(crate) struct Args {
    pub positional: Vec<Operand>,
    pub keywords: Vec<(String, Operand)>,
    pub span: Span,
}

impl Args {
    /// Takes a keyword argument out.
    pub fn take(&mut self, name: &str) -> Option<Operand> {
        let at = self.keywords.iter().position(|(n, _)| n == name)?;
        Some(self.keywords.remove(at).1)
    }

    /// Refuses keyword arguments that nobody took.
    pub fn check_no_keywords(&self, function: &str) -> Result<()> {
        let Some((name, value)) = self.keywords.first() else { return Ok(()) };
        let (function, parameter) = (function.to_owned(), name.clone());
        let note = "compiled code does not have it".to_owned();
        Err(CallError::UnsupportedArgument { function, parameter, span: value.span, note }.into())
    }

    /// Binds to the parameters of a library function, of which the first `required` must be given.
    pub fn bind(mut self, function: &str, names: &[&str], required: usize) -> Result<Vec<Option<Operand>>> {
        let signature = format!("{function}({})", names.join(", "));
        let error = |message: String| CallError::Binding {
            message,
            span: self.span,
            definition: None,
            signature: signature.clone(),
        };
        if self.positional.len() > names.len() {
            let (most, given) = (names.len(), self.positional.len());
            return Err(error(format!("{function}() takes at most {most} arguments ({given} given)")).into());
        }
        let mut bound: Vec<Option<Operand>> = self.positional.drain(..).map(Some).collect();
        bound.resize(names.len(), None);
        for (name, value) in &self.keywords {
            match names.iter().position(|n| n == name) {
                Some(k) if bound[k].is_none() => bound[k] = Some(value.clone()),
                Some(_) => {
                    return Err(
                        error(format!("{function}() got multiple values for argument '{name}'")).into()
                    );
                }
                None => {
                    return Err(
                        error(format!("{function}() got an unexpected keyword argument '{name}'")).into()
                    );
                }
            }
        }
        if let Some(k) = (0..required).find(|k| bound[*k].is_none()) {
            return Err(error(format!("{function}() missing required argument: '{}'", names[k])).into());
        }
        Ok(bound)
    }
}

impl Lowerer<'_, '_> {
    /// A call expression.
    pub(crate) fn call(&mut self, call: &Call, span: Span) -> Result<Operand> {
        self.hold_rows(call);
        if let Some(answer) = self.none_method(call, span) {
            return Ok(answer);
        }
        let callee = match self.collecting_method(call) {
            Some(method) => method,
            None => self.lower_expr(&call.func)?,
        };
        if let (Ty::Builtin(name), Some(first)) = (&callee.ty, call.args.first())
            && let function @ ("isinstance" | "type") = name.strip_prefix("builtins.").unwrap_or("")
        {
            self.check_one_type(function, first)?;
        }
        if let (Ty::Builtin(name), [only]) = (&callee.ty, call.args.as_slice()) {
            match &**name {
                "cython.addressof" => return self.address_of(only, span),
                "cython.sizeof" => return self.size_of(only, span),
                _ => {}
            }
        }
        if self.is_c()
            && let Some(answer) = self.none_call(call, &callee, span)
        {
            return Ok(answer);
        }
        let lazily = match &callee.ty {
            Ty::Builtin(name) => registry::takes_lazy(name),
            Ty::Ufunc(_) => true,
            _ => false,
        };
        let displays = match &callee.ty {
            Ty::Builtin(name) if &**name == "builtins.tuple" => true,
            Ty::Builtin(name) => {
                name.starts_with("numpy.") && methods::split(name).is_none() || name.starts_with(mpi::PREFIX)
            }
            Ty::Ufunc(_) => true,
            Ty::Method(receiver, name) => {
                matches!(**receiver, Ty::Array(_))
                    || matches!(**receiver, Ty::Mpi(_) | Ty::Pending(_)) && mpi::reads_displays(name)
            }
            _ => false,
        };
        let args = match (&callee.ty, call.args.as_slice()) {
            // A tuple of a comprehension needs no list.
            (Ty::Builtin(name), [Expr { kind: ExprKind::ListComp { element, generators }, span: place }])
                if &**name == "builtins.tuple" =>
            {
                let positional = vec![self.generator(element, generators, *place)?];
                Args { positional, keywords: Vec::new(), span }
            }
            _ => self.arguments(call, lazily, displays, span)?,
        };
        self.set_span(span);
        let library = matches!(callee.ty, Ty::Builtin(_) | Ty::Method(..));
        let before = self.next_value();
        let result = self.call_operand(&callee, args, span)?;
        if library {
            self.note_temporary(&result, before);
        }
        Ok(result)
    }

    /// Evaluates arguments; `lazily`: arrays among them need not be in memory; `displays`: lists that are written out are
    /// read once, as tuples are.
    fn arguments(&mut self, call: &Call, lazily: bool, displays: bool, span: Span) -> Result<Args> {
        let values = || call.args.iter().chain(call.keywords.iter().map(|k| &k.value));
        let starred = call.args.iter().any(|a| matches!(a.kind, ExprKind::Starred(_)));
        let lazily = lazily && !starred && !values().any(|a| self.may_change_arrays(a));
        let positional = if starred {
            self.starred_items(&call.args)?
        } else {
            let args = call.args.iter();
            args.map(|a| self.argument_value(a, lazily, displays)).collect::<Result<Vec<_>>>()?
        };
        let mut keywords = Vec::new();
        for k in &call.keywords {
            let Some(name) = &k.name else { return Err(CallError::DoubleStar { span: k.span }.into()) };
            let value = self.argument_value(&k.value, lazily, displays)?;
            keywords.push((name.name.to_string(), value));
        }
        Ok(Args { positional, keywords, span })
    }

    fn argument_value(&mut self, e: &Expr, lazily: bool, displays: bool) -> Result<Operand> {
        match &e.kind {
            ExprKind::List(_) if displays => self.display(e),
            // Lists in a tuple are read once like it: `axes=([0, 1], [1, 0])`.
            ExprKind::Tuple(items)
                if displays && items.iter().any(|i| matches!(i.kind, ExprKind::List(_))) =>
            {
                let items = items.iter().map(|i| self.display(i)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::tuple(items, e.span))
            }
            _ if lazily => self.lower_lazily(e),
            _ => self.lower_expr(e),
        }
    }

    /// A list that is written out where it is read once, as a tuple; lists in it too.
    pub(crate) fn display(&mut self, e: &Expr) -> Result<Operand> {
        match &e.kind {
            ExprKind::List(items) if !items.iter().any(|i| matches!(i.kind, ExprKind::Starred(_))) => {
                let items = items.iter().map(|i| self.display(i)).collect::<Result<Vec<_>>>()?;
                Ok(Operand::tuple(items, e.span))
            }
            ExprKind::List(items) => self.list_display(items, e.span),
            _ => self.lower_expr(e),
        }
    }

    /// Calls whatever an operand is.
    pub(crate) fn call_operand(&mut self, callee: &Operand, args: Args, span: Span) -> Result<Operand> {
        match &callee.ty {
            Ty::Func(f) => {
                let f = f.clone();
                self.call_function(&f, callee, args, span)
            }
            Ty::Choice(members) => self.call_choice(callee, &members.clone(), &args, span),
            Ty::Builtin(name) => registry::call(self, &name.clone(), args),
            Ty::Ufunc(ufunc) => self.call_ufunc(&ufunc.clone(), args, span),
            Ty::Method(receiver, name) => {
                let receiver = Operand { ty: (**receiver).clone(), ..callee.clone() };
                registry::call_method(self, &name.clone(), &receiver, args)
            }
            Ty::CFunc(f) => self.call_c_function(&f.clone(), args, span),
            Ty::Pointer(to) if matches!(to.to, CType::Function(_)) => {
                self.call_pointer(callee, &to.to.clone(), args, span)
            }
            Ty::Fused(object, _) => {
                let types: Vec<String> = args.positional.iter().map(|a| fused_text(&a.ty)).collect();
                let chosen = self.fused_choice(*object, &types, span)?;
                self.call_operand(&chosen, args, span)
            }
            Ty::CType(ty) => self.call_c_type(&ty.clone(), args),
            Ty::DType(d) => {
                let d = *d;
                let value =
                    args.bind(d.name(), &["x"], 0)?.remove(0).unwrap_or_else(|| Operand::int(0, span));
                if matches!(value.ty, Ty::Array(_) | Ty::Tuple(_) | Ty::List(_)) && !self.is_c() {
                    let array = self.as_array(&value, Some(d), span)?;
                    let alone = array.ty.as_array().is_some_and(|t| t.ndim == 0);
                    return if alone { self.element_of(&array) } else { Ok(array) };
                }
                self.numpy_scalar(&value, d, span)
            }
            ty => Err(TypeError::NotCallable { ty: ty.clone(), span }.into()),
        }
    }

    /// The specialisation of a function with fused types.
    pub(crate) fn fused_choice(
        &mut self,
        object: crate::world::ObjectId,
        types: &[String],
        span: Span,
    ) -> Result<Operand> {
        match self.program.world.specialisation(object, types) {
            Ok(global) => {
                let place = crate::world::GuardPlace::Attribute(object, types.join(","));
                let operand = self.global_operand(&global, place.clone(), "fused", span)?;
                // What a function is specialised to does not change.
                self.program.guards.retain(|g| g.place != place);
                Ok(operand)
            }
            Err(why) => {
                Err(crate::lower::memory::misuse(why, "no alternative fits", "cast the arguments", span))
            }
        }
    }

    /// `np.float32(x)`.
    fn numpy_scalar(&mut self, x: &Operand, dtype: ungil_ir::types::DType, span: Span) -> Result<Operand> {
        let address = match &x.ty {
            Ty::Pointer(_) if self.is_c() => {
                let address = self.pointer_address(x)?;
                Some(Operand::value(Ty::Scalar(ungil_ir::types::DType::I64), address, span))
            }
            _ => None,
        };
        let x = self.number(address.as_ref().unwrap_or(x), dtype.name())?;
        if x.ty.dtype().is_some_and(|d| d.is_complex()) && !dtype.is_complex() && dtype.size() > 1 {
            return Err(TypeError::Convert { from: x.ty.clone(), to: dtype.to_string(), span }.into());
        }
        if self.is_c() {
            return self.cython_cast(&x, dtype, span);
        }
        let value = self.cast_checked(&x, dtype)?;
        Ok(Operand::value(Ty::Scalar(dtype), value, span))
    }

    /// Calls a function of the prelude.
    pub(crate) fn call_prelude(&mut self, kernel: KernelId, args: Args) -> Result<Operand> {
        let span = args.span;
        let code = CodeId { kernel, nested: None };
        let f =
            FuncTy { code, name: prelude::source(kernel).name.as_str().into(), captures: Some(Vec::new()) };
        let f = Arc::new(f);
        let callee = Operand::entity(Ty::Func(f.clone()), span);
        self.call_function(&f, &callee, args, span)
    }

    /// Applies a function of the prelude to the elements of its arguments. Constants and `None` stay as they are.
    pub(crate) fn lift_prelude(&mut self, kernel: KernelId, args: Args) -> Result<Operand> {
        let span = args.span;
        let code = self.program.code(CodeId { kernel, nested: None }, Some(span))?;
        let bound = self.bind_call(&code, args, span)?;
        let names: Vec<String> = code.params.iter().map(|p| p.name.name.to_string()).collect();
        let positional = code.params.posonly.len() + code.params.regular.len();
        let fixed = |k: usize| {
            let p = code.params.iter().nth(k).expect("one for each argument");
            bound[k].ty.is_compile_time() || prelude::is_constant(p)
        };
        let moving: Vec<usize> = (0..bound.len()).filter(|k| !fixed(*k)).collect();
        let operands: Vec<Operand> = moving.iter().map(|k| bound[*k].clone()).collect();
        let operands = operands
            .iter()
            .map(|o| if matches!(o.ty, Ty::Tuple(_)) { self.as_array(o, None, span) } else { Ok(o.clone()) })
            .collect::<Result<Vec<_>>>()?;
        self.lift(
            &operands,
            span,
            Rc::new(move |l, x| {
                let mut all = bound.clone();
                for (k, value) in moving.iter().zip(x) {
                    all[*k] = value.clone();
                }
                let mut keywords = Vec::new();
                for (name, value) in names[positional..].iter().zip(all.split_off(positional)) {
                    keywords.push((name.clone(), value));
                }
                l.call_prelude(kernel, Args { positional: all, keywords, span })
            }),
        )
    }

    fn call_function(
        &mut self,
        f: &Arc<FuncTy>,
        callee: &Operand,
        args: Args,
        span: Span,
    ) -> Result<Operand> {
        let code = self.program.code(f.code, Some(span))?;
        let mut values = self.bind_call(&code, args, span)?;
        match &f.captures {
            Some(types) => {
                let captured = self.items(callee);
                debug_assert_eq!(types.len(), captured.len(), "a closure carries what it captures");
                values.extend(captured);
            }
            None => {
                for c in code.captures.clone() {
                    values.push(self.captured_operand(&c, span)?);
                }
            }
        }
        let is_plain = code.options.is_none() && !prelude::owns(f.code.kernel);
        for v in &mut values {
            self.check_storable(v)?;
            *v = self.escaping(v)?;
            if is_plain && self.is_c() {
                // A plain function is called with objects.
                *v = self.cython_result(v)?;
            }
        }
        if prelude::owns(f.code.kernel) {
            for (p, v) in code.params.iter().zip(&mut values) {
                let is_number = v.constant.is_some() && v.ty.is_scalar();
                if prelude::is_constant(p) || prelude::is_count(p) && is_number {
                    *v = constant_argument(v, &p.name.name, &code.name)?;
                }
            }
        }
        let types: Vec<Ty> = values.iter().map(|v| v.ty.clone()).collect();
        let place = match prelude::owns(self.code.id.kernel) {
            true => self.program.instances[self.instance].called_at,
            false => span,
        };
        let instance = self.program.called_instance(self.instance, &code, types, place)?;
        self.note_changes_by(instance, &values, span)?;
        let ir_args = values.iter().map(|v| self.value(v)).collect::<Result<Vec<Value>>>()?;
        if self.program.is_recursive(self.instance, instance) {
            self.func.attributes.recursive = true;
        }
        let Some(ret) = self.program.instances[instance].ret.clone() else {
            if !self.program.settled {
                return Err(Error::Untyped);
            }
            self.b().call(FuncId(instance as u32), ir_args, Type::unit());
            return Err(Error::Never);
        };
        let value = self.b().call(FuncId(instance as u32), ir_args, ret.ir());
        if ret.is_compile_time() {
            return Ok(Operand::entity(ret, span));
        }
        let result = Operand::value(ret, value, span);
        match self.program.instances[instance].ret_struct.clone() {
            Some(s) => self.struct_of_words(&result, &s),
            None => Ok(result),
        }
    }
}

/// The type of an argument as functions with fused types are told it.
fn fused_text(ty: &Ty) -> String {
    match ty {
        Ty::Array(a) => format!("{}[{}]", a.dtype, a.ndim),
        Ty::Pointer(p) => format!(
            "*{}",
            match &p.to {
                CType::Scalar(d) => d.to_string(),
                other => other.to_string(),
            }
        ),
        Ty::Scalar(d) => d.to_string(),
        other => other.to_string(),
    }
}

/// An argument whose value becomes part of the instance's key.
fn constant_argument(value: &Operand, parameter: &str, function: &str) -> Result<Operand> {
    let entity = |ty| Ok(Operand::entity(ty, value.span));
    match (value.constant, &value.parts, &value.ty) {
        (Some(Constant::Bool(b)), ..) => entity(Ty::Constant(ConstTy::Bool(b))),
        (Some(Constant::Float(x)), ..) => entity(Ty::Constant(ConstTy::Float(x.to_bits()))),
        (Some(Constant::Int(n)), ..) if i64::try_from(n).is_ok() => {
            entity(Ty::Constant(ConstTy::Int(n as i64)))
        }
        (_, Some(parts), Ty::Tuple(_)) => {
            let items = parts.iter().map(|p| constant_argument(p, parameter, function));
            Ok(Operand::tuple(items.collect::<Result<Vec<_>>>()?, value.span))
        }
        (None, _, ty) if ty.is_compile_time() => Ok(value.clone()),
        _ => Err(CallError::UnsupportedArgument {
            function: function.to_owned(),
            parameter: parameter.to_owned(),
            span: value.span,
            note: "it decides types, so it must be a constant".to_owned(),
        }
        .into()),
    }
}
