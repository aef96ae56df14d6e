"""Recorded runs as frames, statistics, comparison, claims, verification.

>>> from nnexp.study import runs, curves
>>> runs(experiment="overfitting").groupby("size")["gap/best"].mean()
>>> curves(metrics=["test/accuracy"]).pivot(index="step", columns="run_id", values="value").plot()
"""

from nnexp.study.frames import curves, runs

__all__ = ["curves", "runs"]
