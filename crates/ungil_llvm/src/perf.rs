//! The map file by which Linux perf names functions of loaded code.

use crate::elf::Symbol;
use std::collections::HashMap;
use std::io::Write;

/// Appends the functions of an object to `/tmp/perf-PID.map`. Failing to write is not an error: perf shows addresses.
pub fn write_map(table: &[Symbol], addresses: &HashMap<String, usize>) {
    let path = format!("/tmp/perf-{}.map", std::process::id());
    let Ok(mut file) = std::fs::OpenOptions::new().create(true).append(true).open(path) else { return };
    let mut text = String::new();
    for symbol in table.iter().filter(|s| s.is_function && s.defined) {
        if let Some(address) = addresses.get(&symbol.name) {
            text += &format!("{address:x} {:x} {}\n", symbol.size, symbol.name);
        }
    }
    let _ = file.write_all(text.as_bytes());
}
