"""Load for the console: a full worklist, years of readings, and people who look at both."""
