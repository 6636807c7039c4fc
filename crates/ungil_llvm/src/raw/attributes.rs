//! Attributes of functions, parameters and calls.

use super::{Llvm, Val, llvm};
use llvm_sys::core::*;
use llvm_sys::prelude::LLVMAttributeRef;

/// Where an attribute belongs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    Function,
    Return,
    Param(u32),
}

impl Place {
    fn index(self) -> u32 {
        match self {
            Place::Function => u32::MAX,
            Place::Return => 0,
            Place::Param(i) => i + 1,
        }
    }
}

/// `memory(inaccessiblemem: readwrite)`: LLVM's encoding of two bits per kind of memory.
pub const MEMORY_INACCESSIBLE: u64 = 0b11 << 2;

/// `memory(argmem: readwrite)`.
pub const MEMORY_ARGUMENTS: u64 = 0b11;

impl Llvm {
    fn kind(&self, name: &str) -> u32 {
        let kind = llvm!(LLVMGetEnumAttributeKindForName(name.as_ptr().cast(), name.len()));
        assert!(kind != 0, "unknown attribute {name}");
        kind
    }

    fn enum_attribute(&self, name: &str, value: u64) -> LLVMAttributeRef {
        let kind = self.kind(name);
        llvm!(LLVMCreateEnumAttribute(self.context, kind, value))
    }

    /// Adds an attribute such as `nounwind` to a function or its declaration.
    pub fn add_attribute(&self, function: Val, place: Place, name: &str) {
        self.add_attribute_value(function, place, name, 0);
    }

    /// Adds an attribute that has an integer.
    pub fn add_attribute_value(&self, function: Val, place: Place, name: &str, value: u64) {
        let attribute = self.enum_attribute(name, value);
        llvm!(LLVMAddAttributeAtIndex(function, place.index(), attribute));
    }

    /// Adds attributes such as `nounwind` and a text attribute to a call.
    pub fn add_call_attributes(&self, call: Val, names: &[(&str, u64)], key: &str, value: &str) {
        let place = Place::Function.index();
        for (name, value) in names {
            let attribute = self.enum_attribute(name, *value);
            llvm!(LLVMAddCallSiteAttribute(call, place, attribute));
        }
        let attribute = self.text_attribute(key, value);
        llvm!(LLVMAddCallSiteAttribute(call, place, attribute));
    }

    /// Adds an attribute such as `signext` to an argument or the result of a call.
    pub fn add_call_attribute(&self, call: Val, place: Place, name: &str) {
        let attribute = self.enum_attribute(name, 0);
        llvm!(LLVMAddCallSiteAttribute(call, place.index(), attribute));
    }

    /// States that a 64-bit parameter is not negative.
    pub fn add_nonnegative(&self, function: Val, param: u32) {
        let kind = self.kind("range");
        let (low, high) = ([0u64], [1u64 << 63]);
        let attribute =
            llvm!(LLVMCreateConstantRangeAttribute(self.context, kind, 64, low.as_ptr(), high.as_ptr()));
        llvm!(LLVMAddAttributeAtIndex(function, Place::Param(param).index(), attribute));
    }

    /// Adds a text attribute to a function.
    pub fn add_text_attribute(&self, function: Val, key: &str, value: &str) {
        let attribute = self.text_attribute(key, value);
        llvm!(LLVMAddAttributeAtIndex(function, Place::Function.index(), attribute));
    }

    fn text_attribute(&self, key: &str, value: &str) -> LLVMAttributeRef {
        let ((key, key_len), (value, value_len)) =
            ((key.as_ptr().cast(), key.len() as u32), (value.as_ptr().cast(), value.len() as u32));
        llvm!(LLVMCreateStringAttribute(self.context, key, key_len, value, value_len))
    }

    /// Removes an attribute of a function.
    pub fn remove_attribute(&self, function: Val, name: &str) {
        llvm!(LLVMRemoveEnumAttributeAtIndex(function, Place::Function.index(), self.kind(name)));
    }

    /// Removes a text attribute of a function.
    pub fn remove_text_attribute(&self, function: Val, key: &str) {
        let (data, len) = (key.as_ptr().cast(), key.len() as u32);
        llvm!(LLVMRemoveStringAttributeAtIndex(function, Place::Function.index(), data, len));
    }
}
