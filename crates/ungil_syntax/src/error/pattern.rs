//! Errors in patterns.

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::span::Span;

use super::error;

/// What can be wrong with a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternError {
    StarAlone,
    AsTarget,
    InterpolatedString,
    ComplexNumber,
    AfterRest,
    RestWildcard,
    KeyName,
    PositionalAfterKeyword,
    /// Found by the checks.
    TwoStars {
        first: Span,
    },
    TwoBindings {
        name: String,
        first: Span,
    },
    DifferentBindings {
        missing: String,
    },
    AlwaysMatches {
        name: Option<String>,
    },
    RepeatedAttribute {
        name: String,
        first: Span,
    },
    RepeatedKey {
        first: Span,
    },
}

impl PatternError {
    /// The error as a message about `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        use PatternError::*;
        match self {
            TwoBindings { name, first } => {
                error("U0139", span, format!("pattern binds `{name}` twice"), "bound again here")
                    .secondary(*first, "first bound here")
            }
            DifferentBindings { missing } => error(
                "U0139",
                span,
                "alternatives bind different names",
                format!("`{missing}` is not bound by all"),
            ),
            AlwaysMatches { name } => {
                let label = match name {
                    Some(name) => format!("`{name}` captures any value"),
                    None => "matches any value".to_string(),
                };
                error("U0148", span, "pattern makes the ones after it unreachable", label)
                    .help("move it last, or compare with a dotted name such as `module.NAME`")
            }
            RepeatedAttribute { name, first } => {
                error("U0139", span, format!("pattern names attribute `{name}` twice"), "again here")
                    .secondary(*first, "first here")
            }
            RepeatedKey { first } => error("U0139", span, "mapping pattern has a key twice", "again here")
                .secondary(*first, "first here"),
            TwoStars { first } => error("U0138", span, "two starred names in one pattern", "the second one")
                .secondary(*first, "the first"),
            other => {
                let (title, label) = other.form();
                error("U0138", span, title, label)
            }
        }
    }

    /// Title and label of the errors about a pattern's form.
    fn form(&self) -> (&'static str, &'static str) {
        match self {
            PatternError::StarAlone => ("starred pattern outside a sequence", "expected a comma after it"),
            PatternError::AsTarget => {
                ("invalid target of `as` in a pattern", "expected a plain name other than `_`")
            }
            PatternError::InterpolatedString => ("f-string in a pattern", "expected a plain string"),
            PatternError::ComplexNumber => {
                ("invalid complex number in a pattern", "expected a real part and an imaginary part")
            }
            PatternError::AfterRest => ("item after the rest of a mapping pattern", "`**` must come last"),
            PatternError::RestWildcard => {
                ("`**_` in a mapping pattern", "a mapping pattern ignores other keys anyway")
            }
            PatternError::KeyName => {
                ("name as a key of a mapping pattern", "expected a literal or a dotted name")
            }
            _ => ("positional pattern after keyword patterns", "must come before them"),
        }
    }
}
