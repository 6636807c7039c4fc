//! Where the default thread count comes from, each case in a process of its own because it is read once.

use std::process::Command;
use ungil_runtime::threads::{max_threads, origin};

/// Runs the test `report` in a new process with these variables and returns what it prints.
fn report_with(variables: &[(&str, &str)], one_cpu: bool) -> (i64, i64, i64) {
    let mut command = Command::new(std::env::current_exe().expect("this test"));
    command.args(["report", "--exact", "--nocapture", "--test-threads=1"]).env("UNGIL_TEST_REPORT", "1");
    command.env_remove("UNGIL_NUM_THREADS").env_remove("OMP_NUM_THREADS").envs(variables.iter().copied());
    if one_cpu {
        command.env("UNGIL_TEST_ONE_CPU", "1");
    }
    let text = String::from_utf8(command.output().expect("output").stdout).expect("text");
    let line =
        text.lines().find_map(|l| l.split("report=").nth(1)).unwrap_or_else(|| panic!("no report in {text}"));
    let mut numbers = line.split_whitespace().map(|n| n.parse().expect("a number"));
    let mut next = || numbers.next().expect("three numbers");
    (next(), next(), next())
}

#[test]
fn report() {
    if std::env::var_os("UNGIL_TEST_REPORT").is_none() {
        return;
    }
    if std::env::var_os("UNGIL_TEST_ONE_CPU").is_some() {
        // SAFETY: the set is plain data, and the call gets its size.
        unsafe {
            let mut set: libc::cpu_set_t = core::mem::zeroed();
            libc::CPU_SET(libc::sched_getcpu() as usize, &mut set);
            assert_eq!(libc::sched_setaffinity(0, size_of_val(&set), &raw const set), 0);
        }
    }
    println!("report={} {} {}", origin().cores(), origin().default_threads(), max_threads());
}

#[test]
fn defaults() {
    let (cores, threads, most) = report_with(&[], false);
    assert!(cores >= 1 && threads == cores && most == cores);
    assert_eq!(report_with(&[], true), (1, 1, 1));
    assert_eq!(report_with(&[("OMP_NUM_THREADS", "7,2")], true), (1, 7, 7));
    assert_eq!(report_with(&[("OMP_NUM_THREADS", "7"), ("UNGIL_NUM_THREADS", "5")], true), (1, 5, 5));
    assert_eq!(report_with(&[("UNGIL_NUM_THREADS", "1")], false), (cores, 1, cores));
    assert_eq!(report_with(&[("UNGIL_NUM_THREADS", "nonsense"), ("OMP_NUM_THREADS", "3")], true), (1, 3, 3));
}
