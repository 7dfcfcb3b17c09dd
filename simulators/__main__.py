"""`python -m simulators`: the same as the console script hearthline-sim."""

from simulators.cli import main

main()
