// Counting in whole words: the flags of eight lanes are eight bytes of one 64-bit word, so one
// integer addition counts an entry for eight lanes, on ports that the floating-point work leaves
// idle. Cost: 4 B column + L bytes of flags an entry.
#undef HWY_DISABLED_TARGETS
#define HWY_DISABLED_TARGETS (HWY_SSE4 | HWY_SSSE3)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/messages.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>

#include "kernels/messages.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// Bit i of a byte as byte i of a word.
constexpr std::uint64_t spread(std::uint64_t bits) {
  std::uint64_t word = 0;
  for (int i = 0; i < 8; ++i) word |= ((bits >> i) & 1) << (8 * i);
  return word;
}

struct SpreadTable {
  std::uint64_t words[256];
  constexpr SpreadTable() : words() {
    for (std::uint64_t bits = 0; bits < 256; ++bits) words[bits] = spread(bits);
  }
};
constexpr SpreadTable kSpread;

void flag_values(const double* values, std::uint8_t* flags, std::size_t count) {
  const hn::CappedTag<double, 8> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, hn::Gt(hn::LoadU(d, values + i), hn::Zero(d)), bits);
    std::memcpy(flags + i, &kSpread.words[bits[0]], hn::MaxLanes(d));
  }
  for (; i < count; ++i) flags[i] = values[i] > 0.0 ? 1 : 0;
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(flag_values);

void flag_positive(std::span<const double> values, std::span<std::uint8_t> flags) {
  HWY_DYNAMIC_DISPATCH(flag_values)(values.data(), flags.data(), values.size());
}

namespace {

constexpr std::uint64_t kEvenBytes = 0x00ff00ff00ff00ff;
constexpr std::size_t kMostInByte = 255;

/// Eight byte counters spread over two words of four 16-bit counters each.
struct EightCounters {
  std::uint64_t even = 0;
  std::uint64_t odd = 0;

  void add(std::uint64_t bytes) {
    even += bytes & kEvenBytes;
    odd += (bytes >> 8) & kEvenBytes;
  }
  /// Adds the counters to eight lanes and starts again.
  void flush(std::int64_t* lanes) {
    for (int pair = 0; pair < 4; ++pair) {
      lanes[2 * pair] += static_cast<std::int64_t>((even >> (16 * pair)) & 0xffff);
      lanes[2 * pair + 1] += static_cast<std::int64_t>((odd >> (16 * pair)) & 0xffff);
    }
    even = odd = 0;
  }
};

std::uint64_t word_at(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

/// Counts one word of eight lanes, `word` being its offset in a row of L flags.
template <int L, bool kBounded>
void count_word(const CsrView& rows, LaneSpan<const std::uint8_t, L> asks,
                LaneSpan<const std::uint8_t, L> offers, RowRange range, std::size_t word,
                std::int64_t* lanes) {
  EightCounters counters;
  std::size_t added = 0;  // bytes sums added since the last flush: 257 · 255 < 2^16
  for (std::size_t r = range.begin; r < range.end; ++r) {
    const std::uint64_t asking = word_at(asks[r] + word) * 0xff;  // bytes 0 or 255
    if (asking == 0) continue;
    const CsrRow row = rows.row(r);
    for (std::size_t j = 0; j < row.columns.size();) {
      const std::size_t end = std::min(row.columns.size(), j + kMostInByte);
      std::uint64_t sum = 0;
      for (; j < end; ++j) {
        const std::uint64_t offering =
            word_at(offers[static_cast<std::size_t>(row.columns[j])] + word);
        if constexpr (kBounded) {
          sum += row.desire[j] > 0.0 ? offering : 0;
        } else {
          sum += offering;
        }
      }
      counters.add(sum & asking);
      if (++added == kMostInByte) {
        counters.flush(lanes);
        added = 0;
      }
    }
  }
  counters.flush(lanes);
}

}  // namespace

template <int L>
void count_messages(const CsrView& recipient_rows, LaneSpan<const std::uint8_t, L> asks,
                    LaneSpan<const std::uint8_t, L> offers, RowRange range,
                    PerLane<std::int64_t, L>& messages) {
  static_assert(L % 8 == 0, "one lane is counted where it is gathered");
  const auto count = recipient_rows.desire.empty() ? count_word<L, false> : count_word<L, true>;
  for (std::size_t word = 0; word < L; word += 8) {
    count(recipient_rows, asks, offers, range, word, messages.data() + word);
  }
}

template void count_messages<8>(const CsrView&, LaneSpan<const std::uint8_t, 8>,
                                LaneSpan<const std::uint8_t, 8>, RowRange,
                                PerLane<std::int64_t, 8>&);
template void count_messages<16>(const CsrView&, LaneSpan<const std::uint8_t, 16>,
                                 LaneSpan<const std::uint8_t, 16>, RowRange,
                                 PerLane<std::int64_t, 16>&);

}  // namespace needflow
#endif  // HWY_ONCE
