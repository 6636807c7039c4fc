//! Errors about names: undefined, used before assignment, not usable, without source.

use ungil_diag::diagnostic::{Code, Diagnostic};
use ungil_diag::span::Span;

use crate::diagnostics::family;
use crate::ty::Ty;
use crate::world::SourceProblem;

/// An error about a name.
#[derive(Clone, Debug)]
pub enum NameError {
    Undefined { name: String, span: Span, similar: Option<String> },
    Unbound { name: String, span: Span },
    NoModuleAttribute { module: String, attr: String, span: Span },
    NoAttribute { ty: Ty, attr: String, span: Span, similar: Option<String> },
    UnusableGlobal { name: String, type_name: String, span: Span },
    NoSource { problem: SourceProblem, span: Span },
}

family!(NameError);

impl NameError {
    /// The message.
    pub fn diagnostic(self) -> Diagnostic {
        match self {
            NameError::Undefined { name, span, similar } => {
                let d = Diagnostic::error(Code("U0201"), format!("name `{name}` is not defined"))
                    .primary(span, "not a local, a global or a builtin");
                match similar {
                    Some(s) => d.help(format!("did you mean `{s}`?")),
                    None => d.help(format!(
                        "assign `{name}` before this line, or define it in the module before the call"
                    )),
                }
            }
            NameError::Unbound { name, span } => Diagnostic::error(
                Code("U0202"),
                format!("local variable `{name}` is used before it is assigned"),
            )
            .primary(span, "no assignment reaches this use")
            .note(format!("`{name}` is local because the function assigns it somewhere"))
            .help(format!("assign it first: `{name} = …`")),
            NameError::NoModuleAttribute { module, attr, span } => {
                Diagnostic::error(Code("U0203"), format!("module `{module}` has no attribute `{attr}`"))
                    .primary(span, "not found")
                    .help(format!("see `dir({module})` for what there is"))
            }
            NameError::NoAttribute { ty, attr, span, similar } => {
                let d = Diagnostic::error(
                    Code("U0205"),
                    format!("`{ty}` has no attribute `{attr}` in compiled code"),
                )
                .primary(span, format!("expected an attribute of `{ty}`, found `{attr}`"));
                match similar {
                    Some(s) => d.help(format!("did you mean `.{s}`?")),
                    None => d.help("compute it outside the kernel and pass it as an argument"),
                }
            }
            NameError::UnusableGlobal { name, type_name, span } => Diagnostic::error(
                Code("U0204"),
                format!("`{name}` is a `{type_name}`, which compiled code cannot use"),
            )
            .primary(span, "expected a number, a string, a tuple, an array, a function or a module")
            .help(format!("take what you need from `{name}` outside and pass it as an argument")),
            NameError::NoSource { problem, span } => {
                let title =
                    format!("the source of `{}` is not available: {}", problem.function, problem.reason);
                let d = Diagnostic::error(Code("U0206"), title)
                    .primary(span, "this function would have to be compiled");
                d.help(
                    problem.help.unwrap_or_else(|| {
                        "define the function in a file or give `ungil.jit(source=…)`".into()
                    }),
                )
            }
        }
    }
}
