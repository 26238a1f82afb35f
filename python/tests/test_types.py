"""Types: the package checks under mypy, and its stubs are those of the module."""

import subprocess
import sys
from pathlib import Path

import pytest

CONFIG = Path(__file__).parent.parent / "pyproject.toml"
#: What mypy knows of NumPy and the like serves the next run, too.
CACHE = CONFIG.parent.parent / "target" / "mypy"


def checked(folder: Path, *words: str) -> None:
    pytest.importorskip("mypy")
    # In a folder of its own: the package that is installed, not its sources.
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_have_every_name_and_signature_of_the_module(tmp_path: Path) -> None:
    checked(tmp_path, "mypy.stubtest", "hge._native")


def test_the_package_checks_under_mypy_in_strict_mode(tmp_path: Path) -> None:
    checked(tmp_path, "mypy", "--strict", "--config-file", str(CONFIG), "--cache-dir", str(CACHE), "-p", "hge")
