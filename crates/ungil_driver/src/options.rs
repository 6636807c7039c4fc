//! Options of a decorated function, by the names its decorator takes.

use ungil_ir::function::{FastMath, Inline, Simd};
use ungil_sema::options::{ErrorModel, Options};

/// Everything that `@jit(…)` can say.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct KernelOptions {
    /// What changes the code.
    pub compile: Options,
    /// Keep object code on disk.
    pub cache: bool,
    /// `Some(true)`: always detach from the interpreter. `None` and `Some(false)`: when the kernel is long.
    pub nogil: Option<bool>,
    /// Emit debug information for gdb and perf.
    pub debug: bool,
    /// Whether calls are seen by profilers, and lines by tracers.
    pub profile: bool,
    pub linetrace: bool,
}

impl Default for KernelOptions {
    fn default() -> KernelOptions {
        KernelOptions {
            compile: Options::default(),
            cache: true,
            nogil: None,
            debug: false,
            profile: false,
            linetrace: false,
        }
    }
}

/// Names of all options, for messages.
pub const NAMES: &[&str] = &[
    "parallel",
    "fastmath",
    "boundscheck",
    "wraparound",
    "error_model",
    "cache",
    "nogil",
    "inline",
    "debug",
    "overflowcheck",
    "profile",
    "linetrace",
    "simd",
    "source",
    "nopython",
    "forceobj",
    "looplift",
];

/// Value of an option as Python gives it.
#[derive(Clone, PartialEq, Debug)]
pub enum OptionValue {
    None,
    Bool(bool),
    Text(String),
    Set(Vec<String>),
}

/// What is wrong with an option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum OptionError {
    Unknown { name: String, nearest: Option<&'static str> },
    Value { name: String, expected: &'static str },
}

impl KernelOptions {
    /// Sets one option.
    pub fn set(&mut self, name: &str, value: &OptionValue) -> Result<(), OptionError> {
        let wrong = |expected: &'static str| OptionError::Value { name: name.to_owned(), expected };
        let flag = || match value {
            OptionValue::Bool(b) => Ok(*b),
            _ => Err(wrong("True or False")),
        };
        match name {
            "parallel" => {
                self.compile.parallel = flag()?;
                self.compile.parallel_arrays = flag()?;
            }
            "boundscheck" if *value == OptionValue::None => {}
            "boundscheck" => self.compile.boundscheck = flag()?,
            "wraparound" => self.compile.wraparound = flag()?,
            "overflowcheck" => self.compile.overflowcheck = flag()?,
            "cache" => self.cache = flag()?,
            "nogil" => self.nogil = Some(flag()?),
            "debug" => self.debug = flag()?,
            "profile" => self.profile = flag()?,
            "linetrace" => self.linetrace = flag()?,
            "fastmath" => {
                self.compile.fastmath = fast_math(value)
                    .ok_or_else(|| wrong("True, False or a set of LLVM's flags, as {'contract'}"))?;
            }
            "error_model" => {
                self.compile.error_model = match value {
                    OptionValue::None => ErrorModel::Default,
                    OptionValue::Text(t) if t == "python" => ErrorModel::Python,
                    OptionValue::Text(t) if t == "numpy" => ErrorModel::Numpy,
                    _ => return Err(wrong("\"python\", \"numpy\" or None")),
                }
            }
            "inline" => {
                self.compile.inline = match value {
                    OptionValue::Bool(true) => Inline::Always,
                    OptionValue::Text(t) if t == "always" => Inline::Always,
                    OptionValue::Bool(false) | OptionValue::None => Inline::Auto,
                    OptionValue::Text(t) if t == "never" => Inline::Never,
                    _ => return Err(wrong("\"always\", \"never\", True or False")),
                }
            }
            "simd" => {
                self.compile.simd = match value {
                    OptionValue::None => Simd::Auto,
                    OptionValue::Bool(true) => Simd::Always,
                    OptionValue::Bool(false) => Simd::Never,
                    _ => return Err(wrong("True, False or None")),
                }
            }
            // Every kernel compiles in what Numba calls nopython mode.
            "nopython" if *value == OptionValue::Bool(true) => {}
            "nopython" => return Err(wrong("True: kernels have no object mode")),
            "forceobj" | "looplift" if *value == OptionValue::Bool(false) => {}
            "forceobj" | "looplift" => return Err(wrong("False: kernels have no object mode")),
            _ => return Err(OptionError::Unknown { name: name.to_owned(), nearest: nearest(name) }),
        }
        Ok(())
    }

    /// A text that two option sets share when they give the same code.
    pub fn key(&self) -> String {
        format!("{:?} {}", self.compile, self.debug)
    }
}

fn fast_math(value: &OptionValue) -> Option<FastMath> {
    let all = |on| FastMath { reassoc: on, nnan: on, ninf: on, nsz: on, arcp: on, contract: on, afn: on };
    match value {
        OptionValue::Bool(on) => Some(all(*on)),
        OptionValue::Set(names) => {
            let mut flags = FastMath::default();
            for name in names {
                match name.as_str() {
                    "reassoc" => flags.reassoc = true,
                    "nnan" => flags.nnan = true,
                    "ninf" => flags.ninf = true,
                    "nsz" => flags.nsz = true,
                    "arcp" => flags.arcp = true,
                    "contract" => flags.contract = true,
                    "afn" => flags.afn = true,
                    "fast" => flags = all(true),
                    _ => return None,
                }
            }
            Some(flags)
        }
        _ => None,
    }
}

/// The option whose name is closest, if one is close.
fn nearest(name: &str) -> Option<&'static str> {
    let best = NAMES.iter().map(|n| (distance(name, n), *n)).min()?;
    (best.0 <= 1 + name.len() / 3).then_some(best.1)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substitute = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substitute.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_option_names_the_nearest() {
        let mut options = KernelOptions::default();
        let set = |options: &mut KernelOptions, name| options.set(name, &OptionValue::Bool(true));
        assert_eq!(
            set(&mut options, "fast_math"),
            Err(OptionError::Unknown { name: "fast_math".into(), nearest: Some("fastmath") })
        );
        assert_eq!(
            set(&mut options, "quux"),
            Err(OptionError::Unknown { name: "quux".into(), nearest: None })
        );
    }

    #[test]
    fn fastmath_takes_flags() {
        let mut options = KernelOptions::default();
        let flags = OptionValue::Set(vec!["contract".into(), "nnan".into()]);
        options.set("fastmath", &flags).expect("known flags");
        let found = options.compile.fastmath;
        assert!(found.contract && found.nnan && !found.reassoc);
        assert!(options.set("fastmath", &OptionValue::Set(vec!["quick".into()])).is_err());
    }
}
