//! The file tests and random programs on machine code, on 1 and on 8 threads.
//!
//! `UNGIL_FILETEST=part` picks files; `UNGIL_RANDOM=10000` sets how many programs, `UNGIL_FROM=7` where to start, `UNGIL_SEED=7` runs one. With
//! `UNGIL_IR=path` too that module takes the program's place, with the same arguments: for cutting a failing program down. `UNGIL_TRACE=1` names each seed before it runs.

mod engine;
mod packed;

use engine::MachineCode;
use std::sync::{Mutex, MutexGuard, PoisonError};
use ungil_filetests::commands::optimize::optimize_all;
use ungil_filetests::engine::{Engine, Interpreter, difference, observe};
use ungil_filetests::generate::{LANES, program};
use ungil_filetests::runner::{Config, run_all};
use ungil_filetests::tidy::repository_root;
use ungil_interp::outcome::Failure;
use ungil_ir::read::read_module;
use ungil_ir::verify::verify_module;

fn engines() -> Vec<Box<dyn Engine>> {
    vec![Box::new(MachineCode::new(1)), Box::new(MachineCode::new(8))]
}

/// Tests count living blocks of memory, so they run one after the other.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

#[test]
fn filetests() {
    let _alone = alone();
    let mut config = Config::from_environment(repository_root().join("tests/filetests/run"));
    config.engines = engines();
    let report = run_all(&config);
    assert!(report.files > 0, "no test file was found");
    let failures = &report.failures;
    assert!(
        failures.is_empty(),
        "{} of {} files failed:\n{}",
        failures.len(),
        report.files,
        failures.join("\n")
    );
}

#[test]
fn random_programs() {
    let _alone = alone();
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    let seeds = match number("UNGIL_SEED") {
        Some(seed) => vec![seed],
        None => {
            let count = number("UNGIL_RANDOM").unwrap_or(150);
            match number("UNGIL_FROM") {
                Some(first) => (first..first + count).collect(),
                None => (0..count).chain(LANES..LANES + count).collect(),
            }
        }
    };
    let engines = engines();
    for seed in seeds {
        if std::env::var("UNGIL_TRACE").is_ok() {
            eprintln!("seed {seed}");
        }
        let mut p = program(seed);
        if let Ok(path) = std::env::var("UNGIL_IR") {
            p.module = read_module(&std::fs::read_to_string(path).expect("a file")).expect("a module");
            verify_module(&p.module).expect("a correct module");
        }
        let mut optimised = p.module.clone();
        optimize_all(&mut optimised).unwrap_or_else(|e| panic!("seed {seed}: {e:?}"));
        for args in &p.args {
            let expected = observe(&Interpreter::default(), &p.module, p.module.entry(), args, &[]);
            if let Err(Failure::Invalid(why)) = &expected.outcome.result {
                panic!("seed {seed}: {why}");
            }
            for engine in &engines {
                let found = observe(engine.as_ref(), &optimised, optimised.entry(), args, &[]);
                if let Some(why) = difference(&expected, &found) {
                    panic!("seed {seed}, {}: {why}\nfor {args:?}\n{optimised}", engine.name());
                }
            }
        }
    }
}
