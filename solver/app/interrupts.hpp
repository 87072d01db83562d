// Signals and wall time, which ask a command to stop: it ends what runs, keeps what it has, and
// exits with 75.
#pragma once

#include <csignal>
#include <string>

namespace needflow::app {

/// Remembers INT, TERM, USR1 and HUP instead of dying at once; a second one kills as usual. What a
/// shell made the process ignore (nohup) stays ignored.
void watch_interrupts();

/// From now on asks to stop after so many seconds, as a signal would.
void stop_after(double seconds);

/// Where the first signal, or the end of time, leaves a 1 for whoever looks after the process's
/// death; null for nowhere.
void mark_interrupts_at(volatile std::sig_atomic_t* word);

[[nodiscard]] bool interrupted();

/// "signal TERM", "wall time"; empty while nothing has asked to stop.
[[nodiscard]] std::string interrupt_reason();

}  // namespace needflow::app
