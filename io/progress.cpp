#include "io/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ostream>

namespace needflow {

namespace {

constexpr auto kBarInterval = std::chrono::milliseconds(100);
constexpr auto kLineInterval = std::chrono::seconds(10);
constexpr std::size_t kBarWidth = 24;

double seconds_between(Progress::Clock::time_point from, Progress::Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

std::string readable_duration(double seconds) {
  if (seconds < 10.0) return fmt::format("{:.1f} s", seconds);
  const auto whole = static_cast<std::int64_t>(std::llround(seconds));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  if (whole < 86400) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  return fmt::format("{} d {} h", whole / 86400, whole / 3600 % 24);
}

Progress::Progress(std::ostream& out, ProgressStyle style, std::size_t total, std::size_t before)
    : out_(out),
      style_(style),
      total_(total),
      before_(before),
      done_(before),
      start_(Clock::now()),
      printed_(start_) {}

void Progress::update(std::size_t done, std::size_t troubled) {
  if (style_ != ProgressStyle::none) update(done, troubled, Clock::now());
}

void Progress::update(std::size_t done, std::size_t troubled, Clock::time_point now) {
  done_ = done;
  troubled_ = troubled;
  const auto interval =
      style_ == ProgressStyle::bar ? Clock::duration(kBarInterval) : Clock::duration(kLineInterval);
  if (style_ != ProgressStyle::none && now - printed_ >= interval) print(now);
}

void Progress::say(const std::string& line) {
  if (bar_on_screen_) out_ << "\r\033[K";
  bar_on_screen_ = false;
  out_ << line << '\n' << std::flush;
}

void Progress::finish(Clock::time_point now) {
  if (style_ == ProgressStyle::none) return;
  print(now);
  if (style_ == ProgressStyle::bar) out_ << '\n' << std::flush;
  bar_on_screen_ = false;
}

std::string Progress::text(Clock::time_point now) const {
  const double elapsed = seconds_between(start_, now);
  const double rate = elapsed > 0.0 ? static_cast<double>(done_ - before_) / elapsed : 0.0;
  std::string text = fmt::format("{} of {} points", done_, total_);
  if (rate > 0.0) text += fmt::format(", {:.{}f}/s", rate, rate < 10.0 ? 2 : 0);
  if (done_ >= total_) {
    text += fmt::format(", took {}", readable_duration(elapsed));
  } else if (rate > 0.0) {
    const double left = static_cast<double>(total_ - done_) / rate;
    text += fmt::format(", {} left", readable_duration(left));
  }
  if (troubled_ > 0) text += fmt::format(", {} failed or invalid", troubled_);
  return text;
}

void Progress::print(Clock::time_point now) {
  printed_ = now;
  if (style_ == ProgressStyle::lines) {
    out_ << text(now) << '\n' << std::flush;
    return;
  }
  const std::size_t filled = total_ == 0 ? kBarWidth : kBarWidth * std::min(done_, total_) / total_;
  out_ << "\r\033[K[" << std::string(filled, '#') << std::string(kBarWidth - filled, '.') << "] "
       << text(now) << std::flush;
  bar_on_screen_ = true;
}

}  // namespace needflow
