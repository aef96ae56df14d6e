"""nnexp: controlled experiments on how cost, regularization, dropout and data change a network."""

__version__ = "0.1.0"
