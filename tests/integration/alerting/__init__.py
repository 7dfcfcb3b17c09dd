"""Tests of the worker and of tasks on a real database."""
