//! Names, each stored once.
//!
//! Identifiers beyond ASCII are brought to Unicode normal form KC, as Python does.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use unicode_normalization::UnicodeNormalization;

use crate::ast::name::Name;

/// The names of one module.
#[derive(Default)]
pub struct Interner {
    names: HashMap<Name, (), BuildHasherDefault<NameHasher>>,
}

impl Interner {
    pub fn intern(&mut self, text: &str) -> Name {
        if text.is_ascii() {
            return self.get(text);
        }
        let normal: String = text.nfkc().collect();
        self.get(&normal)
    }

    fn get(&mut self, text: &str) -> Name {
        if let Some((name, ())) = self.names.get_key_value(text) {
            return Arc::clone(name);
        }
        let name: Name = text.into();
        self.names.insert(Arc::clone(&name), ());
        name
    }
}

/// Multiplies and rotates eight bytes at a time: names are short and trusted enough, and the
/// standard hasher would take a fifth of the parser's time.
#[derive(Default)]
struct NameHasher {
    state: u64,
}

impl NameHasher {
    fn mix(&mut self, word: u64) {
        self.state = (self.state.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }
}

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.mix(u64::from_le_bytes(word));
        }
    }

    fn write_u8(&mut self, byte: u8) {
        self.mix(u64::from(byte));
    }

    fn finish(&self) -> u64 {
        self.state ^ (self.state >> 32)
    }
}
