#include "bench/workbench.hpp"

#include <cstring>

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "io/processors.hpp"
#include "solver/network.hpp"

namespace needflow::bench {

Settings settings_of(Size size) {
  Settings settings;
  settings.network.agents = size.agents;
  settings.network.neighbors = size.neighbors;
  settings.population.supply_ratio = 0.8;
  return settings;
}

RoundSettings endless_rounds(std::int64_t rounds, StatePrecision state) {
  RoundSettings settings;
  settings.settlement = SettlementKind::reallocate;
  settings.stop = StopRule::needs;
  settings.max_rounds = rounds;
  settings.state = state;
  return settings;
}

Amounts amounts_of(Size size, std::size_t lane) {
  const Settings settings = settings_of(size);
  Amounts amounts = draw_population(settings.population, static_cast<std::size_t>(size.agents),
                                    settings.seed, 0, static_cast<std::uint32_t>(lane));
  apply_supply_ratio(amounts, *settings.population.supply_ratio);
  return amounts;
}

bool same_bits(std::span<const double> a, std::span<const double> b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size_bytes()) == 0;
}

Workbench::Workbench() : thread_counts_{1} {
  const int usable = usable_processors().count;
  if (usable > 1) thread_counts_.push_back(usable);
}

std::shared_ptr<const Recognition> Workbench::recognition(Size size) {
  if (recognition_ == nullptr || size_ != size) {
    one_lane_ = {};
    eight_lanes_ = {};
    sixteen_lanes_ = {};
    recognition_.reset();  // two of the largest need not stand side by side
    const Settings settings = settings_of(size);
    recognition_ = std::make_shared<const Recognition>(
        recognise(build_network(settings.network, settings.seed, 0), settings.recognition,
                  settings.seed, 0, Threads::one));
    size_ = size;
  }
  return recognition_;
}

template <int L>
KernelCase<L>& Workbench::kernel_case(Size size) {
  const auto matrix = recognition(size);
  Kept<L>& kept = std::get<Kept<L>&>(std::tie(one_lane_, eight_lanes_, sixteen_lanes_));
  if (kept.made == nullptr || kept.size != size) {
    kept.made = std::make_unique<KernelCase<L>>(matrix, settings_of(size));
    kept.size = size;
  }
  return *kept.made;
}

template KernelCase<1>& Workbench::kernel_case<1>(Size);
template KernelCase<8>& Workbench::kernel_case<8>(Size);
template KernelCase<16>& Workbench::kernel_case<16>(Size);

bool Workbench::accept(benchmark::State& state, const std::string& difference) {
  if (difference.empty()) return true;
  all_right_ = false;
  state.SkipWithError(difference.c_str());
  return false;
}

void add_case(const std::string& name, int threads, std::function<void(benchmark::State&)> work) {
  auto* added = benchmark::RegisterBenchmark(fmt::format("{}/threads:{}", name, threads).c_str(),
                                             std::move(work));
  if (threads > 1) added->UseRealTime();
}

std::string size_name(Size size) { return fmt::format("N:{}/k:{}", size.agents, size.neighbors); }

benchmark::Counter per_second(double count) {
  return {count, benchmark::Counter::kIsIterationInvariantRate};
}

}  // namespace needflow::bench
