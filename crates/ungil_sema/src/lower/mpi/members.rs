//! Calls of methods and functions of mpi4py.

use ungil_abi::mpi::Word;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;

use super::buffer::Use;
use super::instead::instead;
use super::table::{CART_METHODS, CART_OTHERS, Fallback, METHODS, Method, OTHERS, Outcome, Param};
use super::{PREFIX, WTICK, WTIME, absent, absent_part};
use crate::diagnostics::Result;
use crate::diagnostics::mpi::MpiError;
use crate::lower::Lowerer;
use crate::lower::attribute::closest;
use crate::lower::call::Args;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::ty::Ty;

/// Methods of requests and statuses, and of their classes.
const REQUEST: &[&str] = &["Wait", "Test", "wait", "test", "Cancel", "cancel", "Free", "Start"];
pub(super) const REQUEST_CLASS: &[&str] = &[
    "Waitall", "Waitany", "Waitsome", "Testall", "Testany", "Testsome", "waitall", "waitany", "testall",
    "testany", "Startall",
];
const STATUS: &[&str] = &["Get_source", "Get_tag", "Get_error", "Get_count", "Get_elements", "Is_cancelled"];

/// Calls a function or class of the module.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, name: &str, args: Args) -> Result<Operand> {
    let span = args.span;
    let name = name.strip_prefix(PREFIX).unwrap_or(name);
    if let Some(host) = name.strip_prefix("Get_processor_name=") {
        args.bind("Get_processor_name", &[], 0)?;
        return Ok(Operand::entity(Ty::Str(host.into()), span));
    }
    match name {
        "Wtime" | "Wtick" => {
            args.bind(name, &[], 0)?;
            l.mpi_time(if name == "Wtime" { WTIME } else { WTICK }, span)
        }
        "Status" => {
            args.bind(name, &[], 0)?;
            l.new_status(span)
        }
        "Compute_dims" => l.compute_dims(args),
        _ => match name.split_once('.') {
            Some(("Request" | "Prequest", method)) if REQUEST_CLASS.contains(&method) => {
                l.request_class(method, args)
            }
            Some(("Comm" | "Intracomm" | "Cartcomm", "Compare")) => l.compare_comms(args),
            Some((class, method)) => Err(absent_part(format!("`MPI.{name}`"), class, method, span)),
            None => Err(absent_part(format!("`MPI.{name}`"), "", name, span)),
        },
    }
}

/// Calls a method of an object.
pub(crate) fn call_method(
    l: &mut Lowerer<'_, '_>,
    name: &str,
    receiver: &Operand,
    args: Args,
) -> Result<Operand> {
    if let Ty::Pending(ty) = &receiver.ty {
        let ty = (**ty).clone();
        return l.pending_method(name, receiver, &ty, args);
    }
    let Ty::Mpi(kind) = receiver.ty else { unreachable!("called for MPI objects") };
    if kind.is_request() {
        return match REQUEST_CLASS.contains(&name) {
            true => l.request_class(name, args),
            false => l.request_method(name, receiver, args),
        };
    }
    if kind == Mpi::Status {
        return l.status_method(name, receiver, args);
    }
    if kind == Mpi::Datatype {
        args.bind(name, &[], 0)?;
        return l.datatype_size(receiver, receiver.span);
    }
    if let Some(method) = METHODS.iter().chain(CART_METHODS).find(|m| m.name == name) {
        return l.comm_method(method, receiver, args);
    }
    match name {
        "Dup" | "Clone" => {
            args.clone().bind(name, &["info"], 0)?;
            let block = l.block_for(receiver)?;
            l.call_mpi("comm_dup", block, args.span)?;
            let handle = l.result_word(block);
            Ok(Operand::value(receiver.ty.clone(), handle, args.span))
        }
        "Create_cart" | "Get_coords" | "Get_cart_rank" | "Shift" | "Sub" | "Get_topo" => {
            l.cart_method(name, receiver, args)
        }
        // Intercommunicators do not come to kernels.
        "Is_inter" | "Is_intra" => {
            let span = args.span;
            args.bind(name, &[], 0)?;
            Ok(Operand::bool(name == "Is_intra", span))
        }
        "Compare" => l.compare_comms(args),
        _ => l.object_method(name, receiver, args),
    }
}

impl Lowerer<'_, '_> {
    /// `object.attr`
    pub(crate) fn mpi_attribute(
        &mut self,
        object: &Operand,
        attr: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        let kind = match &object.ty {
            Ty::Mpi(kind) => *kind,
            Ty::Pending(_) => Mpi::Request,
            _ => unreachable!("called for MPI objects"),
        };
        if let Some(value) = self.mpi_property(kind, object, attr, span)? {
            return Ok(Some(value));
        }
        let known: Vec<&str> = match kind {
            Mpi::Comm | Mpi::Cart => {
                let common = METHODS.iter().map(|m| m.name).chain(OTHERS.iter().copied());
                let cart = CART_METHODS.iter().map(|m| m.name).chain(CART_OTHERS.iter().copied());
                common.chain(cart.filter(|_| kind == Mpi::Cart)).collect()
            }
            Mpi::Request | Mpi::Prequest => REQUEST.iter().chain(REQUEST_CLASS).copied().collect(),
            Mpi::Status => STATUS.to_vec(),
            Mpi::Datatype => vec!["Get_size"],
            Mpi::Op | Mpi::InPlace => Vec::new(),
        };
        if known.contains(&attr) {
            let method = Ty::Method(Box::new(object.ty.clone()), format!("{PREFIX}{attr}").into());
            return Ok(Some(Operand { ty: method, span, ..object.clone() }));
        }
        let what = format!("`{attr}` of `{kind}`");
        if instead(&kind.to_string(), attr).is_some() {
            return Err(absent_part(what, &kind.to_string(), attr, span));
        }
        let similar = closest(attr, known.into_iter());
        Err(absent(what, similar, span))
    }

    /// An attribute that is no method.
    fn mpi_property(
        &mut self,
        kind: Mpi,
        object: &Operand,
        attr: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        let symbol = match (kind, attr) {
            (Mpi::Comm | Mpi::Cart, "rank") => "comm_rank",
            (Mpi::Comm | Mpi::Cart, "size") => "comm_size",
            (Mpi::Cart, "dim" | "ndim") => "comm_dim",
            (Mpi::Cart, "topo" | "dims" | "periods" | "coords") => {
                return self.topology(object, attr, span).map(Some);
            }
            (Mpi::Comm | Mpi::Cart, "is_inter" | "is_intra") => {
                return Ok(Some(Operand::bool(attr == "is_intra", span)));
            }
            (Mpi::Datatype, "size") => return self.datatype_size(object, span).map(Some),
            (Mpi::Status, _) => return self.status_property(object, attr, span),
            _ => return Ok(None),
        };
        let block = self.block_for(object)?;
        self.call_mpi(symbol, block, span)?;
        let n = self.result_word(block);
        Ok(Some(Operand::value(Ty::PyInt, n, span)))
    }

    /// A method of the table.
    fn comm_method(&mut self, method: &Method, comm: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        let names: Vec<&str> = method.params.iter().map(|p| p.name()).collect();
        let required = method.params.iter().take_while(|p| !p.is_optional(method.name)).count();
        let bound = args.bind(method.name, &names, required)?;
        self.check_two_buffers(method, &bound)?;
        let block = self.block_for(comm)?;
        for (param, given) in method.params.iter().zip(&bound) {
            self.put_argument(block, method, *param, given.as_ref(), span)?;
        }
        self.call_mpi(method.symbol, block, span)?;
        Ok(match method.outcome {
            Outcome::None => Operand::none(span),
            Outcome::Bool if method.symbol == "probe" => Operand::bool(true, span),
            Outcome::Int => Operand::value(Ty::PyInt, self.result_word(block), span),
            Outcome::Bool => self.flag(block, span),
            Outcome::Object(kind) => Operand::value(Ty::Mpi(kind), self.result_word(block), span),
        })
    }

    /// A result that is not zero for true.
    pub(super) fn flag(&mut self, block: Value, span: Span) -> Operand {
        let (word, zero) = (self.result_word(block), self.b().i64(0));
        let value = self.b().compare(ungil_ir::inst::CompareOp::Ne, word, zero);
        Operand::value(Ty::PyBool, value, span)
    }

    fn put_argument(
        &mut self,
        block: Value,
        method: &Method,
        param: Param,
        given: Option<&Operand>,
        span: Span,
    ) -> Result<()> {
        let held = matches!(method.outcome, Outcome::Object(kind) if kind.is_request());
        let typed = method.name.to_ascii_lowercase().contains("alltoallw");
        let used = |parameter, written, vector| Use {
            function: method.name,
            parameter,
            written,
            vector,
            typed,
            held,
        };
        let none = Operand::none(span);
        let buffer = given.unwrap_or(&none);
        match param {
            Param::Buffer(name, written) => {
                self.put_buffer(block, Word::SEND, used(name, written, false), buffer)
            }
            Param::Send(name, vector) => {
                self.put_buffer(block, Word::SEND, used(name, false, vector), buffer)
            }
            Param::Recv(name, vector) => self.put_buffer(block, Word::RECV, used(name, true, vector), buffer),
            Param::Int(name, place, default) => {
                let value = match (given, default) {
                    (Some(x), _) => self.mpi_integer(method.name, name, x)?,
                    (None, Fallback::Number(n)) => self.b().i64(n),
                    (None, Fallback::Constant(constant)) => self.mpi_constant(constant, span)?,
                    (None, Fallback::Required) => unreachable!("bound"),
                };
                self.put_word(block, Word::INTS + place, value);
                Ok(())
            }
            Param::Op => {
                let value = match given {
                    Some(x) => self.mpi_handle(method.name, "op", Mpi::Op, x)?,
                    None => self.mpi_constant("SUM", span)?,
                };
                self.put_word(block, Word::OP, value);
                Ok(())
            }
            Param::Counts(name) => {
                let [address, n] = match given.filter(|x| !x.is_none()) {
                    Some(x) => self.integers(method.name, name, x)?.into(),
                    None => [0, 0].map(|n| self.b().i64(n)),
                };
                self.put_word(block, Word::INTS, address);
                self.put_word(block, Word::INTS + 1, n);
                Ok(())
            }
            Param::Status => {
                let value = self.status_word(method.name, given)?;
                self.put_word(block, Word::STATUS, value);
                Ok(())
            }
        }
    }

    /// Refuses one array for both buffers where that can be seen.
    fn check_two_buffers(&self, method: &Method, bound: &[Option<Operand>]) -> Result<()> {
        let array = |wanted: fn(&Param) -> bool| {
            let k = method.params.iter().position(wanted)?;
            let x = bound[k].as_ref()?;
            match (&x.ty, &x.parts) {
                (Ty::Array(_), _) => x.value.map(|v| (v, x.span)),
                _ => None,
            }
        };
        let (send, recv) = (array(|p| matches!(p, Param::Send(..))), array(|p| matches!(p, Param::Recv(..))));
        match (send, recv) {
            (Some((a, _)), Some((b, span))) if a == b => {
                let help = match method.name {
                    "Sendrecv" => "receive into another array, or call `Sendrecv_replace(buf, …)`",
                    _ => "receive into another array, or pass `MPI.IN_PLACE` as the first buffer",
                };
                Err(MpiError::SameBuffer { function: method.name.to_owned(), help: help.to_owned(), span }
                    .into())
            }
            _ => Ok(()),
        }
    }
}
