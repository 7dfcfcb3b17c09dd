"""The shards of a site: the last digit of a hub's UUID, so that several ingests can share work."""

from typing import Final

SHARDS: Final = "0123456789abcdef"
