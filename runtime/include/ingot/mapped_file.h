// mapped_file.h - maps a weight file that lies beside the program; used by N_open and N_close only.
//
// Internal linkage throughout, see arena.h.
#ifndef INGOT_MAPPED_FILE_H
#define INGOT_MAPPED_FILE_H

#include "ingot/launch.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace ingot {
namespace {

// FNV-1a of the first and the last 4 KiB and the size. The file ends in the SHA-256 of what it holds, so that this differs
// for every two models, without reading it all.
inline uint64_t file_mark(const unsigned char *data, size_t bytes) {
  uint64_t hash = 0xcbf29ce484222325ull ^ bytes;
  const size_t part = bytes < 4096 ? bytes : 4096;
  for (size_t i = 0; i < part; ++i)
    hash = (hash ^ data[i]) * 0x100000001b3ull;
  for (size_t i = bytes - part; i < bytes; ++i)
    hash = (hash ^ data[i]) * 0x100000001b3ull;
  return hash;
}

// Of every byte. Four sums that do not wait for each other are as fast as memory.
inline uint64_t file_sum(const unsigned char *data, size_t bytes) {
  uint64_t sums[4] = {1, 2, 3, 4};
  for (size_t begin = 0; begin < bytes; begin += 32) {
    uint64_t words[4] = {};
    memcpy(words, data + begin, bytes - begin < 32 ? bytes - begin : 32);
    for (int i = 0; i < 4; ++i) {
      sums[i] = (sums[i] ^ words[i]) * 0x9e3779b97f4a7c15ull;
      sums[i] ^= sums[i] >> 29;
    }
  }
  return sums[0] ^ sums[1] * 3 ^ sums[2] * 5 ^ sums[3] * 7;
}

// `sum` is 0 where the file is not to be read as a whole.
inline ingot_status map_file(ingot_error *error, const char *path, size_t bytes, uint64_t mark, uint64_t sum,
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
  const bool own = file_mark(*data, bytes) == mark;
  if (own && (!sum || file_sum(*data, bytes) == sum))
    return INGOT_OK;
  munmap(memory, bytes);
  *data = nullptr;
  return fail(error, INGOT_BAD_MODEL_DATA, "weights", -1, 0, 0,
              own ? "weights: %.160s is damaged: another checksum" : "weights: %.160s belongs to another model", path);
}

inline void unmap_file(const unsigned char *data, size_t bytes) {
  if (data)
    munmap(const_cast<unsigned char *>(data), bytes);
}

} // namespace
} // namespace ingot

#endif
