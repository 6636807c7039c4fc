//! Library functions by canonical name.
//!
//! One table maps `builtins.abs`, `math.sqrt`, `numpy.empty` … to the function that lowers a call. To add one, write
//! an entry and its lowering; the reference page and the suggestions of "not supported" errors follow from here.

use ungil_ir::inst::InstKind;
use ungil_ir::types::{DType, Layout};

use crate::diagnostics::calls::CallError;
use crate::diagnostics::types::TypeError;
use crate::diagnostics::{Error, Result};
use crate::lower::Lowerer;
use crate::lower::call::Args;
use crate::lower::foreign::library;
use crate::lower::intrinsics;
use crate::lower::mpi;
use crate::lower::numpy::create::Content;
use crate::lower::numpy::{
    along, block, calling, conversion, einsum, limits, methods, reductions, selection, shapes, typing, ufuncs,
};
use crate::operand::Operand;
use crate::prelude;
use crate::ty::{IterTy, SliceTy, Ty};

/// Canonical names with a lowering of their own; functions of `math` are looked up by `Lowerer::math_call`.
pub const NAMES: &[&str] = &[
    "builtins.abs",
    "builtins.min",
    "builtins.max",
    "builtins.sum",
    "builtins.any",
    "builtins.all",
    "builtins.pow",
    "builtins.round",
    "builtins.divmod",
    "builtins.len",
    "builtins.isinstance",
    "builtins.type",
    "builtins.range",
    "builtins.slice",
    "builtins.int",
    "builtins.float",
    "builtins.bool",
    "builtins.complex",
    "builtins.enumerate",
    "builtins.zip",
    "builtins.reversed",
    "builtins.print",
    "builtins.tuple",
    "builtins.list",
    "builtins.sorted",
    "numpy.empty",
    "numpy.zeros",
    "numpy.ones",
    "numpy.full",
    "numpy.empty_like",
    "numpy.zeros_like",
    "numpy.ones_like",
    "numpy.full_like",
    "numpy.arange",
    "numpy.linspace",
    "numpy.asarray",
    "numpy.asanyarray",
    "numpy.fromiter",
    "numpy.array",
    "numpy.copy",
    "numpy.ascontiguousarray",
    "numpy.asfortranarray",
    "numpy.require",
    "numpy.abs",
    "numpy.sqrt",
    "numpy.exp",
    "numpy.log",
    "numpy.sin",
    "numpy.cos",
    "numpy.tan",
    "numpy.tanh",
    "numpy.floor",
    "numpy.ceil",
    "numpy.isnan",
    "numpy.isinf",
    "numpy.isfinite",
    "numpy.minimum",
    "numpy.maximum",
    "ungil.get_thread_id",
    "ungil.get_num_threads",
    "ungil.set_num_threads",
    "ungil.simd",
    "ungil.carray",
    "ungil.farray",
];

/// Whether a function uses each element of its arguments once, so that they may be lazy arrays.
pub(crate) fn takes_lazy(name: &str) -> bool {
    let known = |function: &str| {
        function.starts_with("ndarray.") || EAGER.contains(&function) || shapes::is_eager(function)
    };
    if methods::split(name).is_some() {
        return false;
    }
    if matches!(name, "ungil.intrinsics.copy" | "ungil.intrinsics.store") {
        return true;
    }
    name.strip_prefix("numpy.").is_some_and(|function| !known(function))
        && prelude::find(name).is_none_or(prelude::is_elementwise)
}

/// A family of functions: `None` where the function is another's.
type Family = fn(&mut Lowerer<'_, '_>, &str, &Args) -> Result<Option<Operand>>;

const FAMILIES: [Family; 8] = [
    selection::call,
    shapes::call,
    typing::call,
    limits::call,
    einsum::call,
    block::call,
    calling::call,
    conversion::call,
];

/// NumPy's functions that look at arrays as such.
const EAGER: &[&str] = &[
    "empty",
    "zeros",
    "ones",
    "full",
    "empty_like",
    "zeros_like",
    "ones_like",
    "full_like",
    "arange",
    "linspace",
    "asarray",
    "asanyarray",
    "fromiter",
    "array",
    "copy",
    "ascontiguousarray",
    "asfortranarray",
    "require",
    "block",
    "einsum",
];

/// Calls that the driver writes for operators and blocks of the Cython language.
const WRITTEN_FOR_C: &[&str] = &["cython.cast", "cython.view", "cython.gil_block", "cython.character"];

/// Calls a library function.
pub(crate) fn call(l: &mut Lowerer<'_, '_>, name: &str, args: Args) -> Result<Operand> {
    let span = args.span;
    let mut args = args;
    if let Some(function) = name.strip_prefix("cython.openmp.") {
        return l.openmp(function, args);
    }
    if let Some(described) = name.strip_prefix("cython.extern:") {
        return l.call_extern(described, args);
    }
    if let Some(text) = name.strip_prefix("cython.struct.") {
        return l.make_struct(text, args);
    }
    if name.starts_with(mpi::PREFIX) {
        return mpi::call(l, name, args);
    }
    if let Some(function) = name.strip_prefix("libc.math.") {
        return l.libc_math(function, args);
    }
    lists_as_arrays(l, name, &mut args)?;
    if let Some(function) = name.strip_prefix("numpy.")
        && let Some(done) = along::call(l, function, &args)?
    {
        return Ok(done);
    }
    if let Some(function) = name.strip_prefix("math.") {
        if args.keywords.is_empty()
            && let Some(result) = l.math_call(function, &args.positional, span)?
        {
            return Ok(result);
        }
        return Err(unknown(name, span));
    }
    if let Some(function) = name.strip_prefix("cmath.") {
        return l.cmath_call(function, args);
    }
    if let Some(function) = name.strip_prefix("builtins.") {
        return builtin(l, function, args);
    }
    if let Some((function, method)) = methods::split(name) {
        let callee = Operand::entity(Ty::Builtin(function.into()), args.span);
        return methods::call(l, callee, method, args);
    }
    if let Some(kernel) = prelude::find(name) {
        if prelude::is_elementwise(kernel) {
            if matches!(name, "numpy.round" | "numpy.around") {
                return rounded(l, name, kernel, args);
            }
            return match universal_operands(name) {
                Some((function, operands)) => l.call_universal(kernel, function, operands, args),
                None => l.lift_prelude(kernel, args),
            };
        }
        return l.call_prelude(kernel, args);
    }
    if let Some(function) = name.strip_prefix("ungil.intrinsics.") {
        return intrinsics::call(l, function, args);
    }
    if let Some(function) = name.strip_prefix("numpy.") {
        return numpy(l, function, args);
    }
    match name {
        "ungil.get_thread_id" => Ok(Operand::value(Ty::PyInt, l.b().value(InstKind::ThreadId), span)),
        "ungil.get_num_threads" => Ok(Operand::value(Ty::PyInt, l.b().value(InstKind::NumThreads), span)),
        "ungil.set_num_threads" => {
            let n = one(args, "set_num_threads", "n")?;
            let n = l.integer_argument(&n, "set_num_threads", "n")?;
            Ok(Operand::value(Ty::PyInt, l.b().value(InstKind::SetNumThreads(n)), span))
        }
        name if WRITTEN_FOR_C.contains(&name) => l.written_for_c(name, args),
        "ungil._parallel_requested" => Ok(Operand::bool(l.program.options.parallel_arrays, span)),
        "ungil._result_dtype" => l.result_dtype(args),
        "ungil.prange" => range(l, args),
        "ungil.carray" => l.array_behind(Layout::C, args),
        "ungil.farray" => l.array_behind(Layout::F, args),
        _ if name.starts_with("ctypes.") || name.starts_with("cffi.") => library::call(l, name, args),
        // The loop over it knows.
        "ungil.simd" => one(args, "simd", "iterable"),
        _ => Err(unknown(name, span)),
    }
}

/// Makes arrays of the lists among the arguments of a function of NumPy.
fn lists_as_arrays(l: &mut Lowerer<'_, '_>, name: &str, args: &mut Args) -> Result<()> {
    if !name.starts_with("numpy.") || matches!(&name[6..], "array" | "asarray" | "asanyarray" | "fromiter") {
        return Ok(());
    }
    // Lists stand for arrays, except where arrays of different lengths are joined.
    let joins = matches!(&name[6..], "concatenate" | "concat" | "stack" | "vstack" | "hstack" | "row_stack");
    for value in args.positional.iter_mut().chain(args.keywords.iter_mut().map(|(_, v)| v)) {
        if matches!(value.ty, Ty::List(_)) && !(joins && l.lists_arrays(value)) {
            *value = l.as_array(value, None, value.span)?;
        }
    }
    Ok(())
}

pub(crate) fn unknown(name: &str, span: ungil_diag::span::Span) -> crate::diagnostics::Error {
    let short = name.strip_prefix("builtins.").unwrap_or(name);
    // Python knows the function: its name is no slip, and one spelled like it does something else.
    CallError::UnknownFunction { name: short.to_owned(), span }.into()
}

/// `np.round(a, decimals, out)`.
fn rounded(
    l: &mut Lowerer<'_, '_>,
    name: &str,
    kernel: crate::world::KernelId,
    args: Args,
) -> Result<Operand> {
    let span = args.span;
    let mut bound = args.bind(name, &["a", "decimals", "out"], 1)?;
    let out = bound.pop().flatten().filter(|o| !o.is_none());
    let positional = bound.into_iter().map(|o| o.unwrap_or_else(|| Operand::int(0, span))).collect();
    let result = l.lift_prelude(kernel, Args { positional, keywords: Vec::new(), span })?;
    match out {
        Some(out) => l.write_out(&out, &result),
        None => Ok(result),
    }
}

/// The functions of the prelude on elements that are universal functions, or take `out` as these do, with their operands.
fn universal_operands(name: &str) -> Option<(&str, usize)> {
    let function = name.strip_prefix("numpy.")?;
    let operands = match function {
        "sign" | "conj" | "conjugate" | "bitwise_count" | "isneginf" | "isposinf" => 1,
        "gcd" | "lcm" | "heaviside" => 2,
        "clip" => 3,
        _ => return None,
    };
    Some((function, operands))
}

fn one(args: Args, function: &str, parameter: &str) -> Result<Operand> {
    let mut bound = args.bind(function, &[parameter], 1)?;
    Ok(bound.remove(0).expect("a required argument"))
}

fn two(args: Args, function: &str, parameters: [&str; 2]) -> Result<[Operand; 2]> {
    let mut bound = args.bind(function, &parameters, 2)?.into_iter().map(|o| o.expect("a required argument"));
    Ok([(); 2].map(|()| bound.next().expect("two parameters")))
}

#[expect(clippy::too_many_lines, reason = "a match that only dispatches")]
fn builtin(l: &mut Lowerer<'_, '_>, function: &str, args: Args) -> Result<Operand> {
    let span = args.span;
    match function {
        "abs" => {
            let x = one(args, function, "x")?;
            if l.is_proper_array(&x) {
                return ufuncs::call(l, "abs", Args { positional: vec![x], keywords: Vec::new(), span });
            }
            l.absolute(&x, span)
        }
        "min" | "max" => l.extremum_with(function == "max", args, span),
        "any" | "all" => {
            let x = one(args, function, "iterable")?;
            l.quantified(function == "any", &x, span)
        }
        "sum" => {
            let bound = args.bind(function, &["iterable", "start"], 1)?;
            l.total(bound[0].as_ref().expect("required"), bound[1].as_ref(), span)
        }
        "pow" => {
            let bound = args.bind(function, &["base", "exp", "mod"], 2)?;
            let (base, exp) = (bound[0].as_ref().expect("required"), bound[1].as_ref().expect("required"));
            match bound[2].as_ref().filter(|m| !m.is_none()) {
                Some(modulus) => l.modular_power([base, exp, modulus], span),
                None => l.power(base, exp, span),
            }
        }
        "round" => {
            let bound = args.bind(function, &["number", "ndigits"], 1)?;
            l.rounded(bound[0].as_ref().expect("required"), bound[1].as_ref(), span)
        }
        "divmod" => {
            let [x, y] = two(args, function, ["x", "y"])?;
            if l.is_proper_array(&x) || l.is_proper_array(&y) {
                return ufuncs::call(
                    l,
                    "divmod",
                    Args { positional: vec![x, y], keywords: Vec::new(), span },
                );
            }
            l.divided(&x, &y, span)
        }
        "isinstance" => {
            let [x, class] = two(args, function, ["object", "class_or_tuple"])?;
            l.isinstance(&x, &class, span)
        }
        "type" => {
            let x = one(args, function, "object")?;
            l.type_of(&x, span)
        }
        "len" => {
            let x = one(args, function, "obj")?;
            l.length(&x, span)
        }
        "range" => range(l, args),
        "int" if args.positional.first().is_some_and(|x| x.as_str().is_some()) => int_of_text(l, args),
        "int" | "float" | "bool" => {
            let x = args.bind(function, &["x"], 0)?.remove(0).unwrap_or_else(|| Operand::int(0, span));
            match function {
                "int" => l.int_of(&x, span),
                "float" => l.float_of(&x, span),
                _ => l.bool_of(&x, span),
            }
        }
        "complex" => {
            let bound = args.bind(function, &["real", "imag"], 0)?;
            let zero = Operand::int(0, span);
            l.complex_of_parts(bound[0].as_ref().unwrap_or(&zero), bound[1].as_ref(), span)
        }
        "enumerate" => {
            let bound = args.bind(function, &["iterable", "start"], 1)?;
            let items = bound[0].clone().expect("required");
            let start = bound[1].clone().unwrap_or_else(|| Operand::int(0, span));
            let ty = Ty::Iter(IterTy::Enumerate(items.ty.clone()).into());
            Ok(Operand::parts(ty, vec![items, start], span))
        }
        "zip" => {
            let mut args = args;
            let strict = args.take("strict").is_some_and(|s| s.constant.is_some_and(|c| c.truth()));
            let types = args.positional.iter().map(|p| p.ty.clone()).collect();
            Ok(Operand::parts(Ty::Iter(IterTy::Zip(types, strict).into()), args.positional, span))
        }
        "slice" => slice(args),
        "reversed" => {
            let x = one(args, function, "sequence")?;
            Ok(Operand::parts(Ty::Iter(IterTy::Reversed(x.ty.clone()).into()), vec![x], span))
        }
        "list" => {
            let bound = args.bind(function, &["iterable"], 0)?;
            match &bound[0] {
                Some(items) => l.list_from(items, span),
                None => l.list_of(&[], span),
            }
        }
        "sorted" => {
            let mut args = args;
            let (key, descending) = (args.take("key"), args.take("reverse"));
            let items = one(args, function, "iterable")?;
            let list = l.list_from(&items, span)?;
            l.list_sort(&list, key.as_ref(), descending.as_ref(), span)?;
            Ok(list)
        }
        "tuple" => match args.bind(function, &["iterable"], 0)?.remove(0) {
            None => Ok(Operand::tuple(Vec::new(), span)),
            Some(items) => l.tuple_from(&items, span),
        },
        "print" => l.print(args),
        _ => Err(unknown(&format!("builtins.{function}"), span)),
    }
}

/// `int("ff", 16)`.
fn int_of_text(l: &mut Lowerer<'_, '_>, args: Args) -> Result<Operand> {
    let span = args.span;
    let bound = args.bind("int", &["x", "base"], 1)?;
    let text = bound[0].as_ref().and_then(Operand::as_str).unwrap_or_default().to_owned();
    let base = match &bound[1] {
        None => 10,
        Some(b) => match b.const_int() {
            Some(n @ (0 | 2..=36)) => n as u32,
            _ => {
                let expected = "base of 0 or from 2 to 36";
                return Err(TypeError::IndexConstant { span: b.span, expected }.into());
            }
        },
    };
    l.int_of_text(&text, base, span)
}

/// `slice(stop)`, `slice(start, stop)`, `slice(start, stop, step)`; which of them are `None` is known.
fn slice(args: Args) -> Result<Operand> {
    let span = args.span;
    let bound = match args.positional.len() {
        1 => vec![None, Some(one(args, "slice", "stop")?), None],
        _ => args.bind("slice", &["start", "stop", "step"], 2)?,
    };
    let [start, stop, step] = [0, 1, 2].map(|k| bound[k].clone().filter(|o| !o.is_none()));
    let ty = SliceTy { start: start.is_some(), stop: stop.is_some(), step: step.is_some() };
    let parts = [start, stop, step].into_iter().flatten().collect();
    Ok(Operand::parts(Ty::Slice(ty), parts, span))
}

/// `range(stop)`, `range(start, stop)`, `range(start, stop, step)`.
fn range(l: &mut Lowerer<'_, '_>, args: Args) -> Result<Operand> {
    let span = args.span;
    let bound = match args.positional.len() {
        1 => {
            let stop = one(args, "range", "stop")?;
            vec![Operand::int(0, span), stop, Operand::int(1, span)]
        }
        _ => {
            let bound = args.bind("range", &["start", "stop", "step"], 2)?;
            let mut bound = bound.into_iter();
            let mut next = || bound.next().flatten();
            let (start, stop, step) = (next(), next(), next());
            vec![
                start.expect("required"),
                stop.expect("required"),
                step.unwrap_or_else(|| Operand::int(1, span)),
            ]
        }
    };
    let mut parts = Vec::with_capacity(bound.len());
    for part in &bound {
        l.integer_argument(part, "range", "stop")?;
        // A range has integers of Python, whatever it is made of.
        parts.push(match part.const_int().and_then(|n| i64::try_from(n).ok()) {
            Some(n) => Operand::int(n, part.span),
            None => Operand::value(Ty::PyInt, l.index(part)?, part.span),
        });
    }
    let bound = parts;
    if let Some(0) = bound[2].const_int() {
        let fine = l.b().bool(false);
        l.check(
            fine,
            ungil_abi::exception::ExcClass::VALUE_ERROR,
            "range() arg 3 must not be zero",
            Vec::new(),
        );
    } else if bound[2].constant.is_none() {
        let (step, zero) = (l.index(&bound[2])?, l.b().i64(0));
        let fine = l.b().compare(ungil_ir::inst::CompareOp::Ne, step, zero);
        l.check(
            fine,
            ungil_abi::exception::ExcClass::VALUE_ERROR,
            "range() arg 3 must not be zero",
            Vec::new(),
        );
    }
    Ok(Operand::parts(Ty::Range, bound, span))
}

#[expect(clippy::too_many_lines, reason = "a match that only dispatches")]
fn numpy(l: &mut Lowerer<'_, '_>, function: &str, mut args: Args) -> Result<Operand> {
    let span = args.span;
    if let Some(result) = reductions::call(l, function, args.clone())? {
        return Ok(result);
    }
    let function = function.strip_prefix("lib.stride_tricks.").unwrap_or(function);
    if makes_arrays(function) {
        // Arrays of other kinds and places do not exist here.
        args.take("device");
        args.take("like");
    }
    let qualified = format!("numpy.{function}");
    for family in FAMILIES {
        if let Some(done) = family(l, function, &args)? {
            return Ok(done);
        }
    }
    match function {
        "empty" | "zeros" | "ones" => {
            let bound = args.bind(&qualified, &["shape", "dtype", "order"], 1)?;
            let dtype = dtype_of(l, bound[1].as_ref(), &qualified)?.unwrap_or(DType::F64);
            let layout = l.order_argument(bound[2].as_ref(), &qualified)?;
            let unit = Operand::int(1, span);
            let content = match function {
                "empty" => Content::Empty,
                "zeros" => Content::Zeros,
                _ => Content::Filled(&unit),
            };
            l.new_array(&qualified, bound[0].as_ref().expect("required"), dtype, layout, &content, span)
        }
        "full" => {
            let bound = args.bind(&qualified, &["shape", "fill_value", "dtype", "order"], 2)?;
            let fill = &l.filling_operand(bound[1].as_ref().expect("required"))?;
            let natural = fill.ty.as_array().map(|t| t.dtype).or(fill.ty.dtype()).unwrap_or(DType::F64);
            let dtype = dtype_of(l, bound[2].as_ref(), &qualified)?.unwrap_or(natural);
            let layout = l.order_argument(bound[3].as_ref(), &qualified)?;
            // Converted as `astype` does, without a look at its range.
            let cast = (fill.ty == Ty::PyFloat && dtype.is_int()).then(|| l.as_numpy(fill)).transpose()?;
            let content = Content::Filled(cast.as_ref().unwrap_or(fill));
            l.new_array(&qualified, bound[0].as_ref().expect("required"), dtype, layout, &content, span)
        }
        "empty_like" | "zeros_like" | "ones_like" => {
            let first = if function == "empty_like" { "prototype" } else { "a" };
            let bound = args.bind(&qualified, &[first, "dtype", "order", "subok", "shape"], 1)?;
            let dtype = dtype_of(l, bound[1].as_ref(), &qualified)?;
            let layout = l.kept_or_named(bound[2].as_ref(), &qualified)?;
            let unit = Operand::int(1, span);
            let content = match function {
                "empty_like" => Content::Empty,
                "zeros_like" => Content::Zeros,
                _ => Content::Filled(&unit),
            };
            let prototype = bound[0].as_ref().expect("required");
            l.array_like(prototype, (dtype, layout, bound[4].as_ref()), &content, span)
        }
        "full_like" => {
            let names = ["a", "fill_value", "dtype", "order", "subok", "shape"];
            let bound = args.bind(&qualified, &names, 2)?;
            let dtype = dtype_of(l, bound[2].as_ref(), &qualified)?;
            let layout = l.kept_or_named(bound[3].as_ref(), &qualified)?;
            let fill = &l.filling_operand(bound[1].as_ref().expect("required"))?;
            let cast = (fill.ty == Ty::PyFloat).then(|| l.as_numpy(fill)).transpose()?;
            let content = Content::Filled(cast.as_ref().unwrap_or(fill));
            let prototype = bound[0].as_ref().expect("required");
            l.array_like(prototype, (dtype, layout, bound[5].as_ref()), &content, span)
        }
        "arange" => {
            let dtype = args.take("dtype");
            let dtype = dtype_of(l, dtype.as_ref(), &qualified)?;
            if args.positional.len() == 1 && args.keywords.is_empty() {
                let stop = args.positional.remove(0);
                return l.arange(None, &stop, None, dtype, span);
            }
            let bound = args.bind(&qualified, &["start", "stop", "step", "dtype"], 0)?;
            let dtype = dtype.map_or_else(|| dtype_of(l, bound[3].as_ref(), &qualified), |d| Ok(Some(d)))?;
            // `start` alone is where to stop.
            let (start, stop) = match (&bound[0], &bound[1]) {
                (start, Some(stop)) if !stop.is_none() => (start.as_ref(), stop),
                (Some(stop), _) => (None, stop),
                _ => {
                    let message = "arange() requires stop to be specified.".to_owned();
                    let signature = "numpy.arange(start, stop, step, dtype)".to_owned();
                    return Err(CallError::Binding { message, span, definition: None, signature }.into());
                }
            };
            l.arange(start, stop, bound[2].as_ref().filter(|s| !s.is_none()), dtype, span)
        }
        "linspace" => linspace(l, args),
        "fromiter" => {
            let bound = args.bind(&qualified, &["iter", "dtype", "count"], 2)?;
            let dtype = dtype_of(l, bound[1].as_ref(), &qualified)?;
            let items = l.list_from(bound[0].as_ref().expect("required"), span)?;
            let array = l.as_array(&items, dtype, span)?;
            let Some(count) = &bound[2] else { return Ok(array) };
            let kernel = prelude::find("numpy._counted").expect("a function of the prelude");
            let positional = vec![array, count.clone()];
            l.call_prelude(kernel, Args { positional, keywords: Vec::new(), span })
        }
        _ => ufuncs::call(l, function, args),
    }
}

/// `np.linspace`: of real numbers in place, of others by the prelude.
fn linspace(l: &mut Lowerer<'_, '_>, args: Args) -> Result<Operand> {
    const NAMES: &[&str] = &["start", "stop", "num", "endpoint", "retstep", "dtype", "axis"];
    let (name, span) = ("numpy.linspace", args.span);
    let bound = args.bind(name, NAMES, 2)?;
    let flag = |k: usize, otherwise: bool| match &bound[k] {
        None => Ok(otherwise),
        Some(o) => match o.constant {
            Some(c) => Ok(c.truth()),
            None => Err(Error::from(TypeError::IndexConstant { span: o.span, expected: "boolean" })),
        },
    };
    let (endpoint, retstep) = (flag(3, true)?, flag(4, false)?);
    let (start, stop) = (bound[0].as_ref().expect("required"), bound[1].as_ref().expect("required"));
    let real = |o: &Operand| o.ty.dtype().is_some_and(|d| !d.is_complex());
    let along_first = bound[6].as_ref().is_none_or(|axis| matches!(axis.const_int(), Some(0 | -1)));
    if real(start) && real(stop) && along_first {
        let dtype = dtype_of(l, bound[5].as_ref(), name)?;
        return l.linspace(start, stop, bound[2].as_ref(), (endpoint, retstep), dtype, span);
    }
    let num = bound[2].clone().unwrap_or_else(|| Operand::int(50, span));
    let axis = bound[6].clone().unwrap_or_else(|| Operand::int(0, span));
    let dtype = dtype_of(l, bound[5].as_ref(), name)?;
    let dtype = dtype.map_or_else(|| Operand::none(span), |d| Operand::entity(Ty::DType(d), span));
    let mut ends = [start.clone(), stop.clone()];
    for end in &mut ends {
        if matches!(end.ty, Ty::Tuple(_)) {
            *end = l.as_array(end, None, span)?;
        }
    }
    let flags = [endpoint, retstep].map(|b| Operand::bool(b, span));
    let kernel = prelude::find("numpy._linspace").expect("a function of the prelude");
    let positional = [ends.to_vec(), vec![num], flags.to_vec(), vec![dtype, axis]].concat();
    l.call_prelude(kernel, Args { positional, keywords: Vec::new(), span })
}

/// Functions that NumPy lets choose where their results lie.
fn makes_arrays(function: &str) -> bool {
    let made = function.strip_suffix("_like").unwrap_or(function);
    matches!(
        made,
        "empty" | "zeros" | "ones" | "full" | "arange" | "linspace" | "array" | "asarray" | "asanyarray"
    )
}

fn dtype_of(l: &Lowerer<'_, '_>, dtype: Option<&Operand>, function: &str) -> Result<Option<DType>> {
    dtype.map_or(Ok(None), |d| l.dtype_argument(d, function))
}

/// Calls a method.
#[expect(clippy::too_many_lines, reason = "a match that only dispatches")]
pub(crate) fn call_method(
    l: &mut Lowerer<'_, '_>,
    name: &str,
    receiver: &Operand,
    mut args: Args,
) -> Result<Operand> {
    let span = args.span;
    if let Some(method) = name.strip_prefix("numpy.ndarray.").filter(|m| reductions::METHODS.contains(m)) {
        args.positional.insert(0, receiver.clone());
        return match along::call(l, method, &args)? {
            Some(done) => Ok(done),
            None => numpy(l, method, args),
        };
    }
    if let Some(method) = name.strip_prefix(methods::PREFIX) {
        return methods::call(l, receiver.clone(), method, args);
    }
    let receiver = &l.settled(receiver)?;
    if let Some(method) = name.strip_prefix(mpi::PREFIX) {
        return mpi::call_method(l, method, receiver, args);
    }
    if let Some(method) = name.strip_prefix("list.") {
        return l.list_method(method, receiver, args);
    }
    if let Some(method) = name.strip_prefix("cython.view.") {
        return l.struct_view_method(method, receiver, args);
    }
    match name {
        "numpy.ndarray.ctypes.data_as" => l.data_as(receiver, args),
        "numpy.ndarray.copy" => {
            let order = args.bind(name, &["order"], 0)?.remove(0);
            let layout = l.order_argument(order.as_ref(), name)?;
            l.faithful_copy(receiver, layout, span)
        }
        "numpy.ndarray.copy_fortran" => {
            args.bind(name, &[], 0)?;
            let dtype = receiver.ty.as_array().map_or(DType::F64, |t| t.dtype);
            l.converted_copy(receiver, dtype, Layout::F, span)
        }
        "numpy.ndarray.is_c_contig" | "numpy.ndarray.is_f_contig" => {
            args.bind(name, &[], 0)?;
            l.is_packed(receiver, name.ends_with("f_contig"), span)
        }
        "numpy.ndarray.fill" => {
            let value = one(args, name, "value")?;
            l.check_writable(receiver)?;
            let value = match receiver.ty.as_array() {
                Some(ty) => l.filling(&value, ty.dtype)?,
                None => value,
            };
            l.fill_view(receiver, &value)?;
            Ok(Operand::none(span))
        }
        "numpy.ndarray.reshape" => {
            let (order, copy) = (args.take("order"), args.take("copy"));
            let shape = args.take("shape");
            args.check_no_keywords(name)?;
            let shape = shape.map_or(args.positional, |s| vec![s]);
            let receiver = l.copied_if(receiver, copy.as_ref(), name, span)?;
            let shape = l.shape_operands(&shape, span)?;
            l.reshaped_in(&receiver, &shape, order.as_ref(), span)
        }
        "numpy.ndarray.flatten" => {
            let order = args.bind(name, &["order"], 0)?.remove(0);
            let flat = l.raveled_in(receiver, order.as_ref(), span)?;
            let ty = flat.ty.as_array().expect("an array");
            l.converted_copy(&flat, ty.dtype, Layout::C, span)
        }
        "numpy.ndarray.transpose" => {
            let axes = l.axes_argument(receiver, &args.positional)?;
            l.transposed(receiver, axes.as_deref(), span)
        }
        "numpy.ndarray.astype" => l.cast_array(receiver, args),
        "numpy.ndarray.item" => l.item_of_array(receiver, args),
        "numpy.ndarray.view" => l.viewed(receiver, args),
        "numpy.ndarray.tobytes" => {
            let order = args.bind(name, &["order"], 0)?.remove(0);
            l.bytes_of_array(receiver, order.as_ref(), span)
        }
        "numpy.ndarray.tolist" => {
            args.bind(name, &[], 0)?;
            l.list_of_array(receiver, span)
        }
        // NumPy gives real arrays back as they are.
        "numpy.ndarray.conj" | "numpy.ndarray.conjugate"
            if args.positional.is_empty()
                && receiver.ty.as_array().is_some_and(|t| !t.dtype.is_complex()) =>
        {
            args.bind(name, &[], 0)?;
            Ok(receiver.clone().at(span))
        }
        "scalar.view" => {
            let array = l.as_array(receiver, None, span)?;
            let view = l.viewed(&array, args)?;
            l.element_of(&view)
        }
        "scalar.item" | "scalar.tolist" => {
            let d = receiver.ty.dtype().expect("a scalar");
            l.convert_to_weak(receiver, d, span)
        }
        "scalar.copy" => Ok(receiver.clone().at(span)),
        "scalar.astype" => {
            let bound = args.bind(name, &["dtype"], 1)?;
            let Some(dtype) = l.dtype_argument(bound[0].as_ref().expect("required"), "astype")? else {
                return Ok(receiver.clone().at(span));
            };
            let value = l.cast_to(receiver, dtype)?;
            Ok(Operand::value(Ty::Scalar(dtype), value, span))
        }
        "scalar.conjugate" | "scalar.conj" => {
            if !receiver.ty.dtype().is_some_and(|d| d.is_complex()) {
                return Ok(receiver.clone().at(span));
            }
            let value = l.value(receiver)?;
            let value = l.b().unary(ungil_ir::inst::UnaryOp::Conj, value);
            Ok(Operand::value(receiver.ty.clone(), value, span))
        }
        _ => match name.strip_prefix("numpy.ndarray.") {
            Some(method) => {
                let at = usize::from(method == "compress" && !args.positional.is_empty());
                args.positional.insert(at, receiver.clone());
                call(l, &format!("numpy.{method}"), args)
            }
            None => Err(unknown(name, span)),
        },
    }
}
