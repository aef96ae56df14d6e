"""What the kernel calls for an activation, a cost or a regularizer of a user's own.

Each takes a code and two numbers and calls the function of that code (`kernel.own`). Without any
functions the constants are False, and nothing of this is in the machine code.
"""

from __future__ import annotations

from nnexp.kernel.jit import Compiled, jit_unkept
from nnexp.kernel.own import Pairs, functions


@jit_unkept
def _nothing(code, x, y):
    return x


def _of_one(function: Compiled) -> Compiled:
    compiled = jit_unkept(function)

    @jit_unkept
    def of_one(x, y):
        return compiled(x)

    return of_one


def _link(mine: int, function: Compiled, others: Compiled) -> Compiled:
    @jit_unkept
    def link(code, x, y):
        return function(x, y) if code == mine else others(code, x, y)

    return link


def _chosen(pairs: Pairs, which: int, parameters: int) -> Compiled:
    """code, x, y → the function of that code, of x or of x and y."""
    chain = _nothing
    for code, pair in pairs.items():
        function = jit_unkept(pair[which]) if parameters == 2 else _of_one(pair[which])
        chain = _link(code, function, chain)
    return chain


OWN_ACTIVATIONS = bool(functions().activations)
activation, slope = _chosen(functions().activations, 0, 1), _chosen(functions().activations, 1, 2)

OWN_COSTS = bool(functions().costs)
cost, error = _chosen(functions().costs, 0, 2), _chosen(functions().costs, 1, 2)

OWN_PENALTIES = bool(functions().penalties)
penalty, penalty_slope = _chosen(functions().penalties, 0, 1), _chosen(functions().penalties, 1, 1)
