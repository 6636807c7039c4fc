//! Diagnostics: what a stage tells the user about the program.
//!
//! A stage keeps its errors as enum variants with data and turns each into a [`Diagnostic`] in one
//! place. The title is lower-case without a full stop; the primary label says what was expected
//! and found; `help` gives code to type. Stages return `(T, Diagnostics)`, never `Err`.

use std::fmt;

use crate::span::Span;

/// A stable code such as `U0214`; each error code has a page `docs/errors/U0214.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(pub &'static str);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    Note,
    Warning,
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// A marked place with a word about it; the text may be empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    pub span: Span,
    pub text: String,
    /// Drawn with `^` and named in the header; the others are drawn with `-`.
    pub primary: bool,
}

/// One message to the user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    pub title: String,
    pub labels: Vec<Label>,
    pub notes: Vec<String>,
    pub help: Vec<String>,
}

impl Diagnostic {
    /// A diagnostic without labels.
    pub fn new(code: Code, severity: Severity, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            title: title.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
        }
    }

    /// An error without labels.
    pub fn error(code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Error, title)
    }

    /// A warning without labels.
    pub fn warning(code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic::new(code, Severity::Warning, title)
    }

    /// Marks the place the message is about.
    #[must_use]
    pub fn primary(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into(), primary: true });
        self
    }

    /// Marks a place that explains the message.
    #[must_use]
    pub fn secondary(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into(), primary: false });
        self
    }

    /// Adds a `= note:` line.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Diagnostic {
        self.notes.push(text.into());
        self
    }

    /// Adds a `help:` line.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help.push(text.into());
        self
    }

    /// The span of the first primary label, else of the first label.
    pub fn span(&self) -> Option<Span> {
        let label = self.labels.iter().find(|label| label.primary).or_else(|| self.labels.first());
        label.map(|label| label.span)
    }
}

/// The diagnostics of a stage, in the order in which they were found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Diagnostics {
    list: Vec<Diagnostic>,
}

impl Diagnostics {
    /// None.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.list.push(diagnostic);
    }

    /// Adds those of another stage.
    pub fn append(&mut self, other: Diagnostics) {
        self.list.extend(other.list);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.list.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Whether there is none at all.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// All of them, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.list.iter()
    }

    /// Puts them in the order of their places; those without a place come last.
    pub fn sort_by_place(&mut self) {
        self.list.sort_by_key(|diagnostic| {
            diagnostic.span().map_or((u32::MAX, u32::MAX), |span| (span.source.0, span.lo))
        });
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.list.iter()
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(iter: I) -> Diagnostics {
        Diagnostics { list: iter.into_iter().collect() }
    }
}
