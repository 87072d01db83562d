// Lists from everybody to everybody whose lengths only their senders know.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "solver/ranks/communicator.hpp"

namespace needflow {

/// What each rank has for this one, by rank; lists[r] is what this one has for rank r, its own
/// among them. Called by all. Two exchanges, the lengths and then the lists that are not empty.
template <class T>
[[nodiscard]] std::vector<std::vector<T>> exchanged_lists(
    Communicator& ranks, std::span<const std::span<const T>> lists) {
  const std::size_t count = lists.size();
  const auto own = static_cast<std::size_t>(ranks.rank());
  std::vector<std::uint64_t> lengths(count), heard(count);
  std::vector<Outgoing> sends, send_lists;
  std::vector<Incoming> receives, receive_lists;
  for (std::size_t r = 0; r < count; ++r) {
    if (r == own) continue;
    const int other = static_cast<int>(r);
    lengths[r] = lists[r].size();
    sends.push_back({other, std::as_bytes(std::span(&lengths[r], 1))});
    receives.push_back({other, std::as_writable_bytes(std::span(&heard[r], 1))});
    if (!lists[r].empty()) send_lists.push_back({other, std::as_bytes(lists[r])});
  }
  ranks.exchange(sends, receives);
  std::vector<std::vector<T>> received(count);
  for (std::size_t r = 0; r < count; ++r) {
    received[r].resize(heard[r]);
    if (heard[r] == 0) continue;
    receive_lists.push_back({static_cast<int>(r), std::as_writable_bytes(std::span(received[r]))});
  }
  received[own].assign(lists[own].begin(), lists[own].end());
  ranks.exchange(send_lists, receive_lists);
  return received;
}

}  // namespace needflow
