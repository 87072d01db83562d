// A zlib stream (RFC 1950, 1951) for shuffled numbers, a hundred times cheaper than zlib where they
// are noise or constant.
//
// After the byte shuffle a chunk is a row of planes: first the lowest byte of every number, then
// the next. In results of a sweep a plane is, stretch by stretch, one of three things: constant
// (upper bytes, columns that do not vary), noise (mantissas) or bytes of few values with runs
// (exponents, counts). Noise goes in as stored blocks; the rest is run lengths (matches at distance
// 1) and Huffman codes. What repeats at a distance is not looked for: see repeats() in
// io/chunks.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace needflow {

/// `bytes`: planes of `plane_bytes` each. Makes `stream` longer where it is too short and returns
/// how much of it is used. The result depends on nothing else.
[[nodiscard]] std::size_t deflate_planes(std::span<const std::uint8_t> bytes,
                                         std::size_t plane_bytes,
                                         std::vector<std::uint8_t>& stream);

}  // namespace needflow
