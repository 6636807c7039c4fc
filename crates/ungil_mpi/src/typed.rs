//! Buffers with a count, a displacement in bytes and a datatype for each rank: those of `Alltoallw`.

use ungil_abi::exception::ExcClass;
use ungil_abi::mpi::BufferWord;

use crate::block::Buffer;
use crate::datatype;
use crate::fault::fault;
use crate::function::Function;
use crate::invoke::{HandleArray, c_ints, fit};
use crate::library::Library;
use crate::message::of_ranks;

/// A buffer whose parts have datatypes of their own.
pub struct Typed {
    pub address: i64,
    counts: Vec<i64>,
    displacements: Vec<i64>,
    narrow: [Vec<i32>; 2],
    /// Boxed, because its address must not change with the request that keeps it.
    datatypes: Box<HandleArray>,
}

impl Typed {
    pub fn in_place(library: &Library) -> Typed {
        Typed::new(library, library.constants.in_place, [Vec::new(), Vec::new()], &[])
    }

    fn new(library: &Library, address: i64, [counts, displacements]: [Vec<i64>; 2], types: &[i64]) -> Typed {
        let datatypes = Box::new(HandleArray::new(types.iter().copied(), library.narrow));
        Typed { address, counts, displacements, narrow: [Vec::new(), Vec::new()], datatypes }
    }

    /// Whether a count or displacement is beyond `int`.
    pub fn is_large(&self) -> bool {
        !fit(&self.counts) || !fit(&self.displacements)
    }

    /// Addresses of counts, displacements and datatypes, as the function wants them.
    pub fn arrays(&mut self, large: bool) -> [i64; 3] {
        let types = self.datatypes.address();
        if large {
            return [self.counts.as_ptr() as i64, self.displacements.as_ptr() as i64, types];
        }
        self.narrow = [&self.counts, &self.displacements]
            .map(|all| c_ints(Function::Alltoallw, all).unwrap_or_default());
        [self.narrow[0].as_ptr() as i64, self.narrow[1].as_ptr() as i64, types]
    }
}

/// The parts of a buffer, one for each of `ranks`: one item of each datatype at the start unless more is said.
pub fn typed(library: &'static Library, buffer: Buffer, ranks: i64) -> Result<Typed, i64> {
    if buffer.kind() != BufferWord::ARRAY {
        return Err(fault(ExcClass::VALUE_ERROR, "message: expecting buffer and types"));
    }
    let view = buffer.view();
    if !buffer.is_contiguous() && !view.is_contiguous() {
        let text = "message: Alltoallw needs contiguous arrays; describe strides by its datatypes";
        return Err(fault(ExcClass::VALUE_ERROR, text));
    }
    let types = of_ranks(buffer.datatypes(), ranks)?;
    let [counts, displacements] = match buffer.layout() {
        [None, None] => [vec![1; types.len()], vec![0; types.len()]],
        [counts, displacements] => {
            [of_ranks(counts.unwrap_or(&[]), ranks)?, of_ranks(displacements.unwrap_or(&[]), ranks)?]
        }
    };
    let total = view.elements() * view.item();
    for ((n, at), of) in counts.iter().zip(&displacements).zip(&types) {
        let [start, end] = if *n > 0 { datatype::span(library, *of, *n)? } else { [0, 0] };
        // mpi4py leaves this to MPI, which cannot know.
        if *n < 0 || *n > 0 && (at.saturating_add(start) < 0 || at.saturating_add(end) > total) {
            let text = format!(
                "message: count {n} at displacement {at} (bytes) is outside the {total} bytes of the buffer"
            );
            return Err(fault(ExcClass::VALUE_ERROR, text));
        }
    }
    Ok(Typed::new(library, view.data, [counts, displacements], &types))
}
