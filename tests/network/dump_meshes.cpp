// Meshes for tests/network/test_mesh_statistics.py. usage: dump_meshes AGENTS K SEED COUNT
// Writes, for each network, the number of its entries and then pairs (agent, neighbour), all int32,
// to the standard output.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "solver/network.hpp"

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  needflow::NetworkSettings settings;
  settings.agents = std::atoll(argv[1]);
  settings.neighbors = std::atoll(argv[2]);
  const auto seed = static_cast<std::uint64_t>(std::atoll(argv[3]));
  const auto count = static_cast<std::uint32_t>(std::atoll(argv[4]));
  for (std::uint32_t index = 0; index < count; ++index) {
    const needflow::Network network = needflow::build_network(settings, seed, index);
    std::vector<std::int32_t> words{static_cast<std::int32_t>(network.offsets.back())};
    for (std::size_t i = 0; i < network.agents(); ++i) {
      for (auto e = network.offsets[i]; e < network.offsets[i + 1]; ++e) {
        words.push_back(static_cast<std::int32_t>(i));
        words.push_back(network.columns[static_cast<std::size_t>(e)]);
      }
    }
    std::fwrite(words.data(), sizeof(words[0]), words.size(), stdout);
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
