"""Trainings with the experiment's own loop, and with losses and optimisers of one's own."""

import re
from pathlib import Path

import numpy as np
import pytest

import hge

from test_measure import CONTROLS, SLOPES_NA_PER_V, linear

README = Path(__file__).parent.parent / "README.md"


def wanted(outputs_na: np.ndarray) -> float:
    return float(np.mean((outputs_na[:, 0] - 3.0) ** 2))


def test_a_descent_with_own_loss_reaches_the_least_squares_of_a_linear_device() -> None:
    quiet = {"noise_na2_per_hz": 0}
    step = 0.5 / np.sum(SLOPES_NA_PER_V[CONTROLS] ** 2)
    found = hge.train(
        "xor",
        wanted,
        lambda controls_v, gradient: controls_v - step * gradient,
        epochs=40,
        device=linear,
        bench=quiet,
    )
    with hge.connect("sim", "xor") as bench:
        of_inputs_na = bench.inputs_v @ SLOPES_NA_PER_V[[1, 2]]
    # The controls can only move the mean to 3 nA: the variance over the cases is left.
    assert found.loss == pytest.approx(np.var(of_inputs_na), rel=1e-3)
    assert found.losses[0] > found.losses[-1]


def test_a_loss_without_a_slope_descends_as_one_with_it() -> None:
    def with_slope(outputs_na: np.ndarray) -> tuple[float, np.ndarray]:
        return wanted(outputs_na), 2 * (outputs_na - 3.0) / len(outputs_na)

    found = [hge.train("xor", loss, epochs=5, device=linear) for loss in [wanted, with_slope]]
    assert found[0].controls_v == pytest.approx(found[1].controls_v, abs=1e-6)


def test_the_experiments_loss_and_optimiser_serve_a_loop_of_ones_own() -> None:
    keys = {"gate": "and", "host": {"loss": "mse", "high_na": 6.0, "low_na": -6.0}}
    given = np.array([-6.0, -6.0, -6.0, 6.0])

    def mse(outputs_na: np.ndarray) -> float:
        return float(np.mean((outputs_na[:, 0] - given) ** 2))

    # One by the library's formula, one by this.
    found = [hge.train(keys, loss, start_v=np.zeros(5), epochs=4) for loss in [None, mse]]
    assert found[0].losses == pytest.approx(found[1].losses, rel=1e-6)


class Descent:
    """The least of what torch.optim and its tensors have."""

    class Tensor:
        def __init__(self, values):
            self.values, self.grad = np.array(values, dtype=float), None
            self.data, self.shape = self, self.values.shape

        def numel(self):
            return self.values.size

        def new_tensor(self, values):
            return Descent.Tensor(values)

        def reshape(self, shape):
            return self

        def copy_(self, other):
            self.values[:] = other.values

        def tolist(self):
            return self.values.tolist()

    def __init__(self, rate, start):
        self.rate, self.tensor = rate, Descent.Tensor(start)
        self.param_groups = [{"params": [self.tensor]}]

    def step(self):
        self.tensor.values -= self.rate * self.tensor.grad.values


def test_an_optimiser_like_those_of_torch_makes_the_steps_of_the_same_rule_as_a_function() -> None:
    start_v, rate = np.full(5, -0.1), 1e-3
    torch_like = hge.train("xor", wanted, Descent(rate, start_v), epochs=6, device=linear)
    own = hge.train(
        "xor",
        wanted,
        lambda controls_v, gradient: controls_v - rate * gradient,
        start_v=start_v,
        epochs=6,
        device=linear,
    )
    assert np.array_equal(torch_like.controls_v, own.controls_v)


def codes() -> list[str]:
    """The pieces of code of the README."""
    return re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


def test_the_first_training_of_the_readme_learns_in_at_most_15_lines() -> None:
    code = codes()[0]
    lines = [line for line in code.splitlines() if line.strip()]
    assert len(lines) <= 15
    names: dict = {}
    exec(code, names)
    found = names["found"]
    assert found.loss < 0.1 * found.losses[0]
    low_na, high_na = found.outputs_na[[0, 3], 0], found.outputs_na[[1, 2], 0]
    assert high_na.min() > low_na.max() + 1.5


def test_what_the_readme_measures_is_measured() -> None:
    names: dict = {}
    exec(codes()[1], names)
    assert names["jacobian_na_per_v"].shape == (4, 1, 5)
    assert names["swept"].current_na.shape == (1, 31)
    assert names["bench"].closed
