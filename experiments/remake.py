"""Remake the tables and figures of the experiments from recorded runs.

    python experiments/remake.py [NAME ...] [--only-report]

Trains what is not recorded yet in the store of the working directory, then writes into each folder
what its README shows. It holds the question, the command, the verdict, the tables and the figures;
what stands between the markers is written by this script, the verdict by people, who look. The
claims that open the verdict are those of conf/claims, with the outcomes that they expect: where
records say otherwise, the claim is named and the exit code is 1. The same records give the same
bytes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path

from nnexp.cli.export import main as export
from nnexp.cli.printed_tables import markdown
from nnexp.errors import UserError
from nnexp.record.store import open_store
from nnexp.report.page import make_report
from nnexp.report.plots import Drawn
from nnexp.report.svg import png_file
from nnexp.study.claims import Claim, claims_files, read_claims
from nnexp.study.claims_judged import judge
from nnexp.study.claims_text import claims_table
from nnexp.study.exchange.results import open_results
from nnexp.study.preset import question_of
from nnexp.study.text_table import TextTable

HERE = Path(__file__).parent
START, END = "<!-- made by experiments/remake.py: -->", "<!-- end -->"
CLAIMS, CLAIMS_END = "<!-- claims of conf/claims: -->", "<!-- end of claims -->"
VERDICT = "## Verdict\n"

_CURVES = ("validation_accuracy", "gap_validation", "slopes", "dots_final_test_accuracy")
PICTURES: dict[str, tuple[str, ...]] = {
    "overfitting": (
        *("chapter1", "chapter2", "chapter3", "chapter4", "chapter5", "gap_test", "slopes"),
        "dots_gap_best",
    ),
    "regularized": ("chapter1", "chapter2", "chapter3", "chapter5", "gap_test", "dots_gap_best"),
    "book": ("test_accuracy", "test_cost", "train_cost", "gap_test"),
    "network2": ("validation_accuracy", "validation_cost", "dots_final_test_accuracy"),
    "slowdown": (
        *("neuron_cost1", "neuron_cost2", "neuron_cost3", "neuron_cost4"),
        *("neuron_output", "neuron_gradient", "neuron_slope"),
    ),
    "learning_rates": ("train_cost", "validation_accuracy"),
    "weight_init": ("validation_accuracy", "slopes"),
    "more_data": ("size", "size_gap"),
    "l1_l2": ("weights1", "slopes"),
    "lambda_by_size": ("best_map",),
    "fashion": ("dots_final_test_accuracy",),
    "fashion_techniques": ("dots_final_test_accuracy", "gap_validation"),
    "headline": ("validation_accuracy", "dots_final_test_accuracy"),
    "early_stopping": ("validation_accuracy", "slopes", "dots_epochs", "dots_time_train_seconds"),
}
"""Figures shown in the README; elsewhere curves, slopes and final accuracies."""

COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "averaging": (("ensemble", "--experiment", "averaging", "--masks", "100"),),
    "why_smaller": (
        (
            *("sensitivity", "--experiment", "why_smaller"),
            *("--where", "params.`train.epochs` = '100'", "--noise", "0.1,0.2,0.3,0.5"),
        ),
        ("sensitivity", "--experiment", "why_smaller", "--noise", ""),
    ),
}
"""Commands whose tables come before those of the report."""

SEARCHED: dict[str, tuple[tuple[str, ...], ...]] = {
    "learning_rates_search": (("--for", "size=1k,50k", "--trials", "24"),),
    "l1_l2_search": (
        ("size=1k", "--for", "reg=l1,l2", "--trials", "24"),
        ("size=50k", "--for", "reg=l1,l2", "--trials", "24"),
    ),
}
"""Presets that are searched over, with the rest of the commands."""

AGAINST = {"regularized": "overfitting"}
"""A preset whose question is about the settings of another."""

CHOICE = "_choice"
"""Ending of presets that only choose what another uses: they have no page."""

_LONG = {
    "lambda_by_size": ("Settings",),
    "fashion": ("Settings", "How the weights distribute"),
    "fashion_techniques": ("How the weights distribute",),
}
"""Tables of a report that are too long for a README."""

_TIMED = ("early_stopping",)
"""Elsewhere the seconds are left out: they are those of a machine, and no result."""


def _image(picture: Drawn) -> str:
    """Two beside one another, where there is room."""
    return f'<img src="{picture.name}.png" width="49%" alt="{escape(picture.text)}">'


def remake(name: str, digest: str = "") -> list[str]:
    """Write figures and tables of one experiment; the claims that came out otherwise.

    `digest` is that of the file of results in its folder; empty if there is none.
    """
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    report = make_report(open_store(None), [name], None, f"python -m nnexp report {name}")
    drawn = {d.name: d for section in report.sections for d in section.figures}
    pictures = [drawn[wanted] for wanted in PICTURES.get(name, _CURVES) if wanted in drawn]
    for old in folder.glob("*.png"):
        old.unlink()
    for picture in pictures:
        (folder / f"{picture.name}.png").write_bytes(png_file(picture))
    parts = [START, *map(_printed, COMMANDS.get(name, ()))]
    parts.append("\n".join(_image(picture) for picture in pictures))
    differences = _differences(name)
    tables = [t for t in report.tables if not (differences and t.title == differences[0].title)]
    parts += [
        markdown(_without_time(table, name))
        for table in [*tables, *differences]
        if table.title not in _LONG.get(name, ())
    ]
    judged = judge(open_store(None), claims_of(name)).judged if claims_of(name) else ()
    if digest:
        check = f"`python -m nnexp verify experiments/{name}/result.nnexp`"
        parts.append(f"The runs behind this page: [result.nnexp](result.nnexp), trained again by "
                     f"{check}; digest `{digest}`")  # fmt: skip
    if judged:
        parts.insert(1, markdown(claims_table(judged, f"python -m nnexp claims {name}")))
    readme = folder / "README.md"
    before = readme.read_text(encoding="utf-8") if readme.exists() else _fresh(name)
    head, _, rest = before.partition(START)
    tail = rest.partition(END)[2]
    text = head + "\n\n".join(parts) + "\n" + END + tail
    readme.write_text(with_claims(text, name), encoding="utf-8")
    others = [j for j in judged if not j.as_expected or j.outcome == "not recorded"]
    return [f"{name}: {j.claim.name}: {j.outcome}, expected: {j.claim.expected}" for j in others]


def typed_of(name: str) -> list[list[str]]:
    """What is typed after `python -m nnexp` to train a preset's runs."""
    searches = SEARCHED.get(name)
    if searches is None:
        return [[f"experiment={name}"]]
    return [["search", f"experiment={name}", *rest] for rest in searches]


def claims_of(name: str) -> list[Claim]:
    """The claims about a preset."""
    path = claims_files().get(name)
    return read_claims(path) if path is not None else []


def with_claims(text: str, name: str) -> str:
    """A page whose verdict opens with the preset's claims."""
    head, _, rest = text.partition(VERDICT)
    if CLAIMS in rest:
        rest = "\n" + rest.partition(CLAIMS_END)[2].lstrip("\n")
    claims = claims_of(name)
    lines = [f"- **{c.expected}**: {c.claim}" + (f" ({c.note})" if c.note else "") for c in claims]
    block = "\n".join(["", CLAIMS, "", *lines, "", CLAIMS_END, ""]) if lines else ""
    return head + VERDICT + block + rest


def carry(name: str) -> str:
    """Write the runs behind a folder beside its README, a file that anyone can check; its digest.

    Digests stand in it for the weights. Where there can be none, that is said, and none is left.
    """
    path = HERE / name / "result.nnexp"
    path.parent.mkdir(exist_ok=True)
    try:
        export(["--experiment", name, "--out", str(path)])
    except UserError as error:
        path.unlink(missing_ok=True)
        print(f"experiments/{name}: no result.nnexp: {error}")
        return ""
    with open_results(path) as results:
        return results.digest


def _printed(typed: Sequence[str]) -> str:
    """The tables of a command."""
    line = [sys.executable, "-m", "nnexp", *typed, "--format", "markdown"]
    done = subprocess.run(line, check=True, capture_output=True, text=True)
    return done.stdout.strip() + "\n"


def _differences(name: str) -> list[TextTable]:
    """The settings of a preset against those of the one it is set against."""
    if name not in AGAINST:
        return []
    names = [name, AGAINST[name]]
    try:
        report = make_report(
            open_store(None), names, None, f"python -m nnexp report {' '.join(names)}"
        )
    except UserError as error:
        print(f"experiments/{name}: not set against {AGAINST[name]}: {error}")
        return []
    return [table for table in report.tables if table.title.startswith("Differences")]


def index(presets: Sequence[str]) -> str:
    """`experiments/README.md`: every question with its verdict, as the pages have it."""
    lines = ["# Experiments", "", "The chapter's questions, each with its verdict; `make "
             "experiments` remakes them all.", ""]  # fmt: skip
    for name in presets:
        readme = HERE / name / "README.md"
        if readme.exists():
            text = readme.read_text(encoding="utf-8")
            verdict = text.partition(VERDICT)[2].partition("\n## ")[0]
            verdict = verdict.replace(f"{CLAIMS}\n\n", "").replace(f"{CLAIMS_END}\n\n", "").strip()
            lines += [f"## [{name}]({name}/README.md)", "", f"*{question_of(name)}*", ""]
            # Links are those of a page one folder down.
            lines += [verdict.replace("](../", "]("), ""]
    return "\n".join(lines)


def _without_time(table: TextTable, name: str) -> TextTable:
    kept = [i for i, title in enumerate(table.head) if name in _TIMED or "time (s)" not in title]
    head = tuple(table.head[i] for i in kept)
    return replace(table, head=head, rows=tuple(tuple(row[i] for i in kept) for row in table.rows))


def _fresh(name: str) -> str:
    typed = "\n".join(f"$ python -m nnexp {' '.join(line)}" for line in typed_of(name))
    return (
        f"# {name}\n\n{question_of(name)}\n\n```console\n{typed}\n"
        f"$ python -m nnexp report {name}\n```\n\n## Verdict\n\n\n\n## Result\n\n{START}{END}\n"
    )


def main() -> None:
    """Run the presets that are asked for, or all, and remake their folders."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="presets (all)")
    parser.add_argument("--only-report", action="store_true", help="do not train what is missing")
    options = parser.parse_args()
    presets = sorted(p.stem for p in (HERE.parent / "conf" / "experiment").glob("*.yaml"))
    presets = [name for name in presets if not name.endswith(CHOICE)]
    others = []
    for name in options.names or presets:
        started = time.monotonic()
        if not options.only_report:
            for typed in typed_of(name):
                line = [*typed, "tracking.artifacts=light"]
                subprocess.run([sys.executable, "-m", "nnexp", *line], check=True)
        trained = time.monotonic()
        others += remake(name, carry(name))
        made = time.monotonic() - trained
        print(f"remade experiments/{name}: {trained - started:.0f} s + {made:.0f} s", flush=True)
    (HERE / "README.md").write_text(index(presets), encoding="utf-8")
    for line in others:
        print(f"not as conf/claims expects: {line}", file=sys.stderr)
    sys.exit(1 if others else 0)


if __name__ == "__main__":
    main()
