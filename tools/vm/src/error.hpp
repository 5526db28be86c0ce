// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Errors as values: what went wrong, why, and what the user can do about it.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace hm::vm
{

/// Exit codes, the same for every program of the project.
enum class Exit : int {
	ok = 0,          ///< everything asked for was done and holds
	failed = 1,      ///< a check or a test failed
	usage = 2,       ///< bad command line, bad scenario, contradictory input
	environment = 3, ///< tool missing, no permission, no space, no network
	unknown = 4,     ///< cannot tell
};

/// One failure. `what` names the thing and the cause, `way_out` (may be empty) what to do.
struct Error {
	Exit code = Exit::environment;
	std::string what;
	std::string way_out;
};

template <class T>
using Result = tl::expected<T, Error>;
using Status = Result<void>;

/// Shorthand for returning an error from a function that returns Result.
inline tl::unexpected<Error> fail(Exit code, std::string what, std::string way_out = {})
{
	return tl::unexpected<Error>(Error{code, std::move(what), std::move(way_out)});
}

/// An errno as an environment error: "WHAT: No such file or directory".
inline tl::unexpected<Error> fail_errno(std::string what, int err = errno)
{
	std::string way_out;
	if (err == ENOSPC || err == EDQUOT)
		way_out = "free some space, or move the cache with CACHE=/other/disk";
	else if (err == EACCES || err == EPERM)
		way_out = "check the owner and the mode of that path";
	what += ": ";
	what += std::strerror(err);
	return fail(Exit::environment, std::move(what), std::move(way_out));
}

} // namespace hm::vm
