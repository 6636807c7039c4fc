//! Facts about functions that passes use.

pub mod access;
pub mod affine;
pub mod bounds;
pub mod cost;
pub mod definitions;
pub mod dependence;
pub mod effects;
pub mod exposed;
pub mod reduction;
pub mod sameness;
pub mod sign;
