// Chunks of HDF5 datasets, gathered, shuffled and deflated as the library's own filters would read
// them (shuffle, then deflate), but by any thread: the library itself is not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "io/deflate.hpp"

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
  /// The chunk's elements; `fill` (one element) beyond the array's edge, zeros without. They stay
  /// in the array where they lie in a row there, and are put together in `room` otherwise.
  [[nodiscard]] std::span<const std::uint8_t> gather(std::size_t i, const void* values,
                                                     std::size_t element_bytes, const void* fill,
                                                     std::vector<std::uint8_t>& room) const;

 private:
  std::vector<std::size_t> shape_;
  std::vector<std::size_t> chunk_;
};

/// All first bytes of the elements, then all second bytes, and so on; `planes` is as long.
void shuffle(std::span<const std::uint8_t> elements, std::size_t element_bytes,
             std::span<std::uint8_t> planes);

/// What of a chunk comes again, or nothing where that is less than an eighth of what is not
/// constant: matching at a distance would not pay.
[[nodiscard]] std::vector<Repeat> find_repeats(std::span<const std::uint8_t> elements,
                                               std::size_t element_bytes);

/// Whether numbers go up in even steps: planes then have periods, which zlib is left to find.
[[nodiscard]] bool counts_up(std::span<const std::uint8_t> elements, std::size_t element_bytes);

/// Packs chunks one after another in memory that it keeps: fresh pages took as long as packing.
class ChunkPacker {
 public:
  /// The chunk as it stands in the file, valid until the next call. A function of the elements
  /// alone.
  [[nodiscard]] std::span<const std::uint8_t> pack(std::span<const std::uint8_t> elements,
                                                   std::size_t element_bytes);
  /// Room for ChunkGrid::gather().
  std::vector<std::uint8_t> room;

 private:
  std::vector<std::uint8_t> planes_;
  std::vector<std::uint8_t> stream_;
};

}  // namespace needflow
