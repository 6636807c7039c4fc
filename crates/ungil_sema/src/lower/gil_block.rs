//! Blocks under the interpreter's lock inside parallel loops.
//!
//! `__pyx_gil_block(owner, number, results, inputs…)` calls Python: the owner's block of that number with the numbers given; what
//! it returns are numbers again, of the dtypes that the text `results` lists. The host takes the lock for as long as the block runs.
//! An exception is kept by the host under a token, with which the iteration fails.
//!
//! Contract: memory of the frame holds the numbers, integers apart from floats, so that threads share nothing.

use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{CompareOp, InstKind, UnaryOp};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::memory::misuse;
use crate::operand::Operand;
use crate::ty::Ty;

/// `i64 (i64 owner, i64 number, i64 counts, i64 *, double *)`: runs a block; a token where it raised, else 0. `counts` are four
/// numbers of 16 bits: integers and floats given, integers and floats returned.
pub const RUN: &str = "ungil_py_gil_block";

/// The message of an iteration that failed by an exception which the host keeps.
pub const KEPT: &str = "an exception under the interpreter's lock: {0}";

impl Lowerer<'_, '_> {
    /// A call of a block under the lock.
    pub(crate) fn gil_block(&mut self, args: Args) -> Result<Operand> {
        let span = args.span;
        let known = match args.positional.as_slice() {
            [owner, number, results, inputs @ ..] => {
                Some((owner, number, results.as_str().unwrap_or_default(), inputs))
                    .filter(|_| owner.ty.is_integral())
            }
            _ => None,
        };
        let Some((owner, number, results, inputs)) = known else {
            return Err(misuse("a block under the lock", "not as it is made", "report this", span));
        };
        let dtypes: Vec<DType> = results.split(',').filter_map(DType::from_name).collect();
        let (mut ints, mut floats) = (Vec::new(), Vec::new());
        for input in inputs {
            let dtype = input.ty.dtype().filter(|d| !d.is_complex());
            let Some(dtype) = dtype else {
                let help = "copy what the block needs into numbers";
                return Err(misuse("a block under the lock takes numbers only", "no number", help, span));
            };
            if dtype.is_float() {
                floats.push(self.cast_to(input, DType::F64)?);
            } else {
                ints.push(self.cast_to(input, DType::I64)?);
            }
        }
        let is_float = |d: &&DType| d.is_float();
        let given = dtypes.iter().filter(is_float).count();
        let (n_ints, n_floats) = (ints.len().max(dtypes.len() - given), floats.len().max(given));
        let (ints_at, int_words) = self.words_of(DType::I64, n_ints, &ints);
        let (floats_at, float_words) = self.words_of(DType::F64, n_floats, &floats);
        let counts = [ints.len(), floats.len(), dtypes.len() - given, given];
        let counts = counts.iter().rev().fold(0, |all, n| all << 16 | *n as i64);
        let counts = self.b().i64(counts);
        let (owner, number) = (self.index(owner)?, self.index(number)?);
        let args = vec![owner, number, counts, ints_at, floats_at];
        let token = self.call_host(RUN, args, Type::I64).ok_or(crate::diagnostics::Error::Untyped)?;
        self.raise_kept(token);
        let (mut items, mut at) = (Vec::new(), [0i64; 2]);
        for dtype in dtypes {
            let (words, k) = if dtype.is_float() { (float_words, 1) } else { (int_words, 0) };
            let place = self.b().i64(at[k]);
            at[k] += 1;
            let word = self.b().load(words, vec![place]);
            let number = self.b().cast(word, dtype);
            let ty = if dtype == DType::Bool { Ty::PyBool } else { Ty::Scalar(dtype) };
            items.push(Operand::value(ty, number, span));
        }
        Ok(Operand::tuple(items, span))
    }

    /// Raises the exception that the host keeps under a token, unless that is 0.
    pub(crate) fn raise_kept(&mut self, token: Value) {
        let zero = self.b().i64(0);
        let failed = self.b().compare(CompareOp::Ne, token, zero);
        let fine = self.b().unary(UnaryOp::Not, failed);
        self.check(fine, ExcClass::EXCEPTION, KEPT, vec![(token, true)]);
    }

    /// Memory of the frame with numbers in it: its address, and the array.
    fn words_of(&mut self, dtype: DType, n: usize, numbers: &[Value]) -> (Value, Value) {
        let flat = ArrayType { dtype, ndim: 1, layout: Layout::C, readonly: false, swapped: false };
        let words = self.b().typed(InstKind::StackArray(n.max(1) as u32), Type::Array(flat));
        for (k, number) in numbers.iter().enumerate() {
            let place = self.b().i64(k as i64);
            self.b().store(words, vec![place], *number);
        }
        let address = self.b().value(InstKind::Address(words));
        (self.b().value(InstKind::Pointer(address)), words)
    }
}
