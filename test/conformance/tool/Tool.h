//===- Tool.h - ingot-conformance: compiles and runs many small models at once -------------===//
//
// A worker takes batches of cases. A child process compiles the cases of a batch up to their sources, so that a crash
// costs one case; all sources become one translation unit, in a namespace a case; one program runs all of them.
//
//===----------------------------------------------------------------------------------------===//
#ifndef INGOT_TEST_CONFORMANCE_TOOL_H
#define INGOT_TEST_CONFORMANCE_TOOL_H

#include <atomic>
#include <string>
#include <vector>

namespace ingot::conformance {

enum class State : int { None, Begun, Ready, Ended };

/// What a worker and the child that compiles for it share, one entry a case.
struct Progress {
  std::atomic<int> state{0}; // State
  std::atomic<int> stage{0}; // index into stageNames
};
extern const char *const stageNames[]; // import, nn, kernel, plan, print

struct Session {
  std::vector<std::string> cases; // folders
  std::string out, results, work; // work: temporary, of this process
  std::string objects;            // runner.o and pool.o, kept between runs
  std::string cxx;
  int jobs = 1;
  double timeout = 120;
  Progress *progress = nullptr;     // in shared memory
  std::atomic<int> *next = nullptr; // the batch that is handed out next

  std::string name(int index) const; // of the case
  void begin(int index) const;
  void end(int index, const std::string &status, const std::string &stage, const std::string &reason) const;
};

/// Names of the files of one case, in the folder of its batch.
struct Files {
  Files(const std::string &folder, int index);
  std::string id;                                 // "c_12", the library's name, too
  std::string source, includes, weights, script;  // the sources as one text; what they include; weight bytes; a line for the runner
  std::string outputs;                            // a line an output: kind, index, whether it is an optional sequence
  std::string saved;                              // folder for the runner's results
};

/// Compiles a case to its sources and prepares its run; reports a failure itself.
void compileCase(const Session &session, int index, const std::string &folder);
/// Builds one program of the cases, reporting those that fail; `cases` becomes what is in the program.
bool buildBatch(const Session &session, std::vector<int> &cases, const std::string &folder, const std::string &program);
/// Builds what all programs share.
bool buildCommon(Session &session);
/// Runs the cases of a program and reports them.
void runBatch(const Session &session, const std::vector<int> &cases, const std::string &folder, const std::string &program);

//===- Process.cpp ---------------------------------------------------------------------------===//

std::string readText(const std::string &path);
void writeText(const std::string &path, const std::string &text);
/// Runs a command with stdout and stderr going to `log`; its exit code, -signal, or 124 after `seconds`.
int command(const std::vector<std::string> &args, const std::string &log, double seconds);
std::string signalName(int number);
double now();
std::string replaceAll(std::string text, const std::string &from, const std::string &to);

} // namespace ingot::conformance
#endif
