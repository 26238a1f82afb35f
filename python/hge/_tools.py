"""What needs no instrument: the command's results as Python's, spectra, tones, gateware."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, NamedTuple, Optional, Sequence, Union

import numpy as np
import numpy.typing as npt

from . import _native
from ._native import HgeError
from ._results import Array


def command(*words: Union[str, int, float, "os.PathLike[str]"]) -> dict[str, Any]:
    """Carries out `hge WORDS --json` in a process of its own: its JSON object.

    Exit code 2, not solved, is no error; the object says so.
    """
    line = [sys.executable, "-m", "hge", *(str(word) for word in words), "--json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 2):
        raise HgeError(done.stderr.strip().removeprefix("error: "))
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


class Spectrum(NamedTuple):
    """The spectrum of a current."""

    frequencies_hz: Array
    density_a_per_rt_hz: Array
    noise_a_per_rt_hz: Array  #: Under the lines.
    summary: dict[str, Any]  #: Lines, floor and the rest, as `hge spectrum --json`.


def spectrum(
    current_na: npt.ArrayLike,
    rate_hz: float,
    *,
    segment_samples: Optional[int] = None,
    tones_hz: Sequence[float] = (),
    mains_hz: Optional[float] = None,
) -> Spectrum:
    """Density, noise and lines of a current in nA."""
    samples = np.ascontiguousarray(current_na, dtype=np.float64)
    if samples.ndim != 1:
        raise HgeError(f"current_na has the shape {list(samples.shape)}: give the samples of one current")
    found = _native.spectrum(samples, rate_hz, segment_samples, list(tones_hz), mains_hz)
    return Spectrum(
        found.frequencies_hz,
        found.density_a_per_rt_hz,
        found.noise_a_per_rt_hz,
        json.loads(found.summary),
    )


def plan_tones(
    count: int, *, window_s: float = 0.0512, rate_hz: float = 5000.0, mains_hz: Optional[float] = None
) -> dict[str, Any]:
    """Chooses frequencies whose products avoid each other, as `hge tones plan`."""
    mains: list[Union[str, float]] = [] if mains_hz is None else ["--mains", mains_hz]
    return command(
        "tones", "plan", "--parameters", count, "--window", window_s, "--rate", rate_hz, *mains
    )


def emit_gateware(directory: Union[str, "os.PathLike[str]"], **generics: int) -> dict[str, Any]:
    """Writes the instrument as Verilog, as `hge gateware emit`: `outputs=8, slots=24, clock_hz=24_000_000`."""
    options = [
        word
        for name, value in generics.items()
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    return command("gateware", "emit", "-o", directory, *options)
