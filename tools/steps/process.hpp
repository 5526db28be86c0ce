// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Runs one command in a process group of its own, its output in a log file, within a time.
///
/// Whatever it leaves behind is ended with it: its process group, and (the runner makes itself the
/// reaper of orphans) children that made themselves a group or a session of their own, as an
/// emulator in the background would.
#pragma once

#include "error.hpp"
#include "verdict.hpp"

#include <chrono>
#include <filesystem>
#include <map>
#include <string>

namespace hm::steps
{

/// While one lives, SIGINT, SIGTERM, SIGHUP and SIGCHLD come by a file descriptor, and orphans of
/// the children come to this process. One at a time.
class Signals
{
public:
	static Result<Signals> take();
	~Signals();
	Signals(Signals &&other) noexcept;
	Signals(const Signals &) = delete;
	Signals &operator=(const Signals &) = delete;
	Signals &operator=(Signals &&) = delete;

	/// Waits for a signal for at most `limit`; returns one that asks to end (SIGINT, SIGTERM,
	/// SIGHUP), or 0.
	int wait(std::chrono::milliseconds limit);

	/// The last signal that asked to end, whenever it came; 0: none did.
	[[nodiscard]] int asked() const { return asked_; }

private:
	explicit Signals(int fd) : fd_(fd) {}
	int fd_ = -1;
	int asked_ = 0;
};

/// A command to run.
struct Command {
	std::string script;                             ///< for `sh -e -c`
	std::filesystem::path directory;                ///< where it runs
	std::filesystem::path log;                      ///< stdout and stderr, created or emptied
	std::chrono::milliseconds limit{0};             ///< then it is killed
	std::chrono::milliseconds grace{5000};          ///< between SIGTERM and SIGKILL
	std::chrono::milliseconds tick{200};            ///< how often its limit is looked at
	std::map<std::string, std::string> environment; ///< added to ours
};

/// Runs it to its end. An error (Exit::environment) when it cannot be started; its own failure is
/// no error but an Ended. stdin is /dev/null.
Result<Ended> run_command(const Command &command, Signals &signals);

} // namespace hm::steps
