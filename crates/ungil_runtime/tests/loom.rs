//! Loom model of the sleep and wake protocol: every interleaving of a caller with sleeping workers.
//!
//! `cargo test --release -p ungil_runtime --features loom --test loom`

mod sync {
    pub use loom::sync::atomic::{AtomicU32, Ordering, fence};

    /// A futex for all words: wakes reach everybody, which is allowed to happen.
    pub mod futex {
        use loom::sync::atomic::{AtomicU32, Ordering};
        use loom::sync::{Condvar, Mutex};
        use std::time::Duration;

        loom::lazy_static! {
            static ref QUEUE: (Mutex<()>, Condvar) = (Mutex::new(()), Condvar::new());
        }

        pub fn wait(word: &AtomicU32, expected: u32, _: Option<Duration>) {
            let guard = QUEUE.0.lock().expect("lock");
            if word.load(Ordering::Relaxed) == expected {
                drop(QUEUE.1.wait(guard).expect("wait"));
            }
        }

        pub fn wake(_: &AtomicU32, _: i32) {
            let _guard = QUEUE.0.lock().expect("lock");
            QUEUE.1.notify_all();
        }
    }
}

#[path = "../src/bed.rs"]
#[allow(dead_code, reason = "the model uses a part")]
mod bed;

use bed::{BUSY, Bed, IDLE, Sleepers, Woken};
use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;

struct Shared {
    board: AtomicU32,
    sleepers: Sleepers,
    bed: Bed,
}

fn shared() -> Arc<Shared> {
    Arc::new(Shared {
        board: AtomicU32::new(0),
        sleepers: Sleepers { count: AtomicU32::new(0) },
        bed: Bed { state: AtomicU32::new(IDLE) },
    })
}

impl Shared {
    fn find(&self) -> Option<u32> {
        Some(self.board.load(Ordering::Relaxed)).filter(|b| *b != 0)
    }

    fn publish(&self, work: u32) {
        self.board.store(work, Ordering::Relaxed);
        if self.sleepers.any() {
            self.bed.wake(&self.sleepers);
        }
    }
}

/// A worker that went to sleep for ever would deadlock the model.
#[test]
fn no_wake_up_is_lost() {
    loom::model(|| {
        let shared = shared();
        let worker = {
            let shared = shared.clone();
            thread::spawn(move || {
                loop {
                    match shared.bed.sleep(&shared.sleepers, || shared.find()) {
                        Woken::Found(work) => return work,
                        Woken::Called => {
                            if let Some(work) = shared.find() {
                                return work;
                            }
                        }
                        Woken::Stopped => unreachable!("nobody stops the worker"),
                    }
                }
            })
        };
        shared.publish(7);
        assert_eq!(worker.join().expect("worker"), 7);
        assert_eq!(shared.sleepers.count.load(Ordering::Relaxed), 0);
    });
}

#[test]
fn two_callers_and_one_worker() {
    let mut model = loom::model::Builder::new();
    // Without a bound the three threads take minutes.
    model.preemption_bound = Some(2);
    model.check(|| {
        let shared = shared();
        let worker = {
            let shared = shared.clone();
            thread::spawn(move || {
                while let Woken::Called = shared.bed.sleep(&shared.sleepers, || shared.find()) {
                    if shared.find().is_some() {
                        return;
                    }
                }
            })
        };
        let other = {
            let shared = shared.clone();
            thread::spawn(move || shared.publish(1))
        };
        shared.publish(2);
        other.join().expect("caller");
        worker.join().expect("worker");
        assert_eq!(shared.sleepers.count.load(Ordering::Relaxed), 0);
    });
}

/// Stopping reaches a worker that sleeps, is about to, or is just taking work; never one that is busy.
#[test]
fn a_stop_is_exact() {
    loom::model(|| {
        let shared = shared();
        let worker = {
            let shared = shared.clone();
            thread::spawn(move || {
                loop {
                    if shared.find().is_some() {
                        if !shared.bed.begin_work() {
                            return false;
                        }
                        // Done with the work; the model's worker ends as a busy one.
                        return true;
                    }
                    if shared.bed.sleep(&shared.sleepers, || shared.find()) == Woken::Stopped {
                        return false;
                    }
                }
            })
        };
        shared.publish(1);
        let stopped = shared.bed.stop(&shared.sleepers);
        let worked = worker.join().expect("worker");
        assert_eq!(stopped, !worked);
        assert_eq!(shared.bed.state.load(Ordering::Relaxed) == BUSY, worked);
        assert_eq!(shared.sleepers.count.load(Ordering::Relaxed), 0);
    });
}
