//! Kernels of formulas: one loop over elements, in IR.
//!
//! The caller has broadcast the operands, joined axes that lie one behind the other and chosen their order, so that a
//! kernel sees one axis, or two: rows and the elements in them. It runs the kernel on any part of them; that is how
//! threads share the work. Parameters are the result array, then an array or a number for each operand.
//!
//! Contract: the result's elements are those of no operand, or the same ones at the same places.

use std::collections::HashMap;
use std::sync::Arc;

use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::function::{Function, Module, Origin};
use ungil_ir::inst::{Const, InstKind, ParallelFor, ReduceOp, Schedule, UnaryOp};
use ungil_ir::types::{ArrayType, DType, Layout, Type};

use crate::evaluate::build::missing;
use crate::evaluate::constant::Constant;
use crate::evaluate::error::Result;
use crate::evaluate::formula::FILE;
use crate::evaluate::kind::Kind;
use crate::evaluate::opcode;
use crate::evaluate::operators::{apply, number};
use crate::evaluate::tree::{Node, What, post_order};

/// How elements of an operand follow each other along a row.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Access {
    /// One number for all elements.
    Value,
    /// One behind the other.
    Contiguous,
    /// At a distance.
    Strided,
    /// One for all elements of a row.
    Row,
    /// In a form with `short`: the elements that are reduced to one lie one behind the other, and behind them the next ones.
    Beside,
}

/// An operand of a kernel, or its result.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Operand {
    pub dtype: DType,
    /// In the other byte order.
    pub swapped: bool,
    pub access: Access,
}

/// What a kernel is compiled for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Form {
    pub out: Operand,
    /// One for each variable, by number.
    pub operands: Vec<Operand>,
    /// Two axes rather than one.
    pub rows: bool,
    /// The elements of one axis are reduced to one.
    pub fold: Option<ReduceOp>,
    /// Elements are combined with those that the result has.
    pub gather: Option<ReduceOp>,
    /// So many rows are reduced to one, element by element.
    pub short: Option<(ReduceOp, u8)>,
}

impl Operand {
    /// The parameter's type.
    pub fn ty(self, rows: bool, readonly: bool) -> Type {
        if self.access == Access::Value {
            return Type::Scalar(self.dtype);
        }
        let contiguous = !rows && self.access == Access::Contiguous;
        let layout = if contiguous { Layout::C } else { Layout::Strided };
        let ndim = if rows { 2 } else { 1 };
        Type::Array(ArrayType { dtype: self.dtype, ndim, layout, readonly, swapped: self.swapped })
    }
}

/// Checks that every operation of a tree exists.
pub fn check(root: &Arc<Node>) -> Result<()> {
    for node in post_order(root) {
        if let What::Op { name, args } = &node.what {
            let kinds: Vec<Kind> = args.iter().map(|a| a.kind).collect();
            if opcode::resolve(name, node.kind, &kinds).is_none() {
                return Err(missing(name, node.kind, &kinds, "", node.span));
            }
        }
    }
    Ok(())
}

/// The kernel of a tree without reductions and strings, whose operations exist.
pub fn lower(root: &Arc<Node>, form: &Form) -> Module {
    let mut params = vec![form.out.ty(form.rows, false)];
    params.extend(form.operands.iter().map(|o| o.ty(form.rows, true)));
    let mut func = Function::new("formula", &params, Type::unit());
    func.origin = Origin { file: FILE.to_owned(), first_line: 1 };
    let values = func.params.clone();
    let mut b = Builder::new(&mut func);
    // What does not depend on the element stands in front of the loops.
    let mut kernel = Kernel { form, params: values, known: HashMap::new() };
    match (form.fold, form.short) {
        (Some(op), _) => kernel.fold(&mut b, root, op),
        (None, Some((op, count))) => kernel.short(&mut b, root, op, count),
        (None, None) if form.rows => kernel.rows(&mut b, root),
        (None, None) => kernel.row(&mut b, root, None),
    }
    b.push(InstKind::Return(None));
    Module { functions: vec![func], entry: Some(FuncId(0)), ..Module::default() }
}

struct Kernel<'f> {
    form: &'f Form,
    params: Vec<Value>,
    /// Values of nodes, and of equal operations on equal values.
    known: HashMap<Key, Value>,
}

#[derive(PartialEq, Eq, Hash)]
enum Key {
    Node(*const Node),
    Op(String, Vec<Value>),
    Constant(Kind, u64, u64),
}

impl Kernel<'_> {
    /// A loop over rows.
    fn rows(&mut self, b: &mut Builder<'_>, root: &Arc<Node>) {
        let extent = b.dim(self.params[0], 0);
        let i = b.func.new_value(Type::I64);
        let (body, ()) = b.nested(|b| self.row(b, root, Some(i)));
        b.push(InstKind::Domain { extents: vec![extent], ivs: vec![i], body });
    }

    /// A loop over the elements of row `i`, or of all.
    fn row(&mut self, b: &mut Builder<'_>, root: &Arc<Node>, i: Option<Value>) {
        let axis = u8::from(i.is_some());
        let extent = b.dim(self.params[0], axis);
        let arrays: Vec<Value> = (0..self.params.len()).map(|k| self.part(b, k, i, extent)).collect();
        let zero = b.i64(0);
        let j = b.func.new_value(Type::I64);
        // Numbers and the elements that a row shares are read once.
        let fixed: Vec<Option<Value>> = (0..self.form.operands.len())
            .map(|k| match self.form.operands[k].access {
                Access::Value => Some(self.params[k + 1]),
                Access::Row => Some(b.load(arrays[k + 1], vec![zero])),
                Access::Contiguous | Access::Strided | Access::Beside => None,
            })
            .collect();
        let (body, ()) = b.nested(|b| {
            let elements: Vec<Value> = fixed
                .iter()
                .enumerate()
                .map(|(k, fixed)| fixed.unwrap_or_else(|| b.load(arrays[k + 1], vec![j])))
                .collect();
            let result = self.element(b, root, &elements);
            let mut result = convert(b, result, self.form.out.dtype);
            if let Some(op) = self.form.gather {
                let before = b.load(arrays[0], vec![j]);
                result = b.binary(op.binary(), before, result);
            }
            b.store(arrays[0], vec![j], result);
        });
        b.push(InstKind::Domain { extents: vec![extent], ivs: vec![j], body });
    }

    /// A loop over the elements of one row of the result, each made of one element of each of `count` rows, in order.
    fn short(&mut self, b: &mut Builder<'_>, root: &Arc<Node>, op: ReduceOp, count: u8) {
        let (zero, extent) = (b.i64(0), b.dim(self.params[0], 1));
        let out = self.part(b, 0, Some(zero), extent);
        let rows: Vec<Vec<(Value, bool)>> = (0..count)
            .map(|row| {
                let row = b.i64(i64::from(row));
                let operands = self.form.operands.clone();
                let one = |(k, operand): (usize, &Operand)| {
                    let array = self.part(b, k + 1, Some(row), extent);
                    match operand.access {
                        Access::Value => (array, true),
                        Access::Row => (b.load(array, vec![zero]), true),
                        _ => (array, false),
                    }
                };
                operands.iter().enumerate().map(one).collect()
            })
            .collect();
        let j = b.func.new_value(Type::I64);
        let (body, ()) = b.nested(|b| {
            let mut result = None;
            for row in &rows {
                let elements: Vec<Value> =
                    row.iter().map(|(x, fixed)| if *fixed { *x } else { b.load(*x, vec![j]) }).collect();
                let element = self.element(b, root, &elements);
                let element = convert(b, element, self.form.out.dtype);
                result = Some(result.map_or(element, |before| b.binary(op.binary(), before, element)));
            }
            b.store(out, vec![j], result.expect("a row at least"));
        });
        b.push(InstKind::Domain { extents: vec![extent], ivs: vec![j], body });
    }

    /// A loop that reduces all elements over rotating partials.
    fn fold(&mut self, b: &mut Builder<'_>, root: &Arc<Node>, op: ReduceOp) {
        let dtype = self.form.out.dtype;
        let array = self.form.operands.iter().position(|o| o.access != Access::Value);
        let stop = match array {
            Some(k) => b.dim(self.params[k + 1], 0),
            None => b.i64(1),
        };
        let total = b.func.new_var("total", Type::Scalar(dtype));
        let identity = identity(b, op, dtype);
        b.set(total, identity);
        let (start, step) = (b.i64(0), b.i64(1));
        let (label, iv) = (b.func.new_label(), b.func.new_value(Type::I64));
        let (body, ()) = b.nested(|b| {
            let elements: Vec<Value> = (0..self.form.operands.len())
                .map(|k| match self.form.operands[k].access {
                    Access::Value => self.params[k + 1],
                    _ => b.load(self.params[k + 1], vec![iv]),
                })
                .collect();
            let element = self.element(b, root, &elements);
            let element = convert(b, element, dtype);
            let before = b.get(total);
            let after = b.binary(op.binary(), before, element);
            b.set(total, after);
        });
        b.push(InstKind::ParallelFor(Box::new(ParallelFor {
            label,
            iv,
            start,
            stop,
            step,
            schedule: Schedule::Static,
            chunk: None,
            num_threads: None,
            privates: Vec::new(),
            lasts: Vec::new(),
            scalars: Vec::new(),
            arrays: Vec::new(),
            min_block: 0,
            in_place: true,
            scalar: false,
            body,
        })));
        let zero = b.i64(0);
        let value = b.get(total);
        b.store(self.params[0], vec![zero], value);
    }

    /// Row `i` of a parameter.
    fn part(&mut self, b: &mut Builder<'_>, k: usize, i: Option<Value>, extent: Value) -> Value {
        let param = self.params[k];
        let operand = if k == 0 { self.form.out } else { self.form.operands[k - 1] };
        let (Some(i), true) = (i, operand.access != Access::Value) else { return param };
        let size = operand.dtype.size() as i64;
        let contiguous = operand.access == Access::Contiguous;
        let (step, stride) = match (operand.access, self.form.short) {
            (Access::Beside, Some((_, count))) => (b.i64(size), b.i64(size * i64::from(count))),
            _ if contiguous => (b.stride(param, 0), b.i64(size)),
            _ => (b.stride(param, 0), b.stride(param, 1)),
        };
        let offset = b.binary(ungil_ir::inst::BinaryOp::Mul, i, step);
        let layout = if contiguous { Layout::C } else { Layout::Strided };
        let readonly = k > 0;
        let ty = ArrayType { dtype: operand.dtype, ndim: 1, layout, readonly, swapped: operand.swapped };
        let view = InstKind::View { base: param, offset, shape: vec![extent], strides: vec![stride] };
        b.typed(view, Type::Array(ty))
    }

    /// The value of a tree for one element of each operand.
    fn element(&mut self, b: &mut Builder<'_>, root: &Arc<Node>, elements: &[Value]) -> Value {
        self.known.clear();
        for node in post_order(root) {
            let value = self.node(b, &node, elements);
            self.known.insert(Key::Node(Arc::as_ptr(&node)), value);
        }
        self.known[&Key::Node(Arc::as_ptr(root))]
    }

    fn node(&mut self, b: &mut Builder<'_>, node: &Node, elements: &[Value]) -> Value {
        match &node.what {
            What::Variable(k) => {
                let dtype = node.kind.dtype().expect("strings are no operands of kernels");
                self.shared(Key::Op(format!("variable {dtype}"), vec![elements[*k]]), |_| {
                    convert(b, elements[*k], dtype)
                })
            }
            What::Constant(constant) => self.constant(b, constant, node.kind),
            What::Op { name, args } => {
                let kinds: Vec<Kind> = args.iter().map(|a| a.kind).collect();
                let opcode = opcode::resolve(name, node.kind, &kinds).expect("the tree was checked");
                let values: Vec<Value> = args
                    .iter()
                    .zip(&opcode.args)
                    .map(|(arg, kind)| {
                        let dtype = kind.dtype().expect("strings are no operands of kernels");
                        if let Some(constant) = arg.as_constant() {
                            return self.constant(b, constant, *kind);
                        }
                        let value = self.known[&Key::Node(Arc::as_ptr(arg))];
                        self.shared(Key::Op(format!("cast {dtype}"), vec![value]), |_| {
                            convert(b, value, dtype)
                        })
                    })
                    .collect();
                let ret = node.kind.dtype().expect("strings are no results of operations");
                self.shared(Key::Op(format!("{name} {ret}"), values.clone()), |_| {
                    apply(b, name, &values, ret).expect("every opcode has an implementation")
                })
            }
            What::Reduce { .. } => unreachable!("reductions are computed before"),
        }
    }

    fn shared(&mut self, key: Key, make: impl FnOnce(&mut Self) -> Value) -> Value {
        if let Some(value) = self.known.get(&key) {
            return *value;
        }
        let value = make(self);
        self.known.insert(key, value);
        value
    }

    fn constant(&mut self, b: &mut Builder<'_>, constant: &Constant, kind: Kind) -> Value {
        let dtype = kind.dtype().expect("strings are no operands of kernels");
        let (re, im) = constant.as_complex().expect("a number");
        let bits = constant.as_int().map_or(re.to_bits(), |n| n as u64);
        let literal = match dtype {
            DType::Bool => Const::Bool(constant.truth()),
            d if d.is_int() => Const::Int(d, wrapped(constant.as_int().unwrap_or(0), d)),
            DType::F32 => Const::Float(dtype, f64::from(re as f32)),
            d if d.is_float() => Const::Float(d, re),
            d => Const::Complex(d, re, im),
        };
        self.shared(Key::Constant(kind, bits, im.to_bits()), |_| b.value(InstKind::Const(literal)))
    }
}

/// What changes no operand of a reduction.
fn identity(b: &mut Builder<'_>, op: ReduceOp, dtype: DType) -> Value {
    let float = dtype.is_float();
    let bits = dtype.bits();
    let literal = match op {
        ReduceOp::Mul => return number(b, dtype, 1.0),
        ReduceOp::Add if float => Const::Float(dtype, -0.0),
        ReduceOp::Add if dtype.is_complex() => Const::Complex(dtype, -0.0, -0.0),
        ReduceOp::Min if float => Const::Float(dtype, f64::INFINITY),
        ReduceOp::Max if float => Const::Float(dtype, f64::NEG_INFINITY),
        ReduceOp::Min if dtype.is_unsigned() => Const::Int(dtype, (u64::MAX >> (64 - bits)) as i64),
        ReduceOp::Min => Const::Int(dtype, i64::MAX >> (64 - bits)),
        ReduceOp::Max if dtype.is_unsigned() => Const::Int(dtype, 0),
        ReduceOp::Max => Const::Int(dtype, i64::MIN >> (64 - bits)),
        _ => return number(b, dtype, 0.0),
    };
    b.value(InstKind::Const(literal))
}

/// An integer as the constants of its type are kept: extended to 64 bits.
fn wrapped(n: i128, dtype: DType) -> i64 {
    match dtype {
        DType::I32 => i64::from(n as i32),
        _ => n as i64,
    }
}

/// A number as an element type; a complex one loses its imaginary part.
fn convert(b: &mut Builder<'_>, x: Value, dtype: DType) -> Value {
    let from = b.func.ty(x).dtype().expect("a scalar");
    if dtype == DType::Bool && from.is_complex() {
        let (re, im) = (b.unary(UnaryOp::Real, x), b.unary(UnaryOp::Imag, x));
        let (re, im) = (b.cast(re, DType::Bool), b.cast(im, DType::Bool));
        return b.binary(ungil_ir::inst::BinaryOp::Or, re, im);
    }
    if dtype == DType::C128 && from == DType::Bool {
        // Through a number, which casts of booleans to complex ones would be anyway.
        let real = b.cast(x, DType::F64);
        let zero = number(b, DType::F64, 0.0);
        return b.binary(ungil_ir::inst::BinaryOp::MakeComplex, real, zero);
    }
    b.cast(x, dtype)
}
