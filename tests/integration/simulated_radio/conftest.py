"""The radio fixture for the tests of the simulator itself."""

from tests.fixtures.radio import radio

__all__ = ["radio"]
