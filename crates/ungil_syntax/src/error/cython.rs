//! Errors in the grammar of the Cython language.

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::span::Span;

use super::error;
use crate::directive;

/// What the parser can find wrong beyond Python.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CythonError {
    Misplaced { what: String },
    DuplicateQualifier { word: String },
    AxisWithoutColon,
    NoneRule,
    RelationDirections,
    LoopVariable { is_other: bool },
    Cpdef { what: &'static str },
    Visibility { word: &'static str },
    EmptyType { what: &'static str },
    ReturnAnnotation,
    ModifierInDef { word: String },
    MissingName,
    QualifiedClass,
    KeywordBase,
    ExportedClass,
    DefaultInPxd,
    Operator { op: String },
    PlainString,
    Char,
    Directive { name: String },
    DirectiveValue { name: &'static str, found: String },
    DirectivePlace { name: &'static str },
    DirectiveSyntax,
    DirectiveConflict { name: &'static str, first: Span },
}

impl CythonError {
    /// The error as a message about `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        use CythonError::*;
        match self {
            Directive { .. }
            | DirectiveValue { .. }
            | DirectivePlace { .. }
            | DirectiveSyntax
            | DirectiveConflict { .. } => self.directive(span),
            RelationDirections => error(
                "U0185",
                span,
                "the bounds of this loop point in different directions",
                "expected the direction of the first one",
            ),
            LoopVariable { is_other: true } => error(
                "U0185",
                span,
                "the bounds name another variable than the loop",
                "expected the loop's variable",
            ),
            LoopVariable { is_other: false } => {
                error("U0185", span, "this loop needs a plain variable", "expected a name")
            }
            Operator { op } => {
                error("U0192", span, format!("operator `{op}` cannot be declared"), "unknown operator")
            }
            PlainString => error("U0101", span, "expected a plain string", "expected text in quotes"),
            Char => error("U0193", span, "character literal without one character", "expected one byte")
                .help("write one character: `c\"x\"`"),
            _ => self.declaration(span),
        }
    }

    fn declaration(&self, span: Span) -> Diagnostic {
        match self {
            CythonError::Misplaced { what } => error(
                "U0182",
                span,
                format!("`{what}` is not allowed here"),
                "must stand at the top of a module, a function or a `cdef class`",
            )
            .help("declare it before the block"),
            CythonError::DuplicateQualifier { word } => {
                error("U0183", span, format!("`{word}` is given twice"), "once is enough")
            }
            CythonError::AxisWithoutColon => {
                error("U0184", span, "an axis of a memoryview needs a `:`", "expected `:` or `::1`")
                    .help("write a `:` for each axis: `double[:, :]`")
            }
            CythonError::NoneRule => error(
                "U0186",
                span,
                "`None` rule on a parameter of a C function",
                "only parameters of `def` functions can have one",
            ),
            CythonError::Cpdef { what } => {
                error("U0187", span, format!("{what} cannot be declared with `cpdef`"), "expected `cdef`")
                    .help("write `cdef`")
            }
            CythonError::Visibility { word } => error(
                "U0188",
                span,
                format!("`{word}` contradicts the words before it"),
                "cannot be combined",
            ),
            CythonError::EmptyType { what } => {
                error("U0189", span, format!("{what} without members"), "expected one member at least")
            }
            CythonError::ReturnAnnotation => error(
                "U0190",
                span,
                "return annotation on a C function",
                "the type of the result stands before the name",
            )
            .help("write `cdef type name(…)`"),
            CythonError::ModifierInDef { word } => error(
                "U0191",
                span,
                format!("`{word}` belongs to `cdef` functions"),
                "not allowed in a `def`",
            )
            .help(format!("use a decorator: `@cython.{word}`")),
            CythonError::MissingName => {
                error("U0194", span, "parameter without a name", "expected a name after the type")
            }
            CythonError::QualifiedClass => error(
                "U0195",
                span,
                "dotted name of a class that is defined here",
                "only `extern` classes have one",
            ),
            CythonError::ExportedClass => error(
                "U0195",
                span,
                "exported class without names in C",
                "expected `[object name, type name]` after this",
            ),
            CythonError::DefaultInPxd => {
                error("U0198", span, "default value in a declaration file", "the definition has it")
                    .help("write `=*`")
            }
            _ => error("U0195", span, "keyword among the bases of a C class", "expected base classes only"),
        }
    }

    fn directive(&self, span: Span) -> Diagnostic {
        match self {
            CythonError::Directive { name } => {
                error("U0196", span, format!("`{name}` is no compiler directive"), "unknown directive")
                    .help(directive::suggestion(name))
            }
            CythonError::DirectiveValue { name, found } => {
                let expected = directive::expected(name);
                let title = format!("directive `{name}` needs {expected}");
                error("U0197", span, title, format!("expected {expected}, found `{found}`"))
            }
            CythonError::DirectivePlace { name } => {
                let place = directive::Place::Module.described();
                let title = format!("directive `{name}` may not stand {place}");
                error("U0199", span, title, format!("expected {}", directive::places(name)))
                    .help(directive::example(name))
            }
            CythonError::DirectiveConflict { name, first } => {
                error("U0197", span, format!("directive `{name}` is set twice"), "differs from the first")
                    .secondary(*first, "set here")
            }
            _ => error("U0197", span, "expected `name=value` in a list of directives", "expected `=`"),
        }
    }
}
