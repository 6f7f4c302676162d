"""Random numbers that belong to one arrival alone, and cost nothing where it draws none.

Python's own generator takes longer to seed than a request to send: 624 words for the two or three that an arrival draws.
Here they are hashed from key, arrival and a count (a generator in counter mode, as in NIST SP 800-90A, with BLAKE2b).
"""

from __future__ import annotations

from hashlib import blake2b
from random import Random

BITS = 512
"""Of one hash."""


class Draws(Random):
    """Those of the arrival begun last, by all methods of `Random`; `key` is what they depend on beside its number."""

    def __init__(self, key: str) -> None:
        super().__init__(0)
        self._key = blake2b(key.encode()).digest()
        self.begin(0)

    def begin(self, number: int) -> None:
        """From now on they are those of this arrival, from its first on."""
        self._number, self._block = number, 0
        self._bits, self._left = 0, 0
        self.gauss_next = None  # gauss() makes two at once and keeps one

    def random(self) -> float:
        """From 0 to 1, 1 excluded."""
        return self.getrandbits(53) * 2.0**-53

    def getrandbits(self, k: int) -> int:
        """A number of k bits."""
        while self._left < k:
            text = b"%d/%d" % (self._number, self._block)
            self._bits |= int.from_bytes(blake2b(text, key=self._key).digest(), "little") << self._left
            self._left += BITS
            self._block += 1
        drawn = self._bits & ((1 << k) - 1)
        self._bits >>= k
        self._left -= k
        return drawn
