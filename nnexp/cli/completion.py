"""`python -m nnexp --completion bash`: what makes the shell complete commands, groups and keys."""

from __future__ import annotations

from collections.abc import Sequence

from nnexp.cli import WORDS
from nnexp.config.arguments import TAGS
from nnexp.config.choices import choices_of_groups
from nnexp.config.compose import schema_keys
from nnexp.errors import UserError

BASH = """\
# Completion of nnexp for bash: eval "$(nnexp --completion bash)"
_nnexp() {{
  local line="${{COMP_LINE:0:COMP_POINT}}" words="{words}" typed
  typed="${{line##*[[:space:]]}}"
  case "$typed" in
{cases}
  esac
  # bash takes "=" for the end of a word, unless it was told otherwise.
  COMPREPLY=($(compgen -W "$words" -- "$typed"))
  if [[ "$typed" == *=* && "$COMP_WORDBREAKS" == *=* ]]; then
    COMPREPLY=("${{COMPREPLY[@]#"${{typed%=*}}="}}")
  fi
  [[ "${{COMPREPLY[0]}}" == *= || "${{COMPREPLY[0]}}" == *. ]] && compopt -o nospace
}}
complete -o default -F _nnexp nnexp
"""


def main(arguments: Sequence[str]) -> int:
    """Print a completion script.

    Raises:
        UserError: for another shell than bash.
    """
    if list(arguments) != ["bash"]:
        raise UserError(f"--completion {' '.join(arguments)}".rstrip() + ": allowed: bash")
    groups = choices_of_groups()
    keys = [f"{key}=" for key in (*groups, *schema_keys())]
    words = [*WORDS, *keys, TAGS, "-m", "--help", "--version", "--log", "-q", "-v"]
    cases = [
        f'    {group}=*) words="{" ".join(f"{group}={name}" for name in names)}" ;;'
        for group, names in groups.items()
    ]
    print(BASH.format(words=" ".join(words), cases="\n".join(cases)), end="")
    return 0
