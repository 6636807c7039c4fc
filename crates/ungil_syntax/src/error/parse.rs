//! Errors in the grammar of statements and expressions.

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::span::Span;

use super::error;

/// What the parser can find wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    Unexpected { expected: &'static str, found: String, hint: Option<&'static str> },
    TooDeep,
    UnexpectedIndent,
    MissingBlock { owner: &'static str, header: Span },
    MissingColon { owner: &'static str },
    MissingComma { next: String },
    MissingElse,
    ElseIf,
    StrayClause { word: String },
    CompoundAfterColon { word: String },
    KeywordAsName { word: String },
    LegacyStatement { name: String },
    AssignTarget { what: &'static str },
    DeleteTarget { what: &'static str },
    AnnotatedTarget { what: &'static str },
    AugmentedTarget { what: &'static str },
    NamedTarget { what: &'static str },
    NamedStatement,
    AssignmentInExpression,
    StarredHere,
    UnpackingInComprehension,
    TupleElement,
    DictValue,
    EmptySubscript,
    EmptyField,
    UnclosedField,
    Conversion,
    GeneratorArgument,
    PositionalAfterKeyword { after: Span, unpacking: bool },
    UnpackingAfterKeywords { after: Span },
    BareStar,
    ParameterOrder { reason: &'static str },
    VariadicDefault,
    TupleParameter,
    DefaultOrder { name: String, earlier: Span, is_type: bool },
    EmptyTypeParams,
    TypeParamBound,
    ImportOrder,
    ImportTrailingComma,
    ImportTarget,
    TryAlone,
    MixedHandlers,
    BareHandlerNotLast,
    StarHandlerWithoutType,
    HandlerTuple,
    CaseExpected,
}

impl ParseError {
    /// The error as a message about `span`.
    pub fn diagnostic(&self, span: Span) -> Diagnostic {
        use ParseError::*;
        match self {
            Unexpected { expected, found, hint } => unexpected(expected, found, *hint, span),
            TooDeep => error("U0109", span, "expression is nested too deeply", "too many levels")
                .help("split the expression with variables"),
            UnexpectedIndent
            | MissingBlock { .. }
            | MissingColon { .. }
            | StrayClause { .. }
            | CompoundAfterColon { .. }
            | ElseIf
            | CaseExpected => self.layout(span),
            AssignTarget { .. }
            | DeleteTarget { .. }
            | AnnotatedTarget { .. }
            | AugmentedTarget { .. }
            | NamedTarget { .. } => self.target(span),
            GeneratorArgument | PositionalAfterKeyword { .. } | UnpackingAfterKeywords { .. } => {
                self.argument(span)
            }
            BareStar
            | ParameterOrder { .. }
            | VariadicDefault
            | TupleParameter
            | DefaultOrder { .. }
            | EmptyTypeParams
            | TypeParamBound => self.parameter(span),
            ImportOrder | ImportTrailingComma | ImportTarget => self.import(span),
            TryAlone | MixedHandlers | BareHandlerNotLast | StarHandlerWithoutType | HandlerTuple => {
                self.handler(span)
            }
            EmptyField | UnclosedField | Conversion => self.field(span),
            _ => self.expression(span),
        }
    }

    fn layout(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::UnexpectedIndent => {
                error("U0105", span, "unexpected indentation", "no block begins here")
            }
            ParseError::MissingBlock { owner, header } => error(
                "U0106",
                span,
                format!("expected an indented block after {owner}"),
                "expected a statement",
            )
            .secondary(*header, "the block belongs to this")
            .help("write `pass` for an empty block"),
            ParseError::MissingColon { owner } => {
                error("U0120", span, format!("expected `:` after {owner}"), "expected `:`")
            }
            ParseError::StrayClause { word } => {
                let title = format!("`{word}` without a statement it belongs to");
                error("U0149", span, title, "nothing above at this indentation takes it")
            }
            ParseError::CompoundAfterColon { word } => error(
                "U0150",
                span,
                format!("`{word}` statement inside a line"),
                "must begin a line of its own",
            ),
            ParseError::CaseExpected => {
                error("U0101", span, "expected `case`", "a `match` block holds `case` blocks only")
            }
            _ => error("U0144", span, "`else if` is not Python", "expected `:` after `else`")
                .help("write `elif`"),
        }
    }

    fn target(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::DeleteTarget { what } => error(
                "U0131",
                span,
                format!("cannot delete {what}"),
                "expected a name, an attribute or an item",
            ),
            ParseError::AnnotatedTarget { what } => error(
                "U0133",
                span,
                format!("cannot annotate {what}"),
                "expected one name, attribute or item",
            ),
            ParseError::AugmentedTarget { what } => {
                let title = format!("cannot assign to {what} with an operator");
                error("U0134", span, title, "expected one name, attribute or item")
            }
            ParseError::NamedTarget { what } => {
                error("U0141", span, format!("cannot use `:=` with {what}"), "expected a name")
            }
            ParseError::AssignTarget { what } => {
                let message = error("U0121", span, format!("cannot assign to {what}"), "not a target");
                match *what {
                    "a comparison" | "a function call" | "an operator expression" => {
                        message.help("write `==` to compare")
                    }
                    _ => message,
                }
            }
            _ => self.expression(span),
        }
    }

    fn argument(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::PositionalAfterKeyword { after, unpacking } => {
                let (what, label) = if *unpacking {
                    ("keyword argument unpacking", "unpacked here")
                } else {
                    ("a keyword argument", "passed by keyword here")
                };
                let title = format!("positional argument after {what}");
                error("U0125", span, title, "must come first").secondary(*after, label)
            }
            ParseError::UnpackingAfterKeywords { after } => {
                error("U0125", span, "`*` argument after a `**` argument", "must come first")
                    .secondary(*after, "unpacked here")
            }
            _ => error("U0128", span, "generator needs parentheses", "not the only argument")
                .help("put parentheses around the generator"),
        }
    }

    fn parameter(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::BareStar => error(
                "U0127",
                span,
                "`*` without a keyword-only parameter",
                "expected a named parameter after this",
            ),
            ParseError::ParameterOrder { reason } => {
                error("U0126", span, "invalid order of parameters", *reason)
            }
            ParseError::VariadicDefault => error(
                "U0126",
                span,
                "variadic parameter with a default",
                "collects what is left, maybe nothing",
            ),
            ParseError::TupleParameter => error("U0126", span, "parameter in parentheses", "expected a name")
                .help("unpack it in the body"),
            ParseError::DefaultOrder { name, earlier, is_type } => {
                let kind = if *is_type { "type parameter" } else { "parameter" };
                let title = format!("{kind} `{name}` without a default follows one with a default");
                error("U0124", span, title, "expected a default").secondary(*earlier, "has a default")
            }
            ParseError::TypeParamBound => error(
                "U0126",
                span,
                "bound on a `*` or `**` type parameter",
                "only a plain one can have a bound",
            ),
            _ => error("U0126", span, "empty list of type parameters", "expected a name"),
        }
    }

    fn import(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::ImportOrder => {
                error("U0137", span, "`from` after `import`", "expected the end of the statement")
                    .help("write `from module import name`")
            }
            ParseError::ImportTrailingComma => {
                error("U0137", span, "trailing comma in an import", "expected a name after this")
                    .help("put parentheses around the names")
            }
            _ => error("U0137", span, "invalid target of `as`", "expected a plain name"),
        }
    }

    fn handler(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::TryAlone => error(
                "U0135",
                span,
                "`try` without `except` or `finally`",
                "expected one of them after its block",
            ),
            ParseError::MixedHandlers => {
                error("U0136", span, "`except` and `except*` on one `try`", "differs from the handlers above")
            }
            ParseError::BareHandlerNotLast => {
                error("U0136", span, "`except` without a type is not the last one", "catches everything")
            }
            ParseError::StarHandlerWithoutType => {
                error("U0136", span, "`except*` without a type", "expected the exceptions to catch")
            }
            _ => {
                error("U0136", span, "several exception types with `as` need parentheses", "expected a tuple")
                    .help("put parentheses around the types")
            }
        }
    }

    fn field(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::EmptyField => {
                error("U0119", span, "empty field in an f-string", "expected an expression")
            }
            ParseError::UnclosedField => {
                error("U0119", span, "unclosed field in an f-string", "expected a `}` for this")
                    .help("write `{{` for a brace in the text")
            }
            _ => error("U0119", span, "invalid conversion in an f-string", "expected `!s`, `!r` or `!a`"),
        }
    }

    fn expression(&self, span: Span) -> Diagnostic {
        match self {
            ParseError::MissingComma { next } => {
                error("U0130", span, "expected a comma", format!("expected `,` before {next}"))
            }
            ParseError::MissingElse => {
                error("U0132", span, "conditional expression without `else`", "expected `else` and a value")
            }
            ParseError::KeywordAsName { word } => {
                error("U0129", span, format!("`{word}` is a keyword"), "expected a name")
                    .help(format!("write `{word}_`"))
            }
            ParseError::LegacyStatement { name } => {
                error("U0123", span, format!("`{name}` is a function"), "expected parentheses after this")
                    .help(format!("write `{name}(…)`"))
            }
            ParseError::NamedStatement => {
                error("U0141", span, "`:=` as a statement needs parentheses", "not allowed here")
                    .help("write `=`")
            }
            ParseError::AssignmentInExpression => {
                error("U0122", span, "assignment inside an expression", "`=` assigns")
                    .help("write `==` to compare")
            }
            ParseError::StarredHere => {
                error("U0140", span, "starred expression is not allowed here", "nothing to unpack into")
            }
            ParseError::UnpackingInComprehension => {
                error("U0142", span, "unpacking in a comprehension", "one value at a time is produced")
                    .help("use a second `for`")
            }
            ParseError::TupleElement => {
                error("U0142", span, "comprehension of several elements", "expected one expression")
                    .help("put parentheses around the elements")
            }
            ParseError::DictValue => {
                error("U0143", span, "dict key without a value", "expected `: value` after this")
            }
            _ => error("U0101", span, "expected an index, found `]`", "expected an index"),
        }
    }
}

fn unexpected(expected: &str, found: &str, hint: Option<&str>, span: Span) -> Diagnostic {
    let message =
        error("U0101", span, format!("expected {expected}, found {found}"), format!("expected {expected}"));
    match hint {
        Some(hint @ ("and" | "or" | "!=")) => message.help(format!("write `{hint}`")),
        Some(hint) => message.help(format!("write `{hint}`")).note("Python has no `++` or `--`"),
        None => message,
    }
}
