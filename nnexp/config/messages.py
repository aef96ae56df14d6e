"""Hydra's and OmegaConf's errors in one line that names key, value and what is allowed."""

from __future__ import annotations

import re

from nnexp.config.suggest import suggestion
from nnexp.errors import UserError

_KINDS = {
    "Integer": "a whole number",
    "Float": "a number",
    "Boolean": "true or false",
    "List": "a list such as [30]",
    "list": "a list such as [30]",
    "String": "text",
}


def one_line(error: BaseException) -> str:
    """The innermost cause of a failed composition, as the user can mend it."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    for link in reversed(chain):
        if isinstance(link, UserError):
            return str(link)
    for link in chain:
        text = _known(link)
        if text:
            return text
    return " ".join(str(chain[0]).split())


def _known(error: BaseException) -> str | None:
    text = str(error)
    missing = re.search(r"Could not find '([^']+)'", text)
    if missing:
        group, _, choice = missing.group(1).rpartition("/")
        options = re.search(r"Available options in '[^']*':\s*(.*)", text, re.DOTALL)
        names = options.group(1).split() if options else []
        names = [name for name in names if re.fullmatch(r"[\w-]+", name)]
        near = suggestion(choice, names)
        return f"{group}={choice}: allowed: {', '.join(names) or 'nothing'}{near}"
    key = re.search(r"full_key: (\S+)", text)
    value = re.search(r"[Vv]alue '(.*?)'", text, re.DOTALL)
    kind = re.search(r"(?:converted to|to) (Integer|Float|Boolean|String|List)", text)
    if key and value and kind:
        return f"{key.group(1)}={value.group(1)}: allowed: {_KINDS[kind.group(1)]}"
    if key and value:
        wanted = "a list such as [30]" if key.group(1) == "model.hidden" else "another type"
        return f"{key.group(1)}={value.group(1)}: allowed: {wanted}"
    if key and "None" in text:
        return f"{key.group(1)}=null: allowed: a value"
    return None
