//! The report on a specialisation: line by line, what the compiler did and what it could not do.
//!
//! Remarks of the passes, LLVM's, and the arrays that are made, under the lines of the source that they are about.
//! `+` is what was done, `-` what could not be, `·` what is to be known.

use crate::compiled::Compiled;
use std::collections::{BTreeMap, BTreeSet};
use ungil_ir::entities::Region;
use ungil_ir::function::Function;
use ungil_ir::inst::InstKind;
use ungil_ir::remark::{Remark, RemarkKind};
use ungil_ir::types::Type;
use ungil_ir::walk::nested_regions;

/// The text; `loops` are LLVM's remarks.
pub fn text(compiled: &Compiled, loops: &[Remark]) -> String {
    let mut out = format!("{}{}\n", compiled.name, compiled.signature());
    let allocations = allocations(compiled);
    let all: Vec<&Remark> = compiled.remarks.iter().chain(loops).chain(&allocations).collect();
    let mut seen = BTreeSet::new();
    for function in compiled.functions.iter().filter(|f| !f.hidden && seen.insert(f.name.as_str())) {
        let mut lines: BTreeMap<u32, Vec<String>> = BTreeMap::new();
        for remark in all.iter().filter(|r| r.function == function.name) {
            let sign = match remark.kind {
                RemarkKind::Applied => '+',
                RemarkKind::Missed => '-',
                RemarkKind::Note => '·',
            };
            let entry = format!("      {sign} {}\n", remark.text.replace('\n', " "));
            let list = lines.entry(function.first_line + remark.loc.line.saturating_sub(1)).or_default();
            if !list.contains(&entry) {
                list.push(entry);
            }
        }
        if lines.is_empty() {
            continue;
        }
        out.push_str(&format!("  {}\n", function.file));
        for (number, entries) in lines {
            out.push_str(
                format!("  {number:>4}  {}", source_line(compiled, &function.file, number)).trim_end(),
            );
            out.push('\n');
            entries.iter().for_each(|entry| out.push_str(entry));
        }
    }
    out
}

fn source_line(compiled: &Compiled, file: &str, number: u32) -> String {
    let of_file = compiled.types.iter().filter(|f| f.file == file);
    let mut lines = of_file.flat_map(|f| &f.lines);
    lines.find(|l| l.number == number).map_or_else(String::new, |l| l.text.trim().to_owned())
}

/// Remarks on the arrays that functions make.
pub fn allocations(compiled: &Compiled) -> Vec<Remark> {
    let mut remarks = Vec::new();
    for f in &compiled.module.functions {
        find_allocations(f, f.body, false, &mut remarks);
    }
    remarks
}

fn find_allocations(f: &Function, region: Region, in_loop: bool, remarks: &mut Vec<Remark>) {
    for inst in &f.regions[region.index()] {
        let data = f.inst(*inst);
        if let (InstKind::Alloc { .. }, Some(Type::Array(array))) = (&data.kind, data.result.map(|v| f.ty(v)))
        {
            let what = format!("makes an array of {}", array.dtype);
            let (kind, text) = if in_loop {
                (RemarkKind::Missed, format!("{what} in each iteration"))
            } else {
                (RemarkKind::Note, what)
            };
            remarks.push(Remark { pass: "allocations", kind, function: f.name.clone(), loc: data.loc, text });
        }
        let repeats = matches!(
            data.kind,
            InstKind::For(_) | InstKind::ParallelFor(_) | InstKind::While { .. } | InstKind::Domain { .. }
        );
        for nested in nested_regions(&data.kind) {
            find_allocations(f, nested, in_loop || repeats, remarks);
        }
    }
}
