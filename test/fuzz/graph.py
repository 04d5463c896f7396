"""A random ONNX graph while it grows: valid, well conditioned, with a meaning at more than one size.

It is evaluated while it grows: each node goes through onnxruntime as soon as it is drawn, several times:

- with the inputs themselves: the expected values;
- with every dynamic dimension at another size: a dimension that then differs is dynamic in what follows, and a node
  that fails there would only have fitted by chance and is drawn again;
- with noise of some units in the last place added to whatever is rounded: how far these runs drift from the first
  tells the error that an output may have (Monte Carlo arithmetic), and a node that drifts too far is drawn again.

Inputs and constants are small multiples of 1/4. As long as sums and products of such numbers need few digits they are
exact in any order, so that moving, comparing, adding and multiplying them is compared without tolerance; what is
discontinuous (rounding, comparisons, conversion to integers, indices) is only applied to exact values.
"""
import random

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from reference import Case, make_model, session

EXPECTED, RESIZED, NOISY = 0, 1, 2  # a value's runs; NOISY and all behind it carry noise
RUNS = NOISY + 5    # so many that noise which cancels by chance, as in scalars, does so in few of them
ULPS = 2            # of noise: what a good approximation of a function may be off
MARGIN = 8          # a tolerance is so many times the drift that was seen
WORST = 2.0 ** -8   # the largest tolerance, relative to the largest element; beyond it a comparison says little
ELEMENTS = 10_000   # the most elements of a value

F16, F32, F64, BOOL = np.dtype("f2"), np.dtype("f4"), np.dtype("f8"), np.dtype("?")
I8, U8, I32, I64 = np.dtype("i1"), np.dtype("u1"), np.dtype("i4"), np.dtype("i8")
FLOATS = (F16, F32, F64)
NUMBERS = (*FLOATS, I8, U8, I32, I64)
ANY = (*NUMBERS, BOOL)

# Sizes that one model draws from: around lanes, tiles and one; in one model of eight also none.
PALETTES = ((1, 2, 3, 17), (1, 3, 5), (2, 3, 4, 8), (4, 9, 16), (16, 17, 33), (1, 2, 7, 64), (1, 31, 40), (0, 1, 3, 8))


class Unsuitable(Exception):
    """What was drawn does not fit the graph as it is; draw again."""


def require(condition):
    if not condition:
        raise Unsuitable


class Value:
    def __init__(self, name, runs, exact):
        self.name, self.runs, self.exact = name, runs, exact
        self.dtype, self.shape = runs[EXPECTED].dtype, runs[EXPECTED].shape
        self.rank, self.size = len(self.shape), runs[EXPECTED].size

    def is_dynamic(self, axis):
        return self.shape[axis] != self.runs[RESIZED].shape[axis]

    @property
    def is_static(self):
        return self.shape == self.runs[RESIZED].shape

    @property
    def is_empty(self):
        return 0 in self.shape

    @property
    def magnitude(self):
        return largest(self.runs[EXPECTED])

    @property
    def tolerance(self):
        if self.exact:
            return 0.0
        own = ULPS * np.finfo(self.dtype).eps * self.magnitude
        return float(MARGIN * max(own, *(largest(run - self.runs[EXPECTED]) for run in self.runs[NOISY:])))


def largest(array):
    return float(np.max(np.abs(array.astype(np.float64)), initial=0.0))


def on_grid(array):
    """Small multiples of 1/16: do sums and products of two such numbers need fewer than 24 binary digits?"""
    wide = array.astype(np.float64) * 16
    return bool(np.all(wide == np.rint(wide))) and largest(array) <= 512


def sums_exactly(terms, *factors):
    """Does a sum of so many products of values on the grid need fewer than 24 binary digits, in any order?"""
    return terms * np.prod([16 * f.magnitude for f in factors]) < 2 ** 24


def sum_ulps(terms):
    """Roundings of a sum partly cancel: their sum grows like the root of their number."""
    return ULPS * float(np.sqrt(max(terms, 1)))


def info(name, dtype, shape=None):
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(dtype), shape)


class Graph:
    def __init__(self, seed):
        self.random, self.numbers = random.Random(seed), np.random.RandomState(seed)
        self.nodes, self.initializers, self.inputs, self.values, self.feeds = [], [], [], [], {}
        self.names = 0
        self.sizes = self.choice(PALETTES)
        self.dynamic = self.chance(0.45)  # has this model dynamic dimensions?

    # Drawing

    def choice(self, items):
        return self.random.choice(items)

    def chance(self, probability):
        return self.random.random() < probability

    def between(self, low, high):
        return self.random.randint(low, high)

    def some(self, items):
        """At least one of them, in their order."""
        items = list(items)
        require(items)
        chosen = self.random.sample(range(len(items)), self.between(1, len(items)))
        return [items[i] for i in sorted(chosen)]

    def shuffled(self, items):
        items = list(items)
        self.random.shuffle(items)
        return items

    def signed(self, axis, rank):
        """An axis, at times counted from the end."""
        return axis - rank if self.chance(0.4) else axis

    def pick(self, dtypes=ANY, where=lambda value: True):
        """A value of the graph, rather one of the last."""
        fitting = [v for v in self.values if v.dtype in dtypes and where(v)]
        require(fitting)
        return self.choice(fitting[-8:] if self.chance(0.6) else fitting)

    def data(self, dtype, shape):
        if dtype in FLOATS:
            return np.asarray(self.numbers.randint(-12, 13, shape) / 4, dtype)
        low, high = {BOOL: (0, 1), U8: (0, 6)}.get(dtype, (-6, 6))
        return np.asarray(self.numbers.randint(low, high + 1, shape), dtype)

    # Building

    def name(self, prefix):
        self.names += 1
        return f"{prefix}{self.names}"

    def input(self, dtype, rank):
        shape = [self.choice(self.sizes) for _ in range(rank)]
        while np.prod(shape) > ELEMENTS / 2:
            shape[self.between(0, rank - 1)] = 1
        dynamic = [self.dynamic and self.chance(0.35) for _ in shape]
        resized = [size + 1 + (size == 0) if d else size for size, d in zip(shape, dynamic)]
        return self.feed(self.data(dtype, shape), self.data(dtype, resized),
                         [f"n{size}" if d else size for size, d in zip(shape, dynamic)])

    def feed(self, array, resized, declared):
        name = self.name("x")
        self.feeds[name] = array
        self.inputs.append(info(name, array.dtype, declared))
        self.values.append(Value(name, [array, resized] + [array] * (RUNS - NOISY), exact=True))
        return self.values[-1]

    def constant(self, array):
        array = np.asarray(array)
        name = self.name("c")
        self.initializers.append(numpy_helper.from_array(array, name))
        return Value(name, [array] * RUNS, exact=True)

    def integers(self, values):
        return self.constant(np.array(values, np.int64).reshape(-1))

    def scalar(self, value, dtype):
        return self.constant(np.array(value, dtype))

    def weights(self, dtype, shape):
        return self.constant(self.data(dtype, shape))

    def apply(self, op, *inputs, outputs=1, exact=False, ulps=ULPS, **attributes):
        """Append a node and evaluate it. `exact`: exact inputs give exact outputs while these stay on the grid."""
        names = [self.name("v") for _ in range(outputs)]
        node = helper.make_node(op, [i.name if i else "" for i in inputs], names, **attributes)
        present = {i.name: i for i in inputs if i}
        model = make_model([node], [info(i.name, i.dtype) for i in present.values()],
                           [onnx.ValueInfoProto(name=n) for n in names], [])
        try:
            run = session(model).run
        except ort_errors.NotImplemented:  # onnxruntime lacks this element type
            raise Unsuitable
        feeds = [{name: i.runs[r] for name, i in present.items()} for r in range(RUNS)]
        runs = [run(None, feeds[EXPECTED])]
        try:
            runs.append(run(None, feeds[RESIZED]))
        except (ort_errors.InvalidArgument, ort_errors.Fail, ort_errors.RuntimeException):
            raise Unsuitable
        runs += [run(None, feed) for feed in feeds[NOISY:]]
        exact = exact and all(i.exact for i in present.values())
        values = [self.checked(name, list(column), exact, ulps, present.values()) for name, column in zip(names, zip(*runs))]
        self.nodes.append(node)
        self.values += values
        return values[0] if outputs == 1 else values

    def checked(self, name, runs, exact, ulps, inputs):
        """The value, if it is worth comparing."""
        runs = [np.asarray(run) for run in runs]
        first = runs[EXPECTED]
        require(first.size <= ELEMENTS and first.ndim <= 5)
        if first.dtype not in FLOATS:
            require(all(i.exact for i in inputs))
            require(first.dtype == BOOL or largest(first) <= 2 ** 24)
            return Value(name, runs, exact=True)
        require(np.isfinite(first).all())
        exact = exact and on_grid(first)
        if not exact:
            amplitude = ulps * np.finfo(first.dtype).eps * largest(first)
            for k in range(NOISY, RUNS):
                runs[k] = np.asarray(runs[k] + self.numbers.uniform(-amplitude, amplitude, first.shape), first.dtype)
        value = Value(name, runs, exact)
        require(exact or value.tolerance <= max(WORST, 64 * np.finfo(first.dtype).eps) * value.magnitude)
        return value

    def partner(self, a):
        """A second operand that broadcasts with a."""
        fitting = [b for b in self.values if b.dtype == a.dtype and broadcasts(a, b)]
        if fitting and self.chance(0.8):
            return self.choice(fitting)
        shape = [1 if a.is_dynamic(i) or self.chance(0.3) else size for i, size in enumerate(a.shape)]
        return self.weights(a.dtype, shape[self.between(0, len(shape)):])

    def ordered(self, a, b):
        return (a, b) if self.chance(0.5) else (b, a)

    def above_zero(self, a):
        """|a| + 1"""
        return self.apply("Add", self.apply("Abs", a, exact=True), self.scalar(1, a.dtype), exact=True)

    def case(self, name):
        used = {i for node in self.nodes for i in node.input}
        outputs = [v for v in self.values if v.name not in self.feeds and (v.name not in used or self.chance(0.15))]
        inputs = [i for i in self.inputs if i.name in used]
        model = make_model(self.nodes, inputs, [info(v.name, v.dtype, [None] * v.rank) for v in outputs],
                           [t for t in self.initializers if t.name in used])
        return Case(name, model, {i.name: self.feeds[i.name] for i in inputs},
                    {v.name: v.runs[EXPECTED] for v in outputs}, {v.name: v.tolerance for v in outputs})


def broadcasts(a, b):
    try:
        for run in (EXPECTED, RESIZED):
            np.broadcast_shapes(a.runs[run].shape, b.runs[run].shape)
    except ValueError:
        return False
    return True
