"""`README.txt` of a file of results: how to read it, with this program and without."""

from __future__ import annotations

from nnexp.study.exchange.manifest import Manifest

TEXT = """\
Results of {runs}, written by {program}.

To check this file, and train again what it claims:   python -m nnexp verify FILE
To put its runs into a record of your own:            python -m nnexp import FILE

Without the program:
  sha256sum -c SHA256SUMS       whether the members are what was exported
  manifest.json                 the runs: configs (params), digests (tags), what sweeps asked for
  runs/ID/history.csv           every value of a run: metric, step, time in milliseconds, value
  runs/ID/curves.csv            the same as a table, a row an epoch
  runs/ID/config.yaml           the config that it was trained with
  runs/ID/environment.json      versions, processor, commit
  runs/ID/weights.npz           arrays W1, b1, W2 ... for numpy.load, if they were asked for
The tag nnexp.weights_sha256 is the SHA-256 of the bytes of these arrays, in that order.
The data are not in here; manifest.json has the SHA-256 of their files.
signature.json, where there is one, signs the line `nnexp results`, the SHA-256 of SHA256SUMS and
the name of who exported it, each ended by a newline (Ed25519). verifications.json, where there is
one, says who has trained these results again since; it is not in SHA256SUMS.
"""


def readme(manifest: Manifest) -> bytes:
    """The text for a manifest."""
    count = len(manifest.runs)
    runs = "1 run" if count == 1 else f"{count} runs"
    text = TEXT.format(runs=runs, program=manifest.made_by)
    return text.encode("ascii", "replace")
