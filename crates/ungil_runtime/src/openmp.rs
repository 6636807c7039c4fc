//! Functions of OpenMP that are no part of the compiled code: locks, and settings.
//!
//! A lock is a word that its holder sets; others sleep on it. A nested one counts how often its holder has taken it. What the
//! team does by itself (adjusting threads, nesting) and the schedule `runtime` keep what was set and do nothing else.

use crate::futex;
use core::sync::atomic::{AtomicI32, AtomicU32, Ordering};

/// States of a lock.
const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

/// `omp_lock_t`, and with owner and count `omp_nest_lock_t`.
#[repr(C)]
pub struct Lock {
    state: AtomicU32,
    count: AtomicI32,
    owner: AtomicI32,
    unused: u32,
}

impl Lock {
    fn clear(&self) {
        self.state.store(FREE, Ordering::Relaxed);
        self.count.store(0, Ordering::Relaxed);
        self.owner.store(0, Ordering::Relaxed);
    }

    fn try_take(&self) -> bool {
        self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    fn take(&self) {
        if self.try_take() {
            return;
        }
        while self.state.swap(AWAITED, Ordering::Acquire) != FREE {
            futex::wait(&raw const self.state, AWAITED, None);
        }
    }

    fn release(&self) {
        if self.state.swap(FREE, Ordering::Release) == AWAITED {
            futex::wake(&raw const self.state, 1);
        }
    }

    /// Takes a nested lock if `take` can; how often its holder then has it.
    fn nest(&self, take: impl FnOnce(&Self) -> bool) -> i32 {
        // SAFETY: asks for the number of this thread.
        let own = unsafe { libc::gettid() };
        // Only this thread can have written its own number.
        if self.owner.load(Ordering::Relaxed) != own {
            if !take(self) {
                return 0;
            }
            self.owner.store(own, Ordering::Relaxed);
        }
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    fn unnest(&self) {
        if self.count.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.owner.store(0, Ordering::Relaxed);
            self.release();
        }
    }
}

macro_rules! of_locks {
    ($($name:ident($lock:ident) $(-> $ty:ty)? $body:block)*) => {$(
        /// # Safety
        /// The address is that of a lock, which lives until it is destroyed.
        unsafe extern "C" fn $name($lock: *const Lock) $(-> $ty)? {
            // SAFETY: by contract; all of a lock is atomic.
            let $lock = unsafe { &*$lock };
            $body
        }
    )*};
}

of_locks! {
    init(lock) { lock.clear() }
    destroy(lock) { lock.clear() }
    set(lock) { lock.take() }
    unset(lock) { lock.release() }
    test(lock) -> i32 { i32::from(lock.try_take()) }
    set_nest(lock) {
        lock.nest(|lock| {
            lock.take();
            true
        });
    }
    unset_nest(lock) { lock.unnest() }
    test_nest(lock) -> i32 { lock.nest(Lock::try_take) }
}

static DYNAMIC: AtomicI32 = AtomicI32::new(0);
static NESTED: AtomicI32 = AtomicI32::new(0);
static LEVELS: AtomicI32 = AtomicI32::new(i32::MAX);
/// `omp_sched_dynamic`, which is what `runtime` means here.
static KIND: AtomicI32 = AtomicI32::new(2);
static CHUNK: AtomicI32 = AtomicI32::new(1);

extern "C" fn set_dynamic(value: i32) {
    DYNAMIC.store(i32::from(value != 0), Ordering::Relaxed);
}

extern "C" fn get_dynamic() -> i32 {
    DYNAMIC.load(Ordering::Relaxed)
}

extern "C" fn set_nested(value: i32) {
    NESTED.store(i32::from(value != 0), Ordering::Relaxed);
}

extern "C" fn get_nested() -> i32 {
    NESTED.load(Ordering::Relaxed)
}

extern "C" fn set_levels(value: i32) {
    if value >= 0 {
        LEVELS.store(value, Ordering::Relaxed);
    }
}

extern "C" fn get_levels() -> i32 {
    LEVELS.load(Ordering::Relaxed)
}

extern "C" fn set_schedule(kind: i32, chunk: i32) {
    KIND.store(kind, Ordering::Relaxed);
    CHUNK.store(chunk, Ordering::Relaxed);
}

/// # Safety
/// Both addresses are those of numbers.
unsafe extern "C" fn get_schedule(kind: *mut i32, chunk: *mut i32) {
    // SAFETY: by contract.
    unsafe {
        kind.write(KIND.load(Ordering::Relaxed));
        chunk.write(CHUNK.load(Ordering::Relaxed));
    }
}

extern "C" fn thread_limit() -> i32 {
    crate::threads::LOOP_LIMIT as i32
}

extern "C" fn tick() -> f64 {
    1e-9
}

/// The functions by name, with their addresses.
pub fn functions() -> Vec<(&'static str, usize)> {
    vec![
        ("omp_init_lock", init as *const () as usize),
        ("omp_destroy_lock", destroy as *const () as usize),
        ("omp_set_lock", set as *const () as usize),
        ("omp_unset_lock", unset as *const () as usize),
        ("omp_test_lock", test as *const () as usize),
        ("omp_init_nest_lock", init as *const () as usize),
        ("omp_destroy_nest_lock", destroy as *const () as usize),
        ("omp_set_nest_lock", set_nest as *const () as usize),
        ("omp_unset_nest_lock", unset_nest as *const () as usize),
        ("omp_test_nest_lock", test_nest as *const () as usize),
        ("omp_set_dynamic", set_dynamic as *const () as usize),
        ("omp_get_dynamic", get_dynamic as *const () as usize),
        ("omp_set_nested", set_nested as *const () as usize),
        ("omp_get_nested", get_nested as *const () as usize),
        ("omp_set_max_active_levels", set_levels as *const () as usize),
        ("omp_get_max_active_levels", get_levels as *const () as usize),
        ("omp_set_schedule", set_schedule as *const () as usize),
        ("omp_get_schedule", get_schedule as *const () as usize),
        ("omp_get_thread_limit", thread_limit as *const () as usize),
        ("omp_get_wtick", tick as *const () as usize),
    ]
}
