// Cost of a level (modelled): dense, for each node that still misses a source 4 B column and one
// gathered row of 8 W B (a cache line for W = 8) an entry until nothing is missing, and 24 W B a
// node in order; sparse, the same entries of the active nodes alone, each row read and written.
// A random mesh of N nodes with k links needs about ln N / ln k levels, of which two or three
// visit nearly all N k entries: all pairs cost N / 512 · 2.5 N k gathered lines.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/bfs_levels.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/bfs_levels.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The W words of one node in registers.
template <int W>
struct BitRow {
  using Tag = hn::CappedTag<std::uint64_t, W>;
  static constexpr std::size_t kLanes = hn::MaxLanes(Tag());
  static constexpr std::size_t kParts = W / kLanes;
  hn::Vec<Tag> part[kParts];

  static HWY_INLINE BitRow zero() {
    BitRow row;
    for (std::size_t i = 0; i < kParts; ++i) row.part[i] = hn::Zero(Tag());
    return row;
  }
  static HWY_INLINE BitRow load(const std::uint64_t* words) {
    BitRow row;
    for (std::size_t i = 0; i < kParts; ++i) row.part[i] = hn::Load(Tag(), words + i * kLanes);
    return row;
  }
  HWY_INLINE void store(std::uint64_t* words) const {
    for (std::size_t i = 0; i < kParts; ++i) hn::Store(part[i], Tag(), words + i * kLanes);
  }
  HWY_INLINE void add(const std::uint64_t* words) {
    for (std::size_t i = 0; i < kParts; ++i) {
      part[i] = hn::Or(part[i], hn::Load(Tag(), words + i * kLanes));
    }
  }
  HWY_INLINE void add(const BitRow& other) {
    for (std::size_t i = 0; i < kParts; ++i) part[i] = hn::Or(part[i], other.part[i]);
  }
  HWY_INLINE void keep(const BitRow& other) {
    for (std::size_t i = 0; i < kParts; ++i) part[i] = hn::And(part[i], other.part[i]);
  }
  /// The bits that `other` has not.
  HWY_INLINE BitRow without(const BitRow& other) const {
    BitRow row;
    for (std::size_t i = 0; i < kParts; ++i) row.part[i] = hn::AndNot(other.part[i], part[i]);
    return row;
  }
  HWY_INLINE bool empty() const {
    hn::Vec<Tag> all = part[0];
    for (std::size_t i = 1; i < kParts; ++i) all = hn::Or(all, part[i]);
    return hn::AllTrue(Tag(), hn::Eq(all, hn::Zero(Tag())));
  }
};

/// Bits counted, a counter a word.
template <int W>
struct BitCount {
  using Row = BitRow<W>;
  Row counts;

  HWY_INLINE void add(const Row& row) {
    for (std::size_t i = 0; i < Row::kParts; ++i) {
      counts.part[i] = hn::Add(counts.part[i], hn::PopulationCount(row.part[i]));
    }
  }
  HWY_INLINE std::int64_t total() const {
    HWY_ALIGN std::uint64_t words[W];
    counts.store(words);
    std::uint64_t sum = 0;
    for (const std::uint64_t word : words) sum += word;
    return static_cast<std::int64_t>(sum);
  }
};

/// Entries ahead of which the rows to be gathered are asked for, once they leave the second-level
/// cache.
constexpr Offset kGatherAhead = 24;
constexpr std::size_t kBytesToPrefetch = std::size_t{1} << 19;

/// Neighbours gathered between two looks at whether anything is still missing.
constexpr Offset kGathered = 8;

/// The bits among `missing` that some neighbour in [e, end) found in the last level.
template <int W, bool kAhead>
HWY_INLINE BitRow<W> gather(const Index* columns, const std::uint64_t* frontier, Offset e,
                            Offset end, const BitRow<W>& missing) {
  auto row = BitRow<W>::zero();
  const auto one = [&](Offset entry) HWY_ATTR {
    if constexpr (kAhead) {
      __builtin_prefetch(frontier + static_cast<std::size_t>(columns[entry + kGatherAhead]) * W);
    }
    row.add(frontier + static_cast<std::size_t>(columns[entry]) * W);
  };
  while (e + kGathered <= end) {
    for (Offset i = 0; i < kGathered; ++i) one(e + i);
    e += kGathered;
    if (missing.without(row).empty()) break;
  }
  if (e + kGathered > end) {
    for (; e < end; ++e) one(e);
  }
  row.keep(missing);
  return row;
}

template <int W>
LevelResult counted_level(LevelResult result, const BitCount<W>& count, const BitRow<W>& sources) {
  result.pairs = count.total();
  HWY_ALIGN std::uint64_t words[W];
  sources.store(words);
  for (int w = 0; w < W; ++w) result.sources[w] = words[w];
  return result;
}

template <int W>
LevelResult dense_level(const LevelGraph& given, const BitRows& rows, Index* found) {
  using Row = BitRow<W>;
  const LevelGraph graph = given;  // a copy: stores through pointers must not force reloads
  const bool large = graph.nodes * W * sizeof(std::uint64_t) >= kBytesToPrefetch;
  const Offset last = graph.offsets[graph.nodes] - kGatherAhead;
  LevelResult result;
  Row sources = Row::zero();
  BitCount<W> count{Row::zero()};
  for (std::size_t v = 0; v < graph.nodes; ++v) {
    std::uint64_t* const seen = rows.seen + v * W;
    const Row reached = Row::load(seen);
    const auto component = static_cast<std::size_t>(graph.component[v]);
    const Row missing = Row::load(graph.goals + component * W).without(reached);
    Row now = Row::zero();
    if (!missing.empty()) {
      const Offset begin = graph.offsets[v];
      const Offset end = graph.offsets[v + 1];
      now = large && end <= last
                ? gather<W, true>(graph.columns, rows.frontier, begin, end, missing)
                : gather<W, false>(graph.columns, rows.frontier, begin, end, missing);
      if (!now.empty()) {
        Row all = reached;
        all.add(now);
        all.store(seen);
        count.add(now);
        sources.add(now);
        found[result.active++] = static_cast<Index>(v);
        result.active_entries += end - begin;
      }
    }
    now.store(rows.next + v * W);
  }
  return counted_level(result, count, sources);
}

template <int W>
LevelResult sparse_level(const LevelGraph& given, const BitRows& rows, const Index* active,
                         std::size_t active_count, std::uint8_t* flags, Index* found) {
  using Row = BitRow<W>;
  const LevelGraph graph = given;
  std::size_t touched = 0;
  for (std::size_t a = 0; a < active_count; ++a) {
    const auto v = static_cast<std::size_t>(active[a]);
    const Row from = Row::load(rows.frontier + v * W);
    Row::zero().store(rows.frontier + v * W);
    for (Offset e = graph.offsets[v]; e < graph.offsets[v + 1]; ++e) {
      const auto to = static_cast<std::size_t>(graph.columns[e]);
      Row row = from;
      row.add(rows.next + to * W);
      row.store(rows.next + to * W);
      found[touched] = static_cast<Index>(to);
      touched += flags[to] == 0 ? 1 : 0;
      flags[to] = 1;
    }
  }
  LevelResult result;
  Row sources = Row::zero();
  BitCount<W> count{Row::zero()};
  for (std::size_t t = 0; t < touched; ++t) {
    const Index node = found[t];
    const auto v = static_cast<std::size_t>(node);
    flags[v] = 0;
    Row all = Row::load(rows.seen + v * W);
    const Row now = Row::load(rows.next + v * W).without(all);
    now.store(rows.next + v * W);
    all.add(now);
    all.store(rows.seen + v * W);
    count.add(now);
    sources.add(now);
    const bool any = !now.empty();
    found[result.active] = node;
    result.active += any ? 1 : 0;
    result.active_entries += any ? graph.offsets[v + 1] - graph.offsets[v] : 0;
  }
  return counted_level(result, count, sources);
}

template <int W>
BfsLevels levels_of() {
  return {dense_level<W>, sparse_level<W>};
}
BfsLevels levels_2() { return levels_of<2>(); }
BfsLevels levels_4() { return levels_of<4>(); }
BfsLevels levels_8() { return levels_of<8>(); }

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace needflow {

HWY_EXPORT(levels_2);
HWY_EXPORT(levels_4);
HWY_EXPORT(levels_8);

BfsLevels bfs_levels(std::size_t words) {
  if (words == 2) return HWY_DYNAMIC_DISPATCH(levels_2)();
  if (words == 4) return HWY_DYNAMIC_DISPATCH(levels_4)();
  return HWY_DYNAMIC_DISPATCH(levels_8)();
}

}  // namespace needflow
#endif  // HWY_ONCE
