"""The API for the console and for programs: one resource, one file with its `router`."""
