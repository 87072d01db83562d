#include "io/huffman.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

namespace needflow {

namespace {

constexpr std::size_t kMostSymbols = 288;
constexpr unsigned kLongestCode = 15;

struct Leaf {
  std::uint32_t count;
  std::uint16_t symbol;
};

/// Depths of Huffman's tree over leaves sorted by count; returns the largest. Leaves and inner
/// nodes are two queues, both ascending, so that the two smallest always stand at their heads.
unsigned tree_depths(std::span<const Leaf> leaves, std::span<std::uint8_t> lengths) {
  std::array<std::uint32_t, 2 * kMostSymbols> weight;
  std::array<std::uint16_t, 2 * kMostSymbols> parent;
  std::array<std::uint8_t, 2 * kMostSymbols> depth;
  const std::size_t count = leaves.size();
  for (std::size_t i = 0; i < count; ++i) weight[i] = leaves[i].count;
  std::size_t leaf = 0;
  std::size_t inner = count;
  const std::size_t root = 2 * count - 2;
  for (std::size_t made = count; made <= root; ++made) {
    const auto smallest = [&] {
      const bool take_leaf = leaf < count && (inner == made || weight[leaf] <= weight[inner]);
      const std::size_t node = take_leaf ? leaf++ : inner++;
      parent[node] = static_cast<std::uint16_t>(made);
      return weight[node];
    };
    weight[made] = smallest();
    weight[made] += smallest();
  }
  unsigned deepest = 0;
  depth[root] = 0;
  for (std::size_t node = root; node-- > 0;) {
    depth[node] = static_cast<std::uint8_t>(depth[parent[node]] + 1);
    if (node < count) {
      lengths[leaves[node].symbol] = depth[node];
      deepest = std::max<unsigned>(deepest, depth[node]);
    }
  }
  return deepest;
}

std::uint16_t reversed(unsigned code, unsigned length) {
  unsigned result = 0;
  for (unsigned bit = 0; bit < length; ++bit) result |= (code >> bit & 1U) << (length - 1 - bit);
  return static_cast<std::uint16_t>(result);
}

}  // namespace

void code_lengths(std::span<const std::uint32_t> counts, unsigned limit,
                  std::span<std::uint8_t> lengths) {
  std::fill(lengths.begin(), lengths.end(), std::uint8_t{0});
  std::array<Leaf, kMostSymbols> table;
  std::size_t used = 0;
  for (std::size_t symbol = 0; symbol < counts.size(); ++symbol) {
    if (counts[symbol] > 0) table[used++] = {counts[symbol], static_cast<std::uint16_t>(symbol)};
  }
  const std::span<Leaf> leaves(table.data(), used);
  const auto sort = [&] {
    std::sort(leaves.begin(), leaves.end(), [](const Leaf& a, const Leaf& b) {
      return a.count != b.count ? a.count < b.count : a.symbol < b.symbol;
    });
  };
  sort();
  // Too deep is rare: counts halved until the tree fits cost a few bytes in ten thousand then.
  while (tree_depths(leaves, lengths) > limit) {
    for (Leaf& leaf : leaves) leaf.count = leaf.count / 2 + 1;
    sort();
  }
}

void canonical_codes(std::span<const std::uint8_t> lengths, std::span<std::uint16_t> codes) {
  std::array<unsigned, kLongestCode + 2> next{};
  for (const std::uint8_t length : lengths) {
    if (length > 0) ++next[length + 1U];
  }
  // next[l + 1] counts codes of l bits; turned into the first code of each length.
  unsigned first = 0;
  std::array<unsigned, kLongestCode + 1> code{};
  for (unsigned length = 1; length <= kLongestCode; ++length) {
    first = (first + next[length]) << 1U;
    code[length] = first;
  }
  for (std::size_t symbol = 0; symbol < lengths.size(); ++symbol) {
    const unsigned length = lengths[symbol];
    codes[symbol] = length == 0 ? std::uint16_t{0} : reversed(code[length]++, length);
  }
}

}  // namespace needflow
