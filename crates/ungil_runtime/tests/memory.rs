//! The allocator: alignment, zeroing, counting, overflow.

#![allow(
    clippy::undocumented_unsafe_blocks,
    reason = "bodies play generated code, calls its callers: both keep to the ABI"
)]

use core::ptr;
use ungil_runtime::alloc::{
    MAPPED, alloc_raw, free_raw, header_of, live_blocks, realloc_raw, ungil_rt_alloc, ungil_rt_release,
    ungil_rt_retain,
};

/// Tests that count blocks or make them take turns, because the counter is shared.
static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());

#[test]
fn blocks() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let before = live_blocks();
    for size in [0usize, 1, 63, 64, 4096, 100_000, MAPPED - 64, MAPPED - 63, MAPPED, 3 * MAPPED + 5] {
        for zeroed in [0, 1] {
            unsafe {
                let info = ungil_rt_alloc(ptr::null_mut(), size as u64, zeroed);
                assert!(!info.is_null());
                let data = (*info).data;
                assert_eq!((data as usize % 64, (*info).size), (0, size as u64));
                assert_eq!(header_of(data), info);
                if zeroed == 1 {
                    assert!(core::slice::from_raw_parts(data, size).iter().all(|b| *b == 0));
                }
                data.write_bytes(0xab, size);
                ungil_rt_retain(info);
                ungil_rt_release(info);
                assert_eq!(live_blocks(), before + 1);
                // What a memory handler does when NumPy frees the data of a returned array.
                free_raw(data, size);
                assert_eq!(live_blocks(), before);
            }
        }
    }
    for size in [u64::MAX, u64::MAX - 63, i64::MAX as u64, 1 << 62] {
        assert!(unsafe { ungil_rt_alloc(ptr::null_mut(), size, 1) }.is_null());
    }
    unsafe {
        ungil_rt_retain(ptr::null_mut());
        ungil_rt_release(ptr::null_mut());
        free_raw(ptr::null_mut(), 5);
        let mut data = realloc_raw(ptr::null_mut(), 10);
        (0..10).for_each(|i| data.add(i).write(i as u8));
        for size in [1000, 2 * MAPPED, 10] {
            data = realloc_raw(data, size);
            assert!((0..10).all(|i| data.add(i).read() == i as u8));
        }
        assert!(realloc_raw(data, usize::MAX).is_null());
        free_raw(data, 10);
        assert!(alloc_raw(usize::MAX - 10, false).is_null());
    }
    assert_eq!(live_blocks(), before);
    std::thread::scope(|s| {
        for _ in 0..4 {
            s.spawn(|| (0..1000).for_each(|i| unsafe { free_raw(alloc_raw(i * 37, i % 2 == 0), 0) }));
        }
    });
    assert_eq!(live_blocks(), before);
}

#[test]
fn arguments_are_not_freed() {
    use core::sync::atomic::{AtomicI64, Ordering};
    let mut data = [1u8; 8];
    let mut info = ungil_abi::array::MemInfo {
        refs: AtomicI64::new(1),
        data: data.as_mut_ptr(),
        size: 8,
        kind: ungil_abi::array::MemKind::ARGUMENT,
        reserved: 0,
        object: ptr::null_mut(),
    };
    unsafe { ungil_rt_release(&raw mut info) };
    assert_eq!((info.refs.load(Ordering::Relaxed), data[0]), (0, 1));
}

/// The cache gives a freed block to the next request of about its size, zeroed where asked, and back to the kernel.
#[test]
fn large_blocks_are_used_again() {
    use ungil_runtime::recycle;
    const SIZE: usize = 9 << 20;
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    unsafe {
        let first = alloc_raw(SIZE, false);
        first.write_bytes(7, SIZE);
        free_raw(first, SIZE);
        assert!(recycle::cached_bytes() >= SIZE);
        let again = alloc_raw(SIZE - 1000, true);
        assert_eq!(again.addr() >> 12, first.addr() >> 12);
        assert!(core::slice::from_raw_parts(again, SIZE - 1000).iter().all(|b| *b == 0));
        free_raw(again, 0);
        let much_smaller = alloc_raw(SIZE / 2, false);
        assert_ne!(much_smaller.addr() >> 12, first.addr() >> 12);
        free_raw(much_smaller, 0);
        // Idle blocks beyond what the cache keeps go, the oldest first.
        let many: Vec<_> = (0..200).map(|_| alloc_raw(MAPPED, false)).collect();
        many.iter().for_each(|data| free_raw(*data, 0));
        assert!(recycle::cached_bytes() <= recycle::limit());
        assert!(recycle::empty() > 0);
    }
}

/// Large arrays begin at places of a page that are far apart, aligned as all are, and their memory goes back whole.
#[test]
fn large_blocks_begin_at_different_places() {
    const SIZE: usize = 1 << 20;
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    for round in 0..20 {
        let arrays: Vec<_> = (0..3).map(|k| alloc_raw(SIZE + 64 * k, round % 2 == 0)).collect();
        for data in &arrays {
            assert!(data.addr().is_multiple_of(64));
            // SAFETY: the block is so long.
            unsafe { data.write_bytes(1, SIZE) };
        }
        for (i, one) in arrays.iter().enumerate() {
            for other in &arrays[i + 1..] {
                let apart = one.addr().wrapping_sub(other.addr()) % 4096;
                assert!((512..=3584).contains(&apart), "{one:?} and {other:?}");
            }
        }
        // SAFETY: nobody uses them any more.
        arrays.into_iter().for_each(|data| unsafe { free_raw(data, 0) });
    }
}
