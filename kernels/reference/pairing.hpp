// Plain serial twin of kernels/pairing.hpp: lists of stubs, one draw at a time, rows sorted.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/pairing.hpp"

namespace needflow::reference {

/// Draw `number` of a bucket, uniform below the bound: word · bound / 2^32, taken again where the
/// remainder is among the 2^32 mod bound that would make it uneven.
inline std::uint32_t partner_draw(const PairingStreams& streams, const DrawKey& key,
                                  std::size_t bucket, std::size_t number, std::size_t bound) {
  for (std::uint32_t attempt = 0;; ++attempt) {
    const auto words = streams.partner.block(static_cast<std::uint32_t>(number / 4),
                                             static_cast<std::uint32_t>(bucket), key.network,
                                             key.replicate | attempt << 20);
    const std::uint64_t product = std::uint64_t{words[number % 4]} * bound;
    const std::uint64_t uneven = (std::uint64_t{1} << 32) % bound;
    if ((product & 0xffffffff) >= uneven) return static_cast<std::uint32_t>(product >> 32);
  }
}

inline std::size_t bucket_draw(const PairingStreams& streams, const DrawKey& key, std::size_t stub,
                               unsigned bits) {
  const auto words =
      streams.bucket.block(static_cast<std::uint32_t>(stub / 8), 0, key.network, key.replicate);
  const std::uint32_t digit = words[stub % 8 / 2] >> (stub % 2 == 0 ? 0 : 16) & 0xffff;
  return digit >> (16 - bits);
}

/// partner[s] for every stub s.
inline std::vector<std::size_t> partners(std::size_t stubs, const PairingStreams& streams,
                                         const DrawKey& key, const PairingShape& shape) {
  std::vector<std::vector<std::size_t>> buckets(std::size_t{1} << shape.bucket_bits);
  for (std::size_t s = 0; s < stubs; ++s) {
    buckets[bucket_draw(streams, key, s, shape.bucket_bits)].push_back(s);
  }
  std::vector<std::size_t> partner(stubs);
  std::vector<std::size_t> waiting;
  for (std::size_t b = 0; b < buckets.size(); ++b) {
    std::vector<std::size_t>& open = buckets[b];
    std::size_t draws = 0;
    const auto take = [&] {
      const std::size_t j = partner_draw(streams, key, b, draws++, open.size());
      const std::size_t stub = open[j];
      open[j] = open.back();
      open.pop_back();
      return stub;
    };
    const auto join = [&](std::size_t s, std::size_t t) {
      partner[s] = t;
      partner[t] = s;
    };
    if (!open.empty() && !waiting.empty()) {
      join(waiting.back(), take());
      waiting.clear();
    }
    if (open.size() % 2 != 0) waiting.push_back(take());
    while (!open.empty()) {
      const std::size_t last = open.back();
      open.pop_back();
      join(last, take());
    }
  }
  return partner;
}

[[nodiscard]] inline bool random_pairing(std::span<const Offset> offsets,
                                         const PairingStreams& streams, const DrawKey& key,
                                         const PairingShape& shape, std::span<Index> columns,
                                         std::span<std::uint32_t>, std::vector<Index>& not_simple) {
  std::vector<std::size_t> agent_of;
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    agent_of.insert(agent_of.end(), static_cast<std::size_t>(offsets[i + 1] - offsets[i]), i);
  }
  const std::vector<std::size_t> partner = partners(agent_of.size(), streams, key, shape);
  for (std::size_t s = 0; s < partner.size(); ++s) {
    columns[s] = static_cast<Index>(agent_of[partner[s]]);
  }
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    const auto begin = columns.begin() + offsets[i];
    const auto end = columns.begin() + offsets[i + 1];
    std::sort(begin, end);
    const bool own = std::find(begin, end, static_cast<Index>(i)) != end;
    if (own || std::adjacent_find(begin, end) != end) {
      not_simple.push_back(static_cast<Index>(i));
    }
  }
  return true;
}

}  // namespace needflow::reference
