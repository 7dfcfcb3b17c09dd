"""How long to wait before trying again. Chance is an argument, so every wait can be tested."""


def wait_s(failures: int, first: float, most: float) -> float:
    """Return twice the last wait after each failure, `most` at most; 0 after none."""
    if failures <= 0:
        return 0.0
    return min(first * 2.0 ** min(failures - 1, 32), most)


def jittered(seconds: float, chance: float) -> float:
    """Spread a wait over its upper half; `chance` is uniform in [0, 1).

    After a power cut all hubs of a town come back in the same second.
    """
    return seconds * (0.5 + chance / 2)
