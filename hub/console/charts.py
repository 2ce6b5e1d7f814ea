"""Charts as SVG, drawn by pygal: a picture without a script, in which nothing is that a table does not say."""

import sys
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from lxml import etree

_WIDTH, _HEAD, _ROW = 900, 150, 62
"""Pixels: of the picture, of title and legend, and of each label with its bars."""
_COLOURS = ("#1f4f8f", "#b45309", "#14632c")
"""Each has a contrast of at least 4.5 to 1 with white (WCAG 2.2 AA)."""
_FONT = "system-ui, sans-serif"


def _pygal() -> Any:  # noqa: ANN401 - published without types
    """The library, without the finder of its plugins, which is of an old kind and warns at every later import."""
    import pygal  # noqa: PLC0415 - late: only who looks at a chart pays for it
    import pygal.style  # noqa: PLC0415

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]
    return pygal


def bars(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Decimal]],
    written: Callable[[Decimal], str],
) -> bytes:
    """Lying bars, a group for each label from the top, and in it a bar for each series in the order of the legend."""
    pygal = _pygal()
    style = pygal.style.Style(
        background="#fff",
        plot_background="#fff",
        foreground="#1b1b1b",
        foreground_strong="#1b1b1b",
        foreground_subtle="#4a4a4a",
        opacity="1",
        colors=_COLOURS,
        font_family=_FONT,
        label_font_size=14,
        major_label_font_size=14,
        legend_font_size=14,
        title_font_size=18,
    )
    chart = pygal.HorizontalBar(
        style=style,
        js=(),
        width=_WIDTH,
        height=_HEAD + _ROW * max(1, len(labels)),
        title=title,
        legend_at_bottom=True,
        include_x_axis=True,
        truncate_label=-1,
        truncate_legend=-1,
        disable_xml_declaration=True,
        formatter=lambda value: written(Decimal(str(value))),
    )
    chart.x_labels = list(reversed(labels))
    for name, values in series.items():
        chart.add(name, [float(value) for value in reversed(values)])
    drawn = chart.render_tree()
    etree.strip_elements(drawn, "{*}script", etree.Comment, with_tail=False)
    return etree.tostring(drawn, encoding="utf-8", xml_declaration=True)
