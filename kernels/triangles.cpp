// Cost: `bits`, N / 512 words of 64 B from two rows for each link, rows in cache while N² / 8 B
// are; `marks`, a bit of N / 8 B for each pair of a link and a further end, Σ out(v) out(u) over
// links v → u, about N k² / 4 for a mesh: 1e7 at N = 1e5 and k = 20.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/triangles.cpp"
#include <hwy/foreach_target.h>  // compiles this file again for each target

#include <hwy/highway.h>

#include "kernels/triangles.hpp"

HWY_BEFORE_NAMESPACE();
namespace needflow {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

/// The bits that two rows have in common; `words` is a multiple of 8.
std::int64_t common_bits(const std::uint64_t* a, const std::uint64_t* b, std::size_t words) {
  const hn::CappedTag<std::uint64_t, 8> d;
  auto counts = hn::Zero(d);
  for (std::size_t w = 0; w < words; w += hn::Lanes(d)) {
    counts = hn::Add(counts, hn::PopulationCount(hn::And(hn::Load(d, a + w), hn::Load(d, b + w))));
  }
  return static_cast<std::int64_t>(hn::GetLane(hn::SumOfLanes(d, counts)));
}

/// Adds to twice[i] and twice[j] the common neighbours of i and j for each link i < j of the rows
/// [begin, end): a triangle is seen from two of a corner's links.
void common_neighbours(const Offset* offsets, const Index* columns, const std::uint64_t* bits,
                       std::size_t words, std::size_t begin, std::size_t end, std::int64_t* twice) {
  for (std::size_t i = begin; i < end; ++i) {
    const std::uint64_t* const row = bits + i * words;
    std::int64_t own = 0;
    // From the row's end: its columns ascend, and those above i are wanted.
    for (Offset e = offsets[i + 1]; e-- > offsets[i];) {
      const auto j = static_cast<std::size_t>(columns[e]);
      if (j < i) break;
      const std::int64_t common = common_bits(row, bits + j * words, words);
      own += common;
      twice[j] += common;
    }
    twice[i] += own;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace needflow
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <algorithm>
#include <atomic>

#include "kernels/lanes.hpp"

namespace needflow {

HWY_EXPORT(common_neighbours);

namespace {

/// Rows of bits for so many nodes at most (32 MB), and where a node has more than one neighbour in
/// so many nodes.
constexpr std::size_t kMostNodesInBits = 16'384;
constexpr std::size_t kNodesANeighbour = 64;

/// Links ahead of which a row's place is asked for, and half as many ahead the row itself.
constexpr Offset kRowsAhead = 16;

constexpr std::size_t kWordBits = 64;
constexpr std::size_t kWordsTogether = 8;

std::size_t nodes_of(std::span<const Offset> offsets) {
  return offsets.empty() ? 0 : offsets.size() - 1;
}

/// A set of nodes.
class Marks {
 public:
  explicit Marks(std::size_t nodes) : words_(nodes / kWordBits + 1) {}
  void set(Index node) { word(node) |= bit(node); }
  void clear(Index node) { word(node) = 0; }  // with its neighbours, that are cleared as well
  /// 1 if the node is in the set, else 0.
  [[nodiscard]] std::int64_t count(Index node) const {
    const auto place = static_cast<std::size_t>(node);
    return static_cast<std::int64_t>(words_[place / kWordBits] >> place % kWordBits & 1);
  }

 private:
  static std::uint64_t bit(Index node) {
    return std::uint64_t{1} << static_cast<std::size_t>(node) % kWordBits;
  }
  std::uint64_t& word(Index node) { return words_[static_cast<std::size_t>(node) / kWordBits]; }
  std::vector<std::uint64_t> words_;
};

/// Runs work(worker, begin, end) over blocks of rows, each worker with counts of its own, which are
/// added up. Integers: who takes which block shows nowhere.
template <class Work>
std::vector<std::int64_t> count_in_blocks(std::size_t nodes, Threads threads, const Work& work) {
  const std::size_t blocks = blocks_of(nodes);
  const std::size_t workers = workers_for(blocks, threads);
  std::vector<std::vector<std::int64_t>> counts(std::max<std::size_t>(1, workers));
  for (auto& part : counts) part.resize(nodes);
  std::atomic<std::size_t> next{0};
  run_workers(workers, [&](std::size_t worker) {
    work(counts[worker].data(), [&](auto&& visit) {
      for (std::size_t b = next++; b < blocks; b = next++) {
        visit(b * kRowBlock, std::min(nodes, (b + 1) * kRowBlock));
      }
    });
  });
  for (std::size_t part = 1; part < counts.size(); ++part) {
    for (std::size_t i = 0; i < nodes; ++i) counts[0][i] += counts[part][i];
  }
  return std::move(counts[0]);
}

}  // namespace

TriangleCounter::TriangleCounter(std::span<const Offset> offsets, std::span<const Index> columns,
                                 Way way)
    : offsets_(offsets), columns_(columns) {
  const std::size_t nodes = nodes_of(offsets);
  bits_ = way == Way::bits || (way == Way::fitting && nodes <= kMostNodesInBits &&
                               nodes * nodes <= kNodesANeighbour * columns.size());
  if (bits_) {
    work_ =
        static_cast<std::int64_t>(columns.size() / 2 * (nodes / (kWordBits * kWordsTogether) + 1));
    return;
  }
  std::vector<Index> degree(nodes);
  for (std::size_t i = 0; i < nodes; ++i) {
    degree[i] = static_cast<Index>(offsets[i + 1] - offsets[i]);
  }
  out_offsets_.reserve(nodes + 1);
  out_offsets_.push_back(0);
  out_columns_.resize(columns.size() / 2 + 1);  // one more: written before it is known to stay
  std::size_t out = 0;
  for (std::size_t i = 0; i < nodes; ++i) {
    const Index own = degree[i];
    for (auto e = static_cast<std::size_t>(offsets[i]);
         e < static_cast<std::size_t>(offsets[i + 1]); ++e) {
      const Index to = columns[e];
      const Index other = degree[static_cast<std::size_t>(to)];
      out_columns_[out] = to;
      out += other > own || (other == own && to > static_cast<Index>(i)) ? 1 : 0;
    }
    out_offsets_.push_back(static_cast<Offset>(out));
  }
  for (std::size_t e = 0; e < out; ++e) {
    const auto to = static_cast<std::size_t>(out_columns_[e]);
    work_ += out_offsets_[to + 1] - out_offsets_[to];
  }
}

std::vector<std::int64_t> TriangleCounter::count(Threads threads) const {
  return bits_ ? by_bits(threads) : by_marks(threads);
}

std::vector<std::int64_t> TriangleCounter::by_bits(Threads threads) const {
  const std::size_t nodes = nodes_of(offsets_);
  const std::size_t words = (nodes / (kWordBits * kWordsTogether) + 1) * kWordsTogether;
  LaneVector<std::uint64_t> bits(nodes * words);
  for (std::size_t i = 0; i < nodes; ++i) {
    for (auto e = static_cast<std::size_t>(offsets_[i]);
         e < static_cast<std::size_t>(offsets_[i + 1]); ++e) {
      const auto j = static_cast<std::size_t>(columns_[e]);
      bits[i * words + j / kWordBits] |= std::uint64_t{1} << j % kWordBits;
    }
  }
  auto counts = count_in_blocks(nodes, threads, [&](std::int64_t* twice, const auto& each_block) {
    each_block([&](std::size_t begin, std::size_t end) {
      HWY_DYNAMIC_DISPATCH(common_neighbours)
      (offsets_.data(), columns_.data(), bits.data(), words, begin, end, twice);
    });
  });
  for (std::int64_t& count : counts) count /= 2;
  return counts;
}

/// The ends of a row are looked up without a branch first, for most rows of a sparse graph have
/// none in common. AVX-512 gathers of the bits took a third off at N = 1e4 and nothing at 1e5,
/// where rows are waited for; bytes instead of bits 5 %.
std::vector<std::int64_t> TriangleCounter::by_marks(Threads threads) const {
  const std::size_t nodes = nodes_of(offsets_);
  const std::span<const Offset> offsets = out_offsets_;
  const Index* const ends = out_columns_.data();
  const Offset last = offsets.back() - kRowsAhead;
  return count_in_blocks(nodes, threads, [&](std::int64_t* counts, const auto& each_block) {
    Marks marks(nodes);
    each_block([&](std::size_t begin, std::size_t end) {
      for (std::size_t v = begin; v < end; ++v) {
        const Offset first = offsets[v];
        const Offset behind = offsets[v + 1];
        if (behind - first < 2) continue;
        for (Offset e = first; e < behind; ++e) marks.set(ends[e]);
        for (Offset e = first; e < behind; ++e) {
          if (e < last) {
            __builtin_prefetch(&offsets[static_cast<std::size_t>(ends[e + kRowsAhead])]);
            const auto soon = static_cast<std::size_t>(ends[e + kRowsAhead / 2]);
            __builtin_prefetch(ends + offsets[soon]);
          }
          const auto u = static_cast<std::size_t>(ends[e]);
          std::int64_t common = 0;
          for (Offset f = offsets[u]; f < offsets[u + 1]; ++f) common += marks.count(ends[f]);
          if (common == 0) continue;
          for (Offset f = offsets[u]; f < offsets[u + 1]; ++f)
            counts[ends[f]] += marks.count(ends[f]);
          counts[u] += common;
          counts[v] += common;
        }
        for (Offset e = first; e < behind; ++e) marks.clear(ends[e]);
      }
    });
  });
}

std::vector<std::int64_t> triangles_at(std::span<const Offset> offsets,
                                       std::span<const Index> columns, std::span<const Index> nodes,
                                       Threads threads) {
  std::vector<std::int64_t> counts(nodes.size());
  std::atomic<std::size_t> next{0};
  const auto neighbours_of = [&](Index v) {
    const auto i = static_cast<std::size_t>(v);
    return columns.subspan(static_cast<std::size_t>(offsets[i]),
                           static_cast<std::size_t>(offsets[i + 1] - offsets[i]));
  };
  run_workers(workers_for(nodes.size(), threads), [&](std::size_t) {
    Marks marks(nodes_of(offsets));
    for (std::size_t n = next++; n < nodes.size(); n = next++) {
      const std::span<const Index> neighbours = neighbours_of(nodes[n]);
      for (const Index u : neighbours) marks.set(u);
      std::int64_t twice = 0;
      for (const Index u : neighbours) {
        for (const Index w : neighbours_of(u)) twice += marks.count(w);
      }
      for (const Index u : neighbours) marks.clear(u);
      counts[n] = twice / 2;
    }
  });
  return counts;
}

}  // namespace needflow
#endif  // HWY_ONCE
