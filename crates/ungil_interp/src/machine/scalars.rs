//! Arithmetic, tuples and variables; everything else that computes is sent on.

use super::{Frame, Machine, Step, invalid, raise};
use crate::number::Num;
use crate::value::Value;
use crate::{arith, math};
use ungil_abi::exception::{ExcClass, INTEGER_OVERFLOW};
use ungil_ir::entities::{Inst, Value as V};
use ungil_ir::inst::{Const, InstKind};
use ungil_ir::math::MathFn;
use ungil_ir::types::DType;

impl<'m> Machine<'m> {
    pub(super) fn compute(&mut self, frame: &mut Frame<'m>, inst: Inst) -> Step<Option<Value>> {
        use InstKind as K;
        let func = frame.func;
        let data = func.inst(inst);
        Ok(Some(match &data.kind {
            K::Const(c) => Value::Num(constant(*c)),
            K::Unary(op, a) => map(frame, &[*a], |x| arith::unary(*op, x[0])),
            K::Binary(op, a, b) => map(frame, &[*a, *b], |x| arith::binary(*op, x[0], x[1])),
            K::Compare(op, a, b) => map(frame, &[*a, *b], |x| Num::Bool(arith::compare(*op, x[0], x[1]))),
            K::Cast(a, to) => map(frame, &[*a], |x| arith::cast(x[0], *to)),
            K::Math(function, args) => {
                map(frame, args, |x| mathematical(*function, x, frame.func.attributes.fastmath.afn))
            }
            K::CheckedBinary(op, a, b) => {
                match arith::checked(*op, frame.get(*a).num(), frame.get(*b).num()) {
                    Some(n) => Value::Num(n),
                    None => return raise(ExcClass::OVERFLOW, Some(INTEGER_OVERFLOW.to_owned())),
                }
            }
            K::Select(cond, a, b) => match frame.get(*cond) {
                Value::Num(Num::Bool(c)) => frame.get(if *c { *a } else { *b }).clone(),
                _ => map(frame, &[*cond, *a, *b], |x| if x[0] == Num::Bool(true) { x[1] } else { x[2] }),
            },
            K::TupleMake(items) => Value::Tuple(items.iter().map(|v| frame.get(*v).clone()).collect()),
            K::TupleGet(t, i) => tuple(frame, *t)[*i as usize].clone(),
            K::TupleIndex(t, i) => {
                let (items, i) = (tuple(frame, *t), frame.i64(*i));
                match usize::try_from(i).ok().and_then(|i| items.get(i)) {
                    Some(item) => item.clone(),
                    None => return invalid(format!("element {i} of a tuple of {}", items.len())),
                }
            }
            K::Get(x) => frame.vars[x.index()].clone(),
            K::Set(x, v) => {
                frame.vars[x.index()] = frame.get(*v).clone();
                return Ok(None);
            }
            kind => {
                let ty = data.result.map(|v| func.ty(v));
                if let Some(value) = self.foreign_inst(frame, kind, ty)? {
                    return Ok(Some(value));
                }
                return match self.array_inst(frame, kind, ty)? {
                    Some(done) => Ok(done),
                    None => match self.vector_inst(frame, kind, ty)? {
                        Some(done) => Ok(done),
                        None => self.effect(frame, kind),
                    },
                };
            }
        }))
    }
}

fn tuple<'f>(frame: &'f Frame<'_>, v: V) -> &'f [Value] {
    match frame.get(v) {
        Value::Tuple(items) => items,
        other => panic!("{other:?} is not a tuple"),
    }
}

fn constant(c: Const) -> Num {
    match c {
        Const::Bool(b) => Num::Bool(b),
        Const::Int(d, n) => Num::Int(d, n),
        Const::Float(DType::F32, x) => Num::F32(x as f32),
        Const::Float(_, x) => Num::F64(x),
        Const::Complex(DType::C64, re, im) => Num::C64(re as f32, im as f32),
        Const::Complex(_, re, im) => Num::C128(re, im),
    }
}

fn mathematical(function: MathFn, args: &[Num], relaxed: bool) -> Num {
    match args[0] {
        Num::F64(_) => {
            let args: Vec<f64> = args.iter().map(|n| if let Num::F64(x) = n { *x } else { 0.0 }).collect();
            let found = relaxed.then(|| math::relaxed_double(function, &args)).flatten();
            Num::F64(found.unwrap_or_else(|| math::double(function, &args)))
        }
        _ => {
            let args: Vec<f32> = args.iter().map(|n| if let Num::F32(x) = n { *x } else { 0.0 }).collect();
            let found = relaxed.then(|| math::relaxed_single(function, &args)).flatten();
            Num::F32(found.unwrap_or_else(|| math::single(function, &args)))
        }
    }
}

/// Applies a scalar function to scalars, or lane by lane to vectors.
fn map(frame: &Frame<'_>, operands: &[V], apply: impl Fn(&[Num]) -> Num) -> Value {
    match frame.get(operands[0]) {
        Value::Vec(first) => Value::Vec(
            (0..first.len())
                .map(|lane| {
                    let row: Vec<Num> = operands.iter().map(|v| frame.get(*v).lanes()[lane]).collect();
                    apply(&row)
                })
                .collect(),
        ),
        _ => {
            let row: Vec<Num> = operands.iter().map(|v| frame.get(*v).num()).collect();
            Value::Num(apply(&row))
        }
    }
}
