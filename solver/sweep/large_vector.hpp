// Vectors of many megabytes that are filled once: the columns of a sweep.
//
// Every small page of such a vector costs a page fault, 0.7 µs on the virtual machine tried, which
// was 4 % of a sweep of short runs; large pages come 512 at a time where the system lends them.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace needflow {

template <class T>
struct LargeAllocator {
  using value_type = T;
  static constexpr std::size_t kPage = std::size_t{1} << 21U;

  LargeAllocator() = default;
  template <class U>
  LargeAllocator(const LargeAllocator<U>&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count > static_cast<std::size_t>(-1) / sizeof(T) - kPage) throw std::bad_alloc();
    const std::size_t bytes = count * sizeof(T);
    // What is smaller is left to malloc: half a page would be lost on average.
    const bool large = bytes >= 2 * kPage;
    const std::size_t whole = (bytes + kPage - 1) / kPage * kPage;
    void* const memory = large ? std::aligned_alloc(kPage, whole) : std::malloc(bytes);
    if (memory == nullptr && bytes > 0) throw std::bad_alloc();
    if (large) (void)madvise(memory, whole, MADV_HUGEPAGE);  // a wish: small pages do as well
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { std::free(memory); }

  template <class U>
  bool operator==(const LargeAllocator<U>&) const {
    return true;
  }
};

template <class T>
using LargeVector = std::vector<T, LargeAllocator<T>>;

}  // namespace needflow
