"""`python -m tests.fuzz [--seconds N] TARGET ...`: atheris looks for octets that break a target."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Final

FOUND: Final = Path("var/fuzz")
# An input of any size that we accept is read in milliseconds.
LIMITS: Final = ("-timeout=5", "-rss_limit_mb=600", "-max_len=4096")


def hunt(target: str, seconds: int) -> int:
    """Run one target in a process of its own: libFuzzer ends the process it runs in."""
    folder = FOUND / target
    folder.mkdir(parents=True, exist_ok=True)
    from tests.fuzz.corpus import lines

    for number, octets in enumerate(lines(target)):
        (folder / f"known-{number:03}").write_bytes(octets)
    program = [sys.executable, "-m", "tests.fuzz", "--inside", target, str(folder), *LIMITS]
    program += [f"-max_total_time={seconds}", f"-artifact_prefix={folder}/", "-print_final_stats=1"]
    return subprocess.run(program, check=False).returncode


def inside(target: str, arguments: list[str]) -> None:
    """Hand the target over to atheris, which counts the lines of our packages that it reaches."""
    import atheris

    with atheris.instrument_imports(
        include=["device_profiles", "edge_agent", "gateway"], enable_loader_override=False
    ):
        from device_profiles.codecs import decoders, readers
        from device_profiles.registry import PROFILES
        from tests.fuzz.targets import TARGETS

        # Found by walking folders, when first asked for: now, so that they are counted too.
        _ = (decoders(), readers(), list(PROFILES.values()))
    atheris.Setup([target, *arguments], TARGETS[target])
    atheris.Fuzz()


def main() -> int:
    """Run the named targets, or all."""
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2], sys.argv[3:])
        return 0
    from tests.fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("targets", nargs="*", default=list(TARGETS))
    told = parser.parse_args()
    failed = [target for target in told.targets if hunt(target, told.seconds)]
    print(f"fuzz: {len(told.targets)} targets, {told.seconds} s each; broken: {failed or 'none'}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
