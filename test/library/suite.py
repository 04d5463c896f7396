"""What the checks of this folder share: commands that must succeed, libraries of the small models, host.cpp on them."""
import os
import re
import shutil
import subprocess

import numpy as np
import onnx

import models

HERE = os.path.dirname(os.path.abspath(__file__))
HOST = ["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror"]
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=0", "TSAN_OPTIONS": "halt_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


class Failure(Exception):
    pass


class NotRun(Exception):
    pass


def require(condition, text):
    if not condition:
        raise Failure(text)


def attempt(*arguments, **options):
    return subprocess.run([str(a) for a in arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=600, **options)


def command(*arguments, **options):
    """What it wrote on standard output."""
    done = attempt(*arguments, **options)
    if done.returncode:
        said = (done.stderr + done.stdout).decode("utf-8", "replace").strip()
        raise Failure(f"{' '.join(map(str, arguments))[:300]}: exit code {done.returncode}: {said[-3000:]}")
    return done.stdout


def tool(name):
    path = shutil.which(name)
    if not path:
        raise NotRun(f"{name} is not here")
    return path


# ---- glue: what host.h must know of a library, read from its header -----------------------------------------------------------

def struct(header, name):
    """[(type, field, comment)] of a struct; None where the header has none."""
    found = re.search(r"typedef struct %s \{\n(.*?)\} %s;" % (name, name), header, re.S)
    return found and re.findall(r"^  ([\w ]+?) \*?(\w+); /\* (.*) \*/$", found[1], re.M)


def glue(folder, name):
    with open(os.path.join(folder, name + ".h"), encoding="utf-8") as f:
        header = f.read()
    dims, inputs, outputs = (struct(header, f"{name}_{part}") for part in ("dims", "inputs", "outputs"))
    values = [o for o in outputs or [] if o[0] != "int64_t"]  # the others are dimensions that the run found
    low = [re.search(r"-?\d+", comment)[0] for _, _, comment in dims or []]
    high = [re.search(r"\.\.(\d+)", comment) for _, _, comment in dims or []]
    listed = lambda fields, of: " ".join(f"visit(of.{field});" for _, field, _ in fields or []) or "(void)of, (void)visit;"
    values_of = lambda count: ", ".join(f"values[{i}]" for i in range(count))
    text = f"""// Read from {name}.h by suite.py.
#include "{name}.h"
#define N(what) {name}_##what
#define HAS_DIMS {int(dims is not None)}
#define HAS_INPUTS {int(inputs is not None)}
#define HAS_STATE {int(struct(header, name + "_state") is not None or f"}} {name}_state;" in header)}
#define HAS_WEIGHT_FILE {int("const char *weights;" in header)}
enum {{ DIMS = {len(dims or [])}, INPUTS = {len(inputs or [])}, OUTPUTS = {len(values)} }};
[[maybe_unused]] static const int64_t leastDims[] = {{{', '.join(low + ['0'])}}};
[[maybe_unused]] static const int64_t mostDims[] = {{{', '.join([h[1] if h else 'INT64_MAX' for h in high] + ['0'])}}};
template <class Visit> void eachOutput(N(outputs) &of, Visit visit) {{ {listed(values, 'of')} }}
"""
    if inputs is not None:
        text += f"using Inputs = N(inputs);\ntemplate <class Visit> void eachInput(Inputs &of, Visit visit) {{ {listed(inputs, 'of')} }}\n"
    else:
        text += "struct Inputs {};\ntemplate <class Visit> void eachInput(Inputs &, Visit) {}\n"
    if dims is not None:
        for part in ("dims", "limits"):
            text += f"inline N({part}) make{part.capitalize()}(const int64_t *values) {{ return {{{values_of(len(dims))}}}; }}\n"
    return text


def dim_names(folder, name):
    with open(os.path.join(folder, name + ".h"), encoding="utf-8") as f:
        return [field for _, field, _ in struct(f.read(), name + "_dims") or []]


def runs_file(path, case, names):
    """The runs of a case as host.h reads them."""
    number = lambda n: np.int64(n).tobytes()
    with open(path, "wb") as f:
        f.write(number(len(case.runs)))
        for dims, inputs, outputs in case.runs:
            f.write(b"".join(number(dims[name]) for name in names))
            for x in inputs:
                x = np.asarray(x)
                f.write(number(0 if x.dtype == object else x.itemsize) + number(x.size))
                f.write(b"".join(number(len(s.encode())) + s.encode() for s in x.ravel()) if x.dtype == object else x.tobytes())
            f.write(b"".join(number(np.asarray(o).size if not isinstance(o, list) else 0) for o in outputs))


class Results:
    """Takes the bytes of host.cpp's results apart and compares them with what onnxruntime says."""

    def __init__(self, data):
        head, _, rest = data.partition(b"\n")
        self.data, self.at = rest[:int(head)], 0

    def bytes(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, kind=np.int64):
        return int(np.frombuffer(self.bytes(np.dtype(kind).itemsize), kind)[0])

    def close(self, what, got, wanted):
        if wanted.dtype.kind != "f":
            require(np.array_equal(got, wanted), f"{what}: {got}, expected {wanted}")
            return
        bound = 1e-5 * np.max(np.abs(wanted), initial=1e-1)
        error = np.max(np.abs(got.astype(np.float64) - wanted), initial=0.0)
        require(error <= bound, f"{what}: error {error:.3g}, allowed {bound:.3g}")

    def expect(self, what, wanted):
        if isinstance(wanted, list):
            require(self.number() == len(wanted), f"{what}: another length")
            for item in wanted:
                rank = self.number(np.int32)
                dims = [self.number() for _ in range(rank)]
                require(dims == list(item.shape), f"{what}: an item of shape {dims}, expected {item.shape}")
                self.close(what, np.frombuffer(self.bytes(item.nbytes), item.dtype), item.ravel())
            return
        wanted = np.asarray(wanted)
        count = self.number()
        require(count == wanted.size, f"{what}: {count} elements, expected {wanted.size}")
        if wanted.dtype == object:
            got = [self.bytes(self.number()).decode() for _ in range(count)]
            require(got == list(wanted.ravel()), f"{what}: {got}, expected {list(wanted.ravel())}")
        else:
            self.close(what, np.frombuffer(self.bytes(wanted.nbytes), wanted.dtype), wanted.ravel())

    def expect_all(self, case):
        for step, (_, _, outputs) in enumerate(case.runs):
            for index, wanted in enumerate(outputs):
                self.expect(f"step {step}, output {index}", wanted)
        require(self.at == len(self.data), f"{len(self.data) - self.at} bytes too many")


# ---- the suite ----------------------------------------------------------------------------------------------------------------

class Suite:
    def __init__(self, ingot, work):
        self.ingot, self.work = os.path.abspath(ingot), os.path.abspath(work)
        self.cases = {}

    def case(self, name):
        if name not in self.cases:
            self.cases[name] = models.ALL[name]()
        return self.cases[name]

    def folder(self, *parts):
        path = os.path.join(self.work, *parts)
        shutil.rmtree(path, ignore_errors=True)
        os.makedirs(path)
        return path

    def model(self, folder, name):
        path = os.path.join(folder, name + ".onnx")
        onnx.save(self.case(name).model, path)
        return path

    def compile(self, folder, name, *options, bounds=True):
        """Compiles the case's model to folder/name."""
        target = () if "--target" in options else ("--target", "x86-64-v3")
        command(self.ingot, "compile", self.model(folder, name), "-o", os.path.join(folder, name), "--quiet", *target,
                *(self.case(name).options if bounds else ()), *options)
        return os.path.join(folder, name)

    def host(self, folder, name, flags=(), cxx="c++"):
        """Builds host.cpp on the library in folder/name."""
        library, program = os.path.join(folder, name), os.path.join(folder, name + "-host")
        with open(os.path.join(folder, "case.h"), "w", encoding="utf-8") as f:
            f.write(glue(library, name))
        runs_file(os.path.join(folder, "runs"), self.case(name), dim_names(library, name))
        command(cxx, *HOST, *flags, "-I", folder, "-I", library, "-I", HERE, os.path.join(HERE, "host.cpp"), os.path.join(HERE, "heap.cpp"),
                os.path.join(library, "ingot", "pool.cpp"), os.path.join(library, "lib", f"lib{name}.a"), "-lm", "-lpthread", "-o", program)
        return program

    def tries(self, folder, name, *checks, flags=(), weights="-"):
        """Builds the host, makes the checks, compares the results with onnxruntime's."""
        program = self.host(folder, name, flags)
        written = command(program, os.path.join(folder, "runs"), weights, *checks, env={**os.environ, **SANITIZERS})
        Results(written).expect_all(self.case(name))
        return written
