"""Fixtures for all tests; each subject has its own file in tests/fixtures."""

pytest_plugins = [
    "tests.fixtures.broker",
    "tests.fixtures.database",
    "tests.fixtures.promises",
    "tests.fixtures.radio",
    "tests.fixtures.site",
    "tests.fixtures.whole_site",
]
