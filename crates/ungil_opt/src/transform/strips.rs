//! Strips: one loop cut into a loop over pieces of a fixed number of iterations.
//!
//! ```text
//! for k in start..stop step s*n { … for iv in k..end step s { body } … }
//! ```
//! with `end` the nearer one of `k + s*n` and `stop`. The outer loop keeps the label, so that `break` leaves
//! both; `continue` goes to the inner one.

use ungil_ir::builder::Builder;
use ungil_ir::entities::{Label, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::walk;

/// End of the strip that starts at `k`, and whether others follow; `stride` is `s * n`. The remaining distance is
/// compared, since `k + stride` may overflow. The generated loop over strips goes on by the same comparison.
pub fn strip_end(b: &mut Builder<'_>, k: Value, stop: Value, stride: Value, upwards: bool) -> (Value, Value) {
    let left = b.binary(BinaryOp::Sub, stop, k);
    let (op, nearer) = if upwards { (CompareOp::Gt, BinaryOp::Min) } else { (CompareOp::Lt, BinaryOp::Max) };
    let more = b.compare(op, left, stride);
    let length = b.binary(nearer, left, stride);
    (b.binary(BinaryOp::Add, k, length), more)
}

/// Sends each `continue` of `from` in a region to `to`.
pub fn retarget_continues(func: &mut Function, body: Region, from: Label, to: Label) {
    for inst in walk::insts_of(func, body) {
        if let InstKind::Continue(label) = &mut func.inst_mut(inst).kind
            && *label == from
        {
            *label = to;
        }
    }
}
