"""The help page. It imports nothing heavy, so that it appears at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from textwrap import wrap

from nnexp.config import schema

HELP = """\
nnexp: controlled experiments on how cost, regularization, dropout and data change a network

  python -m nnexp [key=value ...]          train one run and record it
  python -m nnexp -m key=a,b 'seed=range(5)' ...
                                           a sweep: every combination, trained side by side
  python -m nnexp experiment=NAME          a preset from conf/experiment/
  python -m nnexp help WORD                what a key, group, preset, metric or command is
  python -m nnexp COMMAND --help           of one of these commands:
{commands}

examples
  python -m nnexp cost=crossentropy reg=l2
  python -m nnexp size=1k train.epochs=400 init=large monitor.test=epoch
  python -m nnexp reg=l2 reg.lmbda=0.1 size=1k dropout=half
  python -m nnexp -m size=1k,50k reg=none,l2 'seed=range(5)'
  python -m nnexp ui

keys (default first)
{cost}
{reg}
  size=       50k; 100, 2500, 1k, 10k, 60k ...   or data.n_train=N
  dropout=    off, half, chapter                 dropout.hidden, dropout.input: deleted fraction,
                                                 dropout.mask=example|batch,
                                                 dropout.scale=train|test
{data}
  expand=     none, shift, distort               artificially expanded training data
{init}
  schedule=   constant, step, inverse, cosine,   schedule.factor (step, halve), .every (step),
              halve                              .half (inverse), .patience, .least (halve)
  stop=       none, early                        stop.patience (10)
  rng=        pcg64, nielsen2014                 nielsen2014: the generators of the published curves
  seed=       0
  model.      hidden=[30]  activation={activation}
  train.      epochs=30  batch_size=10  eta=0.5  momentum=0  nesterov=false  average=0
              dtype=float32|float64  engine=compiled|numpy
  monitor.    test=end|epoch|never  every=1  metrics=[] (your own)
  sweep.      workers (cores)  dry_run=false
  tracking.   uri (sqlite file mlflow.db here, or MLFLOW_TRACKING_URI)  experiment=nnexp
              reuse=true  resume=true  artifacts=auto|all|light|none
              notify=COMMAND or http(s)://...        told when it has ended, in JSON
              name  note  tags.KEY

options       -m, --multirun   sweep                --cfg job        print the config, train nothing
              --config-dir DIR your own presets     --version        print the version
              -q   only the id of what was trained  --log FILE       all that is said, with times
              -v   more of what is being done       --completion bash
              --load FILE      your own costs, activations ... (docs/extending.md)

exit codes    0 done, 1 a run failed, 2 the request was wrong, 70 a mistake of this program (its
              crash log is named), 129/130/143 stopped by SIGHUP/Ctrl-C/SIGTERM
HYDRA_FULL_ERROR=1 shows the whole traceback, without secrets.
"""


def help_text(commands: Mapping[str, Sequence[str]]) -> str:
    """The help page with the names of choices, and of commands by use, filled in."""
    return HELP.format(
        commands="\n".join(f"    {use:<15}{', '.join(words)}" for use, words in commands.items()),
        cost=_row("cost=", schema.COSTS, "cost.smoothing (0)"),
        reg=_row(
            "reg=",
            schema.REGULARIZERS,
            "reg.lmbda (default n/10,000), reg.lmbda_l1,",
            "reg.max_norm, reg.biases",
        ),
        data=_row("data=", schema.DATASETS, "data.root=DIR, data.subset=first|random"),
        init=_row("init=", schema.INITIALIZERS, "init.weight, init.bias (fixed)"),
        activation="|".join(schema.ACTIVATIONS),
    )


def _row(key: str, choices: Sequence[str], *beside: str) -> str:
    """A key, its choices, and what is said beside them, in three columns."""
    lines = zip_longest(wrap(", ".join(choices), 34), beside, fillvalue="")
    rows = (f"  {key if not k else '':<12}{a:<35}{b}" for k, (a, b) in enumerate(lines))
    return "\n".join(row.rstrip() for row in rows)
