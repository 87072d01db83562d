// Cost: a sort of own shares, 16 sums over all ranks of 15 numbers a cut, 8 B a recipient through
// the network, and a second sort.
#include "solver/ranks/rank_spread.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "solver/ranks/lists.hpp"

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

/// `sorted` is read up to a multiple of four.
constexpr std::size_t kPadding = 3;

std::int64_t not_above(std::span<const double> sorted, double value) {
  return std::upper_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
}

std::int64_t below(std::span<const double> sorted, double value) {
  return std::lower_bound(sorted.begin(), sorted.end(), value) - sorted.begin();
}

/// Where this rank's sorted shares are cut so that rank r's part of all sorted ones is what all
/// ranks have between their cuts r and r + 1.
class Cuts {
 public:
  Cuts(Communicator& ranks, std::span<const RankPart> parts, std::span<const double> sorted)
      : ranks_(ranks), parts_(parts), sorted_(sorted) {}

  [[nodiscard]] std::vector<std::size_t> find() {
    const std::vector<double> values = values_at_cuts();
    const std::size_t inner = values.size();
    std::vector<std::int64_t> lower(inner);
    std::vector<std::int64_t> all_lower(inner);
    for (std::size_t c = 0; c < inner; ++c) all_lower[c] = lower[c] = below(sorted_, values[c]);
    ranks_.add(all_lower);
    const std::vector<double> equal = equal_before(values, lower);
    std::vector<std::size_t> cuts{0};
    for (std::size_t c = 0; c < inner; ++c) {
      // As many of the equal ones as still belong below, from the first rank that has some on.
      const std::int64_t own = not_above(sorted_, values[c]) - lower[c];
      const std::int64_t wanted = place(c) - all_lower[c] - static_cast<std::int64_t>(equal[c]);
      const std::int64_t taken = std::clamp<std::int64_t>(wanted, 0, own);
      cuts.push_back(static_cast<std::size_t>(lower[c] + taken));
    }
    cuts.push_back(sorted_.size());
    return cuts;
  }

 private:
  static constexpr int kDigitBits = 4;
  static constexpr std::uint64_t kLastDigit = (1U << kDigitBits) - 1;

  /// The rank among all that cut c comes before.
  [[nodiscard]] std::int64_t place(std::size_t c) const {
    return static_cast<std::int64_t>(parts_[c + 1].first);
  }

  /// The share at each place: the least that more than `place` shares are not above. Doubles from 0
  /// on are ordered as their bits, which are found four at a time.
  [[nodiscard]] std::vector<double> values_at_cuts() {
    const std::size_t inner = parts_.size() - 1;
    std::vector<std::uint64_t> bits(inner, 0);  // of each value, those below `shift` 0
    for (int shift = 64 - kDigitBits; shift >= 0; shift -= kDigitBits) {
      const std::uint64_t rest = (std::uint64_t{1} << shift) - 1;
      std::vector<std::int64_t> counts;
      for (std::size_t c = 0; c < inner; ++c) {
        for (std::uint64_t digit = 0; digit < kLastDigit; ++digit) {
          counts.push_back(not_above(sorted_, value_of(bits[c] | digit << shift | rest)));
        }
      }
      ranks_.add(counts);
      for (std::size_t c = 0; c < inner; ++c) {
        std::uint64_t digit = 0;
        while (digit < kLastDigit && counts[c * kLastDigit + digit] <= place(c)) ++digit;
        bits[c] |= digit << shift;
      }
    }
    std::vector<double> values;
    for (const std::uint64_t all : bits) values.push_back(value_of(all));
    return values;
  }

  /// Bits above those of infinity, which are no numbers, stand for it.
  [[nodiscard]] static double value_of(std::uint64_t bits) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    return std::bit_cast<double>(std::min(bits, std::bit_cast<std::uint64_t>(kInfinity)));
  }

  /// How many shares equal to each value the ranks before this one have.
  [[nodiscard]] std::vector<double> equal_before(const std::vector<double>& values,
                                                 const std::vector<std::int64_t>& lower) {
    const std::size_t inner = values.size();
    std::vector<RankPart> places;
    for (std::size_t r = 0; r < parts_.size(); ++r) places.push_back({r * inner, inner});
    std::vector<double> equal(parts_.size() * inner);
    const std::size_t own = at(ranks_.rank()) * inner;
    for (std::size_t c = 0; c < inner; ++c) {
      equal[own + c] = static_cast<double>(not_above(sorted_, values[c]) - lower[c]);
    }
    ranks_.share(equal, places);
    std::vector<double> before(inner);
    for (std::size_t i = 0; i < own; ++i) before[i % inner] += equal[i];
    return before;
  }

  Communicator& ranks_;
  std::span<const RankPart> parts_;
  std::span<const double> sorted_;
};

/// This rank's part of all shares sorted, with padding.
std::vector<double> part_of_all_sorted(Communicator& ranks, std::span<const RankPart> parts,
                                       std::span<const double> sorted) {
  const std::vector<std::size_t> cuts = Cuts(ranks, parts, sorted).find();
  std::vector<std::span<const double>> pieces;
  for (std::size_t r = 0; r < parts.size(); ++r) {
    pieces.push_back(sorted.subspan(cuts[r], cuts[r + 1] - cuts[r]));
  }
  std::vector<double> part;
  part.reserve(parts[at(ranks.rank())].count + kPadding);
  for (std::vector<double>& piece : exchanged_lists<double>(ranks, pieces)) {
    part.insert(part.end(), piece.begin(), piece.end());
    std::vector<double>().swap(piece);
  }
  SpreadParts::sort(part);
  part.resize(part.size() + kPadding);
  return part;
}

}  // namespace

Satisfaction measure_on_ranks(Communicator& ranks, std::span<const RankPart> parts,
                              std::span<const double> need, std::span<const double> satisfied,
                              std::span<const double> over, double wasted, double tolerance,
                              Threads threads) {
  using Run = LaneSpan<const double, 1>;
  const RankPart own = parts[at(ranks.rank())];
  std::vector<RankPart> blocks;
  for (const RankPart& part : parts) {
    blocks.push_back({blocks_of(part.first), blocks_of(part.count)});
  }
  SpreadParts spread(parts.back().first + parts.back().count);
  std::vector<double> shares(own.count + kPadding);
  spread.put_amounts({Run(need), Run(satisfied), Run(over), {wasted}, {tolerance}}, own.first,
                     shares, threads);
  for (const std::span<double> figure : spread.amounts()) ranks.share(figure, blocks);
  SpreadParts::sort(std::span(shares).first(own.count));
  const std::vector<double> part =
      part_of_all_sorted(ranks, parts, std::span(shares).first(own.count));
  spread.put_sorted(part, own.count, own.first, threads);
  for (const std::span<double> figure : spread.sorted()) ranks.share(figure, blocks);
  const auto at_rank = [&](std::size_t rank) {
    return ranks.largest(rank - own.first < own.count ? part[rank - own.first] : -1.0);
  };
  const auto count = static_cast<std::size_t>(spread.count());
  if (count == 0) return spread.figures(wasted, 1.0, 1.0);
  const double least = at_rank(0);
  return spread.figures(wasted, least, at_rank((count - 1) / 20));
}

}  // namespace needflow
