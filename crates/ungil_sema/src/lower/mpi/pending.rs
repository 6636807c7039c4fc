//! Requests of lower-case methods: `isend`, and `irecv`, whose request becomes what arrives.
//!
//! The value of such a request is its number and the words that it receives into. Arrays travel by the upper-case methods.

use ungil_abi::mpi::Word;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;

use super::buffer::Use;
use super::object::{is_flat, no_object, signature, word_count};
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::mpi::Mpi;
use crate::operand::Operand;
use crate::ty::{BOX, Ty};

impl Lowerer<'_, '_> {
    /// `comm.isend(obj, dest, tag=0)` and its kin.
    pub(super) fn start_sending(&mut self, comm: &Operand, name: &str, args: Args) -> Result<Operand> {
        let span = args.span;
        let mut bound = args.bind(name, &["obj", "dest", "tag"], 2)?;
        let tag = bound.pop().flatten().unwrap_or_else(|| Operand::int(0, span));
        let [x, dest] = [0, 1].map(|k| bound[k].clone().expect("required"));
        let x = self.sendable(name, &x)?;
        if !is_flat(&x.ty) {
            return Err(no_object(name, &x));
        }
        self.note_sent(&x, &tag, span)?;
        let x = self.as_sent(&x, tag.const_int())?;
        let (dest, tag) = (self.mpi_integer(name, "dest", &dest)?, self.mpi_integer(name, "tag", &tag)?);
        let (words, one, first) = (self.packed(&x)?, self.b().i64(1), self.b().i64(0));
        let memory = self.packed_array(&x.ty, one, span);
        let place = self.packed_place(&memory, &x.ty, first)?;
        self.copy_words(words, place, word_count(&x.ty));
        let number = self.start_words(comm, name, &memory, [dest, tag], span)?;
        Ok(Operand::value(Ty::Mpi(Mpi::Request), number, span))
    }

    /// Starts a request for words, which it holds.
    fn start_words(
        &mut self,
        comm: &Operand,
        name: &str,
        memory: &Operand,
        [peer, tag]: [Value; 2],
        span: Span,
    ) -> Result<Value> {
        let block = self.block_for(comm)?;
        let (written, vector, typed, held) = (name == "irecv", false, false, true);
        let used = Use { function: name, parameter: "obj", written, vector, typed, held };
        self.put_buffer(block, Word::SEND, used, memory)?;
        self.put_word(block, Word::INTS, peer);
        self.put_word(block, Word::INTS + 1, tag);
        self.call_mpi(name, block, span)?;
        Ok(self.result_word(block))
    }

    /// `comm.irecv(buf=None, source=ANY_SOURCE, tag=ANY_TAG)`
    pub(super) fn start_receiving(&mut self, comm: &Operand, args: Args) -> Result<Operand> {
        let (name, span) = ("irecv", args.span);
        let bound = args.bind(name, &["buf", "source", "tag"], 0)?;
        let ty = self.sent_type(bound[2].as_ref(), span)?;
        if !is_flat(&ty) {
            return Err(no_object(name, &Operand::entity(ty, span)));
        }
        let source = match &bound[1] {
            Some(x) => self.mpi_integer(name, "source", x)?,
            None => self.mpi_constant("ANY_SOURCE", span)?,
        };
        let tag = match &bound[2] {
            Some(x) => self.mpi_integer(name, "tag", x)?,
            None => self.mpi_constant("ANY_TAG", span)?,
        };
        let n = self.b().i64(word_count(&ty) as i64);
        let memory = self.allocated(BOX, vec![n], true, span);
        let number = self.start_words(comm, name, &memory, [source, tag], span)?;
        let parts = vec![Operand::value(Ty::Mpi(Mpi::Request), number, span), memory];
        Ok(Operand::parts(Ty::Pending(Box::new(ty)), parts, span))
    }

    /// The number of a request of any kind.
    pub(super) fn request_number(&mut self, request: &Operand) -> Result<Value> {
        match request.ty {
            Ty::Pending(_) => {
                let parts = self.items(request);
                self.value(&parts[0])
            }
            _ => self.value(request),
        }
    }

    /// A method of such a request.
    pub(super) fn pending_method(
        &mut self,
        name: &str,
        request: &Operand,
        ty: &Ty,
        args: Args,
    ) -> Result<Operand> {
        let span = args.span;
        if super::members::REQUEST_CLASS.contains(&name) {
            return self.request_class(name, args);
        }
        let parts = self.items(request);
        let memory = self.value(&parts[1])?;
        if name == "test" {
            // Zeros stand for what has not arrived.
            self.put_number(memory, 0, signature(ty));
        }
        let done = self.request_method(name, &parts[0], args)?;
        let at = self.address_word(memory);
        match name {
            "wait" => Ok(self.object_at(at, ty, span)),
            "test" => {
                let flag = self.items(&done).swap_remove(0);
                Ok(Operand::tuple(vec![flag, self.object_at(at, ty, span)], span))
            }
            _ => Ok(done),
        }
    }

    /// The type of what arrives, if these are requests of `irecv` and their objects are asked for.
    pub(super) fn pending_type(&self, name: &str, requests: &Operand) -> Result<Option<Ty>> {
        let element = |ty: &Ty| match ty {
            Ty::Pending(ty) => Some((**ty).clone()),
            _ => None,
        };
        let items: Vec<Ty> = match &requests.ty {
            Ty::Tuple(items) => items.clone(),
            Ty::List(list) => list.element.iter().cloned().collect(),
            _ => Vec::new(),
        };
        if items.is_empty() && name == "waitall" && !self.program.settled {
            // Its elements are not known yet.
            return Err(Error::Untyped);
        }
        let all_objects =
            !items.is_empty() && items.iter().all(|ty| element(ty).is_some() && *ty == items[0]);
        let any = items.iter().any(|ty| element(ty).is_some());
        let in_list = any && matches!(requests.ty, Ty::List(_));
        match name {
            "waitall" if all_objects => Ok(element(&items[0])),
            _ if in_list || any && name.starts_with(|c: char| c.is_ascii_lowercase()) => {
                let expected = "requests of upper-case methods, or of `irecv` alone in `waitall`";
                let help = "wait for each request of `irecv`: `x = request.wait()`";
                Err(self.mpi_argument(name, "requests", expected, requests, help))
            }
            _ => Ok(None),
        }
    }

    /// `MPI.Request.waitall(requests)` of requests of `irecv`: a list of what has arrived.
    pub(super) fn wait_for_objects(&mut self, requests: &Operand, ty: &Ty, span: Span) -> Result<Operand> {
        let nothing = Args { positional: Vec::new(), keywords: Vec::new(), span };
        if let Ty::Tuple(_) = requests.ty {
            let mut found = Vec::new();
            for request in self.items(requests) {
                found.push(self.pending_method("wait", &request, ty, nothing.clone())?);
            }
            return self.list_of(&found, span);
        }
        let list = self.empty_list(Some(ty), span)?;
        let n = self.list_length(requests)?;
        self.reserve_items(&list, n)?;
        self.ordered(&[n], &mut |l, at| {
            let request = l.list_item(requests, at[0], span)?;
            let item = l.pending_method("wait", &request, ty, nothing.clone())?;
            l.push_item(&list, &item, span)
        })?;
        Ok(list)
    }
}
