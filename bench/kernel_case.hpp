// The kernels of a round on one matrix with L populations side by side, each beside its plain twin.
//
// The inputs are those of a first round, except that recipients settle what two different rounds
// brought in turn: over-allocations then rise and fall as they do in a run, and no branch is always
// taken.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/machine.hpp"
#include "kernels/allocate.hpp"
#include "kernels/settle.hpp"
#include "kernels/stock.hpp"
#include "solver/recognition.hpp"
#include "solver/settings.hpp"

namespace needflow::bench {

enum class Kernel { denominators, deliveries, returns, settlements, note_offers, settle };

inline constexpr Kernel kKernels[] = {Kernel::denominators, Kernel::deliveries,  Kernel::returns,
                                      Kernel::settlements,  Kernel::note_offers, Kernel::settle};

/// "compute_denominators" …
[[nodiscard]] const char* kernel_name(Kernel kernel);

/// The kernels of one SIMD target, or their twins.
template <int L>
struct KernelSet {
  RowPasses<L> rows;
  ProviderPasses<L> providers;
  SettlePass<L> settle;

  [[nodiscard]] static KernelSet fast();
  [[nodiscard]] static KernelSet plain();
};

/// All that the kernels write, N × L each.
struct KernelOutputs {
  explicit KernelOutputs(std::size_t elements);
  [[nodiscard]] bool same_bits_as(const KernelOutputs& other) const;
  /// Writes −1 over what the row passes made, so that a gap shows.
  void blank();

  GatheredVector<double> denominator, scale, received, returned, delivered, settled_back;
  GatheredVector<double> last_denominator, first_denominator;
  GatheredVector<double> satisfied, damping, over, over_previous, next_active;
};

template <int L>
class KernelCase {
 public:
  KernelCase(std::shared_ptr<const Recognition> recognition, const Settings& settings);

  /// All rows once, in the tiles that a round goes by.
  void run(Kernel kernel, Threads threads);

  /// Empty if the kernel gives its twin's bits, else what differs. Compared once, then remembered.
  [[nodiscard]] std::string difference(Kernel kernel, Threads threads);

  [[nodiscard]] const Recognition& recognition() const { return *recognition_; }

 private:
  void draw(const Settings& settings);
  [[nodiscard]] std::string compare(Kernel kernel, Threads threads);
  void run(const KernelSet<L>& kernels, Kernel kernel, Threads threads, KernelOutputs& made);
  void run_rows(const KernelSet<L>& kernels, Kernel kernel, RowRange range, KernelOutputs& made);
  [[nodiscard]] RecipientState<L> recipients(KernelOutputs& made) const;
  [[nodiscard]] ProviderState<L> providers(KernelOutputs& made) const;

  std::shared_ptr<const Recognition> recognition_;
  KernelSet<L> fast_;
  GatheredVector<double> need_, capacity_, share_;
  GatheredVector<double> received_, received_later_;
  GatheredVector<double> degrees_;
  KernelOutputs made_;
  bool later_ = false;  ///< which of the two is settled next
  std::vector<std::pair<std::pair<Kernel, Threads>, std::string>> compared_;
};

}  // namespace needflow::bench
