// SPDX-License-Identifier: GPL-2.0-only
/// Errors as values: what failed, why, and the way out.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace hugemem
{

/// Exit codes, the same for every program of the project.
enum class Exit : int {
	ok = 0,          ///< done, proved, agrees
	mismatch = 1,    ///< the check failed: what was found is not what should be
	usage = 2,       ///< the command line makes no sense
	environment = 3, ///< a permission, a kernel feature or a file is missing
	cannot_tell = 4, ///< looked, and could not decide; never to be read as a pass
};

/// One failure. `what` names the thing, `cause` the reason, `way_out` what the
/// user can do; only `way_out` may be empty.
struct Error {
	Exit code = Exit::environment;
	std::string what;
	std::string cause;
	std::string way_out;

	/// "what: cause; way out", without a newline.
	[[nodiscard]] std::string text() const
	{
		std::string s = what;
		if (!cause.empty())
			s += ": " + cause;
		if (!way_out.empty())
			s += "; " + way_out;
		return s;
	}
};

template <typename T>
using Result = tl::expected<T, Error>;

/// Shorthand for returning a failure from a function that gives a Result.
inline tl::unexpected<Error> fail(Exit code, std::string what, std::string cause,
				  std::string way_out = {})
{
	return tl::unexpected<Error>(
		Error{code, std::move(what), std::move(cause), std::move(way_out)});
}

} // namespace hugemem
