// Memory for vectors that are read at random places.
//
// Once such a vector is larger than what the processor's address cache covers with pages of 4 KiB
// (16 MiB on the machines tried), a gather waits for the page tables as well as for the line: rows
// of 64 bytes out of 64 MiB come 1.4 times faster from pages of 2 MiB, and a round of 8 or 16 lanes
// over 1e6 agents takes 0.9 of the time. Only gathered vectors ask for them: what is walked in
// order gains nothing, and the first touch of a large page costs more on virtual machines, where
// the host has to find one as well.
#pragma once

#include <oneapi/tbb/cache_aligned_allocator.h>
#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <vector>

namespace needflow {

/// Asks the system for large pages from kFromBytes on; a system without them gives ordinary ones.
/// Starts on a cache line at least. Throws std::bad_alloc.
template <class T>
class LargePageAllocator {
 public:
  using value_type = T;
  static constexpr std::size_t kPageBytes = std::size_t{1} << 21;
  static constexpr std::size_t kFromBytes = 2 * kPageBytes;

  LargePageAllocator() = default;
  template <class U>
  explicit(false) LargePageAllocator(const LargePageAllocator<U>&) {}

  [[nodiscard]] T* allocate(std::size_t count) {
    if (count < kFromBytes / sizeof(T)) return Small().allocate(count);
    if (count > (~std::size_t{0} - kPageBytes) / sizeof(T)) throw std::bad_alloc();
    const std::size_t bytes = (count * sizeof(T) + kPageBytes - 1) / kPageBytes * kPageBytes;
    void* const memory = std::aligned_alloc(kPageBytes, bytes);
    if (memory == nullptr) throw std::bad_alloc();
    madvise(memory, bytes, MADV_HUGEPAGE);  // a wish: failing is no error
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t count) {
    if (count < kFromBytes / sizeof(T)) return Small().deallocate(memory, count);
    std::free(memory);
  }
  [[nodiscard]] bool operator==(const LargePageAllocator&) const { return true; }

 private:
  using Small = oneapi::tbb::cache_aligned_allocator<T>;
};

/// A lane-batched vector whose rows are gathered.
template <class T>
using GatheredVector = std::vector<T, LargePageAllocator<T>>;

}  // namespace needflow
