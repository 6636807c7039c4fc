//! Requests, statuses and datatypes.

use ungil_abi::list::{DATA, LEN};
use ungil_abi::mpi::{StatusWord, Word};
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp};

use super::absent_part;
use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::ty::{BOX, Ty};

impl Lowerer<'_, '_> {
    /// `MPI.Status()`
    pub(super) fn new_status(&mut self, span: Span) -> Result<Operand> {
        let words = self.b().i64(StatusWord::COUNT as i64);
        let memory = self.b().alloc(BOX, vec![words], true);
        for (word, constant) in [(StatusWord::SOURCE, "ANY_SOURCE"), (StatusWord::TAG, "ANY_TAG")] {
            let value = self.mpi_constant(constant, span)?;
            self.put_word(memory, word, value);
        }
        Ok(Operand::value(Ty::Mpi(Mpi::Status), memory, span))
    }

    fn status_field(&mut self, status: &Operand, word: usize, span: Span) -> Result<Operand> {
        let memory = self.value(status)?;
        let value = self.get_word(memory, word);
        Ok(Operand::value(Ty::PyInt, value, span))
    }

    /// `status.source` and its kin.
    pub(super) fn status_property(
        &mut self,
        status: &Operand,
        attr: &str,
        span: Span,
    ) -> Result<Option<Operand>> {
        let word = match attr {
            "source" => StatusWord::SOURCE,
            "tag" => StatusWord::TAG,
            "error" => StatusWord::ERROR,
            "count" => StatusWord::BYTES,
            "cancelled" => return self.status_cancelled(status, span).map(Some),
            _ => return Ok(None),
        };
        self.status_field(status, word, span).map(Some)
    }

    fn status_cancelled(&mut self, status: &Operand, span: Span) -> Result<Operand> {
        let word = self.status_field(status, StatusWord::CANCELLED, span)?;
        let (word, zero) = (self.value(&word)?, self.b().i64(0));
        let value = self.b().compare(CompareOp::Ne, word, zero);
        Ok(Operand::value(Ty::PyBool, value, span))
    }

    /// `status.Get_count(datatype)` and its kin.
    pub(super) fn status_method(&mut self, name: &str, status: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        let word = match name {
            "Get_source" => StatusWord::SOURCE,
            "Get_tag" => StatusWord::TAG,
            "Get_error" => StatusWord::ERROR,
            "Is_cancelled" => {
                args.bind(name, &[], 0)?;
                return self.status_cancelled(status, span);
            }
            _ => {
                let datatype = args.bind(name, &["datatype"], 0)?.remove(0);
                return self.message_count(name, status, datatype.as_ref(), span);
            }
        };
        args.bind(name, &[], 0)?;
        self.status_field(status, word, span)
    }

    /// The length of the message in items of a datatype; `MPI.UNDEFINED` if it is no number of them.
    fn message_count(
        &mut self,
        function: &str,
        status: &Operand,
        datatype: Option<&Operand>,
        span: Span,
    ) -> Result<Operand> {
        let bytes = self.status_field(status, StatusWord::BYTES, span)?;
        let Some(datatype) = datatype else { return Ok(bytes) };
        let datatype = match &datatype.ty {
            Ty::Mpi(Mpi::Datatype) => datatype,
            _ => {
                let help = "pass a datatype: `MPI.DOUBLE`";
                return Err(self.mpi_argument(function, "datatype", "an `MPI.Datatype`", datatype, help));
            }
        };
        let size = self.datatype_size(datatype, span)?;
        let (bytes, size) = (self.value(&bytes)?, self.value(&size)?);
        let (zero, undefined) = (self.b().i64(0), self.mpi_constant("UNDEFINED", span)?);
        // Integer division and remainder by zero give zero.
        let (n, rest) =
            (self.b().binary(BinaryOp::FloorDiv, bytes, size), self.b().binary(BinaryOp::Mod, bytes, size));
        let whole = self.b().compare(CompareOp::Eq, rest, zero);
        let value = self.b().select(whole, n, undefined);
        Ok(Operand::value(Ty::PyInt, value, span))
    }

    /// `datatype.Get_size()`
    pub(super) fn datatype_size(&mut self, datatype: &Operand, span: Span) -> Result<Operand> {
        let block = self.words(Word::COUNT);
        let handle = self.value(datatype)?;
        self.put_word(block, Word::OP, handle);
        self.call_mpi("datatype_size", block, span)?;
        Ok(Operand::value(Ty::PyInt, self.result_word(block), span))
    }

    /// A method of one request.
    pub(super) fn request_method(&mut self, name: &str, request: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        let symbol = match name {
            "Wait" | "wait" => "wait",
            "Test" | "test" => "test",
            "Cancel" | "cancel" => "cancel",
            "Free" => "request_free",
            "Start" => "start",
            _ => return Err(absent_part(format!("`{name}` of a request"), "Request", name, span)),
        };
        let names: &[&str] = if matches!(symbol, "wait" | "test") { &["status"] } else { &[] };
        let status = args.bind(name, names, 0)?.pop().flatten();
        let block = self.block_for(request)?;
        if !names.is_empty() {
            let status = self.status_word(name, status.as_ref())?;
            self.put_word(block, Word::STATUS, status);
        }
        self.call_mpi(symbol, block, span)?;
        Ok(match name {
            "Wait" => Operand::bool(true, span),
            "Test" => self.flag(block, span),
            // The message of a request that an upper-case method has made.
            "test" => Operand::tuple(vec![self.flag(block, span), Operand::none(span)], span),
            _ => Operand::none(span),
        })
    }

    /// The numbers of several requests in memory: their address and how many there are.
    fn request_numbers(&mut self, function: &str, x: &Operand) -> Result<[Value; 2]> {
        let is_request = |ty: &Ty| matches!(ty, Ty::Mpi(kind) if kind.is_request());
        let may_wait = |ty: &Ty| is_request(ty) || matches!(ty, Ty::Pending(_));
        match &x.ty {
            Ty::Tuple(items) if items.iter().all(may_wait) => {
                let items = self.items(x);
                let words = self.words(items.len().max(1));
                for (k, item) in items.iter().enumerate() {
                    let number = self.request_number(item)?;
                    self.put_word(words, k, number);
                }
                let n = self.b().i64(items.len() as i64);
                Ok([self.address_word(words), n])
            }
            Ty::List(list) if list.element.as_ref().is_none_or(is_request) => {
                Ok([self.list_word(x, DATA)?, self.list_word(x, LEN)?])
            }
            _ => {
                let help = "collect requests in a list: `requests.append(comm.Isend(…))`";
                Err(self.mpi_argument(function, "requests", "a list of requests", x, help))
            }
        }
    }

    /// `MPI.Request.Waitall(requests)` and its kin.
    pub(super) fn request_class(&mut self, name: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let some = name.ends_with("some");
        let one = name.to_ascii_lowercase().ends_with("any");
        let names: &[&str] = match name {
            "Startall" => &["requests"],
            _ if one => &["requests", "status"],
            _ => &["requests", "statuses"],
        };
        let bound = args.bind(name, names, 1)?;
        let block = self.words(Word::COUNT);
        let requests = bound[0].as_ref().expect("required");
        if let Some(pending) = self.pending_type(name, requests)? {
            return self.wait_for_objects(requests, &pending, span);
        }
        let [address, n] = self.request_numbers(name, requests)?;
        self.put_word(block, Word::INTS, address);
        self.put_word(block, Word::INTS + 1, n);
        let flag = self.words(1);
        if one {
            let status = self.status_word(name, bound[1].as_ref())?;
            self.put_word(block, Word::STATUS, status);
            let at = self.address_word(flag);
            self.put_word(block, Word::INTS + 2, at);
        } else if names.len() == 2 {
            self.put_statuses(block, name, bound[1].as_ref())?;
        }
        if some {
            return self.some_of(block, name, n, span);
        }
        let symbol = match name {
            "Waitall" | "waitall" => "wait_all",
            "Waitany" | "waitany" => "wait_any",
            "Testall" | "testall" => "test_all",
            "Testany" | "testany" => "test_any",
            _ => "start_all",
        };
        self.call_mpi(symbol, block, span)?;
        let none = Operand::none(span);
        Ok(match name {
            "Waitall" => Operand::bool(true, span),
            "Testall" => self.flag(block, span),
            "testall" => Operand::tuple(vec![self.flag(block, span), none], span),
            "Waitany" => Operand::value(Ty::PyInt, self.result_word(block), span),
            "waitany" => {
                let index = Operand::value(Ty::PyInt, self.result_word(block), span);
                Operand::tuple(vec![index, none], span)
            }
            "Testany" | "testany" => {
                let index = Operand::value(Ty::PyInt, self.result_word(block), span);
                let (word, zero) = (self.get_word(flag, 0), self.b().i64(0));
                let done = self.b().compare(CompareOp::Ne, word, zero);
                let mut items = vec![index, Operand::value(Ty::PyBool, done, span)];
                if name == "testany" {
                    items.push(none);
                }
                Operand::tuple(items, span)
            }
            _ => none,
        })
    }

    /// The places of the requests that have completed: a list, which is empty if none was active.
    fn some_of(&mut self, block: Value, name: &str, n: Value, span: Span) -> Result<Operand> {
        let list = self.empty_list(Some(&Ty::PyInt), span)?;
        self.reserve_items(&list, n)?;
        let data = self.list_word(&list, DATA)?;
        // Where other calls have a status.
        self.put_word(block, Word::STATUS, data);
        self.call_mpi(if name == "Waitsome" { "wait_some" } else { "test_some" }, block, span)?;
        let done = self.result_word(block);
        self.set_list_word(&list, LEN, done)?;
        Ok(list)
    }

    /// The addresses of statuses that are wanted.
    fn put_statuses(&mut self, block: Value, function: &str, x: Option<&Operand>) -> Result<()> {
        let statuses = match x {
            None => Vec::new(),
            Some(x) if x.is_none() => Vec::new(),
            Some(x) if matches!(&x.ty, Ty::Tuple(items) if items.iter().all(|t| *t == Ty::Mpi(Mpi::Status))) => {
                self.items(x)
            }
            Some(x) => {
                let help = "write the statuses out: `[status0, status1]`";
                return Err(self.mpi_argument(function, "statuses", "a sequence of statuses", x, help));
            }
        };
        let words = self.words(statuses.len().max(1));
        for (k, status) in statuses.iter().enumerate() {
            let address = self.status_word(function, Some(status))?;
            self.put_word(words, k, address);
        }
        let at = self.address_word(words);
        self.put_word(block, Word::INTS + 2, at);
        self.put_number(block, Word::INTS + 3, statuses.len() as i64);
        Ok(())
    }
}
