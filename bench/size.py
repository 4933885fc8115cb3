"""The size of an installed package, without bytecode and without what it depends on."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import files
from pathlib import Path

from bench.processes import ROOT

__all__ = ["installed", "wheel"]


def installed(distribution: str) -> int:
    """Bytes of the files of a distribution that is installed."""
    return sum(
        Path(str(file.locate())).stat().st_size
        for file in files(distribution) or ()
        if file.suffix != ".pyc" and ".." not in file.parts
    )


def wheel() -> int:
    """Bytes that ringback takes once its wheel is installed; here it is installed as a link alone."""
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)  # noqa: S603
        (path,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(path) as archive:
            return sum(file.file_size for file in archive.infolist())
