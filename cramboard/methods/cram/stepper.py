"""Run one optimisation step many times: as it is on a CPU, as a replayed CUDA graph on a GPU."""

from collections.abc import Callable

import torch


class Stepper:
    """Calls `step(window)`; on CUDA the launches of each window's step are recorded once and replayed.

    The step must not synchronise, and must keep its state in tensors that stay where they are.
    """

    def __init__(self, step: Callable[[int], None], device: torch.device) -> None:
        self._step = step
        self._device = device
        self._graphs: dict[int, torch.cuda.CUDAGraph] = {}

    def __call__(self, window: int) -> None:
        """Do one step over the first `window` tokens."""
        if self._device.type != "cuda":
            self._step(window)
        elif window in self._graphs:
            self._graphs[window].replay()
        else:
            self._first(window)

    def _first(self, window: int) -> None:
        """Do this step eagerly (it loads kernels, which a capture cannot), then record the next ones."""
        side = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(side):
            self._step(window)
        torch.cuda.current_stream(self._device).wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step(window)
        self._graphs[window] = graph
