//! Variables of C with an address that functions inside share: their memory lies in an object that a cell holds.
//!
//! Numbers whose address nobody takes are Python's in their cells, so that classes and generators inside, which run as Python, see
//! them; these could not see memory of C.

use ungil_ir::entities::Value;
use ungil_ir::types::Type;

use super::entries::Entry;
use super::function::Lowerer;
use super::value::{CTy, Cell, Local};
use super::{Result, refuse};

impl Lowerer<'_> {
    /// Whether a variable that functions share lies in memory of C.
    pub(super) fn is_shared_memory(&self, name: &str, ty: Option<&CTy>) -> bool {
        ty.is_some_and(|ty| ty.is_address() || self.source.taken.contains(name))
    }

    /// A variable of this function that functions inside share.
    pub(super) fn new_shared(&mut self, name: &str, ty: CTy) -> Result<()> {
        let Some(size) = self.complete(&ty.ctype()).size() else {
            return refuse(&format!("a variable of type `{}`, whose size is not known", ty.ctype()));
        };
        let size = self.word(size as i64);
        let memory = self.make(Entry::NewMemory, &[size]);
        let cell = self.call(Entry::NewCell, &[memory.value]);
        let var = self.func.new_var(name, Type::I64);
        self.owners.push(var);
        self.b().set(var, cell);
        let failed = self.is_zero(cell);
        self.fail_if(failed);
        let address = self.call(Entry::AsChars, &[memory.value]);
        // The cell holds it from now on.
        self.drop_obj(memory);
        self.add_shared(
            name,
            ty,
            Local {
                var,
                ty: None,
                is_borrowed: false,
                is_bound: true,
                cell: Some(Cell::Own),
                memory: Some(address),
            },
        )
    }

    /// A variable of a function around this one, whose cell is given.
    pub(super) fn free_shared(&mut self, name: &str, ty: CTy, var: ungil_ir::entities::Var) -> Result<()> {
        let cell: Value = self.b().get(var);
        let (text, is_free) = (self.name(name), self.word(1));
        let memory = self.call(Entry::CellLook, &[cell, text, is_free]);
        let failed = self.is_zero(memory);
        self.fail_if(failed);
        let address = self.call(Entry::AsChars, &[memory]);
        self.add_shared(
            name,
            ty,
            Local {
                var,
                ty: None,
                is_borrowed: true,
                is_bound: true,
                cell: Some(Cell::Free),
                memory: Some(address),
            },
        )
    }

    fn add_shared(&mut self, name: &str, ty: CTy, local: Local) -> Result<()> {
        if self.seen_by_python.contains(name) {
            return refuse(&format!("the variable `{name}` of C in a class or a generator inside"));
        }
        self.scopes[0].insert(name.to_owned(), Local { ty: Some(ty), ..local });
        Ok(())
    }
}
