// Cost model, bytes a stub (30e6 stubs at N = 1e6, k = 30): scatter 4 written; match 4 read and
// written; send 4 read and 4 written; fill 4 read and 4 written; and for 8 stubs three Philox
// blocks, two for their bucket (it is drawn again rather than kept) and one for their 4 pairs. Peak
// memory: 8 B a stub and the slack of the buckets.
//
// Rows come out ascending without a sort: stubs are visited in the order of their agents, each
// appends its agent to its partner's row.
//
// Tried, N = 1e6, k = 30: prefetching what is written side by side, and starting those streams at
// different sets of the caches, change nothing. Large pages (madvise) save an eighth where the
// system has them at hand and double the time where a virtual machine must get them from its host.
#include "kernels/pairing.hpp"

#include <algorithm>
#include <utility>

#include "kernels/pairing_steps.hpp"

namespace needflow {

namespace {

std::size_t row_blocks(std::size_t agents, unsigned bits) {
  return (agents + (std::size_t{1} << bits) - 1) >> bits;
}

class Pairer {
 public:
  Pairer(std::span<const Offset> offsets, const PairingStreams& streams, const DrawKey& key,
         const PairingShape& shape)
      : offsets_(offsets),
        streams_(streams),
        key_(key),
        shape_(shape),
        agents_(offsets.size() - 1),
        stubs_(static_cast<std::size_t>(offsets.back())),
        room_(bucket_room(stubs_, shape.bucket_bits)),
        blocks_(row_blocks(agents_, shape.row_bits)) {}

  bool run(std::span<Index> columns, std::span<std::uint32_t> messages,
           std::vector<Index>& not_simple) {
    if (stubs_ == 0) return true;
    if (shape_.bucket_bits == 0) {
      pair_in_one(columns, messages);
      for (std::size_t block = 0; block < blocks_; ++block) check(block, columns, not_simple);
      return true;
    }
    // Columns first hold the buckets, bucket b from b · room_ on, then the rows.
    if (!scatter(columns)) return false;
    match(columns.data());
    const std::vector<std::size_t> ends = send(columns, messages);
    for (std::size_t block = 0; block < blocks_; ++block) {
      fill(block, ends, messages, columns);
      check(block, columns, not_simple);
    }
    return true;
  }

 private:
  [[nodiscard]] std::size_t row_begin(std::size_t agent) const {
    return static_cast<std::size_t>(offsets_[agent]);
  }
  [[nodiscard]] std::size_t first_row(std::size_t block) const { return block << shape_.row_bits; }
  [[nodiscard]] std::size_t end_row(std::size_t block) const {
    return std::min(agents_, (block + 1) << shape_.row_bits);
  }
  [[nodiscard]] std::vector<std::size_t> bucket_begins() const {
    std::vector<std::size_t> begins(std::size_t{1} << shape_.bucket_bits);
    for (std::size_t b = 0; b < begins.size(); ++b) begins[b] = b * room_;
    return begins;
  }

  /// One bucket, in which stub s has place s; the messages are the partners.
  void pair_in_one(std::span<Index> columns, std::span<std::uint32_t> messages) {
    for (std::size_t agent = 0; agent < agents_; ++agent) {
      std::fill(messages.begin() + offsets_[agent], messages.begin() + offsets_[agent + 1],
                static_cast<std::uint32_t>(agent));
    }
    ends_.assign(1, stubs_);
    match(messages.data());
    next_.assign(offsets_.begin(), offsets_.end() - 1);
    for (std::size_t agent = 0; agent < agents_; ++agent) {
      for (std::size_t stub = row_begin(agent); stub < row_begin(agent + 1); ++stub) {
        Offset& place = next_[messages[stub]];
        columns[static_cast<std::size_t>(place++)] = static_cast<Index>(agent);
      }
    }
  }

  /// Writes the agent of every stub into the stub's bucket. False if a bucket is too small.
  bool scatter(std::span<Index> buckets) {
    ends_ = bucket_begins();
    BucketDraws bucket_of(streams_.bucket, key_, shape_.bucket_bits);
    bool fits = true;
    for (std::size_t agent = 0; agent < agents_ && fits; ++agent) {
      for (std::size_t stub = row_begin(agent); stub < row_begin(agent + 1) && fits; ++stub) {
        const std::size_t bucket = bucket_of(stub);
        fits = ends_[bucket] < (bucket + 1) * room_;
        if (fits) buckets[ends_[bucket]++] = static_cast<Index>(agent);
      }
    }
    return fits;
  }

  /// Pairs the places within each bucket and exchanges the agents of a pair, so that a place holds
  /// the partner. One of an odd bucket waits for the next.
  template <class Agent>
  void match(Agent* buckets) {
    std::size_t waiting = kNoPlace;
    std::vector<std::uint32_t> open_places;
    for (std::size_t bucket = 0; bucket < ends_.size(); ++bucket) {
      const std::size_t first = bucket * room_;
      PartnerDraws draws(streams_.partner, key_, bucket);
      const BucketEnds ends = match_bucket(buckets + first, ends_[bucket] - first,
                                           waiting != kNoPlace, draws, open_places);
      if (ends.joins != kNoPlace) {
        std::swap(buckets[std::exchange(waiting, kNoPlace)], buckets[first + ends.joins]);
      }
      if (ends.waits != kNoPlace) waiting = first + ends.waits;
    }
  }

  /// Passes each stub's agent on to the block of its partner's row. A message is the row within the
  /// block (high half) and the low half of the agent; the agents' high halves are in what is
  /// returned: the messages of the agents [h · 2^16, (h + 1) · 2^16) for block b end at
  /// [h · blocks_ + b].
  std::vector<std::size_t> send(std::span<const Index> buckets, std::span<std::uint32_t> sent) {
    std::vector<std::size_t> from = bucket_begins();
    std::vector<std::size_t> to(blocks_);
    for (std::size_t block = 0; block < blocks_; ++block) to[block] = row_begin(first_row(block));
    BucketDraws bucket_of(streams_.bucket, key_, shape_.bucket_bits);
    const std::uint32_t row_mask = (1U << shape_.row_bits) - 1;
    std::vector<std::size_t> ends;
    for (std::size_t agent = 0; agent < agents_; ++agent) {
      for (std::size_t stub = row_begin(agent); stub < row_begin(agent + 1); ++stub) {
        const std::size_t place = from[bucket_of(stub)]++;
        __builtin_prefetch(buckets.data() + place + kAgentsALine);  // saves a third of this pass
        const auto partner = static_cast<std::uint32_t>(buckets[place]);
        sent[to[partner >> shape_.row_bits]++] =
            (partner & row_mask) << 16 | static_cast<std::uint32_t>(agent & 0xffff);
      }
      if ((agent + 1) % 0x10000 == 0 || agent + 1 == agents_) {
        ends.insert(ends.end(), to.begin(), to.end());
      }
    }
    return ends;
  }

  /// Delivers the messages of a block to its rows.
  void fill(std::size_t block, const std::vector<std::size_t>& ends,
            std::span<const std::uint32_t> sent, std::span<Index> columns) {
    next_.assign(offsets_.begin() + static_cast<std::ptrdiff_t>(first_row(block)),
                 offsets_.begin() + static_cast<std::ptrdiff_t>(end_row(block)));
    fetch_agents(columns.data() + row_begin(first_row(block)),
                 row_begin(end_row(block)) - row_begin(first_row(block)));
    std::size_t i = row_begin(first_row(block));
    for (std::size_t high = 0; high * blocks_ < ends.size(); ++high) {
      const auto base = static_cast<std::uint32_t>(high << 16);
      for (const std::size_t end = ends[high * blocks_ + block]; i < end; ++i) {
        const auto place = static_cast<std::size_t>(next_[sent[i] >> 16]++);
        columns[place] = static_cast<Index>(base | (sent[i] & 0xffff));
      }
    }
  }

  void check(std::size_t block, std::span<const Index> columns,
             std::vector<Index>& not_simple) const {
    for (std::size_t agent = first_row(block); agent < end_row(block); ++agent) {
      const std::size_t length = row_begin(agent + 1) - row_begin(agent);
      const auto number = static_cast<Index>(agent);
      if (!is_simple_row(columns.data() + row_begin(agent), length, number)) {
        not_simple.push_back(number);
      }
    }
  }

  std::span<const Offset> offsets_;
  const PairingStreams& streams_;
  DrawKey key_;
  PairingShape shape_;
  std::size_t agents_;
  std::size_t stubs_;
  std::size_t room_;
  std::size_t blocks_;
  std::vector<std::size_t> ends_;  // of the buckets
  std::vector<Offset> next_;       // free place of each row of a block
};

}  // namespace

PairingShape pairing_shape(std::size_t agents, Offset stubs) {
  constexpr unsigned kMaxBits = 16;
  constexpr std::size_t kBucket = std::size_t{1} << 15;  // 256 KiB with the list of open places
  // Streams that are written side by side: with 2^14 buckets of this size N = 1e7, k = 30 takes
  // twice as long as with 2^11 of eight times the size.
  constexpr unsigned kMaxBucketBits = 11;
  constexpr std::size_t kMaxBlocks = std::size_t{1} << kMaxBucketBits;
  PairingShape shape{0, 0};
  while (shape.bucket_bits < kMaxBucketBits &&
         static_cast<std::size_t>(stubs) >> shape.bucket_bits > kBucket) {
    ++shape.bucket_bits;
  }
  const std::size_t degree = static_cast<std::size_t>(stubs) / std::max<std::size_t>(1, agents);
  while (shape.row_bits < kMaxBits &&
         (degree << shape.row_bits < kBucket || agents >> shape.row_bits >= kMaxBlocks)) {
    ++shape.row_bits;
  }
  return shape;
}

std::size_t pairing_columns(Offset stubs, const PairingShape& shape) {
  const auto count = static_cast<std::size_t>(stubs);
  return shape.bucket_bits == 0 ? count
                                : bucket_room(count, shape.bucket_bits) << shape.bucket_bits;
}

bool random_pairing(std::span<const Offset> offsets, const PairingStreams& streams,
                    const DrawKey& key, const PairingShape& shape, std::span<Index> columns,
                    std::span<std::uint32_t> messages, std::vector<Index>& not_simple) {
  return Pairer(offsets, streams, key, shape).run(columns, messages, not_simple);
}

}  // namespace needflow
