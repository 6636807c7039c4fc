//! Line tables in DWARF.

use super::{Llvm, Meta, Val, llvm};
use llvm_sys::core::*;
use llvm_sys::debuginfo::*;
use llvm_sys::prelude::LLVMDIBuilderRef;
use std::ffi::c_char;

/// Builder of a module's debug information; `finish` must run before passes do.
pub struct DebugBuilder {
    raw: LLVMDIBuilderRef,
    /// DWARF wants the type of a function; all get the empty one.
    ty: Meta,
}

fn parts(text: &str) -> (*const c_char, usize) {
    (text.as_ptr().cast(), text.len())
}

impl DebugBuilder {
    /// Starts a compile unit whose main file is `path`. Without `tables` places serve remarks only.
    pub fn new(l: &Llvm, path: &str, tables: bool) -> DebugBuilder {
        for (key, value) in [("Debug Info Version", llvm!(LLVMDebugMetadataVersion())), ("Dwarf Version", 4)]
        {
            let behavior = llvm_sys::LLVMModuleFlagBehavior::LLVMModuleFlagBehaviorWarning;
            let value = l.md_value(l.i32(i64::from(value)));
            llvm!(LLVMAddModuleFlag(l.module, behavior, key.as_ptr().cast(), key.len(), value));
        }
        let raw = llvm!(LLVMCreateDIBuilder(l.module));
        let mut builder = DebugBuilder { raw, ty: std::ptr::null_mut() };
        let file = builder.file(path);
        let (producer, producer_len) = parts("ungil");
        let (empty, none) = parts("");
        llvm!({
            let language = LLVMDWARFSourceLanguage::LLVMDWARFSourceLanguagePython;
            let kind = if tables {
                LLVMDWARFEmissionKind::LLVMDWARFEmissionKindLineTablesOnly
            } else {
                LLVMDWARFEmissionKind::LLVMDWARFEmissionKindNone
            };
            LLVMDIBuilderCreateCompileUnit(
                raw,
                language,
                file,
                producer,
                producer_len,
                1,
                empty,
                none,
                0,
                empty,
                none,
                kind,
                0,
                0,
                0,
                empty,
                none,
                empty,
                none,
            );
            builder.ty = LLVMDIBuilderCreateSubroutineType(raw, file, std::ptr::null_mut(), 0, 0);
        });
        builder
    }

    fn file(&self, path: &str) -> Meta {
        let path = if path.is_empty() { "<unknown>" } else { path };
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let ((name, name_len), (folder, folder_len)) = (parts(name), parts(folder));
        llvm!(LLVMDIBuilderCreateFile(self.raw, name, name_len, folder, folder_len))
    }

    /// Describes a function with a body; the result is the scope of its lines.
    pub fn describe(&self, function: Val, name: &str, path: &str, line: u32) -> Meta {
        let file = self.file(path);
        let (name, len) = parts(name);
        llvm!({
            let (local, definition, flags) = (1, 1, 0);
            let scope = LLVMDIBuilderCreateFunction(
                self.raw, file, name, len, name, len, file, line, self.ty, local, definition, line, flags, 1,
            );
            LLVMSetSubprogram(function, scope);
            scope
        })
    }

    pub fn finish(self) {
        llvm!({
            LLVMDIBuilderFinalize(self.raw);
            LLVMDisposeDIBuilder(self.raw);
        });
    }
}

impl Llvm {
    /// Sets the place in the source of the instructions that follow; `None`: no place.
    pub fn set_place(&self, place: Option<(Meta, u32, u32)>) {
        let location = match place {
            None => std::ptr::null_mut(),
            Some(place) => self.place(place),
        };
        llvm!(LLVMSetCurrentDebugLocation2(self.builder, location));
    }

    /// A place in the source: scope, line, column.
    pub fn place(&self, (scope, line, col): (Meta, u32, u32)) -> Meta {
        llvm!(LLVMDIBuilderCreateDebugLocation(self.context, line, col, scope, std::ptr::null_mut()))
    }

    /// Runs `build` at other positions, then continues where the builder was, with the same place in the source.
    pub fn apart<T>(&self, build: impl FnOnce() -> T) -> T {
        let here = self.current();
        let place = llvm!(LLVMGetCurrentDebugLocation2(self.builder));
        llvm!(LLVMSetCurrentDebugLocation2(self.builder, std::ptr::null_mut()));
        let result = build();
        self.position(here);
        llvm!(LLVMSetCurrentDebugLocation2(self.builder, place));
        result
    }
}
