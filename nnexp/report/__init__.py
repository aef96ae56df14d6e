"""Reports: one self-contained HTML page, with figures and tables, on an experiment."""
