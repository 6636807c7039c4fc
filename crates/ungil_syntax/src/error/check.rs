//! Errors that need the context of a statement or the names of its scope.

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::span::Span;

use super::error;

/// What the checks over a whole tree can find wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckError {
    ReturnOutsideFunction,
    ReturnInAsyncGenerator,
    YieldOutsideFunction,
    YieldFromInAsync,
    YieldInComprehension,
    AwaitOutsideFunction,
    AwaitOutsideAsync,
    AsyncOutsideAsync { what: &'static str },
    BreakOutsideLoop,
    ContinueOutsideLoop,
    ControlFlowInExceptStar { word: &'static str },
    ForbiddenInScope { what: &'static str, scope: &'static str },
    DuplicateParameter { name: String, first: Span },
    DuplicateTypeParameter { name: String, first: Span },
    DuplicateKeyword { name: String, first: Span },
    DebugTarget,
    StarImportInside,
    LateFuture,
    UnknownFuture { name: String },
    TwoStars { first: Span },
    TooManyBeforeStar { limit: usize },
    LoneStar,
    StarredValue,
    NonlocalInModule,
    NoBinding { name: String },
    NonlocalTypeParameter { name: String },
    LateDeclaration { name: String, word: &'static str, earlier: Span, how: &'static str },
    ParameterDeclared { name: String, word: &'static str, parameter: Span },
    NonlocalAndGlobal { name: String, first: Span },
    AnnotatedGlobal { name: String, declaration: Span },
    RebindsIteration { name: String },
    InnerLoopRebinds { name: String },
    NamedInClassComprehension,
    NamedInIterable,
}

impl CheckError {
    /// The error as a message about `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        use CheckError::*;
        match self {
            ReturnOutsideFunction
            | ReturnInAsyncGenerator
            | YieldOutsideFunction
            | YieldFromInAsync
            | YieldInComprehension
            | AwaitOutsideFunction
            | AwaitOutsideAsync
            | AsyncOutsideAsync { .. } => self.function(span),
            BreakOutsideLoop | ContinueOutsideLoop | ControlFlowInExceptStar { .. } => {
                self.control_flow(span)
            }
            NonlocalInModule
            | NoBinding { .. }
            | NonlocalTypeParameter { .. }
            | LateDeclaration { .. }
            | ParameterDeclared { .. }
            | NonlocalAndGlobal { .. }
            | AnnotatedGlobal { .. } => self.declaration(span),
            RebindsIteration { .. }
            | InnerLoopRebinds { .. }
            | NamedInClassComprehension
            | NamedInIterable => self.named(span),
            TwoStars { .. } | TooManyBeforeStar { .. } | LoneStar | StarredValue => self.starred(span),
            _ => self.other(span),
        }
    }

    fn function(&self, span: Span) -> Diagnostic {
        let (code, title, label) = match self {
            CheckError::ReturnOutsideFunction => {
                ("U0160", "`return` outside a function", "no function to return from")
            }
            CheckError::ReturnInAsyncGenerator => {
                ("U0175", "`return` with a value in an async generator", "an async generator has no result")
            }
            CheckError::YieldOutsideFunction => {
                ("U0161", "`yield` outside a function", "no generator to yield from")
            }
            CheckError::YieldFromInAsync => {
                ("U0175", "`yield from` in an async function", "an async function cannot delegate")
            }
            CheckError::YieldInComprehension => {
                ("U0161", "`yield` inside a comprehension", "not allowed here")
            }
            CheckError::AwaitOutsideFunction => {
                ("U0162", "`await` outside a function", "nothing can wait here")
            }
            CheckError::AwaitOutsideAsync => {
                ("U0162", "`await` outside an async function", "the enclosing function is not async")
            }
            CheckError::AsyncOutsideAsync { what } => {
                let title = format!("{what} outside an async function");
                return error("U0163", span, title, "the enclosing scope is not an async function");
            }
            _ => return self.other(span),
        };
        error(code, span, title, label)
    }

    fn control_flow(&self, span: Span) -> Diagnostic {
        match self {
            CheckError::BreakOutsideLoop => {
                error("U0164", span, "`break` outside a loop", "no loop to leave")
            }
            CheckError::ContinueOutsideLoop => {
                error("U0165", span, "`continue` outside a loop", "no loop to continue")
            }
            CheckError::ControlFlowInExceptStar { word } => {
                error("U0177", span, format!("`{word}` in an `except*` block"), "would skip other handlers")
            }
            _ => self.other(span),
        }
    }

    fn declaration(&self, span: Span) -> Diagnostic {
        match self {
            CheckError::NonlocalInModule => {
                error("U0168", span, "`nonlocal` outside a function", "no enclosing function")
            }
            CheckError::NoBinding { name } => {
                let title = format!("no enclosing function binds `{name}`");
                error("U0169", span, title, "not found")
                    .help(format!("assign `{name}` in an enclosing function"))
            }
            CheckError::NonlocalTypeParameter { name } => error(
                "U0169",
                span,
                format!("`{name}` is a type parameter"),
                "cannot be assigned from inside",
            ),
            CheckError::LateDeclaration { name, word, earlier, how } => {
                let title = format!("`{name}` is {how} before its `{word}` declaration");
                error("U0170", span, title, "declared too late").secondary(*earlier, format!("{how} here"))
            }
            CheckError::ParameterDeclared { name, word, parameter } => {
                error("U0171", span, format!("`{name}` is a parameter and {word}"), "a parameter is local")
                    .secondary(*parameter, "the parameter")
            }
            CheckError::NonlocalAndGlobal { name, first } => error(
                "U0171",
                span,
                format!("`{name}` is nonlocal and global"),
                "contradicts the other declaration",
            )
            .secondary(*first, "declared here"),
            CheckError::AnnotatedGlobal { name, declaration } => {
                let title = format!("annotated name `{name}` is not local");
                error("U0171", span, title, "only a local name can be annotated")
                    .secondary(*declaration, "declared here")
            }
            _ => self.other(span),
        }
    }

    fn named(&self, span: Span) -> Diagnostic {
        match self {
            CheckError::RebindsIteration { name } => error(
                "U0178",
                span,
                format!("`:=` rebinds the iteration variable `{name}`"),
                "use another name",
            ),
            CheckError::InnerLoopRebinds { name } => {
                error("U0178", span, format!("loop rebinds `{name}`, a target of `:=`"), "use another name")
            }
            CheckError::NamedInClassComprehension => error(
                "U0178",
                span,
                "`:=` in a comprehension of a class body",
                "no scope to bind the name in",
            ),
            _ => error("U0178", span, "`:=` in the iterable of a comprehension", "not allowed here"),
        }
    }

    fn starred(&self, span: Span) -> Diagnostic {
        match self {
            CheckError::TwoStars { first } => {
                error("U0173", span, "two starred targets in one assignment", "the second one")
                    .secondary(*first, "the first one")
            }
            CheckError::TooManyBeforeStar { limit } => {
                let title = format!("more than {limit} targets before a starred one");
                error("U0173", span, title, "too many before this")
            }
            CheckError::LoneStar => {
                error("U0181", span, "starred target outside a tuple or list", "expected a comma after it")
                    .help("write a comma after the target")
            }
            _ => error("U0140", span, "starred expression is not allowed here", "nothing to unpack into"),
        }
    }

    fn other(&self, span: Span) -> Diagnostic {
        match self {
            CheckError::ForbiddenInScope { what, scope } => {
                error("U0180", span, format!("{what} in {scope}"), "evaluated in a scope of its own")
            }
            CheckError::DuplicateParameter { name, first } => {
                error("U0166", span, format!("parameter `{name}` appears twice"), "again here")
                    .secondary(*first, "first here")
            }
            CheckError::DuplicateTypeParameter { name, first } => {
                error("U0179", span, format!("type parameter `{name}` appears twice"), "again here")
                    .secondary(*first, "first here")
            }
            CheckError::DuplicateKeyword { name, first } => {
                error("U0172", span, format!("keyword argument `{name}` appears twice"), "again here")
                    .secondary(*first, "first here")
            }
            CheckError::StarImportInside => {
                error("U0174", span, "`import *` outside the top level of a module", "not allowed here")
                    .help("import the names that are used")
            }
            CheckError::LateFuture => {
                error("U0176", span, "`__future__` import is not at the beginning of the file", "too late")
            }
            CheckError::UnknownFuture { name } => {
                error("U0176", span, format!("future feature `{name}` is not defined"), "not a feature")
            }
            _ => error("U0167", span, "cannot assign to `__debug__`", "a constant"),
        }
    }
}
