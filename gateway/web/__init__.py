"""The console: pages on the server, one page one file with its `router`."""
