//===- Process.cpp - Child processes and temporary folders ------------------------------------------------===//

#include "codegen/package/Process.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/Signals.h"

#include <chrono>
#include <csignal>
#include <mutex>
#include <set>
#include <thread>
#include <unistd.h>

using namespace llvm;

namespace ingot::package {

namespace {
constexpr int exitInterrupted = 130, exitInternal = 70;

/// What has to go when the program ends.
struct Registry {
  std::mutex mutex;
  std::set<std::string> folders;
  std::set<sys::procid_t> children;
  int wakeUp[2] = {-1, -1}; // signal handlers write to it; a thread reads
};
} // namespace

static Registry &registry() {
  static Registry *one = new Registry; // outlives every thread
  return *one;
}

//===----------------------------------------------------------------------===//
// Folders
//===----------------------------------------------------------------------===//

TemporaryFolder::TemporaryFolder(StringRef path) : folder(path) {
  std::lock_guard<std::mutex> lock(registry().mutex);
  registry().folders.insert(folder);
}

Expected<TemporaryFolder> TemporaryFolder::create(StringRef prefix) {
  SmallString<128> path;
  if (std::error_code code = sys::fs::createUniqueDirectory(prefix, path))
    return createStringError(code, "cannot make a temporary folder: " + code.message());
  return TemporaryFolder(path);
}

Expected<TemporaryFolder> TemporaryFolder::createAt(StringRef path) {
  if (std::error_code code = sys::fs::create_directory(path, /*IgnoreExisting=*/false, sys::fs::all_all))
    return createStringError(code, "cannot make " + path + ": " + code.message());
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  if (folder.empty())
    return;
  sys::fs::remove_directories(folder);
  release();
}

void TemporaryFolder::release() {
  std::lock_guard<std::mutex> lock(registry().mutex);
  registry().folders.erase(folder);
  folder.clear();
}

//===----------------------------------------------------------------------===//
// Children
//===----------------------------------------------------------------------===//

int runProcess(ArrayRef<StringRef> args, ArrayRef<std::optional<StringRef>> redirects, std::string *message) {
  Registry &r = registry();
  sys::ProcessInfo child;
  {
    // A session of its own makes a group of the child and its children (cc1plus, as), which can be ended together.
    std::lock_guard<std::mutex> lock(r.mutex);
    bool handled = r.wakeUp[1] >= 0, failed = false;
    child = sys::ExecuteNoWait(args.front(), args, std::nullopt, redirects, 0, message, &failed, nullptr,
                               /*DetachProcess=*/handled);
    if (failed)
      return -1;
    r.children.insert(child.Pid);
  }
  int code = sys::Wait(child, std::nullopt, message).ReturnCode;
  // While the program is being ended, this waits for the end: what the child left unfinished is nobody's error.
  std::lock_guard<std::mutex> lock(r.mutex);
  r.children.erase(child.Pid);
  return code;
}

//===----------------------------------------------------------------------===//
// The end
//===----------------------------------------------------------------------===//

static bool isAlive(sys::procid_t group) { return kill(-group, 0) == 0; }

/// Ends the children, removes the folders, ends the program.
[[noreturn]] static void endProgram(int code) {
  Registry &r = registry();
  r.mutex.lock(); // for good: nothing is begun any more
  for (sys::procid_t child : r.children)
    kill(-child, SIGTERM); // compilers remove their own temporary files
  for (int wait = 0; wait < 100 && any_of(r.children, isAlive); ++wait)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  for (sys::procid_t child : r.children)
    kill(-child, SIGKILL);
  for (const std::string &folder : r.folders)
    sys::fs::remove_directories(folder);
  _exit(code);
}

static void wake(int code) {
  char byte = char(code);
  (void)!write(registry().wakeUp[1], &byte, 1);
}

/// Runs in a signal handler of a thread that cannot go on.
static void crashed(void *) {
  static const char text[] = "ingot: internal error: the compiler crashed; this is a bug, please report it with the "
                             "model's operators\n";
  (void)!write(STDERR_FILENO, text, sizeof text - 1);
  if (getenv("INGOT_STACK_TRACE"))
    sys::PrintStackTrace(errs());
  wake(exitInternal);
  sleep(4); // the other thread ends the program; it cannot where this one holds a lock that it needs
  _exit(exitInternal);
}

static void fatal(void *, const char *reason, bool) {
  errs() << "ingot: internal error: " << reason << "\n";
  wake(exitInternal);
  sleep(4);
  _exit(exitInternal);
}

void handleInterrupts() {
  Registry &r = registry();
  if (pipe(r.wakeUp))
    return;
  std::thread([&r] {
    unsigned char code = 0;
    while (read(r.wakeUp[0], &code, 1) != 1)
      ;
    endProgram(code);
  }).detach();
  sys::SetInterruptFunction([] { wake(exitInterrupted); });
  sys::AddSignalHandler(crashed, nullptr);
  install_fatal_error_handler(fatal);
  install_bad_alloc_error_handler(fatal);
  signal(SIGXFSZ, SIG_IGN); // a file grew too large: the write fails and says so
}

} // namespace ingot::package
