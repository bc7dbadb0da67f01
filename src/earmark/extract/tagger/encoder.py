"""Runs the ONNX graph over many texts at once, on all CPUs, with the same result in any company.

Only texts of equal length share a batch: nothing is padded, so a text's numbers depend on itself alone.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from earmark.errors import ModelMissingError

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

_BATCH_PIECES = 2048  # about 40 MB of intermediate values a thread
_MOST_THREADS = 4

Emissions = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text for the encoder: ids and shapes of its pieces, the first and the last piece included."""

    ids: Sequence[int]
    shapes: Sequence[int]


@dataclass(frozen=True, slots=True)
class _Runtime:
    """What one process has open. Neither survives a fork."""

    process: int
    session: InferenceSession
    workers: ThreadPoolExecutor


class Encoder:
    """The graph, opened when it is first used, once in each process. Safe in threads; pickles as its graph."""

    def __init__(self, graph: bytes, tags: int, threads: int = 0) -> None:
        """Take a serialised graph with scores for so many tags.

        `threads` 0 uses the CPUs that the process may use, at most 4.
        """
        self._graph = graph
        self._tags = tags
        self._threads = threads
        self._runtime: _Runtime | None = None

    def __reduce__(self) -> tuple[type[Encoder], tuple[bytes, int, int]]:
        return Encoder, (self._graph, self._tags, self._threads)

    def emissions(self, texts: Sequence[Pieces]) -> list[Emissions]:
        """The scores [pieces, tags] of each text, in the order given.

        Raises:
            ModelMissingError: The graph cannot be run here.
        """
        batches = list(_batches(texts))
        found: dict[int, Emissions] = {}
        for batch, scores in zip(
            batches, self._run([_inputs(texts, batch) for batch in batches]), strict=True
        ):
            found.update(zip(batch, scores, strict=True))
        return [found[number] for number in range(len(texts))]

    def _run(self, inputs: Sequence[dict[str, NDArray[np.int32]]]) -> Iterator[Emissions]:
        runtime = self._open()

        def run(feed: dict[str, NDArray[np.int32]]) -> Emissions:
            (scores,) = runtime.session.run(None, feed)
            return np.asarray(scores)

        return runtime.workers.map(run, inputs) if len(inputs) > 1 else map(run, inputs)

    def _open(self) -> _Runtime:
        runtime = self._runtime
        if runtime is None or runtime.process != os.getpid():
            workers = ThreadPoolExecutor(self._threads or _cpus(), thread_name_prefix="earmark-spans")
            runtime = self._runtime = _Runtime(os.getpid(), self._session(), workers)
        return runtime

    def _session(self) -> InferenceSession:
        session = open_session(self._graph)
        if session.get_outputs()[0].shape[-1] != self._tags:
            raise ModelMissingError("the model's graph does not fit its tags", hint="train it again")
        return session


def _batches(texts: Sequence[Pieces]) -> Iterator[list[int]]:
    """Positions of texts of equal length, the longest first: no thread is left with a long one at the end."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for number, text in enumerate(texts):
        by_length[len(text.ids)].append(number)
    for length in sorted(by_length, reverse=True):
        group, size = by_length[length], max(1, _BATCH_PIECES // length)
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _inputs(texts: Sequence[Pieces], batch: Sequence[int]) -> dict[str, NDArray[np.int32]]:
    return {
        "ids": np.array([texts[number].ids for number in batch], np.int32),
        "shapes": np.array([texts[number].shapes for number in batch], np.int32),
    }


def open_session(graph: bytes) -> InferenceSession:
    """One thread for each run, none of them spinning; batches run side by side instead.

    Raises:
        ModelMissingError: onnxruntime refuses the graph.
    """
    # else the import reports to its vendor, leaves files in the home folder, and hangs forked processes at their end
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime
    from onnxruntime.capi import onnxruntime_pybind11_state as refusals

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    # the graph is as it should be: fusing what LayerNormalization adds up makes it slower
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.enable_mem_pattern = False  # lengths vary; a plan for each of them would only grow
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except (
        refusals.Fail,
        refusals.InvalidArgument,
        refusals.InvalidGraph,
        refusals.InvalidProtobuf,
        refusals.NotImplemented,
        refusals.RuntimeException,
    ) as error:
        raise ModelMissingError(
            f"the model's graph cannot be opened by onnxruntime {onnxruntime.__version__}"
            f" ({type(error).__name__})",
            hint="pip install --upgrade onnxruntime",
        ) from error


def _cpus() -> int:
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, _MOST_THREADS)
