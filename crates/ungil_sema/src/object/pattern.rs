//! `match` statements.
//!
//! A pattern becomes a truth value; what it captures goes into variables of the IR, and from there into the function's
//! own when the whole pattern fits.

use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{CompareOp as IrCompare, Const, InstKind};
use ungil_ir::types::Type;
use ungil_syntax::ast::pattern::{ClassPattern, MappingPattern, Pattern, PatternKind};
use ungil_syntax::ast::stmt::{Match, MatchCase};

use super::entries::Entry;
use super::function::Lowerer;
use super::value::{Obj, Val};
use super::{Constant, Result, refuse};

/// The names that a pattern binds.
pub(super) fn bound(p: &Pattern, visit: &mut dyn FnMut(&str)) {
    match &p.kind {
        PatternKind::Capture(name) | PatternKind::Star(Some(name)) => visit(&name.name),
        PatternKind::As { pattern, name } => {
            bound(pattern, visit);
            visit(&name.name);
        }
        PatternKind::Sequence(items) | PatternKind::Or(items) => items.iter().for_each(|p| bound(p, visit)),
        PatternKind::Mapping(mapping) => {
            mapping.items.iter().for_each(|(_, p)| bound(p, visit));
            mapping.rest.iter().for_each(|name| visit(&name.name));
        }
        PatternKind::Class(class) => {
            class.patterns.iter().for_each(|p| bound(p, visit));
            class.keywords.iter().for_each(|(_, p)| bound(p, visit));
        }
        _ => {}
    }
}

/// What a pattern captured so far: names, and variables that own the objects.
type Captures = Vec<(String, Var)>;

impl Lowerer<'_> {
    pub(super) fn match_stmt(&mut self, m: &Match) -> Result<bool> {
        let subject = self.obj(&m.subject)?;
        let subject = self.keep_own(subject);
        let after = self.func.new_label();
        let mut falls = false;
        self.forever(after, |l| {
            for case in &m.cases {
                falls |= l.case(case, subject.value, after)?;
            }
            falls |= !m.cases.iter().any(|c| c.guard.is_none() && is_irrefutable(&c.pattern));
            l.b().push(InstKind::Break(after));
            Ok(())
        })?;
        self.drop_obj(subject);
        Ok(falls)
    }

    fn case(&mut self, case: &MatchCase, subject: Value, after: ungil_ir::entities::Label) -> Result<bool> {
        self.at(case.pattern.span);
        let mut captures: Captures = Vec::new();
        bound(&case.pattern, &mut |name| {
            if !captures.iter().any(|(known, _)| known == name) {
                captures.push((name.to_owned(), self.func.new_var(name, Type::I64)));
            }
        });
        self.owners.extend(captures.iter().map(|(_, var)| *var));
        let fits = self.pattern(&case.pattern, subject, &captures)?;
        let mut falls = false;
        self.branch(
            fits,
            |l| {
                for (name, var) in &captures {
                    let (value, temp, zero) = (l.b().get(*var), l.new_temp(), l.word(0));
                    l.b().set(temp, value);
                    l.b().set(*var, zero);
                    l.store_name(name, Val::Obj(Obj { value, temp: Some(temp) }))?;
                }
                let chosen = match &case.guard {
                    Some(guard) => l.cond(guard)?,
                    None => l.b().value(InstKind::Const(Const::Bool(true))),
                };
                l.branch(
                    chosen,
                    |l| {
                        falls = l.block(&case.body)?;
                        if falls {
                            l.b().push(InstKind::Break(after));
                        }
                        Ok(false)
                    },
                    |_| Ok(true),
                )
            },
            |l| {
                for (_, var) in &captures {
                    let (value, zero) = (l.b().get(*var), l.word(0));
                    l.b().set(*var, zero);
                    l.call(Entry::ReleaseMaybe, &[value]);
                }
                Ok(true)
            },
        )?;
        Ok(falls)
    }

    fn capture(&mut self, name: &str, value: Value, captures: &Captures) -> Result<()> {
        let Some((_, var)) = captures.iter().find(|(known, _)| known == name) else {
            return refuse("a capture");
        };
        self.call(Entry::Retain, &[value]);
        let old = self.b().get(*var);
        self.b().set(*var, value);
        self.call(Entry::ReleaseMaybe, &[old]);
        Ok(())
    }

    fn yes(&mut self) -> Value {
        self.b().value(InstKind::Const(Const::Bool(true)))
    }

    /// What `next` says where `so_far` holds, and no elsewhere.
    fn and(&mut self, so_far: Value, next: impl FnOnce(&mut Self) -> Result<Value>) -> Result<Value> {
        let var = self.func.new_var("fits", Type::BOOL);
        self.b().set(var, so_far);
        self.branch(
            so_far,
            |l| {
                let value = next(l)?;
                l.b().set(var, value);
                Ok(true)
            },
            |_| Ok(true),
        )?;
        Ok(self.b().get(var))
    }

    fn pattern(&mut self, p: &Pattern, subject: Value, captures: &Captures) -> Result<Value> {
        self.at(p.span);
        match &p.kind {
            PatternKind::Wildcard | PatternKind::Star(None) => Ok(self.yes()),
            PatternKind::Capture(name) | PatternKind::Star(Some(name)) => {
                self.capture(&name.name, subject, captures)?;
                Ok(self.yes())
            }
            PatternKind::As { pattern, name } => {
                let fits = self.pattern(pattern, subject, captures)?;
                self.and(fits, |l| {
                    l.capture(&name.name, subject, captures)?;
                    Ok(l.yes())
                })
            }
            PatternKind::Or(choices) => {
                let var = self.func.new_var("fits", Type::BOOL);
                let no = self.b().value(InstKind::Const(Const::Bool(false)));
                self.b().set(var, no);
                for choice in choices {
                    let so_far = self.b().get(var);
                    self.branch(
                        so_far,
                        |_| Ok(true),
                        |l| {
                            let fits = l.pattern(choice, subject, captures)?;
                            l.b().set(var, fits);
                            Ok(true)
                        },
                    )?;
                }
                Ok(self.b().get(var))
            }
            PatternKind::Value(e) => {
                let value = self.obj(e)?;
                let code = self.word(2);
                let status = self.status_from(Entry::CompareBool, &[subject, value.value, code], &[value]);
                Ok(self.not_zero(status))
            }
            PatternKind::Singleton(literal) => {
                let value = self.literal(literal)?;
                Ok(self.b().compare(IrCompare::Eq, subject, value.value))
            }
            PatternKind::Sequence(items) => self.sequence(items, subject, captures),
            PatternKind::Mapping(mapping) => self.mapping(mapping, subject, captures),
            PatternKind::Class(class) => self.class_pattern(class, subject, captures),
            PatternKind::Invalid => refuse("this pattern"),
        }
    }

    fn not_zero(&mut self, status: Value) -> Value {
        let zero = self.word(0);
        self.b().compare(IrCompare::Ne, status, zero)
    }

    fn may_be(&mut self, subject: Value, kind: i64) -> Value {
        let kind = self.word(kind);
        let status = self.call(Entry::IsPattern, &[subject, kind]);
        self.not_zero(status)
    }

    fn sequence(&mut self, items: &[Pattern], subject: Value, captures: &Captures) -> Result<Value> {
        let star = items.iter().position(|p| matches!(p.kind, PatternKind::Star(_)));
        let may = self.may_be(subject, 0);
        self.and(may, |l| {
            let n = l.status(Entry::Len, &[subject]);
            let least = l.word((items.len() - usize::from(star.is_some())) as i64);
            let op = if star.is_some() { IrCompare::Ge } else { IrCompare::Eq };
            let mut fits = l.b().compare(op, n, least);
            for (i, item) in items.iter().enumerate() {
                if matches!(item.kind, PatternKind::Wildcard | PatternKind::Star(None)) {
                    continue;
                }
                fits = l.and(fits, |l| {
                    let part = l.part(subject, n, (i, items.len()), star)?;
                    let fits = l.pattern(item, part.value, captures)?;
                    l.drop_obj(part);
                    Ok(fits)
                })?;
            }
            Ok(fits)
        })
    }

    /// An item of a sequence, or those of a star as a list.
    fn part(
        &mut self,
        subject: Value,
        n: Value,
        (at, count): (usize, usize),
        star: Option<usize>,
    ) -> Result<Obj> {
        if star == Some(at) {
            let list = self.collect(Entry::List, &[], 1);
            let rest = self.word((count - 1) as i64);
            let (start, end) = (at as i64, self.b().binary(ungil_ir::inst::BinaryOp::Sub, n, rest));
            let (start, one) = (self.word(start), self.word(1));
            let last = self.b().binary(ungil_ir::inst::BinaryOp::Add, start, end);
            let (index, label) = (self.func.new_var("index", Type::I64), self.func.new_label());
            self.b().set(index, start);
            self.forever(label, |l| {
                let now = l.b().get(index);
                let at_end = l.b().compare(IrCompare::Ge, now, last);
                l.branch(
                    at_end,
                    |l| {
                        l.b().push(InstKind::Break(label));
                        Ok(false)
                    },
                    |_| Ok(true),
                )?;
                let item = l.make(Entry::GetItemInt, &[subject, now]);
                l.status_from(Entry::ListAppend, &[list.value, item.value], &[item]);
                let next = l.b().binary(ungil_ir::inst::BinaryOp::Add, now, one);
                l.b().set(index, next);
                Ok(())
            })?;
            return Ok(list);
        }
        let index = match star {
            Some(star) if at > star => {
                let back = self.word((count - at) as i64);
                self.b().binary(ungil_ir::inst::BinaryOp::Sub, n, back)
            }
            _ => self.word(at as i64),
        };
        Ok(self.make(Entry::GetItemInt, &[subject, index]))
    }

    fn mapping(&mut self, mapping: &MappingPattern, subject: Value, captures: &Captures) -> Result<Value> {
        let may = self.may_be(subject, 1);
        self.and(may, |l| {
            let mut keys = Vec::new();
            for (key, _) in &mapping.items {
                keys.push(l.obj(key)?);
            }
            let keys = l.collect(Entry::Tuple, &keys, 1);
            let found = l.make(Entry::MatchKeys, &[subject, keys.value]);
            let patterns: Vec<&Pattern> = mapping.items.iter().map(|(_, p)| p).collect();
            let mut fits = l.parts(found.value, &patterns, captures)?;
            if let Some(rest) = &mapping.rest {
                fits = l.and(fits, |l| {
                    let others = l.make(Entry::MatchRest, &[subject, keys.value]);
                    l.capture(&rest.name, others.value, captures)?;
                    l.drop_obj(others);
                    Ok(l.yes())
                })?;
            }
            l.drop_obj(found);
            l.drop_obj(keys);
            Ok(fits)
        })
    }

    /// Patterns of a tuple's items; None in its place fits nothing.
    fn parts(&mut self, tuple: Value, patterns: &[&Pattern], captures: &Captures) -> Result<Value> {
        let none = self.none();
        let mut fits = self.b().compare(IrCompare::Ne, tuple, none.value);
        for (i, pattern) in patterns.iter().enumerate() {
            fits = self.and(fits, |l| {
                let index = l.word(i as i64);
                let part = l.make(Entry::GetItemInt, &[tuple, index]);
                let fits = l.pattern(pattern, part.value, captures)?;
                l.drop_obj(part);
                Ok(fits)
            })?;
        }
        Ok(fits)
    }

    fn class_pattern(&mut self, class: &ClassPattern, subject: Value, captures: &Captures) -> Result<Value> {
        let names: Vec<String> = class.keywords.iter().map(|(name, _)| name.name.to_string()).collect();
        let cls = self.obj(&class.cls)?;
        let (count, names) =
            (self.word(class.patterns.len() as i64), self.constant(Constant::Names(names)).value);
        let found = self.make_from(Entry::MatchClass, &[subject, cls.value, count, names], &[cls]);
        let keywords = class.keywords.iter().map(|(_, p)| p);
        let patterns: Vec<&Pattern> = class.patterns.iter().chain(keywords).collect();
        let fits = self.parts(found.value, &patterns, captures)?;
        self.drop_obj(found);
        Ok(fits)
    }
}

/// Whether a pattern fits everything.
fn is_irrefutable(p: &Pattern) -> bool {
    match &p.kind {
        PatternKind::Wildcard | PatternKind::Capture(_) => true,
        PatternKind::As { pattern, .. } => is_irrefutable(pattern),
        PatternKind::Or(choices) => choices.iter().any(is_irrefutable),
        _ => false,
    }
}
