//! Kernels as functions of C: the function around the entry that converts its result.

use ungil_ir::builder::Builder;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::function::{Function, Inline, Module, Origin, PRELUDE_FILE};
use ungil_ir::inst::InstKind;
use ungil_ir::types::Type;

/// Puts a function with the result `ret` around the entry of a module. `false`: the entry's result does not convert.
pub fn wrap_entry(module: &mut Module, ret: &Type) -> bool {
    let inner = module.entry();
    let callee = module.function(inner);
    let params: Vec<Type> = callee.params.iter().map(|p| callee.ty(*p).clone()).collect();
    let found = callee.ret.clone();
    let mut f = Function::new(&callee.name, &params, ret.clone());
    f.attributes.inline = Inline::Never;
    // Tracebacks show the kernel alone.
    f.origin = Origin { file: PRELUDE_FILE.to_owned(), first_line: 0 };
    let args: Vec<Value> = f.params.clone();
    let mut b = Builder::new(&mut f);
    let value = b.call(inner, args, found.clone());
    let result = match (&found, ret) {
        (_, ty) if ty.is_unit() => None,
        (Type::Scalar(from), Type::Scalar(to)) if !from.is_complex() || to.is_complex() => {
            Some(b.cast(value, *to))
        }
        (Type::Pointer, Type::Pointer) => Some(value),
        _ => return false,
    };
    b.push(InstKind::Return(result));
    module.functions.push(f);
    module.entry = Some(FuncId(module.functions.len() as u32 - 1));
    true
}
