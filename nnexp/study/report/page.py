"""The report as one HTML file that needs no network, with its figures as PNG and SVG beside it."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, select_autoescape

from nnexp.config.compose import config_dir
from nnexp.errors import UserError
from nnexp.record.store import Store
from nnexp.study.report.figures import Drawn, figures
from nnexp.study.report.material import Material, gather
from nnexp.study.report.tables import commands, failed_table, published_table, settings_table

METADATA = {"Software": None}


def write_report(store: Store, name: str, folder: Path, where: str | None, command: str) -> Path:
    """Write `index.html` and the figures into a folder; the page's path.

    Raises:
        UserError: no such experiment, nothing to report, or the folder cannot be written.
    """
    material = gather(store, name, where)
    drawn = figures(material)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        pictures = [_save(folder, figure) for figure in drawn]
        page = folder / "index.html"
        page.write_text(_render(material, pictures, command), encoding="utf-8")
    except OSError as error:
        raise UserError(
            f"--out {folder}: cannot be written ({error}); allowed: a folder"
        ) from error
    return page


def question_of(name: str) -> str:
    """The question that a preset opens with, from the comments of its file."""
    path = config_dir() / "experiment" / f"{name}.yaml"
    if not re.fullmatch(r"[\w-]+", name) or not path.exists():
        return ""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines()[1:]:
        if not line.startswith("#") or "python -m nnexp" in line:
            break
        lines.append(line.lstrip("# ").strip())
    return " ".join(lines)


def _save(folder: Path, drawn: Drawn) -> dict[str, str]:
    buffer = io.BytesIO()
    drawn.figure.savefig(buffer, format="png", dpi=130, metadata=METADATA)
    (folder / f"{drawn.name}.png").write_bytes(buffer.getvalue())
    drawn.figure.savefig(folder / f"{drawn.name}.svg", format="svg", metadata={"Date": None})
    return {"png": base64.b64encode(buffer.getvalue()).decode("ascii"), "text": drawn.text}


def _render(material: Material, pictures: list[dict[str, str]], command: str) -> str:
    environment = Environment(
        loader=PackageLoader("nnexp.study.report", "."),
        autoescape=select_autoescape(default=True, default_for_string=True),
        trim_blocks=True,
    )
    runs = material.runs
    tables = [published_table(material), settings_table(material), failed_table(material)]
    return environment.get_template("page.html.j2").render(
        title=material.name,
        question=question_of(material.name),
        count=len(runs),
        settings=len(material.settings),
        first=str(runs["start"].min())[:10],
        last=str(runs["start"].max())[:10],
        data=", ".join(sorted({str(d)[:12] for d in runs["data"]})),
        source=", ".join(sorted({str(s)[:12] for s in runs["source"]})),
        tables=[table for table in tables if table is not None],
        figures=pictures,
        command=command,
        commands=commands(material),
    )
