// A sweep over ranks: a plan in bundles that ranks take one after the other from a shared counter.
// Results go to each rank's own sink, so to its own journal; nothing here is needed to save one.
// Ranks wait for each other twice: before the first bundle, and after the last for the rank that
// writes the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "solver/ranks/communicator.hpp"
#include "solver/sweep/plan.hpp"
#include "solver/sweep/sink.hpp"
#include "solver/sweep/sweep.hpp"

namespace needflow {

/// What one rank's part needs.
struct RankWork {
  const Sweep& sweep;
  const Plan& plan;  ///< the same on all ranks
  int threads = 1;
  std::optional<int> forced_lanes = {};
  OutcomeSink& sink;
  /// Points without a result on this rank so far.
  std::function<std::size_t()> troubled;
  /// All ranks stop when more points than this have none.
  std::optional<std::size_t> max_failures = {};
};

/// All ranks make it together and destroy it together, but for one that an exception ends.
class RankSweep {
 public:
  explicit RankSweep(Communicator& ranks);
  RankSweep(const RankSweep&) = delete;
  RankSweep& operator=(const RankSweep&) = delete;
  ~RankSweep();

  /// Runs bundles until none is left or the sink stops. A rank that stops tells the others, who
  /// finish the bundle they have.
  void run(const RankWork& work);

  /// This rank is done and everything is in its journal; waits until that holds for all. False
  /// when `give_up` says so first. Sleeps between looks.
  [[nodiscard]] bool wait_for_all(const std::function<bool()>& give_up);

  /// Points without a result on all ranks, as far as bundles have ended.
  [[nodiscard]] std::size_t troubled_everywhere();

 private:
  Communicator& ranks_;
  std::unique_ptr<SharedCounter> next_;
  std::unique_ptr<SharedCounter> troubled_;
  std::unique_ptr<SharedCounter> finished_;
  int exceptions_;  ///< in flight when it was made
};

}  // namespace needflow
