//! `print`.

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::{IterTy, Ty};
use ungil_diag::span::Span;
use ungil_ir::inst::{InstKind, PrintPart};
use ungil_syntax::ast::expr::{Conversion, StringPart};

impl Lowerer<'_, '_> {
    /// `print(*values, sep=" ", end="\n")`.
    pub(crate) fn print(&mut self, mut args: Args) -> Result<Operand> {
        let sep = constant_text(args.take("sep"), " ")?;
        let end = constant_text(args.take("end"), "\n")?;
        args.take("flush");
        let mut parts = Vec::new();
        for (k, value) in args.positional.iter().enumerate() {
            if k > 0 && !sep.is_empty() {
                parts.push(PrintPart::Text(sep.clone()));
            }
            self.print_parts(value, &mut parts)?;
        }
        if !end.is_empty() {
            parts.push(PrintPart::Text(end));
        }
        if let Some((name, value)) = args.keywords.first() {
            return Err(crate::diagnostics::calls::CallError::UnsupportedArgument {
                function: "print".to_owned(),
                parameter: name.clone(),
                span: value.span,
                note: "expected `sep` or `end`".to_owned(),
            }
            .into());
        }
        self.b().push(InstKind::Print(parts));
        Ok(Operand::none(args.span))
    }

    /// An f-string with fields.
    pub(crate) fn text(&mut self, parts: &[StringPart], span: Span) -> Result<Operand> {
        let mut operands = Vec::new();
        for part in parts {
            match part {
                StringPart::Literal { text, span } => {
                    operands.push(Operand::entity(Ty::Str(text.as_str().unwrap_or("").into()), *span));
                }
                StringPart::Interpolation(field) => {
                    let value = self.lower_expr(&field.value)?;
                    let plain = matches!(field.conversion, None | Some(Conversion::Str));
                    // Python writes `{x=}` with `repr`, which is that of `str` for its own numbers only.
                    let debug = field.debug.is_none() || field.conversion.is_some() || value.ty.is_weak();
                    if !plain || !debug || field.format.is_some() {
                        let what = "a conversion or format is".to_owned();
                        return Err(Unsupported::Format { span: field.span, what }.into());
                    }
                    if let Some(text) = &field.debug {
                        operands.push(Operand::entity(Ty::Str(text.as_str().unwrap_or("").into()), span));
                    }
                    operands.push(value);
                }
            }
        }
        let types = operands.iter().map(|o| o.ty.clone()).collect();
        Ok(Operand::parts(Ty::Iter(IterTy::Text(types).into()), operands, span))
    }

    fn print_parts(&mut self, value: &Operand, parts: &mut Vec<PrintPart>) -> Result<()> {
        match &value.ty {
            Ty::None => parts.push(PrintPart::None),
            Ty::Iter(kind) if matches!(**kind, IterTy::Text(_)) => {
                for part in value.parts.iter().flat_map(|p| p.iter()) {
                    self.print_parts(part, parts)?;
                }
            }
            Ty::Str(text) => parts.push(PrintPart::Text(text.to_string())),
            Ty::Tuple(_) => {
                parts.push(PrintPart::TupleOpen);
                for item in self.items(value) {
                    if matches!(item.ty, Ty::Str(_)) {
                        let what = "a string in a printed tuple is".to_owned();
                        return Err(Unsupported::Format { span: value.span, what }.into());
                    }
                    self.print_parts(&item, parts)?;
                }
                parts.push(PrintPart::TupleClose);
            }
            Ty::Array(_) => parts.push(PrintPart::Value { value: self.value(value)?, weak: false }),
            ty if ty.is_scalar() => {
                let weak = ty.is_weak();
                parts.push(PrintPart::Value { value: self.value(value)?, weak });
            }
            ty => {
                return Err(TypeError::Argument {
                    function: "print".to_owned(),
                    parameter: "*args".to_owned(),
                    expected: "numbers, constant strings, tuples or arrays".to_owned(),
                    found: ty.clone(),
                    span: value.span,
                }
                .into());
            }
        }
        Ok(())
    }
}

fn constant_text(o: Option<Operand>, default: &str) -> Result<String> {
    match o {
        None => Ok(default.to_owned()),
        Some(o) if o.is_none() => Ok(default.to_owned()),
        Some(o) => match o.as_str() {
            Some(text) => Ok(text.to_owned()),
            None => Err(TypeError::IndexConstant { span: o.span, expected: "string" }.into()),
        },
    }
}
