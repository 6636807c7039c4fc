//! The symbol table of an ELF object file.
//!
//! Reads just enough of 64-bit little-endian relocatable files to know which symbols they define and which they need.
//! Every access is bounds-checked: the bytes may come from a damaged cache entry.

/// A symbol that matters to linking.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Symbol {
    pub name: String,
    /// Whether the file defines it; otherwise it must be found elsewhere.
    pub defined: bool,
    pub is_function: bool,
    pub is_global: bool,
    pub size: u64,
    /// Number of its section, and offset in it.
    pub section: u16,
    pub offset: u64,
}

const SECTION_SIZE: usize = 64;
const SYMBOL_SIZE: usize = 24;
const SYMTAB: u32 = 2;
const GLOBAL: u8 = 1;
const FUNCTION: u8 = 2;

/// The global symbols of an object file, and its local functions; `None` if the bytes are not one.
pub fn symbols(bytes: &[u8]) -> Option<Vec<Symbol>> {
    // Magic, 64-bit, little-endian; type: relocatable; machine: x86-64.
    if bytes.get(..6)? != b"\x7fELF\x02\x01" || u16_at(bytes, 16)? != 1 || u16_at(bytes, 18)? != 62 {
        return None;
    }
    let sections = usize::try_from(u64_at(bytes, 40)?).ok()?;
    let count = u16_at(bytes, 60)? as usize;
    let section = |i: usize| {
        let start = sections.checked_add(i.checked_mul(SECTION_SIZE)?)?;
        bytes.get(start..start.checked_add(SECTION_SIZE)?)
    };
    for i in 0..count {
        let header = section(i)?;
        if u32_at(header, 4)? == SYMTAB {
            let names = contents(bytes, section(u32_at(header, 40)? as usize)?)?;
            let entries = contents(bytes, header)?.chunks_exact(SYMBOL_SIZE);
            let all: Option<Vec<Option<Symbol>>> = entries.map(|entry| symbol(entry, names)).collect();
            return Some(all?.into_iter().flatten().collect());
        }
    }
    Some(Vec::new())
}

/// The bytes of a section.
fn contents<'b>(bytes: &'b [u8], header: &[u8]) -> Option<&'b [u8]> {
    let start = usize::try_from(u64_at(header, 24)?).ok()?;
    let size = usize::try_from(u64_at(header, 32)?).ok()?;
    bytes.get(start..start.checked_add(size)?)
}

/// A symbol; `Some(None)` if it does not matter.
fn symbol(entry: &[u8], names: &[u8]) -> Option<Option<Symbol>> {
    let info = *entry.get(4)?;
    let (binding, kind) = (info >> 4, info & 15);
    if binding < GLOBAL && kind != FUNCTION {
        return Some(None);
    }
    let name = names.get(u32_at(entry, 0)? as usize..)?;
    let end = name.iter().position(|b| *b == 0)?;
    let name = String::from_utf8_lossy(&name[..end]).into_owned();
    let (section, offset, size) = (u16_at(entry, 6)?, u64_at(entry, 8)?, u64_at(entry, 16)?);
    let defined = section != 0;
    let (is_function, is_global) = (kind == FUNCTION, binding >= GLOBAL);
    Some(Some(Symbol { name, defined, is_function, is_global, size, section, offset }))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at.checked_add(8)?)?.try_into().ok()?))
}
