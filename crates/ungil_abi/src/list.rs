//! Lists.
//!
//! A list is a box: a block of memory with [`WORDS`] numbers of 64 bits, to which all names of the list refer. The
//! elements lie in a block of their own that is replaced when it becomes too small. Elements of one scalar lie as in an
//! array; others are packed (`ungil_ir::packing`), and words of them may be owners of memory.

/// Length of a box.
pub const WORDS: usize = 8;
/// Number of elements.
pub const LEN: usize = 0;
/// Number of elements there is room for.
pub const CAPACITY: usize = 1;
/// Address of the elements.
pub const DATA: usize = 2;
/// Not zero: the list was changed after it was made from an argument.
pub const CHANGED: usize = 3;
/// Size of an element in bytes.
pub const ELEMENT: usize = 4;
/// Bit `k`: word `k` of an element is a `MemInfo *` that the element holds a reference to.
pub const OWNERS: usize = 5;
/// Which type the elements of a list have that was empty when the kernel was called: [`tag`] of its name; 0: it is known.
pub const TYPE: usize = 6;

/// A number for the name of a type, never 0 (FNV-1a).
pub fn tag(name: &str) -> i64 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 1 | 1) as i64
}
