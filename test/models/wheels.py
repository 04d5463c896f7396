"""The two models that are always tested: from PyPI, with inputs made here and outputs from onnxruntime."""
import hashlib
import os
import shutil

import fetch
import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

SOURCES = {
    "ppocrv4_rec": ("rapidocr-onnxruntime", "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx"),
    "silero_vad": ("silero-vad", "silero_vad/data/silero_vad.onnx"),
}


def text_lines(run):
    """Smooth strokes on noise: what the network reads does not matter, that its activations are alive does."""
    r = np.random.default_rng(1)
    for batch, width in ((1, 320), (1, 160), (3, 248)):
        y, x = np.mgrid[0:48, 0:width]
        strokes = np.sin(x / 5.0 + 3 * np.sin(y / 9.0)) * np.cos(y / (7.0 + np.arange(batch)[:, None, None]))
        picture = np.clip(1.6 * strokes[:, None] + 0.1 * r.standard_normal((batch, 3, 48, width)), -1, 1)
        yield {"x": picture.astype(np.float32)}


def speech(run):
    """A buzz through the frames of both rates; later frames carry the state that earlier ones left."""
    r = np.random.default_rng(2)
    for rate, frames, batch in ((16000, 1, 1), (16000, 8, 1), (8000, 1, 1), (8000, 8, 1), (16000, 3, 4)):
        size = 576 if rate == 16000 else 288  # with the 64 or 32 samples of the frame before
        state = np.zeros((2, batch, 128), np.float32)
        for frame in range(frames):
            t = (np.arange(size) + frame * size * 8 // 9) / rate
            pitch = 110 + 30 * np.arange(batch)[:, None]
            voice = sum(np.sin(2 * np.pi * k * pitch * t) / k for k in range(1, 9))
            feeds = {"input": (0.2 * voice + 0.01 * r.standard_normal((batch, size))).astype(np.float32),
                     "state": state, "sr": np.array(rate, np.int64)}
            if frame + 1 < frames:
                state = run(feeds)[1]
        yield feeds


INPUTS = {"ppocrv4_rec": text_lines, "silero_vad": speech}


def prepare(work, downloads):
    """{name: folder} in the layout of ONNX's backend tests; made once."""
    with open(__file__, "rb") as f:
        recipe = hashlib.sha256(f.read()).hexdigest() + onnxruntime.__version__
    folders = {}
    for name, (package, member) in SOURCES.items():
        folder = folders[name] = os.path.join(work, name)
        stamp = os.path.join(folder, "recipe")
        if os.path.exists(stamp) and open(stamp, encoding="utf-8").read() == recipe:
            continue
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        path = os.path.join(folder, "model.onnx")
        with open(path, "wb") as f:
            f.write(fetch.member(package, member, downloads))
        graph = onnx.load(path).graph
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        run = lambda feeds: session.run(None, feeds)
        for k, feeds in enumerate(INPUTS[name](run)):
            data = os.path.join(folder, f"test_data_set_{k}")
            os.makedirs(data)
            inputs = [(i.name, feeds[i.name]) for i in session.get_inputs()]
            outputs = list(zip((o.name for o in graph.output), run(feeds)))
            for kind, values in (("input", inputs), ("output", outputs)):
                for i, (label, value) in enumerate(values):
                    with open(os.path.join(data, f"{kind}_{i}.pb"), "wb") as f:
                        f.write(numpy_helper.from_array(np.asarray(value), label).SerializeToString())
        with open(stamp, "w", encoding="utf-8") as f:
            f.write(recipe)
    return folders
