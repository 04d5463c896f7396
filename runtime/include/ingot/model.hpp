// model.hpp - what the C++17 wrappers (N.hpp) of generated libraries share: a status and aligned memory.
//
// Header-only and versioned by its inline namespace. Nothing here throws; memory is taken when a context or a
// state is made, never in run().
#ifndef INGOT_MODEL_HPP
#define INGOT_MODEL_HPP

#include "ingot.h"

#include <cstdint>
#include <cstdlib>
#include <type_traits>

#ifdef __linux__
#include <sys/mman.h>
#endif

namespace ingot {
inline namespace v1 {

// A run touches its whole workspace. Where the system has huge pages, the first run then takes a fault for each
// 2 MiB of it, not for each 4 KiB, and every run misses the TLB less. A hint: nothing depends on it.
inline void prefer_huge_pages(void *memory, std::size_t bytes) noexcept {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr std::uintptr_t huge = std::uintptr_t(2) << 20;
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(memory) + huge - 1) & ~(huge - 1);
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(memory) + bytes) & ~(huge - 1);
  if (begin < end)
    (void)madvise(reinterpret_cast<void *>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)memory;
  (void)bytes;
#endif
}

// The result of a call: ok(), or what went wrong.
class [[nodiscard]] status {
public:
  status() noexcept : error_{INGOT_OK, -1, 0, 0, "", ""} {}

  bool ok() const noexcept { return error_.status == INGOT_OK; }
  explicit operator bool() const noexcept { return ok(); }
  ingot_status code() const noexcept { return error_.status; }
  const ingot_error &error() const noexcept { return error_; }
  // One line for a person; "ok" if all is well.
  const char *text() const noexcept { return error_.text[0] ? error_.text : ingot_status_name(error_.status); }

  // Runs call(ingot_error *) and keeps what it reports.
  template <class Call> static status of(Call &&call) noexcept {
    status result;
    result.error_.status = call(&result.error_);
    return result;
  }

private:
  ingot_error error_;
};

// Owned memory, aligned as a query asked. Empty until reset().
class buffer {
public:
  buffer() noexcept = default;
  ~buffer() { std::free(block_); }
  buffer(const buffer &) = delete;
  buffer &operator=(const buffer &) = delete;

  // Replaces the memory; false if there is none. `align` is a power of two.
  bool reset(std::size_t bytes, std::size_t align) noexcept {
    std::free(block_);
    block_ = data_ = nullptr;
    size_ = 0;
    if (bytes > SIZE_MAX - align)
      return false;
    block_ = std::malloc(bytes + align);
    if (!block_)
      return false;
    prefer_huge_pages(block_, bytes + align);
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(block_);
    data_ = static_cast<unsigned char *>(block_) + ((align - address % align) % align);
    size_ = bytes;
    return true;
  }

  void *data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

private:
  void *block_ = nullptr;
  unsigned char *data_ = nullptr;
  std::size_t size_ = 0;
};

// Provides `bytes` in `memory` or says that the system has none.
inline ingot_status allocate(buffer &memory, const char *what, std::size_t bytes, std::size_t align,
                             ingot_error *error) noexcept {
  if (memory.reset(bytes, align))
    return INGOT_OK;
  *error = {INGOT_NEED_WORKSPACE, -1, static_cast<std::int64_t>(bytes), 0, what, "the system has no memory left"};
  return INGOT_NEED_WORKSPACE;
}

// A typed view of anything contiguous: mlp_inputs inputs{ingot::view(vector)}. The span type is deduced where
// the field is initialised, so one spelling serves every element type.
template <class Element> struct range {
  Element *data;
  std::size_t count;
  template <class Span, class Data = decltype(Span::data), class = std::enable_if_t<std::is_convertible_v<Element *, Data>>>
  operator Span() const noexcept { return Span{data, count}; }
};

template <class Container> auto view(const Container &values) noexcept {
  return range<std::remove_pointer_t<decltype(values.data())>>{values.data(), values.size()};
}
template <class Container> auto span(Container &values) noexcept {
  return range<std::remove_pointer_t<decltype(values.data())>>{values.data(), values.size()};
}

} // namespace v1
} // namespace ingot

#endif
