//! Explicit vectors: splats, lanes, masked and indexed memory, reductions of lanes.

use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::{Ty, Val};
use llvm_sys::LLVMOpcode;
use ungil_ir::entities::Value;
use ungil_ir::inst::{InstKind, MemFlags, ReduceOp};
use ungil_ir::types::{ArrayType, DType, Layout};

impl FunctionEmitter<'_> {
    /// Emits a vector instruction; `None` if it has no result.
    pub fn vector(&mut self, kind: &InstKind) -> Option<Operand> {
        let l = self.l;
        Some(match kind {
            InstKind::Splat(v, lanes) => self.map_parts(*v, |x| l.splat(x, u32::from(*lanes))),
            InstKind::Iota(lanes) => {
                let lanes: Vec<Val> = (0..i64::from(*lanes)).map(|i| l.i64(i)).collect();
                Operand::Scalar(l.const_vector(&lanes))
            }
            InstKind::Extract(v, lane) => {
                let lane = l.i32(i64::from(*lane));
                self.map_parts(*v, |x| l.extract_element(x, lane))
            }
            InstKind::Shuffle(a, b, chosen) => self.shuffle(*a, *b, chosen),
            InstKind::MaskAny(m) => self.mask_query("llvm.vector.reduce.or", *m),
            InstKind::MaskAll(m) => self.mask_query("llvm.vector.reduce.and", *m),
            InstKind::VecReduce(op, v) => self.vec_reduce(*op, *v),
            InstKind::VecLoad { array, index, mask, lanes, flags } => {
                self.vec_load(*array, index, *mask, *lanes, *flags)
            }
            InstKind::VecStore { array, index, value, mask, flags } => {
                self.vec_store(*array, index, *value, *mask, *flags);
                return None;
            }
            InstKind::Gather { array, index, mask } => self.gather(*array, index, *mask),
            InstKind::Scatter { array, index, value, mask } => {
                self.scatter(*array, index, *value, *mask);
                return None;
            }
            other => panic!("{other:?} is not a vector instruction"),
        })
    }

    /// Applies an operation to the number, or to both parts of a complex number.
    fn map_parts(&self, v: Value, f: impl Fn(Val) -> Val) -> Operand {
        match self.operand(v) {
            Operand::Complex(re, im) => Operand::Complex(f(*re), f(*im)),
            other => Operand::Scalar(f(other.scalar())),
        }
    }

    fn shuffle(&self, a: Value, b: Value, chosen: &[u16]) -> Operand {
        let lanes: Vec<i32> = chosen.iter().map(|k| i32::from(*k)).collect();
        match (self.operand(a), self.operand(b)) {
            (Operand::Complex(ar, ai), Operand::Complex(br, bi)) => {
                Operand::Complex(self.l.shuffle(*ar, *br, &lanes), self.l.shuffle(*ai, *bi, &lanes))
            }
            (a, b) => Operand::Scalar(self.l.shuffle(a.scalar(), b.scalar(), &lanes)),
        }
    }

    fn mask_query(&self, name: &str, mask: Value) -> Operand {
        let mask = self.scalar(mask);
        Operand::Scalar(self.l.intrinsic(name, &[self.l.type_of(mask)], &[mask]))
    }

    /// Halves are combined until one lane is left: lane `i` with lane `i + n/2`; an odd last lane joins at the end.
    fn vec_reduce(&mut self, op: ReduceOp, v: Value) -> Operand {
        let dtype = self.dtype(v);
        let lanes = self.f.ty(v).lanes().expect("a vector");
        let parts: Vec<Operand> = (0..lanes)
            .map(|lane| {
                let lane = self.l.i32(i64::from(lane));
                self.map_parts(v, |x| self.l.extract_element(x, lane))
            })
            .collect();
        self.reduce_tree(op, parts, dtype)
    }

    pub(super) fn reduce_tree(&mut self, op: ReduceOp, mut parts: Vec<Operand>, dtype: DType) -> Operand {
        while parts.len() > 1 {
            let half = parts.len().div_ceil(2);
            let upper = parts.split_off(half);
            for (low, high) in parts.iter_mut().zip(upper) {
                *low = self.reduce_operands(op, low, &high, dtype);
                if let (ReduceOp::Min | ReduceOp::Max, Operand::Scalar(v)) = (op, &*low)
                    && dtype.is_float()
                {
                    // LLVM looks through choices for NaN, all ways through six of them, at each of them again and again.
                    *low = Operand::Scalar(self.l.freeze(*v));
                }
            }
        }
        parts.pop().expect("a vector has a lane")
    }

    /// Combines two numbers.
    pub fn reduce_operands(&mut self, op: ReduceOp, a: &Operand, b: &Operand, dtype: DType) -> Operand {
        match (a, b) {
            (Operand::Complex(ar, ai), Operand::Complex(br, bi)) => {
                self.complex_binary(op.binary(), (*ar, *ai), (*br, *bi), dtype)
            }
            _ => Operand::Scalar(self.reduce_pair(op, a.scalar(), b.scalar(), dtype)),
        }
    }

    /// Whether consecutive lanes lie one element apart in memory and can be moved at once.
    fn is_consecutive(ty: ArrayType) -> bool {
        let unit = ty.layout == Layout::C || (ty.layout == Layout::F && ty.ndim == 1);
        unit && !ty.dtype.is_complex()
    }

    fn vec_load(
        &mut self,
        array: Value,
        index: &[Value],
        mask: Option<Value>,
        lanes: u16,
        flags: MemFlags,
    ) -> Operand {
        let l = self.l;
        let ty = self.operand(array).array().ty;
        if !Self::is_consecutive(ty) {
            let addresses = self.lane_addresses(array, index, lanes);
            let mask = self.mask_or_all(mask, lanes);
            return self.gather_at(&addresses, ty, mask);
        }
        let at = self.element_address(array, index);
        let memory = l.vector(l.memory_type(ty.dtype), u32::from(lanes));
        let v = match mask {
            None => {
                let v = l.load(memory, at, 1);
                self.tag_access(v, flags);
                v
            }
            Some(mask) => {
                let args = [at, self.scalar(mask), l.zero(memory)];
                let v = l.intrinsic("llvm.masked.load", &[memory, l.ptr()], &args);
                self.tag_access(v, flags);
                v
            }
        };
        self.loaded_vector(l.swapped(v, ty), ty)
    }

    fn vec_store(
        &mut self,
        array: Value,
        index: &[Value],
        value: Value,
        mask: Option<Value>,
        flags: MemFlags,
    ) {
        let l = self.l;
        let ty = self.operand(array).array().ty;
        let lanes = self.f.ty(value).lanes().expect("a vector");
        if !Self::is_consecutive(ty) {
            let addresses = self.lane_addresses(array, index, lanes);
            let mask = self.mask_or_all(mask, lanes);
            let value = self.operand(value).clone();
            return self.scatter_at(&addresses, ty, &value, mask);
        }
        let at = self.element_address(array, index);
        let v = l.swapped(self.to_memory(self.scalar(value), ty), ty);
        let access = match mask {
            None => l.store(v, at, 1),
            Some(mask) => {
                let args = [v, at, self.scalar(mask)];
                l.intrinsic("llvm.masked.store", &[l.type_of(v), l.ptr()], &args)
            }
        };
        self.tag_access(access, flags);
    }

    fn mask_or_all(&self, mask: Option<Value>, lanes: u16) -> Val {
        let all = || self.l.const_int(self.l.vector(self.l.int(1), u32::from(lanes)), 1);
        mask.map_or_else(all, |m| self.scalar(m))
    }

    /// Vector of the addresses of consecutive elements along the last axis.
    fn lane_addresses(&self, array: Value, index: &[Value], lanes: u16) -> Vec<Val> {
        let l = self.l;
        let a = self.operand(array).array();
        let first = self.element_address(array, index);
        let stride = match index.len().checked_sub(1) {
            Some(last) => l.stride(a, last),
            None => l.i64(0),
        };
        // Masked-off lanes may lie outside the array: no `inbounds`.
        (0..i64::from(lanes)).map(|i| l.gep(l.int(8), first, l.mul(stride, l.i64(i)), 0)).collect()
    }

    /// Addresses of the elements at index vectors.
    fn gathered_addresses(&self, array: Value, index: &[Value]) -> Vec<Val> {
        let l = self.l;
        let a = self.operand(array).array();
        let lanes = index.first().and_then(|v| self.f.ty(*v).lanes()).unwrap_or(1);
        let strides: Vec<Val> = (0..index.len()).map(|axis| l.stride(a, axis)).collect();
        let address = |lane: u16| {
            let lane = l.i32(i64::from(lane));
            index.iter().zip(&strides).fold(a.data, |base, (v, stride)| {
                let i = l.extract_element(self.scalar(*v), lane);
                l.gep(l.int(8), base, l.mul(i, *stride), 0)
            })
        };
        (0..lanes).map(address).collect()
    }

    fn gather(&mut self, array: Value, index: &[Value], mask: Value) -> Operand {
        let ty = self.operand(array).array().ty;
        let addresses = self.gathered_addresses(array, index);
        self.gather_at(&addresses, ty, self.scalar(mask))
    }

    fn scatter(&mut self, array: Value, index: &[Value], value: Value, mask: Value) {
        let ty = self.operand(array).array().ty;
        let addresses = self.gathered_addresses(array, index);
        let value = self.operand(value).clone();
        self.scatter_at(&addresses, ty, &value, self.scalar(mask));
    }

    /// Loads the lanes at addresses; masked-off ones are zero.
    fn gather_at(&self, addresses: &[Val], ty: ArrayType, mask: Val) -> Operand {
        let l = self.l;
        let memory = l.vector(l.memory_type(ty.dtype), addresses.len() as u32);
        let load = |offset| {
            let pointers = self.pointer_vector(addresses, offset);
            let args = [pointers, mask, l.zero(memory)];
            let v = l.intrinsic("llvm.masked.gather", &[memory, l.type_of(pointers)], &args);
            l.swapped(v, ty)
        };
        if ty.dtype.is_complex() {
            return Operand::Complex(load(0), load(ty.dtype.size() / 2));
        }
        self.loaded_vector(load(0), ty)
    }

    fn scatter_at(&self, addresses: &[Val], ty: ArrayType, value: &Operand, mask: Val) {
        let l = self.l;
        let store = |v: Val, offset| {
            let pointers = self.pointer_vector(addresses, offset);
            let v = l.swapped(self.to_memory(v, ty), ty);
            let types = [l.type_of(v), l.type_of(pointers)];
            l.intrinsic("llvm.masked.scatter", &types, &[v, pointers, mask]);
        };
        match value {
            Operand::Complex(re, im) => {
                store(*re, 0);
                store(*im, ty.dtype.size() / 2);
            }
            other => store(other.scalar(), 0),
        }
    }

    fn pointer_vector(&self, addresses: &[Val], offset: u64) -> Val {
        let l = self.l;
        let ty: Ty = l.vector(l.ptr(), addresses.len() as u32);
        let insert = |vector, (lane, at): (usize, &Val)| {
            let at = l.gep(l.int(8), *at, l.i64(offset as i64), 0);
            l.insert_element(vector, at, l.i32(lane as i64))
        };
        addresses.iter().enumerate().fold(l.poison(ty), insert)
    }

    /// Bytes of bools become a mask; other vectors are as they lie in memory.
    fn loaded_vector(&self, v: Val, ty: ArrayType) -> Operand {
        Operand::Scalar(if ty.dtype == DType::Bool { self.l.is_nonzero(v) } else { v })
    }

    fn to_memory(&self, v: Val, ty: ArrayType) -> Val {
        if ty.dtype != DType::Bool {
            return v;
        }
        let bytes = self.l.widened(self.l.int(8), self.l.type_of(v));
        self.l.cast(LLVMOpcode::LLVMZExt, v, bytes)
    }
}
