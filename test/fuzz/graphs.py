"""Random graphs, each from a seed, and the operators that they are made of: a function a family, which draws operands and
attributes; the weight says how often it is drawn.
"""
import numpy as np
from onnx import helper

from graph import (ANY, BOOL, ELEMENTS, EXPECTED, F16, F32, F64, FLOATS, I8, I32, I64, NOISY, NUMBERS, U8, ULPS, Graph, Unsuitable,
                   broadcasts, require, sum_ulps, sums_exactly)

OPERATORS = {}


def operator(weight):
    def register(function):
        OPERATORS[function.__name__] = (function, weight)
        return function
    return register


@operator(8)
def exact_unary(g):
    op = g.choice(("Relu", "Neg", "Abs", "Identity", "Sign", "Floor", "Ceil", "Round", "ThresholdedRelu"))
    floats_only = op in ("Floor", "Ceil", "Round", "ThresholdedRelu")
    steps = floats_only or op == "Sign"
    dtypes = FLOATS if floats_only else [d for d in NUMBERS if d != U8]
    g.apply(op, g.pick(dtypes, lambda v: v.exact or not steps), exact=True)


@operator(8)
def smooth_unary(g):
    op = g.choice(("Sigmoid", "Tanh", "Exp", "Erf", "Softplus", "LeakyRelu", "Elu", "HardSigmoid", "HardSwish", "Gelu", "Selu",
                   "Celu", "Sin", "Cos", "Atan", "Mish", "Softsign"))
    f32_only = op in ("Celu", "Gelu", "Mish", "HardSwish")  # elsewhere undefined, or composed by onnxruntime of what it lacks
    g.apply(op, g.pick((F32,) if f32_only else FLOATS, lambda v: op not in ("Exp", "Sin", "Cos") or v.magnitude <= 8))


@operator(2)
def positive_unary(g):
    g.apply(g.choice(("Sqrt", "Log", "Reciprocal")), g.above_zero(g.pick(FLOATS)))


@operator(2)
def clip(g):
    a = g.pick([d for d in NUMBERS if d != F16])
    low = g.scalar(g.choice((0, 1) if a.dtype == U8 else (-2, 0, 1)), a.dtype) if g.chance(0.8) else None
    high = g.scalar(g.choice((2, 3, 6)), a.dtype) if not low or g.chance(0.8) else None
    g.apply("Clip", a, low, high, exact=True)


@operator(9)
def arithmetic(g):
    a = g.pick(NUMBERS)
    g.apply(g.choice(("Add", "Sub", "Mul", "Max", "Min")), *g.ordered(a, g.partner(a)), exact=True)


@operator(2)
def division(g):
    a = g.pick((F32, F64, I32, I64))
    g.apply("Div", a, g.above_zero(g.partner(a)))


@operator(1)
def remainder(g):
    a = g.pick((F32, I32, I64), lambda v: v.exact)
    b = g.above_zero(g.partner(a))
    require(b.exact)
    g.apply("Mod", a, b, fmod=1 if a.dtype == F32 or g.chance(0.3) else 0, exact=True)


@operator(1)
def power(g):
    base = g.apply("Abs", g.pick((F32,), lambda v: v.magnitude <= 30), exact=True)
    g.apply("Pow", base, g.scalar(g.choice((0.0, 1.0, 2.0, 3.0)), F32))


@operator(1)
def prelu(g):
    a = g.pick((F32,))
    slope = g.partner(a)
    require(slope.rank <= a.rank and np.broadcast_shapes(a.shape, slope.shape) == a.shape)
    g.apply("PRelu", a, slope, exact=True)


@operator(2)
def variadic(g):
    op = g.choice(("Max", "Min", "Sum", "Mean"))
    operands = [g.pick((F32,))]
    for _ in range(g.between(1, 3)):
        b = g.partner(operands[0])
        require(all(broadcasts(a, b) for a in operands))
        operands.append(b)
    g.apply(op, *g.shuffled(operands), exact=op != "Mean")


@operator(3)
def comparison(g):
    a = g.pick((F16, F32, F64, I32, I64), lambda v: v.exact)
    g.apply(g.choice(("Less", "Greater", "Equal", "LessOrEqual", "GreaterOrEqual")), *g.ordered(a, g.partner(a)))


@operator(2)
def logic(g):
    a = g.pick((BOOL,))
    if g.chance(0.3):
        return g.apply("Not", a)
    g.apply(g.choice(("And", "Or", "Xor")), a, g.partner(a))


@operator(3)
def where(g):
    condition = g.pick((BOOL,))
    a = g.pick((F32, F64, I32, I64, U8), lambda v: broadcasts(condition, v))
    b = g.partner(a)
    require(broadcasts(condition, b))
    g.apply("Where", condition, *g.ordered(a, b), exact=True)


@operator(3)
def cast(g):
    # What does not fit the target is undefined, so 8 bits are only reached from what fits them.
    to = g.choice((F32, F32, F16, F64, I32, I64, I8, U8, BOOL))
    fits = lambda v: to == I8 and v.magnitude <= 120 or to == U8 and v.dtype == BOOL or to not in (I8, U8)
    a = g.pick(where=lambda v: v.exact and v.dtype != to and fits(v))
    g.apply("Cast", a, to=helper.np_dtype_to_tensor_dtype(to), exact=True)


def axes_operand(g, a):
    return g.integers([g.signed(axis, a.rank) for axis in g.some(range(a.rank))])


@operator(5)
def reduction(g):
    a = g.pick((F32, F64, I32, I64), lambda v: v.rank and not v.is_empty)
    integer = a.dtype in (I32, I64)
    op = g.choice(("ReduceSum", "ReduceMax", "ReduceMin", "ReduceL1", "ReduceSumSquare", "ReduceProd") +
                  (() if integer else ("ReduceMean", "ReduceL2", "ReduceLogSumExp")))
    require(op != "ReduceLogSumExp" or a.magnitude <= 60)
    axes = [] if g.chance(0.2) else [axes_operand(g, a)]
    g.apply(op, a, *axes, keepdims=g.between(0, 1),
            exact=op in ("ReduceMax", "ReduceMin") or op in ("ReduceSum", "ReduceL1") and sums_exactly(a.size, a),
            ulps=sum_ulps(a.size))


@operator(1)
def arg_reduction(g):
    a = g.pick((F32, F64, I32), lambda v: v.rank and not v.is_empty and v.exact)
    g.apply(g.choice(("ArgMax", "ArgMin")), a, axis=g.signed(g.between(0, a.rank - 1), a.rank), keepdims=g.between(0, 1),
            select_last_index=g.between(0, 1))


@operator(1)
def cumulative_sum(g):
    a = g.pick((F32, F64, I32, I64), lambda v: v.rank and not v.is_empty)
    axis = g.between(0, a.rank - 1)
    g.apply("CumSum", a, g.scalar(g.signed(axis, a.rank), I64), exclusive=g.between(0, 1), reverse=g.between(0, 1),
            exact=sums_exactly(a.size, a), ulps=sum_ulps(a.shape[axis]))



@operator(5)
def reshape(g):
    """Into other factors of the element count, at times with one left open."""
    a = g.pick(where=lambda v: v.is_static and not v.is_empty)
    count, shape = int(np.prod(a.shape)), [1] * g.between(1, 4)
    for prime in (2, 3, 5, 7, 11, 13, 17, 31):
        while count % prime == 0:
            count //= prime
            shape[g.between(0, len(shape) - 1)] *= prime
    shape[0] *= count
    if g.chance(0.4):
        shape[g.between(0, len(shape) - 1)] = -1
    g.apply("Reshape", a, g.integers(shape), exact=True)


@operator(3)
def reshape_tail(g):
    """The last dimensions become one, whatever their sizes."""
    a = g.pick(where=lambda v: v.rank and not v.is_empty)
    if g.chance(0.5):
        return g.apply("Flatten", a, axis=g.between(0, a.rank), exact=True)
    g.apply("Reshape", a, g.integers([0] * g.between(0, a.rank - 1) + [-1]), exact=True)


@operator(2)
def reshape_computed(g):
    """To a permutation of the value's own shape, computed in the graph."""
    a = g.pick((F32, I32, I64), lambda v: v.rank)
    shape = g.apply("Gather", g.apply("Shape", a), g.integers(g.shuffled(range(a.rank))))
    g.apply("Reshape", a, shape, allowzero=1, exact=True)


@operator(2)
def unsqueeze(g):
    a = g.pick(where=lambda v: v.rank < 5)
    g.apply("Unsqueeze", a, g.integers([g.signed(g.between(0, a.rank), a.rank + 1)]), exact=True)


@operator(2)
def squeeze(g):
    a = g.pick(where=lambda v: 1 in v.shape)
    axis = g.choice([i for i, size in enumerate(a.shape) if size == 1])
    g.apply("Squeeze", a, g.integers([g.signed(axis, a.rank)]), exact=True)


@operator(5)
def transpose(g):
    a = g.pick(where=lambda v: v.rank > 1)
    g.apply("Transpose", a, perm=g.shuffled(range(a.rank)), exact=True)


@operator(2)
def expand(g):
    a = g.pick(where=lambda v: v.is_static)
    shape = [g.choice(g.sizes) if size == 1 else size for size in a.shape]
    if len(shape) < 4 and g.chance(0.4):
        shape.insert(0, g.between(1, 3))
    require(shape and np.prod(shape) <= ELEMENTS)
    g.apply("Expand", a, g.integers(shape), exact=True)


@operator(5)
def slices(g):
    """Starts and ends within, around and far beyond the dimension; not INT_MAX, which means 'the last' to onnxruntime."""
    a = g.pick(where=lambda v: v.rank and not v.is_empty)
    axes = g.some(range(a.rank))
    starts, ends, steps = [], [], []
    for axis in axes:
        reach = a.shape[axis] + 2
        starts.append(g.choice((0, 1, -1, -2, g.between(-reach, reach), 2 ** 31, -2 ** 31)))
        ends.append(g.choice((2 ** 31 - 2, -1, 2 ** 62, -2 ** 62, g.between(-reach, reach))))
        steps.append(g.choice((1, 1, 1, 2, 3, -1, -2)))
    g.apply("Slice", a, g.integers(starts), g.integers(ends), g.integers([g.signed(axis, a.rank) for axis in axes]),
            g.integers(steps), exact=True)


@operator(5)
def concat(g):
    a = g.pick(where=lambda v: v.rank)
    axis = g.between(0, a.rank - 1)
    rest = lambda v: [run.shape[:axis] + run.shape[axis + 1:] for run in v.runs[:NOISY]]
    fitting = [b for b in g.values if b.dtype == a.dtype and b.rank == a.rank and rest(b) == rest(a)]
    operands = g.shuffled([a] + [g.choice(fitting) for _ in range(g.between(1, 3))])
    require(sum(np.prod(v.shape) for v in operands) <= ELEMENTS)
    g.apply("Concat", *operands, axis=g.signed(axis, a.rank), exact=True)


@operator(2)
def split(g):
    a = g.pick(where=lambda v: any(size > 1 and not v.is_dynamic(i) for i, size in enumerate(v.shape)))
    axis = g.choice([i for i, size in enumerate(a.shape) if size > 1 and not a.is_dynamic(i)])
    cut = g.between(1, a.shape[axis] - 1)
    parts = [cut, a.shape[axis] - cut]
    if g.chance(0.4):
        parts.insert(1, 0)
    g.apply("Split", a, g.integers(parts), outputs=len(parts), axis=g.signed(axis, a.rank), exact=True)


@operator(3)
def gather(g):
    a = g.pick(where=lambda v: v.rank and not v.is_empty)
    axis = g.between(0, a.rank - 1)
    size, dtype = a.shape[axis], g.choice((I32, I64))
    indices = np.asarray(g.numbers.randint(-size, size, g.choice(((), (1,), (3,), (2, 2), (0,)))), dtype)
    operand = g.feed(indices, indices, indices.shape) if g.chance(0.4) else g.constant(indices)
    g.apply("Gather", a, operand, axis=g.signed(axis, a.rank), exact=True)


@operator(1)
def gather_elements(g):
    a = g.pick(where=lambda v: v.rank and not v.is_empty and v.is_static)
    axis = g.between(0, a.rank - 1)
    shape = [g.between(1, size) for size in a.shape]
    shape[axis] = g.between(1, 6)
    indices = g.numbers.randint(-a.shape[axis], a.shape[axis], shape)
    g.apply("GatherElements", a, g.constant(indices.astype(I64)), axis=g.signed(axis, a.rank), exact=True)


@operator(1)
def scatter_elements(g):
    """No index occurs twice: their order would be open."""
    a = g.pick((F32, I32, I64), lambda v: v.rank and not v.is_empty and v.is_static)
    axis = g.between(0, a.rank - 1)
    shape = [g.between(1, size) for size in a.shape]
    order = np.argsort(g.numbers.rand(*a.shape), axis=axis)[tuple(slice(n) for n in shape)]
    indices = np.where(g.numbers.rand(*shape) < 0.4, order - a.shape[axis], order).astype(I64)
    g.apply("ScatterElements", a, g.constant(indices), g.weights(a.dtype, shape), axis=axis,
            reduction=g.choice(("none", "add", "max", "min")), exact=True)


@operator(1)
def scatter_nd(g):
    a = g.pick((F32, I32, I64), lambda v: v.rank and not v.is_empty and v.is_static)
    depth = g.between(1, a.rank)
    rows = np.stack([g.numbers.randint(0, size, 4) for size in a.shape[:depth]], -1)
    indices = np.unique(rows, axis=0).astype(I64)
    g.apply("ScatterND", a, g.constant(indices), g.weights(a.dtype, (len(indices), *a.shape[depth:])),
            reduction=g.choice(("none", "add", "max")), exact=True)


@operator(3)
def pad(g):
    a = g.pick((F32, F64, I32, I64), lambda v: v.rank and not v.is_empty)
    mode = g.choice(("constant", "edge", "reflect", "wrap") if a.dtype == F32 else ("constant", "edge", "reflect"))
    most = {"constant": lambda size: 2, "edge": lambda size: 2, "reflect": lambda size: min(2, size - 1),
            "wrap": lambda size: min(2, size)}[mode]
    fewest = lambda size: -1 if mode == "constant" and size > 2 else 0
    before = [g.between(fewest(size), most(size)) for size in a.shape]
    after = [g.between(0, most(size)) for size in a.shape]
    value = [g.scalar(2, a.dtype)] if mode == "constant" and g.chance(0.5) else []
    g.apply("Pad", a, g.integers(before + after), *value, mode=mode, exact=True)


@operator(1)
def tile(g):
    a = g.pick((F32, F64, I32, I64, BOOL), lambda v: v.rank)
    repeats = [g.choice((1, 1, 2, 3)) for _ in a.shape]
    require(np.prod(a.shape) * np.prod(repeats) <= ELEMENTS)
    g.apply("Tile", a, g.integers(repeats), exact=True)


@operator(4)
def matmul(g):
    a = g.pick((F32, F64, I32), lambda v: v.rank and not v.is_empty)
    inner = [run.shape[-1] for run in a.runs[:NOISY]]
    fitting = [b for b in g.values if b.dtype == a.dtype and b.rank == 2 and [run.shape[0] for run in b.runs[:NOISY]] == inner]
    if fitting and g.chance(0.5):
        b = g.choice(fitting)
    else:
        require(not a.is_dynamic(-1))
        b = g.weights(a.dtype, (inner[EXPECTED], g.choice((1, 3, 8, 17, 33))))
    g.apply("MatMul", a, b, exact=sums_exactly(inner[EXPECTED], a, b), ulps=sum_ulps(inner[EXPECTED]))


@operator(1)
def attention(g):
    """softmax(a aᵀ s) a"""
    a = g.pick((F32,), lambda v: v.rank in (3, 4) and not v.is_empty)
    transposed = g.apply("Transpose", a, perm=[*range(a.rank - 2), a.rank - 1, a.rank - 2], exact=True)
    scores = g.apply("MatMul", a, transposed, exact=sums_exactly(a.shape[-1], a, a), ulps=sum_ulps(a.shape[-1]))
    scaled = g.apply("Mul", scores, g.scalar(2 / max(scores.magnitude, 1), F32))
    g.apply("MatMul", g.apply("Softmax", scaled, axis=-1), a, ulps=sum_ulps(a.shape[-2]))


@operator(2)
def gemm(g):
    a = g.pick((F32,), lambda v: v.rank == 2 and not v.is_empty)
    trans_a, trans_b = g.between(0, 1), g.between(0, 1)
    require(not a.is_dynamic(1 - trans_a))
    rows, inner = a.shape[trans_a], a.shape[1 - trans_a]
    columns = g.choice((1, 3, 8, 17, 40))
    bias = [(), (1,), (columns,), (1, columns)] + ([] if a.is_dynamic(trans_a) else [(rows, 1), (rows, columns)])
    b = g.weights(F32, (columns, inner) if trans_b else (inner, columns))
    operands = [a, b]
    if g.chance(0.7):
        operands.append(g.weights(F32, g.choice(bias)))
    g.apply("Gemm", *operands, transA=trans_a, transB=trans_b, alpha=g.choice((1.0, 0.5)), beta=g.choice((0.0, 1.0, 2.0)),
            exact=sums_exactly(inner + 2, a, b), ulps=sum_ulps(inner))


@operator(1)
def einsum(g):
    a = g.pick((F32,), lambda v: v.rank == 2 and not v.is_empty)
    equation = g.choice(("ij->ji", "ij->i", "ij,ij->i", "ij,kj->ik", "ij,ij->ij", "ij,ij->"))
    operands = [a] * (equation.count(",") + 1)
    if len(operands) == 2 and a.is_static:
        operands[1] = g.weights(F32, a.shape)
    g.apply("Einsum", *operands, equation=equation, exact=sums_exactly(a.size, *operands), ulps=sum_ulps(a.size))


@operator(3)
def softmax(g):
    a = g.pick((F32, F64), lambda v: v.rank and not v.is_empty)
    axis = g.between(0, a.rank - 1)
    g.apply(g.choice(("Softmax", "LogSoftmax")), a, axis=g.signed(axis, a.rank), ulps=sum_ulps(a.shape[axis]))


@operator(2)
def layer_norm(g):
    a = g.pick((F32,), lambda v: v.rank > 1 and not v.is_empty)
    axis = g.between(0, a.rank - 1)
    require(not any(a.is_dynamic(i) for i in range(axis, a.rank)))
    factors = [g.weights(F32, a.shape[axis:]) for _ in range(g.between(1, 2))]
    g.apply("LayerNormalization", a, *factors, axis=g.signed(axis, a.rank), epsilon=1e-2,
            ulps=sum_ulps(np.prod(a.shape[axis:])))


@operator(2)
def channel_norm(g):
    a = g.pick((F32,), lambda v: v.rank > 2 and not v.is_empty and not v.is_dynamic(1))
    channels = (a.shape[1],)
    if g.chance(0.5):
        return g.apply("InstanceNormalization", a, g.weights(F32, channels), g.weights(F32, channels), epsilon=1e-2,
                       ulps=sum_ulps(np.prod(a.shape[2:])))
    variance = g.constant(np.abs(g.data(F32, channels)) + np.float32(1))
    g.apply("BatchNormalization", a, *(g.weights(F32, channels) for _ in range(3)), variance)


@operator(1)
def length_norm(g):
    a = g.pick((F32,), lambda v: v.rank > 1 and not v.is_empty)
    axis = g.between(0, a.rank - 1)
    g.apply("LpNormalization", g.above_zero(a), axis=axis, p=g.between(1, 2), ulps=sum_ulps(a.shape[axis]))


@operator(1)
def local_response_norm(g):
    g.apply("LRN", g.pick((F32,), lambda v: v.rank == 4 and not v.is_empty and not v.is_dynamic(1)), size=3)


def windows(g, spatial):
    """kernel_shape and strides"""
    return [g.between(1, 3) for _ in range(spatial)], [g.choice((1, 1, 2)) for _ in range(spatial)]


def window_fits(a, kernel, dilations, pads):
    spatial = len(kernel)
    return all(size + pads[i] + pads[i + spatial] > dilations[i] * (kernel[i] - 1)
               for run in a.runs[:NOISY] for i, size in enumerate(run.shape[2:]))


@operator(4)
def convolution(g):
    a = g.pick((F32,), lambda v: v.rank in (3, 4) and not v.is_empty and not v.is_dynamic(1) and v.shape[1] <= 70)
    channels, spatial = a.shape[1], a.rank - 2
    group = g.choice([d for d in (1, 1, 2, 3, channels) if channels % d == 0])
    filters = group * g.choice((1, 2, 3, 8))
    kernel, strides = windows(g, spatial)
    dilations = [g.choice((1, 1, 2)) for _ in kernel]
    pads = [k // 2 for k in kernel] * 2 if g.chance(0.3) else [g.between(0, 2) for _ in kernel * 2]
    require(window_fits(a, kernel, dilations, pads) and filters <= 128)
    weights = g.weights(F32, (filters, channels // group, *kernel))
    bias = [g.weights(F32, (filters,))] if g.chance(0.6) else []
    terms = np.prod(weights.shape[1:]) + 1
    g.apply("Conv", a, weights, *bias, strides=strides, dilations=dilations, pads=pads, group=group,
            exact=sums_exactly(terms, a, weights), ulps=sum_ulps(terms))


@operator(3)
def pooling(g):
    a = g.pick((F32,), lambda v: v.rank in (3, 4) and not v.is_empty)
    if g.chance(0.2):
        return g.apply(g.choice(("GlobalAveragePool", "GlobalMaxPool")), a, ulps=sum_ulps(np.prod(a.shape[2:])))
    kernel, strides = windows(g, a.rank - 2)
    pads = [g.between(0, k - 1) for k in kernel * 2]
    require(window_fits(a, kernel, [1] * len(kernel), pads))
    if g.chance(0.5):
        return g.apply("MaxPool", a, kernel_shape=kernel, strides=strides, pads=pads, exact=True)
    g.apply("AveragePool", a, kernel_shape=kernel, strides=strides, pads=pads, count_include_pad=g.between(0, 1))


@operator(1)
def resize_linear(g):
    """onnxruntime rounds coordinates to f32: an error that grows with the size and counts like one of the values."""
    a = g.pick((F32,), lambda v: v.rank == 4 and not v.is_empty and v.is_static)
    sizes = g.integers([*a.shape[:2], g.between(1, 6), g.between(1, 6)])
    g.apply("Resize", a, None, None, sizes, mode="linear", ulps=ULPS * max(a.shape[2:]),
            coordinate_transformation_mode=g.choice(("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")))


@operator(1)
def resize_nearest(g):
    """By factors that leave coordinates exact."""
    a = g.pick((F32,), lambda v: v.rank == 4 and not v.is_empty and v.is_static)
    sizes = g.integers([*a.shape[:2], *(size * g.choice((1, 2, 4)) for size in a.shape[2:])])
    g.apply("Resize", a, None, None, sizes, mode="nearest",
            nearest_mode=g.choice(("round_prefer_floor", "round_prefer_ceil", "floor", "ceil")),
            coordinate_transformation_mode=g.choice(("half_pixel", "asymmetric", "pytorch_half_pixel")), exact=True)


@operator(1)
def top_k(g):
    a = g.pick((F32,), lambda v: v.rank and not v.is_empty and v.exact)
    axis = g.between(0, a.rank - 1)
    require(not a.is_dynamic(axis))
    g.apply("TopK", a, g.integers([g.between(1, a.shape[axis])]), outputs=2, axis=axis, largest=g.between(0, 1), exact=True)


@operator(2)
def rescale(g):
    """Brings large values back to where functions are not saturated."""
    a = g.pick((F32,), lambda v: v.magnitude > 50)
    g.apply("Mul", a, g.scalar(1 / a.magnitude, F32))


@operator(1)
def another_input(g):
    require(len(g.inputs) < 7)
    g.input(g.choice((F32,) * 6 + ANY), g.between(0, 4))


def generate(seed):
    """The case of a seed."""
    g = Graph(seed)
    g.input(F32, g.between(2, 4))
    g.input(F32, g.between(0, 4))
    g.input(g.choice((F32,) * 6 + ANY), g.between(0, 4))
    names = list(OPERATORS)
    favourites = g.random.sample(names, 6)  # of this graph: operators that meet often meet in more ways
    weights = [OPERATORS[name][1] * (4 if name in favourites else 1) for name in names]
    wanted = g.choice((4, 8, 12, 20, 30))
    for _ in range(6 * wanted):
        if len(g.nodes) >= wanted:
            break
        function, _ = OPERATORS[g.random.choices(names, weights)[0]]
        try:
            function(g)
        except Unsuitable:
            pass
    return g.case(f"seed_{seed}")
