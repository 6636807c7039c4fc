//! Arrays in memory: loads, stores, views, allocation, reference counts.
//!
//! Elements may be misaligned, so accesses claim an alignment of one byte. Elements of the other byte order are swapped
//! on the way; a bool is any non-zero byte when read and 0 or 1 when written. Alias sets become LLVM's alias scopes.
//! Limits: `MemFlags.nontemporal` is not used (a streaming store needs a known alignment; see `streams.rs`).

use super::function::FunctionEmitter;
use super::types::{ArrayValue, Operand};
use crate::raw::build::GEP_INBOUNDS;
use crate::raw::{Llvm, Val};
use llvm_sys::{LLVMAtomicRMWBinOp as Rmw, LLVMOpcode};
use ungil_abi::array::MemInfo;
use ungil_abi::exception::ExcClass;
use ungil_abi::symbols;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, MemFlags, ReduceOp};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

const TOO_BIG: &str = "array is too big";

/// Offset of the data pointer in the block that `ALLOC` returns.
const MEMINFO_DATA: u64 = std::mem::offset_of!(MemInfo, data) as u64;

impl FunctionEmitter<'_> {
    fn array_type(&self, array: Value) -> ArrayType {
        self.operand(array).array().ty
    }

    pub fn load(&self, array: Value, index: &[Value], flags: MemFlags) -> Operand {
        let ty = self.array_type(array);
        let at = self.element_address(array, index);
        self.load_element(at, ty, flags)
    }

    /// The element at an address.
    pub fn load_element(&self, at: Val, ty: ArrayType, flags: MemFlags) -> Operand {
        let l = self.l;
        let load = |offset| {
            let v = l.load(l.memory_type(ty.dtype), l.offset(at, offset), 1);
            self.tag_access(v, flags);
            l.swapped(v, ty)
        };
        match ty.dtype {
            DType::Bool => Operand::Scalar(l.is_nonzero(load(0))),
            d if d.is_complex() => Operand::Complex(load(0), load(d.size() / 2)),
            _ => Operand::Scalar(load(0)),
        }
    }

    pub fn store(&self, array: Value, index: &[Value], value: Value, flags: MemFlags) -> Option<Operand> {
        let ty = self.array_type(array);
        let at = self.element_address(array, index);
        self.store_element(at, ty, self.operand(value), flags);
        None
    }

    /// Stores an element to an address.
    pub fn store_element(&self, at: Val, ty: ArrayType, value: &Operand, flags: MemFlags) {
        let l = self.l;
        let store = |v: Val, offset| {
            let access = l.store(l.swapped(v, ty), l.offset(at, offset), 1);
            self.tag_access(access, flags);
        };
        match value {
            Operand::Complex(re, im) => {
                store(*re, 0);
                store(*im, ty.dtype.size() / 2);
            }
            other if ty.dtype == DType::Bool => {
                store(l.cast(LLVMOpcode::LLVMZExt, other.scalar(), l.int(8)), 0);
            }
            other => store(other.scalar(), 0),
        }
    }

    /// Tells LLVM which accesses do not overlap.
    pub fn tag_access(&self, access: Val, flags: MemFlags) {
        if let Some((own, others)) = self.alias_scopes(flags.alias_set) {
            self.l.attach(access, "alias.scope", own);
            self.l.attach(access, "noalias", others);
        }
        match self.access_groups.as_slice() {
            [] => {}
            [group] => self.l.attach(access, "llvm.access.group", *group),
            groups => self.l.attach(access, "llvm.access.group", self.l.md_node(groups)),
        }
    }

    pub fn address(&self, array: Value) -> Operand {
        let data = match self.operand(array) {
            Operand::Array(a) => a.data,
            pointer => pointer.scalar(),
        };
        Operand::Scalar(self.l.cast(LLVMOpcode::LLVMPtrToInt, data, self.l.int(64)))
    }

    pub fn view(&self, base: Value, offset: Value, shape: &[Value], strides: &[Value], ty: &Type) -> Operand {
        let l = self.l;
        let base = self.operand(base).array();
        let ty = ty.as_array().expect("a view is an array");
        let all = |list: &[Value]| list.iter().map(|v| self.scalar(*v)).collect::<Vec<Val>>();
        // The first element of an empty view may lie outside the array: no `inbounds`.
        let offset = self.scalar(offset);
        let data = match l.as_const_int(offset) {
            Some(0) => base.data,
            _ => l.gep(l.int(8), base.data, offset, 0),
        };
        let strides = if ty.layout == Layout::Strided { all(strides) } else { Vec::new() };
        Operand::Array(Box::new(ArrayValue { ty, data, owner: base.owner, shape: all(shape), strides }))
    }

    pub fn alloc(&mut self, shape: &[Value], zeroed: bool, ty: &Type) -> Operand {
        let l = self.l;
        let ty = ty.as_array().expect("an allocation is an array");
        let shape: Vec<Val> = shape.iter().map(|v| self.scalar(*v)).collect();
        let bytes = self.checked_size(&shape, ty.dtype.size());
        let owner = self.m.call_runtime(symbols::ALLOC, &[self.ctx, bytes, l.i32(i64::from(zeroed))]);
        let args = [(Operand::Scalar(bytes), Type::I64, true)];
        let message = "unable to allocate {0} bytes";
        self.raise_unless(l.is_nonzero(owner), ExcClass::MEMORY, message, &args);
        let data = l.load(l.ptr(), l.offset(owner, MEMINFO_DATA), 8);
        l.attach_flag(data, "invariant.load");
        let mut array = ArrayValue { ty, data, owner, shape, strides: Vec::new() };
        if ty.layout == Layout::Strided {
            // A strided type may hold a fresh array; it is laid out as C.
            array.ty.layout = Layout::C;
            array.strides = (0..array.shape.len()).map(|axis| l.stride(&array, axis)).collect();
            array.ty = ty;
        }
        Operand::Array(Box::new(array))
    }

    /// Size in bytes of an array; raises ValueError when it passes the address space, zero extents ignored.
    fn checked_size(&mut self, shape: &[Val], itemsize: u64) -> Val {
        let l = self.l;
        let (mut bytes, mut overflow, mut empty) = (l.i64(itemsize as i64), l.i1(false), l.i1(false));
        for extent in shape {
            let zero = l.is_zero(*extent);
            let factor = l.select(zero, l.i64(1), *extent);
            let (product, over) = l.with_overflow(BinaryOp::Mul, bytes, factor, DType::I64);
            (bytes, overflow, empty) = (product, l.or(overflow, over), l.or(empty, zero));
        }
        self.raise_unless(l.not(overflow), ExcClass::VALUE_ERROR, TOO_BIG, &[]);
        l.select(empty, l.i64(0), bytes)
    }

    /// Retains or releases all array memory that a value holds.
    pub fn count(&self, v: Value, symbol: &str) -> Option<Operand> {
        self.count_operand(self.operand(v), symbol);
        None
    }

    fn count_operand(&self, operand: &Operand, symbol: &str) {
        match operand {
            Operand::Array(a) if a.owner != self.l.null() => {
                self.m.call_runtime(symbol, &[a.owner]);
            }
            Operand::Tuple(items) => items.iter().for_each(|i| self.count_operand(i, symbol)),
            _ => {}
        }
    }

    /// Room in a list for some number of elements.
    pub fn list_reserve(&mut self, list: Value, n: Value) -> Option<Operand> {
        let owner = self.operand(list).array().owner;
        let status = self.m.call_runtime(symbols::LIST_RESERVE, &[owner, self.scalar(n)]);
        let fine = self.l.is_zero(status);
        self.raise_unless(fine, ExcClass::MEMORY, "unable to grow a list", &[]);
        None
    }

    pub fn list_drop(&self, list: Value, from: Value, to: Value) -> Option<Operand> {
        let owner = self.operand(list).array().owner;
        self.m.call_runtime(symbols::LIST_DROP, &[owner, self.scalar(from), self.scalar(to)]);
        None
    }

    /// A packed value from an address, retained.
    pub fn load_from(&self, at: Value, ty: &Type) -> Operand {
        let l = self.l;
        let from = l.cast(LLVMOpcode::LLVMIntToPtr, self.scalar(at), l.ptr());
        let value = l.load_packed(ty, from, false);
        self.count_operand(&value, symbols::RETAIN);
        value
    }

    /// Writes a value packed to an address and retains it.
    pub fn store_at(&self, at: Value, v: Value) -> Option<Operand> {
        let l = self.l;
        let to = l.cast(LLVMOpcode::LLVMIntToPtr, self.scalar(at), l.ptr());
        let (ty, value) = (self.f.ty(v).clone(), self.operand(v));
        self.count_operand(value, symbols::RETAIN);
        l.store_packed(&ty, value, to);
        None
    }

    /// The descriptor of an array constant, from the module's table.
    pub fn global_array(&self, k: u32, ty: &Type) -> Operand {
        let types: Vec<Type> = self.m.ir.arrays.iter().map(|a| Type::Array(a.ty)).collect();
        let offset = ungil_ir::packing::layout(&types).offsets[k as usize];
        let table = self.l.external(&format!("{}.globals", self.m.options.name));
        let at = self.l.gep(self.l.int(8), table, self.l.i64(offset as i64), GEP_INBOUNDS);
        self.l.load_packed(ty, at, true)
    }

    /// Atomic read-modify-write of an integer element.
    pub fn atomic_update(
        &mut self,
        op: ReduceOp,
        array: Value,
        index: &[Value],
        value: Value,
    ) -> Option<Operand> {
        let ty = self.array_type(array);
        let at = self.element_address(array, index);
        let v = self.scalar(value);
        let signed = ty.dtype.is_signed();
        let simple = match op {
            ReduceOp::Add => Some(Rmw::LLVMAtomicRMWBinOpAdd),
            ReduceOp::BitAnd => Some(Rmw::LLVMAtomicRMWBinOpAnd),
            ReduceOp::BitOr => Some(Rmw::LLVMAtomicRMWBinOpOr),
            ReduceOp::BitXor => Some(Rmw::LLVMAtomicRMWBinOpXor),
            ReduceOp::Min if signed => Some(Rmw::LLVMAtomicRMWBinOpMin),
            ReduceOp::Min => Some(Rmw::LLVMAtomicRMWBinOpUMin),
            ReduceOp::Max if signed => Some(Rmw::LLVMAtomicRMWBinOpMax),
            ReduceOp::Max => Some(Rmw::LLVMAtomicRMWBinOpUMax),
            ReduceOp::Mul | ReduceOp::And | ReduceOp::Or => None,
        };
        match simple {
            Some(rmw) if !ty.swapped && ty.dtype.is_int() => {
                self.l.atomic(rmw, at, v);
            }
            _ => self.exchange_loop(op, at, ty, v),
        }
        None
    }

    /// Atomic update by compare-and-exchange: products, bools, swapped elements.
    fn exchange_loop(&mut self, op: ReduceOp, at: Val, ty: ArrayType, v: Val) {
        let l = self.l;
        let memory = l.memory_type(ty.dtype);
        // x86 does this atomically wherever the element lies; LLVM wants to hear of a natural alignment.
        let first = l.load(memory, at, ty.dtype.size() as u32);
        l.set_monotonic(first);
        let (start, retry, done) = (l.current(), self.new_block(c"retry"), self.new_block(c"stored"));
        l.br(retry);
        l.position(retry);
        let old = l.phi(memory);
        l.add_incoming(old, first, start);
        let plain = l.swapped(old, ty);
        let new = if ty.dtype == DType::Bool {
            let combined = self.reduce_pair(op, l.is_nonzero(plain), v, ty.dtype);
            l.cast(LLVMOpcode::LLVMZExt, combined, memory)
        } else {
            l.swapped(self.reduce_pair(op, plain, v, ty.dtype), ty)
        };
        let pair = l.compare_exchange(at, old, new);
        l.add_incoming(old, l.extract_value(pair, 0), l.current());
        l.cond_br(l.extract_value(pair, 1), done, retry);
        l.position(done);
    }

    /// Combines two numbers that are not complex.
    pub fn reduce_pair(&mut self, op: ReduceOp, a: Val, b: Val, dtype: DType) -> Val {
        self.plain_binary(op.binary(), a, b, dtype)
    }
}

impl Llvm {
    /// Swaps the bytes of an element, or of a complex element's part, if its type says so.
    pub fn swapped(&self, v: Val, ty: ArrayType) -> Val {
        let part = ty.dtype.real();
        if !ty.swapped || part.size() == 1 {
            return v;
        }
        let own = self.type_of(v);
        if !part.is_float() {
            return self.intrinsic("llvm.bswap", &[own], &[v]);
        }
        let bits = self.widened(self.int(part.size() as u32 * 8), own);
        let raw = self.cast(LLVMOpcode::LLVMBitCast, v, bits);
        let swapped = self.intrinsic("llvm.bswap", &[bits], &[raw]);
        self.cast(LLVMOpcode::LLVMBitCast, swapped, own)
    }
}
