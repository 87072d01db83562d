#include "solver/app/interrupts.hpp"

#include <sys/time.h>

#include <array>
#include <cmath>

namespace needflow::app {

namespace {

// A signal handler can reach nothing but globals of these types.
volatile std::sig_atomic_t interrupt_seen = 0;
volatile std::sig_atomic_t time_is_up = 0;
volatile std::sig_atomic_t* volatile stop_mark = nullptr;

void leave_mark() {
  volatile std::sig_atomic_t* const word = stop_mark;
  if (word != nullptr) *word = 1;
}

extern "C" void remember_interrupt(int signal) {
  if (interrupt_seen != 0) {  // whichever the first one was
    std::signal(signal, SIG_DFL);
    (void)std::raise(signal);  // acts when this handler returns
    return;
  }
  interrupt_seen = signal;
  leave_mark();
}

extern "C" void remember_time(int /*signal*/) {
  time_is_up = 1;
  leave_mark();
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void watch_interrupts() {
  for (const int signal : std::array{SIGINT, SIGTERM, SIGUSR1}) handle(signal, remember_interrupt);
  struct sigaction hang_up = {};
  sigaction(SIGHUP, nullptr, &hang_up);
  if (hang_up.sa_handler != SIG_IGN) handle(SIGHUP, remember_interrupt);
}

void stop_after(double seconds) {
  handle(SIGALRM, remember_time);
  struct itimerval timer = {};
  timer.it_value.tv_sec = static_cast<time_t>(seconds);
  timer.it_value.tv_usec =
      static_cast<suseconds_t>(std::ceil((seconds - std::floor(seconds)) * 1e6));
  if (timer.it_value.tv_usec >= 1'000'000) timer.it_value = {timer.it_value.tv_sec + 1, 0};
  setitimer(ITIMER_REAL, &timer, nullptr);
}

void mark_interrupts_at(volatile std::sig_atomic_t* word) {
  stop_mark = word;
  if (interrupted()) leave_mark();
}

bool interrupted() { return interrupt_seen != 0 || time_is_up != 0; }

std::string interrupt_reason() {
  switch (interrupt_seen) {
    case SIGINT:
      return "signal INT";
    case SIGTERM:
      return "signal TERM";
    case SIGUSR1:
      return "signal USR1";
    case SIGHUP:
      return "signal HUP";
    default:
      return time_is_up != 0 ? "the wall time is over" : "";
  }
}

}  // namespace needflow::app
