"""The console's own key, in a file beside the database's reach.

It seals the secrets of authenticator apps, and makes digests of what could be guessed: recovery
codes, e-mail addresses. Who copies the database only has neither.
"""

import os
from dataclasses import dataclass, field
from hmac import digest as hmac
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from gateway.errors import GatewayError

FILE: Final = "console.key"
OCTETS: Final = 32
NONCE: Final = 12


class KeyMissing(GatewayError):
    """The console's key is another than the one that sealed this; put keys/console.key back."""

    code = "key_missing"


@dataclass(frozen=True, slots=True)
class SiteKey:
    """Seals, and makes digests; a key of its own for each purpose."""

    master: bytes = field(repr=False)

    def digest(self, purpose: str, text: str) -> bytes:
        """Return a digest that nobody can make, or try, without the key."""
        return hmac(self._key(purpose), text.encode(), "sha256")

    def seal(self, person: UUID, secret: str, purpose: str = "totp") -> bytes:
        """Seal a secret for one person's row."""
        nonce = os.urandom(NONCE)
        return nonce + self._cipher(purpose).encrypt(nonce, secret.encode(), person.bytes)

    def unseal(self, person: UUID, sealed: bytes, purpose: str = "totp") -> str:
        """Return the secret of this person's row. Raises KeyMissing."""
        try:
            cipher = self._cipher(purpose)
            return cipher.decrypt(sealed[:NONCE], sealed[NONCE:], person.bytes).decode()
        except InvalidTag:
            raise KeyMissing from None

    def _cipher(self, purpose: str) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(self._key(purpose))

    def _key(self, purpose: str) -> bytes:
        return hmac(self.master, f"hearthline console {purpose}".encode(), "sha256")


def site_key(folder: Path) -> SiteKey:
    """Return the key in this folder; it is made where there is none."""
    path = folder / FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        # Whole or not at all, and the first of two who make it at once wins.
        draft = folder / f".{FILE}.{os.getpid()}"
        with open(draft, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(os.urandom(OCTETS))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return SiteKey(path.read_bytes())
