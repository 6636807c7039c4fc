//! LLVM's remarks about loops, as ours.
//!
//! LLVM prints remarks about code by file, line and column. A module compiled for its remarks carries the number of
//! each function as the file and lines relative to the function, which leads back to the IR's places.
//! Limits: which remarks LLVM makes is set once for the process, at the first request; from then on every compilation
//! makes them, and those that nobody asked for are dropped.

mod plain;

use crate::raw::{Llvm, Val, c_string, llvm, take_string};
use llvm_sys::LLVMDiagnosticSeverity::LLVMDSRemark;
use llvm_sys::core::*;
use llvm_sys::prelude::LLVMDiagnosticInfoRef;
use llvm_sys::support::LLVMParseCommandLineOptions;
use plain::{Line, PASS};
use std::ffi::c_void;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use ungil_ir::function::Module;
use ungil_ir::inst::Loc;
use ungil_ir::remark::{Remark, RemarkKind};

/// Whether LLVM makes remarks. Compilations hold it while they run, since the setting must not change under them.
static ENABLED: RwLock<bool> = RwLock::new(false);

/// Holds the setting; `wanted` turns remarks on.
pub fn hold(wanted: bool) -> RwLockReadGuard<'static, bool> {
    let guard = ENABLED.read().unwrap_or_else(PoisonError::into_inner);
    if *guard || !wanted {
        return guard;
    }
    drop(guard);
    let mut enabled = ENABLED.write().unwrap_or_else(PoisonError::into_inner);
    if !*enabled {
        let options = ["ungil", "-pass-remarks=", "-pass-remarks-missed=", "-pass-remarks-analysis="]
            .map(|o| c_string(&if o.starts_with('-') { format!("{o}^{PASS}$") } else { o.to_owned() }));
        let list = options.each_ref().map(|o| o.as_ptr());
        llvm!(LLVMParseCommandLineOptions(list.len() as i32, list.as_ptr(), c"".as_ptr()));
        *enabled = true;
    }
    drop(enabled);
    hold(false)
}

/// Collects what LLVM reports of a module from now on until `stop`; nothing reaches stderr.
pub fn collect(l: &Llvm, into: &mut Vec<String>) {
    let context = std::ptr::from_mut(into).cast::<c_void>();
    llvm!(LLVMContextSetDiagnosticHandler(l.context, Some(receive), context));
}

/// Ends what `collect` started: later reports are dropped.
pub fn stop(l: &Llvm) {
    llvm!(LLVMContextSetDiagnosticHandler(l.context, Some(receive), std::ptr::null_mut()));
}

extern "C" fn receive(info: LLVMDiagnosticInfoRef, context: *mut c_void) {
    let is_remark = matches!(llvm!(LLVMGetDiagInfoSeverity(info)), LLVMDSRemark);
    if is_remark && !context.is_null() {
        // SAFETY: `collect` passed the vector, which lives until `stop` and is used by this thread alone.
        let list = unsafe { &mut *context.cast::<Vec<String>>() };
        list.push(take_string(llvm!(LLVMGetDiagInfoDescription(info))));
    }
}

/// Reads `function:line:column: text` lines; lines of other shapes have no place in the source and are dropped.
pub fn read(lines: &[String], ir: &Module) -> Vec<Remark> {
    let lines: Vec<Line> = lines.iter().filter_map(|line| read_line(line)).collect();
    let mut remarks = plain::summarise(&lines, ir);
    for line in &lines {
        let (Some(pass), Some(function)) = (own_pass(line.text), ir.functions.get(line.function)) else {
            continue;
        };
        let function = function.name.clone();
        let remark =
            Remark { pass, kind: RemarkKind::Applied, function, loc: line.loc, text: line.text.to_owned() };
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
    remarks
}

fn read_line(line: &str) -> Option<Line<'_>> {
    let mut parts = line.splitn(4, ':');
    let function = parts.next()?.trim().parse().ok()?;
    let (line, col) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(Line { function, loc: Loc { line, col }, text: parts.next()?.trim() })
}

/// `file:line:column` of an instruction that has a place.
pub fn place_of(inst: Val) -> Option<String> {
    let line = llvm!(LLVMGetDebugLocLine(inst));
    if line == 0 {
        return None;
    }
    let mut len = 0;
    let data = llvm!(LLVMGetDebugLocFilename(inst, &mut len));
    // SAFETY: LLVM returns the name's bytes and their number; they live as long as the context.
    let file = unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len as usize) };
    let column = llvm!(LLVMGetDebugLocColumn(inst));
    Some(format!("{}:{line}:{column}", String::from_utf8_lossy(file)))
}

/// The pass of ours that a remark's text is from.
fn own_pass(text: &str) -> Option<&'static str> {
    let passes = [(crate::divider::REMARK, "divider"), (crate::streams::REMARK, "streams")];
    passes.iter().find(|(part, _)| text.contains(part)).map(|(_, pass)| *pass)
}
