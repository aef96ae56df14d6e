"""Training: random streams, stacks of runs epoch by epoch, monitoring, stopping."""
