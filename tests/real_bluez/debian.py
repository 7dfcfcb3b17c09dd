"""The guest's files: a small Debian with its kernel, bluetoothd, and the wheels of our lock."""

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
# As `make setup` has it where the machine has none.
UV: Final = shutil.which("uv") or str(ROOT / ".uv" / "bin" / "uv")
CUSTOMIZE: Final = Path(__file__).with_name("vm") / "customize"
PACKAGES: Final = "python3,bluez,dbus,kmod"
# Nothing of it is used at run time, and all of it would lie in the guest's memory.
WITHOUT: Final = ("doc", "man", "locale", "info", "lintian")
UNWANTED_SCRIPTS: Final = 'rm -rf "$1/opt/site/bin"'


class Missing(Exception):
    """The machine cannot make or run the guest; the text says what is missing."""


@dataclass(frozen=True)
class Release:
    """A Debian release that hubs run on."""

    number: int
    suite: str
    python: str


RELEASES: Final = {
    13: Release(13, "trixie", "3.13"),
    12: Release(12, "bookworm", "3.11"),
}


def root_archive(release: Release, folder: Path) -> Path:
    """Return a tar of the guest's files; made once for each state of what decides about them."""
    wanted = _wanted()
    inputs = (wanted.encode(), Path(__file__).read_bytes(), CUSTOMIZE.read_bytes())
    told = hashlib.sha256(b"".join(inputs)).hexdigest()[:12]
    archive = folder / f"debian{release.number}-{told}.tar"
    if archive.exists():
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob(f"debian{release.number}-*"):
        old.unlink()
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        made = Path(scratch) / "root.tar"
        options = _options(_wheels(release, wanted, Path(scratch) / "site"))
        source = f"deb {_mirror()} {release.suite} main"
        run(["mmdebstrap", *options, release.suite, str(made), source])
        made.rename(archive)
    return archive


def run(command: list[str]) -> str:
    """Run a program; its last words are the reason if it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Missing(f"{command[0]}: {error.strerror}") from error
    if done.returncode:
        raise Missing(f"{command[0]} failed: {' / '.join(done.stderr.splitlines()[-3:])}")
    return done.stdout


def _options(wheels: Path) -> Iterator[str]:
    yield from ("--quiet", "--variant=minbase", f"--include={PACKAGES}")
    for name in WITHOUT:
        yield f"--dpkgopt=path-exclude=/usr/share/{name}/*"
    yield f"--customize-hook=copy-in {wheels} /opt"
    yield f"--customize-hook={UNWANTED_SCRIPTS}"
    yield f"--customize-hook={CUSTOMIZE}"


def _mirror() -> str:
    """Return where this machine has its own Debian packages from."""
    form = "$(ORIGIN) $(COMPONENT) $(REPO_URI)"
    told = run(["apt-get", "indextargets", "--format", form, "Created-By: Packages"])
    for line in told.splitlines():
        if line.startswith("Debian main "):
            return line.split()[2]
    raise Missing("this machine knows no Debian packages (apt-get update)")


def _wanted() -> str:
    """Return what our lock says that the agent and bumble need."""
    extras = ["--extra", "edge", "--extra", "bluez-vm"]
    return run([UV, "export", "--quiet", "--frozen", "--no-emit-project", "--no-hashes", *extras])


def _wheels(release: Release, wanted: str, folder: Path) -> Path:
    """Install it for the guest's Python; nothing is built."""
    listed = folder.with_suffix(".txt")
    listed.write_text(wanted)
    guest = ["--python-version", release.python, "--python-platform", "x86_64-manylinux_2_28"]
    target = ["--target", str(folder), "--only-binary", ":all:"]
    run([UV, "pip", "install", "--quiet", *target, *guest, "-r", str(listed)])
    return folder
