"""What the tool says of a library: profiles of its runs, the program in its README."""
import os
import re

import onnx

import models
import profiles
from suite import HOST, Suite, command, require, tool


class ToolChecks(Suite):
    def checks(self):
        """What is called with which arguments, by name."""
        checks = {}
        for name, target, *options in (("cnn", "x86-64-v3", "--threads", "2"), ("cnn", "x86-64-v2,x86-64-v3"), ("cnn", "aarch64"), ("decoder", "x86-64-v3"),
                                       ("recall", "x86-64-v3"), ("picks", "x86-64-v3")):
            checks[f"profile {name} {target}"] = (self.profile, name, target, *options)
        for function in (self.profile_control, self.readme_programs):
            checks[function.__name__.replace("_", " ")] = (function,)
        return checks

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
