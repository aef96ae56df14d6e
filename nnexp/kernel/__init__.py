"""The chapter compiled: the step of `nnexp.nn` as loops with the same bits everywhere."""
