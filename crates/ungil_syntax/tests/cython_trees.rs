//! Trees of the Cython language, as text.

use ungil_diag::source::SourceFile;
use ungil_diag::span::SourceId;
use ungil_syntax::dump::dump;
use ungil_syntax::parser::{CythonOptions, LanguageLevel, parse_cython};

fn tree_at(text: &str, level: LanguageLevel) -> String {
    let source = SourceFile::new("test.pyx", text);
    let options = CythonOptions { level, is_declaration: false };
    let (module, diagnostics) = parse_cython(&source, SourceId(0), options);
    let messages: Vec<String> = diagnostics.iter().map(|d| d.title.clone()).collect();
    assert!(messages.is_empty(), "{text}: {messages:?}");
    dump(&module.module).trim_end().to_string()
}

fn check(text: &str, tree: &str) {
    assert_eq!(tree_at(text, LanguageLevel::Three), tree, "{text}");
}

#[test]
fn declarations() {
    check(
        "cdef unsigned long long *x, y = 3",
        "(declare unsigned-long-long-int [(pointer x) y = (literal 3)])",
    );
    check(
        "cdef const double[:, ::1] a",
        "(declare (view (qualified const double) [(slice _ _ _) (slice _ _ (literal 1))]) [a])",
    );
    check(
        "cdef int (*f)(int, char*) noexcept nogil",
        "(declare int [(function (pointer f) [(param int _) (param char (pointer _))] noexcept nogil)])",
    );
    check("cdef int *a[3]", "(declare int [(pointer (array a (literal 3)))])");
    check("cdef double complex z", "(declare double-complex [z])");
    check("cdef x", "(declare _ [x])");
    check(
        "cdef np.ndarray[np.float64_t, ndim=2] a",
        "(declare (template np.ndarray [(attribute (name np) float64_t)] [ndim=(literal 2)]) [a])",
    );
    check("cdef (int, double*) t", "(declare (ctuple [int (type double (pointer _))]) [t])");
    check("ctypedef int real", "(ctypedef int real)");
    check("cdef enum: A = 1", "(enum _ [(A (literal 1))])");
    check("include 'x.pxi'", "(include \"x.pxi\")");
    check("from libc.math cimport sin as s", "(from-cimport 0 libc.math [(alias sin s)])");
}

#[test]
fn functions() {
    check(
        "cdef inline double f(double x, y, int z=1) except? -1 nogil: return x",
        "(def f [] [] [] [(param x _ _ (type double x)) (param y _ _) (param z _ (literal 1) (type int z))] _ [] _ _ \
         (c inline double except? (unary - (literal 1)) nogil) [(return (name x))])",
    );
    check(
        "def f(int x, object[double, ndim=2] b not None): pass",
        "(def f [] [] [] [(param x _ _ (type int x)) \
         (param b _ _ (type (template object [double] [ndim=(literal 2)]) b not-none))] _ [] _ _ [(pass)])",
    );
}

#[test]
fn expressions() {
    check("x = <double>y ** 2", "(assign [(name x)] (cast double (binary ** (name y) (literal 2))))");
    check("x = <int>y + z", "(assign [(name x)] (binary + (cast int (name y)) (name z)))");
    check("x = <A?>y", "(assign [(name x)] (cast checked A (name y)))");
    check("x = <double[:n]>p", "(assign [(name x)] (cast (view double [(slice _ (name n) _)]) (name p)))");
    check(
        "x = &a[0] == b",
        "(assign [(name x)] (compare (address (subscript (name a) (literal 0))) == (name b)))",
    );
    check(
        "x = sizeof(int*) + sizeof(y)",
        "(assign [(name x)] (binary + (sizeof (type int (pointer _))) (sizeof (name y))))",
    );
    check("x = 1 <> 2", "(assign [(name x)] (compare (literal 1) != (literal 2)))");
    check("x = c'\\n' + 0x10ULL", "(assign [(name x)] (binary + (char 10) (integer 16 u ll)))");
    check("p = new A[int](1)", "(assign [(name p)] (call (new (template A [int] [])) [(literal 1)] []))");
}

#[test]
fn loops_with_bounds() {
    check(
        "for i from 0 <= i < n by 2: pass",
        "(for-from (name i) (literal 0) <= < (name n) (literal 2) [(pass)] [])",
    );
    check("for n > i >= 0: pass", "(for-from (name i) (name n) > >= (literal 0) _ [(pass)] [])");
}

#[test]
fn level_two() {
    let two = |text: &str, tree: &str| assert_eq!(tree_at(text, LanguageLevel::Two), tree, "{text}");
    two("print x, y", "(print _ [(name x) (name y)] newline)");
    two("print >>f, x,", "(print (name f) [(name x)] _)");
    two("print", "(print _ [] newline)");
    two("exec 'x' in d", "(exec (literal \"x\") [(name d)])");
    two("try: pass\nexcept A, e: pass", "(try [(pass)] [(handler (name A) e [(pass)])] [] [])");
    two("print(x)", "(print _ [(name x)] newline)");
    check("print(x)", "(expr (call (name print) [(name x)] []))");
    check("# cython: language_level=2\nprint x", "(print _ [(name x)] newline)");
}
