"""Decisions of the hub without IO; time is an argument."""
