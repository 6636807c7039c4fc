//! Variables: where the value of a web lives, and reading and writing it.
//!
//! A direct web is its defining operand. Any other web is an IR variable of the web's type; webs of compile-time
//! types need none. A flagged web also has a bool variable that tells whether it is bound.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Var;
use ungil_ir::inst::{InstKind, Raise};
use ungil_ir::types::{DType, Type};

use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::program::joined_over_rounds;
use crate::operand::Operand;
use crate::promote::join;
use crate::resolve::webs::{Use, WebId};
use crate::ty::{IterTy, Ty};

/// Where a web's value is in this round.
#[derive(Clone, Debug, Default)]
pub struct Slot {
    /// Of a direct web, once it is defined.
    pub direct: Option<Operand>,
    /// Of another web: its type in this round and its variable, which compile-time types have none of.
    var: Option<(Ty, Option<Var>)>,
    /// Whether it is bound.
    flag: Option<Var>,
}

impl Slot {
    /// The IR variables of the web.
    pub fn vars(&self) -> impl Iterator<Item = Var> {
        self.var.as_ref().and_then(|(_, v)| *v).into_iter().chain(self.flag)
    }
}

impl Lowerer<'_, '_> {
    /// Makes the flags of webs that may be used unbound. Runs at the start of the function.
    pub(crate) fn init_flags(&mut self) {
        for i in 0..self.webs.list.len() {
            if self.webs.list[i].flagged {
                let name = format!("{}.bound", self.webs.list[i].name);
                let flag = self.new_var(&name, Type::BOOL);
                let unbound = self.b().bool(false);
                self.b().set(flag, unbound);
                self.slots[i].flag = Some(flag);
            }
        }
    }

    /// Assigns an operand to a web.
    pub(crate) fn define_web(&mut self, web: WebId, operand: &Operand, span: Span) -> Result<()> {
        if !self.memory.is_empty() {
            let name = self.webs.list[web.0 as usize].name.clone();
            if self.write_memory(&name, operand, span)? {
                return Ok(());
            }
        }
        let operand = &self.struct_copy(operand)?;
        self.check_storable(operand)?;
        self.held(operand);
        let i = web.0 as usize;
        let operand = &match self.is_c() {
            true => {
                let name = self.webs.list[i].name.clone();
                let operand = self.off_the_frame(&name, operand, span)?;
                self.as_variable(&name, &operand, span)?
            }
            false => operand.clone(),
        };
        // One of several functions takes along what it captures.
        let several =
            matches!(operand.ty, Ty::Func(_)) && !self.webs.list[i].direct && self.webs.list[i].several;
        let operand = &if several { self.choosable(operand)? } else { self.kept_boxes(operand)? };
        let mut ty = self.widen_web(web, &operand.ty, span)?;
        if self.is_too_large(operand, &ty) {
            ty = self.widen_web(web, &Ty::Scalar(DType::I64), span)?;
        }
        if self.changes_type(operand, &ty) {
            let name = self.webs.web(web).name.to_string();
            let (old, new) = (ty, operand.ty.clone());
            return Err(TypeError::Variable { name, old, new, span, first: None }.into());
        }
        if let Some(flag) = self.slots[i].flag {
            let bound = self.b().bool(true);
            self.b().set(flag, bound);
        }
        if self.webs.list[i].direct {
            self.slots[i].direct = Some(operand.clone());
            return Ok(());
        }
        if let (Ty::List(_), Some(own)) = (&operand.ty, &self.own_lists)
            && operand.value.is_none_or(|v| !own.contains(&v))
            && self.program.shared_lists.insert((self.instance, web))
        {
            self.program.changed = true;
        }
        let (ty, var) = self.web_var(web, ty);
        let Some(var) = var else { return Ok(()) };
        // In a round that will be repeated the variable may be too narrow for the value.
        if join(&ty, &operand.ty).as_ref() == Some(&ty) {
            let converted = self.convert(operand, &ty)?;
            let value = self.value(&converted)?;
            self.b().set(var, value);
        }
        Ok(())
    }

    /// Joins a type into a web's and returns the result.
    fn widen_web(&mut self, web: WebId, ty: &Ty, span: Span) -> Result<Ty> {
        let first = self.webs.web(web).span;
        let instance = &mut self.program.instances[self.instance];
        let (old, seen) = (&instance.web_types[web.0 as usize], &mut instance.seen_types[web.0 as usize]);
        let joined = match old {
            // One definition, whose type may change from round to round and in each copy of an unrolled loop.
            Some(old) if self.webs.web(web).direct => join(old, ty).unwrap_or_else(|| ty.clone()),
            None if self.webs.web(web).direct => ty.clone(),
            _ => match joined_over_rounds(old.as_ref(), seen, ty) {
                Some(joined) => joined,
                None => {
                    let name = self.webs.web(web).name.to_string();
                    let (old, new) = (seen.clone().expect("joining needs two types"), ty.clone());
                    return Err(TypeError::Variable { name, old, new, span, first: Some(first) }.into());
                }
            },
        };
        if self.webs.web(web).several && *ty != joined {
            instance.mixed.insert(web);
        }
        let slot = &mut instance.web_types[web.0 as usize];
        if slot.as_ref() != Some(&joined) {
            *slot = Some(joined.clone());
            // A direct web's type follows from its one definition and needs no further round of its own.
            if !self.webs.web(web).direct {
                self.program.changed = true;
            }
        }
        Ok(joined)
    }

    fn web_var(&mut self, web: WebId, ty: Ty) -> (Ty, Option<Var>) {
        let i = web.0 as usize;
        if let Some(var) = &self.slots[i].var {
            return var.clone();
        }
        let name = self.webs.list[i].name.clone();
        let var = (!ty.is_compile_time()).then(|| self.new_var(&name, ty.ir()));
        self.slots[i].var = Some((ty.clone(), var));
        (ty, var)
    }

    /// Reads what reaches a use.
    pub(crate) fn read_use(&mut self, used: Use, name: &str, span: Span) -> Result<Operand> {
        let Use::Web { web, maybe_unbound } = used else {
            return Err(crate::diagnostics::names::NameError::Unbound { name: name.to_owned(), span }.into());
        };
        if self.collecting.contains_key(&web) {
            let what =
                "another use than append(), extend() and += of a list that a `prange` loop appends to is";
            let help = "use the list after the loop, or append to a list of the iteration";
            return Err(Unsupported::Expression { what, span, help }.into());
        }
        let i = web.0 as usize;
        if let (true, Some(flag)) = (maybe_unbound, self.slots[i].flag) {
            let bound = self.b().get(flag);
            let message =
                format!("cannot access local variable '{name}' where it is not associated with a value");
            let raise = Raise { class: ExcClass::UNBOUND_LOCAL, message: Some(message), args: Vec::new() };
            self.b().push(InstKind::Check(bound, Box::new(raise)));
        }
        if self.webs.list[i].direct {
            return self.slots[i].direct.clone().map(|o| o.at(span)).ok_or(Error::Untyped);
        }
        let ty = self.program.instances[self.instance].web_types[i].clone().ok_or(Error::Untyped)?;
        let (ty, var) = self.web_var(web, ty);
        Ok(match var {
            None => Operand::entity(ty, span),
            Some(var) => {
                let value = self.b().get(var);
                let private = self.loops.iter().rev().find(|f| f.parallel).is_some_and(|f| {
                    let defined = self.webs.web(web).span;
                    f.lines.contains(&defined.lo)
                        && !self.program.shared_lists.contains(&(self.instance, web))
                });
                if let (Ty::List(_), true, Some(own)) = (&ty, private, &mut self.own_lists) {
                    own.insert(value);
                }
                Operand::value(ty, value, span)
            }
        })
    }

    /// Refuses values that exist only where they are consumed.
    pub(crate) fn check_storable(&self, operand: &Operand) -> Result<()> {
        match &operand.ty {
            Ty::Iter(kind) if matches!(**kind, IterTy::Text(_)) => {
                let help = "use them as the message of `raise` or `assert`, or print them";
                Err(Unsupported::Expression { what: "f-strings here are", span: operand.span, help }.into())
            }
            Ty::Iter(_) => {
                let what = format!("`{}` is an iterator and", operand.ty);
                Err(TypeError::Escape { what, span: operand.span }.into())
            }
            Ty::Tuple(items) if items.iter().any(holds_iterator) => {
                Err(TypeError::Escape { what: "an iterator inside a tuple".into(), span: operand.span }
                    .into())
            }
            _ => Ok(()),
        }
    }
}

fn holds_iterator(ty: &Ty) -> bool {
    match ty {
        Ty::Iter(_) => true,
        Ty::Tuple(items) => items.iter().any(holds_iterator),
        _ => false,
    }
}
