#include "solver/route_shares.hpp"

#include <algorithm>
#include <limits>

#include "kernels/routes.hpp"
#include "solver/agent_samples.hpp"

namespace needflow {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double RouteShares::share(std::int64_t count) const {
  return pairs == 0 ? kNothing : static_cast<double>(count) / static_cast<double>(pairs);
}

void add_fate(RouteShares& shares, const PacketFate& fate) {
  ++shares.pairs;
  shares.detoured += fate.detoured ? 1 : 0;
  if (!fate.arrived) {
    ++shares.lost;
    return;
  }
  shares.stretch += fate.stretch;
  if (fate.optimal) {
    ++shares.optimal;
  } else if (fate.hops - fate.best_hops <= 1) {
    ++shares.one_more;
  } else {
    ++shares.two_or_more;
  }
}

RouteShares combined(std::span<const RouteShares> parts) {
  RouteShares all;
  for (const RouteShares& part : parts) {
    all.pairs += part.pairs;
    all.optimal += part.optimal;
    all.one_more += part.one_more;
    all.two_or_more += part.two_or_more;
    all.lost += part.lost;
    all.detoured += part.detoured;
    all.unconnected += part.unconnected;
    all.stretch += part.stretch;
  }
  const std::int64_t arrived = all.pairs - all.lost;
  all.stretch = arrived == 0 ? kNothing : all.stretch / static_cast<double>(arrived);
  return all;
}

std::vector<Index> sampled_agents(std::size_t agents, std::int64_t count, std::uint64_t seed,
                                  std::uint32_t network_index) {
  const std::size_t wanted = count == 0 ? agents : static_cast<std::size_t>(count);
  return sample_of(counted(agents), wanted, seed, "route_destinations", network_index);
}

RouteShares shares_by_batch(const Network& network, std::span<const std::uint8_t> live,
                            std::span<const Index> destinations, Threads threads,
                            const std::function<RouteShares(std::span<const Index>)>& send) {
  const std::size_t count = destinations.size();
  const std::size_t batches = (count + kRouteBatch - 1) / kRouteBatch;
  std::vector<RouteShares> parts(batches);
  const auto one_batch = [&send, &parts, destinations, count](std::size_t batch) {
    const std::size_t begin = batch * kRouteBatch;
    parts[batch] = send(destinations.subspan(begin, std::min(kRouteBatch, count - begin)));
  };
  if (threads == Threads::one || batches < 2) {
    for (std::size_t batch = 0; batch < batches; ++batch) one_batch(batch);
  } else {
    parallel_indices(batches, one_batch, oneapi::tbb::simple_partitioner());
  }
  RouteShares shares = combined(parts);
  shares.links = network.edges();
  shares.live_links =
      live.empty() ? shares.links : std::count(live.begin(), live.end(), std::uint8_t{1}) / 2;
  return shares;
}

}  // namespace needflow
