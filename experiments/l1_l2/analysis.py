"""First-layer weights near zero, by regularizer: `python experiments/l1_l2/analysis.py`.

Reads the recorded weights of experiment l1_l2 from the store of the working directory. Pixels that
are zero in every training image are left out: nothing but their regularizer ever moves them.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from nnexp.config.schema import DataConfig
from nnexp.data.dataset import load_dataset
from nnexp.record.store import open_store
from nnexp.study.frames import select
from nnexp.study.rebuild import rebuild

NEAR = 0.01
"""Weights closer to zero than this count as near zero; they start with a spread of 0.036."""


def main() -> None:
    """Print a table: share of weights near zero, and their spread."""
    store = open_store(None)
    seen = load_dataset(DataConfig()).train.images.any(axis=0)
    rows = []
    for run in select(store, "l1_l2", "attributes.status = 'FINISHED'"):
        found = rebuild(store, run)
        weights = np.abs(found.parameters.weights[0][:, seen])
        rows.append(
            {
                "images": found.config.data.n_train,
                "reg": found.config.reg.name,
                "near zero (%)": 100.0 * np.mean(weights < NEAR),
                "mean |w|": np.mean(weights),
                "largest |w|": np.max(weights),
            }
        )
    table = pd.DataFrame(rows).groupby(["images", "reg"]).agg(["mean", "std"]).round(3)
    print(f"first-layer weights with |w| < {NEAR}, over 5 seeds\n")
    print(table.to_string())


if __name__ == "__main__":
    main()
