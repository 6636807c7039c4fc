//! Pointers beside objects: what becomes one, arithmetic and comparison.
//!
//! A pointer is its address in 64 bits. Nothing is checked: a pointer does not know how much memory it leads to.

use ungil_ir::entities::Value;
use ungil_ir::inst::{BinaryOp as Ir, CompareOp as IrCompare, InstKind};
use ungil_ir::types::DType;
use ungil_syntax::ast::expr::{Expr, ExprKind};
use ungil_syntax::ast::literal::Literal;
use ungil_syntax::ast::operator::{BinaryOp, CompareOp};

use super::entries::Entry;
use super::function::Lowerer;
use super::python_api::is_object_memory;
use super::typing::Kind;
use super::value::{CTy, Obj, Val};
use super::{Constant, Given, Meaning, Result, refuse};
use crate::ctype::{CType, FunctionType, Pointee};
use crate::lower::memory::same_type;

/// The name of the type of `NULL`, which becomes every pointer.
const NULL: &str = "NULL";

/// The type of `NULL`.
pub(super) fn null_type() -> CTy {
    CTy::C(CType::void_pointer(), NULL.into())
}

/// Whether a pointer leads to characters.
pub(super) fn is_text(to: &CType) -> bool {
    matches!(to, CType::Scalar(DType::I8 | DType::U8))
}

/// Whether a pointer becomes another one without a cast.
fn converts(from: &Pointee, to: &Pointee) -> bool {
    (to.to == CType::Void || same_type(&from.to, &to.to))
        && (to.constant || !from.constant || to.to == CType::Void)
}

/// An array as the pointer to its first element; pointers as they are.
pub(super) fn decayed(ty: &CTy) -> Option<CTy> {
    match ty {
        CTy::C(CType::Array(element, _), _) => Some(CTy::of(&(**element).clone().pointer_to(false))),
        CTy::C(CType::Pointer(_), _) => Some(ty.clone()),
        _ => None,
    }
}

/// The type of pointer arithmetic; `None` if that is none.
pub(super) fn arithmetic_kind(op: BinaryOp, a: &Kind, b: &Kind) -> Option<CTy> {
    let pointer = |k: &Kind| match k {
        Kind::C(ty) => decayed(ty),
        _ => None,
    };
    match (pointer(a), pointer(b), op) {
        (Some(_), Some(_), BinaryOp::Sub) => Some(CTy::Num(DType::I64, "ptrdiff_t".into())),
        (Some(p), None, BinaryOp::Add | BinaryOp::Sub) => Some(p),
        (None, Some(p), BinaryOp::Add) => Some(p),
        _ => None,
    }
}

impl Lowerer<'_> {
    /// A value as a pointer. An object that owns its text is refused unless the caller keeps it alive: `held` takes it.
    pub(super) fn pointer(&mut self, value: Val, to: &Pointee, held: Option<&mut Vec<Obj>>) -> Result<Value> {
        let shown = CType::Pointer(std::sync::Arc::new(to.clone()));
        match value {
            Val::C(address, CTy::C(_, name)) if &*name == NULL => Ok(address),
            Val::C(address, CTy::C(from, _)) => match &from {
                CType::Pointer(p) if converts(p, to) => Ok(address),
                CType::Array(element, _) => {
                    let from = Pointee { to: (**element).clone(), constant: false };
                    if converts(&from, to) {
                        Ok(address)
                    } else {
                        mismatch(&from.to.pointer_to(false), &shown)
                    }
                }
                other => mismatch(other, &shown),
            },
            Val::Literal(Literal::Int(0)) => Ok(self.word(0)),
            Val::Literal(Literal::Bytes(bytes)) if is_text(&to.to) => self.text_constant(bytes.to_vec()),
            Val::Literal(Literal::Str(text)) if is_text(&to.to) => match text.as_str() {
                Some(text) if text.is_ascii() => self.text_constant(text.as_bytes().to_vec()),
                _ => refuse("a string that is not ASCII as `char *`"),
            },
            Val::Function(name) => match &to.to {
                CType::Function(ty) => self.own_address(&name, &ty.clone()),
                CType::Void => refuse("a function as `void *` without a cast to its type"),
                _ => refuse(&format!("a function as `{shown}`")),
            },
            Val::Extern(f) if matches!(to.to, CType::Function(_) | CType::Void) => {
                Ok(self.constant(Constant::Address(f.address)).value)
            }
            Val::Obj(obj) if is_text(&to.to) => {
                let address = self.call(Entry::AsChars, &[obj.value]);
                let failed = self.is_zero(address);
                self.fail_if(failed);
                match (obj.temp, held) {
                    (None, _) => {}
                    (Some(_), Some(held)) => held.push(obj),
                    (Some(_), None) => {
                        return refuse(
                            "a `char *` into an object that nobody holds: assign it to a variable first",
                        );
                    }
                }
                Ok(address)
            }
            _ => refuse(&format!("a Python object as `{shown}`")),
        }
    }

    /// The type of a function of the module, if C can call it.
    fn own_type(&self, name: &str) -> Option<FunctionType> {
        let Meaning::Own(own) = (self.source.meaning)(name) else { return None };
        let object = || CType::Opaque("object".into());
        let params = own.params.iter().map(|ty| ty.as_ref().map_or_else(object, CTy::ctype)).collect();
        let ret = match &own.ret {
            Given::Nothing => CType::Void,
            Given::C(ty) => ty.ctype(),
            Given::Object => object(),
        };
        Some(FunctionType { params, ret, raises: true })
    }

    /// Whether an expression names a function of C.
    pub(super) fn is_function(&self, e: &Expr) -> bool {
        let ExprKind::Name(name) = &e.kind else { return false };
        self.local(name).is_none()
            && !self.globals.contains(&**name)
            && matches!(
                (self.source.meaning)(name),
                Meaning::Own(_) | Meaning::Private | Meaning::Extern(_) | Meaning::Math(..)
            )
    }

    /// The address at which C calls a function of the module.
    fn own_address(&mut self, name: &str, ty: &FunctionType) -> Result<Value> {
        match (self.source.address_of)(name, ty) {
            Ok(address) => Ok(self.constant(Constant::Address(address)).value),
            Err(why) => refuse(&format!("a pointer to `{name}`: {why}")),
        }
    }

    /// The address of the characters of a constant.
    fn text_constant(&mut self, bytes: Vec<u8>) -> Result<Value> {
        let obj = self.constant(Constant::Bytes(bytes));
        let address = self.call(Entry::AsChars, &[obj.value]);
        let failed = self.is_zero(address);
        self.fail_if(failed);
        Ok(address)
    }

    /// `<type>value` of pointers and structs.
    pub(super) fn cast(&mut self, value: Val, ty: &CTy) -> Result<Value> {
        let CTy::C(CType::Pointer(to), _) = ty else { return self.number(value, ty) };
        match value {
            Val::C(address, CTy::C(CType::Pointer(_) | CType::Array(..), _)) => Ok(address),
            Val::C(number, CTy::Num(dtype, _)) if dtype.is_int() => Ok(self.b().cast(number, DType::I64)),
            Val::Literal(Literal::Int(n)) => Ok(self.word(n)),
            Val::Function(name) if to.to == CType::Void => {
                let Some(ty) = self.own_type(&name) else {
                    return refuse(&format!("`{name}` as `void *`"));
                };
                self.own_address(&name, &ty)
            }
            // What the address of an object is.
            Val::Obj(obj) if (to.to == CType::Void || is_object_memory(&to.to)) && obj.temp.is_none() => {
                Ok(obj.value)
            }
            other => self.pointer(other, &to.clone(), None),
        }
    }

    /// `p + n`, `p - n`, `p - q`
    pub(super) fn pointer_binary(&mut self, op: BinaryOp, a: Val, b: Val) -> Result<Val> {
        let pointer = |v: &Val| match v {
            Val::C(_, ty) => decayed(ty),
            _ => None,
        };
        match (pointer(&a), pointer(&b), op) {
            (Some(p), Some(q), BinaryOp::Sub) if same_type(&p.ctype(), &q.ctype()) => {
                let (Val::C(a, _), Val::C(b, _)) = (a, b) else {
                    return refuse("this operation on pointers");
                };
                let size = self.stride(&p)?;
                let size = self.word(size as i64);
                let mut builder = self.b();
                let bytes = builder.binary(Ir::Sub, a, b);
                let n = builder.binary(Ir::FloorDiv, bytes, size);
                Ok(Val::C(n, CTy::Num(DType::I64, "ptrdiff_t".into())))
            }
            (Some(p), None, BinaryOp::Add | BinaryOp::Sub) => self.moved(op, (a, p), b),
            (None, Some(p), BinaryOp::Add) => self.moved(op, (b, p), a),
            _ => refuse("this operation on pointers"),
        }
    }

    fn moved(&mut self, op: BinaryOp, (pointer, ty): (Val, CTy), by: Val) -> Result<Val> {
        let Val::C(address, _) = pointer else { return refuse("this operation on pointers") };
        let by = match by {
            Val::C(n, CTy::Num(dtype, _)) if dtype.is_int() => self.b().cast(n, DType::I64),
            Val::C(n, CTy::Bint) => self.b().cast(n, DType::I64),
            Val::C(..) => return refuse("a pointer and a number that is no integer"),
            other => self.number(other, &CTy::Num(DType::I64, "Py_ssize_t".into()))?,
        };
        let size = self.stride(&ty)?;
        let size = self.word(size as i64);
        let mut b = self.b();
        let bytes = b.binary(Ir::Mul, by, size);
        let op = if op == BinaryOp::Add { Ir::Add } else { Ir::Sub };
        Ok(Val::C(b.binary(op, address, bytes), ty))
    }

    /// The distance of a pointer's elements.
    fn stride(&self, ty: &CTy) -> Result<u64> {
        let element = self.element_type(ty).map(|(element, _)| element);
        match element.as_ref().and_then(CType::size) {
            Some(size) => Ok(size),
            None => refuse(&format!("arithmetic of `{}`", ty.ctype())),
        }
    }

    /// A comparison of which one side is a pointer.
    pub(super) fn pointer_compare(&mut self, op: CompareOp, a: Val, b: Val) -> Result<Value> {
        let op = match op {
            CompareOp::Eq | CompareOp::Is => IrCompare::Eq,
            CompareOp::NotEq | CompareOp::IsNot => IrCompare::Ne,
            CompareOp::Lt => IrCompare::Lt,
            CompareOp::LtE => IrCompare::Le,
            CompareOp::Gt => IrCompare::Gt,
            CompareOp::GtE => IrCompare::Ge,
            CompareOp::In | CompareOp::NotIn => return refuse("a pointer in a container"),
        };
        let pointee = |v: &Val| match v {
            Val::C(_, CTy::C(CType::Pointer(to), _)) => Some(to.clone()),
            _ => None,
        };
        let mut addresses = Vec::new();
        let beside = pointee(&a).or_else(|| pointee(&b));
        for value in [a, b] {
            addresses.push(match value {
                Val::C(address, CTy::C(CType::Pointer(_) | CType::Array(..), _)) => address,
                Val::Literal(Literal::Int(n)) => self.word(n),
                Val::Literal(Literal::None) => self.word(0),
                function @ (Val::Function(_) | Val::Extern(_)) => match &beside {
                    Some(to) => self.pointer(function, &to.clone(), None)?,
                    None => return refuse("a comparison of functions"),
                },
                _ => return refuse("a pointer compared with what is none"),
            });
        }
        Ok(self.b().compare(op, addresses[0], addresses[1]))
    }

    /// An address as the machine's pointer.
    pub(super) fn machine_pointer(&mut self, address: Value) -> Value {
        self.b().value(InstKind::Pointer(address))
    }
}

fn mismatch<T>(from: &CType, to: &CType) -> Result<T> {
    refuse(&format!("a value of type `{from}` where `{to}` is wanted"))
}
