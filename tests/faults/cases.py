"""The commands that are typed while something fails."""

from __future__ import annotations

from tests.faults.trial import TINY, Case

SEARCH = (
    *("search", *TINY, "train.epochs=4", "train.eta=log(0.1,1)", "--trials", "2"),
    *("--sampler", "random", "--seeds", "1", "--finalists", "1", "--fresh", "1"),
)

CASES = (
    Case("run", (*TINY, "seed=7")),
    Case("sweep", ("-m", *TINY, "train.eta=0.1", "seed=0,1")),
    Case("search", SEARCH),
    Case("fork", ("fork", "{run}", "--at", "1", "reg=l2", "tracking.artifacts=light")),
    Case("show", ("show", "{run}"), prints=True),
    Case("figures", ("show", "{run}", "--figures", "pictures", "--model", "model"), once=True),
    Case("runs", ("runs", "--experiment", "base", "--format", "csv"), prints=True),
    Case("compare", ("compare", "--by", "train.eta", "--experiment", "base"), prints=True),
    Case("claims", ("claims", "slowdown", "--format", "csv"), prints=True),
    Case("report", ("report", "base", "--out", "out")),
    Case("export", ("export", "--sweep", "{sweep}", "--out", "out.nnexp", "--weights")),
    Case(
        "import",
        ("import", "base.nnexp", "--tracking-uri", "sqlite:///other.db"),
        store="other.db",
    ),
    Case("import-curve", ("import-curve", "curve.csv", "--name", "elsewhere"), once=True),
    Case("ensemble", ("ensemble", "--experiment", "base")),
    Case("verify", ("verify", "{run}"), tells=True),
    Case("tag", ("tag", "{run}", "paper=fig3")),
    Case("note", ("note", "{run}", "looked at")),
    Case("delete", ("delete", "{run}"), once=True),
    Case("restore", ("restore", "{deleted}"), once=True),
    Case("doctor", ("doctor",), tells=True),
)
