"""The SCPI socket, as PyVISA and pymeasure reach it."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

pyvisa = pytest.importorskip("pyvisa")
pytest.importorskip("pyvisa_py")

import hge  # noqa: E402

from test_measure import CONTROLS_V  # noqa: E402
from test_safety import armed  # noqa: E402


@pytest.fixture
def served() -> Iterator[tuple[str, str]]:
    """A link, and a resource of VISA, of one simulation."""
    words = [sys.executable, "-m", "hge", "serve", "--tcp", "0", "--keep", "--scpi", "0"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        link, scpi = server.stdout.readline().strip(), server.stdout.readline().strip()
        _, host, port = scpi.split(":")
        yield link, f"TCPIP::{host}::{port}::SOCKET"
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


@pytest.fixture
def visa(served: tuple[str, str]) -> Iterator["pyvisa.resources.MessageBasedResource"]:
    manager = pyvisa.ResourceManager("@py")
    resource = manager.open_resource(served[1], read_termination="\n", write_termination="\n", timeout=10_000)
    yield resource
    resource.close()
    manager.close()


def test_identity_status_and_the_queue_of_errors_are_those_of_ieee_488_2(visa) -> None:
    assert visa.query("*IDN?").startswith("hge,8 outputs 24 slots,0,")
    assert visa.query("*ESR?;*ESR?") == "128;0"
    assert visa.query("SYST:ERR?") == '0,"No error"'
    visa.write("SOURCE:COLOUR red")
    visa.write("SOUR9:VOLT 0")
    visa.write("SOUR1:VOLT 9")
    visa.write("MEAS:CURR?")
    assert int(visa.query("*STB?")) == 4
    numbers = [int(visa.query("SYSTem:ERRor:NEXT?").split(",")[0]) for _ in range(5)]
    # Undefined header, suffix out of range, data out of range, settings conflict: not armed.
    assert numbers == [-113, -114, -222, -221, 0]
    assert int(visa.query("*ESR?")) == 32 + 16
    visa.write("*ESE 1;*SRE 32;*OPC")
    assert int(visa.query("*STB?")) == 32 + 64
    assert visa.query("*OPC?;*TST?;SYST:VERS?") == "1;0;1999.0"


def test_currents_and_a_gradient_are_those_of_the_package_in_si_units(served, visa) -> None:
    for k, volts in enumerate(CONTROLS_V, 1):
        visa.write(f"SOUR{k}:VOLT {volts}")
    assert [float(visa.query(f"SOURce{k}:VOLTage:LEVel?")) for k in range(1, 6)] == CONTROLS_V
    visa.write("OUTP ON")
    assert visa.query("OUTP?") == "1"
    slopes = np.array(visa.query_ascii_values("MEAS:GRAD?")).reshape(4, 5)
    errors = np.array(visa.query_ascii_values("FETC:GRAD:ERR?")).reshape(4, 5)
    currents = np.array(visa.query_ascii_values("MEAS:CURR?"))
    visa.write("OUTP OFF")
    assert visa.query("OUTP:STAT?;SYST:ERR?") == '0;0,"No error"'
    with hge.connect("sim", "xor") as bench:
        found = bench.measure(CONTROLS_V)
        outputs_na = bench.outputs(CONTROLS_V)
    # An instrument that is served, from its power-up on: the same bits.
    assert slopes == pytest.approx(found.jacobian_na_per_v[:, 0] * 1e-9, rel=1e-12)
    assert errors == pytest.approx(found.errors_na_per_v[:, 0] * 1e-9, rel=1e-12)
    assert currents == pytest.approx(outputs_na[:, 0] * 1e-9, rel=1e-12)


def test_registers_are_slow_settings_in_si_units(visa) -> None:
    visa.write('REG "settle",0.012')
    assert float(visa.query('REG? "settle"')) == pytest.approx(0.012, rel=1e-3)
    visa.write('REG "setle",1')
    assert "there is no register" in visa.query("SYST:ERR?")


def test_a_client_that_goes_leaves_the_instrument_disarmed(served, visa) -> None:
    visa.write("OUTP ON")
    assert visa.query("OUTP?") == "1"
    visa.close()
    assert not armed(served[0])


def test_a_request_of_a_browser_is_not_carried_out(served) -> None:
    _, host, port, _ = served[1].split("::")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nOUTP ON\nOUTP?\n")
        assert client.recv(100) == b""
    assert not armed(served[0])


def test_pymeasure_reaches_the_instrument(served) -> None:
    pytest.importorskip("pymeasure")
    from pymeasure.instruments import Channel, Instrument, SCPIMixin

    class Control(Channel):
        voltage = Instrument.control("SOUR{ch}:VOLT?", "SOUR{ch}:VOLT %g", "Voltage in V.")
        frequency = Instrument.measurement("SOUR{ch}:FREQ?", "Frequency of the tone in Hz.")

    class Hge(SCPIMixin, Instrument):
        controls = Instrument.MultiChannelCreator(Control, list(range(1, 6)))
        armed = Instrument.control("OUTP?", "OUTP %d", "Whether it is armed.", cast=int)
        gradient = Instrument.measurement("MEAS:GRAD?", "Slopes in A/V.")

    bench = Hge(served[1], "hge", visa_library="@py", read_termination="\n", write_termination="\n")
    try:
        assert bench.id.startswith("hge,")
        bench.armed = 1
        bench.controls[1].voltage = -0.25
        assert bench.controls[1].voltage == -0.25
        assert 150 <= bench.controls[5].frequency <= 500
        assert len(bench.gradient) == 20
        assert bench.check_errors() == []
    finally:
        bench.adapter.close()
