// Chunks of HDF5 datasets, gathered, shuffled and deflated as the library's own filters would read
// them (shuffle, then deflate), but by any thread: the library itself is not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace needflow {

/// An array cut into chunks of one shape, row-major; chunks at the far edges reach beyond it.
class ChunkGrid {
 public:
  /// Both of the same length, at least 1; every length of `chunk` at least 1.
  ChunkGrid(std::vector<std::size_t> shape, std::vector<std::size_t> chunk);

  [[nodiscard]] std::size_t count() const;
  [[nodiscard]] std::size_t chunk_elements() const;
  /// Where chunk i begins, along each dimension.
  [[nodiscard]] std::vector<std::size_t> origin(std::size_t i) const;
  /// The chunk's elements; `fill` (one element) beyond the array's edge, zeros without.
  [[nodiscard]] std::vector<std::uint8_t> gather(std::size_t i, const void* values,
                                                 std::size_t element_bytes, const void* fill) const;

 private:
  std::vector<std::size_t> shape_;
  std::vector<std::size_t> chunk_;
};

/// All first bytes of the elements, then all second bytes, and so on.
[[nodiscard]] std::vector<std::uint8_t> shuffled(std::span<const std::uint8_t> elements,
                                                 std::size_t element_bytes);

/// Whether stretches of numbers (or steps between them) come again and again: then matching at a
/// distance pays, and only then.
[[nodiscard]] bool repeats(std::span<const std::uint8_t> elements, std::size_t element_bytes);

/// The chunk as it stands in the file. A function of the elements alone.
[[nodiscard]] std::vector<std::uint8_t> pack_chunk(std::span<const std::uint8_t> elements,
                                                   std::size_t element_bytes);

}  // namespace needflow
