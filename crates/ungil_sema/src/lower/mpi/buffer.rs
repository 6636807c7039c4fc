//! Buffers: arrays, `[array, count]`, `[array, type]`, `[array, count, type]`, `[array, (counts, displs), type]`,
//! `[array, counts, displs, type]`, `MPI.IN_PLACE`, `None`.

use ungil_abi::array::descriptor_size;
use ungil_abi::list::{DATA, LEN};
use ungil_abi::mpi::BufferWord;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, InstKind};
use ungil_ir::types::{ArrayType, Layout};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::ty::Ty;

/// How a function uses a buffer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Use<'n> {
    pub function: &'n str,
    pub parameter: &'n str,
    /// The function writes to it.
    pub written: bool,
    /// Counts and displacements for each rank may be given.
    pub vector: bool,
    /// There is a datatype for each rank.
    pub typed: bool,
    /// The request that the function makes holds the memory.
    pub held: bool,
}

/// The parts of a buffer.
#[derive(Default)]
struct Parts {
    count: Option<Operand>,
    displacement: Option<Operand>,
    datatype: Option<Operand>,
}

const HELP: &str =
    "pass an array, `[array, count]`, `[array, type]`, `[array, count, type]` or `MPI.IN_PLACE`";

impl Lowerer<'_, '_> {
    /// Writes a buffer into a block, from word `at`.
    pub(super) fn put_buffer(&mut self, block: Value, at: usize, used: Use<'_>, x: &Operand) -> Result<()> {
        let x = &self.settled(x)?;
        match &x.ty {
            Ty::None => {
                self.put_number(block, at + BufferWord::SHAPE, BufferWord::NONE);
                Ok(())
            }
            Ty::Mpi(Mpi::InPlace) => {
                self.put_number(block, at + BufferWord::SHAPE, BufferWord::IN_PLACE);
                Ok(())
            }
            Ty::Array(_) => self.put_array(block, at, used, x, Parts::default()),
            Ty::Tuple(items) if (2..=4).contains(&items.len()) => {
                let items = self.items(x);
                let parts = self.buffer_parts(used, x, &items)?;
                let array = self.settled(&items[0])?;
                if !matches!(array.ty, Ty::Array(_)) {
                    return Err(self.no_buffer(used, &array));
                }
                self.put_array(block, at, used, &array, parts)
            }
            _ => Err(self.no_buffer(used, x)),
        }
    }

    fn no_buffer(&self, used: Use<'_>, x: &Operand) -> crate::diagnostics::Error {
        let help = match x.ty.dtype() {
            Some(d) if used.written => {
                format!("receive into an array of one element: `np.empty(1, dtype=np.{d})`")
            }
            Some(d) => format!("put the number into an array: `np.array([x], dtype=np.{d})`"),
            None => HELP.to_owned(),
        };
        self.mpi_argument(used.function, used.parameter, "a buffer", x, &help)
    }

    /// Count, displacement and datatype, as mpi4py tells them apart.
    fn buffer_parts(&mut self, used: Use<'_>, whole: &Operand, items: &[Operand]) -> Result<Parts> {
        let mut parts = Parts::default();
        let mut layout = |l: &mut Self, x: &Operand| {
            if x.ty == Ty::Mpi(Mpi::Datatype) || used.typed && items.len() == 2 {
                parts.datatype = Some(x.clone());
                return Ok(());
            }
            let pair = match &x.ty {
                Ty::Tuple(two) => two.len() == 2 && (!used.vector || !two.iter().all(Ty::is_integral)),
                _ => false,
            };
            if pair {
                let two = l.items(x);
                (parts.count, parts.displacement) = (Some(two[0].clone()), Some(two[1].clone()));
            } else {
                parts.count = Some(x.clone());
            }
            Ok::<(), crate::diagnostics::Error>(())
        };
        layout(self, &items[1])?;
        match items {
            [_, _] => {}
            [_, _, datatype] => parts.datatype = Some(datatype.clone()),
            [_, _, displacement, datatype] => {
                (parts.displacement, parts.datatype) = (Some(displacement.clone()), Some(datatype.clone()));
            }
            _ => return Err(self.no_buffer(used, whole)),
        }
        let given = |x: Option<Operand>| x.filter(|x| !x.is_none());
        Ok(Parts {
            count: given(parts.count),
            displacement: given(parts.displacement),
            datatype: given(parts.datatype),
        })
    }

    fn put_array(&mut self, block: Value, at: usize, used: Use<'_>, x: &Operand, parts: Parts) -> Result<()> {
        let Ty::Array(a) = x.ty else { unreachable!("called for arrays") };
        if a.readonly && used.written {
            let help = "receive into an array that may be written, such as a copy";
            return Err(self.mpi_argument(used.function, used.parameter, "a writable array", x, help));
        }
        if a.swapped && a.dtype.size() > 1 {
            let help = "convert it: `a.astype(a.dtype.newbyteorder('='))`";
            let expected = "an array in the machine's byte order";
            return Err(self.mpi_argument(used.function, used.parameter, expected, x, help));
        }
        let contiguous = if a.layout == Layout::Strided { 0 } else { BufferWord::CONTIGUOUS };
        let retained = if used.held { BufferWord::RETAINED } else { 0 };
        let shape = BufferWord::ARRAY
            | i64::from(a.dtype.number()) << 8
            | i64::from(a.ndim) << 16
            | contiguous
            | retained;
        let mut words = [None; 8];
        words[BufferWord::DATATYPE] = match &parts.datatype {
            Some(t) if used.typed => {
                let [address, n] = self.datatypes(used, t)?;
                words[BufferWord::ITEMS] = Some(n);
                Some(address)
            }
            None if used.typed => return Err(self.no_types(used, x)),
            Some(t) => Some(self.mpi_handle(used.function, used.parameter, Mpi::Datatype, t)?),
            None => None,
        };
        let mut lengths = [None, None];
        let given = [
            (parts.count, BufferWord::COUNTS, BufferWord::ITEMS),
            (parts.displacement, BufferWord::DISPLACEMENTS, BufferWord::OFFSET),
        ];
        for (k, (part, vector, single)) in given.into_iter().enumerate() {
            let Some(part) = part else { continue };
            if used.vector {
                let (address, n) = self.integers(used.function, used.parameter, &part)?;
                words[vector] = Some(address);
                lengths[k] = Some(n);
            } else {
                words[single] = Some(self.mpi_integer(used.function, used.parameter, &part)?);
            }
        }
        if let Some(n) = lengths[1] {
            let shift = self.b().i64(1 << 32);
            let high = self.b().binary(BinaryOp::Mul, n, shift);
            let low = match lengths[0] {
                Some(low) => low,
                None => self.b().i64(0),
            };
            lengths[0] = Some(self.b().binary(BinaryOp::Add, low, high));
        }
        words[BufferWord::LENGTHS] = lengths[0];
        // What fails comes before the reference that the descriptor holds.
        let array = self.value(x)?;
        words[BufferWord::DESCRIPTOR] = Some(self.descriptor(array, a, used.held));
        for (k, word) in words.into_iter().enumerate().skip(1) {
            let otherwise = if k == BufferWord::ITEMS { -1 } else { 0 };
            match word {
                Some(value) => self.put_word(block, at + k, value),
                None => self.put_number(block, at + k, otherwise),
            }
        }
        self.put_number(block, at + BufferWord::SHAPE, shape);
        Ok(())
    }

    fn no_types(&self, used: Use<'_>, x: &Operand) -> crate::diagnostics::Error {
        let help = "pass `[array, (counts, displs), types]`, displacements in bytes";
        self.mpi_argument(used.function, used.parameter, "a buffer with a datatype for each rank", x, help)
    }

    /// The handles of datatypes in memory: their address and how many there are.
    fn datatypes(&mut self, used: Use<'_>, x: &Operand) -> Result<[Value; 2]> {
        let is_datatype = |ty: &Ty| *ty == Ty::Mpi(Mpi::Datatype);
        match &x.ty {
            Ty::Tuple(items) if items.iter().all(is_datatype) => {
                let items = self.items(x);
                let words = self.words(items.len().max(1));
                for (k, item) in items.iter().enumerate() {
                    let handle = self.value(item)?;
                    self.put_word(words, k, handle);
                }
                let n = self.b().i64(items.len() as i64);
                Ok([self.address_word(words), n])
            }
            Ty::List(list) if list.element.as_ref().is_some_and(is_datatype) => {
                Ok([self.list_word(x, DATA)?, self.list_word(x, LEN)?])
            }
            _ => Err(self.no_types(used, x)),
        }
    }

    /// The address of an array's descriptor in the frame; `held`: it holds a reference to the memory.
    fn descriptor(&mut self, array: Value, ty: ArrayType, held: bool) -> Value {
        let n = usize::from(ty.ndim);
        let words = self.words(descriptor_size(n) / 8);
        let address = self.address_word(words);
        if held {
            self.b().push(InstKind::StorePacked(address, array));
            return address;
        }
        let data = self.address_word(array);
        self.put_word(words, 0, data);
        self.put_number(words, 1, 0);
        for axis in 0..ty.ndim {
            let (extent, stride) = (self.b().dim(array, axis), self.b().stride(array, axis));
            self.put_word(words, 2 + usize::from(axis), extent);
            self.put_word(words, 2 + n + usize::from(axis), stride);
        }
        address
    }
}
