//! NumPy functions in kernels.

pub mod along;
pub mod block;
pub mod calling;
pub mod complex;
pub mod conversion;
pub mod create;
pub mod einsum;
pub mod elementary;
pub mod elementwise;
pub mod grids;
pub mod limits;
pub mod methods;
pub mod moments;
pub mod picking;
pub mod positions;
pub mod ranges;
pub mod reducing;
pub mod reductions;
pub mod scans;
pub mod selection;
pub mod shapes;
pub mod spread;
pub mod tables;
pub mod typing;
pub mod ufuncs;
