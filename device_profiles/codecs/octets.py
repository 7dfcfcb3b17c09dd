"""A strict cursor over the octets of one characteristic: little-endian, none missing or left."""

from device_profiles.codecs.medfloat import Amount, float32, sfloat
from device_profiles.errors import DecodeError


class Octets:
    """Takes fields from the front. Too few octets, or a rest at the end, is a DecodeError."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, count: int, field: str) -> bytes:
        """Return the next `count` octets; `field` names them in the error."""
        end = self._at + count
        if count > self.left:
            raise DecodeError(f"too short: {field} needs {count} octets, {self.left} are left")
        taken, self._at = self._octets[self._at : end], end
        return taken

    @property
    def left(self) -> int:
        """Return how many octets are left."""
        return len(self._octets) - self._at

    def rest(self) -> bytes:
        """Return all that is left."""
        return self.take(self.left, "the rest")

    def end(self) -> None:
        """Refuse left-over octets."""
        if self.left:
            raise DecodeError(f"too long: {self.left} octets are left after the last field")

    def unsigned(self, count: int, field: str) -> int:
        """Return an unsigned integer of `count` octets."""
        return int.from_bytes(self.take(count, field), "little")

    def signed(self, count: int, field: str) -> int:
        """Return a two's complement integer of `count` octets."""
        return int.from_bytes(self.take(count, field), "little", signed=True)

    def sfloat(self, field: str) -> Amount:
        """Return a medfloat16."""
        return sfloat(self.unsigned(2, field))

    def float32(self, field: str) -> Amount:
        """Return a medfloat32."""
        return float32(self.unsigned(4, field))
