"""Unit tests of rules as YAML: series in, alerts out."""
