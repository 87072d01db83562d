#include "kernels/bfs.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <memory>
#include <numeric>
#include <utility>

#include "kernels/bfs_levels.hpp"
#include "kernels/large_pages.hpp"

namespace needflow {

namespace {

/// Large pages: a tenth less at N = 1e6, no difference seen at 1e5.
using Words = GatheredVector<std::uint64_t>;

constexpr std::size_t kWordBits = 64;

/// A level goes from the active nodes when they have fewer than one in so many of all entries: an
/// entry costs a scatter about as much as this many gathers. 2 to 16 time the same within noise.
constexpr Offset kSparseShare = 4;

/// The narrowest row that still gives every worker no more than one batch, or the widest.
std::size_t words_for(std::size_t sources, std::size_t workers) {
  for (const std::size_t words : {2, 4}) {
    if (sources <= words * kWordBits * workers) return words;
  }
  return 8;
}

/// What one search from up to 64 W sources needs; kept by a worker from batch to batch.
class Batch {
 public:
  Batch(std::span<const Offset> offsets, std::span<const Index> columns,
        const Components& components, std::size_t words)
      : words_(words),
        levels_(bfs_levels(words)),
        components_(components),
        seen_(components.number.size() * words),
        frontier_(seen_.size()),
        next_(seen_.size()),
        goals_(components.sizes.size() * words),
        flags_(components.number.size()),
        active_(components.number.size() + 1),
        found_(components.number.size() + 1),
        graph_{offsets.data(), columns.data(), components.number.size(), components.number.data(),
               goals_.data()} {}

  /// Adds what the search from `sources` found to `counts`, whose per-source arrays start at `at`.
  void search(std::span<const Index> sources, std::span<const std::size_t> places, HopSums sums,
              HopCounts& counts, std::vector<Index>& eccentricity, std::vector<std::int64_t>& hops);

 private:
  std::int64_t start(std::span<const Index> sources);
  LevelResult step();
  void add_hops(Index level, std::span<const std::size_t> places, std::vector<std::int64_t>& hops);

  std::size_t words_;
  BfsLevels levels_;
  const Components& components_;
  Words seen_, frontier_, next_, goals_;
  std::vector<std::uint8_t> flags_;
  std::vector<Index> active_, found_;
  LevelGraph graph_;
  LevelResult last_;
  bool next_is_clear_ = true;
};

/// Sets up the sources; returns how many pairs there are to find.
std::int64_t Batch::start(std::span<const Index> sources) {
  std::fill(seen_.begin(), seen_.end(), 0);
  if (!next_is_clear_) std::fill(next_.begin(), next_.end(), 0);
  for (const Index node : std::span(active_).first(last_.active)) {
    std::fill_n(frontier_.begin() + node * static_cast<std::ptrdiff_t>(words_), words_, 0);
  }
  next_is_clear_ = true;
  last_ = {};
  std::int64_t expected = 0;
  for (std::size_t b = 0; b < sources.size(); ++b) {
    const auto node = static_cast<std::size_t>(sources[b]);
    const auto component = static_cast<std::size_t>(components_.number[node]);
    const std::size_t word = b / kWordBits;
    const std::uint64_t bit = std::uint64_t{1} << b % kWordBits;
    seen_[node * words_ + word] |= bit;
    frontier_[node * words_ + word] |= bit;
    goals_[component * words_ + word] |= bit;
    expected += components_.sizes[component] - 1;
    active_[last_.active++] = sources[b];
    last_.active_entries += graph_.offsets[node + 1] - graph_.offsets[node];
  }
  return expected;
}

LevelResult Batch::step() {
  const BitRows rows{seen_.data(), frontier_.data(), next_.data()};
  const bool sparse = last_.active_entries * kSparseShare < graph_.offsets[graph_.nodes];
  if (sparse) {
    if (!next_is_clear_) std::fill(next_.begin(), next_.end(), 0);
    last_ =
        levels_.sparse(graph_, rows, active_.data(), last_.active, flags_.data(), found_.data());
  } else {
    last_ = levels_.dense(graph_, rows, found_.data());
  }
  next_is_clear_ = sparse;
  std::swap(frontier_, next_);
  std::swap(active_, found_);
  return last_;
}

void Batch::search(std::span<const Index> sources, std::span<const std::size_t> places,
                   HopSums sums, HopCounts& counts, std::vector<Index>& eccentricity,
                   std::vector<std::int64_t>& hops) {
  std::int64_t left = start(sources);
  counts.unreachable += static_cast<std::int64_t>(sources.size() * (graph_.nodes - 1)) - left;
  // The search stops when all pairs are found: no level that finds nothing is visited.
  for (Index level = 1; left > 0; ++level) {
    const LevelResult result = step();
    left -= result.pairs;
    if (counts.pairs.size() <= static_cast<std::size_t>(level)) counts.pairs.push_back(0);
    counts.pairs[static_cast<std::size_t>(level)] += result.pairs;
    for (std::size_t b = 0; b < sources.size(); ++b) {
      if ((result.sources[b / kWordBits] >> b % kWordBits & 1) != 0)
        eccentricity[places[b]] = level;
    }
    if (sums == HopSums::per_source) add_hops(level, places, hops);
  }
  for (const Index node : sources) {
    const auto component =
        static_cast<std::size_t>(components_.number[static_cast<std::size_t>(node)]);
    std::fill_n(goals_.begin() + static_cast<std::ptrdiff_t>(component * words_), words_, 0);
  }
}

/// Adds `level` to the sum of a source for each node that it reached in the level at hand. A column
/// of bits is counted in eight planes, one binary digit each, emptied before they overflow.
void Batch::add_hops(Index level, std::span<const std::size_t> places,
                     std::vector<std::int64_t>& hops) {
  constexpr std::size_t kPlanes = 8;
  constexpr std::size_t kMostInPlanes = (std::size_t{1} << kPlanes) - 1;
  std::uint64_t planes[kPlanes][8] = {};
  const auto empty_planes = [&] {
    for (std::size_t b = 0; b < places.size(); ++b) {
      std::int64_t count = 0;
      for (std::size_t p = kPlanes; p-- > 0;) {
        count =
            2 * count + static_cast<std::int64_t>(planes[p][b / kWordBits] >> b % kWordBits & 1);
      }
      hops[places[b]] += count * level;
    }
    std::fill_n(&planes[0][0], kPlanes * 8, 0);
  };
  for (std::size_t a = 0; a < last_.active; ++a) {
    const std::uint64_t* const row = &frontier_[static_cast<std::size_t>(active_[a]) * words_];
    for (std::size_t w = 0; w < words_; ++w) {
      std::uint64_t carry = row[w];
      for (auto& plane : planes) {
        const std::uint64_t both = plane[w] & carry;
        plane[w] ^= carry;
        carry = both;
      }
    }
    if ((a + 1) % kMostInPlanes == 0) empty_planes();
  }
  empty_planes();
}

/// The sources' places, those of one component side by side, so that a batch visits few components.
std::vector<std::size_t> by_component(const Components& components,
                                      std::span<const Index> sources) {
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (components.sizes.size() > 1) {
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return components.number[static_cast<std::size_t>(sources[a])] <
             components.number[static_cast<std::size_t>(sources[b])];
    });
  }
  return order;
}

void add_counts(HopCounts& sum, const HopCounts& part) {
  sum.pairs.resize(std::max(sum.pairs.size(), part.pairs.size()));
  for (std::size_t h = 0; h < part.pairs.size(); ++h) sum.pairs[h] += part.pairs[h];
  sum.unreachable += part.unreachable;
}

}  // namespace

HopCounts count_hops(std::span<const Offset> offsets, std::span<const Index> columns,
                     const Components& components, std::span<const Index> sources, HopSums sums,
                     Threads threads) {
  HopCounts counts;
  counts.eccentricity.resize(sources.size());
  if (sums == HopSums::per_source) counts.hops.resize(sources.size());
  const std::vector<std::size_t> order = by_component(components, sources);
  const std::size_t words = words_for(sources.size(), workers_for(sources.size(), threads));
  const std::size_t in_batch = words * kWordBits;
  const std::size_t batches = (sources.size() + in_batch - 1) / in_batch;
  const std::size_t workers = workers_for(batches, threads);
  std::vector<HopCounts> parts(workers);
  // Workers take batches in turn; who takes which shows nowhere, for integers are added.
  std::atomic<std::size_t> next{0};
  const auto work = [&](std::size_t worker) {
    Batch batch(offsets, columns, components, words);
    std::vector<Index> nodes;
    for (std::size_t b = next++; b < batches; b = next++) {
      const std::size_t begin = b * in_batch;
      const auto places =
          std::span(order).subspan(begin, std::min(in_batch, sources.size() - begin));
      nodes.clear();
      for (const std::size_t place : places) nodes.push_back(sources[place]);
      batch.search(nodes, places, sums, parts[worker], counts.eccentricity, counts.hops);
    }
  };
  run_workers(workers, work);
  for (const HopCounts& part : parts) add_counts(counts, part);
  return counts;
}

HopSearch::HopSearch(std::span<const Offset> offsets, std::span<const Index> columns)
    : offsets_(offsets),
      columns_(columns),
      distance_(offsets.empty() ? 0 : offsets.size() - 1, Index{-1}) {
  order_.reserve(distance_.size());
}

void HopSearch::run(Index source) {
  for (const Index node : order_) distance_[static_cast<std::size_t>(node)] = -1;
  order_.assign(1, source);
  levels_.assign(1, 0);
  distance_[static_cast<std::size_t>(source)] = 0;
  while (levels_.back() < order_.size()) {
    const std::size_t begin = levels_.back();
    const std::size_t end = order_.size();
    const auto depth = static_cast<Index>(levels_.size());
    levels_.push_back(end);
    for (std::size_t i = begin; i < end; ++i) {
      const auto node = static_cast<std::size_t>(order_[i]);
      for (auto e = static_cast<std::size_t>(offsets_[node]);
           e < static_cast<std::size_t>(offsets_[node + 1]); ++e) {
        Index& distance = distance_[static_cast<std::size_t>(columns_[e])];
        if (distance >= 0) continue;
        distance = depth;
        order_.push_back(columns_[e]);
      }
    }
  }
}

}  // namespace needflow
