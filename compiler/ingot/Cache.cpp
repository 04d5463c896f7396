//===- Cache.cpp -------------------------------------------------------------------------------===//
#include "compiler/ingot/Cache.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <chrono>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

using namespace llvm;
namespace ingot {

constexpr uint64_t defaultLimit = 10'000'000'000;
constexpr StringRef unfinishedSuffix = ".part";

/// A variable of the environment; one without a text counts as not set, as XDG has it.
static std::string variable(const char *name) {
  const char *value = std::getenv(name);
  return value ? value : "";
}

/// Whether only this user can put something into a folder: what lies in it is executed.
static bool isPrivate(StringRef folder) {
  sys::fs::file_status status;
  return !sys::fs::status(folder, status, /*follow=*/false) && sys::fs::is_directory(status) &&
         status.getUser() == geteuid() &&
         !(status.permissions() & (sys::fs::group_write | sys::fs::others_write));
}

std::string cacheFolder() {
  std::string folder = variable("INGOT_CACHE_DIR");
  bool chosen = !folder.empty(); // then whom to trust is the user's decision
  if (folder.empty())
    if (std::string caches = variable("XDG_CACHE_HOME"); sys::path::is_absolute(caches)) // XDG: ignore others
      folder = caches + "/ingot";
  if (folder.empty())
    if (std::string home = variable("HOME"); !home.empty())
      folder = home + "/.cache/ingot";
  if (folder.empty())
    return "";
  folder += "/models";
  if (sys::fs::create_directories(folder, true, sys::fs::owner_all) ||
      sys::fs::access(folder, sys::fs::AccessMode::Write))
    return "";
  return chosen || isPrivate(folder) ? folder : "";
}

Expected<uint64_t> cacheLimit() {
  const std::string given = variable("INGOT_CACHE_SIZE");
  if (given.empty())
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

/// Locks an entry and gives the file descriptor that has the lock. no_such_file_or_directory: there is no
/// entry.
static ErrorOr<int> lockEntry(StringRef folder, int kind) {
  const std::string path = (folder + "/lock").str();
  while (true) {
    // NFS turns flock into a lock of fcntl: an exclusive one wants a file that is open for writing.
    int file = open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    std::error_code error = errnoAsErrorCode();
    if (file < 0 && (errno == EACCES || errno == EROFS) && (kind & LOCK_SH)) // another user's
      file = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0)
      return error;
    int result;
    do
      result = flock(file, kind);
    while (result && errno == EINTR);
    if (result) {
      error = errnoAsErrorCode();
      close(file);
      return error;
    }
    struct stat locked, there;
    if (!fstat(file, &locked) && !lstat(path.c_str(), &there) && locked.st_dev == there.st_dev &&
        locked.st_ino == there.st_ino)
      return file;
    close(file); // who had the lock before has moved the entry away; there may be a new one
  }
}

std::optional<EntryInUse> EntryInUse::of(StringRef folder) {
  ErrorOr<int> file = lockEntry(folder, LOCK_SH);
  if (file) {
    // The time of its last use is that of its last change.
    utimensat(AT_FDCWD, folder.str().c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
    return EntryInUse(*file);
  }
  if (file.getError() == std::errc::no_such_file_or_directory ||
      file.getError() == std::errc::not_a_directory)
    return std::nullopt;
  return EntryInUse(-1); // where nothing can be locked nothing is removed either
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

std::string unfinishedPath(StringRef path) {
  SmallString<256> unique;
  sys::fs::createUniquePath(path + ".%%%%%%%%" + unfinishedSuffix, unique, /*MakeAbsolute=*/false);
  return unique.str().str();
}

/// Removes an entry that is not in use if it is to go; whether it did. It loses its name first, so that
/// nobody finds half of it.
static bool removeEntry(StringRef path, function_ref<bool()> isToGo) {
  ErrorOr<int> lock = lockEntry(path, LOCK_EX | LOCK_NB);
  if (!lock)
    return false;
  bool done = !sys::fs::is_symlink_file(path) && isToGo(); // what a link leads to is not the cache's
  std::string aside = path.str();
  if (done && !path.ends_with(unfinishedSuffix)) {
    aside = unfinishedPath(path);
    done = !sys::fs::rename(path, aside);
  }
  if (done)
    sys::fs::remove_directories(aside);
  close(*lock);
  return done;
}

bool placeEntry(StringRef aside, StringRef entry, function_ref<bool()> isDamaged) {
  return !sys::fs::rename(aside, entry) || (removeEntry(entry, isDamaged) && !sys::fs::rename(aside, entry));
}

void removeUnfinished(StringRef cache) {
  std::error_code error;
  // A folder is locked a moment after it is made.
  const auto longAgo = std::chrono::system_clock::now() - std::chrono::hours(1);
  for (sys::fs::directory_iterator it(cache, error), end; it != end && !error; it.increment(error)) {
    sys::fs::file_status status;
    if (StringRef(it->path()).ends_with(unfinishedSuffix) &&
        !sys::fs::status(it->path(), status, /*follow=*/false) && sys::fs::is_directory(status) &&
        status.getLastModificationTime() < longAgo)
      removeEntry(it->path(), [] { return true; });
  }
}

void trimCache(StringRef cache, uint64_t limit) {
  struct Entry {
    std::string path;
    sys::TimePoint<> used;
    uint64_t size;
  };
  if (!limit)
    return;
  std::vector<Entry> entries;
  uint64_t total = 0;
  std::error_code error;
  for (sys::fs::directory_iterator it(cache, error), end; it != end && !error; it.increment(error)) {
    sys::fs::file_status status;
    if (StringRef(it->path()).ends_with(unfinishedSuffix) ||
        sys::fs::status(it->path(), status, /*follow=*/false) || !sys::fs::is_directory(status))
      continue;
    entries.push_back({it->path(), status.getLastModificationTime(), sizeOf(it->path())});
    total += entries.back().size;
  }
  sort(entries,
       [](const Entry &a, const Entry &b) { return std::tie(a.used, a.path) < std::tie(b.used, b.path); });
  for (const Entry &entry : entries) {
    if (total <= limit)
      return;
    if (removeEntry(entry.path, [] { return true; }))
      total -= entry.size;
  }
}

} // namespace ingot
