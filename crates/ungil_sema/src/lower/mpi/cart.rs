//! Cartesian grids of processes.

use ungil_abi::list::{DATA, LEN};
use ungil_abi::mpi::Word;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;

use super::absent;
use crate::diagnostics::Result;
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::mpi::Mpi;
use crate::operand::{Constant, Operand};
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// A method of a Cartesian communicator, or the one that makes it.
    pub(super) fn cart_method(&mut self, name: &str, comm: &Operand, args: Args) -> Result<Operand> {
        let span = args.span;
        match name {
            "Create_cart" => self.create_cart(comm, args),
            "Shift" => {
                let bound = args.bind(name, &["direction", "disp"], 2)?;
                let block = self.block_for(comm)?;
                for (k, parameter) in ["direction", "disp"].into_iter().enumerate() {
                    let x = bound[k].as_ref().expect("required");
                    let value = self.mpi_integer(name, parameter, x)?;
                    self.put_word(block, Word::INTS + k, value);
                }
                let pair = self.words(2);
                let at = self.address_word(pair);
                self.put_word(block, Word::INTS + 2, at);
                self.call_mpi("cart_shift", block, span)?;
                let items = (0..2).map(|k| {
                    let value = self.get_word(pair, k);
                    Operand::value(Ty::PyInt, value, span)
                });
                Ok(Operand::tuple(items.collect(), span))
            }
            "Get_cart_rank" => {
                let coords = args.bind(name, &["coords"], 1)?.remove(0).expect("required");
                let block = self.block_for(comm)?;
                self.put_integers(block, name, "coords", &coords)?;
                self.call_mpi("cart_rank", block, span)?;
                Ok(Operand::value(Ty::PyInt, self.result_word(block), span))
            }
            "Sub" => {
                let remain = args.bind(name, &["remain_dims"], 1)?.remove(0).expect("required");
                let block = self.block_for(comm)?;
                self.put_integers(block, name, "remain_dims", &remain)?;
                self.call_mpi("cart_sub", block, span)?;
                Ok(Operand::value(Ty::Mpi(Mpi::Cart), self.result_word(block), span))
            }
            "Get_coords" => {
                let rank = args.bind(name, &["rank"], 1)?.remove(0).expect("required");
                let rank = self.mpi_integer(name, "rank", &rank)?;
                self.coords(comm, rank, span)
            }
            "Get_topo" => {
                args.bind(name, &[], 0)?;
                self.topology(comm, "topo", span)
            }
            _ => Err(absent(format!("`{name}`"), None, span)),
        }
    }

    /// `comm.dims`, `comm.periods`, `comm.coords`: lists of as many numbers as the grid has dimensions; `comm.topo`: all.
    pub(super) fn topology(&mut self, comm: &Operand, which: &str, span: Span) -> Result<Operand> {
        let ask = self.block_for(comm)?;
        self.call_mpi("comm_dim", ask, span)?;
        let n = self.result_word(ask);
        let block = self.block_for(comm)?;
        self.put_word(block, Word::INTS, n);
        let mut lists = Vec::new();
        for k in 0..3 {
            let list = self.empty_list(Some(&Ty::PyInt), span)?;
            self.reserve_items(&list, n)?;
            let data = self.list_word(&list, DATA)?;
            self.put_word(block, Word::INTS + 1 + k, data);
            lists.push(list);
        }
        self.call_mpi("cart_get", block, span)?;
        for list in &lists {
            self.set_list_word(list, LEN, n)?;
        }
        Ok(match ["dims", "periods", "coords"].iter().position(|name| *name == which) {
            Some(k) => lists.swap_remove(k),
            None => Operand::tuple(lists, span),
        })
    }

    /// `MPI.Comm.Compare(a, b)`
    pub(super) fn compare_comms(&mut self, args: Args) -> Result<Operand> {
        let (name, span) = ("Compare", args.span);
        let both: Vec<Operand> = args.bind(name, &["comm1", "comm2"], 2)?.into_iter().flatten().collect();
        let block = self.words(Word::COUNT);
        for (word, (parameter, comm)) in
            [Word::COMM, Word::OP].into_iter().zip(["comm1", "comm2"].into_iter().zip(&both))
        {
            let handle = self.mpi_handle(name, parameter, Mpi::Comm, comm)?;
            self.put_word(block, word, handle);
        }
        self.call_mpi("comm_compare", block, span)?;
        Ok(Operand::value(Ty::PyInt, self.result_word(block), span))
    }

    /// Integers as the first two words of a call: their address and number.
    fn put_integers(&mut self, block: Value, function: &str, parameter: &str, x: &Operand) -> Result<()> {
        let (address, n) = self.integers(function, parameter, x)?;
        self.put_word(block, Word::INTS, address);
        self.put_word(block, Word::INTS + 1, n);
        Ok(())
    }

    /// `comm.Get_coords(rank)`: a list of as many numbers as the grid has dimensions.
    fn coords(&mut self, comm: &Operand, rank: Value, span: Span) -> Result<Operand> {
        let ask = self.block_for(comm)?;
        self.call_mpi("comm_dim", ask, span)?;
        let n = self.result_word(ask);
        let list = self.empty_list(Some(&Ty::PyInt), span)?;
        self.reserve_items(&list, n)?;
        let (block, data) = (self.block_for(comm)?, self.list_word(&list, DATA)?);
        self.put_word(block, Word::INTS, rank);
        self.put_word(block, Word::INTS + 1, data);
        self.put_word(block, Word::INTS + 2, n);
        self.call_mpi("cart_coords", block, span)?;
        self.set_list_word(&list, LEN, n)?;
        Ok(list)
    }

    /// `comm.Create_cart(dims, periods=None, reorder=False)`
    fn create_cart(&mut self, comm: &Operand, args: Args) -> Result<Operand> {
        let (name, span) = ("Create_cart", args.span);
        let bound = args.bind(name, &["dims", "periods", "reorder"], 1)?;
        let dims = bound[0].clone().expect("required");
        let Ty::Tuple(sizes) = dims.ty.clone() else {
            let help = "write the dimensions out: `comm.Create_cart([n, m], periods=[False, False])`";
            return Err(self.mpi_argument(name, "dims", "a list or tuple that is written out", &dims, help));
        };
        let off = Operand::constant(Ty::PyBool, Constant::Bool(false), span);
        let periods = match &bound[1] {
            None => vec![off; sizes.len()],
            Some(p) if p.is_none() => vec![off; sizes.len()],
            Some(p) => match &p.ty {
                Ty::Tuple(items) if items.len() == sizes.len() => self.items(p),
                ty if ty.is_integral() => vec![p.clone(); sizes.len()],
                _ => {
                    let expected = "a sequence of one truth value for each dimension";
                    let help = "write them out: `periods=[True, False]`";
                    return Err(self.mpi_argument(name, "periods", expected, p, help));
                }
            },
        };
        let words = self.words((2 * sizes.len()).max(1));
        let dims = self.items(&dims);
        for (k, (parameter, x)) in
            dims.iter().map(|x| ("dims", x)).chain(periods.iter().map(|x| ("periods", x))).enumerate()
        {
            let value = self.mpi_integer(name, parameter, x)?;
            self.put_word(words, k, value);
        }
        let block = self.block_for(comm)?;
        let at = self.address_word(words);
        self.put_word(block, Word::INTS, at);
        self.put_number(block, Word::INTS + 1, sizes.len() as i64);
        let reorder = match &bound[2] {
            Some(x) => self.mpi_integer(name, "reorder", x)?,
            None => self.b().i64(0),
        };
        self.put_word(block, Word::INTS + 2, reorder);
        self.call_mpi("cart_create", block, span)?;
        Ok(Operand::value(Ty::Mpi(Mpi::Cart), self.result_word(block), span))
    }

    /// `MPI.Compute_dims(nnodes, dims)`
    pub(super) fn compute_dims(&mut self, args: Args) -> Result<Operand> {
        let (name, span) = ("Compute_dims", args.span);
        let bound = args.bind(name, &["nnodes", "dims"], 2)?;
        let nodes = self.mpi_integer(name, "nnodes", bound[0].as_ref().expect("required"))?;
        let dims = bound[1].as_ref().expect("required");
        let n = match (&dims.ty, dims.const_int()) {
            (Ty::Tuple(items), _) => items.len(),
            (_, Some(n)) if (1..=64).contains(&n) => n as usize,
            _ => {
                let expected = "a constant number or a list that is written out";
                return Err(self.mpi_argument(name, "dims", expected, dims, "write it out: `[0, 0]`"));
            }
        };
        let words = self.words(n.max(1));
        let given =
            if let Ty::Tuple(_) = dims.ty { self.items(dims) } else { vec![Operand::int(0, span); n] };
        for (k, x) in given.iter().enumerate() {
            let value = self.mpi_integer(name, "dims", x)?;
            self.put_word(words, k, value);
        }
        let block = self.words(Word::COUNT);
        let at = self.address_word(words);
        self.put_word(block, Word::INTS, nodes);
        self.put_word(block, Word::INTS + 1, at);
        self.put_number(block, Word::INTS + 2, n as i64);
        self.call_mpi("dims_create", block, span)?;
        let items: Vec<Operand> = (0..n)
            .map(|k| {
                let value = self.get_word(words, k);
                Operand::value(Ty::PyInt, value, span)
            })
            .collect();
        self.list_of(&items, span)
    }
}
