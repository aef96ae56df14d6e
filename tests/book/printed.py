"""The session as the chapter prints it, and what the book's program says, read line by line."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.cli.command import environment

SESSION = """\
from nnexp.book import mnist_loader, network2
training_data, validation_data, test_data = mnist_loader.load_data_wrapper()
net = network2.Network([784, 30, 10], cost=network2.CrossEntropyCost)
net.large_weight_initializer()
lists = net.SGD(training_data, 30, 10, 0.5, lmbda=5.0, evaluation_data=validation_data,
        monitor_evaluation_accuracy=True, monitor_evaluation_cost=True,
        monitor_training_accuracy=True, monitor_training_cost=True)
"""
SAID = """
import json
with open("said.json", "w") as file:
    json.dump({"lists": lists, "types": [type(v).__name__ for part in lists for v in part],
               "accuracy": net.accuracy(validation_data), "run": net.run and net.run.run_id}, file)
"""
"""Pasted after it: what the tests look at."""

NUMBER = r"[0-9.e+-]+|nan|inf"
LINES = {
    "training_cost": re.compile(rf"Cost on training data: ({NUMBER})"),
    "training_accuracy": re.compile(r"Accuracy on training data: (\d+) / (\d+)"),
    "evaluation_cost": re.compile(rf"Cost on evaluation data: ({NUMBER})"),
    "evaluation_accuracy": re.compile(r"Accuracy on evaluation data: (\d+) / (\d+)"),
}


@dataclass
class Said:
    """Values by what they are of, each with the size of the set where that is printed."""

    epochs: int = 0
    values: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in LINES})
    sizes: dict[str, set[int]] = field(default_factory=lambda: {name: set() for name in LINES})
    rest: list[str] = field(default_factory=list)
    """The lines after the last epoch."""

    @property
    def lists(self) -> list[list[float]]:
        """In the order in which `SGD` returns them."""
        order = ("evaluation_cost", "evaluation_accuracy", "training_cost", "training_accuracy")
        return [self.values[name] for name in order]


def read(text: str) -> Said:
    """What was printed. A line out of its order, or of no known form, is an error."""
    said = Said()
    *epochs, rest = re.split(r"(?<=\n)\n", text)
    for number, block in enumerate(epochs):
        head, *lines = block.splitlines()
        assert head == f"Epoch {number} training complete"
        found = []
        for line in lines:
            (name,) = [name for name, form in LINES.items() if form.fullmatch(line)]
            match = LINES[name].fullmatch(line)
            assert match
            said.values[name].append(float(match[1]))
            said.sizes[name] |= {int(size) for size in match.groups()[1:]}
            found.append(name)
        assert found == [name for name in LINES if name in found]
        said.epochs += 1
    said.rest = rest.splitlines()
    return said


def script(folder: Path, text: str, timeout: float = 250) -> subprocess.CompletedProcess[str]:
    """Run a script, as a file in a folder, with a Python of its own."""
    (folder / "session.py").write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "session.py"],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        stdin=subprocess.DEVNULL,
    )
