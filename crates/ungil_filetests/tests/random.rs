//! Random programs: what the verifier accepts, reads back, and gives the same before and after all passes.
//!
//! `UNGIL_RANDOM=10000` sets how many programs, `UNGIL_SEED=7` runs one and prints it; `UNGIL_FROM=4294967296` starts there
//! (with the first program for vector lanes).

use ungil_filetests::commands::optimize::optimize_all;
use ungil_filetests::engine::{Interpreter, difference, observe};
use ungil_filetests::generate::{LANES, Program, program};
use ungil_interp::outcome::Failure;
use ungil_ir::read::read_module;
use ungil_ir::remark::RemarkKind;
use ungil_ir::verify::verify_module;

fn seeds() -> Vec<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|v| v.parse().ok());
    match number("UNGIL_SEED") {
        Some(seed) => vec![seed],
        None => {
            let count = number("UNGIL_RANDOM").unwrap_or(300);
            match number("UNGIL_FROM") {
                Some(first) => (first..first + count).collect(),
                None => (0..count).chain(LANES..LANES + count).collect(),
            }
        }
    }
}

/// Runs a check on the program of every seed; shows the seed and the program of the first that fails.
fn each(check: impl Fn(&Program) -> Result<(), String>) {
    for seed in seeds() {
        let program = program(seed);
        if std::env::var("UNGIL_SEED").is_ok() {
            println!("{}", program.module);
        }
        if let Err(why) = check(&program) {
            panic!("seed {seed}: {why}\n{}", program.module);
        }
    }
}

#[test]
fn programs_verify_and_read_back() {
    each(|program| {
        verify_module(&program.module).map_err(|e| format!("{e:#?}"))?;
        let text = program.module.to_string();
        let again = read_module(&text).map_err(|e| e.to_string())?;
        if again.to_string() == text { Ok(()) } else { Err("the text changes".to_owned()) }
    });
}

#[test]
fn programs_run_to_an_end() {
    let (mut results, mut errors) = (0, 0);
    each(|program| {
        for args in &program.args {
            let seen = observe(&Interpreter::default(), &program.module, program.module.entry(), args, &[]);
            if let Err(failure @ (Failure::Invalid(_) | Failure::OutOfFuel)) = seen.outcome.result {
                return Err(failure.to_string());
            }
        }
        Ok(())
    });
    for seed in seeds() {
        let p = program(seed);
        let seen = observe(&Interpreter::default(), &p.module, p.module.entry(), &p.args[0], &[]);
        *(if seen.outcome.result.is_ok() { &mut results } else { &mut errors }) += 1;
    }
    // A generator whose programs mostly fail early would test little.
    assert!(seeds().len() == 1 || results > errors, "{results} results and {errors} errors");
}

#[test]
fn passes_keep_results() {
    each(|program| {
        let mut optimised = program.module.clone();
        optimize_all(&mut optimised).map_err(|e| e.join("\n"))?;
        for args in &program.args {
            let entry = program.module.entry();
            let before = observe(&Interpreter::default(), &program.module, entry, args, &[]);
            let after = observe(&Interpreter::default(), &optimised, entry, args, &[]);
            if let Some(why) = difference(&before, &after) {
                return Err(format!("{why}\nfor {args:?}\n{optimised}\nwas"));
            }
        }
        Ok(())
    });
}

/// Most programs made for vector lanes must get there.
#[test]
fn loops_run_in_lanes() {
    let (mut applied, mut all) = (0, 0);
    for seed in LANES..LANES + 100 {
        let mut module = program(seed).module;
        let context = ungil_opt::pipeline::optimize(&mut module, Default::default(), &mut |_, _, _| {});
        let lanes = |r: &&ungil_ir::remark::Remark| r.pass == "run_in_lanes";
        all += 1;
        applied += usize::from(context.remarks.iter().filter(lanes).any(|r| r.kind == RemarkKind::Applied));
        if std::env::var("UNGIL_TRACE").is_ok() {
            context.remarks.iter().filter(lanes).for_each(|r| eprintln!("{seed}: {}", r.text));
        }
    }
    assert!(applied * 2 > all, "{applied} of {all}");
}
