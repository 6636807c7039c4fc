//! Random loops for vector lanes: independent iterations with divergent control flow inside.
//!
//! Iteration `k` reads any element of the inputs and stores to element `k` of the outputs. Its body has branches, loops
//! whose bounds and exits differ between iterations, calls and checks. The function asks for lanes.

use super::{Generator, Program, Random, arguments, function};
use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Value, Var};
use ungil_ir::function::{Function, Module, Simd};
use ungil_ir::inst::{For, InstKind, LoopHints, ParallelFor, ReduceOp, ScalarReduction, Schedule};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

const INPUTS: [DType; 3] = [DType::I64, DType::F64, DType::U8];

pub fn program(seed: u64) -> Program {
    let mut random = Random::new(seed);
    let mut module = Module::default();
    module.functions.push(function(&mut random, &module, 0, false));
    let entry = entry(&mut random, &module);
    module.functions.push(entry);
    module.entry = Some(FuncId(1));
    let f = module.function(FuncId(1));
    let types: Vec<Type> = f.params.iter().map(|v| f.ty(*v).clone()).collect();
    let args = (0..3).map(|_| arguments(&mut random, &types)).collect();
    Program { module, args }
}

fn line(dtype: DType, layout: Layout, readonly: bool) -> Type {
    Type::Array(ArrayType { dtype, ndim: 1, layout, readonly, swapped: false })
}

fn entry(random: &mut Random, module: &Module) -> Function {
    let layout = |random: &mut Random| *random.pick(&[Layout::C, Layout::C, Layout::Strided]);
    let mut params: Vec<Type> = INPUTS.iter().map(|d| line(*d, layout(random), true)).collect();
    params.extend([Type::I64, Type::F64]);
    let outputs = [random.dtype(), DType::I64];
    let reduced = *random.pick(&[DType::I64, DType::U8, DType::I32]);
    let arrays = outputs.iter().map(|d| line(*d, Layout::C, false));
    let ret = Type::Tuple(arrays.chain([Type::Scalar(reduced)]).collect());
    let mut func = Function::new("lanes", &params, ret);
    func.attributes.simd = Simd::Always;
    let dtypes = [DType::I64, DType::F64, DType::Bool, random.dtype()];
    let vars: Vec<Var> = dtypes.iter().map(|d| func.new_var("private", Type::Scalar(*d))).collect();
    let mut generator = Generator {
        values: func.params.clone(),
        builder: Builder::new(&mut func),
        random,
        module,
        vars,
        results: Vec::new(),
        loops: Vec::new(),
        depth: 0,
        budget: 30,
        line: 1,
        shared: true,
        prints: false,
        in_lanes: true,
    };
    generator.lane_loop(&outputs, reduced);
    func
}

impl Generator<'_> {
    fn lane_loop(&mut self, outputs: &[DType], reduced: DType) {
        let n = self.random.below(75) as i64;
        let n = self.builder.i64(n);
        let arrays: Vec<Value> = outputs
            .iter()
            .map(|d| {
                let kind = InstKind::Alloc { shape: vec![n], zeroed: true };
                self.builder.typed(kind, line(*d, Layout::C, false))
            })
            .collect();
        let (start, step) = (self.builder.i64(0), self.builder.i64(1));
        let (label, iv) = (self.builder.func.new_label(), self.builder.func.new_value(Type::I64));
        let serial = self.random.one_in(2);
        let vars = self.vars.clone();
        self.loops.push(label);
        let total = self.builder.func.new_var("total", Type::Scalar(reduced));
        let op = *self.random.pick(&[
            ReduceOp::Add,
            ReduceOp::Min,
            ReduceOp::Max,
            ReduceOp::BitXor,
            ReduceOp::BitAnd,
        ]);
        let reduction = self.random.one_in(2).then_some(ScalarReduction { var: total, op });
        let body = self.nested(|g| g.lane_body(iv, &arrays, reduction));
        self.loops.pop();
        let schedule = *self.random.pick(&[Schedule::Static, Schedule::Dynamic, Schedule::Guided]);
        let kind = if serial {
            let hints = LoopHints::default();
            InstKind::For(Box::new(For { label, iv, start, stop: n, step, body, hints }))
        } else {
            InstKind::ParallelFor(Box::new(ParallelFor {
                label,
                iv,
                start,
                stop: n,
                step,
                schedule,
                chunk: None,
                num_threads: None,
                privates: vars.into_iter().chain(self.counters()).collect(),
                lasts: Vec::new(),
                scalars: reduction.into_iter().collect(),
                arrays: Vec::new(),
                min_block: 1,
                in_place: false,
                scalar: false,
                body,
            }))
        };
        self.push(kind);
        let total = self.builder.get(total);
        let items = arrays.into_iter().chain([total]).collect();
        let result = self.builder.value(InstKind::TupleMake(items));
        self.builder.push(InstKind::Return(Some(result)));
    }

    /// Counters that `while` loops made.
    fn counters(&self) -> Vec<Var> {
        let all = self.builder.func.vars.iter().enumerate();
        all.filter(|(_, data)| data.name == "counter").map(|(k, _)| Var(k as u32)).collect()
    }

    fn lane_body(&mut self, iv: Value, outputs: &[Value], reduction: Option<ScalarReduction>) {
        self.values.push(iv);
        // An iteration reads no variable that it has not written.
        let vars = std::mem::take(&mut self.vars);
        for x in &vars {
            let dtype = self.builder.func.var_ty(*x).dtype().expect("a number");
            let v = self.scalar(dtype);
            self.builder.set(*x, v);
        }
        self.vars = vars;
        self.lane_statement();
        self.lane_loop_inside(iv, outputs);
        for _ in 0..3 {
            self.lane_statement();
        }
        if let Some(reduction) = reduction {
            self.update_sometimes(reduction);
        }
        for array in outputs {
            self.store_lane(*array, iv);
        }
    }

    /// At least one loop, so that there is something to diverge.
    fn lane_loop_inside(&mut self, iv: Value, outputs: &[Value]) {
        if self.random.one_in(2) {
            self.while_loop();
        } else {
            self.varying_for();
        }
        if self.random.one_in(3) {
            let cond = self.scalar(DType::Bool);
            let array = outputs[0];
            let then = self.nested(|g| g.store_lane(array, iv));
            let otherwise = self.nested(|_| {});
            self.push(InstKind::If { cond, then, otherwise });
        }
    }

    fn update_sometimes(&mut self, reduction: ScalarReduction) {
        if self.random.one_in(2) {
            return self.update(reduction);
        }
        let cond = self.scalar(DType::Bool);
        let then = self.nested(|g| g.update(reduction));
        let otherwise = self.nested(|_| {});
        self.push(InstKind::If { cond, then, otherwise });
    }

    fn store_lane(&mut self, array: Value, iv: Value) {
        let dtype = self.ty(array).as_array().expect("an array").dtype;
        let value = self.scalar(dtype);
        self.builder.store(array, vec![iv], value);
    }

    pub(super) fn lane_statement(&mut self) {
        let simple = self.depth >= 5;
        match self.random.below(if simple { 5 } else { 11 }) {
            0..=2 => self.assign(),
            3 => self.load(),
            4 if self.random.one_in(4) => self.check(),
            5..=7 => self.branch(),
            8 => self.while_loop(),
            9 => self.varying_for(),
            10 if self.random.one_in(3) => self.call(),
            _ => self.assign(),
        }
    }

    /// A short loop whose bounds may differ between iterations.
    fn varying_for(&mut self) {
        let bound = |g: &mut Self| {
            let (v, seven) = (g.scalar(DType::I64), g.builder.i64(7));
            g.builder.binary(ungil_ir::inst::BinaryOp::Mod, v, seven)
        };
        let (start, stop) = (bound(self), bound(self));
        let step = *self.random.pick(&[1, -1, 2, -3]);
        let step = self.builder.i64(step);
        let (label, iv) = (self.builder.func.new_label(), self.builder.func.new_value(Type::I64));
        self.loops.push(label);
        let body = self.nested(|g| {
            g.values.push(iv);
            g.statements();
        });
        self.loops.pop();
        let hints = LoopHints::default();
        self.push(InstKind::For(Box::new(For { label, iv, start, stop, step, body, hints })));
    }
}
