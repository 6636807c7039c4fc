//! `print`.

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::operand::Operand;
use crate::ty::Ty;
use ungil_ir::inst::{InstKind, PrintPart};

impl Lowerer<'_, '_> {
    /// `print(*values)`: the parts of one line, which the runtime separates by spaces.
    pub(crate) fn print(&mut self, mut args: Args) -> Result<Operand> {
        args.take("flush");
        for (name, default) in [("sep", " "), ("end", "\n")] {
            if let Some(given) = args.take(name)
                && !given.is_none()
                && given.as_str() != Some(default)
            {
                return Err(crate::diagnostics::calls::CallError::UnsupportedArgument {
                    function: "print".to_owned(),
                    parameter: name.to_owned(),
                    span: given.span,
                    note: "a kernel prints whole lines with spaces between the values".to_owned(),
                }
                .into());
            }
        }
        let mut parts = Vec::new();
        for value in &args.positional {
            self.print_parts(value, &mut parts)?;
        }
        if let Some((name, value)) = args.keywords.first() {
            return Err(crate::diagnostics::calls::CallError::UnsupportedArgument {
                function: "print".to_owned(),
                parameter: name.clone(),
                span: value.span,
                note: "expected values only".to_owned(),
            }
            .into());
        }
        self.b().push(InstKind::Print(parts));
        Ok(Operand::none(args.span))
    }

    fn print_parts(&mut self, value: &Operand, parts: &mut Vec<PrintPart>) -> Result<()> {
        match &value.ty {
            Ty::None => parts.push(PrintPart::None),
            Ty::Str(text) => parts.push(PrintPart::Text(text.to_string())),
            Ty::Tuple(_) => {
                parts.push(PrintPart::TupleOpen);
                for item in self.items(value) {
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
