"""The pictures and tables of docs/scaling.md, from what `benchmarks.scale` has measured.

python -m benchmarks.scale_plot docs/images/scaling.csv --workers docs/images/scaling_workers.csv \
    --out docs/images/scaling.png
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
from benchmarks.worker_scale import Work, simulate

COLOURS = {"server": "#0072b2", "database": "#d55e00"}
READING = ("sweep of all, again", "runs", "compare", "report", "sweeps")
CORES = 4
"""Of the store that is simulated."""

SIMULATED_RUNS = 5_000
LONG = 60.0
"""Seconds of training that are simulated beside those of the measured runs."""

WAYS = {
    "one sweep": ("server", 1, "-"),
    "four sweeps at a time": ("server", 4, "-."),
    "one sweep, the database": ("database", 1, "--"),
}
"""What is simulated: who sends, by how many sweeps, and how it is drawn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("measured", type=Path, nargs="+")
    parser.add_argument("--workers", type=Path, required=True, help="of benchmarks.worker_scale")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    rows = pd.concat(map(pd.read_csv, options.measured), ignore_index=True)
    cost = per_run(rows)
    by_workers = pd.read_csv(options.workers)
    print(recording(cost), reading(rows), at_work(by_workers), sep="\n\n")
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
    at_size.legend(frameon=False, ncols=2, loc="lower center", bbox_to_anchor=(0.5, 0.58))
    _epochs(at_epochs, cost)
    _commands(commands, rows)
    _workers(workers, by_workers)
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


def at_work(measured: pd.DataFrame) -> str:
    """The table of what a run more costs against the workers."""
    parts = ("wall", "client", "store", "training")
    lines = ["| sent by | workers | n | wall s | nnexp s | store s | training s |"]
    lines.append("|---|---|---|---|---|---|---|")
    for (way, workers), part in measured.groupby(["sent by", "workers"]):
        cells = [_spread(part[name]) for name in parts]
        lines.append(f"| {way} | {workers} | {len(part)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _workers(axis: plt.Axes, measured: pd.DataFrame) -> None:
    """Runs an hour: measured, and simulated with what was measured."""
    counts = np.unique(np.geomspace(1, 256, 25).astype(int))
    # Of one worker: two share their cores with the store.
    alone = measured[measured["workers"] == 1]
    short = float(alone["training"].mean())
    for number, training in enumerate((short, LONG)):
        for what, (way, sweeps, dash) in WAYS.items():
            mean = alone[alone["sent by"] == way].mean(numeric_only=True)
            work = Work(training, float(mean["client"] - mean["training"]), float(mean["store"]))
            rates = [
                3600 * SIMULATED_RUNS / simulate(SIMULATED_RUNS, int(n), work, CORES, sweeps)
                for n in counts
            ]
            label = what if number == 0 else None
            axis.plot(counts, rates, dash, color=f"C{number}", label=label)
        axis.annotate(
            f"training {training:.0f} s",
            (1.1, 1.6 * 3600 / training),
            color=f"C{number}",
            rotation=32,
        )
    for way, marker in (("server", "o"), ("database", "s")):
        mine = measured[measured["sent by"] == way].groupby("workers")["wall"].mean()
        label = f"measured, {way}: two cores for all"
        axis.plot(mine.index, 3600 / mine, marker, color="black", ms=4, label=label)
    axis.set(xscale="log", yscale="log", xlabel="workers", ylabel="runs an hour")
    axis.set_title(f"Simulated: a store of {CORES} cores")
    axis.legend(frameon=False, fontsize=8)


if __name__ == "__main__":
    main()
