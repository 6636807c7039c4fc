//! Expressions of several lines on one.

/// An expression's text without line ends, and without the comments before them. Line ends in strings are written as
/// escapes; raw strings with such are raw no more.
pub(super) fn flat(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if c == '#' {
            rest = &rest[rest.find('\n').unwrap_or(rest.len())..];
        } else if c == '"' || c == '\'' {
            rest = string(rest, &mut out);
        } else {
            let continued = c == '\\' && rest[1..].starts_with(['\n', '\r']);
            out.push(if continued || c == '\n' || c == '\r' { ' ' } else { c });
            rest = &rest[c.len_utf8()..];
        }
    }
    out
}

/// Copies the string that a text begins with, whose prefix has been copied; what follows it.
fn string<'t>(text: &'t str, out: &mut String) -> &'t str {
    let quote = [r#"""""#, "'''"].into_iter().find(|q| text.starts_with(q)).unwrap_or(&text[..1]);
    let inner = &text[quote.len()..];
    let (mut end, mut escaped) = (0, false);
    while end < inner.len() && (escaped || !inner[end..].starts_with(quote)) {
        let c = inner[end..].chars().next().unwrap_or_default();
        escaped = c == '\\' && !escaped;
        end += c.len_utf8();
    }
    let content = inner[..end].replace("\r\n", "\n").replace('\r', "\n");
    if content.contains('\n') {
        let from = out.rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |at| at + 1);
        // A word of the language may stand there as well: `x or'''…`.
        let is_prefix = out[from..].chars().all(|c| "rRbBuUfFtT".contains(c));
        let prefix = out.split_off(if is_prefix { from } else { out.len() });
        let plain: String = prefix.chars().filter(|c| !"rR".contains(*c)).collect();
        // Without the mark of a raw string its backslashes are written as escapes.
        let content = match plain.len() == prefix.len() {
            true => joined(&content),
            false => content.replace('\\', "\\\\").replace(&quote[..1], &format!("\\{}", &quote[..1])),
        };
        out.push_str(&format!("{plain}{quote}{}{quote}", content.replace('\n', "\\n")));
    } else {
        out.push_str(&text[..(2 * quote.len() + end).min(text.len())]);
    }
    inner.get(end + quote.len()..).unwrap_or_default()
}

/// A string's content without the line ends that a backslash takes back.
fn joined(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    let mut chars = content.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '\\' { chars.next() } else { None };
        if escaped != Some('\n') {
            out.push(c);
            out.extend(escaped);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::flat;

    #[test]
    fn lines_are_joined() {
        assert_eq!(flat("a + \\\n b"), "a +    b");
        assert_eq!(flat("f(a, # one\n  b)"), "f(a,    b)");
        assert_eq!(flat("'#' + \"it's # \"  # gone"), "'#' + \"it's # \"  ");
        assert_eq!(flat(r"'\'' '#'"), r"'\'' '#'");
    }

    #[test]
    fn strings_keep_their_lines() {
        assert_eq!(flat("'''a\nb\\\nc'd'''"), r"'''a\nbc'd'''");
        assert_eq!(flat("'''a\\\\\nb'''"), r"'''a\\\nb'''");
        assert_eq!(flat("b'''a\r\nb'''"), r"b'''a\nb'''");
        assert_eq!(flat("rb'''a\\\nb''' + x"), r"b'''a\\\nb''' + x");
        assert_eq!(flat("x or'''a\n'''"), r"x or'''a\n'''");
        assert_eq!(flat("r'''a\\'b''' + y"), r"r'''a\'b''' + y");
    }
}
