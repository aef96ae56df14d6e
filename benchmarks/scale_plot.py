"""The pictures and tables of docs/scaling.md, from what `benchmarks.scale` has measured.

python -m benchmarks.scale_plot docs/images/scaling.csv --out docs/images/scaling.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from benchmarks.scale import TRAINED

COLOURS = {"server": "#0072b2", "database": "#d55e00"}
READING = ("sweep of all, again", "runs", "compare", "report", "sweeps")
CORES = 4
SECONDS = (1, 10, 60)
"""Lengths of training, of which it is computed how many workers a server can serve."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("measured", type=Path, nargs="+")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = pd.concat(map(pd.read_csv, options.measured), ignore_index=True)
    cost = per_run(rows)
    print(recording(cost), reading(rows), sep="\n\n")
    figure, axes = plt.subplots(2, 2, figsize=(9.5, 7.2), layout="constrained")
    at_size, at_epochs, commands, workers = axes.flat
    longest = int(rows["epochs"].max())
    for way, colour in COLOURS.items():
        mine = cost[(cost["sent by"] == way) & (cost["epochs"] == longest)]
        for part, dash in (("store", "-"), ("client", "--")):
            values = mine.groupby("runs")[part].agg(["mean", "min", "max"])
            spread = [values["mean"] - values["min"], values["max"] - values["mean"]]
            at_size.errorbar(
                values.index, values["mean"], spread, color=colour, ls=dash, marker="o", ms=4,
                capsize=3, label=f"{way}: {'the store' if part == 'store' else 'nnexp'}",
            )  # fmt: skip
    at_size.set(
        xscale="log", xlabel="runs in the store", ylabel="processor s per run", ylim=(0, None)
    )
    at_size.set_title(f"Recording a run of {longest} epochs")
    at_size.legend(frameon=False)
    _epochs(at_epochs, cost)
    _commands(commands, rows)
    _workers(workers, cost, longest)
    for axis in axes.flat:
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(options.out, dpi=110)


def per_run(rows: pd.DataFrame) -> pd.DataFrame:
    """What one run more costs: sweeps of one and of some more, typed in turn."""
    keys = ["sent by", "runs", "epochs"]
    one, more = (
        rows[rows["what"] == f"sweep of {n}"].assign(turn=lambda f: f.groupby(keys).cumcount())
        for n in (1, 1 + TRAINED)
    )
    both = one.merge(more, on=[*keys, "turn"], suffixes=("_1", ""))
    for part in ("wall", "client", "store"):
        both[part] = (both[part] - both[f"{part}_1"]) / TRAINED
        both[f"start_{part}"] = both[f"{part}_1"] - both[part]
    return both


def recording(cost: pd.DataFrame) -> str:
    """The table of what a run costs."""
    lines = ["| sent by | runs in the store | epochs | n | wall s | nnexp s | store s | start s |"]
    lines.append("|---|---|---|---|---|---|---|---|")
    for key, part in cost.groupby(["sent by", "runs", "epochs"]):
        way, runs, epochs = key
        cells = [_spread(part[name]) for name in ("wall", "client", "store", "start_wall")]
        lines.append(f"| {way} | {runs:,} | {epochs} | {len(part)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def reading(rows: pd.DataFrame) -> str:
    """The table of what is done with all runs."""
    lines = ["| | sent by | " + " | ".join(READING) + " |", "|---|---|" + "---|" * len(READING)]
    for (runs, way), part in rows[rows["what"].isin(READING)].groupby(["runs", "sent by"]):
        seconds = part.set_index("what")
        cells = [
            f"{seconds.at[what, 'wall']:.1f} ({seconds.at[what, 'store']:.1f})" for what in READING
        ]
        lines.append(f"| {runs:,} runs | {way} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _spread(values: pd.Series) -> str:
    return f"{values.mean():.2f} ({values.min():.2f} to {values.max():.2f})"


def _commands(axis: plt.Axes, rows: pd.DataFrame) -> None:
    for way, dash in (("server", "-"), ("database", "--")):
        for number, what in enumerate(READING):
            mine = rows[(rows["sent by"] == way) & (rows["what"] == what)]
            label = (
                what.replace("sweep of all, again", "sweep typed again")
                if way == "server"
                else None
            )
            axis.plot(
                mine["runs"], mine["wall"], dash, color=f"C{number}", marker="o", ms=4, label=label
            )
    axis.set(xscale="log", yscale="log", xlabel="runs in the store", ylabel="s on the clock")
    axis.set_title("Commands over all runs (dashed: the database)")
    axis.set_ylim(top=400)
    axis.legend(frameon=False, fontsize=8, loc="upper left", ncols=2)


def _epochs(axis: plt.Axes, cost: pd.DataFrame) -> None:
    served = cost[cost["sent by"] == "server"]
    for part, dash in (("store", "-"), ("client", "--")):
        values = served.groupby("epochs")[part].mean()
        label = "server and database" if part == "store" else "nnexp, training included"
        axis.plot(
            values.index, values, dash, color=COLOURS["server"], marker="o", ms=4, label=label
        )
    axis.set(xlabel="epochs (11 values each)", ylabel="processor s per run", ylim=(0, None))
    axis.set_title("Recording a run by the server")
    axis.legend(frameon=False)


def _workers(axis: plt.Axes, cost: pd.DataFrame, epochs: int) -> None:
    """Runs an hour: what the workers train, or what a server's cores can take if that is less."""
    count = np.unique(np.geomspace(1, 1000, 200).astype(int))
    mine = cost[cost["epochs"] == epochs]
    taken = mine.groupby("sent by")["store"].mean()
    for number, seconds in enumerate(SECONDS):
        for way, dash in (("server", "-"), ("database", "--")):
            rate = np.minimum(count / seconds, CORES / taken[way])
            label = f"training takes {seconds} s" if way == "server" else None
            axis.plot(count, 3600 * rate, dash, color=f"C{number}", label=label)
    axis.set(xscale="log", yscale="log", xlabel="workers", ylabel="runs an hour")
    axis.set_title(f"Computed: {CORES} cores (dashed: the database)")
    axis.legend(frameon=False)


if __name__ == "__main__":
    main()
