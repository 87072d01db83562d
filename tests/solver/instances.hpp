// Small instances for tests: dense tables in, recognition out; and random ones.
#pragma once

#include <random>
#include <vector>

#include "solver/recognition.hpp"
#include "solver/rounds.hpp"

namespace needflow::test {

using Table = std::vector<std::vector<double>>;

/// Rows of the positive entries of `mr`; with `desire`, D on the same entries.
inline CsrMatrix rows_of(const Table& mr, const Table& desire = {}) {
  CsrMatrix rows;
  rows.column_count = mr.empty() ? 0 : mr.front().size();
  for (std::size_t p = 0; p < mr.size(); ++p) {
    for (std::size_t r = 0; r < mr[p].size(); ++r) {
      if (mr[p][r] <= 0.0) continue;
      rows.columns.push_back(static_cast<Index>(r));
      rows.weights.push_back(mr[p][r]);
      if (!desire.empty()) rows.desire.push_back(desire[p][r]);
    }
    rows.offsets.push_back(static_cast<Offset>(rows.columns.size()));
  }
  return rows;
}

inline Recognition bipartite(const Table& mr, const Table& desire = {}) {
  return bipartite_recognition(rows_of(mr, desire));
}

/// A bipartite instance of M1 with everything that can happen: empty rows, zero amounts, D of all
/// sizes.
struct RandomInstance {
  Table mr;
  Table desire;
  std::vector<double> capacity;
  std::vector<double> need;

  explicit RandomInstance(std::uint32_t seed, bool bounded = false) {
    std::mt19937 engine(seed);
    const auto draw = [&engine](double low, double high) {
      return low + (high - low) * (static_cast<double>(engine()) / 4294967296.0);
    };
    const std::size_t providers = 1 + engine() % 12;
    const std::size_t recipients = 1 + engine() % 12;
    mr.assign(providers, std::vector<double>(recipients, 0.0));
    desire = mr;
    for (std::size_t p = 0; p < providers; ++p) {
      for (std::size_t r = 0; r < recipients; ++r) {
        if (engine() % 3 != 0) mr[p][r] = draw(1e-3, 1.0);
        desire[p][r] = engine() % 4 == 0 ? draw(0.0, 5.0) : draw(0.0, 200.0);
      }
      capacity.push_back(engine() % 6 == 0 ? 0.0 : draw(1.0, 150.0));
    }
    for (std::size_t r = 0; r < recipients; ++r) {
      need.push_back(engine() % 6 == 0 ? 0.0 : draw(1.0, 100.0));
    }
    if (!bounded) desire.clear();
  }

  [[nodiscard]] Recognition recognition() const { return bipartite(mr, desire); }
};

/// x after a run.
inline std::vector<double> satisfied_after(const Recognition& recognition,
                                           const RoundSettings& settings,
                                           const std::vector<double>& need,
                                           const std::vector<double>& capacity) {
  RoundSolver solver(recognition, settings, Threads::one);
  (void)solver.run(need, capacity);
  return {solver.satisfied().begin(), solver.satisfied().end()};
}

}  // namespace needflow::test
