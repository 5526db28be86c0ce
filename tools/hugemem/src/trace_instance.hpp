// SPDX-License-Identifier: GPL-2.0-only
/// A ring buffer of the kernel's tracer for us alone: others who trace do not notice.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "error.hpp"
#include "fd.hpp"

namespace hugemem
{

/// An instance below tracefs with one event enabled; gone when this is.
class TraceInstance
{
public:
	/// `event` as in "migrate/mm_pin_migrate_fail". Errors: environment: no tracefs, no
	/// permission, no such event.
	static Result<TraceInstance> open(const std::string &event);
	TraceInstance(TraceInstance &&other) noexcept;
	TraceInstance &operator=(TraceInstance &&other) = delete;
	TraceInstance(const TraceInstance &) = delete;
	TraceInstance &operator=(const TraceInstance &) = delete;
	~TraceInstance();

	/// The next line, or nothing when `timeout` is over or a signal has come.
	std::optional<std::string> next(std::chrono::milliseconds timeout);

private:
	TraceInstance(std::string dir, Fd pipe) : dir_(std::move(dir)), pipe_(std::move(pipe)) {}
	std::string dir_;
	Fd pipe_;
	std::string buffer_;
};

/// A page that a pin could not move, out of a line of the tracer.
struct PinFailure {
	std::string task; ///< its name
	unsigned pid = 0;
	std::string pfn; ///< as the kernel prints it
	std::string zone;
	std::string cause;
};

/// Nothing if the line is not of mm_pin_migrate_fail.
std::optional<PinFailure> parse_pin_failure(std::string_view line);

} // namespace hugemem
