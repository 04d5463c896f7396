#!/usr/bin/env python3
"""Greedy decoding with compiled decoders: the tokens must be onnxruntime's.

Each model is compiled twice, with its cache in the library's state and without, and decode.cpp makes the tokens with either: a prompt
of several tokens into an empty cache (in pieces where the model takes no more at once), then a token at a time; with the state also
after a truncation, and the workspace must not hold a copy of the cache. Always: a small network of the Llama family with seeded
weights. With INGOT_ZOO=DIR also the decoders there.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [os.path.join(ROOT, "examples"), os.path.join(ROOT, "examples", "chat")]
import model as llama  # noqa: E402

FLAGS = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror"]
MADE = 32  # tokens of an answer
CAPACITY = 256
ZOO = ["smollm2_135m_decode_dyn", "gpt2_decode_dyn"]


class Failure(Exception):
    pass


def command(*arguments, data=b""):
    done = subprocess.run(arguments, input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=1500)
    if done.returncode:
        said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
        raise Failure(f"{os.path.basename(arguments[0])}: exit code {done.returncode}: {said}")
    return done.stdout


def toy(path):
    """Two layers, four query heads on two key heads; weights from a seed."""
    sizes = llama.Sizes(layers=2, width=32, inner=48, heads=4, key_heads=2, epsilon=1e-5, frequency=10000.0)
    random = np.random.default_rng(7)
    narrow = sizes.key_heads * sizes.head
    shapes = {"token_embd": (211, sizes.width), "attn_q": (sizes.width, sizes.width), "attn_k": (narrow, sizes.width),
              "attn_v": (narrow, sizes.width), "attn_output": (sizes.width, sizes.width), "ffn_gate": (sizes.inner, sizes.width),
              "ffn_up": (sizes.inner, sizes.width), "ffn_down": (sizes.width, sizes.inner)}

    def read(name):
        part = name.split(".")[-2]
        if part.endswith("norm"):
            return (1 + 0.1 * random.standard_normal(sizes.width)).astype(np.float32)
        return (random.standard_normal(shapes[part]) / np.sqrt(shapes[part][1])).astype(np.float32)

    llama.build(sizes, read).save(path)


class Decoder:
    """What the graph says of a model, and onnxruntime's answers."""

    def __init__(self, path):
        self.path = path
        graph = onnx.load(path, load_external_data=False).graph
        shape = lambda v: [d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim]
        self.inputs = {v.name: shape(v) for v in graph.input}
        self.outputs = {v.name: shape(v) for v in graph.output}
        self.caches = [name for name in self.inputs if name.startswith("past.")]
        self.presents = [name.replace("past", "present", 1) for name in self.caches]
        _, self.heads, self.past, self.head = self.inputs[self.caches[0]]
        self.vocabulary = self.outputs["logits"][-1]
        self.all_rows = len(self.outputs["logits"]) == 3
        self.length = self.inputs["input_ids"][1]  # tokens of one run: a number, or a dimension's name
        self.longest = 128 if isinstance(self.length, str) else 1

    def answers(self, prompts):
        """MADE tokens for each prompt, and how clearly the likeliest token won at least."""
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        result, margin = [], np.inf
        for prompt in prompts:
            cache, made, read = [np.zeros((1, self.heads, 0, self.head), np.float32)] * len(self.caches), [], 0
            while len(made) < MADE:
                tokens = prompt[read:read + self.longest] if read < len(prompt) else made[-1:]
                total = read + len(tokens)
                places = np.arange(read, total)
                feeds = {"input_ids": np.array([tokens], np.int64), "position_ids": places[None],
                         "mask": np.where(np.arange(total) > places[:, None], np.float32(-1e9), np.float32(0))[None, None]}
                feeds.update(zip(self.caches, cache))
                logits, *cache = session.run(["logits", *self.presents], {k: v for k, v in feeds.items() if k in self.inputs})
                read = total
                if read >= len(prompt):
                    last = logits.reshape(-1, self.vocabulary)[-1]
                    second, first = np.partition(last, -2)[-2:]
                    margin = min(margin, (first - second) / np.max(np.abs(last)))
                    made.append(int(np.argmax(last)))
            result.append(made)
        return result, margin

    def adapter(self, name, header, state):
        """decode.cpp's view of the library: what has dimensions takes them, what has none does not."""
        def fields(struct):
            found = re.search(rf"typedef struct {name}_{struct} {{(.*?)}}", header, re.S)
            return re.findall(r"^  \w+ (\w+);", found[1], re.M) if found else []

        dims, limits, inputs, outputs = map(fields, ("dims", "limits", "inputs", "outputs"))
        known, arrays = {"past": "past", "total": "past + count"}, {"input_ids": "ids", "position_ids": "positions", "mask": "mask"}
        pairs = zip([f for f in inputs if f not in arrays], [f for f in outputs if f != "logits"])

        def function(signature, result, assignments):
            """One that fills a struct."""
            body = "".join(f"  result.{field} = {value};\n" for field, value in assignments)
            return f"{signature} {{\n  {result} result = {{}};\n{body}  return result;\n}}\n"

        parts = [f'#include "{name}.hpp"\nnamespace net = {name};\n', "#define WITH_STATE\n" if state else "", f"""\
constexpr int64_t vocabulary = {self.vocabulary}, longest = {self.longest};
constexpr bool all_rows = {str(self.all_rows).lower()};
constexpr size_t caches = {len(self.caches)}, row = {self.heads * self.head};
#define CACHES(X) {" ".join(f"X({i}, {o})" for i, o in pairs)}
"""]
        if dims:
            parts.append(function("inline net::dims dims([[maybe_unused]] int64_t count, [[maybe_unused]] int64_t past)", "net::dims",
                                  [(f, known.get(f, "count")) for f in dims]))
        if limits:
            parts.append(function("inline net::limits limits([[maybe_unused]] int64_t count)", "net::limits",
                                  [(f, CAPACITY if f in known else "count") for f in limits]))
        parts.append(function("template <class Feed> net::inputs inputs(const Feed &feed)", "net::inputs",
                              [(f, f"{{feed.{arrays[f]}.data(), feed.{arrays[f]}.size()}}") for f in inputs if f in arrays]))
        limit, pointer = (", limits(count)", "&least, ") if limits else ("", "")
        parts.append(f"""\
template <class Object> ingot::status init(Object &object, const net::model &model, [[maybe_unused]] int64_t count) {{
  return object.init(model{limit});
}}
template <class... Rest> ingot::status run(net::context &context, [[maybe_unused]] int64_t count, [[maybe_unused]] int64_t past, Rest &&...rest) {{
  return context.run({"dims(count, past), " if dims else ""}rest...);
}}
inline ingot::status query([[maybe_unused]] int64_t count, ingot_sizes &sizes) {{
  {"const net::limits least = limits(count);" if limits else ""}
  return ingot::status::of([&](ingot_error *error) {{ return {name}_query({pointer}&sizes, error); }});
}}
""")
        return "".join(parts)


class Suite:
    def __init__(self, ingot, cxx, target, work):
        self.ingot, self.cxx, self.target, self.work = ingot, cxx, target, work
        self.passed = self.failed = 0

    def judge(self, what, why):
        self.passed, self.failed = self.passed + (not why), self.failed + bool(why)
        print(f"{'FAILED' if why else 'passed':8} {what}{': ' if why else ''}{why}", flush=True)

    def program(self, decoder, name, capacity, *options):
        """The command of decode.cpp on the model's library; capacity 0 is without a state."""
        folder = os.path.join(self.work, "-".join([name, str(capacity), *options[1:]]))
        shutil.rmtree(folder, ignore_errors=True)
        library, program = os.path.join(folder, "library"), os.path.join(folder, "decode")
        state = ["--state", f"past.*=present.*:2:{capacity}"] if capacity else []
        command(self.ingot, "compile", decoder.path, "-o", library, "--name", name, "--target", self.target, "--weights", "file", *state, *options)
        with open(os.path.join(library, f"{name}.h"), encoding="utf-8") as f:
            text = decoder.adapter(name, f.read(), capacity)
        with open(os.path.join(folder, "adapter.h"), "w", encoding="utf-8") as f:
            f.write(text)
        command(self.cxx, *FLAGS, "-I", folder, "-I", library, os.path.join(HERE, "decode.cpp"),
                os.path.join(library, "lib", f"lib{name}.a"), "-lm", "-lpthread", "-o", program)
        return program, os.path.join(library, "weights", f"{name}.weights")

    def decode(self, program, prompts):
        """The numbers that decode.cpp writes."""
        data = [np.array([MADE]), *(np.array([len(p), *p]) for p in prompts), np.array([0])]
        return np.frombuffer(command(*program, data=b"".join(a.astype(np.int64).tobytes() for a in data)), np.int64)

    def check(self, name, path, prompts):
        decoder = Decoder(path)
        wanted, margin = decoder.answers(prompts)
        if margin < 1e-5:
            raise Failure(f"the likeliest token wins by {margin:.1e} only: rounding may decide; choose other prompts")
        got = self.decode(self.program(decoder, name, 0), prompts).reshape(len(prompts), MADE)
        for k in range(len(prompts)):
            self.judge(f"{name}: prompt {k}, cache passed on", "" if np.array_equal(got[k], wanted[k]) else f"{got[k]}, expected {wanted[k]}")
        self.with_state(name, decoder, prompts, wanted, CAPACITY)
        if decoder.longest > 1 and name == "toy":
            # Compiled for one token at a time the library reads the cache where it is: no copy of it is in the workspace.
            decoder.longest, only = 1, ("--dim", f"{decoder.length}=1")
            least, most = (self.with_state(name, decoder, prompts, wanted, c, *only) for c in (CAPACITY, 16 * CAPACITY))
            grows, cache = (most - least) / (15 * CAPACITY), 4 * decoder.heads * decoder.head
            self.judge(f"{name}: the workspace holds no copy of the cache",
                       "" if grows < cache else f"it grows by {grows:.0f} bytes a position, a cache by {cache}")

    def with_state(self, name, decoder, prompts, wanted, capacity, *options):
        """Bytes of the workspace for one token."""
        *tokens, workspace = self.decode(self.program(decoder, name, capacity, *options), prompts)
        got = np.array(tokens).reshape(len(prompts), 2, MADE)
        for k in range(len(prompts)):
            for half, what in enumerate(("in the state", "in the state, truncated")):
                same = np.array_equal(got[k, half], wanted[k])
                self.judge(" ".join([f"{name}: prompt {k}, cache of {capacity} {what}", *options]),
                           "" if same else f"{got[k, half]}, expected {wanted[k]}")
        return int(workspace)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ingot", default=os.path.join(ROOT, "build", "bin", "ingot"))
    parser.add_argument("--work", default=os.path.join(ROOT, "build", "decoders"))
    parser.add_argument("--cxx", default="c++")
    parser.add_argument("--target", default="x86-64-v3")
    parser.add_argument("--model", action="append", help="only these (repeatable)")
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    suite = Suite(os.path.abspath(args.ingot), args.cxx, args.target, os.path.abspath(args.work))
    small = os.path.join(args.work, "toy.onnx")
    toy(small)
    models = {"toy": (small, 211)}
    zoo = os.environ.get("INGOT_ZOO")
    if zoo:
        models.update({name: (os.path.join(zoo, name, "model.onnx"), 49152) for name in ZOO})
    else:
        print("INGOT_ZOO is not set: only the toy")
    for name, (path, vocabulary) in models.items():
        if args.model and name not in args.model:
            continue
        random = np.random.default_rng(3)
        prompts = [random.integers(0, vocabulary, n).tolist() for n in (5, 1, 140)]
        try:
            suite.check(name, path, prompts)
        except (Failure, OSError, subprocess.TimeoutExpired) as error:
            suite.judge(name, str(error))
    print(f"{suite.passed} passed, {suite.failed} failed")
    return 1 if suite.failed or not suite.passed else 0


if __name__ == "__main__":
    sys.exit(main())
