//===- Process.h - Child processes and temporary folders --------------------------------------------------===//
//
// Neither outlives the program: handleInterrupts() ends the children and removes the folders when a signal ends it.
//
//===------------------------------------------------------------------------------------------------------===//
#ifndef INGOT_CODEGEN_PACKAGE_PROCESS_H
#define INGOT_CODEGEN_PACKAGE_PROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace ingot::package {

/// A folder that is removed with everything in it when its owner is done, unless it was renamed into its place.
class TemporaryFolder {
public:
  /// A new one where the system keeps such folders.
  static llvm::Expected<TemporaryFolder> create(llvm::StringRef prefix);
  /// A new one of this path, which must be free.
  static llvm::Expected<TemporaryFolder> createAt(llvm::StringRef path);

  TemporaryFolder(TemporaryFolder &&other) : folder(std::move(other.folder)) { other.folder.clear(); }
  TemporaryFolder &operator=(TemporaryFolder &&) = delete;
  ~TemporaryFolder();

  llvm::StringRef path() const { return folder; }
  /// It has become something that stays.
  void release();

private:
  explicit TemporaryFolder(llvm::StringRef path);
  std::string folder;
};

/// Runs a program and waits for it, like llvm::sys::ExecuteAndWait.
int runProcess(llvm::ArrayRef<llvm::StringRef> args, llvm::ArrayRef<std::optional<llvm::StringRef>> redirects,
               std::string *message);

/// From now on SIGINT, SIGTERM and SIGHUP end the program with code 130, and a crash with code 70 after one line on
/// stderr, when nothing is left of either kind above. Call it once, before threads are made.
void handleInterrupts();

} // namespace ingot::package

#endif
