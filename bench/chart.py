"""A bar chart of a run, as SVG that can be read on light and on dark paper."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

from .items import MAIN
from .report import in_order, number
from .results import Results
from .roster import CLIENT, TITLES

# Greys and colours of middle lightness, which stand out from white and from black alike.
TEXT, OURS, OTHERS, REST = "#7d7d7d", "#2a9d8f", "#8d99ae", "#c08a3e"
PANELS = (("get", "get"), ("save", "save"), ("query", "query, per item"))
LEFT, WIDTH, RIGHT = 235, 420, 60
BAR, GAP, HEAD, FOOT = 14, 6, 34, 30
LONGEST = 2.0  # else one who takes five times as long would leave no room to tell the others apart


class Bar(NamedTuple):
    label: str
    ratio: float
    colour: str


def bars(results: Results, what: str) -> list[Bar]:
    """The contenders of a panel, the cheapest first."""
    found = []
    for name in in_order(results.names(MAIN)):
        ratio = results.ratio(MAIN, name, CLIENT, what)
        if ratio is None or name.startswith("connection:") or ":boto3:" in name:
            continue
        ours = name.startswith("dynamorm_models:")
        found.append(Bar(TITLES[name], ratio, OURS if ours else REST if name == CLIENT else OTHERS))
    return sorted(found, key=lambda bar: bar.ratio)


def svg(results: Results) -> str:
    """The chart: for some operations, what each contender costs in relation to boto3's client."""
    panels = [(title, bars(results, what)) for what, title in PANELS]
    panels = [(title, drawn) for title, drawn in panels if drawn]
    height = sum(HEAD + len(drawn) * (BAR + GAP) for _, drawn in panels) + FOOT
    width = LEFT + WIDTH + RIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="12" fill="{TEXT}" role="img">',
        f"<title>CPU of the client in relation to {escape(TITLES[CLIENT])}</title>",
    ]
    top = 0
    for title, drawn in panels:
        lines += panel(title, drawn, top)
        top += HEAD + len(drawn) * (BAR + GAP)
    foot = f"CPU of the client; {TITLES[CLIENT]} = 1; shorter is better; bars with an arrow go on"
    # as long as it is, it fits from one edge to the other
    lines.append(f'<text x="{width - 8}" y="{height - 10}" text-anchor="end" font-style="italic">{escape(foot)}</text>')
    return "\n".join([*lines, "</svg>"]) + "\n"


def panel(title: str, drawn: list[Bar], top: int) -> Iterator[str]:
    yield f'<text x="{LEFT}" y="{top + 22}" font-size="14" font-weight="bold">{escape(title)}</text>'
    most = min(LONGEST, max(bar.ratio for bar in drawn))
    for place, bar in enumerate(drawn):
        y = top + HEAD + place * (BAR + GAP)
        length = max(1.0, min(1.0, bar.ratio / most) * WIDTH)
        figure = f"{number(bar.ratio)} \u2192" if bar.ratio > most else number(bar.ratio)
        yield f'<text x="{LEFT - 8}" y="{y + BAR - 3}" text-anchor="end">{escape(bar.label)}</text>'
        yield f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2" fill="{bar.colour}"/>'
        yield f'<text x="{LEFT + length + 6:.1f}" y="{y + BAR - 3}">{figure}</text>'
