"""Tests of rules, packs, pipeline and deadlines."""
