//! Operand types of calls, checks, output, variables and control.

use super::Verifier;
use crate::entities::{FuncId, Value};
use crate::inst::{InstKind, PrintPart, Raise};
use crate::library::{Elements, LibFn};
use crate::types::{DType, Type};
use ungil_abi::context::MAX_ERROR_ARGS;
use ungil_abi::exception::ExcClass;

impl Verifier<'_> {
    pub(super) fn check_effect(&mut self, kind: &InstKind, result: Option<Value>) {
        use InstKind as K;
        match kind {
            K::Set(x, v) => {
                let (ty, found) = (self.func.var_ty(*x), self.ty(*v));
                self.require(found == ty, || format!("{x} is {ty} but {v} is {found}"));
            }
            K::Call(callee, args) => self.check_call(*callee, args, result),
            K::Library(function, args) => self.check_library(*function, args),
            K::Check(cond, raise) => {
                self.expect(*cond, &Type::BOOL);
                self.check_raise(raise);
            }
            K::Raise(raise) => self.check_raise(raise),
            K::Print(parts) => self.check_print(parts),
            K::SetNumThreads(n) => self.expect(*n, &Type::I64),
            K::If { cond, .. } => self.expect(*cond, &Type::BOOL),
            K::While { test, .. } => self.expect(*test, &Type::BOOL),
            K::For(node) => self.expect_all(&[node.iv, node.start, node.stop, node.step], &Type::I64),
            K::Domain { extents, ivs, .. } => {
                self.require(extents.len() == ivs.len(), || {
                    format!("{} induction values for {} extents", ivs.len(), extents.len())
                });
                self.expect_all(extents, &Type::I64);
                self.expect_all(ivs, &Type::I64);
            }
            K::Return(None) => {
                let ret = &self.func.ret;
                self.require(ret.is_unit(), || format!("the function returns {ret}"));
            }
            K::Return(Some(v)) => {
                let (ret, found) = (&self.func.ret, self.ty(*v));
                self.require(found == ret, || format!("the function returns {ret} but {v} is {found}"));
            }
            _ => {}
        }
    }

    fn check_call(&mut self, callee: FuncId, args: &[Value], result: Option<Value>) {
        let target = self.module.function(callee);
        self.require(args.len() == target.params.len(), || {
            format!("@{} takes {} arguments, not {}", target.name, target.params.len(), args.len())
        });
        for (&arg, &param) in args.iter().zip(&target.params) {
            let Some(expected) = target.values.get(param.index()) else { continue };
            let (ty, found) = (&expected.ty, self.ty(arg));
            self.require(found == ty, || format!("@{} takes {ty} but {arg} is {found}", target.name));
        }
        if let Some(v) = result {
            let found = self.ty(v);
            self.require(*found == target.ret, || {
                format!("@{} returns {} but {v} is {found}", target.name, target.ret)
            });
        }
    }

    fn check_library(&mut self, function: LibFn, args: &[Value]) {
        let ranks = function.ranks();
        let numbers = function.numbers();
        self.require(args.len() == ranks.len() + numbers, || {
            format!("{function} takes {} arrays and {numbers} numbers", ranks.len())
        });
        for &number in args.iter().skip(ranks.len()) {
            self.require(*self.ty(number) == Type::I64, || format!("{function} takes int64, not {number}"));
        }
        let dtype = |arg: Value| self.func.ty(arg).as_array().map(|a| a.dtype);
        let told = args.get(function.told()).and_then(|&arg| dtype(arg));
        for ((&arg, &rank), elements) in args.iter().zip(ranks).zip(function.elements()) {
            let wanted = match elements {
                Elements::Int64 => Some(DType::I64),
                Elements::Inexact => {
                    told.map(|t| if t.is_float() || t.is_complex() { t } else { DType::F64 })
                }
                Elements::Told => told,
            };
            let found = self.ty(arg).as_array();
            self.require(
                found.is_some_and(|a| a.ndim == rank && !a.swapped && Some(a.dtype) == wanted),
                || format!("{function} takes other arrays than {}", self.func.ty(arg)),
            );
        }
    }

    fn check_raise(&mut self, raise: &Raise) {
        self.require((raise.class.0 as usize) < ExcClass::NAMES.len(), || {
            format!("no exception class has number {}", raise.class.0)
        });
        let n = raise.args.len();
        self.require(n <= MAX_ERROR_ARGS, || format!("a message with more than {MAX_ERROR_ARGS} arguments"));
        self.require(n == 0 || raise.message.is_some(), || "arguments without a message".to_owned());
        for (v, _) in &raise.args {
            let ty = self.ty(*v);
            self.require(matches!(ty, Type::Scalar(_)), || format!("{v} must be a scalar, is {ty}"));
        }
    }

    fn check_print(&mut self, parts: &[PrintPart]) {
        let mut depth = 0i32;
        for part in parts {
            match part {
                PrintPart::TupleOpen => depth += 1,
                PrintPart::TupleClose => {
                    depth -= 1;
                    self.require(depth >= 0, || "a tuple is closed that is not open".to_owned());
                }
                PrintPart::Value { value, .. } => {
                    let ty = self.ty(*value);
                    self.require(matches!(ty, Type::Scalar(_) | Type::Array(_)), || {
                        format!("{value} must be a scalar or an array, is {ty}")
                    });
                }
                PrintPart::Text(_) | PrintPart::None => {}
            }
        }
        self.require(depth <= 0, || "a tuple is not closed".to_owned());
    }
}
