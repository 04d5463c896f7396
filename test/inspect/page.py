#!/usr/bin/env python3
"""Opens the pages of `ingot inspect --html` and of compile's report in chromium, clicks, sorts, filters and reads what
they say. Without chromium and its driver the tests are reported as not run."""
import argparse
import json
import os
import shutil
import subprocess
import sys
import traceback

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

EVIL = """</script><script>window.injected=1</script><!--&amp;"'é日本"""


def small_model(path):
    """A convolution with an epilogue, a branch by data, and names that are markup."""
    rng = np.random.default_rng(1)
    weight = lambda name, *dims: numpy_helper.from_array(rng.standard_normal(dims, dtype=np.float32), name)
    value = helper.make_tensor_value_info

    def branch(name, op):
        return helper.make_graph([helper.make_node(op, ["p"], [name], name=f"{name} <{op}>")], name, [],
                                 [value(name, TensorProto.FLOAT, None)])

    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], name=EVIL, pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"], name="relu & more"),
        helper.make_node("GlobalAveragePool", ["r"], ["g"], name="pool"),
        helper.make_node("Flatten", ["g"], ["p"], name="flatten"),
        helper.make_node("If", ["flag"], ["q"], name="choose", then_branch=branch("t", "Exp"), else_branch=branch("e", "Neg")),
        helper.make_node("Gemm", ["q", "m", "n"], ["y"], name="gemm"),
    ]
    graph = helper.make_graph(nodes, "small", [value("x", TensorProto.FLOAT, ["batch", 3, 8, 8]), value("flag", TensorProto.BOOL, [])],
                              [value("y", TensorProto.FLOAT, ["batch", 5])],
                              [weight("w", 16, 3, 3, 3), weight("b", 16), weight("m", 16, 5), weight("n", 5)])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def long_model(path, count=1500):
    """A chain with a connection over three nodes now and then."""
    nodes, last, old = [], "x", "x"
    for i in range(count):
        if i % 3:
            nodes.append(helper.make_node("Tanh", [last], [f"v{i}"], name=f"node_{i}"))
        else:
            nodes.append(helper.make_node("Add", [last, old], [f"v{i}"], name=f"node_{i}"))
            old = f"v{i}"
        last = f"v{i}"
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "long", [value("x", TensorProto.FLOAT, [4])], [value(last, TensorProto.FLOAT, [4])])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


class Browser:
    def __init__(self, driver_path, browser_path):
        from selenium import webdriver
        options = webdriver.ChromeOptions()
        options.binary_location = browser_path
        for flag in ("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1400,1000", "--hide-scrollbars"):
            options.add_argument(flag)
        if os.geteuid() == 0:
            options.add_argument("--no-sandbox")  # chromium's demand of root
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(executable_path=driver_path))

    def open(self, path):
        self.driver.get("file://" + os.path.abspath(path))

    def all(self, css):
        return self.driver.find_elements("css selector", css)

    def one(self, css):
        found = self.all(css)
        assert len(found) == 1, f"{len(found)} elements for {css}"
        return found[0]

    def text(self, css):
        return self.one(css).text

    def click(self, css):
        self.one(css).click()

    def type(self, css, text):
        field = self.one(css)
        field.clear()
        field.send_keys(text)

    def keys(self, css, *keys):
        self.one(css).send_keys(*keys)

    def column(self, table, k):
        return [cell.text for cell in self.all(f"#{table} tbody td:nth-child({k})")]

    def script(self, text, *args):
        return self.driver.execute_script(text, *args)

    def node(self, name):
        """Clicks the middle of a node's box, as a user would."""
        from selenium.webdriver.common.action_chains import ActionChains
        box = next(e for e in self.all("#canvas [data-node]") if e.get_attribute("data-node") == name)
        ActionChains(self.driver).move_to_element(box.find_element("css selector", "rect")).click().perform()

    def check_console(self):
        said = [e for e in self.driver.get_log("browser") if e["level"] in ("SEVERE", "WARNING")]
        assert not said, said


def equal(got, want):
    assert got == want, f"{got!r}, expected {want!r}"


def contains(text, *parts):
    for part in parts:
        assert part in text, f"no {part!r} in {text!r}"


class Tests:
    def __init__(self, browser, ingot, work):
        self.browser, self.ingot, self.work = browser, ingot, work
        self.small, self.long = os.path.join(work, "small.onnx"), os.path.join(work, "long.onnx")
        small_model(self.small)
        long_model(self.long)
        self.page, self.long_page = os.path.join(work, "small.html"), os.path.join(work, "long.html")
        self.run("inspect", self.small, "--html", self.page)
        self.run("inspect", self.long, "--html", self.long_page)

    def run(self, *args):
        return subprocess.run([self.ingot, *args], check=True, capture_output=True, text=True).stdout

    def test_totals_and_interface(self):
        b = self.browser
        b.open(self.page)
        equal(b.text("h1"), "small.onnx")
        contains(b.text("#subtitle"), "for x86-64-v3", "opset 21")
        equal(b.text("#tile-nodes b"), "8")
        equal(b.text("#tile-parameters b").replace("\u202f", " "), "533")  # 432 + 16 + 80 + 5
        b.click("#tab-interface")
        equal(b.column("input-table", 1), ["x", "flag"])
        equal(b.column("input-table", 3), ["batch × 3 × 8 × 8", "scalar"])
        equal(b.column("output-table", 3), ["batch × 5"])
        equal(b.column("symbol-table", 1), ["batch"])
        b.click("#tab-weights")
        equal(b.column("weight-table", 1), ["w", "m", "b", "n"])  # the largest first

    def test_a_node_is_described(self):
        b = self.browser
        b.open(self.page)
        b.node("relu & more")
        equal(b.text("#details-title"), "Relu")
        contains(b.text("#details"), "relu & more", "ai.onnx", "14", "f32[batch, 16, 8, 8]", "KERNELS")
        # The convolution and the relu are one kernel.
        kernel = b.all("#details li .link")[-1]
        kernel.click()
        equal(b.one("#tab-kernels").get_attribute("aria-selected"), "true")
        contains(b.text("#step-table tr.chosen"), "relu & more", EVIL)

    def test_names_are_text(self):
        b = self.browser
        b.open(self.page)
        b.node(EVIL)
        equal(b.text("#details-title"), "Conv")
        contains(b.text("#details"), EVIL, "pads", "[1, 1, 1, 1]", "448")  # parameters
        equal(b.script("return window.injected"), None)
        equal(len(b.all("script")), 2)

    def test_operators_sort_and_filter(self):
        b = self.browser
        b.open(self.page)
        b.click("#tab-operators")
        equal(sorted(b.column("operator-table", 1)), ["Conv", "Exp", "Flatten", "Gemm", "GlobalAveragePool", "If", "Neg", "Relu"])
        b.click("#operator-table th:nth-child(3) button")  # parameters, the most first
        equal(b.column("operator-table", 1)[:2], ["Conv", "Gemm"])
        equal(b.one("#operator-table th:nth-child(3)").get_attribute("aria-sort"), "descending")
        b.click("#operator-table th:nth-child(1) button")
        equal(b.column("operator-table", 1)[0], "Conv")
        b.click("#operator-table th:nth-child(1) button")
        equal(b.column("operator-table", 1)[0], "Relu")
        b.type("#operator-table-filter", "gem")
        equal(b.column("operator-table", 1), ["Gemm"])
        equal(b.column("operator-table", 2), ["1"])

    def test_numbers_follow_the_dimensions(self):
        b = self.browser
        b.open(self.page)
        one = b.text("#tile-flop b")
        b.type("#symbols input", "1000")
        assert b.text("#tile-flop b") != one, one
        b.click("#tab-operators")
        b.type("#operator-table-filter", "conv")
        # 2 x 16 x 27 x 64 x 1000, and the bias in front of or behind the sums
        work = b.column("operator-table", 4)[0].replace("\u202f", " ")
        assert work in ("55.3 MFLOP", "56.3 MFLOP"), work

    def test_subgraphs_open(self):
        b = self.browser
        b.open(self.page)
        b.node("choose")
        branch = next(e for e in b.all("#details .link") if e.text.startswith("else_branch"))
        branch.click()
        equal([e.get_attribute("data-node") for e in b.all("#canvas [data-node]")], ["e <Neg>"])
        equal(len(b.all("#graph-select option")), 3)

    def test_the_keyboard_goes_along_edges(self):
        from selenium.webdriver.common.keys import Keys
        b = self.browser
        b.open(self.page)
        b.keys("#canvas", Keys.ARROW_DOWN)
        equal(b.text("#details h2"), "x")
        b.keys("#canvas", Keys.ARROW_DOWN)
        equal(b.text("#details h2"), "Conv")
        b.keys("#canvas", Keys.ARROW_DOWN, Keys.ARROW_DOWN)
        equal(b.text("#details h2"), "GlobalAveragePool")
        b.keys("#canvas", Keys.ARROW_UP)
        equal(b.text("#details h2"), "Relu")
        b.keys("#tab-graph", Keys.ARROW_RIGHT)
        equal(b.one("#tab-operators").get_attribute("aria-selected"), "true")

    def test_light_and_dark(self):
        b = self.browser
        b.open(self.page)
        colour = lambda: b.script("return getComputedStyle(document.body).backgroundColor")
        before = colour()
        b.click("#theme")
        assert colour() != before, before

    def test_a_long_graph_is_drawn_in_parts(self):
        from selenium.webdriver.common.keys import Keys
        b = self.browser
        b.open(self.long_page)
        equal(b.text("#tile-nodes b"), "1,500")
        drawn = len(b.all("#canvas [data-box]"))
        assert 0 < drawn < 100, drawn
        b.type("#find", "node_1499")
        equal(b.text("#found"), "1 found")
        b.keys("#find", Keys.ENTER)
        equal(b.text("#details-title"), "Tanh")
        b.click("#fit")
        equal(b.script("return getComputedStyle(document.querySelector('#canvas .far')).display"), "inline")

    def test_the_report_of_compile(self):
        b = self.browser
        folder = os.path.join(self.work, "library")
        again = os.path.join(self.work, "again")
        for f in (folder, again):
            shutil.rmtree(f, ignore_errors=True)
            self.run("compile", self.small, "--emit", "source", "-o", f)
        read = lambda f, name: open(os.path.join(f, "report", name), "rb").read()
        for name in ("report.html", "report.json"):
            equal(read(folder, name) == read(again, name), True)
        report = json.loads(read(folder, "report.json"))
        b.open(os.path.join(folder, "report", "report.html"))
        b.click("#tab-kernels")
        equal(len(b.all("#step-table tbody tr")), len(report["steps"]))
        equal(len(b.all("#kernel-table tbody tr")), len(report["kernels"]))
        b.click("#tab-memory")
        equal(len(b.all("#arena .buffer")), len(report["arena"]))
        equal(len(b.all("#arena-table tbody tr")), len(report["arena"]))
        first = b.all("#arena .buffer")[0]
        first.click()
        contains(b.text("#arena-text"), report["arena"][0]["name"], "steps")
        contains(first.get_attribute("class"), "chosen")
        b.click("#tab-kernels")
        contains(b.text("#kernels .note"), "not measured", "3 GHz", "8 bytes a cycle", "one core")

    def test_buffers_in_the_same_place_live_one_after_the_other(self):
        # All of one size: equal slices of the workspace are one value for the code generator.
        count = 12
        names = ["x", *[f"v{i}" for i in range(count)], "y"]
        weights = [numpy_helper.from_array(np.full((32, 32), 1 / 32, np.float32), f"w{i}") for i in range(count + 1)]
        nodes = [helper.make_node("MatMul", [names[i], f"w{i}"], [names[i + 1]], name=f"mul {i}") for i in range(count + 1)]
        value = lambda name: helper.make_tensor_value_info(name, TensorProto.FLOAT, [8, 32])
        path = os.path.join(self.work, "chain.onnx")
        onnx.save(helper.make_model(helper.make_graph(nodes, "chain", [value("x")], [value("y")], weights),
                                    opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
        page = os.path.join(self.work, "chain.html")
        self.run("inspect", path, "--html", page)
        b = self.browser
        b.open(page)
        b.click("#tab-memory")
        rects = b.script("return [...document.querySelectorAll('#arena .buffer')].map(r => ['x', 'y', 'width', 'height'].map(a => +r.getAttribute(a)))")
        equal(len(rects), count)
        shared = 0
        for i, (x, y, w, h) in enumerate(rects):
            for x2, y2, w2, h2 in rects[:i]:
                beside = x + w <= x2 + 1e-6 or x2 + w2 <= x + 1e-6
                assert beside or y + h <= y2 + 1e-6 or y2 + h2 <= y + 1e-6, rects
                shared += beside and abs(y - y2) < 1e-6
        assert shared, rects

    def test_a_long_description_scrolls(self):
        b = self.browser
        b.open(self.page)
        height = b.one(".stage").size["height"]
        b.node("gemm")
        b.script("document.getElementById('details').append(...Array.from({length: 200}, () => document.createElement('hr')))")
        equal(b.one(".stage").size["height"], height)
        pane = b.script("const d = document.getElementById('details'); return [d.clientHeight, d.scrollHeight]")
        assert pane[0] < pane[1], pane

    def test_a_refused_model_is_drawn(self):
        model = helper.make_model(helper.make_graph(
            [helper.make_node("Relu", ["x"], ["r"], name="before"), helper.make_node("Softmax", ["r"], ["y"], name="refused", axis=7)], "g",
            [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]),
            opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
        path, page = os.path.join(self.work, "refused.onnx"), os.path.join(self.work, "refused.html")
        onnx.save(model, path)
        done = subprocess.run([self.ingot, "inspect", path, "--html", page], capture_output=True, text=True)
        equal(done.returncode, 1)
        contains(done.stderr, "refused")
        b = self.browser
        b.open(page)
        b.node("before")
        contains(b.text("#details"), "f32[2, 3]")
        equal(len(b.all("#tab-kernels")), 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ingot", required=True)
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    names = [n for n in dir(Tests) if n.startswith("test_")]
    driver, chromium = shutil.which("chromedriver"), shutil.which("chromium")
    if not driver or not chromium:
        print(f"no chromium or chromedriver\n0 passed, 0 failed, {len(names)} not run")
        return 0
    browser = Browser(driver, chromium)
    failed = 0
    try:
        tests = Tests(browser, args.ingot, args.work)
        for name in names:
            try:
                getattr(tests, name)()
                browser.check_console()
                print(f"{name}: ok")
            except Exception:
                failed += 1
                print(f"{name}: FAILED")
                traceback.print_exc(file=sys.stdout)
    finally:
        browser.driver.quit()
    print(f"{len(names) - failed} passed, {failed} failed")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
