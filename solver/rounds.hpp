// M2: a run is rounds, and a round is five steps: publish, compute, deliver, aggregate, converge.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "solver/ledger.hpp"
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

/// Messages of a run by kind (M8).
struct MessageCounts {
  std::int64_t published = 0;  ///< R a round
  std::int64_t read = 0;       ///< P a round
  std::int64_t allocated = 0;  ///< nonzero v_pr
};

/// How a run of one need type ended.
struct RunReport {
  Status status = Status::pending;
  std::int64_t rounds = 0;
  std::int64_t cycle_period = -1;  ///< 1 for `stable` by recurrence, −1 unless recurrence ended it
  double wasted = 0.0;             ///< amount (M3)
  MessageCounts messages;
};

class RoundSolver;

/// Called after every round, its state in place; empty for none.
using RoundObserver = std::function<void(const RoundSolver&)>;

/// Runs M2 on one network for one need type at a time. The constructor allocates, run() reuses; two
/// runs on the same solver give the same bits as two solvers. Not thread-safe; it may use threads
/// itself.
class RoundSolver {
 public:
  /// Keeps a reference to `recognition`.
  RoundSolver(const Recognition& recognition, const RoundSettings& settings, Threads threads);

  /// need: R amounts ≥ 0; capacity: P amounts ≥ 0, both finite and kept by reference until the next
  /// run. A run whose numbers overflow ends as `failed`.
  RunReport run(std::span<const double> need, std::span<const double> capacity,
                const RoundObserver& observer = {});

  // The state after the last round.
  [[nodiscard]] std::int64_t round() const { return report_.rounds; }
  [[nodiscard]] double wasted() const { return report_.wasted; }
  [[nodiscard]] TraceRow trace_row() const;
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] std::span<const double> scale() const { return scale_; }
  [[nodiscard]] std::span<const std::uint8_t> converged() const { return converged_; }
  [[nodiscard]] std::span<const double> satisfied() const { return satisfied_; }
  [[nodiscard]] std::span<const double> damping() const { return damping_; }
  [[nodiscard]] std::span<const double> over() const { return over_; }
  [[nodiscard]] std::span<const double> received() const { return received_; }
  [[nodiscard]] std::span<const double> available() const { return available_; }
  [[nodiscard]] std::span<const double> denominator() const { return denominator_; }

  /// Bytes of state held, the recognition matrix not counted.
  [[nodiscard]] std::size_t bytes() const;

 private:
  void start(std::span<const double> need, std::span<const double> capacity);
  void publish();
  void compute();
  void deliver();
  void aggregate();
  [[nodiscard]] Status converge();

  void settle_recipients();
  void settle_stock();
  [[nodiscard]] RunState state() const;

  const Recognition& recognition_;
  RoundSettings settings_;
  Threads threads_;

  std::span<const double> need_;
  std::span<const double> capacity_;
  RunReport report_;
  double total_need_ = 0.0;
  double total_received_ = 0.0;
  double total_over_ = 0.0;

  Ledger ledger_;
  // providers, P each
  std::vector<double> available_;
  std::vector<double> denominator_;
  std::vector<double> denominator_before_;
  std::vector<double> denominator_first_;
  std::vector<double> scale_;
  std::vector<double> delivered_;  ///< stock only, like returned_
  std::vector<double> returned_;
  // recipients, R each
  std::vector<double> received_;
  std::vector<std::int32_t> messages_;
  std::vector<double> satisfied_;
  std::vector<double> satisfied_before_;
  std::vector<double> total_;  ///< y_r, only where ω < 1
  std::vector<double> damping_;
  std::vector<double> over_oldest_;
  std::vector<double> over_previous_;
  std::vector<double> over_;
  std::vector<double> returned_share_;
  std::vector<std::uint8_t> converged_;
  Recurrence recurrence_;
};

/// What a RoundSolver will hold for P providers and R recipients, for planning.
[[nodiscard]] std::size_t round_state_bytes(std::size_t providers, std::size_t recipients);

}  // namespace needflow
