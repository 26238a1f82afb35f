"""The command `hge`."""

import sys
from typing import NoReturn

from . import _native


def main() -> NoReturn:
    """Carries out the command line of this process."""
    sys.exit(_native.command(sys.argv))
