"""Small models that once went wrong, each with what happened, and their neighbours.

A case is a graph in ONNX's text form and its values by name: those that the graph declares as inputs are fed, the others
become initializers. Expected is what onnxruntime gives, unless the case says so itself: REFUSED, or the values, where
onnxruntime leaves ONNX or numpy.
"""
import numpy as np
import onnx.parser
from onnx import numpy_helper

from reference import IR_VERSION, OPSET, Case, evaluate

REFUSED = object()

# Relative to an output's largest finite element: a dozen roundings of an f32, four of an f16. Non-floats are exact.
TOLERANCE = {np.dtype("f2"): 4 * 2.0 ** -10, np.dtype("f4"): 1e-5, np.dtype("f8"): 1e-12}

RANDOM = np.random.RandomState(0)


def case(name, graph, expected=None, names=None, **values):
    """`names` replaces symbols of the graph's text by dimension names that the text form cannot spell."""
    model = onnx.parser.parse_model(f'<ir_version: {IR_VERSION}, opset_import: ["": {OPSET}]> {name} {graph}')
    declared = {i.name for i in model.graph.input}
    values = {key: np.asarray(value) for key, value in values.items()}
    model.graph.initializer.extend(numpy_helper.from_array(v, key) for key, v in values.items() if key not in declared)
    for i in model.graph.input:
        for dim in i.type.tensor_type.shape.dim:
            if dim.dim_param in (names or {}):
                dim.dim_param = names[dim.dim_param]
    inputs = {key: v for key, v in values.items() if key in declared}
    outputs = [o.name for o in model.graph.output]
    if expected is REFUSED:
        return Case(name, model, inputs, None, None)
    if expected is None:
        expected = evaluate(model, inputs)
    else:
        expected = dict(zip(outputs, map(np.asarray, expected), strict=True))
    return Case(name, model, inputs, expected, {key: tolerance(v) for key, v in expected.items()})


def tolerance(array):
    if array.dtype not in TOLERANCE:
        return 0.0
    finite = np.abs(array[np.isfinite(array)].astype(np.float64))
    return float(TOLERANCE[array.dtype] * np.max(finite, initial=0.0))


def counting(*shape, dtype="f4"):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


def normal(*shape):
    return RANDOM.standard_normal(shape).astype("f4")


def bfloat16(x):
    """Finite numbers rounded to bf16, to the even one of two that are as near, as f4."""
    bits = np.asarray(x, "f4").view("u4")
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype("u4").view("f4")


def filled(value, *shape):
    return np.full(shape, value, "f4")


def concats():
    """Concats of one first operand had equal first links, CSE made them one, and one result had the other's rows."""
    rows = {"x": counting(3, 4), "a": filled(100, 2, 4), "b": filled(200, 2, 4)}
    inputs = "(float[3,4] x, float[2,4] a, float[2,4] b)"
    yield case("concat_input_twice", inputs + """ => (float[] p, float[] q) {
        p = Concat<axis = 0>(x, a)
        q = Concat<axis = 0>(x, b) }""", **rows)
    yield case("concat_value_twice", inputs + """ => (float[] p, float[] q) {
        s = Softmax(x)
        p = Concat<axis = 0>(s, a)
        q = Concat<axis = 0>(s, b) }""", **rows)
    yield case("concat_twice_inside", inputs + """ => (float[] y, float[] z, float[] r) {
        s = Softmax(x)
        p = Concat<axis = 0>(s, a)
        q = Concat<axis = 0>(s, b)
        y = Softmax<axis = 0>(p)
        z = MatMul(q, w)
        r = MatMul(p, w) }""", w=np.eye(4, dtype="f4"), **rows)
    yield case("concat_three", inputs + """ => (float[] p, float[] q, float[] r) {
        p = Concat<axis = 0>(x, a, b)
        q = Concat<axis = 0>(x, a, a)
        r = Concat<axis = 0>(x, b, a) }""", **rows)
    yield case("concat_dynamic_twice", """(float[n,4] x, float[m,4] a, float[m,4] b) => (float[] p, float[] q, float[] y) {
        p = Concat<axis = 0>(x, a)
        q = Concat<axis = 0>(x, b)
        y = Add(p, q) }""", **rows)


def updates():
    """Neighbours of the above: an update in place of what is read later, or lies under a view."""
    table = {"index": np.array([[0], [5]]), "update": np.array([100, 200], "f4"), "flat": np.array([12])}
    yield case("scatter_view_of_input", """(float[3,4] x) => (float[] y, float[] z) {
        r = Reshape(x, flat)
        y = ScatterND(r, index, update)
        z = Neg(x) }""", x=counting(3, 4), **table)
    yield case("scatter_view_of_value", """(float[3,4] x) => (float[] y, float[] z) {
        s = Softmax(x)
        r = Reshape(s, flat)
        y = ScatterND(r, index, update)
        z = Neg(s) }""", x=counting(3, 4), **table)
    yield case("scatter_twice", """(float[3,4] x) => (float[] y, float[] z, float[] r) {
        s = Softmax(x)
        r = Reshape(s, flat)
        y = ScatterND(r, index, update)
        z = ScatterND(r, index, other) }""", x=counting(3, 4), other=np.array([7, 8], "f4"), **table)
    yield case("outputs_share_a_value", """(float[3,4] x) => (float[] r, float[] again, float[] input, float[] view) {
        r = Relu(x)
        again = Identity(r)
        input = Identity(x)
        view = Reshape(r, flat) }""", x=counting(3, 4) - 5, flat=table["flat"])


def clipped_windows():
    """Padding became loop bounds of a window that depend on an output index; lanes ran along that very index, with the
    bounds of lane 0 for all: wrong numbers at the borders and reads beyond the image. A costly function made it so."""
    for shape, pads, kernel in (((17, 1, 33), [1, 0], [2]), ((17, 3, 33), [1, 0], [2]), ((2, 4, 33), [1, 1], [3]),
                                ((3, 1, 9, 9), [1, 1, 1, 1], [3, 3]), ((3, 4, 9, 9), [1, 1, 1, 1], [3, 3])):
        x = RANDOM.randint(-12, 13, shape).astype("f4") / 4
        for pool in ("MaxPool", "AveragePool"):
            for function in ("Sigmoid", "Atan"):
                yield case(f"{pool}_{function}_{'x'.join(map(str, shape))}", f"""(float{list(shape)} x) => (float[] y) {{
                    p = {pool}<kernel_shape = {kernel}, pads = {pads}>(x)
                    y = {function}(p) }}""", x=x)
    for shape, weights, group in (((1, 3, 16, 16), (3, 1, 3, 3), 3),
                                  ((1, 1, 16, 16), (1, 1, 3, 3), 1),
                                  ((1, 4, 16, 16), (2, 4, 3, 3), 1),
                                  ((1, 3, 16, 16), (1, 3, 3, 3), 1),
                                  ((1, 2, 33), (2, 2, 3), 1)):
        pads = [1] * 2 * (len(shape) - 2)
        for function in ("Sigmoid", "Tanh"):
            yield case(f"Conv_{function}_{'x'.join(map(str, shape))}_{'x'.join(map(str, weights))}",
                       f"""(float{list(shape)} x) => (float[] y) {{
                    c = Conv<pads = {pads}, group = {group}>(x, w)
                    y = {function}(c) }}""", x=normal(*shape), w=normal(*weights))


def tiny_convolutions():
    """Extents of one: a clipped window's bounds asked for an index that no loop had yet, and the compiler crashed."""
    for shape, weights, pads, group in (((64, 1, 1, 1), (2, 1, 1, 3), [0, 1, 0, 1], 1),
                                        ((1, 1, 1, 9), (2, 1, 1, 3), [0, 1, 0, 1], 1),
                                        ((64, 8, 1, 1), (16, 8, 1, 3), [0, 1, 0, 1], 1),
                                        ((64, 8, 1, 1), (16, 8, 3, 3), [1, 1, 1, 1], 1),
                                        ((4, 1, 1), (2, 1, 3), [1, 1], 1),
                                        ((64, 8, 1), (8, 1, 3), [1, 1], 8),
                                        ((64, 1, 1), (8, 1, 3), [1, 1], 1)):
        yield case(f"Conv_tiny_{'x'.join(map(str, shape))}_{'x'.join(map(str, weights))}",
                   f"(float{list(shape)} x) => (float[] y) {{ y = Conv<pads = {pads}, group = {group}>(x, w) }}",
                   x=normal(*shape), w=normal(*weights))


def transposed_convolution():
    """The larger half of an odd padding went to the end; unless auto_pad is SAME_UPPER it belongs to the start."""
    yield case("ConvTranspose_output_shape", """(float[1,4,5,5] x) => (float[] y) {
        y = ConvTranspose<strides = [2, 2], output_shape = [10, 10]>(x, w) }""", x=normal(1, 4, 5, 5), w=normal(4, 3, 3, 3))
    yield case("ConvTranspose_same_upper", """(float[1,4,5,5] x) => (float[] y) {
        y = ConvTranspose<strides = [2, 2], auto_pad = "SAME_UPPER">(x, w) }""", x=normal(1, 4, 5, 5), w=normal(4, 3, 3, 3))


def loops():
    count, condition = np.array(3), np.array(True)
    # A carried value that is a view of another carried value was overwritten before it was read.
    yield case("Loop_swaps_views", """(float[2,3] first, float[3,2] second) => (float[] y, float[] z) {
        y, z = Loop<body = step (int64 i, bool going, float[2,3] a, float[3,2] b) => (bool on, float[2,3] c, float[3,2] d) {
            on = Identity(going)
            c = Reshape(b, wide)
            d = Reshape(a, tall) }>(count, condition, first, second) }""",
               count=count, condition=condition, wide=np.array([2, 3]), tall=np.array([3, 2]),
               first=counting(2, 3), second=counting(3, 2) + 10)
    yield case("Loop_remembers_through_a_view", """(float[2,3] first, float[6] none) => (float[] y, float[] z) {
        y, z = Loop<body = step (int64 i, bool going, float[2,3] a, float[6] last) => (bool on, float[2,3] c, float[6] d) {
            on = Identity(going)
            d = Reshape(a, flat)
            c = Add(a, a) }>(count, condition, first, none) }""",
               count=count, condition=condition, flat=np.array([6]), first=counting(2, 3) + 1, none=np.zeros(6, "f4"))
    # The condition was read when the carried value that it is had already got its next value: one iteration too few.
    yield case("Loop_condition_is_carried", """(bool more, float start) => (bool[] y, float[] z) {
        y, z = Loop<body = step (int64 i, bool going, bool k, float a) => (bool on, bool next, float b) {
            on = Identity(k)
            next = Less(i, three)
            b = Add(a, one) }>(count, condition, more, start) }""",
               count=np.array(20), condition=condition, three=np.array(3), one=np.array(1, "f4"),
               more=np.array(True), start=np.array(0, "f4"))
    # Neighbours
    yield case("Loop_rotates", """(float[3] p, float[3] q, float[3] r) => (float[] x, float[] y, float[] z) {
        x, y, z = Loop<body = step (int64 i, bool going, float[3] a, float[3] b, float[3] c)
                                         => (bool on, float[3] d, float[3] e, float[3] f) {
            on = Identity(going)
            d = Add(a, c)
            e = Identity(a)
            f = Identity(b) }>(count, condition, p, q, r) }""",
               count=count, condition=condition, p=counting(3), q=counting(3) + 10, r=counting(3) + 20)
    yield case("Loop_never", """(float[2,3] first) => (float[] y) {
        y = Loop<body = step (int64 i, bool going, float[2,3] a) => (bool on, float[2,3] b) {
            on = Identity(going)
            b = Add(a, a) }>(count, condition, first) }""", count=np.array(0), condition=condition, first=counting(2, 3))
    yield case("Loop_scans_a_transpose", """(float[2,3] first) => (float[] y, float[] z) {
        y, z = Loop<body = step (int64 i, bool going, float[2,3] a) => (bool on, float[2,3] b, float[3,2] c) {
            on = Identity(going)
            b = Add(a, a)
            c = Transpose(b) }>(count, condition, first) }""", count=count, condition=condition, first=counting(2, 3))
    for taken in (True, False):
        yield case(f"If_view_of_outer_value_{taken}", """(float[3,4] x, bool q) => (float[] y, float[] z) {
            s = Softmax(x)
            r = Reshape(s, flat)
            y = If<then_branch = yes () => (float[12] t) { t = Reshape(s, flat) },
                   else_branch = no () => (float[12] f) { f = Neg(r) }>(q)
            z = Sub(r, y) }""", x=counting(3, 4), q=np.array(taken), flat=np.array([12]))


def sizes_that_disagree():
    """Sizes known at run time only were assumed to fit, and memory beyond the caller's buffers was read."""
    x = counting(3, 4)
    yield case("Add_rows_disagree",
               "(float[n,4] x, float[m,4] w) => (float[] y) { y = Add(x, w) }", REFUSED, x=x, w=filled(1, 2, 4))
    yield case("Add_constant_rows_disagree",
               "(float[3,4] x, float[m,4] w) => (float[] y) { y = Add(x, w) }", REFUSED, x=x, w=filled(1, 2, 4))
    yield case("Add_rows_none", "(float[3,4] x, float[m,4] w) => (float[] y) { y = Add(x, w) }", REFUSED, x=x, w=filled(1, 0, 4))
    yield case("MatMul_inner_disagree",
               "(float[3,k] x, float[j,5] w) => (float[] y) { y = MatMul(x, w) }", REFUSED, x=x, w=filled(1, 2, 5))
    yield case("Concat_rows_disagree",
               "(float[n,4] x, float[m,4] w) => (float[] y) { y = Concat<axis = 1>(x, w) }", REFUSED, x=x, w=x[:2])
    yield case("Split_beyond_the_end", "(float[n,4] x) => (float[] y, float[] z) { y, z = Split<axis = 0>(x, parts) }", REFUSED,
               x=x, parts=np.array([5, 5]))
    yield case("Squeeze_of_three", "(float[n,4] x) => (float[] y) { y = Squeeze(x, axes) }", REFUSED, x=x, axes=np.array([0]))
    yield case("Expand_to_other_size", "(float[3,4] x, int64[2] shape) => (float[] y) { y = Expand(x, shape) }", REFUSED,
               x=x, shape=np.array([5, 4]))
    # A shape that is data of the model's input published memory behind the tensor.
    yield case("Reshape_to_input_beyond", "(float[3,4] x, int64[2] shape) => (float[] y) { y = Reshape(x, shape) }", REFUSED,
               x=x, shape=np.array([100, 6]))
    yield case("Reshape_to_constant_beyond",
               "(float[n,4] x) => (float[] y) { y = Reshape(x, shape) }", REFUSED, x=x, shape=np.array([100, 4]))
    yield case("Reshape_indivisible", "(float[n,5] x) => (float[] y) { y = Reshape(x, shape) }", REFUSED,
               x=counting(2, 5), shape=np.array([-1, 3]))
    # The open size was 0 / 0, which gave 2^63 - 1 rows and success. It is 0, as compiler/import/README.md says.
    yield case("Reshape_open_size_undetermined", """(float[n,4] x, float[m] w) => (float[] y) {
        size = Shape(w)
        shape = Concat<axis = 0>(size, open)
        y = Reshape(x, shape) }""", [np.zeros((0, 0), "f4")], x=np.zeros((0, 4), "f4"), w=np.zeros(0, "f4"), open=np.array([-1]))
    # The rank of the result would depend on a size: refused by the compiler.
    yield case("Squeeze_rank_depends_on_size", "(float[n,4] x) => (float[] y) { y = Squeeze(x) }", REFUSED, x=x[:1])
    for shape in ([-1, 6], [2, -3]):
        yield case(f"ConstantOfShape_negative_{abs(shape[0])}",
                   "(int64[2] shape) => (float[] y) { y = ConstantOfShape(shape) }", REFUSED,
                   shape=np.array(shape))
    yield case("Tile_negative", "(float[3,4] x, int64[2] n) => (float[] y) { y = Tile(x, n) }", REFUSED, x=x, n=np.array([-1, 6]))
    # compiler/import/README.md: what is divided by zero is 0.
    yield case("Range_step_zero", "(int64 a, int64 b, int64 d) => (int64[] y) { y = Range(a, b, d) }", [np.zeros(0, np.int64)],
               a=np.array(5), b=np.array(1), d=np.array(0))
    yield case("TopK_beyond",
               "(float[3,4] x, int64[1] k) => (float[] y, int64[] i) { y, i = TopK(x, k) }", REFUSED, x=x, k=np.array([9]))


def indices_out_of_range():
    """compiler/import/README.md: loop nests clamp them, what writes refuses them; neither leaves the tensor."""
    x = counting(3, 4)
    yield case("Gather_out_of_range",
               "(float[3,4] x, int64[2] i) => (float[] y) { y = Gather(x, i) }", [x[[2, 0]]], x=x, i=np.array([7, -9]))
    yield case("GatherElements_out_of_range", "(float[3,4] x, int64[1,2] i) => (float[] y) { y = GatherElements(x, i) }",
               [np.array([[x[2, 0], x[0, 1]]])], x=x, i=np.array([[10_000_000, -9]]))
    yield case("ScatterND_out_of_range",
               "(float[3,4] x, int64[1,1] i, float[1,4] u) => (float[] y) { y = ScatterND(x, i, u) }", REFUSED,
               x=x, i=np.array([[100_000]]), u=filled(1, 1, 4))


def sizes_that_agree():
    """Neighbours of the refusals: different symbols, one size."""
    x = counting(3, 4)
    yield case("Add_one_row", "(float[n,4] x, float[m,4] w) => (float[] y) { y = Add(x, w) }", x=x, w=x[:1])
    yield case("Add_same_rows", "(float[n,4] x, float[m,4] w) => (float[] y) { y = Add(x, w) }", x=x, w=x)
    yield case("Add_one_column", "(float[3,4] x, float[3,m] w) => (float[] y) { y = Add(x, w) }", x=x, w=x[:, :1])
    yield case("Where_three_symbols", "(bool[n,1] c, float[m,4] x, float[k] w) => (float[] y) { y = Where(c, x, w) }",
               c=np.array([[True], [False], [True]]), x=x, w=filled(7, 1))
    yield case("Reshape_then_Add", """(float[n,6] x, float[k,3] w) => (float[] y) {
        r = Reshape(x, shape)
        y = Add(r, w) }""", x=counting(2, 6), w=counting(4, 3), shape=np.array([-1, 3]))
    yield case("Reshape_to_input",
               "(float[3,4] x, int64[2] shape) => (float[] y) { y = Reshape(x, shape) }", x=x, shape=np.array([-1, 6]))
    yield case("Squeeze_of_one", "(float[n,4] x) => (float[] y) { y = Squeeze(x, axes) }", x=x[:1], axes=np.array([0]))
    yield case("Expand_none",
               "(float[1,4] x, int64[2] shape) => (float[] y) { y = Expand(x, shape) }", x=x[:1], shape=np.array([0, 4]))


def empty_tensors():
    # The larger of 0 and 1 was taken for the common size. numpy and ONNX say 0; where names do not tell which of two sizes is 1, the run
    # refuses that one (README.md of compiler/import, "Choices").
    none, one = np.zeros((0, 4), "f4"), filled(1, 1, 4)
    yield case("Add_none_and_one", "(float[n,4] x, float[m,4] w) => (float[] y) { y = Add(x, w) }", REFUSED, x=none, w=one)
    yield case("Mul_none_and_one_inside", """(float[n,4] x, float[m,4] w) => (float[] y, float[] s) {
        a = Abs(x)
        y = Mul(a, w)
        s = ReduceSum<keepdims = 0>(y) }""", REFUSED, x=none, w=one)
    # A reversed slice of no rows had one row.
    reverse = {"start": np.array([-1]), "stop": np.array([-2 ** 63]), "axis": np.array([0]), "step": np.array([-1])}
    for rows, name in (("n", "dynamic"), ("0", "static")):
        yield case(f"Slice_reversed_empty_{name}",
                   f"(float[{rows},4] x) => (float[] y) {{ y = Slice(x, start, stop, axis, step) }}",
                   [none], x=none, **reverse)
    yield case("Slice_reversed_empty_start_is_input",
               "(float[n,4] x, int64[1] start) => (float[] y) { y = Slice(x, start, stop, axis, step) }",
               [none], x=none, **reverse)
    # Constants without elements are used, yet have no bytes, and the generated code lacked their declaration.
    yield case("Gather_by_empty_constant",
               "(float[5,4] x) => (float[] y) { y = Gather(x, i) }", x=counting(5, 4), i=np.zeros(0, np.int64))
    yield case("Gather_bool_by_empty_constant",
               "(bool[5] x) => (bool[] y) { y = Gather(x, i) }", x=np.ones(5, bool), i=np.zeros(0, np.int64))
    yield case("Concat_with_empty_constant",
               "(float[5,4] x) => (float[] y) { y = Concat<axis = 0>(x, e) }", x=counting(5, 4), e=none)
    yield case("Max_with_empty_constant", """(uint8[2,n,2,n] x) => (uint8[] y) {
        none = Slice(x, zero, zero, zero)
        sum = Add(none, none)
        y = Max(e, sum) }""", x=np.ones((2, 8, 2, 8), "u1"), zero=np.array([0]), e=np.zeros((0, 1, 1, 1), "u1"))
    # Neighbours; onnxruntime refuses most reductions of nothing, ONNX says their neutral element.
    for op, neutral in (("ReduceSum", 0), ("ReduceProd", 1), ("ReduceMax", -np.inf), ("ReduceMin", np.inf),
                        ("ReduceLogSumExp", -np.inf)):
        yield case(f"{op}_of_nothing", f"(float[n,3] x) => (float[] y) {{ y = {op}(x, axes) }}", [filled(neutral, 1, 3)],
                   x=np.zeros((0, 3), "f4"), axes=np.array([0]))
    yield case("MatMul_inner_none", "(float[3,k] x, float[k,5] w) => (float[] y) { y = MatMul(x, w) }",
               x=np.zeros((3, 0), "f4"), w=np.zeros((0, 5), "f4"))


def contractions():
    """A contraction without columns over an operand that is moved first: the compiler stopped at an assertion."""
    yield case("Einsum_dots_of_slices", """(float[30,9] x, float[30,4] w) => (float[] y) {
        s = Slice(x, one, five, one)
        y = Einsum<equation = "ij,ij->i">(s, w) }""",
               x=counting(30, 9), w=filled(1, 30, 4), one=np.array([1]), five=np.array([5]))
    yield case("Einsum_dots_of_transpose", """(float[4,30] x, float[30,4] w) => (float[] y) {
        s = Transpose(x)
        y = Einsum<equation = "ij,ij->i">(s, w) }""", x=counting(4, 30), w=filled(1, 30, 4))
    yield case("Einsum_dot_of_slice", """(float[9] x, float[4] w) => (float[] y) {
        s = Slice(x, one, five)
        y = Einsum<equation = "i,i->">(s, w) }""", x=counting(9), w=filled(1, 4), one=np.array([1]), five=np.array([5]))
    yield case("Einsum_dots_of_gather", """(float[50,8] table, int64[n] i, float[n,8] w) => (float[] y) {
        s = Gather(table, i)
        y = Einsum<equation = "ij,ij->i">(s, w) }""", table=counting(50, 8), i=np.array([1, 2, 3]), w=filled(1, 3, 8))
    yield case("MatMul_slice_by_vector", """(float[3,9] x) => (float[] y) {
        s = Slice(x, one, five, one)
        y = MatMul(s, v) }""", x=counting(3, 9), v=filled(1, 4), one=np.array([1]), five=np.array([5]))


def fills():
    """What all lanes share never told its width: the C++ of fills and row broadcasts of other types than f32 did not compile."""
    dtypes = [np.dtype(t) for t in ("f2", "f4", "f8", "i1", "u1", "i2", "u2", "i4", "i8", "?")]
    onnx_name = {"f2": "float16", "f4": "float", "f8": "double", "?": "bool"}
    for dtype in dtypes:
        kind = onnx_name.get(dtype.str[1:], dtype.name)
        for columns in (1, 17, 40):
            yield case(f"Expand_scalar_{dtype.name}_{columns}", f"""(float[n,m] x) => ({kind}[] y) {{
                shape = Shape(x)
                y = Expand(v, shape) }}""",
                       [np.full((3, columns), 1, dtype)], x=np.zeros((3, columns), "f4"), v=np.array([1], dtype))
        rows = np.array([[1], [0], [1]], dtype)
        yield case(f"Expand_rows_{dtype.name}", f"({kind}[3,1] v) => ({kind}[] y) {{ y = Expand(v, shape) }}",
                   [np.repeat(rows, 40, 1)], v=rows, shape=np.array([3, 40]))
    yield case("ConstantOfShape_default", """(float[n,m] x) => (float[] y) {
        shape = Shape(x)
        y = ConstantOfShape(shape) }""", x=np.zeros((3, 7), "f4"))
    yield case("ConstantOfShape_int64", """(float[n,m] x) => (int64[] y) {
        shape = Shape(x)
        y = ConstantOfShape<value = int64[1] {5}>(shape) }""", x=np.zeros((3, 7), "f4"))
    yield case("Mod_by_one", "(int64[n] x) => (int64[] y) { y = Mod(x, one) }", x=np.arange(5), one=np.array([1]))
    yield case("Mul_by_zero", "(int64[n] x) => (int64[] y) { y = Mul(x, zero) }", x=np.arange(5), zero=np.array([0]))
    yield case("Where_of_one_value",
               "(bool[3,40] c, int8[1] v) => (int8[] y) { y = Where(c, v, v) }", [np.full((3, 40), 7, "i1")],
               c=RANDOM.randint(0, 2, (3, 40)).astype(bool), v=np.array([7], "i1"))


def dimension_names():
    """Names that are no C identifiers, or keywords, stopped the compiler; tf2onnx calls every open dimension unk__N."""
    for number, name in enumerate(("unk__1", "float", "max(a, b)", "floor(h/2)", "a b", "batch+1", "n-1", "2*n", "-1", "3", "a.b",
                                   "é", "x", "index", "d0", "s0", "")):
        yield case(f"dimension_name_{number}", """(float[n,4] x) => (float[] z) {
            r = Relu(x)
            y = Concat<axis = 0>(r, x)
            z = Reshape(y, open) }""", x=counting(3, 4) - 5, names={"n": name}, open=np.array([-1]))


def arithmetic():
    # Sign of NaN was 0.
    special = np.tile(np.array([np.nan, np.inf, -np.inf, -0.0, 0.0, 1e30, -1e-40, 0.5], "f4"), 4)
    yield case("Sign_of_nan", "(float[32] x) => (float[] y) { y = Sign(x) }", [np.sign(special)], x=special)
    yield case("Sign_of_nan_double",
               "(double[32] x) => (double[] y) { y = Sign(x) }", [np.sign(special.astype("f8"))], x=special.astype("f8"))
    # NaN must survive a reduction as it does in numpy; onnxruntime loses it.
    rows = np.array([[1, np.nan, 3] * 6, [-np.inf] * 18, [5] * 17 + [np.nan]], "f4")
    for op, function in (("ReduceMax", np.max), ("ReduceMin", np.min)):
        yield case(f"{op}_of_nan",
                   f"(float[3,18] x) => (float[] y) {{ y = {op}<keepdims = 0>(x, axes) }}", [function(rows, axis=1)],
                   x=rows, axes=np.array([1]))
    # Relu compared 8 bits with a literal of 32: "call to 'max' is ambiguous".
    yield case("Relu_of_int8_sign", """(int8[n] x) => (int8[] y) {
        s = Sign(x)
        y = Relu(s) }""", x=np.arange(-9, 10, dtype="i1"))
    yield case("Relu_of_int8_sign_scalar", """(int8 x) => (int8[] y) {
        s = Sign(x)
        y = Relu(s) }""", x=np.array(-3, "i1"))
    # 8 bits wrap around; onnxruntime has no such kernels.
    a, b = np.arange(60, 127, dtype="i1"), np.arange(-67, 0, dtype="i1")
    yield case("Mul_int8_wraps", """(int8[67] x, int8[67] w) => (int8[] p, int32[] q) {
        p = Mul(x, w)
        q = Cast<to = 6>(p) }""", [a * b, (a * b).astype("i4")], x=a, w=b)
    # The least integer by -1 trapped.
    yield case("Div_least_by_minus_one", """(int64[3] x, int64[3] w) => (int64[] d, int64[] m) {
        d = Div(x, w)
        m = Mod(x, w) }""",
               [np.array([-2 ** 63, 5, 3]), np.array([0, 0, 1])], x=np.array([-2 ** 63, 5, 7]), w=np.array([-1, 1, 2]))
    # A zero in the data killed the process; compiler/import/README.md says 0.
    yield case("Div_by_zero", "(int64[3] x, int64[3] w) => (int64[] y) { y = Div(x, w) }", [np.array([0, 5, 3])],
               x=np.array([4, 5, 7]), w=np.array([0, 1, 2]))
    yield case("Div_of_sizes_by_zero", """(float[n] x, float[m] w) => (int64[] y) {
        a = Shape(x)
        b = Shape(w)
        y = Div(a, b) }""", [np.array([0])], x=filled(1, 4), w=np.zeros(0, "f4"))
    # f16 chains round at every operator, as ONNX says; onnxruntime keeps f32 in between.
    x = (RANDOM.standard_normal(64) * 30).astype("f2")
    yield case("f16_chain", """(float16[64] x) => (float16[] y) {
        a = Mul(x, x)
        b = Add(a, x)
        y = Sub(b, a) }""", [(x * x + x) - x * x], x=x)
    # The same where the next type is no wider: f16 to bf16 rounds twice, wherever the product is computed.
    a, b = (RANDOM.standard_normal(640).astype("f2") for _ in range(2))
    twice = [bfloat16(a * b)]
    elementwise = """ => (float[] y) {
        p = Mul(a, b)
        q = Cast<to = 16>(p)
        y = Cast<to = 1>(q) }"""
    yield case("f16_product_to_bf16", "(float16[n] a, float16[n] b)" + elementwise, twice, a=a, b=b)
    yield case("f16_constant_product_to_bf16", "()" + elementwise, twice, a=a, b=b)
    yield case("f16_contraction_to_bf16", """(float16[n,1,1] a, float16[n,1,1] b) => (float[] y) {
        p = MatMul(a, b)
        q = Cast<to = 16>(p)
        y = Cast<to = 1>(q) }""", [v.reshape(-1, 1, 1) for v in twice], a=a.reshape(-1, 1, 1), b=b.reshape(-1, 1, 1))


def compile_time():
    # Whether a value is constant was asked of both operands of every operand: twice the time per layer.
    layers = 40
    weights = "\n".join(f"s{i} = Sigmoid(w{i})\n w{i + 1} = MatMul(w{i}, s{i})" for i in range(layers))
    yield case("constant_chain", f"(float[n,20] x) => (float[] y) {{ {weights} y = MatMul(x, w{layers}) }}",
               x=filled(1, 3, 20), w0=RANDOM.rand(20, 20).astype("f4") / 20)


FAMILIES = (concats, updates, clipped_windows, tiny_convolutions, transposed_convolution, loops, sizes_that_disagree,
            indices_out_of_range, sizes_that_agree, empty_tensors, contractions, fills, dimension_names, arithmetic, compile_time)


def cases():
    return [c for family in FAMILIES for c in family()]
