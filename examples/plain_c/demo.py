#!/usr/bin/env python3
"""A C99 program on a small network made here; what it says is compared with onnxruntime and with the kinds drawn."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import driver  # noqa: E402


def main():
    demo = driver.Demo(__file__, __doc__)
    demo.step("training")
    subprocess.run([sys.executable, demo.path("train.py"), demo.work], check=True)
    model, windows = os.path.join(demo.work, "waves.onnx"), os.path.join(demo.work, "windows.txt")
    library = demo.compile(model, ["batch=1..64"])
    demo.build()

    import numpy as np
    samples = np.loadtxt(windows, np.float32)
    wanted = driver.reference(model)(samples=samples)[0]
    with open(os.path.join(demo.work, "kinds.txt"), encoding="utf-8") as f:
        kinds = f.read().split()
    written = demo.run("waves", windows)
    sys.stdout.write("".join("   " + line.expandtabs(12) for line in written.splitlines(True)))
    said = [line.split("\t") for line in written.splitlines()]
    demo.expect("kinds", [kind for kind, _ in said], kinds)
    demo.near("probabilities", [float(p) for _, p in said], [float(p) for p in wanted.max(axis=1)], 1e-5)
    with open(windows, "rb") as f:
        demo.expect("one row at a time, from standard input", demo.run("waves", "-", 1, input=f.read()), written)

    done = demo.start("waves", windows, 65)
    demo.expect("more rows than compiled", (done.returncode, done.stderr.splitlines()[:1]), (1, ["waves: compiled for at most 64 rows at once"]))
    done = demo.start("waves", "-", input=b"1 2 3 four")
    demo.expect("what are no numbers", (done.returncode, done.stderr), (1, "waves: -: not numbers, 64 to a window\n"))

    direct = os.path.join(demo.work, "build", "direct")
    demo.quietly(["cc", "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", library, demo.path("main.c"),
                  os.path.join(library, "lib", "libwaves.a"), "-lm", "-lpthread", "-o", direct], "direct.log")
    demo.expect("built with cc alone", demo.run("direct", windows), written)
    return demo.close()


if __name__ == "__main__":
    sys.exit(main())
