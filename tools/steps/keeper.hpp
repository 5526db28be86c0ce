// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Commands that run beside each other. Each has a process of its own, the keeper, which ends
/// whatever the command leaves behind: so nobody ends what another command started.
#pragma once

#include "process.hpp"

#include <chrono>
#include <optional>

namespace hm::steps
{

/// A command on its way. It is asked to end and waited for when this goes first.
class Kept
{
public:
	/// `signals` are those of this process; the keeper has its own by the same descriptor.
	static Result<Kept> start(const Command &command, Signals &signals);
	~Kept();
	Kept(Kept &&other) noexcept;
	Kept &operator=(Kept &&other) noexcept;
	Kept(const Kept &) = delete;
	Kept &operator=(const Kept &) = delete;

	/// Passes on a signal that asks to end.
	void ask(int signal) const;

	/// How it ended, once; nothing while it runs.
	std::optional<Result<Ended>> ended();

	[[nodiscard]] std::chrono::milliseconds elapsed() const;

private:
	Kept(pid_t pid, int answer) : pid_(pid), answer_(answer) {}
	pid_t pid_ = -1;
	int answer_ = -1; ///< where the keeper writes how it ended
	std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
};

} // namespace hm::steps
