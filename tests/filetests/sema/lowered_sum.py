# test sema
def total(a: float64[::1]):
    s = 0.0
    for i in range(a.shape[0]):
        s += a[i]
    return s

# ---
# entry f0
#
# func @total(v0: array<float64, 1, C>) -> float64 {
#   var x0 "s": float64
#   v1 = const float64 0.0 @2:5
#   set x0, v1 @2:5
#   v2 = dim v0, 0 @3:20
#   v3 = const int64 0 @3:14
#   v4 = const int64 1 @3:14
#   v5 = const int64 0 @3:5
#   v6 = const int64 1 @3:5
#   for l0 v7 in v5..v2 step v6 @3:5 {
#     v8 = get x0 @4:9
#     v9 = dim v0, 0 @4:14
#     v10 = check_index v7, v9 axis 0 wrap check @4:14
#     v11 = load v0[v10] @4:14
#     v12 = add v8, v11 @4:9
#     set x0, v12 @4:9
#   }
#   v13 = get x0 @5:12
#   return v13 @5:5
# }
