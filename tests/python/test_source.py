"""Where the text of a function comes from."""

import doctest
import importlib.util
import linecache

import numpy as np
import pytest

import ungil
from ungil import jit


def test_lambdas_on_one_line_are_told_apart():
    f, g = jit(lambda x: x + 1), jit(lambda x: x * 10)
    assert (f(2), g(2)) == (3, 20)
    h = [jit(lambda x: (x, 1)), jit(lambda x, y=(1, 2): x - y[0])]
    assert (h[0](2), h[1](2)) == ((2, 1), 1)


def test_lambdas_over_several_lines():
    f = jit(
        lambda x, y: (
            (
                x + y  # a comment
            )
            * 2
        )
    )
    assert f(1, 2) == 6


def test_nested_lambdas():
    outer = jit(lambda x: (lambda y: y + 1)(x) * 2)
    assert outer(3) == 8


def test_decorated_and_indented():
    def passing(f):
        return f

    if True:

        @jit
        @passing
        def f(
            x,
            s="""a
string at column 0""",
        ):
            # a comment
            return x + 1

    assert f.py_func(1) == 2
    assert jit(f.py_func)(1, 0) == 2


def load(path, name="edited"):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_an_edited_file_does_not_compile_for_the_old_function(tmp_path):
    path = tmp_path / "edited.py"
    path.write_text("def f(x):\n    return x + 1\n")
    module = load(path)
    path.write_text("def f(x):\n    return x - 1\n")
    linecache.clearcache()
    with pytest.raises(ungil.errors.CompileError, match="is not what the function was made from"):
        jit(module.f)(1)


def test_variables_may_have_the_names_of_imports(tmp_path):
    # CPython compiles `signal.sum()` in another way where the file imports `signal`, whatever it is in the function.
    file = tmp_path / "imports.py"
    file.write_text(
        "import signal, stat\nfrom math import tau as image\n"
        "def f(signal):\n    stat = signal * 2\n    image = stat[1:]\n"
        "    return signal.sum() + stat.max() + image.mean()\n"
    )
    spec = importlib.util.spec_from_file_location("imports", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    x = np.array([1.0, 2.0, 4.0])
    assert jit(module.f)(x) == module.f(x)


def test_text_taken_at_decoration_outlives_an_edit(tmp_path):
    path = tmp_path / "edited2.py"
    path.write_text("from ungil import jit\n@jit\ndef f(x):\n    return x + 1\n")
    module = load(path)
    path.write_text("import nothing\n")
    linecache.clearcache()
    assert module.f(1) == 2


def test_no_source_names_the_remedy():
    namespace = {}
    exec("def f(x):\n    return x + 1\n", namespace)
    with pytest.raises(ungil.errors.CompileError, match=r"ungil.jit\(source="):
        jit(namespace["f"])(1)
    assert jit(namespace["f"], source="def f(x):\n    return x + 1\n")(1) == 2
    with pytest.raises(ungil.errors.CompileError, match="is not what the function was made from"):
        jit(namespace["f"], source="def f(x):\n    return x + 2\n")(1)


def test_notebook_cells():
    """IPython compiles cells under a name of its own and gives their text to linecache."""
    source = "from ungil import jit\n@jit\ndef cell(x):\n    return x * 2\n"
    name = "<ipython-input-1-abcdef>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"__name__": "__main__"}
    exec(compile(source, name, "exec"), namespace)
    assert namespace["cell"](4) == 8


def test_rerunning_a_callees_cell_takes_effect():
    namespace = {"__name__": "__main__"}

    def run(number, source):
        name = f"<ipython-input-{number}-x>"
        linecache.cache[name] = (len(source), None, source.splitlines(True), name)
        exec(compile(source, name, "exec"), namespace)

    run(2, "from ungil import jit\n@jit\ndef inner(x):\n    return x + 1\n")
    run(3, "@jit\ndef outer(x):\n    return inner(x) * 10\n")
    assert namespace["outer"](1) == 20
    run(4, "@jit\ndef inner(x):\n    return x + 2\n")
    assert namespace["outer"](1) == 30


def example():
    """A docstring with a kernel.

    >>> from ungil import jit
    >>> @jit
    ... def f(x):
    ...     return x + 1
    >>> f(1)
    2
    """


def test_doctest():
    finder = doctest.DocTestFinder()
    runner = doctest.DocTestRunner()
    for test in finder.find(example, "example", globs={}):
        runner.run(test)
    assert runner.summarize(verbose=False).failed == 0


def test_private_names_in_classes():
    class Holder:
        @staticmethod
        @jit
        def f(__x):
            return __x + 1

    assert Holder.f(1) == 2


def test_assertions_rewritten_by_pytest():
    @jit
    def f(x):
        assert x > 0, "not positive"
        return x

    assert f(1) == 1
    with pytest.raises(AssertionError, match="not positive"):
        f(-1)


@pytest.mark.parametrize(
    "module",
    [
        "ungil",
        "ungil._decorators",
        "ungil._parallel",
        "ungil.mpirun",
        "ungil.types",
        "ungil.errors",
        "ungil.config",
    ],
)
def test_examples_in_the_package(module):
    import importlib

    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0 and (result.attempted > 0 or module == "ungil.config")
