//! `print`: one line handed to the runtime as a list of parts.

use super::error::WORDS;
use super::function::FunctionEmitter;
use super::types::Operand;
use crate::raw::Val;
use llvm_sys::LLVMOpcode;
use ungil_abi::context::ValueTag;
use ungil_abi::symbols;
use ungil_ir::inst::PrintPart;
use ungil_ir::packing::packed_size;
use ungil_ir::types::Type;

impl FunctionEmitter<'_> {
    pub fn print(&mut self, parts: &[PrintPart]) -> Option<Operand> {
        let l = self.l;
        let mut words = Vec::new();
        for part in parts {
            match part {
                PrintPart::Text(text) => {
                    let at = l.cast(LLVMOpcode::LLVMPtrToInt, self.m.text(text), l.int(64));
                    words.push([l.i64(ValueTag::TEXT as i64), at, l.i64(text.len() as i64)]);
                }
                PrintPart::None => words.push(self.mark(ValueTag::NONE)),
                PrintPart::TupleOpen => words.push(self.mark(ValueTag::TUPLE_OPEN)),
                PrintPart::TupleClose => words.push(self.mark(ValueTag::TUPLE_CLOSE)),
                PrintPart::Value { value, weak } => {
                    let (operand, ty) = (self.operand(*value).clone(), self.f.ty(*value).clone());
                    self.print_value(&operand, &ty, *weak, &mut words);
                }
            }
        }
        let list = self.stack_bytes(words.len() as u64 * WORDS);
        self.store_words(list, &words);
        let status = self.m.call_runtime(symbols::PRINT, &[self.ctx, list, l.i64(words.len() as i64)]);
        self.check_status(status, true);
        None
    }

    fn mark(&self, tag: u64) -> [Val; 3] {
        [self.l.i64(tag as i64), self.l.i64(0), self.l.i64(0)]
    }

    fn print_value(&mut self, operand: &Operand, ty: &Type, weak: bool, words: &mut Vec<[Val; 3]>) {
        let l = self.l;
        match (operand, ty) {
            (Operand::Tuple(_), Type::Tuple(types)) if types.is_empty() => {
                words.push(self.mark(ValueTag::NONE));
            }
            (Operand::Tuple(items), Type::Tuple(types)) => {
                words.push(self.mark(ValueTag::TUPLE_OPEN));
                for (item, ty) in items.iter().zip(types) {
                    self.print_value(item, ty, weak, words);
                }
                words.push(self.mark(ValueTag::TUPLE_CLOSE));
            }
            (Operand::Array(_), Type::Array(a)) => {
                let descriptor = self.stack_bytes(packed_size(ty));
                l.store_packed(ty, operand, descriptor);
                let at = l.cast(LLVMOpcode::LLVMPtrToInt, descriptor, l.int(64));
                let kind = u64::from(a.dtype.number()) | u64::from(a.ndim) << 8;
                words.push([l.i64(ValueTag::ARRAY as i64), at, l.i64(kind as i64)]);
            }
            _ => words.push(self.value_words(operand, ty, weak)),
        }
    }
}
