//! The map file by which Linux perf names functions of loaded code.

use crate::elf::Symbol;
use std::collections::HashMap;
use std::io::Write;

/// Appends the functions of an object to `/tmp/perf-PID.map`. `addresses` are those of global symbols; local functions
/// (outlined loops) lie at their distance from a global one of the same section.
/// Failing to write is not an error: perf shows addresses then.
pub fn write_map(table: &[Symbol], addresses: &HashMap<String, usize>) {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path) else { return };
    let start = |s: &Symbol| Some((s.section, (*addresses.get(&s.name)? as u64).wrapping_sub(s.offset)));
    let sections: HashMap<u16, u64> = table.iter().filter(|s| s.defined).filter_map(start).collect();
    let mut text = String::new();
    for symbol in table.iter().filter(|s| s.is_function && s.defined) {
        if let Some(start) = sections.get(&symbol.section) {
            let address = start.wrapping_add(symbol.offset);
            text += &format!("{address:x} {:x} {}\n", symbol.size, symbol.name);
        }
    }
    let _ = file.write_all(text.as_bytes());
}
