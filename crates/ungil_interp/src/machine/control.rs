//! Regions and structured control.

use super::{Flow, Frame, Machine, Step, invalid};
use crate::outcome::{Failure, Frame as Place};
use crate::value::Value;
use ungil_ir::entities::{Inst, Label, Region, Value as V};
use ungil_ir::function::{Function, PRELUDE_FILE};
use ungil_ir::inst::{For, InstKind};

impl<'m> Machine<'m> {
    pub(super) fn region(&mut self, frame: &mut Frame<'m>, region: Region) -> Step<Flow> {
        let func = frame.func;
        for &inst in func.region(region) {
            match self.step(frame, inst)? {
                Flow::Next => {}
                exit => return Ok(exit),
            }
        }
        Ok(Flow::Next)
    }

    fn step(&mut self, frame: &mut Frame<'m>, inst: Inst) -> Step<Flow> {
        if self.fuel == 0 {
            return Err(Failure::OutOfFuel);
        }
        self.fuel -= 1;
        let func = frame.func;
        let data = func.inst(inst);
        if let Some(flow) = self.control(frame, &data.kind)? {
            return Ok(flow);
        }
        let value = self.compute(frame, inst).map_err(|f| locate(f, func, data.loc.line))?;
        if let (Some(v), Some(value)) = (data.result, value) {
            frame.set(v, value);
        }
        Ok(Flow::Next)
    }

    /// Runs an instruction of control; `None` for any other.
    fn control(&mut self, frame: &mut Frame<'m>, kind: &'m InstKind) -> Step<Option<Flow>> {
        Ok(Some(match kind {
            InstKind::If { cond, then, otherwise } => {
                let region = if frame.get(*cond).as_bool() { *then } else { *otherwise };
                self.region(frame, region)?
            }
            InstKind::For(node) => self.for_loop(frame, node)?,
            InstKind::While { label, cond, test, body } => {
                self.while_loop(frame, *label, *cond, *test, *body)?
            }
            InstKind::Break(label) => Flow::Break(*label),
            InstKind::Continue(label) => Flow::Continue(*label),
            InstKind::Return(v) => Flow::Return(v.map_or_else(Value::unit, |v| frame.get(v).clone())),
            InstKind::Scope { body, cleanup } => self.scope(frame, *body, *cleanup)?,
            InstKind::Try { body, handler } => self.try_region(frame, *body, *handler)?,
            InstKind::Reraise => {
                let error = self.caught.last().expect("the verifier saw a handler");
                return Err(Failure::Raised(error.clone()));
            }
            InstKind::Domain { extents, ivs, body } => self.domain(frame, extents, ivs, *body)?,
            InstKind::ParallelFor(node) => self.parallel_for(frame, node)?,
            InstKind::ParallelRegion(node) => self.parallel_region(frame, node)?,
            _ => return Ok(None),
        }))
    }

    fn for_loop(&mut self, frame: &mut Frame<'m>, node: &For) -> Step<Flow> {
        let (start, step) = (frame.i64(node.start), frame.i64(node.step));
        let n = trip_count(start, frame.i64(node.stop), step)?;
        for k in 0..n {
            frame.set(node.iv, Value::int(start.wrapping_add((k as i64).wrapping_mul(step))));
            match self.region(frame, node.body)? {
                Flow::Break(label) if label == node.label => break,
                Flow::Next => {}
                Flow::Continue(label) if label == node.label => {}
                exit => return Ok(exit),
            }
        }
        Ok(Flow::Next)
    }

    fn while_loop(
        &mut self,
        frame: &mut Frame<'m>,
        label: Label,
        cond: Region,
        test: V,
        body: Region,
    ) -> Step<Flow> {
        loop {
            // An empty loop must use fuel too.
            self.fuel = self.fuel.checked_sub(1).ok_or(Failure::OutOfFuel)?;
            match self.region(frame, cond)? {
                Flow::Next => {}
                exit => return Ok(exit),
            }
            if !frame.get(test).as_bool() {
                return Ok(Flow::Next);
            }
            match self.region(frame, body)? {
                Flow::Break(l) if l == label => return Ok(Flow::Next),
                Flow::Next => {}
                Flow::Continue(l) if l == label => {}
                exit => return Ok(exit),
            }
        }
    }

    fn scope(&mut self, frame: &mut Frame<'m>, body: Region, cleanup: Region) -> Step<Flow> {
        let exit = self.region(frame, body);
        if matches!(exit, Ok(_) | Err(Failure::Raised(_))) {
            match self.region(frame, cleanup)? {
                Flow::Next => {}
                instead => return Ok(instead),
            }
        }
        exit
    }

    fn try_region(&mut self, frame: &mut Frame<'m>, body: Region, handler: Region) -> Step<Flow> {
        match self.region(frame, body) {
            Err(Failure::Raised(error)) => {
                self.caught.push(error);
                let flow = self.region(frame, handler);
                self.caught.pop();
                flow
            }
            flow => flow,
        }
    }

    fn domain(&mut self, frame: &mut Frame<'m>, extents: &[V], ivs: &[V], body: Region) -> Step<Flow> {
        let extents = frame.i64s(extents);
        let mut index = vec![0; extents.len()];
        if extents.iter().any(|n| *n <= 0) {
            return Ok(Flow::Next);
        }
        loop {
            for (&iv, &i) in ivs.iter().zip(&index) {
                frame.set(iv, Value::int(i));
            }
            match self.region(frame, body)? {
                Flow::Next => {}
                _ => return invalid("a domain was left"),
            }
            // Counts up, the last axis fastest.
            let Some(axis) = (0..index.len()).rev().find(|&k| index[k] + 1 < extents[k]) else {
                return Ok(Flow::Next);
            };
            index[axis] += 1;
            index[axis + 1..].fill(0);
        }
    }
}

/// Number of iterations of a range.
pub(super) fn trip_count(start: i64, stop: i64, step: i64) -> Step<u64> {
    let distance = i128::from(stop) - i128::from(start);
    match i128::from(step) {
        0 => invalid("a range with step 0"),
        step if (step > 0) != (distance > 0) || distance == 0 => Ok(0),
        step => Ok(((distance.abs() - 1) / step.abs() + 1) as u64),
    }
}

/// Adds the frame of the function whose instruction failed.
fn locate(failure: Failure, func: &Function, line: u32) -> Failure {
    match failure {
        failure if func.origin.file == PRELUDE_FILE => failure,
        Failure::Raised(mut e) => {
            e.frames.push(Place { function: func.name.clone(), line });
            Failure::Raised(e)
        }
        other => other,
    }
}
