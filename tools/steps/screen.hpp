// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What the user sees of a run: one aligned line a step on stdout, and while a step runs its
/// elapsed time, its log and the log's last line on stderr; a living line on a terminal, a line a
/// minute elsewhere. When a step fails: what its log says about it.
#pragma once

#include "plan.hpp"
#include "verdict.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace hm::steps
{

/// Draws. Steps are numbered from 1.
class Screen
{
public:
	/// `verbose` copies the logs to stderr as they grow.
	Screen(const Plan &plan, std::filesystem::path top, bool verbose);

	/// `budget`: what the step may take in this run. Others may be running.
	void begin(const Step &step, std::size_t number, std::chrono::milliseconds budget,
		   const std::filesystem::path &log);
	/// How long a step has been running.
	void progress(const Step &step, std::chrono::milliseconds elapsed);
	/// Shows on a terminal what progress() was told of all that run.
	void draw();
	void end(const Step &step, const Verdict &verdict, const LogCounts &log,
		 std::chrono::milliseconds elapsed);
	/// A step that was not run.
	void not_run(const Step &step, std::size_t number, const Verdict &verdict);
	/// A line for people, behind the last step.
	void note(const std::string &text);

private:
	/// A step that runs.
	struct Running {
		const Step *step = nullptr;
		std::size_t number = 0;
		std::chrono::milliseconds budget{0};
		std::chrono::milliseconds elapsed{0};
		std::filesystem::path log;
		std::uintmax_t copied = 0; ///< bytes of the log already shown
		std::chrono::milliseconds next_beat{0};
	};

	Running &running(const Step &step);
	void clear();
	static void copy_log(Running &running);
	static void show(const std::filesystem::path &log);
	void explain(const Verdict &verdict, const LogCounts &log,
		     const std::filesystem::path &file);
	std::string paint(const char *colour, const std::string &text) const;
	[[nodiscard]] std::string shown(const std::filesystem::path &path) const;

	const Plan &plan_;
	std::filesystem::path top_;
	bool verbose_;
	bool live_;     ///< stderr is a terminal
	bool terminal_; ///< stdout is one
	bool colour_;
	std::size_t id_width_ = 0;
	std::size_t title_width_ = 0;
	std::vector<Running> running_;
};

/// The last line of a file that holds more than blanks, without control characters; "" if none.
std::string last_line(const std::filesystem::path &file);

} // namespace hm::steps
