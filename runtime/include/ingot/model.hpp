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

// Owned memory, aligned as a query asked. Empty until reset(). On Linux, large blocks are pages of their own and ask for
// huge ones: the first run then takes a fault for each 2 MiB that it touches, not for each 4 KiB, and every run misses the
// TLB less. Where there are no huge pages nothing else changes.
class buffer {
public:
  buffer() noexcept = default;
  ~buffer() { release(); }
  buffer(const buffer &) = delete;
  buffer &operator=(const buffer &) = delete;

  // Replaces the memory; false if there is none. `align` is a power of two, at most 2 MiB.
  bool reset(std::size_t bytes, std::size_t align) noexcept {
    release();
    std::size_t slack = align;
#ifdef __linux__
    if (bytes >= huge_page)
      slack = huge_page;
#endif
    if (bytes > SIZE_MAX - slack)
      return false;
#ifdef __linux__
    if (bytes >= huge_page) {
      void *pages = mmap(nullptr, bytes + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (pages == MAP_FAILED)
        return false;
      mapped_ = bytes + slack;
      block_ = pages;
#ifdef MADV_HUGEPAGE
      (void)madvise(pages, mapped_, MADV_HUGEPAGE);
#endif
    }
#endif
    if (!block_)
      block_ = std::malloc(bytes + slack);
    if (!block_)
      return false;
    const std::uintptr_t address = reinterpret_cast<std::uintptr_t>(block_);
    data_ = static_cast<unsigned char *>(block_) + ((slack - address % slack) % slack);
    size_ = bytes;
    return true;
  }

  void *data() noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }

private:
  static constexpr std::size_t huge_page = std::size_t(2) << 20;

  void release() noexcept {
#ifdef __linux__
    if (mapped_)
      (void)munmap(block_, mapped_);
    else
#endif
      std::free(block_);
    block_ = data_ = nullptr;
    size_ = mapped_ = 0;
  }

  void *block_ = nullptr;
  void *data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0; // bytes of pages of its own; 0: the heap's
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

// The same of memory behind a pointer: mlp_inputs inputs{ingot::view(pixels, 8)}. It stays the caller's and must outlive the run;
// `count` is in elements.
template <class Element> range<const Element> view(const Element *data, std::size_t count) noexcept { return {data, count}; }
template <class Element> range<Element> span(Element *data, std::size_t count) noexcept { return {data, count}; }

} // namespace v1
} // namespace ingot

#endif
