#include "solver/link_states.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "kernels/random.hpp"
#include "solver/routing.hpp"

namespace needflow {

namespace {

/// One chain's step: whether it is up after a draw in (0, 1].
struct Chain {
  double fail;
  double recover;
  [[nodiscard]] bool moves() const { return fail > 0.0 || recover > 0.0; }
  [[nodiscard]] bool next(bool up, double draw) const { return up ? draw > fail : draw <= recover; }
  [[nodiscard]] double long_run() const { return recover > 0.0 ? fail / (fail + recover) : 0.0; }
};

}  // namespace

std::string rates_problem(const FailureRates& rates) {
  for (const auto& [name, value] :
       {std::pair("link_fail", rates.link_fail), std::pair("link_recover", rates.link_recover),
        std::pair("agent_fail", rates.agent_fail),
        std::pair("agent_recover", rates.agent_recover)}) {
    if (!(value >= 0.0 && value <= 1.0)) {
      return fmt::format("{} = {} is no probability (0 to 1)", name, value);
    }
  }
  return {};
}

LinkStates::LinkStates(const Network& network, const FailureRates& rates, std::uint64_t seed,
                       std::uint32_t network_index, Threads threads)
    : network_(network),
      rates_(rates),
      seed_(seed),
      index_(network_index),
      threads_(threads),
      links_(network.columns.size(), 1),
      agents_(network.agents(), 1) {
  if (!rates.start_whole) {
    draw(true);
    mirror();
  }
}

void LinkStates::advance(std::int64_t rounds) {
  for (std::int64_t i = 0; i < rounds; ++i) {
    ++round_;
    draw(false);
  }
  mirror();
}

void LinkStates::draw(bool first) {
  const Chain link{rates_.link_fail, rates_.link_recover};
  const Chain agent{rates_.agent_fail, rates_.agent_recover};
  const auto round = static_cast<std::uint64_t>(round_);
  const RandomStream link_stream(seed_, "link_failures", round);
  const RandomStream agent_stream(seed_, "agent_failures", round);
  const auto state = [first](const Chain& chain, std::uint8_t up, double u) {
    const bool now = first ? u > chain.long_run() : chain.next(up != 0, u);
    return static_cast<std::uint8_t>(now ? 1 : 0);
  };
  for_row_blocks(agents_.size(), threads_, [&](std::size_t begin, std::size_t end) {
    std::vector<double> draws;
    for (std::size_t i = begin; i < end; ++i) {
      const auto self = static_cast<std::uint32_t>(i);
      if (agent.moves()) {
        agents_[i] = state(agent, agents_[i], uniform01(agent_stream, {index_, 0, self, 0}));
      }
      if (!link.moves()) continue;
      const std::size_t row = static_cast<std::size_t>(network_.offsets[i]);
      const std::span<const Index> columns =
          std::span(network_.columns).subspan(row, static_cast<std::size_t>(network_.degree(i)));
      const auto higher = static_cast<std::size_t>(
          std::upper_bound(columns.begin(), columns.end(), static_cast<Index>(i)) -
          columns.begin());
      draws.resize(columns.size() - higher);
      fill_uniform01(draws, link_stream, {index_, 0, self, 0}, columns.subspan(higher));
      for (std::size_t j = 0; j < draws.size(); ++j) {
        std::uint8_t& up = links_[row + higher + j];
        up = state(link, up, draws[j]);
      }
    }
  });
}

void LinkStates::mirror() {
  // Rows ascend, so the entries back to lower numbers are met in the order in which they stand.
  std::vector<Offset> back(network_.offsets.begin(), network_.offsets.end() - 1);
  for (std::size_t i = 0; i < network_.agents(); ++i) {
    for (auto e = static_cast<std::size_t>(network_.offsets[i]);
         e < static_cast<std::size_t>(network_.offsets[i + 1]); ++e) {
      const auto j = static_cast<std::size_t>(network_.columns[e]);
      if (j > i) links_[static_cast<std::size_t>(back[j]++)] = links_[e];
    }
  }
}

std::vector<std::uint8_t> LinkStates::live_entries() const {
  return needflow::live_entries(network_, {agents_, links_});
}

}  // namespace needflow
