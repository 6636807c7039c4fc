//! Random statements.

use super::Generator;
use ungil_abi::exception::ExcClass;
use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp, CompareOp, For, InstKind, LoopHints, PrintPart, Raise};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

impl Generator<'_> {
    /// A few statements; an exit may end them.
    pub(super) fn statements(&mut self) {
        for _ in 0..2 + self.random.below(5) {
            if self.budget <= 0 {
                return;
            }
            self.budget -= 1;
            let often = if self.in_lanes { 7 } else { 25 };
            if self.depth > 0 && !self.loops.is_empty() && self.random.one_in(often) {
                let label = *self.random.pick(&self.loops);
                let may_break = !self.in_lanes || label != self.loops[0];
                let kind = if self.random.one_in(2) && may_break {
                    InstKind::Break(label)
                } else {
                    InstKind::Continue(label)
                };
                self.push(kind);
                return;
            }
            if self.depth > 0 && !self.shared && self.random.one_in(40) {
                self.return_variables();
                return;
            }
            self.statement();
        }
    }

    fn statement(&mut self) {
        if self.in_lanes {
            return self.lane_statement();
        }
        let simple = self.depth >= 4;
        match self.random.below(if simple { 8 } else { 16 }) {
            0..=2 => self.assign(),
            3 => self.load(),
            4 => self.store(),
            5 => self.check(),
            6 => self.vectors(),
            7 => self.tuple(),
            8 => self.branch(),
            9 | 10 => self.for_loop(),
            11 => self.while_loop(),
            12 if self.random.one_in(2) => self.scope(),
            12 => self.try_region(),
            13 => self.allocate(),
            14 if self.shared => self.call(),
            14 => self.parallel_for(),
            _ => match self.random.below(3) {
                0 if !self.shared && self.prints => self.print(),
                1 if !self.shared => self.domain(),
                _ => self.call(),
            },
        }
    }

    pub(super) fn assign(&mut self) {
        if self.vars.is_empty() {
            return;
        }
        let x = *self.random.pick(&self.vars);
        if let Type::Scalar(dtype) = self.builder.func.var_ty(x).clone() {
            let v = self.scalar(dtype);
            self.push(InstKind::Set(x, v));
        }
    }

    /// An index of one axis, usually in range, checked.
    pub(super) fn index(&mut self, array: Value, axis: u8) -> Value {
        let size = self.value(InstKind::Dim(array, axis));
        let mut index = self.scalar(DType::I64);
        if !self.random.one_in(12) {
            index = self.value(InstKind::Binary(BinaryOp::Mod, index, size));
        }
        let wrap = self.random.one_in(2);
        self.value(InstKind::CheckIndex { index, size, axis, wrap, check: true })
    }

    fn indices(&mut self, array: Value, ty: ArrayType) -> Vec<Value> {
        (0..ty.ndim).map(|axis| self.index(array, axis)).collect()
    }

    pub(super) fn load(&mut self) {
        let arrays = self.candidates(|t| t.as_array().is_some());
        if arrays.is_empty() {
            return;
        }
        let array = *self.random.pick(&arrays);
        let ty = self.ty(array).as_array().expect("an array");
        let index = self.indices(array, ty);
        self.value(InstKind::Load { array, index, flags: Default::default() });
    }

    fn store(&mut self) {
        let arrays = self.candidates(|t| t.as_array().is_some_and(|a| !a.readonly));
        if arrays.is_empty() || self.shared {
            return;
        }
        let array = *self.random.pick(&arrays);
        let ty = self.ty(array).as_array().expect("an array");
        let index = self.indices(array, ty);
        let value = self.scalar(ty.dtype);
        self.push(InstKind::Store { array, index, value, flags: Default::default() });
    }

    pub(super) fn check(&mut self) {
        let mut cond = self.scalar(DType::Bool);
        if !self.random.one_in(4) {
            let yes = self.builder.bool(true);
            cond = self.value(InstKind::Binary(BinaryOp::Or, cond, yes));
        }
        let arg = self.scalar(DType::I64);
        let raise = Raise {
            class: *self.random.pick(&[ExcClass::VALUE_ERROR, ExcClass::ZERO_DIVISION]),
            message: Some("{0} is bad".to_owned()),
            args: vec![(arg, self.random.one_in(2))],
        };
        self.push(InstKind::Check(cond, Box::new(raise)));
    }

    fn tuple(&mut self) {
        let items: Vec<Value> = (0..1 + self.random.below(3))
            .map(|_| {
                let dtype = self.random.dtype();
                self.scalar(dtype)
            })
            .collect();
        let n = items.len();
        let tuple = self.value(InstKind::TupleMake(items));
        let i = self.random.below(n) as u32;
        self.value(InstKind::TupleGet(tuple, i));
    }

    pub(super) fn branch(&mut self) {
        let cond = self.scalar(DType::Bool);
        let then = self.nested(Self::statements);
        let otherwise = self.nested(|g| {
            if g.random.one_in(2) {
                g.statements();
            }
        });
        self.push(InstKind::If { cond, then, otherwise });
    }

    fn for_loop(&mut self) {
        let up = self.random.one_in(2);
        let near = self.random.below(5) as i64 - 2;
        let far = near + self.random.below(6) as i64 * if up { 1 } else { -1 };
        let step = (1 + self.random.below(2) as i64) * if up { 1 } else { -1 };
        let (start, stop, step) = (self.builder.i64(near), self.builder.i64(far), self.builder.i64(step));
        let label = self.builder.func.new_label();
        let iv = self.builder.func.new_value(Type::I64);
        self.loops.push(label);
        let body = self.nested(|g| {
            g.values.push(iv);
            g.statements();
        });
        self.loops.pop();
        let hints = LoopHints::default();
        self.push(InstKind::For(Box::new(For { label, iv, start, stop, step, body, hints })));
    }

    /// A loop that a counter of its own ends.
    pub(super) fn while_loop(&mut self) {
        if self.shared && !self.in_lanes {
            return;
        }
        let counter = self.builder.func.new_var("counter", Type::I64);
        let zero = self.builder.i64(0);
        self.builder.set(counter, zero);
        let limit = self.builder.i64(self.random.below(5) as i64);
        let label = self.builder.func.new_label();
        let (cond, test) = self.builder.nested(|b| {
            let n = b.get(counter);
            b.compare(CompareOp::Lt, n, limit)
        });
        self.loops.push(label);
        let body = self.nested(|g| {
            let n = g.builder.get(counter);
            let one = g.builder.i64(1);
            let next = g.builder.binary(BinaryOp::Add, n, one);
            g.builder.set(counter, next);
            g.values.push(n);
            g.statements();
        });
        self.loops.pop();
        self.push(InstKind::While { label, cond, test, body });
    }

    fn scope(&mut self) {
        let body = self.nested(Self::statements);
        let cleanup = self.nested(|g| {
            if g.random.one_in(3) {
                g.statements();
            } else if let [x, ..] = g.vars[..]
                && let Type::Scalar(dtype) = g.builder.func.var_ty(x).clone()
            {
                let c = g.constant(dtype);
                g.push(InstKind::Set(x, c));
            }
        });
        self.push(InstKind::Scope { body, cleanup });
    }

    /// A handler that may raise the error again, after a few statements.
    fn try_region(&mut self) {
        let body = self.nested(Self::statements);
        let handler = self.nested(|g| {
            let classes =
                [ExcClass::EXCEPTION, ExcClass::VALUE_ERROR, ExcClass::LOOKUP, ExcClass::ARITHMETIC];
            let class = *g.random.pick(&classes);
            let cond = g.value(InstKind::Caught(class));
            let then = g.nested(|_| {});
            let otherwise = g.nested(|g| {
                g.push(InstKind::Reraise);
            });
            g.push(InstKind::If { cond, then, otherwise });
            g.statements();
        });
        self.push(InstKind::Try { body, handler });
    }

    fn allocate(&mut self) {
        let ndim = self.random.below(3) as u8;
        let shape: Vec<Value> = (0..ndim).map(|_| self.builder.i64(self.random.below(5) as i64)).collect();
        let layout = *self.random.pick(&[Layout::C, Layout::F]);
        let ty = ArrayType { dtype: self.random.dtype(), ndim, layout, readonly: false, swapped: false };
        self.typed(InstKind::Alloc { shape, zeroed: true }, Type::Array(ty));
    }

    pub(super) fn call(&mut self) {
        if self.module.functions.is_empty()
            || (self.shared && !self.in_lanes && self.module.functions.len() < 2)
        {
            return;
        }
        let number = self.random.below(self.module.functions.len());
        let module = self.module;
        let callee = &module.functions[number];
        let mut args = Vec::new();
        for &param in &callee.params {
            let ty = callee.ty(param);
            match ty {
                Type::Scalar(dtype) => args.push(self.scalar(*dtype)),
                // A callee may write its arrays, which a parallel body must not.
                _ if self.shared => return,
                _ => {
                    let known = self.candidates(|t| t == ty);
                    if known.is_empty() {
                        return;
                    }
                    args.push(*self.random.pick(&known));
                }
            }
        }
        self.line += 1;
        let ret = callee.ret.clone();
        self.typed(InstKind::Call(ungil_ir::entities::FuncId(number as u32), args), ret);
    }

    fn print(&mut self) {
        let dtype = self.random.dtype();
        let value = self.scalar(dtype);
        let weak = matches!(dtype, DType::Bool | DType::I64 | DType::F64 | DType::C128);
        self.push(InstKind::Print(vec![PrintPart::Text("p".to_owned()), PrintPart::Value { value, weak }]));
    }
}
