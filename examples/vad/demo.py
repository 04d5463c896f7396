#!/usr/bin/env python3
"""Finds speech in a sound with Silero VAD and compares each frame, and the segments, with onnxruntime's."""
import contextlib
import os
import subprocess
import sys
import threading
import wave

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import driver  # noqa: E402
import silero  # noqa: E402
from silero import FRAME, RATE  # noqa: E402


def table(text):
    return [tuple(float(x) for x in line.split("\t")) for line in text.splitlines()]


def listens_live(demo, content, first):
    """The first segment must be written before the rest of the sound comes."""
    command = [*demo.launcher, os.path.join(demo.work, "build", "vad"), "-"]
    cut = 44 + int((first[1] + 0.5) * RATE) * 2
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        watchdog = threading.Timer(60, program.kill)
        watchdog.start()
        program.stdin.write(content[:cut])
        program.stdin.flush()
        early = program.stdout.readline().decode()
        with contextlib.suppress(BrokenPipeError):  # of a program that the watchdog ended
            program.stdin.write(content[cut:])
            program.stdin.close()
        late = program.stdout.read().decode()
        watchdog.cancel()
    return early, early + late


def main():
    demo = driver.Demo(__file__, __doc__)
    model = silero.detector(demo)
    demo.build()

    speech = demo.path("speech.wav")
    with wave.open(speech) as w:
        length, sound = w.getnframes(), w.readframes(w.getnframes())
    wanted = list(silero.probabilities(model, sound))
    frames = table(demo.run("vad", "--frames", speech))
    demo.near("probability of each frame", [p for _, p in frames], wanted, 1e-4)
    demo.near("begin of each frame", [t for t, _ in frames], [k * FRAME / RATE for k in range(len(wanted))], 1e-3)

    written = demo.run("vad", speech)
    for begin, end in table(written):
        print(f"   speech from {begin:.3f} to {end:.3f} s")
    expected = "".join(f"{b / RATE:.3f}\t{e / RATE:.3f}\n" for b, e in silero.segments(wanted, length))
    demo.expect("segments", written, expected)
    demo.judge("there is speech", "" if len(table(written)) >= 2 else "fewer than two segments")

    with open(speech, "rb") as f:
        content = f.read()
    early, live = listens_live(demo, content, table(expected)[0])
    demo.expect("the first segment, before the sound ends", early, expected.splitlines(True)[0])
    demo.expect("segments of a stream", live, expected)
    endless = content[:40] + b"\xff\xff\xff\xff" + content[44:]
    demo.expect("segments of a stream of unknown length", demo.run("vad", "-", input=endless), expected)
    slow = content[:24] + (8000).to_bytes(4, "little") + content[28:]
    for what, data, said in (("another rate", slow, "vad: standard input: has 8000 samples a second, 16000 are expected\n"),
                             ("no sound", content[:30], "vad: standard input: a WAV file that ends within its header\n"),
                             ("no WAV file", b"fLaC" + content, "vad: standard input: not a WAV file\n")):
        done = demo.start("vad", "-", input=data)
        demo.expect(what, (done.returncode, done.stderr), (1, said))
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
