//===- Cache.h - compiled models that are kept ------------------------------------------------===//
//
// A folder with an entry, a folder itself, for each library and program that was built. An entry is made
// aside, under a name of unfinishedPath, and renamed. Who uses one, or makes it, holds a shared lock on the
// file `lock` in it; who removes one holds an exclusive lock.
//
//===------------------------------------------------------------------------------------------===//
#ifndef INGOT_COMPILER_INGOT_CACHE_H
#define INGOT_COMPILER_INGOT_CACHE_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>
#include <string>

namespace ingot {

/// The folder of entries; empty if there is none that is safe and writable.
std::string cacheFolder();

/// The bytes that entries may take, from INGOT_CACHE_SIZE; 0: any number. An error for a text that is no
/// size.
llvm::Expected<uint64_t> cacheLimit();

/// A free name beside `path` for what is to be moved there when it is whole. Unique: the number of a process
/// returns, in a container at once.
std::string unfinishedPath(llvm::StringRef path);

/// An entry that this process uses: while it lives nobody removes the entry.
class EntryInUse {
public:
  /// Nothing if there is no such folder. It counts as used now.
  static std::optional<EntryInUse> of(llvm::StringRef folder);

  EntryInUse(EntryInUse &&other) : file(other.file) { other.file = -1; }
  EntryInUse &operator=(EntryInUse &&other) {
    std::swap(file, other.file);
    return *this;
  }
  ~EntryInUse();

private:
  explicit EntryInUse(int file) : file(file) {}
  int file;
};

/// Gives what was made aside the name of an entry; whether it did. An entry that is there makes room if it
/// `isDamaged` and nobody uses it.
bool placeEntry(llvm::StringRef aside, llvm::StringRef entry, llvm::function_ref<bool()> isDamaged);

/// Removes what a process that was killed left unfinished long ago.
void removeUnfinished(llvm::StringRef cache);

/// Removes entries that nobody uses, those unused for longest first, until the rest takes at most `limit`
/// bytes.
void trimCache(llvm::StringRef cache, uint64_t limit);

} // namespace ingot
#endif
