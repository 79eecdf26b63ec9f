"""Run one step many times: as it is on a CPU, as a replayed CUDA graph on a GPU."""

from collections.abc import Callable

import torch


class Stepper:
    """Calls `step(room)`; on CUDA the launches of each room's step are recorded once and replayed.

    The step must not synchronise, and must keep its state in tensors that stay where they are.
    """

    def __init__(self, step: Callable[[int], None], device: torch.device) -> None:
        self._step = step
        self._device = device
        self._graphs: dict[int, torch.cuda.CUDAGraph] = {}
        # The graphs never run at once and leave nothing to each other, so one pool of memory serves them all.
        self._pool = torch.cuda.graph_pool_handle() if device.type == "cuda" else None

    def __call__(self, room: int) -> None:
        """Do one step in a room of this size."""
        if self._device.type != "cuda":
            self._step(room)
        elif room in self._graphs:
            self._graphs[room].replay()
        else:
            with torch.cuda.device(self._device):
                self._first(room)

    def _first(self, room: int) -> None:
        """Do this step eagerly (it loads kernels, which a capture cannot), then record the next ones."""
        before = torch.cuda.memory_allocated(self._device)
        side = torch.cuda.Stream(self._device)  # type: ignore[no-untyped-call]
        side.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(side):
            self._step(room)
        torch.cuda.current_stream(self._device).wait_stream(side)
        # A capture that runs out of memory cannot be recovered from, so the room that it needs is looked for first.
        torch.cuda.empty_cache()
        needed = torch.cuda.max_memory_allocated(self._device) - before
        if torch.cuda.mem_get_info(self._device)[0] < needed:
            raise torch.OutOfMemoryError(f"recording a step with room {room} needs {needed} bytes")
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            self._step(room)
        self._graphs[room] = graph
