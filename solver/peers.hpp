// What a run that holds only some of the agents learns from the runs that hold the others.
//
// One network may be split by rows over several processes. Each then runs solver/lane_rounds.hpp
// on its own providers and recipients; between the passes it needs the published claims of other
// recipients and the scales of other providers, and at the end of a round what everybody's blocks
// add up to. solver/ranks implements it with messages. A run that holds all agents has no peers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace needflow {

/// Agents of the whole network, and those that the rows here name: one's own come first.
struct PeerSizes {
  std::int64_t providers = 0;
  std::int64_t recipients = 0;
  std::size_t providers_seen = 0;
  std::size_t recipients_seen = 0;
};

/// Every call is made by all peers together, in the same order, with the same meaning.
class Peers {
 public:
  virtual ~Peers() = default;
  [[nodiscard]] virtual PeerSizes sizes() const = 0;
  /// values: recipients_seen, one's own filled in; fills in the others.
  virtual void fetch_recipients(std::span<double> values) = 0;
  /// The same for providers.
  virtual void fetch_providers(std::span<double> values) = 0;
  /// The sum of all peers' blocks of kRowBlock rows, by the rule of kernels/reduce.hpp: the bits of
  /// a run that holds them all.
  [[nodiscard]] virtual double sum_recipient_blocks(std::span<const double> own) = 0;
  [[nodiscard]] virtual double sum_provider_blocks(std::span<const double> own) = 0;
  /// values[i] = Σ over all peers.
  virtual void add(std::span<std::int64_t> values) = 0;
  /// The largest of all peers' values.
  [[nodiscard]] virtual double largest(double value) = 0;

 protected:
  Peers() = default;
  Peers(const Peers&) = default;
  Peers& operator=(const Peers&) = default;
};

/// Σ of a number over all peers; itself without any.
[[nodiscard]] inline std::int64_t sum_over(Peers* peers, std::int64_t value) {
  if (peers != nullptr) peers->add(std::span(&value, 1));
  return value;
}

}  // namespace needflow
