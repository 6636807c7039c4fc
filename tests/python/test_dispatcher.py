"""The object that `jit` makes."""

import gc
import inspect
import pickle
import pydoc
import subprocess
import sys
import weakref

import cloudpickle
import numpy as np
import pytest
from checking import assert_same

import ungil
from ungil import float32, float64, int32, int64, jit, njit, void

TRIANGLE_TYPES = {
    "def triangle(n: int) -> int:": "# n: int",
    "s = 0": "# s: int",
    "for i in range(n):": "# i: int, n: int",
    "s += i": "# s: int, i: int",
}


@jit
def triangle(n: int) -> int:
    """Sum of the first n integers."""
    s = 0
    for i in range(n):
        s += i
    return s


@jit
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


class Box:
    scale = 3

    @jit
    def pick(self, x):
        return x

    @staticmethod
    @jit
    def twice(x):
        return 2 * x


def test_it_looks_like_the_function():
    assert triangle.__name__ == "triangle"
    assert triangle.__qualname__ == "triangle"
    assert triangle.__module__ == __name__
    assert triangle.__doc__ == "Sum of the first n integers."
    assert triangle.__wrapped__ is triangle.py_func
    assert str(inspect.signature(triangle)) == "(n: int) -> int"
    assert "Sum of the first n integers" in pydoc.render_doc(triangle)
    assert triangle.__annotations__ == {"n": int, "return": int}
    assert callable(triangle) and inspect.isroutine(triangle)


def test_repr_and_signatures():
    @jit
    def f(x):
        return x

    assert repr(f) == "<ungil.jit f: not compiled yet>"
    f(1), f(np.zeros((2, 2)))
    assert f.signatures == ["(int) -> int", "(float64[:, ::1]) -> float64[:, ::1]"]
    assert repr(f) == "<ungil.jit f: (int) -> int, (float64[:, ::1]) -> float64[:, ::1]>"


def test_methods_bind():
    with pytest.raises(TypeError, match="argument 'self'"):
        Box().pick(1)
    assert Box.pick(None, 2) == 2
    assert Box.twice(4) == 8
    assert Box().twice(4) == 8


def test_weak_references_and_collection():
    @jit
    def f(x):
        return x

    f(1)
    f.itself = f
    seen = weakref.ref(f)
    del f
    gc.collect()
    assert seen() is None


def test_attributes_can_be_set():
    triangle.note = 1
    assert triangle.__dict__["note"] == 1
    del triangle.note


def test_inspection():
    assert triangle(4) == 6
    assert "(int) -> int" in triangle.inspect_types()
    assert "func" in triangle.inspect_ir("(int) -> int")
    assert "define" in triangle.inspect_llvm("(int)")
    assert "ret" in triangle.inspect_asm()["(int) -> int"]
    text = triangle.inspect_types("(int)")
    assert text.startswith("triangle(n: int) -> int\n"), text
    lines = {line.split("#")[0].split("  ", 2)[-1].strip(): line for line in text.splitlines()}
    assert __file__ in text
    for source, comment in TRIANGLE_TYPES.items():
        assert lines[source].endswith(comment), text
    with pytest.raises(KeyError):
        triangle.inspect_ir("(float)")


def test_diagnostics(capsys):
    @jit
    def total(a):
        s = 0.0
        for i in ungil.prange(a.size):
            s += a[i]
        return s

    total(np.ones(3))
    assert "total(float64[::1]) -> " in total.diagnostics()
    total.parallel_diagnostics()
    assert capsys.readouterr().out.strip() == total.diagnostics().strip()


def test_recursion():
    assert fib(20) == 6765


def test_eager_signatures():
    @jit(float64(float64, int64))
    def f(x, n):
        return x * n

    assert f.signatures == ["(float, int) -> float"]
    assert f(1.5, 2) == 3.0
    assert_same(f(2, 2), 4.0)
    assert_same(f(np.float64(1.5), 2), np.float64(3.0))
    with pytest.raises(TypeError, match="fits no declared signature") as caught:
        f(1j, 2)
    assert caught.value.code == "U0602"


def test_eager_arrays_specialise_on_the_real_layout():
    @jit("float64(float64[:, :])")
    def corner(a):
        return a[0, 0]

    assert corner(np.ones((2, 2))) == 1
    assert corner(np.ones((4, 4))[::2, ::2]) == 1
    assert corner(np.asfortranarray(np.ones((2, 3)))) == 1
    assert len(corner.signatures) == 3
    with pytest.raises(TypeError):
        corner(np.ones((2, 2), np.float32))
    with pytest.raises(TypeError):
        corner(np.ones(2))


def test_signature_lists_choose_the_exact_one():
    @njit(["int32(int32)", float32(float32)])
    def f(x):
        return x

    assert_same(f(np.int32(3)), np.int32(3))
    assert_same(f(np.float32(3)), np.float32(3))
    assert len(f.signatures) == 2


def test_void_and_declared_results():
    @jit(void(float64[:]))
    def fill(a):
        for i in range(a.size):
            a[i] = i

    a = np.zeros(3)
    assert fill(a) is None
    assert_same(a, np.arange(3.0))
    with pytest.raises(TypeError) as caught:

        @jit("int64(float64)")
        def g(x):
            return x

    assert caught.value.code == "U0603"


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("flot(int64)", "expected a type"),
        ("float64(int64", "`,` or `)`"),
        ("f8(f8[:, ::1, :])", "first or the last axis"),
    ],
)
def test_bad_signatures(signature, words):
    with pytest.raises(TypeError, match="U0604") as caught:

        @jit(signature)
        def f(x):
            return x

    assert words in str(caught.value)


def test_unknown_options_name_the_nearest():
    with pytest.raises(TypeError, match="did you mean `boundscheck=`") as caught:
        jit(bounds_check=False)(lambda x: x)
    assert caught.value.code == "U0605"
    with pytest.raises(TypeError, match='must be "python", "numpy" or None'):
        jit(error_model="c")(lambda x: x)
    with pytest.raises(TypeError, match="Python function"):
        jit(len)


def test_type_objects_are_printed_and_compared():
    assert repr(float64[:, ::1]) == "float64[:, ::1]"
    assert repr(float64(int32, (int64, float32[:]))) == "float64(int32, (int64, float32[:]))"
    assert float64[:] == float64[:] and float64[:] != float64[::1]
    assert float64(3) == 3.0 and type(float32(3)) is np.float32


def test_prange_outside_kernels_is_range():
    assert list(ungil.prange(3)) == [0, 1, 2]
    assert ungil.prange(1, 9, 3, schedule="dynamic", chunksize=2, num_threads=1) == range(1, 9, 3)
    with pytest.raises(ValueError, match="schedule"):
        ungil.prange(3, schedule="fast")
    with pytest.raises(ValueError, match="chunksize"):
        ungil.prange(3, chunksize=0)


def test_pickling_by_name():
    assert pickle.loads(pickle.dumps(triangle)) is triangle
    assert pickle.loads(pickle.dumps(Box.pick)) is Box.pick


def test_pickling_by_value(tmp_path):
    k = 7

    def helper(x):
        return x + k

    @jit(boundscheck=False)
    def local(x, y=2):
        "Documented."
        return helper(x) * y + np.pi

    for dumps in (cloudpickle.dumps, pickle.dumps):
        data = dumps(local)
        script = "import pickle, sys; f = pickle.load(sys.stdin.buffer); print(f(1), f.__doc__, f.__name__)"
        done = subprocess.run([sys.executable, "-c", script], input=data, capture_output=True, check=True)
        assert done.stdout.decode().split() == [str(local(1)), "Documented.", "local"]


def test_pickling_a_lambda_and_a_recursive_function():
    f = jit(lambda x: x * 3)
    assert pickle.loads(pickle.dumps(f))(4) == 12

    @jit
    def down(n):
        return 0 if n == 0 else down(n - 1)

    assert pickle.loads(pickle.dumps(down))(4) == 0


def test_disabled(tmp_path):
    script = (
        "from ungil import jit\n"
        "@jit('int64(int64)')\n"
        "def f(x):\n"
        "    return [x]\n"
        "print(f(3), f(x=4), f.signatures)\n"
    )
    file = tmp_path / "m.py"
    file.write_text(script)
    env = {**__import__("os").environ, "UNGIL_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, file], env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[3] [4] []"


def test_log(tmp_path):
    file = tmp_path / "m.py"
    file.write_text("from ungil import jit\n@jit\ndef f(x):\n    return x\nf(1)\nf(1)\nf(1.0)\n")
    env = {**__import__("os").environ, "UNGIL_LOG": "compile"}
    done = subprocess.run([sys.executable, file], env=env, capture_output=True, text=True, check=True)
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 2 and lines[0].startswith("ungil: f(int) -> int ") and " ms (" in lines[0]


def test_import_is_light():
    code = (
        "import numpy, sys, time; before = set(sys.modules); t = time.perf_counter(); import ungil;"
        "t = time.perf_counter() - t; print(t); print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    modules = set(done.stdout.splitlines()[1].split())
    assert not modules & {"dataclasses", "inspect", "linecache", "importlib.metadata"}, modules
    assert len(modules) < 20, modules
