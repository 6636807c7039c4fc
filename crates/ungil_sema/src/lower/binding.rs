//! Binding of a call's arguments to the parameters of a compiled function.
//!
//! As CPython binds them, with its messages and in its order: keywords first, then too many positional arguments,
//! then missing ones. Source: `initialize_locals` in CPython's `Python/ceval.c`.

use std::sync::Arc;

use ungil_diag::span::Span;
use ungil_syntax::ast::parameter::Parameter;

use crate::diagnostics::calls::CallError;
use crate::diagnostics::{Error, Result, plural};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::function::Code;
use crate::operand::Operand;
use crate::prelude;
use crate::resolve::scopes::default_variable;
use crate::world::GuardPlace;

/// A function and the place of its call, for messages.
struct Callee<'c> {
    code: &'c Code,
    span: Span,
}

impl Callee<'_> {
    /// `message` follows the function's name.
    fn error(&self, message: &str) -> Error {
        let name = &self.code.name;
        let names: Vec<String> = self.code.params.iter().map(|p| p.name.name.to_string()).collect();
        let signature = format!("{name}({})", names.join(", "));
        let message = format!("{name}() {message}");
        let own = prelude::owns(self.code.id.kernel);
        let definition = (!own).then_some(self.code.span);
        CallError::Binding { message, span: self.span, definition, signature }.into()
    }

    fn missing(&self, kind: &str, names: &[String]) -> Error {
        let list = match names {
            [one] => one.clone(),
            [one, two] => format!("{one} and {two}"),
            [most @ .., last] => format!("{}, and {last}", most.join(", ")),
            [] => String::new(),
        };
        self.error(&format!("missing {}: {list}", plural(names.len(), &format!("required {kind} argument"))))
    }

    /// Refuses keywords that name no parameter, or one that takes none or has a value.
    fn check_keywords(&self, args: &Args, positional: &[&Parameter]) -> Result<()> {
        let params = &self.code.params;
        for (name, _) in &args.keywords {
            let at = positional.iter().position(|p| *p.name.name == **name);
            if at.is_some_and(|k| k < params.posonly.len()) {
                let message = "got some positional-only arguments passed as keyword arguments";
                return Err(self.error(&format!("{message}: '{name}'")));
            }
            if at.is_some_and(|k| k < args.positional.len()) {
                return Err(self.error(&format!("got multiple values for argument '{name}'")));
            }
            if at.is_none() && !params.kwonly.iter().any(|p| *p.name.name == **name) {
                return Err(self.error(&format!("got an unexpected keyword argument '{name}'")));
            }
        }
        Ok(())
    }

    fn check_count(&self, args: &Args, positional: &[&Parameter]) -> Result<()> {
        let (most, given) = (positional.len(), args.positional.len());
        if given <= most || self.code.params.vararg.is_some() {
            return Ok(());
        }
        let least = positional.iter().filter(|p| p.default.is_none()).count();
        let takes = if least < most {
            format!("from {least} to {most} positional arguments")
        } else {
            plural(most, "positional argument")
        };
        let was = if given == 1 { "was" } else { "were" };
        Err(self.error(&format!("takes {takes} but {given} {was} given")))
    }
}

impl Lowerer<'_, '_> {
    /// Arguments in the order of the parameters; those of `*args` are one tuple.
    pub(crate) fn bind_call(&mut self, code: &Arc<Code>, mut args: Args, span: Span) -> Result<Vec<Operand>> {
        let params = code.params.clone();
        let callee = Callee { code, span };
        let positional: Vec<&Parameter> = params.posonly.iter().chain(&params.regular).collect();
        callee.check_keywords(&args, &positional)?;
        callee.check_count(&args, &positional)?;
        let rest = args.positional.split_off(args.positional.len().min(positional.len()));
        let mut supplied = std::mem::take(&mut args.positional).into_iter();
        let mut bound = Vec::new();
        let mut missing = Vec::new();
        for p in &positional {
            let value = match supplied.next().or_else(|| args.take(&p.name.name)) {
                Some(value) => Some(value),
                None => self.default(code, p, span)?,
            };
            match value {
                Some(value) => bound.push(value),
                None => missing.push(format!("'{}'", p.name.name)),
            }
        }
        if !missing.is_empty() {
            return Err(callee.missing("positional", &missing));
        }
        if params.vararg.is_some() {
            bound.push(Operand::tuple(rest, span));
        }
        for p in &params.kwonly {
            let value = match args.take(&p.name.name) {
                Some(value) => Some(value),
                None => self.default(code, p, span)?,
            };
            match value {
                Some(value) => bound.push(value),
                None => missing.push(format!("'{}'", p.name.name)),
            }
        }
        if !missing.is_empty() {
            return Err(callee.missing("keyword-only", &missing));
        }
        Ok(bound)
    }

    /// The default value of a parameter.
    fn default(&mut self, code: &Arc<Code>, p: &Parameter, span: Span) -> Result<Option<Operand>> {
        if p.default.is_none() {
            return Ok(None);
        }
        if code.id.nested.is_some() {
            let owner = code.scopes.funcs[&code.id.nested].parent.ok_or(Error::Untyped)?;
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
