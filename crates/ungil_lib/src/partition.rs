//! Selection: values are moved so that one place holds what sorting would put there; and medians.
//!
//! The standard library's `select_nth_unstable_by` (introselect: quickselect that falls back to medians of medians) takes
//! linear time in the worst case.

use core::cmp::Ordering;

use ungil_abi::context::Ctx;

use crate::entry::guarded;
use crate::fold::Number;
use crate::matrix::Vector;

/// Moves the values of a vector so that `place` holds what sorting would put there: none before it is larger, none behind
/// it smaller. Complex numbers are ordered by their real parts first.
///
/// # Safety
/// `ctx` is this thread's context; `values` describes live elements of the type told that are neighbours, aligned, and seen
/// by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_partition(
    ctx: *mut Ctx,
    dtype: u64,
    values: *const Vector,
    place: i64,
) -> i32 {
    // SAFETY: by contract. Bools are bytes.
    let select = || unsafe {
        let values = &*values;
        match dtype {
            0 | 5 => select::<u8>(values, place),
            1 => select::<i8>(values, place),
            2 => select::<i16>(values, place),
            3 => select::<i32>(values, place),
            4 => select::<i64>(values, place),
            6 => select::<u16>(values, place),
            7 => select::<u32>(values, place),
            8 => select::<u64>(values, place),
            9 => select::<f32>(values, place),
            10 => select::<f64>(values, place),
            11 => select::<[f32; 2]>(values, place),
            12 => select::<[f64; 2]>(values, place),
            _ => false,
        }
    };
    let run = || {
        assert!(select(), "elements of this type have no order");
        0
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the selection of a value failed", run) }
}

/// Whether the elements can be selected from.
///
/// # Safety
/// As for [`ungil_lib_partition`], with elements of type `T`.
unsafe fn select<T: PartialOrd>(values: &Vector, place: i64) -> bool {
    let ([n], [stride]) = (values.shape, values.strides);
    let data = values.data.cast::<T>();
    if !(0..n).contains(&place) || stride != size_of::<T>() as i64 || !data.is_aligned() {
        return false;
    }
    // SAFETY: `n` elements that are neighbours and aligned, as was checked; by contract they live, and nobody else sees
    // them.
    let values = unsafe { core::slice::from_raw_parts_mut(data, n as usize) };
    values.select_nth_unstable_by(place as usize, |a, b| a.partial_cmp(b).unwrap_or(Ordering::Equal));
    true
}

/// Sets `out[0]` to the median of a vector of floats: NaN if one is, unless `skip` is not zero.
///
/// # Safety
/// `ctx` is this thread's context; the descriptors are of live, dense vectors of one length that is not zero and of the type
/// told. `out` is aligned, seen by nobody else, and does not overlap `x`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ungil_lib_median(
    ctx: *mut Ctx,
    dtype: u64,
    out: *const Vector,
    x: *const Vector,
    skip: i64,
) -> i32 {
    // SAFETY: by contract.
    let run = || unsafe {
        match dtype {
            9 => median::<f32>(&*out, &*x, skip != 0),
            10 => median::<f64>(&*out, &*x, skip != 0),
            _ => panic!("elements of this type have no median"),
        }
        0
    };
    // SAFETY: by contract.
    unsafe { guarded(ctx, "the selection of a median failed", run) }
}

/// # Safety
/// As for [`ungil_lib_median`], with elements of type `T`.
unsafe fn median<T: Number>(out: &Vector, x: &Vector, skip: bool) {
    let (from, n) = (x.data.cast_const().cast::<T>(), x.shape[0] as usize);
    let data = out.data.cast::<T>();
    assert!(data.is_aligned() && n > 0 && out.shape == x.shape, "a buffer as long as the vector");
    let mut count = 0;
    // SAFETY: the elements live, and `count` is at most the index of the element.
    unsafe {
        for i in 0..n {
            let value = from.add(i).read_unaligned();
            data.add(count).write(value);
            if value.is_nan() && !skip {
                return data.write(value);
            }
            count += usize::from(!value.is_nan());
        }
    }
    // SAFETY: so many elements have been written, which nobody else sees.
    let values = unsafe { core::slice::from_raw_parts_mut(data, count) };
    let result = if count == 0 { T::NOTHING } else { middle(values) };
    // SAFETY: the vector is not empty.
    unsafe { data.write(result) };
}

/// The middle of some numbers, as NumPy computes it: the mean of one or two.
fn middle<T: Number>(values: &mut [T]) -> T {
    let half = values.len() / 2;
    let order = |a: &T, b: &T| a.partial_cmp(b).unwrap_or(Ordering::Equal);
    let is_odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(half, order);
    let upper = *upper;
    match below.split_first() {
        // The mean of one number: a zero loses its sign.
        _ if is_odd => upper.plus(T::ZERO),
        Some((first, rest)) => {
            let lower = rest.iter().fold(*first, |low, x| if *x > low { *x } else { low });
            lower.plus(upper).over(2)
        }
        None => upper,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn partition<T>(dtype: u64, values: &mut [T], place: i64) -> bool {
        let (n, stride) = (values.len() as i64, size_of::<T>() as i64);
        let vector = Vector {
            data: values.as_mut_ptr().cast(),
            owner: core::ptr::null_mut(),
            shape: [n],
            strides: [stride],
        };
        // SAFETY: the vector describes the slice; numbers are within reach, so that the context is not used.
        unsafe { ungil_lib_partition(core::ptr::null_mut(), dtype, &vector, place) == 0 }
    }

    #[test]
    fn puts_a_value_in_its_place() {
        for place in 0..101 {
            let mut floats: Vec<f64> = (0..101).map(|k| f64::from(k * 37 % 101)).collect();
            assert!(partition(10, &mut floats, place));
            let (low, high) = floats.split_at(place as usize);
            assert_eq!(high[0], place as f64);
            assert!(low.iter().all(|x| *x < high[0]) && high[1..].iter().all(|x| *x > high[0]));
        }
    }

    #[test]
    fn orders_numbers_by_their_type() {
        let mut signed = [3i8, -128, 127, 0];
        assert!(partition(1, &mut signed, 0));
        assert_eq!(signed[0], -128);
        let mut unsigned = [3u8, 128, 127, 0];
        assert!(partition(5, &mut unsigned, 3));
        assert_eq!(unsigned[3], 128);
        let mut complex = [[1.0f32, 2.0], [0.0, 9.0], [1.0, -2.0]];
        assert!(partition(11, &mut complex, 1));
        assert_eq!(complex[1], [1.0, -2.0]);
    }
}
