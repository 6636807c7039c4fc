//! Blocks of arguments: words in the function's frame.

use ungil_abi::exception::ExcClass;
use ungil_abi::mpi::Word;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{CompareOp, InstKind};
use ungil_ir::types::{DType, Type};

use crate::diagnostics::Result;
use crate::diagnostics::mpi::MpiError;
use crate::lower::Lowerer;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::ty::{BOX, Ty};

impl Lowerer<'_, '_> {
    /// Words in the frame.
    pub(super) fn words(&mut self, n: usize) -> Value {
        self.b().typed(InstKind::StackArray(n as u32), Type::Array(BOX))
    }

    /// A block for a call on an object.
    pub(super) fn block_for(&mut self, receiver: &Operand) -> Result<Value> {
        let block = self.words(Word::COUNT);
        let receiver = self.value(receiver)?;
        self.put_word(block, Word::COMM, receiver);
        Ok(block)
    }

    pub(super) fn put_word(&mut self, block: Value, word: usize, value: Value) {
        let at = self.b().i64(word as i64);
        self.b().store(block, vec![at], value);
    }

    pub(super) fn put_number(&mut self, block: Value, word: usize, n: i64) {
        let n = self.b().i64(n);
        self.put_word(block, word, n);
    }

    pub(super) fn get_word(&mut self, block: Value, word: usize) -> Value {
        let at = self.b().i64(word as i64);
        self.b().load(block, vec![at])
    }

    /// What the function returned.
    pub(super) fn result_word(&mut self, block: Value) -> Value {
        self.get_word(block, Word::RESULT)
    }

    /// The address of memory, as a word.
    pub(super) fn address_word(&mut self, array: Value) -> Value {
        self.b().value(InstKind::Address(array))
    }

    /// An integer argument.
    pub(super) fn mpi_integer(&mut self, function: &str, parameter: &str, x: &Operand) -> Result<Value> {
        let x = &self.element_of(x)?;
        if !x.ty.is_integral() {
            return Err(self.mpi_argument(function, parameter, "an integer", x, "convert it: `int(x)`"));
        }
        let value = self.index(x)?;
        if x.ty.dtype() == Some(DType::U64) {
            // Numbers beyond 63 bits would mean ranks or constants below zero.
            let zero = self.b().i64(0);
            let fits = self.b().compare(CompareOp::Ge, value, zero);
            let text = format!("{function}: `{parameter}` is too large for C's int");
            self.check(fits, ExcClass::OVERFLOW, &text, Vec::new());
        }
        Ok(value)
    }

    /// A handle argument of a kind.
    pub(super) fn mpi_handle(
        &mut self,
        function: &str,
        parameter: &str,
        kind: Mpi,
        x: &Operand,
    ) -> Result<Value> {
        match x.ty {
            Ty::Mpi(found) if found == kind || found.is_comm() && kind.is_comm() => self.value(x),
            _ => {
                let help = format!("pass an `{kind}` of mpi4py");
                Err(self.mpi_argument(function, parameter, &format!("an `{kind}`"), x, &help))
            }
        }
    }

    /// The address of a status, or 0 for none.
    pub(super) fn status_word(&mut self, function: &str, x: Option<&Operand>) -> Result<Value> {
        match x {
            None => Ok(self.b().i64(0)),
            Some(x) if x.is_none() => Ok(self.b().i64(0)),
            Some(x) if x.ty == Ty::Mpi(Mpi::Status) => {
                let status = self.value(x)?;
                Ok(self.address_word(status))
            }
            Some(x) => Err(self.mpi_argument(
                function,
                "status",
                "an `MPI.Status` or None",
                x,
                "make one in the kernel: `status = MPI.Status()`",
            )),
        }
    }

    pub(super) fn mpi_argument(
        &self,
        function: &str,
        parameter: &str,
        expected: &str,
        found: &Operand,
        help: &str,
    ) -> crate::diagnostics::Error {
        MpiError::Argument {
            function: function.to_owned(),
            parameter: parameter.to_owned(),
            expected: expected.to_owned(),
            found: format!("`{}`", found.ty),
            help: help.to_owned(),
            span: found.span,
        }
        .into()
    }

    /// Integers of a tuple, list or array as contiguous memory: its address and their number.
    pub(super) fn integers(
        &mut self,
        function: &str,
        parameter: &str,
        x: &Operand,
    ) -> Result<(Value, Value)> {
        let expected = "a sequence of integers";
        let help = "pass a tuple, a list or an array of integers";
        let fits = |ty: &Ty| ty.is_integral();
        let suits = match &x.ty {
            Ty::Tuple(items) => items.iter().all(fits),
            Ty::List(list) => list.element.as_ref().is_none_or(fits),
            Ty::Array(a) => a.ndim == 1 && (a.dtype.is_int() || a.dtype == DType::Bool),
            _ => false,
        };
        if !suits {
            return Err(self.mpi_argument(function, parameter, expected, x, help));
        }
        let span: Span = x.span;
        let array = self.as_array(x, Some(DType::I64), span)?;
        let array = self.settled(&array)?;
        let ty = array.ty.as_array().expect("an array");
        let array = match ty.layout == ungil_ir::types::Layout::C && !ty.swapped {
            true => array,
            false => self.converted_copy(&array, DType::I64, ungil_ir::types::Layout::C, span)?,
        };
        let value = self.value(&array)?;
        let n = self.b().dim(value, 0);
        Ok((self.address_word(value), n))
    }
}
