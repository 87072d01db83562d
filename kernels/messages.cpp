// Counting in bytes: the flags of 8 or 16 lanes are one register, so one addition counts an entry
// for all of them. Words of 64 bits on the integer ports took twice as long for 16 lanes.
// Cost: 4 B column + L bytes of flags an entry.
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

template <class T>
void flag_values(const T* values, std::uint8_t* flags, std::size_t count) {
  const hn::CappedTag<T, 8> d;
  std::size_t i = 0;
  for (; i + hn::Lanes(d) <= count; i += hn::Lanes(d)) {
    std::uint8_t bits[8] = {};
    hn::StoreMaskBits(d, hn::Gt(hn::LoadU(d, values + i), hn::Zero(d)), bits);
    std::memcpy(flags + i, &kSpread.words[bits[0]], hn::MaxLanes(d));
  }
  for (; i < count; ++i) flags[i] = values[i] > 0 ? 1 : 0;
}
void flag_doubles(const double* values, std::uint8_t* flags, std::size_t count) {
  flag_values(values, flags, count);
}
void flag_floats(const float* values, std::uint8_t* flags, std::size_t count) {
  flag_values(values, flags, count);
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(flag_doubles);
HWY_EXPORT(flag_floats);

void flag_positive(std::span<const double> values, std::span<std::uint8_t> flags) {
  HWY_DYNAMIC_DISPATCH(flag_doubles)(values.data(), flags.data(), values.size());
}
void flag_positive(std::span<const float> values, std::span<std::uint8_t> flags) {
  HWY_DYNAMIC_DISPATCH(flag_floats)(values.data(), flags.data(), values.size());
}

namespace {

constexpr std::size_t kMostInByte = 255;

/// The flags, or byte counters, of L lanes as one register of the baseline.
template <int L>
struct ByteLanes {
  typedef std::uint8_t Bytes __attribute__((vector_size(L)));
  Bytes bytes{};

  static ByteLanes load(const std::uint8_t* flags) {
    ByteLanes lanes;
    std::memcpy(&lanes.bytes, flags, L);
    return lanes;
  }
  [[nodiscard]] bool none() const {
    std::uint64_t words[L / 8];
    std::memcpy(words, &bytes, L);
    return (words[0] | words[L / 8 - 1]) == 0;
  }
};

/// One lane needs no register of its own.
template <>
struct ByteLanes<1> {
  using Bytes = std::uint8_t;
  Bytes bytes{};
  static ByteLanes load(const std::uint8_t* flags) { return {*flags}; }
  [[nodiscard]] bool none() const { return bytes == 0; }
};

/// Entries of one row that offer, a lane; at most 255 of them.
template <int L, bool kBounded>
ByteLanes<L> count_entries(const Index* columns, const double* desire, std::size_t count,
                           const std::uint8_t* offers) {
  ByteLanes<L> sum;
#pragma GCC unroll 4
  for (std::size_t j = 0; j < count; ++j) {
    const auto column = static_cast<std::size_t>(columns[j]);
    const ByteLanes<L> offering = ByteLanes<L>::load(offers + column * L);
    if (kBounded && !(desire[j] > 0.0)) continue;
    sum.bytes = static_cast<typename ByteLanes<L>::Bytes>(sum.bytes + offering.bytes);
  }
  return sum;
}

template <int L, bool kBounded>
void count_rows(const CsrView& rows, LaneSpan<const std::uint8_t, L> asks,
                LaneSpan<const std::uint8_t, L> offers, RowRange range,
                PerLane<std::int64_t, L>& messages) {
  PerLane<std::uint32_t, L> counts{};
  std::size_t pieces = 0;
  const auto flush = [&] {
    for (std::size_t l = 0; l < L; ++l) messages[l] += counts[l];
    counts = {};
    pieces = 0;
  };
  for (std::size_t r = range.begin; r < range.end; ++r) {
    const auto asking = ByteLanes<L>::load(asks[r]);
    if (asking.none()) continue;
    const auto begin = static_cast<std::size_t>(rows.offsets[r]);
    const auto end = static_cast<std::size_t>(rows.offsets[r + 1]);
    for (std::size_t j = begin; j < end; j += kMostInByte) {
      const auto sum = count_entries<L, kBounded>(rows.columns.data() + j,
                                                  kBounded ? rows.desire.data() + j : nullptr,
                                                  std::min(kMostInByte, end - j), offers[0]);
      std::uint8_t asked[L];
      const auto kept = static_cast<typename ByteLanes<L>::Bytes>(
          sum.bytes & -asking.bytes);  // bytes of 0 or 255
      std::memcpy(asked, &kept, L);
      for (std::size_t l = 0; l < L; ++l) counts[l] += asked[l];
      if (++pieces == (std::size_t{1} << 24)) flush();  // 2^24 · 255 < 2^32
    }
  }
  flush();
}

}  // namespace

template <int L>
std::size_t keep_lanes(LaneSpan<std::uint8_t, L> flags, const PerLane<std::uint8_t, L>& counts) {
  const auto mask = ByteLanes<L>::load(counts.data());
  std::size_t rows = 0;
  for (std::size_t i = 0; i < flags.rows(); ++i) {
    auto lanes = ByteLanes<L>::load(flags[i]);
    lanes.bytes = static_cast<typename ByteLanes<L>::Bytes>(lanes.bytes & mask.bytes);
    std::memcpy(flags[i], &lanes.bytes, L);
    rows += lanes.none() ? 0 : 1;
  }
  return rows;
}

template <int L>
void count_messages(const CsrView& rows, LaneSpan<const std::uint8_t, L> asks,
                    LaneSpan<const std::uint8_t, L> offers, RowRange range,
                    PerLane<std::int64_t, L>& messages) {
  const auto count = rows.desire.empty() ? count_rows<L, false> : count_rows<L, true>;
  count(rows, asks, offers, range, messages);
}

template std::size_t keep_lanes<1>(LaneSpan<std::uint8_t, 1>, const PerLane<std::uint8_t, 1>&);
template std::size_t keep_lanes<8>(LaneSpan<std::uint8_t, 8>, const PerLane<std::uint8_t, 8>&);
template std::size_t keep_lanes<16>(LaneSpan<std::uint8_t, 16>, const PerLane<std::uint8_t, 16>&);

template void count_messages<1>(const CsrView&, LaneSpan<const std::uint8_t, 1>,
                                LaneSpan<const std::uint8_t, 1>, RowRange,
                                PerLane<std::int64_t, 1>&);
template void count_messages<8>(const CsrView&, LaneSpan<const std::uint8_t, 8>,
                                LaneSpan<const std::uint8_t, 8>, RowRange,
                                PerLane<std::int64_t, 8>&);
template void count_messages<16>(const CsrView&, LaneSpan<const std::uint8_t, 16>,
                                 LaneSpan<const std::uint8_t, 16>, RowRange,
                                 PerLane<std::int64_t, 16>&);

}  // namespace needflow
#endif  // HWY_ONCE
