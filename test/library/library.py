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
from suite import HERE, HOST, SANITIZERS, Failure, NotRun, Results, Suite, attempt, command, dim_names, glue, require, runs_file, tool
from tool_checks import ToolChecks

STRICT = ["-Wall", "-Wextra", "-pedantic", "-Wshadow", "-Wconversion", "-Werror"]
ASAN = ["-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
TSAN = ["-fsanitize=thread"]
# Runs a command and says the most memory that it or one of its children took, pages of mapped files among it.
PEAK = ("import resource, subprocess, sys; code = subprocess.run(sys.argv[1:]).returncode; "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, 'MiB at most'); sys.exit(code)")


class LibraryChecks(Suite):
    def checks(self):
        """What is called with which arguments, by name."""
        checks = {}
        for name in models.ALL:
            checks["promises " + name] = (self.promises, name)
            checks["addresses " + name] = (self.addresses, name)
        for name in ("cnn", "decoder", "picks"):
            checks["races " + name] = (self.races, name)
        for name in ("cnn", "decoder", "picks", "text", "halves"):
            for target in ("x86-64-v2", "x86-64-v3", "x86-64-v4", "aarch64"):
                checks[f"symbols {name} {target}"] = (self.symbols, name, target)
        for function in (self.headers, self.contract, self.foreign, self.lesser_cpu, self.plugin, self.weights, self.large_weights, self.reproducible,
                         self.overflow):
            checks[function.__name__.replace("_", " ")] = (function,)
        return checks

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
    checks = {name: check for suite in (LibraryChecks, ToolChecks) for name, check in suite(args.ingot, args.work).checks().items()}
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
