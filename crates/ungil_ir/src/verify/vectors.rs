//! Operand types of vector instructions.

use super::Verifier;
use crate::entities::Value;
use crate::inst::InstKind;
use crate::types::{DType, Type};
use crate::typing::vector;

impl Verifier<'_> {
    pub(super) fn check_vector_inst(&mut self, kind: &InstKind) {
        use InstKind as K;
        match kind {
            K::Splat(v, _) => {
                let ty = self.ty(*v);
                self.require(matches!(ty, Type::Scalar(_)), || format!("{v} must be a scalar, is {ty}"));
            }
            K::Iota(_) => {}
            K::Extract(v, lane) => {
                if let Some(n) = self.lanes(*v) {
                    self.require(*lane < n, || format!("{v} has no lane {lane}"));
                }
            }
            K::Shuffle(a, b, chosen) => {
                let Some(n) = self.lanes(*a) else { return };
                let ty = self.ty(*a).clone();
                self.expect(*b, &ty);
                for k in chosen.iter().filter(|k| **k >= 2 * n) {
                    self.require(false, || format!("{a} and {b} have no lane {k}"));
                }
                self.check_lane_count(&Type::Vec(DType::F64, chosen.len() as u16));
            }
            K::VecLoad { array, index, mask, lanes, .. } => {
                let Some(ty) = self.array(*array) else { return };
                self.check_run(*array, index);
                self.check_mask(*mask, *lanes);
                self.check_lane_count(&vector(ty.dtype, *lanes));
            }
            K::VecStore { array, index, value, mask, .. } => {
                self.check_run(*array, index);
                let (Some(ty), Some(n)) = (self.ty(*array).as_array(), self.lanes(*value)) else { return };
                self.expect(*value, &vector(ty.dtype, n));
                self.check_mask(*mask, n);
                self.check_writable(*array, ty);
            }
            K::Gather { array, index, mask } => {
                let Some(n) = self.mask_lanes(*mask) else { return };
                self.check_lanewise(*array, index, n);
            }
            K::Scatter { array, index, value, mask } => {
                let Some(n) = self.mask_lanes(*mask) else { return };
                self.check_lanewise(*array, index, n);
                let Some(ty) = self.ty(*array).as_array() else { return };
                self.expect(*value, &vector(ty.dtype, n));
                self.check_writable(*array, ty);
            }
            K::MaskAny(v) | K::MaskAll(v) => {
                self.mask_lanes(*v);
            }
            K::VecReduce(op, v) => {
                self.lanes(*v);
                if let Some(dtype) = self.ty(*v).dtype() {
                    self.check_reduction(*op, dtype);
                }
            }
            other => unreachable!("not an instruction on vectors: {other:?}"),
        }
    }

    /// Consecutive elements from one index.
    fn check_run(&mut self, v: Value, index: &[Value]) {
        let Some(array) = self.array(v) else { return };
        self.check_rank(array, index);
        self.require(array.ndim > 0, || format!("{v} has no axis to move along"));
        self.expect_all(index, &Type::I64);
    }

    /// One element for each lane.
    fn check_lanewise(&mut self, v: Value, index: &[Value], lanes: u16) {
        let Some(array) = self.array(v) else { return };
        self.check_rank(array, index);
        self.expect_all(index, &Type::Vec(DType::I64, lanes));
    }

    fn check_mask(&mut self, mask: Option<Value>, lanes: u16) {
        if let Some(mask) = mask {
            self.expect(mask, &Type::Mask(lanes));
        }
    }

    fn check_lane_count(&mut self, ty: &Type) {
        let ok = ty.lanes().is_some_and(|n| (2..=64).contains(&n) && n.is_power_of_two());
        self.require(ok, || format!("{ty} must have a power of two of lanes, from 2 to 64"));
    }

    fn lanes(&mut self, v: Value) -> Option<u16> {
        let lanes = self.ty(v).lanes();
        if lanes.is_none() {
            self.error(format!("{v} must be a vector, is {}", self.ty(v)));
        }
        lanes
    }

    fn mask_lanes(&mut self, v: Value) -> Option<u16> {
        match self.ty(v) {
            Type::Mask(n) => Some(*n),
            ty => {
                self.error(format!("{v} must be a mask, is {ty}"));
                None
            }
        }
    }
}
