//! Expressions.

use ungil_ir::entities::{Value, Var};
use ungil_ir::inst::{CompareOp as IrCompare, InstKind, UnaryOp as IrUnary};
use ungil_ir::types::{DType, Type};
use ungil_syntax::ast::expr::{Comparison, Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, BoolOp, CompareOp, UnaryOp};

use super::character::is_char;
use super::entries::Entry;
use super::function::Lowerer;
use super::inline::OPEN;
use super::memory::Place;
use super::pointer::{arithmetic_kind, null_type};
use super::typing::{Kind, is_address};
use super::value::{CTy, Cell, Obj, Val};
use super::{Constant, Meaning, Result, refuse};
use crate::ctype::CType;

impl Lowerer<'_> {
    pub(super) fn expr(&mut self, e: &Expr) -> Result<Val> {
        self.at(e.span);
        match &e.kind {
            ExprKind::Literal(literal) => Ok(Val::Literal(literal.clone())),
            ExprKind::Name(name) => self.read(name),
            ExprKind::Binary { left, op, right } => self.binary(left, *op, right, e),
            ExprKind::Unary { op: UnaryOp::Not, .. } => {
                let truth = self.cond(e)?;
                Ok(Val::C(self.b().cast(truth, DType::I32), CTy::Bint))
            }
            ExprKind::Unary { op, operand } => self.unary(*op, operand),
            ExprKind::Compare { left, rest } => self.compare_value(e, left, rest),
            ExprKind::Bool { op, values } => self.bool_value(*op, values),
            ExprKind::Conditional { test, body, orelse } => self.conditional(e, test, body, orelse),
            ExprKind::Call(call) => self.call_expr(e, call),
            ExprKind::Attribute { value, attr } => {
                if let Some(place) = self.place(e)? {
                    return Ok(self.load_place(&place));
                }
                if let Some(part) = self.complex_part(value, &attr.name)? {
                    return Ok(part);
                }
                if let Some(base) = self.view_base(value, &attr.name)? {
                    return Ok(base);
                }
                let obj = self.obj(value)?;
                let name = self.name(&attr.name);
                self.at(e.span);
                Ok(Val::Obj(self.make_from(Entry::GetAttr, &[obj.value, name], &[obj])))
            }
            ExprKind::Subscript { value, index } => self.subscript(e, value, index),
            ExprKind::Slice { lower, upper, step } => self.slice(lower, upper, step),
            ExprKind::Tuple(items) => self.tuple(items),
            ExprKind::List(items) => self.list(items),
            ExprKind::Set(items) => self.set_display(items),
            ExprKind::Dict(items) => self.dict(items),
            ExprKind::FString(parts) => self.fstring(parts),
            ExprKind::ListComp { element, generators } => {
                self.comprehension(e, generators, super::display::Into::List(element))
            }
            ExprKind::SetComp { element, generators } => {
                self.comprehension(e, generators, super::display::Into::Set(element))
            }
            ExprKind::DictComp { key, value, generators } => {
                self.comprehension(e, generators, super::display::Into::Dict(key, value))
            }
            ExprKind::Named { .. } if !self.rebinds => refuse("`:=` in this place"),
            ExprKind::Named { target, value } => {
                let value = self.obj(value)?;
                let obj = self.keep_own(value);
                self.call(Entry::Retain, &[obj.value]);
                let copy = self.keep(obj.value);
                self.store_name(&target.name, Val::Obj(copy))?;
                Ok(Val::Obj(obj))
            }
            ExprKind::Lambda { params, body } => self.lambda(params, body),
            ExprKind::Generator { element, generators } => self.generator_object(element, generators),
            _ => refuse("this expression"),
        }
    }

    /// An expression as an object.
    pub(super) fn obj(&mut self, e: &Expr) -> Result<Obj> {
        let value = self.expr(e)?;
        self.object(value)
    }

    /// An object in a temporary of its own.
    pub(super) fn keep_own(&mut self, obj: Obj) -> Obj {
        match obj.temp {
            Some(_) => obj,
            None => {
                self.call(Entry::Retain, &[obj.value]);
                self.keep(obj.value)
            }
        }
    }

    fn read(&mut self, name: &str) -> Result<Val> {
        if self.globals.contains(name) {
            return self.read_global(name);
        }
        let Some(local) = self.local(name) else { return self.read_global(name) };
        if let (Some(address), Some(ty)) = (local.memory, &local.ty) {
            return Ok(self.load_place(&Place { address, ty: ty.clone(), is_const: false }));
        }
        let value = self.b().get(local.var);
        if let Some(cell) = local.cell {
            let (name, is_free) = (self.name(name), self.word(i64::from(cell == Cell::Free)));
            let obj = self.make(Entry::CellGet, &[value, name, is_free]);
            return Ok(match local.ty {
                Some(ty) => Val::C(self.number(Val::Obj(obj), &ty)?, ty),
                None => Val::Obj(obj),
            });
        }
        if let Some(ty) = local.ty {
            return Ok(Val::C(value, ty));
        }
        if !local.is_bound {
            self.raise_unbound(value, name);
        }
        let obj = Obj { value, temp: None };
        Ok(Val::Obj(if self.rebinds && !local.is_borrowed { self.keep_own(obj) } else { obj }))
    }

    /// Raises where a variable's object is 0.
    pub(super) fn raise_unbound(&mut self, value: Value, name: &str) {
        let unbound = self.is_zero(value);
        let (then, ()) = self.nested(|l| {
            let name = l.name(name);
            l.call(Entry::Unbound, &[name]);
            l.fail();
        });
        let otherwise = self.func.new_region();
        self.b().push(InstKind::If { cond: unbound, then, otherwise });
    }

    fn read_global(&mut self, name: &str) -> Result<Val> {
        match (self.source.meaning)(name) {
            Meaning::Null => {
                let zero = self.word(0);
                return Ok(Val::C(zero, null_type()));
            }
            // Not a literal, which is an object among others of its kind.
            Meaning::Number(number @ Literal::Float(_)) => {
                let (value, ty) = self.c_literal(&number)?;
                return Ok(Val::C(value, ty));
            }
            Meaning::Number(number) => return Ok(Val::Literal(number)),
            Meaning::Own(_) | Meaning::Private | Meaning::Math(..) => {
                return Ok(Val::Function(name.into()));
            }
            Meaning::Extern(f) => return Ok(Val::Extern(f)),
            // As in Cython it is looked up once.
            Meaning::Builtin => return Ok(Val::Obj(self.constant(Constant::Builtin(name.to_owned())))),
            Meaning::Other | Meaning::Cast(_) | Meaning::Struct(_) => {
                return refuse(&format!("`{name}` of C as a value"));
            }
            _ => {}
        }
        Ok(Val::Obj(self.global(name)))
    }

    /// The object of a global name.
    pub(super) fn global(&mut self, name: &str) -> Obj {
        let number = self.constant_number(Constant::Str(name.to_owned()));
        let (table, number) = (self.table, self.word(number as i64));
        if !self.source.counts_in_place {
            let nowhere = self.word(0);
            return self.make(Entry::Global, &[table, number, nowhere]);
        }
        let known = self.constant_number(Constant::Known(name.to_owned(), 0));
        self.constant_number(Constant::Known(name.to_owned(), 1));
        let value = self.global_in_place(number, known);
        self.keep(value)
    }

    /// Values that a conversion makes numbers of C.
    pub(super) fn c_operand(&mut self, value: Val) -> Result<(Value, CTy)> {
        match value {
            Val::C(value, ty) => Ok((value, ty)),
            Val::Literal(literal) => self.c_literal(&literal),
            _ => refuse("an object as a number of C"),
        }
    }

    fn binary(&mut self, left: &Expr, op: BinaryOp, right: &Expr, e: &Expr) -> Result<Val> {
        if let Some(n) = folded(e) {
            return Ok(Val::Literal(Literal::Int(n)));
        }
        let (left_kind, right_kind) = (self.kind(left), self.kind(right));
        if is_address(&left_kind) || is_address(&right_kind) {
            let a = self.expr(left)?;
            let b = self.expr(right)?;
            self.at(e.span);
            // Arrays of characters and structs are objects to other operators.
            return match arithmetic_kind(op, &left_kind, &right_kind) {
                Some(_) => self.pointer_binary(op, a, b),
                None => {
                    let a = self.object(a)?;
                    let b = self.object(b)?;
                    Ok(Val::Obj(self.binary_objects(op, a, b, false)))
                }
            };
        }
        let of_c = matches!(self.kind(e), Kind::C(_));
        if op == BinaryOp::Pow
            && let Kind::C(ty) = self.kind(e)
        {
            return self.power(left, right, &ty, e);
        }
        let a = self.expr(left)?;
        if of_c {
            let a = self.c_operand(a)?;
            let b = self.expr(right)?;
            let b = self.c_operand(b)?;
            self.at(e.span);
            return self.c_binary(op, a, b);
        }
        let a = self.object(a)?;
        let b = self.obj(right)?;
        self.at(e.span);
        let known = match (digit(&left_kind), digit(&right_kind)) {
            (None, Some(n)) => self.with_number(op, a.value, n, false),
            (Some(n), None) => self.with_number(op, b.value, n, true),
            _ => None,
        };
        Ok(Val::Obj(self.operate(op, (a, b), false, known)))
    }

    pub(super) fn binary_objects(&mut self, op: BinaryOp, a: Obj, b: Obj, in_place: bool) -> Obj {
        self.operate(op, (a, b), in_place, None)
    }

    /// An operator on objects; `known`: a variable with the result, unless it is open.
    fn operate(&mut self, op: BinaryOp, (a, b): (Obj, Obj), in_place: bool, known: Option<Var>) -> Obj {
        let quick = match op {
            _ if in_place => None,
            BinaryOp::Add => Some(Entry::Add),
            BinaryOp::Sub => Some(Entry::Sub),
            BinaryOp::Mult => Some(Entry::Mul),
            BinaryOp::Div => Some(Entry::Div),
            _ => None,
        };
        let mut given = vec![a.value, b.value];
        let entry = match quick {
            Some(entry) => entry,
            None => {
                given.insert(0, self.word(op_code(op)));
                if in_place { Entry::InPlace } else { Entry::Binary }
            }
        };
        let Some(known) = known else { return self.make_from(entry, &given, &[a, b]) };
        self.call_if_open(known, OPEN, entry, &given);
        let value = self.b().get(known);
        self.drop_all(&[a, b]);
        self.fresh(value)
    }

    fn unary(&mut self, op: UnaryOp, operand: &Expr) -> Result<Val> {
        if let (UnaryOp::Neg, ExprKind::Literal(literal)) = (op, &operand.kind) {
            match literal {
                Literal::Int(n) => return Ok(Val::Literal(Literal::Int(-n))),
                Literal::Float(x) => return Ok(Val::Literal(Literal::Float(-x))),
                _ => {}
            }
        }
        match self.expr(operand)? {
            Val::C(value, ty) if !is_char(&ty) => self.c_unary(op, value, &ty),
            other => {
                let obj = self.object(other)?;
                let code = self.word(match op {
                    UnaryOp::Neg => 0,
                    UnaryOp::Pos => 1,
                    _ => 2,
                });
                Ok(Val::Obj(self.make_from(Entry::Unary, &[code, obj.value], &[obj])))
            }
        }
    }

    /// A condition, as a truth value of the IR.
    pub(super) fn cond(&mut self, e: &Expr) -> Result<Value> {
        match &e.kind {
            ExprKind::Unary { op: UnaryOp::Not, operand } => {
                let truth = self.cond(operand)?;
                Ok(self.b().unary(IrUnary::Not, truth))
            }
            ExprKind::Bool { op, values } => self.bool_cond(*op, values),
            ExprKind::Compare { left, rest } if rest.len() == 1 => {
                if let Some(truth) = self.in_set(left, rest[0].op, &rest[0].right)? {
                    return Ok(truth);
                }
                let a = self.expr(left)?;
                let a = if self.compares_c(left, rest) { a } else { Val::Obj(self.object(a)?) };
                let b = self.expr(&rest[0].right)?;
                self.at(e.span);
                self.compare_one(a, rest[0].op, b, true)
            }
            ExprKind::Compare { left, rest } => self.chain(left, rest),
            _ => {
                let value = self.expr(e)?;
                self.truth(value)
            }
        }
    }

    pub(super) fn truth(&mut self, value: Val) -> Result<Value> {
        match value {
            Val::C(value, _) => Ok(self.c_truth(value)),
            other => {
                let obj = self.object(other)?;
                let truth = self.status_from(Entry::Truth, &[obj.value], &[obj]);
                Ok(self.flag(truth))
            }
        }
    }

    /// A status as a truth value.
    fn flag(&mut self, status: Value) -> Value {
        let mut b = self.b();
        let zero = b.i64(0);
        b.compare(IrCompare::Ne, status, zero)
    }

    fn bool_cond(&mut self, op: BoolOp, values: &[Expr]) -> Result<Value> {
        let var = self.func.new_var("truth", Type::BOOL);
        let first = self.cond(&values[0])?;
        self.b().set(var, first);
        for value in &values[1..] {
            let so_far = self.b().get(var);
            let more = if op == BoolOp::And { so_far } else { self.b().unary(IrUnary::Not, so_far) };
            self.branch(
                more,
                |l| {
                    let next = l.cond(value)?;
                    l.b().set(var, next);
                    Ok(true)
                },
                |_| Ok(true),
            )?;
        }
        Ok(self.b().get(var))
    }

    /// Whether both sides of a comparison are C's; two literals are objects.
    fn compares_c(&self, left: &Expr, rest: &[Comparison]) -> bool {
        if self.compares_addresses(left, rest) || self.compares_letters(left, rest[0].op, &rest[0].right) {
            return true;
        }
        let truth = matches!(rest[0].op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn);
        let (a, b) = (self.kind(left), self.kind(&rest[0].right));
        !truth
            && a != Kind::Object
            && b != Kind::Object
            && !matches!((a, b), (Kind::Literal(_), Kind::Literal(_)))
    }

    /// Whether a comparison is one of pointers.
    pub(super) fn compares_addresses(&self, left: &Expr, rest: &[Comparison]) -> bool {
        let (a, b) = (self.kind(left), self.kind(&rest[0].right));
        let is_pointer = |k: &Kind, e: &Expr| {
            matches!(k, Kind::C(CTy::C(CType::Pointer(_) | CType::Array(..), _)))
                || matches!(k, Kind::Literal(Literal::Int(_)))
                || self.is_function(e)
        };
        (is_address(&a) || is_address(&b))
            && is_pointer(&a, left)
            && is_pointer(&b, &rest[0].right)
            && !matches!(rest[0].op, CompareOp::In | CompareOp::NotIn)
    }

    /// Compares; objects are given up, the left one only if `drop_left`.
    fn compare_one(&mut self, a: Val, op: CompareOp, b: Val, drop_left: bool) -> Result<Value> {
        let is_pointer = |v: &Val| matches!(v, Val::C(_, CTy::C(CType::Pointer(_) | CType::Array(..), _)));
        if (is_pointer(&a) || is_pointer(&b)) && !matches!((&a, &b), (Val::Obj(_), _) | (_, Val::Obj(_))) {
            return self.pointer_compare(op, a, b);
        }
        if !matches!((&a, &b), (Val::Obj(_), _) | (_, Val::Obj(_)) | (Val::Literal(_), Val::Literal(_)))
            && !matches!(op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn)
        {
            let (a, b) = (self.c_operand(a)?, self.c_operand(b)?);
            return self.c_compare(op, a, b);
        }
        let digit = |v: &Val| match v {
            Val::Literal(Literal::Int(n)) if n.unsigned_abs() < 1 << 30 => Some(*n),
            _ => None,
        };
        let known = (digit(&a), digit(&b));
        let (a, b) = (self.object(a)?, self.object(b)?);
        let operands = if drop_left { vec![a, b] } else { vec![b] };
        match op {
            CompareOp::Is | CompareOp::IsNot => {
                let kind = if op == CompareOp::Is { IrCompare::Eq } else { IrCompare::Ne };
                let same = self.b().compare(kind, a.value, b.value);
                self.drop_all(&operands);
                Ok(same)
            }
            CompareOp::In | CompareOp::NotIn => {
                let status = self.status_from(Entry::Contains, &[a.value, b.value], &operands);
                let found = self.flag(status);
                Ok(if op == CompareOp::In { found } else { self.b().unary(IrUnary::Not, found) })
            }
            _ => {
                let status =
                    self.compare_objects((a.value, b.value), (compare_kind(op), compare_code(op)), known);
                self.drop_all(&operands);
                self.fail_if_negative(status);
                Ok(self.flag(status))
            }
        }
    }

    /// `a < b < c` as a condition.
    fn chain(&mut self, left: &Expr, rest: &[Comparison]) -> Result<Value> {
        let var = self.func.new_var("truth", Type::BOOL);
        let is_truth = |op| matches!(op, CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn);
        let all_c = self.is_c(left) && rest.iter().all(|r| self.is_c(&r.right) && !is_truth(r.op));
        if all_c {
            let left = self.expr(left)?;
            let left = self.c_operand(left)?;
            self.c_links(left, rest, var)?;
            return Ok(self.b().get(var));
        }
        let left = match self.link(left)? {
            Val::Obj(left) => Val::Obj(self.keep_own(left)),
            literal => literal,
        };
        self.links(left, rest, var)?;
        Ok(self.b().get(var))
    }

    /// A chain of numbers of C.
    fn c_links(&mut self, left: (Value, CTy), rest: &[Comparison], var: Var) -> Result<()> {
        let Some((first, rest)) = rest.split_first() else { return Ok(()) };
        let right = self.expr(&first.right)?;
        let right = self.c_operand(right)?;
        let truth = self.c_compare(first.op, left, right.clone())?;
        self.b().set(var, truth);
        if !rest.is_empty() {
            self.branch(truth, |l| l.c_links(right, rest, var).map(|()| true), |_| Ok(true))?;
        }
        Ok(())
    }

    /// An operand of a chain that compares objects: an object, or an integer written out.
    fn link(&mut self, e: &Expr) -> Result<Val> {
        Ok(match self.expr(e)? {
            literal @ Val::Literal(Literal::Int(_)) => literal,
            other => Val::Obj(self.object(other)?),
        })
    }

    fn links(&mut self, left: Val, rest: &[Comparison], var: Var) -> Result<()> {
        let right = self.link(&rest[0].right)?;
        if rest.len() == 1 {
            let truth = self.compare_one(left, rest[0].op, right, true)?;
            self.b().set(var, truth);
            return Ok(());
        }
        let (right, again) = match right {
            Val::Obj(right) => {
                let right = self.keep_own(right);
                (Val::Obj(right), Val::Obj(Obj { value: right.value, temp: None }))
            }
            literal => (literal.clone(), literal),
        };
        let truth = self.compare_one(left, rest[0].op, again, true)?;
        self.b().set(var, truth);
        // The temporary is given up in both branches, and free behind them.
        let free = self.free.clone();
        self.branch(
            truth,
            |l| {
                l.links(right.clone(), &rest[1..], var)?;
                l.free.clone_from(&free);
                Ok(true)
            },
            |l| {
                if let Val::Obj(right) = right {
                    l.drop_obj(right);
                }
                Ok(true)
            },
        )?;
        Ok(())
    }

    fn compare_value(&mut self, e: &Expr, left: &Expr, rest: &[Comparison]) -> Result<Val> {
        if matches!(self.kind(e), Kind::C(_)) {
            let truth = self.cond(e)?;
            return Ok(Val::C(self.b().cast(truth, DType::I32), CTy::Bint));
        }
        if rest.len() > 1 {
            return self.chain_value(left, rest);
        }
        let a = self.obj(left)?;
        let b = self.obj(&rest[0].right)?;
        self.at(e.span);
        let code = self.word(compare_code(rest[0].op));
        Ok(Val::Obj(self.make_from(Entry::Compare, &[a.value, b.value, code], &[a, b])))
    }

    /// `a < b < c` as an object: what the first comparison that is not true gives, or the last one.
    fn chain_value(&mut self, left: &Expr, rest: &[Comparison]) -> Result<Val> {
        let left = self.obj(left)?;
        let left = self.keep_own(left);
        let temp = self.new_temp();
        self.value_links(left, rest, temp)?;
        let value = self.b().get(temp);
        Ok(Val::Obj(Obj { value, temp: Some(temp) }))
    }

    fn value_links(&mut self, left: Obj, rest: &[Comparison], temp: Var) -> Result<()> {
        let right = self.obj(&rest[0].right)?;
        let is_last = rest.len() == 1;
        let right = if is_last { right } else { self.keep_own(right) };
        let again = Obj { value: right.value, temp: if is_last { right.temp } else { None } };
        let result = match rest[0].op {
            CompareOp::Is | CompareOp::IsNot | CompareOp::In | CompareOp::NotIn => {
                let truth = self.compare_one(Val::Obj(left), rest[0].op, Val::Obj(again), true)?;
                let truth = self.b().cast(truth, DType::I32);
                self.object(Val::C(truth, CTy::Bint))?
            }
            op => {
                let code = self.word(compare_code(op));
                self.make_from(Entry::Compare, &[left.value, right.value, code], &[left, again])
            }
        };
        let result = self.own(result);
        self.b().set(temp, result);
        if is_last {
            return Ok(());
        }
        let status = self.status(Entry::Truth, &[result]);
        let truth = self.flag(status);
        // The temporary is given up in both branches, and free behind them.
        let free = self.free.clone();
        self.branch(
            truth,
            |l| {
                let zero = l.word(0);
                l.b().set(temp, zero);
                l.call(Entry::Release, &[result]);
                l.value_links(right, &rest[1..], temp)?;
                l.free.clone_from(&free);
                Ok(true)
            },
            |l| {
                l.drop_obj(right);
                Ok(true)
            },
        )?;
        Ok(())
    }

    fn bool_value(&mut self, op: BoolOp, values: &[Expr]) -> Result<Val> {
        let first = self.obj(&values[0])?;
        let first = self.own(first);
        let temp = self.new_temp();
        self.b().set(temp, first);
        for value in &values[1..] {
            let so_far = self.b().get(temp);
            let status = self.status(Entry::Truth, &[so_far]);
            let truth = self.flag(status);
            let more = if op == BoolOp::And { truth } else { self.b().unary(IrUnary::Not, truth) };
            self.branch(
                more,
                |l| {
                    let zero = l.word(0);
                    l.b().set(temp, zero);
                    l.call(Entry::Release, &[so_far]);
                    let next = l.obj(value)?;
                    let next = l.own(next);
                    l.b().set(temp, next);
                    Ok(true)
                },
                |_| Ok(true),
            )?;
        }
        let value = self.b().get(temp);
        Ok(Val::Obj(Obj { value, temp: Some(temp) }))
    }

    fn conditional(&mut self, e: &Expr, test: &Expr, body: &Expr, orelse: &Expr) -> Result<Val> {
        let kind = self.kind(e);
        let truth = self.cond(test)?;
        if let Kind::C(ty) = kind {
            let var = self.func.new_var("choice", Type::Scalar(ty.dtype()));
            let (a, b) = (ty.clone(), ty.clone());
            let branch = |e, ty: CTy| {
                move |l: &mut Self| {
                    let value = l.expr(e)?;
                    let value = l.number(value, &ty)?;
                    l.b().set(var, value);
                    Ok(true)
                }
            };
            self.branch(truth, branch(body, a), branch(orelse, b))?;
            return Ok(Val::C(self.b().get(var), ty));
        }
        let temp = self.new_temp();
        let branch = |e| {
            move |l: &mut Self| {
                let obj = l.obj(e)?;
                let value = l.own(obj);
                l.b().set(temp, value);
                Ok(true)
            }
        };
        self.branch(truth, branch(body), branch(orelse))?;
        let value = self.b().get(temp);
        Ok(Val::Obj(Obj { value, temp: Some(temp) }))
    }

    fn subscript(&mut self, e: &Expr, value: &Expr, index: &Expr) -> Result<Val> {
        if let Some(item) = self.view_item(e, value, index)? {
            return Ok(item);
        }
        if let Some(place) = self.place(e)? {
            return Ok(self.load_place(&place));
        }
        if let Some(slice) = self.slice_object(e)? {
            return Ok(slice);
        }
        if self.is_letter_item(value, index) {
            return self.letter_item(e, value, index);
        }
        let obj = self.obj(value)?;
        let of_class = matches!(&value.kind, ExprKind::Name(name) if self.source.c.classes.get(&**name).is_some_and(|c| c != "object"));
        if let ExprKind::Slice { lower, upper, step: None } = &index.kind
            && [lower, upper].into_iter().flatten().all(|bound| self.is_bound(bound))
        {
            return self.short_slice(e, (obj, of_class), lower.as_deref(), upper.as_deref());
        }
        if let ExprKind::Slice { lower, upper, step: None } = &index.kind {
            let mut bounds = Vec::new();
            for bound in [lower, upper] {
                bounds.push(match bound {
                    Some(e) => self.obj(e)?,
                    None => self.none(),
                });
            }
            self.at(e.span);
            let of_class = self.word(of_class.into());
            let given = [obj.value, bounds[0].value, bounds[1].value, of_class];
            bounds.push(obj);
            return Ok(Val::Obj(self.make_from(Entry::GetSliceOf, &given, &bounds)));
        }
        let index = self.expr(index)?;
        self.at(e.span);
        if let Some(number) = self.integer(&index) {
            return Ok(Val::Obj(self.make_from(Entry::GetItemInt, &[obj.value, number], &[obj])));
        }
        let key = self.object(index)?;
        Ok(Val::Obj(self.make_from(Entry::GetItem, &[obj.value, key.value], &[obj, key])))
    }

    /// An integer of C in 64 bits.
    pub(super) fn integer(&mut self, value: &Val) -> Option<Value> {
        match value {
            Val::Literal(Literal::Int(n)) => Some(self.word(*n)),
            Val::C(_, ty) if is_char(ty) => None,
            Val::C(value, CTy::Num(dtype, _)) if dtype.is_int() && *dtype != DType::U64 => {
                Some(self.b().cast(*value, DType::I64))
            }
            _ => None,
        }
    }

    /// Whether an expression is an integer of C that fits the bounds of a slice.
    pub(super) fn is_bound(&self, e: &Expr) -> bool {
        match self.kind(e) {
            Kind::Literal(Literal::Int(_)) => true,
            Kind::C(ty @ CTy::Num(dtype, _)) => dtype.is_int() && dtype != DType::U64 && !is_char(&ty),
            _ => {
                matches!(&e.kind, ExprKind::Unary { op: UnaryOp::Neg, operand }
                if matches!(operand.kind, ExprKind::Literal(Literal::Int(_))))
            }
        }
    }

    /// A slice without a step, whose bounds are integers of C, of an object or the value of a variable of one class.
    fn short_slice(
        &mut self,
        e: &Expr,
        (obj, of_class): (Obj, bool),
        lower: Option<&Expr>,
        upper: Option<&Expr>,
    ) -> Result<Val> {
        let (mut words, mut which) = ([self.word(0), self.word(0)], if of_class { 4 } else { 0 });
        for (k, bound) in [lower, upper].into_iter().enumerate() {
            let Some(bound) = bound else { continue };
            let value = self.expr(bound)?;
            let Some(word) = self.integer(&value) else { return refuse("this bound of a slice") };
            words[k] = word;
            which |= 1 << k;
        }
        self.at(e.span);
        let which = self.word(which);
        Ok(Val::Obj(self.make_from(Entry::GetSlice, &[obj.value, words[0], words[1], which], &[obj])))
    }

    fn slice(
        &mut self,
        lower: &Option<Box<Expr>>,
        upper: &Option<Box<Expr>>,
        step: &Option<Box<Expr>>,
    ) -> Result<Val> {
        let mut parts = Vec::new();
        for part in [lower, upper, step] {
            parts.push(match part {
                Some(e) => self.obj(e)?,
                None => self.none(),
            });
        }
        let values: Vec<Value> = parts.iter().map(|p| p.value).collect();
        Ok(Val::Obj(self.make_from(Entry::Slice, &values, &parts)))
    }
}

/// An integer of one of CPython's digits that is written out.
fn digit(kind: &Kind) -> Option<i64> {
    match kind {
        Kind::Literal(Literal::Int(n)) if n.unsigned_abs() < 1 << 30 => Some(*n),
        _ => None,
    }
}

/// The number that an expression of integers written out gives, if it has 64 bits.
pub(super) fn folded(e: &Expr) -> Option<i64> {
    match &e.kind {
        ExprKind::Literal(Literal::Int(n)) => Some(*n),
        ExprKind::Unary { op: UnaryOp::Neg, operand } => folded(operand)?.checked_neg(),
        ExprKind::Binary { left, op, right } => {
            let (a, b) = (folded(left)?, folded(right)?);
            let small = || u32::try_from(b).ok().filter(|b| *b < 63);
            match op {
                BinaryOp::Add => a.checked_add(b),
                BinaryOp::Sub => a.checked_sub(b),
                BinaryOp::Mult => a.checked_mul(b),
                BinaryOp::Pow => a.checked_pow(small()?),
                BinaryOp::LShift => a.checked_mul(1 << small()?),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The number of an operator, as the host knows it.
fn op_code(op: BinaryOp) -> i64 {
    match op {
        BinaryOp::Add => 0,
        BinaryOp::Sub => 1,
        BinaryOp::Mult => 2,
        BinaryOp::MatMult => 3,
        BinaryOp::Div => 4,
        BinaryOp::FloorDiv => 5,
        BinaryOp::Mod => 6,
        BinaryOp::Pow => 7,
        BinaryOp::LShift => 8,
        BinaryOp::RShift => 9,
        BinaryOp::BitOr => 10,
        BinaryOp::BitXor => 11,
        BinaryOp::BitAnd => 12,
    }
}

/// A comparison of numbers.
fn compare_kind(op: CompareOp) -> IrCompare {
    match op {
        CompareOp::Lt => IrCompare::Lt,
        CompareOp::LtE => IrCompare::Le,
        CompareOp::Eq => IrCompare::Eq,
        CompareOp::NotEq => IrCompare::Ne,
        CompareOp::Gt => IrCompare::Gt,
        _ => IrCompare::Ge,
    }
}

/// The number of a comparison in CPython.
fn compare_code(op: CompareOp) -> i64 {
    match op {
        CompareOp::Lt => 0,
        CompareOp::LtE => 1,
        CompareOp::Eq => 2,
        CompareOp::NotEq => 3,
        CompareOp::Gt => 4,
        _ => 5,
    }
}
