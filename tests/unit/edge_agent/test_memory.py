"""What is free in the heap goes back to the system."""

from pathlib import Path

from edge_agent.memory import give_back


def resident() -> int:
    """Return the resident pages of this process (proc(5))."""
    return int(Path("/proc/self/statm").read_text().split()[1])


def test_free_memory_is_given_back() -> None:
    holes = [bytes(20_000) for _ in range(4_000)]  # 80 MB, too small each to be mapped alone
    kept = holes[::50]
    full = resident()
    del holes
    give_back()
    assert kept
    assert resident() < full - 10_000
