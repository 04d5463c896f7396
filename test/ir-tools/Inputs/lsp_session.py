"""lsp_session.py SERVER: an editor's session with the language server, over its stdin and stdout."""
import json
import subprocess
import sys

GOOD = """nn.weight @w tensor<2x3xf32> "" {fill = "iota"}
func.func @f(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  %w = nn.get_weight @w : tensor<2x3xf32>
  %y = nn.add %x, %w : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  return %y : tensor<2x3xf32>
}
"""
# The result of the addition has another shape than its operands; nn.sub_ is no operator.
BAD = GOOD.replace("-> tensor<2x3xf32>", "-> tensor<2x4xf32>").replace("return %y : tensor<2x3xf32>", "return %y : tensor<2x4xf32>")
UNKNOWN = GOOD.replace("nn.add", "nn.sub_")


class Editor:
    def __init__(self, server):
        self.server = subprocess.Popen([server], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.count = 0

    def send(self, method, **params):
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        if not method.startswith("textDocument/did") and method not in ("initialized", "exit"):
            self.count += 1
            message["id"] = self.count
        body = json.dumps(message).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.server.stdin.flush()

    def read(self):
        length = 0
        while (line := self.server.stdout.readline()) not in (b"\r\n", b"\n"):
            assert line, "the server has ended"
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(self.server.stdout.read(length))

    def ask(self, method, **params):
        self.send(method, **params)
        while (answer := self.read()).get("id") != self.count:
            pass
        assert "error" not in answer, answer
        return answer["result"]

    def open(self, name, text):
        """The diagnostics of a new document."""
        uri = f"file:///{name}.mlir"
        self.send("textDocument/didOpen", textDocument={"uri": uri, "languageId": "mlir", "version": 1, "text": text})
        while (note := self.read()).get("method") != "textDocument/publishDiagnostics" or note["params"]["uri"] != uri:
            pass
        return note["params"]["diagnostics"]

    def at(self, method, name, text, word):
        """Asks about the first occurrence of a word."""
        line = next(i for i, l in enumerate(text.splitlines()) if word in l)
        return self.ask("textDocument/" + method, textDocument={"uri": f"file:///{name}.mlir"},
                        position={"line": line, "character": text.splitlines()[line].index(word)})


editor = Editor(sys.argv[1])
can = editor.ask("initialize", processId=None, rootUri=None, capabilities={})["capabilities"]
assert can["hoverProvider"] and can["definitionProvider"], can
editor.send("initialized")

assert editor.open("good", GOOD) == []
for name, text, line in (("bad", BAD, 3), ("unknown", UNKNOWN, 3)):
    for found in editor.open(name, text):
        print(f"{name}: line {found['range']['start']['line']}: {found['message']}")
        assert found["range"]["start"]["line"] == line, found

hover = editor.at("hover", "good", GOOD, "nn.add")["contents"]["value"]
print("hover:", " ".join(hover.split()))
definition, = editor.at("definition", "good", GOOD, "%w : ")
print("definition: line", definition["range"]["start"]["line"])
assert definition["uri"] == "file:///good.mlir"

editor.ask("shutdown")
editor.send("exit")
assert editor.server.wait(timeout=60) == 0
