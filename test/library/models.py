"""The models that the contract is tried on, each with the runs of one caller: dimensions, inputs and what onnxruntime expects."""
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "end-to-end"))
import toys  # noqa: E402
from toys import numbers, value, weight  # noqa: E402

F32, I64, STRING, F16 = TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING, TensorProto.FLOAT16


def floats(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def reference(model, inputs):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)


class Case:
    """A model, the options of its compilation, and runs: [(dims, inputs in order, expected outputs)]."""

    def __init__(self, name, model, options, runs):
        self.name, self.model, self.options, self.runs = name, model, options, runs


def stateless(name, model, options, runs):
    names = [i.name for i in model.graph.input]
    return Case(name, model, options, [(dims, inputs, reference(model, dict(zip(names, inputs)))) for dims, inputs in runs])


def cnn_model():
    """Sizes that fill no vector and no tile."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        node("Relu", ["c1"], ["r1"]),
        node("MaxPool", ["r1"], ["p1"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Conv", ["p1", "w2"], ["c2"], group=13, pads=[2, 2, 2, 2]),
        node("Conv", ["c2", "w3"], ["c3"], strides=[2, 2]),
        node("Clip", ["c3", "low", "high"], ["r3"]),
        node("GlobalAveragePool", ["r3"], ["g"]),
        node("Flatten", ["g"], ["f"]),
        node("Gemm", ["f", "w4", "b4"], ["l"]),
        node("Softmax", ["l"], ["y"], axis=-1),
    ]
    weights = [weight(1, "w1", 13, 3, 3, 3), weight(2, "b1", 13), weight(3, "w2", 13, 1, 5, 5), weight(4, "w3", 21, 13, 1, 1),
               weight(5, "w4", 21, 7), weight(6, "b4", 7), numpy_helper.from_array(np.float32(0), "low"),
               numpy_helper.from_array(np.float32(6), "high")]
    return toys.model("cnn", nodes, [value("x", F32, ["batch", 3, 17, 23])], [value("y", F32, ["batch", 7])], weights)


def cnn():
    runs = [({"batch": n}, [floats(n, n, 3, 17, 23)]) for n in (1, 5, 2)]
    return stateless("cnn", cnn_model(), ["--dim", "batch=1..8"], runs)


def mlp():
    return stateless("mlp", toys.mlp(), ["--dim", "batch=1..64"], [({"batch": n}, [floats(n, n, 24)]) for n in (1, 7, 33)])


def decoder():
    """A cache that only grows, in the state."""
    model, batch, runs = toys.decoder(), 2, []
    cache = [np.zeros((batch, toys.HEADS, 0, toys.HEAD), np.float32)] * 2
    for step, count in enumerate([3, 1, 1, 5, 1]):
        hidden = floats(10 + step, batch, count, toys.WIDTH)
        out, *cache = reference(model, {"hidden": hidden, "past_key": cache[0], "past_value": cache[1]})
        runs.append(({"batch": batch, "seq": count}, [hidden], [out]))
    return Case("decoder", model, ["--state", "past_*=present_*:2:16", "--dim", "batch=1..2", "--dim", "seq=1..16"], runs)


def recall_model():
    """A recurrent tensor that every run replaces, a log that grows, and a table in which an input marks rows when both are written."""
    # An index out of range is clamped where a loop nest reads, and refused where a template writes.
    node = helper.make_node
    nodes = [
        node("MatMul", ["h", "w"], ["hw"]),
        node("Add", ["hw", "x"], ["s"]),
        node("Tanh", ["s"], ["h_next"]),
        node("Reshape", ["h_next", "as_entry"], ["entry"]),
        node("Concat", ["log", "entry"], ["log_next"], axis=1),
        node("ReduceSum", ["log_next", "axis"], ["sum"], keepdims=0),
        node("Gather", ["table", "rows"], ["picked"], axis=0),
        node("MatMul", ["picked", "w"], ["y"]),
        node("Reshape", ["rows", "as_column"], ["at"]),
        node("ScatterND", ["table", "at", "y"], ["marked"]),
    ]
    log = lambda name, length: value(name, F32, ["batch", length, 6])
    return toys.model("recall", nodes,
                      [value("h", F32, ["batch", 6]), log("log", "past"), value("x", F32, ["batch", 6]), value("rows", I64, ["k"])],
                      [value("h_next", F32, ["batch", 6]), log("log_next", "total"), value("sum", F32, ["batch", 6]), value("y", F32, ["k", 6]),
                       value("marked", F32, [11, 6])],
                      [weight(1, "w", 6, 6), weight(2, "table", 11, 6), numbers("as_entry", -1, 1, 6), numbers("axis", 1), numbers("as_column", -1, 1)])


def recall():
    model, runs, h, log = recall_model(), [], np.zeros((3, 6), np.float32), np.zeros((3, 0, 6), np.float32)
    for step, rows in enumerate([[0, 10, 3], [-1], [-11, 5, 5, 2]]):
        x, rows = floats(step, 3, 6), np.array(rows, np.int64)
        h, log, total, y, marked = reference(model, {"h": h, "log": log, "x": x, "rows": rows})
        runs.append(({"batch": 3, "k": len(rows)}, [x, rows], [total, y, marked]))
    return Case("recall", model, ["--state", "h=h_next", "--state", "log=log_next:1:8", "--dim", "batch=1..4", "--dim", "k=1..16"], runs)


def picks_model():
    """Results of sizes that the data decide."""
    node = helper.make_node
    nodes = [
        node("NonZero", ["x"], ["at"]),
        node("Unique", ["x"], ["u", "", "", "counts"], sorted=1),
        node("TopK", ["x", "k"], ["top", "which"], axis=0),
        node("NonMaxSuppression", ["boxes", "scores", "most", "overlap"], ["kept"]),
    ]
    weights = [numpy_helper.from_array(np.array([3], np.int64), "most"), numpy_helper.from_array(np.array([0.5], np.float32), "overlap")]
    return toys.model("picks", nodes,
                      [value("x", F32, ["n"]), value("k", I64, [1]), value("boxes", F32, [1, "m", 4]), value("scores", F32, [1, 2, "m"])],
                      [value("at", I64, [1, "found"]), value("u", F32, ["distinct"]), value("counts", I64, ["distinct"]),
                       value("top", F32, ["best"]), value("which", I64, ["best"]), value("kept", I64, ["left", 3])], weights)


def picks():
    def run(seed, n, k, m):
        corners = np.abs(floats(seed + 1, 1, m, 2))
        boxes = np.concatenate([corners, corners + 1], -1)
        x = np.round(floats(seed, n) * 2).astype(np.float32)
        return {"n": n, "m": m}, [x, np.array([k], np.int64), boxes, floats(seed + 2, 1, 2, m)]

    return stateless("picks", picks_model(), ["--dim", "n=1..64", "--dim", "m=1..32"], [run(1, 9, 4, 7), run(2, 64, 64, 32), run(3, 1, 1, 1)])


def text_model():
    """Strings and a sequence."""
    node = helper.make_node
    nodes = [
        node("StringNormalizer", ["words"], ["upper"], case_change_action="UPPER", is_case_sensitive=1, stopwords=["stop"], locale="C"),
        node("StringConcat", ["words", "tail"], ["joined"]),
        node("SplitToSequence", ["x"], ["parts"], axis=0, keepdims=1),
        node("SequenceAt", ["parts", "which"], ["part"]),
        node("SequenceInsert", ["parts", "part"], ["more"]),
        node("ConcatFromSequence", ["more"], ["whole"], axis=0),
    ]
    sequence = helper.make_tensor_sequence_value_info("more", F32, None)
    return helper_model(nodes, [value("words", STRING, ["n"]), value("tail", STRING, [1]), value("x", F32, ["rows", 3]),
                                value("which", I64, [])],
                        [value("upper", STRING, ["kept"]), value("joined", STRING, ["n"]), sequence, value("whole", F32, ["all", 3])])


def helper_model(nodes, inputs, outputs):
    graph = helper.make_graph(nodes, "text", inputs, outputs, [])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def text():
    strings = lambda *s: np.array(s, object)
    runs = [
        ({"n": 4, "rows": 5}, [strings("a", "stop", "", "Strait"), strings("!"), floats(1, 5, 3), np.array(2)]),
        ({"n": 1, "rows": 1}, [strings("alone"), strings(""), floats(2, 1, 3), np.array(-1)]),
    ]
    return stateless("text", text_model(), ["--dim", "n=1..16", "--dim", "rows=1..16"], runs)


def halves_model():
    """Conversions and integer arithmetic for which compilers like to call their own library."""
    node = helper.make_node
    cast = lambda a, b, to: node("Cast", [a], [b], to=to)
    nodes = [cast("x", "h", F16), cast("h", "b", TensorProto.BFLOAT16), cast("b", "y", F32),
             node("Div", ["i", "j"], ["d"]), node("Mod", ["i", "j"], ["r"]), node("Mul", ["d", "r"], ["p"]),
             cast("p", "u", TensorProto.UINT64), cast("u", "v", F32), cast("x", "q", I64), node("Add", ["q", "p"], ["z"])]
    return toys.model("halves", nodes, [value("x", F32, ["n"]), value("i", I64, ["n"]), value("j", I64, ["n"])],
                      [value("y", F32, ["n"]), value("v", F32, ["n"]), value("z", I64, ["n"])])


def halves():
    rng = np.random.default_rng(1)
    runs = [({"n": n}, [floats(n, n), rng.integers(0, 1 << 40, n), rng.integers(1, 1 << 20, n)]) for n in (1, 67)]
    return stateless("halves", halves_model(), ["--dim", "n=1..100"], runs)


def still_model():
    """Neither dimensions, nor weights, nor a state."""
    return toys.model("still", [helper.make_node("Exp", ["x"], ["y"])], [value("x", F32, [5])], [value("y", F32, [5])])


def still():
    return stateless("still", still_model(), [], [({}, [floats(1, 5)])])


LARGE_WIDTH, LARGE_TABLES = 4096, 36


def write_large(path):
    """Sums of rows of tables, 2.25 GiB in a file beside the model. Row i of table t is t + i/8 in every column, halves in alternation negated."""
    node = helper.make_node
    data = os.path.basename(path) + ".data"
    nodes, weights, size = [], [], LARGE_WIDTH * LARGE_WIDTH * 4
    with open(os.path.join(os.path.dirname(path), data), "wb") as f:
        for t in range(LARGE_TABLES):
            f.write(large_table(t).tobytes())
            table = onnx.TensorProto(name=f"table{t}", data_type=F32, dims=[LARGE_WIDTH, LARGE_WIDTH], data_location=onnx.TensorProto.EXTERNAL)
            for key, entry in (("location", data), ("offset", t * size), ("length", size)):
                table.external_data.add(key=key, value=str(entry))
            weights.append(table)
            nodes.append(node("Gather", [f"table{t}", "rows"], [f"rows{t}"], axis=0))
    nodes.append(node("Sum", [f"rows{t}" for t in range(LARGE_TABLES)], ["y"]))
    graph = helper.make_graph(nodes, "large", [value("rows", I64, [7])], [value("y", F32, [7, LARGE_WIDTH])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), path)


def large_table(t):
    rows = t + np.arange(LARGE_WIDTH, dtype=np.float32)[:, None] / 8
    return np.broadcast_to(rows, (LARGE_WIDTH, LARGE_WIDTH)) * np.where(np.arange(LARGE_WIDTH) % 2, -1, 1).astype(np.float32)


def large_run():
    """(rows, y): the first and the last rows of the first and the last table count alike."""
    rows = np.array([0, LARGE_WIDTH - 1, 5, 4090, 2048, 1, 3], np.int64)
    return rows, sum(large_table(t)[rows].astype(np.float64) for t in range(LARGE_TABLES)).astype(np.float32)


ALL = {f.__name__: f for f in (cnn, mlp, decoder, recall, picks, text, halves, still)}


if __name__ == "__main__":  # models.py FOLDER: the models as files
    for name, make in ALL.items():
        onnx.save(make().model, os.path.join(sys.argv[1], name + ".onnx"))


# Operators whose templates take memory while they run: how much follows from sizes, but for UNKNOWN ones.
SCRATCH = {
    "largest": "(float[b,10] x) => (float[b,2] v, int64[b,2] i) <int64[1] k = {2}> { v, i = TopK <axis = 1> (x, k) }",
    "largest_k": "(float[b,10] x, int64[1] k) => (float[b,m] v, int64[b,m] i) { v, i = TopK <axis = 1> (x, k) }",
    "det": "(float[b,4,4] x) => (float[b] y) { y = Det (x) }",
    "unique": "(float[b,8] x) => (float[u] y) { y = Unique (x) }",
    "boxes": "(float[1,n,4] box, float[1,2,n] score) => (int64[s,3] y) <int64[1] most = {3}> { y = NonMaxSuppression (box, score, most) }",
    "regex": "(string[b] x) => (bool[b] y) { y = RegexFullMatch <pattern = \"a+b\"> (x) }",
    "text": "(float[b] x) => (string[b] y) { y = Cast <to = 8> (x) }",
    "nonzero": "(float[b,8] x) => (int64[2,u] y) { y = NonZero (x) }",
}
UNKNOWN = {"largest_k", "text"}
