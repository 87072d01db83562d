// Cost of a run (modelled): reads 24 B a recipient once; a division a recipient; the network about
// N lg²N / 4 comparators of two loads, min, max and two stores, shared by the lanes of a vector.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/spread.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include <algorithm>
#include <bit>

#include "kernels/reduce.hpp"
#include "kernels/spread.hpp"
#include "kernels/spread_figures.hpp"
#include "kernels/spread_parts.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// A strip is a vector of lanes, row after row; a run on its own is taken four rows a step, so that
// the partial sums j mod 4 of kernels/reduce.hpp are the lanes of a vector. Both are `vectors` of a
// width with kPhases partial sums taken in turn: 4 for a strip, 4 / width for a run on its own.
using StripTag = hn::CappedTag<double, kStripLanes>;
using AloneTag = hn::CappedTag<double, 4>;
inline constexpr int kAlonePhases = 4 / static_cast<int>(hn::MaxLanes(AloneTag()));

template <class D, int kPhases>
struct AmountSums {
  using V = hn::Vec<D>;
  V need[kPhases], satisfied[kPhases], over[kPhases], lack[kPhases];
  V met, count, largest_lack;

  HWY_INLINE explicit AmountSums(D d)
      : met(hn::Zero(d)), count(hn::Zero(d)), largest_lack(hn::Zero(d)) {
    for (int k = 0; k < kPhases; ++k) {
      need[k] = satisfied[k] = over[k] = lack[k] = hn::Zero(d);
    }
  }

  /// Adds one vector to partial sum k and returns its shares.
  HWY_INLINE V add(D d, int k, V n, V x, V beyond, V met_from) {
    const V zero = hn::Zero(d);
    const V one = hn::Set(d, 1.0);
    const auto wants = hn::Gt(n, zero);
    const V rest = hn::Max(zero, hn::Sub(n, x));
    need[k] = hn::Add(need[k], n);
    satisfied[k] = hn::Add(satisfied[k], x);
    over[k] = hn::Add(over[k], beyond);
    lack[k] = hn::Add(lack[k], rest);
    largest_lack = hn::Max(largest_lack, rest);
    const auto is_met = hn::And(wants, hn::Ge(x, hn::Mul(met_from, n)));
    met = hn::Add(met, hn::IfThenElseZero(is_met, one));
    count = hn::Add(count, hn::IfThenElseZero(wants, one));
    return hn::IfThenElse(wants, hn::Div(x, n), hn::Set(d, kAbsentShare));
  }
};

template <class D, int kPhases>
struct ShareSums {
  using V = hn::Vec<D>;
  V share[kPhases], square[kPhases], ranked[kPhases];

  HWY_INLINE explicit ShareSums(D d) {
    for (int k = 0; k < kPhases; ++k) share[k] = square[k] = ranked[k] = hn::Zero(d);
  }

  /// Adds sorted shares of ranks `index` from 0, of `count` that are there, to partial sum k.
  HWY_INLINE void add(D d, int k, V q, V index, V count) {
    q = hn::IfThenElseZero(hn::Lt(index, count), q);
    // 2i − m − 1 with i from 1; integers, so the order does not matter.
    const V weight = hn::Sub(hn::Add(hn::Add(index, index), hn::Set(d, 1.0)), count);
    share[k] = hn::Add(share[k], q);
    square[k] = hn::Add(square[k], hn::Mul(q, q));
    ranked[k] = hn::Add(ranked[k], hn::Mul(weight, q));
  }
};

/// (s0 + s1) + (s2 + s3) of every lane of a strip.
template <class D>
HWY_INLINE void put_strip_sum(D d, const hn::Vec<D> (&partial)[4], double* total) {
  hn::StoreU(hn::Add(hn::Add(partial[0], partial[1]), hn::Add(partial[2], partial[3])), d, total);
}

/// The same of a run on its own: the partial sums are the elements.
template <class D, int kPhases>
HWY_INLINE void put_alone_sum(D d, const hn::Vec<D> (&partial)[kPhases], double* total) {
  double s[4];
  for (int k = 0; k < kPhases; ++k) {
    hn::StoreU(partial[k], d, s + static_cast<std::size_t>(k) * hn::Lanes(d));
  }
  *total = (s[0] + s[1]) + (s[2] + s[3]);
}

/// Amounts of one block of a strip; the shares go to `shares`, row after row.
void strip_amounts(const SpreadBlock& block, double* shares, SpreadTotals& totals) {
  const StripTag d;
  const std::size_t width = hn::Lanes(d);
  const auto met_from = hn::LoadU(d, block.met_from);
  AmountSums<StripTag, 4> sums(d);
  const auto row = [&](int k, std::size_t i) HWY_ATTR {
    const std::size_t at = i * block.stride;
    const auto q = sums.add(d, k, hn::LoadU(d, block.need + at), hn::LoadU(d, block.satisfied + at),
                            hn::LoadU(d, block.over + at), met_from);
    hn::StoreU(q, d, shares + i * width);
  };
  std::size_t i = 0;
  for (; i + 4 <= block.rows; i += 4) {
    for (int k = 0; k < 4; ++k) row(k, i + static_cast<std::size_t>(k));
  }
  for (int k = 0; i < block.rows; ++i, ++k) row(k, i);
  put_strip_sum(d, sums.need, totals.sum[kNeed]);
  put_strip_sum(d, sums.satisfied, totals.sum[kSatisfied]);
  put_strip_sum(d, sums.over, totals.sum[kOver]);
  put_strip_sum(d, sums.lack, totals.sum[kLack]);
  hn::StoreU(sums.met, d, totals.sum[kMet]);
  hn::StoreU(sums.count, d, totals.sum[kCount]);
  hn::StoreU(sums.largest_lack, d, totals.largest_lack);
}

/// Amounts of one block of a run on its own. `shares` has room for a multiple of four.
void alone_amounts(const SpreadBlock& block, double* shares, SpreadTotals& totals) {
  const AloneTag d;
  const std::size_t width = hn::Lanes(d);
  const auto met_from = hn::Set(d, block.met_from[0]);
  AmountSums<AloneTag, kAlonePhases> sums(d);
  const auto four = [&](const double* need, const double* satisfied, const double* over,
                        double* out) HWY_ATTR {
    for (int k = 0; k < kAlonePhases; ++k) {
      const std::size_t at = static_cast<std::size_t>(k) * width;
      const auto q = sums.add(d, k, hn::LoadU(d, need + at), hn::LoadU(d, satisfied + at),
                              hn::LoadU(d, over + at), met_from);
      hn::StoreU(q, d, out + at);
    }
  };
  std::size_t i = 0;
  for (; i + 4 <= block.rows; i += 4) {
    four(block.need + i, block.satisfied + i, block.over + i, shares + i);
  }
  if (i < block.rows) {  // recipients without need change no figure
    double rest[3][4] = {};
    std::copy(block.need + i, block.need + block.rows, rest[0]);
    std::copy(block.satisfied + i, block.satisfied + block.rows, rest[1]);
    std::copy(block.over + i, block.over + block.rows, rest[2]);
    four(rest[0], rest[1], rest[2], shares + i);
  }
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.need, totals.sum[kNeed]);
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.satisfied, totals.sum[kSatisfied]);
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.over, totals.sum[kOver]);
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.lack, totals.sum[kLack]);
  totals.sum[kMet][0] = hn::GetLane(hn::SumOfLanes(d, sums.met));
  totals.sum[kCount][0] = hn::GetLane(hn::SumOfLanes(d, sums.count));
  totals.largest_lack[0] = hn::GetLane(hn::MaxOfLanes(d, sums.largest_lack));
}

/// Sorted rows [begin, begin + rows) of a strip, of which `counts` are there in each lane.
void strip_shares(const double* shares, std::size_t begin, std::size_t rows, const double* counts,
                  SpreadTotals& totals) {
  const StripTag d;
  const std::size_t width = hn::Lanes(d);
  const auto count = hn::LoadU(d, counts);
  auto index = hn::Set(d, static_cast<double>(begin));
  const auto one = hn::Set(d, 1.0);
  ShareSums<StripTag, 4> sums(d);
  const auto row = [&](int k, std::size_t i) HWY_ATTR {
    sums.add(d, k, hn::LoadU(d, shares + i * width), index, count);
    index = hn::Add(index, one);
  };
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    for (int k = 0; k < 4; ++k) row(k, i + static_cast<std::size_t>(k));
  }
  for (int k = 0; i < rows; ++i, ++k) row(k, i);
  put_strip_sum(d, sums.share, totals.sum[kShare]);
  put_strip_sum(d, sums.square, totals.sum[kSquare]);
  put_strip_sum(d, sums.ranked, totals.sum[kRanked]);
}

/// The same for a run on its own; `shares` may be read up to a multiple of four.
void alone_shares(const double* shares, std::size_t begin, std::size_t rows, double counted,
                  SpreadTotals& totals) {
  const AloneTag d;
  const std::size_t width = hn::Lanes(d);
  const auto count = hn::Set(d, counted);
  const auto step = hn::Set(d, static_cast<double>(width));
  auto index = hn::Iota(d, static_cast<double>(begin));
  ShareSums<AloneTag, kAlonePhases> sums(d);
  for (std::size_t i = 0; i < rows; i += 4) {
    for (int k = 0; k < kAlonePhases; ++k) {
      sums.add(d, k, hn::LoadU(d, shares + i + static_cast<std::size_t>(k) * width), index, count);
      index = hn::Add(index, step);
    }
  }
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.share, totals.sum[kShare]);
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.square, totals.sum[kSquare]);
  put_alone_sum<AloneTag, kAlonePhases>(d, sums.ranked, totals.sum[kRanked]);
}

template <class D>
HWY_INLINE void exchange_rows(D d, double* low, double* high) {
  const auto a = hn::LoadU(d, low);
  const auto b = hn::LoadU(d, high);
  hn::StoreU(hn::Min(a, b), d, low);
  hn::StoreU(hn::Max(a, b), d, high);
}

/// Batcher's merge exchange (Knuth, TAOCP 3, 5.2.2, algorithm M) of `count` whole rows.
/// Tried: 8 or 16 rows sorted in registers and then odd-even merges, 1.6 times as long at N = 100.
template <class D>
HWY_INLINE void sort_rows(D d, double* rows, std::size_t count) {
  if (count < 2) return;
  const std::size_t width = hn::Lanes(d);
  const std::size_t largest = std::bit_ceil(count) / 2;
  for (std::size_t p = largest; p > 0; p /= 2) {
    std::size_t first = 0;
    std::size_t distance = p;
    for (std::size_t q = largest;; q /= 2) {
      for (std::size_t base = first; base + distance < count; base += 2 * p) {
        const std::size_t end = std::min(base + p, count - distance);
        for (std::size_t i = base; i < end; ++i) {
          exchange_rows(d, rows + i * width, rows + (i + distance) * width);
        }
      }
      if (q == p) break;
      distance = q - p;
      first = p;
    }
  }
}

void sort_strip(double* rows, std::size_t count) { sort_rows(StripTag(), rows, count); }

/// Sorts `count` shares of one run. Without vectors the network has branches after all and VQSort
/// is a heap sort: two and one and a half times std::sort's time.
void sort_alone(const hwy::Sorter& sorter, double* shares, std::size_t count) {
  if (hn::MaxLanes(StripTag()) < kLeastStrip) {
    std::sort(shares, shares + count);
  } else if (count <= kNetworkRowsAlone) {
    sort_rows(hn::CappedTag<double, 1>(), shares, count);
  } else {
    sorter(shares, count, hwy::SortAscending());
  }
}

std::size_t strip_lanes() { return hn::Lanes(StripTag()); }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(strip_amounts);
HWY_EXPORT(alone_amounts);
HWY_EXPORT(strip_shares);
HWY_EXPORT(alone_shares);
HWY_EXPORT(sort_strip);
HWY_EXPORT(sort_alone);
HWY_EXPORT(strip_lanes);

namespace {

/// Doubles from one lane's column to the next: room to read on to a multiple of four, and never a
/// power of two, which would put the columns of a row into one cache set.
std::size_t column_stride(std::size_t rows) { return (rows + 15) / 16 * 16 + 8; }

template <int L>
SpreadBlock block_of(const FinalStates<L>& states, const std::array<double, L>& met_from,
                     std::size_t lane, std::size_t begin, std::size_t end) {
  return {states.need[begin] + lane,
          states.satisfied[begin] + lane,
          states.over[begin] + lane,
          static_cast<std::size_t>(L),
          end - begin,
          met_from.data() + lane};
}

/// Lanes in strips, each sorted as a whole. All of it stays in L2.
template <int L>
void measure_strips(const FinalStates<L>& states, const std::array<double, L>& met_from,
                    double* shares, BlockSums& sums, std::span<Satisfaction, L> result) {
  const std::size_t rows = states.need.rows();
  const std::size_t width = HWY_DYNAMIC_DISPATCH(strip_lanes)();
  const auto amounts = HWY_DYNAMIC_DISPATCH(strip_amounts);
  const auto spread = HWY_DYNAMIC_DISPATCH(strip_shares);
  SpreadTotals totals;
  for (std::size_t lane = 0; lane < L; lane += width) {
    for (std::size_t begin = 0; begin < rows; begin += kRowBlock) {
      const std::size_t end = std::min(rows, begin + kRowBlock);
      amounts(block_of<L>(states, met_from, lane, begin, end), shares + begin * width, totals);
      sums.put(totals, lane, width, begin / kRowBlock, kNeed, kShare);
      sums.put_largest(totals, lane, width, begin / kRowBlock);
    }
    HWY_DYNAMIC_DISPATCH(sort_strip)(shares, rows);
    std::array<double, kStripLanes> counts;
    for (std::size_t l = 0; l < width; ++l) counts[l] = sums.total(lane + l, kCount);
    for (std::size_t begin = 0; begin < rows; begin += kRowBlock) {
      const std::size_t end = std::min(rows, begin + kRowBlock);
      spread(shares + begin * width, begin, end - begin, counts.data(), totals);
      sums.put(totals, lane, width, begin / kRowBlock, kShare, kSpreadSums);
    }
    for (std::size_t l = 0; l < width; ++l) {
      result[lane + l] = figures_of(sums, lane + l, states.wasted[lane + l], shares + l, width);
    }
  }
}

/// One block of rows into a column of shares a lane.
template <int L>
void block_to_columns(const FinalStates<L>& states, const std::array<double, L>& met_from,
                      std::size_t begin, std::size_t end, double* shares, std::size_t stride,
                      BlockSums sums) {
  SpreadTotals totals;
  const std::size_t block = begin / kRowBlock;
  const std::size_t width = L == 1 ? 1 : HWY_DYNAMIC_DISPATCH(strip_lanes)();
  alignas(64) std::array<double, L == 1 ? 1 : kRowBlock * kStripLanes> strip;
  for (std::size_t lane = 0; lane < L; lane += width) {
    const SpreadBlock part = block_of<L>(states, met_from, lane, begin, end);
    if constexpr (L == 1) {
      HWY_DYNAMIC_DISPATCH(alone_amounts)(part, shares + begin, totals);
    } else {
      HWY_DYNAMIC_DISPATCH(strip_amounts)(part, strip.data(), totals);
      for (std::size_t l = 0; l < width; ++l) {
        double* column = shares + (lane + l) * stride + begin;
        for (std::size_t i = 0; i < end - begin; ++i) column[i] = strip[i * width + l];
      }
    }
    sums.put(totals, lane, width, block, kNeed, kShare);
    sums.put_largest(totals, lane, width, block);
  }
}

/// Lane by lane: long runs, and every run on its own.
template <int L>
void measure_columns(const FinalStates<L>& states, const std::array<double, L>& met_from,
                     SpreadWorkspace& workspace, BlockSums sums, std::span<Satisfaction, L> result,
                     Threads threads) {
  const std::size_t rows = states.need.rows();
  const std::size_t stride = column_stride(rows);
  double* const shares = workspace.shares(L * stride);
  for_row_blocks(rows, threads, [=](std::size_t begin, std::size_t end) {
    block_to_columns<L>(states, met_from, begin, end, shares, stride, sums);
  });
  const auto one_lane = [=](std::size_t lane, const hwy::Sorter& sorter, Threads inside) {
    double* const column = shares + lane * stride;
    HWY_DYNAMIC_DISPATCH(sort_alone)(sorter, column, rows);
    const double count = sums.total(lane, kCount);
    for_row_blocks(rows, inside, [=](std::size_t begin, std::size_t end) {
      SpreadTotals totals;
      HWY_DYNAMIC_DISPATCH(alone_shares)(column + begin, begin, end - begin, count, totals);
      sums.put(totals, lane, 1, begin / kRowBlock, kShare, kSpreadSums);
    });
    result[lane] = figures_of(sums, lane, states.wasted[lane], column, 1);
  };
  if (L == 1 || threads == Threads::one) {
    for (std::size_t lane = 0; lane < L; ++lane) one_lane(lane, workspace.sorter(), threads);
    return;
  }
  // A sorter works in memory of its own: one a lane, since lanes go to any thread.
  parallel_indices(
      L, [=](std::size_t lane) { one_lane(lane, hwy::Sorter(), Threads::one); },
      oneapi::tbb::simple_partitioner());
}

}  // namespace

double* SpreadWorkspace::shares(std::size_t count) {
  constexpr std::size_t kLine = 64 / sizeof(double);
  if (shares_.size() < count + kLine) shares_.resize(count + kLine);
  const auto address = reinterpret_cast<std::uintptr_t>(shares_.data());
  return shares_.data() + (64 - address % 64) % 64 / sizeof(double);
}

std::span<double> SpreadWorkspace::sums(std::size_t count) {
  if (sums_.size() < count) sums_.resize(count);
  return std::span(sums_).first(count);
}

template <int L>
void measure_spread(const FinalStates<L>& states, SpreadWorkspace& workspace,
                    std::span<Satisfaction, L> result, Threads threads) {
  const std::size_t rows = states.need.rows();
  const std::size_t blocks = blocks_of(rows);
  BlockSums sums(workspace.sums(L * kFigures * blocks), blocks);
  std::array<double, L> met_from;
  for (std::size_t l = 0; l < L; ++l) met_from[l] = 1.0 - states.tolerance[l];
  const std::size_t width = HWY_DYNAMIC_DISPATCH(strip_lanes)();
  if (L == 1 || rows > kNetworkRows || width < kLeastStrip) {
    measure_columns<L>(states, met_from, workspace, sums, result, threads);
  } else {
    double* const shares = workspace.shares(rows * width);
    measure_strips<L>(states, met_from, shares, sums, result);
  }
}

template void measure_spread<1>(const FinalStates<1>&, SpreadWorkspace&, std::span<Satisfaction, 1>,
                                Threads);
template void measure_spread<8>(const FinalStates<8>&, SpreadWorkspace&, std::span<Satisfaction, 8>,
                                Threads);
template void measure_spread<16>(const FinalStates<16>&, SpreadWorkspace&,
                                 std::span<Satisfaction, 16>, Threads);

SpreadParts::SpreadParts(std::size_t rows)
    : blocks_(blocks_of(rows)), values_(kFigures * blocks_of(rows)) {}

void SpreadParts::put_amounts(const FinalStates<1>& states, std::size_t first,
                              std::span<double> shares, Threads threads) {
  const std::array<double, 1> met_from{1.0 - states.tolerance[0]};
  const BlockSums sums(values_, blocks_);
  for_row_blocks(states.need.rows(), threads, [&](std::size_t begin, std::size_t end) {
    SpreadTotals totals;
    HWY_DYNAMIC_DISPATCH(alone_amounts)
    (block_of<1>(states, met_from, 0, begin, end), shares.data() + begin, totals);
    sums.put(totals, 0, 1, (first + begin) / kRowBlock, kNeed, kShare);
    sums.put_largest(totals, 0, 1, (first + begin) / kRowBlock);
  });
}

void SpreadParts::put_sorted(std::span<const double> sorted, std::size_t rows, std::size_t first,
                             Threads threads) {
  const BlockSums sums(values_, blocks_);
  const double counted = count();
  for_row_blocks(rows, threads, [&](std::size_t begin, std::size_t end) {
    SpreadTotals totals;
    HWY_DYNAMIC_DISPATCH(alone_shares)
    (sorted.data() + begin, first + begin, end - begin, counted, totals);
    sums.put(totals, 0, 1, (first + begin) / kRowBlock, kShare, kSpreadSums);
  });
}

void SpreadParts::sort(std::span<double> shares) {
  HWY_DYNAMIC_DISPATCH(sort_alone)(hwy::Sorter(), shares.data(), shares.size());
}

double SpreadParts::count() { return BlockSums(values_, blocks_).total(0, kCount); }

Satisfaction SpreadParts::figures(double wasted, double least, double p05) {
  return figures_of(BlockSums(values_, blocks_), 0, wasted, least, p05);
}

std::vector<std::span<double>> SpreadParts::figures_from(std::size_t first, std::size_t last) {
  std::vector<std::span<double>> figures;
  for (std::size_t figure = first; figure < last; ++figure) {
    figures.push_back(std::span(values_).subspan(figure * blocks_, blocks_));
  }
  return figures;
}

std::vector<std::span<double>> SpreadParts::amounts() {
  std::vector<std::span<double>> all = figures_from(kNeed, kShare);
  all.push_back(figures_from(kSpreadSums, kFigures).front());  // the largest lack
  return all;
}

std::vector<std::span<double>> SpreadParts::sorted() { return figures_from(kShare, kSpreadSums); }

}  // namespace needflow
#endif  // HWY_ONCE
