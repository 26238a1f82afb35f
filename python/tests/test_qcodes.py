"""The QCoDeS driver, on a simulation in this process and on a served one through its station."""

from pathlib import Path

import numpy as np
import pytest

qcodes = pytest.importorskip("qcodes")
from qcodes.dataset import LinSweep, dond, initialise_or_create_database_at, load_or_create_experiment  # noqa: E402
from qcodes.extensions import DriverTestCase  # noqa: E402
from qcodes.station import Station  # noqa: E402

import hge  # noqa: E402
from hge.qcodes import HgeInstrument  # noqa: E402

from test_measure import CONTROLS, SLOPES_NA_PER_V, linear  # noqa: E402
from test_safety import armed, served  # noqa: E402

STATION = Path(__file__).parent.parent / "station.yaml"


@pytest.fixture
def bench():
    keys = {"gate": "xor", "bench": {"noise_na2_per_hz": 0}}
    driver = HgeInstrument("bench", experiment=keys, device=linear)
    driver.arm()
    yield driver
    driver.close()


class TestDriver(DriverTestCase):
    driver = HgeInstrument

    @classmethod
    def setUpClass(cls) -> None:
        HgeInstrument("tested")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls) -> None:
        cls.instrument.close()

    def test_identity(self) -> None:
        assert self.instrument.get_idn()["vendor"] == "hge"


def test_voltages_give_the_current_of_a_linear_device_in_si_units(bench) -> None:
    bench.outputs[0].voltage(-0.3)
    bench.outputs[-1].voltage(0.2)
    wanted_a = (-0.3 * SLOPES_NA_PER_V[0] + 0.2 * SLOPES_NA_PER_V[6]) * 1e-9
    assert bench.inputs[0].current() == pytest.approx(wanted_a, abs=5e-12)
    # The code that the gateware puts out.
    assert bench.outputs[0].voltage.get() == pytest.approx(-0.3, abs=1e-4)


def test_the_jacobian_is_that_of_the_device(bench) -> None:
    found = bench.jacobian()
    wanted = np.broadcast_to(SLOPES_NA_PER_V[CONTROLS] * 1e-9, found.shape)
    assert found == pytest.approx(wanted, abs=0.05e-9)
    bench.jacobian.validate_consistent_shape()


def test_neither_a_value_nor_a_list_passes_the_limits(bench) -> None:
    low_v, high_v = bench.limits_v(0)
    before = bench.outputs[0].voltage.get()
    with pytest.raises(ValueError):
        bench.outputs[0].voltage(high_v + 0.1)
    with pytest.raises(ValueError):
        bench.sweep_electrode(7)
    bench.sweep_start(low_v)
    bench.sweep_stop(high_v + 0.1)
    with pytest.raises(hge.HgeError):
        bench.sweep()
    with pytest.raises(hge.HgeError):
        bench.ramp({0: high_v + 0.1})
    assert bench.outputs[0].voltage.get() == before


def test_sweeps_and_spectra_are_stored_with_their_setpoints(bench, tmp_path) -> None:
    initialise_or_create_database_at(tmp_path / "runs.db")
    load_or_create_experiment("own", "linear")
    bench.sweep_points(11)
    dataset, _, _ = dond(bench.sweep, bench.inputs[0].spectrum, show_progress=False)
    data = dataset.get_parameter_data()
    swept = data["bench_sweep"]
    slope = np.polyfit(swept["bench_sweep_volts"].ravel(), swept["bench_sweep"].ravel(), 1)[0]
    assert slope == pytest.approx(SLOPES_NA_PER_V[0] * 1e-9, rel=1e-2)
    axis = data["bench_input0_spectrum"]["bench_input0_frequency"].ravel()
    assert axis[-1] == pytest.approx(2500)


def test_a_loop_over_an_output_is_a_ramp_at_every_point(bench, tmp_path) -> None:
    initialise_or_create_database_at(tmp_path / "runs.db")
    load_or_create_experiment("own", "linear")
    dataset, _, _ = dond(
        LinSweep(bench.outputs[0].voltage, -0.4, 0.4, 5), bench.inputs[0].current, show_progress=False
    )
    found = dataset.get_parameter_data()["bench_input0_current"]
    wanted_a = found["bench_output0_voltage"] * SLOPES_NA_PER_V[0] * 1e-9
    assert found["bench_input0_current"] == pytest.approx(wanted_a, abs=5e-12)


def test_a_snapshot_has_voltages_limits_tones_and_registers(bench) -> None:
    bench.outputs[0].voltage(0.1)
    snapshot = bench.snapshot(update=True)
    output = snapshot["submodules"]["output0"]["parameters"]
    assert output["voltage"]["unit"] == "V" and output["voltage"]["value"] == pytest.approx(0.1, abs=1e-4)
    assert output["high_limit"]["value"] > output["low_limit"]["value"]
    assert snapshot["submodules"]["tone1"]["parameters"]["frequency"]["unit"] == "Hz"
    assert snapshot["parameters"]["settle"]["unit"] == "s"


def test_a_station_opens_on_a_served_instrument_and_leaves_it_disarmed(tmp_path) -> None:
    with served() as link:
        config = STATION.read_text("utf-8").replace("tcp:127.0.0.1:4000", link)
        (tmp_path / "station.yaml").write_text(config, "utf-8")
        station = Station(config_file=str(tmp_path / "station.yaml"), default=False)
        bench = station.load_instrument("bench")
        bench.arm()
        bench.gate(0.2)
        assert bench.outputs[0].voltage.get() == pytest.approx(0.2, abs=1e-4)
        station.close_all_registered_instruments()
        assert not armed(link)
