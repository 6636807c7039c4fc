//! Whether two arrays overlap at run time.

use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};

use crate::lower::Lowerer;

impl Lowerer<'_, '_> {
    /// Whether the memory ranges of two arrays have bytes in common.
    pub(crate) fn ranges_overlap(&mut self, x: Value, y: Value) -> Value {
        let (x_low, x_high) = self.b().byte_range(x);
        let (y_low, y_high) = self.b().byte_range(y);
        let below = self.b().compare(CompareOp::Lt, x_low, y_high);
        let above = self.b().compare(CompareOp::Lt, y_low, x_high);
        self.b().binary(BinaryOp::And, below, above)
    }
}
