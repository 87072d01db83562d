#include "solver/ranks/rank_optimum.hpp"

#include <cstring>
#include <vector>

#include "solver/ranks/together.hpp"

namespace needflow {

namespace {

template <class T>
std::vector<T> collected(Communicator& ranks, std::span<const T> own) {
  std::vector<T> all;
  for (const auto& part : ranks.collect_bytes(std::as_bytes(own))) {
    const std::size_t before = all.size();
    all.resize(before + part.size() / sizeof(T));
    if (!part.empty()) std::memcpy(&all[before], part.data(), part.size());
  }
  return all;
}

CsrMatrix whole_pattern(Communicator& ranks, RankRows& rows) {
  // Columns are places; everybody tells everybody its agents' numbers, and a place has its own.
  Halo& halo = *rows.recipients_seen;
  const RankPart part = rows.recipient_parts[static_cast<std::size_t>(ranks.rank())];
  std::vector<double> numbers(halo.seen());
  for (std::size_t i = 0; i < part.count; ++i) numbers[i] = static_cast<double>(part.first + i);
  halo.fetch(numbers, Threads::one);
  const CsrView own = rows.own.by_provider();
  std::vector<Index> columns;
  columns.reserve(own.columns.size());
  for (const Index place : own.columns) {
    columns.push_back(static_cast<Index>(numbers[static_cast<std::size_t>(place)]));
  }
  std::vector<Index> lengths;
  for (std::size_t p = 0; p < own.rows(); ++p) {
    lengths.push_back(static_cast<Index>(own.offsets[p + 1] - own.offsets[p]));
  }
  CsrMatrix whole;
  whole.column_count = static_cast<std::size_t>(rows.recipients);
  whole.columns = collected<Index>(ranks, columns);
  for (const Index length : collected<Index>(ranks, lengths)) {
    whole.offsets.push_back(whole.offsets.back() + length);
  }
  return whole;
}

}  // namespace

RankOptimum::RankOptimum(Communicator& ranks, RankRows& rows, const Sweep& sweep)
    : ranks_(ranks), sweep_(sweep) {
  if (wanted()) whole_ = whole_pattern(ranks, rows);
}

Optimum RankOptimum::of(std::span<const double> need, std::span<const double> capacity) {
  Optimum optimum;
  on_first_rank(ranks_, [&] {
    optimum = find_optimum({whole_.view(), need, capacity}, {sweep_.optimum, sweep_.fairest});
  });
  return optimum;
}

}  // namespace needflow
