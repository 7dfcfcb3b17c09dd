"""A back-test as one HTML page that needs nothing else: tables, and bars as inline SVG."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

_STYLE: Final = """
body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:62rem;padding:0 1rem;
background:#fff;color:#1b2733}h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;margin:.6rem 0}th,td{padding:.25rem .8rem .25rem 0;text-align:right;
border-bottom:1px solid #d5dde5;font-variant-numeric:tabular-nums}th:first-child,td:first-child{
text-align:left}th{font-weight:600}p.small{color:#5b6b7a}svg{width:100%;height:auto;display:block}
.a{fill:#2f6fb3}.t{fill:#c8692b}.grid{stroke:#d5dde5}text{fill:#5b6b7a;font:11px system-ui}
@media(prefers-color-scheme:dark){body{background:#12181f;color:#e3eaf1}th,td{border-color:#2c3844}
.grid{stroke:#2c3844}.a{fill:#6ea8e0}.t{fill:#e39a66}text,p.small{fill:#9db0c2;color:#9db0c2}}
"""
_WIDTH, _HEIGHT, _LEFT, _BELOW = 960, 220, 44, 22


def page(
    title: str,
    notes: Sequence[str],
    tables: Mapping[str, Sequence[Mapping[str, Any]]],
    alerts: Sequence[int],
    tasks: Sequence[int],
    first_day: str,
) -> str:
    """Return the page. Tables without rows are left out."""
    body = [f"<h1>{escape(title)}</h1>"]
    body += [f'<p class="small">{escape(note)}</p>' for note in notes]
    body += ["<h2>Alerts and tasks by day</h2>", bars(alerts, tasks, first_day)]
    for name, rows in tables.items():
        if rows:
            body += [f"<h2>{escape(name)}</h2>", _table(rows)]
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>\n<main>"
        + "\n".join(body)
        + "</main></html>\n"
    )


def bars(alerts: Sequence[int], tasks: Sequence[int], first_day: str) -> str:
    """Return the bars of each day, alerts beside tasks, as SVG."""
    most = max(1, *alerts, *tasks)
    each = (_WIDTH - _LEFT) / max(1, len(alerts))
    label = f"Alerts and tasks by day from {escape(first_day)}"
    box = f"0 0 {_WIDTH} {_HEIGHT + _BELOW}"
    drawn = [f'<svg viewBox="{box}" role="img" aria-label="{label}">']
    for part in (0, 0.5, 1):
        y = _HEIGHT - part * (_HEIGHT - 14)
        drawn.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{y:g}" y2="{y:g}"/>')
        drawn.append(
            f'<text x="{_LEFT - 6}" y="{y + 4:g}" text-anchor="end">{most * part:g}</text>'
        )
    for kind, values, shift in (("a", alerts, 0.1), ("t", tasks, 0.5)):
        for day, count in enumerate(values):
            if count:
                high = count / most * (_HEIGHT - 14)
                x = _LEFT + (day + shift) * each
                drawn.append(
                    f'<rect class="{kind}" x="{x:.1f}" y="{_HEIGHT - high:.1f}" '
                    f'width="{each * 0.4:.1f}" height="{high:.1f}"><title>day {day + 1}: '
                    f"{count} {'alerts' if kind == 'a' else 'tasks'}</title></rect>"
                )
    y = _HEIGHT + 16
    drawn.append(f'<text x="{_LEFT}" y="{y}">{escape(first_day)}</text>')
    drawn.append(f'<rect class="a" x="{_WIDTH - 150}" y="{y - 9}" width="10" height="10"/>')
    drawn.append(f'<text x="{_WIDTH - 136}" y="{y}">alerts</text>')
    drawn.append(f'<rect class="t" x="{_WIDTH - 76}" y="{y - 9}" width="10" height="10"/>')
    drawn.append(f'<text x="{_WIDTH - 62}" y="{y}">tasks</text></svg>')
    return "\n".join(drawn)


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(name.replace('_', ' '))}</th>" for name in rows[0])
    lines = [
        "<tr>" + "".join(f"<td>{escape(_text(value))}</td>" for value in row.values()) + "</tr>"
        for row in rows
    ]
    return f"<table><tr>{head}</tr>\n" + "\n".join(lines) + "</table>"


def _text(value: Any) -> str:
    return "-" if value is None else str(value)
