// The kernels of a round on one matrix with L populations side by side, each beside its plain twin.
//
// The inputs are those of a first round, except that recipients settle what two different rounds
// brought in turn: over-allocations then rise and fall as they do in a run, and no branch is always
// taken.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/machine.hpp"
#include "kernels/allocate.hpp"
#include "kernels/settle.hpp"
#include "solver/recognition.hpp"
#include "solver/settings.hpp"

namespace needflow::bench {

enum class Kernel { denominators, deliveries, settlements, settle, in_turn };

/// "compute_denominators" …; `in_turn` is one round: the two passes and the settlement.
[[nodiscard]] const char* kernel_name(Kernel kernel);

template <int L>
struct RecipientVectors {
  explicit RecipientVectors(std::size_t recipients);
  [[nodiscard]] RecipientState<L> state(LaneSpan<const double, L> need,
                                        LaneSpan<const double, L> received);

  AlignedVector<double> satisfied, damping, over_oldest, over_previous, over, returned_share;
  AlignedVector<std::uint8_t> converged;
};

template <int L>
class KernelCase {
 public:
  KernelCase(std::shared_ptr<const Recognition> recognition, const Settings& settings);

  void run(Kernel kernel, Threads threads);

  /// Empty if the kernel gives its twin's bits, else what differs. Compared once, then remembered.
  [[nodiscard]] std::string difference(Kernel kernel, Threads threads);

  [[nodiscard]] const Recognition& recognition() const { return *recognition_; }

 private:
  void draw(const Settings& settings);
  [[nodiscard]] std::string compare(Kernel kernel, Threads threads);
  [[nodiscard]] std::string compare_denominators(Threads threads);
  [[nodiscard]] std::string compare_deliveries(Threads threads);
  [[nodiscard]] std::string compare_settlements(Threads threads);
  [[nodiscard]] std::string compare_settle(Threads threads);

  [[nodiscard]] PublishedNeeds<L> ledger() const;
  void settle_next(RecipientVectors<L>& recipients, Threads threads);

  [[nodiscard]] const AlignedVector<double>& received_next() const;

  std::shared_ptr<const Recognition> recognition_;
  AlignedVector<double> need_, available_;
  AlignedVector<double> denominator_, scale_, delivered_, returned_;
  AlignedVector<double> received_;
  AlignedVector<double> received_later_;
  AlignedVector<std::int32_t> messages_;
  RecipientVectors<L> recipients_;
  bool later_ = false;  ///< which of the two is settled next
  std::vector<std::pair<std::pair<Kernel, Threads>, std::string>> compared_;
};

}  // namespace needflow::bench
