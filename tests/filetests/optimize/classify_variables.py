# test optimize classify_variables
# An accumulator becomes a reduction; what is written before it is read is private, and last if it is read behind.
def f(a: float64[::1], b: float64[::1]):
    total = 0.0
    item = 0.0
    for i in prange(a.shape[0]):
        item = a[i]
        square = item * item
        if square > 1.0:
            square = 1.0
        total += square
        b[i] = square
    return total, item

# ---
# entry f0
#
# func @f(v0: array<float64, 1, C>, v1: array<float64, 1, C>) -> (float64, float64) {
#   var x0 "total": float64
#   var x1 "item": float64
#   var x2 "square": float64
#   v2 = const float64 0.0 @2:5
#   set x0, v2 @2:5
#   v3 = const float64 0.0 @3:5
#   set x1, v3 @3:5
#   v4 = dim v0, 0 @4:21
#   v5 = const int64 0 @4:5
#   v6 = const int64 1 @4:5
#   v7 = const int64 0 @4:5
#   v8 = const int64 1 @4:5
#   parallel_for l0 v9 in v7..v4 step v8 private(x2) last(x1) reduce(add x0) min_block 1 @4:5 {
#     v10 = dim v0, 0 @5:16
#     v11 = check_index v9, v10 axis 0 wrap check @5:16
#     v12 = load v0[v11] @5:16
#     set x1, v12 @5:9
#     v13 = get x1 @6:18
#     v14 = get x1 @6:25
#     v15 = mul v13, v14 @6:18
#     set x2, v15 @6:9
#     v16 = get x2 @7:12
#     v17 = const float64 1.0 @7:12
#     v18 = gt v16, v17 @7:12
#     if v18 @7:9 {
#       v19 = const float64 1.0 @8:13
#       set x2, v19 @8:13
#     }
#     v20 = get x0 @9:9
#     v21 = get x2 @9:18
#     v22 = add v20, v21 @9:9
#     set x0, v22 @9:9
#     v23 = get x2 @10:16
#     v24 = dim v1, 0 @10:9
#     v25 = check_index v9, v24 axis 0 wrap check @10:9
#     store v1[v25], v23 @10:9
#   }
#   v26 = get x0 @11:12
#   v27 = get x1 @11:19
#   v28 = tuple v26, v27 @11:5
#   return v28 @11:5
# }
