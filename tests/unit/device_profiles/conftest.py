"""Hypothesis without a deadline: two shared cores pause a test now and then."""

from hypothesis import settings

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
