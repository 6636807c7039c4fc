//! The compiler as one object: sessions, the pipeline, options, the cache.
//!
//! [`session::Session`] is what the extension module talks to.

#![forbid(unsafe_code)]

pub mod annotate;
pub mod cache;
pub mod callback;
pub mod compiled;
pub mod cost;
pub mod excerpt;
pub mod options;
pub mod pipeline;
pub mod places;
pub mod pyx;
pub mod report;
pub mod session;
pub mod signature;
