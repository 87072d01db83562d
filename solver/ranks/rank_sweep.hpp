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

/// Points done, and those of them without a result, since the ranks began.
struct RankProgress {
  std::int64_t done = 0;
  std::int64_t troubled = 0;
};

/// What one rank's part needs.
struct RankWork {
  const Sweep& sweep;
  const Plan& plan;  ///< the same on all ranks
  int threads = 1;
  std::optional<int> forced_lanes = {};
  OutcomeSink& sink;
  std::function<RankProgress()> own;                            ///< of this rank
  std::function<void(const RankProgress&)> heard_of = nullptr;  ///< told that of the others
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

  /// On all ranks, as far as bundles have ended.
  [[nodiscard]] RankProgress everywhere();

 private:
  void tell(const RankProgress& own);

  Communicator& ranks_;
  std::unique_ptr<SharedCounter> next_;
  std::unique_ptr<SharedCounter> done_;
  std::unique_ptr<SharedCounter> troubled_;
  std::unique_ptr<SharedCounter> finished_;
  RankProgress told_;  ///< of this rank, to the others
  std::function<void(const RankProgress&)> heard_of_;
  int exceptions_;  ///< in flight when it was made
};

}  // namespace needflow
