"""Builds the tagger's ONNX graph from a dictionary of weights, quantised to 8 bits.

Inputs are `ids` and `shapes`, int32 [texts, pieces], without padding; the output `emissions` is float32
[texts, pieces, tags]. Names of weights are those of a BERT on the model hubs, with
`embeddings.shape_embeddings.weight` [8, hidden], `head.weight` [tags, hidden] and `head.bias` [tags] besides.

Weights are 8-bit integers with one scale for each column. Activations are quantised row by row while the
graph runs, in two rounds of 7 bits: a piece's numbers never depend on what else is in the batch, no
calibration texts are needed, and two neighbouring products never overflow the 16 bits in which CPUs without
VNNI add them up.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

Floats = NDArray[np.float32]
Weights = Mapping[str, Floats]

_MICROSOFT = "com.microsoft"
_OPSET, _IR = 21, 10
_EPSILON = 1e-12
_GELU_FLOOR = 0.17  # GELU is never below -0.16998
_STEPS = 126  # 127 · 127 twice is what fits 16 bits with a sign
_BLOCK = 32
_SPECIAL = frozenset({"[PAD]", "[UNK]", "[CLS]", "[SEP]"})
_UNUSED = re.compile(r"\[(?:unused\d+|MASK)\]")


def prune(weights: Weights, vocab: Sequence[str]) -> tuple[dict[str, Floats], list[str]]:
    """Drop the pieces that no text in Latin letters needs, from the vocabulary and the embedding alike."""
    kept = [number for number, piece in enumerate(vocab) if piece in _SPECIAL or _is_latin(piece)]
    name = "embeddings.word_embeddings.weight"
    return {**weights, name: weights[name][kept]}, [vocab[number] for number in kept]


def _is_latin(piece: str) -> bool:
    letters = [character for character in piece.removeprefix("##") if character.isalpha()]
    return not _UNUSED.fullmatch(piece) and all(
        unicodedata.name(letter, "").startswith("LATIN") for letter in letters
    )


def build_graph(
    weights: Weights,
    *,
    heads: int = 12,
    max_pieces: int = 128,
    quantised: bool = True,
    embedding_bits: int = 8,
) -> bytes:
    """The graph as a serialised ONNX model. `quantised=False` keeps 32-bit floats, for comparison.

    `embedding_bits` may be 8 (one scale a row) or 4 (one for each 32 columns; smaller, and less exact).
    """
    builder = _Builder(weights, quantised, embedding_bits)
    hidden = builder.embeddings(max_pieces)
    for layer in range(_layers(weights)):
        hidden = builder.layer(hidden, f"encoder.layer.{layer}.", heads)
    builder.head(hidden)
    return builder.model()


def _layers(weights: Weights) -> int:
    return 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))


@dataclass
class _Builder:
    weights: Weights
    quantised: bool
    embedding_bits: int
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, onnx.TensorProto] = field(default_factory=dict)

    def constant(self, name: str, values: Any) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(values), name)
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.weights[name])

    def add(self, kind: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], output, domain=domain, **attributes))
        return output

    def embeddings(self, max_pieces: int) -> str:
        words = self._words(self.weights["embeddings.word_embeddings.weight"])
        shapes = self.add(
            "Gather", [self.weight("embeddings.shape_embeddings.weight"), "shapes"], "shape_vectors"
        )
        both = self.add("Add", [words, shapes], "word_and_shape")
        positions = self.weights["embeddings.position_embeddings.weight"][:max_pieces]
        # the only token type there is
        positions = positions + self.weights["embeddings.token_type_embeddings.weight"][0]
        length = self.add("Shape", ["ids"], "length", start=1, end=2)
        zero = self.constant("zero", np.zeros(1, np.int64))
        table = self.constant("positions", positions)
        here = self.add("Slice", [table, zero, length, zero], "position_vectors")
        return self.normalised(both, here, "embeddings.LayerNorm")

    def _words(self, table: Floats) -> str:
        if not self.quantised:
            return self.add("Gather", [self.constant("words", table), "ids"], "word_vectors")
        if self.embedding_bits == 4:
            return self._words_of_four_bits(table)
        scales = _nonzero(np.abs(table).max(axis=1, keepdims=True) / 127)
        rounded = np.round(table / scales).astype(np.int8)
        codes = self.add("Gather", [self.constant("words", rounded), "ids"], "word_codes")
        numbers = self.add("Cast", [codes], "word_numbers", to=TensorProto.FLOAT)
        factors = self.add(
            "Gather", [self.constant("word_scales", scales.astype(np.float32)), "ids"], "word_factors"
        )
        return self.add("Mul", [numbers, factors], "word_vectors")

    def _words_of_four_bits(self, table: Floats) -> str:
        blocks = table.reshape(len(table), -1, _BLOCK)
        widest = np.take_along_axis(blocks, np.abs(blocks).argmax(axis=2)[..., None], axis=2)
        scales = _nonzero(widest / -8)
        codes = np.clip(np.round(blocks / scales), -8, 7).astype(np.int8).reshape(table.shape)
        packed = helper.make_tensor("words", TensorProto.INT4, codes.shape, codes.ravel().tolist())
        self.constants["words"] = packed
        factors = self.constant("word_scales", scales[..., 0].astype(np.float32))
        return self.add(
            "GatherBlockQuantized",
            ["words", "ids", factors],
            "word_vectors",
            _MICROSOFT,
            block_size=_BLOCK,
            gather_axis=0,
            quantize_axis=1,
        )

    def layer(self, hidden: str, prefix: str, heads: int) -> str:
        context, bias = self._attention(hidden, prefix, heads)
        attended = self.normalised(hidden, context, prefix + "attention.output.LayerNorm", bias)
        inner, bias = self.linear(attended, [prefix + "intermediate.dense"])
        active = self.add("BiasGelu", [inner, bias], prefix + "gelu", _MICROSOFT)
        outer, bias = self.linear(active, [prefix + "output.dense"], lowest=_GELU_FLOOR)
        return self.normalised(attended, outer, prefix + "output.LayerNorm", bias)

    def _attention(self, hidden: str, prefix: str, heads: int) -> tuple[str, str]:
        names = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
        joined, bias = self.linear(hidden, names)
        parts = [f"{name}.part" for name in names]
        self.nodes.append(helper.make_node("Split", [joined], parts, parts[0], axis=-1, num_outputs=3))
        context = self.add(
            "MultiHeadAttention", [*parts, bias], prefix + "context", _MICROSOFT, num_heads=heads
        )
        return self.linear(context, [prefix + "attention.output.dense"])

    def normalised(self, values: str, skip: str, name: str, bias: str = "") -> str:
        """LayerNorm(values + skip + bias). The fused operator for it is five times as slow on CPUs."""
        total = self.add("Add", [values, skip], f"{name}.sum")
        if bias:
            total = self.add("Add", [total, bias], f"{name}.total")
        inputs = [total, self.weight(f"{name}.weight"), self.weight(f"{name}.bias")]
        return self.add("LayerNormalization", inputs, f"{name}.out", axis=-1, epsilon=_EPSILON)

    def linear(self, values: str, names: Sequence[str], lowest: float = 1.0) -> tuple[str, str]:
        """Values times the weights side by side, and the bias that the next operator is to add.

        Values lie between -`lowest` times the row's highest magnitude and that magnitude.
        """
        matrix = np.concatenate([self.weights[f"{name}.weight"] for name in names]).T
        bias = np.concatenate([self.weights[f"{name}.bias"] for name in names])
        handed_on = self.constant(f"{names[0]}.biases", bias)
        if not self.quantised:
            table = self.constant(f"{names[0]}.weights", matrix)
            return self.add("MatMul", [values, table], f"{names[0]}.out"), handed_on
        return self._in_eight_bits(values, names[0], matrix, lowest), handed_on

    def _in_eight_bits(self, values: str, name: str, matrix: Floats, lowest: float) -> str:
        """Activations in two rounds: the second multiplies what rounding took away in the first."""
        integers, scales = column_codes(matrix)
        table, factors = self.constant(f"{name}.weights", integers), self.constant(f"{name}.scales", scales)
        highest = self._highest(values, name, lowest)
        even = self.add("Div", [values, highest], f"{name}.even")
        step = (1 + lowest) / _STEPS
        coarse = _Grid(self, f"{name}.coarse", step, np.ceil(lowest / step))
        codes = coarse.codes(even)
        rest = self.add("Sub", [even, coarse.values(codes)], f"{name}.rest")
        fine = _Grid(self, f"{name}.fine", step / _STEPS, _STEPS // 2)
        products = [coarse.product(codes, table, factors), fine.product(fine.codes(rest), table, factors)]
        return self.add("Mul", [self.add("Add", products, f"{name}.product"), highest], f"{name}.out")

    def _highest(self, values: str, name: str, lowest: float) -> str:
        """The highest magnitude of each row; after GELU at least 1, for the floor is not a share of it."""
        signed = lowest == 1.0
        if signed:
            values = self.add("Abs", [values], f"{name}.magnitudes")
        last = self.constant("last_axis", np.array([-1], np.int64))
        found = self.add("ReduceMax", [values, last], f"{name}.found", keepdims=1)
        least = self.constant(f"{name}.least", np.float32(1e-6 if signed else 1.0))
        return self.add("Max", [found, least], f"{name}.highest")

    def head(self, hidden: str) -> None:
        table = self.constant("head.matrix", self.weights["head.weight"].T)
        product = self.add("MatMul", [hidden, table], "head.product")
        self.add("Add", [product, self.weight("head.bias")], "emissions")

    def model(self) -> bytes:
        axes = ["texts", "pieces"]
        tags = len(self.weights["head.bias"])
        graph = helper.make_graph(
            self.nodes,
            "earmark_spans",
            [helper.make_tensor_value_info(name, TensorProto.INT32, axes) for name in ("ids", "shapes")],
            [helper.make_tensor_value_info("emissions", TensorProto.FLOAT, [*axes, tags])],
            list(self.constants.values()),
        )
        opsets = [helper.make_opsetid("", _OPSET), helper.make_opsetid(_MICROSOFT, 1)]
        serialised: bytes = helper.make_model(
            graph, opset_imports=opsets, ir_version=_IR, producer_name="earmark"
        ).SerializeToString()
        return serialised


class _Grid:
    """The numbers (code - zero) · step, and what is done with them in the graph."""

    def __init__(self, builder: _Builder, name: str, step: float, zero: float) -> None:
        self._builder = builder
        self._name = name
        self._grid = [
            builder.constant(f"{name}.step", np.float32(step)),
            builder.constant(f"{name}.zero", np.uint8(zero)),
        ]

    def codes(self, values: str) -> str:
        return self._builder.add("QuantizeLinear", [values, *self._grid], f"{self._name}.codes")

    def values(self, codes: str) -> str:
        return self._builder.add("DequantizeLinear", [codes, *self._grid], f"{self._name}.values")

    def product(self, codes: str, table: str, factors: str) -> str:
        step, zero = self._grid
        inputs = [codes, table, step, factors, zero]
        return self._builder.add("MatMulIntegerToFloat", inputs, f"{self._name}.product", _MICROSOFT)


def column_codes(matrix: Floats) -> tuple[NDArray[np.int8], Floats]:
    """Weights [in, out] as 8-bit integers with one scale for each column."""
    scales = _nonzero(np.abs(matrix).max(axis=0) / 127)
    return np.round(matrix / scales).astype(np.int8), scales


def _nonzero(scales: NDArray[np.floating]) -> Floats:
    return np.where(scales == 0, 1, scales).astype(np.float32)


def read_weights(graph: bytes) -> dict[str, Floats]:
    """The weights in a graph that `build_graph` made, as exact as the graph holds them.

    The token type is already part of the positions; its own table comes back as zeros.
    """
    model = onnx.load_model_from_string(graph)
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    positions = constants["positions"]
    found = {
        "embeddings.word_embeddings.weight": _stretched(constants["words"], constants.get("word_scales")),
        "embeddings.position_embeddings.weight": positions,
        "embeddings.token_type_embeddings.weight": np.zeros((1, positions.shape[1]), np.float32),
        "head.weight": constants["head.matrix"].T,
    }
    for name, values in constants.items():
        if name.endswith(".weights"):
            module = name.removesuffix(".weights")
            matrix = _stretched(values, constants.get(f"{module}.scales")).T
            found |= _modules(module, matrix, constants[f"{module}.biases"])
        elif name.endswith((".weight", ".bias")):
            found[name] = values
    return found


def _stretched(codes: NDArray[Any], scales: Floats | None) -> Floats:
    """Codes [rows, columns] times their scales: of a column, a row, or a block of a row."""
    values = codes.astype(np.float32)
    if scales is None:
        return values
    if scales.ndim == 2:
        scales = np.repeat(scales, values.shape[1] // scales.shape[1], axis=1)
    return np.asarray(values * scales, dtype=np.float32)


def _modules(name: str, matrix: Floats, bias: Floats) -> dict[str, Floats]:
    """Query, key and value lie side by side under the query's name."""
    stem, _, last = name.rpartition(".")
    names = [f"{stem}.{part}" for part in ("query", "key", "value")] if last == "query" else [name]
    matrices, biases = np.split(matrix, len(names)), np.split(bias, len(names))
    found: dict[str, Floats] = {}
    for module, weight, shift in zip(names, matrices, biases, strict=True):
        found |= {f"{module}.weight": weight, f"{module}.bias": shift}
    return found
