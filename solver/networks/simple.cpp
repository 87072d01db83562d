// The networks without a draw, row by row: nobody needs the rows of others for theirs.
#include <algorithm>

#include "solver/networks/kinds.hpp"

namespace needflow {

namespace {

std::size_t at(Index i) { return static_cast<std::size_t>(i); }

void end_row(Network& rows) { rows.offsets.push_back(static_cast<Offset>(rows.columns.size())); }

/// Everybody but i.
void add_others(Index agents, Index i, Network& rows) {
  for (Index j = 0; j < agents; ++j) {
    if (j != i) rows.columns.push_back(j);
  }
}

}  // namespace

Network full_mesh(Index agents, AgentRange range) {
  Network rows;
  rows.offsets.reserve(at(range.count()) + 1);
  rows.columns.reserve(at(range.count()) * at(agents - 1));
  for (Index i = range.begin; i < range.end; ++i) {
    add_others(agents, i, rows);
    end_row(rows);
  }
  return rows;
}

Network ring(Index agents, AgentRange range) {
  if (agents < 4) return full_mesh(agents, range);
  Network rows;
  rows.offsets.reserve(at(range.count()) + 1);
  rows.columns.reserve(2 * at(range.count()));
  for (Index i = range.begin; i < range.end; ++i) {
    const Index before = i == 0 ? agents - 1 : i - 1;
    const Index after = i == agents - 1 ? 0 : i + 1;
    rows.columns.push_back(std::min(before, after));
    rows.columns.push_back(std::max(before, after));
    end_row(rows);
  }
  return rows;
}

Network hub_and_spokes(Index agents, Index hub, AgentRange range) {
  Network rows;
  rows.offsets.reserve(at(range.count()) + 1);
  rows.columns.reserve(at(range.count()) + (range.has(hub) ? at(agents - 1) : 0));
  for (Index i = range.begin; i < range.end; ++i) {
    if (i != hub) {
      rows.columns.push_back(hub);
    } else {
      add_others(agents, hub, rows);
    }
    end_row(rows);
  }
  return rows;
}

}  // namespace needflow
