#include "io/journal_records.hpp"

#include <fmt/format.h>
#include <isa-l/crc.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "solver/sweep/sweep.hpp"

namespace needflow {

namespace {

constexpr char kMagic[] = "needflow journal";  // 16 letters
constexpr std::uint32_t kByteOrder = 0x01020304;

// An outcome is a status and words of 8 bytes; a new one changes the fingerprint below by its size.
constexpr std::size_t kOutcomeHead = 8;  // status and padding
static_assert(std::is_standard_layout_v<Outcome> && offsetof(Outcome, status) == 0 &&
              offsetof(Outcome, rounds) == kOutcomeHead && sizeof(Outcome) % 8 == 0);
static_assert(std::is_trivially_copyable_v<TraceRow> && sizeof(TraceRow) == 9 * 8,
              "a trace's row has no padding");
static_assert(sizeof(std::size_t) == 8 && sizeof(Status) == 1, "written as they lie");

/// Names the layout of what is copied: metrics by name and order, sizes.
std::uint64_t layout_fingerprint() {
  std::string text = fmt::format("{} {} {} {}", sizeof(Outcome), sizeof(TraceRow),
                                 sizeof(GraphMetrics), sizeof(AgentRows));
  for (const Metric& metric : metrics()) text += fmt::format(" {}", metric.name);
  for (const TrustMetric& metric : trust_metrics()) text += fmt::format(" {}", metric.name);
  return fingerprint(text);
}

enum Parts : std::uint8_t { kTraces = 1, kAgents = 2, kMessages = 4, kAttempts = 8, kTrust = 16 };

template <class Codec, class Rows>
void for_columns(Codec&& codec, Rows& rows) {
  for (auto* column :
       {&rows.need, &rows.satisfied, &rows.damping, &rows.residual, &rows.capacity,
        &rows.capacity_left, &rows.exaggeration, &rows.recipient_trust, &rows.recipient_reputation,
        &rows.provider_trust, &rows.provider_reputation}) {
    codec(*column);
  }
  for (auto* column : {&rows.flagged, &rows.quarantined, &rows.strategy, &rows.recipient_pretrusted,
                       &rows.provider_pretrusted}) {
    codec(*column);
  }
  for (auto* column : {&rows.recipient_degree, &rows.provider_degree}) codec(*column);
}

/// The words of 8 bytes from `head` on, word by word through all records; nothing for none. What a
/// column is like is found out while it is put together: half the time of packing was a walk of its
/// own.
template <class Record>
void write_words(RecordWriter& writer, std::span<const Record> records, std::size_t head) {
  if (records.empty()) return;
  std::vector<std::uint64_t> words(records.size());
  for (std::size_t at = head; at < sizeof(Record); at += 8) {
    const auto* from = reinterpret_cast<const std::byte*>(records.data()) + at;
    std::uint64_t first = 0;
    std::memcpy(&first, from, 8);
    std::uint64_t any = 0;
    std::uint64_t differs = 0;
    for (std::uint64_t& word : words) {
      std::uint64_t now = 0;
      std::memcpy(&now, from, 8);
      from += sizeof(Record);
      any |= now;
      differs |= now ^ first;
      word = now;
    }
    if (differs == 0) {
      writer.same_column(first);
    } else {
      writer.varied_column(words, any);
    }
  }
}

template <class Record>
void read_words(RecordReader& reader, std::vector<Record>& records, std::size_t head) {
  if (records.empty()) return;
  for (std::size_t at = head; at < sizeof(Record); at += 8) {
    const auto column = reader.column(records.size(), records.size());
    for (std::size_t i = 0; i < column.size(); ++i) {
      std::memcpy(reinterpret_cast<std::byte*>(&records[i]) + at, &column[i], 8);
    }
  }
}

/// Every field of the metrics, in order, to either side.
template <class Codec, class Metrics>
void for_fields(Codec&& codec, Metrics& m) {
  static_assert(sizeof(GraphMetrics) == 8 * 25 + 2 * sizeof(std::vector<std::int64_t>),
                "a new field of GraphMetrics belongs into this list");
  codec(m.nodes, m.edges, m.bridges, m.degree_histogram, m.mean_degree, m.connection_reduction,
        m.over_50_links, m.over_100_links, m.components, m.largest_component, m.sources,
        m.hop_pairs, m.unreachable_pairs, m.mean_path.value, m.mean_path.error, m.diameter_at_least,
        m.diameter_at_most, m.triangles, m.clustering.value, m.clustering.error,
        m.clustering_agents, m.spectral_gap, m.spectral_residual, m.edge_load.sources,
        m.edge_load.mean, m.edge_load.largest, m.edge_load.p99);
}

std::vector<std::size_t> read_points(RecordReader& reader, std::uint64_t count,
                                     const JournalHeader& header) {
  auto points = reader.column(count, header.points);
  const auto beyond = [&](std::size_t point) { return point >= header.points; };
  RecordReader::require(std::none_of(points.begin(), points.end(), beyond),
                        "a point beyond the plan");
  return points;
}

std::map<std::size_t, std::uint32_t> read_marks(RecordReader& reader, const JournalHeader& header) {
  const auto count = reader.number<std::uint64_t>();
  const auto points = read_points(reader, count, header);
  const auto times = reader.numbers<std::uint32_t>(count);
  std::map<std::size_t, std::uint32_t> marks;
  for (std::size_t i = 0; i < points.size(); ++i) marks[points[i]] = times[i];
  return marks;
}

void write_marks(RecordWriter& writer, const std::map<std::size_t, std::uint32_t>& marks) {
  writer.number<std::uint64_t>(marks.size());
  std::vector<std::uint64_t> points;
  for (const auto& [point, times] : marks) points.push_back(point);
  writer.column(points);
  for (const auto& [point, times] : marks) writer.number(times);
}

}  // namespace

void merge(const CrashMarks& from, CrashMarks& to) {
  if (from.turn > to.turn) to = from;
  if (from.turn != to.turn) return;
  for (const auto member : {&CrashMarks::running, &CrashMarks::building}) {
    for (const auto& [point, times] : from.*member) {
      std::uint32_t& known = (to.*member)[point];
      known = std::max(known, times);
    }
  }
}

std::uint32_t crc32c(std::span<const std::byte> bytes) {
  constexpr std::size_t kPiece = std::size_t{1} << 30;  // the library counts in int
  std::uint32_t state = ~std::uint32_t{0};
  while (!bytes.empty()) {
    const std::size_t count = std::min(bytes.size(), kPiece);
    // Reads only; its signature is older than const.
    auto* first = reinterpret_cast<unsigned char*>(const_cast<std::byte*>(bytes.data()));
    state = ::crc32_iscsi(first, static_cast<int>(count), state);
    bytes = bytes.subspan(count);
  }
  return ~state;
}

void encode(const JournalHeader& header, Bytes& to) {
  RecordWriter writer(to);
  writer.bytes(kMagic, sizeof(kMagic) - 1);
  writer.number(kJournalVersion);
  writer.number(kByteOrder);
  writer.number(layout_fingerprint());
  writer.number(header.schema_version);
  writer.text(header.needflow_version);
  writer.text(header.commit);
  writer.number(header.plan_hash);
  writer.number(header.points);
  writer.number(header.excluded);
  writer.number(header.share);
  for (const std::uint32_t number :
       {header.types, header.shard, header.shards, header.rank, header.ranks}) {
    writer.number(number);
  }
  writer.text(header.scenario);
  writer.number<std::uint64_t>(header.axes.size());
  for (const JournalAxis& axis : header.axes) {
    writer.text(axis.name);
    writer.number(axis.length);
    writer.number<std::uint64_t>(axis.values.size());
    for (const std::string& value : axis.values) writer.text(value);
    writer.counted(axis.share);
  }
}

JournalHeader decode_header(std::span<const std::byte> payload) {
  RecordReader reader(payload);
  char magic[sizeof(kMagic) - 1];
  reader.bytes(magic, sizeof(magic));
  RecordReader::require(std::memcmp(magic, kMagic, sizeof(magic)) == 0,
                        "it is not a needflow journal");
  const auto version = reader.number<std::uint32_t>();
  RecordReader::require(reader.number<std::uint32_t>() == kByteOrder,
                        "it comes from a machine with another byte order");
  if (version != kJournalVersion) {
    throw MalformedRecord(fmt::format("it has journal version {}, this program reads version {}",
                                      version, kJournalVersion));
  }
  RecordReader::require(reader.number<std::uint64_t>() == layout_fingerprint(),
                        "it comes from a version of needflow with other metrics");
  JournalHeader header;
  header.schema_version = reader.number<std::int64_t>();
  header.needflow_version = reader.text();
  header.commit = reader.text();
  header.plan_hash = reader.number<std::uint64_t>();
  header.points = reader.number<std::uint64_t>();
  header.excluded = reader.number<std::uint64_t>();
  header.share = reader.number<std::uint64_t>();
  for (std::uint32_t* number :
       {&header.types, &header.shard, &header.shards, &header.rank, &header.ranks}) {
    *number = reader.number<std::uint32_t>();
  }
  header.scenario = reader.text();
  const auto axes = reader.number<std::uint64_t>();
  for (std::uint64_t i = 0; i < axes; ++i) {
    JournalAxis axis;
    axis.name = reader.text();
    axis.length = reader.number<std::uint64_t>();
    const auto values = reader.number<std::uint64_t>();
    reader.require_room(values, sizeof(std::uint64_t));
    for (std::uint64_t v = 0; v < values; ++v) axis.values.push_back(reader.text());
    axis.share = reader.counted<std::uint64_t>();
    RecordReader::require(axis.share.empty() || axis.share.size() == axis.length,
                          "an axis with a share of other values");
    header.axes.push_back(std::move(axis));
  }
  reader.done();
  return header;
}

void encode(const OutcomeBatch& batch, Bytes& to) {
  RecordWriter writer(to);
  writer.number<std::uint64_t>(batch.points.size());
  const auto parts = (batch.traces.empty() ? 0 : kTraces) | (batch.agents.empty() ? 0 : kAgents) |
                     (batch.messages.empty() ? 0 : kMessages) |
                     (batch.attempts.empty() ? 0 : kAttempts) | (batch.trust.empty() ? 0 : kTrust);
  writer.number(static_cast<std::uint8_t>(parts));
  writer.column(batch.points);
  const std::vector<float> seconds(batch.seconds.begin(), batch.seconds.end());
  writer.numbers(std::span(seconds));
  std::vector<Status> statuses;
  statuses.reserve(batch.outcomes.size());
  for (const Outcome& outcome : batch.outcomes) statuses.push_back(outcome.status);
  writer.bytes(statuses.data(), statuses.size());
  write_words<Outcome>(writer, batch.outcomes, kOutcomeHead);
  write_words<TrustFigures>(writer, batch.trust, 0);
  for (const std::vector<TraceRow>& trace : batch.traces) {
    writer.number<std::uint64_t>(trace.size());
    writer.bytes(trace.data(), trace.size() * sizeof(TraceRow));
  }
  for (const AgentRows& rows : batch.agents) {
    for_columns([&](const auto& column) { writer.counted(column); }, rows);
  }
  for (const std::string& message : batch.messages) writer.text(message);
  writer.numbers(std::span(batch.attempts));
}

OutcomeBatch decode_outcomes(std::span<const std::byte> payload, const JournalHeader& header) {
  RecordReader reader(payload);
  OutcomeBatch batch;
  const auto count = reader.number<std::uint64_t>();
  const auto parts = reader.number<std::uint8_t>();
  RecordReader::require(parts < 32, "it has parts that nobody writes");
  batch.points = read_points(reader, count, header);
  const auto seconds = reader.numbers<float>(count);
  batch.seconds.assign(seconds.begin(), seconds.end());
  const std::uint64_t runs = count * header.types;
  const auto statuses = reader.numbers<std::uint8_t>(runs);
  batch.outcomes.resize(statuses.size());
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    Outcome& outcome = batch.outcomes[i];
    RecordReader::require(statuses[i] <= static_cast<std::uint8_t>(Status::invalid),
                          "an unknown status");
    outcome.status = static_cast<Status>(statuses[i]);
  }
  read_words(reader, batch.outcomes, kOutcomeHead);
  if ((parts & kTrust) != 0) batch.trust.resize(statuses.size());
  read_words(reader, batch.trust, 0);
  if ((parts & kTraces) != 0) {
    reader.require_room(runs, sizeof(std::uint64_t));
    batch.traces.resize(static_cast<std::size_t>(runs));
    for (std::vector<TraceRow>& trace : batch.traces) {
      const auto rows = reader.number<std::uint64_t>();
      reader.require_room(rows, sizeof(TraceRow));
      trace.resize(static_cast<std::size_t>(rows));
      reader.bytes(trace.data(), trace.size() * sizeof(TraceRow));
    }
  }
  if ((parts & kAgents) != 0) {
    batch.agents.resize(static_cast<std::size_t>(count));
    for (AgentRows& rows : batch.agents) {
      for_columns([&]<class T>(std::vector<T>& column) { column = reader.counted<T>(); }, rows);
    }
  }
  if ((parts & kMessages) != 0) {
    for (std::uint64_t i = 0; i < count; ++i) batch.messages.push_back(reader.text());
  }
  if ((parts & kAttempts) != 0) batch.attempts = reader.numbers<std::uint32_t>(count);
  reader.done();
  return batch;
}

void encode(std::span<const std::size_t> points, const GraphMetrics& metrics, Bytes& to) {
  RecordWriter writer(to);
  writer.number<std::uint64_t>(points.size());
  writer.column(points);
  const auto put = [&]<class T>(const T& field) {
    if constexpr (std::is_arithmetic_v<T>) {
      writer.number(field);
    } else {
      writer.counted(field);
    }
  };
  for_fields([&](const auto&... fields) { (put(fields), ...); }, metrics);
}

MeasuredNetwork decode_network(std::span<const std::byte> payload, const JournalHeader& header) {
  RecordReader reader(payload);
  MeasuredNetwork network;
  network.points = read_points(reader, reader.number<std::uint64_t>(), header);
  const auto take = [&]<class T>(T& field) {
    if constexpr (std::is_arithmetic_v<T>) {
      field = reader.number<T>();
    } else {
      field = reader.counted<typename T::value_type>();
    }
  };
  for_fields([&](auto&... fields) { (take(fields), ...); }, network.metrics);
  reader.done();
  return network;
}

void encode(const CrashMarks& marks, Bytes& to) {
  RecordWriter writer(to);
  write_marks(writer, marks.running);
  write_marks(writer, marks.building);
  writer.number(marks.turn);
}

CrashMarks decode_crash(std::span<const std::byte> payload, const JournalHeader& header) {
  RecordReader reader(payload);
  CrashMarks marks;
  marks.running = read_marks(reader, header);
  marks.building = read_marks(reader, header);
  marks.turn = reader.number<std::uint64_t>();
  reader.done();
  return marks;
}

void encode(const JournalSession& session, Bytes& to) {
  RecordWriter writer(to);
  writer.number(session.started);
  writer.number(session.done);
  writer.number(session.process);
  writer.text(session.host);
  writer.number(session.threads);
}

JournalSession decode_session(std::span<const std::byte> payload) {
  RecordReader reader(payload);
  JournalSession session;
  session.started = reader.number<double>();
  session.done = reader.number<std::uint64_t>();
  session.process = reader.number<std::int64_t>();
  session.host = reader.text();
  session.threads = reader.number<std::int32_t>();
  reader.done();
  return session;
}

}  // namespace needflow
