//! Parallel runtime of compiled code: team, regions, reductions, safepoints, allocator.
//!
//! Generated code calls the `ungil_rt_*` entry points (names in `ungil_abi::symbols`, addresses from
//! [`symbols::symbols`]); a host brackets its calls with [`context::enter_call`] and [`context::leave_call`]. No
//! Python here. Every entry point returns a status and never unwinds. The synchronisation schemes are described in
//! README.md beside this crate's sources. Linux only: futexes, `membarrier`, `/proc`.

pub mod alloc;
pub mod barrier;
mod bed;
mod block;
mod board;
mod buffer;
pub mod context;
pub mod error;
mod fork;
mod futex;
mod job;
pub mod list;
mod mapping;
pub mod openmp;
pub mod parallel;
mod place;
pub mod poll;
pub mod recycle;
pub mod reduce;
pub mod region;
mod root;
pub mod sampler;
mod schedule;
mod scope;
mod sleep;
mod small;
mod spawn;
mod stack;
pub mod symbols;
mod sync;
mod team;
pub mod threads;
mod ticker;
