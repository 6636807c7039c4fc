//! Arguments of the command line.

/// What is printed for `--help` and after a mistake.
pub const USAGE: &str = "\
usage: ungil COMMAND

  doctor                    processor, threads, cache and versions
  bench FILE.py::FUNCTION   times a function under Python and under ungil on 1 to n threads
        [--threads N]       at most N threads
  mpirun [-n N] PROGRAM     runs a program on N MPI ranks (mpirun --help)
  annotate FILE             writes the report on what each line of a .py or .pyx file became
        [-o OUT.html] [--open] [--profile] [-2 | -3] [-- ARGUMENTS]
  cache info                where the cache is, how many entries and bytes it has
  cache clear               removes every entry
  --version, --help
";

/// A command.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    Help,
    Version,
    Doctor,
    CacheInfo,
    CacheClear,
    Bench { path: String, function: String, threads: Option<u32> },
}

/// Reads the words behind `ungil`; the error says what is wrong.
pub fn parse(words: &[String]) -> Result<Command, String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] | ["help" | "--help" | "-h", ..] => Ok(Command::Help),
        ["--version" | "-V"] => Ok(Command::Version),
        ["doctor"] => Ok(Command::Doctor),
        ["cache", "info"] => Ok(Command::CacheInfo),
        ["cache", "clear"] => Ok(Command::CacheClear),
        ["cache", ..] => Err("cache takes `info` or `clear`".to_owned()),
        ["bench", rest @ ..] => bench(rest),
        [other, ..] => Err(format!("unknown command `{other}`")),
    }
}

fn bench(words: &[&str]) -> Result<Command, String> {
    let (target, threads) = match words {
        [target] => (target, None),
        [target, "--threads", n] | ["--threads", n, target] => {
            let n = n.parse::<u32>().ok().filter(|n| *n > 0);
            (target, Some(n.ok_or("--threads takes a positive number")?))
        }
        _ => return Err("bench takes FILE.py::FUNCTION".to_owned()),
    };
    let parts = target.split_once("::").filter(|(p, f)| !p.is_empty() && !f.is_empty());
    let (path, function) = parts.ok_or_else(|| format!("`{target}` is not FILE.py::FUNCTION"))?;
    Ok(Command::Bench { path: path.to_owned(), function: function.to_owned(), threads })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Result<Command, String> {
        parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn commands_are_read() {
        assert_eq!(of(""), Ok(Command::Help));
        assert_eq!(of("cache clear"), Ok(Command::CacheClear));
        let bench = Command::Bench { path: "a/b.py".into(), function: "f".into(), threads: Some(3) };
        assert_eq!(of("bench a/b.py::f --threads 3"), Ok(bench.clone()));
        assert_eq!(of("bench --threads 3 a/b.py::f"), Ok(bench));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(of("frobnicate"), Err("unknown command `frobnicate`".into()));
        assert_eq!(of("bench a.py"), Err("`a.py` is not FILE.py::FUNCTION".into()));
        assert_eq!(of("bench a.py::f --threads 0"), Err("--threads takes a positive number".into()));
        assert_eq!(of("cache"), Err("cache takes `info` or `clear`".into()));
    }
}
