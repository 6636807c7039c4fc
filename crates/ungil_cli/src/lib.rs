//! The command line: arguments and what the commands print.
//!
//! The extension module calls [`run`] with the words behind `ungil`. Commands that need Python (`bench`) are only
//! read here and handed back.

#![forbid(unsafe_code)]

pub mod arguments;
pub mod doctor;

use ungil_driver::cache::Cache;

use crate::arguments::{Command, parse};
use crate::doctor::Facts;

/// What a command line asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Text for standard output.
    Done(String),
    /// Text for standard error; the exit status is 2.
    Wrong(String),
    /// Time `function` of the file `path` on up to `threads` threads.
    Bench { path: String, function: String, threads: Option<u32> },
}

/// Runs a command line.
pub fn run(words: &[String], cache: &Cache, facts: &Facts) -> Outcome {
    match parse(words) {
        Err(text) => Outcome::Wrong(format!("ungil: {text}\n{}", arguments::USAGE)),
        Ok(Command::Help) => Outcome::Done(arguments::USAGE.to_owned()),
        Ok(Command::Version) => Outcome::Done(format!("ungil {}\n", facts.version)),
        Ok(Command::Doctor) => Outcome::Done(doctor::report(facts, cache)),
        Ok(Command::CacheInfo) => Outcome::Done(cache_info(cache)),
        Ok(Command::CacheClear) => {
            let removed = cache.clear();
            Outcome::Done(format!("removed {} entries, {}\n", removed.entries, doctor::size(removed.bytes)))
        }
        Ok(Command::Bench { path, function, threads }) => Outcome::Bench { path, function, threads },
    }
}

fn cache_info(cache: &Cache) -> String {
    let Some(directory) = cache.directory() else {
        return "no cache directory: kernels live in memory\n".to_owned();
    };
    let usage = cache.usage();
    format!(
        "directory  {}\nentries    {}\nsize       {} of at most {}\n",
        directory.display(),
        usage.entries,
        doctor::size(usage.bytes),
        doctor::size(cache.limit())
    )
}
