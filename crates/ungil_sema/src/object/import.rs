//! Imports.

use ungil_syntax::ast::stmt::{Alias, ImportFrom};

use super::entries::Entry;
use super::function::Lowerer;
use super::value::{Obj, Val};
use super::{Constant, Result, refuse};

impl Lowerer<'_> {
    pub(super) fn import(&mut self, aliases: &[Alias]) -> Result<()> {
        for alias in aliases {
            let mut module = self.module(&alias.name, None, 0);
            let mut parts = alias.name.split('.');
            let first = parts.next().unwrap_or_default().to_owned();
            let Some(name) = &alias.asname else {
                self.store_name(&first, Val::Obj(module))?;
                continue;
            };
            for part in parts {
                let part = self.name(part);
                module = self.make_from(Entry::ImportFrom, &[module.value, part], &[module]);
            }
            self.store_name(&name.name, Val::Obj(module))?;
        }
        Ok(())
    }

    pub(super) fn import_from(&mut self, from: &ImportFrom) -> Result<()> {
        let names: Vec<String> = from.names.iter().map(|a| a.name.to_string()).collect();
        if names.iter().any(|n| n == "*") {
            return refuse("`import *`");
        }
        let module = from.module.as_ref().map_or("", |m| &m.name);
        let module = self.module(module, Some(names), from.level);
        for alias in &from.names {
            let name = self.name(&alias.name);
            let found = self.make(Entry::ImportFrom, &[module.value, name]);
            let target = alias.asname.as_ref().map_or(&alias.name, |n| &n.name);
            self.store_name(target, Val::Obj(found))?;
        }
        self.drop_obj(module);
        Ok(())
    }

    fn module(&mut self, name: &str, names: Option<Vec<String>>, level: u32) -> Obj {
        let (table, name, level) = (self.table, self.name(name), self.word(i64::from(level)));
        let names = match names {
            Some(names) => self.constant(Constant::Names(names)).value,
            None => self.word(0),
        };
        self.make(Entry::Import, &[table, name, names, level])
    }
}
