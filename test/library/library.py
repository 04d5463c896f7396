#!/usr/bin/env python3
"""The promises of a generated library, tried on small models: see README.md. Each check prints passed or FAILED with its name."""
import argparse
import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import time
import traceback

import numpy as np
import onnx

import models
import profiles

HERE = os.path.dirname(os.path.abspath(__file__))
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Wconversion", "-Werror"]
HOST = ["-std=c++17", "-O1", "-g", "-Wall", "-Wextra", "-pedantic", "-Werror"]
ASAN = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
TSAN = ["-fsanitize=thread"]
# Runs a command and says the most memory that it or one of its children took, pages of mapped files among it.
PEAK = ("import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, 'MiB at most'); sys.exit(code)")
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
    text = f"""// Read from {name}.h by library.py.
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

    # -- every model --

    def promises(self, name):
        folder = self.folder("plain", name)
        self.compile(folder, name)
        self.tries(folder, name, "threads", "places", "concurrent", "frugal", "sizes")

    def addresses(self, name):
        folder = self.folder("address", name)
        self.compile(folder, name, "--weights", "array", "--cxxflags", " ".join(ASAN))
        self.tries(folder, name, "threads", "places", flags=ASAN)

    def races(self, name):
        folder = self.folder("thread", name)
        self.compile(folder, name, "--cxxflags", " ".join(TSAN))
        self.tries(folder, name, "threads", "concurrent", flags=TSAN)

    # -- the interface --

    def headers(self):
        """Both headers alone, as C99 and C++17, by two compilers; N.h for Windows; what a model does not need is absent."""
        folder = self.folder("headers")
        for name in ("decoder", "picks", "text", "still"):
            self.compile(folder, name, "--emit", "source")
            for language, source, standard, compilers in (("c", name + ".h", "c99", ("gcc", "clang")), ("c++", name + ".h", "c++17", ("g++", "clang++")),
                                                          ("c++", name + ".hpp", "c++17", ("g++", "clang++"))):
                file = os.path.join(folder, "alone")
                with open(file, "w", encoding="utf-8") as f:
                    f.write(f'#include "{source}"\n#include "{source}"\n')
                for compiler in compilers:
                    command(tool(compiler), "-x", language, "-std=" + standard, *STRICT, "-I", os.path.join(folder, name), "-fsyntax-only", file)
                if source == name + ".h":
                    command(tool("clang"), "-x", language, "-std=" + standard, "--target=x86_64-pc-windows-msvc", "-ffreestanding", *STRICT, "-I",
                            os.path.join(folder, name), "-fsyntax-only", file)
                else:
                    command(tool("g++"), "-x", language, "-std=" + standard, "-fno-exceptions", "-fno-rtti", *STRICT, "-I",
                            os.path.join(folder, name), "-fsyntax-only", file)
            with open(os.path.join(folder, name, name + ".h"), encoding="utf-8") as f:
                header = f.read()
            for part in ("inputs", "outputs"):
                body = re.search(r"typedef struct %s_%s \{\n(.*?)\}" % (name, part), header, re.S)[1].splitlines()
                for line in body:
                    require(re.search(r"; /\* .*(\[.*\]|scalar|sequence|dimension).* \*/$", line), f"no shape stands beside '{line.strip()}'")
        with open(os.path.join(folder, "still", "still.h"), encoding="utf-8") as f:
            still = f.read()
        for word in ("still_dims", "still_limits", "still_state", "weights"):
            require(word not in still, f"{word} stands in the header of a model that needs none")
        with open(os.path.join(folder, "decoder", "decoder.h"), encoding="utf-8") as f:
            decoder = f.read()
        for word in ("decoder_dims", "decoder_limits", "decoder_state_reset", "decoder_state_truncate", "/* [batch, seq, 16] */"):
            require(word in decoder, f"{word} is not in the header of the decoder")

    def contract(self):
        """contract.c is linked as a C program is; a program compiled with an older header is refused by the linker."""
        folder = self.folder("contract")
        for name in ("mlp", "decoder", "recall"):
            self.compile(folder, name)
        archives = [os.path.join(name, "lib", f"lib{name}.a") for name in ("mlp", "decoder", "recall")]
        includes = [f"-I{name}" for name in ("mlp", "decoder", "recall")]
        for compiler in ("cc", "clang"):
            command(tool(compiler), "-std=c99", *STRICT, *includes, os.path.join(HERE, "contract.c"), *archives, "-lm", "-lpthread", "-o", "contract",
                    cwd=folder)
            said = command(os.path.join(folder, "contract")).decode()
            require("11" in said, f"the failure of an index says '{said}'")
        command("cc", "-std=c99", *includes, "-c", os.path.join(HERE, "contract.c"), "-o", "old.o", cwd=folder)
        self.compile(folder, "mlp", "--dim", "batch=1..65", bounds=False)
        done = attempt("cc", "old.o", *archives, "-lm", "-lpthread", "-o", "contract", cwd=folder)
        require(done.returncode and re.search(rb"undefined reference.*mlp_open_[0-9a-f]{8}", done.stderr), "a stale header links")

    # None of them takes heap, reads the environment or writes; getauxval is N_open's, and with large weights madvise.
    LIBC = {"bcmp", "memchr", "memcmp", "memcpy", "memmove", "memset", "strcmp", "strlen", "vsnprintf", "getauxval", "madvise"}
    LIBM = {stem + suffix for suffix in ("", "f") for stem in (
        "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "ceil", "cos", "cosh", "erf", "exp", "exp2", "expm1", "floor", "fma", "fmod", "log",
        "log10", "log1p", "log2", "nearbyint", "pow", "remainder", "rint", "round", "roundeven", "sin", "sinh", "sqrt", "tan", "tanh", "trunc")}

    def symbols(self, name, target):
        """Non-local symbols begin with N_; what is undefined is of libc and libm; nothing can change but what the caller gave."""
        prefix = "aarch64-linux-gnu-" if target.startswith("aarch64") else ""
        nm, readelf = tool(prefix + "nm"), tool(prefix + "readelf")
        folder = self.folder("symbols", f"{name}-{target}")
        cross = ("--cxx", tool(prefix + "g++")) if prefix else ()
        library = self.compile(folder, name, "--target", target, *cross)
        archive = os.path.join(library, "lib", f"lib{name}.a")
        names = lambda *options: [line.split()[-2:] for line in command(nm, *options, archive).decode().splitlines() if len(line.split()) > 1]
        defined = names("-g", "--defined-only")
        require(len(defined) >= 6, "hardly a symbol is defined")
        for kind, symbol in defined:
            require(symbol.startswith(name + "_"), f"{symbol} is not local")
            require(kind not in "WVuwvC", f"{symbol} is weak or common ({kind})")
        for _, symbol in names("-u"):
            require(symbol in self.LIBC | self.LIBM, f"{symbol} is undefined, and neither of libc nor of libm")
        for line in command(readelf, "-SW", archive).decode().splitlines():
            section = re.match(r"\s*\[\s*\d+\] (\.\S+)\s+\S+\s+\S+ \S+ (\w+) \w+\s+(\w+)", line)
            if section and section[1].startswith((".data", ".bss", ".tdata", ".tbss", ".init", ".fini", ".ctors")) and "W" in section[3]:
                require(int(section[2], 16) == 0 or section[1].startswith(".data.rel.ro"), f"section {section[1]} can be written")
        stack = [line for line in command(readelf, "-SW", archive).decode().splitlines() if "note.GNU-stack" in line]
        require(stack and all(" X " not in line and "AX" not in line for line in stack), "the stack would be executable")

    def foreign(self):
        """A C program for another architecture is linked in the same way, and runs."""
        qemu, cc, cxx = tool("qemu-aarch64"), tool("aarch64-linux-gnu-gcc"), tool("aarch64-linux-gnu-g++")
        folder = self.folder("foreign")
        self.compile(folder, "decoder", "--target", "aarch64", "--cxx", cxx)
        with open(os.path.join(folder, "main.c"), "w", encoding="utf-8") as f:
            f.write('#include "decoder.h"\nint main(void) { decoder_model m; return decoder_open(&m, 0, 0) || decoder_run(0, 0, 0, 0, 0, 0) != '
                    'INGOT_INVALID_ARGUMENT; }\n')
        command(cc, "-Idecoder", "main.c", "decoder/lib/libdecoder.a", "-lm", "-lpthread", "-static", "-o", "main", cwd=folder)
        command(qemu, "main", cwd=folder)

    def lesser_cpu(self):
        """N_open on a processor without the instructions says so, with instructions that it has."""
        qemu = tool("qemu-x86_64")
        folder = self.folder("lesser")
        self.compile(folder, "cnn", "--target", "x86-64-v3")
        with open(os.path.join(folder, "main.c"), "w", encoding="utf-8") as f:
            f.write('#include "cnn.h"\n#include <stdio.h>\nint main(void) {\n  cnn_model model;\n  ingot_sizes sizes;\n  ingot_error error;\n'
                    '  if (cnn_query(0, &sizes, &error))\n    return 1;\n  printf("%d ", cnn_open(&model, 0, &error));\n  puts(error.text);\n  return 0;\n}\n')
        command("cc", "-Icnn", "main.c", "cnn/lib/libcnn.a", "-lm", "-lpthread", "-static", "-o", "main", cwd=folder)
        for cpu, wanted in (("Nehalem", b"5 target: "), ("qemu64", b"5 target: "), ("max", b"0 \n")):
            said = command(qemu, "-cpu", cpu, "main", cwd=folder)
            require(said.startswith(wanted), f"on {cpu} it says '{said.decode().strip()}'")

    # -- the rest --

    def plugin(self):
        folder = self.folder("plugin")
        library = self.compile(folder, "cnn")
        for plugin in ("first.so", "second.so"):
            command("c++", *HOST, "-I", library, "-fPIC", "-fvisibility=hidden", "-shared", "-Wl,-z,defs", os.path.join(HERE, "plugin.cpp"),
                    os.path.join(library, "lib", "libcnn.a"), "-lm", "-lpthread", "-o", os.path.join(folder, plugin))
        exported = command("nm", "-D", "--defined-only", os.path.join(folder, "first.so")).decode().split("\n")
        require([line.split()[-1] for line in exported if line] == ["plugin_run"], f"the shared object exports {exported}")
        for flags in ((), ASAN):
            program = os.path.join(folder, "main")
            command("c++", *HOST, *flags, "-I", library, os.path.join(HERE, "plugin_main.cpp"), os.path.join(library, "ingot", "pool.cpp"),
                    os.path.join(library, "lib", "libcnn.a"), "-lm", "-lpthread", "-ldl", "-o", program)
            command(program, os.path.join(folder, "first.so"), os.path.join(folder, "second.so"), env={**os.environ, **SANITIZERS})

    def weights(self):
        """Every form gives the same results; a file that is not the model's is refused."""
        written = {}
        for form in ("embed", "array", "file"):
            folder = self.folder("weights", form)
            library = self.compile(folder, "cnn", "--weights", form)
            file = os.path.join(library, "weights", "cnn.weights")
            written[form] = self.tries(folder, "cnn", weights=file)
        require(written["embed"] == written["array"] == written["file"], "the forms of weights differ in results")

        program = os.path.join(folder, "cnn-host")
        with open(file, "rb") as f:
            good = f.read()
        flipped = lambda at: good[:at] + bytes([good[at] ^ 1]) + good[at + 1:]
        other = os.path.join(folder, "other.weights")

        def refused(path, wanted):
            done = attempt(program, os.path.join(folder, "runs"), path)
            require(done.returncode == 1, f"{path} is taken where '{wanted}' is expected")
            said = done.stderr.decode().strip()
            require(said.startswith("bad model data: weights: ") and wanted in said, f"it says '{said}' where '{wanted}' is expected")

        refused(os.path.join(folder, "nowhere"), "cannot open")
        refused(folder, "expected")
        for content, wanted in ((b"", "has 0 bytes, expected"), (good[:-1], f"has {len(good) - 1} bytes, expected {len(good)}"),
                                (good + b"x", f"has {len(good) + 1} bytes"), (flipped(0), "another model"), (flipped(len(good) - 1), "another model"),
                                (flipped(4000), "another model")):
            with open(other, "wb") as f:
                f.write(content)
            refused(other, wanted)
        # Of the same network trained a little longer: only the middle differs.
        trained = models.cnn_model()
        kernel = next(w for w in trained.graph.initializer if w.name == "w3")
        kernel.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(kernel) * np.float32(1.5), "w3"))
        onnx.save(trained, os.path.join(folder, "trained.onnx"))
        command(self.ingot, "compile", os.path.join(folder, "trained.onnx"), "--name", "cnn", "-o", os.path.join(folder, "trained"), "--quiet", "--weights",
                "file", "--emit", "source", *self.case("cnn").options)
        refused(os.path.join(folder, "trained", "weights", "cnn.weights"), "another model")
        # Damage in the middle is found where the caller asks for it.
        with open(os.path.join(folder, "whole.c"), "w", encoding="utf-8") as f:
            f.write('#include "cnn.h"\n#include <stdio.h>\nint main(int argc, char **argv) {\n  cnn_options o = {0, 0, 1};\n  cnn_model m;\n  ingot_error e;\n'
                    '  o.weights = argv[argc - 1];\n  printf("%d ", cnn_open(&m, &o, &e));\n  puts(e.text);\n  cnn_close(&m);\n  return 0;\n}\n')
        command("cc", "-I", library, os.path.join(folder, "whole.c"), os.path.join(library, "lib", "libcnn.a"), "-o", os.path.join(folder, "whole"))
        for at in range(4096, len(good) - 4096, 997):
            with open(other, "wb") as f:
                f.write(flipped(at))
            said = command(os.path.join(folder, "whole"), other).decode()
            require(said.startswith("7 weights: ") and "damaged" in said, f"byte {at} differs and N_open says '{said.strip()}'")
        require(command(os.path.join(folder, "whole"), file) == b"0 \n", "the good file is refused when it is read as a whole")
        # An option that names none.
        with open(os.path.join(folder, "none.c"), "w", encoding="utf-8") as f:
            f.write('#include "cnn.h"\n#include <stdio.h>\nint main(void) { cnn_model m; ingot_error e; printf("%d ", cnn_open(&m, 0, &e)); '
                    'puts(e.text); return 0; }\n')
        command("cc", "-I", library, os.path.join(folder, "none.c"), os.path.join(library, "lib", "libcnn.a"), "-o", os.path.join(folder, "none"))
        said = command(os.path.join(folder, "none")).decode()
        require(said.startswith("7 weights: "), f"without a path it says '{said}'")

    def large_weights(self):
        """More than 2 GiB: time and memory of the compilation, and results, embedded and as a file."""
        if os.environ.get("INGOT_LARGE_WEIGHTS") != "1":
            raise NotRun("INGOT_LARGE_WEIGHTS is not 1")
        folder = self.folder("large")
        path = os.path.join(folder, "large.onnx")
        models.write_large(path)
        x, wanted = models.large_run()
        for form in ("file", "embed"):
            library = os.path.join(folder, form)
            started = time.monotonic()
            said = command("/usr/bin/env", "python3", "-c", PEAK, self.ingot, "compile", path, "--name", "large", "-o", library, "--quiet", "--target",
                           "x86-64-v3", "--weights", form).decode()
            print(f"         large weights, {form}: compiled in {time.monotonic() - started:.0f} s, {said.strip()}", flush=True)
            with open(os.path.join(folder, "case.h"), "w", encoding="utf-8") as f:
                f.write(glue(library, "large"))
            runs_file(os.path.join(folder, "runs"), models.Case("large", None, [], [({}, [x], [wanted])]), [])
            program = os.path.join(folder, "program")
            command("c++", *HOST, "-I", folder, "-I", library, "-I", HERE, os.path.join(HERE, "host.cpp"), os.path.join(HERE, "heap.cpp"),
                    os.path.join(library, "ingot", "pool.cpp"), os.path.join(library, "lib", "liblarge.a"), "-lm", "-lpthread", "-o", program)
            if form == "embed":
                require(b".lrodata" in command("readelf", "-SW", program), "the weights are in no large section")
            started = time.monotonic()
            written = command(program, os.path.join(folder, "runs"), os.path.join(library, "weights", "large.weights"), "threads")
            print(f"         large weights, {form}: {time.monotonic() - started:.1f} s of runs", flush=True)
            Results(written).expect_all(models.Case("large", None, [], [({}, [x], [wanted])]))
            shutil.rmtree(library)
            os.remove(program)
        shutil.rmtree(folder)

    def reproducible(self):
        """Two folders of one model, from other paths, at another time, with other numbers of jobs."""
        for name in ("cnn", "decoder"):
            one, two = self.folder("same", name, "one"), self.folder("same", name, "a longer", "path")
            first = self.compile(one, name)
            os.makedirs(os.path.join(two, "tmp"))
            model = self.model(two, name)
            os.utime(model, (1, 1))
            # taskset leaves the compiler one processor, so that it makes one job
            limited = ("taskset", "-c", str(min(os.sched_getaffinity(0)))) if shutil.which("taskset") else ()
            command(*limited, self.ingot, "compile", os.path.basename(model), "--quiet", "--target", "x86-64-v3", *self.case(name).options, cwd=two,
                    env={**os.environ, "TMPDIR": os.path.join(two, "tmp"), "TZ": "Asia/Tokyo", "LC_ALL": "C"})
            command("diff", "-r", first, os.path.join(two, name))

    def overflow(self):
        """Sizes that no memory can have are refused, those below are right."""
        folder = self.folder("overflow")
        for name in ("mlp", "cnn", "picks"):
            library = self.compile(folder, name, bounds=False)
            dims = dim_names(library, name)
            with open(os.path.join(library, "report", "report.json"), encoding="utf-8") as f:
                formula = json.load(f)["workspace_bytes"]
            with open(os.path.join(folder, "query.c"), "w", encoding="utf-8") as f:
                f.write(f'''#include "{name}.h"
#include <stdio.h>
int main(void) {{
  long long v[8] = {{0}};
  {name}_limits limits;
  ingot_sizes sizes;
  ingot_error error;
  while (scanf("{'%lld ' * len(dims)}", {', '.join(f'&v[{i}]' for i in range(len(dims)))}) == {len(dims)}) {{
    int status;
    {' '.join(f'limits.{d} = v[{i}];' for i, d in enumerate(dims))}
    status = {name}_query(&limits, &sizes, &error);
    printf("%d %llu %s\\n", status, (unsigned long long)sizes.workspace, error.text);
  }}
  return 0;
}}
''')
            command("cc", "-I", library, os.path.join(folder, "query.c"), os.path.join(library, "lib", f"lib{name}.a"), "-lm", "-lpthread", "-o",
                    os.path.join(folder, "query"))
            rng = np.random.default_rng(3)
            rows = [[int(2**rng.uniform(0, 63)) for _ in dims] for _ in range(200)] + [[2**63 - 1] * len(dims), [1] * len(dims)]
            lines = command(os.path.join(folder, "query"), input="".join(" ".join(map(str, row)) + "\n" for row in rows).encode()).decode().splitlines()
            require(len(lines) == len(rows), "N_query ended early")
            refusals = 0
            for row, line in zip(rows, lines):
                status, size, text = line.split(" ", 2)
                true = evaluate(formula, dict(zip(dims, row)))
                if status == "0":
                    require(int(size) == true, f"{name} {row}: {size} bytes, expected {true}")
                else:
                    refusals += 1
                    require(status == "3" and "overflows" in text and true >= 2**62, f"{name} {row}: status {status} '{text}', {true} bytes")
            require(0 < refusals < len(rows), f"{refusals} of {len(rows)} sizes overflow")


    def readme_programs(self):
        """The program in a library's README runs as it stands: N_query counts what templates take of the workspace while they run."""
        folder = self.folder("readme")
        for name, text in models.SCRATCH.items():
            path, library = os.path.join(folder, name + ".onnx"), os.path.join(folder, name)
            onnx.save(onnx.parser.parse_model(f'<ir_version: 10, opset_import: ["": 20, "ai.onnx.ml": 5]> {name} {text}'), path)
            command(self.ingot, "compile", path, "-o", library, "--quiet", "--target", "x86-64-v3")
            with open(os.path.join(library, "README.md"), encoding="utf-8") as f:
                readme = f.read()
            with open(os.path.join(folder, "main.cpp"), "w", encoding="utf-8") as f:
                f.write(re.search(r"```cpp\n(.*?)```", readme, re.S)[1])
            command("c++", *HOST, "-I", library, os.path.join(folder, "main.cpp"), os.path.join(library, "lib", f"lib{name}.a"), "-lm", "-lpthread",
                    "-o", os.path.join(folder, "main"))
            command(os.path.join(folder, "main"))
            require(("depends on the data" in readme) == (name in models.UNKNOWN), f"{name}: what the README says of the workspace")

    # -- what the tool says of a library --

    def profile(self, name, target, *options):
        """Each step of a run is measured, the library left as it is."""
        folder, case = self.folder("profile", f"{name}-{target}"), self.case(name)
        cross = ("--cxx", tool("aarch64-linux-gnu-g++")) if target == "aarch64" else ()
        if cross:
            tool("qemu-aarch64")
        library = self.compile(folder, name, "--target", target, *cross)
        before = {path: os.stat(os.path.join(library, path)).st_mtime_ns for path in os.listdir(library)}
        names = [i.name for i in case.model.graph.input]
        states = [o.split("=")[0] for flag, o in zip(case.options, case.options[1:]) if flag == "--state"]
        profiles.write_data(os.path.join(folder, "data"), case.model, case.runs[0][1], [n for n in names if any(
            re.fullmatch(re.escape(s).replace(r"\*", ".*"), n) for s in states)])
        bench = lambda *more: command(self.ingot, "bench", library, "--data", os.path.join(folder, "data"), "--profile", "--seconds", "0.05", *options, *more,
                                      env={**os.environ, "INGOT_CACHE_DIR": os.path.join(folder, "cache")}).decode()
        wrong, steps = profiles.problems(bench("--json"), library, case.model)
        require(not wrong, "; ".join(wrong))
        require(any(s["calls"] == 1 for s in steps), "no step is done")
        table = bench().splitlines()
        head = next(i for i, line in enumerate(table) if line.startswith(" share"))
        shown = table[head + 1:head + 1 + min(len(steps), 20)]
        require(len(shown) == min(len(steps), 20) and all(re.match(r"[ \d]{3}\.\d% ", line) for line in shown), f"the table is {table}")
        require(re.match(rf"{len(steps)} steps? .* ms \(.*%\), between them .* with probes .* without$", table[-1]), f"the last line is {table[-1]}")
        require(before == {path: os.stat(os.path.join(library, path)).st_mtime_ns for path in os.listdir(library)}, "the library has changed")

    def profile_control(self):
        """Steps in loops and branches count as often as they are done; the model's own folder and its library say the same."""
        folder = self.folder("profile", "control")
        model, path, library = profiles.control(), os.path.join(folder, "control.onnx"), os.path.join(folder, "control")
        onnx.save(model, path)
        command(self.ingot, "compile", path, "-o", library, "--quiet", "--target", "x86-64-v3")
        env = {**os.environ, "INGOT_CACHE_DIR": os.path.join(folder, "cache")}
        for flag in (True, False):
            data = os.path.join(folder, f"data_{flag}")
            profiles.write_data(data, model, profiles.control_inputs(flag))
            counts = []
            for what in (path, library):
                printed = command(self.ingot, "bench", what, "--data", data, "--profile", "--json", "--seconds", "0.02", env=env)
                wrong, steps = profiles.problems(printed, library, model)
                require(not wrong, "; ".join(wrong))
                counts.append([s["calls"] for s in steps])
                calls = lambda label: {s["calls"] for s in steps if any(label in n for n in s["nodes"])}
                require(calls("(Exp)") == {int(flag)} and calls("(Tanh)") == {int(not flag)}, f"{flag}: branches are done {counts[-1]} times")
                require(calls("(Add)") == {profiles.COUNT}, f"the loop's body is done {counts[-1]} times, not {profiles.COUNT}")
            require(counts[0] == counts[1], f"the model does {counts[0]}, its library {counts[1]}")


def evaluate(formula, values):
    """A size formula in integers without bounds."""
    functions = {"min": min, "max": max, "floordiv": lambda a, b: a // b if b else 0, "ceildiv": lambda a, b: -(-a // b) if b else 0,
                 "mod": lambda a, b: a % b if b else 0, "align": lambda a: -(-a // 64) * 64}
    return eval(formula, {"__builtins__": {}}, {**functions, **values})  # text that the compiler wrote


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ingot", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--check", action="append", help="only checks whose name matches this regular expression (repeatable)")
    args = parser.parse_args()
    suite = Suite(args.ingot, args.work)
    checks = {}
    for name in models.ALL:
        checks["promises " + name] = (suite.promises, name)
        checks["addresses " + name] = (suite.addresses, name)
    for name in ("cnn", "decoder", "picks"):
        checks["races " + name] = (suite.races, name)
    for name in ("cnn", "decoder", "picks", "text", "halves"):
        for target in ("x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"):
            checks[f"symbols {name} {target}"] = (suite.symbols, name, target)
    for name, target, *options in (("cnn", "x86-64-v3", "--threads", "2"), ("cnn", "x86-64-v2,x86-64-v3"), ("cnn", "aarch64"), ("decoder", "x86-64-v3"),
                                   ("recall", "x86-64-v3"), ("picks", "x86-64-v3")):
        checks[f"profile {name} {target}"] = (suite.profile, name, target, *options)
    for function in (suite.profile_control, suite.headers, suite.contract, suite.foreign, suite.lesser_cpu, suite.plugin, suite.weights, suite.large_weights, suite.reproducible, suite.overflow, suite.readme_programs):
        checks[function.__name__.replace("_", " ")] = (function,)
    for name in list(checks):
        if args.check and not any(re.search(pattern, name) for pattern in args.check):
            del checks[name]

    counts = {"passed": 0, "FAILED": 0, "not run": 0}

    def perform(check):
        name, (function, *arguments) = check
        try:
            function(*arguments)
            return "passed", name, ""
        except NotRun as reason:
            return "not run", name, f": {reason}"
        except (Failure, subprocess.TimeoutExpired) as error:
            return "FAILED", name, f": {error}"
        except Exception:  # a check that breaks has failed, and the others go on
            return "FAILED", name, ": " + traceback.format_exc()

    with concurrent.futures.ThreadPoolExecutor(args.jobs) as workers:
        for outcome, name, why in workers.map(perform, checks.items()):
            counts[outcome] += 1
            print(f"{outcome:8} {name}{why}", flush=True)
    print(f"{counts['passed']} passed, {counts['FAILED']} failed" + (f", {counts['not run']} not run" if counts["not run"] else ""))
    return 1 if counts["FAILED"] else 0


if __name__ == "__main__":
    sys.exit(main())
