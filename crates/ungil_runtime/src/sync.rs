//! What `bed` builds on; its loom model provides the same names.

pub(crate) use crate::futex;
pub(crate) use core::sync::atomic::{AtomicU32, Ordering, fence};
