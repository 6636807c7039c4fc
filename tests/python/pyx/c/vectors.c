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
