//! `prange`: lowering of the loop. Which variables are private, last or reductions, and whether iterations are
//! independent, passes find out on the IR.

use std::collections::HashSet;

use ungil_diag::remark::Remark;
use ungil_diag::span::Span;
use ungil_ir::entities::{Label, Region, Value, Var};
use ungil_ir::inst::{InstKind, LoopHints, ParallelFor, Schedule};
use ungil_ir::types::Type;
use ungil_syntax::ast::expr::Call;
use ungil_syntax::ast::stmt::For;

use crate::diagnostics::Result;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::unsupported::Unsupported;
use crate::lower::call::Args;
use crate::lower::leaving::breaks_beside_reduction;
use crate::lower::loops::Leaves;
use crate::lower::{Flow, Lowerer};
use crate::operand::Operand;
use crate::ty::Ty;

impl Lowerer<'_, '_> {
    /// `for target in prange(…): body else: orelse`.
    pub(crate) fn parallel_for(&mut self, node: &For, call: &Call, span: Span) -> Result<Flow> {
        let broke = self.break_flag(&node.body, &node.orelse);
        if broke.is_some() && self.in_team(node) {
            let what = "`else` of a `prange` loop with `break` in a `parallel` block is";
            let help = "set a variable before `break`, and ask for it behind the loop: `left = 1; break`";
            return Err(Unsupported::Statement { what, span, help }.into());
        }
        self.iterations(node, call, span, broke)?;
        self.loop_else(&node.orelse, broke)
    }

    /// The loop without its `else`, for which it notes that it was left by `break`.
    fn iterations(&mut self, node: &For, call: &Call, span: Span, broke: Option<Var>) -> Result<()> {
        let positional = self.starred_items(&call.args)?;
        let mut keywords = Vec::new();
        for k in &call.keywords {
            if let Some(name) = &k.name {
                keywords.push((name.name.to_string(), self.lower_expr(&k.value)?));
            }
        }
        let mut args = Args { positional, keywords, span };
        if self.is_c() {
            // The lock is released in any case; threads are used where they help.
            args.take("nogil");
            args.take("use_threads_if");
        }
        let schedule = self.schedule(args.take("schedule"))?;
        let chunk = self.optional_integer(args.take("chunksize"), "chunksize")?;
        let num_threads = self.optional_integer(args.take("num_threads"), "num_threads")?;
        let builtin = Operand::entity(Ty::Builtin("builtins.range".into()), span);
        let range = self.call_operand(&builtin, args, span)?;
        if self.is_c() && !self.in_team(node) && breaks_beside_reduction(node) {
            let text = "runs in order: `break` beside a reduction needs what all lower iterations added up";
            self.program.remarks.push(Remark::missed("parallel_loops", span, text));
            return self.loop_in_order(node, &range, broke);
        }
        if self.appends_inside(node) {
            // What runs in parallel are iterations of the outer loop; each appends to its own list in order.
            return self.loop_in_order(node, &range, broke);
        }
        if self.in_team(node) {
            return self.team_loop(node, &range, span);
        }
        let own = std::mem::replace(&mut self.own_lists, self.options.parallel.then(HashSet::new));
        let result = self.parallel_loop(node, &range, (schedule, chunk, num_threads), broke, span);
        self.own_lists = own;
        result
    }

    fn parallel_loop(
        &mut self,
        node: &For,
        range: &Operand,
        (schedule, chunk, num_threads): (Schedule, Option<Value>, Option<Value>),
        broke: Option<Var>,
        span: Span,
    ) -> Result<()> {
        let parts = self.items(range);
        let (start, stop, step) = (self.index(&parts[0])?, self.index(&parts[1])?, self.index(&parts[2])?);
        self.check_counter(&node.target, [start, stop, step]);
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        if self.options.parallel && !self.in_parallel() && self.appends(node) {
            let n = self.length(range, span)?;
            let n = self.value(&n)?;
            let blocks = self.collecting_blocks(n);
            let collected = self.collected(node, blocks)?;
            if !collected.is_empty() {
                let (zero, one) = (self.b().i64(0), self.b().i64(1));
                let bounds = (zero, blocks, one);
                let (body, result) = self.collecting_body(node, (iv, blocks), (start, step, n), &collected);
                self.push_parallel(label, iv, bounds, (schedule, chunk, num_threads), body);
                result?;
                return self.append_collected(&collected, blocks);
            }
        }
        self.enter_leaving(node, broke)?;
        let (body, result) = self.parallel_body(node, label, iv, Leaves::Raising);
        let leaving = self.leaving.pop().expect("pushed by `enter_leaving`");
        self.keep_apart(&leaving, body);
        let (tried, ()) = self.nested(|l| {
            if l.options.parallel {
                l.push_parallel(label, iv, (start, stop, step), (schedule, chunk, num_threads), body);
            } else {
                let hints = LoopHints::default();
                let node = ungil_ir::inst::For { label, iv, start, stop, step, body, hints };
                l.b().push(InstKind::For(Box::new(node)));
            }
        });
        result?;
        self.left(&leaving, tried, span)
    }

    /// `for i in rotating(n)` in the prelude: the loop runs where it stands; its reductions rotate over partials.
    pub(crate) fn rotating_for(&mut self, node: &For, call: &Call) -> Result<Flow> {
        let n = self.lower_expr(&call.args[0])?;
        let n = self.index(&n)?;
        let (zero, one) = (self.b().i64(0), self.b().i64(1));
        self.check_counter(&node.target, [zero, n, one]);
        let label = self.func.new_label();
        let iv = self.func.new_value(Type::I64);
        let (body, result) = self.parallel_body(node, label, iv, Leaves::Never);
        let plain = self.work_sharing(label, iv, (zero, n, one), body);
        self.program.unclassified = true;
        self.b().push(InstKind::ParallelFor(Box::new(ParallelFor { in_place: true, ..plain })));
        result.map(|()| Flow::Falls)
    }

    /// The parallel loop with a body.
    fn push_parallel(
        &mut self,
        label: Label,
        iv: Value,
        (start, stop, step): (Value, Value, Value),
        (schedule, chunk, num_threads): (Schedule, Option<Value>, Option<Value>),
        body: Region,
    ) {
        self.program.has_parallel = true;
        self.program.unclassified = true;
        self.b().push(InstKind::ParallelFor(Box::new(ParallelFor {
            label,
            iv,
            start,
            stop,
            step,
            schedule,
            chunk,
            num_threads,
            privates: Vec::new(),
            lasts: Vec::new(),
            scalars: Vec::new(),
            arrays: Vec::new(),
            min_block: 1,
            in_place: false,
            scalar: false,
            body,
        })));
    }

    fn schedule(&mut self, schedule: Option<Operand>) -> Result<Schedule> {
        let Some(o) = schedule else { return Ok(Schedule::Static) };
        match o.as_str() {
            Some("static") => Ok(Schedule::Static),
            Some("dynamic") => Ok(Schedule::Dynamic),
            Some("guided") => Ok(Schedule::Guided),
            // Which one the environment names, without which it is this.
            Some("runtime") if self.is_c() => Ok(Schedule::Dynamic),
            Some("auto") => Ok(Schedule::Auto),
            _ if o.is_none() => Ok(Schedule::Static),
            _ => Err(TypeError::Argument {
                function: "prange".to_owned(),
                parameter: "schedule".to_owned(),
                expected: "\"static\", \"dynamic\", \"guided\" or \"auto\"".to_owned(),
                found: o.ty.clone(),
                span: o.span,
            }
            .into()),
        }
    }

    fn optional_integer(
        &mut self,
        o: Option<Operand>,
        name: &str,
    ) -> Result<Option<ungil_ir::entities::Value>> {
        match o {
            Some(o) if !o.is_none() => self.integer_argument(&o, "prange", name).map(Some),
            _ => Ok(None),
        }
    }
}
