"""What a newcomer does wrong is refused in words, and does no harm to what goes on."""

import os
import threading

import numpy as np
import pytest

import hge

from test_measure import CONTROLS, CONTROLS_V, SLOPES_NA_PER_V, linear
from test_safety import armed, served


def right_slopes(bench: hge.Instrument) -> bool:
    found = bench.measure(CONTROLS_V, windows=8)
    return bool(np.all(np.abs(found.jacobian_na_per_v - SLOPES_NA_PER_V[CONTROLS]) < 6 * found.errors_na_per_v))


def fail_with(error: Exception):
    def hear(_: hge.Epoch) -> None:
        raise error

    return hear


def test_a_training_sweep_or_calibration_that_fails_leaves_the_instrument_disarmed_and_usable() -> None:
    failing = [
        (lambda bench: hge.train(bench, progress=fail_with(KeyError("x"))), KeyError, "x"),
        (lambda bench: hge.track(bench, 3, progress=fail_with(OSError("y"))), OSError, "y"),
        (lambda bench: bench.sweep((7, -1, 1, 5)), hge.HgeError, "electrode 7 has no role"),
        (lambda bench: bench.sweep((3, -1, 9, 5)), hge.HgeError, "electrode 3 cannot be set to"),
        (lambda bench: bench.calibrate(points=1), hge.HgeError, "operating points"),
        (lambda bench: bench.contacts(1), hge.HgeError, "1 points is not possible"),
        (lambda bench: bench.curvature([9, 0, 0, 0, 0]), hge.HgeError, "electrode 0 cannot be set to 9 V"),
        (lambda bench: bench.curvature(CONTROLS_V, windows=0), hge.HgeError, "0 windows"),
        (lambda bench: bench.choose_amplitudes(0), hge.HgeError, "0 windows"),
        (lambda bench: bench.settling(-1), hge.HgeError, "slope_na_per_v"),
        (lambda bench: bench.open_contacts(2), hge.HgeError, "impossible for an open contact"),
        (lambda bench: bench.calibrate(resistor_mohm=0), hge.HgeError, "above zero"),
    ]
    with served("--device", "linear:2,4,4,3,-2,5,1") as link:
        for where, device in [("sim", linear), (link, None)]:
            bench = hge.connect(where, "xor", device=device)
            for fail, kind, sentence in failing:
                bench.arm()
                with pytest.raises(kind, match=sentence):
                    fail(bench)
                assert bench.state.fault is None
            bench.arm()
            assert right_slopes(bench)
            bench.close()
        assert not armed(link)


def test_a_trip_amid_a_training_is_told_and_the_instrument_arms_again() -> None:
    offset_na = 0.0

    def device(volts: np.ndarray) -> np.ndarray:
        return linear(volts) + offset_na

    def short(epoch: hge.Epoch) -> None:
        nonlocal offset_na
        offset_na = 60.0 if epoch.epoch == 3 else offset_na

    bench = hge.connect("sim", "xor", device=device, guard={"overcurrent_na": 40})
    with pytest.raises(hge.Tripped, match="too high"):
        hge.train(bench, progress=short)
    assert not bench.armed and not bench.state.armed
    offset_na = 0.0
    bench.arm()
    assert right_slopes(bench)
    bench.close()


def test_a_callback_can_neither_close_its_instrument_nor_hang_on_asking_for_its_state() -> None:
    bench = hge.connect("sim", "xor")
    seen = []

    def hear(_: hge.Epoch) -> None:
        seen.append(bench.closed)
        bench.close()

    with pytest.raises(hge.Refused, match="cannot close it: raise an exception"):
        hge.train(bench, progress=hear)
    assert seen == [False]
    bench.close()
    assert bench.closed and not bench.armed


def test_a_second_thread_may_close_an_instrument_at_work() -> None:
    bench = hge.connect("sim", "xor", device=linear)
    bench.arm()
    timer = threading.Timer(0.2, bench.close)
    timer.start()
    with pytest.raises(hge.HgeError):
        bench.measure(CONTROLS_V, windows=1_000_000)
    timer.join()
    assert bench.closed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_copy_of_the_process_has_no_instrument_and_ends_without_disarming_it() -> None:
    with served() as link, hge.connect(link, "xor") as bench:
        child = os.fork()
        if child == 0:
            try:
                bench.measure(CONTROLS_V)
            except hge.Refused as error:
                code = 7 if "belongs to process" in str(error) else 8
            else:
                code = 9
            bench.close()
            del bench
            os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        assert bench.state.armed
        bench.measure(CONTROLS_V)


def test_voltages_of_any_layout_are_taken_and_what_is_no_voltage_is_refused() -> None:
    with hge.connect("sim", "xor", device=linear, bench={"noise_na2_per_hz": 0}) as bench:
        wanted_na = bench.outputs(CONTROLS_V)
        doubled = np.repeat(CONTROLS_V, 2)
        same = [
            tuple(CONTROLS_V),
            doubled[::2],
            np.asfortranarray(np.column_stack([CONTROLS_V, CONTROLS_V]))[:, 1],
            np.array(CONTROLS_V, dtype=object).astype(float),
            np.array([CONTROLS_V]),
            np.array(CONTROLS_V, dtype=">f8"),
        ]
        for controls_v in same:
            assert bench.outputs(controls_v) == pytest.approx(wanted_na, abs=5e-3)
        assert bench.outputs(np.zeros(5, dtype=np.int8)).shape == (4, 1)
        inputs_v = np.zeros((3, 4), dtype=np.float32)[:, ::2]
        assert bench.outputs(CONTROLS_V, inputs_v).shape == (3, 1)
        refused = [
            (lambda: bench.measure([np.nan, 0, 0, 0, 0]), "cannot be set to NaN V"),
            (lambda: bench.measure([np.inf, 0, 0, 0, 0]), "cannot be set to"),
            (lambda: bench.measure(np.zeros(5, dtype=complex)), "real numbers"),
            (lambda: bench.measure(None), "real numbers"),
            (lambda: bench.measure(["a"] * 5), "real numbers"),
            (lambda: bench.measure([0, 0]), "2 voltages are given for electrodes 0, 3, 4, 5, 6"),
            (lambda: bench.measure(np.zeros((2, 5))), "10 voltages are given"),
            (lambda: bench.measure(CONTROLS_V, np.zeros((2, 2, 2))), r"inputs_v has the shape \[2, 2, 2\]"),
            (lambda: bench.measure(CONTROLS_V, [[0.0, 0.0, 0.0]]), "3 voltages are given for electrodes 1, 2"),
            (lambda: bench.measure(CONTROLS_V, [0.0]), "1 voltages are given for electrodes 1, 2"),
            (lambda: bench.measure(CONTROLS_V, [[np.nan, 0.0]]), "NaN"),
            (lambda: bench.measure(CONTROLS_V, np.zeros((0, 2))), "0 cases"),
            (lambda: bench.measure(CONTROLS_V, np.zeros((17, 2))), "16"),
            (lambda: bench.measure(CONTROLS_V, windows=0), "0 windows"),
            (lambda: bench.measure(CONTROLS_V, intervals="both"), "choose"),
            (lambda: bench.currents(np.zeros((2, 6))), "6 voltages are given"),
            (lambda: bench.currents([[0, 0, 0, 0, 0, 0, np.nan]]), "NaN"),
            (lambda: bench.set("settle", float("nan")), "settle"),
            (lambda: bench.capture(0), "sample"),
            (lambda: bench.sweep(), "0 axes"),
            (lambda: bench.use({"tones": 1}), "no result of calibrate"),
            (lambda: hge.spectrum(np.zeros((4, 400)), 5000), r"shape \[4, 400\]"),
        ]
        for ask, sentence in refused:
            with pytest.raises(hge.HgeError, match=sentence):
                ask()
        assert bench.outputs(CONTROLS_V) == pytest.approx(wanted_na, abs=5e-3)


def test_what_a_device_returns_is_taken_where_it_is_currents_and_refused_where_not() -> None:
    taken = [
        lambda volts: linear(volts).astype(np.float32),
        lambda volts: linear(volts).tolist(),
        lambda volts: linear(volts)[:, None],
        lambda volts: np.repeat(linear(volts), 2)[::2],
        lambda volts: np.zeros(len(volts), dtype=np.int64),
        lambda volts: volts[:, 0] > 0,
    ]
    for device in taken:
        with hge.connect("sim", "xor", device=device) as bench:
            assert bench.measure(CONTROLS_V).outputs_na.shape == (4, 1)
    refused = [
        (lambda volts: None, "the device returned NoneType"),
        (lambda volts: "1 nA", "the device returned str"),
        (lambda volts: linear(volts) * 1j, "the device returned ndarray"),
        (lambda volts: 1.0, r"currents of shape \[\]"),
        (lambda volts: volts[:, :2], r'connect with instrument={"inputs": N}'),
        (lambda volts: linear(volts) * np.nan, "the device returned NaN nA at"),
        (lambda volts: np.full(len(volts), -np.inf), "the device returned -inf nA at"),
        (lambda volts: linear(volts[:, :3]), "ValueError|matmul"),
    ]
    for device, sentence in refused:
        with pytest.raises((hge.HgeError, ValueError), match=sentence):
            with hge.connect("sim", "xor", device=device) as bench:
                bench.measure(CONTROLS_V)


def test_losses_and_optimisers_that_return_no_numbers_are_named() -> None:
    def loss(outputs_na: np.ndarray) -> float:
        return float(np.mean(outputs_na**2))

    def step(controls_v: np.ndarray, slope: np.ndarray) -> np.ndarray:
        return controls_v - 1e-3 * slope

    refused = [
        (lambda outputs_na: np.nan, step, "the loss is nan at outputs of"),
        (lambda outputs_na: None, step, "the loss is None"),
        (lambda outputs_na: outputs_na[:, 0], step, "a finite number is wanted"),
        (lambda outputs_na: (1.0, [1.0, 2.0]), step, r"the slope of the loss has the shape \[2\]"),
        (loss, lambda controls_v, slope: None, "the optimiser returned is None: 5 finite voltages"),
        (loss, lambda controls_v, slope: controls_v[:2], "5 finite voltages are wanted"),
        (loss, lambda controls_v, slope: controls_v * np.nan, "5 finite voltages are wanted"),
    ]
    with hge.connect("sim", "xor", device=linear) as bench:
        for own_loss, own_step, sentence in refused:
            with pytest.raises(hge.HgeError, match=sentence):
                hge.train(bench, own_loss, own_step, epochs=2)
        with pytest.raises(hge.HgeError, match="start_v is .*: 5 finite voltages"):
            hge.train(bench, loss, step, start_v=[0.0])
        with pytest.raises(hge.HgeError, match="0 epochs"):
            hge.train(bench, loss, step, epochs=0)
        with pytest.raises(hge.HgeError, match="host.loss"):
            hge.train(bench, "mse", step)  # type: ignore[arg-type]
        with pytest.raises(hge.HgeError, match="host.optimiser"):
            hge.train(bench, loss, "adam")  # type: ignore[arg-type]
        with pytest.raises(hge.HgeError, match="host.epochs"):
            hge.train(bench, epochs=5)
        with pytest.raises(hge.HgeError, match="seed has no effect on an instrument that is connected"):
            hge.train(bench, loss, step, seed=3)
        with pytest.raises(hge.HgeError, match="device has no effect"):
            hge.track(bench, device=linear)
        assert bench.armed
    with pytest.raises(hge.HgeError, match="0 epochs"):
        hge.track("xor", 0)


def test_functions_that_work_in_place_change_nothing_that_is_kept() -> None:
    def loss(outputs_na: np.ndarray) -> float:
        return float(np.mean((outputs_na - 3.0) ** 2))

    def loss_in_place(outputs_na: np.ndarray) -> float:
        outputs_na -= 3.0
        outputs_na **= 2
        return float(np.mean(outputs_na))

    def step_in_place(controls_v: np.ndarray, slope: np.ndarray) -> np.ndarray:
        controls_v -= 1e-3 * slope
        return controls_v

    found = []
    for own_loss, step in [(loss, lambda controls_v, slope: controls_v - 1e-3 * slope), (loss_in_place, step_in_place)]:
        epochs: list[hge.Epoch] = []
        training = hge.train("xor", own_loss, step, epochs=5, device=linear, progress=epochs.append)
        found.append([training.losses, training.controls_v, *(epoch.controls_v for epoch in epochs)])
    for clean, in_place in zip(*found):
        assert np.array_equal(clean, in_place)


def test_keys_of_an_experiment_may_be_numpys_and_others_are_refused_in_words(tmp_path) -> None:
    with hge.connect("sim", "xor", seed=np.int64(2), tones={"amplitudes_v": np.full(5, 0.01)}) as bench:
        assert bench.setup.amplitudes_v == pytest.approx(np.full(5, 0.01), rel=0.02)
    refused = [
        ({"tones": {"amplitudes_v": object()}}, "is no value of an experiment"),
        ({"seed": float("nan")}, "the keys of the experiment"),
        ({"tones": 3}, "tones"),
        ({"colour": "red"}, "unknown key `colour`"),
        ({"bench": {"device": linear}}, "device=function"),
        ({"device": 3}, "device is 3: give a function"),
    ]
    for keys, sentence in refused:
        with pytest.raises(hge.HgeError, match=sentence):
            hge.connect("sim", "xor", **keys)


def test_links_and_experiments_that_are_not_there_are_named_with_the_remedy(tmp_path) -> None:
    refused = [
        (("xor",), "`xor` is not a link"),
        (("tcp:127.0.0.1:1",), "nothing listens at"),
        (("serial:/dev/none",), "no serial port"),
        (("sim", "xro"), "xro"),
        (("sim", tmp_path / "none.toml"), "none.toml"),
    ]
    for words, sentence in refused:
        with pytest.raises(hge.HgeError, match=sentence):
            hge.connect(*words)
    with pytest.raises(hge.HgeError, match="a device has no effect over tcp"):
        hge.connect("tcp:127.0.0.1:1", "xor", device=linear)


def test_two_connections_to_a_served_instrument_share_it_one_in_control() -> None:
    with served() as link, hge.connect(link, "xor") as bench:
        beside = hge.connect(link, "xor")
        assert beside.state.armed and not beside.armed
        with pytest.raises(hge.Refused, match="is controlled by"):
            beside.arm()
        bench.measure(CONTROLS_V)
        bench.close()
        with beside:
            beside.measure(CONTROLS_V)
