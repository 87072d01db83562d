// What a journal holds, record by record, and its bytes. A record on disk is
//
//   u32 length of the payload · u32 CRC32C of type and payload · u8 type · payload
//
// in the byte order of the machine that writes; the header says which one that is. Numbers are
// copied as they lie in memory, so the header also carries a fingerprint of that layout.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "io/journal_columns.hpp"
#include "solver/graph_metrics.hpp"
#include "solver/sweep/outcome.hpp"

namespace needflow {

inline constexpr std::uint32_t kJournalVersion = 2;

/// What stands before each record's type and payload.
struct RecordHead {
  std::uint32_t length;  ///< of the payload
  std::uint32_t crc;     ///< of the type and the payload
};

enum class RecordType : std::uint8_t {
  header = 1,    ///< JournalHeader, first and once
  outcomes = 2,  ///< OutcomeBatch
  network = 3,   ///< MeasuredNetwork
  crash = 4,     ///< CrashMarks
  end = 5,       ///< empty: all of this process's share is done
  session = 6,   ///< JournalSession: a process begins or goes on
};

/// A dimension of the grid in words, so that a reader needs neither scenario nor data.
struct JournalAxis {
  std::string name;
  std::uint64_t length = 0;
  std::vector<std::string> values;  ///< empty: numbers from 0, or too many to tell
  std::vector<std::uint64_t> share =
      {};  ///< points that each value has; empty: all the same number
  bool operator==(const JournalAxis&) const = default;
};

struct JournalHeader {
  std::int64_t schema_version = 0;
  std::string needflow_version;
  std::string commit;
  std::uint64_t plan_hash = 0;
  std::uint64_t points = 0;    ///< of the whole plan
  std::uint64_t excluded = 0;  ///< of which the design leaves out for ever
  std::uint64_t share = 0;     ///< of which the shard is to run; without shards all but those
  std::uint32_t types = 1;     ///< runs a point: need types × episodes
  std::uint32_t shard = 1;     ///< 1 … shards
  std::uint32_t shards = 1;
  std::uint32_t rank = 0;  ///< 0 … ranks − 1
  std::uint32_t ranks = 1;
  std::string scenario;  ///< the resolved text, for a readable difference
  std::vector<JournalAxis> axes;
  bool operator==(const JournalHeader&) const = default;
};

/// The metrics of one network, which all these points have.
struct MeasuredNetwork {
  std::vector<std::size_t> points;
  GraphMetrics metrics;
};

/// How many deaths in a row met the process while it ran a point, or built the network of a point:
/// of the points that the last death met, for all others there have been 0.
struct CrashMarks {
  std::map<std::size_t, std::uint32_t> running;
  std::map<std::size_t, std::uint32_t> building;
  std::uint64_t turn = 0;  ///< grows with each record of an output, whichever journal it is in
  [[nodiscard]] bool empty() const { return running.empty() && building.empty(); }
  bool operator==(const CrashMarks&) const = default;
};

/// Whoever writes a record has read all journals before, so that of the latest turn alone counts.
/// Of two with the same turn, which are of different outputs, the larger numbers do.
void merge(const CrashMarks& from, CrashMarks& to);

struct JournalSession {
  double started = 0.0;    ///< seconds since 1970
  std::uint64_t done = 0;  ///< points that were there already
  std::int64_t process = 0;
  std::string host;
  std::int32_t threads = 1;
  bool operator==(const JournalSession&) const = default;
};

// Append a record's payload.
void encode(const JournalHeader& header, Bytes& to);
void encode(const OutcomeBatch& batch, Bytes& to);
void encode(std::span<const std::size_t> points, const GraphMetrics& metrics, Bytes& to);
void encode(const CrashMarks& marks, Bytes& to);
void encode(const JournalSession& session, Bytes& to);

// Read one back. Throw MalformedRecord, never anything else, for whatever bytes they are given.
[[nodiscard]] JournalHeader decode_header(std::span<const std::byte> payload);
[[nodiscard]] OutcomeBatch decode_outcomes(std::span<const std::byte> payload,
                                           const JournalHeader& header);
[[nodiscard]] MeasuredNetwork decode_network(std::span<const std::byte> payload,
                                             const JournalHeader& header);
[[nodiscard]] CrashMarks decode_crash(std::span<const std::byte> payload,
                                      const JournalHeader& header);
[[nodiscard]] JournalSession decode_session(std::span<const std::byte> payload);

/// CRC32C (Castagnoli) as in RFC 3720: 0xE3069283 for "123456789".
[[nodiscard]] std::uint32_t crc32c(std::span<const std::byte> bytes);

}  // namespace needflow
