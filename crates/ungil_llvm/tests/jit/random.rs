//! Random programs: compiled code and the interpreter agree.
//!
//! A generator makes well-typed functions of loops, branches, variables, arrays, checks, scopes and calls; both run
//! them on the same arguments.

use crate::oracle::Pair;
use ungil_interp::argument::{ArgValue, ArrayArg};
use ungil_interp::number::Num;
use ungil_ir::types::{ArrayType, DType, Layout, Type};

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % n
    }

    fn one<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}

const TYPES: [DType; 6] = [DType::I64, DType::F64, DType::F32, DType::I16, DType::U32, DType::Bool];

/// Writes one function.
struct Writer {
    random: Random,
    text: String,
    next: u32,
    labels: u32,
    /// Values in scope by number and type.
    values: Vec<(u32, DType)>,
    loops: Vec<u32>,
    depth: usize,
}

/// One variable for each type, one array for each type but bool.
fn variable(dtype: DType) -> usize {
    TYPES.iter().position(|t| *t == dtype).expect("a listed type")
}

impl Writer {
    fn line(&mut self, text: &str) {
        self.text += &"  ".repeat(self.depth + 1);
        self.text += text;
        self.text += "\n";
    }

    fn fresh(&mut self, dtype: DType, what: &str) -> u32 {
        let v = self.next;
        self.next += 1;
        self.line(&format!("v{v} = {what} @{}:1", v + 2));
        self.values.push((v, dtype));
        v
    }

    fn value(&mut self, dtype: DType) -> u32 {
        let known: Vec<u32> = self.values.iter().filter(|(_, d)| *d == dtype).map(|(v, _)| *v).collect();
        match self.random.below(4) {
            0 => self.fresh(dtype, &format!("get x{}", variable(dtype))),
            1 => {
                let constant = match dtype {
                    DType::Bool => "true".to_owned(),
                    d if d.is_float() => {
                        ["0.5", "-0.0", "3.0", "1073741824.0"][self.random.below(4)].to_owned()
                    }
                    _ => ["0", "1", "7", "100"][self.random.below(4)].to_owned(),
                };
                self.fresh(dtype, &format!("const {dtype} {constant}"))
            }
            _ if known.is_empty() => self.fresh(dtype, &format!("get x{}", variable(dtype))),
            _ => *self.random.one(&known),
        }
    }

    fn expression(&mut self) {
        let dtype = *self.random.one(&TYPES);
        match self.random.below(5) {
            0 => {
                let (a, b) = (self.value(dtype), self.value(dtype));
                let op = *self.random.one(&["eq", "lt", "ge"]);
                self.fresh(DType::Bool, &format!("{op} v{a}, v{b}"));
            }
            1 => {
                let (c, a, b) = (self.value(DType::Bool), self.value(dtype), self.value(dtype));
                self.fresh(dtype, &format!("select v{c}, v{a}, v{b}"));
            }
            2 => {
                let (a, to) = (self.value(dtype), *self.random.one(&TYPES));
                self.fresh(to, &format!("cast v{a} to {to}"));
            }
            _ => {
                let (a, b) = (self.value(dtype), self.value(dtype));
                let ops: &[&str] = match dtype {
                    DType::Bool => &["and", "or", "xor"],
                    d if d.is_float() => {
                        &["add", "sub", "mul", "div", "min", "mod", "floordiv", "math.hypot"]
                    }
                    _ => &["add", "sub", "mul", "floordiv", "mod", "shl", "shr", "max", "and", "checked.add"],
                };
                let op = *self.random.one(ops);
                self.fresh(dtype, &format!("{op} v{a}, v{b}"));
            }
        }
    }

    /// A checked access of the array of a random type.
    fn access(&mut self) {
        let k = self.random.below(TYPES.len());
        let dtype = TYPES[k];
        let i = self.value(DType::I64);
        let size = self.fresh(DType::I64, &format!("dim v{k}, 0"));
        let flags = *self.random.one(&["wrap check", "check"]);
        let bound = if self.random.below(6) > 0 {
            let wrapped = self.fresh(DType::I64, &format!("mod v{i}, v{size}"));
            self.fresh(DType::I64, &format!("check_index v{wrapped}, v{size} axis 0 {flags}"))
        } else {
            self.fresh(DType::I64, &format!("check_index v{i}, v{size} axis 0 {flags}"))
        };
        if self.random.below(2) == 0 {
            self.fresh(dtype, &format!("load v{k}[v{bound}]"));
        } else {
            let v = self.value(dtype);
            self.line(&format!("store v{k}[v{bound}], v{v}"));
        }
    }

    fn block(&mut self, budget: usize) -> bool {
        let (depth, known) = (self.depth, self.values.len());
        self.depth += 1;
        let open = self.statements(budget);
        self.depth = depth;
        self.values.truncate(known);
        open
    }

    /// Writes statements; returns whether the end is reached.
    fn statements(&mut self, budget: usize) -> bool {
        for _ in 0..2 + self.random.below(4) {
            match self.random.below(14) {
                0 if budget > 0 => {
                    let c = self.value(DType::Bool);
                    self.line(&format!("if v{c} {{"));
                    self.block(budget - 1);
                    self.line("} else {");
                    self.block(budget - 1);
                    self.line("}");
                }
                1 | 2 if budget > 0 => self.counted_loop(budget),
                3 if budget > 0 => {
                    self.line("scope {");
                    self.block(budget - 1);
                    self.line("} cleanup {");
                    let loops = std::mem::take(&mut self.loops);
                    let known = self.values.len();
                    let v = self.value(DType::F64);
                    self.line(&format!("set x1, v{v}"));
                    self.values.truncate(known);
                    self.loops = loops;
                    self.line("}");
                }
                4 if !self.loops.is_empty() && self.random.below(3) == 0 => {
                    let label = *self.random.one(&self.loops.clone());
                    let kind = *self.random.one(&["break", "continue"]);
                    self.line(&format!("{kind} l{label}"));
                    return false;
                }
                5 if self.random.below(8) == 0 => {
                    self.finish();
                    return false;
                }
                6 | 7 => self.access(),
                8 | 9 => {
                    let dtype = *self.random.one(&TYPES);
                    let v = self.value(dtype);
                    self.line(&format!("set x{}, v{v}", variable(dtype)));
                }
                _ => self.expression(),
            }
        }
        true
    }

    fn counted_loop(&mut self, budget: usize) {
        let start = self.value(DType::I64);
        let eight = self.fresh(DType::I64, "const int64 5");
        let start = self.fresh(DType::I64, &format!("mod v{start}, v{eight}"));
        let bounds = [("9", "1"), ("12", "3"), ("-4", "-1"), ("-9", "-2"), ("2", "1")];
        let (stop, step) = *self.random.one(&bounds);
        let stop = self.fresh(DType::I64, &format!("const int64 {stop}"));
        let step = self.fresh(DType::I64, &format!("const int64 {step}"));
        let (label, iv) = (self.labels, self.next);
        self.labels += 1;
        self.next += 1;
        self.line(&format!("for l{label} v{iv} in v{start}..v{stop} step v{step} {{"));
        let known = self.values.len();
        self.values.push((iv, DType::I64));
        self.loops.push(label);
        self.block(budget - 1);
        self.loops.pop();
        self.values.truncate(known);
        self.line("}");
    }

    fn finish(&mut self) {
        let known = self.values.len();
        let all: Vec<String> = (0..TYPES.len())
            .map(|k| {
                let v = self.fresh(TYPES[k], &format!("get x{k}"));
                format!("v{v}")
            })
            .collect();
        let v = self.next;
        self.next += 1;
        self.line(&format!("v{v} = tuple {}", all.join(", ")));
        self.line(&format!("return v{v}"));
        self.values.truncate(known);
    }
}

fn array_type(k: usize, seed: u64) -> ArrayType {
    let layout = if (seed >> k) & 1 == 0 { Layout::C } else { Layout::Strided };
    ArrayType { dtype: TYPES[k], ndim: 1, layout, readonly: false, swapped: (seed >> (k + 6)) & 7 == 7 }
}

fn program(seed: u64) -> String {
    let mut w = Writer {
        random: Random(seed),
        text: String::new(),
        next: TYPES.len() as u32 + 2,
        labels: 0,
        values: vec![(6, DType::I64), (7, DType::F64)],
        loops: Vec::new(),
        depth: 0,
    };
    let params: Vec<String> =
        (0..TYPES.len()).map(|k| format!("v{k}: {}", Type::Array(array_type(k, seed)))).collect();
    let ret: Vec<&str> = TYPES.iter().map(|t| t.name()).collect();
    w.text = format!("func @f({}, v6: int64, v7: float64) -> ({}) {{\n", params.join(", "), ret.join(", "));
    for (k, t) in TYPES.iter().enumerate() {
        w.line(&format!("var x{k} \"x{k}\": {t}"));
    }
    if w.statements(4) {
        w.finish();
    }
    w.text + "}\n"
}

/// Arguments of the program of a seed.
fn arguments(program: u64, seed: u64) -> Vec<ArgValue> {
    let number = |d: DType, k: i64| match d {
        DType::Bool => Num::Bool(k % 2 == 0),
        DType::F32 => Num::F32(k as f32 * 0.75),
        DType::F64 => Num::F64(k as f64 * 0.75 - 2.0),
        d => Num::wrap(d, i128::from(k * k * 13 - 40)),
    };
    let mut args: Vec<ArgValue> = (0..TYPES.len())
        .map(|k| {
            let ty = array_type(k, program);
            let elements: Vec<Num> = (0..7).map(|i| number(ty.dtype, i + seed as i64 % 5)).collect();
            ArgValue::Array(match ty.layout {
                Layout::Strided => crate::oracle::strided(ty, &[7], &elements),
                _ => ArrayArg::new(ty, &[7], &elements),
            })
        })
        .collect();
    args.push(ArgValue::Num(Num::wrap(DType::I64, i128::from(seed % 9))));
    args.push(ArgValue::Num(Num::F64(seed as f64 / 3.0)));
    args
}

#[test]
fn random_programs_agree() {
    let first = std::env::var("UNGIL_RANDOM_SEED").ok().and_then(|s| s.parse().ok()).unwrap_or(1);
    let count = std::env::var("UNGIL_RANDOM_COUNT").ok().and_then(|s| s.parse().ok()).unwrap_or(60);
    for seed in first..first + count {
        let pair = Pair::new(&program(seed * 7919));
        pair.check(&arguments(seed * 7919, seed * 7919));
        pair.check(&arguments(seed * 7919, seed));
    }
}
