// The ragged groups of a result file: rounds of every run, final state of every agent.
//
// CF contiguous ragged arrays: flat variables over `obs`, and row_size(point) says how many rows
// each point has. `point` runs over the grid in C order; in `trace` a need type is a run of its
// own, so there it runs over grid × type.
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

/// Group `trace`.
void write_traces(const H5Builder& file, const Outcomes& outcomes);

/// Group `agents`, or `recipients` and `providers` for a bipartite instance. `type_scale` is null
/// for one need type. Where an axis is called `agents` a group cannot be as well: it is then
/// `agent_rows`.
void write_agents(const H5Builder& file, const Sweep& sweep, const Outcomes& outcomes,
                  const H5Handle* type_scale);

}  // namespace needflow
