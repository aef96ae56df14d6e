"""The Python interface does what the command does, in scripts and in notebooks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nnexp
from nnexp.api import overrides_of
from tests.runner.typed import environment, recorded
from tests.runner.typed import nnexp as typed
from tests.stores import address

TINY = ("size=100", "train.epochs=2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a command has recorded one run."""
    made = tmp_path_factory.mktemp("api")
    done = typed(made, *TINY, "reg=l2", "seed=3")
    assert done.returncode == 0, done.stderr
    return made


def uri(folder: Path) -> dict[str, str]:
    return {"tracking.uri": address(folder)}


def test_a_run_is_the_commands_run(folder: Path) -> None:
    (command,) = recorded(folder)
    run = nnexp.run(*TINY, uri(folder), reg="l2", seed=3, quiet=True)
    assert run.run_id == command.info.run_id, "trained again: the fingerprint differs"
    assert run.metrics == command.data.metrics
    assert {k: v for k, v in run.params.items() if k != "tracking.uri"}.items() <= {
        **command.data.params
    }.items()
    assert nnexp.load(run.run_id[:12], uri(folder)["tracking.uri"]).metrics == run.metrics


def test_curves_weights_and_predictions_are_those_recorded(folder: Path) -> None:
    import mlflow.pyfunc
    import pandas as pd

    run = nnexp.run(*TINY, uri(folder), reg="l2", seed=3, quiet=True)
    artifacts = folder / "mlartifacts" / run.run_id / "artifacts"
    recorded_curves = pd.read_csv(artifacts / "curves.csv", index_col="step")
    expected = recorded_curves[list(run.curves.columns)].astype(float)
    pd.testing.assert_frame_equal(run.curves, expected, check_exact=True)
    assert list(run.curves.index) == [0, 1, 2]
    with np.load(artifacts / "weights.npz") as arrays:
        assert set(arrays.files) == set(run.weights)
        assert all(np.array_equal(arrays[name], run.weights[name]) for name in arrays.files)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), dtype=np.uint8)
    model = mlflow.pyfunc.load_model(str(artifacts / "model"))
    expected = model.predict(images.reshape(5, 784))
    for given in (images, images.reshape(5, 784)):
        pd.testing.assert_frame_equal(run.predict(given), expected, check_exact=True)
    pd.testing.assert_frame_equal(run.predict(images / 255.0), expected)
    with pytest.raises(ValueError, match="expected 0 to 1"):
        run.predict(images.astype(float))


def test_a_sweep_gives_runs_table_curves_and_comparison(folder: Path) -> None:
    sweep = nnexp.sweep(*TINY, uri(folder), "reg=none,l2", seed=range(2, 4), quiet=True)
    assert len(sweep) == 4
    assert sweep.varied == ["reg.name"]
    assert list(sweep.table["n"]) == [2, 2]
    assert set(sweep.curves["reg.name"]) == {"none", "l2"}
    costs = sweep.curves.query("metric == 'train/cost' and step == 2")
    by_id = {run.run_id: run.metrics["train/cost"] for run in sweep}
    assert dict(zip(costs["run_id"], costs["value"], strict=True)) == by_id
    compared = sweep.compare(by="reg", metric="train/penalty")
    (verdict,) = compared.pairs["verdict"]
    assert verdict in ("higher", "lower", "not resolved")
    assert list(compared.effects["effect of"]) == ["reg"]
    assert compared.answer in repr(compared)
    assert "fewer than 5 runs" in repr(compared)
    # In points, as typed: of accuracies none is as far apart as that.
    assert "equivalent" in sweep.compare(by="reg", within=99.0).answer
    with pytest.raises(nnexp.UserError, match="--against l3"):
        sweep.compare(by="reg", metric="train/penalty", against="l3")
    with pytest.raises(nnexp.UserError, match="--pair sead"):
        sweep.compare(by="reg", metric="train/penalty", pair="sead")
    again = nnexp.sweep(*TINY, uri(folder), "reg=none,l2", seed=[2, 3], quiet=True)
    assert [run.run_id for run in again] == [run.run_id for run in sweep]
    assert len(recorded(folder, "sweep")) == 1


@pytest.mark.parametrize("words", [("seeed=3",), ("train.eta=-1",), ("cost=cross",), ("seed",)])
def test_refusals_are_the_commands_line(folder: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(nnexp.UserError) as refused:
        nnexp.run(*words, uri(folder), quiet=True)
    done = typed(folder, *words)
    assert done.stderr == f"nnexp: {refused.value}\n"


def test_a_preset_that_sweeps_is_no_run(folder: Path) -> None:
    with pytest.raises(nnexp.UserError, match=r"allowed: nnexp\.sweep"):
        nnexp.run("experiment=overfitting", uri(folder), quiet=True)


def test_values_are_typed_as_hydra_reads_them() -> None:
    several = {
        "seed": range(5),
        "train.eta": np.array([0.1, 0.5]),
        "reg": ("l1", "l2"),
        "model.hidden": [30, 20],
        "tracking.reuse": False,
        "data.root": None,
    }
    assert overrides_of(["size=1k,50k"], several, several=True) == [
        "size=1k,50k",
        "seed=range(5)",
        "train.eta=0.1,0.5",
        "reg=l1,l2",
        "model.hidden=[30,20]",
        "tracking.reuse=false",
        "data.root=null",
    ]
    assert overrides_of([{"model.hidden": [[30], []]}], {"seed": range(1, 9, 2)}, several=True) == [
        "model.hidden=[30],[]",
        "seed=range(1,9,2)",
    ]
    metrics = {"monitor.metrics": ["top2", "top3"]}
    assert overrides_of([metrics], {}, several=True) == ["monitor.metrics=[top2,top3]"]
    for wrong in (3, "-m", "--multirun"):
        with pytest.raises(nnexp.UserError, match="allowed"):
            overrides_of([wrong], {}, several=False)  # type: ignore[list-item]
    with pytest.raises(nnexp.UserError, match="seed=<object"):
        overrides_of([], {"seed": object()}, several=False)


def test_a_run_of_several_values_is_told_of_the_sweep() -> None:
    for several, shown in (
        ({"seed": range(5)}, "seed=0,1,..."),
        ({"reg": ["none", "l2"]}, "reg=none,l2"),
        ({"model.hidden": [[30], [100]]}, r"model.hidden=\[30\],\[100\]"),
    ):
        with pytest.raises(nnexp.UserError, match=rf"^{shown}: allowed: .*nnexp\.sweep"):
            nnexp.run(several, quiet=True)
    assert overrides_of([{"model.hidden": (30, 20)}], {}, several=False) == ["model.hidden=[30,20]"]


def test_html_shows_no_markup_of_others(folder: Path) -> None:
    from dataclasses import replace

    run = nnexp.run(*TINY, uri(folder), reg="l2", seed=3, quiet=True)
    html = replace(run, status="FAILED", reason="<script>alert(1)</script>")._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


@pytest.mark.slow
def test_runs_that_fail_are_named_and_the_others_returned(tmp_path: Path) -> None:
    diverging = ("model.activation=relu", "cost=loglikelihood", {"train.eta": [0.1, 1e30]})
    with pytest.warns(UserWarning, match="1 of 2 runs failed"):
        sweep = nnexp.sweep(*TINY, uri(tmp_path), *diverging, quiet=True)
    assert [run.status for run in sweep] == ["FINISHED", "FAILED"]
    (failed,) = sweep.failed
    assert "diverged" in failed.reason
    assert "diverged" in repr(failed)
    assert list(sweep.table["failed"]) == [0, 1]
    with pytest.raises(nnexp.UserError, match="holds no weights"):
        _ = failed.weights


SCRIPT = """
import sys
from pathlib import Path

with open("started", "a") as file:
    file.write("x")

import hydra
import nnexp

sys.argv = ["kernel", "-f", "connection.json"]
hydra.initialize(version_base=None, config_path=None)
for _ in range(2):
    sweep = nnexp.sweep("size=100", "train.epochs=1", seed=range(2), quiet=True)
    run = nnexp.run("size=100", "train.epochs=1", seed=1, quiet=True)
    assert run.run_id == sweep[1].run_id
assert sys.argv == ["kernel", "-f", "connection.json"]
assert hydra.core.global_hydra.GlobalHydra.instance().is_initialized()
assert callable(nnexp.sweep) and nnexp.study.runs().shape[0] == 2
print("done")
"""


@pytest.mark.slow
def test_a_script_without_a_main_guard_trains_once(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
    assert (tmp_path / "started").read_text() == "x", "a worker ran the script again"
    assert len(recorded(tmp_path)) == 2


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import sys, nnexp; print(*{m.partition('.')[0] for m in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    ).stdout.split()
    assert "nnexp" in loaded
    assert not {"numpy", "pandas", "hydra", "mlflow", "rich"} & set(loaded)


def test_ctrl_c_in_a_notebook_ends_the_run_and_not_the_kernel(tmp_path: Path) -> None:
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(cwd=str(tmp_path), env=environment())
    try:
        sent = client.execute("import nnexp; nnexp.run({'train.epochs': 100000}, size='1k')")
        said = ""
        while not re.search(r"[Ee]poch [1-9]", said):
            message = client.get_iopub_msg(timeout=200)
            said += message["content"].get("text", "")
        manager.interrupt_kernel()
        answer = client.get_shell_msg(timeout=200)
        while answer["parent_header"]["msg_id"] != sent:  # To what was asked as it started.
            answer = client.get_shell_msg(timeout=200)
        assert answer["content"]["ename"] == "KeyboardInterrupt"
        asked, reply = "import nnexp; nnexp.run('seeed=1')", {"status": "aborted"}
        while reply["status"] == "aborted":  # As what is asked just after an error is.
            reply = client.execute(asked, reply=True, timeout=200)["content"]
        assert reply["ename"] == "UserError"
        assert reply["traceback"] == ["nnexp: seeed=1: unknown key; did you mean seed?"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    (run,) = recorded(tmp_path)
    assert run.info.status == "KILLED"
    assert run.data.tags["nnexp.reason"] == "stopped by Ctrl-C"


@pytest.mark.parametrize("name", nnexp.__all__)
def test_every_name_of_the_interface_is_there(name: str) -> None:
    assert getattr(nnexp, name) is not None
    assert name in dir(nnexp)
