"""The page: one self-contained HTML file made of the measured data and the template beside this module."""

import datetime
import html
import string
from pathlib import Path
from typing import Any

from show import machine, pictures, plot, table
from show.timing import text

HERE = Path(__file__).resolve().parent


def write(data: dict[str, Any], target: Path) -> None:
    count = data["count"]
    plural = "thread" if count == 1 else "threads"
    page = string.Template((HERE / "page.html").read_text()).substitute(
        cards=cards(data),
        threads_note=f"“{count}T” is all {count} {plural}." if count > 1 else "There is one thread only.",
        table=main_table(data),
        table_note=table_note(data),
        speed_ups=plot.speed_ups(data),
        scaling=plot.scaling(data),
        cases="".join(case_section(case) for case in data["cases"]),
        formula_table=as_table(table.FORMULA_HEADER, table.formula_rows(data), own_row=""),
        formula_memory=plot.memory(data),
        formulas="".join(formula_section(row) for row in data["formulas"]),
        steps=step_table(data["steps"]),
        thread_table=as_table(
            ["", "one thread", "two threads, each as much", "ratio"], table.thread_rows(data), own_row="ungil"
        ),
        thread_factor=f"{data['threads']['python_factor']:,}",
        safety=safety(data["safety"]),
        machine="".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in machine.describe().items()),
        date=datetime.date.today().strftime("%-d %B %Y"),
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(page)


def escape(value: str) -> str:
    return html.escape(str(value))


def step_table(rows: list[dict[str, Any]]) -> str:
    """The steps of the Cython language with their times and reports."""
    body = "".join(
        f"<tr><td>{number}. {escape(row['title'])}</td><td><code>{escape(row['words'])}</code></td><td>{text(row['seconds'])}</td>"
        f'<td>{rows[0]["seconds"] / row["seconds"]:,.1f}×</td><td><a href="steps/{escape(row["report"])}">report</a></td></tr>'
        for number, row in enumerate(rows, 1)
    )
    return f"<table><tr><th>step</th><th></th><th>time</th><th>faster</th><th></th></tr>{body}</table>"


def cards(data: dict[str, Any]) -> str:
    """The three or four numbers that say most."""
    count = data["count"]
    gains = [
        (case["times"]["python"] / case["times"][f"ungil {count}"], case["title"]) for case in data["cases"]
    ]
    peers = [
        min(case["times"][f"numba {count}"], case["times"][f"cython {count}"])
        / case["times"][f"ungil {count}"]
        for case in data["cases"]
    ]
    one, two = data["threads"]["times"]["ungil"]
    first = [case["first"]["numba"] / case["first"]["ungil"] for case in data["cases"]]
    found = [
        (
            f"{max(gains)[0]:,.0f}×",
            f"faster than Python: {max(gains)[1].lower()} (the least: {min(gains)[0]:,.0f}×)",
        ),
        (
            f"{min(peers):.2f}–{max(peers):.2f}×",
            "the speed of the better of Numba and Cython, checks included",
        ),
        (f"{min(first):.1f}–{max(first):.1f}×", "as fast as Numba in the first call, compiling included"),
        (f"{two / one:.2f}×", "the time of one thread, for two threads doing twice the work"),
    ]
    return "".join(f"<div><b>{big}</b><span>{small}</span></div>" for big, small in found)


def main_table(data: dict[str, Any]) -> str:
    keys = [key for key, _ in table.columns(data["count"])]
    head = "".join(f"<th>{escape(heading)}</th>" for heading in table.header(data["count"])[: len(keys) + 1])
    head += '<th class="edge">first call<br>ungil</th><th>first call<br>Numba</th>'
    body = []
    for case, cells in zip(data["cases"], table.rows(data)):
        row = f"<td>{escape(case['title'])}<small>{escape(case['size'])}</small></td>"
        for key, cell in zip(keys, cells[1:]):
            row += f'<td class="own">{cell}</td>' if key.startswith("ungil") else f"<td>{cell}</td>"
        row += f'<td class="first edge">{cells[-2]}</td><td class="first">{cells[-1]}</td>'
        body.append(f"<tr>{row}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>"


def table_note(data: dict[str, Any]) -> str:
    factors = ", ".join(f"{case['title'].lower()} ×{case['python_factor']:,.0f}" for case in data["cases"])
    wrong = [line for case in data["cases"] for line in case["wrong"]]
    note = (
        f"* Python ran on a reduced size and is scaled: {factors}. ungil checks every index and every division; "
        "Numba and Cython check no index. Numba compiles the same source with its own <code>prange</code>; "
        "Cython has typed kernels (<code>demo/cython_kernels.pyx</code>), gcc -O3 -march=native without contraction. "
        f"Cython’s “first call” is its build: {text(data['cython_build'])} for all kernels together. "
        "First calls include compilation and the job itself; ungil’s disk cache was empty."
    )
    if wrong:
        note += " Results that differ from the reference: " + escape("; ".join(wrong)) + "."
    return note


def as_table(head: list[str], rows: list[list[str]], own_row: str) -> str:
    body = "".join(
        "<tr>"
        + "".join(f"<td{' class=own' if row[0] == own_row else ''}>{escape(c)}</td>" for c in row)
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{''.join(f'<th>{escape(h)}</th>' for h in head)}</tr></thead><tbody>{body}</tbody></table>"


def case_section(case: dict[str, Any]) -> str:
    source = (HERE.parent / f"{case['script']}.py").read_text()
    return (
        f'<section class="case"><h3>{escape(case["title"])}</h3><p class="ok">{escape(case["check"])}</p>'
        f'<div class="pictures">{pictures.of_case(case)}</div>'
        f"<details><summary>the whole script, demo/{case['script']}.py</summary><pre>{escape(source)}</pre></details></section>"
    )


def formula_section(row: dict[str, Any]) -> str:
    source = (HERE.parent / f"{row['script']}.py").read_text()
    return (
        f'<section class="case"><h3>{escape(row["title"])}</h3><p class="ok">{escape(row["check"])}</p>'
        f'<div class="pictures">{pictures.of_formula(row)}</div>'
        f"<details><summary>the whole script, demo/{row['script']}.py</summary><pre>{escape(source)}</pre></details></section>"
    )


def safety(found: dict[str, Any]) -> str:
    sums = "\n".join(f"{n} thread{'s' if n > 1 else ' '}  {value}" for n, value in found["sums"].items())
    stops = ", ".join(f"{1000 * seconds:.0f} ms ({kind})" for kind, seconds in found["interrupt"].items())
    return (
        '<section class="case"><h3>An index out of bounds is an IndexError at the kernel’s line</h3>'
        f"<pre>{escape(without_place(found['bounds']))}</pre></section>"
        '<section class="case"><h3>A race is refused, with the reason and a remedy</h3>'
        f"<pre>{escape(without_place(found['race']))}</pre></section>"
        '<section class="case"><h3>A parallel sum has the same bits on any number of threads</h3>'
        f"<pre>{escape(sums)}</pre></section>"
        '<section class="case"><h3>Ctrl-C ends an endless kernel</h3>'
        f"<p>The process was gone after {stops}, Python’s own shutdown included.</p></section>"
    )


def without_place(message: str) -> str:
    """The message with the demonstration's files named relative to the project."""
    return message.replace(str(HERE.parent.parent) + "/", "")
