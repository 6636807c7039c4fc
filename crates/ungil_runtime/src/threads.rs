//! Thread counts: what the machine allows, what the user asked for.
//!
//! The default is `UNGIL_NUM_THREADS`, else `OMP_NUM_THREADS` (its first level), else the number of CPUs in the
//! affinity mask, reduced to the cgroup's CPU quota rounded up. It is read once. The count set by
//! [`set_num_threads`] belongs to the calling thread, as Numba's does; workers inherit it from the loop they join.

use crate::context::{ThreadState, state_of};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use ungil_abi::context::Ctx;

/// Most threads that one loop or region uses, whatever it asks for.
pub const LOOP_LIMIT: i64 = 512;

/// Where the default thread count comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// CPUs this process may run on, at least 1.
    pub affinity: i64,
    /// CPU quota of the cgroup, rounded up.
    pub quota: Option<i64>,
    /// Name and value of the environment variable that decided.
    pub variable: Option<(&'static str, i64)>,
}

impl Origin {
    /// CPUs that this process can keep busy.
    pub fn cores(&self) -> i64 {
        self.quota.map_or(self.affinity, |q| q.min(self.affinity)).max(1)
    }

    /// Threads that loops use by default.
    pub fn default_threads(&self) -> i64 {
        self.variable.map_or(self.cores(), |(_, n)| n)
    }
}

/// How this process got its default; read at first use.
pub fn origin() -> &'static Origin {
    static ORIGIN: OnceLock<Origin> = OnceLock::new();
    ORIGIN.get_or_init(|| Origin {
        affinity: affinity(),
        quota: cgroup_quota(Path::new("/proc/self/cgroup"), Path::new("/sys/fs/cgroup")),
        variable: from_environment(),
    })
}

/// Largest count that [`set_num_threads`] accepts.
pub fn max_threads() -> i64 {
    let origin = origin();
    origin.default_threads().max(origin.cores()).min(LOOP_LIMIT)
}

/// Count that a loop started by this thread would use.
pub fn num_threads(state: &ThreadState) -> i64 {
    match state.num_threads.get() {
        0 => origin().default_threads(),
        n => n,
    }
}

/// Sets the count for loops that this thread starts and returns the previous one. The caller refuses counts
/// outside `1 ..= max_threads()` with an error; here they are clamped.
pub fn set_num_threads(state: &ThreadState, n: i64) -> i64 {
    let before = num_threads(state);
    state.num_threads.set(n.clamp(1, max_threads()));
    before
}

/// # Safety
/// `ctx` is this thread's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_thread_id(ctx: *mut Ctx) -> i64 {
    // SAFETY: by contract.
    i64::from(unsafe { (*ctx).thread_id })
}

/// # Safety
/// `ctx` is this thread's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_num_threads(ctx: *mut Ctx) -> i64 {
    // SAFETY: by contract.
    num_threads(unsafe { state_of(ctx) })
}

/// # Safety
/// `ctx` is this thread's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_set_num_threads(ctx: *mut Ctx, n: i64) -> i64 {
    // SAFETY: by contract.
    set_num_threads(unsafe { state_of(ctx) }, n)
}

/// # Safety
/// None beyond the ABI's: `ctx` is not used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_rt_max_threads(_ctx: *mut Ctx) -> i64 {
    max_threads()
}

fn from_environment() -> Option<(&'static str, i64)> {
    ["UNGIL_NUM_THREADS", "OMP_NUM_THREADS"].into_iter().find_map(|name| {
        let text = std::env::var(name).ok()?;
        parse_count(&text).map(|n| (name, n))
    })
}

/// A positive count, the first of a comma-separated list, at most [`LOOP_LIMIT`]. Anything else is ignored.
fn parse_count(text: &str) -> Option<i64> {
    let first = text.split(',').next()?.trim();
    first.parse::<i64>().ok().filter(|n| *n > 0).map(|n| n.min(LOOP_LIMIT))
}

/// CPUs in the affinity mask; masks of more than 1,024 CPUs are asked for with a larger buffer.
fn affinity() -> i64 {
    let mut words = 16usize;
    while words <= 4096 {
        let mut mask = vec![0u64; words];
        // SAFETY: the buffer is as long as stated.
        let rc = unsafe { libc::sched_getaffinity(0, words * 8, mask.as_mut_ptr().cast()) };
        if rc == 0 {
            return mask.iter().map(|w| i64::from(w.count_ones())).sum::<i64>().max(1);
        }
        words *= 4;
    }
    std::thread::available_parallelism().map_or(1, |n| n.get() as i64)
}

/// Smallest CPU quota on the way from the process's cgroup to the root, rounded up; versions 1 and 2.
fn cgroup_quota(membership: &Path, mount: &Path) -> Option<i64> {
    let text = fs::read_to_string(membership).unwrap_or_default();
    let mut quota: Option<i64> = None;
    for line in text.lines() {
        // hierarchy:controllers:path
        let mut parts = line.splitn(3, ':');
        let (_, Some(controllers), Some(path)) = (parts.next(), parts.next(), parts.next()) else { continue };
        let roots: Vec<PathBuf> = if controllers.is_empty() {
            vec![mount.to_owned(), mount.join("unified")]
        } else if controllers.split(',').any(|c| c == "cpu") {
            vec![mount.join(controllers), mount.join("cpu"), mount.join("cpu,cpuacct")]
        } else {
            continue;
        };
        for root in roots {
            for group in Path::new(path.trim_start_matches('/')).ancestors() {
                let dir = root.join(group);
                let here = if controllers.is_empty() { quota_v2(&dir) } else { quota_v1(&dir) };
                quota = [quota, here].into_iter().flatten().min();
            }
        }
    }
    quota
}

fn quota_v2(group: &Path) -> Option<i64> {
    let text = fs::read_to_string(group.join("cpu.max")).ok()?;
    let mut words = text.split_whitespace();
    let quota = words.next()?.parse::<i64>().ok()?;
    let period = words.next().map_or(Some(100_000), |p| p.parse::<i64>().ok())?;
    cpus(quota, period)
}

fn quota_v1(group: &Path) -> Option<i64> {
    let read = |name: &str| fs::read_to_string(group.join(name)).ok()?.trim().parse::<i64>().ok();
    cpus(read("cpu.cfs_quota_us")?, read("cpu.cfs_period_us")?)
}

/// Quota in CPUs, rounded up; −1 in version 1 means none.
fn cpus(quota: i64, period: i64) -> Option<i64> {
    (quota > 0 && period > 0).then(|| (quota - 1) / period + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().expect("a parent")).expect("create");
        fs::write(path, text).expect("write");
    }

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("ungil-threads-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        fs::create_dir_all(&dir).expect("create");
        dir
    }

    #[test]
    fn counts_are_parsed_as_openmp_does() {
        assert_eq!(parse_count("4"), Some(4));
        assert_eq!(parse_count(" 3 , 2"), Some(3));
        assert_eq!(parse_count("0"), None);
        assert_eq!(parse_count("-1"), None);
        assert_eq!(parse_count("many"), None);
        assert_eq!(parse_count(""), None);
        assert_eq!(parse_count("100000"), Some(LOOP_LIMIT));
    }

    #[test]
    fn quota_of_version_2_is_the_smallest_up_the_tree() {
        let dir = scratch("v2");
        file(dir.join("cgroup"), "0::/a/b\n");
        file(dir.join("fs/a/b/cpu.max"), "max 100000\n");
        assert_eq!(cgroup_quota(&dir.join("cgroup"), &dir.join("fs")), None);
        file(dir.join("fs/a/cpu.max"), "250000 100000\n");
        assert_eq!(cgroup_quota(&dir.join("cgroup"), &dir.join("fs")), Some(3));
        file(dir.join("fs/cpu.max"), "100000 100000\n");
        assert_eq!(cgroup_quota(&dir.join("cgroup"), &dir.join("fs")), Some(1));
        fs::remove_dir_all(dir).expect("remove");
    }

    #[test]
    fn quota_of_version_1_and_of_a_container_without_the_path() {
        let dir = scratch("v1");
        file(dir.join("cgroup"), "5:memory:/x\n3:cpu,cpuacct:/docker/abc\n");
        assert_eq!(cgroup_quota(&dir.join("cgroup"), &dir.join("fs")), None);
        file(dir.join("fs/cpu,cpuacct/cpu.cfs_quota_us"), "150000\n");
        file(dir.join("fs/cpu,cpuacct/cpu.cfs_period_us"), "100000\n");
        assert_eq!(cgroup_quota(&dir.join("cgroup"), &dir.join("fs")), Some(2));
        file(dir.join("fs/cpu,cpuacct/cpu.cfs_quota_us"), "-1\n");
        assert_eq!(cgroup_quota(&dir.join("cgroup"), &dir.join("fs")), None);
        fs::remove_dir_all(dir).expect("remove");
    }

    #[test]
    fn environment_beats_the_machine() {
        let machine = Origin { affinity: 8, quota: Some(3), variable: None };
        assert_eq!((machine.cores(), machine.default_threads()), (3, 3));
        let asked = Origin { variable: Some(("UNGIL_NUM_THREADS", 5)), ..machine };
        assert_eq!((asked.cores(), asked.default_threads()), (3, 5));
    }
}
