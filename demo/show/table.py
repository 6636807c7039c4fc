"""The table of times, for the terminal and for the page: one row per case, one column per tool."""

from typing import Any

from show.timing import text


def columns(count: int) -> list[tuple[str, str]]:
    """Keys and headings of the columns of times."""
    found = [("python", "Python*"), ("numpy", "NumPy")]
    for tool in ("numba", "cython", "ungil"):
        name = {"numba": "Numba", "cython": "Cython", "ungil": "ungil"}[tool]
        found += [(f"{tool} {threads}", f"{name} {threads}T") for threads in dict.fromkeys((1, count))]
    return found


def rows(data: dict[str, Any]) -> list[list[str]]:
    """The cells: title, steady-state times, then the first calls of ungil and Numba."""
    table = []
    for case in data["cases"]:
        cells = [case["title"]]
        cells += [text(case["times"].get(key)) for key, _ in columns(data["count"])]
        cells += [text(case["first"][tool]) for tool in ("ungil", "numba")]
        table.append(cells)
    return table


def header(count: int) -> list[str]:
    return ["", *(heading for _, heading in columns(count)), "first call ungil", "first call Numba"]


def thread_rows(data: dict[str, Any]) -> list[list[str]]:
    """One and two Python threads: tool, time of one, time of two, their ratio."""
    names = {"python": "Python*", "numba": "Numba (nogil)", "cython": "Cython (nogil)", "ungil": "ungil"}
    times = data["threads"]["times"]
    return [
        [name, text(times[tool][0]), text(times[tool][1]), f"{times[tool][1] / times[tool][0]:.2f}×"]
        for tool, name in names.items()
    ]


def formula_rows(data: dict[str, Any]) -> list[list[str]]:
    """Array formulas: title, times and memory beyond the arguments with NumPy, numexpr and ungil."""
    tools = ("numpy", "numexpr", "ungil")
    return [
        [
            row["title"],
            *(text(row["times"].get(tool)) for tool in tools),
            *(f"{row['memory'][tool] / 1e6:.0f} MB" if tool in row["memory"] else "–" for tool in tools),
        ]
        for row in data["formulas"]
    ]


FORMULA_HEADER = ["", "NumPy", "numexpr", "ungil", "memory NumPy", "numexpr", "ungil"]


def terminal(data: dict[str, Any]) -> str:
    """The tables as plain text."""
    parts = [
        aligned([header(data["count"]), *rows(data)]),
        "* on a reduced size, scaled to the whole; T: threads; Cython's first call is its build of "
        f"{text(data['cython_build'])} for all",
        "",
        aligned([["Array formulas", *FORMULA_HEADER[1:]], *formula_rows(data)]),
        "",
        aligned([["Python threads", "one", "two, each as much", "ratio"], *thread_rows(data)]),
    ]
    return "\n".join(parts)


def aligned(table: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    lines = []
    for row in table:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
