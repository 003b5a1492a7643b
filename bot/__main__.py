"""The command `claude-usage`: words first, so that `--help` and wrong ones are answered before anything is loaded."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence

from bot.terminal import words


def main(argv: Sequence[str] | None = None) -> int:
    """Exit codes: 0 done, 1 failed, 2 the words were wrong, 3 a setting or credential is missing or refused."""
    args = words.parser().parse_args(argv)
    gc.disable()  # what is loaded stays: looking for garbage in it takes a sixth of the start
    from bot import commands

    gc.enable()
    return commands.run(args)


if __name__ == "__main__":
    sys.exit(main())
