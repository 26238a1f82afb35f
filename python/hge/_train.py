"""Trainings: by the experiment's own loop, or with a loss and an optimiser of one's own."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Callable, Mapping, Optional, Protocol, Sequence, Union, runtime_checkable

import numpy as np
import numpy.typing as npt

from ._instrument import Array, DeviceFunction, ExperimentLike, Flags, Instrument, connect
from ._native import HgeError

#: From the outputs, nA, `[cases, outputs]`, to the loss, or to the loss and its slope with every output.
Loss = Callable[[Array], Union[float, tuple[float, npt.ArrayLike]]]

#: From controls, V, and the slope of the loss with each of them to new controls.
Step = Callable[[Array, Array], npt.ArrayLike]

#: Step of the outputs for the slope of a loss that does not give it.
_LOSS_STEP_NA = 1e-4


@runtime_checkable
class TorchLike(Protocol):
    """An optimiser like those of `torch.optim`, whose one parameter holds the controls."""

    param_groups: list[dict[str, Any]]

    def step(self) -> Any: ...


@dataclass(frozen=True)
class Epoch:
    """One epoch of a training."""

    epoch: int  #: From 1.
    loss: float
    controls_v: Array  #: Where it was measured.
    outputs_na: Array  #: With tones on, of every case and output.


@dataclass(frozen=True)
class Training:
    """What a training found."""

    controls_v: Array  #: The best controls.
    loss: float  #: There, without tones.
    outputs_na: Array  #: There, without tones, `[cases, outputs]`.
    losses: list[float]  #: Of every epoch, tones on.
    solved: Optional[bool] = None  #: Whether the task is solved with confidence; None for a loss of one's own.
    record: Mapping[str, Any] = field(default_factory=dict)  #: Of the experiment's own loop: all that `hge train --json` says of it.


def train(
    task: Union[Instrument, ExperimentLike],
    loss: Optional[Loss] = None,
    optimiser: Union[Step, TorchLike, None] = None,
    *,
    epochs: Optional[int] = None,
    start_v: Optional[npt.ArrayLike] = None,
    progress: Optional[Callable[[Epoch], object]] = None,
    link: str = "sim",
    device: Union[str, DeviceFunction, None] = None,
    **changes: Any,
) -> Training:
    """Trains a device on a task: a connected instrument, or what `connect` takes with `link`, `device` and `changes`.

    Without `loss`, `optimiser` and `start_v` this is `hge train`: with the same seed the same bits. With one of them a single
    descent begins at `start_v`, or in the middle of the ranges, and measures every case once an epoch; what is left out is the
    experiment's.
    """
    if not isinstance(task, Instrument):
        own_loop = loss is not None or optimiser is not None or start_v is not None
        if epochs is not None and not own_loop:
            changes["host"] = {**changes.get("host", {}), "epochs": epochs}
        with connect(link, task, device=device, **changes) as bench:
            return train(
                bench, loss, optimiser, epochs=epochs, start_v=start_v, progress=progress
            )
    if loss is None and optimiser is None and start_v is None:
        return _by_the_experiment(task, progress)
    return _descend(task, loss, optimiser, epochs or 200, start_v, progress)


def _by_the_experiment(
    bench: Instrument, progress: Optional[Callable[[Epoch], object]]
) -> Training:
    losses: list[float] = []

    def hear(text: str) -> None:
        said = json.loads(text)
        losses.append(said["loss"])
        if progress is not None:
            outputs_na = _by_case(said["outputs_na"], bench)
            progress(Epoch(len(losses), said["loss"], np.array(said["controls_v"]), outputs_na))

    record = json.loads(bench._native.train(hear))
    outputs_na = _by_case(record["outputs_na"], bench)
    return Training(
        np.array(record["controls_v"]), record["loss"], outputs_na, losses, record["solved"], record
    )


def _by_case(outputs_na: Sequence[float], bench: Instrument) -> Array:
    return np.array(outputs_na, dtype=np.float64).reshape(-1, bench.setup.outputs)


def _descend(
    bench: Instrument,
    loss: Optional[Loss],
    optimiser: Union[Step, TorchLike, None],
    epochs: int,
    start_v: Optional[npt.ArrayLike],
    progress: Optional[Callable[[Epoch], object]],
) -> Training:
    low_v, high_v = bench.ranges_v.T
    step, held_v = _stepper(bench, optimiser)
    first_v = start_v if start_v is not None else held_v
    middle_v = (low_v + high_v) / 2
    controls_v = np.clip(middle_v if first_v is None else np.asarray(first_v), low_v, high_v)
    best_v, least, losses = controls_v, np.inf, []
    for epoch in range(1, epochs + 1):
        found = bench.measure(controls_v)
        if np.any(found.flags & Flags.CLIPPED):
            raise HgeError(
                f"the outputs clip at {controls_v} V (epoch {epoch}), so that they have no slopes: begin elsewhere with start_v"
            )
        value, slope = _evaluate(bench, loss, found.outputs_na)
        losses.append(value)
        if progress is not None:
            progress(Epoch(epoch, value, controls_v, found.outputs_na))
        if value < least:
            best_v, least = controls_v, value
        gradient = np.einsum("co,cok->k", slope, found.jacobian_na_per_v)
        stepped_v = step(controls_v, gradient, found.jacobian_na_per_v)
        controls_v = np.clip(np.asarray(stepped_v, dtype=np.float64), low_v, high_v)
    outputs_na = bench.outputs(best_v)
    return Training(best_v, _evaluate(bench, loss, outputs_na)[0], outputs_na, losses)


def _evaluate(bench: Instrument, loss: Optional[Loss], outputs_na: Array) -> tuple[float, Array]:
    """The loss and its slope with every output."""
    if loss is None:
        value, flat = bench._native.loss(outputs_na.ravel().tolist())
        return value, np.reshape(flat, outputs_na.shape)
    said = loss(outputs_na)
    if isinstance(said, tuple):
        return float(said[0]), np.asarray(said[1], dtype=np.float64).reshape(outputs_na.shape)
    slope = np.empty_like(outputs_na)
    for place in np.ndindex(outputs_na.shape):
        step = np.zeros_like(outputs_na)
        step[place] = _LOSS_STEP_NA
        up, down = loss(outputs_na + step), loss(outputs_na - step)
        assert not isinstance(up, tuple) and not isinstance(down, tuple)
        slope[place] = (float(up) - float(down)) / (2 * _LOSS_STEP_NA)
    return float(said), slope


def _stepper(
    bench: Instrument, optimiser: Union[Step, TorchLike, None]
) -> tuple[Callable[[Array, Array, Array], npt.ArrayLike], Optional[Array]]:
    """What makes a step, and where its parameter is."""
    if optimiser is None:
        rule = bench._native.optimiser()

        def by_rule(controls_v: Array, gradient: Array, jacobian: Array) -> npt.ArrayLike:
            rows = jacobian.reshape(-1, len(controls_v)).tolist()
            return rule.step(controls_v.tolist(), gradient.tolist(), rows)

        return by_rule, None
    if not isinstance(optimiser, TorchLike):
        own_step = optimiser
        return lambda controls_v, gradient, _: own_step(controls_v, gradient), None
    parameters = [tensor for group in optimiser.param_groups for tensor in group["params"]]
    if len(parameters) != 1 or parameters[0].numel() != len(bench.controls):
        raise HgeError(
            f"the optimiser holds {len(parameters)} parameters: give it one tensor with the {len(bench.controls)} controls"
        )
    (tensor,) = parameters
    make_step = optimiser.step

    def by_tensor(controls_v: Array, gradient: Array, _: Array) -> npt.ArrayLike:
        tensor.data.copy_(tensor.new_tensor(controls_v).reshape(tensor.shape))
        tensor.grad = tensor.new_tensor(gradient).reshape(tensor.shape)
        make_step()
        return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64).ravel()

    return by_tensor, np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64).ravel()
