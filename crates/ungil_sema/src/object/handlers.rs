//! Exceptions: `raise`, `assert`.

use ungil_syntax::ast::expr::Expr;

use super::Result;
use super::entries::Entry;
use super::function::Lowerer;

impl Lowerer<'_> {
    pub(super) fn raise(&mut self, exc: Option<&Expr>, cause: Option<&Expr>) -> Result<()> {
        let Some(exc) = exc else {
            self.call(Entry::Reraise, &[]);
            self.fail();
            return Ok(());
        };
        let exc_obj = self.obj(exc)?;
        let cause = match cause {
            Some(cause) => Some(self.obj(cause)?),
            None => None,
        };
        self.at(exc.span);
        let (zero, has) = (self.word(0), self.word(i64::from(cause.is_some())));
        self.call(Entry::RaiseObject, &[exc_obj.value, cause.map_or(zero, |c| c.value), has]);
        self.drop_obj(exc_obj);
        cause.into_iter().for_each(|c| self.drop_obj(c));
        self.fail();
        Ok(())
    }

    pub(super) fn assert(&mut self, test: &Expr, msg: Option<&Expr>) -> Result<()> {
        let truth = self.cond(test)?;
        self.branch(
            truth,
            |_| Ok(true),
            |l| {
                let msg = match msg {
                    Some(msg) => Some(l.obj(msg)?),
                    None => None,
                };
                l.at(test.span);
                let zero = l.word(0);
                l.call(Entry::FailAssertion, &[msg.map_or(zero, |m| m.value)]);
                msg.into_iter().for_each(|m| l.drop_obj(m));
                l.fail();
                Ok(false)
            },
        )?;
        Ok(())
    }
}
