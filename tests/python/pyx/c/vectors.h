#include <stdint.h>
typedef struct { double x, y; } vec2;
typedef struct { double x, y, z; } vec3;
struct mixed { int32_t n; float f; double d; };
struct two { long a, b; };
typedef struct { char tag; int hidden; short kind; long value; } partial;
enum shape { ROUND, SQUARE = 5, FLAT };
#define LIMIT 42
#define RATIO 1.5
#define NAME "shim"
#define TWICE(x) (2 * (x))
static inline int plus_one(int x) { return x + 1; }
vec2 add2(vec2 a, vec2 b);
vec3 make3(double x, double y, double z);
double sum3(const vec3 *v);
struct mixed mix(struct mixed m, int k);
struct two swap2(struct two t);
double many(vec2 a, int i, vec2 b, double s, vec2 c, vec2 d);
void fill(partial *p, int kind);
int is_square(enum shape s);
extern double scale_of(struct mixed m, struct two t);
typedef struct { double m[3][3]; int n; } matrix;
double sum_of(vec3 v);
double spread(int i, vec3 v, double s, struct two t, long a, long b, long c, vec3 w, float f, struct two u);
vec3 cross(vec3 a, vec3 b);
matrix scaled(matrix m, double s);
