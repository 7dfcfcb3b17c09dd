"""`python -m edge_agent` is `hearthline-edge`."""

from edge_agent.cli import main

main()
