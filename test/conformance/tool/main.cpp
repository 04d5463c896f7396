//===- main.cpp - ingot-conformance --------------------------------------------------------===//
//
//   ingot-conformance --list LIST --out OUT --results RESULTS [--jobs N] [--timeout S]
//
// The protocol is described in test/conformance/README.md.
//
//===----------------------------------------------------------------------------------------===//
#include "Tool.h"
#include "llvm/Support/JSON.h"
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <filesystem>
#include <sstream>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace fs = std::filesystem;

namespace ingot::conformance {

const char *const stageNames[] = {"import", "nn", "kernel", "plan", "print"};
static constexpr int batchSize = 32;

std::string Session::name(int index) const { return fs::path(cases[index]).filename().string(); }

static void append(const std::string &path, llvm::json::Object line) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::json::Value(std::move(line)) << "\n";
  int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (write(fd, text.data(), text.size()) != ssize_t(text.size()))
    _exit(1);
  close(fd);
}

void Session::begin(int index) const {
  progress[index].state = int(State::Begun);
  append(results, llvm::json::Object{{"case", name(index)}, {"event", "begin"}});
}

void Session::end(int index, const std::string &status, const std::string &stage, const std::string &reason) const {
  append(results, llvm::json::Object{{"case", name(index)}, {"status", status}, {"stage", stage}, {"reason", llvm::json::fixUTF8(reason)}});
  progress[index].state = int(State::Ended);
}

Files::Files(const std::string &folder, int index) : id("c_" + std::to_string(index)) {
  std::string base = folder + "/" + id;
  source = base + ".cpp";
  includes = base + ".includes";
  weights = base + ".weights";
  script = base + ".script";
  outputs = base + ".outputs";
  saved = base + ".out";
}

/// Compiles cases [begin, end) in child processes; a crash or a hang ends one child and one case.
static void compileCases(const Session &s, int begin, int end, const std::string &folder) {
  while (begin < end) {
    pid_t pid = fork();
    if (pid == 0) {
      for (int i = begin; i < end; ++i) {
        s.begin(i);
        compileCase(s, i, folder);
      }
      _exit(0);
    }
    int status = 0, current = begin;
    bool late = false;
    for (double since = now(); waitpid(pid, &status, WNOHANG) == 0; usleep(3000)) {
      int at = current;
      while (at < end && s.progress[at].state > int(State::Begun))
        ++at;
      if (at != current)
        current = at, since = now();
      if (now() - since > s.timeout && !late) {
        late = true;
        kill(pid, SIGKILL);
      }
    }
    while (current < end && s.progress[current].state > int(State::Begun))
      ++current;
    if (current == end)
      return;
    const char *stage = stageNames[s.progress[current].stage];
    if (s.progress[current].state == int(State::None))
      s.begin(current);
    if (late)
      s.end(current, "timeout", stage, "compiling takes too long");
    else if (WIFSIGNALED(status))
      s.end(current, "compile_error", stage, "crashed: " + signalName(WTERMSIG(status)));
    else
      s.end(current, "compile_error", stage, "crashed: exit code " + std::to_string(WEXITSTATUS(status)));
    begin = current + 1;
  }
}

static void buildAndRun(const Session &s, std::vector<int> cases, const std::string &folder) {
  static int programs = 0;
  std::string program = folder + "/program" + std::to_string(programs++);
  while (!cases.empty()) {
    size_t before = cases.size();
    if (buildBatch(s, cases, folder, program))
      return runBatch(s, cases, folder, program);
    if (cases.size() < before)
      continue; // without those that the compiler complained about
    size_t half = cases.size() / 2;
    buildAndRun(s, {cases.begin(), cases.begin() + half}, folder);
    return buildAndRun(s, {cases.begin() + half, cases.end()}, folder);
  }
}

static void work(const Session &s) {
  int size = std::clamp<int>((s.cases.size() + s.jobs - 1) / s.jobs, 1, batchSize);
  for (;;) {
    int begin = s.next->fetch_add(size), end = std::min<int>(begin + size, s.cases.size());
    if (begin >= end)
      return;
    std::string folder = s.work + "/b" + std::to_string(begin);
    fs::create_directories(folder);
    compileCases(s, begin, end, folder);
    std::vector<int> ready;
    for (int i = begin; i < end; ++i)
      if (s.progress[i].state == int(State::Ready))
        ready.push_back(i);
    buildAndRun(s, ready, folder);
    if (!getenv("INGOT_CONFORMANCE_KEEP"))
      fs::remove_all(folder);
  }
}

static int run(int argc, char **argv) {
  Session s;
  std::string list;
  for (int i = 1; i + 1 < argc; i += 2) {
    std::string option = argv[i], value = argv[i + 1];
    if (option == "--list")
      list = value;
    else if (option == "--out")
      s.out = value;
    else if (option == "--results")
      s.results = value;
    else if (option == "--jobs")
      s.jobs = std::max(1, std::atoi(value.c_str()));
    else if (option == "--timeout")
      s.timeout = std::atof(value.c_str());
    else
      list.clear(), i = argc;
  }
  if (list.empty() || s.out.empty() || s.results.empty()) {
    std::fprintf(stderr, "usage: ingot-conformance --list LIST --out OUT --results RESULTS [--jobs N] [--timeout S]\n");
    return 2;
  }
  std::stringstream lines(readText(list));
  for (std::string line; std::getline(lines, line);)
    if (!line.empty())
      s.cases.push_back(line);
  size_t bytes = sizeof(std::atomic<int>) + s.cases.size() * sizeof(Progress);
  void *memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); // all zero
  if (memory == MAP_FAILED)
    return 1;
  s.next = static_cast<std::atomic<int> *>(memory);
  s.progress = reinterpret_cast<Progress *>(s.next + 1);
  s.results = fs::absolute(s.results);
  s.out = fs::absolute(s.out);
  s.objects = (fs::path(s.results).parent_path() / "objects").string();
  std::string work = (fs::temp_directory_path() / "ingot-conformance-XXXXXX").string();
  if (!mkdtemp(work.data()))
    return 1;
  s.work = work;
  if (!buildCommon(s)) {
    std::fprintf(stderr, "ingot-conformance: cannot build the runner, see %s\n", s.objects.c_str());
    return 1;
  }
  std::vector<pid_t> workers;
  for (int i = 0; i < s.jobs; ++i) {
    pid_t pid = fork();
    if (pid == 0) {
      conformance::work(s);
      _exit(0);
    }
    workers.push_back(pid);
  }
  int failed = 0;
  for (pid_t pid : workers) {
    int status = 0;
    waitpid(pid, &status, 0);
    failed |= status != 0;
  }
  if (!getenv("INGOT_CONFORMANCE_KEEP"))
    fs::remove_all(s.work);
  return failed;
}

} // namespace ingot::conformance

int main(int argc, char **argv) { return ingot::conformance::run(argc, argv); }
