"""The chapter compiled: the step of `nnexp.nn` as loops that give the same bits on every processor."""
