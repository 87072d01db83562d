#include "solver/ranks/halo.hpp"

#include <bit>

namespace needflow {

namespace {

std::size_t at(int rank) { return static_cast<std::size_t>(rank); }

}  // namespace

std::vector<RankPart> split_rows(std::size_t rows, int ranks) {
  const std::size_t blocks = blocks_of(rows);
  const auto first_row = [&](int rank) {
    return std::min(rows, blocks * at(rank) / at(ranks) * kRowBlock);
  };
  std::vector<RankPart> parts;
  for (int rank = 0; rank < ranks; ++rank) {
    const std::size_t first = first_row(rank);
    parts.push_back({first, (rank + 1 == ranks ? rows : first_row(rank + 1)) - first});
  }
  return parts;
}

/// Which agents the columns name, as a bit each, and how many of others come before them.
struct Halo::Places {
  Places(std::span<const Index> columns, std::size_t agents, RankPart own) : own_(own) {
    bits_.resize(agents / 64 + 1);
    for (const Index column : columns) {
      const auto agent = static_cast<std::size_t>(column);
      bits_[agent / 64] |= std::uint64_t{1} << (agent % 64);
    }
    for (std::size_t agent = own.first; agent < own.first + own.count; ++agent) {
      bits_[agent / 64] &= ~(std::uint64_t{1} << (agent % 64));
    }
    before_.resize(bits_.size());
    std::uint32_t count = 0;
    for (std::size_t word = 0; word < bits_.size(); ++word) {
      before_[word] = count;
      count += static_cast<std::uint32_t>(std::popcount(bits_[word]));
    }
    others_ = count;
  }

  [[nodiscard]] std::size_t others() const { return others_; }
  /// Others before this agent.
  [[nodiscard]] std::size_t below(std::size_t agent) const {
    const std::uint64_t lower = (std::uint64_t{1} << (agent % 64)) - 1;
    return before_[agent / 64] + static_cast<std::size_t>(std::popcount(bits_[agent / 64] & lower));
  }
  [[nodiscard]] bool own(std::size_t agent) const { return agent - own_.first < own_.count; }
  [[nodiscard]] bool wanted(std::size_t agent) const {
    return (bits_[agent / 64] >> (agent % 64) & 1) != 0;
  }

 private:
  RankPart own_;
  std::size_t others_ = 0;
  std::vector<std::uint64_t> bits_;
  std::vector<std::uint32_t> before_;  ///< a word; agents are fewer than 2^31
};

Halo::Halo(Communicator& ranks, std::span<const RankPart> parts, std::span<Index> columns)
    : ranks_(ranks), own_(parts[at(ranks.rank())].count), seen_(own_) {
  const RankPart own = parts[at(ranks.rank())];
  const std::size_t agents = parts.back().first + parts.back().count;
  const Places places(columns, agents, own);
  std::int64_t others = static_cast<std::int64_t>(places.others());
  ranks.add(std::span(&others, 1));
  const auto all = static_cast<double>(agents) * static_cast<double>(ranks.size() - 1);
  gets_all_ = static_cast<double>(others) > kShareOfAll * all;

  for (int rank = 0; rank < ranks.size(); ++rank) {
    const RankPart part = parts[at(rank)];
    const std::size_t last = part.first + part.count;
    // Where everything comes, others stand as they do among all, below the own ones shifted.
    const std::size_t seen = gets_all_ ? part.count : places.below(last) - places.below(part.first);
    arrivals_.push_back(rank == ranks.rank() ? RankPart{0, own_} : RankPart{seen_, seen});
    if (rank != ranks.rank()) seen_ += seen;
  }
  if (!gets_all_) exchange_lists(places, parts);
  for (Index& column : columns) {
    const auto agent = static_cast<std::size_t>(column);
    std::size_t place = agent - own.first;
    if (!places.own(agent)) {
      const std::size_t before = agent < own.first ? agent : agent - own_;
      place = own_ + (gets_all_ ? before : places.below(agent));
    }
    column = static_cast<Index>(place);
  }
}

/// Everybody learns which of its rows the others want.
void Halo::exchange_lists(const Places& places, std::span<const RankPart> parts) {
  const std::size_t count = parts.size();
  std::vector<std::vector<Index>> asks(count);
  std::vector<std::uint64_t> asked(count), asked_of_me(count);
  wanted_.resize(count);
  packed_.resize(count);
  std::vector<Outgoing> sends, send_lists;
  std::vector<Incoming> receives, receive_lists;
  for (std::size_t rank = 0; rank < count; ++rank) {
    if (rank == at(ranks_.rank())) continue;
    const RankPart part = parts[rank];
    asks[rank].reserve(arrivals_[rank].count);
    for (std::size_t i = 0; i < part.count; ++i) {
      if (places.wanted(part.first + i)) asks[rank].push_back(static_cast<Index>(i));
    }
    asked[rank] = asks[rank].size();
    const int other = static_cast<int>(rank);
    sends.push_back({other, std::as_bytes(std::span(&asked[rank], 1))});
    receives.push_back({other, std::as_writable_bytes(std::span(&asked_of_me[rank], 1))});
    send_lists.push_back({other, std::as_bytes(std::span(asks[rank]))});
  }
  ranks_.exchange(sends, receives);
  for (std::size_t rank = 0; rank < count; ++rank) {
    if (rank == at(ranks_.rank())) continue;
    wanted_[rank].resize(asked_of_me[rank]);
    packed_[rank].resize(asked_of_me[rank]);
    receive_lists.push_back(
        {static_cast<int>(rank), std::as_writable_bytes(std::span(wanted_[rank]))});
  }
  ranks_.exchange(send_lists, receive_lists);
}

void Halo::fetch(std::span<double> values, Threads threads) {
  if (ranks_.size() == 1) return;
  if (gets_all_) {
    ranks_.share(values, arrivals_);
    return;
  }
  std::vector<Outgoing> sends;
  std::vector<Incoming> receives;
  for (std::size_t rank = 0; rank < wanted_.size(); ++rank) {
    const std::vector<Index>& rows = wanted_[rank];
    std::vector<double>& packed = packed_[rank];
    for_row_blocks(rows.size(), threads, [&, values](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i < end; ++i) {
        packed[i] = values[static_cast<std::size_t>(rows[i])];
      }
    });
    const int other = static_cast<int>(rank);
    // Nobody waits for whom it has nothing to do with.
    if (!packed.empty()) sends.push_back({other, std::as_bytes(std::span(packed))});
    const RankPart arrival = arrivals_[rank];
    if (other != ranks_.rank() && arrival.count > 0) {
      receives.push_back(
          {other, std::as_writable_bytes(values.subspan(arrival.first, arrival.count))});
    }
  }
  ranks_.exchange(sends, receives);
}

std::size_t Halo::bytes() const {
  std::size_t bytes = 0;
  for (const auto& list : wanted_) bytes += list.size() * (sizeof(Index) + sizeof(double));
  return bytes;
}

}  // namespace needflow
