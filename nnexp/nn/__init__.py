"""The mathematics: arrays in, arrays out; NumPy and SciPy's BLAS only."""
