"""The page of a report: one file of HTML that needs nothing else.

All text from outside (source, types, remarks, listings) goes through `escape`; the page's own policy forbids it to load
anything.
"""

from __future__ import annotations

import math
from html import escape
from importlib.resources import files

from ungil._version import __version__
from ungil.annotate import _highlight
from ungil.annotate._collect import Badge, Function, Line, Report

_STATES = {
    "compiled": ("good", "compiled"),
    "objects": ("good", "compiled for objects"),
    "python": ("bad", "plain Python"),
    "uncalled": ("info", "not called yet"),
}


def render(report: Report, title: str) -> str:
    """The page as text."""
    folder = files("ungil.annotate")
    style = (folder / "page.css").read_text(encoding="utf-8")
    script = (folder / "page.js").read_text(encoding="utf-8")
    sources = _highlight.lines(
        "\n".join(line.text for line in report.lines), [line.types for line in report.lines], report.is_cython
    )
    total = sum(line.seconds for line in report.lines)
    most = max((line.seconds for line in report.lines), default=0.0)
    rows = "".join(
        _row(line, source, total, most, i < 2) for i, (line, source) in enumerate(zip(report.lines, sources))
    )
    policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{escape(title)}</h1>
<p class="summary">{_summary(report, total)}</p>
{f'<p class="message">{escape(report.message)}</p>' if report.message else ""}
{_functions(report.functions)}
<div class="bar-line">
<span class="scale">compiled <i></i> works with Python objects</span>
<span><kbd>↑</kbd> <kbd>↓</kbd> move, <kbd>Enter</kbd> open, <kbd>n</kbd> next yellow line</span>
<button id="all" type="button">Open all</button>
</div>
</header>
<main>
<div class="code{" timed" if total else ""}">
{rows}</div>
<footer>ungil {escape(__version__)}. Click a line to see what it became.</footer>
</main>
<script>
{script}</script>
</body>
</html>
"""


def _summary(report: Report, total: float) -> str:
    counts = [(state, sum(f.state == state for f in report.functions)) for state in _STATES]
    named = {
        "compiled": "compiled",
        "objects": "compiled for objects",
        "python": "as plain Python",
        "uncalled": "not called yet",
    }
    parts = [f"<b>{n}</b> function{'s' if n != 1 else ''} {named[state]}" for state, n in counts if n]
    yellow = sum(line.state in ("python", "uncalled") for line in report.lines)
    compiled = sum(line.state == "compiled" for line in report.lines)
    if compiled or yellow:
        parts.append(f"<b>{compiled}</b> of {compiled + yellow} lines of code compiled")
    if total:
        parts.append(f"<b>{_time(total)}</b> measured")
    return " · ".join(parts) or "no functions"


def _functions(functions: list[Function]) -> str:
    rows = []
    for function in functions:
        kind, label = _STATES[function.state]
        what = "".join(f"<code>{escape(s)}</code>" for s in function.signatures) or escape(function.why)
        link = f'<a href="#line-{function.first}">{escape(function.name)}</a>'
        rows.append(
            f'<tr><td>{link}</td><td><span class="badge {kind}">{label}</span></td><td>{what}</td></tr>\n'
        )
    return f'<table class="functions">\n{"".join(rows)}</table>' if rows else ""


def _row(line: Line, source: str, total: float, most: float, is_high: bool) -> str:
    heat = 0.0 if line.score == 0 else min(0.72, 0.07 + 0.2 * math.log2(1 + line.score / 4))
    panel = _panel(line)
    classes = (
        "row"
        + (" more" if panel else " plain")
        + (" hot" if line.score >= 5 else "")
        + (" below" if is_high else "")
    )
    # Errors are to be read at once.
    is_open = any(badge.kind == "error" for badge in line.badges)
    state = f'aria-expanded="{"true" if is_open else "false"}" aria-controls="p{line.number}"'
    opens = f' tabindex="0" role="button" {state}' if panel else ""
    shade = f' style="--a:{heat:.2f}"' if heat else ""
    badges = "".join(_badge(badge) for badge in line.badges)
    time = ""
    if line.seconds:
        share = line.seconds / total
        width = 100 * line.seconds / most
        time = f'<i style="width:{width:.1f}%"></i>{_time(line.seconds)} · {share:.0%}'
    row = (
        f'<div class="{classes}" id="line-{line.number}"{opens}{shade}><span class="n">{line.number}</span>'
        f'<span class="time">{time}</span><span class="src">{source}</span>'
        f'<span class="badges">{badges}</span></div>\n'
    )
    return row + (
        f'<div class="panel" id="p{line.number}"{"" if is_open else " hidden"}>{panel}</div>\n'
        if panel
        else ""
    )


def _badge(badge: Badge) -> str:
    return f'<span class="badge {badge.kind}" title="{escape(badge.text)}">{escape(badge.label)}</span>'


def _panel(line: Line) -> str:
    """What opens under a line; empty if nothing is known of it."""
    items = [f"<li>{_badge(badge)}<span>{escape(badge.text)}</span></li>" for badge in line.badges]
    if line.work:
        label = {"compiled": "compiled", "uncalled": "not called yet"}.get(line.state, "plain Python")
        kind = "info" if line.state == "compiled" else "bad"
        items.append(f'<li><span class="badge {kind}">{label}</span><span>{escape(line.work)}</span></li>')
    if line.types:
        types = ", ".join(f"{name}: {ty}" for name, ty in line.types.items())
        items.append(f'<li><span class="badge">types</span><code>{escape(types)}</code></li>')
    out = f"<ul>{''.join(items)}</ul>" if items else ""
    for listing in line.listings:
        out += f'<h3>{escape(listing.signature)}</h3><div class="two">'
        for name, lines in (("Intermediate representation", listing.ir), ("Assembly", listing.assembly)):
            if lines:
                out += f"<div><h4>{name}</h4><pre>{escape(chr(10).join(lines))}</pre></div>"
        out += "</div>"
    return out


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
