"""Remake the tables and figures of the experiments from recorded runs.

    python experiments/remake.py [NAME ...] [--only-report]

Each folder holds a README with the question, the command, the figure, the table and a verdict. What
stands between the markers is written by this script; the verdict is written by people, who look.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from nnexp.record.store import open_store
from nnexp.study.report.figures import figures
from nnexp.study.report.material import gather
from nnexp.study.report.page import question_of
from nnexp.study.report.tables import TextTable, published_table, settings_table

HERE = Path(__file__).parent
START, END = "<!-- made by experiments/remake.py: -->", "<!-- end -->"

PICTURES = {
    "overfitting": ("chapter3", "chapter5", "gap"),
    "regularized": ("chapter3", "chapter5", "gap"),
    "book": ("test_accuracy", "train_cost"),
    "slowdown": ("train_cost",),
    "learning_rates": ("train_cost",),
    "weight_init": ("validation_accuracy", "final"),
    "more_data": ("size",),
}
"""Figures shown in the README; elsewhere the learning curves and the final accuracies."""


def markdown(table: TextTable) -> str:
    """A table as Markdown."""
    lines = ["| " + " | ".join(table.head) + " |", "|---" * len(table.head) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in table.rows]
    return "\n".join([*lines, "", table.note, ""])


def remake(name: str) -> None:
    """Write figures and tables of one experiment into its folder."""
    folder = HERE / name
    folder.mkdir(exist_ok=True)
    material = gather(open_store(None), name, None)
    wanted = PICTURES.get(name, ("validation_accuracy", "gap", "final"))
    drawn = [d for d in figures(material) if d.name in wanted]
    for picture in drawn:
        picture.figure.savefig(folder / f"{picture.name}.png", dpi=100, metadata={"Software": None})
    tables = [published_table(material), settings_table(material)]
    made = f"Made by `python -m nnexp experiment={name}`, then `python -m nnexp report {name}`:"
    parts = [START, made]
    parts += [markdown(table) for table in tables if table is not None]
    parts += [f"![{picture.text}]({picture.name}.png)\n" for picture in drawn]
    readme = folder / "README.md"
    before = readme.read_text(encoding="utf-8") if readme.exists() else _fresh(name)
    head, _, rest = before.partition(START)
    tail = rest.partition(END)[2]
    readme.write_text(head + "\n\n".join(parts) + END + tail, encoding="utf-8")


def _fresh(name: str) -> str:
    return (
        f"# {name}\n\n{question_of(name)}\n\n```console\n$ python -m nnexp experiment={name}\n"
        f"$ python -m nnexp report {name}\n```\n\n## Verdict\n\n(to be written)\n\n"
        f"## Result\n\n{START}{END}\n"
    )


def main() -> None:
    """Run the presets that are asked for, or all, and remake their folders."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--only-report", action="store_true", help="do not train what is missing")
    options = parser.parse_args()
    presets = sorted(p.stem for p in (HERE.parent / "conf" / "experiment").glob("*.yaml"))
    if not options.only_report:
        subprocess.run([sys.executable, "-m", "nnexp", "replay", "--record", "--quick"], check=True)
    for name in options.names or presets:
        if not options.only_report:
            typed = [f"experiment={name}", "tracking.artifacts=light"]
            subprocess.run([sys.executable, "-m", "nnexp", *typed], check=True)
        remake(name)
        print(f"remade experiments/{name}")


if __name__ == "__main__":
    main()
