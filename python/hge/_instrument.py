"""An instrument: connected, armed in a `with` block, closed whatever happens."""

from __future__ import annotations

import atexit
import json
import os
import reprlib
import weakref
from pathlib import Path
from types import TracebackType
from typing import Any, Callable, Iterator, Mapping, Optional, Union

import numpy as np
import numpy.typing as npt

from . import _native
from ._native import Window
from ._results import Amplitudes, Array, Capture, Curvature, Flags, Measurement, State, Sweep

#: Computes the currents of a device: voltages `[rows, electrodes]` in V to currents `[rows]` or `[rows, outputs]` in nA.
#: The currents of a row depend on the voltages of that row alone.
DeviceFunction = Callable[[Array], npt.ArrayLike]

#: A gate, the path of an experiment file, or the keys of one as nested dictionaries.
ExperimentLike = Union[str, "os.PathLike[str]", Mapping[str, Any]]


class Instrument:
    """A connected instrument with its experiment. `connect` makes one.

    In a `with` block it is armed; at its end, after Ctrl-C, after an exception, when it is collected and when the interpreter
    ends, every output goes to its safe value.
    """

    def __init__(self, native: _native.Instrument) -> None:
        self._native = native
        _open.add(native)

    def __enter__(self) -> Instrument:
        self._native.arm()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def arm(self) -> None:
        """Arms, with this host to watch over the instrument: the outputs follow the controls from here on.

        With `tones.amplitude = "auto"` the amplitudes are chosen before, as by `choose_amplitudes(1)`.
        """
        self._native.arm()

    def disarm(self) -> None:
        """Sends every output to its safe value, and waits until they are there."""
        self._native.disarm()

    def close(self) -> None:
        """Ends what goes on, disarms and disconnects."""
        self._native.close()

    @property
    def armed(self) -> bool:
        """Whether this program has armed it."""
        return not self.closed and self._native.armed

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._native.closed

    @property
    def setup(self) -> _native.Setup:
        """What the experiment plans on this instrument."""
        return self._native.setup

    @property
    def controls(self) -> list[int]:
        """Electrodes of the controls."""
        return self.setup.controls

    @property
    def ranges_v(self) -> Array:
        """Where every control may be set, V, `[controls, 2]`."""
        return self.setup.ranges_v

    @property
    def middle_v(self) -> Array:
        """The middle of every control's range."""
        middle_v: Array = self.ranges_v.mean(axis=1)
        return middle_v

    @property
    def inputs_v(self) -> Array:
        """Voltages of the inputs in every case of the experiment, `[cases, inputs]`."""
        return self.setup.inputs_v

    @property
    def most_cases(self) -> int:
        """Cases that the instrument holds at once: the most rows of `inputs_v`."""
        return self.setup.most_cases

    def measure(
        self,
        controls_v: npt.ArrayLike,
        inputs_v: Optional[npt.ArrayLike] = None,
        *,
        windows: int = 1,
        intervals: str = "answer",
    ) -> Measurement:
        """Currents and slopes at these controls, from `windows` windows of every case.

        `inputs_v`, `[cases, inputs]`, replaces the experiment's cases. `intervals="slope"` measures at three amplitudes and
        takes off what curvature adds, as `hge gradient` does; `"answer"` gives the lock-in's response.
        """
        if intervals not in ("answer", "slope"):
            raise _native.HgeError(f'intervals is {intervals!r}: choose "answer" or "slope"')
        found = self._native.measure(
            _row(controls_v), _table(inputs_v), windows, intervals == "slope"
        )
        return Measurement(
            found.outputs_na, found.jacobian_na_per_v, found.errors_na_per_v, found.flags
        )

    def outputs(
        self, controls_v: npt.ArrayLike, inputs_v: Optional[npt.ArrayLike] = None
    ) -> Array:
        """Mean currents at these controls without tones, nA, `[cases, outputs]`, from a window of every case."""
        return self._native.outputs(_row(controls_v), _table(inputs_v))

    def windows(
        self,
        controls_v: npt.ArrayLike,
        inputs_v: Optional[npt.ArrayLike] = None,
        *,
        count: Optional[int] = None,
        tones: bool = True,
    ) -> Iterator[Window]:
        """Windows at these controls as they come, case after case, `count` of them or without end."""
        row, table = _row(controls_v), _table(inputs_v)
        left = count
        while left is None or left > 0:
            for window in self._native.windows(row, table, tones)[:left]:
                yield window
                left = None if left is None else left - 1

    def codes(
        self, samples: Optional[int] = None, *, block: int = 4096, decimation: int = 1, input: int = 0
    ) -> Iterator[npt.NDArray[np.int16]]:
        """ADC codes in blocks, `samples` of them or without end. Blocks are captures of their own, with gaps between them."""
        left = samples
        while left is None or left > 0:
            size = block if left is None else min(block, left)
            yield self._native.capture(size, decimation, input)[0]
            left = None if left is None else left - size

    def capture(self, samples: int, *, decimation: int = 1, input: int = 0) -> Capture:
        """ADC codes without a gap in the instrument's present state, as `hge capture`."""
        return Capture(*self._native.capture(samples, decimation, input))

    def currents(self, rows_v: npt.ArrayLike) -> Array:
        """Mean currents at any voltages, without tones: `[rows, electrodes]` to nA `[rows, outputs]`.

        The electrodes are those with a role, in the order of their numbers (`electrodes`). All voltages are checked against the
        guard's limits before the first is set; changes are ramps, and the last row is held.
        """
        return self._native.currents(_rows(rows_v, "rows_v"))

    def sweep(self, *axes: tuple[int, float, float, int]) -> Sweep:
        """Sweeps electrodes, each `(electrode, first_v, last_v, points)`, the others at 0 V, as `hge iv --sweep`."""
        if not axes:
            raise _native.HgeError("0 axes are swept: give (electrode, first_v, last_v, points)")
        current_na, errors_na = self._native.sweep(axes)
        volts = [np.linspace(first, last, points) for _, first, last, points in axes]
        return Sweep(volts, current_na, errors_na)

    def contacts(self, points: int = 21) -> list[dict[str, Any]]:
        """Sweeps every electrode with a role and judges its contact, as `hge iv`."""
        judged: list[dict[str, Any]] = json.loads(self._native.contacts(points))
        return judged

    def curvature(self, controls_v: npt.ArrayLike, *, windows: int = 16) -> Curvature:
        """Second derivatives at these controls from `windows` windows of every case, as `hge curvature`."""
        found = self._native.curvature(_row(controls_v), windows)
        flags = np.where(found.clipped, Flags.CLIPPED, 0).astype(np.uint8)
        return Curvature(found.outputs_na, found.hessian_na_per_v2, found.errors_na_per_v2, flags)

    def choose_amplitudes(self, windows: int = 8) -> Amplitudes:
        """Chooses the tones' amplitudes by the device's curvature and noise, in force from now on; for slopes of `windows` windows.

        As `tones.amplitude = "auto"` in `hge gradient`: 384 windows of four cases.
        """
        return Amplitudes(*self._native.choose_amplitudes(windows))

    def calibrate(
        self,
        *,
        points: int = 8,
        windows: int = 16,
        resistor_mohm: Optional[float] = None,
        open_contacts: Optional[Mapping[str, Any]] = None,
    ) -> dict[str, Any]:
        """Measures lag and feed-through of every tone, as `hge calibrate`; `use` reads slopes by the result.

        With `resistor_mohm` resistors replace the device; `open_contacts`, of the method of this name, then separates lag from capacitance.
        """
        if open_contacts is not None and resistor_mohm is None:
            raise _native.HgeError("open_contacts belongs to resistors: give resistor_mohm, too")
        opened = None if open_contacts is None else json.dumps(dict(open_contacts))
        found: dict[str, Any] = json.loads(
            self._native.calibrate(points, windows, resistor_mohm, opened)
        )
        return found

    def open_contacts(self, windows: int = 16) -> dict[str, Any]:
        """Measures the capacitance across the device while its contacts are open, as `hge calibrate --open`."""
        found: dict[str, Any] = json.loads(self._native.open_contacts(windows))
        return found

    def settling(self, slope_na_per_v: float = 10.0) -> list[Optional[dict[str, Any]]]:
        """Settling after the largest step between cases, as `hge calibrate --settle`: of every output, None where nothing settles.

        `settle_s` is the wait after which slopes of `slope_na_per_v` are right within 2 %: connect with `timing={"settle_s": ..}`.
        """
        found: list[Optional[dict[str, Any]]] = json.loads(self._native.settling(slope_na_per_v))
        return found

    def use(self, calibration: Optional[Mapping[str, Any]]) -> None:
        """Reads slopes by this calibration from now on; None: by none."""
        self._native.calibrated(None if calibration is None else json.dumps(dict(calibration)))

    def get(self, register: str) -> float:
        """A register in its SI unit, as `hge get`."""
        return self._native.get(register)[0]

    def set(self, register: str, value: Union[float, str]) -> None:
        """Writes a register in its SI unit, as `hge set`: `0.01`, or `"10ms"`."""
        self._native.set(register, value if isinstance(value, str) else repr(float(value)))

    @property
    def state(self) -> State:
        """What the instrument does at the moment."""
        return State(*self._native.state())

    @property
    def electrodes(self) -> list[int]:
        """Electrodes with a role, in the order of their numbers."""
        return sorted({*self.setup.controls, *self.setup.inputs})


def connect(
    link: str = "sim",
    experiment: ExperimentLike = "xor",
    *,
    device: Union[str, DeviceFunction, None] = None,
    token_file: Union[str, "os.PathLike[str]", None] = None,
    **changes: Any,
) -> Instrument:
    """Connects to an instrument.

    `link` is `"sim"`, `"tcp:HOST:PORT"`, `"udp:HOST"`, `"serial:PATH[@BAUD]"` or `"ft245:PATH"`. Keywords replace keys of the experiment, whose sections are
    dictionaries: `seed=2, tones={"amplitude_v": 0.01}`. In a simulation `device` is one of docs/devices.md, or a function of
    yours. `token_file` holds the token of a server that requires one; default from HGE_TOKEN_FILE.
    """
    if isinstance(device, str):
        changes["device"] = device
        device = None
    if device is not None and not callable(device):
        raise _native.HgeError(f"device is {device!r}: give a function, or the name of a device as text")
    keys = _experiment(experiment, changes)
    name = getattr(device, "__name__", "own")
    token_file = token_file or os.environ.get("HGE_TOKEN_FILE")
    token = None if token_file is None else Path(token_file).read_text("utf-8")
    return Instrument(_native.Instrument(link, keys, device, name, token))


def _experiment(experiment: ExperimentLike, changes: Mapping[str, Any]) -> _native.Experiment:
    if isinstance(experiment, Mapping):
        return _native.Experiment(None, _keys({**experiment, **changes}))
    what = os.fspath(experiment)
    return _native.Experiment(what, _keys(changes) if changes else None)


def _keys(keys: Mapping[str, Any]) -> str:
    """JSON of an experiment's keys, whose values may be NumPy's."""

    def plain(value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)):
            return value.tolist()
        if isinstance(value, os.PathLike):
            return os.fspath(value)
        remedy = "give numbers, text, lists or dictionaries"
        if callable(value):
            remedy = "a device's function is given beside the experiment, device=function"
        raise _native.HgeError(f"{value!r} is no value of an experiment: {remedy}")

    try:
        return json.dumps(keys, default=plain, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise _native.HgeError(f"the keys of the experiment: {error}") from error


def _floats(values: npt.ArrayLike, what: str) -> Array:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise _native.HgeError(f"{what} is {reprlib.repr(values)}: give real numbers, in V")
    return array.astype(np.float64)


def _row(controls_v: npt.ArrayLike) -> list[float]:
    row: list[float] = _floats(controls_v, "controls_v").ravel().tolist()
    return row


def _table(inputs_v: Optional[npt.ArrayLike]) -> Optional[list[list[float]]]:
    return None if inputs_v is None else _rows(inputs_v, "inputs_v")


def _rows(rows_v: npt.ArrayLike, what: str) -> list[list[float]]:
    rows = np.atleast_2d(_floats(rows_v, what))
    if rows.ndim > 2:
        raise _native.HgeError(f"{what} has the shape {list(rows.shape)}: give rows of voltages")
    table: list[list[float]] = rows.tolist()
    return table


_open: weakref.WeakSet[_native.Instrument] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for native in list(_open):
        native.close()
