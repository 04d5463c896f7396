//===- RunBatch.cpp - runs the cases of one program ---------------------------------------------===//
#include "Tool.h"
#include "compiler/driver/Values.h"
#include <algorithm>
#include <array>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <onnx/onnx-data.pb.h>
#include <poll.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace ingot::conformance {

static std::vector<std::string> fields(const std::string &line) {
  std::vector<std::string> out;
  std::stringstream stream(line);
  for (std::string f; std::getline(stream, f, '\t');)
    out.push_back(f);
  return out;
}

/// An optional whose element is a sequence.
static bool writeOptionalSequence(const std::string &path, const TensorValue &value) {
  onnx::OptionalProto o;
  if (value.present) {
    TensorValue sequence = value;
    sequence.kind = package::ValueKind::Sequence;
    if (!writeProto(path, sequence, ""))
      return false;
    o.set_elem_type(onnx::OptionalProto::SEQUENCE);
    o.mutable_sequence_value()->ParseFromString(readText(path));
  }
  std::ofstream file(path, std::ios::binary);
  return o.SerializeToOstream(&file);
}

/// The results of one case; on failure what is wrong.
static std::string convert(const Session &s, int index, const std::string &folder, const std::vector<std::string> &lines) {
  Files files(folder, index);
  std::stringstream described(readText(files.outputs));
  std::vector<std::array<int, 3>> outputs;
  for (std::array<int, 3> o; described >> o[0] >> o[1] >> o[2];)
    outputs.push_back(o);
  std::string target = s.out + "/" + s.name(index);
  std::filesystem::create_directories(target);
  size_t written = 0;
  for (auto &line : lines) {
    auto f = fields(line);
    if (f.size() < 6 || f[0] != "output")
      continue;
    size_t number = std::stoul(f[1]);
    if (number >= outputs.size())
      return "an output too many";
    auto kind = package::ValueKind(outputs[number][0]);
    auto value = readRaw(f[5], kind, std::stoi(f[3]), f[4]);
    if (!value)
      return "an output is cut off";
    std::string path = target + "/output_" + std::to_string(outputs[number][1]) + ".pb";
    bool sequence = outputs[number][2];
    if (kind == package::ValueKind::Optional && !sequence && value->present && value->items.size() != 1)
      return "an optional without its tensor";
    if (!(sequence ? writeOptionalSequence(path, *value) : writeProto(path, *value, "")))
      return "an output cannot be written";
    ++written;
  }
  return written == outputs.size() ? "" : "an output is missing";
}

static std::string afterName(const std::string &text) {
  size_t at = text.find(": ");
  return at == std::string::npos ? text : text.substr(at + 2);
}

/// Reports a case that the runner is done with.
static void finish(const Session &s, int index, const std::string &folder, const std::vector<std::string> &lines, bool ok) {
  std::string reason;
  if (ok) {
    reason = convert(s, index, folder, lines);
    return s.end(index, reason.empty() ? "ok" : "run_error", "run", reason);
  }
  for (auto &line : lines) {
    auto f = fields(line);
    if (f.size() > 1 && f[0] == "error")
      reason = f[1] + (f.size() > 2 ? ": " + afterName(f[2]) : "");
    else if (reason.empty() && line.rfind("runner: ", 0) == 0)
      reason = line.find('/') == std::string::npos ? line : "runner: a file is not what it should be";
  }
  s.end(index, "run_error", "run", reason.empty() ? "failed without a message" : reason);
}

void runBatch(const Session &s, const std::vector<int> &cases, const std::string &folder, const std::string &program) {
  const double limit = std::min(s.timeout, 30.0); // all cases are tiny
  for (size_t first = 0; first < cases.size();) {
    std::string script;
    for (size_t i = first; i < cases.size(); ++i)
      script += readText(Files(folder, cases[i]).script);
    std::string path = program + ".script";
    writeText(path, script);
    int ends[2];
    if (pipe(ends))
      _exit(1);
    pid_t pid = fork();
    if (pid == 0) {
      dup2(ends[1], 1);
      dup2(ends[1], 2);
      close(ends[0]);
      close(ends[1]);
      execl(program.c_str(), program.c_str(), "--script", path.c_str(), nullptr);
      _exit(127);
    }
    close(ends[1]);
    std::string pending;
    std::vector<std::string> lines;
    bool late = false;
    for (double since = now();;) {
      pollfd waiting = {ends[0], POLLIN, 0};
      if (poll(&waiting, 1, 200) > 0) {
        char part[65536];
        ssize_t got = read(ends[0], part, sizeof part);
        if (got <= 0)
          break;
        pending.append(part, got);
        for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1)) {
          std::string line = pending.substr(0, end);
          if (line.rfind("done\t", 0) == 0 && first < cases.size()) {
            finish(s, cases[first++], folder, lines, line.find("\tok") != std::string::npos);
            lines.clear();
            since = now();
          } else {
            lines.push_back(line);
          }
        }
      } else if (now() - since > limit) {
        late = true;
        kill(pid, SIGKILL);
        break;
      }
    }
    close(ends[0]);
    int status = 0;
    waitpid(pid, &status, 0);
    if (first == cases.size())
      return;
    if (late)
      s.end(cases[first++], "timeout", "run", "running takes too long");
    else if (WIFSIGNALED(status))
      s.end(cases[first++], "run_error", "run", "crashed: " + signalName(WTERMSIG(status)));
    else
      s.end(cases[first++], "run_error", "run", "crashed: exit code " + std::to_string(WEXITSTATUS(status)));
  }
}

} // namespace ingot::conformance
