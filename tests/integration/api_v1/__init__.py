"""The API for programs and the console: one file per resource."""
