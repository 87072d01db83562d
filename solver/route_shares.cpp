#include "solver/route_shares.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "kernels/random.hpp"
#include "kernels/routes.hpp"

namespace needflow {

namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();

template <class Value>
ShareSpread spread(std::span<const RouteShares> networks, const Value& value) {
  if (networks.empty()) return {kNothing, kNothing};
  const auto count = static_cast<double>(networks.size());
  double sum = 0.0;
  for (const RouteShares& shares : networks) sum += value(shares);
  const double mean = sum / count;
  double squares = 0.0;
  for (const RouteShares& shares : networks) {
    squares += (value(shares) - mean) * (value(shares) - mean);
  }
  return {mean, networks.size() < 2 ? 0.0 : std::sqrt(squares / (count - 1.0))};
}

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
  std::vector<Index> all(agents);
  std::iota(all.begin(), all.end(), Index{0});
  const auto wanted = static_cast<std::size_t>(count);
  if (count == 0 || wanted >= agents) return all;
  const RandomStream stream(seed, "route_destinations");
  for (std::size_t i = 0; i < wanted; ++i) {
    const DrawKey key{network_index, 0, static_cast<std::uint32_t>(i), 0};
    std::swap(all[i], all[i + below(stream, key, static_cast<std::uint32_t>(agents - i))]);
  }
  all.resize(wanted);
  std::sort(all.begin(), all.end());
  return all;
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

RouteSpread spread_of(std::span<const RouteShares> networks) {
  const auto share = [networks](std::int64_t RouteShares::*count) {
    return spread(networks, [count](const RouteShares& s) { return s.share(s.*count); });
  };
  RouteSpread all;
  all.optimal = share(&RouteShares::optimal);
  all.one_more = share(&RouteShares::one_more);
  all.two_or_more = share(&RouteShares::two_or_more);
  all.lost = share(&RouteShares::lost);
  all.detoured = share(&RouteShares::detoured);
  all.dead_links = spread(networks, [](const RouteShares& s) {
    return s.links == 0
               ? 0.0
               : static_cast<double>(s.links - s.live_links) / static_cast<double>(s.links);
  });
  all.stretch = spread(networks, [](const RouteShares& s) { return s.stretch; });
  return all;
}

}  // namespace needflow
