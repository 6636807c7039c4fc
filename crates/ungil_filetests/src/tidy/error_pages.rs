//! Error codes and their pages: every code that the compiler can print has a page, and every page a code.
//!
//! A code is a string literal such as `"U0214"` in `ungil_diag`'s code table or elsewhere in the crates' or the Python
//! package's sources; its page is `docs/errors/U0214.md`. Tests are not read: they may name codes that do not exist.

use std::collections::BTreeSet;

use super::SourceFile;

/// Codes without a page, and pages without a code.
pub fn error_pages(files: &[SourceFile]) -> Vec<String> {
    let codes: BTreeSet<String> = files.iter().filter(|file| holds_codes(file)).flat_map(codes_in).collect();
    let pages: BTreeSet<String> = files.iter().filter_map(page_code).collect();
    let missing = codes.difference(&pages).map(|code| format!("docs/errors/{code}.md: the page is missing"));
    let stale =
        pages.difference(&codes).map(|code| format!("docs/errors/{code}.md: no diagnostic has this code"));
    missing.chain(stale).collect()
}

fn holds_codes(file: &SourceFile) -> bool {
    (file.path.starts_with("python/ungil/") && file.has_extension("py")) || is_crate_source(file)
}

fn is_crate_source(file: &SourceFile) -> bool {
    file.path.starts_with("crates/")
        && file.has_extension("rs")
        && file.path.contains("/src/")
        && !file.path.contains("/tests")
        && !file.path.starts_with("crates/ungil_filetests/")
}

/// The codes that stand as whole string literals before the file's unit tests.
fn codes_in(file: &SourceFile) -> Vec<String> {
    let code = file.text.split("#[cfg(test)]").next().unwrap_or_default();
    code.lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.trim_start().starts_with('#'))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|literal| is_code(literal))
        .map(str::to_owned)
        .collect()
}

fn page_code(file: &SourceFile) -> Option<String> {
    let code = file.path.strip_prefix("docs/errors/")?.strip_suffix(".md")?;
    is_code(code).then(|| code.to_owned())
}

fn is_code(text: &str) -> bool {
    text.len() == 5 && text.starts_with('U') && text[1..].bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_pages_agree() {
        let table = "const A: &str = \"U0201\"; // \"U0999\" is no code\n#[cfg(test)]\nmod t { \"U0777\" }\n";
        let files = [
            SourceFile::new("crates/ungil_diag/src/code.rs", table),
            SourceFile::new("docs/errors/U0305.md", "# U0305\n"),
            SourceFile::new("docs/errors/index.md", "# Errors\n"),
        ];
        let complaints = error_pages(&files);
        assert!(
            complaints.contains(&"docs/errors/U0201.md: the page is missing".to_owned()),
            "{complaints:?}"
        );
        assert!(complaints.contains(&"docs/errors/U0305.md: no diagnostic has this code".to_owned()));
        assert!(!complaints.iter().any(|complaint| complaint.contains("U0777")));
    }
}
