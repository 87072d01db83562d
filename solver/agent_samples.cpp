#include "solver/agent_samples.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "kernels/random.hpp"

namespace needflow {

std::vector<Index> counted(std::size_t count) {
  std::vector<Index> numbers(count);
  std::iota(numbers.begin(), numbers.end(), Index{0});
  return numbers;
}

std::vector<Index> sample_of(std::vector<Index> among, std::size_t wanted, std::uint64_t seed,
                             std::string_view name, std::uint32_t network_index) {
  if (wanted >= among.size()) return among;
  const RandomStream stream(seed, name);
  std::vector<std::pair<std::uint64_t, Index>> drawn;
  drawn.reserve(among.size());
  for (const Index agent : among) {
    drawn.emplace_back(
        stream.bits({.network = network_index, .agent = static_cast<std::uint32_t>(agent)}), agent);
  }
  std::nth_element(drawn.begin(), drawn.begin() + static_cast<std::ptrdiff_t>(wanted), drawn.end());
  among.resize(wanted);
  for (std::size_t i = 0; i < wanted; ++i) among[i] = drawn[i].second;
  std::sort(among.begin(), among.end());
  return among;
}

}  // namespace needflow
