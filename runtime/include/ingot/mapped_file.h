// mapped_file.h - maps a weight file that lies beside the program; used by N_open and N_close only.
//
// Internal linkage throughout, see arena.h.
#ifndef INGOT_MAPPED_FILE_H
#define INGOT_MAPPED_FILE_H

#include "ingot/launch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot {
namespace {

// FNV-1a of the first and the last 4 KiB and the size: cheap, and different for every two models in practice.
inline uint64_t file_mark(const unsigned char *data, size_t bytes) {
  uint64_t hash = 0xcbf29ce484222325ull ^ bytes;
  const size_t part = bytes < 4096 ? bytes : 4096;
  for (size_t i = 0; i < part; ++i)
    hash = (hash ^ data[i]) * 0x100000001b3ull;
  for (size_t i = bytes - part; i < bytes; ++i)
    hash = (hash ^ data[i]) * 0x100000001b3ull;
  return hash;
}

inline ingot_status map_file(ingot_error *error, const char *path, size_t bytes, uint64_t mark,
                             const unsigned char **data) {
  *data = nullptr;
  if (!path)
    return fail(error, INGOT_BAD_MODEL_DATA, "weights", -1, 0, 0, "weights: options name no weight file");
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0)
    return fail(error, INGOT_BAD_MODEL_DATA, "weights", -1, 0, 0, "weights: cannot open %.160s", path);
  struct stat info;
  const bool known = fstat(file, &info) == 0;
  if (!known || uint64_t(info.st_size) != bytes) {
    close(file);
    return fail(error, INGOT_BAD_MODEL_DATA, "weights", -1, int64_t(bytes), known ? int64_t(info.st_size) : 0,
                "weights: %.120s has %lld bytes, expected %lld", path, known ? (long long)info.st_size : 0ll,
                (long long)bytes);
  }
  void *memory = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0);
  close(file);
  if (memory == MAP_FAILED)
    return fail(error, INGOT_BAD_MODEL_DATA, "weights", -1, int64_t(bytes), 0, "weights: cannot map %.160s", path);
  *data = static_cast<const unsigned char *>(memory);
  if (file_mark(*data, bytes) == mark)
    return INGOT_OK;
  munmap(memory, bytes);
  *data = nullptr;
  return fail(error, INGOT_BAD_MODEL_DATA, "weights", -1, 0, 0, "weights: %.160s belongs to another model", path);
}

inline void unmap_file(const unsigned char *data, size_t bytes) {
  if (data)
    munmap(const_cast<unsigned char *>(data), bytes);
}

} // namespace
} // namespace ingot

#endif
