"""The annotate report: what is on the page, that nothing of the source gets out of its place, and the ways to it."""

import html.parser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import ungil
from ungil import annotate, pyx
from ungil.annotate import _collect, _highlight, _listing, _page, _score

PYX = """
from cython.parallel cimport prange
from libc.math cimport sqrt
import numpy as np

cdef inline double square(double x) noexcept nogil:
    return x * x

def distances(double[:, ::1] x, double[:, :] out):
    cdef Py_ssize_t i, j, k
    cdef double s
    for i in prange(x.shape[0], nogil=True):
        for j in range(x.shape[0]):
            s = 0
            for k in range(x.shape[1]):
                s = s + square(x[i, k] - x[j, k])
            out[i, j] = sqrt(s)

def prefix(double[:] a):
    cdef Py_ssize_t i
    for i in range(1, a.shape[0]):
        a[i] += a[i - 1]

def words(str text):
    return {word: len(word) for word in text.split()}

def count(int n):
    while n:
        yield n
        n -= 1
"""


@ungil.jit
def spread(a):
    low = a[0]
    high = a[0]
    for i in range(a.shape[0]):
        low = min(low, a[i])
        high = max(high, a[i])
    return high - low


class Page(html.parser.HTMLParser):
    """Rows, tags and addresses of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.links, self.open = [], [], []
        self.feed(text)
        self.rows = {
            int(n): row
            for n, row in re.findall(
                r'id="line-(\d+)"(.*?)(?=<div class="row|</div>\n<footer)', text, re.DOTALL
            )
        }

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "link", "br", "input"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open[-1] == tag, (tag, self.open[-3:])
        self.open.pop()


@pytest.fixture(scope="module")
def report():
    return _collect.of_pyx(PYX, "<kernels>.pyx", profile={17: 3.0, 22: 1.0})


def line(report, text):
    return next(one for one in report.lines if text in one.text)


def labels(report, text):
    return [badge.label for badge in line(report, text).badges]


def test_states_of_functions(report):
    states = {f.name: f.state for f in report.functions}
    assert states == {
        "square": "compiled",
        "distances": "compiled",
        "prefix": "compiled",
        "words": "objects",
        "count": "python",
    }


def test_compiled_lines_are_white_and_object_lines_yellow(report):
    assert line(report, "s = s + square").score == 0
    assert line(report, "cdef double s").score == 0
    assert 0 < line(report, "def distances").score < line(report, "return {word").score
    assert line(report, "import numpy").score > 0
    assert line(report, "yield n").state == "python"
    assert "asks the interpreter" in line(report, "return {word").work


def test_code_for_objects_has_listings_without_a_call(tmp_path):
    path = tmp_path / "mixed.pyx"
    path.write_text(
        "# cython: language_level=3\n"
        "def total(list xs):\n"
        "    cdef double p[4]\n"
        "    cdef double s = 0\n"
        "    for i in range(4):\n"
        "        p[i] = xs[i]\n"
        "    s = p[0] * p[1] + p[2]\n"
        "    return s, xs\n"
    )
    report = _collect.of_pyx(path.read_text(), str(path))
    assert [f.state for f in report.functions] == ["objects"]
    assert line(report, "xs[i]").score > line(report, "p[0] * p[1]").score == 0
    assert labels(report, "xs[i]")[0].startswith("object operation")
    assert labels(report, "p[0] * p[1]") == []
    assert any("call " in text for text in line(report, "xs[i]").listings[0].ir)
    assert line(report, "p[0] * p[1]").listings[0].assembly


def test_badges(report):
    assert "parallel" in labels(report, "in prange")
    assert any(label.startswith("in lanes ×") for label in labels(report, "for j in range(x.shape[0])"))
    assert "not vectorised" in labels(report, "for i in range(1")
    assert "checks hoisted" in labels(report, "for i in range(1")
    assert "object operations" in labels(report, "def count")


def test_types_and_listings(report):
    found = line(report, "a[i] += a[i - 1]")
    assert found.types["a"] == "float64[::1]"
    (listing,) = found.listings
    assert listing.signature == "prefix(float64[::1]) -> None"
    assert any(text.startswith("store") or " load " in text for text in listing.ir)
    assert any("vaddsd" in text or "addsd" in text for text in listing.assembly)
    # A line has its own instructions alone.
    other = line(report, "out[i, j] = sqrt(s)").listings[0]
    assert any("sqrt" in text or "rsqrt" in text for text in other.assembly + other.ir)
    assert not any("sqrt" in text for text in listing.assembly + listing.ir)


def test_a_profile_becomes_bars(report):
    text = _page.render(report, "kernels")
    assert "3 s · 75%" in Page(text).rows[17]
    assert "1 s · 25%" in Page(text).rows[22]
    assert "4 s" in text and 'class="code timed"' in text
    assert 'class="code timed"' not in _page.render(_collect.of_pyx(PYX, "<kernels>.pyx"), "kernels")


def test_the_page_needs_nothing_else(report):
    page = Page(_page.render(report, "kernels"))
    assert page.open == []
    assert all(link.startswith("#line-") for link in page.links)
    assert page.tags.count("script") == 1
    assert "prefers-color-scheme: dark" in _page.render(report, "kernels")


HOSTILE = '''
def f(double[:] a, str b="</script><img src=x onerror=alert(1)>"):
    """<script>alert('&amp;"')</script>"""
    cdef Py_ssize_t i  # <!-- --> ]]> "onclick="x
    for i in range(a.shape[0]):
        a[i] = 1
x = "<b title='\\u2028'>" + '\\"><svg onload=alert(1)>'
'''


def test_hostile_text_stays_text():
    page = _page.render(_collect.of_pyx(HOSTILE, '<"><script>x</script>.pyx'), "<script>t</script>&")
    parsed = Page(page)
    assert parsed.open == []
    assert parsed.tags.count("script") == 1
    assert not {"img", "svg", "b"} & (set(parsed.tags) - {"b"})
    assert "<script>alert" not in page and "<svg" not in page and "<img" not in page


def test_hostile_errors_stay_text():
    report = _collect.of_pyx('def f():\n    return "<b>" + <img src=x>\ncdef int x = "<script>\n', "<e>.pyx")
    page = Page(_page.render(report, "e"))
    assert page.open == [] and "img" not in page.tags and page.tags.count("script") == 1


def test_a_module_with_errors_has_them_on_their_lines():
    text = "def f(int n):\n    return n +\n\ndef g(x):\n    return )\n"
    report = _collect.of_pyx(text, "<broken>.pyx")
    assert "error" in report.message
    assert [b.kind for b in report.lines[1].badges] == ["error"]
    assert report.functions == []
    page = _page.render(report, "broken")
    assert "nothing was compiled" in page
    assert 'id="p2">' in page, "the panel of an error is open"


def test_why_a_function_is_not_compiled():
    text = "def f(double[:] a):\n    out = {}\n    out['a'] = eval('a[0]')\n    return out\n"
    report = _collect.of_pyx(text, "<why>.pyx")
    (function,) = report.functions
    assert (
        function.state == "python" and function.why == "because of a builtin that looks at the frame (line 3)"
    )
    assert any(b.label == "not compiled" for b in report.lines[2].badges)
    assert report.lines[2].score > 0


def test_functions_of_objects_with_declared_parameters():
    report = _collect.of_pyx("def f(int n):\n    return {n: str(n)}\n", "<declared>.pyx")
    (function,) = report.functions
    assert (function.state, function.why) == ("objects", "compiled for any objects")
    assert not any(b.kind == "bad" for one in report.lines for b in one.badges)


FALLBACKS = """
def numbers(int n):
    yield n

async def waiting(int n):
    return n

class Point:
    def norm(self, int x):
        return x
    def parts(self):
        yield self

def makes(xs):
    def inner():
        yield 1
    async def later():
        pass
    class Own:
        pass
    def plain(x):
        return lambda: (yield)
    return inner, later, Own, plain

def evaluated(str text):
    return eval(text)
"""


def test_what_runs_as_plain_python_says_so_with_the_reason():
    report = _collect.of_pyx(FALLBACKS, "<fallbacks>.pyx")
    why = {f.name: f.why for f in report.functions if f.state == "python"}
    assert set(why) == {"numbers", "waiting", "Point.norm", "Point.parts", "evaluated"}
    assert "generators run as plain Python" in why["numbers"] and "coroutines" in why["waiting"]
    assert "methods of classes" in why["Point.norm"] and "frame" in why["evaluated"]
    told = {b.text for one in report.lines for b in one.badges if b.label == "plain Python"}
    assert told == {
        "the generator inner runs as plain Python",
        "the coroutine later runs as plain Python",
        "class Own runs as plain Python",
    }
    page = _page.render(report, "fallbacks")
    assert "the generator inner runs as plain Python" in page and "looks at the frame" in page


def test_fused_functions_show_each_type():
    text = (
        "ctypedef fused num:\n    int\n    double\ndef total(num[:] a):\n    cdef num s = 0\n    cdef Py_ssize_t i\n"
        "    for i in range(a.shape[0]):\n        s += a[i]\n    return s\n"
    )
    report = _collect.of_pyx(text, "<fused>.pyx")
    assert [f.state for f in report.functions] == ["compiled", "compiled"]
    found = line(report, "s += a[i]")
    assert found.score == 0 and len(found.listings) == 2
    assert {listing.signature.split("(")[1].split("[")[0] for listing in found.listings} == {
        "int32",
        "float64",
    }


def test_of_a_jit_function(tmp_path):
    assert spread(np.arange(4.0)) == 3.0
    page = spread.annotate()
    assert page.startswith("<!doctype html>")
    assert "float64[::1]" in page and "low: float64" in page
    rows = Page(page).rows
    first = spread.py_func.__code__.co_firstlineno
    assert min(rows) == first and max(rows) == first + 7
    path = spread.annotate(tmp_path / "spread.html", profile={first + 5: 0.5}, title="mine")
    text = Path(path).read_text()
    assert "<title>mine</title>" in text and "500 ms · 100%" in text


def test_code_stands_at_lines_with_code():
    spread(np.arange(4.0))
    report = _collect.of_dispatchers([spread])
    for one in report.lines:
        if not one.text.strip() or one.text.lstrip().startswith("@"):
            assert not one.listings, one.number
    assert next(one for one in report.lines if "def spread" in one.text).listings


def test_of_a_function_that_was_not_called():
    @ungil.jit
    def never(a):
        return a + 1

    assert "not called yet" in never.annotate()


def test_two_specialisations_are_shown():
    @ungil.jit
    def double(x):
        return x + x

    double(1), double(2.5)
    report = _collect.of_dispatchers([double])
    last = report.lines[-1]
    assert [listing.signature for listing in last.listings] == [
        "double(int) -> int",
        "double(float) -> float",
    ]
    assert last.types["x"] == "int | float"


def run(*words, folder):
    # The package under test, wherever the command runs.
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths}
    words = [sys.executable, *words]
    return subprocess.run(words, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def test_commands(tmp_path):
    (tmp_path / "kernels.pyx").write_text(PYX)
    done = run("-m", "ungil", "annotate", "kernels.pyx", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "kernels.html\n"), done.stderr
    assert "in prange" in re.sub("<[^>]*>", "", (tmp_path / "kernels.html").read_text())
    done = run("-m", "ungil", "annotate", "kernels.pyx", "-o", "other.html", folder=tmp_path)
    assert done.stdout == "other.html\n" and (tmp_path / "other.html").exists()
    (tmp_path / "kernels.html").unlink()
    done = run("-m", "ungil.pyx", "-a", "kernels.pyx", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "kernels.html\n"), done.stderr
    assert (tmp_path / "kernels.html").exists()
    for words in (["annotate"], ["annotate", "none.pyx"], ["annotate", "--frob", "kernels.pyx"]):
        done = run("-m", "ungil", *words, folder=tmp_path)
        assert done.returncode == 2 and "usage: ungil annotate" in done.stderr
    for words in (["ungil", "annotate", "--help"], ["ungil.pyx", "--help"]):
        done = run("-m", *words, folder=tmp_path)
        assert done.returncode == 0 and "language level 2" in done.stdout
    done = run("-m", "ungil.pyx", "none.pyx", folder=tmp_path)
    assert done.returncode == 2 and "none.pyx" in done.stderr and "Traceback" not in done.stderr


def test_command_on_a_script(tmp_path):
    (tmp_path / "script.py").write_text(
        "import sys\nimport numpy as np\nimport ungil\n\n\n@ungil.jit\ndef total(a):\n    s = 0.0\n    for x in a:\n"
        "        s += x\n    return s\n\n\n@ungil.jit\ndef unused(a):\n    return a\n\n\n"
        "if __name__ == '__main__':\n    print(total(np.ones(int(sys.argv[1]))))\n"
    )
    done = run("-m", "ungil", "annotate", "script.py", "--", "7", folder=tmp_path)
    assert (done.returncode, done.stdout) == (0, "7.0\nscript.html\n"), done.stderr
    page = (tmp_path / "script.html").read_text()
    assert "(float64[::1]) -&gt; float64" in page and "not called yet" in page
    assert "not called yet" not in Page(page).rows[8]


def test_broken_modules_by_command(tmp_path):
    (tmp_path / "broken.pyx").write_text("def f(:\n")
    done = run("-m", "ungil.pyx", "broken.pyx", folder=tmp_path)
    assert done.returncode == 1 and "error[U01" in done.stderr
    assert run("-m", "ungil", "annotate", "broken.pyx", folder=tmp_path).returncode == 0
    assert "nothing was compiled" in (tmp_path / "broken.html").read_text()


def test_pyx_annotate_returns_the_path(tmp_path):
    (tmp_path / "kernels.pyx").write_text(PYX)
    path = pyx.annotate(tmp_path / "kernels.pyx", profile={17: 1.0})
    assert path == str(tmp_path / "kernels.html")
    assert "1 s · 100%" in Path(path).read_text()


def test_highlighting_keeps_the_text():
    for text in (PYX, HOSTILE, "'''open\nstring", 'x = "a\n', "\x0c\x1c\x85a\r\nb\rc", "é_1 = 'ß'  # ☃"):
        found = _highlight.lines(text, [], True)
        plain = [re.sub("<[^>]*>", "", one) for one in found]
        import html as entities

        assert (
            "\n".join(entities.unescape(p) for p in plain).split("\n")[: len(text.splitlines())]
            == text.splitlines()
        )


def test_listing_of_assembly_splits_by_line():
    text = (
        '\t.file\t1 "/d" "a.py"\nf:\n\t.loc\t1 3 0\n\tmovq\t%rax, %rbx  # comment\n\t.loc\t1 4 5\n\taddq\t$1, %rbx\n'
        "\t.loc\t1 0 5\n\tnop\n\t.loc\t1 3 1\n\tretq\n"
    )
    found = _listing.of_assembly(text)
    assert found["/d/a.py", 3] == ["movq         %rax, %rbx", "…", "retq"]
    assert found["/d/a.py", 4] == ["addq         $1, %rbx", "nop"]


def test_scores_grow_with_the_work():
    import ast

    def score(text):
        return _score.score(_score.operations(ast.parse(text))[1])

    assert score("x = 1") < score("x = a[0]") < score("x = f(a[0])") < score("x = [f(b) for b in a.c()]")


BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

KEYS = """
<script>
const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
const opened = () => [...document.querySelectorAll('.row[aria-expanded="true"]')].map((row) => row.id).join(" ");
const log = [];
press("ArrowDown"); press("Enter"); log.push(opened());
press("j"); press("ArrowRight"); log.push(opened());
press("ArrowLeft"); log.push(opened());
press("Escape"); log.push(opened());
press("n"); log.push(document.querySelector(".here").id);
document.getElementById("line-17").click(); log.push(opened());
log.push(getComputedStyle(document.getElementById("p17")).display);
document.getElementById("all").click();
log.push(String(opened().split(" ").length === document.querySelectorAll(".row.more").length));
log.push(document.documentElement.scrollWidth <= innerWidth);
document.title = log.join("|");
</script></body>
"""


def test_keyboard_and_mouse(tmp_path, report):
    assert BROWSER, "Chromium is missing: ./dev test installs it"
    page = tmp_path / "page.html"
    page.write_text(_page.render(report, "kernels").replace("</body>", KEYS))
    words = [
        BROWSER,
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        f"--user-data-dir={tmp_path / 'profile'}",
        "--dump-dom",
    ]
    done = subprocess.run([*words, page.as_uri()], capture_output=True, text=True, timeout=120, check=False)
    title = re.search("<title>(.*?)</title>", done.stdout)
    assert title, done.stderr[-2000:]
    first, both, again, none, hot, clicked, shown, everything, narrow = title[1].split("|")
    assert first and both.split() == [first, both.split()[1]]
    assert again == first and none == ""
    assert hot.startswith("line-") and clicked == "line-17"
    assert shown == "block" and everything == "true" and narrow == "true"


@ungil.jit
def harmonic(n):
    s = 0.0
    for i in range(1, n):
        s += 1.0 / (i * (i + 0.5))
    return s


def sampled(call, file, interval, calls):
    """The times of calls, and those of a file by line, as soon as there are twenty samples in the file.

    How many samples there are in a second the machine decides: the kernel sends a busy machine's threads fewer signals."""
    for _ in range(12):
        with annotate.sample(interval) as times:
            for _ in range(calls):
                call()
        inside = {number: seconds for (name, number), seconds in times.items() if name.endswith(file)}
        if sum(inside.values()) >= 20 * interval:
            return times, inside
        calls *= 2
    raise AssertionError(f"no samples in {file}, and {times.outside} s outside")


def test_sampling_finds_the_busy_line():
    harmonic(3)
    times, inside = sampled(lambda: harmonic(2_000_000), __file__, 0.001, 40)
    first = harmonic.py_func.__code__.co_firstlineno
    busy = sum(seconds for number, seconds in inside.items() if first + 3 <= number <= first + 4)
    assert busy > 0.9 * sum(inside.values()), inside
    page = harmonic.annotate(profile=times)
    assert 'class="code timed"' in page
    with annotate.sample() as nothing:
        with pytest.raises(RuntimeError, match="running already"):
            annotate.sample().__enter__()
    assert not nothing


def test_sampling_tells_functions_apart():
    # Functions that mean the same share their code, and one of the modules that are alive has the samples.
    module = pyx.compile(PYX.replace("a[i - 1]", "a[i - 1] * 0.75"), "sampled")
    a, x, out = np.ones(3_000_000), np.ones((300, 4)), np.zeros((300, 300))
    module.prefix(a), module.distances(x, out)
    times, lines = sampled(lambda: module.prefix(a), "<sampled>.pyx", 0.0005, 20)
    assert lines.keys() <= {19, 20, 21, 22, 23}
    assert times.lost == 0 and times.outside >= 0


def test_sampling_a_script(tmp_path):
    (tmp_path / "script.py").write_text(
        "import ungil\n\n\n@ungil.jit\ndef f(n):\n    s = 0.0\n    for i in range(1, n):\n        s += 1.0 / i\n    return s\n\n\n"
        "import time\n\nbegin = time.process_time()\nwhile time.process_time() - begin < 1:\n    f(1_000_000)\n"
    )
    done = run("-m", "ungil", "annotate", "--profile", "script.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert 'class="code timed"' in (tmp_path / "script.html").read_text()


def test_modules_in_pure_python_mode(tmp_path):
    path = tmp_path / "pure.py"
    path.write_text(
        "import cython\n@cython.ccall\ndef f(x: cython.double) -> cython.double:\n    return x * x\nprint('run as a script')\n"
    )
    page = Path(pyx.annotate(path)).read_text()
    assert "1</b> function compiled" in page and "plain Python2 operators" not in page
