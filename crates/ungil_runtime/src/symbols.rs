//! Table of the entry points for the JIT's symbol resolution.

use crate::{alloc, barrier, error, list, parallel, poll, region, threads};
use ungil_abi::symbols as name;

/// Names and addresses of all entry points of `ungil_abi::symbols`.
pub fn symbols() -> Vec<(&'static str, usize)> {
    vec![
        (name::POLL, poll::ungil_rt_poll as *const () as usize),
        (name::RAISE, error::ungil_rt_raise as *const () as usize),
        (name::TRACE, error::ungil_rt_trace as *const () as usize),
        (name::KEEP_ERROR, error::ungil_rt_keep_error as *const () as usize),
        (name::RESUME_ERROR, error::ungil_rt_resume_error as *const () as usize),
        (name::ALLOC, alloc::ungil_rt_alloc as *const () as usize),
        (name::RETAIN, alloc::ungil_rt_retain as *const () as usize),
        (name::RELEASE, alloc::ungil_rt_release as *const () as usize),
        (name::LIST_RESERVE, list::ungil_rt_list_reserve as *const () as usize),
        (name::LIST_DROP, list::ungil_rt_list_drop as *const () as usize),
        (name::PRINT, poll::ungil_rt_print as *const () as usize),
        (name::PARALLEL_FOR, parallel::ungil_rt_parallel_for as *const () as usize),
        (name::PARALLEL_REGION, region::ungil_rt_parallel_region as *const () as usize),
        (name::BARRIER, barrier::ungil_rt_barrier as *const () as usize),
        (name::THREAD_ID, threads::ungil_rt_thread_id as *const () as usize),
        (name::NUM_THREADS, threads::ungil_rt_num_threads as *const () as usize),
        (name::SET_NUM_THREADS, threads::ungil_rt_set_num_threads as *const () as usize),
        (name::MAX_THREADS, threads::ungil_rt_max_threads as *const () as usize),
    ]
}
