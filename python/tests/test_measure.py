"""Measurements of a simulated instrument."""

import numpy as np
import pytest

import hge

SLOPES_NA_PER_V = np.array([2.0, 4.0, 4.0, 3.0, -2.0, 5.0, 1.0])
CONTROLS_V = [-0.2, 0.1, 0.0, -0.3, -0.1]
#: Electrodes of the default controls.
CONTROLS = [0, 3, 4, 5, 6]


def linear(volts: np.ndarray) -> np.ndarray:
    return volts @ SLOPES_NA_PER_V


def test_slopes_of_an_own_linear_device_are_its_coefficients_within_five_standard_errors() -> None:
    with hge.connect("sim", "xor", device=linear) as bench:
        found = bench.measure(CONTROLS_V, windows=8)
    wanted = np.broadcast_to(SLOPES_NA_PER_V[CONTROLS], found.jacobian_na_per_v.shape)
    assert found.jacobian_na_per_v.shape == (4, 1, 5)
    assert np.all(np.abs(found.jacobian_na_per_v - wanted) < 5 * found.errors_na_per_v)
    assert np.all(found.flags == 0)


def test_an_own_device_gives_the_bits_of_the_same_device_of_the_library() -> None:
    def columns(volts: np.ndarray) -> np.ndarray:
        # In the library's order of additions.
        current_na = np.zeros(len(volts))
        for slope, column in zip(SLOPES_NA_PER_V, volts.T):
            current_na = current_na + slope * column
        return current_na

    found = []
    for device in [columns, "linear:2,4,4,3,-2,5,1"]:
        with hge.connect("sim", "xor", device=device, seed=7) as bench:
            found.append(bench.measure(CONTROLS_V))
    for own, of_library in zip(*found):
        assert np.array_equal(own, of_library)


def test_other_inputs_replace_the_cases_of_the_experiment() -> None:
    inputs_v = [[0.0, 0.0], [0.5, 0.0], [0.0, 0.5]]
    with hge.connect("sim", "xor", device=linear, bench={"noise_na2_per_hz": 0}) as bench:
        found = bench.outputs(CONTROLS_V, inputs_v)
    of_controls_na = SLOPES_NA_PER_V[CONTROLS] @ CONTROLS_V
    wanted = of_controls_na + np.array(inputs_v) @ SLOPES_NA_PER_V[[1, 2]]
    # Half a step of the DAC on every electrode and of the ADC.
    assert found[:, 0] == pytest.approx(wanted, abs=5e-3)


def test_an_unarmed_instrument_and_a_closed_one_refuse() -> None:
    bench = hge.connect("sim", "xor")
    with pytest.raises(hge.Refused, match="not armed"):
        bench.measure(CONTROLS_V)
    bench.close()
    with pytest.raises(hge.Refused, match="closed"):
        bench.measure(CONTROLS_V)


def test_controls_beyond_their_range_are_refused_with_the_text_of_the_command() -> None:
    with hge.connect("sim", "xor") as bench:
        with pytest.raises(hge.HgeError, match="electrode 0 cannot be set to 9 V: with its tone"):
            bench.measure([9, 0, 0, 0, 0])
        with pytest.raises(hge.HgeError, match="electrode 0 cannot be set to 9 V"):
            bench.outputs([9, 0, 0, 0, 0])
