#include "bench/kernel_case.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/reference/allocate.hpp"
#include "kernels/reference/settle.hpp"
#include "solver/population.hpp"

namespace needflow::bench {

namespace {

// A third round or later of `reallocate`.
constexpr SettleRule kRule{.settlement = SettlementKind::reallocate, .history = 2};

template <int L, class T>
LaneSpan<T, L> lanes(AlignedVector<T>& values) {
  return LaneSpan<T, L>(values);
}
template <int L>
LaneSpan<const double, L> read_lanes(const AlignedVector<double>& values) {
  return LaneSpan<const double, L>(values);
}

template <class T>
bool same_bits(const AlignedVector<T>& a, const AlignedVector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

std::string verdict(bool same, const char* what) {
  return same ? std::string() : std::string(what) + " differs from its twin in kernels/reference";
}

}  // namespace

const char* kernel_name(Kernel kernel) {
  static constexpr const char* kNames[] = {"compute_denominators", "gather_deliveries",
                                           "gather_settlements", "settle", "in_turn"};
  return kNames[static_cast<std::size_t>(kernel)];
}

template <int L>
RecipientVectors<L>::RecipientVectors(std::size_t recipients) : converged(recipients * L) {
  for (auto* vector :
       {&satisfied, &damping, &over_oldest, &over_previous, &over, &returned_share}) {
    vector->resize(recipients * L);
  }
}

template <int L>
RecipientState<L> RecipientVectors<L>::state(LaneSpan<const double, L> need,
                                             LaneSpan<const double, L> received) {
  return {need,
          received,
          lanes<L>(satisfied),
          {},
          lanes<L>(damping),
          lanes<L>(over_oldest),
          lanes<L>(over_previous),
          lanes<L>(over),
          lanes<L>(returned_share),
          lanes<L>(converged)};
}

template <int L>
KernelCase<L>::KernelCase(std::shared_ptr<const Recognition> recognition, const Settings& settings)
    : recognition_(std::move(recognition)), recipients_(recognition_->recipients()) {
  for (auto* vector : {&need_, &received_}) vector->resize(recognition_->recipients() * L);
  for (auto* vector : {&available_, &denominator_, &scale_, &delivered_, &returned_}) {
    vector->resize(recognition_->providers() * L);
  }
  messages_.resize(received_.size());
  draw(settings);

  // What the second round would bring, then the first again, so that the vectors fit together.
  const AlignedVector<double> first_need = need_;
  run(Kernel::denominators, Threads::all);
  run(Kernel::deliveries, Threads::all);
  for (std::size_t i = 0; i < need_.size(); ++i) need_[i] = std::max(0.0, need_[i] - received_[i]);
  run(Kernel::denominators, Threads::all);
  run(Kernel::deliveries, Threads::all);
  received_later_ = received_;
  need_ = first_need;
  run(Kernel::denominators, Threads::all);
  run(Kernel::deliveries, Threads::all);
  for (int round = 0; round < 3; ++round) run(Kernel::settle, Threads::all);
}

template <int L>
void KernelCase<L>::draw(const Settings& settings) {
  const std::size_t agents = recognition_->providers();
  for (std::size_t l = 0; l < L; ++l) {
    Amounts amounts = draw_population(settings.population, agents, settings.seed, 0,
                                      static_cast<std::uint32_t>(l));
    apply_supply_ratio(amounts, *settings.population.supply_ratio);
    for (std::size_t i = 0; i < agents; ++i) {
      need_[i * L + l] = amounts.need[0][i];
      available_[i * L + l] = amounts.capacity[0][i];
    }
  }
}

template <int L>
void KernelCase<L>::run(Kernel kernel, Threads threads) {
  switch (kernel) {
    case Kernel::denominators:
      return compute_denominators<L>(recognition_->by_provider(), ledger(),
                                     read_lanes<L>(available_), lanes<L>(denominator_),
                                     lanes<L>(scale_), threads);
    case Kernel::deliveries:
      return gather_deliveries<L>(recognition_->by_recipient(), ledger(), read_lanes<L>(scale_),
                                  Cap::none, lanes<L>(received_), lanes<L>(messages_), threads);
    case Kernel::settlements:
      return gather_settlements<L>(recognition_->by_provider(), ledger(), read_lanes<L>(scale_),
                                   read_lanes<L>(recipients_.returned_share), Cap::none,
                                   lanes<L>(delivered_), lanes<L>(returned_), threads);
    case Kernel::settle:
      settle_next(recipients_, threads);
      later_ = !later_;
      return;
    case Kernel::in_turn:
      for (const Kernel each : {Kernel::denominators, Kernel::deliveries, Kernel::settle}) {
        run(each, threads);
      }
  }
}

template <int L>
std::string KernelCase<L>::difference(Kernel kernel, Threads threads) {
  const std::pair wanted{kernel, threads};
  const auto known = std::find_if(compared_.begin(), compared_.end(),
                                  [&](const auto& entry) { return entry.first == wanted; });
  if (known != compared_.end()) return known->second;
  compared_.emplace_back(wanted, compare(kernel, threads));
  return compared_.back().second;
}

template <int L>
std::string KernelCase<L>::compare(Kernel kernel, Threads threads) {
  switch (kernel) {
    case Kernel::denominators:
      return compare_denominators(threads);
    case Kernel::deliveries:
      return compare_deliveries(threads);
    case Kernel::settlements:
      return compare_settlements(threads);
    case Kernel::settle:
      return compare_settle(threads);
    case Kernel::in_turn:
      break;
  }
  for (const Kernel each : {Kernel::denominators, Kernel::deliveries, Kernel::settle}) {
    if (std::string found = difference(each, threads); !found.empty()) return found;
  }
  return {};
}

template <int L>
std::string KernelCase<L>::compare_denominators(Threads threads) {
  AlignedVector<double> denominator(denominator_.size());
  AlignedVector<double> scale(scale_.size());
  reference::compute_denominators<L>(recognition_->by_provider(), ledger(),
                                     read_lanes<L>(available_), lanes<L>(denominator),
                                     lanes<L>(scale));
  std::fill(denominator_.begin(), denominator_.end(), -1.0);
  std::fill(scale_.begin(), scale_.end(), -1.0);
  run(Kernel::denominators, threads);
  return verdict(same_bits(denominator, denominator_) && same_bits(scale, scale_),
                 "compute_denominators");
}

template <int L>
std::string KernelCase<L>::compare_deliveries(Threads threads) {
  AlignedVector<double> received(received_.size());
  AlignedVector<std::int32_t> messages(messages_.size());
  reference::gather_deliveries<L>(recognition_->by_recipient(), ledger(), read_lanes<L>(scale_),
                                  Cap::none, lanes<L>(received), lanes<L>(messages));
  std::fill(received_.begin(), received_.end(), -1.0);
  std::fill(messages_.begin(), messages_.end(), -1);
  run(Kernel::deliveries, threads);
  return verdict(same_bits(received, received_) && same_bits(messages, messages_),
                 "gather_deliveries");
}

template <int L>
std::string KernelCase<L>::compare_settlements(Threads threads) {
  AlignedVector<double> delivered(delivered_.size());
  AlignedVector<double> returned(returned_.size());
  reference::gather_settlements<L>(recognition_->by_provider(), ledger(), read_lanes<L>(scale_),
                                   read_lanes<L>(recipients_.returned_share), Cap::none,
                                   lanes<L>(delivered), lanes<L>(returned));
  std::fill(delivered_.begin(), delivered_.end(), -1.0);
  std::fill(returned_.begin(), returned_.end(), -1.0);
  run(Kernel::settlements, threads);
  return verdict(same_bits(delivered, delivered_) && same_bits(returned, returned_),
                 "gather_settlements");
}

template <int L>
std::string KernelCase<L>::compare_settle(Threads threads) {
  RecipientVectors<L> expected = recipients_;
  RecipientVectors<L> found = recipients_;
  reference::settle<L>(kRule, expected.state(read_lanes<L>(need_), read_lanes<L>(received_next())));
  settle_next(found, threads);
  const bool same = same_bits(expected.satisfied, found.satisfied) &&
                    same_bits(expected.damping, found.damping) &&
                    same_bits(expected.over_oldest, found.over_oldest) &&
                    same_bits(expected.over_previous, found.over_previous) &&
                    same_bits(expected.over, found.over) &&
                    same_bits(expected.returned_share, found.returned_share) &&
                    same_bits(expected.converged, found.converged);
  return verdict(same, "settle");
}

template <int L>
PublishedNeeds<L> KernelCase<L>::ledger() const {
  return {read_lanes<L>(need_)};  // nothing has been received: all of the need is active
}

template <int L>
void KernelCase<L>::settle_next(RecipientVectors<L>& recipients, Threads threads) {
  settle<L>(kRule, recipients.state(read_lanes<L>(need_), read_lanes<L>(received_next())), threads);
}

template <int L>
const AlignedVector<double>& KernelCase<L>::received_next() const {
  return later_ ? received_later_ : received_;
}

template struct RecipientVectors<1>;
template struct RecipientVectors<8>;
template class KernelCase<1>;
template class KernelCase<8>;

}  // namespace needflow::bench
