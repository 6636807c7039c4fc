#include "vectors.h"
vec2 add2(vec2 a, vec2 b) { vec2 r = {a.x + b.x, a.y + b.y}; return r; }
vec3 make3(double x, double y, double z) { vec3 r = {x, y, z}; return r; }
double sum3(const vec3 *v) { return v->x + v->y + v->z; }
struct mixed mix(struct mixed m, int k) { m.n += k; m.f *= 2; m.d -= k; return m; }
struct two swap2(struct two t) { struct two r = {t.b, t.a}; return r; }
double many(vec2 a, int i, vec2 b, double s, vec2 c, vec2 d) { return a.x + 10 * b.y + 100 * c.x + 1000 * i + s + d.y; }
void fill(partial *p, int kind) { p->tag = 't'; p->hidden = -1; p->kind = kind; p->value = 1000L * kind; }
int is_square(enum shape s) { return s == SQUARE; }
double scale_of(struct mixed m, struct two t) { return m.n + m.f + m.d + t.a * 10 + t.b; }
double sum_of(vec3 v) { return v.x + 10 * v.y + 100 * v.z; }
double spread(int i, vec3 v, double s, struct two t, long a, long b, long c, vec3 w, float f, struct two u) {
    double m = i + 2 * sum_of(v) + 3 * s + 4 * t.a + 5 * t.b + 6 * a + 7 * b + 8 * c;
    return m + 9 * sum_of(w) + 10 * f + 11 * u.a + 12 * u.b;
}
vec3 cross(vec3 a, vec3 b) {
    vec3 r = {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
    return r;
}
matrix scaled(matrix m, double s) {
    for (int i = 0; i < 3; i++) for (int j = 0; j < 3; j++) m.m[i][j] *= s;
    m.n += 1;
    return m;
}
