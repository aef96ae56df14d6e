"""The images that tell settings apart, and the hardest of all, as a report shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nnexp.config.plurals import with_article
from nnexp.data.dataset import Examples
from nnexp.errors import UserError
from nnexp.record.figures.style import INK, mosaic, visible
from nnexp.record.store import Store
from nnexp.report.labels import capital
from nnexp.report.plots import TEXT, WIDTH, Drawn, Section, inches, new_picture
from nnexp.report.report_data import Material
from nnexp.study.compare import Comparison
from nnexp.study.images import compare_images, sentence
from nnexp.study.recorded import recorded_config, recorded_data
from nnexp.train.plan import validation_rows

SHOWN = 10
"""Images of each kind."""
_COLUMNS = 5
_GAP = (9, 4)
"""Pixels below an image, for what it is, and beside it."""
_USUAL = 28
"""Pixels: below wider images there are more, as what is written there is as high."""


def image_sections(
    store: Store, material: Material, comparison: Comparison | None
) -> list[Section]:
    """The best setting against the next; nothing where runs have not recorded what is right."""
    if comparison is None:
        return []
    try:
        images = compare_images(store, material.runs, comparison)
        config = recorded_config(material.kept[0], None)
        dataset = recorded_data(material.kept[0], config)
    except UserError:
        return []
    examples = dataset.test
    if images.set == "validation":
        rows = validation_rows(config, dataset)
        examples = Examples(dataset.train.images[rows], dataset.train.labels[rows])
    # Here settings have names, which the comparison goes by as by any key.
    first, by = images.pairs[0], dict(images.hardest)
    a, b = (label.removeprefix("setting=") for label in (first.a, first.b))
    pair = replace(first, a=a, b=b)
    parts: Sequence[tuple[str, str, Sequence[int], Mapping[int, int]]] = (
        ("images_won", f"Right with {pair.a}, wrong with {pair.b}", pair.won, {}),
        ("images_lost", f"Right with {pair.b}, wrong with {pair.a}", pair.lost, {}),
        ("images_hardest", f"Right by the fewest of {images.networks} networks", tuple(by), by),
    )
    drawn = [
        _sheet(name, title, chosen[:SHOWN], examples, dataset.image_shape, right)
        for name, title, chosen, right in parts
        if chosen
    ]
    lead = (
        f"{capital(sentence(pair, images.set))}. No network gets {images.none_right:,} of the "
        f"{images.n:,} images right, all get {images.all_right:,}."
    )
    return [Section("Image by image", tuple(drawn), lead)]


def _sheet(
    name: str,
    title: str,
    chosen: Sequence[int],
    examples: Examples,
    shape: tuple[int, int],
    right: Mapping[int, int],
) -> Drawn:
    """Images with their number and class, and by how many networks they are `right`."""
    tiles = visible(examples.images[list(chosen)].astype(float), shape)
    _, height, width = tiles.shape
    gap = (round(_GAP[0] * max(width, _USUAL) / _USUAL), _GAP[1])
    sheet = mosaic(tiles, _COLUMNS, gap)
    tall = WIDTH * sheet.shape[0] / sheet.shape[1]
    figure = new_picture(tall)
    axes = inches(figure, 0.0, 0.0, WIDTH, tall)
    axes.imshow(sheet, cmap="gray_r", vmin=0, vmax=255, interpolation="nearest", aspect="auto")
    axes.axis("off")
    said = []
    for place, image in enumerate(chosen):
        text = f"{image}: {with_article(str(examples.labels[image]))}" + (
            f", by {right[image]}" if image in right else ""
        )
        left, top = place % _COLUMNS * (width + gap[1]), place // _COLUMNS * (height + gap[0])
        axes.text(left, top + height + 0.5, text, va="top", size=TEXT - 1, color=INK)
        said.append(text)
    note = "the first of them: number, counted from 0, and class"
    note = "number, class, and how many networks get it right" if right else note
    return Drawn(name, title, f"{title}. {'; '.join(said)}.", figure, note)
