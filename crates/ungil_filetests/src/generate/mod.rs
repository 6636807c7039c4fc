//! Random programs: well-typed IR functions that terminate and do not race, with arguments.
//!
//! A seed gives the same program for ever: a module of up to three functions over scalars of all dtypes, arrays of all
//! layouts, loops, scopes, parallel loops, vectors and errors. Interpreter, passes and machine code must
//! agree on it. Left out are things whose result is not defined: contents of fresh memory, the sign of a NaN.

mod expression;
mod lanes;
mod parallel;
mod random;
mod statement;
mod vector;

use random::Random;
use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Label, Value, Var};
use ungil_ir::function::{Function, Module};
use ungil_ir::inst::{InstKind, Loc};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

/// A module, and argument lists for its entry function.
pub struct Program {
    pub module: Module,
    pub args: Vec<Vec<ArgValue>>,
}

/// Seeds from here on give programs whose loops run in vector lanes.
pub const LANES: u64 = 1 << 32;

/// The program of a seed.
pub fn program(seed: u64) -> Program {
    if seed >= LANES {
        return lanes::program(seed);
    }
    let mut random = Random::new(seed);
    let mut module = Module::default();
    let count = 1 + random.below(3);
    for number in 0..count {
        let function = function(&mut random, &module, number, number + 1 == count);
        module.functions.push(function);
    }
    let entry = FuncId(module.functions.len() as u32 - 1);
    module.entry = Some(entry);
    let f = module.function(entry);
    let types: Vec<Type> = f.params.iter().map(|v| f.ty(*v).clone()).collect();
    let args = (0..3).map(|_| arguments(&mut random, &types)).collect();
    Program { module, args }
}

fn arguments(random: &mut Random, types: &[Type]) -> Vec<ArgValue> {
    let mut args: Vec<ArgValue> = types.iter().map(|t| argument(random, t)).collect();
    if random.one_in(2) {
        overlap(random, types, &mut args);
    }
    args
}

/// Makes array arguments share memory where their types allow it: the same array twice, or one shifted by an element.
fn overlap(random: &mut Random, types: &[Type], args: &mut [ArgValue]) {
    for second in 1..args.len() {
        for first in 0..second {
            let (Type::Array(a), Type::Array(b)) = (&types[first], &types[second]) else { continue };
            let same = (a.dtype, a.ndim, a.swapped) == (b.dtype, b.ndim, b.swapped);
            if !same || !(b.layout == a.layout || b.layout == Layout::Strided) || random.one_in(3) {
                continue;
            }
            let ArgValue::Array(mut shared) = args[first].clone() else { continue };
            if a.ndim == 1 && shared.shape[0] > 0 && random.one_in(2) {
                shared.shape[0] -= 1;
                shared.offset += shared.strides[0];
            }
            args[second] = ArgValue::Array(shared);
        }
    }
}

fn function(random: &mut Random, module: &Module, number: usize, prints: bool) -> Function {
    let params: Vec<Type> = (0..1 + random.below(4)).map(|_| parameter(random)).collect();
    let mut func = Function::new(&format!("f{number}"), &params, Type::unit());
    let vars: Vec<Var> = (0..1 + random.below(4))
        .map(|i| {
            let ty = Type::Scalar(random.dtype());
            func.new_var(&format!("x{i}"), ty)
        })
        .collect();
    func.ret = Type::Tuple(vars.iter().map(|x| func.var_ty(*x).clone()).collect());
    let mut generator = Generator {
        values: func.params.clone(),
        builder: Builder::new(&mut func),
        random,
        module,
        vars: vars.clone(),
        results: vars,
        loops: Vec::new(),
        depth: 0,
        budget: 60,
        line: 1,
        shared: false,
        prints,
        in_lanes: false,
    };
    generator.statements();
    generator.return_variables();
    func
}

fn parameter(random: &mut Random) -> Type {
    if random.one_in(2) {
        return Type::Scalar(random.dtype());
    }
    let layout = *random.pick(&[Layout::C, Layout::C, Layout::F, Layout::Strided]);
    let readonly = random.one_in(6);
    let dtype = random.dtype();
    let swapped = random.one_in(10) && dtype.size() > 1;
    Type::Array(ArrayType { dtype, ndim: random.below(4) as u8, layout, readonly, swapped })
}

fn argument(random: &mut Random, ty: &Type) -> ArgValue {
    match ty {
        Type::Scalar(d) => ArgValue::Num(number(random, *d)),
        Type::Tuple(items) => ArgValue::Tuple(items.iter().map(|t| argument(random, t)).collect()),
        Type::Array(array) => {
            let shape: Vec<i64> = (0..array.ndim).map(|_| random.below(6) as i64).collect();
            let elements: Vec<Num> =
                (0..shape.iter().product::<i64>()).map(|_| number(random, array.dtype)).collect();
            if array.layout != Layout::Strided {
                return ArgValue::Array(ArrayArg::new(*array, &shape, &elements));
            }
            let mut step = array.dtype.size() as i64 * (1 + random.below(2) as i64);
            let mut strides = vec![0; shape.len()];
            for axis in 0..shape.len() {
                strides[axis] = if random.one_in(2) { -step } else { step };
                step *= shape[axis].max(1) + random.below(2) as i64;
            }
            ArgValue::Array(ArrayArg::with_strides(*array, &shape, strides, &elements))
        }
        Type::Vec(..) | Type::Mask(_) | Type::Pointer => unreachable!("functions take no vectors"),
    }
}

/// A number, often one at an edge.
fn number(random: &mut Random, dtype: DType) -> Num {
    match dtype {
        DType::Bool => Num::Bool(random.one_in(2)),
        DType::F32 => Num::F32(random.float() as f32),
        DType::F64 => Num::F64(random.float()),
        DType::C64 => Num::C64(random.float() as f32, random.float() as f32),
        DType::C128 => Num::C128(random.float(), random.float()),
        d => Num::wrap(d, i128::from(random.integer())),
    }
}

/// Builds one function.
struct Generator<'g> {
    builder: Builder<'g>,
    random: &'g mut Random,
    /// Functions that may be called: those before this one.
    module: &'g Module,
    /// Values in scope.
    values: Vec<Value>,
    /// Variables that may be read and written here.
    vars: Vec<Var>,
    /// Variables that the function returns.
    results: Vec<Var>,
    /// Loops that `break` and `continue` may name here.
    loops: Vec<Label>,
    depth: u32,
    /// Statements that may still be made.
    budget: i32,
    line: u32,
    /// In a parallel loop or domain: no exits, no stores to arrays from outside.
    shared: bool,
    /// Only the entry function prints: others may run in parallel loops, where the order of lines is not defined.
    prints: bool,
    /// In the body of a loop for vector lanes: only statements that have a form there.
    in_lanes: bool,
}

impl Generator<'_> {
    fn push(&mut self, kind: InstKind) -> Option<Value> {
        self.line += 1;
        self.builder.loc = Loc { line: self.line, col: 1 };
        let v = self.builder.push(kind);
        self.values.extend(v);
        v
    }

    fn value(&mut self, kind: InstKind) -> Value {
        self.push(kind).expect("the instruction has a result")
    }

    fn typed(&mut self, kind: InstKind, ty: Type) -> Value {
        let v = self.builder.typed(kind, ty);
        self.values.push(v);
        v
    }

    fn ty(&self, v: Value) -> Type {
        self.builder.func.ty(v).clone()
    }

    /// A nested region; what it defines leaves the scope.
    fn nested(&mut self, build: impl FnOnce(&mut Self)) -> ungil_ir::entities::Region {
        let region = self.builder.func.new_region();
        let outer = std::mem::replace(&mut self.builder.region, region);
        let depth = self.values.len();
        self.depth += 1;
        build(self);
        self.depth -= 1;
        self.values.truncate(depth);
        self.builder.region = outer;
        region
    }

    /// Values in scope of a kind.
    fn candidates(&self, wanted: impl Fn(&Type) -> bool) -> Vec<Value> {
        self.values.iter().copied().filter(|v| wanted(self.builder.func.ty(*v))).collect()
    }

    fn return_variables(&mut self) {
        let items: Vec<Value> = self.results.clone().into_iter().map(|x| self.builder.get(x)).collect();
        let tuple = self.builder.value(InstKind::TupleMake(items));
        self.builder.push(InstKind::Return(Some(tuple)));
    }
}
