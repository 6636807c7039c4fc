//! MPI: methods of mpi4py's communicators, requests and statuses.
//!
//! Objects are typed values: handles, numbers of requests, memory of statuses. A call fills a block of words
//! (`ungil_abi::mpi`) in the frame and passes it to a function of the host, which returns a status; an error becomes
//! `mpi4py.MPI.Exception`. [`table`] says what each method takes and gives.

mod block;
mod buffer;
mod cart;
mod instead;
mod members;
mod object;
mod pending;
mod request;
mod table;

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{CompareOp, InstKind};
use ungil_ir::types::{DType, Type};

use crate::diagnostics::Result;
use crate::diagnostics::mpi::MpiError;
use crate::lower::Lowerer;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::ty::Ty;
use crate::world::Global;

pub(crate) use members::{call, call_method};

/// Canonical names of what the module `mpi4py.MPI` defines start with this.
pub const PREFIX: &str = "mpi4py.MPI.";

/// `double (void)`: the functions of the MPI library itself.
const WTIME: &str = "MPI_Wtime";
const WTICK: &str = "MPI_Wtick";

/// Whether lists that are written out as arguments of a method are read once: of those that take buffers or requests.
pub(crate) fn reads_displays(method: &str) -> bool {
    let own = method.strip_prefix(PREFIX).unwrap_or(method);
    own.starts_with(|c: char| c.is_ascii_uppercase())
        || ["wait", "test", "alltoall", "scatter"].iter().any(|start| own.starts_with(start))
}

/// A part of mpi4py that kernels do not know.
fn absent(what: impl Into<String>, similar: Option<String>, span: Span) -> crate::diagnostics::Error {
    let help = similar.map(|name| format!("did you mean `{name}`?"));
    MpiError::Absent { what: what.into(), help, span }.into()
}

/// A part of mpi4py's class, or of the module, that kernels do not know; says what to use instead.
fn absent_part(what: String, class: &str, name: &str, span: Span) -> crate::diagnostics::Error {
    MpiError::Absent { what, help: instead::instead(class, name).map(str::to_owned), span }.into()
}

impl Lowerer<'_, '_> {
    /// An MPI object that is a global: handles come from the module's table of addresses.
    pub(crate) fn global_mpi(&mut self, kind: Mpi, handle: i64, name: &str, span: Span) -> Operand {
        if kind == Mpi::InPlace {
            return Operand::entity(Ty::Mpi(kind), span);
        }
        if kind.is_request() {
            let null = self.b().i64(0);
            return Operand::value(Ty::Mpi(kind), null, span);
        }
        let value = self.handle_value(name, handle);
        Operand::value(Ty::Mpi(kind), value, span)
    }

    /// A handle, which may be another number in each process.
    fn handle_value(&mut self, name: &str, handle: i64) -> Value {
        let pointer = self.extern_address(name, handle as u64);
        self.b().value(InstKind::Address(pointer))
    }

    /// A constant of mpi4py's as a word: `ANY_SOURCE`, `SUM` …
    fn mpi_constant(&mut self, name: &str, span: Span) -> Result<Value> {
        match self.program.world.mpi(name) {
            Some(Global::Int(n)) => Ok(self.b().i64(n)),
            Some(Global::Mpi { handle, .. }) => Ok(self.handle_value(&format!("MPI.{name}"), handle)),
            _ => Err(absent(format!("`MPI.{name}`"), None, span)),
        }
    }

    /// Calls a function of the host with a block; an error is raised as `MPI.Exception`.
    fn call_mpi(&mut self, symbol: &str, block: Value, span: Span) -> Result<()> {
        if self.loops.iter().any(|l| l.parallel) && !self.program.world.mpi_threads() {
            return Err(MpiError::Parallel { span }.into());
        }
        self.set_span(span);
        let address = self.b().value(InstKind::Address(block));
        let pointer = self.b().value(InstKind::Pointer(address));
        let name = format!("ungil_mpi_{symbol}");
        let Some(status) = self.call_host(&name, vec![pointer], Type::I64) else {
            return Err(absent(format!("`{symbol}`"), None, span));
        };
        let zero = self.b().i64(0);
        let fine = self.b().compare(CompareOp::Eq, status, zero);
        self.check(fine, ExcClass::MPI, "{0}", vec![(status, true)]);
        Ok(())
    }

    /// `MPI.Wtime()`, `MPI.Wtick()`
    fn mpi_time(&mut self, function: &str, span: Span) -> Result<Operand> {
        match self.call_host(function, Vec::new(), Type::Scalar(DType::F64)) {
            Some(value) => Ok(Operand::value(Ty::PyFloat, value, span)),
            None => Err(absent(format!("`{function}`"), None, span)),
        }
    }

    /// Whether two communicators, operations or datatypes are the same, and requests.
    pub(crate) fn compare_mpi(
        &mut self,
        equal: bool,
        left: &Operand,
        right: &Operand,
        span: Span,
    ) -> Result<Option<Operand>> {
        let (Ty::Mpi(a), Ty::Mpi(b)) = (&left.ty, &right.ty) else { return Ok(None) };
        let alike = a == b || a.is_comm() && b.is_comm() || a.is_request() && b.is_request();
        if !alike {
            return Ok(Some(Operand::bool(!equal, span)));
        }
        if !a.is_handle() && !a.is_request() {
            return Ok(None);
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        let op = if equal { CompareOp::Eq } else { CompareOp::Ne };
        let value = self.b().compare(op, left, right);
        Ok(Some(Operand::value(Ty::PyBool, value, span)))
    }
}
