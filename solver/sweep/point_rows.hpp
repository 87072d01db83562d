// A point's row in a batch of outcomes: from a finished run, or from what stopped it.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "solver/error.hpp"
#include "solver/lane_rounds.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// The row of a point without a result.
[[nodiscard]] OutcomeBatch unsolved(const Sweep& sweep, std::size_t index, Status status,
                                    std::string message);

/// Turns whatever stops a point into its row: the one place that knows which trouble is whose.
template <class Work>
[[nodiscard]] OutcomeBatch outcome_of(const Sweep& sweep, std::size_t index, const Work& work) {
  try {
    return work();
  } catch (const InvalidPoint& problem) {
    return unsolved(sweep, index, Status::invalid, problem.what());
  } catch (const std::bad_alloc&) {
    return unsolved(sweep, index, Status::failed, "not enough memory for this point");
  } catch (const std::exception& problem) {
    return unsolved(sweep, index, Status::failed, problem.what());
  }
}

/// What a run's report and its network say; the figures of its recipients are not among it.
[[nodiscard]] Outcome outcome_from(const RunReport& report, const Recognition& recognition);

/// Why a run without a result has none; empty for one with a result.
[[nodiscard]] std::string trouble_of(const Outcome& outcome);

/// Makes room for a point's agents, degrees filled in.
void size_agent_rows(AgentRows& rows, const Recognition& recognition, std::size_t runs);

/// Keeps the final state of the run in `lane`; the rows are those of one run.
template <int L>
void keep_agent_rows(AgentRows& rows, const LaneRounds<L>& rounds, std::size_t lane);

/// Copies the rows of one run to their places among those of `runs`.
void interleave(const AgentRows& one, std::size_t run, std::size_t runs, AgentRows& all);

/// Moves the rows of one batch behind those of another.
void append(OutcomeBatch& batch, OutcomeBatch&& more);

}  // namespace needflow
