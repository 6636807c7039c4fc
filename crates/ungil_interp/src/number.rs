//! Scalars with their dtype.

use ungil_ir::types::DType;

/// A scalar. Integers are kept sign- or zero-extended in 64 bits, as `ungil_ir::inst::Const` does.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Num {
    Bool(bool),
    Int(DType, i64),
    F32(f32),
    F64(f64),
    C64(f32, f32),
    C128(f64, f64),
}

impl Num {
    pub fn dtype(self) -> DType {
        match self {
            Num::Bool(_) => DType::Bool,
            Num::Int(d, _) => d,
            Num::F32(_) => DType::F32,
            Num::F64(_) => DType::F64,
            Num::C64(..) => DType::C64,
            Num::C128(..) => DType::C128,
        }
    }

    pub fn zero(dtype: DType) -> Num {
        match dtype {
            DType::Bool => Num::Bool(false),
            DType::F32 => Num::F32(0.0),
            DType::F64 => Num::F64(0.0),
            DType::C64 => Num::C64(0.0, 0.0),
            DType::C128 => Num::C128(0.0, 0.0),
            d => Num::Int(d, 0),
        }
    }

    /// An integer of the dtype from the low bits of `n`.
    pub fn wrap(dtype: DType, n: i128) -> Num {
        let n = n as i64;
        Num::Int(
            dtype,
            match dtype {
                DType::I8 => i64::from(n as i8),
                DType::I16 => i64::from(n as i16),
                DType::I32 => i64::from(n as i32),
                DType::U8 => i64::from(n as u8),
                DType::U16 => i64::from(n as u16),
                DType::U32 => i64::from(n as u32),
                _ => n,
            },
        )
    }

    /// The exact value of an integer or bool.
    ///
    /// # Panics
    /// For floats and complex numbers.
    pub fn exact(self) -> i128 {
        match self {
            Num::Bool(b) => i128::from(b),
            Num::Int(DType::U64, n) => i128::from(n as u64),
            Num::Int(_, n) => i128::from(n),
            other => panic!("{other:?} is not an integer"),
        }
    }

    /// Native bytes of an element of its dtype.
    pub fn to_bytes(self) -> Vec<u8> {
        match self {
            Num::Bool(b) => vec![u8::from(b)],
            Num::Int(d, n) => n.to_le_bytes()[..d.size() as usize].to_vec(),
            Num::F32(x) => x.to_le_bytes().to_vec(),
            Num::F64(x) => x.to_le_bytes().to_vec(),
            Num::C64(r, i) => [r.to_le_bytes(), i.to_le_bytes()].concat(),
            Num::C128(r, i) => [r.to_le_bytes(), i.to_le_bytes()].concat(),
        }
    }

    /// The element of a dtype in native bytes; any byte but 0 is true.
    ///
    /// # Panics
    /// Unless there are as many bytes as the dtype has.
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Num {
        assert_eq!(bytes.len() as u64, dtype.size(), "as many bytes as {dtype} has");
        let f32_at = |i: usize| f32::from_le_bytes(array(&bytes[i..i + 4]));
        let f64_at = |i: usize| f64::from_le_bytes(array(&bytes[i..i + 8]));
        match dtype {
            DType::Bool => Num::Bool(bytes[0] != 0),
            DType::F32 => Num::F32(f32_at(0)),
            DType::F64 => Num::F64(f64_at(0)),
            DType::C64 => Num::C64(f32_at(0), f32_at(4)),
            DType::C128 => Num::C128(f64_at(0), f64_at(8)),
            d => {
                let mut all = [0; 8];
                all[..bytes.len()].copy_from_slice(bytes);
                Num::wrap(d, i128::from(i64::from_le_bytes(all)))
            }
        }
    }

    /// Same dtype and bits, or both NaN (part by part).
    pub fn same(self, other: Num) -> bool {
        let same64 = |a: f64, b: f64| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        let same32 = |a: f32, b: f32| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        match (self, other) {
            (Num::F32(a), Num::F32(b)) => same32(a, b),
            (Num::F64(a), Num::F64(b)) => same64(a, b),
            (Num::C64(a, b), Num::C64(c, d)) => same32(a, c) && same32(b, d),
            (Num::C128(a, b), Num::C128(c, d)) => same64(a, c) && same64(b, d),
            (a, b) => a == b,
        }
    }
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut all = [0; N];
    all.copy_from_slice(bytes);
    all
}
