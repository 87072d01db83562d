// M10's maximum flow as several libraries solve it: what solver/max_flow.cpp chose from.
//
// No needflow headers here: LEMON 1.3 needs C++17, they need C++20.
#pragma once

#include <cstdint>
#include <vector>

/// Providers give to recipients over unlimited edges; amounts in whole units.
struct FlowCase {
  std::vector<std::int64_t> offsets;  ///< providers + 1, into columns
  std::vector<std::int32_t> columns;  ///< recipients
  std::vector<std::int64_t> supply;   ///< a provider
  std::vector<std::int64_t> demand;   ///< a recipient
};

// Each builds its library's graph and solves. Value in units; `seconds_building` is the first part
// of the time that the caller measures.
std::int64_t boost_push_relabel(const FlowCase& flow, double& seconds_building);
std::int64_t boost_boykov_kolmogorov(const FlowCase& flow, double& seconds_building);
std::int64_t lemon_preflow(const FlowCase& flow, double& seconds_building);
