//! A scanner that separates Rust code from its comments and literals.
//!
//! [`code_only`] replaces comments and the contents of string and character literals by spaces and keeps every line break,
//! so that a rule can look for words without being misled by text, and can still name the line.
//! Limits: it knows tokens, not syntax; macros are read like other code.

/// The text with comments and the contents of literals blanked, character for character.
pub fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = token_end(&chars, at);
        if end > at {
            out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

/// The lines (from 1) on which `word` stands alone in the code, not as a part of a longer name.
pub fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    code.lines()
        .enumerate()
        .filter(|(_, line)| line.split(|c| !is_name(c)).any(|name| name == word))
        .map(|(index, _)| index + 1)
        .collect()
}

/// The end of the comment or literal that starts at `at`; `at` itself where none does.
fn token_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => find(chars, at, '\n'),
        '/' if next == Some('*') => block_comment_end(chars, at),
        '"' => string_end(chars, at),
        '\'' => character_end(chars, at),
        'r' if !follows_name(chars, at) => raw_string_end(chars, at),
        'b' if next == Some('r') && !follows_name(chars, at) => raw_string_end(chars, at + 1).max(at),
        _ => at,
    }
}

fn follows_name(chars: &[char], at: usize) -> bool {
    at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_')
}

fn find(chars: &[char], from: usize, wanted: char) -> usize {
    chars[from..].iter().position(|&c| c == wanted).map_or(chars.len(), |offset| from + offset)
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn string_end(chars: &[char], start: usize) -> usize {
    let mut at = start + 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// A character literal; a lifetime is no literal.
fn character_end(chars: &[char], start: usize) -> usize {
    match (chars.get(start + 1), chars.get(start + 2)) {
        (Some('\\'), _) => (find(chars, start + 3, '\'') + 1).min(chars.len()),
        (Some(_), Some('\'')) => start + 3,
        _ => start,
    }
}

/// A raw string whose `r` stands at `start`; a plain name keeps `start`.
fn raw_string_end(chars: &[char], start: usize) -> usize {
    let hashes = chars[start + 1..].iter().take_while(|&&c| c == '#').count();
    if chars.get(start + 1 + hashes) != Some(&'"') {
        return start;
    }
    let mut at = start + 2 + hashes;
    while at < chars.len() {
        let closes =
            chars[at] == '"' && chars[at + 1..].iter().take(hashes).filter(|&&c| c == '#').count() == hashes;
        if closes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

#[cfg(test)]
mod tests {
    use super::{code_only, lines_with_word};

    #[test]
    fn comments_and_literals_are_blank() {
        let text =
            "let a = \"unsafe\"; // unsafe\n/* unsafe /* nested */ unsafe */ let b = r#\"unsafe \" \"#;\n";
        let code = code_only(text);
        assert_eq!(code.len(), text.len());
        assert_eq!(code.lines().count(), 2);
        assert!(!code.contains("unsafe"));
        assert!(code.contains("let a =") && code.contains("let b ="));
    }

    #[test]
    fn lifetimes_and_characters_are_told_apart() {
        let code = code_only("fn f<'a>(x: &'a str) { let q = '\"'; let n = '\\n'; unsafe {} }");
        assert!(code.contains("unsafe"), "{code}");
        assert!(code.contains("<'a>"));
    }

    #[test]
    fn raw_byte_strings_and_raw_names() {
        assert!(!code_only("let x = br#\"unsafe\"#;").contains("unsafe"));
        assert!(code_only("let r#type = for_r; unsafe {}").contains("unsafe"));
    }

    #[test]
    fn words_are_whole() {
        let code = "#![forbid(unsafe_code)]\nunsafe fn f() {}\n";
        assert_eq!(lines_with_word(code, "unsafe"), [2]);
    }
}
