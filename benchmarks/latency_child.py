"""One tool's latencies, measured in a process of its own: `python latency_child.py TOOL MODE` prints JSON of seconds.

Modes: `start` (import, first call, further kernels), `calls` (overhead per call), `loop` (one empty parallel loop).
"""

import json
import sys
import time

clock = time.perf_counter


def compilers(tool):
    """The tool's decorators for a serial and for a parallel kernel, with its disk cache on."""
    if tool == "ungil":
        import ungil

        return ungil.jit, ungil.jit
    import numba

    return numba.njit(cache=True), numba.njit(cache=True, parallel=True)


def start(tool):
    """Seconds from the import to the first results; NumPy is imported before, every tool needs it."""
    import numpy as np

    times = {}
    begin = clock()
    compile_, _ = compilers(tool)
    times["import, on top of NumPy"] = clock() - begin

    import latency_kernels as kernels

    p, q, a = np.ones((50, 3)), np.ones((3, 50)), np.linspace(0, 1, 100)
    cases = [
        ("first call: the pairwise kernel", kernels.pairwise, (p, q)),
        ("a further kernel of 30 lines", kernels.thirty_lines, (a, a, 2)),
        ("a further kernel with sin and exp", kernels.with_maths, (a,)),
    ]
    for name, function, arguments in cases:
        begin = clock()
        compile_(function)(*arguments)
        times[name] = clock() - begin
    return times


def per_call(function, *arguments):
    """The median over batches of the seconds of one call, less those of the empty loop around it."""
    function(*arguments)
    batches = []
    repeat = range(20_000)
    for _ in range(15):
        begin = clock()
        for _ in repeat:
            function(*arguments)
        called = clock() - begin
        begin = clock()
        for _ in repeat:
            pass
        batches.append((called - (clock() - begin)) / len(repeat))
    return sorted(batches)[len(batches) // 2]


def calls(tool):
    """Seconds per call of kernels that do nothing to speak of."""
    import numpy as np

    if tool == "cython":
        import latency_cython as compiled
    else:
        import latency_kernels as kernels

        compile_ = compilers(tool)[0]

        class compiled:
            add2 = staticmethod(compile_(kernels.add2))
            touch1 = staticmethod(compile_(kernels.touch1))
            touch3 = staticmethod(compile_(kernels.touch3))

    a, b, c, line = np.ones((3, 3)), np.ones((3, 3)), np.zeros((3, 3)), np.zeros(3)
    add2, touch1, touch3 = compiled.add2, compiled.touch1, compiled.touch3
    return {
        "call with two scalars": per_call(add2, 1.5, 2.5),
        "call with one 1-D array": per_call(touch1, line),
        "call with three 2-D arrays": per_call(touch3, a, b, c),
    }


def loop(tool):
    """Seconds of one parallel loop over two iterations, called again and again."""
    import numpy as np

    o = np.zeros(2, np.int64)
    if tool == "cython":
        from latency_cython import empty_loop as function
    else:
        import latency_kernels as kernels

        decorate = compilers(tool)[1]
        kernels.prange = sys.modules[tool].prange
        function = decorate(kernels.empty_loop)
    function(o)
    samples = []
    end = clock() + 2.0
    while clock() < end:
        begin = clock()
        for _ in range(20):
            function(o)
        samples.append((clock() - begin) / 20)
    return {"empty parallel loop": sorted(samples)[len(samples) // 2]}


if __name__ == "__main__":
    tool, mode = sys.argv[1:3]
    print(json.dumps({"start": start, "calls": calls, "loop": loop}[mode](tool)))
