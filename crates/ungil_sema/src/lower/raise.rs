//! `raise` and the messages of exceptions.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{InstKind, MessageArg, Raise};
use ungil_syntax::ast::expr::{Expr, ExprKind, StringPart};

use crate::diagnostics::Result;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::{Flow, Lowerer};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `raise exc`.
    pub(crate) fn raise(&mut self, exc: Option<&Expr>, cause: Option<&Expr>, span: Span) -> Result<Flow> {
        let Some(exc) = exc else {
            if self.reraise() {
                return Ok(Flow::Ends);
            }
            return Err(Unsupported::RaiseTarget { span }.into());
        };
        if let Some(cause) = cause
            && !self.lower_expr(cause)?.is_none()
        {
            let help = "raise without `from`";
            return Err(Unsupported::Statement { what: "`raise … from …` is", span, help }.into());
        }
        let (class, args) = match &exc.kind {
            ExprKind::Call(call) => (&call.func, &call.args[..]),
            _ => (exc, &[][..]),
        };
        let Ty::Exception(class) = self.lower_expr(class)?.ty else {
            return Err(Unsupported::RaiseTarget { span: exc.span }.into());
        };
        if args.len() > 1 {
            let what = "several arguments of an exception are".to_owned();
            return Err(Unsupported::Format { span: exc.span, what }.into());
        }
        let raise = self.exception(class, args.first())?;
        self.set_span(span);
        self.b().push(InstKind::Raise(Box::new(raise)));
        Ok(Flow::Ends)
    }

    /// An exception with an optional message.
    pub(crate) fn exception(&mut self, class: ExcClass, message: Option<&Expr>) -> Result<Raise> {
        let Some(message) = message else { return Ok(Raise { class, message: None, args: Vec::new() }) };
        let (text, args) = self.message(message)?;
        Ok(Raise { class, message: Some(text), args })
    }

    /// A message template and its arguments. Braces in the text are doubled.
    fn message(&mut self, e: &Expr) -> Result<(String, Vec<MessageArg>)> {
        let (mut text, mut args) = (String::new(), Vec::new());
        let ExprKind::FString(parts) = &e.kind else {
            let operand = self.lower_expr(e)?;
            match operand.as_str() {
                Some(s) => text.push_str(&escaped(s)),
                None => self.argument(&operand, &mut text, &mut args)?,
            }
            return Ok((text, args));
        };
        for part in parts {
            match part {
                StringPart::Literal { text: literal, .. } => {
                    text.push_str(&escaped(literal.as_str().unwrap_or("")))
                }
                StringPart::Interpolation(i) => {
                    if i.conversion.is_some() || i.format.is_some() || i.debug.is_some() {
                        let what = "a conversion or format is".to_owned();
                        return Err(Unsupported::Format { span: i.span, what }.into());
                    }
                    let operand = self.lower_expr(&i.value)?;
                    match operand.as_str() {
                        Some(s) => text.push_str(&escaped(s)),
                        None => self.argument(&operand, &mut text, &mut args)?,
                    }
                }
            }
        }
        Ok((text, args))
    }

    fn argument(
        &mut self,
        operand: &crate::operand::Operand,
        text: &mut String,
        args: &mut Vec<MessageArg>,
    ) -> Result<()> {
        if !operand.ty.is_scalar() || args.len() >= ungil_abi::context::MAX_ERROR_ARGS {
            let what = format!("`{}` in a message is", operand.ty);
            return Err(Unsupported::Format { span: operand.span, what }.into());
        }
        text.push_str(&format!("{{{}}}", args.len()));
        let weak = operand.ty.is_weak();
        args.push((self.value(operand)?, weak));
        Ok(())
    }
}

fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
