// The steps of random_pairing() that a pairing in one piece (pairing.cpp) and one in parts
// (pairing_parts.cpp) share: the draws, and the pairing of the stubs of one bucket.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "kernels/pairing.hpp"

namespace needflow {

/// The buckets of stubs, asked for in ascending order from `first` on.
class BucketDraws {
 public:
  BucketDraws(const RandomStream& stream, const DrawKey& key, unsigned bits, std::size_t first = 0)
      : stream_(stream), key_(key), bits_(bits) {
    if (first % kAhead != 0) draw((first - first % kAhead) / kDigits);
  }

  std::size_t operator()(std::size_t stub) {
    if (stub % kAhead == 0) draw(stub / kDigits);
    return digits_[stub % kAhead] >> (16 - bits_);
  }

 private:
  static constexpr std::size_t kDigits = 8;
  static constexpr std::size_t kAhead = 512;

  // Many at a time: several Philox blocks then run through the multipliers side by side.
  void draw(std::size_t first_block) {
    for (std::size_t i = 0; i < kAhead / kDigits; ++i) {
      const auto words = stream_.block(static_cast<std::uint32_t>(first_block + i), 0, key_.network,
                                       key_.replicate);
      for (std::size_t w = 0; w < 4; ++w) {
        digits_[kDigits * i + 2 * w] = static_cast<std::uint16_t>(words[w]);
        digits_[kDigits * i + 2 * w + 1] = static_cast<std::uint16_t>(words[w] >> 16);
      }
    }
  }

  RandomStream stream_;
  DrawKey key_;
  unsigned bits_;
  std::array<std::uint16_t, kAhead> digits_{};
};

/// Uniform draws below a bound, numbered within a bucket.
class PartnerDraws {
 public:
  PartnerDraws(const RandomStream& stream, const DrawKey& key, std::size_t bucket)
      : stream_(stream), key_(key), bucket_(static_cast<std::uint32_t>(bucket)) {}

  std::uint32_t below(std::uint32_t bound) {
    if (count_ % kAhead == 0) draw();
    const std::uint64_t product = std::uint64_t{words_[count_++ % kAhead]} * bound;
    if (static_cast<std::uint32_t>(product) < bound) [[unlikely]]
      return careful(product, bound);
    return static_cast<std::uint32_t>(product >> 32);
  }

 private:
  static constexpr std::uint32_t kAhead = 64;

  [[nodiscard]] std::array<std::uint32_t, 4> block(std::uint32_t number,
                                                   std::uint32_t attempt) const {
    return stream_.block(number, bucket_, key_.network, key_.replicate | attempt << 20);
  }

  // Kept out of the loop over the pairs, whose variables then stay in registers.
  [[gnu::noinline]] void draw() {
    for (std::uint32_t i = 0; i < kAhead / 4; ++i) {
      const auto words = block(count_ / 4 + i, 0);
      std::copy(words.begin(), words.end(), words_.begin() + 4 * i);
    }
  }

  // Lemire's rejection as in kernels/random.hpp, with 32 bits: the same word of the next attempts.
  [[nodiscard, gnu::noinline]] std::uint32_t careful(std::uint64_t product,
                                                     std::uint32_t bound) const {
    const std::uint32_t uneven = (0U - bound) % bound;
    const std::uint32_t number = count_ - 1;
    for (std::uint32_t attempt = 1;
         attempt < kAttemptLimit && static_cast<std::uint32_t>(product) < uneven; ++attempt) {
      product = std::uint64_t{block(number / 4, attempt)[number % 4]} * bound;
    }
    return static_cast<std::uint32_t>(product >> 32);
  }

  RandomStream stream_;
  DrawKey key_;
  std::uint32_t bucket_;
  std::uint32_t count_ = 0;
  std::array<std::uint32_t, kAhead> words_{};
};

inline constexpr std::size_t kAgentsALine = 64 / sizeof(Index);

/// Asks for what will be visited at random places, so that it comes as a stream.
template <class Agent>
void fetch_agents(const Agent* begin, std::size_t count) {
  for (std::size_t i = 0; i < count; i += kAgentsALine) __builtin_prefetch(begin + i, 1);
}

/// Room for each bucket: its mean and twelve standard deviations.
[[nodiscard]] inline std::size_t bucket_room(std::size_t stubs, unsigned bits) {
  if (bits == 0) return stubs;
  const std::size_t mean = stubs >> bits;
  const auto spread = static_cast<std::size_t>(std::sqrt(static_cast<double>(mean)));
  return std::min(stubs, mean + 12 * (spread + 1) + 64);
}

/// Places of a bucket whose partners are in other buckets; kNoPlace where there is none.
inline constexpr std::size_t kNoPlace = ~std::size_t{0};
struct BucketEnds {
  std::size_t joins = kNoPlace;  ///< paired with the one who waited from before
  std::size_t waits = kNoPlace;  ///< one of an odd rest: waits for the next bucket that has anybody
};

/// Pairs the `count` stubs of a bucket and exchanges the agents of each pair, so that a place holds
/// the partner; the agents of the ends stay. `open_places`: kept for its memory.
template <class Agent>
BucketEnds match_bucket(Agent* agents, std::size_t count, bool somebody_waits, PartnerDraws& draws,
                        std::vector<std::uint32_t>& open_places) {
  auto left = static_cast<std::uint32_t>(count);
  fetch_agents(agents, left);
  open_places.resize(left);  // not yet paired
  std::uint32_t* const open = open_places.data();
  std::iota(open, open + left, 0U);
  const auto take = [open, &draws](std::uint32_t among) {
    const std::uint32_t j = draws.below(among);
    return std::exchange(open[j], open[among - 1]);
  };
  BucketEnds ends;
  if (left > 0 && somebody_waits) ends.joins = take(left--);
  if (left % 2 != 0) ends.waits = take(left--);
  for (; left > 0; left -= 2) {
    const std::uint32_t last = open[left - 1];
    std::swap(agents[last], agents[take(left - 1)]);
  }
  return ends;
}

/// Whether an ascending row holds neither its own agent nor another one twice: equal neighbours
/// stand side by side.
[[nodiscard]] inline bool is_simple_row(const Index* row, std::size_t length, Index agent) {
  unsigned bad = length > 0 && row[0] == agent ? 1 : 0;
  for (std::size_t e = 1; e < length; ++e) {
    bad |= static_cast<unsigned>(row[e] == agent) | static_cast<unsigned>(row[e] == row[e - 1]);
  }
  return bad == 0;
}

}  // namespace needflow
