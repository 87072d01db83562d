// One point on many ranks: each holds whole blocks of rows of the network and runs the rounds of
// its agents (solver/peers.hpp). The numbers are those of one process, to the bit.
//
// Memory a rank: its rows (12 bytes an entry), 200 bytes an own agent, 24 to 32 bytes an agent seen
// (kernels' gathered vectors). The first rank holds more where rank_pattern.hpp says so, where
// agents are kept for the file (all of them) and where an optimum is wanted (rank_optimum.hpp).
#pragma once

#include "solver/ranks/rank_rows.hpp"
#include "solver/sweep/tasks.hpp"

namespace needflow {

/// What a rank had to do, for people.
struct RankLoad {
  std::int64_t providers = 0;     ///< own
  std::int64_t entries = 0;       ///< stored, in its rows
  std::int64_t seen = 0;          ///< claims of others that a round fetches
  bool gets_all = false;          ///< everybody's, by one call
  double exchange_seconds = 0.0;  ///< in fetches and sums of all rounds, waiting included
  double round_seconds = 0.0;     ///< of all rounds, exchange included
};

/// Runs the sweep's only point. Called by all ranks, which all get the outcome of the point; its
/// rows of agents and its optimum are the first rank's alone. The observer is called on all
/// ranks after every round, with a solver that knows its own agents; what it finds worth stopping
/// for, all must find.
[[nodiscard]] OutcomeBatch run_on_ranks(const Sweep& sweep, Communicator& ranks, int threads,
                                        const ObserverFor& observer_for,
                                        const NetworkObserver& network_observer, RankLoad& load);

}  // namespace needflow
