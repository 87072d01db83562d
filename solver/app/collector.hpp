// The sink of a sweep: outcomes to their places, to the journal, and in words to people.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "io/journal.hpp"
#include "io/progress.hpp"
#include "io/status_file.hpp"
#include "solver/app/common.hpp"
#include "solver/sweep/sink.hpp"

namespace needflow::app {

class Collector : public OutcomeSink {
 public:
  /// `max_failures`: more points without a result than this, in this process, ask to stop.
  Collector(const Sweep& sweep, std::size_t points, std::optional<std::size_t> max_failures,
            LogLevel level)
      : sweep_(sweep),
        outcomes_(points, sweep.runs_per_point()),
        networks_(points),
        max_failures_(max_failures),
        level_(level) {}

  /// What earlier processes, or other ranks, have left; call wanted() afterwards.
  void restore(JournalContents contents);

  /// 1 for each point that is still to be run; failed ones too if they are to be tried again.
  [[nodiscard]] std::vector<std::uint8_t> wanted(bool retry_failed);

  /// How often each of the wanted points has failed before: one more if it fails again. A rank that
  /// has not read the journals is told.
  [[nodiscard]] const std::map<std::size_t, std::uint32_t>& tried() const { return tried_; }
  void set_tried(std::map<std::size_t, std::uint32_t> tried) { tried_ = std::move(tried); }

  /// Where outcomes go from now on, besides here; each may be null.
  void attach(JournalWriter* journal, FlightTable* flights, Progress* progress, StatusFile* status);

  /// Other ranks have done so much: progress shows it.
  void heard_of(std::size_t done, std::size_t troubled);

  void finished(OutcomeBatch batch) override;
  void measured(std::span<const std::size_t> points, GraphMetrics metrics) override;
  [[nodiscard]] bool knows_network(std::size_t point) const override {
    return networks_.of(point) != nullptr;
  }
  [[nodiscard]] FlightTable* flights() override { return flights_; }
  [[nodiscard]] bool stop_requested() const override {
    return interrupted() || broken_ || (max_failures_ && new_troubles_ > *max_failures_);
  }

  /// Throws what the journal threw while the sweep ran.
  void rethrow() const {
    if (trouble_) std::rethrow_exception(trouble_);
  }

  [[nodiscard]] const Outcomes& outcomes() const { return outcomes_; }
  [[nodiscard]] const NetworkTable& networks() const { return networks_; }
  [[nodiscard]] std::size_t done() const { return done_; }
  /// Points without a result, of earlier processes too.
  [[nodiscard]] std::size_t troubled() const { return outcomes_.messages().size(); }
  /// Points without a result in this process.
  [[nodiscard]] std::size_t new_troubles() const { return new_troubles_; }
  /// Points that failed; invalid ones have no solution and never will.
  [[nodiscard]] std::size_t failed() const;

 private:
  void show_progress();
  void count_attempts(OutcomeBatch& batch) const;
  void report_trouble(const OutcomeBatch& batch, std::size_t i);
  template <class Write>
  void write(const Write& to_journal);

  const Sweep& sweep_;
  Outcomes outcomes_;
  NetworkTable networks_;
  std::map<std::size_t, std::uint32_t> tried_;
  std::optional<std::size_t> max_failures_;
  LogLevel level_;
  JournalWriter* journal_ = nullptr;
  FlightTable* flights_ = nullptr;
  Progress* progress_ = nullptr;
  StatusFile* status_ = nullptr;
  std::size_t done_ = 0;
  std::size_t done_elsewhere_ = 0;
  std::size_t troubled_elsewhere_ = 0;
  std::atomic<std::size_t> new_troubles_ = 0;  // read by threads that ask whether to stop
  std::atomic<bool> broken_ = false;
  std::exception_ptr trouble_;
};

}  // namespace needflow::app
