//! Names of the runtime's entry points, as generated code refers to them.
//!
//! Each constant states the C signature. All return a status (0 success) or a value and never unwind.

/// `i32 (Ctx*)`: safepoint; non-zero when the call must end.
pub const POLL: &str = "ungil_rt_poll";
/// `void (Ctx*, u32 class, const u8 *message, u64 len, u32 nargs, const ErrorArg*, u32 function, u32 line)`:
/// fills the error slot. A null message makes an exception without arguments.
pub const RAISE: &str = "ungil_rt_raise";
/// `void (Ctx*, u32 function, u32 line)`: adds a frame to the error slot while an error travels up.
pub const TRACE: &str = "ungil_rt_trace";
/// `void (const Ctx*, ErrorSlot*)`: keeps the error at hand while a handler runs.
pub const KEEP_ERROR: &str = "ungil_rt_keep_error";
/// `void (Ctx*, const ErrorSlot*)`: makes a kept error the current one again.
pub const RESUME_ERROR: &str = "ungil_rt_resume_error";
/// `MemInfo *(Ctx*, u64 bytes, i32 zeroed)`: new block with one reference and 64-byte aligned data; null when out of memory.
pub const ALLOC: &str = "ungil_rt_alloc";
/// `i32 (MemInfo *list, i64 n)`: room for `n` elements in all; non-zero when out of memory.
pub const LIST_RESERVE: &str = "ungil_rt_list_reserve";
/// `void (MemInfo *list, i64 from, i64 to)`: releases what elements hold.
pub const LIST_DROP: &str = "ungil_rt_list_drop";
/// `void (MemInfo*)`: one more reference; null is allowed.
pub const RETAIN: &str = "ungil_rt_retain";
/// `void (MemInfo*)`: one reference less, frees at zero; null is allowed.
pub const RELEASE: &str = "ungil_rt_release";
/// `i32 (Ctx*, const ErrorArg *parts, u64 n)`: writes the parts, as in `ValueTag`, to `sys.stdout` one after the other; spaces
/// and newlines are text parts, commas and parentheses of tuples are not.
pub const PRINT: &str = "ungil_rt_print";
/// `i32 (Ctx*, const LoopDesc*)`: runs a parallel loop.
pub const PARALLEL_FOR: &str = "ungil_rt_parallel_for";
/// `i32 (Ctx*, u32 n, RegionBody, void *env)`: runs a parallel region.
pub const PARALLEL_REGION: &str = "ungil_rt_parallel_region";
/// `i32 (i32 (*entry)(Ctx*, u8*, const u8*), u8 *ret, const u8 *args)`: calls a kernel for C, on any thread and without a
/// context; an exception is reported by the host, and the status is not zero.
pub const CALLBACK: &str = "ungil_rt_callback";
/// `i32 (Ctx*)`: waits for the other threads of the innermost region; non-zero when it was cancelled.
pub const BARRIER: &str = "ungil_rt_barrier";
/// `i32 (Ctx*, u64 dtype, const Matrix *out, const Matrix *x, const Matrix *y)`: matrix product; a matrix is an array descriptor
/// of two axes, `dtype` the number of their element type.
pub const MATMUL: &str = "ungil_lib_matmul";
/// `i32 (Ctx*, u64 dtype, const Vector *values, i64 place)`: moves values so that `place` holds what sorting would put there; a
/// vector is an array descriptor of one axis.
pub const PARTITION: &str = "ungil_lib_partition";
/// `i32 (Ctx*, u64 dtype, Vector *out, const Vector *x, i64 skip)`: sets `out[0]` to the median of a vector of floats, without NaN
/// if `skip` is not zero; `out` is as long as the vector.
pub const MEDIAN: &str = "ungil_lib_median";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *x, const Vector *y, i64 first)`: sums of products of `x` and the
/// sliding `y`, from the one with this number on.
pub const CONVOLVE: &str = "ungil_lib_convolve";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *a, const Vector *b)`: elements of two dense arrays by turns.
pub const INTERLEAVE2: &str = "ungil_lib_interleave2";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *a, const Vector *b, const Vector *c)`: the same of three.
pub const INTERLEAVE3: &str = "ungil_lib_interleave3";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *x, i64 times)`: each element of a dense array so many times.
pub const REPEAT: &str = "ungil_lib_repeat";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *x, i64 wanted)`: sets `out[0]` to the extremum of elements; of
/// `wanted` bit 0 tells the largest, bit 1 to pass over NaN, bit 2 that the team may share the work.
pub const EXTREMUM: &str = "ungil_lib_extremum";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Matrix *x, i64 wanted)`: sets `out[i]`, of int64, to the place of the extremum
/// of row `i`; `wanted` as for `EXTREMUM`.
pub const PLACES: &str = "ungil_lib_places";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Matrix *x, i64 wanted)`: sets `out[i]` to the sum of row `i` (0), its least (1)
/// or greatest (2) element, the sum of its squared deviations (3) or its range (4); of
/// `wanted` bit 3 tells columns instead of rows, bit 4 that the team may share the work, bit 5 to take short rows in blocks.
pub const REDUCE: &str = "ungil_lib_reduce";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *table, const Vector *keys, i64 mode)`: how many elements of a sorted
/// table of this type go before each key.
pub const SEARCH: &str = "ungil_lib_search";
/// `i32 (Ctx*, u64 dtype, const Vector *counts, const Vector *values, const Vector *edges)`: counts values of this type in
/// bins of even widths.
pub const HISTOGRAM: &str = "ungil_lib_histogram";
/// `i32 (Ctx*, u64 dtype, const Vector *edges, const Vector *values)`: edges of even bins that hold all values of this type.
pub const EDGES: &str = "ungil_lib_edges";
/// `i32 (Ctx*, u64 dtype, const Matrix *out, const Matrix *x, const Vector *parameters)`: phases without turns, by rows.
pub const UNWRAP: &str = "ungil_lib_unwrap";
/// `i32 (Ctx*, u64 dtype, const Matrix *out, const Matrix *x, const Matrix *y)`: cross products of rows of three elements.
pub const CROSS: &str = "ungil_lib_cross";
/// `i32 (Ctx*, u64 dtype, const Matrix *out, const Matrix *x, const Matrix *y, i64 free, i64 corr)`: covariances of the rows of
/// `x` and `y`, or their correlation coefficients.
pub const COVARIANCE: &str = "ungil_lib_covariance";
/// `i32 (Ctx*, u64, const Vector *index, i64 size, i64 axis, i64 wrap)`: raises IndexError for an index, of int64, outside an axis.
pub const BOUNDS: &str = "ungil_lib_bounds";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *x, const Vector *index, i64 wrap)`: elements at indices within `x`.
pub const TAKE: &str = "ungil_lib_take";
/// `i32 (Ctx*, u64, const Vector *out, const Vector *x)`: the least and the greatest of some int64.
pub const RANGE: &str = "ungil_lib_range";
/// `i32 (Ctx*, u64, const Vector *counts, const Vector *x)`: adds one to the count of each number, of int64.
pub const TALLY: &str = "ungil_lib_tally";
/// `i32 (Ctx*, u64 dtype, const Vector *out, const Vector *x)`: sets `out[0]`, of int64, to the number of true elements.
pub const COUNT: &str = "ungil_lib_count";
/// `i32 (Ctx*, u64 dtype, const Matrix *out, const Matrix *x)`: copies elements.
pub const COPY: &str = "ungil_lib_copy";
/// `i32 (Ctx*, u64 dtype, const Matrix *out, const Matrix *x, i64 k, i64 lower)`: copies a triangle, the rest are zeros.
pub const TRIANGLE: &str = "ungil_lib_triangle";
/// `i32 (Ctx*, u64, const Vector *out, const Vector *x, const Vector *points, const Vector *values, const Vector *ends)`:
/// interpolates between points, all of float64.
pub const INTERP: &str = "ungil_lib_interp";
/// `i64 (Ctx*)`: number of this thread in its team.
pub const THREAD_ID: &str = "ungil_rt_thread_id";
/// `i64 (Ctx*)`: threads that a parallel loop started here would use.
pub const NUM_THREADS: &str = "ungil_rt_num_threads";
/// `i64 (Ctx*)`: largest count that `SET_NUM_THREADS` accepts.
pub const MAX_THREADS: &str = "ungil_rt_max_threads";
/// `i64 (Ctx*, i64 n)`: sets the thread count, returns the previous one. The caller refuses counts
/// outside `1 ..= MAX_THREADS` with an error; here they are clamped.
pub const SET_NUM_THREADS: &str = "ungil_rt_set_num_threads";

/// `void (void)`, of the host: an exception of a kernel that C calls is kept from now on, for this thread. Emitted as what it does
/// to the context.
pub const EXPECT: &str = "ungil_py_expect_error";
/// `i64 (void)`, of the host: the token of the exception that was kept, or 0; others are reported again. Called where there is one.
pub const FAILED: &str = "ungil_py_failed";
