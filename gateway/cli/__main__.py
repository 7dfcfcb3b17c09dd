"""`python -m gateway.cli`, as the supervisor starts its children."""

from gateway.cli import main

main()
