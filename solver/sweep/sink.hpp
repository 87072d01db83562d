// Where outcomes go.
#pragma once

#include <algorithm>
#include <mutex>
#include <span>
#include <utility>

#include "solver/sweep/flight.hpp"
#include "solver/sweep/network_table.hpp"
#include "solver/sweep/outcome.hpp"

namespace needflow {

/// Receives outcomes as they come, a batch a call, from any thread, one call at a time. The order
/// and which points make a batch depend on threads; the outcomes do not. What they throw ends the
/// sweep.
class OutcomeSink {
 public:
  virtual ~OutcomeSink() = default;
  virtual void finished(OutcomeBatch batch) = 0;
  /// What the network of these points looks like; once a network, before or after its points.
  virtual void measured(std::span<const std::size_t> /*points*/, GraphMetrics /*metrics*/) {}
  /// Whether the network of this point is known from an earlier process; from any thread.
  [[nodiscard]] virtual bool knows_network(std::size_t /*point*/) const { return false; }
  /// Where to mark what is being computed; null for nowhere.
  [[nodiscard]] virtual FlightTable* flights() { return nullptr; }
  /// Asked before each run and after each round of a batch; true leaves the remaining points
  /// pending.
  [[nodiscard]] virtual bool stop_requested() const = 0;
};

/// Forwards batches to the sink, one at a time.
class Deliverer {
 public:
  explicit Deliverer(OutcomeSink& sink) : sink_(sink) {}
  void operator()(OutcomeBatch batch) {
    const std::scoped_lock lock(mutex_);
    sink_.finished(std::move(batch));
  }
  void measured(std::span<const std::size_t> points, GraphMetrics metrics) {
    const std::scoped_lock lock(mutex_);
    sink_.measured(points, std::move(metrics));
  }
  /// Of each of the points: shards and ranks may have measured it for some of them only.
  [[nodiscard]] bool knows_network(std::span<const std::size_t> points) {
    const std::scoped_lock lock(mutex_);
    return std::all_of(points.begin(), points.end(),
                       [this](std::size_t point) { return sink_.knows_network(point); });
  }
  [[nodiscard]] FlightTable* flights() { return sink_.flights(); }
  [[nodiscard]] bool stopped() const { return sink_.stop_requested(); }

 private:
  OutcomeSink& sink_;
  std::mutex mutex_;
};

}  // namespace needflow
