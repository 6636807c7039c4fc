//! Test files: text, comment sign, and the commands of their first lines.

use std::path::{Path, PathBuf};

/// A test file.
#[derive(Clone, Debug)]
pub struct TestFile {
    pub path: PathBuf,
    pub text: String,
    /// `;` in IR, `#` in Python.
    pub comment: &'static str,
    pub commands: Vec<TestLine>,
}

/// `test optimize hoist_checks, fold_checks`: a command and what follows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TestLine {
    pub command: String,
    pub args: Vec<String>,
}

impl TestFile {
    /// Reads a file; its first line must name a command, further ones may.
    pub fn read(path: &Path) -> Result<TestFile, String> {
        let text = std::fs::read_to_string(path).map_err(|e| e.to_string())?;
        TestFile::parse(path, text)
    }

    pub fn parse(path: &Path, text: String) -> Result<TestFile, String> {
        let comment = match path.extension().and_then(|e| e.to_str()) {
            Some("ir") => ";",
            Some("py") => "#",
            _ => return Err("expected a file that ends in .ir or .py".to_owned()),
        };
        let commands: Vec<TestLine> = text
            .lines()
            .map_while(|line| line.strip_prefix(comment)?.trim().strip_prefix("test ").map(parse_test_line))
            .collect();
        if commands.is_empty() {
            return Err(format!("line 1 must be `{comment} test COMMAND`"));
        }
        Ok(TestFile { path: path.to_owned(), text, comment, commands })
    }

    pub fn is_python(&self) -> bool {
        self.comment == "#"
    }

    /// Comments that begin with `key:`, with their line from 1 and what follows.
    pub fn directives<'a>(&'a self, key: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.text.lines().enumerate().filter_map(move |(i, line)| {
            let rest = line.trim_start().strip_prefix(self.comment)?.trim_start();
            Some((i + 1, rest.strip_prefix(key)?.strip_prefix(':')?.trim()))
        })
    }

    /// Text after the `---` comment line, each line without its comment sign: an expectation that is blessed whole.
    pub fn tail(&self) -> Option<String> {
        let marker = format!("{} ---", self.comment);
        let mut lines = self.text.lines().skip_while(|line| line.trim_end() != marker);
        lines.next()?;
        let stripped = lines.map(|line| {
            let rest = line.strip_prefix(self.comment).unwrap_or(line);
            format!("{}\n", rest.strip_prefix(' ').unwrap_or(rest).trim_end())
        });
        Some(stripped.collect())
    }

    /// The whole text with another tail.
    pub fn with_tail(&self, tail: &str) -> String {
        let marker = format!("{} ---", self.comment);
        let head: Vec<&str> = self.text.lines().take_while(|line| line.trim_end() != marker).collect();
        let mut text = format!("{}\n\n{marker}\n", head.join("\n").trim_end());
        for line in tail.lines() {
            text.push_str(format!("{} {line}", self.comment).trim_end());
            text.push('\n');
        }
        text
    }
}

fn parse_test_line(rest: &str) -> TestLine {
    let (command, args) = rest.split_once(' ').unwrap_or((rest, ""));
    let args = args.split(',').map(str::trim).filter(|a| !a.is_empty()).map(str::to_owned).collect();
    TestLine { command: command.trim().to_owned(), args }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_tails_are_found() {
        let text = "; test optimize a, b\n; test run\n; run: x\nfunc\n\n; ---\n; out\n;   put\n".to_owned();
        let file = TestFile::parse(Path::new("t.ir"), text.clone()).expect("a test file");
        let optimize = TestLine { command: "optimize".into(), args: vec!["a".into(), "b".into()] };
        assert_eq!(file.commands, [optimize, TestLine { command: "run".into(), args: vec![] }]);
        assert_eq!(file.directives("run").collect::<Vec<_>>(), [(3, "x")]);
        assert_eq!(file.tail().as_deref(), Some("out\n  put\n"));
        assert_eq!(file.with_tail("out\n  put\n"), text);
        assert!(TestFile::parse(Path::new("t.ir"), "func".to_owned()).is_err());
    }
}
