#include "bench/peers/round_inputs.hpp"

#include <fstream>
#include <limits>
#include <stdexcept>

namespace needflow::peers {

namespace {

template <class T>
void read_into(std::ifstream& file, std::vector<T>& values, std::size_t count) {
  values.resize(count);
  file.read(reinterpret_cast<char*>(values.data()),
            static_cast<std::streamsize>(count * sizeof(T)));
}

}  // namespace

RoundInputs read_round_inputs(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string magic(8, '\0');
  std::int64_t agents = 0;
  std::int64_t entries = 0;
  file.read(magic.data(), 8);
  file.read(reinterpret_cast<char*>(&agents), sizeof agents);
  file.read(reinterpret_cast<char*>(&entries), sizeof entries);
  if (!file || magic != "NFROUND1") {
    throw std::runtime_error(path + ": not a file of write_inputs (its first bytes: NFROUND1)");
  }
  if (agents < 1 || entries < 0 || entries > std::numeric_limits<std::int32_t>::max()) {
    throw std::runtime_error(path + ": sizes that 32-bit offsets cannot hold");
  }
  RoundInputs inputs;
  std::vector<std::int64_t> offsets;
  read_into(file, offsets, static_cast<std::size_t>(agents) + 1);
  inputs.offsets.assign(offsets.begin(), offsets.end());
  read_into(file, inputs.weights, static_cast<std::size_t>(entries));
  read_into(file, inputs.need, static_cast<std::size_t>(agents));
  read_into(file, inputs.capacity, static_cast<std::size_t>(agents));
  read_into(file, inputs.columns, static_cast<std::size_t>(entries));
  if (!file) throw std::runtime_error(path + ": ends too early");
  return inputs;
}

}  // namespace needflow::peers
