//! Thin layer over LLVM's C interface.
//!
//! [`Llvm`] owns a context, a module and a builder. Its methods append instructions at the builder's position; they
//! take and return LLVM's raw handles, which stay valid as long as the `Llvm` they came from. The module is private
//! to this crate, and emission never keeps a handle beyond its `Llvm`.
//! Limits: operands must have the types LLVM wants; LLVM's verifier runs on the result in debug builds and tests.

pub mod attributes;
pub mod build;
pub mod debug;
pub mod metadata;
pub mod types;
pub mod walk;

use llvm_sys::core::*;
use llvm_sys::ir_reader::LLVMParseIRInContext2;
use llvm_sys::prelude::*;
use std::ffi::{CStr, CString, c_char};

pub type Val = LLVMValueRef;
pub type Ty = LLVMTypeRef;
pub type Block = LLVMBasicBlockRef;
pub type Meta = LLVMMetadataRef;

/// Calls LLVM's C interface.
macro_rules! llvm {
    ($call:expr) => {
        // SAFETY: handles come from the `Llvm` at hand, which is alive and used by one thread; strings are
        // passed with their lengths or as NUL-terminated constants; pointers to slices live during the call.
        unsafe { $call }
    };
}
pub(crate) use llvm;

/// A context with one module and one builder.
pub struct Llvm {
    pub context: LLVMContextRef,
    pub module: LLVMModuleRef,
    pub builder: LLVMBuilderRef,
}

impl Llvm {
    /// An empty module in a fresh context.
    pub fn new(name: &str) -> Llvm {
        let name = c_string(name);
        let context = llvm!(LLVMContextCreate());
        let module = llvm!(LLVMModuleCreateWithNameInContext(name.as_ptr(), context));
        let builder = llvm!(LLVMCreateBuilderInContext(context));
        Llvm { context, module, builder }
    }

    /// The module as LLVM's text.
    pub fn text(&self) -> String {
        take_string(llvm!(LLVMPrintModuleToString(self.module)))
    }

    /// Errors of LLVM's verifier.
    pub fn verify(&self) -> Result<(), String> {
        use llvm_sys::analysis::{LLVMVerifierFailureAction, LLVMVerifyModule};
        let mut message = std::ptr::null_mut();
        let action = LLVMVerifierFailureAction::LLVMReturnStatusAction;
        let failed = llvm!(LLVMVerifyModule(self.module, action, &mut message));
        let text = take_string(message);
        if failed != 0 { Err(text) } else { Ok(()) }
    }

    /// Declares or finds a function.
    pub fn declare(&self, name: &str, ty: Ty) -> Val {
        let name = c_string(name);
        let found = llvm!(LLVMGetNamedFunction(self.module, name.as_ptr()));
        if found.is_null() { llvm!(LLVMAddFunction(self.module, name.as_ptr(), ty)) } else { found }
    }

    /// The function with this name, if the module has it.
    pub fn find_function(&self, name: &str) -> Option<Val> {
        let name = c_string(name);
        let found = llvm!(LLVMGetNamedFunction(self.module, name.as_ptr()));
        if found.is_null() { None } else { Some(found) }
    }

    /// The type a function was declared with.
    pub fn function_type(&self, function: Val) -> Ty {
        llvm!(LLVMGlobalGetValueType(function))
    }

    /// An external variable, addressed by name when the object is linked.
    pub fn external(&self, name: &str) -> Val {
        let name = c_string(name);
        let found = llvm!(LLVMGetNamedGlobal(self.module, name.as_ptr()));
        if found.is_null() { llvm!(LLVMAddGlobal(self.module, self.int(8), name.as_ptr())) } else { found }
    }

    /// A private constant with these bytes.
    pub fn bytes(&self, bytes: &[u8]) -> Val {
        let data = bytes.as_ptr().cast::<c_char>();
        let init = llvm!(LLVMConstStringInContext2(self.context, data, bytes.len(), 1));
        let global = llvm!(LLVMAddGlobal(self.module, LLVMTypeOf(init), c"text".as_ptr()));
        llvm!(LLVMSetInitializer(global, init));
        llvm!(LLVMSetGlobalConstant(global, 1));
        llvm!(LLVMSetLinkage(global, llvm_sys::LLVMLinkage::LLVMPrivateLinkage));
        llvm!(LLVMSetUnnamedAddress(global, llvm_sys::LLVMUnnamedAddr::LLVMGlobalUnnamedAddr));
        llvm!(LLVMSetAlignment(global, 1));
        global
    }

    /// Makes a function visible in its module only.
    pub fn internal(&self, function: Val) {
        llvm!(LLVMSetLinkage(function, llvm_sys::LLVMLinkage::LLVMInternalLinkage));
    }

    /// Reads a module in text form into this context. The text is the compiler's own.
    pub fn parse(&self, text: &str) -> Result<LLVMModuleRef, String> {
        let (data, len) = (text.as_ptr().cast(), text.len());
        let (mut module, mut message) = (std::ptr::null_mut(), std::ptr::null_mut());
        let failed = llvm!({
            let buffer = LLVMCreateMemoryBufferWithMemoryRangeCopy(data, len, c"text".as_ptr());
            let failed = LLVMParseIRInContext2(self.context, buffer, &mut module, &mut message);
            LLVMDisposeMemoryBuffer(buffer);
            failed
        });
        if failed == 0 { Ok(module) } else { Err(take_string(message)) }
    }

    /// Links a module of this context into this one.
    pub fn link(&self, other: LLVMModuleRef) -> Result<(), String> {
        let failed = llvm!(llvm_sys::linker::LLVMLinkModules2(self.module, other)) != 0;
        if failed { Err("modules do not fit together".to_owned()) } else { Ok(()) }
    }

    /// A parameter of a function.
    pub fn param(&self, function: Val, index: usize) -> Val {
        llvm!(LLVMGetParam(function, index as u32))
    }

    /// A fresh block at the end of a function.
    pub fn block(&self, function: Val, name: &CStr) -> Block {
        llvm!(LLVMAppendBasicBlockInContext(self.context, function, name.as_ptr()))
    }

    /// Continues at the end of a block.
    pub fn position(&self, block: Block) {
        llvm!(LLVMPositionBuilderAtEnd(self.builder, block));
    }

    /// The block that instructions are appended to.
    pub fn current(&self) -> Block {
        llvm!(LLVMGetInsertBlock(self.builder))
    }
}

impl Drop for Llvm {
    fn drop(&mut self) {
        llvm!(LLVMDisposeBuilder(self.builder));
        llvm!(LLVMDisposeModule(self.module));
        llvm!(LLVMContextDispose(self.context));
    }
}

/// A C string; NULs inside are dropped (names only).
pub fn c_string(text: &str) -> CString {
    let bytes: Vec<u8> = text.bytes().filter(|&b| b != 0).collect();
    CString::new(bytes).unwrap_or_default()
}

/// Copies and frees a message of LLVM's; null gives the empty string.
pub fn take_string(message: *mut c_char) -> String {
    if message.is_null() {
        return String::new();
    }
    // SAFETY: LLVM returned a NUL-terminated string that we own.
    let text = unsafe { CStr::from_ptr(message) }.to_string_lossy().into_owned();
    llvm!(LLVMDisposeMessage(message));
    text
}
