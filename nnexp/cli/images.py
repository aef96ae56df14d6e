"""`compare --images`: which images settings get right, on the screen and for a program."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from nnexp.study.bootstrap import Interval
from nnexp.study.images import Images, sentence
from nnexp.study.metric import Metric
from nnexp.terminal import new_console, plain_table

NAMED = 20
"""So many images are named on the screen; json and csv name all."""


def show_images(found: Images) -> None:
    """Print who wins and loses which images, and which are the hardest."""
    console, accuracy = new_console(), Metric(f"{found.set}/accuracy")
    _say(console, f"\n{found.n:,} {found.set} images, counted from 0; {found.networks} networks")
    base, other = ("B", "A") if found.against else ("A", "B")
    for label in {pair.b if found.against else pair.a for pair in found.pairs}:
        _say(console, f"{base}: {label}\n")
    table = plain_table()
    table.add_column(other, overflow="fold", min_width=16)
    titles = ("seeds", "only A", "only B", "McNemar p", "A - B (points)", "95 % interval")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=title != "A - B (points)")
    for pair in found.pairs:
        table.add_row(
            escape(pair.a if found.against else pair.b),
            str(pair.seeds),
            f"{sum(pair.only_a) / pair.seeds:.1f}",
            f"{sum(pair.only_b) / pair.seeds:.1f}",
            f"{pair.p:.2g}" if pair.p else "< 1e-300",
            accuracy.text(pair.mean, sign=True),
            accuracy.span(Interval(pair.low, pair.high), sign=True),
        )
    if found.pairs:
        console.print(table)
        many = f", corrected for {len(found.pairs)} pairs (Holm)" if len(found.pairs) > 1 else ""
        _say(console, "only A, only B: images that only this one gets right, mean over seeds")
        _say(console, f"McNemar p: exact, over all seeds, each image once{many}")
        _say(console, "interval: over other seeds and other images (seed × image bootstrap)\n")
    for pair in found.pairs:
        _say(console, sentence(pair, found.set))
        for what, images in (("won", pair.won), ("lost", pair.lost)):
            if images:
                _say(console, f"  {what}: {_listed(images)}")
    hardest = ", ".join(f"{image} (by {right})" for image, right in found.hardest)
    _say(console, f"right by the fewest of {found.networks} networks: {hardest}")
    _say(console, f"right by none: {found.none_right}; by all: {found.all_right}")


def _listed(images: Sequence[int]) -> str:
    more = len(images) - NAMED
    tail = f" and {more} more (--format json names all)" if more > 0 else ""
    return ", ".join(map(str, images[:NAMED])) + tail


def _say(console: Console, text: str) -> None:
    console.print(escape(text), highlight=False)
