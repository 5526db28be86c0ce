// SPDX-License-Identifier: GPL-2.0-only
/// A ring buffer of the kernel's tracer for us alone: others who trace do not notice.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "error.hpp"
#include "fd.hpp"

namespace hugemem
{

/// The folder of the tracer. Errors: environment: none is mounted, or no permission.
Result<std::string> tracefs_root();

/// The format file of an event as in "migrate/mm_migrate_pages"; nothing if the kernel has no such
/// event.
std::optional<std::string> event_format(const std::string &root, const std::string &event);

struct TraceEvent {
	std::string name;   ///< as in "migrate/mm_migrate_pages"
	std::string filter; ///< of its fields; "" for none
};

/// An instance below tracefs with some events enabled; gone when this is.
class TraceInstance
{
public:
	/// Errors: environment: no tracefs, no permission, no such event.
	static Result<TraceInstance> open(const std::vector<TraceEvent> &events);
	TraceInstance(TraceInstance &&other) noexcept;
	TraceInstance &operator=(TraceInstance &&other) = delete;
	TraceInstance(const TraceInstance &) = delete;
	TraceInstance &operator=(const TraceInstance &) = delete;
	~TraceInstance();

	/// Traces nothing more; what was traced can still be read.
	void stop();

	/// The next line, or nothing when `timeout` is over or a signal has come.
	std::optional<std::string> next(std::chrono::milliseconds timeout);

private:
	TraceInstance(std::string dir, Fd pipe) : dir_(std::move(dir)), pipe_(std::move(pipe)) {}
	std::string dir_;
	Fd pipe_;
	std::string buffer_;
};

} // namespace hugemem
