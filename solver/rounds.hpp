// One run of M2, round by round, for those who want to watch; solver/lane_rounds.hpp holds the
// rounds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "solver/lane_rounds.hpp"
#include "solver/recognition.hpp"
#include "solver/settings.hpp"
#include "solver/stopping.hpp"

namespace needflow {

/// One round as a trace keeps it (M3); values after settlement.
struct TraceRow {
  std::int64_t round = 0;             ///< from 1
  double residual_l1 = 0.0;           ///< Σ max(0, n_r − x_r)
  double satisfied_fraction = 0.0;    ///< Σx / Σn
  double over = 0.0;                  ///< Σ over_r
  std::int64_t converged = 0;         ///< recipients with converged_r
  double denominator_change = 0.0;    ///< max |Δd_p| / d_p(1); NaN in round 1
  double mean_damping = 0.0;          ///< over all recipients
  std::int64_t oscillating = 0;       ///< recipients with f = 0.5 under `adaptive`
  std::int64_t active_providers = 0;  ///< A_p > 0 after settlement and d_p > 0 in this round
};

class RoundSolver;

/// Called after every round, its state in place; empty for none.
using RoundObserver = std::function<void(const RoundSolver&)>;

/// Runs M2 on one network for one need type at a time: a single lane of LaneRounds, with what
/// somebody may want to see of every round. run() reuses what the constructor allocates; two runs
/// on the same solver give the same bits as two solvers. Not thread-safe; it may use threads
/// itself.
class RoundSolver {
 public:
  /// Keeps a reference to `recognition`, and to the peers if this run holds only some of the
  /// agents.
  RoundSolver(const Recognition& recognition, const RoundSettings& settings, Threads threads,
              Peers* peers = nullptr);

  /// need: R amounts ≥ 0; capacity: P amounts ≥ 0, both finite and kept by reference until the next
  /// run. A run whose numbers overflow ends as `failed`.
  /// claims: what recipients multiply their residuals by before they publish them, as
  /// LaneRounds::start() takes it.
  RunReport run(std::span<const double> need, std::span<const double> capacity,
                const RoundObserver& observer = {}, std::span<const double> claims = {});

  // The state after the last round. What is marked (observed) is kept for observers alone.
  [[nodiscard]] std::int64_t round() const { return rounds_.report(0).rounds; }
  [[nodiscard]] double wasted() const { return rounds_.report(0).wasted; }
  [[nodiscard]] TraceRow trace_row() const;  ///< (observed); called by all peers or by none
  [[nodiscard]] PublishedNeeds<1> ledger() const { return rounds_.ledger(); }
  /// ρ̂_r, as published in this round (observed).
  [[nodiscard]] std::span<const double> published_residual() const { return residual_; }
  [[nodiscard]] std::span<const double> received() const { return of(rounds_.received()); }
  [[nodiscard]] bool converged(std::size_t r) const;
  [[nodiscard]] std::span<const double> scale() const { return rounds_.scale().values(); }
  [[nodiscard]] std::span<const double> satisfied() const { return of(rounds_.satisfied()); }
  [[nodiscard]] std::span<const double> damping() const { return of(rounds_.damping()); }
  [[nodiscard]] std::span<const double> over() const { return of(rounds_.over()); }
  [[nodiscard]] std::span<const double> available() const { return of(rounds_.available()); }
  [[nodiscard]] std::span<const double> denominator() const { return of(rounds_.denominator()); }

  [[nodiscard]] const LaneRounds<1>& lane() const { return rounds_; }
  /// What it runs on; with trust W.
  [[nodiscard]] const Recognition& recognition() const { return rounds_.recognition(); }
  /// Bytes of state held, the recognition matrix not counted.
  [[nodiscard]] std::size_t bytes() const;

 private:
  [[nodiscard]] static std::span<const double> of(LaneSpan<const double, 1> lane) {
    return lane.values();
  }
  void remember();
  [[nodiscard]] double claim_of(std::size_t r) const { return claims_.empty() ? 1.0 : claims_[r]; }
  /// Of the whole network: sums over recipients, counts.
  template <class Term>
  [[nodiscard]] double sum_recipients(const Term& term) const;
  template <class Predicate>
  [[nodiscard]] std::int64_t count_all(std::size_t count, const Predicate& predicate) const;

  RoundSettings settings_;
  Threads threads_;
  Peers* peers_;
  LaneRounds<1> rounds_;
  std::span<const double> need_;
  std::span<const double> capacity_;
  std::span<const double> claims_;
  // As they were before the round; only with an observer.
  std::vector<double> residual_;
  std::vector<double> denominator_before_;
};

}  // namespace needflow
