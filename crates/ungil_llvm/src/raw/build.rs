//! Instructions.

use super::{Block, Llvm, Ty, Val, llvm};
use llvm_sys::core::*;
use llvm_sys::{LLVMAtomicOrdering, LLVMAtomicRMWBinOp, LLVMIntPredicate, LLVMOpcode, LLVMRealPredicate};

const NAME: *const std::ffi::c_char = c"".as_ptr();

/// `inbounds` and `nuw` of pointer arithmetic; LLVM's bits.
pub const GEP_INBOUNDS: u32 = 1;
pub const GEP_NUW: u32 = 4;

macro_rules! binary {
    ($($name:ident $build:ident)*) => {
        $(pub fn $name(&self, a: Val, b: Val) -> Val {
            llvm!($build(self.builder, a, b, NAME))
        })*
    };
}

impl Llvm {
    binary! {
        add LLVMBuildAdd nuw_add LLVMBuildNUWAdd nsw_add LLVMBuildNSWAdd sub LLVMBuildSub nsw_sub LLVMBuildNSWSub mul LLVMBuildMul
        nsw_mul LLVMBuildNSWMul udiv LLVMBuildUDiv sdiv LLVMBuildSDiv urem LLVMBuildURem srem LLVMBuildSRem
        shl LLVMBuildShl lshr LLVMBuildLShr ashr LLVMBuildAShr and LLVMBuildAnd or LLVMBuildOr xor LLVMBuildXor
    }

    /// A floating-point operation.
    pub fn float_op(&self, op: LLVMOpcode, a: Val, b: Val) -> Val {
        llvm!(LLVMBuildBinOp(self.builder, op, a, b, NAME))
    }

    pub fn nuw_nsw_mul(&self, a: Val, b: Val) -> Val {
        self.both_flags(self.mul(a, b))
    }

    pub fn nuw_nsw_add(&self, a: Val, b: Val) -> Val {
        self.both_flags(self.add(a, b))
    }

    fn both_flags(&self, v: Val) -> Val {
        if !llvm!(LLVMIsABinaryOperator(v)).is_null() {
            llvm!(LLVMSetNSW(v, 1));
            llvm!(LLVMSetNUW(v, 1));
        }
        v
    }

    /// A 64-bit integer equal to `a` that the optimiser knows nothing about: an empty piece of assembly.
    pub fn opaque(&self, a: Val) -> Val {
        let ty = llvm!(LLVMFunctionType(self.int(64), [self.int(64)].as_mut_ptr(), 1, 0));
        let constraints = c"=r,0";
        let code = llvm!(LLVMGetInlineAsm(
            ty,
            NAME,
            0,
            constraints.as_ptr(),
            constraints.to_bytes().len(),
            0,
            0,
            llvm_sys::LLVMInlineAsmDialect::LLVMInlineAsmDialectATT,
            0,
        ));
        llvm!(LLVMBuildCall2(self.builder, ty, code, [a].as_mut_ptr(), 1, NAME))
    }

    pub fn neg(&self, a: Val) -> Val {
        llvm!(LLVMBuildNeg(self.builder, a, NAME))
    }

    pub fn fneg(&self, a: Val) -> Val {
        llvm!(LLVMBuildFNeg(self.builder, a, NAME))
    }

    pub fn not(&self, a: Val) -> Val {
        llvm!(LLVMBuildNot(self.builder, a, NAME))
    }

    pub fn icmp(&self, predicate: LLVMIntPredicate, a: Val, b: Val) -> Val {
        llvm!(LLVMBuildICmp(self.builder, predicate, a, b, NAME))
    }

    pub fn fcmp(&self, predicate: LLVMRealPredicate, a: Val, b: Val) -> Val {
        llvm!(LLVMBuildFCmp(self.builder, predicate, a, b, NAME))
    }

    pub fn is_zero(&self, a: Val) -> Val {
        self.icmp(LLVMIntPredicate::LLVMIntEQ, a, self.zero(self.type_of(a)))
    }

    pub fn is_nonzero(&self, a: Val) -> Val {
        self.icmp(LLVMIntPredicate::LLVMIntNE, a, self.zero(self.type_of(a)))
    }

    pub fn select(&self, cond: Val, a: Val, b: Val) -> Val {
        llvm!(LLVMBuildSelect(self.builder, cond, a, b, NAME))
    }

    pub fn freeze(&self, a: Val) -> Val {
        llvm!(LLVMBuildFreeze(self.builder, a, NAME))
    }

    pub fn cast(&self, op: LLVMOpcode, a: Val, to: Ty) -> Val {
        llvm!(LLVMBuildCast(self.builder, op, a, to, NAME))
    }

    /// A stack slot; the builder must be in the entry block.
    pub fn alloca(&self, ty: Ty) -> Val {
        llvm!(LLVMBuildAlloca(self.builder, ty, NAME))
    }

    pub fn load(&self, ty: Ty, from: Val, align: u32) -> Val {
        let v = llvm!(LLVMBuildLoad2(self.builder, ty, from, NAME));
        llvm!(LLVMSetAlignment(v, align));
        v
    }

    pub fn store(&self, v: Val, to: Val, align: u32) -> Val {
        let s = llvm!(LLVMBuildStore(self.builder, v, to));
        llvm!(LLVMSetAlignment(s, align));
        s
    }

    /// `memcpy` of a number of bytes anywhere in memory.
    pub fn copy_bytes(&self, to: Val, from: Val, bytes: Val) -> Val {
        llvm!(LLVMBuildMemCpy(self.builder, to, 1, from, 1, bytes))
    }

    /// Loads and stores of promotable slots: the type's own alignment.
    pub fn load_slot(&self, ty: Ty, from: Val) -> Val {
        llvm!(LLVMBuildLoad2(self.builder, ty, from, NAME))
    }

    pub fn store_slot(&self, v: Val, to: Val) -> Val {
        llvm!(LLVMBuildStore(self.builder, v, to))
    }

    /// Makes a load atomic without ordering.
    pub fn set_monotonic(&self, access: Val) {
        llvm!(LLVMSetOrdering(access, LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic));
    }

    /// Makes a load happen each time.
    pub fn set_volatile(&self, access: Val) {
        llvm!(LLVMSetVolatile(access, 1));
    }

    pub fn atomic(&self, op: LLVMAtomicRMWBinOp, at: Val, v: Val) -> Val {
        let ordering = LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic;
        llvm!(LLVMBuildAtomicRMW(self.builder, op, at, v, ordering, 0))
    }

    /// Returns `{ old, success }`.
    pub fn compare_exchange(&self, at: Val, expected: Val, new: Val) -> Val {
        let ordering = LLVMAtomicOrdering::LLVMAtomicOrderingMonotonic;
        llvm!(LLVMBuildAtomicCmpXchg(self.builder, at, expected, new, ordering, ordering, 0))
    }

    /// `base + index` elements of `element`; `flags` are the `GEP_` bits.
    pub fn gep(&self, element: Ty, base: Val, index: Val, flags: u32) -> Val {
        let mut index = index;
        llvm!(LLVMBuildGEPWithNoWrapFlags(self.builder, element, base, &mut index, 1, NAME, flags))
    }

    /// `base + offset` bytes inside one object.
    pub fn offset(&self, base: Val, offset: u64) -> Val {
        if offset == 0 {
            return base;
        }
        self.gep(self.int(8), base, self.i64(offset as i64), GEP_INBOUNDS | GEP_NUW)
    }

    pub fn call(&self, ty: Ty, function: Val, args: &[Val]) -> Val {
        let mut args = args.to_vec();
        llvm!(LLVMBuildCall2(self.builder, ty, function, args.as_mut_ptr(), args.len() as u32, NAME))
    }

    /// Calls an intrinsic that is overloaded on `types`.
    pub fn intrinsic(&self, name: &str, types: &[Ty], args: &[Val]) -> Val {
        let mut types = types.to_vec();
        let (declaration, ty) = llvm!({
            let id = LLVMLookupIntrinsicID(name.as_ptr().cast(), name.len());
            assert!(id != 0, "unknown intrinsic {name}");
            let (list, n) = (types.as_mut_ptr(), types.len());
            (
                LLVMGetIntrinsicDeclaration(self.module, id, list, n),
                LLVMIntrinsicGetType(self.context, id, list, n),
            )
        });
        self.call(ty, declaration, args)
    }

    pub fn phi(&self, ty: Ty) -> Val {
        llvm!(LLVMBuildPhi(self.builder, ty, NAME))
    }

    pub fn add_incoming(&self, phi: Val, v: Val, from: Block) {
        let (mut v, mut from) = (v, from);
        llvm!(LLVMAddIncoming(phi, &mut v, &mut from, 1));
    }

    pub fn br(&self, to: Block) -> Val {
        llvm!(LLVMBuildBr(self.builder, to))
    }

    pub fn cond_br(&self, cond: Val, then: Block, otherwise: Block) -> Val {
        llvm!(LLVMBuildCondBr(self.builder, cond, then, otherwise))
    }

    pub fn ret(&self, v: Val) {
        llvm!(LLVMBuildRet(self.builder, v));
    }

    pub fn ret_void(&self) {
        llvm!(LLVMBuildRetVoid(self.builder));
    }

    pub fn unreachable(&self) {
        llvm!(LLVMBuildUnreachable(self.builder));
    }

    pub fn extract_value(&self, aggregate: Val, index: u32) -> Val {
        llvm!(LLVMBuildExtractValue(self.builder, aggregate, index, NAME))
    }

    pub fn insert_value(&self, aggregate: Val, v: Val, index: u32) -> Val {
        llvm!(LLVMBuildInsertValue(self.builder, aggregate, v, index, NAME))
    }

    pub fn extract_element(&self, vector: Val, lane: Val) -> Val {
        llvm!(LLVMBuildExtractElement(self.builder, vector, lane, NAME))
    }

    pub fn insert_element(&self, vector: Val, v: Val, lane: Val) -> Val {
        llvm!(LLVMBuildInsertElement(self.builder, vector, v, lane, NAME))
    }

    pub fn shuffle(&self, a: Val, b: Val, lanes: &[i32]) -> Val {
        let indexes: Vec<Val> = lanes.iter().map(|&i| self.i32(i64::from(i))).collect();
        llvm!(LLVMBuildShuffleVector(self.builder, a, b, self.const_vector(&indexes), NAME))
    }

    pub fn splat(&self, v: Val, lanes: u32) -> Val {
        let ty = self.vector(self.type_of(v), lanes);
        let first = self.insert_element(self.poison(ty), v, self.i32(0));
        self.shuffle(first, self.poison(ty), &vec![0; lanes as usize])
    }

    /// Vectors of one type, a power of two of them, behind each other.
    pub fn concatenated(&self, mut pieces: Vec<Val>) -> Val {
        while pieces.len() > 1 {
            let width = self.lanes(self.type_of(pieces[0])).unwrap_or(1) as i32;
            let all: Vec<i32> = (0..2 * width).collect();
            pieces = pieces.chunks(2).map(|pair| self.shuffle(pair[0], pair[1], &all)).collect();
        }
        pieces.pop().expect("at least one piece")
    }
}
