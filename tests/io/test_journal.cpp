#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>

#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <random>

#include "io/journal.hpp"
#include "solver/error.hpp"
#include "tests/io/folder.hpp"

using namespace needflow;
using needflow::test::Folder;

namespace {

const double kNaN = std::numeric_limits<double>::quiet_NaN();

JournalHeader some_header() {
  JournalHeader header;
  header.schema_version = 1;
  header.needflow_version = "0.1.0";
  header.commit = "abc";
  header.plan_hash = 0x1234567890abcdefULL;
  header.points = 1000;
  header.types = 2;
  header.scenario = "seed = 1\n\n[network]\nagents = [5, 9]\nneighbors = 3\n";
  header.axes = {{"agents", 2, {"5", "9"}}, {"replicate", 500, {}}};
  return header;
}

Outcome outcome_of(double number) {
  Outcome outcome;
  outcome.status = Status::cycle;
  outcome.rounds = static_cast<std::int64_t>(number);
  outcome.cycle_period = 7;
  outcome.satisfaction.satisfied_fraction = number / 3.0;
  outcome.satisfaction.gini = kNaN;
  outcome.messages = {1, 2, 3};
  outcome.network_mean_degree = -0.0;
  return outcome;
}

/// Points first … first + count − 1, two types each, with all that a batch may hold.
OutcomeBatch full_batch(std::size_t first, std::size_t count) {
  OutcomeBatch batch;
  for (std::size_t point = first; point < first + count; ++point) {
    const auto number = static_cast<double>(point);
    batch.points.push_back(point);
    batch.seconds.push_back(number / 1000.0);
    for (int type = 0; type < 2; ++type) {
      batch.outcomes.push_back(outcome_of(number + type));
      batch.traces.push_back({TraceRow{1, number, 0.5, 2.0, 3, kNaN, 0.8, 4, 5}, TraceRow{}});
    }
    AgentRows rows;
    rows.need = {number, 2.0};
    rows.capacity_left = {0.125};
    rows.recipient_degree = {3, -1};
    batch.agents.push_back(rows);
    batch.messages.push_back(point % 2 == 0 ? "" : fmt::format("point {} – why", point));
    batch.attempts.push_back(static_cast<std::uint32_t>(point));
  }
  return batch;
}

Bytes bytes_of(const OutcomeBatch& batch) {
  Bytes bytes;
  encode(batch, bytes);
  return bytes;
}

/// A new file each time: ext4 syncs one that is emptied and written again.
std::filesystem::path put_new(const Folder& folder, const std::string& name,
                              const std::string& bytes) {
  std::filesystem::remove(folder / name);
  return folder.put(name, bytes);
}

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A journal of five batches, a network and crashes among them.
std::string some_journal(const Folder& folder) {
  const auto path = folder / "some.journal";
  JournalWriter writer(path, some_header());
  for (std::size_t i = 0; i < 5; ++i) {
    if (i == 2) writer.add(std::vector<std::size_t>{1, 2}, GraphMetrics{});
    if (i == 3) writer.add(CrashMarks{{{4, 1}}, {{9, 2}}});
    writer.add(full_batch(10 * i, i + 1));
  }
  writer.sync();
  return content(path);
}

/// Batches are the first ones of some_journal(), to the bit.
void require_prefix(const JournalContents& contents) {
  REQUIRE(contents.header == some_header());
  REQUIRE(contents.batches.size() <= 5);
  for (std::size_t i = 0; i < contents.batches.size(); ++i) {
    REQUIRE(bytes_of(contents.batches[i]) == bytes_of(full_batch(10 * i, i + 1)));
  }
}

}  // namespace

TEST_CASE("The checksum is CRC32C, as RFC 3720 gives it") {
  const std::string_view digits = "123456789";
  CHECK(crc32c(std::as_bytes(std::span(digits))) == 0xE3069283U);
  const std::vector<std::byte> zeros(32);
  CHECK(crc32c(zeros) == 0x8A9136AAU);
}

TEST_CASE("What goes into a journal comes out of it, every part of it") {
  const Folder folder;
  GraphMetrics metrics;
  metrics.nodes = 4;
  metrics.degree_histogram = {0, 2, 2};
  metrics.hop_pairs = {0, 6, 4};
  metrics.mean_path = {1.5, 0.25};
  metrics.clustering.value = kNaN;
  metrics.edge_load.p99 = 9.5;
  const CrashMarks marks{{{4, 1}, {17, 3}}, {{9, 2}}};
  const JournalSession session{1.5, 3, 4711, "host", 2};
  {
    JournalWriter writer(folder / "j", some_header());
    writer.add(session);
    writer.add(std::vector<std::size_t>{3, 999}, metrics);
    writer.add(full_batch(3, 2));
    writer.add(marks);
    writer.add_end();
  }
  const JournalContents contents = read_journal(folder / "j");
  CHECK(contents.header == some_header());
  CHECK(contents.damage.empty());
  CHECK(contents.good_bytes == std::filesystem::file_size(folder / "j"));
  CHECK(contents.ended);
  CHECK(contents.crashes == marks);
  CHECK(contents.sessions == std::vector{session});
  REQUIRE(contents.networks.size() == 1);
  const GraphMetrics& read = contents.networks[0].metrics;
  CHECK(contents.networks[0].points == std::vector<std::size_t>{3, 999});
  CHECK(read.nodes == 4);
  CHECK(read.degree_histogram == std::vector<std::int64_t>{0, 2, 2});
  CHECK(read.hop_pairs == std::vector<std::int64_t>{0, 6, 4});
  CHECK(read.mean_path.error == 0.25);
  CHECK(std::isnan(read.clustering.value));
  CHECK(read.edge_load.p99 == 9.5);
  CHECK(read.triangles == -1);
  REQUIRE(contents.batches.size() == 1);
  const OutcomeBatch& batch = contents.batches[0];
  CHECK(batch.points == std::vector<std::size_t>{3, 4});
  REQUIRE(batch.seconds.size() == 2);
  CHECK(batch.seconds[1] == doctest::Approx(0.004));
  REQUIRE(batch.outcomes.size() == 4);
  CHECK(batch.outcomes[3].status == Status::cycle);
  CHECK(batch.outcomes[3].rounds == 5);
  CHECK(batch.outcomes[3].cycle_period == 7);
  CHECK(batch.outcomes[3].satisfaction.satisfied_fraction == 5.0 / 3.0);
  CHECK(std::isnan(batch.outcomes[3].satisfaction.gini));
  CHECK(batch.outcomes[3].messages.allocated == 3);
  CHECK(std::signbit(batch.outcomes[3].network_mean_degree));
  REQUIRE(batch.traces.size() == 4);
  CHECK(batch.traces[2][0].residual_l1 == 4.0);
  CHECK(batch.traces[2][0].active_providers == 5);
  CHECK(batch.agents[1].need == std::vector<double>{4.0, 2.0});
  CHECK(batch.agents[1].recipient_degree == std::vector<std::int64_t>{3, -1});
  CHECK(batch.messages == std::vector<std::string>{"point 3 – why", ""});
  CHECK(batch.attempts == std::vector<std::uint32_t>{3, 4});
}

TEST_CASE(
    "Columns of which many or few words are one come back, and take room for the others alone") {
  JournalHeader header = some_header();
  header.types = 1;
  for (const std::size_t count : {2, 3, 7, 8, 9, 63, 64, 65, 200}) {
    for (std::size_t others = 0; others <= count; others += std::max<std::size_t>(1, count / 5)) {
      OutcomeBatch batch;
      for (std::size_t i = 0; i < count; ++i) {
        batch.points.push_back(i);
        batch.seconds.push_back(0.0);
        Outcome& outcome = batch.outcomes.emplace_back();
        // The others lie at the begin, at the end, or all over between, column by column.
        const bool at_begin = i < others;
        const bool at_end = i >= count - others;
        const bool all_over = i > 0 && i + 1 < count && i * 11 % count < others;
        const double other = 1.0 / static_cast<double>(i + 3);
        outcome.satisfaction.satisfied_fraction = at_begin ? other : 1.0;
        outcome.satisfaction.gini = at_end ? other : 0.0;
        outcome.satisfaction.jain_index = all_over ? other : kNaN;
      }
      CAPTURE(count);
      CAPTURE(others);
      const Bytes bytes = bytes_of(batch);
      CHECK(bytes_of(decode_outcomes(bytes, header)) == bytes);
      const OutcomeBatch again = decode_outcomes(bytes, header);
      for (std::size_t i = 0; i < count; ++i) {
        const Outcome& a = batch.outcomes[i];
        const Outcome& b = again.outcomes[i];
        REQUIRE(std::memcmp(&a.satisfaction, &b.satisfaction, sizeof(Satisfaction)) == 0);
      }
      // 2 B a point's number, 4 B seconds, 1 B status, 19 columns of one word; and three of others.
      const std::size_t mask = (count + 7) / 8;
      if (3 * others < 2 * count) {
        CHECK(bytes.size() <= 9 + 7 * count + 1 + 22 * 9 + 3 * (9 + mask + 8 * others));
      }
    }
  }
}

TEST_CASE("Journals are named as their ranks name them, in the current folder too") {
  const Folder folder;
  for (const char* name :
       {"r.h5.journal.10", "r.h5.journal.2", "r.h5.journal", "r.h5.journal.0", "r.h5.journal.02",
        "r.h5.journal.x", "r.h5.journal.", "q.h5.journal.1"}) {
    folder.put(name, "something");
  }
  folder.put("r.h5.journal.3", "");  // its rank died while it made it
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto journals = journals_of("r.h5");
  const auto all = journals_of("r.h5", Journals::all);
  std::filesystem::current_path(before);
  const std::vector<std::filesystem::path> ranks{journal_path("r.h5"), journal_path("r.h5", 0),
                                                 journal_path("r.h5", 2), journal_path("r.h5", 10)};
  CHECK(journals == ranks);
  CHECK(all.size() == 5);
  CHECK(all[3] == journal_path("r.h5", 3));
}

TEST_CASE("A journal torn at any byte keeps every record before, and says that it is torn") {
  const Folder folder;
  const std::string whole = some_journal(folder);
  std::size_t batches_before = 0;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto path = put_new(folder, "torn", whole.substr(0, length));
    try {
      const JournalContents contents = read_journal(path);
      require_prefix(contents);
      REQUIRE(contents.batches.size() >= batches_before);
      batches_before = contents.batches.size();
      REQUIRE(contents.good_bytes <= length);
      REQUIRE(contents.damage.empty() == (contents.good_bytes == length));
    } catch (const IoError&) {
      REQUIRE(batches_before == 0);  // the header is torn
    }
  }
  CHECK(batches_before == 4);
}

TEST_CASE("A journal that ends within its header is not begun, one with a whole header is") {
  const Folder folder;
  const std::string whole = some_journal(folder);
  std::uint32_t length = 0;
  std::memcpy(&length, whole.data(), sizeof(length));
  const std::size_t header = sizeof(RecordHead) + 1 + length;
  REQUIRE(header < whole.size());
  for (std::size_t end = 0; end < header + 20; ++end) {
    CAPTURE(end);
    CHECK(journal_is_begun(put_new(folder, "r.h5.journal", whole.substr(0, end))) ==
          (end >= header));
    CHECK(journals_of(folder / "r.h5").size() == (end >= header ? 1 : 0));
    CHECK(journals_of(folder / "r.h5", Journals::all).size() == 1);
  }
  // Flipped bits are no death, not even in what says how long it is, and other files are others'.
  for (const std::size_t end : {header, whole.size()}) {
    for (std::size_t bit = 0; bit < 8 * header; ++bit) {
      CAPTURE(bit);
      std::string flipped = whole.substr(0, end);
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
      CHECK(journal_is_begun(put_new(folder, "r.h5.journal", flipped)));
    }
  }
  for (const char* text : {"note", "a note\n", "a journal", "of what we did on the first day\n"}) {
    CHECK(journal_is_begun(put_new(folder, "r.h5.journal", text)));
  }
  std::string other = whole.substr(0, header - 1);
  other[sizeof(RecordHead) + 1] = 'N';  // not "needflow journal"
  CHECK(journal_is_begun(put_new(folder, "r.h5.journal", other)));
  std::filesystem::create_directory(folder / "q.h5.journal");
  CHECK(journal_is_begun(folder / "q.h5.journal"));
}

TEST_CASE("A flipped bit anywhere never gives another number, and what precedes it is kept") {
  const Folder folder;
  const std::string whole = some_journal(folder);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << at % 8));
    try {
      const JournalContents contents = read_journal(put_new(folder, "flipped", flipped));
      require_prefix(contents);
      REQUIRE(!contents.damage.empty());
      REQUIRE(contents.good_bytes <= at);
      REQUIRE(contents.batches.size() < 5);
    } catch (const IoError& problem) {
      REQUIRE(std::string(problem.what()).find("flipped") != std::string::npos);
      REQUIRE(at < 300);  // the header
    }
  }
}

TEST_CASE("Random bytes are no journal, and random payloads are refused without a crash") {
  const Folder folder;
  std::mt19937 random(5);
  for (int i = 0; i < 300; ++i) {
    std::string noise(random() % 400, '\0');
    for (char& letter : noise) letter = static_cast<char>(random());
    CHECK_THROWS_AS((void)read_journal(put_new(folder, "noise", noise)), IoError);
  }
  // Records that pass their checksum all the same: damaged before they were summed.
  Bytes batch = bytes_of(full_batch(0, 3));
  Bytes network;
  encode(std::vector<std::size_t>{1, 2}, GraphMetrics{}, network);
  Bytes marks;
  encode(CrashMarks{{{4, 1}}, {{9, 2}}}, marks);
  Bytes header;
  encode(some_header(), header);
  const auto survive = [](const auto& decode) {
    try {
      decode();
    } catch (const MalformedRecord&) {
    }
  };
  for (int i = 0; i < 20000; ++i) {
    const auto broken = [&](const Bytes& from) {
      Bytes bytes = from;
      for (int change = 0; change < 3; ++change) {
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      }
      if (random() % 4 == 0) bytes.resize(random() % bytes.size());
      return bytes;
    };
    survive([&] { (void)decode_outcomes(broken(batch), some_header()); });
    survive([&] { (void)decode_network(broken(network), some_header()); });
    survive([&] { (void)decode_crash(broken(marks), some_header()); });
    survive([&] { (void)decode_header(broken(header)); });
  }
}

TEST_CASE("A torn journal that is cut and gone on with is as one that was never torn") {
  const Folder folder;
  const std::string whole = some_journal(folder);
  const auto path = folder.put("torn", whole.substr(0, whole.size() - 1));
  {
    JournalWriter writer(path);
    const JournalContents contents = read_journal(path);
    REQUIRE(contents.batches.size() == 4);
    writer.cut(contents.good_bytes);
    CHECK(writer.bytes() == contents.good_bytes);
    writer.add(full_batch(40, 5));
  }
  CHECK(content(path) == whole);
}

TEST_CASE("A journal has one writer at a time, and others can see that it has one") {
  const Folder folder;
  const auto path = folder / "j";
  {
    JournalWriter writer(path, some_header());
    CHECK(journal_is_live(path));
    CHECK_THROWS_WITH_AS(JournalWriter second(path), doctest::Contains("another process"),
                         ScenarioError);
    CHECK_THROWS_AS(JournalWriter second(path, some_header()), ScenarioError);
    writer.add(full_batch(0, 1));
  }
  CHECK(!journal_is_live(path));
  CHECK(!journal_is_live(folder / "none"));
  CHECK(read_journal(path).batches.size() == 1);  // the refused second one emptied nothing
}

TEST_CASE("A record is in the file as soon as the process may be killed any moment") {
  const Folder folder;
  JournalWriter writer(folder / "j", some_header());
  writer.hurry();
  writer.add(full_batch(0, 1));
  CHECK(read_journal(folder / "j").batches.size() == 1);
}

TEST_CASE("A full disk is an error that all later calls repeat, and loses nothing written before") {
  const Folder folder;
  struct rlimit before = {};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  std::signal(SIGXFSZ, SIG_IGN);
  JournalWriter writer(folder / "j", some_header());
  for (std::size_t i = 0; i < 3; ++i) writer.add(full_batch(10 * i, i + 1));
  writer.sync();
  const auto written = std::filesystem::file_size(folder / "j");
  const struct rlimit limit = {written + 100, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  writer.add(full_batch(30, 4));
  CHECK_THROWS_WITH_AS(writer.sync(), doctest::Contains("File too large"), IoError);
  CHECK_THROWS_WITH_AS(writer.add(full_batch(40, 5)), doctest::Contains("File too large"), IoError);
  CHECK_THROWS_AS(writer.sync(), IoError);
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &before) == 0);
  const JournalContents contents = read_journal(folder / "j");
  CHECK(contents.batches.size() == 3);
  CHECK(contents.good_bytes == written);
  CHECK(contents.damage == "the last 100 bytes are an incomplete record");
}

TEST_CASE("Another scenario, schema or version is told line by line") {
  const JournalHeader then = some_header();
  CHECK(journal_difference(then, then).empty());
  JournalHeader now = then;
  now.plan_hash = 1;
  now.scenario = "seed = 1\n\n[network]\nagents = [5, 10]\n\n[round]\ncap = \"none\"\n";
  CHECK(journal_difference(then, now) ==
        "  network.agents: [5, 9] then, [5, 10] now\n"
        "  network.neighbors: 3 then, not there now\n"
        "  round.cap: not there then, \"none\" now");
  now = then;
  now.plan_hash = 1;
  CHECK(journal_difference(then, now) == "  the files that the scenario names hold something else");
  now = then;
  now.schema_version = 2;
  now.needflow_version = "0.2.0";
  CHECK(journal_difference(then, now) ==
        "  schema_version: 1 then, 2 now\n  needflow version: 0.1.0 then, 0.2.0 now");
}

TEST_CASE("Journals of ranks are read as one, those of different sweeps are refused") {
  const Folder folder;
  const auto write = [&](const char* name, const JournalHeader& header, std::size_t first) {
    JournalWriter writer(folder / name, header);
    writer.add(CrashMarks{{{4, first == 0 ? 1U : 2U}}, {}});
    writer.add(full_batch(first, 2));
    if (first == 0) writer.add_end();
    return folder / name;
  };
  JournalHeader second = some_header();
  second.rank = 1;
  const auto a = write("a", some_header(), 0);
  const auto b = write("b", second, 2);
  const JournalContents both = read_journals({a, b});
  REQUIRE(both.batches.size() == 2);
  CHECK(both.batches[1].points == std::vector<std::size_t>{2, 3});
  CHECK(both.crashes.running.at(4) == 2);
  CHECK(!both.ended);
  second.plan_hash = 2;
  const auto c = write("c", second, 4);
  CHECK_THROWS_WITH_AS((void)read_journals({a, c}), doctest::Contains("different sweeps"),
                       ScenarioError);
}
