"""The plots as SVG drawn in the page's own colours, so that they follow its light and dark schemes."""

import math
from typing import Any

TOOLS = (("numpy", "NumPy"), ("numba", "Numba"), ("cython", "Cython"), ("ungil", "ungil"))


def best_time(case: dict[str, Any], tool: str, count: int) -> float | None:
    return case["times"].get(f"{tool} {count}", case["times"].get(tool))


def speed_ups(data: dict[str, Any]) -> str:
    """Horizontal bars on a logarithmic scale: how many times faster than pure Python, on all threads."""
    left, right, bar, gap, top = 150, 760, 15, 18, 26
    groups = []
    for case in data["cases"]:
        bars = [(tool, name, best_time(case, tool, data["count"])) for tool, name in TOOLS]
        groups.append((case, [(t, n, case["times"]["python"] / s) for t, n, s in bars if s]))
    highest = max(value for _, bars in groups for _, _, value in bars)
    decades = max(1, math.ceil(math.log10(highest * 1.6)))

    def x(value: float) -> float:
        return left + (right - left) * max(0.0, math.log10(value)) / decades

    parts, y = [], float(top)
    for case, bars in groups:
        middle = y + len(bars) * bar / 2 + 4
        parts.append(f'<text class="name" x="{left - 12}" y="{middle:.0f}">{case["title"]}</text>')
        for tool, name, value in bars:
            parts.append(
                f'<rect class="{tool}" x="{left}" y="{y:.0f}" width="{x(value) - left:.1f}" height="{bar - 3}" rx="2"/>'
                f'<text class="value" x="{x(value) + 6:.1f}" y="{y + bar - 5:.0f}">{times(value)} {name}</text>'
            )
            y += bar
        y += gap
    bottom = y - gap + 6
    grid = "".join(
        f'<line x1="{x(10**k):.0f}" x2="{x(10**k):.0f}" y1="{top - 6}" y2="{bottom:.0f}"/>'
        f'<text class="tick" x="{x(10**k):.0f}" y="{top - 11}">{10**k:,}×</text>'
        for k in range(decades + 1)
    )
    return (
        f'<svg class="plot" viewBox="0 0 900 {bottom + 6:.0f}" role="img" aria-label="speed-up over pure Python">'
        f"{grid}{''.join(parts)}</svg>"
    )


def times(value: float) -> str:
    return f"{value:,.0f}×" if value >= 10 else f"{value:.1f}×"


def scaling(data: dict[str, Any]) -> str:
    """Lines: ungil's speed over its own speed on one thread, for each number of threads, with the ideal."""
    width, height, left, bottom = 420, 280, 44, 244
    count = data["count"]
    series = [
        (case["title"], [(n, case["times"]["ungil 1"] / t) for n, t in ungil_times(case)])
        for case in data["cases"]
    ]
    top_value = max([count, *(value for _, points in series for _, value in points)]) * 1.05

    def place(threads: float, value: float) -> tuple[float, float]:
        across = (threads - 1) / max(1, count - 1)
        return left + across * (width - left - 130), bottom - (value - 0) / top_value * (bottom - 16)

    parts = []
    for value in range(0, math.floor(top_value) + 1, max(1, math.floor(top_value) // 6)):
        y = place(1, value)[1]
        parts.append(f'<line x1="{left}" x2="{width - 130}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick right" x="{left - 8}" y="{y + 4:.1f}">{value}×</text>')
    (x1, y1), (x2, y2) = place(1, 1), place(count, count)
    parts.append(f'<line class="ideal" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')
    ends = []
    for number, (title, points) in enumerate(series):
        path = " ".join(f"{px:.1f},{py:.1f}" for px, py in (place(n, v) for n, v in points))
        dots = "".join(
            f'<circle class="s{number}" cx="{p.split(",")[0]}" cy="{p.split(",")[1]}" r="3.5"/>'
            for p in path.split()
        )
        parts.append(f'<polyline class="s{number}" points="{path}"/>{dots}')
        ends.append((place(*points[-1])[1], number, f"{title} {points[-1][1]:.2f}×"))
    below = 0.0
    for y, number, label in sorted(ends):
        below = max(y + 4, below + 14)
        parts.append(f'<text class="end s{number}" x="{width - 122}" y="{below:.1f}">{label}</text>')
    ticks = sorted({n for case in data["cases"] for n, _ in ungil_times(case)})
    for n in ticks:
        parts.append(f'<text class="tick" x="{place(n, 0)[0]:.1f}" y="{bottom + 20}">{n}</text>')
    parts.append(f'<text class="tick" x="{(left + width - 130) / 2:.0f}" y="{bottom + 36}">threads</text>')
    label = "speed-up of ungil by threads"
    return f'<svg class="plot lines" viewBox="0 0 {width + 40} {height + 4}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def memory(data: dict[str, Any]) -> str:
    """Horizontal bars: the megabytes that one call of a formula needs beyond its arguments."""
    left, right, bar, gap, top = 200, 740, 15, 16, 10
    highest = max(size for row in data["formulas"] for size in row["memory"].values())
    names = {"numpy": "NumPy", "numexpr": "numexpr", "ungil": "ungil"}
    parts, y = [], float(top)
    for row in data["formulas"]:
        bars = [(tool, name, row["memory"][tool]) for tool, name in names.items() if tool in row["memory"]]
        middle = y + len(bars) * bar / 2 + 2
        parts.append(f'<text class="name" x="{left - 12}" y="{middle:.0f}">{row["title"]}</text>')
        for tool, name, size in bars:
            width = (right - left) * size / highest
            parts.append(
                f'<rect class="{tool}" x="{left}" y="{y:.0f}" width="{width:.1f}" height="{bar - 3}" rx="2"/>'
                f'<text class="value" x="{left + width + 6:.1f}" y="{y + bar - 5:.0f}">{size / 1e6:.0f} MB {name}</text>'
            )
            y += bar
        y += gap
    label = "memory of one call beyond its arguments"
    return (
        f'<svg class="plot" viewBox="0 0 900 {y:.0f}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
    )


def ungil_times(case: dict[str, Any]) -> list[tuple[int, float]]:
    """(threads, seconds) of ungil in ascending order."""
    found = [
        (int(key.split()[1]), seconds) for key, seconds in case["times"].items() if key.startswith("ungil ")
    ]
    return sorted(found)
