"""Studies: recorded runs as frames, statistics, comparison, report."""
