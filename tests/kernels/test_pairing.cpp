// The random pairing of stubs (kernels/pairing.hpp): against the twin, against what a pairing is,
// and every pairing equally likely.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <vector>

#include "kernels/pairing.hpp"
#include "kernels/reference/pairing.hpp"
#include "tests/kernels/stub_lists.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::irregular;
using tests::Numbers;
using tests::Paired;

std::vector<Offset> regular(std::size_t agents, Offset degree) {
  std::vector<Offset> offsets(agents + 1);
  for (std::size_t i = 0; i <= agents; ++i) offsets[i] = static_cast<Offset>(i) * degree;
  return offsets;
}

template <class Kernel>
Paired paired(const Kernel& kernel, const std::vector<Offset>& offsets, std::uint64_t seed,
              std::uint32_t number, const PairingShape& shape) {
  Paired result{std::vector<Index>(pairing_columns(offsets.back(), shape), -1), {}};
  std::vector<std::uint32_t> messages(static_cast<std::size_t>(offsets.back()), 0xabababab);
  CHECK(kernel(offsets, PairingStreams(seed), {number, number / 7, 0, 0}, shape, result.columns,
               messages, result.not_simple));
  result.columns.resize(static_cast<std::size_t>(offsets.back()));
  return result;
}

Paired fast(const std::vector<Offset>& offsets, std::uint64_t seed, std::uint32_t number,
            const PairingShape& shape) {
  return paired(random_pairing, offsets, seed, number, shape);
}

Paired plain(const std::vector<Offset>& offsets, std::uint64_t seed, std::uint32_t number,
             const PairingShape& shape) {
  return paired(reference::random_pairing, offsets, seed, number, shape);
}

/// Σ (found − expected)² / expected, less its mean, in its own standard deviations.
double chi_square_deviation(const std::vector<double>& found, double expected) {
  double sum = 0.0;
  for (const double f : found) sum += (f - expected) * (f - expected) / expected;
  const auto freedom = static_cast<double>(found.size()) - 1.0;
  return (sum - freedom) / std::sqrt(2.0 * freedom);
}

}  // namespace

TEST_CASE("Pairings have the bits of the twin for every cut and any degrees") {
  Numbers numbers(11);
  for (const std::size_t agents : {1, 2, 3, 5, 17, 64, 200, 1000}) {
    for (const std::size_t largest : {1, 4, 30}) {
      const std::vector<Offset> offsets = irregular(numbers, agents, largest);
      for (const unsigned bucket_bits : {0U, 1U, 2U, 5U}) {
        for (const unsigned row_bits : {0U, 3U, 16U}) {
          const PairingShape shape{bucket_bits, row_bits};
          const auto number = static_cast<std::uint32_t>(numbers.below(1000));
          CAPTURE(agents);
          CAPTURE(bucket_bits);
          CAPTURE(row_bits);
          CHECK(fast(offsets, 3, number, shape) == plain(offsets, 3, number, shape));
        }
      }
    }
  }
}

TEST_CASE("Agents above 65536, whose messages are split, are paired as by the twin") {
  const std::vector<Offset> offsets = regular(140'001, 2);
  for (const PairingShape shape : {pairing_shape(140'001, 280'002), PairingShape{0, 16}}) {
    CHECK(fast(offsets, 5, 1, shape) == plain(offsets, 5, 1, shape));
  }
}

TEST_CASE("Large networks are cut into buckets and blocks of rows, small ones are not") {
  CHECK(pairing_shape(100, 2000).bucket_bits == 0);
  CHECK(pairing_shape(1'000'000, 30'000'000).bucket_bits == 10);
  for (const Offset stubs : {Offset{30'000'000}, Offset{300'000'000}, (Offset{1} << 32) - 2}) {
    const PairingShape shape = pairing_shape(static_cast<std::size_t>(stubs / 30), stubs);
    CHECK(shape.bucket_bits <= 16);
    CHECK(shape.row_bits <= 16);
    const auto columns = static_cast<double>(pairing_columns(stubs, shape));
    CHECK(columns >= static_cast<double>(stubs));
    CHECK(columns <= 1.1 * static_cast<double>(stubs));
  }
}

TEST_CASE(
    "Every stub has one partner: the rows are symmetric, ascending and as long as asked for") {
  Numbers numbers(12);
  for (int trial = 0; trial < 60; ++trial) {
    const std::size_t agents = 1 + numbers.below(12);
    const std::vector<Offset> offsets = irregular(numbers, agents, 6);
    const auto number = static_cast<std::uint32_t>(trial);
    const Paired pairing = fast(offsets, 1, number, {static_cast<unsigned>(trial % 4), 2});
    std::vector<std::vector<int>> count(agents, std::vector<int>(agents, 0));
    std::vector<Index> not_simple;
    for (std::size_t i = 0; i < agents; ++i) {
      for (auto e = static_cast<std::size_t>(offsets[i]);
           e < static_cast<std::size_t>(offsets[i + 1]); ++e) {
        ++count[i][static_cast<std::size_t>(pairing.columns[e])];
        if (e > static_cast<std::size_t>(offsets[i])) {
          CHECK(pairing.columns[e - 1] <= pairing.columns[e]);
        }
      }
      const bool twice = std::any_of(count[i].begin(), count[i].end(), [](int c) { return c > 1; });
      if (twice) not_simple.push_back(static_cast<Index>(i));  // with oneself it is always twice
    }
    for (std::size_t i = 0; i < agents; ++i) {
      CHECK(count[i][i] % 2 == 0);
      for (std::size_t j = 0; j < agents; ++j) CHECK(count[i][j] == count[j][i]);
    }
    CHECK(pairing.not_simple == not_simple);
  }
}

TEST_CASE("Every pairing of 2, 4, 6 and 8 stubs is equally likely, in one bucket or in many") {
  const std::map<std::size_t, std::size_t> pairings{{2, 1}, {4, 3}, {6, 15}, {8, 105}};
  for (const auto& [stubs, kinds] : pairings) {
    for (const unsigned bucket_bits : {0U, 1U, 2U, 4U}) {
      CAPTURE(stubs);
      CAPTURE(bucket_bits);
      constexpr int kEach = 200;
      std::map<std::vector<Index>, double> seen;
      for (std::uint32_t number = 0; number < kEach * kinds; ++number) {
        seen[fast(regular(stubs, 1), 8, number, {bucket_bits, 1}).columns] += 1.0;
      }
      REQUIRE(seen.size() == kinds);
      std::vector<double> found;
      for (const auto& [columns, times] : seen) found.push_back(times);
      if (kinds > 1) CHECK(std::abs(chi_square_deviation(found, kEach)) < 4.5);
    }
  }
}

TEST_CASE("In large pairings partners come from everywhere, whoever asks") {
  // 64 by 64 cells of agents: each cell is hit alike, and so are the distances to a neighbour's
  // partner. One stub an agent, so that cells are independent but for symmetry.
  constexpr std::size_t kAgents = std::size_t{1} << 17;
  constexpr std::size_t kCells = 64;
  const std::vector<Offset> offsets = regular(kAgents, 1);
  const PairingShape shape = pairing_shape(kAgents, kAgents);
  CHECK(shape.bucket_bits > 1);
  const Paired pairing = fast(offsets, 2, 0, shape);
  std::vector<double> cells;
  std::vector<double> steps(kCells, 0.0);
  std::vector<std::vector<double>> hits(kCells, std::vector<double>(kCells, 0.0));
  for (std::size_t i = 0; i < kAgents; ++i) {
    const auto partner = static_cast<std::size_t>(pairing.columns[i]);
    const auto before = static_cast<std::size_t>(pairing.columns[(i + kAgents - 1) % kAgents]);
    hits[i * kCells / kAgents][partner * kCells / kAgents] += 1.0;
    steps[(partner + kAgents - before) % kAgents * kCells / kAgents] += 1.0;
  }
  for (std::size_t a = 0; a < kCells; ++a) {
    for (std::size_t b = 0; b < a; ++b) cells.push_back(hits[a][b]);
  }
  CHECK(std::abs(chi_square_deviation(cells, kAgents / (kCells * kCells))) < 4.5);
  // Each step is counted from both sides, which doubles the variance.
  CHECK(std::abs(chi_square_deviation(steps, kAgents / kCells)) < 2.0 * 4.5 + 6.0);
}
