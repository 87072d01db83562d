#include "bench/kernel_case.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/reference/allocate.hpp"
#include "kernels/reference/settle.hpp"
#include "kernels/reference/stock.hpp"
#include "solver/population.hpp"

namespace needflow::bench {

namespace {

// A third round or later of `reallocate`.
constexpr SettleRule kSettleRule{.settlement = SettlementKind::reallocate, .round = 3};
constexpr StockRule kStockRule{.stock = false, .round = 3};

// The engine's (solver/lane_rounds.cpp).
template <int L>
constexpr std::size_t kTileRows = L == 1 ? kRowBlock : 64;

template <int L, class Rule>
PerLane<Rule, L> for_all_lanes(const Rule& rule) {
  PerLane<Rule, L> rules;
  rules.fill(rule);
  return rules;
}

template <int L>
LaneSpan<double, L> lanes(GatheredVector<double>& values) {
  return LaneSpan<double, L>(values);
}
template <int L>
LaneSpan<const double, L> read(const GatheredVector<double>& values) {
  return LaneSpan<const double, L>(values);
}

bool same_bits(const GatheredVector<double>& a, const GatheredVector<double>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

}  // namespace

const char* kernel_name(Kernel kernel) {
  static constexpr const char* kNames[] = {"compute_denominators", "gather_deliveries",
                                           "gather_returns",       "gather_settlements",
                                           "note_offers",          "settle"};
  return kNames[static_cast<std::size_t>(kernel)];
}

template <int L>
KernelSet<L> KernelSet<L>::fast() {
  return {row_passes<L>(), provider_passes<L>(), settle_pass<L>()};
}

template <int L>
KernelSet<L> KernelSet<L>::plain() {
  return {{reference::denominators<L>, reference::deliveries<L>, reference::returns<L>,
           reference::settlements<L>},
          {reference::note_offers<L>, reference::keep_stock<L>},
          reference::settle<L>};
}

KernelOutputs::KernelOutputs(std::size_t elements) {
  for (auto* values :
       {&denominator, &scale, &received, &returned, &delivered, &settled_back, &last_denominator,
        &first_denominator, &satisfied, &damping, &over, &over_previous, &next_active}) {
    values->resize(elements);
  }
}

bool KernelOutputs::same_bits_as(const KernelOutputs& other) const {
  return same_bits(denominator, other.denominator) && same_bits(scale, other.scale) &&
         same_bits(received, other.received) && same_bits(returned, other.returned) &&
         same_bits(delivered, other.delivered) && same_bits(settled_back, other.settled_back) &&
         same_bits(last_denominator, other.last_denominator) &&
         same_bits(first_denominator, other.first_denominator) &&
         same_bits(satisfied, other.satisfied) && same_bits(damping, other.damping) &&
         same_bits(over, other.over) && same_bits(over_previous, other.over_previous) &&
         same_bits(next_active, other.next_active);
}

void KernelOutputs::blank() {
  for (auto* values : {&received, &returned, &delivered, &settled_back}) {
    std::fill(values->begin(), values->end(), -1.0);
  }
}

template <int L>
KernelCase<L>::KernelCase(std::shared_ptr<const Recognition> recognition, const Settings& settings)
    : recognition_(std::move(recognition)),
      fast_(KernelSet<L>::fast()),
      need_(recognition_->recipients() * L),
      capacity_(need_.size()),
      share_(need_.size()),
      received_(need_.size()),
      received_later_(need_.size()),
      degrees_(recognition_->recipients()),
      made_(need_.size()) {
  draw(settings);
  const std::span<const Offset> offsets = recognition_->by_provider().offsets;
  for (std::size_t i = 0; i < degrees_.size(); ++i) {
    degrees_[i] = static_cast<double>(offsets[i + 1] - offsets[i]);
  }
  const auto a_round = [this] {
    run(Kernel::denominators, Threads::all);
    run(Kernel::deliveries, Threads::all);
    return made_.received;
  };
  // What the second round would bring, then the first again, so that the vectors fit together.
  const GatheredVector<double> first_need = need_;
  const GatheredVector<double> first = a_round();
  for (std::size_t i = 0; i < need_.size(); ++i) need_[i] = std::max(0.0, need_[i] - first[i]);
  received_later_ = a_round();
  need_ = first_need;
  received_ = a_round();
  for (std::size_t i = 0; i < need_.size(); ++i) {
    share_[i] = received_[i] > need_[i] ? (received_[i] - need_[i]) / received_[i] : 0.0;
  }
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
      capacity_[i * L + l] = amounts.capacity[0][i];
    }
  }
}

template <int L>
void KernelCase<L>::run(Kernel kernel, Threads threads) {
  run(fast_, kernel, threads, made_);
  if (kernel != Kernel::settle) return;
  made_.over.swap(made_.over_previous);
  later_ = !later_;
}

template <int L>
void KernelCase<L>::run(const KernelSet<L>& kernels, Kernel kernel, Threads threads,
                        KernelOutputs& made) {
  for_row_blocks(recognition_->recipients(), threads, [&](std::size_t begin, std::size_t end) {
    for (std::size_t first = begin; first < end; first += kTileRows<L>) {
      run_rows(kernels, kernel, {first, std::min(end, first + kTileRows<L>)}, made);
    }
  });
}

template <int L>
void KernelCase<L>::run_rows(const KernelSet<L>& kernels, Kernel kernel, RowRange range,
                             KernelOutputs& made) {
  const PublishedNeeds<L> ledger{read<L>(need_)};  // nothing received: all of the need is active
  const CsrView by_provider = recognition_->by_provider();
  const auto out = [range](GatheredVector<double>& values) {
    return lanes<L>(values).part(range.begin, range.end);
  };
  StockTally<L> offers;
  SettleTally<L> settled;
  switch (kernel) {
    case Kernel::denominators:
      return kernels.rows.denominators(by_provider, ledger, read<L>(capacity_), range,
                                       out(made.denominator), out(made.scale));
    case Kernel::deliveries:
      return kernels.rows.deliveries(recognition_->by_recipient(), ledger, read<L>(made.scale),
                                     Cap::none, range, out(made.received));
    case Kernel::returns:  // the needs stand for claims times shares
      return kernels.rows.returns(by_provider, read<L>(made.scale), read<L>(need_), range,
                                  out(made.returned));
    case Kernel::settlements:
      return kernels.rows.settlements(by_provider, ledger, read<L>(made.scale), read<L>(share_),
                                      Cap::none, range, out(made.delivered),
                                      out(made.settled_back));
    case Kernel::note_offers:
      return kernels.providers.note_offers(for_all_lanes<L>(kStockRule), providers(made),
                                           range.begin, range.end, out(made.denominator), offers);
    case Kernel::settle:
      return kernels.settle(
          for_all_lanes<L>(kSettleRule), recipients(made), range.begin, range.end,
          read<L>(later_ ? received_later_ : received_).part(range.begin, range.end), settled);
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
  KernelOutputs expected = made_;
  expected.blank();
  KernelOutputs found = expected;
  run(KernelSet<L>::plain(), kernel, Threads::one, expected);
  run(fast_, kernel, threads, found);
  if (found.same_bits_as(expected)) return {};
  return std::string(kernel_name(kernel)) + " differs from its twin in kernels/reference";
}

template <int L>
RecipientState<L> KernelCase<L>::recipients(KernelOutputs& made) const {
  RecipientState<L> state;
  state.need = read<L>(need_);
  state.active = read<L>(need_);
  state.over = read<L>(made.over);
  state.satisfied = lanes<L>(made.satisfied);
  state.damping = lanes<L>(made.damping);
  state.over_previous = lanes<L>(made.over_previous);
  state.next_active = lanes<L>(made.next_active);
  state.degrees = degrees_;
  return state;
}

template <int L>
ProviderState<L> KernelCase<L>::providers(KernelOutputs& made) const {
  return {read<L>(capacity_),
          read<L>(made.scale),
          {},
          lanes<L>(made.last_denominator),
          lanes<L>(made.first_denominator),
          {},
          degrees_};
}

template struct KernelSet<1>;
template struct KernelSet<8>;
template struct KernelSet<16>;
template class KernelCase<1>;
template class KernelCase<8>;
template class KernelCase<16>;

}  // namespace needflow::bench
