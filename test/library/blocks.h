// blocks.h - blocks of memory whose neighbours must not be touched.
#ifndef LIBRARY_BLOCKS_H
#define LIBRARY_BLOCKS_H

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sys/mman.h>
#include <unistd.h>

enum class Place {
  Heap,  // exactly so many bytes: AddressSanitizer watches both ends
  End,   // the page behind the last byte cannot be touched
  Start, // the page before the first byte cannot be touched
  Odd,   // as End, but aligned to the element only
};

// `bytes` bytes aligned to `align` at least. What lies between the block and the pages around it is checked by intact().
class Block {
public:
  Block(Place place, size_t bytes, size_t align, unsigned char content) : size(bytes) {
    if (place == Place::Heap) {
      void *block = nullptr;
      if (posix_memalign(&block, align < sizeof(void *) ? sizeof(void *) : align, bytes ? bytes : 1))
        abort();
      heap.reset(static_cast<unsigned char *>(block));
      data = heap.get();
      memset(data, content, bytes);
      return;
    }
    const size_t page = size_t(sysconf(_SC_PAGESIZE)), inner = (bytes + page - 1) / page * page + page;
    total = inner + 2 * page;
    region = static_cast<unsigned char *>(mmap(nullptr, total, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    begin = region + page;
    end = begin + inner;
    mprotect(begin, inner, PROT_READ | PROT_WRITE);
    memset(begin, mark, inner);
    data = place == Place::Start ? begin : end - bytes;
    data -= place == Place::Start ? 0 : reinterpret_cast<uintptr_t>(data) % align;
    memset(data, content, bytes);
  }
  ~Block() {
    if (region)
      munmap(region, total);
  }
  Block(const Block &) = delete;

  bool intact() const {
    for (const unsigned char *p = begin; region && p < end; ++p)
      if ((p < data || p >= data + size) && *p != mark)
        return false;
    return true;
  }

  unsigned char *data;
  size_t size;

private:
  static constexpr unsigned char mark = 0xa5;
  struct Free {
    void operator()(void *block) const { free(block); }
  };
  std::unique_ptr<unsigned char, Free> heap;
  unsigned char *region = nullptr, *begin = nullptr, *end = nullptr;
  size_t total = 0;
};

#endif
