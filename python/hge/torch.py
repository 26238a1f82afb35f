"""A physical device as a layer of a PyTorch model, trained by its measured Jacobian.

```python
layer = hge.torch.PhysicalLayer(bench)         # its parameter: the controls
outputs_na = layer(inputs_v)                   # [samples, inputs] to [samples, outputs]
```
"""

from __future__ import annotations

from typing import Any, Optional

import numpy as np
import torch

from ._instrument import Flags, Instrument
from ._native import HgeError


class Measure(torch.autograd.Function):
    """Currents at the controls; backward the chain rule with the Jacobian of the same windows."""

    @staticmethod
    def forward(
        ctx: Any, bench: Instrument, controls_v: torch.Tensor, inputs_v: Optional[torch.Tensor]
    ) -> torch.Tensor:
        """Outputs in nA, `[cases, outputs]`; without a gradient to come, measured without tones."""
        at_v = controls_v.detach().cpu().numpy()
        cases_v = None if inputs_v is None else inputs_v.detach().cpu().numpy()
        if not ctx.needs_input_grad[1]:
            return controls_v.new_tensor(np.concatenate([bench.outputs(at_v, part) for part in _parts(bench, cases_v)]))
        found = [bench.measure(at_v, part) for part in _parts(bench, cases_v)]
        if any(np.any(part.flags & Flags.CLIPPED) for part in found):
            raise HgeError(f"the outputs clip at {at_v} V, so that they have no slopes: choose other controls")
        ctx.save_for_backward(controls_v.new_tensor(np.concatenate([part.jacobian_na_per_v for part in found])))
        return controls_v.new_tensor(np.concatenate([part.outputs_na for part in found]))

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> tuple[None, torch.Tensor, None]:
        """The slope of what follows with every control; there is none with the inputs, which carry no tones."""
        (jacobian,) = ctx.saved_tensors
        return None, torch.einsum("co,cok->k", slopes[0], jacobian), None


def _parts(bench: Instrument, cases_v: Optional[np.ndarray[Any, Any]]) -> list[Any]:
    """The cases, as many at a time as the instrument holds."""
    if cases_v is None:
        return [None]
    return [cases_v[first : first + bench.most_cases] for first in range(0, len(cases_v), bench.most_cases)]


class PhysicalLayer(torch.nn.Module):
    """An armed instrument with its controls as parameter, inside of their ranges."""

    controls_v: torch.nn.Parameter

    def __init__(self, bench: Instrument, start_v: Optional[Any] = None) -> None:
        super().__init__()
        self._bench = bench
        self._ranges_v = torch.as_tensor(bench.ranges_v)
        start = bench.middle_v if start_v is None else start_v
        self.controls_v = torch.nn.Parameter(torch.as_tensor(np.asarray(start, dtype=np.float64).copy()))

    def forward(self, inputs_v: Optional[torch.Tensor] = None) -> torch.Tensor:
        """Outputs in nA of these inputs, `[cases, inputs]` in V, or of the experiment's cases."""
        with torch.no_grad():
            # An optimiser's step may have left the ranges.
            self.controls_v.clamp_(self._ranges_v[:, 0], self._ranges_v[:, 1])
        outputs: torch.Tensor = Measure.apply(self._bench, self.controls_v, inputs_v)
        return outputs
