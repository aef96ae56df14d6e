"""The session of the book's chapter 3, as it is printed there, on this program's trainer.

>>> from nnexp.book import mnist_loader, network2

The interface is that of the book's program, the code is not: docs/book.md lays both side by side.
"""
