"""`python -m nnexp sensitivity`: noise in the inputs of recorded networks, and their norms."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.cli.network_options import add_networks, networks
from nnexp.cli.options import Parser, command
from nnexp.cli.printed_tables import mean_with_interval, print_tables
from nnexp.data.dataset import Examples
from nnexp.errors import UserError
from nnexp.record.store import open_store
from nnexp.study.members import Members
from nnexp.study.sensitivity import AtNoise, LayerNorms, at_noise, noisy, norms
from nnexp.study.statistics import summarize
from nnexp.study.text_table import TextTable


def main(arguments: Sequence[str]) -> int:
    """Print what noise does to recorded networks, and how large their weights are."""
    parser = Parser(
        "sensitivity",
        "What noise in the test images does to recorded networks (accuracy, cost, change of the "
        "outputs), and how large their weights are (norms and singular values of each layer): the "
        "chapter's argument that small weights make a network insensitive to noise.",
        "python -m nnexp sensitivity --experiment why_smaller --noise 0.1,0.2,0.4",
    )
    add_networks(parser)
    parser.add_argument(
        "--noise",
        default="0.1,0.2,0.3,0.5",
        metavar="S,S",
        help="standard deviations of the noise, pixels being 0 to 1 (0.1,0.2,0.3,0.5); none for ''",
    )
    options = parser.parse_args(arguments)
    sigmas = _sigmas(options.noise)
    typed = command("sensitivity", arguments)
    found = networks(open_store(options.tracking_uri, reading=True), options)
    tables = [_norm_table(found, typed)]
    if len(sigmas) > 1:
        datasets = {setting.dataset.digest: setting.dataset for setting in found}
        tests = {
            digest: [(sigma, noisy(dataset.test, sigma)) for sigma in sigmas]
            for digest, dataset in datasets.items()
        }
        rows = [(s, _at_noise(s, tests[s.dataset.digest])) for s in found]
        tables = [*_noise_tables(rows, sigmas, typed), *tables]
    print_tables(tables, options.format)
    return 0


def _sigmas(text: str) -> tuple[float, ...]:
    try:
        given = [float(part) for part in text.split(",") if part.strip()]
    except ValueError:
        given = [-1.0]
    if not all(0.0 < sigma <= 10.0 for sigma in given):
        raise UserError(f"--noise {text}: allowed: numbers above 0 and at most 10, such as 0.1,0.3")
    return (0.0, *given)


def _at_noise(setting: Members, tests: Sequence[tuple[float, Examples]]) -> list[list[AtNoise]]:
    """Of each network, at each strength."""
    return [at_noise(m.config, m.parameters, setting.dataset, tests) for m in setting.networks]


def _noise_tables(
    rows: Sequence[tuple[Members, list[list[AtNoise]]]], sigmas: Sequence[float], typed: str
) -> list[TextTable]:
    head = ("setting", "networks", *(f"noise {sigma:g}" for sigma in sigmas))
    note = (
        "Gaussian noise of that standard deviation on the pixels of the test images (0 to 1, cut "
        "off there), the same for all networks; means over networks, with 95 % intervals"
    )
    kinds = (
        ("Test accuracy at rising noise (%)", "accuracy", 100.0, 2),
        ("Test cost at rising noise", "cost", 1.0, 3),
        ("Change of the outputs at rising noise", "change", 1.0, 3),
    )
    tables = []
    for title, name, scale, digits in kinds:
        lines = []
        for setting, found in rows:
            values = ([getattr(n, name) for n in each] for each in zip(*found, strict=True))
            cells = [mean_with_interval(v, scale, digits) for v in values]
            lines.append((setting.name, str(len(found)), *cells))
        tables.append(TextTable(title, head, tuple(lines), note, typed))
    return tables


def _norm_table(found: Sequence[Members], typed: str) -> TextTable:
    layers = max(len(m.networks[0].parameters.weights) for m in found)
    head = ["setting", "networks"]
    for layer in range(1, layers + 1):
        head += [f"norm {layer}", f"largest sv {layer}", f"median sv {layer}"]
    rows = []
    for setting in found:
        each = [norms(m.parameters) for m in setting.networks]
        cells = [cell for layer in zip(*each, strict=True) for cell in _norm_cells(layer)]
        cells += [""] * (len(head) - 2 - len(cells))
        rows.append((setting.name, str(len(each)), *cells))
    note = (
        "of each layer's weights the Euclidean norm, the largest and the median singular value; "
        "means over networks"
    )
    return TextTable("How large the weights are", tuple(head), tuple(rows), note, typed)


def _norm_cells(layer: Sequence[LayerNorms]) -> list[str]:
    columns = ("frobenius", "spectral", "median")
    return [f"{summarize([getattr(n, c) for n in layer]).mean:.3g}" for c in columns]
