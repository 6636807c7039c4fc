//! A function: prologue, variables, and the dispatch over instructions.
//!
//! A [`FunctionEmitter`] fills one LLVM function: an IR function's own, or the outlined body of a parallel node, which
//! starts with its own variables and with captured values.

use super::cleanup::{LoopFrame, ScopeFrame};
use super::foreign::InPlace;
use super::module::{ModuleEmitter, returned};
use super::types::{Operand, unflatten};
use crate::raw::{Block, Llvm, Val};
use std::collections::HashMap;
use ungil_ir::entities::{FuncId, Inst, Region, Value, Var};
use ungil_ir::function::Function;
use ungil_ir::inst::{Const, InstKind, Loc};
use ungil_ir::packing::packed_size;
use ungil_ir::types::{DType, Type};

/// Where a variable lives.
#[derive(Clone, Debug)]
pub enum Slot {
    /// One alloca for each leaf.
    Memory(Vec<Val>),
    /// Never assigned here: the captured value.
    Value(Operand),
}

/// State while one LLVM function is filled.
pub struct FunctionEmitter<'e> {
    pub m: &'e ModuleEmitter<'e>,
    pub l: &'e Llvm,
    pub f: &'e Function,
    pub id: FuncId,
    /// Which of the function's copies this is; 0: itself.
    pub level: usize,
    /// The LLVM function.
    pub function: Val,
    /// Its first block, which holds the allocas but those of [`frames`](super::frames).
    pub entry: Block,
    /// Holds the allocas of a function's large arrays.
    pub room: Option<Block>,
    pub ctx: Val,
    /// The packed result; none in outlined bodies.
    pub ret: Option<Val>,
    /// What is returned beside the status: then the packed result lies in the frame.
    pub returned: Option<DType>,
    /// Whether the result is returned alone, 0 after an error: then the packed one lies in the frame too.
    pub in_registers: bool,
    pub values: Vec<Option<Operand>>,
    pub slots: Vec<Option<Slot>>,
    /// Functions whose work is done in place.
    pub in_place: HashMap<Value, InPlace>,
    pub loops: Vec<LoopFrame>,
    pub scopes: Vec<ScopeFrame>,
    /// Where the handlers that are being emitted keep their errors, the innermost last.
    pub kept_errors: Vec<Val>,
    /// The blocks that return 0 and 1.
    pub done: Option<Block>,
    pub failed: Option<Block>,
    /// Stack slot for message arguments and its capacity.
    pub error_args: Option<(Val, usize)>,
    /// Access groups of the loops around whose iterations touch memory independently.
    pub access_groups: Vec<crate::raw::Meta>,
    /// The alias sets that the function's accesses name.
    pub alias_sets: Vec<u16>,
    pub loc: Loc,
    /// Whether the code being emitted is the version of a loop for failed checks.
    pub cold: bool,
    /// Scope of the function's lines in the debug information.
    pub scope: Option<crate::raw::Meta>,
}

impl<'e> FunctionEmitter<'e> {
    /// An emitter for the IR function's own LLVM function.
    pub fn new(m: &'e ModuleEmitter<'e>, id: FuncId) -> FunctionEmitter<'e> {
        let function = m.functions[id.index()];
        let (ctx, ret) = (m.l.param(function, 0), m.l.param(function, 1));
        FunctionEmitter::with(m, id, function, ctx, Some(ret))
    }

    /// An emitter for a copy of a function that calls itself.
    pub fn copy(m: &'e ModuleEmitter<'e>, id: FuncId, level: usize) -> FunctionEmitter<'e> {
        let function = m.copies[id.index()][level - 1];
        let (ctx, ret) = (m.l.param(function, 0), m.l.param(function, 1));
        FunctionEmitter { level, ..FunctionEmitter::with(m, id, function, ctx, Some(ret)) }
    }

    /// An emitter for any LLVM function that runs a part of the IR function.
    pub fn with(
        m: &'e ModuleEmitter<'e>,
        id: FuncId,
        function: Val,
        ctx: Val,
        ret: Option<Val>,
    ) -> FunctionEmitter<'e> {
        let f = m.ir.function(id);
        FunctionEmitter {
            m,
            l: m.l,
            f,
            id,
            level: 0,
            function,
            entry: m.l.block(function, c"entry"),
            room: None,
            ctx,
            ret,
            returned: None,
            in_registers: false,
            values: vec![None; f.values.len()],
            slots: vec![None; f.vars.len()],
            in_place: HashMap::new(),
            loops: Vec::new(),
            scopes: Vec::new(),
            kept_errors: Vec::new(),
            done: None,
            failed: None,
            error_args: None,
            access_groups: Vec::new(),
            alias_sets: super::metadata::alias_sets(f),
            loc: Loc { line: 1, col: 0 },
            cold: false,
            scope: m.describe(function, id),
        }
    }

    /// Emits the whole function.
    pub fn emit(mut self) {
        let mut params = (2..).map(|i| self.l.param(self.function, i));
        for p in &self.f.params {
            self.values[p.index()] = Some(unflatten(self.f.ty(*p), &mut params));
        }
        self.returned = returned(self.f).filter(|_| self.level == 0);
        self.emit_body();
    }

    /// Emits the whole function as the entry, whose arguments are packed.
    pub fn emit_unpacked(mut self) {
        self.set_loc(self.loc);
        self.l.position(self.entry);
        for (p, operand) in self.f.params.iter().zip(self.m.unpacked(self.id, self.function)) {
            self.values[p.index()] = Some(operand);
        }
        self.emit_body();
    }

    /// Emits the whole function as the entry, whose arguments and result are words in registers.
    pub fn emit_in_registers(mut self) {
        self.in_registers = true;
        for (i, p) in self.f.params.iter().enumerate() {
            self.values[p.index()] = Some(Operand::Scalar(self.l.param(self.function, i + 1)));
        }
        self.emit_body();
    }

    fn emit_body(mut self) {
        self.begin();
        if self.returned.is_some() || self.in_registers {
            self.ret = Some(self.stack_bytes(packed_size(&self.f.ret)));
        }
        let room = self.check_stack();
        let open = self.emit_region(self.f.body);
        self.end_room(room);
        self.finish(open);
    }

    /// Opens the first block after the allocas.
    pub fn begin(&mut self) {
        self.set_loc(self.loc);
        let body = self.new_block(c"body");
        self.l.position(body);
    }

    /// Ends the function: the end of the body returns, and the entry block jumps to the first one.
    pub fn finish(&mut self, open: bool) {
        if open {
            self.l.ret(self.result(0));
        }
        let body = crate::raw::llvm!(llvm_sys::core::LLVMGetNextBasicBlock(self.entry));
        self.l.position(self.entry);
        self.l.br(body);
    }

    pub fn new_block(&self, name: &std::ffi::CStr) -> Block {
        self.l.block(self.function, name)
    }

    /// An alloca in the entry block.
    pub fn stack_slot(&self, ty: crate::raw::Ty) -> Val {
        self.slot_in(self.entry, ty)
    }

    /// An alloca of `bytes` bytes in the entry block, aligned to 16.
    pub fn stack_bytes(&self, bytes: u64) -> Val {
        self.bytes_in(self.entry, bytes)
    }

    /// An alloca of `bytes` bytes in a block that runs once, aligned to 16.
    pub fn bytes_in(&self, block: Block, bytes: u64) -> Val {
        let slot = self.slot_in(block, self.l.array(self.l.int(8), bytes.max(1)));
        crate::raw::llvm!(llvm_sys::core::LLVMSetAlignment(slot, 16));
        slot
    }

    fn slot_in(&self, block: Block, ty: crate::raw::Ty) -> Val {
        let here = self.l.current();
        self.l.position(block);
        let slot = self.l.alloca(ty);
        self.l.position(here);
        slot
    }

    /// The value's operand.
    pub fn operand(&self, v: Value) -> &Operand {
        self.values[v.index()].as_ref().unwrap_or_else(|| panic!("{v} is used before it is defined"))
    }

    /// The single LLVM value of a scalar, vector or mask.
    pub fn scalar(&self, v: Value) -> Val {
        self.operand(v).scalar()
    }

    pub fn define(&mut self, v: Value, operand: Operand) {
        self.values[v.index()] = Some(operand);
    }

    /// The dtype of a number or vector.
    pub fn dtype(&self, v: Value) -> DType {
        self.f.ty(v).dtype().expect("operand is not a number")
    }

    /// Emits a region; returns whether control reaches its end.
    pub fn emit_region(&mut self, region: Region) -> bool {
        self.f.region(region).iter().all(|inst| self.emit_inst(*inst))
    }

    /// Emits an instruction; returns whether control reaches the next one.
    pub fn emit_inst(&mut self, inst: Inst) -> bool {
        let data = self.f.inst(inst);
        self.set_loc(data.loc);
        match &data.kind {
            InstKind::Break(_)
            | InstKind::Continue(_)
            | InstKind::Return(_)
            | InstKind::Raise(_)
            | InstKind::If { .. }
            | InstKind::For(_)
            | InstKind::While { .. }
            | InstKind::Scope { .. }
            | InstKind::Try { .. }
            | InstKind::Reraise
            | InstKind::Domain { .. }
            | InstKind::ParallelFor(_)
            | InstKind::ParallelRegion(_) => self.emit_control(&data.kind),
            kind => {
                let operand = self.emit_simple(kind, data.result);
                if let (Some(result), Some(operand)) = (data.result, operand) {
                    self.define(result, operand);
                }
                true
            }
        }
    }

    /// Emits an instruction that is not control flow; `None` if it has no result.
    fn emit_simple(&mut self, kind: &InstKind, result: Option<Value>) -> Option<Operand> {
        let ty = result.map(|v| self.f.ty(v).clone());
        let told = || ty.as_ref().expect("instruction with a told type has a result");
        Some(match kind {
            InstKind::Const(c) => self.constant(*c),
            InstKind::Unary(op, a) => self.unary(*op, *a),
            InstKind::Binary(op, a, b) => self.binary(*op, *a, *b),
            InstKind::CheckedBinary(op, a, b) => self.checked_binary(*op, *a, *b),
            InstKind::Compare(op, a, b) => self.compare(*op, *a, *b),
            InstKind::Select(c, a, b) => self.select(*c, *a, *b),
            InstKind::Cast(a, to) => self.cast(*a, *to),
            InstKind::Math(function, args) => self.math(*function, args),
            InstKind::TupleMake(items) => {
                Operand::Tuple(items.iter().map(|v| self.operand(*v).clone()).collect())
            }
            InstKind::TupleGet(t, i) => match self.operand(*t) {
                Operand::Tuple(items) => items[*i as usize].clone(),
                other => panic!("expected a tuple, found {other:?}"),
            },
            InstKind::TupleIndex(t, i) => self.tuple_index(*t, *i, told()),
            InstKind::Get(x) => self.get(*x),
            InstKind::Set(x, v) => return self.set(*x, *v),
            InstKind::Dim(a, axis) => Operand::Scalar(self.operand(*a).array().shape[*axis as usize]),
            InstKind::Stride(a, axis) => {
                Operand::Scalar(self.l.stride(self.operand(*a).array(), *axis as usize))
            }
            InstKind::Address(a) => self.address(*a),
            InstKind::View { base, offset, shape, strides } => {
                self.view(*base, *offset, shape, strides, told())
            }
            InstKind::Alloc { shape, zeroed } => self.alloc(shape, *zeroed, told()),
            InstKind::Null => self.l.zero_of(told()),
            InstKind::CheckIndex { index, size, axis, wrap, check } => {
                self.check_index(*index, *size, *axis, *wrap, *check)
            }
            InstKind::Load { array, index, flags } => self.load(*array, index, *flags),
            InstKind::Store { array, index, value, flags } => {
                return self.store(*array, index, *value, *flags);
            }
            InstKind::AtomicUpdate { op, array, index, value } => {
                return self.atomic_update(*op, *array, index, *value);
            }
            InstKind::GlobalArray(k) => self.global_array(*k, told()),
            InstKind::Extern(e) => {
                let known = InPlace::of(&self.m.ir.externs[*e as usize]);
                self.in_place.extend(result.zip(known));
                self.external(*e)
            }
            InstKind::Pointer(a) => self.pointer(*a),
            InstKind::ArrayAt { pointer, shape, strides } => self.array_at(*pointer, shape, strides, told()),
            InstKind::StackArray(n) => self.stack_array(*n, told()),
            InstKind::CallC(callee, args) => self.call_c(*callee, args, told()),
            InstKind::ListReserve(list, n) => return self.list_reserve(*list, *n),
            InstKind::ListDrop(list, from, to) => return self.list_drop(*list, *from, *to),
            InstKind::LoadPacked(at) => self.load_from(*at, told()),
            InstKind::StorePacked(at, v) => return self.store_at(*at, *v),
            InstKind::Retain(v) => return self.count(*v, ungil_abi::symbols::RETAIN),
            InstKind::Release(v) => return self.count(*v, ungil_abi::symbols::RELEASE),
            InstKind::Call(callee, args) => self.call(*callee, args, told()),
            InstKind::Library(f, args) => return self.library(*f, args),
            InstKind::Check(cond, raise) => return self.check(*cond, raise),
            InstKind::Print(parts) => return self.print(parts),
            InstKind::Caught(class) => self.caught(*class),
            InstKind::CaughtArg(k) => self.caught_arg(*k, told()),
            InstKind::Safepoint => return self.safepoint(),
            InstKind::ThreadId => self.team_query(ungil_abi::symbols::THREAD_ID),
            InstKind::NumThreads => self.team_query(ungil_abi::symbols::NUM_THREADS),
            InstKind::SetNumThreads(n) => self.set_num_threads(*n),
            vector => return self.vector(vector),
        })
    }

    fn constant(&self, c: Const) -> Operand {
        let l = self.l;
        match c {
            Const::Bool(b) => Operand::Scalar(l.i1(b)),
            Const::Int(d, n) => Operand::Scalar(l.const_int(l.number(d), n)),
            Const::Float(d, x) => Operand::Scalar(l.const_float(l.number(d), x)),
            Const::Complex(d, re, im) => {
                let part = l.number(d.real());
                Operand::Complex(l.const_float(part, re), l.const_float(part, im))
            }
        }
    }

    /// Allocas of a variable, set to zero so that nothing is ever undefined.
    pub fn declare_var(&mut self, x: Var) -> Vec<Val> {
        let here = self.l.current();
        self.l.position(self.entry);
        let mut slots = Vec::new();
        for leaf in self.l.zero_of(self.f.var_ty(x)).leaves() {
            let slot = self.l.alloca(self.l.type_of(leaf));
            self.l.store_slot(leaf, slot);
            slots.push(slot);
        }
        self.l.position(here);
        self.slots[x.index()] = Some(Slot::Memory(slots.clone()));
        slots
    }

    pub fn get(&mut self, x: Var) -> Operand {
        let slots = match &self.slots[x.index()] {
            Some(Slot::Value(v)) => return v.clone(),
            Some(Slot::Memory(slots)) => slots.clone(),
            None => self.declare_var(x),
        };
        let mut leaves = Vec::new();
        self.l.leaves_of(self.f.var_ty(x), &mut leaves);
        let loaded: Vec<Val> =
            leaves.iter().zip(slots).map(|(leaf, slot)| self.l.load_slot(leaf.ty, slot)).collect();
        unflatten(self.f.var_ty(x), &mut loaded.into_iter())
    }

    fn set(&mut self, x: Var, v: Value) -> Option<Operand> {
        let operand = self.operand(v).clone();
        self.assign(x, &operand);
        None
    }

    /// Stores a value to a variable.
    pub fn assign(&mut self, x: Var, operand: &Operand) {
        let slots = match &self.slots[x.index()] {
            Some(Slot::Memory(slots)) => slots.clone(),
            Some(Slot::Value(_)) => panic!("{x} is assigned where it is read only"),
            None => self.declare_var(x),
        };
        for (leaf, slot) in operand.leaves().into_iter().zip(slots) {
            self.l.store_slot(leaf, slot);
        }
    }

    /// `cond ? a : b`, leaf by leaf.
    fn select(&self, cond: Value, a: Value, b: Value) -> Operand {
        let cond = self.scalar(cond);
        self.select_operands(cond, self.operand(a), self.operand(b), self.f.ty(a))
    }

    pub fn select_operands(&self, cond: Val, a: &Operand, b: &Operand, ty: &Type) -> Operand {
        let pairs = a.leaves().into_iter().zip(b.leaves());
        let chosen: Vec<Val> = pairs.map(|(a, b)| self.l.select(cond, a, b)).collect();
        unflatten(ty, &mut chosen.into_iter())
    }

    /// The element of a homogeneous tuple at an index known to be in range.
    fn tuple_index(&self, tuple: Value, index: Value, ty: &Type) -> Operand {
        let Operand::Tuple(items) = self.operand(tuple) else { panic!("expected a tuple") };
        let index = self.scalar(index);
        let mut chosen = items[0].clone();
        for (i, item) in items.iter().enumerate().skip(1) {
            let here = self.l.icmp(llvm_sys::LLVMIntPredicate::LLVMIntEQ, index, self.l.i64(i as i64));
            chosen = self.select_operands(here, item, &chosen, ty);
        }
        chosen
    }
}
