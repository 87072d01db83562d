// solver/peers.hpp by messages.
#pragma once

#include <chrono>
#include <vector>

#include "solver/peers.hpp"
#include "solver/ranks/rank_rows.hpp"

namespace needflow {

class RankPeers final : public Peers {
 public:
  /// Keeps references.
  RankPeers(Communicator& ranks, RankRows& rows, Threads threads);

  [[nodiscard]] PeerSizes sizes() const override;
  void fetch_recipients(std::span<double> values) override;
  void fetch_providers(std::span<double> values) override;
  [[nodiscard]] double sum_recipient_blocks(std::span<const double> own) override;
  [[nodiscard]] double sum_provider_blocks(std::span<const double> own) override;
  void add(std::span<std::int64_t> values) override;
  [[nodiscard]] double largest(double value) override;

  /// Spent in all of these so far.
  [[nodiscard]] double seconds() const { return seconds_; }

 private:
  class Timed;
  [[nodiscard]] double sum_blocks(std::span<const double> own, std::span<const RankPart> rows);

  Communicator& ranks_;
  RankRows& rows_;
  Threads threads_;
  double seconds_ = 0.0;
  std::vector<double> blocks_;
};

}  // namespace needflow
