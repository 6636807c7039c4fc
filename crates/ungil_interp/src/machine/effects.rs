//! Calls, checks, output and thread numbers.

use super::{Frame, Machine, Step, invalid};
use crate::arith;
use crate::number::Num;
use crate::outcome::{Exception, Failure};
use crate::text::{self, Part};
use crate::value::{Array, Value};
use ungil_abi::exception::ExcClass;
use ungil_ir::inst::{BinaryOp, CompareOp, InstKind, PrintPart, Raise};
use ungil_ir::library::{self, LibFn};
use ungil_ir::types::DType;

impl<'m> Machine<'m> {
    pub(super) fn effect(&mut self, frame: &Frame<'m>, kind: &InstKind) -> Step<Option<Value>> {
        use InstKind as K;
        Ok(match kind {
            K::Call(callee, args) => {
                let args = args.iter().map(|v| frame.get(*v).clone()).collect();
                Some(self.call(*callee, args)?)
            }
            K::Library(LibFn::Matmul, args) => {
                self.matmul(frame, args)?;
                None
            }
            K::Library(LibFn::Partition, args) => {
                self.partition(frame, args)?;
                None
            }
            K::Library(LibFn::Convolve, args) => {
                self.convolve(frame, args)?;
                None
            }
            K::Library(LibFn::Extremum, args) => {
                self.extremum(frame, args)?;
                None
            }
            K::Library(LibFn::Places, args) => {
                self.places(frame, args)?;
                None
            }
            K::Library(LibFn::Interleave2 | LibFn::Interleave3, args) => {
                self.interleave(frame, args)?;
                None
            }
            K::Library(LibFn::Repeat, args) => {
                self.repeat(frame, args)?;
                None
            }
            K::Check(cond, error) => {
                if !frame.get(*cond).as_bool() {
                    return Err(exception(frame, error));
                }
                None
            }
            K::Raise(error) => return Err(exception(frame, error)),
            K::Print(parts) => {
                let text = printed(frame, parts)?;
                self.printed.push_str(&text);
                None
            }
            K::Caught(class) => {
                let error = self.caught.last().expect("the verifier saw a handler");
                Some(Value::Num(Num::Bool(error.class.is_a(*class))))
            }
            K::CaughtArg(k) => match self.caught.last().and_then(|error| error.args.get(*k as usize)) {
                Some(n) => Some(Value::Num(*n)),
                None => return invalid("the error has no such argument"),
            },
            K::Safepoint => None,
            K::ThreadId => Some(Value::int(0)),
            K::NumThreads => Some(Value::int(self.num_threads)),
            K::SetNumThreads(n) => Some(Value::int(std::mem::replace(&mut self.num_threads, frame.i64(*n)))),
            other => return invalid(format!("the interpreter does not know {other:?}")),
        })
    }
}

impl<'m> Machine<'m> {
    /// Sums in order of the depth; the library's order is its own.
    fn matmul(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let [out, x, y] = [0, 1, 2].map(|k| frame.get(args[k]).array().clone());
        for i in 0..out.shape[0] {
            for j in 0..out.shape[1] {
                let mut sum = Num::zero(out.ty.dtype);
                for k in 0..x.shape[1] {
                    let (a, b) = (self.element(&x, [i, k])?, self.element(&y, [k, j])?);
                    sum = plus_product(sum, a, b);
                }
                self.memory.store(&out, &[i, j], sum).map_err(Failure::Invalid)?;
            }
        }
        Ok(())
    }

    fn convolve(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let [out, x, y] = [0, 1, 2].map(|k| frame.get(args[k]).array().clone());
        let first = frame.i64(args[3]);
        for t in 0..out.shape[0] {
            let mut sum = Num::zero(out.ty.dtype);
            for j in 0..y.shape[0] {
                let i = first + t - j;
                if (0..x.shape[0]).contains(&i) {
                    let a = self.memory.load(&x, &[i]).map_err(Failure::Invalid)?;
                    let b = self.memory.load(&y, &[j]).map_err(Failure::Invalid)?;
                    sum = plus_product(sum, a, b);
                }
            }
            self.memory.store(&out, &[t], sum).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    /// Sorts all elements: the one at the place told is right, and so are those around it.
    fn partition(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let values = frame.get(args[0]).array().clone();
        let n = values.shape[0];
        if !(0..n).contains(&frame.i64(args[1])) {
            return invalid("the place lies outside the vector");
        }
        let mut sorted: Vec<Num> = Vec::new();
        for k in 0..n {
            let x = self.memory.load(&values, &[k]).map_err(Failure::Invalid)?;
            let less = |y: &Num| arith::compare(CompareOp::Lt, x, *y);
            let at = sorted.iter().position(less).unwrap_or(sorted.len());
            sorted.insert(at, x);
        }
        for (k, x) in (0..n).zip(sorted) {
            self.memory.store(&values, &[k], x).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn extremum(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        let elements: Result<Vec<Num>, _> = (0..x.shape[0]).map(|i| self.memory.load(&x, &[i])).collect();
        let elements = elements.map_err(Failure::Invalid)?;
        let wanted = frame.i64(args[2]);
        let numbers = wanted & library::NUMBERS != 0;
        let found = match place(&elements, wanted) {
            Some(k) if numbers && is_nan(elements[k]) => elements.iter().copied().find(|x| !is_nan(*x)),
            Some(k) => Some(elements[k]),
            None => elements.first().copied(),
        };
        let Some(found) = found else { return invalid("the extremum of nothing") };
        self.memory.store(&out, &[0], found).map_err(Failure::Invalid)
    }

    fn interleave(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let arrays: Vec<Array> = args.iter().map(|v| frame.get(*v).array().clone()).collect();
        let [out, from @ ..] = &arrays[..] else { return invalid("the arrays are missing") };
        for i in 0..out.shape[0] {
            let k = from.len() as i64;
            let x = self.memory.load(&from[(i % k) as usize], &[i / k]).map_err(Failure::Invalid)?;
            self.memory.store(out, &[i], x).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn repeat(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let [out, from] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        for i in 0..out.shape[0] {
            let x = self.memory.load(&from, &[i / frame.i64(args[2])]).map_err(Failure::Invalid)?;
            self.memory.store(&out, &[i], x).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn places(&mut self, frame: &Frame<'m>, args: &[ungil_ir::entities::Value]) -> Step<()> {
        let [out, x] = [0, 1].map(|k| frame.get(args[k]).array().clone());
        for i in 0..x.shape[0] {
            let row: Step<Vec<Num>> = (0..x.shape[1]).map(|j| self.element(&x, [i, j])).collect();
            let Some(k) = place(&row?, frame.i64(args[2])) else {
                let message = Some("All-NaN slice encountered".to_owned());
                let error =
                    Exception { class: ExcClass::VALUE_ERROR, message, args: Vec::new(), frames: Vec::new() };
                return Err(Failure::Raised(error));
            };
            self.memory.store(&out, &[i], Num::Int(DType::I64, k as i64)).map_err(Failure::Invalid)?;
        }
        Ok(())
    }

    fn element(&self, array: &Array, index: [i64; 2]) -> Step<Num> {
        self.memory.load(array, &index).map_err(Failure::Invalid)
    }
}

/// `sum + a * b`, of bools `sum or (a and b)`.
fn plus_product(sum: Num, a: Num, b: Num) -> Num {
    let (add, mul) = match sum {
        Num::Bool(_) => (BinaryOp::Or, BinaryOp::And),
        _ => (BinaryOp::Add, BinaryOp::Mul),
    };
    arith::binary(add, sum, arith::binary(mul, a, b))
}

fn is_nan(x: Num) -> bool {
    arith::compare(CompareOp::Ne, x, x)
}

/// The place of an extremum; nothing where numbers are wanted and there are none.
fn place(elements: &[Num], wanted: i64) -> Option<usize> {
    let (op, none) = match wanted & library::LARGEST != 0 {
        true => (CompareOp::Gt, f64::NEG_INFINITY),
        false => (CompareOp::Lt, f64::INFINITY),
    };
    let numbers = wanted & library::NUMBERS != 0;
    if numbers && elements.iter().all(|x| is_nan(*x)) {
        return None;
    }
    let seen = |x: Num| match x {
        Num::F32(_) if numbers && is_nan(x) => Num::F32(none as f32),
        Num::F64(_) if numbers && is_nan(x) => Num::F64(none),
        _ => x,
    };
    let mut best = 0;
    for (k, x) in elements.iter().enumerate().skip(1) {
        let before = seen(elements[best]);
        if !is_nan(before) && (is_nan(seen(*x)) || arith::compare(op, seen(*x), before)) {
            best = k;
        }
    }
    Some(best)
}

fn exception(frame: &Frame<'_>, error: &Raise) -> Failure {
    let args: Vec<Num> = error.args.iter().map(|(v, _)| frame.get(*v).num()).collect();
    let message = error.message.as_ref().map(|template| text::fill(template, &args));
    Failure::Raised(Exception { class: error.class, message, args, frames: Vec::new() })
}

fn printed(frame: &Frame<'_>, parts: &[PrintPart]) -> Step<String> {
    let part = |part: &PrintPart| {
        Ok(match part {
            PrintPart::Text(text) => Part::Text(text.clone()),
            PrintPart::None => Part::None,
            PrintPart::Value { value, weak } => match frame.get(*value) {
                Value::Num(n) => Part::Num { value: *n, weak: *weak },
                _ => return invalid("the interpreter does not print arrays"),
            },
            PrintPart::TupleOpen => Part::TupleOpen,
            PrintPart::TupleClose => Part::TupleClose,
        })
    };
    let parts: Vec<Part> = parts.iter().map(part).collect::<Step<_>>()?;
    Ok(text::printed(&parts).expect("the verifier saw balanced tuples"))
}
