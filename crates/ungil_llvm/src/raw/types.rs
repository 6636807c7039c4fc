//! LLVM types and constants.

use super::{Llvm, Ty, Val, llvm};
use llvm_sys::core::*;

impl Llvm {
    pub fn int(&self, bits: u32) -> Ty {
        llvm!(LLVMIntTypeInContext(self.context, bits))
    }

    pub fn f32(&self) -> Ty {
        llvm!(LLVMFloatTypeInContext(self.context))
    }

    pub fn f64(&self) -> Ty {
        llvm!(LLVMDoubleTypeInContext(self.context))
    }

    pub fn ptr(&self) -> Ty {
        llvm!(LLVMPointerTypeInContext(self.context, 0))
    }

    pub fn void(&self) -> Ty {
        llvm!(LLVMVoidTypeInContext(self.context))
    }

    pub fn vector(&self, element: Ty, lanes: u32) -> Ty {
        llvm!(LLVMVectorType(element, lanes))
    }

    pub fn array(&self, element: Ty, n: u64) -> Ty {
        llvm!(LLVMArrayType2(element, n))
    }

    pub fn structure(&self, fields: &[Ty]) -> Ty {
        let mut fields = fields.to_vec();
        llvm!(LLVMStructTypeInContext(self.context, fields.as_mut_ptr(), fields.len() as u32, 0))
    }

    pub fn function(&self, ret: Ty, params: &[Ty]) -> Ty {
        let mut params = params.to_vec();
        llvm!(LLVMFunctionType(ret, params.as_mut_ptr(), params.len() as u32, 0))
    }

    /// The type of a function as a caller sees it that may have `...`.
    pub fn variadic_function(&self, ret: Ty, params: &[Ty]) -> Ty {
        let mut params = params.to_vec();
        llvm!(LLVMFunctionType(ret, params.as_mut_ptr(), params.len() as u32, 1))
    }

    pub fn type_of(&self, v: Val) -> Ty {
        llvm!(LLVMTypeOf(v))
    }

    /// Lanes of a vector type; `None` for other types.
    pub fn lanes(&self, ty: Ty) -> Option<u32> {
        let is_vector = llvm!(LLVMGetTypeKind(ty)) == llvm_sys::LLVMTypeKind::LLVMVectorTypeKind;
        is_vector.then(|| llvm!(LLVMGetVectorSize(ty)))
    }

    /// The element type of a vector type; other types are their own.
    pub fn element(&self, ty: Ty) -> Ty {
        if self.lanes(ty).is_some() { llvm!(LLVMGetElementType(ty)) } else { ty }
    }

    /// `element` as wide as `like`: a vector of as many lanes, or the type itself.
    pub fn widened(&self, element: Ty, like: Ty) -> Ty {
        self.lanes(like).map_or(element, |n| self.vector(element, n))
    }

    /// An integer constant of a type; splatted for vectors.
    pub fn const_int(&self, ty: Ty, value: i64) -> Val {
        let one = llvm!(LLVMConstInt(self.element(ty), value as u64, 1));
        self.const_like(ty, one)
    }

    /// A float constant of a type, from its exact `f64` value; splatted for vectors.
    pub fn const_float(&self, ty: Ty, value: f64) -> Val {
        let element = self.element(ty);
        let bits = if element == self.f32() { u64::from((value as f32).to_bits()) } else { value.to_bits() };
        let one = llvm!(LLVMConstFPFromBits(element, &bits));
        self.const_like(ty, one)
    }

    fn const_like(&self, ty: Ty, one: Val) -> Val {
        match self.lanes(ty) {
            None => one,
            Some(n) => self.const_vector(&vec![one; n as usize]),
        }
    }

    pub fn const_vector(&self, lanes: &[Val]) -> Val {
        let mut lanes = lanes.to_vec();
        llvm!(LLVMConstVector(lanes.as_mut_ptr(), lanes.len() as u32))
    }

    pub fn i1(&self, value: bool) -> Val {
        self.const_int(self.int(1), i64::from(value))
    }

    pub fn i32(&self, value: i64) -> Val {
        self.const_int(self.int(32), value)
    }

    pub fn i64(&self, value: i64) -> Val {
        self.const_int(self.int(64), value)
    }

    pub fn null(&self) -> Val {
        llvm!(LLVMConstNull(self.ptr()))
    }

    /// Zero of any type.
    pub fn zero(&self, ty: Ty) -> Val {
        llvm!(LLVMConstNull(ty))
    }

    pub fn poison(&self, ty: Ty) -> Val {
        llvm!(LLVMGetPoison(ty))
    }

    pub fn is_const(&self, v: Val) -> bool {
        llvm!(LLVMIsConstant(v)) != 0
    }

    /// The value of an integer constant, sign-extended.
    pub fn as_const_int(&self, v: Val) -> Option<i64> {
        let is_int = !llvm!(LLVMIsAConstantInt(v)).is_null();
        is_int.then(|| llvm!(LLVMConstIntGetSExtValue(v)))
    }

    /// The number, if the value is a floating-point constant.
    pub fn as_const_float(&self, v: Val) -> Option<f64> {
        let is_float = !llvm!(LLVMIsAConstantFP(v)).is_null();
        let mut lost = 0;
        is_float.then(|| llvm!(LLVMConstRealGetDouble(v, &mut lost)))
    }
}
