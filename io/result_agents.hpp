// The ragged groups of a result file: rounds of every run, final state of every agent.
//
// CF contiguous ragged arrays: flat variables over `obs`, and row_size(point) says how many rows
// each point has. `point` runs over the grid in C order; in `trace` a need type and an
// episode are a run of its own, so there it runs over grid × type × episode.
#pragma once

#include <string>
#include <vector>

#include "io/h5.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// A dimension scale of whole numbers, of which none is missing.
[[nodiscard]] H5Handle write_counting_scale(hid_t where, const Described& what,
                                            const std::vector<std::int64_t>& values);

/// The dimensions that a point's runs have beside the grid's.
struct RunScales {
  std::size_t types = 1;
  std::size_t episodes = 1;
  const H5Handle* type = nullptr;     ///< null for one need type
  const H5Handle* episode = nullptr;  ///< null for one episode without strategies and trust
};

/// Group `trace`.
void write_traces(const H5Builder& file, const Outcomes& outcomes, const RunScales& runs);

/// Group `agents`, or `recipients` and `providers` for a bipartite instance. Where an axis is
/// called `agents` a group cannot be as well: it is then `agent_rows`.
void write_agents(const H5Builder& file, const Sweep& sweep, const Outcomes& outcomes,
                  const RunScales& runs);

}  // namespace needflow
