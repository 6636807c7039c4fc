//! Calls between kernels, and queries of the team.

use super::function::FunctionEmitter;
use super::module::returned;
use super::types::Operand;
use crate::raw::Val;
use ungil_abi::symbols;
use ungil_ir::entities::{FuncId, Value};
use ungil_ir::library::LibFn;
use ungil_ir::packing::packed_size;
use ungil_ir::types::Type;

impl FunctionEmitter<'_> {
    /// Calls a function of the module; leaves with a frame of ours if it fails.
    pub fn call(&mut self, callee: FuncId, args: &[Value], ret: &Type) -> Operand {
        // The next copy; the last one calls the function itself.
        let copy = self.m.copies[callee.index()].get(self.level).filter(|_| callee == self.id);
        let function = *copy.unwrap_or(&self.m.functions[callee.index()]);
        let in_register = copy.is_none() && returned(self.m.ir.function(callee)).is_some();
        let size = if in_register { 0 } else { packed_size(ret) };
        let result = if size == 0 { self.l.poison(self.l.ptr()) } else { self.stack_bytes(size) };
        let mut leaves: Vec<Val> = vec![self.ctx, result];
        args.iter().for_each(|a| self.operand(*a).flatten(&mut leaves));
        let status = self.l.call(self.l.function_type(function), function, &leaves);
        if in_register {
            let value = self.l.extract_value(status, 0);
            self.check_status(self.l.extract_value(status, 1), true);
            return Operand::Scalar(value);
        }
        self.check_status(status, true);
        self.l.load_packed(ret, result, false)
    }

    /// Calls a function of the library with descriptors of arrays, and with numbers as they are.
    pub fn library(&mut self, function: LibFn, args: &[Value]) -> Option<Operand> {
        let l = self.l;
        let dtype = self.f.ty(args[function.told()]).as_array().expect("the verifier saw an array").dtype;
        let mut given = vec![self.ctx, l.i64(i64::from(dtype.number()))];
        for &arg in args {
            let (operand, ty) = (self.operand(arg).clone(), self.f.ty(arg).clone());
            if ty.as_array().is_none() {
                given.push(operand.scalar());
                continue;
            }
            let descriptor = self.stack_bytes(packed_size(&ty));
            l.store_packed(&ty, &operand, descriptor);
            given.push(descriptor);
        }
        let status = self.m.call_runtime(function.symbol(), &given);
        self.check_status(status, true);
        None
    }

    /// Thread number or thread count.
    pub fn team_query(&self, symbol: &str) -> Operand {
        Operand::Scalar(self.m.call_runtime(symbol, &[self.ctx]))
    }

    pub fn set_num_threads(&self, n: Value) -> Operand {
        Operand::Scalar(self.m.call_runtime(symbols::SET_NUM_THREADS, &[self.ctx, self.scalar(n)]))
    }
}
