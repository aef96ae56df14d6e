"""Sweeps on a Dask cluster: a scheduler and workers as processes, as a lab starts them."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.command import ROOT, environment, free_port
from tests.kernel.processors import compiling_for
from tests.runner.served import server
from tests.runner.typed import by_setting, nnexp, recorded, start, until

SWEEP = ("-m", "size=100", "train.epochs=3", "model.hidden=[5]", "tracking.artifacts=light")


def daemon(
    *words: str, path: Path = ROOT, env: Mapping[str, str] | None = None
) -> subprocess.Popen[bytes]:
    """A part of a cluster, as `dask scheduler` and `dask worker` start it."""
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *words],
        # What is in the working folder is imported first.
        cwd=path,
        env={
            **environment(),
            "PYTHONPATH": str(path),
            "DASK_LOGGING__DISTRIBUTED": "critical",
            **(env or {}),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def ended(*processes: subprocess.Popen[bytes]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Lab:
    """A scheduler, and workers that come and go."""

    def __init__(self, folder: Path, certificates: Mapping[str, str] | None = None) -> None:
        self.folder, self.port = folder, free_port()
        self.protocol, self.certificates = "tls" if certificates else "tcp", certificates or {}
        self.address = f"{self.protocol}://127.0.0.1:{self.port}"
        self.workers: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._scheduler()

    def _scheduler(self) -> subprocess.Popen[bytes]:
        return daemon(
            *("scheduler", "--host", "127.0.0.1", "--port", str(self.port)),
            *("--no-dashboard", "--no-show", "--protocol", self.protocol),
            env=self.certificates,
        )

    def restart(self) -> None:
        """The scheduler goes, and its workers with it; it comes back with one that is new."""
        ended(self.scheduler)
        self.scheduler = self._scheduler()
        self.join()

    def join(
        self, path: Path = ROOT, env: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """A worker more, with the package in a folder, and variables of its own."""
        name = f"w{len(self.workers)}"
        self.workers.append(
            daemon(
                *("worker", self.address, "--nthreads", "1", "--no-dashboard", "--name", name),
                *("--local-directory", str(self.folder / name), "--host", "127.0.0.1"),
                path=path,
                env={**self.certificates, **(env or {})},
            )
        )
        return self.workers[-1]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    made = Lab(tmp_path / "lab")
    yield made
    ended(*made.workers, made.scheduler)


def test_runs_on_a_cluster_have_the_bits_of_runs_here(lab: Lab, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    lab.join()
    typed = (*SWEEP, "seed=0,1", "reg=none,l2")
    done = nnexp(there, *typed, "sweep.executor=dask", f"sweep.address={lab.address}")
    assert done.returncode == 0, done.stderr
    assert f"on the Dask cluster at {lab.address}" in done.stdout
    assert "[4/4]" in done.stdout
    assert nnexp(here, *typed).returncode == 0
    assert by_setting(there) == by_setting(here)
    verified = nnexp(there, "verify", recorded(there)[0].info.run_id)
    assert verified.returncode == 0, verified.stdout
    # Left as it was: the next sweep finds it.
    again = nnexp(there, *typed, "sweep.executor=dask", f"sweep.address={lab.address}")
    assert again.returncode == 0, again.stderr
    assert len(recorded(there)) == 4


def test_a_cluster_that_cannot_be_had_is_refused_before_anything_is_recorded(
    tmp_path: Path,
) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    refused = nnexp(tmp_path, *SWEEP, "seed=0,1", "sweep.executor=dask", f"sweep.address={nobody}")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith(f"nnexp: sweep.address={nobody}: no Dask scheduler answers there")
    without = nnexp(tmp_path, *SWEEP, "seed=0,1", f"sweep.address={nobody}")
    assert without.returncode == 2
    assert "allowed with sweep.executor=dask" in without.stderr
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.slow
def test_bits_that_depend_on_the_machine_are_asked_of_like_workers_only(
    lab: Lab, tmp_path: Path
) -> None:
    """OpenBLAS takes this variable for another processor."""
    lab.join(env={"OPENBLAS_CORETYPE": "Nehalem"})
    typed = (*SWEEP, "seed=0,1", "sweep.executor=dask", f"sweep.address={lab.address}")
    assert nnexp(tmp_path, *typed).returncode == 0
    refused = nnexp(tmp_path, *typed, "train.engine=numpy")
    assert refused.returncode == 2, refused.stdout
    (line,) = refused.stderr.splitlines()
    assert "computes with another NumPy, BLAS, libm or processor" in line
    assert len(recorded(tmp_path)) == 2
    like = lab.join()
    ended(lab.workers[0])
    time.sleep(10)
    assert like.poll() is None
    done = nnexp(tmp_path, *typed, "train.engine=numpy")
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_further_seeds_are_trained_on_a_cluster(lab: Lab, tmp_path: Path) -> None:
    lab.join()
    assert nnexp(tmp_path, *SWEEP, "seed=0,1", "reg=none,l2").returncode == 0
    until_resolved = ("compare", "--by", "reg", "--until", "resolved", "--budget", "4")
    on = ("sweep.executor=dask", f"sweep.address={lab.address}")
    done = nnexp(tmp_path, *until_resolved, *on)
    assert done.returncode == 0, done.stderr
    # As wide as the cluster, but for all that are compared.
    assert "4 runs trained in 2 rounds" in done.stdout
    assert len(recorded(tmp_path)) == 8
    verified = nnexp(tmp_path, "verify", recorded(tmp_path)[-1].info.run_id)
    assert verified.returncode == 0, verified.stdout


@pytest.mark.slow
def test_a_cluster_with_certificates_is_for_those_who_have_them(tmp_path: Path) -> None:
    """Dask's own TLS, set by Dask's own variables."""
    if shutil.which("openssl") is None:
        pytest.skip("makes a certificate with openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=lab")
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    tls = "DASK_DISTRIBUTED__COMM__TLS__"
    certificates = {f"{tls}CA_FILE": str(certificate)}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        certificates |= {f"{tls}{role}__CERT": str(certificate), f"{tls}{role}__KEY": str(key)}
    lab = Lab(tmp_path / "lab", certificates)
    try:
        lab.join()
        typed = (*SWEEP, "seed=0,1", "sweep.executor=dask", f"sweep.address={lab.address}")
        refused = nnexp(tmp_path, *typed)
        assert refused.returncode == 2, refused.stdout
        (line,) = refused.stderr.splitlines()
        assert line.startswith(f"nnexp: sweep.address={lab.address}: ")
        done = nnexp(tmp_path, *typed, env=certificates)
        assert done.returncode == 0, done.stderr
    finally:
        ended(*lab.workers, lab.scheduler)
    assert len(recorded(tmp_path)) == 2


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_workers_a_scheduler_and_a_server_that_come_and_go_lose_nothing(
    lab: Lab, tmp_path: Path
) -> None:
    """200 runs: a worker killed in the middle, one joining, one of another source, one compiled
    for another processor; the scheduler gone once with all workers, the tracking server too.
    """
    unlike = compiling_for("x86-64", tmp_path / "kernels")
    record, port = tmp_path / "record", free_port()
    record.mkdir()
    first = lab.join()
    lab.join()
    lab.join(env=unlike)
    typed = ("-m", "size=100", "train.epochs=30", "model.hidden=[10]", "seed=range(200)")
    light = ("data.n_validation=1000", "tracking.artifacts=none")
    place = f"tracking.uri=http://127.0.0.1:{port}"
    on = (place, "sweep.executor=dask", f"sweep.address={lab.address}")
    with server(record, port):
        sweep = start(tmp_path, *typed, *light, *on)
        said = until(sweep, "[10/200]")
        ended(first)
        said += until(sweep, "[20/200]")
        lab.join(with_another_source(tmp_path / "other"))
        lab.join()
        said += until(sweep, "[60/200]")
        lab.restart()
        lab.join()
        lab.join(env=unlike)
        said += until(sweep, "[100/200]")
    said += until(sweep, "training goes on")
    with server(record, port):
        said += sweep.communicate(timeout=1800)[0]
        assert sweep.returncode == 0, said
        # What ended while the server was away, if that was the last, is sent at the next start.
        again = nnexp(tmp_path, *typed, *light, *on, timeout=900)
        assert again.returncode == 0, again.stdout + again.stderr
    assert "has another source of nnexp" in said
    runs = recorded(record)
    assert [run.info.status for run in runs] == 200 * ["FINISHED"]
    assert len({run.data.tags["nnexp.fingerprint"] for run in runs}) == 200
    here = tmp_path / "here"
    here.mkdir()
    assert nnexp(here, *typed, *light, timeout=900).returncode == 0
    assert by_setting(record) == by_setting(here)


def with_another_source(folder: Path) -> Path:
    """A folder with a package that trains otherwise, for all that is known."""
    shutil.copytree(ROOT / "nnexp", folder / "nnexp")
    shutil.copytree(ROOT / "conf", folder / "conf")
    with open(folder / "nnexp" / "nn" / "costs.py", "a", encoding="utf-8") as source:
        source.write("\nCHANGED = 1\n")
    return folder


@pytest.mark.slow
def test_an_adaptive_cluster_grows_as_runs_wait(tmp_path: Path) -> None:
    """It has no worker when the sweep begins, and none when all is done."""
    from distributed import LocalCluster

    quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
    with LocalCluster(n_workers=0, threads_per_worker=1, host="127.0.0.1", **quiet) as cluster:
        cluster.adapt(minimum=0, maximum=2, interval="500ms")
        on = ("sweep.executor=dask", f"sweep.address={cluster.scheduler_address}")
        sweep = start(tmp_path, *SWEEP, "train.epochs=1000", "seed=range(12)", *on)
        most = 0
        while sweep.poll() is None:
            most = max(most, len(cluster.scheduler.workers))
            time.sleep(0.2)
        said = sweep.communicate()[0]
        assert sweep.returncode == 0, said
        assert most == 2
        assert not cluster.scheduler.unrunnable
    assert len(recorded(tmp_path)) == 12


@pytest.mark.slow
def test_a_stopped_sweep_leaves_the_cluster_clean(lab: Lab, tmp_path: Path) -> None:
    from distributed import Client

    lab.join()
    typed = (*SWEEP, "train.epochs=3000", "seed=range(4)")
    sweep = start(tmp_path, *typed, "sweep.executor=dask", f"sweep.address={lab.address}")
    until(sweep, "sweep of 4 runs")
    time.sleep(20)
    sweep.send_signal(signal.SIGINT)
    said = sweep.communicate(timeout=60)[0]
    assert sweep.returncode == 130, said
    with Client(lab.address, timeout=20) as client:
        deadline = time.monotonic() + 60
        while any(client.processing().values()) and time.monotonic() < deadline:
            time.sleep(1)
        assert not any(client.processing().values())


@pytest.mark.slow
def test_a_sweep_outlives_all_workers_that_it_began_with(lab: Lab, tmp_path: Path) -> None:
    only = lab.join()
    typed = (*SWEEP, "train.epochs=3000", "seed=0,1")
    sweep = start(tmp_path, *typed, "sweep.executor=dask", f"sweep.address={lab.address}")
    until(sweep, "sweep of 2 runs")
    time.sleep(15)
    ended(only)
    lab.join()
    said = sweep.communicate(timeout=240)[0]
    assert sweep.returncode == 0, said
    assert len(recorded(tmp_path)) == 2
