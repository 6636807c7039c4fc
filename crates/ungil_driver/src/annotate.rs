//! What the annotate report is made of: for a specialisation, everything that is known by line.
//!
//! The report itself is written in Python (`ungil.annotate`); here are the facts: types, remarks with their places in
//! the user's files, the IR, and the assembly with line numbers. Compiles the specialisation once more for the last.

use ungil_ir::remark::{Remark, RemarkKind};
use ungil_llvm::emit::EmitOptions;
use ungil_llvm::object;

use crate::compiled::Compiled;
use crate::report;

/// A remark in the user's file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    pub file: String,
    pub line: u32,
    /// `applied`, `missed` or `note`.
    pub kind: &'static str,
    pub pass: &'static str,
    pub text: String,
}

/// Names and types of variables.
pub type Variables = Vec<(String, String)>;

/// The facts about one specialisation.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub notes: Vec<Note>,
    /// File, line, and the variables on it.
    pub types: Vec<(String, u32, Variables)>,
    pub ir: String,
    /// With `.loc` lines; empty if there is none.
    pub assembly: String,
}

/// Collects the facts.
pub fn facts(compiled: &Compiled) -> Facts {
    let emit = EmitOptions { debug: true, ..EmitOptions::new(&compiled.name) };
    let assembly = object::compile(&compiled.module, &emit, true).ok().and_then(|o| o.listing);
    let loops = object::remarks(&compiled.module, &emit).unwrap_or_default();
    let allocations = report::allocations(compiled);
    let mut notes: Vec<Note> = Vec::new();
    for remark in compiled.remarks.iter().chain(&loops).chain(&allocations) {
        if let Some(note) = note(compiled, remark)
            && !notes.contains(&note)
        {
            notes.push(note);
        }
    }
    let mut types = Vec::new();
    for function in &compiled.types {
        for line in &function.lines {
            let variables = line.variables.iter().map(|(n, t)| (n.clone(), t.to_string())).collect();
            types.push((function.file.clone(), line.number, variables));
        }
    }
    let assembly = assembly.map(|l| l.assembly).unwrap_or_default();
    Facts { notes, types, ir: compiled.module.to_string(), assembly }
}

/// What leads from addresses of a specialisation's code to lines.
#[derive(Clone, Debug)]
pub struct LineMap {
    /// The entry as the objects name it, and where the loaded one lies.
    pub symbol: String,
    pub address: usize,
    /// The object file with its line table, and as it was without.
    pub debug: Vec<u8>,
    pub plain: Vec<u8>,
    /// Names the files of the line table.
    pub assembly: String,
}

/// The line map; `None` where the code cannot be compiled again.
pub fn line_map(compiled: &Compiled) -> Option<LineMap> {
    let emit = |debug| EmitOptions { debug, ..EmitOptions::new(&compiled.name) };
    let debug = object::compile(&compiled.module, &emit(true), true).ok()?;
    let plain = object::compile(&compiled.module, &emit(compiled.debug), false).ok()?;
    Some(LineMap {
        symbol: compiled.name.clone(),
        address: compiled.code.entry,
        debug: debug.bytes,
        plain: plain.bytes,
        assembly: debug.listing?.assembly,
    })
}

fn note(compiled: &Compiled, remark: &Remark) -> Option<Note> {
    let function = compiled.functions.iter().find(|f| f.name == remark.function && !f.hidden)?;
    let kind = match remark.kind {
        RemarkKind::Applied => "applied",
        RemarkKind::Missed => "missed",
        RemarkKind::Note => "note",
    };
    Some(Note {
        file: function.file.clone(),
        line: function.first_line + remark.loc.line.saturating_sub(1),
        kind,
        pass: remark.pass,
        text: remark.text.replace('\n', " "),
    })
}
