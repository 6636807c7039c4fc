//! Memory: blocks of bytes with reference counts, and elements in them.

use crate::number::Num;
use crate::value::Array;
use ungil_ir::types::DType;

/// Number of a block.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct BlockId(pub usize);

/// Who frees a block.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Allocated by the program.
    Program,
    /// An argument's or global array's buffer: never freed, its count is balanced by the caller.
    Caller,
    /// A private copy of a reduced array.
    Private,
}

#[derive(Debug)]
pub struct Block {
    pub bytes: Vec<u8>,
    pub refs: i64,
    pub kind: Kind,
    pub freed: bool,
    /// Address that `address` shows.
    base: i64,
}

/// All blocks of a run.
#[derive(Debug, Default)]
pub struct Memory {
    pub blocks: Vec<Block>,
    /// Bytes in blocks that are not freed.
    pub live: u64,
    next_base: i64,
}

/// Contents of fresh memory that is not zeroed: a value that tests notice.
const GARBAGE: u8 = 0xCD;

impl Memory {
    pub fn add(&mut self, bytes: Vec<u8>, kind: Kind) -> BlockId {
        let size = bytes.len() as i64;
        let base = self.next_base.max(1 << 20);
        // A gap keeps addresses past the end of one block out of the next.
        self.next_base = (base + size + 64 + 63) & !63;
        self.live += bytes.len() as u64;
        self.blocks.push(Block { bytes, refs: i64::from(kind == Kind::Program), kind, freed: false, base });
        BlockId(self.blocks.len() - 1)
    }

    pub fn allocate(&mut self, size: u64, zeroed: bool) -> BlockId {
        self.add(vec![if zeroed { 0 } else { GARBAGE }; size as usize], Kind::Program)
    }

    pub fn free(&mut self, block: BlockId) {
        let block = &mut self.blocks[block.0];
        self.live -= block.bytes.len() as u64;
        block.bytes = Vec::new();
        block.freed = true;
    }

    pub fn address(&self, array: &Array) -> i64 {
        array.block.map_or(0, |b| self.blocks[b.0].base.wrapping_add(array.offset))
    }

    /// Address of a byte of a block.
    pub fn address_of(&self, block: BlockId, offset: i64) -> i64 {
        self.blocks[block.0].base.wrapping_add(offset)
    }

    /// The block that an address leads into, or just behind, and the byte of it.
    pub fn find(&self, address: i64) -> Option<(BlockId, i64)> {
        let at = self.blocks.partition_point(|b| b.base <= address).checked_sub(1)?;
        let block = &self.blocks[at];
        let offset = address.wrapping_sub(block.base);
        (offset <= block.bytes.len() as i64).then_some((BlockId(at), offset))
    }

    pub fn load(&self, array: &Array, index: &[i64]) -> Result<Num, String> {
        let (block, range) = self.range(array, index)?;
        let mut bytes = self.blocks[block.0].bytes[range].to_vec();
        if array.ty.swapped {
            swap(array.ty.dtype, &mut bytes);
        }
        Ok(Num::from_bytes(array.ty.dtype, &bytes))
    }

    pub fn store(&mut self, array: &Array, index: &[i64], value: Num) -> Result<(), String> {
        let (block, range) = self.range(array, index)?;
        let mut bytes = value.to_bytes();
        if array.ty.swapped {
            swap(array.ty.dtype, &mut bytes);
        }
        self.blocks[block.0].bytes[range].copy_from_slice(&bytes);
        Ok(())
    }

    /// The bytes of an element.
    fn range(&self, array: &Array, index: &[i64]) -> Result<(BlockId, std::ops::Range<usize>), String> {
        let Some(at) = array.locate(index) else {
            return Err(format!("index {index:?} is out of range for shape {:?}", array.shape));
        };
        let Some(id) = array.block else {
            return Err("access to an array without memory".to_owned());
        };
        let block = &self.blocks[id.0];
        if block.freed {
            return Err("access to memory that was freed".to_owned());
        }
        let end = at.checked_add(array.ty.dtype.size() as i64);
        match (usize::try_from(at), end) {
            (Ok(at), Some(end)) if end as u64 <= block.bytes.len() as u64 => Ok((id, at..end as usize)),
            _ => Err(format!("byte {at} is outside a block of {} bytes", block.bytes.len())),
        }
    }

    /// All elements, the last axis fastest.
    pub fn elements(&self, array: &Array) -> Result<Vec<Num>, String> {
        array.indices().iter().map(|index| self.load(array, index)).collect()
    }
}

/// Reverses the bytes of an element, those of a complex one part by part.
pub fn swap(dtype: DType, bytes: &mut [u8]) {
    bytes.chunks_exact_mut(dtype.real().size() as usize).for_each(<[u8]>::reverse);
}
