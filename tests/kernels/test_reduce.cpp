// Fixed-shape reductions (kernels/reduce.hpp, kernels/parallel.hpp): the same bits as the plain
// twin and on any number of threads, the mathematical sum within rounding, and every index once.
#include <doctest/doctest.h>
#include <oneapi/tbb/task_arena.h>

#include <atomic>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/reduce.hpp"
#include "kernels/reference/reduce.hpp"
#include "tests/kernels/test_lanes_support.hpp"

namespace {

using namespace needflow;
using tests::Numbers;

constexpr std::size_t kCounts[] = {0,   1,   2,   3,   4,    5,    6,    7,      8,      9,
                                   511, 512, 513, 514, 1023, 1024, 1025, 262143, 262144, 262145};

/// Numbers of either sign and of sizes from 1e-6 to 1e6, so that every order of adding shows.
std::vector<double> uneven(Numbers& numbers, std::size_t count) {
  std::vector<double> values(count);
  for (double& value : values) {
    const double size = std::pow(10.0, static_cast<double>(numbers.below(13)) - 6.0);
    value = (numbers.unit() - 0.5) * size;
  }
  return values;
}

double two_to_53() { return 9007199254740992.0; }

}  // namespace

TEST_CASE("A block sum has the bits of the rule spelled out") {
  Numbers numbers(7);
  for (const std::size_t count : kCounts) {
    // One draw seldom tells two orders of a few additions apart.
    for (int draw = 0; draw < (count < 2000 ? 50 : 1); ++draw) {
      const std::vector<double> values = uneven(numbers, count);
      const double expected = reference::block_sum(values);
      const auto term = [&values](std::size_t i) { return values[i]; };
      for (const Threads threads : {Threads::one, Threads::all}) {
        CAPTURE(count);
        CAPTURE(draw);
        CHECK(tests::same_bits(block_sum(values, threads), expected));
        CHECK(tests::same_bits(block_sum(count, threads, term), expected));
      }
    }
  }
}

TEST_CASE("A block sum does not depend on the size of the arena") {
  Numbers numbers(8);
  const tests::ManyThreads many(8);
  for (const std::size_t count : {513, 20000, 262145}) {
    const std::vector<double> values = uneven(numbers, count);
    const double alone = block_sum(values, Threads::one);
    for (const int size : {1, 2, 3, 8}) {
      oneapi::tbb::task_arena arena(size);
      const double there = arena.execute([&values] { return block_sum(values, Threads::all); });
      CAPTURE(count);
      CAPTURE(size);
      CHECK(tests::same_bits(there, alone));
    }
  }
}

TEST_CASE("A block sum of whole numbers is exact") {
  for (const std::size_t count : kCounts) {
    const double n = static_cast<double>(count);
    CAPTURE(count);
    CHECK(block_sum(count, Threads::all, [](std::size_t i) { return static_cast<double>(i); }) ==
          n * (n - 1.0) / 2.0);
  }
}

TEST_CASE("A block sum is the mathematical sum within the depth of its additions") {
  Numbers numbers(9);
  for (const std::size_t count : kCounts) {
    const std::vector<double> values = uneven(numbers, count);
    double sizes = 0.0;
    for (const double value : values) sizes += std::abs(value);
    // A term is in at most 128 + 2 additions of its block, then of its level of block sums, twice.
    const double depth = 3.0 * (512.0 / 4.0 + 2.0);
    const double error =
        static_cast<double>(std::abs(block_sum(values) - reference::exact_sum(values)));
    CAPTURE(count);
    CHECK(error <= depth * 0.5 * tests::kEpsilon * sizes);
  }
}

TEST_CASE("Term j goes to partial sum j mod 4, and these are added in pairs") {
  // In order: ((2^53 + 1) - 2^53 + 1) + 1 would be 2. By the rule the partial sums are
  // 2^53 + 1 = 2^53 (ties to even), 1, -2^53, 1, so the pairs give 2^53 and -2^53 + 1.
  const double big = two_to_53();
  const std::vector<double> values{big, 1.0, -big, 1.0, 1.0};
  CHECK(interleaved_sum(0, 5, [&values](std::size_t i) { return values[i]; }) == 1.0);
  CHECK(block_sum(values) == 1.0);
  CHECK(interleaved_sum(3, 5, [&values](std::size_t i) { return values[i]; }) == 2.0);
  // The rest after a multiple of four is dealt out as well: 2^53 and 1 + 1, not 2^53 + 1 and 1.
  const std::vector<double> rest{big, 1.0, 0.0, 0.0, 0.0, 1.0};
  CHECK(block_sum(rest) == big + 2.0);
  CHECK(interleaved_sum(2, 2, [&values](std::size_t i) { return values[i]; }) == 0.0);
}

TEST_CASE("Blocks of 512 are summed first, then their sums") {
  // Blocks 0, 1, 2 sum to 2^53, 1, -2^53, which the rule adds as (2^53 + 1) + (-2^53 + 0) = 0.
  // Without blocks the 1 would meet nothing but zeros in its partial sum and survive.
  std::vector<double> values(1025, 0.0);
  values[0] = two_to_53();
  values[513] = 1.0;
  values[1024] = -two_to_53();
  CHECK(block_sum(values) == 0.0);
  CHECK(block_sum(values, Threads::all) == 0.0);
}

TEST_CASE("A block sum evaluates each term once") {
  for (const std::size_t count : {0, 5, 512, 513, 1025}) {
    std::vector<int> evaluations(count, 0);
    const double sum = block_sum(count, Threads::one, [&evaluations](std::size_t i) {
      ++evaluations[i];
      return 1.0;
    });
    CHECK(sum == static_cast<double>(count));
    CHECK(evaluations == std::vector<int>(count, 1));
  }
}

TEST_CASE("Row blocks cover every row once, in blocks of the fixed size") {
  for (const Threads threads : {Threads::one, Threads::all}) {
    for (const std::size_t rows : {0, 1, 511, 512, 513, 1024, 1025, 5000}) {
      std::vector<std::atomic<int>> visits(rows);
      std::atomic<std::size_t> blocks = 0;
      std::atomic<bool> aligned = true;
      for_row_blocks(rows, threads, [&](std::size_t begin, std::size_t end) {
        ++blocks;
        const bool full = end - begin == kRowBlock || end == rows;
        if (begin % kRowBlock != 0 || !full || begin >= end) aligned = false;
        for (std::size_t i = begin; i < end; ++i) ++visits[i];
      });
      CAPTURE(rows);
      CHECK(aligned);
      CHECK(blocks == (rows + kRowBlock - 1) / kRowBlock);
      CHECK(count_if_index(rows, [&visits](std::size_t i) { return visits[i] == 1; }) == rows);
    }
  }
}

TEST_CASE("A maximum starts where it is told and ignores what is not a number") {
  const auto largest = [](double start, const std::vector<double>& values) {
    return block_max(values.size(), start, [&values](std::size_t i) { return values[i]; });
  };
  CHECK(largest(0.0, {}) == 0.0);
  CHECK(largest(-5.0, {-7.0, -6.0}) == -5.0);
  CHECK(largest(0.0, {1.0, 3.0, 2.0}) == 3.0);
  CHECK(largest(0.0, {3.0, 1.0}) == 3.0);
  CHECK(largest(0.0, {1.0, 2.0, 3.0}) == 3.0);
  CHECK(largest(0.0, {tests::kNan, 1.0, tests::kNan, 2.0, tests::kNan}) == 2.0);
  CHECK(largest(0.0, {2.0, tests::kNan}) == 2.0);
  CHECK(largest(0.0, {tests::kNan}) == 0.0);
  CHECK(largest(0.0, {1.0, tests::kInfinity, 2.0}) == tests::kInfinity);
  CHECK(largest(-tests::kInfinity, {-1e308}) == -1e308);
}

TEST_CASE("A count counts the indices that satisfy the predicate") {
  CHECK(count_if_index(0, [](std::size_t) { return true; }) == 0);
  CHECK(count_if_index(1000, [](std::size_t) { return true; }) == 1000);
  CHECK(count_if_index(1000, [](std::size_t) { return false; }) == 0);
  CHECK(count_if_index(1000, [](std::size_t i) { return i % 7 == 0; }) == 143);
  CHECK(count_if_index(10, [](std::size_t i) { return i == 0 || i == 9; }) == 2);
}
