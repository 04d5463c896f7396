#!/usr/bin/env python3
"""Makes a small network that tells shapes of waves apart: python train.py FOLDER

Writes waves.onnx, trained here within seconds, and windows.txt: 64 numbers a line, with the kind of each window in kinds.txt.
"""
import os
import sys

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper, save

KINDS = ["sine", "square", "sawtooth", "noise"]
WINDOW, HIDDEN = 64, 48
FLOOR = 1e-6  # of a window's power, so that silence is no division by 0


def windows(count, r):
    """Windows of waves of any period, phase and height, a little noisy, and which kind each is."""
    kinds = r.integers(0, len(KINDS), count)
    phase = r.random((count, 1)) + np.arange(WINDOW) * r.uniform(1 / 40, 1 / 10, (count, 1))
    shapes = np.stack([np.sin(2 * np.pi * phase), np.sign(np.sin(2 * np.pi * phase)), 2 * (phase % 1) - 1, r.standard_normal(phase.shape)])
    x = shapes[kinds, np.arange(count)] + 0.05 * r.standard_normal(phase.shape)
    return (x * r.uniform(0.2, 5, (count, 1))).astype(np.float32), kinds


def forward(x, p):
    scaled = x / np.sqrt(np.mean(x * x, axis=1, keepdims=True) + FLOOR)
    hidden = np.maximum(scaled @ p[0] + p[1], 0)
    second = np.maximum(hidden @ p[2] + p[3], 0)
    return scaled, hidden, second, second @ p[4] + p[5]


def train(r, steps=800, batch=128, rate=4e-3):
    """Adam on the cross entropy."""
    sizes = [WINDOW, HIDDEN, HIDDEN, len(KINDS)]
    p = [v for a, b in zip(sizes, sizes[1:]) for v in (r.standard_normal((a, b)) * np.sqrt(2 / a), np.zeros(b))]
    mean, square = [np.zeros_like(v) for v in p], [np.zeros_like(v) for v in p]
    for step in range(1, steps + 1):
        x, kinds = windows(batch, r)
        scaled, hidden, second, scores = forward(x, p)
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        d3 = (e / e.sum(axis=1, keepdims=True) - np.eye(len(KINDS))[kinds]) / batch
        d2 = d3 @ p[4].T * (second > 0)
        d1 = d2 @ p[2].T * (hidden > 0)
        slopes = [scaled.T @ d1, d1.sum(0), hidden.T @ d2, d2.sum(0), second.T @ d3, d3.sum(0)]
        for k, g in enumerate(slopes):
            mean[k] = 0.9 * mean[k] + 0.1 * g
            square[k] = 0.999 * square[k] + 0.001 * g * g
            p[k] -= rate * (1 - step / steps) * mean[k] / (1 - 0.9**step) / (np.sqrt(square[k] / (1 - 0.999**step)) + 1e-8)
    return [v.astype(np.float32) for v in p]


def model(p):
    node = helper.make_node
    nodes = [node("Mul", ["samples", "samples"], ["squares"]), node("ReduceMean", ["squares"], ["power"], axes=[1], keepdims=1),
             node("Add", ["power", "floor"], ["loud"]), node("Sqrt", ["loud"], ["level"]), node("Div", ["samples", "level"], ["scaled"]),
             node("Gemm", ["scaled", "w0", "b0"], ["h0"]), node("Relu", ["h0"], ["r0"]),
             node("Gemm", ["r0", "w1", "b1"], ["h1"]), node("Relu", ["h1"], ["r1"]),
             node("Gemm", ["r1", "w2", "b2"], ["scores"]), node("Softmax", ["scores"], ["probabilities"], axis=1)]
    weights = [numpy_helper.from_array(v, f"{'wb'[k % 2]}{k // 2}") for k, v in enumerate(p)]
    weights.append(numpy_helper.from_array(np.array([FLOOR], np.float32), "floor"))
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "waves", [value("samples", TensorProto.FLOAT, ["batch", WINDOW])],
                              [value("probabilities", TensorProto.FLOAT, ["batch", len(KINDS)])], weights)
    result = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(result, full_check=True)
    return result


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    save(model(train(np.random.default_rng(1))), os.path.join(folder, "waves.onnx"))
    x, kinds = windows(21, np.random.default_rng(2))
    np.savetxt(os.path.join(folder, "windows.txt"), x, "%.6f")
    with open(os.path.join(folder, "kinds.txt"), "w", encoding="utf-8") as f:
        f.writelines(KINDS[k] + "\n" for k in kinds)


if __name__ == "__main__":
    main()
