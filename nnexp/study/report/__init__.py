"""Reports: one self-contained HTML page, with figures and tables, on an experiment."""

from __future__ import annotations

from nnexp.study.report.page import write_report

__all__ = ["write_report"]
