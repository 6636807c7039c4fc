//! Streaming stores: every length, every alignment, loads that see the stores or not.

use crate::host::{Kernel, read};
use ungil_llvm::emit::EmitOptions;

fn kernel(text: &str) -> Kernel {
    let options = EmitOptions { stream_from: Some(1), ..EmitOptions::new("kernel") };
    Kernel::with(&read(text), &options, &[])
}

/// `v1[i] = v0[i] + v0[i]` for elements of a type; `tags` are the alias sets of load and store.
fn doubling(dtype: &str, tags: [&str; 2]) -> String {
    let array = format!("array<{dtype}, 1, C>");
    format!(
        "func @f(v0: {array}, v1: {array}) -> () {{\n  v2 = const int64 0\n  v3 = const int64 1\n  v4 = dim v1, 0\n  \
         for l0 v5 in v2..v4 step v3 {{\n    v6 = load v0[v5]{}\n    v7 = add v6, v6\n    store v1[v5], v7{}\n  }}\n  \
         v8 = tuple\n  return v8\n}}\n",
        tags[0], tags[1]
    )
}

const APART: [&str; 2] = [" alias 17", " alias 18"];

fn assembly(kernel: &Kernel) -> &str {
    &kernel.object.listing.as_ref().expect("a listing").assembly
}

/// Fills `out` from byte `offset` on, of `n` elements of 8 bytes; the bytes around must stay.
fn check(kernel: &Kernel, offset: usize, n: usize) {
    let input: Vec<u64> = (0..n as u64).map(|i| i * 1_000_003 + 7).collect();
    let mut memory = vec![0x5555_5555_5555_5555u64; n + 40];
    let base = memory.as_mut_ptr() as usize;
    let at = base.next_multiple_of(64) + 64 + offset;
    let args = [input.as_ptr() as u64, 0, n as u64, 8, at as u64, 0, n as u64, 8];
    kernel.call(&args).expect("succeeds");
    // SAFETY: the bytes lie in `memory`, which lives.
    let bytes = unsafe { std::slice::from_raw_parts(base as *const u8, memory.len() * 8) };
    let (before, rest) = bytes.split_at(at - base);
    let (filled, after) = rest.split_at(n * 8);
    assert!(before.iter().chain(after).all(|b| *b == 0x55), "wrote beside the array: offset {offset}, n {n}");
    for (i, element) in filled.chunks(8).enumerate() {
        let is = u64::from_ne_bytes(element.try_into().expect("8 bytes"));
        assert_eq!(is, input[i].wrapping_mul(2), "element {i}, offset {offset}, n {n}");
    }
}

#[test]
fn every_length_and_alignment() {
    let kernel = kernel(&doubling("int64", APART));
    assert!(
        assembly(&kernel).contains("vmovnt") || assembly(&kernel).contains("movnt"),
        "{}",
        assembly(&kernel)
    );
    assert!(assembly(&kernel).contains("sfence"), "{}", assembly(&kernel));
    for n in (0..300).chain([1000, 4096, 5001]) {
        for offset in (0..64).step_by(8) {
            check(&kernel, offset, n);
        }
        // Elements between boundaries: nothing is aligned.
        check(&kernel, 4, n);
        check(&kernel, 13, n);
    }
}

#[test]
fn loads_that_may_see_the_stores() {
    // LLVM tests for overlap itself; the same array in and out is one more case.
    let kernel = kernel(&doubling("int64", ["", ""]));
    for n in [0, 1, 63, 64, 200, 1000] {
        (0..64).step_by(8).for_each(|offset| check(&kernel, offset, n));
        let mut memory: Vec<u64> = (0..n as u64).collect();
        let view = [memory.as_mut_ptr() as u64, 0, n as u64, 8];
        kernel.call(&[view, view].concat()).expect("succeeds");
        assert!(memory.iter().enumerate().all(|(i, v)| *v == 2 * i as u64), "in place, n {n}");
    }
}

/// `v1[i] = sin(v0[i]) + exp(v0[i])`: a body of which no copy is made.
fn maths(tags: [&str; 2]) -> String {
    doubling("float64", tags)
        .replace("v7 = add v6, v6", "v9 = math.sin v6\n    v10 = math.exp v6\n    v7 = add v9, v10")
}

#[test]
fn long_bodies_of_every_length_and_alignment() {
    for tags in [APART, ["", ""]] {
        let streamed = kernel(&maths(tags));
        assert!(assembly(&streamed).contains("movnt"), "{}", assembly(&streamed));
        let plain = Kernel::new(&maths(tags));
        for n in (0..100).chain([1000, 1001, 4999]) {
            let input: Vec<f64> = (0..n).map(|i| f64::from(i) * 0.37 - 20.0).collect();
            for offset in 0..8 {
                let fill = |kernel: &Kernel| {
                    let mut memory = vec![5.5f64; n as usize + 40];
                    let base = memory.as_ptr() as usize;
                    let skipped = (base.next_multiple_of(64) - base) / 8 + 8 + offset;
                    let at = &mut memory[skipped..];
                    let args =
                        [input.as_ptr() as u64, 0, n as u64, 8, at.as_mut_ptr() as u64, 0, n as u64, 8];
                    kernel.call(&args).expect("succeeds");
                    let all = at.iter().map(|x| x.to_bits()).collect::<Vec<u64>>();
                    assert!(memory[..skipped].iter().all(|x| *x == 5.5), "offset {offset}, n {n}");
                    all[..n as usize + 8].to_vec()
                };
                assert_eq!(fill(&streamed), fill(&plain), "offset {offset}, n {n}");
            }
        }
    }
}

#[test]
fn arrays_that_are_read_too_do_not_stream() {
    let text = doubling("float64", APART).replace("load v0[", "load v1[").replace("alias 17", "alias 18");
    assert!(!assembly(&kernel(&text)).contains("movnt"));
}

#[test]
fn small_arrays_do_not_stream_by_default() {
    let object = Kernel::new(&doubling("float32", APART));
    let n = 100_000usize;
    let input = vec![1.5f32; n];
    let mut out = vec![0f32; n];
    let args = [input.as_ptr() as u64, 0, n as u64, 4, out.as_mut_ptr() as u64, 0, n as u64, 4];
    object.call(&args).expect("succeeds");
    assert!(out.iter().all(|x| *x == 3.0));
    assert!(assembly(&object).contains("movnt"), "the copy is there, behind a test of the size");
}
