"""Data sets: the IDX format, MNIST and its relatives, splits, subsets, expansion."""
