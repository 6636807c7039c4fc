//! Calls.

use ungil_abi::exception::ExcClass;
use ungil_diag::span::Span;
use ungil_ir::entities::Value;
use ungil_ir::inst::CompareOp as IrCompare;
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Call, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::name::Ident;

use super::character::{char_type, is_char};
use super::entries::Entry;
use super::function::Lowerer;
use super::python_api::is_of_python;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Class, Constant, Given, Meaning, Own, Result, refuse};
use crate::ctype::FunctionType;

/// Builtins that do nothing with an argument but loop over it.
const LOOPING: &[&str] = &[
    "all",
    "any",
    "dict",
    "enumerate",
    "filter",
    "frozenset",
    "iter",
    "list",
    "map",
    "max",
    "min",
    "set",
    "sorted",
    "sum",
    "tuple",
    "zip",
];

/// Builtin classes with no say in what their instances are.
const CLASSES: &[&str] = &[
    "bool",
    "bytearray",
    "bytes",
    "complex",
    "dict",
    "float",
    "frozenset",
    "int",
    "list",
    "range",
    "set",
    "slice",
    "str",
    "tuple",
    "type",
];

impl Lowerer<'_> {
    pub(super) fn call_expr(&mut self, e: &Expr, call: &Call) -> Result<Val> {
        let value = self.any_call(e, call)?;
        // What a function of the module declares.
        if let ExprKind::Name(name) = &call.func.kind
            && self.local(name).is_none()
            && !self.globals.contains(&**name)
            && let Meaning::Typed(ty) | Meaning::Own(Own { ret: Given::C(ty), .. }) =
                (self.source.meaning)(name)
            && !matches!(value, Val::C(..))
        {
            let value = self.number(value, &ty)?;
            return Ok(Val::C(value, ty));
        }
        Ok(value)
    }

    /// The name of a function that is no variable of Python: `f`, or `module.f` of a cimported module.
    pub(super) fn callee(&self, func: &Expr) -> Option<Box<str>> {
        match &func.kind {
            ExprKind::Name(name) => {
                let is_free = self.local(name).is_none() && !self.globals.contains(&**name);
                is_free.then(|| (&**name).into())
            }
            ExprKind::Attribute { value, attr } => {
                Some(format!("{}.{}", self.callee(value)?, attr.name).into())
            }
            _ => None,
        }
    }

    fn any_call(&mut self, e: &Expr, call: &Call) -> Result<Val> {
        if let Some(answer) = self.answer(call)? {
            return Ok(answer);
        }
        if let Some(extremum) = self.extremum(call) {
            return self.extremum_of(call, extremum);
        }
        if let Some(extreme) = self.extreme(e, call)? {
            return Ok(extreme);
        }
        if self.is_code(call) {
            let value = self.expr(&call.args[0])?;
            let code = self.number(value, &char_type())?;
            return Ok(Val::C(self.b().cast(code, DType::I64), CTy::num(DType::I64)));
        }
        if let Some(value) = self.consumed(e, call)? {
            return Ok(value);
        }
        if let Some((own, call)) = self.chosen(call) {
            return self.call_own(e, &call, &own);
        }
        if let Some(f) = self.function_behind(&call.func) {
            return self.call_pointer(e, call, &f);
        }
        if let Some(name) = &self.callee(&call.func) {
            if let Some(value) = self.c_operator(e, call, name)? {
                return Ok(value);
            }
            match (self.source.meaning)(name) {
                Meaning::Extern(f) if is_of_python(&f) => return self.call_python_api(e, call, &f),
                Meaning::Extern(f) => {
                    let address = self.constant(Constant::Address(f.address)).value;
                    let ty = FunctionType { params: f.params.clone(), ret: f.ret.clone(), raises: false };
                    return self.call_address(e, call, address, &ty);
                }
                Meaning::Struct(ty) => return self.make_struct(call, &ty),
                Meaning::Builtin => {
                    if let Some(value) = self.call_builtin(e, call, name)? {
                        return Ok(value);
                    }
                }
                Meaning::Own(own) => {
                    if let Some(call) = own.filled(call) {
                        return self.call_own(e, &call, &own);
                    }
                }
                Meaning::Cast(ty) if call.args.len() == 1 && call.keywords.is_empty() => {
                    return self.call_cast(e, call, ty);
                }
                Meaning::Math(function, n) if n == call.args.len() && call.keywords.is_empty() => {
                    return self.call_math(call, &function);
                }
                _ => {}
            }
        }
        let is_plain = !has_star(call) && call.keywords.iter().all(|k| k.name.is_some());
        if !is_plain {
            return self.call_spread(e, call);
        }
        if let ExprKind::Attribute { value, attr } = &call.func.kind {
            return self.call_method(e, call, value, &attr.name);
        }
        let func = self.obj(&call.func)?;
        let (mut args, names) = self.call_arguments(call)?;
        self.numbers_of_views(call, &mut args)?;
        let values: Vec<Value> = args.iter().map(|a| a.value).collect();
        self.at(e.span);
        let address = self.arguments(&values);
        let n = self.word((values.len() - call.keywords.len()) as i64);
        let given = [func.value, address, n, names];
        let result = if self.may_be_recursion(call) {
            self.call_itself(&given)
        } else {
            self.call(Entry::Call, &given)
        };
        Ok(Val::Obj(self.finish(result, func, args)))
    }

    /// Whether a call has the function's own name and as many arguments as it takes.
    fn may_be_recursion(&self, call: &Call) -> bool {
        let (def, source) = (self.source.def, self.source);
        let params = &def.params;
        let is_plain = params.vararg.is_none() && params.kwonly.is_empty() && params.kwarg.is_none();
        let n = params.posonly.len() + params.regular.len();
        matches!(&call.func.kind, ExprKind::Name(name) if *name == def.name.name && self.local(name).is_none())
            && is_plain
            && call.keywords.is_empty()
            && call.args.len() == n
            && !source.is_direct
            && source.free.is_empty()
    }

    /// `<type>x` of a number.
    fn call_cast(&mut self, e: &Expr, call: &Call, ty: CTy) -> Result<Val> {
        let value = self.expr(&call.args[0])?;
        self.at(e.span);
        let value = match value {
            Val::C(value, _) if ty != CTy::Bint => self.b().cast(value, ty.dtype()),
            Val::Literal(literal @ Literal::Float(_)) if ty != CTy::Bint => {
                let (value, _) = self.c_literal(&literal)?;
                self.b().cast(value, ty.dtype())
            }
            other => self.number(other, &ty)?,
        };
        Ok(Val::C(value, ty))
    }

    /// A function of C's mathematical library.
    fn call_math(&mut self, call: &Call, function: &str) -> Result<Val> {
        let mut args = Vec::new();
        for arg in &call.args {
            let value = self.expr(arg)?;
            args.push(self.number(value, &CTy::num(DType::F64))?);
        }
        self.c_math(function, &args)
    }

    /// `min` or `max` of numbers of C; of equal ones the first.
    fn extremum_of(&mut self, call: &Call, (ty, is_max): (CTy, bool)) -> Result<Val> {
        let mut values = Vec::new();
        for arg in &call.args {
            let value = self.expr(arg)?;
            values.push(self.number(value, &ty)?);
        }
        let op = if is_max { IrCompare::Gt } else { IrCompare::Lt };
        let mut b = self.b();
        let best = values.into_iter().reduce(|best, next| {
            let cond = b.compare(op, next, best);
            b.select(cond, next, best)
        });
        match best {
            Some(best) => Ok(Val::C(best, ty)),
            None => refuse("an extremum of nothing"),
        }
    }

    /// `min` or `max` of some objects.
    fn extreme(&mut self, e: &Expr, call: &Call) -> Result<Option<Val>> {
        let ExprKind::Name(name) = &call.func.kind else { return Ok(None) };
        let is_known = matches!(&**name, "min" | "max") && is_simple(call) && call.args.len() > 1;
        if !is_known || !self.is_builtin(name) {
            return Ok(None);
        }
        let (args, _) = self.call_arguments(call)?;
        let values: Vec<Value> = args.iter().map(|a| a.value).collect();
        self.at(e.span);
        let address = self.arguments(&values);
        // As CPython numbers `<` and `>`.
        let op = self.word(if &**name == "max" { 4 } else { 0 });
        let n = self.word(values.len() as i64);
        Ok(Some(Val::Obj(self.make_from(Entry::Extreme, &[address, n, op], &args))))
    }

    /// A call of a builtin that needs no function; `None` for the others.
    fn call_builtin(&mut self, e: &Expr, call: &Call, name: &str) -> Result<Option<Val>> {
        // What looks at the caller's frame would find none; with arguments that say all it does not look.
        let enough = match name {
            "locals" | "globals" => usize::MAX,
            "vars" | "dir" => 1,
            "super" | "eval" | "exec" => 2,
            _ => 0,
        };
        if enough > 0 && !(is_simple(call) && call.args.len() >= enough) {
            return refuse("a builtin that looks at the frame");
        }
        if let Some(classes) = self.asked_classes(call) {
            let obj = self.obj(&call.args[0])?;
            let truth = self.is_instance(obj.value, &classes);
            self.drop_obj(obj);
            return Ok(Some(Val::C(self.b().cast(truth, DType::I32), CTy::Bint)));
        }
        if name == "divmod"
            && is_simple(call)
            && let [a, b] = &call.args[..]
        {
            let (a, b) = (self.obj(a)?, self.obj(b)?);
            self.at(e.span);
            return Ok(Some(Val::Obj(self.make_from(Entry::Divmod, &[a.value, b.value], &[a, b]))));
        }
        let [arg] = &call.args[..] else { return Ok(None) };
        if !is_simple(call) {
            return Ok(None);
        }
        let length = |n| Val::C(n, CTy::Num(DType::I64, "Py_ssize_t".into()));
        if name == "len"
            && let Some(n) = self.c_len(arg)?
        {
            return Ok(Some(length(n)));
        }
        if name == "chr" && matches!(self.kind(arg), Kind::C(ty) if is_char(&ty)) {
            // To Python a character is a string, which `chr` would not take.
            let value = self.expr(arg)?;
            return self.object(value).map(|obj| Some(Val::Obj(obj)));
        }
        if name == "chr"
            && let Kind::C(CTy::Num(dtype, _)) = self.kind(arg)
            && dtype.is_int()
            && dtype != DType::U64
        {
            let value = self.expr(arg)?;
            let Some(n) = self.integer(&value) else { return refuse("this argument of `chr`") };
            self.at(e.span);
            return Ok(Some(Val::Obj(self.make(Entry::Chr, &[n]))));
        }
        if name == "bool" && matches!(self.kind(arg), Kind::C(ty) if is_char(&ty)) {
            let truth = self.cond(arg)?;
            let truth = self.b().cast(truth, DType::I32);
            return self.object(Val::C(truth, CTy::Bint)).map(|obj| Some(Val::Obj(obj)));
        }
        let entry = match name {
            "len" => Entry::Len,
            "str" => Entry::Str,
            "int" => Entry::Int,
            "float" => Entry::Float,
            _ => return Ok(None),
        };
        let obj = self.obj(arg)?;
        self.at(e.span);
        Ok(Some(match entry {
            Entry::Len => {
                let status = self.length_of(obj.value, self.declared_class(arg));
                self.drop_all(&[obj]);
                self.fail_if_negative(status);
                length(status)
            }
            _ => Val::Obj(self.make_from(entry, &[obj.value], &[obj])),
        }))
    }

    /// The builtin classes of which `isinstance` asks, if it asks for such alone.
    pub(super) fn asked_classes<'e>(&self, call: &'e Call) -> Option<Vec<&'e str>> {
        let [_, class] = &call.args[..] else { return None };
        let is_asked = matches!(&call.func.kind, ExprKind::Name(name) if &**name == "isinstance");
        if !is_asked || !is_simple(call) {
            return None;
        }
        let classes = match &class.kind {
            ExprKind::Tuple(classes) => &classes[..],
            _ => core::slice::from_ref(class),
        };
        let known = |class: &'e Expr| match &class.kind {
            ExprKind::Name(name) if CLASSES.contains(&&**name) && self.is_builtin(name) => Some(&**name),
            _ => None,
        };
        classes.iter().map(known).collect()
    }

    /// What loops over a memoryview of numbers gets Python's numbers: arguments of builtins that loop are lists of them.
    fn numbers_of_views(&mut self, call: &Call, args: &mut [Obj]) -> Result<()> {
        let ExprKind::Name(name) = &call.func.kind else { return Ok(()) };
        if !LOOPING.contains(&&**name) || !self.is_builtin(name) {
            return Ok(());
        }
        for (e, obj) in call.args.iter().zip(args) {
            if self.is_row_of_numbers(e) {
                self.at(e.span);
                let none = self.none();
                let is_none = self.b().compare(IrCompare::Eq, obj.value, none.value);
                self.raise_if(is_none, ExcClass::TYPE_ERROR, "'NoneType' object is not iterable");
                let words = self.arguments(&[obj.value]);
                let (name, one, zero) = (self.name("tolist"), self.word(1), self.word(0));
                *obj = self.make_from(Entry::CallMethod, &[name, words, one, zero], &[*obj]);
            }
        }
        Ok(())
    }

    fn finish(&mut self, result: Value, func: Obj, args: Vec<Obj>) -> Obj {
        self.drop_obj(func);
        self.drop_all(&args);
        self.fresh(result)
    }

    /// Positional arguments, then those of keywords, and the names of these.
    fn call_arguments(&mut self, call: &Call) -> Result<(Vec<Obj>, Value)> {
        let mut args = Vec::new();
        for arg in call.args.iter().chain(call.keywords.iter().map(|k| &k.value)) {
            args.push(self.obj(arg)?);
        }
        let names: Vec<String> =
            call.keywords.iter().filter_map(|k| Some(k.name.as_ref()?.name.to_string())).collect();
        let names = if names.is_empty() { self.word(0) } else { self.constant(Constant::Names(names)).value };
        Ok((args, names))
    }

    fn call_method(&mut self, e: &Expr, call: &Call, value: &Expr, name: &str) -> Result<Val> {
        if call.args.is_empty()
            && call.keywords.is_empty()
            && self.is_of_view(value)
            && let Some(same) = method_of_view(e.span, value, name)
        {
            return self.expr(&same);
        }
        let obj = self.obj(value)?;
        let entry = match name {
            "append" => Some(Entry::Append),
            "add" => Some(Entry::AddTo),
            _ => None,
        };
        if let (Some(entry), [arg], []) = (entry, &call.args[..], &call.keywords[..]) {
            let arg = self.obj(arg)?;
            self.at(e.span);
            return Ok(Val::Obj(self.make_from(entry, &[obj.value, arg.value], &[obj, arg])));
        }
        if name == "pop" && call.args.len() <= 1 && is_simple(call) {
            let args = self.call_arguments(call)?.0;
            self.at(e.span);
            let result = match args.first() {
                Some(index) => self.call(Entry::Pop, &[obj.value, index.value]),
                None => self.pop_last(obj.value),
            };
            return Ok(Val::Obj(self.finish(result, obj, args)));
        }
        if name == "get" && (1..=2).contains(&call.args.len()) && call.keywords.is_empty() {
            let (args, none) = (self.call_arguments(call)?.0, self.word(0));
            self.at(e.span);
            let given = [obj.value, args[0].value, args.get(1).map_or(none, |a| a.value)];
            let result = self.call(Entry::Get, &given);
            return Ok(Val::Obj(self.finish(result, obj, args)));
        }
        if let Some(kind) = self.searched_place(call) {
            let part = self.obj(&call.args[0])?;
            let mut bounds = [self.word(0), self.word(i64::MAX)];
            for (bound, arg) in bounds.iter_mut().zip(&call.args[1..]) {
                let value = self.expr(arg)?;
                let Some(n) = self.integer(&value) else { return refuse("this bound of a search") };
                *bound = n;
            }
            self.at(e.span);
            let given = [self.word(kind), obj.value, part.value, bounds[0], bounds[1]];
            let place = self.call(Entry::Search, &given);
            self.drop_all(&[obj, part]);
            let failed = self.is_word(place, -2);
            self.fail_if(failed);
            return Ok(Val::C(place, CTy::Num(DType::I64, "Py_ssize_t".into())));
        }
        let (args, names) = self.call_arguments(call)?;
        self.at(e.span);
        let mut values = vec![obj.value];
        values.extend(args.iter().map(|a| a.value));
        let address = self.arguments(&values);
        let n = self.word((values.len() - call.keywords.len()) as i64);
        let name = self.name(name);
        let result = self.call(Entry::CallMethod, &[name, address, n, names]);
        Ok(Val::Obj(self.finish(result, obj, args)))
    }

    /// The number of `find`, `rfind` or `count` of what is declared `str`, between bounds of C: the place is one of C too.
    pub(super) fn searched_place(&self, call: &Call) -> Option<i64> {
        let ExprKind::Attribute { value, attr } = &call.func.kind else { return None };
        let kind = ["find", "rfind", "count"].iter().position(|name| *name == &*attr.name)?;
        let are_bounds = (1..=3).contains(&call.args.len())
            && is_simple(call)
            && call.args[1..].iter().all(|bound| self.is_bound(bound));
        (are_bounds && self.declared_class(value) == Some(Class::Str)).then_some(kind as i64)
    }

    /// `x.append(y)` or `x.add(y)` as a statement; whether it is one.
    pub(super) fn append_statement(&mut self, e: &Expr) -> Result<bool> {
        let ExprKind::Call(call) = &e.kind else { return Ok(false) };
        let ExprKind::Attribute { value, attr } = &call.func.kind else { return Ok(false) };
        let [arg] = &call.args[..] else { return Ok(false) };
        if !matches!(&*attr.name, "append" | "add") || !is_simple(call) || self.kind(value) != Kind::Object {
            return Ok(false);
        }
        let object = self.obj(value)?;
        let item = self.obj(arg)?;
        self.at(e.span);
        if &*attr.name == "add" {
            self.status_from(Entry::AddItem, &[object.value, item.value], &[object, item]);
            return Ok(true);
        }
        let status = self.append_to_any(object.value, item);
        self.drop_obj(object);
        self.fail_if_negative(status);
        Ok(true)
    }

    /// A call with `*` or `**`.
    fn call_spread(&mut self, e: &Expr, call: &Call) -> Result<Val> {
        let func = self.obj(&call.func)?;
        let list = self.list_of(&call.args)?;
        let args = self.make_from(Entry::ListToTuple, &[list.value], &[list]);
        let mut keywords = None;
        if !call.keywords.is_empty() {
            let (address, zero) = (self.scratch(0), self.word(0));
            let dict = self.make(Entry::Dict, &[address, zero]);
            for keyword in &call.keywords {
                let value = self.obj(&keyword.value)?;
                match &keyword.name {
                    Some(name) => {
                        let name = self.name(&name.name);
                        self.status_from(Entry::DictSet, &[dict.value, name, value.value], &[value]);
                    }
                    None => {
                        let args = [dict.value, value.value, func.value];
                        self.status_from(Entry::DictMerge, &args, &[value]);
                    }
                }
            }
            keywords = Some(dict);
        }
        self.at(e.span);
        let zero = self.word(0);
        let given = [func.value, args.value, keywords.map_or(zero, |k| k.value)];
        let operands: Vec<Obj> = [func, args].into_iter().chain(keywords).collect();
        Ok(Val::Obj(self.make_from(Entry::CallEx, &given, &operands)))
    }
}

/// A method that memoryviews have and arrays have not, as an expression of an array.
fn method_of_view(span: Span, value: &Expr, name: &str) -> Option<Expr> {
    let member = |value: &Expr, name: &str| {
        let attr = Ident { span, name: name.into() };
        Expr { span, kind: ExprKind::Attribute { value: Box::new(value.clone()), attr } }
    };
    Some(match name {
        "is_c_contig" => member(&member(value, "flags"), "c_contiguous"),
        "is_f_contig" => member(&member(value, "flags"), "f_contiguous"),
        "copy_fortran" => {
            let order = Expr { span, kind: ExprKind::Literal(Literal::Str("F".into())) };
            let func = member(value, "copy");
            Expr {
                span,
                kind: ExprKind::Call(Box::new(Call { func, args: vec![order], keywords: Vec::new() })),
            }
        }
        _ => return None,
    })
}

fn has_star(call: &Call) -> bool {
    call.args.iter().any(|a| matches!(a.kind, ExprKind::Starred(_)))
}

/// Whether a call has arguments by position only.
pub(super) fn is_simple(call: &Call) -> bool {
    call.keywords.is_empty() && !has_star(call)
}
