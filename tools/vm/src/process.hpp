// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Child processes in a process group of their own, so that all of them can be ended.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "error.hpp"
#include "fd.hpp"

namespace hm::vm
{

/// How to start a child. Descriptors not named here are closed on exec.
struct Spawn {
	std::vector<std::string> argv = {};                        ///< argv[0] is looked up in PATH
	std::filesystem::path cwd = {};                            ///< empty: unchanged
	std::vector<std::pair<std::string, std::string>> env = {}; ///< added to our own environment
	int out = -1;               ///< becomes stdout and stderr; -1: /dev/null
	std::vector<int> keep = {}; ///< descriptors to be inherited under the same number
};

/// A running child that leads its own process group. The destructor kills the group.
class Child
{
public:
	static Result<Child> start(const Spawn &spawn);
	Child(const Child &) = delete;
	Child &operator=(const Child &) = delete;
	Child(Child &&other) noexcept
		: pid_(std::exchange(other.pid_, -1)), pidfd_(std::move(other.pidfd_)),
		  status_(other.status_)
	{
	}
	Child &operator=(Child &&) = delete;
	~Child();

	/// Readable once the child has ended (a pidfd).
	[[nodiscard]] int pidfd() const { return pidfd_.get(); }
	[[nodiscard]] pid_t pid() const { return pid_; }

	/// Waits for the end; the exit status, or 128 + signal number.
	int wait();
	/// SIGTERM to the group, SIGKILL after `grace_ms`, then waits.
	void end(int grace_ms);

private:
	Child(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}
	pid_t pid_ = -1;
	Fd pidfd_;
	int status_ = -1; ///< -1 until reaped
};

/// Seconds that the worst-off thread of a process was ready to run while the host gave its
/// processors to others (/proc/PID/task/*/schedstat); 0 where the host kernel does not tell.
double starved_seconds(pid_t pid);

/// Runs a command to its end with its output in `log` (appended). `tick` is called about once a
/// second with the seconds elapsed. Returns the exit status; an error if it could not be
/// started or if the user asked to stop (everything it started is then ended).
Result<int> run_logged(Spawn spawn, const std::filesystem::path &log,
		       const std::function<void(double)> &tick = {});

/// Runs a command and returns what it wrote on stdout and stderr; a non-zero exit is an error.
Result<std::string> run_output(Spawn spawn);

} // namespace hm::vm
