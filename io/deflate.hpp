// A zlib stream (RFC 1950, 1951) for shuffled numbers, made for little more than reading them.
//
// After the byte shuffle a chunk is a row of planes: first the lowest byte of every number, then
// the next. In results of a sweep a plane is, stretch by stretch, one of three things: constant
// (upper bytes, columns that do not vary), noise (mantissas) or bytes of few values with runs
// (exponents, counts). Noise goes in as stored blocks; the rest is run lengths (matches at distance
// 1) and Huffman codes. What repeats at a distance is not looked for here but told: it is found
// once for all planes of a chunk, in numbers (find_repeats() in io/chunks.cpp).
//
// Columns of 102,400 points (16 replicates × 100 supply ratios × 64 networks), ns a number: zlib at
// level 4 45, at level 1 31, Huffman codes alone 33, Z_RLE 18; this 5, and 10 where repeats are
// written, for which zlib takes 40 to 80. Against zlib for columns that repeat and this for the
// others, files are 1.07 of the size, 0.99 for data/mesh.toml, where axes repeat. Adler's sum and
// storing are 0.2 ns a byte each; Z_RLE takes 0.9 on constants and 6 on few values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace needflow {

/// Numbers [begin, begin + length) that look like those `distance` before, in most of their bytes.
struct Repeat {
  std::size_t begin;
  std::size_t length;    ///< 3 … 65536
  std::size_t distance;  ///< 1 … 32768, at most `begin`
};

/// `bytes`: planes of `plane_bytes` each. `repeats` ascend and do not overlap; planes in which one
/// does not hold do without it. Makes `stream` longer where it is too short and returns
/// how much of it is used. The result depends on nothing else.
[[nodiscard]] std::size_t deflate_planes(std::span<const std::uint8_t> bytes,
                                         std::size_t plane_bytes, std::span<const Repeat> repeats,
                                         std::vector<std::uint8_t>& stream);

}  // namespace needflow
