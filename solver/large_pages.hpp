// Memory for the few arrays of a large network. Giving it out page by page takes the system longer
// than some of the passes over it: at N = 1e6, k = 30 large pages save a seventh of building a
// network. (They do nothing for the random accesses, measured on a virtual machine.)
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace needflow {

/// Says that large pages would do for this memory, not yet written to. Only speed hangs on the
/// answer, so a system that has none is not an error.
inline void prefer_large_pages(void* data, std::size_t bytes) {
#if defined(MADV_HUGEPAGE)
  constexpr std::size_t kPage = 4096;
  constexpr std::size_t kWorthIt = std::size_t{1} << 24;
  if (bytes < kWorthIt) return;
  const std::size_t skip = (kPage - reinterpret_cast<std::uintptr_t>(data) % kPage) % kPage;
  ::madvise(static_cast<char*>(data) + skip, (bytes - skip) / kPage * kPage, MADV_HUGEPAGE);
#else
  static_cast<void>(data);
  static_cast<void>(bytes);
#endif
}

/// `count` zeros in large pages.
template <class T>
[[nodiscard]] std::vector<T> large_vector(std::size_t count) {
  std::vector<T> values;
  values.reserve(count);
  prefer_large_pages(values.data(), count * sizeof(T));
  values.resize(count);
  return values;
}

}  // namespace needflow
