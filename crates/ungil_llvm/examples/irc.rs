//! Compiles a module in text form and prints a listing: `irc FILE emitted|optimized|assembly|object|time [debug]`.

use std::process::ExitCode;
use std::time::Duration;
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::object::compile;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let [_, file, what, rest @ ..] = args.as_slice() else {
        eprintln!("usage: irc FILE emitted|optimized|assembly|object|time [debug]");
        return ExitCode::FAILURE;
    };
    match run(file, what, rest.iter().any(|a| a == "debug")) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(text) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn run(file: &str, what: &str, debug: bool) -> Result<String, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{file}: {e}"))?;
    let module = ungil_ir::read::read_module(&text).map_err(|e| format!("{file}:{e}"))?;
    ungil_ir::verify::verify_module(&module)
        .map_err(|list| list.iter().map(|e| format!("{file}: {e}")).collect::<Vec<_>>().join("\n"))?;
    let options = EmitOptions { debug, ..EmitOptions::new("kernel") };
    let mut times = Vec::new();
    let mut object = None;
    for _ in 0..if what == "time" { 21 } else { 1 } {
        let start = cpu_time();
        object =
            Some(compile(&module, &options, !matches!(what, "object" | "time")).map_err(|e| e.to_string())?);
        times.push(cpu_time() - start);
    }
    let object = object.expect("compiled at least once");
    times.sort();
    Ok(match (object.listing, what) {
        (Some(listing), "emitted") => listing.emitted,
        (Some(listing), "optimized") => listing.optimized,
        (Some(listing), "assembly") => listing.assembly,
        _ => {
            let (least, median) = (times[0], times[times.len() / 2]);
            format!("CPU time: least {least:?}, median {median:?}; {} bytes", object.bytes.len())
        }
    })
}

/// CPU time of this thread: what a compilation costs whatever else the machine does.
fn cpu_time() -> Duration {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on Linux, and `now` is a valid place for its time.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut now) };
    Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
}
