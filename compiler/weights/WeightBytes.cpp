//===- WeightBytes.cpp ------------------------------------------------------------===//
#include "compiler/weights/WeightBytes.h"
#include "dialects/support/BufferAlignment.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace llvm;
namespace ingot {

static uint64_t pageSize() { return sys::Process::getPageSizeEstimate(); }

static std::shared_ptr<const void> ownMapping(void *base, size_t length) {
  return std::shared_ptr<const void>(base, [length](const void *p) { munmap(const_cast<void *>(p), length); });
}

WeightBytes WeightBytes::borrow(ArrayRef<char> bytes, std::shared_ptr<const void> owner, bool inMappedFile) {
  WeightBytes w;
  w.mapped = inMappedFile;
  w.owner = std::move(owner);
  w.begin = bytes.data();
  w.size = bytes.size();
  return w;
}

WeightBytes WeightBytes::copy(ArrayRef<char> bytes) {
  WeightBytes w = scratch(bytes.size());
  std::memcpy(w.writable().data(), bytes.data(), bytes.size());
  return w;
}

Expected<WeightBytes> WeightBytes::mapFile(StringRef path, uint64_t offset, uint64_t size) {
  auto file = sys::fs::openNativeFileForRead(path);
  if (!file)
    return createFileError(path, file.takeError());
  sys::fs::file_status status;
  std::error_code error = sys::fs::status(*file, status);
  if (!error && (offset > status.getSize() || size > status.getSize() - offset))
    error = std::make_error_code(std::errc::result_out_of_range);
  WeightBytes w;
  w.size = size;
  if (!error && size) {
    uint64_t start = offset / pageSize() * pageSize();
    size_t length = offset + size - start;
    void *base = mmap(nullptr, length, PROT_READ, MAP_PRIVATE, *file, start);
    if (base == MAP_FAILED) {
      error = std::error_code(errno, std::generic_category());
    } else {
      w.owner = ownMapping(base, length);
      w.begin = static_cast<const char *>(base) + (offset - start);
      w.mapped = true;
    }
  }
  sys::fs::closeFile(*file);
  if (error)
    return createFileError(path, error);
  return w;
}

/// A mapping of a new file that has no name and lives as long as the mapping, or null.
static void *mapTemporary(size_t length) {
  SmallString<128> path;
  sys::path::system_temp_directory(/*erasedOnReboot=*/true, path);
  sys::path::append(path, "ingot-weight-XXXXXX");
  int fd = mkstemp(const_cast<char *>(path.c_str()));
  if (fd < 0)
    return nullptr;
  unlink(path.c_str());
  // Reserving the blocks now turns a full disk into an error here instead of a signal later.
  void *base = posix_fallocate(fd, 0, length) == 0 ? mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
  close(fd);
  return base == MAP_FAILED ? nullptr : base;
}

WeightBytes WeightBytes::scratch(uint64_t size) {
  WeightBytes w;
  w.size = size;
  if (size >= (1 << 20))
    if (void *base = mapTemporary(size)) {
      w.owner = ownMapping(base, size);
      w.begin = static_cast<const char *>(base);
      w.mapped = true;
      return w;
    }
  size_t length = llvm::alignTo(std::max<uint64_t>(size, 1), bufferAlignment);
  void *p = std::aligned_alloc(bufferAlignment, length);
  if (!p)
    report_bad_alloc_error("out of memory for a weight");
  std::memset(p, 0, length);
  w.owner = std::shared_ptr<const void>(p, [](const void *q) { std::free(const_cast<void *>(q)); });
  w.begin = static_cast<const char *>(p);
  return w;
}

WeightBytes WeightBytes::slice(uint64_t offset, uint64_t count) const {
  assert(offset + count <= size && "slice beyond the end");
  WeightBytes w = *this;
  w.begin += offset;
  w.size = count;
  return w;
}

void WeightBytes::dropPages() const {
  if (!mapped)
    return;
  // Whole pages of this slice only; neighbours may be in use.
  uintptr_t page = pageSize(), from = (uintptr_t(begin) + page - 1) / page * page, to = (uintptr_t(begin) + size) / page * page;
  if (from < to)
    madvise(reinterpret_cast<void *>(from), to - from, MADV_DONTNEED);
}

} // namespace ingot
