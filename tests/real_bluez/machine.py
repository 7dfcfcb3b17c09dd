"""The virtual machine: qemu without KVM, a kernel and an initramfs, two serial ports into files."""

import subprocess
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.real_bluez import initramfs
from tests.real_bluez.debian import ROOT, Missing, Release, root_archive

QEMU: Final = "qemu-system-x86_64"
OURS: Final = ("device_profiles", "edge_agent", "simulators", "tests")
INIT: Final = Path(__file__).with_name("vm") / "init"
KERNEL: Final = "./boot/vmlinuz"
# A kernel fault, which bond loss is for 6.1, ends the machine at once.
BOOT: Final = "console=ttyS0 oops=panic panic=-1 quiet random.trust_cpu=on"
BOOT_S: Final = 300.0
STORY_S: Final = 420.0


def run(release: Release, stories: Sequence[str], folder: Path, *, debug: bool = False) -> Path:
    """Play stories in a machine that ends by itself; return what it told, a JSON line each."""
    kernel, files = _files(release, folder)
    told, console = (folder / f"debian{release.number}.{end}" for end in ("jsonl", "console"))
    told.write_bytes(b"")
    words = f"{BOOT} stories={','.join(stories)}" + (" debug=1" if debug else "")
    command = ["nice", "-n", "10", QEMU, *_hardware(), "-kernel", str(kernel)]
    command += ["-initrd", str(files), "-append", words]
    command += ["-serial", f"file:{console}", "-serial", f"file:{told}"]
    try:
        subprocess.run(command, check=True, timeout=BOOT_S + STORY_S * len(stories))
    except subprocess.TimeoutExpired:
        pass  # what it told until then counts
    except subprocess.CalledProcessError as error:
        raise Missing(f"{QEMU} ended with {error.returncode}") from error
    return told


def _hardware() -> list[str]:
    """57-bit addresses are what emulation is slowest at."""
    machine = ["-machine", "q35", "-accel", "tcg", "-cpu", "max,la57=off", "-smp", "2", "-m", "2G"]
    return [*machine, "-nographic", "-monitor", "none", "-no-reboot", "-nic", "none"]


def _files(release: Release, folder: Path) -> tuple[Path, Path]:
    """Lay the cached base and today's programs one behind the other."""
    archive = root_archive(release, folder)
    kernel, base = archive.with_suffix(".kernel"), archive.with_suffix(".cpio")
    if not base.exists():
        with tarfile.open(archive) as tar:
            taken = tar.extractfile(KERNEL)
            kernel.write_bytes(taken.read() if taken else b"")
        initramfs.from_tar(archive, base.with_suffix(".new"))
        base.with_suffix(".new").rename(base)
    ours, whole = folder / "ours.cpio", folder / f"debian{release.number}.initramfs"
    initramfs.from_folders(ROOT, OURS, INIT, ours)
    whole.write_bytes(base.read_bytes() + ours.read_bytes())
    return kernel, whole
