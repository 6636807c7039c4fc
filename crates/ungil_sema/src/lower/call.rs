//! Calls: of kernels, nested functions and library functions.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_ir::entities::{FuncId, Value};
use ungil_syntax::ast::expr::Call;
use ungil_syntax::ast::parameter::Parameter;

use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::function::Code;
use crate::operand::Operand;
use crate::registry;
use crate::resolve::scopes::default_variable;
use crate::ty::{FuncTy, Ty};
use crate::world::GuardPlace;

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
        let callee = self.lower_expr(&call.func)?;
        let args = self.arguments(call, span)?;
        self.set_span(span);
        self.call_operand(&callee, args, span)
    }

    fn arguments(&mut self, call: &Call, span: Span) -> Result<Args> {
        let positional = self.starred_items(&call.args)?;
        let mut keywords = Vec::new();
        for k in &call.keywords {
            let Some(name) = &k.name else { return Err(CallError::DoubleStar { span: k.span }.into()) };
            keywords.push((name.name.to_string(), self.lower_expr(&k.value)?));
        }
        Ok(Args { positional, keywords, span })
    }

    /// Calls whatever an operand is.
    pub(crate) fn call_operand(&mut self, callee: &Operand, args: Args, span: Span) -> Result<Operand> {
        match &callee.ty {
            Ty::Func(f) => {
                let f = f.clone();
                self.call_function(&f, callee, args, span)
            }
            Ty::Builtin(name) => registry::call(self, &name.clone(), args),
            Ty::Method(receiver, name) => {
                let receiver = Operand { ty: (**receiver).clone(), ..callee.clone() };
                registry::call_method(self, &name.clone(), &receiver, args)
            }
            Ty::DType(d) => {
                let d = *d;
                let value =
                    args.bind(d.name(), &["x"], 0)?.remove(0).unwrap_or_else(|| Operand::int(0, span));
                self.numpy_scalar(&value, d, span)
            }
            ty => Err(TypeError::NotCallable { ty: ty.clone(), span }.into()),
        }
    }

    /// `np.float32(x)`.
    fn numpy_scalar(&mut self, x: &Operand, dtype: ungil_ir::types::DType, span: Span) -> Result<Operand> {
        let x = self.number(x, dtype.name())?;
        if x.ty.dtype().is_some_and(|d| d.is_complex()) && !dtype.is_complex() && dtype.size() > 1 {
            return Err(TypeError::Convert { from: x.ty.clone(), to: dtype.to_string(), span }.into());
        }
        let value = self.cast_to(&x, dtype)?;
        Ok(Operand::value(Ty::Scalar(dtype), value, span))
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
        for v in &values {
            self.check_storable(v)?;
        }
        let types: Vec<Ty> = values.iter().map(|v| v.ty.clone()).collect();
        let instance = self.program.instance(&code, types, span)?;
        let ir_args = values.iter().map(|v| self.value(v)).collect::<Result<Vec<Value>>>()?;
        if self.program.is_recursive(self.instance, instance) {
            self.func.attributes.recursive = true;
        }
        let ret = self.program.instances[instance].ret.clone().ok_or(Error::Untyped)?;
        let value = self.b().call(FuncId(instance as u32), ir_args, ret.ir());
        Ok(if ret.is_compile_time() { Operand::entity(ret, span) } else { Operand::value(ret, value, span) })
    }

    /// Arguments in the order of the parameters, as Python binds them.
    fn bind_call(&mut self, code: &Arc<Code>, mut args: Args, span: Span) -> Result<Vec<Operand>> {
        let params = code.params.clone();
        let name = code.name.to_string();
        let signature = format!(
            "{name}({})",
            params.iter().map(|p| p.name.name.to_string()).collect::<Vec<_>>().join(", ")
        );
        let definition = Some(code.span);
        let error = |message: String| -> Error {
            CallError::Binding { message, span, definition, signature: signature.clone() }.into()
        };
        let positional: Vec<&Parameter> = params.posonly.iter().chain(&params.regular).collect();
        let given = args.positional.len();
        if given > positional.len() && params.vararg.is_none() {
            let most = positional.len();
            return Err(error(format!(
                "{name}() takes {} but {given} {} given",
                crate::diagnostics::plural(most, "positional argument"),
                if given == 1 { "was" } else { "were" }
            )));
        }
        let rest = args.positional.split_off(given.min(positional.len()));
        let mut supplied = args.positional.clone().into_iter();
        let mut bound = Vec::new();
        let mut missing = Vec::new();
        for (k, p) in positional.iter().enumerate() {
            let keyword = if k < params.posonly.len() { None } else { args.take(&p.name.name) };
            let value = match (supplied.next(), keyword) {
                (Some(_), Some(_)) => {
                    return Err(error(format!(
                        "{name}() got multiple values for argument '{}'",
                        p.name.name
                    )));
                }
                (Some(value), None) | (None, Some(value)) => Some(value),
                (None, None) => self.default(code, p, span)?,
            };
            match value {
                Some(value) => bound.push(value),
                None => missing.push(format!("'{}'", p.name.name)),
            }
        }
        if params.vararg.is_some() {
            bound.push(Operand::tuple(rest, span));
        }
        for p in &params.kwonly {
            match args.take(&p.name.name) {
                Some(value) => bound.push(value),
                None => match self.default(code, p, span)? {
                    Some(value) => bound.push(value),
                    None => missing.push(format!("'{}'", p.name.name)),
                },
            }
        }
        if let Some((unexpected, _)) = args.keywords.first() {
            return Err(error(format!("{name}() got an unexpected keyword argument '{unexpected}'")));
        }
        if !missing.is_empty() {
            let what = crate::diagnostics::plural(missing.len(), "required positional argument");
            return Err(error(format!("{name}() missing {what}: {}", missing.join(" and "))));
        }
        Ok(bound)
    }

    /// The default value of a parameter.
    fn default(&mut self, code: &Arc<Code>, p: &Parameter, span: Span) -> Result<Option<Operand>> {
        if p.default.is_none() {
            return Ok(None);
        }
        if code.id.nested.is_some() {
            let owner = code.scopes.funcs[&code.id.nested].parent.expect("a nested function has a parent");
            let captured = (default_variable(p), owner);
            return self.captured_operand(&captured, span).map(Some);
        }
        let found = code.defaults.iter().find(|(n, _)| **n == *p.name.name).map(|(_, g)| g.clone());
        match found {
            Some(global) => {
                let place = GuardPlace::Name(code.id.kernel, format!("{}.{}", code.name, p.name.name));
                let operand = self.global_operand(&global, place.clone(), &p.name.name, span)?;
                // Defaults belong to the function object and cannot be rebound by name.
                self.program.guards.retain(|g| g.place != place);
                Ok(Some(operand))
            }
            None => Ok(None),
        }
    }
}
