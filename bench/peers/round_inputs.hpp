// The file that hands one instance to every contender, so that all of them work on the same bits.
//
// Native byte order; write_inputs makes it with needflow's own builders. In this order: the eight
// bytes "NFROUND1"; int64 agents N; int64 entries E; int64 offsets[N + 1]; double weights[E] (MR);
// double need[N]; double capacity[N]; int32 columns[E], ascending within a row. The matrix is
// symmetric, so rows of providers and rows of recipients are the same rows.
//
// Nothing of needflow is included: the peers are built with flags of their own.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace needflow::peers {

struct RoundInputs {
  std::vector<std::int32_t> offsets;  ///< agents + 1; 32 bits suffice below 2^31 entries
  std::vector<std::int32_t> columns;
  std::vector<double> weights;
  std::vector<double> need;
  std::vector<double> capacity;

  [[nodiscard]] std::int32_t agents() const { return static_cast<std::int32_t>(need.size()); }
};

/// Throws std::runtime_error naming the file and what is wrong with it.
[[nodiscard]] RoundInputs read_round_inputs(const std::string& path);

}  // namespace needflow::peers
