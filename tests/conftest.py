"""Fixtures for all tests; each subject has its own file in tests/fixtures."""

from hypothesis import settings

from tests.fixtures.bare_path import leave_the_environment
from tests.fixtures.in_memory import go_there

go_there()
leave_the_environment()
# How long an example takes says more of the machine than of the code: it is never a failure.
settings.register_profile("hearthline", deadline=None)
settings.load_profile("hearthline")

pytest_plugins = [
    "tests.fixtures.broker",
    "tests.fixtures.chromium",
    "tests.fixtures.database",
    "tests.fixtures.console",  # built on the one before
    "tests.fixtures.promises",
    "tests.fixtures.radio",
    "tests.fixtures.site",
    "tests.fixtures.whole_site",
    "tests.fixtures.clinic",  # built on the one before
]
