"""Types: the package checks under mypy, and its stubs are those of the module."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mypy")

PYTHON = Path(__file__).parent.parent


def checked(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=PYTHON, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stubs_have_every_name_and_signature_of_the_module() -> None:
    checked("mypy.stubtest", "hge._native")


def test_the_package_checks_under_mypy_in_strict_mode(tmp_path: Path) -> None:
    checked("mypy", "--strict", "--cache-dir", str(tmp_path), "-p", "hge")
