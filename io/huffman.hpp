// Prefix codes as deflate wants them: lengths bounded, codes canonical and bit-reversed.
#pragma once

#include <cstdint>
#include <span>

namespace needflow {

/// Code lengths by Huffman's rule for `counts` (0: the symbol does not occur and gets length 0), at
/// most `limit` bits; ties go by symbol, so equal counts give equal codes everywhere. At least two
/// symbols must occur, at most 2^limit of 288.
void code_lengths(std::span<const std::uint32_t> counts, unsigned limit,
                  std::span<std::uint8_t> lengths);

/// The canonical codes of those lengths (RFC 1951, 3.2.2), first bit lowest.
void canonical_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes);

}  // namespace needflow
