"""Scenarios: homes, what happens to them and what is expected, as files; run on real programs."""
