// Sums and maxima over agents whose shape depends on the data's length alone.
//
// The rule (one for the whole program): terms are taken in blocks of kRowBlock; in a block term j
// goes to partial sum j mod 4; the four are added as (s0 + s1) + (s2 + s3); the block sums are then
// summed by the same rule. Threads only decide who computes a block, so 1 thread and N give the
// same bits. kernels/reference/reduce.hpp is the twin.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include "kernels/parallel.hpp"

namespace needflow {

/// Σ term(i) for i in [begin, end): four interleaved partial sums.
template <class Term>
[[nodiscard]] double interleaved_sum(std::size_t begin, std::size_t end, const Term& term) {
  std::array<double, 4> partial{};
  std::size_t i = begin;
  for (; i + 4 <= end; i += 4) {
    partial[0] += term(i);
    partial[1] += term(i + 1);
    partial[2] += term(i + 2);
    partial[3] += term(i + 3);
  }
  for (std::size_t k = 0; i < end; ++i, ++k) partial[k] += term(i);
  return (partial[0] + partial[1]) + (partial[2] + partial[3]);
}

[[nodiscard]] double block_sum(std::span<const double> values, Threads threads = Threads::one);

/// The sums of the blocks of [0, count), which block_sum() adds up.
template <class Term>
[[nodiscard]] std::vector<double> block_sums(std::size_t count, Threads threads, const Term& term) {
  std::vector<double> sums(blocks_of(count));
  for_row_blocks(count, threads, [&sums, &term](std::size_t begin, std::size_t end) {
    sums[begin / kRowBlock] = interleaved_sum(begin, end, term);
  });
  return sums;
}

/// Σ term(i) for i in [0, count) by the rule above. Cost: one evaluation of `term` each.
template <class Term>
[[nodiscard]] double block_sum(std::size_t count, Threads threads, const Term& term) {
  if (count <= kRowBlock) return interleaved_sum(0, count, term);
  const std::vector<double> sums = block_sums(count, threads, term);
  // Through the overload for values: a lambda of its own here would make a new type at every level.
  return block_sum(std::span<const double>(sums));
}

/// Σ values by the rule above.
inline double block_sum(std::span<const double> values, Threads threads) {
  return block_sum(values.size(), threads, [values](std::size_t i) { return values[i]; });
}

/// max(start, max term(i)); a maximum has no rounding, so only NaN terms need care: they are
/// ignored.
template <class Term>
[[nodiscard]] double block_max(std::size_t count, double start, const Term& term) {
  double largest = start;
  for (std::size_t i = 0; i < count; ++i) {
    const double value = term(i);
    if (value > largest) largest = value;
  }
  return largest;
}

/// How many i in [0, count) satisfy the predicate.
template <class Predicate>
[[nodiscard]] std::size_t count_if_index(std::size_t count, const Predicate& predicate) {
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) found += predicate(i) ? 1 : 0;
  return found;
}

}  // namespace needflow
