//! Whether a function looks at its `**keywords`.

/// What shows variables that are not named.
const SHOWS_ALL: &[&str] = &["dir", "eval", "exec", "locals", "vars"];

/// Whether the name of a parameter stands nowhere but among the parameters, in the text of its function: other words than those
/// of code count too, as in strings with values in them.
pub fn is_unused(text: &str, name: &str) -> bool {
    let words = || text.split(|c: char| c != '_' && !c.is_alphanumeric()).filter(|word| !word.is_empty());
    // The function may have the name too.
    let names_itself = words().skip_while(|word| *word != "def").nth(1) == Some(name);
    let expected = 1 + usize::from(names_itself);
    words().filter(|word| *word == name).count() == expected && !words().any(|word| SHOWS_ALL.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::is_unused;

    #[test]
    fn counts_words() {
        assert!(is_unused("def f(a, **kw):\n    return a\n", "kw"));
        assert!(is_unused("def kw(**kw):\n    return 1\n", "kw"));
        assert!(!is_unused("def f(a, **kw):\n    return f'{kw}'\n", "kw"));
        assert!(!is_unused("def f(a, **kw):\n    return locals()\n", "kw"));
        assert!(is_unused("def f(a, **kw):\n    kws = 1\n    return kws\n", "kw"));
    }
}
