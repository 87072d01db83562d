#include "kernels/betweenness.hpp"

#include <algorithm>
#include <cstdint>

namespace needflow {

namespace {

constexpr std::size_t kMostBlocks = 8;
constexpr std::size_t kMostEntries = std::size_t{1} << 25;

/// Shortest paths from the source to a node: paths · kLarge^exponent.
struct Reach {
  double paths = 0.0;
  Index distance = -1;
  std::int32_t exponent = 0;
};
constexpr double kLarge = 0x1p512;
constexpr double kSmall = 0x1p-512;

/// What lies `steps` exponents below counts so much; two are below the last bit of anything.
double weight_of(std::int32_t steps) {
  if (steps == 0) return 1.0;
  return steps == 1 ? kSmall : 0.0;
}

void add_paths(Reach& to, const Reach& from) {
  if (from.exponent > to.exponent) {
    to.paths *= weight_of(from.exponent - to.exponent);
    to.exponent = from.exponent;
  }
  to.paths += from.paths * weight_of(to.exponent - from.exponent);
}

/// The search from one source after the other, and what each entry carried.
class PathCounter {
 public:
  PathCounter(std::span<const Offset> offsets, std::span<const Index> columns, PairWeight weight)
      : offsets_(offsets),
        columns_(columns),
        by_position_(weight == PairWeight::by_position),
        reach_(offsets.size() - 1),
        dependency_(reach_.size()),
        carried_(columns.size()) {
    order_.reserve(reach_.size());
  }

  void add(Index source) {
    for (const Index node : order_) reach_[static_cast<std::size_t>(node)] = {};
    search(source);
    for (std::size_t i = order_.size(); i-- > 1;) share_out(static_cast<std::size_t>(order_[i]));
  }
  /// By entry, in the direction from the farther end to the nearer.
  [[nodiscard]] const std::vector<double>& carried() const { return carried_; }

 private:
  void search(Index source);
  void share_out(std::size_t node);

  std::span<const Offset> offsets_;
  std::span<const Index> columns_;
  bool by_position_;
  std::vector<Reach> reach_;
  std::vector<double> dependency_;
  std::vector<double> carried_;
  std::vector<Index> order_;
};

void PathCounter::search(Index source) {
  order_.assign(1, source);
  reach_[static_cast<std::size_t>(source)] = {1.0, 0, 0};
  dependency_[static_cast<std::size_t>(source)] = 0.0;
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const auto node = static_cast<std::size_t>(order_[i]);
    Reach& from = reach_[node];
    // All of its paths are known by now, for all nodes nearer to the source came before.
    if (from.paths > kLarge) {
      from.paths *= kSmall;
      ++from.exponent;
    }
    for (auto e = static_cast<std::size_t>(offsets_[node]);
         e < static_cast<std::size_t>(offsets_[node + 1]); ++e) {
      const auto next = static_cast<std::size_t>(columns_[e]);
      Reach& to = reach_[next];
      if (to.distance < 0) {
        to.distance = from.distance + 1;
        dependency_[next] = 0.0;
        order_.push_back(columns_[e]);
      }
      if (to.distance == from.distance + 1) add_paths(to, from);
    }
  }
}

/// Hands what passes through the node, and the node itself, on to the nodes before it, each by its
/// share of the paths.
void PathCounter::share_out(std::size_t node) {
  const Reach at = reach_[node];
  // By position, a path of d hops counts (2 i + 1) / d on its edge from i to i + 1 hops.
  const double own = by_position_ ? 1.0 / at.distance : 1.0;
  const double on_edge = by_position_ ? 2.0 * at.distance - 1.0 : 1.0;
  const double a_path = (own + dependency_[node]) / at.paths;
  for (auto e = static_cast<std::size_t>(offsets_[node]);
       e < static_cast<std::size_t>(offsets_[node + 1]); ++e) {
    const auto before = static_cast<std::size_t>(columns_[e]);
    const Reach& from = reach_[before];
    if (from.distance != at.distance - 1) continue;
    const double share = from.paths * weight_of(at.exponent - from.exponent) * a_path;
    carried_[e] += share * on_edge;
    dependency_[before] += share;
  }
}

}  // namespace

std::vector<double> edge_loads(std::span<const Offset> offsets, std::span<const Index> columns,
                               std::span<const Index> sources, PairWeight weight, Threads threads) {
  if (columns.empty() || sources.empty()) return std::vector<double>(columns.size() / 2);
  const std::size_t blocks = std::min(
      {kMostBlocks, sources.size(), std::max<std::size_t>(1, kMostEntries / columns.size())});
  std::vector<std::vector<double>> carried(blocks);
  const auto one_block = [&](std::size_t block) {
    PathCounter counter(offsets, columns, weight);
    const std::size_t end = (block + 1) * sources.size() / blocks;
    for (std::size_t s = block * sources.size() / blocks; s < end; ++s) counter.add(sources[s]);
    carried[block] = counter.carried();
  };
  if (threads == Threads::one) {
    for (std::size_t block = 0; block < blocks; ++block) one_block(block);
  } else {
    parallel_indices(blocks, one_block, oneapi::tbb::simple_partitioner());
  }
  for (std::size_t block = 1; block < blocks; ++block) {
    for (std::size_t e = 0; e < columns.size(); ++e) carried[0][e] += carried[block][e];
  }
  std::vector<double> loads;
  loads.reserve(columns.size() / 2);
  // Rows ascend, so the entries j → i of a row j come up in the order of i.
  std::vector<Offset> back(offsets.begin(), offsets.end() - 1);
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i) {
    for (auto e = static_cast<std::size_t>(offsets[i]);
         e < static_cast<std::size_t>(offsets[i + 1]); ++e) {
      const auto j = static_cast<std::size_t>(columns[e]);
      if (j < i) continue;
      loads.push_back(carried[0][e] + carried[0][static_cast<std::size_t>(back[j]++)]);
    }
  }
  return loads;
}

}  // namespace needflow
