//! Compiler directives of the Cython language, in the comments at the top of a module.
//!
//! `# cython: boundscheck=False, wraparound=False` and `# distutils: language=c++` lines are read up to the first
//! line that is no comment. Names and values are those of Cython 3.3; unlike there, an unknown name is an error.

use ungil_diag::diagnostic::Diagnostic;
use ungil_diag::span::{SourceId, Span};

use crate::error::cython::CythonError;
use crate::parser::LanguageLevel;

/// What a directive is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Setting {
    Bool(bool),
    Text(String),
}

/// One directive with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Directive {
    pub span: Span,
    pub name: &'static str,
    pub value: Setting,
}

/// The directives of a module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Directives {
    pub list: Vec<Directive>,
    /// Names and values of `# distutils:` lines.
    pub distutils: Vec<(String, String)>,
}

/// Directives that are true or false.
const BOOLS: &[&str] = &[
    "binding",
    "boundscheck",
    "nonecheck",
    "initializedcheck",
    "freethreading_compatible",
    "embedsignature",
    "auto_cpdef",
    "auto_pickle",
    "cdivision",
    "cdivision_warnings",
    "cpow",
    "c_api_binop_methods",
    "overflowcheck",
    "overflowcheck.fold",
    "always_allow_keywords",
    "allow_none_for_extension_args",
    "wraparound",
    "ccomplex",
    "profile",
    "linetrace",
    "emit_code_comments",
    "annotation_typing",
    "infer_types",
    "infer_types.verbose",
    "autotestdict",
    "autotestdict.cdef",
    "autotestdict.all",
    "fast_getattr",
    "py2_import",
    "preliminary_late_includes_cy28",
    "iterable_coroutine",
    "type_version_tag",
    "unraisable_tracebacks",
    "old_style_globals",
    "np_pythran",
    "fast_gil",
    "cpp_locals",
    "legacy_implicit_noexcept",
    "warn",
    "warn.undeclared",
    "warn.unreachable",
    "warn.maybe_uninitialized",
    "warn.unused",
    "warn.unused_arg",
    "warn.unused_result",
    "warn.multiple_declarators",
    "warn.deprecated.DEF",
    "warn.deprecated.IF",
    "show_performance_hints",
    "optimize.inline_defnode_calls",
    "optimize.unpack_method_calls",
    "optimize.unpack_method_calls_in_pyinit",
    "optimize.use_switch",
    "remove_unreachable",
    "control_flow.dot_annotate_defs",
    "formal_grammar",
    "nogil",
    "gil",
];

/// Directives with a text, and its choices where they are few.
const TEXTS: &[(&str, &[&str])] = &[
    ("language_level", &["2", "3", "3str"]),
    ("embedsignature.format", &["c", "clinic", "python"]),
    ("subinterpreters_compatible", &["no", "shared_gil", "own_gil"]),
    ("c_string_type", &["bytes", "bytearray", "str", "unicode"]),
    ("c_string_encoding", &[]),
    ("callspec", &[]),
    ("set_initial_path", &[]),
    ("c_compile_guard", &[]),
    ("control_flow.dot_output", &[]),
    ("test_assert_path_exists", &[]),
    ("test_fail_if_path_exists", &[]),
    ("test_assert_c_code_has", &[]),
    ("test_fail_if_c_code_has", &[]),
];

impl Directives {
    /// The language level that the module gives.
    pub fn level(&self) -> Option<LanguageLevel> {
        match self.get("language_level")? {
            Setting::Text(text) => Some(match text.as_str() {
                "2" => LanguageLevel::Two,
                "3str" => LanguageLevel::ThreeStr,
                _ => LanguageLevel::Three,
            }),
            Setting::Bool(_) => None,
        }
    }

    /// What a directive is set to.
    pub fn get(&self, name: &str) -> Option<&Setting> {
        self.list.iter().find(|directive| directive.name == name).map(|directive| &directive.value)
    }
}

/// Where a directive may stand besides options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A comment at the top.
    Module,
    /// A decorator of a function.
    Function,
    /// A decorator of a class.
    Class,
    With,
}

impl Place {
    pub fn described(self) -> &'static str {
        match self {
            Place::Module => "in a comment at the top",
            Place::Function => "above a function",
            Place::Class => "above a class",
            Place::With => "in a `with` statement",
        }
    }
}

/// Directives that stand in some places only; others stand anywhere.
const PLACES: &[(&[Place], &[&str])] = &[
    (
        &[Place::Module],
        &[
            "autotestdict",
            "autotestdict.all",
            "autotestdict.cdef",
            "auto_pickle",
            "c_string_encoding",
            "c_string_type",
            "ccomplex",
            "control_flow.dot_annotate_defs",
            "control_flow.dot_output",
            "emit_code_comments",
            "fast_gil",
            "formal_grammar",
            "freethreading_compatible",
            "language_level",
            "legacy_implicit_noexcept",
            "np_pythran",
            "old_style_globals",
            "preliminary_late_includes_cy28",
            "set_initial_path",
            "subinterpreters_compatible",
            "test_assert_c_code_has",
            "test_fail_if_c_code_has",
            "type_version_tag",
        ],
    ),
    (&[Place::Module, Place::Function], &["iterable_coroutine"]),
    (&[Place::Module, Place::Function, Place::Class], &["cpp_locals"]),
    (&[Place::Function, Place::Class], &["test_assert_path_exists", "test_fail_if_path_exists"]),
    (&[Place::Function], &["c_compile_guard"]),
];

fn places_of(name: &str) -> &'static [Place] {
    let found = PLACES.iter().find(|(_, names)| names.contains(&name));
    found.map_or(&[Place::Module, Place::Function, Place::Class, Place::With], |(places, _)| places)
}

/// Whether a directive may stand at a place.
pub fn may_stand(name: &str, place: Place) -> bool {
    // Cython takes paths that its own tests ask for anywhere.
    places_of(name).contains(&place)
}

/// The places of a directive, in words.
pub fn places(name: &str) -> String {
    let places: Vec<&str> = places_of(name).iter().map(|place| place.described()).collect();
    format!("it {}", places.join(" or "))
}

/// A line that sets a directive where it may stand.
pub fn example(name: &str) -> String {
    let choices = TEXTS.iter().find(|(known, _)| *known == name).map(|(_, choices)| *choices);
    let value = match choices {
        None => "True",
        Some(choices) => choices.last().copied().unwrap_or("…"),
    };
    match places_of(name).first() {
        Some(Place::Module) => format!("write `# cython: {name}={value}` at the top of the module"),
        _ => format!("write `@cython.{name}(\"{value}\")` above a function"),
    }
}

/// Whether a directive is true or false.
pub fn is_switch(name: &str) -> bool {
    BOOLS.contains(&name)
}

/// Whether a directive that is true or false is true where nothing sets it.
pub fn is_on(name: &str) -> bool {
    const ON: &[&str] = &[
        "annotation_typing",
        "binding",
        "boundscheck",
        "initializedcheck",
        "overflowcheck.fold",
        "wraparound",
    ];
    ON.contains(&name)
}

/// The values that a directive takes, in words.
pub fn expected(name: &str) -> String {
    if is_switch(name) {
        return "`True` or `False`".to_owned();
    }
    let choices = TEXTS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, choices)| choices);
    let choices: Vec<String> = choices.iter().map(|choice| format!("`{choice}`")).collect();
    if choices.is_empty() { "a text".to_owned() } else { choices.join(", ") }
}

/// What to write in place of a name that is no directive: the one most like it, else all there are.
pub fn suggestion(name: &str) -> String {
    match nearest(name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => {
            let all = BOOLS.iter().chain(TEXTS.iter().map(|(known, _)| known));
            let mut all: Vec<&str> = all.copied().filter(|name| !matches!(*name, "nogil" | "gil")).collect();
            all.sort_unstable();
            format!("known are: {}", all.join(", "))
        }
    }
}

/// The directive with a name, as [`Directive`] holds it.
pub fn known(name: &str) -> Option<&'static str> {
    BOOLS.iter().chain(TEXTS.iter().map(|(known, _)| known)).find(|known| **known == name).copied()
}

/// A directive's value from its text.
pub fn setting(name: &'static str, text: &str) -> Result<Setting, CythonError> {
    if BOOLS.contains(&name) {
        return match text {
            "True" => Ok(Setting::Bool(true)),
            "False" => Ok(Setting::Bool(false)),
            _ => Err(CythonError::DirectiveValue { name, found: text.to_owned() }),
        };
    }
    let choices = TEXTS.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, choices)| choices);
    if !choices.is_empty() && !choices.contains(&text) {
        return Err(CythonError::DirectiveValue { name, found: text.to_owned() });
    }
    Ok(Setting::Text(text.to_owned()))
}

/// Reads the comments at the top of a module.
pub fn read_directives(text: &str, id: SourceId) -> (Directives, Vec<Diagnostic>) {
    let mut reader = Reader { id, directives: Directives::default(), diagnostics: Vec::new() };
    let mut at = 0;
    for line in text.split_inclusive(['\n', '\r']) {
        let content = line.trim_start_matches('\u{feff}').trim();
        if let Some(comment) = content.strip_prefix('#') {
            reader.comment(line, at, comment);
        } else if !content.is_empty() {
            break;
        }
        at += line.len();
    }
    (reader.directives, reader.diagnostics)
}

struct Reader {
    id: SourceId,
    directives: Directives,
    diagnostics: Vec<Diagnostic>,
}

impl Reader {
    fn comment(&mut self, line: &str, at: usize, comment: &str) {
        if let Some(rest) = marked(comment, "distutils") {
            if let Some((name, value)) = rest.split_once('=') {
                self.directives.distutils.push((name.trim().to_owned(), value.trim().to_owned()));
            }
            return;
        }
        let Some(rest) = marked(comment, "cython") else { return };
        let is_list = rest.split_once('=').is_some_and(|(name, _)| {
            let name = name.trim_end();
            !name.is_empty() && name.chars().all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '.'))
        });
        if !is_list {
            return;
        }
        for item in rest.split(',') {
            let item = item.trim();
            if item.is_empty() {
                continue;
            }
            // Both are slices of the line.
            let lo = at + (item.as_ptr() as usize - line.as_ptr() as usize);
            let span = Span::new(self.id, lo as u32, (lo + item.len()) as u32);
            if let Err(error) = self.item(item, span) {
                self.diagnostics.push(error.diagnostic(span));
            }
        }
    }

    fn item(&mut self, item: &str, span: Span) -> Result<(), CythonError> {
        let (name, value) = item.split_once('=').ok_or(CythonError::DirectiveSyntax)?;
        let (name, value) = (name.trim(), value.trim());
        if let Some(prefix) = name.strip_suffix(".all")
            && let prefix = format!("{prefix}.")
            && BOOLS.iter().any(|known| known.starts_with(&prefix) && *known != name)
            && known(name).is_none()
        {
            for known in BOOLS.iter().filter(|known| known.starts_with(&prefix)) {
                self.set(known, value, span)?;
            }
            return Ok(());
        }
        let Some(known) = known(name) else {
            return Err(CythonError::Directive { name: name.to_owned() });
        };
        if !may_stand(known, Place::Module) {
            return Err(CythonError::DirectivePlace { name: known });
        }
        self.set(known, value, span)
    }

    fn set(&mut self, name: &'static str, text: &str, span: Span) -> Result<(), CythonError> {
        let value = setting(name, text)?;
        if let Some(first) = self.directives.list.iter().find(|directive| directive.name == name)
            && !name.starts_with("test_")
        {
            if first.value == value {
                return Ok(());
            }
            return Err(CythonError::DirectiveConflict { name, first: first.span });
        }
        self.directives.list.push(Directive { span, name, value });
        Ok(())
    }
}

/// What follows `word:` in a comment.
fn marked<'a>(comment: &'a str, word: &str) -> Option<&'a str> {
    Some(comment.trim_start().strip_prefix(word)?.trim_start().strip_prefix(':')?.trim())
}

/// The directive whose name is most like `name`.
pub fn nearest(name: &str) -> Option<&'static str> {
    let all = BOOLS.iter().chain(TEXTS.iter().map(|(known, _)| known));
    let (known, distance) = all.map(|known| (*known, distance(name, known))).min_by_key(|(_, d)| *d)?;
    (distance <= 2 + name.len() / 6).then_some(known)
}

/// Insertions, deletions and replacements between two words.
fn distance(a: &str, b: &str) -> usize {
    if a.len() > 60 {
        return usize::MAX;
    }
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, cb) in b.iter().enumerate() {
            let replaced = before + usize::from(ca != *cb);
            before = row[j + 1];
            row[j + 1] = replaced.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(&'static str, Setting)>, Vec<String>) {
        let (directives, diagnostics) = read_directives(text, SourceId(0));
        let list = directives.list.into_iter().map(|d| (d.name, d.value)).collect();
        (list, diagnostics.into_iter().map(|d| format!("{} {}", d.code, d.title)).collect())
    }

    #[test]
    fn comments_at_the_top_count() {
        let text = "#!x\n\n# cython: boundscheck=False , language_level = 2\n#cython:cpow=True\n# distutils: language=c++\n'doc'\n# cython: wraparound=False\n";
        let (list, errors) = read(text);
        assert_eq!(
            list,
            [
                ("boundscheck", Setting::Bool(false)),
                ("language_level", Setting::Text("2".into())),
                ("cpow", Setting::Bool(true)),
            ]
        );
        assert!(errors.is_empty());
        let (directives, _) = read_directives(text, SourceId(0));
        assert_eq!(directives.level(), Some(LanguageLevel::Two));
        assert_eq!(directives.distutils, [("language".to_owned(), "c++".to_owned())]);
    }

    #[test]
    fn mistakes_are_told() {
        let (_, errors) = read("# cython: boundcheck=True, cdivision=yes, language_level=4\n# cython: x\n");
        assert_eq!(
            errors,
            [
                "U0196 `boundcheck` is no compiler directive",
                "U0197 directive `cdivision` needs `True` or `False`",
                "U0197 directive `language_level` needs `2`, `3`, `3str`",
            ]
        );
        assert_eq!(nearest("boundcheck"), Some("boundscheck"));
        assert_eq!(nearest("zzz"), None);
    }
}
