//! `raise` and the messages of exceptions.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::inst::{InstKind, MessageArg, Raise};
use ungil_syntax::ast::expr::{Expr, ExprKind, StringPart};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::BinaryOp;

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
            if let Some((format, values)) = formatted(e) {
                self.formatted_message(format, values, e.span, &mut text, &mut args)?;
                return Ok((text, args));
            }
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

    /// `"…" % values`, with `%d %i %u %s %r` of numbers, which read as they do in braces.
    fn formatted_message(
        &mut self,
        format: &str,
        values: &[Expr],
        span: Span,
        text: &mut String,
        args: &mut Vec<MessageArg>,
    ) -> Result<()> {
        let refused = |what: &str| Unsupported::Format { span, what: format!("{what} is") };
        let mut values = values.iter();
        let mut parts = format.split('%');
        text.push_str(&escaped(parts.next().unwrap_or_default()));
        while let Some(part) = parts.next() {
            if part.is_empty() {
                // Behind `%%` comes text.
                let literal = parts.next().ok_or_else(|| refused("an incomplete format"))?;
                text.push_str(&escaped(&format!("%{literal}")));
                continue;
            }
            let value = values.next().ok_or_else(|| refused("a format with more places than values"))?;
            let operand = self.lower_expr(value)?;
            let is_int = operand.ty.is_integral();
            match (part.chars().next(), operand.as_str()) {
                (Some('s'), Some(s)) => text.push_str(&escaped(s)),
                (Some('d' | 'i' | 'u'), None) if is_int => self.argument(&operand, text, args)?,
                (Some('s' | 'r'), None) => self.argument(&operand, text, args)?,
                _ => return Err(refused(&format!("the format `%{part}`")).into()),
            }
            text.push_str(&escaped(&part[1..]));
        }
        match values.next() {
            None => Ok(()),
            Some(_) => Err(refused("a format with fewer places than values").into()),
        }
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

/// The format and the values of `"…" % value` and `"…" % (value, …)`.
fn formatted(e: &Expr) -> Option<(&str, &[Expr])> {
    let ExprKind::Binary { left, op: BinaryOp::Mod, right } = &e.kind else { return None };
    let ExprKind::Literal(Literal::Str(format)) = &left.kind else { return None };
    let values = match &right.kind {
        ExprKind::Tuple(items) => &items[..],
        _ => std::slice::from_ref(&**right),
    };
    Some((format.as_str()?, values))
}

fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}
