//! Facts about functions that passes use.

pub mod affine;
pub mod bounds;
pub mod cost;
pub mod definitions;
pub mod sign;
