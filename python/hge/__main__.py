"""`python -m hge`: the command `hge`."""

from ._command import main

main()
