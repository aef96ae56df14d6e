"""Training what is asked for: one run, or a sweep over processes or a cluster."""
