//===- Cache.cpp -------------------------------------------------------------------------------===//
#include "compiler/ingot/Cache.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Process.h"
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace llvm;
namespace ingot {

constexpr uint64_t defaultLimit = 10'000'000'000;

/// Whether only this user can put something into a folder: what lies in it is executed.
static bool isPrivate(StringRef folder) {
  sys::fs::file_status status;
  return !sys::fs::status(folder, status, /*follow=*/false) && sys::fs::is_directory(status) &&
         status.getUser() == geteuid() &&
         !(status.permissions() & (sys::fs::group_write | sys::fs::others_write));
}

std::string cacheFolder() {
  std::string folder;
  bool chosen = false; // then whom to trust is the user's decision
  if (const char *p = std::getenv("INGOT_CACHE_DIR"))
    folder = p, chosen = true;
  else if (const char *p = std::getenv("XDG_CACHE_HOME"))
    folder = std::string(p) + "/ingot";
  else if (const char *p = std::getenv("HOME"))
    folder = std::string(p) + "/.cache/ingot";
  else
    return "";
  folder += "/models";
  if (sys::fs::create_directories(folder, true, sys::fs::owner_all) ||
      sys::fs::access(folder, sys::fs::AccessMode::Write))
    return "";
  return chosen || isPrivate(folder) ? folder : "";
}

Expected<uint64_t> cacheLimit() {
  const char *given = std::getenv("INGOT_CACHE_SIZE");
  if (!given || !*given)
    return defaultLimit;
  StringRef text = given, number = text.take_while([](char c) { return isDigit(c) || c == '.'; });
  double value = 0, unit = StringSwitch<double>(text.drop_front(number.size()))
                               .Cases({"", "G", "g"}, 1e9)
                               .Cases({"k", "K"}, 1e3)
                               .Cases({"M", "m"}, 1e6)
                               .Cases({"T", "t"}, 1e12)
                               .Default(-1);
  if (unit < 0 || number.getAsDouble(value) || !(value * unit < 1e18))
    return createStringError("INGOT_CACHE_SIZE=" + text +
                             ": expected a size as 500M, 10G or 10, which is 10G; 0 is no limit");
  return uint64_t(value * unit);
}

//===----------------------------------------------------------------------===//
// Entries in use
//===----------------------------------------------------------------------===//

/// A file descriptor of a folder with a lock on it; -1 if there is no folder, or if it cannot be locked.
static int lockFolder(StringRef folder, int kind) {
  std::string path = folder.str();
  int file = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (file < 0)
    return -1;
  int result;
  do
    result = flock(file, kind);
  while (result && errno == EINTR);
  // Who had the lock before may have moved the folder away.
  struct stat locked, there;
  if (!result && !fstat(file, &locked) && !lstat(path.c_str(), &there) && locked.st_dev == there.st_dev &&
      locked.st_ino == there.st_ino)
    return file;
  close(file);
  return -1;
}

std::optional<EntryInUse> EntryInUse::of(StringRef folder) {
  int file = lockFolder(folder, LOCK_SH);
  if (file < 0 && sys::fs::is_directory(folder)) // made anew while it was being removed
    file = lockFolder(folder, LOCK_SH);
  // On a file system without locks nothing is removed either.
  if (file < 0 && !sys::fs::is_directory(folder))
    return std::nullopt;
  if (file >= 0)
    futimens(file, nullptr); // the time of its last use is that of its last change
  return EntryInUse(file);
}

EntryInUse::~EntryInUse() {
  if (file >= 0)
    close(file);
}

//===----------------------------------------------------------------------===//
// Removal
//===----------------------------------------------------------------------===//

static uint64_t sizeOf(const Twine &folder) {
  uint64_t size = 0;
  std::error_code error;
  for (sys::fs::recursive_directory_iterator it(folder, error, /*follow_symlinks=*/false), end;
       it != end && !error; it.increment(error))
    if (auto status = it->status(); status && status->type() == sys::fs::file_type::regular_file)
      size += status->getSize();
  return size;
}

/// Removes an entry unless it is in use; whether it did. It loses its name first, so that nobody finds half
/// of it.
static bool removeEntry(StringRef path) {
  int file = lockFolder(path, LOCK_EX | LOCK_NB);
  if (file < 0)
    return false;
  std::string aside = path.ends_with(unfinishedSuffix)
                          ? path.str()
                          : (path + "." + Twine(sys::Process::getProcessId()) + unfinishedSuffix).str();
  bool done = (aside == path || !sys::fs::rename(path, aside)) && !sys::fs::remove_directories(aside);
  close(file);
  return done;
}

void trimCache(StringRef cache, uint64_t limit) {
  struct Entry {
    std::string path;
    sys::TimePoint<> used;
    uint64_t size;
  };
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  // A folder is locked a moment after it is made.
  const auto longAgo = std::chrono::system_clock::now() - std::chrono::hours(1);
  for (sys::fs::directory_iterator it(cache, error), end; it != end && !error; it.increment(error)) {
    sys::fs::file_status status;
    if (sys::fs::status(it->path(), status, /*follow=*/false) || !sys::fs::is_directory(status))
      continue;
    if (StringRef(it->path()).ends_with(unfinishedSuffix)) {
      if (status.getLastModificationTime() < longAgo)
        removeEntry(it->path());
      continue;
    }
    entries.push_back({it->path(), status.getLastModificationTime(), limit ? sizeOf(it->path()) : 0});
    total += entries.back().size;
  }
  sort(entries,
       [](const Entry &a, const Entry &b) { return std::tie(a.used, a.path) < std::tie(b.used, b.path); });
  for (const Entry &entry : entries) {
    if (!limit || total <= limit)
      return;
    if (removeEntry(entry.path))
      total -= entry.size;
  }
}

} // namespace ingot
