#!/usr/bin/env python3
"""Three networks in one program, used by several threads on one pool: what each file holds must be found, and found
alike by one thread and by many."""
import os
import sys
import wave

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import driver  # noqa: E402

sys.path[1:1] = [os.path.join(driver.EXAMPLES, "ocr"), os.path.join(driver.EXAMPLES, "vad")]
import ppocr  # noqa: E402
import silero  # noqa: E402


def speech_line(model, path):
    with wave.open(path) as w:
        length, sound = w.getnframes(), w.readframes(w.getnframes())
    found = silero.segments(silero.probabilities(model, sound), length)
    return "speech" + "".join(f"\t{b / silero.RATE:.3f}-{e / silero.RATE:.3f}" for b, e in found)


def main():
    demo = driver.Demo(__file__, __doc__)
    characters = os.path.join(demo.work, "characters.txt")
    ppocr.classifier(demo)
    ppocr.recogniser(demo)
    detector = silero.detector(demo)
    demo.build()

    from PIL import Image
    pictures, speech = os.path.join(driver.EXAMPLES, "ocr", "pictures"), os.path.join(driver.EXAMPLES, "vad", "speech.wav")
    with open(os.path.join(pictures, "expected.txt"), encoding="utf-8") as f:
        drawn = [line.rstrip("\n").split("\t") for line in f]
    files, wanted = [speech], [f"speech.wav\t{speech_line(detector, speech)}"]
    for k, (name, text) in enumerate(drawn):
        path = os.path.join(pictures, name)
        if k % 2:
            path = os.path.join(demo.work, "turned-" + name)
            Image.open(os.path.join(pictures, name)).rotate(180).save(path)
        files.append(path)
        wanted.append(f"{os.path.basename(path)}\t{'upside down' if k % 2 else 'text'}\t{text}")
    files, wanted = files + [speech] + files[::-1], wanted + wanted[:1] + wanted[::-1]

    demo.step(f"{len(files)} files, one worker after the other and four at once")
    alone = demo.run("several", "--workers", 1, "--threads", 1, characters, *files)
    for line in dict.fromkeys(alone.splitlines()):
        print("   " + line.expandtabs(20))
    for line, right in zip(alone.splitlines(), wanted):
        demo.expect(right.split("\t")[0], line, right)
    demo.expect("number of findings", alone.count("\n"), len(wanted))
    for workers, threads in ((4, 1), (4, 2), (3, 4)):
        demo.expect(f"{workers} workers on a pool of {threads}", demo.run("several", "--workers", workers, "--threads", threads, characters, *files), alone)

    done = demo.start("several", characters, files[0], __file__, os.path.join(demo.work, "none.png"), files[1])
    demo.expect("files that cannot be read", (done.returncode, done.stderr.count("\n"), done.stdout.splitlines()), (1, 2, wanted[:2]))
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
