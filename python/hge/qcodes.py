"""QCoDeS driver: outputs, tones and inputs as channels, in SI units.

```python
bench = HgeInstrument("bench", "tcp:127.0.0.1:4000", experiment="xor")
bench.arm()
bench.outputs[0].voltage(0.1)      # a ramp, within the guard's limits
bench.inputs[0].current()          # A
bench.jacobian()                   # A/V, [cases x outputs, controls]
```
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import numpy.typing as npt
from qcodes.instrument import ChannelList, Instrument, InstrumentChannel
from qcodes.parameters import ParameterWithSetpoints
from qcodes.validators import Arrays, Enum, Ints, Numbers

from . import connect
from ._instrument import DeviceFunction, ExperimentLike, Instrument as Bench
from ._tools import Spectrum, spectrum

_A_PER_NA = 1e-9

#: Registers of the timing and the guard that become parameters, with their labels.
_REGISTERS = {
    "sample_period": "Sample period",
    "settle": "Wait after a ramp",
    "lead_in": "Tones before a window",
    "watchdog": "Silence after which the guard trips",
    "step_limit": "Largest step of an output in a sample",
    "run_limit": "Longest standalone run",
}


class HgeOutput(InstrumentChannel):
    """A DAC output with an electrode that has a role in the experiment."""

    def __init__(self, parent: HgeInstrument, name: str, electrode: int) -> None:
        super().__init__(parent, name)
        bench, guard = parent.bench, f"guard[{electrode}]"
        self.electrode = electrode
        self.voltage = self.add_parameter(
            "voltage",
            unit="V",
            label=f"Electrode {electrode}",
            get_cmd=lambda: bench.get(f"{guard}.code"),
            set_cmd=lambda volts: parent.ramp({electrode: volts}),
            vals=Numbers(*parent.limits_v(electrode)),
            docstring="Voltage without tones. A change is a ramp of the gateware; the guard confines it.",
        )
        for field, label in [("low", "Low limit"), ("high", "High limit")]:
            self.add_parameter(
                f"{field}_limit",
                unit="V",
                label=label,
                get_cmd=lambda field=field: bench.get(f"{guard}.{field}"),
                docstring="The guard's, from `guard.low_v` and `guard.high_v` of the experiment once it is armed.",
            )


class HgeTone(InstrumentChannel):
    """The tone of a control."""

    def __init__(self, parent: HgeInstrument, name: str, control: int) -> None:
        super().__init__(parent, name)
        setup = parent.bench.setup
        values = [
            ("electrode", "", setup.controls[control]),
            ("frequency", "Hz", float(setup.tones_hz[control])),
            ("amplitude", "V", float(setup.amplitudes_v[control])),
        ]
        for label, unit, value in values:
            self.add_parameter(
                label, unit=unit, label=label.capitalize(), get_cmd=lambda value=value: value
            )


class HgeInput(InstrumentChannel):
    """An ADC input: an output of the device."""

    def __init__(self, parent: HgeInstrument, name: str, output: int) -> None:
        super().__init__(parent, name)
        self.current = self.add_parameter(
            "current",
            unit="A",
            label=f"Current {output}",
            get_cmd=lambda: parent.currents()[output],
            # A measurement, which needs an armed instrument.
            snapshot_get=False,
            docstring="Mean over a window at the present voltages, without tones.",
        )
        self.frequency = self.add_parameter(
            "frequency",
            unit="Hz",
            label="Frequency",
            get_cmd=lambda: parent.spectrum_of(output).frequencies_hz,
            vals=Arrays(shape=(parent.spectrum_points,)),
            snapshot_value=False,
        )
        self.spectrum = self.add_parameter(
            "spectrum",
            parameter_class=ParameterWithSetpoints,
            unit="A/√Hz",
            label="Density of the current",
            setpoints=(self.frequency,),
            get_cmd=lambda: parent.spectrum_of(output, anew=True).density_a_per_rt_hz,
            vals=Arrays(shape=(parent.spectrum_points,)),
            snapshot_value=False,
        )


class HgeInstrument(Instrument):
    """An instrument for homodyne gradient extraction.

    Args:
        name: In QCoDeS.
        address: `sim`, `tcp:HOST:PORT`, `serial:PATH[@BAUD]` or `ft245:PATH`.
        experiment: A gate, the path of an experiment file, or its keys.
        device: In a simulation, a device or a function of one's own.
    """

    def __init__(
        self,
        name: str,
        address: str = "sim",
        experiment: ExperimentLike = "xor",
        device: Optional[DeviceFunction] = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, **kwargs)
        self.bench: Bench = connect(address, experiment, device=device)
        self._volts = dict.fromkeys(self.bench.electrodes, 0.0)
        self._spectra: dict[int, Spectrum] = {}
        self.add_parameter("armed", get_cmd=lambda: self.bench.armed, label="Armed")
        self.add_parameter("state", get_cmd=lambda: self.bench.state._asdict(), label="State")
        for register, label in _REGISTERS.items():
            unit = self.bench._native.get(register)[1]
            self.add_parameter(
                register,
                unit=unit,
                label=label,
                get_cmd=lambda register=register: self.bench.get(register),
                set_cmd=lambda value, register=register: self.bench.set(register, value),
                vals=Numbers(min_value=0),
            )
        self.outputs = self._channels("outputs", HgeOutput, self.bench.electrodes)
        self.tones = self._channels("tones", HgeTone, list(range(len(self.bench.controls))))
        self.inputs = self._channels("inputs", HgeInput, list(range(self._device_outputs)))
        self._add_jacobian()
        self._add_sweep()
        self.connect_message()

    def get_idn(self) -> dict[str, Optional[str]]:
        """Identity of the gateware."""
        build = self.bench.get("build_hash")
        return {
            "vendor": "hge",
            "model": f"{self.bench.get('outputs'):.0f} outputs, {self.bench.get('slots'):.0f} slots",
            "serial": None,
            "firmware": f"{int(build):08x}",
        }

    def arm(self) -> None:
        """Lets the outputs follow, from their safe values."""
        self.bench.arm()

    def disarm(self) -> None:
        """Sends every output to its safe value."""
        self.bench.disarm()
        self._volts = dict.fromkeys(self._volts, 0.0)

    def close(self) -> None:
        """Disarms and disconnects."""
        if hasattr(self, "bench"):
            self.bench.close()
        super().close()

    def limits_v(self, electrode: int) -> tuple[float, float]:
        """The limits of an electrode, which the guard gets when it is armed."""
        low_v, high_v = self.bench.setup.limits_v[electrode].tolist()
        return low_v, high_v

    def ramp(self, volts: dict[int, float]) -> None:
        """Ramps electrodes to voltages together; all are checked before the first moves."""
        wanted = {**self._volts, **volts}
        self.bench.currents([list(wanted.values())])
        self._volts = wanted

    def currents(self) -> npt.NDArray[np.float64]:
        """Currents of all inputs at the present voltages, A."""
        currents_a: npt.NDArray[np.float64] = (
            self.bench.currents([list(self._volts.values())])[0] * _A_PER_NA
        )
        return currents_a

    #: Samples of a spectrum, and frequencies in it: segments of an eighth.
    spectrum_samples = 8192
    spectrum_points = 8192 // 16 + 1

    def spectrum_of(self, output: int, anew: bool = False) -> Spectrum:
        """The spectrum of an input at the present voltages."""
        if anew or output not in self._spectra:
            captured = self.bench.capture(self.spectrum_samples, input=output)
            self._spectra[output] = spectrum(
                captured.current_na, captured.rate_hz, segment_samples=self.spectrum_samples // 8
            )
        return self._spectra[output]

    @property
    def _device_outputs(self) -> int:
        return int(self.bench.get("inputs"))

    def _channels(self, name: str, kind: type[InstrumentChannel], numbers: list[int]) -> Any:
        channels = ChannelList(self, name, kind, snapshotable=False)
        for number in numbers:
            channel = kind(self, f"{name.removesuffix('s')}{number}", number)  # type: ignore[call-arg, arg-type]
            channels.append(channel)
            self.add_submodule(channel.short_name, channel)
        return self.add_submodule(name, channels.to_channel_tuple())

    def _add_jacobian(self) -> None:
        rows = len(self.bench.inputs_v) * self._device_outputs
        controls = np.array(self.bench.controls)

        def measured() -> npt.NDArray[np.float64]:
            at_v = [self._volts[electrode] for electrode in self.bench.controls]
            found = self.bench.measure(at_v).jacobian_na_per_v.reshape(rows, -1)
            slopes: npt.NDArray[np.float64] = found * _A_PER_NA
            # The controls stay there; the inputs went through the cases.
            self._volts.update(zip(self.bench.controls, at_v))
            return slopes

        row = self.add_parameter(
            "row", label="Case and output", get_cmd=lambda: np.arange(rows), vals=Arrays(shape=(rows,), valid_types=(np.integer,))
        )
        control = self.add_parameter(
            "control", label="Electrode", get_cmd=lambda: controls, vals=Arrays(shape=(len(controls),), valid_types=(np.integer,))
        )
        self.jacobian = self.add_parameter(
            "jacobian",
            parameter_class=ParameterWithSetpoints,
            unit="A/V",
            label="Slope of the current",
            setpoints=(row, control),
            get_cmd=measured,
            vals=Arrays(shape=(rows, len(controls))),
            snapshot_value=False,
            docstring=(
                "At the present voltages of the controls, in every case of the experiment. Between voltages "
                "without tones and this, every output goes through its safe value."
            ),
        )

    def _add_sweep(self) -> None:
        electrodes = self.bench.electrodes
        first = electrodes[0]
        low_v, high_v = self.limits_v(first)
        self.sweep_electrode = self.add_parameter(
            "sweep_electrode", set_cmd=None, initial_value=first, vals=Enum(*electrodes)
        )
        self.sweep_start = self.add_parameter(
            "sweep_start", unit="V", set_cmd=None, initial_value=low_v, vals=Numbers()
        )
        self.sweep_stop = self.add_parameter(
            "sweep_stop", unit="V", set_cmd=None, initial_value=high_v, vals=Numbers()
        )
        self.sweep_points = self.add_parameter(
            "sweep_points", set_cmd=None, initial_value=21, vals=Ints(2, 100_000)
        )

        def axis() -> npt.NDArray[np.float64]:
            return np.linspace(self.sweep_start(), self.sweep_stop(), self.sweep_points())

        def swept() -> npt.NDArray[np.float64]:
            place = list(self._volts).index(self.sweep_electrode())
            rows_v = np.tile(list(self._volts.values()), (self.sweep_points(), 1))
            rows_v[:, place] = axis()
            currents_a: npt.NDArray[np.float64] = self.bench.currents(rows_v)[:, 0] * _A_PER_NA
            self._volts[self.sweep_electrode()] = float(rows_v[-1, place])
            return currents_a

        shape = (self.sweep_points.get_latest,)
        volts = self.add_parameter(
            "sweep_volts", unit="V", label="Voltage", get_cmd=axis, vals=Arrays(shape=shape)
        )
        self.sweep = self.add_parameter(
            "sweep",
            parameter_class=ParameterWithSetpoints,
            unit="A",
            label="Current",
            setpoints=(volts,),
            get_cmd=swept,
            vals=Arrays(shape=shape),
            snapshot_value=False,
        )


__all__ = ["HgeInput", "HgeInstrument", "HgeOutput", "HgeTone"]
