"""`python -m nnexp --completion bash`: what makes the shell complete commands, groups and keys."""

from __future__ import annotations

import re
from collections.abc import Sequence

from nnexp.cli import WORDS
from nnexp.config.arguments import TAGS
from nnexp.config.compose import schema_keys
from nnexp.config.key_help import allowed, choices_of_groups
from nnexp.errors import UserError

BASH = """\
# Completion of nnexp for bash: eval "$(nnexp --completion bash)"
_nnexp() {{
  local line="${{COMP_LINE:0:COMP_POINT}}" words="{words}" typed
  typed="${{line##*[[:space:]]}}"
  case "$typed" in
{cases}
  esac
  # What these take are names, and no key=value.
  if [[ "$line" =~ [[:space:]](--by|help)[[:space:]]+[^[:space:]=]*$ ]]; then
    words="${{words//=/}}"
  fi
  # bash takes "=" for the end of a word, unless it was told otherwise.
  COMPREPLY=($(compgen -W "$words" -- "$typed"))
  if [[ "$typed" == *=* && "$COMP_WORDBREAKS" == *=* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{typed%=*}}="}}")
  fi
  # The bash 3.2 of macOS has no compopt: there a space is typed behind a key.
  [[ "${{COMPREPLY[0]}}" == *= || "${{COMPREPLY[0]}}" == *. ]] && compopt -o nospace 2> /dev/null
}}
complete -o default -F _nnexp nnexp
"""

SIZES = ["100", "1k", "2500", "10k", "50k"]
"""Any other number will do too."""


def main(arguments: Sequence[str]) -> int:
    """Print a completion script.

    Raises:
        UserError: for another shell than bash.
    """
    if list(arguments) != ["bash"]:
        raise UserError(f"--completion {' '.join(arguments)}".rstrip() + ": allowed: bash")
    groups = choices_of_groups()
    keys = [f"{key}=" for key in (*groups, *schema_keys())]
    options = ["-m", "--help", "--version", "--cfg", "--config-dir", "--load", "--log", "-q", "-v"]
    words = [*WORDS, *keys, TAGS, *options]
    known = {"size": SIZES} | {key: found for key in schema_keys() if (found := _values(key))}
    cases = [
        f'    {key}=*) words="{" ".join(f"{key}={name}" for name in names)}" ;;'
        for key, names in {**known, **groups}.items()
    ]
    print(BASH.format(words=" ".join(words), cases="\n".join(cases)), end="")
    return 0


def _values(key: str) -> list[str]:
    """The values of a key that has only some: `true, false`, or those that its rule lists."""
    listed = (re.fullmatch(r"(\w+)((, | or )\w+)+", text) for text in allowed(key))
    found = next((match[0] for match in listed if match), "")
    return re.split(", | or ", found) if found else []
