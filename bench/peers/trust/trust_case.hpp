// The trust that all contenders of compare_trust.py iterate on: a pure function of the two agents,
// so that nobody has to read it. Protocol and graph file: bench/peers/graph/graph_tasks.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "bench/peers/graph/graph_tasks.hpp"

namespace needflow::peers {

inline constexpr double kRestart = 0.15;
inline constexpr double kTolerance = 1e-10;
inline constexpr int kMostSweeps = 200;

/// T_ij in (0, 1].
[[nodiscard]] inline double trust_between(std::size_t i, std::size_t j) {
  return static_cast<double>((i * 7919 + j * 104729) % 1000 + 1) / 1000.0;
}

/// What contenders answer: sweeps, and g of a few agents.
[[nodiscard]] inline std::vector<double> trust_answer(int sweeps, const double* global,
                                                      std::size_t agents) {
  std::vector<double> answer{static_cast<double>(sweeps)};
  for (std::size_t k = 0; k < 16; ++k) answer.push_back(global[k * (agents - 1) / 15]);
  return answer;
}

}  // namespace needflow::peers
