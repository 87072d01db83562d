#include "solver/ranks/rank_peers.hpp"

#include <algorithm>

#include "kernels/reduce.hpp"

namespace needflow {

/// Adds the time of its life.
class RankPeers::Timed {
 public:
  explicit Timed(double& seconds) : seconds_(seconds) {}
  Timed(const Timed&) = delete;
  Timed& operator=(const Timed&) = delete;
  ~Timed() { seconds_ += std::chrono::duration<double>(Clock::now() - start_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  double& seconds_;
  Clock::time_point start_ = Clock::now();
};

RankPeers::RankPeers(Communicator& ranks, RankRows& rows, Threads threads)
    : ranks_(ranks), rows_(rows), threads_(threads) {}

PeerSizes RankPeers::sizes() const {
  return {rows_.providers, rows_.recipients, rows_.provider_halo().seen(),
          rows_.recipients_seen->seen()};
}

void RankPeers::fetch_recipients(std::span<double> values) {
  const Timed timed(seconds_);
  rows_.recipients_seen->fetch(values, threads_);
}

void RankPeers::fetch_providers(std::span<double> values) {
  const Timed timed(seconds_);
  rows_.provider_halo().fetch(values, threads_);
}

double RankPeers::sum_recipient_blocks(std::span<const double> own) {
  return sum_blocks(own, rows_.recipient_parts);
}

double RankPeers::sum_provider_blocks(std::span<const double> own) {
  return sum_blocks(own, rows_.provider_parts);
}

/// All blocks to all ranks, 1/512 of what a fetch of everything moves; each then adds them up by
/// the same rule. Parts are whole blocks, so a part's blocks are the whole's.
double RankPeers::sum_blocks(std::span<const double> own, std::span<const RankPart> rows) {
  const Timed timed(seconds_);
  std::vector<RankPart> parts;
  for (const RankPart& part : rows) {
    parts.push_back({blocks_of(part.first), blocks_of(part.count)});
  }
  blocks_.resize(parts.back().first + parts.back().count);
  const RankPart mine = parts[static_cast<std::size_t>(ranks_.rank())];
  std::copy(own.begin(), own.end(), blocks_.begin() + static_cast<std::ptrdiff_t>(mine.first));
  ranks_.share(blocks_, parts);
  return block_sum(std::span<const double>(blocks_));
}

void RankPeers::add(std::span<std::int64_t> values) {
  const Timed timed(seconds_);
  ranks_.add(values);
}

double RankPeers::largest(double value) {
  const Timed timed(seconds_);
  return ranks_.largest(value);
}

}  // namespace needflow
