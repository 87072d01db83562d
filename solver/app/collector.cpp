#include "solver/app/collector.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "solver/error.hpp"

namespace needflow::app {

void Collector::restore(JournalContents contents) {
  for (OutcomeBatch& batch : contents.batches) outcomes_.add_unless_worse(std::move(batch));
  for (MeasuredNetwork& network : contents.networks) {
    networks_.add(network.points, std::move(network.metrics));
  }
}

std::vector<std::uint8_t> Collector::wanted(bool retry_failed) {
  std::vector<std::uint8_t> wanted(outcomes_.points(), 0);
  const auto statuses = outcomes_.statuses();
  const std::size_t types = outcomes_.runs_per_point();
  done_ = 0;
  for (std::size_t point = 0; point < wanted.size(); ++point) {
    const auto runs = statuses.subspan(point * types, types);
    const auto any = [&](Status status) {
      return std::find(runs.begin(), runs.end(), status) != runs.end();
    };
    // Runs come together; episodes that a point does not have stay pending.
    wanted[point] =
        runs.front() == Status::pending || (retry_failed && any(Status::failed)) ? 1 : 0;
    if (wanted[point] == 0) ++done_;
  }
  tried_.clear();
  for (const auto& [point, message] : outcomes_.messages()) {
    if (wanted[point] != 0) tried_[point] = outcomes_.attempts(point);
  }
  return wanted;
}

std::size_t Collector::failed() const {
  const auto statuses = outcomes_.statuses();
  const auto failed = [&](const auto& message) {
    const auto runs =
        statuses.subspan(message.first * outcomes_.runs_per_point(), outcomes_.runs_per_point());
    return std::find(runs.begin(), runs.end(), Status::failed) != runs.end();
  };
  const auto& messages = outcomes_.messages();
  return static_cast<std::size_t>(std::count_if(messages.begin(), messages.end(), failed));
}

void Collector::attach(JournalWriter* journal, FlightTable* flights, Progress* progress,
                       StatusFile* status) {
  journal_ = journal;
  flights_ = flights;
  progress_ = progress;
  status_ = status;
}

/// The sweep ends with the journal: what cannot be kept need not be computed. Nothing is thrown
/// through the solver, which would take it for a point's trouble.
template <class Write>
void Collector::write(const Write& to_journal) {
  if (journal_ == nullptr || broken_) return;
  try {
    if (interrupted()) journal_->hurry();
    to_journal(*journal_);
  } catch (const IoError&) {
    trouble_ = std::current_exception();
    broken_ = true;
  }
}

void Collector::finished(OutcomeBatch batch) {
  count_attempts(batch);
  write([&](JournalWriter& journal) { journal.add(batch); });
  done_ += batch.points.size();
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    if (!batch.messages[i].empty()) report_trouble(batch, i);
  }
  outcomes_.add(std::move(batch));
  show_progress();
}

void Collector::heard_of(std::size_t done, std::size_t troubled) {
  done_elsewhere_ = done;
  troubled_elsewhere_ = troubled;
  show_progress();
}

void Collector::show_progress() {
  const std::size_t done = done_ + done_elsewhere_;
  const std::size_t troubles = troubled() + troubled_elsewhere_;
  if (progress_ != nullptr) progress_->update(done, troubles);
  if (status_ != nullptr) status_->update(done, troubles);
}

void Collector::measured(std::span<const std::size_t> points, GraphMetrics metrics) {
  write([&](JournalWriter& journal) { journal.add(points, metrics); });
  networks_.add(points, std::move(metrics));
}

/// A point that failed before and fails again has one more.
void Collector::count_attempts(OutcomeBatch& batch) const {
  if (!batch.attempts.empty() || tried_.empty()) return;
  for (std::size_t i = 0; i < batch.messages.size(); ++i) {
    const auto before = tried_.find(batch.points[i]);
    if (batch.messages[i].empty() || before == tried_.end()) continue;
    batch.attempts.resize(batch.points.size(), 1);
    batch.attempts[i] = before->second + 1;
  }
}

void Collector::report_trouble(const OutcomeBatch& batch, std::size_t i) {
  constexpr std::size_t kShown = 10;
  if (++new_troubles_ > kShown || level_ < LogLevel::warning || progress_ == nullptr) return;
  const std::size_t point = batch.points[i];
  const Status status = batch.outcomes[i * outcomes_.runs_per_point()].status;
  progress_->say(fmt::format("point {} ({}) is {}: {}", point, point_text(sweep_, point),
                             status_name(status), batch.messages[i]));
  if (new_troubles_ == kShown) {
    progress_->say("further points without a result are in the file only");
  }
}

}  // namespace needflow::app
