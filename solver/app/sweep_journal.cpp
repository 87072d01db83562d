#include "solver/app/sweep_journal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>

#include "io/build_info.hpp"
#include "io/options.hpp"
#include "io/result_facts.hpp"
#include "io/result_shard.hpp"
#include "solver/app/interrupts.hpp"
#include "solver/error.hpp"
#include "solver/sweep/point_rows.hpp"
#include "solver/sweep/remaining.hpp"

namespace needflow::app {

namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(fs::symlink_status(path, ignored));
}

/// How a finished file and this sweep differ, line by line; empty: they do not.
std::string file_difference(const ResultFacts& facts, const Scenario& scenario) {
  JournalHeader then = journal_header(scenario);
  const JournalHeader now = then;
  then.scenario = facts.scenario;
  then.schema_version = facts.schema_version;
  then.needflow_version = facts.needflow_version;
  if (facts.plan_hash != scenario.hash_text()) then.plan_hash = ~now.plan_hash;
  return journal_difference(then, now);
}

/// Begins where there is a journal: the output must be nothing that others may want to keep.
void refuse_foreign_output(const Scenario& scenario, const std::string& name) {
  if (!is_there(name)) return;
  std::string difference;
  try {
    difference = file_difference(read_result_facts(name), scenario);
  } catch (const IoError& problem) {
    difference = fmt::format("  {}", problem.what());
  }
  if (difference.empty()) return;
  throw ScenarioError(fmt::format(
      "{} exists and is of another sweep; --overwrite with --resume replaces it at the end:\n{}",
      name, difference));
}

Begin begin_without_journal(const Scenario& scenario, const std::string& name, bool overwrite,
                            bool retry_failed) {
  if (!is_there(name)) return Begin::afresh;
  ResultFacts facts;
  std::string difference;
  try {
    facts = read_result_facts(name);
    difference = file_difference(facts, scenario);
  } catch (const IoError& problem) {
    difference = fmt::format("  {}", problem.what());
  }
  const std::size_t left =
      facts.count(Status::pending) + (retry_failed ? facts.count(Status::failed) : 0);
  if (difference.empty() && left == 0) return Begin::finished;
  if (overwrite) return Begin::afresh;
  if (!difference.empty()) {
    throw ScenarioError(
        fmt::format("{} is of another sweep, and has no journal; --overwrite replaces it:\n{}",
                    name, difference));
  }
  throw ScenarioError(fmt::format(
      "{} has {} runs that are {}, and its journal is gone; --overwrite computes all again", name,
      left, retry_failed ? "pending or failed" : "pending"));
}

/// Whether it is the finished part of this very shard.
bool is_part(const std::string& name, const Scenario& scenario, const Shard& shard) {
  if (shard.count == 1 || !is_there(name)) return false;
  try {
    const ShardRecord record = read_shard(name);
    return record.index == static_cast<std::int64_t>(shard.index) &&
           record.count == static_cast<std::int64_t>(shard.count) &&
           record.plan_hash == scenario.hash_text();
  } catch (const ScenarioError&) {
    return false;  // no part at all: the usual reasons are given
  } catch (const IoError&) {
    return false;
  }
}

}  // namespace

Begin how_to_begin(const Scenario& scenario, const OutputOptions& output,
                   const ResumeOptions& resume, const Shard& shard) {
  const std::string& name = output.file.value();
  const bool has_journal = !journals_of(name).empty();
  if (resume.goes_on()) {
    if (!has_journal) {
      if (is_part(name, scenario, shard)) return Begin::finished;
      return begin_without_journal(scenario, name, output.overwrite, resume.retry_failed);
    }
    if (!output.overwrite) refuse_foreign_output(scenario, name);
    return Begin::goes_on;
  }
  if (has_journal && !output.overwrite) {
    throw ScenarioError(
        fmt::format("{} holds points of an earlier sweep; --resume goes on with it, --overwrite "
                    "starts afresh, needflow status {} tells how far it is",
                    journals_of(name).front().string(), name));
  }
  return Begin::afresh;
}

JournalHeader journal_header(const Scenario& scenario) {
  constexpr std::size_t kLongestAxis = 1000;  // whose values are told
  const BuildInfo build = build_info();
  const Sweep& sweep = scenario.sweep;
  JournalHeader header;
  header.schema_version = kSchemaVersion;
  header.needflow_version = build.version;
  header.commit = build.commit + (build.dirty ? " with changes" : "");
  header.plan_hash = scenario.plan_hash;
  header.points = sweep.points();
  header.excluded = sweep.excluded_points();
  header.types = static_cast<std::uint32_t>(sweep.runs_per_point());
  header.scenario = scenario.text;
  for (const Dimension& dimension : sweep.dimensions()) {
    JournalAxis& axis = header.axes.emplace_back();
    axis.name = dimension.name;
    axis.length = dimension.length;
    const auto named = std::find_if(sweep.axes.begin(), sweep.axes.end(), [&](const Axis& given) {
      return given.name == dimension.name && given.values.size() == dimension.length;
    });
    if (named == sweep.axes.end() || axis.length > kLongestAxis) continue;
    for (const Value& value : named->values) axis.values.push_back(plain_text(value));
  }
  return header;
}

namespace {

/// How many points the plan has, and for how many each value of an axis stands. The latter takes
/// 20 ns a point and is left out where it follows from the lengths.
void tell_share(const Plan& plan, JournalHeader& header) {
  header.share = planned_points(plan);
  if (header.share == header.points) return;
  for (JournalAxis& axis : header.axes) {
    axis.share.assign(static_cast<std::size_t>(axis.length), 0);
  }
  const auto count = [&](std::size_t point) {
    for (auto axis = header.axes.rbegin(); axis != header.axes.rend(); ++axis) {
      ++axis->share[point % axis->length];
      point /= axis->length;
    }
  };
  for (const InvalidEntry& entry : plan.invalid) count(entry.point);
  for (const NetworkTask& task : plan.tasks) {
    std::for_each(task.points.begin(), task.points.end(), count);
  }
}

}  // namespace

SweepJournal::SweepJournal(const Scenario& scenario, const Plan& plan, const std::string& output,
                           Begin begin, const SweepPlace& place)
    : output_(output),
      own_(journal_path(output, place.suffix())),
      place_(place),
      plan_hash_(scenario.plan_hash) {
  JournalHeader header = journal_header(scenario);
  header.shard = static_cast<std::uint32_t>(place.shard.index);
  header.shards = static_cast<std::uint32_t>(place.shard.count);
  header.rank = static_cast<std::uint32_t>(place.rank);
  header.ranks = static_cast<std::uint32_t>(place.ranks);
  tell_share(plan, header);
  const bool goes_on = begin == Begin::goes_on;
  const bool has_own = goes_on && journal_is_begun(own_);
  if (place.rank == 0) {
    found_ = journals_of(output);
    tell_unbegun();
  }
  if (place.rank > 0 && has_own) found_ = {own_};
  if (has_own) writer_ = std::make_unique<JournalWriter>(own_);
  if (goes_on) read(header);
  if (!has_own) writer_ = std::make_unique<JournalWriter>(own_, header);
  if (!goes_on && place.rank == 0) forget_others();
}

void SweepJournal::tell_unbegun() {
  for (const fs::path& path : journals_of(output_, Journals::all)) {
    if (journal_is_begun(path)) continue;
    damage_ += fmt::format(
        "{}{} ends within its header: the process that made it died before it held a point",
        damage_.empty() ? "" : "\n", path.string());
  }
}

/// Locked by now: what lies about is nobody's.
void SweepJournal::forget_others() {
  for (const fs::path& old : found_) {
    std::error_code ignored;
    fs::remove(in_flight_of(old), ignored);
    if (old != own_) fs::remove(old, ignored);
  }
  found_ = {own_};
}

void SweepJournal::read(const JournalHeader& header) {
  for (const fs::path& path : found_) {
    // Those of other ranks are not locked by this process.
    if (path != own_ && journal_is_live(path)) {
      throw ScenarioError(
          fmt::format("{} is being written by another process; needflow status shows how far it is",
                      path.string()));
    }
    read_one(path, header);
  }
}

void SweepJournal::read_one(const fs::path& path, const JournalHeader& header) {
  JournalContents one = read_journal(path);
  const std::string difference = journal_difference(one.header, header);
  if (!difference.empty()) {
    throw ScenarioError(fmt::format(
        "{} is of another sweep than this; --overwrite without --resume starts afresh:\n{}",
        path.string(), difference));
  }
  if (one.header.shard != header.shard || one.header.shards != header.shards) {
    throw ScenarioError(fmt::format(
        "{} is of shard {}/{}, and this is shard {}/{}; --overwrite "
        "without --resume starts afresh",
        path.string(), one.header.shard, one.header.shards, header.shard, header.shards));
  }
  begun_by_ = one.header.commit;
  if (!one.damage.empty()) {
    damage_ += fmt::format(
        "{}{} is damaged after {} of {} bytes ({}); points beyond are computed "
        "again",
        damage_.empty() ? "" : "\n", path.string(), one.good_bytes, one.file_bytes, one.damage);
  }
  if (path == own_) writer_->cut(one.good_bytes);
  std::move(one.batches.begin(), one.batches.end(), std::back_inserter(contents_.batches));
  std::move(one.networks.begin(), one.networks.end(), std::back_inserter(contents_.networks));
  merge(one.crashes, crashes_);
}

JournalContents SweepJournal::read_others() const {
  JournalContents others;
  for (const fs::path& path : journals_of(output_)) {
    if (path == own_) continue;
    JournalContents one = read_journal(path);
    if (!one.damage.empty() && std::find(found_.begin(), found_.end(), path) == found_.end()) {
      throw IoError(
          fmt::format("{} does not read back as it was written: {}", path.string(), one.damage));
    }
    std::move(one.batches.begin(), one.batches.end(), std::back_inserter(others.batches));
    std::move(one.networks.begin(), one.networks.end(), std::back_inserter(others.networks));
  }
  return others;
}

std::vector<std::byte> SweepJournal::bytes() {
  writer_->sync();
  std::vector<std::byte> bytes(writer_->bytes());
  std::ifstream file(own_, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  if (!file) throw IoError(fmt::format("cannot read {}", own_.string()));
  return bytes;
}

CrashMarks SweepJournal::count_crashes(const std::vector<std::uint8_t>& wanted, bool forgive) {
  const CrashMarks before = crashes_;
  if (forgive) crashes_ = {{}, {}, before.turn};
  CrashMarks now;
  bool died = false;
  for (const fs::path& journal : found_) {
    const InFlight last = read_in_flight(in_flight_of(journal), plan_hash_);
    if (!last.found || last.told_to_stop) continue;
    died = true;
    for (const std::uint64_t word : last.words) {
      const std::size_t point = (word & ~FlightTable::kBuilding) - 1;
      if (point >= wanted.size()) continue;
      const bool building = (word & FlightTable::kBuilding) != 0;
      if (building || wanted[point] != 0) (building ? now.building : now.running)[point] = 1;
    }
  }
  // Only deaths in a row speak against a point: kills at random moments meet all of them in time.
  for (const auto kind : {&CrashMarks::running, &CrashMarks::building}) {
    // Whom the last one did not meet is left out: it need not run by itself any more.
    std::erase_if(crashes_.*kind, [&](const auto& mark) {
      return mark.second == 0 || (died && !(now.*kind).contains(mark.first));
    });
    for (const auto& [point, once] : now.*kind) (crashes_.*kind)[point] += once;
  }
  if (crashes_ != before) {
    ++crashes_.turn;
    writer_->add(crashes_);
    // Before the tables go, and written only: who dies in a sync, with a table already counted,
    // would have it counted again by the next process. A power cut forgets a death, which harms
    // nobody.
    writer_->flush();
  }
  for (const fs::path& journal : found_) {
    std::error_code ignored;
    fs::remove(in_flight_of(journal), ignored);
  }
  return crashes_;
}

FlightTable* SweepJournal::begin(std::size_t done, int threads) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  writer_->add(JournalSession{std::chrono::duration<double>(now).count(), done, ::getpid(),
                              begin_provenance({}, threads).host, threads});
  // Two rows a thread: one while it builds a network, one while it runs lanes on it.
  const auto rows = static_cast<std::size_t>(threads) * 2;
  in_flight_ =
      std::make_unique<InFlightFile>(in_flight_path(output_, place_.suffix()), plan_hash_, rows);
  flights_ = std::make_unique<FlightTable>(in_flight_->words());
  mark_interrupts_at(in_flight_->stop_mark());
  return flights_.get();
}

SweepJournal::~SweepJournal() { mark_interrupts_at(nullptr); }

void SweepJournal::remove() {
  mark_interrupts_at(nullptr);
  flights_.reset();
  in_flight_.reset();
  writer_->remove();
  for (const fs::path& journal : journals_of(output_, Journals::all)) {  // of other ranks
    found_.push_back(journal);
  }
  for (const fs::path& journal : found_) {
    std::error_code ignored;
    fs::remove(journal, ignored);
    fs::remove(in_flight_of(journal), ignored);
  }
}

RemainingWork remaining_work(const Sweep& sweep, const Plan& plan, std::vector<std::uint8_t> wanted,
                             const CrashMarks& crashes) {
  RemainingWork work;
  const auto give_up = [&](std::size_t point, const char* when, std::uint32_t times) {
    if (wanted[point] == 0) return;
    wanted[point] = 0;
    OutcomeBatch batch = unsolved(
        sweep, point, Status::failed,
        fmt::format("{} when the process died, {} times in a row; --retry-failed tries it again",
                    when, times));
    batch.attempts = {times};
    work.given_up.push_back(std::move(batch));
  };
  std::vector<std::uint8_t> one_by_one(wanted.size(), 0);
  std::vector<std::uint8_t> by_network(wanted.size(), 0);
  for (const auto& [point, times] : crashes.running) {
    if (times >= kMostCrashes) give_up(point, "in flight", times);
    if (wanted[point] != 0) one_by_one[point] = 1;
  }
  for (const NetworkTask& task : plan.tasks) {
    if (crashes.building.empty()) break;
    std::uint32_t times = 0;
    bool suspect = false;
    for (const auto& [point, count] : crashes.building) {
      if (std::binary_search(task.points.begin(), task.points.end(), point)) {
        times = std::max(times, count);
        suspect = true;
      }
    }
    for (const std::size_t point : task.points) {
      if (times >= kMostCrashes) give_up(point, "its network was being built", times);
      if (suspect && wanted[point] != 0 && one_by_one[point] == 0) by_network[point] = 1;
    }
  }
  std::vector<std::uint8_t> usual = wanted;
  for (std::size_t point = 0; point < usual.size(); ++point) {
    if (one_by_one[point] != 0 || by_network[point] != 0) usual[point] = 0;
  }
  work.plan = remaining_plan(plan, usual);
  for (const auto* some : {&by_network, &one_by_one}) {
    Plan careful = remaining_plan(plan, *some);
    if (planned_points(careful) == 0) continue;
    for (NetworkTask& task : careful.tasks) {
      // With its rows shared a task runs alone, and one lane of it is one point at a time.
      task.layout.shares_rows = true;
      if (some == &one_by_one) task.layout.lanes = 1;
    }
    work.careful.push_back(std::move(careful));
  }
  return work;
}

}  // namespace needflow::app
