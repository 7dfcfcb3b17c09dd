"""One kind of rule per file: pure functions of readings, parameters and now."""
