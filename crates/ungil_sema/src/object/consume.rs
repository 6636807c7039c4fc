//! Generator expressions that a builtin consumes where they stand: they are loops.

use ungil_ir::entities::{Label, Var};
use ungil_ir::inst::{Const, InstKind, UnaryOp as IrUnary};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Call, Comprehension, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;

use super::display::Into;
use super::entries::Entry;
use super::function::Lowerer;
use super::value::{CTy, Obj, Val};
use super::{Meaning, Result};

/// Whether a call consumes the generator expression that is its first argument before anything else sees it.
pub(super) fn is_consumed(call: &Call, is_builtin: &dyn Fn(&str) -> bool) -> bool {
    let Some(Expr { kind: ExprKind::Generator { generators, .. }, .. }) = call.args.first() else {
        return false;
    };
    if generators.iter().any(|g| g.is_async) || call.keywords.iter().any(|k| k.name.is_none()) {
        return false;
    }
    let alone = call.args.len() == 1 && call.keywords.is_empty();
    match &call.func.kind {
        ExprKind::Name(name) => match &**name {
            "any" | "all" | "list" | "tuple" | "set" | "frozenset" | "dict" => alone && is_builtin(name),
            "sorted" | "min" | "max" => call.args.len() == 1 && is_builtin(name),
            "sum" => call.args.len() <= 2 && call.keywords.is_empty() && is_builtin(name),
            _ => false,
        },
        ExprKind::Attribute { value, attr } => {
            alone && &*attr.name == "join" && matches!(value.kind, ExprKind::Literal(Literal::Str(_)))
        }
        _ => false,
    }
}

impl Lowerer<'_> {
    pub(super) fn is_builtin(&self, name: &str) -> bool {
        self.local(name).is_none()
            && !self.globals.contains(name)
            && (self.source.meaning)(name) == Meaning::Builtin
    }

    /// A call that consumes a generator expression; `None` if it does not.
    pub(super) fn consumed(&mut self, e: &Expr, call: &Call) -> Result<Option<Val>> {
        if !is_consumed(call, &|name| self.is_builtin(name)) {
            return Ok(None);
        }
        let ExprKind::Generator { element, generators } = &call.args[0].kind else { return Ok(None) };
        let name = match &call.func.kind {
            ExprKind::Name(name) => &**name,
            _ => "join",
        };
        self.is_consumed = true;
        Ok(Some(match name {
            "any" | "all" => self.searched(e, element, generators, name == "any")?,
            "sum" => self.summed(e, element, generators, call.args.get(1))?,
            "set" => self.comprehension(e, generators, Into::Set(element))?,
            "list" => self.comprehension(e, generators, Into::List(element))?,
            "tuple" => {
                let list = self.comprehension(e, generators, Into::List(element))?;
                let list = self.object(list)?;
                Val::Obj(self.make_from(Entry::ListToTuple, &[list.value], &[list]))
            }
            _ => {
                // The same call of a list.
                let kind = ExprKind::ListComp { element: element.clone(), generators: generators.clone() };
                let list = Expr { span: call.args[0].span, kind };
                let args = [list].into_iter().chain(call.args[1..].iter().cloned()).collect();
                let call = Call { func: call.func.clone(), args, keywords: call.keywords.clone() };
                let kind = ExprKind::Call(Box::new(call));
                self.expr(&Expr { span: e.span, kind })?
            }
        }))
    }

    /// `any` or `all`: the loop ends with the answer.
    fn searched(&mut self, e: &Expr, element: &Expr, generators: &[Comprehension], any: bool) -> Result<Val> {
        let answer = self.func.new_var("answer", Type::BOOL);
        let first = self.b().value(InstKind::Const(Const::Bool(!any)));
        self.b().set(answer, first);
        let label = self.func.new_label();
        let held: Vec<_> = self.temps.iter().copied().filter(|t| !self.free.contains(t)).collect();
        self.in_comprehension(generators, &[element], |l, iterable| {
            l.forever(label, |l| {
                l.generator(e, Some(iterable), generators, &mut |l| {
                    let truth = l.cond(element)?;
                    let ends = if any { truth } else { l.b().unary(IrUnary::Not, truth) };
                    l.branch(ends, |l| l.answered(answer, any, &held, label), |_| Ok(true))?;
                    Ok(())
                })?;
                l.b().push(InstKind::Break(label));
                Ok(())
            })
        })?;
        let truth = self.b().get(answer);
        Ok(Val::C(self.b().cast(truth, DType::I32), CTy::Bint))
    }

    /// Leaves the loops with an answer; their iterators are given up.
    fn answered(&mut self, answer: Var, any: bool, held: &[Var], label: Label) -> Result<bool> {
        let found = self.b().value(InstKind::Const(Const::Bool(any)));
        self.b().set(answer, found);
        for temp in self.temps.clone() {
            if !held.contains(&temp) && !self.free.contains(&temp) {
                let value = self.b().get(temp);
                let zero = self.word(0);
                self.b().set(temp, zero);
                self.call(Entry::ReleaseMaybe, &[value]);
            }
        }
        self.b().push(InstKind::Break(label));
        Ok(false)
    }

    fn summed(
        &mut self,
        e: &Expr,
        element: &Expr,
        generators: &[Comprehension],
        start: Option<&Expr>,
    ) -> Result<Val> {
        let start = match start {
            Some(start) => self.obj(start)?,
            None => self.literal(&Literal::Int(0))?,
        };
        let first = self.own(start);
        let total = self.new_temp();
        self.b().set(total, first);
        self.in_comprehension(generators, &[element], |l, first| {
            l.generator(e, Some(first), generators, &mut |l| {
                let item = l.obj(element)?;
                l.at(e.span);
                let old = l.b().get(total);
                let new = l.make_from(Entry::Add, &[old, item.value], &[item]);
                let new = l.own(new);
                l.b().set(total, new);
                l.call(Entry::Release, &[old]);
                Ok(())
            })
        })?;
        let value = self.b().get(total);
        Ok(Val::Obj(Obj { value, temp: Some(total) }))
    }
}
