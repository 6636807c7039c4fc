//! The block of arguments that generated code passes (`ungil_abi::mpi`).

use ungil_abi::array::MemInfo;
use ungil_abi::mpi::{BufferWord, Word};

/// A block. Only the words that a function uses have been written.
#[derive(Clone, Copy)]
pub struct Block(*mut i64);

/// A buffer in a block.
#[derive(Clone, Copy)]
pub struct Buffer(*const i64);

/// An array as a buffer names it.
#[derive(Clone, Copy)]
pub struct View {
    pub data: i64,
    pub owner: *mut MemInfo,
    pub shape: &'static [i64],
    pub strides: &'static [i64],
    pub dtype: u32,
}

/// Sizes of elements by number of the dtype.
const SIZES: [i64; 13] = [1, 1, 2, 4, 8, 1, 2, 4, 8, 4, 8, 8, 16];

impl Block {
    /// # Safety
    /// The block was written for the function that reads it and outlives its call, with all that it points at.
    #[inline]
    pub unsafe fn new(words: *mut i64) -> Block {
        Block(words)
    }

    #[inline]
    fn word(self, k: usize) -> i64 {
        // SAFETY: the block has this word, and generated code writes what the function reads.
        unsafe { *self.0.add(k) }
    }

    #[inline]
    pub fn comm(self) -> i64 {
        self.word(Word::COMM)
    }

    #[inline]
    pub fn op(self) -> i64 {
        self.word(Word::OP)
    }

    /// An integer argument.
    #[inline]
    pub fn int(self, k: usize) -> i64 {
        self.word(Word::INTS + k)
    }

    #[inline]
    pub fn status(self) -> *mut i64 {
        self.word(Word::STATUS) as *mut i64
    }

    #[inline]
    pub fn set_result(self, value: i64) {
        // SAFETY: the block has this word.
        unsafe { *self.0.add(Word::RESULT) = value };
    }

    /// Numbers at an address that the block holds.
    #[inline]
    pub fn numbers(self, k: usize, n: usize) -> &'static [i64] {
        let at = self.int(k) as *const i64;
        if n == 0 {
            return &[];
        }
        // SAFETY: generated code passes the address of so many numbers, which live during the call.
        unsafe { core::slice::from_raw_parts(at, n) }
    }

    /// Numbers that the function returns at an address that the block holds.
    #[inline]
    pub fn results(self, k: usize, n: usize) -> &'static mut [i64] {
        let at = self.int(k) as *mut i64;
        if n == 0 {
            return &mut [];
        }
        // SAFETY: as for `numbers`; nobody else looks at them during the call.
        unsafe { core::slice::from_raw_parts_mut(at, n) }
    }

    #[inline]
    pub fn send(self) -> Buffer {
        // SAFETY: inside the block.
        Buffer(unsafe { self.0.add(Word::SEND) })
    }

    #[inline]
    pub fn recv(self) -> Buffer {
        // SAFETY: inside the block.
        Buffer(unsafe { self.0.add(Word::RECV) })
    }
}

impl Buffer {
    #[inline]
    fn word(self, k: usize) -> i64 {
        // SAFETY: a buffer of the block; all its words are written if it is an array, else the first.
        unsafe { *self.0.add(k) }
    }

    /// One of `BufferWord`'s kinds.
    #[inline]
    pub fn kind(self) -> i64 {
        self.word(BufferWord::SHAPE) & 0xff
    }

    #[inline]
    pub fn is_in_place(self) -> bool {
        self.kind() == BufferWord::IN_PLACE
    }

    /// Whether the array is known to be contiguous.
    #[inline]
    pub fn is_contiguous(self) -> bool {
        self.word(BufferWord::SHAPE) & BufferWord::CONTIGUOUS != 0
    }

    /// The owner to whose memory the descriptor holds a reference.
    pub fn retained(self) -> Option<*mut MemInfo> {
        let holds =
            self.kind() == BufferWord::ARRAY && self.word(BufferWord::SHAPE) & BufferWord::RETAINED != 0;
        holds.then(|| self.view().owner).filter(|owner| !owner.is_null())
    }

    #[inline]
    pub fn view(self) -> View {
        let shape = self.word(BufferWord::SHAPE);
        let (dtype, ndim) = ((shape >> 8 & 0xff) as u32, (shape >> 16 & 0xff) as usize);
        let words = self.word(BufferWord::DESCRIPTOR) as *const i64;
        // SAFETY: a packed descriptor of so many axes, which lives during the call.
        unsafe {
            View {
                data: *words,
                owner: *words.add(1) as *mut MemInfo,
                shape: core::slice::from_raw_parts(words.add(2), ndim),
                strides: core::slice::from_raw_parts(words.add(2 + ndim), ndim),
                dtype,
            }
        }
    }

    /// Address, number of elements and dtype of an array that is known to be contiguous and is used as a whole.
    #[inline]
    pub fn plain(self) -> Option<(i64, i64, u32)> {
        let shape = self.word(BufferWord::SHAPE);
        if shape & (0xff | BufferWord::CONTIGUOUS) != BufferWord::ARRAY | BufferWord::CONTIGUOUS {
            return None;
        }
        let whole = self.word(BufferWord::ITEMS) == -1
            && (self.word(BufferWord::OFFSET) | self.word(BufferWord::DATATYPE)) == 0;
        if !whole {
            return None;
        }
        let words = self.word(BufferWord::DESCRIPTOR) as *const i64;
        let ndim = (shape >> 16 & 0xff) as usize;
        let mut elements = 1;
        for axis in 0..ndim {
            // SAFETY: a packed descriptor of so many axes, which lives during the call.
            elements *= unsafe { *words.add(2 + axis) };
        }
        // SAFETY: as above.
        Some((unsafe { *words }, elements, (shape >> 8 & 0xff) as u32))
    }

    /// Number of items, if it was given.
    #[inline]
    pub fn items(self) -> Option<i64> {
        Some(self.word(BufferWord::ITEMS)).filter(|n| *n != -1)
    }

    #[inline]
    pub fn offset(self) -> i64 {
        self.word(BufferWord::OFFSET)
    }

    #[inline]
    pub fn datatype(self) -> i64 {
        self.word(BufferWord::DATATYPE)
    }

    /// Datatypes of the ranks, in a buffer that has one for each.
    pub fn datatypes(self) -> &'static [i64] {
        let (at, n) = (self.datatype() as *const i64, self.word(BufferWord::ITEMS));
        if n <= 0 {
            return &[];
        }
        // SAFETY: the address of so many handles, which live during the call.
        unsafe { core::slice::from_raw_parts(at, n as usize) }
    }

    /// Counts and displacements of the ranks, where they were given.
    pub fn layout(self) -> [Option<&'static [i64]>; 2] {
        let lengths = self.word(BufferWord::LENGTHS);
        [(BufferWord::COUNTS, lengths & 0xffff_ffff), (BufferWord::DISPLACEMENTS, lengths >> 32)].map(
            |(word, n)| {
                let at = self.word(word) as *const i64;
                // SAFETY: null, or the address of so many numbers, which live during the call.
                (!at.is_null()).then(|| unsafe { core::slice::from_raw_parts(at, n as usize) })
            },
        )
    }
}

impl View {
    /// Size of an element in bytes.
    #[inline]
    pub fn item(&self) -> i64 {
        SIZES[self.dtype as usize]
    }

    /// Number of elements.
    #[inline]
    pub fn elements(&self) -> i64 {
        self.shape.iter().product()
    }

    /// Whether the elements lie one behind the other, in C's or Fortran's order.
    pub fn is_contiguous(&self) -> bool {
        let n = self.shape.len();
        self.elements() == 0 || self.lies((0..n).rev()) || self.lies(0..n)
    }

    /// Whether the axes, from the innermost, lie one inside the other.
    fn lies(&self, mut axes: impl Iterator<Item = usize>) -> bool {
        let mut step = self.item();
        axes.all(|axis| {
            let fits = self.shape[axis] == 1 || self.strides[axis] == step;
            step *= self.shape[axis];
            fits
        })
    }
}
