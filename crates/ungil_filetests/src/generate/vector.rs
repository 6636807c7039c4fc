//! Random vector code: masked loads and stores of a line, arithmetic, reductions.

use super::Generator;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, ReduceOp};
use ungil_ir::types::DType;

impl Generator<'_> {
    pub(super) fn vectors(&mut self) {
        if self.shared {
            return;
        }
        let arrays = self.candidates(|t| t.as_array().is_some_and(|a| a.ndim == 1 && a.dtype != DType::Bool));
        if arrays.is_empty() {
            return;
        }
        let array = *self.random.pick(&arrays);
        let ty = self.ty(array).as_array().expect("an array");
        let lanes = *self.random.pick(&[2, 4, 8]);
        let b = &mut self.builder;
        let first = b.i64(self.random.below(3) as i64);
        let size = b.dim(array, 0);
        let iota = b.value(InstKind::Iota(lanes));
        let start = b.value(InstKind::Splat(first, lanes));
        let index = b.binary(BinaryOp::Add, iota, start);
        let limit = b.value(InstKind::Splat(size, lanes));
        let mask = b.compare(CompareOp::Lt, index, limit);
        let flags = Default::default();
        let loaded = if self.random.one_in(2) {
            b.value(InstKind::VecLoad { array, index: vec![first], mask: Some(mask), lanes, flags })
        } else {
            b.value(InstKind::Gather { array, index: vec![index], mask })
        };
        let other = self.scalar(ty.dtype);
        let b = &mut self.builder;
        let other = b.value(InstKind::Splat(other, lanes));
        let op = match ty.dtype {
            d if d.is_int() => {
                *self.random.pick(&[BinaryOp::Add, BinaryOp::FloorDiv, BinaryOp::Xor, BinaryOp::Shr])
            }
            d if d.is_float() => *self.random.pick(&[BinaryOp::Mul, BinaryOp::Mod, BinaryOp::Max]),
            _ => *self.random.pick(&[BinaryOp::Mul, BinaryOp::Sub]),
        };
        let mixed = b.binary(op, loaded, other);
        let chosen = b.select(mask, mixed, other);
        if !ty.readonly && self.random.one_in(2) {
            b.push(InstKind::VecStore { array, index: vec![first], value: chosen, mask: Some(mask), flags });
        } else if !ty.readonly {
            b.push(InstKind::Scatter { array, index: vec![index], value: chosen, mask });
        }
        let back: Vec<u16> = (0..lanes).map(|k| if k % 2 == 0 { lanes - 1 - k } else { lanes + k }).collect();
        let mixed = b.value(InstKind::Shuffle(mixed, other, back));
        let total = b.value(InstKind::VecReduce(ReduceOp::Add, chosen));
        let any = b.value(InstKind::MaskAny(mask));
        let lane = b.value(InstKind::Extract(mixed, lanes - 1));
        self.values.extend([total, any, lane]);
    }
}
