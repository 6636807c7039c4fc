"""All programs in one start of the ranks, which takes longer than the checks."""

import blocking
import extents
import groups
import pending
import rounds
from harness import main


def own(module):
    """The checks of a program, in the order of its text."""
    names = [
        name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__
    ]
    return [vars(module)[name] for name in names]


if __name__ == "__main__":
    main(own(blocking) + own(pending) + own(rounds) + own(groups) + own(extents))
