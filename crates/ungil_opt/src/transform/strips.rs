//! Strips: one loop cut into a loop over pieces of a fixed number of iterations.
//!
//! ```text
//! for k in start..stop step s*n { … for iv in k..end step s { body } … }
//! ```
//! with `end` the smaller distance of `k + s*n` and `stop`. The outer loop keeps the label, so that `break` leaves
//! both; `continue` goes to the inner one.

use ungil_ir::builder::Builder;
use ungil_ir::entities::{Label, Region, Value};
use ungil_ir::function::Function;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind};
use ungil_ir::walk;

/// End of the strip that starts at `k`; `stride` is `s * n`. The remaining distance is compared, since `k + stride`
/// may overflow.
pub fn strip_end(b: &mut Builder<'_>, k: Value, stop: Value, stride: Value, upwards: bool) -> Value {
    let left = b.binary(BinaryOp::Sub, stop, k);
    let op = if upwards { CompareOp::Lt } else { CompareOp::Gt };
    let last = b.compare(op, left, stride);
    let next = b.binary(BinaryOp::Add, k, stride);
    b.select(last, stop, next)
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
