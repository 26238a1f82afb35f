"""What an instrument's methods return."""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple, Optional

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class Flags(IntFlag):
    """What is wrong with a measured case and output; 0: nothing."""

    CLIPPED = 1  #: ADC or I-V converter at an end of its range: the slopes are not valid.
    UNSETTLED = 2  #: The current drifted: wait longer (`timing.settle_s`).
    UNCALIBRATED = 4  #: A large quadrature response: calibrate.


class Measurement(NamedTuple):
    """Currents and slopes of every case and output of the device."""

    outputs_na: Array  #: Mean currents, nA, `[cases, outputs]`.
    jacobian_na_per_v: Array  #: Slopes, nA/V, `[cases, outputs, controls]`.
    errors_na_per_v: Array  #: Standard errors of the slopes; NaN where they are not known.
    flags: npt.NDArray[np.uint8]  #: `Flags`, `[cases, outputs]`.


class Curvature(NamedTuple):
    """Second derivatives of every case and output of the device."""

    outputs_na: Array  #: Mean currents, nA, `[cases, outputs]`.
    hessian_na_per_v2: Array  #: Second derivatives, nA/V², `[cases, outputs, controls, controls]`.
    errors_na_per_v2: Array  #: Their standard errors; NaN for a single window.
    flags: npt.NDArray[np.uint8]  #: `Flags`, `[cases, outputs]`.


class Amplitudes(NamedTuple):
    """The choice of amplitudes, and what it weighs: bias and error of a slope at the amplitudes before, root mean square."""

    amplitudes_v: Array
    bias_na_per_v: Array
    error_na_per_v: Array


class Capture(NamedTuple):
    """ADC codes without a gap."""

    codes: npt.NDArray[np.int16]
    current_na: Array
    rate_hz: float


class Sweep(NamedTuple):
    """Currents at swept voltages."""

    volts: list[Array]  #: Of every axis.
    current_na: Array  #: `[outputs, points of the first axis, ..]`.
    errors_na: Array  #: Standard error of a current, of every output.


class State(NamedTuple):
    """What an instrument does."""

    busy: bool
    armed: bool
    ramping_to_safe: bool
    interlock_closed: bool
    capturing: bool
    fault: Optional[str]  #: Causes of the last trip.
