// The tables that `needflow run` prints: each round of a small instance in full, a line a round for
// others, and what every recipient got.
#pragma once

#include <iosfwd>
#include <span>
#include <string>

#include "solver/rounds.hpp"
#include "solver/sweep/episode_runs.hpp"
#include "solver/sweep/outcome.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow::app {

/// Up to this many edges a round is printed in full, every allocation on its own line.
inline constexpr Offset kSmallInstance = 24;

/// At most three decimals, no trailing zeros: 285.714, 300, 0.8.
[[nodiscard]] std::string amount_text(double amount);

/// Names as the instance's files give them, "agent 17" otherwise.
[[nodiscard]] std::string provider_name(const Instance& instance, std::size_t p);
[[nodiscard]] std::string recipient_name(const Instance& instance, std::size_t r);

/// A round in the words of seed 002: active needs, numerators, denominators, allocations, receipts.
void print_full_round(const Sweep& sweep, const Recognition& recognition, Cap cap,
                      std::span<const double> need, const RoundSolver& solver, std::ostream& out);

void print_round_header(std::ostream& out);
void print_round_line(const TraceRow& row, std::ostream& out);

/// Which episode and need type begins, where there are several.
void print_run_header(const Sweep& sweep, const WatchedRun& run, std::ostream& out);

/// A line an episode: how it ended, whom it satisfied, what trust told.
void print_episodes(const OutcomeBatch& outcome, std::size_t first, std::size_t end,
                    std::ostream& out);

/// Status, satisfaction, fairness, messages of one need type.
void print_outcome(const Outcome& outcome, std::ostream& out);

/// A line a recipient with a need: all of them up to 100, else the 20 with the largest residual.
/// `run` of `runs` is which of the point's runs.
void print_recipients(const Instance& instance, const AgentRows& rows, std::size_t runs,
                      std::size_t run, std::ostream& out);

}  // namespace needflow::app
