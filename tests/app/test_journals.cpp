// What a sweep's processes keep beside the output when there are several: attempts, and points in
// flight.
#include <doctest/doctest.h>

#include "io/journal.hpp"
#include "solver/app/collector.hpp"
#include "solver/app/sweep_journal.hpp"
#include "solver/sweep/point_rows.hpp"
#include "solver/sweep/remaining.hpp"
#include "tests/io/folder.hpp"

using namespace needflow;
using namespace needflow::app;
using needflow::test::Folder;

namespace {

Scenario some_scenario(const std::string& more = "") {
  return parse_scenario(
      "seed = 1\n[network]\nagents = [6, 9]\n[population]\nreplicates = 5\n" + more, "test", ".",
      {});
}

JournalContents failures_of(std::size_t point, std::uint32_t attempts) {
  JournalContents contents;
  OutcomeBatch batch = unsolved(some_scenario().sweep, point, Status::failed, "why");
  if (attempts > 1) batch.attempts = {attempts};
  contents.batches.push_back(batch);
  return contents;
}

Collector collector_of(const Scenario& scenario) {
  return {scenario.sweep, scenario.sweep.points(), {}, LogLevel::error};
}

/// A journal and, as the constructor finds them, those beside it.
std::unique_ptr<SweepJournal> journal_of(const Scenario& scenario, const Folder& folder,
                                         Begin begin, int rank, int ranks) {
  return std::make_unique<SweepJournal>(scenario, make_plan(scenario.sweep), folder / "out.h5",
                                        begin, SweepPlace{{}, rank, ranks});
}

std::vector<std::uint8_t> all_wanted(const Scenario& scenario) {
  return std::vector<std::uint8_t>(scenario.sweep.points(), 1);
}

/// Leaves a table as a process does that dies of the point.
void die_of(const Scenario& scenario, const Folder& folder, std::size_t point,
            std::optional<int> rank = {}, std::uint64_t mark = 0) {
  const auto path = in_flight_path(folder / "out.h5", rank);
  std::string bytes;
  {
    InFlightFile file(path, scenario.plan_hash, 1);
    file.words()[3] = (point + 1) | mark;
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
  }
  folder.put(path.filename().string(), bytes);
}

}  // namespace

TEST_CASE("A point that fails again has one more attempt, on a rank that was told so too") {
  const Folder folder;
  const Scenario scenario = some_scenario();
  Collector first = collector_of(scenario);
  first.restore(failures_of(3, 2));
  const auto wanted = first.wanted(true);
  CHECK(wanted[3] == 1);
  CHECK(first.tried() == std::map<std::size_t, std::uint32_t>{{3, 2}});
  Collector other = collector_of(scenario);
  other.set_tried(first.tried());
  {
    JournalWriter writer(folder / "j", journal_header(scenario));
    other.attach(&writer, nullptr, nullptr, nullptr);
    other.finished(unsolved(scenario.sweep, 3, Status::failed, "again"));
    other.finished(unsolved(scenario.sweep, 4, Status::failed, "for the first time"));
  }
  const JournalContents contents = read_journal(folder / "j");
  REQUIRE(contents.batches.size() == 2);
  CHECK(contents.batches[0].attempts == std::vector<std::uint32_t>{3});
  // The first rank puts the journals together, in any order.
  first.restore(contents);
  CHECK(first.outcomes().attempts(3) == 3);
  CHECK(first.outcomes().messages().at(3) == "again");
  CHECK(first.outcomes().attempts(4) == 1);
}

TEST_CASE("Failures that are not tried again keep their attempts") {
  const Scenario scenario = some_scenario();
  Collector collector = collector_of(scenario);
  collector.restore(failures_of(3, 2));
  CHECK(collector.wanted(false)[3] == 0);
  CHECK(collector.tried().empty());
  CHECK(collector.outcomes().attempts(3) == 2);
}

TEST_CASE("Deaths in a row are counted over the journals of ranks and of single processes") {
  const Folder folder;
  const Scenario scenario = some_scenario();
  const auto wanted = all_wanted(scenario);
  (void)journal_of(scenario, folder, Begin::afresh, 0, 1);
  const auto deaths = [&](int ranks) {
    const auto journal = journal_of(scenario, folder, Begin::goes_on, 0, ranks);
    return journal->count_crashes(wanted, false).running;
  };
  using Deaths = std::map<std::size_t, std::uint32_t>;
  die_of(scenario, folder, 2);
  CHECK(deaths(1) == Deaths{{2, 1}});
  CHECK(deaths(1) == Deaths{{2, 1}});  // the table is gone: one death counts once
  die_of(scenario, folder, 2);
  CHECK(deaths(2) == Deaths{{2, 2}});
  (void)journal_of(scenario, folder, Begin::goes_on, 1, 2);
  die_of(scenario, folder, 4, 1);  // the second of two ranks, of another point
  CHECK(deaths(2) == Deaths{{4, 1}});
  die_of(scenario, folder, 2);
  CHECK(deaths(1) == Deaths{{2, 1}});
  CHECK(journal_of(scenario, folder, Begin::goes_on, 0, 1)->count_crashes(wanted, true).empty());
  CHECK(deaths(2).empty());
}

TEST_CASE("Points that a death met run by themselves until a death does not meet them") {
  const Folder folder;
  const Scenario scenario = some_scenario();
  const auto wanted = all_wanted(scenario);
  const Plan plan = make_plan(scenario.sweep);
  (void)journal_of(scenario, folder, Begin::afresh, 0, 1);
  // How many points go one by one, or network by network.
  const auto careful = [&] {
    const auto journal = journal_of(scenario, folder, Begin::goes_on, 0, 1);
    const CrashMarks crashes = journal->count_crashes(wanted, false);
    const RemainingWork work = remaining_work(scenario.sweep, plan, wanted, crashes);
    std::size_t points = 0;
    for (const Plan& some : work.careful) points += planned_points(some);
    CHECK(work.given_up.empty());
    CHECK(planned_points(work.plan) + points == wanted.size());
    return points;
  };
  CHECK(careful() == 0);
  die_of(scenario, folder, 2);
  CHECK(careful() == 1);
  die_of(scenario, folder, 4);
  CHECK(careful() == 1);
  die_of(scenario, folder, 4, {}, FlightTable::kBuilding);
  CHECK(careful() == 5);  // all points on its network
  die_of(scenario, folder, 2);
  CHECK(careful() == 1);
  {  // as a version that kept 0 for such points has left it
    JournalWriter writer(journal_path(folder / "out.h5"));
    writer.cut(std::filesystem::file_size(writer.path()));
    writer.add(CrashMarks{{{2, 0}, {4, 0}}, {{7, 0}}, 100});
  }
  CHECK(careful() == 0);
}

TEST_CASE("A rank that begins before the first does keeps its table of points in flight") {
  const Folder folder;
  const Scenario scenario = some_scenario();
  (void)journal_of(scenario, folder, Begin::afresh, 0, 2);
  (void)journal_of(scenario, folder, Begin::afresh, 1, 2);
  const auto first = journal_of(scenario, folder, Begin::goes_on, 0, 2);
  (void)first->count_crashes(all_wanted(scenario), false);
  const auto second = journal_of(scenario, folder, Begin::goes_on, 1, 2);
  (void)second->begin(0, 1);
  (void)first->begin(0, 1);
  CHECK(std::filesystem::exists(in_flight_path(folder / "out.h5", 0)));
  CHECK(std::filesystem::exists(in_flight_path(folder / "out.h5", 1)));
}

TEST_CASE("A death while a journal's header is written costs nothing, and the next start says so") {
  const Folder folder;
  const Scenario scenario = some_scenario();
  OutputOptions output;
  output.file = (folder / "out.h5").string();
  const auto own = journal_path(folder / "out.h5");
  (void)journal_of(scenario, folder, Begin::afresh, 0, 1);
  const auto header = std::filesystem::file_size(own);
  for (std::uintmax_t end = 0; end <= header; ++end) {
    CAPTURE(end);
    std::filesystem::resize_file(own, std::min(end, std::filesystem::file_size(own)));
    const bool whole = end == header;
    const Begin begin = how_to_begin(scenario, output, {.resume = true}, {});
    REQUIRE(begin == (whole ? Begin::goes_on : Begin::afresh));
    if (whole) {
      CHECK_THROWS_AS((void)how_to_begin(scenario, output, {}, {}), ScenarioError);
    } else {
      CHECK(how_to_begin(scenario, output, {}, {}) == Begin::afresh);
    }
    const auto journal = journal_of(scenario, folder, begin, 0, 1);
    CHECK(journal->damage().empty() == whole);
    if (!whole) CHECK(journal->damage().find("ends within its header") != std::string::npos);
    CHECK(read_journal(own).good_bytes == header);
  }
}

TEST_CASE(
    "A rank whose journal ends within its header makes a new one, and no cut one is left over") {
  const Folder folder;
  const Scenario scenario = some_scenario();
  OutputOptions output;
  output.file = (folder / "out.h5").string();
  const auto cut = journal_path(folder / "out.h5", 1);
  (void)journal_of(scenario, folder, Begin::afresh, 0, 2);
  (void)journal_of(scenario, folder, Begin::afresh, 1, 2);
  const auto header = std::filesystem::file_size(cut);
  for (const std::uintmax_t end : {std::uintmax_t{0}, std::uintmax_t{20}, header - 1}) {
    CAPTURE(end);
    std::filesystem::resize_file(cut, end);
    REQUIRE(how_to_begin(scenario, output, {.resume = true}, {}) == Begin::goes_on);
    const auto first = journal_of(scenario, folder, Begin::goes_on, 0, 2);
    CHECK(first->damage().find("journal.1 ends within its header") != std::string::npos);
    (void)journal_of(scenario, folder, Begin::goes_on, 1, 2);
    CHECK(read_journal(cut).good_bytes == header);
  }
  std::filesystem::resize_file(cut, 20);
  journal_of(scenario, folder, Begin::goes_on, 0, 2)->remove();
  CHECK(folder.files() == 0);
}

TEST_CASE("A journal says how many points are its shard's, in all and of each value") {
  const Folder folder;
  const auto header_of = [&](const Scenario& scenario, Shard shard) {
    const Plan plan = share_of(scenario.sweep, make_plan(scenario.sweep), shard, {});
    SweepJournal(scenario, plan, folder / "out.h5", Begin::afresh, {shard});
    return read_journal(folder / "out.h5.journal").header;
  };
  const JournalHeader whole = header_of(some_scenario(), {});
  CHECK(whole.share == 10);
  CHECK(whole.axes[0].share.empty());
  std::vector<std::uint64_t> sum(2);
  for (std::size_t i = 1; i <= 3; ++i) {
    const JournalHeader part = header_of(some_scenario(), {i, 3});
    REQUIRE(part.axes[0].share.size() == 2);
    CHECK(part.axes[0].share[0] + part.axes[0].share[1] == part.share);
    for (std::size_t value = 0; value < 2; ++value) sum[value] += part.axes[0].share[value];
  }
  CHECK(sum == std::vector<std::uint64_t>{5, 5});
  const JournalHeader fewer =
      header_of(some_scenario("[round]\nsettlement = [\"stock\", \"stream\"]\n"
                              "[[design.exclude]]\nagents = 9\nsettlement = \"stream\"\n"),
                {});
  CHECK(fewer.share == 15);
  CHECK(fewer.axes[0].share == std::vector<std::uint64_t>{10, 5});
  CHECK(fewer.axes[1].share == std::vector<std::uint64_t>{10, 5});
}
